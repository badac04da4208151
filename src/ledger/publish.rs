//! The index as a file for readers without a lock.

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
/// A file that is to be published: everything that is stated of the log beside its tables, as it is now.
pub(super) struct Edition {
    mark: Mark,
    places: (u64, Vec<u32>),
    disk: Disk,
}

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
        let tables = super::published(self.path(), &[]).ok().flatten()?;
        if tables.size() <= self.record.size() {
            return Some(tables).filter(|tables| is_of(tables, self.log()));
        }
        match Entries::open_reader_at(self.path(), tables.mark(), &[]) {
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

    /// Publishes the index of everything recorded, merged from the one before.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn publish(&mut self) -> Result<(), LedgerError> {
        self.take_over_published();
        let _upkeep = self.take_upkeep(UPKEEP_PATIENCE)?;
        self.publish_of(&self.record.tables().clone())
    }

    /// Publishes tables of everything recorded, and answers from the file from then on. The lock on the indexes must be taken.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn publish_of(&mut self, tables: &Tables) -> Result<(), LedgerError> {
        if let Some(tables) = Edition::of(&self.record)?.publish(&self.record, tables, true)? {
            self.record.replace_tables(tables);
        }
        Ok(())
    }

    /// Makes the published index anew from the log alone.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn publish_anew(&mut self) -> Result<(), LedgerError> {
        self.take_over_published();
        self.record.replace_tables(Tables::default());
        self.record.catch_up()?;
        self.publish()
    }
}

impl Edition {
    /// The next one, of everything that a record has.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn of(record: &Record) -> Result<Edition, LedgerError> {
        let log = record.log();
        Ok(Edition { mark: log.mark(), places: log.last_places()?, disk: log.disk()?.clone() })
    }

    /// Publishes tables of everything that the record has, with the rows of its bodies if they are wanted; gives them as they lie
    /// in the file, unless another one has more.
    ///
    /// # Errors
    /// [`LedgerError`]; the file before is still there.
    pub(super) fn publish(
        self,
        record: &Record,
        tables: &Tables,
        with_rows: bool,
    ) -> Result<Option<Tables>, LedgerError> {
        let log = record.log();
        let key = log.signing_key()?;
        let rows = record.rows_for(tables, with_rows)?;
        let Edition { mark, places, disk } = self;
        let publication = Publication { origin: log.origin(), mark, places, key: key.as_ref(), rows };
        tables.publish(record.path(), &publication, &|index| record.hash(index), &disk)?;
        Ok(super::published(record.path(), &[])?.filter(|tables| tables.size() == record.size()))
    }
}
