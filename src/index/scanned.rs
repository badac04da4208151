//! The tables in memory: the whole of a small record, or the last entries of a large one.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::event::Index;
use crate::log::Hash;

/// The keys and values that consecutive entries add to the tables, and the hashes of their leaves.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Scanned {
    /// The index of the first of the entries.
    pub(super) first: u64,
    leaves: Vec<Hash>,
    values: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Scanned {
    /// An empty part that begins at the entry `first`.
    pub(super) fn from(first: u64) -> Scanned {
        Scanned { first, ..Scanned::default() }
    }

    /// The number of its entries.
    pub(super) fn count(&self) -> u64 {
        self.leaves.len() as u64
    }

    /// Appends the hash of the next leaf.
    pub(super) fn push_leaf(&mut self, leaf: Hash) {
        self.leaves.push(leaf);
    }

    /// The hash of the leaf of one of its entries.
    pub(super) fn leaf(&self, entry: Index) -> Option<Hash> {
        self.leaves.get(usize::try_from(entry.0.checked_sub(self.first)?).ok()?).copied()
    }

    /// The value of a key, to be added to; empty if there was none.
    pub(super) fn value(&mut self, key: Vec<u8>) -> &mut Vec<u8> {
        self.values.entry(key).or_default()
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.values.get(key).map(Vec::as_slice)
    }

    /// The pairs whose keys begin with a prefix, in their order.
    pub(super) fn range(&self, prefix: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
        let from = self.values.range::<[u8], _>((Bound::Included(prefix), Bound::Unbounded));
        let own = from.take_while(move |(key, _)| key.starts_with(prefix));
        own.map(|(key, value)| (key.as_slice(), value.as_slice()))
    }
}
