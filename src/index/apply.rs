//! Adds an entry to every table.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::event::{Entry, EventId, Heading, Index, filed_by_correction, headings};
use crate::log::{Frontier, Hash, node_hash};

use super::key::{self, Table};
use super::scanned::Scanned;
use super::{BLOCK, BLOCK_LEVEL, IndexError, SHARED_ENTRIES, Tables, list};

impl Tables {
    /// Adds the next entry, with the hash of its leaf. `read` returns earlier entries: those that a correction is about.
    ///
    /// # Errors
    /// [`IndexError::Gap`] if the entry is not the next one; [`IndexError`] if the stored tables cannot be read or are
    /// damaged; the errors of `read`. If this fails, nothing is added.
    pub fn push<E: From<IndexError>>(
        &mut self,
        entry: &Entry,
        leaf: Hash,
        read: &dyn Fn(Index) -> Result<Entry, E>,
    ) -> Result<(), E> {
        let expected = self.size();
        if entry.index.0 != expected.0 {
            return Err(IndexError::Gap { expected, given: entry.index }.into());
        }
        let stated = headings(&entry.event, []);
        let mut aside = BTreeSet::new();
        let filed = match entry.event.corrects() {
            false => stated.into_iter().map(|heading| (heading, vec![entry.index])).collect(),
            true => {
                let family = self.family(entry, read)?;
                let filed = filed_by_correction(&family.iter().collect::<Vec<_>>(), entry);
                aside = stated;
                filed.iter().for_each(|(heading, _)| _ = aside.remove(heading));
                filed
            }
        };
        let at = self.open_part();
        let nodes = self.grow(leaf);
        let last = Arc::make_mut(&mut self.tail[at]);
        last.push_leaf(leaf);
        file(last, filed);
        for heading in &aside {
            list::push(last.value(key::heading(Table::Aside, heading)), entry.index.0);
        }
        name(last, entry);
        for (level, number, hash) in nodes {
            *last.value(key::node(level, number)) = hash.0.to_vec();
        }
        Ok(())
    }

    /// The position of the part of the tail that the next entry is added to.
    fn open_part(&mut self) -> usize {
        let full = |part: &Arc<Scanned>| Arc::strong_count(part) > 1 && part.count() >= SHARED_ENTRIES;
        if self.tail.last().is_none_or(full) {
            self.tail.push(Arc::new(Scanned::from(self.size().0)));
        }
        self.tail.len() - 1
    }

    /// Adds a leaf to the tree; returns the complete subtrees of at least a block that end with it, each with its level and
    /// number.
    fn grow(&mut self, leaf: Hash) -> Vec<(u8, u64, Hash)> {
        let size = self.tree.size();
        let joined = size.trailing_ones();
        let mut nodes = Vec::new();
        if joined >= u32::from(BLOCK_LEVEL) {
            let mut node = leaf;
            for (level, left) in (1..).zip(self.tree.roots().iter().rev().take(joined as usize)) {
                node = node_hash(*left, node);
                if level >= BLOCK_LEVEL {
                    nodes.push((level, size >> level, node));
                }
            }
        }
        self.tree.push(leaf);
        nodes
    }

    /// The entry at the root of a chain of corrections, and the earlier corrections of it, in the order of the log; empty if
    /// there is no such entry before this correction.
    fn family<E: From<IndexError>>(
        &self,
        correction: &Entry,
        read: &dyn Fn(Index) -> Result<Entry, E>,
    ) -> Result<Vec<Entry>, E> {
        let (mut before, mut next) = (correction.index, correction.event.to);
        let root = loop {
            // Every step leads to an earlier entry, so a record that names itself in a circle ends too.
            let Some(id) = next else { return Ok(Vec::new()) };
            let Some(entry) = self.of_id(id, before, read)? else { return Ok(Vec::new()) };
            if !entry.event.corrects() {
                break entry;
            }
            (before, next) = (entry.index, entry.event.to);
        };
        let mut open = vec![(root.event.id, root.index)];
        let mut family = BTreeMap::from([(root.index, root)]);
        while let Some((id, after)) = open.pop() {
            let later = self.naming(id)?.into_iter().filter(|at| *at > after && *at < correction.index);
            for at in later {
                if family.contains_key(&at) {
                    continue;
                }
                let entry = read(at)?;
                if entry.event.corrects() && entry.event.to == Some(id) {
                    open.push((entry.event.id, at));
                    family.insert(at, entry);
                }
            }
        }
        Ok(family.into_values().collect())
    }

    /// The first entry with an id, if it comes before another entry.
    fn of_id<E: From<IndexError>>(
        &self,
        id: EventId,
        before: Index,
        read: &dyn Fn(Index) -> Result<Entry, E>,
    ) -> Result<Option<Entry>, E> {
        for at in self.candidates(id)?.into_iter().filter(|at| *at < before) {
            let entry = read(at)?;
            if entry.event.id == id {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }
}

/// Files entries under headings.
fn file(part: &mut Scanned, filed: Vec<(Heading, Vec<Index>)>) {
    for (heading, entries) in filed {
        let (group, name) = (heading.group(), heading.name());
        let filed = part.value(key::named(Table::Filed, group, name));
        let is_new = filed.is_empty();
        entries.iter().for_each(|entry| list::push(filed, entry.0));
        if is_new {
            part.value(key::group(group));
            if !name.is_empty() {
                part.value(key::named(Table::OfParticipant, name, group));
            }
        }
    }
}

/// Lists an entry by its id and by the id that it names; at the beginning of a block, adds its time stamp.
fn name(part: &mut Scanned, entry: &Entry) {
    let (listed, half) = key::id_key(entry.event.id);
    list::push_id(part.value(listed), half, entry.index);
    if let Some(to) = entry.event.to {
        list::push(part.value(key::naming(to)), entry.index.0);
    }
    if entry.index.0.is_multiple_of(BLOCK) {
        let stamp = part.value(key::number(Table::Stamps, (entry.index.0 / BLOCK) as u32));
        *stamp = entry.recorded_at.micros().to_be_bytes().to_vec();
    }
}

/// The right edge of the tree over leaves.
pub(super) fn edge_of(leaves: impl IntoIterator<Item = Hash>) -> Frontier {
    let mut tree = Frontier::default();
    leaves.into_iter().for_each(|leaf| tree.push(leaf));
    tree
}
