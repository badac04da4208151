//! The RFC 6962 Merkle tree over every leaf.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A SHA-256 hash of the tree: of a leaf (RFC 6962, prefix 0) or of a node (prefix 1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Reads base64; `None` if it is not 32 bytes.
    pub fn from_base64(text: &str) -> Option<Hash> {
        STANDARD.decode(text).ok()?.try_into().ok().map(Hash)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The RFC 6962 hash of a leaf.
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    Hash(tlog_tiles::record_hash(leaf).0)
}

/// The RFC 6962 hash of a node over two others.
pub(crate) fn node_hash(left: Hash, right: Hash) -> Hash {
    Hash(tlog_tiles::node_hash(tlog_tiles::Hash(left.0), tlog_tiles::Hash(right.0)).0)
}

/// The right edge of a tree: the roots of its full subtrees, the largest first. The tree can grow from it, and its root is
/// computed from it, without the leaves.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Frontier {
    size: u64,
    roots: Vec<Hash>,
}

impl Frontier {
    /// The frontier of a tree of `size` leaves with these subtree roots; `None` if their number does not fit the size.
    pub fn from_roots(size: u64, roots: Vec<Hash>) -> Option<Frontier> {
        (size.count_ones() as usize == roots.len()).then_some(Frontier { size, roots })
    }

    /// The number of leaves in the tree.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The roots of its full subtrees, the largest first; one for each bit set in the size.
    pub fn roots(&self) -> &[Hash] {
        &self.roots
    }

    /// True if its last leaves have these hashes. They must begin at the end of a full subtree with more leaves than they
    /// are.
    pub fn ends_in(&self, hashes: &[Hash]) -> bool {
        let mut end = Frontier::default();
        hashes.iter().for_each(|hash| end.push(*hash));
        self.roots.ends_with(&end.roots)
    }

    /// Adds a leaf by its hash.
    pub fn push(&mut self, leaf: Hash) {
        self.push_full(0, leaf);
    }

    /// Adds a full subtree of 2^`height` leaves by its root; the size of the tree must be a multiple of 2^`height`.
    pub fn push_full(&mut self, height: u32, root: Hash) {
        let mut node = root;
        for _ in 0..(self.size >> height).trailing_ones() {
            let Some(left) = self.roots.pop() else { break };
            node = node_hash(left, node);
        }
        self.roots.push(node);
        self.size += 1 << height;
    }

    /// The root of the tree; for the empty tree, the SHA-256 of no bytes.
    pub fn root(&self) -> Hash {
        let mut subtrees = self.roots.iter().rev();
        let Some(last) = subtrees.next() else { return Hash(tlog_tiles::EMPTY_HASH.0) };
        subtrees.fold(*last, |right, left| node_hash(*left, right))
    }
}
