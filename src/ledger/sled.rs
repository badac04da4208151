//! The event log in sled, with the tables over it, brought up to date after a writer has closed. If it is damaged, nothing is lost
//! and the next writer makes it anew; but an index with more entries than the log is never legitimate.

use std::path::Path;
use std::time::Duration;

use crate::event::{Entry, Index, Size};
use crate::index::{IndexError, SledIndex, Stated};
use crate::log::Entries;

use super::record::{Record, decoded};
use super::replay::entries_of_sled;
use super::upkeep::UPKEEP_PATIENCE;
use super::{LedgerError, Writer};

/// The time in which sled must answer; after that it is no longer used.
pub(super) const DEADLINE: Duration = Duration::from_secs(20);
/// If sled is behind the log by fewer entries than this, it is not brought up to date.
const BEHIND: u64 = 256;

/// Compares the size and last leaf that the index in sled states with the log; sled is not opened.
///
/// # Errors
/// [`LedgerError::Index`] if the index has more entries than the log, or ends in another leaf.
pub(super) fn check(path: &Path, log: &Entries) -> Result<(), LedgerError> {
    let Stated::Head { size, last } = SledIndex::stated(path, log.origin()) else { return Ok(()) };
    let entries = Size(log.frontier().size());
    if size > entries {
        // A writer may have appended since the log was opened.
        let now = Entries::open_reader(path)?;
        if size > Size(now.frontier().size()) {
            return Err(IndexError::Ahead { index: size, entries: Size(now.frontier().size()) }.into());
        }
        return check(path, &now);
    }
    let Some(at) = size.0.checked_sub(1) else { return Ok(()) };
    let hash = match size == entries {
        true => log.last_leaf_hash(),
        false => Some(log.hash_of(at, &|_| None)?),
    };
    if last == hash { Ok(()) } else { Err(IndexError::Other { size }.into()) }
}

impl Writer {
    /// True if there is no index in sled yet, or it is many entries behind the log.
    pub(super) fn is_sled_due(&self) -> bool {
        match SledIndex::stated(self.path(), self.origin()) {
            Stated::Head { size, .. } => self.record.size().0 >= size.0 + BEHIND,
            Stated::Nothing | Stated::Unknown => true,
        }
    }

    /// Brings sled up to the entries of this writer if it is missing or many entries behind. The caller must have the lock on the
    /// indexes. Another process may have recorded more entries since, and filled sled with them.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn fill_sled_if_due(&self) -> Result<(), LedgerError> {
        if !self.is_sled_due() {
            return Ok(());
        }
        match SledIndex::open(self.path(), self.origin(), DEADLINE) {
            Ok(index) if index.size() <= self.record.size() => self.fill_or_anew(index),
            Ok(index) if index.size() <= Size(Entries::open_reader(self.path())?.size()) => Ok(()),
            Err(IndexError::Busy { .. }) => Ok(()),
            _ => self.sled_anew().map(drop),
        }
    }

    /// Makes both indexes anew from the log: first sled, then the published file from the tables in sled. Returns every entry from
    /// sled, without the texts that no status depends on.
    ///
    /// # Errors
    /// [`LedgerError`]; the index can then still be published, and the entries read, from the leaves.
    pub fn rebuild(&mut self) -> Result<Vec<Entry>, LedgerError> {
        self.take_over_published();
        let _upkeep = self.take_upkeep(UPKEEP_PATIENCE)?;
        let index = self.sled_anew()?;
        self.publish_of(index.tables())?;
        entries_of_sled(&index)
    }

    fn fill_or_anew(&self, mut index: SledIndex) -> Result<(), LedgerError> {
        match fill(&mut index, &self.record) {
            Ok(()) => Ok(()),
            Err(LedgerError::Index(_)) => {
                index.condemn();
                drop(index);
                self.sled_anew().map(drop)
            }
            Err(error) => Err(error),
        }
    }

    /// Makes the index in sled anew from the log, as a generation that replaces the earlier ones. The caller must have the lock on
    /// the indexes.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn sled_anew(&self) -> Result<SledIndex, LedgerError> {
        let mut index = SledIndex::create(self.path(), self.origin(), DEADLINE)?;
        match fill(&mut index, &self.record).and_then(|()| Ok(index.complete()?)) {
            Ok(()) => Ok(index),
            Err(error) => {
                index.discard();
                Err(error)
            }
        }
    }
}

/// Adds the entries of a record that the index does not have yet.
fn fill(index: &mut SledIndex, record: &Record) -> Result<(), LedgerError> {
    let from = index.size().0;
    let mut failed = None;
    record.log().scan(from, |at, leaf, hash| {
        if failed.is_none() {
            let added = decoded(leaf, Index(at))
                .and_then(|entry| index.push(&entry, hash, &|index| record.entry(index)));
            failed = added.err();
        }
    })?;
    failed.map_or(Ok(()), Err)?;
    Ok(index.flush()?)
}
