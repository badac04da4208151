//! The index as a file for readers without a lock.

use crate::index::{Publication, Tables};
use crate::log::Disk;

use super::record::Record;
use super::{Ledger, LedgerError};

/// The index is published anew when this number of entries follows the published one: each question reads them from the log.
const TAIL_ENTRIES: u64 = 256;
/// The most entries of the index that a writer keeps in memory.
const MEMORY_ENTRIES: u64 = 1 << 16;

impl Ledger {
    /// Publishes the index if [`TAIL_ENTRIES`] entries follow the published one, or a segment of the log began since.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn publish_if_due(&mut self) -> Result<(), LedgerError> {
        let tables = self.record.tables();
        let moved = tables.mark().is_some_and(|mark| mark.segment != self.log().mark().segment);
        if tables.tail_entries() < TAIL_ENTRIES && !moved {
            return Ok(());
        }
        self.publish()
    }

    /// Publishes the index if a writer keeps much of it in memory.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn publish_if_large(&mut self) -> Result<(), LedgerError> {
        if self.record.tables().tail_entries() < MEMORY_ENTRIES {
            return Ok(());
        }
        let (tables, disk) = (self.record.tables().clone(), self.log().disk()?.clone());
        // What follows would touch most of them again: the last to publish makes the rows.
        publish(&mut self.record, &tables, &disk, false)
    }

    /// Publishes the index of everything recorded, merged from the one before.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn publish(&mut self) -> Result<(), LedgerError> {
        let tables = self.record.tables().clone();
        self.publish_of(&tables)
    }

    /// Publishes tables of everything recorded, and answers from the file from then on.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn publish_of(&mut self, tables: &Tables) -> Result<(), LedgerError> {
        let disk = self.log().disk()?.clone();
        publish(&mut self.record, tables, &disk, true)
    }

    /// Makes the published index anew from the log alone.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn publish_anew(&mut self) -> Result<(), LedgerError> {
        self.record.replace_tables(Tables::default());
        self.record.catch_up()?;
        self.publish()
    }
}

fn publish(record: &mut Record, tables: &Tables, disk: &Disk, with_rows: bool) -> Result<(), LedgerError> {
    let log = record.log();
    let key = log.signing_key()?;
    let rows = record.rows_for(tables, with_rows)?;
    let (origin, mark, places) = (log.origin(), log.mark(), log.last_places()?);
    let publication = Publication { origin, mark, places, key: key.as_ref(), rows };
    tables.publish(record.path(), &publication, &|index| record.hash(index), disk)?;
    if let Some(tables) = super::published(record.path()).filter(|tables| tables.size() == record.size()) {
        record.replace_tables(tables);
    }
    Ok(())
}
