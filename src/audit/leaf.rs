//! A leaf that the audit reads.

use crate::log::{Hash, leaf_hash};

/// A leaf with its index in the log, and the hash of its bytes.
pub(super) struct Leaf {
    pub(super) index: u64,
    pub(super) bytes: Box<[u8]>,
    pub(super) hash: Hash,
}

impl Leaf {
    pub(super) fn new(index: u64, bytes: &[u8]) -> Leaf {
        Leaf::hashed(index, bytes, leaf_hash(bytes))
    }

    /// A leaf whose bytes were just found to have this hash.
    pub(super) fn hashed(index: u64, bytes: &[u8], hash: Hash) -> Leaf {
        Leaf { index, bytes: bytes.into(), hash }
    }
}
