//! Publishes the index beside a writer that records many entries, in a thread of its own, so that no append waits for a file. The
//! writer goes on with its tables in memory; once the file is there, it keeps in memory only the entries recorded since.

use std::thread::JoinHandle;
use std::time::Duration;

use crate::event::Size;
use crate::index::Tables;
use crate::log::Lock;

use super::Writer;
use super::publish::Edition;

/// The smallest and the largest number of entries whose tables a writer keeps in memory before it publishes them. Between the two,
/// the limit is a quarter of the entries already published, so that the merges stay few.
const MEMORY_ENTRIES: (u64, u64) = (1 << 15, 1 << 16);

/// A file that is being written, and the lock on the indexes until it is done.
pub(super) struct Publishing {
    size: Size,
    /// The thread that writes the file. It returns the tables of the file; `None` if no file could be put in place.
    thread: Option<JoinHandle<Option<Tables>>>,
    _upkeep: Option<Lock>,
}

impl Publishing {
    /// Waits for the file.
    fn finish(mut self) -> Option<Tables> {
        self.join()
    }

    fn join(&mut self) -> Option<Tables> {
        self.thread.take()?.join().ok()?
    }

    fn is_finished(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }
}

impl Drop for Publishing {
    /// Waits for the thread, which has the log, and with it the lock of the writer.
    fn drop(&mut self) {
        self.join();
    }
}

impl Writer {
    /// Publishes the index beside this writer if it has many entries in memory, unless another process makes the indexes. The
    /// writer waits for a file only if twice as many entries are in memory.
    pub(super) fn publish_if_large(&mut self) {
        let size = self.record.size().0;
        let stored = size - self.record.tables().tail_entries();
        let (least, most) = MEMORY_ENTRIES;
        let bound = (stored / 4).clamp(least, most);
        if let Some(publishing) = &self.publishing
            && (publishing.is_finished() || size >= stored + 2 * bound)
        {
            self.take_over_published();
        }
        let stored = size - self.record.tables().tail_entries();
        if self.publishing.is_none() && size >= stored + bound {
            self.publishing = self.publish_beside();
        }
    }

    /// Waits for the file that is being written, if one is, and answers from it from then on.
    pub(super) fn take_over_published(&mut self) {
        let Some(publishing) = self.publishing.take() else { return };
        let size = publishing.size;
        if let Some(tables) = publishing.finish().filter(|tables| tables.size() == size) {
            self.record.rest_on(tables);
        }
    }

    /// Starts to publish everything recorded so far; `None` if it cannot, and the writer goes on without.
    pub(super) fn publish_beside(&mut self) -> Option<Publishing> {
        let upkeep = self.take_upkeep(Duration::ZERO).ok()?;
        self.record.part_tail();
        let record = self.record.clone();
        let edition = Edition::of(&record).ok()?;
        // The entries that follow would change most of the rows again, so the last file published makes them.
        let work = move || edition.publish(&record, record.tables(), false).ok().flatten();
        let thread = std::thread::Builder::new().name("publishing".into()).spawn(work).ok()?;
        let size = self.record.size();
        Some(Publishing { size, thread: Some(thread), _upkeep: upkeep })
    }
}
