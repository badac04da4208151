//! The lookups, written once for all three containers.

use std::ops::ControlFlow;

use smol_str::SmolStr;

use crate::event::{EventId, Heading, Index, Instant, Size};
use crate::log::{Frontier, Hash};

use super::container::Stored;
use super::key::{self, Table};
use super::{BLOCK, BLOCK_LEVEL, IndexError, Parts, Tables, list};

impl Tables {
    /// The entries filed under a heading, in the order of filing: a correction may file older entries behind newer ones.
    ///
    /// # Errors
    /// [`IndexError`] if the stored tables cannot be read or are damaged.
    pub fn entries_under(&self, heading: &Heading) -> Result<Vec<Index>, IndexError> {
        self.list(&key::heading(Table::Filed, heading))
    }

    /// The headings of a group, by name, each with its entries in the order of filing.
    ///
    /// # Errors
    /// [`IndexError`] if the stored tables cannot be read or are damaged.
    pub fn filed_in(&self, group: &str) -> Result<Vec<(Heading, Vec<Index>)>, IndexError> {
        self.headed(&key::named(Table::Filed, group, ""))
    }

    /// Every entry filed under a heading of a group, once, in the order of the log.
    ///
    /// # Errors
    /// [`IndexError`] if the stored tables cannot be read or are damaged.
    pub fn entries_in_group(&self, group: &str) -> Result<Vec<Index>, IndexError> {
        let mut entries: Vec<Index> =
            self.filed_in(group)?.into_iter().flat_map(|(_, entries)| entries).collect();
        entries.sort_unstable();
        entries.dedup();
        Ok(entries)
    }

    /// Every group, by name: the bodies, and the imports as `import:` and their ids.
    ///
    /// # Errors
    /// [`IndexError`] if the stored tables cannot be read or are damaged.
    pub fn groups(&self) -> Result<Vec<SmolStr>, IndexError> {
        let mut groups = Vec::new();
        self.each(&[Table::Groups as u8], &mut |key, _| groups.push(key::name(key)))?;
        groups.into_iter().map(|name| name.ok_or_else(|| self.malformed("a group has no name"))).collect()
    }

    /// The groups in which a participant, by its id, has a heading; by name.
    ///
    /// # Errors
    /// [`IndexError`] if the stored tables cannot be read or are damaged.
    pub fn groups_of(&self, participant: &str) -> Result<Vec<SmolStr>, IndexError> {
        let mut groups = Vec::new();
        self.each(&key::named(Table::OfParticipant, participant, ""), &mut |key, _| {
            groups.push(key::names(key).map(|(_, group)| group));
        })?;
        groups.into_iter().map(|name| name.ok_or_else(|| self.malformed("a group has no name"))).collect()
    }

    /// Reads everything that is stored, and checks every block against its hash.
    ///
    /// # Errors
    /// [`IndexError`] for the first part that cannot be read or is damaged.
    pub fn check(&self) -> Result<(), IndexError> {
        self.each(&[], &mut |_, _| {})
    }

    /// Entries that may have an id, in the order of the log. Only the entry itself shows that it has the id.
    ///
    /// # Errors
    /// [`IndexError`] if the stored tables cannot be read or are damaged.
    pub fn candidates(&self, id: EventId) -> Result<Vec<Index>, IndexError> {
        let (key, half) = key::id_key(id);
        let Some(listed) = self.get(&key)? else { return Ok(Vec::new()) };
        list::of_id(&listed, half).ok_or_else(|| self.malformed("a list of ids is cut short"))
    }

