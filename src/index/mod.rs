//! The index: one set of tables from ordered keys to values, in three containers (memory, a published file, sled) with the
//! same lookups.
//!
//! | table | key | value |
//! |---|---|---|
//! | filed | heading | the entries filed under it, in the order of filing |
//! | edges | heading | the right edge of the RFC 6962 tree over their leaves, from 8 entries on |
//! | groups | group | the number of its headings, and the root over them |
//! | of participant | participant, group | present if the participant has a heading in the group; the row of the pair, if any |
//! | ids | half of an id's short form | the other halves, each with its entry |
//! | naming | short form of an id | the entries that answer or correct an entry of such an id |
//! | stamps | block of 64 entries | the time at which its first entry was recorded |
//! | nodes | level from 6 on, number | the hash of a complete subtree of the log's tree |
//! | aside | heading | corrections whose own body and participant give this heading, but that are not filed under it |
//! | places | block of 64 entries | the offsets of their records in the segment that is not sealed |
//! | bodies | group | the row of the body, made by the fold |
//!
//! A heading is a group (a body, or an import) and a name in it (a participant, or nothing). Only `event` decides which entry
//! is filed under which heading.
//!
//! [`Tables`] are a stored part for the first entries of a record, and a *tail* in memory for those that follow; either may
//! be empty. Four tables have lists as values, to which the tail adds; in every other table a later value replaces an earlier
//! one. Only published files have edges, heads of groups and rows; without a file they are computed when they are needed.

mod apply;
mod completeness;
mod container;
mod error;
mod group_map;
mod key;
mod list;
mod lookup;
mod mapped;
mod rows;
mod scanned;
mod sled;
mod visit;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::event::{Index, Size};
use crate::log::{Frontier, Hash, Mark};

pub use self::sled::{SledIndex, Stated};
pub use error::IndexError;
pub use group_map::GroupMap;
pub use key::short_id;
pub use mapped::{Publication, index_files, is_named_by};
pub use rows::{MadeRows, RowsOfGroup};

use container::Stored;
use key::Table;
use scanned::Scanned;

/// The number of entries that share one stamp; subtrees of at least this number of leaves are stored.
pub const BLOCK: u64 = 64;
/// The level of a complete subtree of [`BLOCK`] leaves.
pub const BLOCK_LEVEL: u8 = 6;
/// A part of the tail that is shared is copied before it grows, if it has fewer entries than this.
const SHARED_ENTRIES: u64 = 64;

/// The index of the first entries of a record.
///
/// Cloning it is cheap, and a clone does not change while the other grows: a shared part of the tail is copied before an
/// entry is added to it, or, from 64 entries on, a new part is begun.
#[derive(Clone, Default)]
pub struct Tables {
    stored: Option<Stored>,
    tail: Vec<Arc<Scanned>>,
    /// The right edge of the tree over all entries.
    tree: Frontier,
}

/// The stored value and the tail's value of one key.
pub(super) struct Parts<'p> {
    stored: Option<&'p [u8]>,
    tail: Option<&'p [u8]>,
}

impl Tables {
    /// The number of entries that it covers.
    pub fn size(&self) -> Size {
        Size(self.tree.size())
    }

    /// The right edge of the log's tree over its entries.
    pub fn tree(&self) -> &Frontier {
        &self.tree
    }

    /// Tables with a stored part and an empty tail.
    fn over(stored: Stored) -> Tables {
        let tree = stored.tree().clone();
        Tables { stored: Some(stored), tail: Vec::new(), tree }
    }

    fn stored(&self) -> Option<&Stored> {
        self.stored.as_ref()
    }

    /// The end of the log that its published file covers; `None` without a published file.
    pub fn mark(&self) -> Option<&Mark> {
        self.stored().and_then(Stored::mark)
    }

    /// The number of its entries that are in the tail, not stored.
    pub fn tail_entries(&self) -> u64 {
        self.tail.iter().map(|part| part.count()).sum()
    }

    /// Begins another part of the tail, so that the entries added before can be published while the tail grows.
    pub fn part_tail(&mut self) {
        if self.tail.last().is_some_and(|part| part.count() > 0) {
            self.tail.push(Arc::new(Scanned::from(self.size().0)));
        }
    }

