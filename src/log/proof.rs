//! RFC 6962 proofs over leaf hashes: that an entry is in the tree, or that one tree is the beginning of another.

use tlog_tiles::HashReader;

use super::tree::{Hash, node_hash};

/// The hashes of a tree, level by level: every leaf, then every node over two full subtrees.
#[derive(Default)]
pub struct LeafHashes {
    levels: Vec<Vec<Hash>>,
}

impl HashReader for LeafHashes {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        let at = |index: &u64| {
            let (level, place) = tlog_tiles::split_stored_hash_index(*index);
            self.node(usize::from(level), place).map(|hash| tlog_tiles::Hash(hash.0))
        };
        indexes.iter().map(|index| at(index).ok_or(tlog_tiles::Error::IndexesNotInTree)).collect()
    }
}

impl LeafHashes {
    /// The tree over these leaves, in order.
    pub fn new(leaves: Vec<Hash>) -> LeafHashes {
        let mut levels = vec![leaves];
        while let Some(below) = levels.last().filter(|below| below.len() > 1) {
            let (pairs, _) = below.as_chunks::<2>();
            levels.push(pairs.iter().map(|[left, right]| node_hash(*left, *right)).collect());
        }
        LeafHashes { levels }
    }

    /// The number of leaves in the tree.
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    fn node(&self, level: usize, place: u64) -> Option<Hash> {
        self.levels.get(level)?.get(usize::try_from(place).ok()?).copied()
    }

    /// The root over `size` leaves, at least 1, from the leaf `first` on, for a part that is divided like a tree of its own.
    pub(super) fn part(&self, first: u64, size: u64) -> Option<Hash> {
        if size.is_power_of_two() {
            return self.node(size.trailing_zeros() as usize, first / size);
        }
        let left = 1 << size.checked_ilog2()?;
        Some(node_hash(self.part(first, left)?, self.part(first + left, size - left)?))
    }
}

/// The inclusion proof (RFC 6962 §2.1.1) of the leaf at `index` in the tree of `size` leaves.
///
/// # Errors
/// An error of `tlog_tiles` if the index is not below the size, or the size is beyond the hashes.
pub fn prove_inclusion(hashes: &LeafHashes, index: u64, size: u64) -> Result<Vec<Hash>, tlog_tiles::Error> {
    let proof = tlog_tiles::prove_record(size, index, hashes)?;
    Ok(proof.into_iter().map(|h| Hash(h.0)).collect())
}

/// The consistency proof (RFC 6962 §2.1.2) between the trees of `old` and `new` leaves.
///
/// # Errors
/// An error of `tlog_tiles` if the old size is 0 or above the new one, or the new size is beyond the hashes.
pub fn prove_consistency(hashes: &LeafHashes, old: u64, new: u64) -> Result<Vec<Hash>, tlog_tiles::Error> {
    let proof = tlog_tiles::prove_tree(new, old, hashes)?;
    Ok(proof.into_iter().map(|h| Hash(h.0)).collect())
}

/// True if the hashes lead from a leaf's hash, at `index` in a tree of `size` leaves, to its root.
pub(super) fn includes(hashes: &[Hash], index: u64, leaf: Hash, size: u64, root: Hash) -> bool {
    tlog_tiles::check_record(&theirs(hashes), size, tlog_tiles::Hash(root.0), index, tlog_tiles::Hash(leaf.0))
        .is_ok()
}

/// True if the hashes show that the tree `new` (size and root) begins with the tree `old`.
pub(crate) fn extends(hashes: &[Hash], old: (u64, Hash), new: (u64, Hash)) -> bool {
    let (before, after) = (tlog_tiles::Hash(old.1.0), tlog_tiles::Hash(new.1.0));
    tlog_tiles::check_tree(&theirs(hashes), new.0, after, old.0, before).is_ok()
}

fn theirs(hashes: &[Hash]) -> Vec<tlog_tiles::Hash> {
    hashes.iter().map(|hash| tlog_tiles::Hash(hash.0)).collect()
}
