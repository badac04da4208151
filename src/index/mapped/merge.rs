//! Writes a new file from the stored part and the tail in one pass over the pairs; a value that did not change is not derived
//! again.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use crate::event::Index;
use crate::index::container::Stored;
use crate::index::key::{self, Table};
use crate::index::rows::Fate;
use crate::index::{BLOCK, IndexError, MadeRows, Parts, Tables, list};
use crate::log::{Disk, Hash, Mark, SigningKey, VerifierKey};

use super::folder::{open_largest, place, put_in_place};
use super::header::Header;
use super::read::Mapped;
use super::write::Writer;

/// The data of a published file other than the tables themselves.
pub struct Publication<'p> {
    /// The name of the log.
    pub origin: &'p str,
    /// The end of the log, which must be that of the tables.
    pub mark: Mark,
    /// The records in the segment that is not sealed: the index of the first one listed, and the offset of each from there
    /// on, in bytes from the beginning of the segment.
    pub places: (u64, Vec<u32>),
    /// The key that signs the header, if the log has one.
    pub key: Option<&'p SigningKey>,
    /// The rows that are made anew; those of every other group are taken over.
    pub rows: MadeRows,
}

impl Tables {
    /// Opens the largest published file of a ledger that can be read; `None` if there is none. If a key is given, a file that
    /// it did not sign cannot be read. The [mark](Tables::mark) shows if the file belongs to the same log.
    pub fn published(ledger: &Path, origin: &str, key: Option<&VerifierKey>) -> Option<Tables> {
        open_largest(ledger, origin, key).map(Tables::of_mapped)
    }

    /// Opens one published file.
    ///
    /// # Errors
    /// [`IndexError::Damaged`] if it is damaged, of another log, or not signed with the key that is given; [`IndexError::Io`]
    /// if it cannot be read.
    pub fn open_file(path: &Path, origin: &str, key: Option<&VerifierKey>) -> Result<Tables, IndexError> {
        Mapped::open(path, origin, key).map(Tables::of_mapped)
    }

    fn of_mapped(mapped: Mapped) -> Tables {
        Tables::over(Stored::Mapped(std::sync::Arc::new(mapped)))
    }

    /// Publishes the tables of all entries as a file of the ledger, and removes older ones. The folder is not synced: after a
    /// power cut the file before may be there, or none.
    ///
    /// `leaf` returns hashes of leaves that are not in the tail, as for [`Tables::completeness`].
    ///
    /// # Errors
    /// [`IndexError`] if the tables cannot be read, the mark is not their end or the file cannot be written; the errors of
    /// `leaf`. The file published before is then still there.
    pub fn publish<E: From<IndexError>>(
        &self,
        ledger: &Path,
        publication: &Publication<'_>,
        leaf: &dyn Fn(Index) -> Result<Hash, E>,
        disk: &Disk,
    ) -> Result<(), E> {
        if publication.mark.tree != *self.tree() {
            return Err(self.malformed("the mark is not the end of these tables").into());
        }
        let mut put: BTreeMap<Vec<u8>, Option<Cow<'_, [u8]>>> = BTreeMap::new();
        put.extend(self.computed(leaf)?.into_iter().map(|(key, value)| (key, Some(Cow::Owned(value)))));
        put.extend(places(publication.places.0, &publication.places.1));
        let rows = &publication.rows;
        put.extend(rows.pairs().map(|(key, row)| (key, Some(Cow::Borrowed(row)))));
        put.insert(key::body(""), Some(Cow::Owned(rows.rules.to_be_bytes().to_vec())));
        let by_other_rules = self.row_rules()? != Some(rows.rules);
        let fate = |key: &[u8]| rows.fate(key, by_other_rules);
        let target = place(ledger, &publication.mark);
        let io = |e: std::io::Error| IndexError::Io { path: target.clone(), said: e.to_string() };
        if let Some(folder) = target.parent() {
            std::fs::create_dir_all(folder).map_err(io)?;
        }
        let (beside, file) = disk.beside(&target).map_err(io)?;
        let mut writer = Writer::new(file);
        self.merge(put, &fate, &mut |key, value| writer.push(key, value).map_err(io))?;
        let (blocks, root) = writer.finish().map_err(io)?;
        let mark = publication.mark.clone();
        let header = Header { origin: publication.origin.to_owned(), blocks, root, mark };
        let header = header.encode(publication.key);
        let header = header.ok_or_else(|| self.malformed("the name of the log is too long"))?;
        writer.begin_with(&header).map_err(io)?;
        Ok(put_in_place(beside, &target, ledger, disk)?)
    }