    /// Replaces its first entries by their published tables, and keeps the later parts of the tail. Nothing changes unless a
    /// part of the tail begins at the end of the published tables.
    pub fn rest_on(&mut self, published: Tables) {
        let first = published.size();
        let end = self.size();
        let begins = |part: &Arc<Scanned>| part.first == first.0;
        if published.tail.is_empty() && (end == first || self.tail.iter().any(begins)) {
            self.stored = published.stored;
            self.tail.retain(|part| part.first >= first.0);
        }
    }

    /// The value of a key, from the stored part and the tail together.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        let stored = self.stored.as_ref().map_or(Ok(None), |stored| stored.get(key))?;
        Ok(self
            .tail
            .iter()
            .filter_map(|part| part.get(key))
            .fold(stored, |before, value| Some(joined(key, before.unwrap_or_default(), value))))
    }

    /// Calls `visit` for every key that begins with a prefix, in the order of keys, with its stored value and the tail's
    /// value.
    fn range(
        &self,
        prefix: &[u8],
        visit: &mut dyn FnMut(&[u8], Parts<'_>) -> ControlFlow<()>,
    ) -> Result<(), IndexError> {
        let mut added = self.added(prefix).into_iter().peekable();
        let mut stopped = ControlFlow::Continue(());
        if let Some(stored) = &self.stored {
            stored.range(prefix, &mut |key, value| {
                while let Some((own, tail)) = added.next_if(|(own, _)| *own < key) {
                    stopped = visit(own, Parts { stored: None, tail: Some(&tail) });
                    stopped?;
                }
                let tail = added.next_if(|(own, _)| *own == key).map(|(_, tail)| tail);
                stopped = visit(key, Parts { stored: Some(value), tail: tail.as_deref() });
                stopped
            })?;
        }
        while let (true, Some((key, tail))) = (stopped.is_continue(), added.next()) {
            stopped = visit(key, Parts { stored: None, tail: Some(&tail) });
        }
        Ok(())
    }

    /// The keys of the tail that begin with a prefix, in their order, each with the value over all parts of the tail.
    fn added<'t>(&'t self, prefix: &[u8]) -> Vec<(&'t [u8], Cow<'t, [u8]>)> {
        if let [one] = self.tail.as_slice() {
            return one.range(prefix).map(|(key, value)| (key, Cow::Borrowed(value))).collect();
        }
        let mut added: BTreeMap<&[u8], Cow<'_, [u8]>> = BTreeMap::new();
        for (key, value) in self.tail.iter().flat_map(|part| part.range(prefix)) {
            match added.get_mut(key) {
                Some(before) => *before = Cow::Owned(joined(key, before.to_vec(), value)),
                None => _ = added.insert(key, Cow::Borrowed(value)),
            }
        }
        added.into_iter().collect()
    }

    /// The hash of the leaf of an entry in the tail.
    fn leaf_in_tail(&self, entry: Index) -> Option<Hash> {
        let after = self.tail.partition_point(|part| part.first <= entry.0);
        self.tail.get(after.checked_sub(1)?)?.leaf(entry)
    }
}

impl Parts<'_> {
    /// The stored head of a group; `None` if it is not stored, or the tail changes the group.
    fn head(&self) -> Option<&[u8]> {
        self.stored.filter(|head| !head.is_empty() && self.tail.is_none())
    }

    /// The value over both parts.
    fn value(&self, key: &[u8]) -> Cow<'_, [u8]> {
        match (self.stored, self.tail) {
            (Some(stored), Some(tail)) => Cow::Owned(joined(key, stored.to_vec(), tail)),
            (one, other) => Cow::Borrowed(one.or(other).unwrap_or_default()),
        }
    }

    /// The list over both parts.
    fn list(&self) -> Vec<u8> {
        [self.stored.unwrap_or_default(), self.tail.unwrap_or_default()].concat()
    }
}

/// Joins a value with a later one of the same key: lists are concatenated, any other value is replaced.
fn joined(key: &[u8], mut before: Vec<u8>, later: &[u8]) -> Vec<u8> {
    if !Table::is_list(key) {
        before.clear();
    }
    before.extend_from_slice(later);
    before
}
