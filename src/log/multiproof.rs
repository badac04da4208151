//! One proof for several leaves of one tree: the RFC 6962 hashes of the parts that contain none of them.

use super::proof::LeafHashes;
use super::tree::{Hash, node_hash};

/// The number of leaves left of the division of a tree of `size` leaves: the largest power of two below it (RFC 6962 §2.1).
fn divide(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// The hashes that lead from the leaves at `places`, which rise strictly, to the root of the first `size` leaves: in the
/// order of the tree, the root of every largest part without such a leaf. `None` for a place not below the size, a size
/// beyond the tree.
pub fn prove_many(tree: &LeafHashes, places: &[u64], size: u64) -> Option<Vec<Hash>> {
    let sound = places.is_sorted_by(|a, b| a < b) && places.last().is_none_or(|last| *last < size);
    if !sound || size > tree.size() {
        return None;
    }
    let mut hashes = Vec::new();
    if size > 0 {
        gather(tree, places, 0, size, &mut hashes)?;
    }
    Some(hashes)
}

fn gather(tree: &LeafHashes, places: &[u64], first: u64, size: u64, hashes: &mut Vec<Hash>) -> Option<()> {
    if places.is_empty() {
        hashes.push(tree.part(first, size)?);
        return Some(());
    }
    if size == 1 {
        return Some(());
    }
    let left = divide(size);
    let (before, after) = places.split_at(places.partition_point(|place| *place < first + left));
    gather(tree, before, first, left, hashes)?;
    gather(tree, after, first + left, size - left, hashes)
}

/// The root to which the hashes of some leaves, with their places rising strictly, and the hashes of a proof lead in a tree
/// of `size` leaves. `None` if they do not fit: too few, too many, or a place not below the size.
pub fn root_of_many(size: u64, leaves: &[(u64, Hash)], hashes: &[Hash]) -> Option<Hash> {
    let sound = leaves.is_sorted_by(|a, b| a.0 < b.0) && leaves.last().is_none_or(|last| last.0 < size);
    if !sound {
        return None;
    }
    if size == 0 {
        return hashes.is_empty().then(|| super::tree::Frontier::default().root());
    }
    let mut rest = hashes.iter();
    let root = join(size, 0, leaves, &mut rest)?;
    rest.next().is_none().then_some(root)
}

fn join(
    size: u64,
    first: u64,
    leaves: &[(u64, Hash)],
    rest: &mut std::slice::Iter<'_, Hash>,
) -> Option<Hash> {
    match leaves {
        [] => return rest.next().copied(),
        [(_, leaf)] if size == 1 => return Some(*leaf),
        _ => {}
    }
    let left = divide(size);
    let (before, after) = leaves.split_at(leaves.partition_point(|leaf| leaf.0 < first + left));
    let before = join(left, first, before, rest)?;
    Some(node_hash(before, join(size - left, first + left, after, rest)?))
}
