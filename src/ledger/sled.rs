//! The event log in sled, with the tables over it: brought up to the evidence when a writer has closed. What is wrong with it
//! loses nothing, and the next writer makes it anew; but one that holds more than the evidence is never legitimate.

use std::path::Path;
use std::time::Duration;

use crate::event::{Entry, Index, Size};
use crate::index::{IndexError, SledIndex, Stated};
use crate::log::Entries;

use super::record::{Record, decoded};
use super::replay::entries_of_sled;
use super::upkeep::UPKEEP_PATIENCE;
use super::{LedgerError, Writer};

/// The time in which sled must answer, or it is left alone.
pub(super) const DEADLINE: Duration = Duration::from_secs(20);
/// Behind the evidence by fewer entries than this, sled is left as it is.
const BEHIND: u64 = 256;

/// Holds what the index in sled states of itself against the log; sled is not opened.
///
/// # Errors
/// [`LedgerError::Index`] if it holds more than the log, or ends in another leaf.
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
    /// Whether there is no sled yet, or it is many entries behind the log.
    pub(super) fn is_sled_due(&self) -> bool {
        match SledIndex::stated(self.path(), self.origin()) {
            Stated::Head { size, .. } => self.record.size().0 >= size.0 + BEHIND,
            Stated::Nothing | Stated::Unknown => true,
        }
    }

    /// Brings sled up to the entries of this writer if it is there not yet, or many entries behind. The lock on the indexes
    /// must be taken. Another process may have recorded more entries since, and filled sled with them.
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

    /// Makes both indexes anew from the log: sled, and from the tables in sled the published file. Gives every entry from sled,
    /// without the words from which no status follows.
    ///
    /// # Errors
    /// [`LedgerError`]: the index can still be published, and the entries read, from the leaves.
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

    /// Makes the index in sled anew from the log, as a generation that takes the place of those before. The lock on the
    /// indexes must be taken.
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

/// Adds the entries of a record that the index does not hold yet.
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
