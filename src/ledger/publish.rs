//! The index as a file for readers without a lock.

use std::time::Duration;

use crate::index::{Publication, Tables};
use crate::log::{Disk, Entries, Mark};

use super::record::{Record, is_of};
use super::upkeep::UPKEEP_PATIENCE;
use super::{LedgerError, Writer};

/// The index is published anew when this number of entries follows the published one: each question reads them from the log.
const TAIL_ENTRIES: u64 = 256;
/// The same for bytes of the log. A reader finds the end of the log fast if the mark of the published file lies within 64 KiB
/// of it.
const TAIL_BYTES: u64 = 48 << 10;
/// The least and the most entries of the index that a writer keeps in memory before it publishes them; between, a quarter of
/// those that are published, so that the merges stay few.
const MEMORY_ENTRIES: (u64, u64) = (1 << 14, 1 << 16);

impl Writer {
    /// Whether much of the log follows a published index: [`TAIL_ENTRIES`], [`TAIL_BYTES`], or the beginning of a segment.
    pub(super) fn is_far_from(&self, published: Option<&Mark>) -> bool {
        let end = self.log().mark();
        let (size, segment, offset) =
            published.map_or((0, 0, 0), |mark| (mark.tree.size(), mark.segment, mark.offset));
        end.tree.size() >= size + TAIL_ENTRIES
            || end.segment > segment
            || end.segment == segment && end.offset >= offset + TAIL_BYTES
    }

    /// What is published of this log now, by whatever process, and may reach further than this writer.
    fn published_now(&self) -> Option<Tables> {
        let tables = super::published(self.path())?;
        if tables.size() <= self.record.size() {
            return Some(tables).filter(|tables| is_of(tables, self.log()));
        }
        match Entries::open_reader_at(self.path(), tables.mark()) {
            Ok(log) => Some(tables).filter(|tables| is_of(tables, &log)),
            Err(_) => Some(tables),
        }
    }

    /// Publishes the index if much of the log follows what is published by now.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn publish_if_due(&mut self) -> Result<(), LedgerError> {
        let now = self.published_now();
        if self.is_far_from(now.as_ref().and_then(Tables::mark)) {
            self.publish_of(&self.record.tables().clone())?;
        }
        Ok(())
    }

    /// Publishes the index if a writer keeps much of it in memory, unless another process makes the indexes.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn publish_if_large(&mut self) -> Result<(), LedgerError> {
        let (least, most) = MEMORY_ENTRIES;
        let in_memory = self.record.tables().tail_entries();
        if in_memory < ((self.record.size().0 - in_memory) / 4).clamp(least, most) {
            return Ok(());
        }
        let _upkeep = self.take_upkeep(Duration::ZERO)?;
        let (tables, disk) = (self.record.tables().clone(), self.log().disk()?.clone());
        // What follows would touch most of them again: the last to publish makes the rows.
        publish(&mut self.record, &tables, &disk, false)
    }

    /// Publishes the index of everything recorded, merged from the one before.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn publish(&mut self) -> Result<(), LedgerError> {
        let _upkeep = self.take_upkeep(UPKEEP_PATIENCE)?;
        self.publish_of(&self.record.tables().clone())
    }

    /// Publishes tables of everything recorded, and answers from the file from then on. The lock on the indexes must be taken.
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