    /// The result of [`Tables::candidates`] for each of several ids, in their order. It reads all stored ids once, so it is
    /// meant for many ids at a time.
    ///
    /// # Errors
    /// [`IndexError`] if the stored tables cannot be read or are damaged.
    pub fn candidates_of_each(&self, ids: &[EventId]) -> Result<Vec<Vec<Index>>, IndexError> {
        let cut = || self.malformed("a list of ids is cut short");
        let keys: Vec<(Vec<u8>, [u8; 2])> = ids.iter().map(|id| key::id_key(*id)).collect();
        let mut order: Vec<usize> = (0..ids.len()).collect();
        order.sort_unstable_by_key(|at| &keys[*at].0);
        let mut candidates = vec![Vec::new(); ids.len()];
        let mut open = order.iter().copied().peekable();
        let mut is_sound = true;
        if let Some(stored) = self.stored() {
            stored.range(&[Table::Ids as u8], &mut |key, value| {
                while open.next_if(|at| keys[*at].0.as_slice() < key).is_some() {}
                while let Some(at) = open.next_if(|at| keys[*at].0.as_slice() == key) {
                    match list::of_id(value, keys[at].1) {
                        Some(entries) => candidates[at] = entries,
                        None => is_sound = false,
                    }
                }
                if open.peek().is_some() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
        }
        for ((key, half), candidates) in keys.iter().zip(&mut candidates) {
            for value in self.tail.iter().filter_map(|part| part.get(key)) {
                candidates.extend(list::of_id(value, *half).ok_or_else(cut)?);
            }
        }
        is_sound.then_some(candidates).ok_or_else(cut)
    }

    /// Entries that may answer or correct the entry of an id, in the order of the log. Only the entry itself shows that it
    /// does.
    ///
    /// # Errors
    /// [`IndexError`] if the stored tables cannot be read or are damaged.
    pub fn naming(&self, id: EventId) -> Result<Vec<Index>, IndexError> {
        self.list(&key::naming(id))
    }

    /// Calls `see` for every entry that is listed by its id, with the [short form](short_id) of the id.
    ///
    /// # Errors
    /// [`IndexError`] if the stored tables cannot be read or are damaged.
    pub fn each_id(&self, see: &mut dyn FnMut([u8; 4], Index)) -> Result<(), IndexError> {
        let mut is_sound = true;
        self.each(&[Table::Ids as u8], &mut |key, parts| {
            let listed = parts.list();
            let ids = list::ids(&listed).zip(key.get(1..).and_then(<[u8]>::first_chunk::<2>));
            match ids {
                Some((ids, [a, b])) => {
                    ids.into_iter().for_each(|([c, d], entry)| see([*a, *b, c, d], entry));
                }
                None => is_sound = false,
            }
        })?;
        is_sound.then_some(()).ok_or_else(|| self.malformed("a list of ids is cut short"))
    }

    /// Calls `see` for every entry that answers or corrects another, with the [short form](short_id) of that entry's id.
    ///
    /// # Errors
    /// [`IndexError`] if the stored tables cannot be read or are damaged.
    pub fn each_naming(&self, see: &mut dyn FnMut([u8; 4], Index)) -> Result<(), IndexError> {
        let mut is_sound = true;
        self.each(&[Table::Naming as u8], &mut |key, parts| {
            let entries = list::entries(&parts.list()).zip(key.get(1..).and_then(<[u8]>::first_chunk::<4>));
            match entries {
                Some((entries, id)) => entries.into_iter().for_each(|entry| see(*id, entry)),
                None => is_sound = false,
            }
        })?;
        is_sound.then_some(()).ok_or_else(|| self.malformed("a list of entries is cut short"))
    }

    /// Corrections that themselves name the body of a group (`None` is any) and a participant (`None` is any, the empty name
    /// none), and were not filed under that heading when they were recorded, because they correct an entry under another
    /// heading, or no entry. A later correction may have filed some of them there since. Each is listed once, in the order of
    /// the log.
    ///
    /// # Errors
    /// [`IndexError`] if the stored tables cannot be read or are damaged.
    pub fn aside(&self, group: Option<&str>, name: Option<&str>) -> Result<Vec<Index>, IndexError> {
        let prefix =
            group.map_or_else(|| vec![Table::Aside as u8], |group| key::named(Table::Aside, group, ""));
        let mut entries: Vec<Index> = Vec::new();
        for (heading, listed) in self.headed(&prefix)? {
            if name.is_none_or(|name| heading.name() == name) {
                entries.extend(listed);
            }
        }
        entries.sort_unstable();
        entries.dedup();
        Ok(entries)
    }

    /// True if an entry at or after the index `size` is filed under a heading.
    ///
    /// # Errors
    /// [`IndexError`] if the stored tables cannot be read or are damaged.
    pub fn is_filed_since(&self, heading: &Heading, size: Size) -> Result<bool, IndexError> {
        let key = key::heading(Table::Filed, heading);
        // The tail begins at this size.
        let stored = Size(self.size().0 - self.tail_entries());
        if size < stored {
            return Ok(self.list(&key)?.iter().any(|index| !size.holds(*index)));
        }
        for part in self.tail.iter().filter(|part| part.first + part.count() > size.0) {
            let Some(list) = part.get(&key) else { continue };
            if self.entries(list)?.iter().any(|index| !size.holds(*index)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// True if an entry at or after the index `size` is filed under any heading of a group.
    ///
    /// # Errors
    /// [`IndexError`] if the stored tables cannot be read or are damaged.
    pub fn is_group_filed_since(&self, group: &str, size: Size) -> Result<bool, IndexError> {
        let stored = Size(self.size().0 - self.tail_entries());
        if size < stored {
            return Ok(self.entries_in_group(group)?.iter().any(|index| !size.holds(*index)));
        }
        let prefix = key::named(Table::Filed, group, "");
        for part in self.tail.iter().filter(|part| part.first + part.count() > size.0) {
            for (_, list) in part.range(&prefix) {
                if self.entries(list)?.iter().any(|index| !size.holds(*index)) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// The headings under which the tail files an entry at or after the index `size`, each with every entry that the tail
    /// files there.
    ///
    /// # Errors
    /// [`IndexError`] if the stored tables cannot be read or are damaged.
    pub fn filed_since(&self, size: Size) -> Result<Vec<(Heading, Vec<Index>)>, IndexError> {
        let mut filed = Vec::new();
        for (key, list) in self.added(&[Table::Filed as u8]) {
            let entries = self.entries(&list)?;
            if entries.iter().any(|index| !size.holds(*index)) {
                filed.push((self.named(key)?, entries));
            }
        }
        Ok(filed)
    }

    /// True if more than the record of an import is filed under its heading. If not, no entry corrects the import.
    ///
    /// # Errors
    /// [`IndexError`] if the stored tables cannot be read or are damaged.
    pub fn has_corrections_of(&self, import: EventId) -> Result<bool, IndexError> {
        let listed = self.get(&key::heading(Table::Filed, &Heading::of_import(import)))?;
        Ok(listed.is_some_and(|listed| list::count(&listed) > 1))
    }

    /// The first entry of the last block of [`BLOCK`] entries that begins at or before an instant; `None` if the first entry
    /// was recorded later. If recorded times rise with the log, the last entry up to that instant is in this block.
    ///
    /// # Errors
    /// [`IndexError`] if the stored tables cannot be read or are damaged.
    pub fn block_of_stamp(&self, until: Instant) -> Result<Option<Index>, IndexError> {
        let (mut low, mut high) = (0, self.size().0.div_ceil(BLOCK));
        while low < high {
            let middle = low + (high - low) / 2;
            let stamp = self.get(&key::number(Table::Stamps, middle as u32))?;
            let stamp = stamp.and_then(|bytes| bytes.try_into().ok()).map(i64::from_be_bytes);
            let stamp = stamp.ok_or_else(|| self.malformed("a block has no stamp"))?;
            match Instant::from_micros(stamp) <= until {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        Ok(low.checked_sub(1).map(|block| Index(block * BLOCK)))
    }

    /// The hash over the complete subtree of 2^`level` leaves with a number, from level 6 on; `None` if it is not complete.
    ///
    /// # Errors
    /// [`IndexError`] if the stored tables cannot be read or are damaged.
    pub fn node(&self, level: u8, number: u64) -> Result<Option<Hash>, IndexError> {
        let end = number.checked_add(1).and_then(|after| after.checked_mul(1u64.checked_shl(level.into())?));
        if level < BLOCK_LEVEL || end.is_none_or(|end| end > self.size().0) {
            return Ok(None);
        }
        let stored = self.get(&key::node(level, number))?.and_then(|bytes| bytes.try_into().ok());
        stored.map(|hash| Some(Hash(hash))).ok_or_else(|| self.malformed("a node of the tree is missing"))
    }

    /// The right edge of the log's tree over the first `size` entries; `leaf` returns the hashes of at most 63 leaves that
    /// are not in the tail.
    ///
    /// # Errors
    /// [`IndexError::Beyond`] if the index covers fewer than `size` entries; [`IndexError`] if the stored tables cannot be
    /// read or are damaged; the errors of `leaf`.
    pub fn tree_at<E: From<IndexError>>(
        &self,
        size: Size,
        leaf: &dyn Fn(Index) -> Result<Hash, E>,
    ) -> Result<Frontier, E> {
        if size == self.size() {
            return Ok(self.tree.clone());
        }
        if size > self.size() {
            return Err(IndexError::Beyond { size: self.size(), asked: size }.into());
        }
        let mut tree = Frontier::default();
        for level in (BLOCK_LEVEL..64).rev().filter(|level| size.0 >> level & 1 == 1) {
            let node = self.node(level, tree.size() >> level)?;
            let node = node.ok_or_else(|| self.malformed("a node of the tree is missing"))?;
            tree.push_full(level.into(), node);
        }
        for at in tree.size()..size.0 {
            tree.push(self.leaf(Index(at), leaf)?);
        }
        Ok(tree)
    }

    /// The root of the log over the first `size` entries; `leaf` as for [`Tables::tree_at`].
    ///
    /// # Errors
    /// Those of [`Tables::tree_at`].
    pub fn root<E: From<IndexError>>(
        &self,
        size: Size,
        leaf: &dyn Fn(Index) -> Result<Hash, E>,
    ) -> Result<Hash, E> {
        Ok(self.tree_at(size, leaf)?.root())
    }

    /// The hash of a leaf, from the tail if it is there, otherwise from `leaf`.
    pub(super) fn leaf<E>(&self, at: Index, leaf: &dyn Fn(Index) -> Result<Hash, E>) -> Result<Hash, E> {
        self.leaf_in_tail(at).map_or_else(|| leaf(at), Ok)
    }

    fn list(&self, key: &[u8]) -> Result<Vec<Index>, IndexError> {
        self.get(key)?.map_or(Ok(Vec::new()), |list| self.entries(&list))
    }

    /// The lists under the headings that begin with a prefix.
    fn headed(&self, prefix: &[u8]) -> Result<Vec<(Heading, Vec<Index>)>, IndexError> {
        let mut lists = Vec::new();
        self.each(prefix, &mut |key, parts| lists.push((self.named(key), parts.list())))?;
        lists.into_iter().map(|(heading, list)| Ok((heading?, self.entries(&list)?))).collect()
    }

    /// The entries of a list.
    pub(super) fn entries(&self, list: &[u8]) -> Result<Vec<Index>, IndexError> {
        list::entries(list).ok_or_else(|| self.malformed("a list of entries is cut short"))
    }

    /// Calls `see` for every key that begins with a prefix.
    pub(super) fn each(
        &self,
        prefix: &[u8],
        see: &mut dyn FnMut(&[u8], Parts<'_>),
    ) -> Result<(), IndexError> {
        self.range(prefix, &mut |key, parts| {
            see(key, parts);
            ControlFlow::Continue(())
        })
    }

    /// The heading of a key.
    fn named(&self, key: &[u8]) -> Result<Heading, IndexError> {
        let names = key::names(key).ok_or_else(|| self.malformed("a heading has no name"))?;
        Ok(Heading::named(&names.0, &names.1))
    }

    /// The error for a value that is damaged.
    pub(super) fn malformed(&self, what: &str) -> IndexError {
        let path = self.stored().map(Stored::path).unwrap_or_default();
        IndexError::Damaged { path, what: what.to_owned() }
    }
}
