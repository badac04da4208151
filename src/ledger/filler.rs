//! Fills sled while a writer records many entries: a thread of its own takes the entries that were just made durable, so that none
//! is read and decoded a second time. If it fails, nothing is lost: sled is made anew later.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::event::{Entry, Index};
use crate::index::{IndexError, SledIndex};
use crate::log::{Entries, Hash, Lock};

use super::record::decoded;
use super::sled::DEADLINE;
use super::{LedgerError, Writer};

/// A writer that has recorded this number of entries fills sled beside itself.
const ENTRIES_MIN: u64 = 4_096;
/// The most batches that wait for the thread; the writer waits if there are more.
const BATCHES_MAX: usize = 4;

/// Entries that were made durable together, with the hashes of their leaves.
type Batch = Vec<(Entry, Hash)>;

/// The thread that fills sled, and the lock on the indexes meanwhile.
pub(super) struct SledFiller {
    batches: Option<SyncSender<Batch>>,
    thread: Option<JoinHandle<Result<SledIndex, LedgerError>>>,
    upkeep: Option<Lock>,
}

/// The state of the thread that fills sled beside a writer.
#[derive(Default)]
pub(super) enum Filling {
    /// It was not started yet.
    #[default]
    NotYet,
    /// It is running.
    Beside(SledFiller),
    /// It failed.
    Failed,
}

impl Writer {
    /// Hands entries that are durable to the thread that fills sled, once this writer has recorded many.
    pub(super) fn fill_beside(&mut self, entries: &[Entry], hashes: &[Hash]) {
        let many = self.appended >= ENTRIES_MIN;
        self.appended += entries.len() as u64;
        if !many {
            return;
        }
        if matches!(self.filling, Filling::NotYet) {
            self.filling = match SledFiller::start(self) {
                Some(filler) => Filling::Beside(filler),
                None => Filling::Failed,
            };
        }
        let Filling::Beside(filler) = &self.filling else { return };
        let batch = entries.iter().cloned().zip(hashes.iter().copied()).collect();
        if filler.batches.as_ref().is_none_or(|batches| batches.send(batch).is_err()) {
            self.filling = Filling::Failed;
        }
    }
}

impl SledFiller {
    /// Starts the thread; `None` if another process is making the indexes, or no thread can be started.
    fn start(writer: &Writer) -> Option<SledFiller> {
        let upkeep = writer.log().take_upkeep(Duration::ZERO).ok()?;
        let (batches, inbox) = sync_channel(BATCHES_MAX);
        let (path, log) = (writer.path().to_owned(), Arc::clone(writer.record.log()));
        let size = writer.record.size().0;
        let work = move || fill(path, &log, size, &inbox);
        let thread = std::thread::Builder::new().name("filling".into()).spawn(work).ok()?;
        Some(SledFiller { batches: Some(batches), thread: Some(thread), upkeep: Some(upkeep) })
    }

    /// Waits until sled has all entries that were handed over. Returns the lock on the indexes.
    ///
    /// # Errors
    /// The reason for which sled could not be filled; its index is then given up.
    pub(super) fn finish(mut self) -> (Option<Lock>, Result<(), LedgerError>) {
        let done = self.join().and_then(|mut index| match index.flush().and_then(|()| index.complete()) {
            Ok(()) => Ok(()),
            Err(error) => {
                give_up(index);
                Err(error.into())
            }
        });
        (self.upkeep.take(), done)
    }

    fn join(&mut self) -> Result<SledIndex, LedgerError> {
        self.batches = None;
        let stopped = || LedgerError::Index(IndexError::Absent(PathBuf::from("sled")));
        let joined = self.thread.take().and_then(|thread| thread.join().ok());
        joined.ok_or_else(stopped)?
    }
}

impl Drop for SledFiller {
    /// Waits for the thread, which has the log, and with it the lock of the writer.
    fn drop(&mut self) {
        if self.thread.is_some()
            && let Ok(index) = self.join()
        {
            index.discard();
        }
    }
}

/// Takes from the log the first `size` entries that sled does not have yet, then every batch.
fn fill(
    path: PathBuf,
    log: &Entries,
    size: u64,
    batches: &Receiver<Batch>,
) -> Result<SledIndex, LedgerError> {
    let mut index = match SledIndex::open(&path, log.origin(), DEADLINE) {
        Ok(index) if index.size().0 <= size => index,
        _ => SledIndex::create(&path, log.origin(), DEADLINE)?,
    };
    match take_all(&mut index, log, size, batches) {
        Ok(()) => Ok(index),
        Err(error) => {
            give_up(index);
            Err(error)
        }
    }
}

fn take_all(
    index: &mut SledIndex,
    log: &Entries,
    size: u64,
    batches: &Receiver<Batch>,
) -> Result<(), LedgerError> {
    let read = |at: Index| decoded(&log.leaf(at.0)?.0, at);
    let mut taken = Ok(());
    log.scan(index.size().0, |at, leaf, hash| {
        if taken.is_ok() && at < size {
            taken = decoded(leaf, Index(at)).and_then(|entry| index.push(&entry, hash, &read));
        }
    })?;
    taken?;
    for (entry, hash) in batches.iter().flatten() {
        index.push(&entry, hash, &read)?;
    }
    Ok(())
}

/// Marks sled so that it is not opened again: the next writer makes it anew.
fn give_up(index: SledIndex) {
    index.condemn();
    index.discard();
}