    /// Writes every pair of the stored part and the tail, in the order of keys, except those that `fate` empties or leaves
    /// out; pairs of `put` replace others.
    fn merge(
        &self,
        put: BTreeMap<Vec<u8>, Option<Cow<'_, [u8]>>>,
        fate: &dyn Fn(&[u8]) -> Fate,
        write: Write<'_>,
    ) -> Result<(), IndexError> {
        let mut put = put.into_iter().peekable();
        let mut written = Ok(());
        self.range(&[], &mut |key, parts| {
            written = merge_pair(&mut put, key, &parts, fate, write);
            if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        written?;
        put.try_for_each(|(key, value)| value.map_or(Ok(()), |value| write(&key, &value)))
    }

    /// The offset of an entry's record in the segment that was not sealed when the file was published, in bytes; `None` if it
    /// was not listed.
    ///
    /// # Errors
    /// [`IndexError`] if the stored tables cannot be read or are damaged.
    pub fn place(&self, entry: Index) -> Result<Option<u32>, IndexError> {
        let Ok(block) = u32::try_from(entry.0 / BLOCK) else { return Ok(None) };
        let Some(listed) = self.get(&key::number(Table::Places, block))? else { return Ok(None) };
        let cut = || self.malformed("a list of places is cut short");
        let mut rest = listed.as_slice();
        let first = list::take(&mut rest).ok_or_else(cut)?;
        let Some(after) = (entry.0 % BLOCK).checked_sub(first) else { return Ok(None) };
        let mut place = 0u64;
        for _ in 0..=after {
            if rest.is_empty() {
                return Ok(None);
            }
            place = place.wrapping_add(list::take(&mut rest).ok_or_else(cut)?);
        }
        u32::try_from(place).map(Some).map_err(|_| cut())
    }
}

/// A function that writes the next pair.
type Write<'w> = &'w mut dyn FnMut(&[u8], &[u8]) -> Result<(), IndexError>;

/// Pairs that replace earlier ones; a key without a value is left out.
type Put<'p> = std::iter::Peekable<std::collections::btree_map::IntoIter<Vec<u8>, Option<Cow<'p, [u8]>>>>;

/// Writes a pair after the pairs of `put` with smaller keys.
fn merge_pair(
    put: &mut Put<'_>,
    key: &[u8],
    parts: &Parts<'_>,
    fate: &dyn Fn(&[u8]) -> Fate,
    write: Write<'_>,
) -> Result<(), IndexError> {
    while let Some((own, value)) = put.next_if(|(own, _)| **own < *key) {
        if let Some(value) = value {
            write(&own, &value)?;
        }
    }
    match put.next_if(|(own, _)| **own == *key) {
        Some((_, value)) => value.map_or(Ok(()), |value| write(key, &value)),
        None => match fate(key) {
            Fate::Kept => write(key, &parts.value(key)),
            Fate::Emptied => write(key, &[]),
            Fate::LeftOut => Ok(()),
        },
    }
}

/// Offsets by blocks of entries: the position in the block of the first entry listed, then each offset less the one before
/// it.
fn places(first: u64, offsets: &[u32]) -> BTreeMap<Vec<u8>, Option<Cow<'static, [u8]>>> {
    let mut blocks: BTreeMap<u32, (Vec<u8>, u64)> = BTreeMap::new();
    for (entry, offset) in (first..).zip(offsets) {
        let (listed, before) = blocks.entry((entry / BLOCK) as u32).or_insert_with(|| {
            let mut listed = Vec::new();
            list::push(&mut listed, entry % BLOCK);
            (listed, 0)
        });
        list::push(listed, u64::from(*offset).wrapping_sub(*before));
        *before = u64::from(*offset);
    }
    let listed = |(block, (listed, _))| (key::number(Table::Places, block), Some(Cow::Owned(listed)));
    blocks.into_iter().map(listed).collect()
}
