//! Consecutive leaves in one buffer.

use super::tree::Hash;

/// Consecutive leaves in one buffer.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LeafBlock {
    first: u64,
    bytes: Vec<u8>,
    /// The end of each leaf in `bytes`.
    ends: Vec<usize>,
    hashes: Vec<Hash>,
}

impl LeafBlock {
    pub(super) fn starting_at(first: u64) -> LeafBlock {
        LeafBlock { first, ..LeafBlock::default() }
    }

    /// An empty block with room for this number of leaves, and for their bytes together.
    pub(super) fn with_room(first: u64, leaves: usize, bytes: usize) -> LeafBlock {
        let (bytes, ends) = (Vec::with_capacity(bytes), Vec::with_capacity(leaves));
        LeafBlock { first, bytes, ends, hashes: Vec::with_capacity(leaves) }
    }

    pub(super) fn push(&mut self, leaf: &[u8], hash: Hash) {
        self.bytes.extend_from_slice(leaf);
        self.ends.push(self.bytes.len());
        self.hashes.push(hash);
    }

    /// The index of its first leaf.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The index after its last leaf.
    pub(super) fn end(&self) -> u64 {
        self.first + self.len() as u64
    }

    /// The bytes of the leaf at a position, counted from its first.
    pub fn leaf(&self, at: usize) -> Option<&[u8]> {
        let start = at.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.bytes.get(start..*self.ends.get(at)?)
    }

    /// The number of its leaves.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// True if it has no leaves.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The total length of its leaves, in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Index, bytes and RFC 6962 leaf hash (as stored) of each leaf.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &[u8], Hash)> {
        self.iter_from(self.first)
    }

    /// Like [`LeafBlock::iter`], from an index on.
    pub(super) fn iter_from(&self, index: u64) -> impl Iterator<Item = (u64, &[u8], Hash)> {
        let skip = usize::try_from(index.saturating_sub(self.first)).unwrap_or(usize::MAX).min(self.len());
        let start = skip.checked_sub(1).and_then(|at| self.ends.get(at)).copied().unwrap_or(0);
        let (ends, hashes) = (&self.ends[skip..], &self.hashes[skip..]);
        let starts = std::iter::once(start).chain(ends.iter().copied());
        let parts = starts.zip(ends).zip(hashes).enumerate();
        parts.map(move |(at, ((start, end), hash))| {
            (self.first + (skip + at) as u64, &self.bytes[start..*end], *hash)
        })
    }
}
