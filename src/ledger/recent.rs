//! The last entries of a record, decoded, in chunks that clones share.

use std::collections::VecDeque;
use std::sync::Arc;

use quick_cache::sync::Cache;

use crate::event::{Entry, Index, Size};
use crate::log::Hash;

/// The last entries of a record.
#[derive(Clone, Default)]
pub(super) struct Recent {
    chunks: VecDeque<Arc<Vec<Entry>>>,
    /// The index after the last entry.
    end: u64,
}

/// The number of entries in a chunk. A chunk that clones share is copied before an entry is added.
const CHUNK: usize = 64;
/// The largest number of chunks kept.
const CHUNKS: usize = 64;

impl Recent {
    /// Empty, after the first `size` entries.
    pub(super) fn behind(size: Size) -> Recent {
        Recent { end: size.0, ..Recent::default() }
    }

    pub(super) fn push(&mut self, entry: Entry) {
        self.end = entry.index.0 + 1;
        match self.chunks.back_mut().filter(|chunk| chunk.len() < CHUNK) {
            Some(chunk) => Arc::make_mut(chunk).push(entry),
            None => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(entry);
                self.chunks.push_back(Arc::new(chunk));
            }
        }
        if self.chunks.len() > CHUNKS {
            self.chunks.pop_front();
        }
    }

    /// The index of the first entry kept.
    pub(super) fn first(&self) -> Index {
        let first = self.chunks.front().and_then(|chunk| chunk.first());
        first.map_or(Index(self.end), |entry| entry.index)
    }

    pub(super) fn get(&self, index: Index) -> Option<&Entry> {
        let after = index.0.checked_sub(self.first().0)?;
        let chunk = self.chunks.get(usize::try_from(after).ok()? / CHUNK)?;
        chunk.get(usize::try_from(after).ok()? % CHUNK)
    }
}

/// Entries that were read beforehand, in the order of the log. Clones share them.
#[derive(Clone, Default)]
pub(super) struct AtHand(Arc<Vec<Entry>>);

impl AtHand {
    /// Entries in the order of the log.
    pub(super) fn new(entries: Vec<Entry>) -> AtHand {
        AtHand(Arc::new(entries))
    }

    /// The entry at an index, if it was read.
    pub(super) fn get(&self, index: Index) -> Option<&Entry> {
        let at = self.0.binary_search_by_key(&index, |entry| entry.index).ok()?;
        self.0.get(at)
    }

    /// True if no entry was read beforehand.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The hashes of full blocks of 64 leaves that were shown to give their node, kept for the next leaf in them. Clones share them.
#[derive(Clone)]
pub(super) struct Proven(Arc<Cache<u64, Arc<Vec<Hash>>>>);

/// The largest number of blocks kept, of 2 KiB each.
const BLOCKS: usize = 1 << 11;

impl Default for Proven {
    fn default() -> Proven {
        Proven(Arc::new(Cache::new(BLOCKS)))
    }
}

impl Proven {
    /// The hashes of a full block, by its number, if they were proven.
    pub(super) fn get(&self, number: u64) -> Option<Arc<Vec<Hash>>> {
        self.0.get(&number)
    }

    /// Keeps the hashes of a full block that give its node.
    pub(super) fn keep(&self, number: u64, hashes: Arc<Vec<Hash>>) {
        self.0.insert(number, hashes);
    }
}
