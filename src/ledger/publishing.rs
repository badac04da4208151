//! Publishing the index beside a writer that records much, in a thread of its own, so that no append waits for a file. The
//! writer goes on with what it has in memory, and keeps of it what was recorded since, once the file is there.

use std::thread::JoinHandle;
use std::time::Duration;

use crate::event::Size;
use crate::index::Tables;
use crate::log::Lock;

use super::Writer;
use super::publish::Edition;

/// The least and the most entries of the index that a writer keeps in memory before it publishes them; between, a quarter of
/// those that are published, so that the merges stay few.
const MEMORY_ENTRIES: (u64, u64) = (1 << 15, 1 << 16);

/// A file that is being written, and the lock on the indexes meanwhile.
pub(super) struct Publishing {
    size: Size,
    /// What was published; `None` where no file could be put in place.
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
    /// The thread has the log, and with it the lock of the writer.
    fn drop(&mut self) {
        self.join();
    }
}

impl Writer {
    /// Publishes the index beside this writer if it keeps much of it in memory, unless another process makes the indexes. It
    /// waits for a file only if twice as much is in memory.
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

    /// Starts to publish everything recorded so far; `None` if it cannot: the writer goes on without.
    pub(super) fn publish_beside(&mut self) -> Option<Publishing> {
        let upkeep = self.take_upkeep(Duration::ZERO).ok()?;
        self.record.part_tail();
        let record = self.record.clone();
        let edition = Edition::of(&record).ok()?;
        // What follows would touch most of the rows again: the last to publish makes them.
        let work = move || edition.publish(&record, record.tables(), false).ok().flatten();
        let thread = std::thread::Builder::new().name("publishing".into()).spawn(work).ok()?;
        let size = self.record.size();
        Some(Publishing { size, thread: Some(thread), _upkeep: upkeep })
    }
}
