//! The index of a writer, kept by a thread of its own: an append never waits for sled.
//!
//! The thread opens the index, catches it up, and takes what was made durable in the order of the log. Whoever asks it is
//! answered when it has taken everything handed over before. An index that fails is left behind, and no append with it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::event::{Entry, EventId, Index};
use crate::index::{EventIndex, IndexError};
use crate::log::{Entries, Hash};

use super::LedgerError;
use super::source::{Held, for_writer, leaf_hash_in};

/// So many entries may wait for the index; whoever appends faster than it takes them waits too, so that memory is bounded.
const WAITING_MAX: usize = 16_384;

/// How often whoever waits looks whether the thread still runs.
const LOOK: Duration = Duration::from_millis(100);

/// The index of a writer, behind it.
pub(super) struct Behind {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// How many entries were handed over and not taken yet.
    waiting: Mutex<usize>,
    taken: Condvar,
    /// That the index is not this log's, once it is known.
    refused: OnceLock<IndexError>,
}

enum Job {
    /// Entries that were made durable, with the hashes of their leaves, and what was read while they were judged.
    Take(Vec<Entry>, Vec<Hash>, HashMap<EventId, Entry>),
    Answer(Question),
}

type Question = Box<dyn FnOnce(&mut Option<EventIndex>) + Send>;

impl Behind {
    /// Begins to open the index of a ledger that held so much; `None` where no thread can be had.
    pub(super) fn start(ledger: &Path, entries: Arc<Entries>, held: Held) -> Option<Behind> {
        let (jobs, inbox) = channel();
        let shared = Arc::<Shared>::default();
        let (path, told) = (ledger.to_owned(), Arc::clone(&shared));
        let work = move || {
            let index = match for_writer(&path, &entries, held) {
                Ok(index) => index,
                Err(LedgerError::Index(error)) => {
                    // It is set once, here.
                    let _ = told.refused.set(error);
                    None
                }
                Err(_) => None,
            };
            told.work(index, &entries, &inbox);
        };
        let thread = std::thread::Builder::new().name("behind".into()).spawn(work).ok()?;
        Some(Behind { jobs: Some(jobs), thread: Some(thread), shared })
    }

    /// Hands over what was just made durable.
    pub(super) fn take(&self, entries: Vec<Entry>, hashes: Vec<Hash>, met: HashMap<EventId, Entry>) {
        let lock = self.shared.waiting.lock();
        let mut waiting = lock.unwrap_or_else(PoisonError::into_inner);
        while *waiting > WAITING_MAX && self.runs() {
            let looked = self.shared.taken.wait_timeout(waiting, LOOK);
            waiting = looked.unwrap_or_else(PoisonError::into_inner).0;
        }
        *waiting += entries.len();
        drop(waiting);
        if let Some(jobs) = &self.jobs {
            // A thread that has ended keeps no index: the next writer catches it up.
            let _ = jobs.send(Job::Take(entries, hashes, met));
        }
    }

    fn runs(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Asks the index when it has everything; `None` where there is none, or where it fails, and then there is none any
    /// more.
    ///
    /// # Errors
    /// [`LedgerError::Index`] where it is not this log's.
    pub(super) fn ask<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut EventIndex) -> Result<T, IndexError> + Send + 'static,
    ) -> Result<Option<T>, LedgerError> {
        let (told, answer) = channel();
        let question: Question = Box::new(move |index| {
            let found = index.as_mut().map(ask).transpose();
            if found.is_err() {
                give_up(index);
            }
            // Whoever asked waits for it.
            let _ = told.send(found.ok().flatten());
        });
        let asked = self.jobs.as_ref().is_some_and(|jobs| jobs.send(Job::Answer(question)).is_ok());
        let found = if asked { answer.recv().ok().flatten() } else { None };
        self.check()?;
        Ok(found)
    }

    /// That the index, as far as it is known by now, is this log's.
    ///
    /// # Errors
    /// [`LedgerError::Index`] where it holds more than the evidence, or another history.
    pub(super) fn check(&self) -> Result<(), LedgerError> {
        match self.shared.refused.get() {
            None => Ok(()),
            Some(error) => Err(error.clone().into()),
        }
    }
}

impl Shared {
    fn work(&self, mut index: Option<EventIndex>, log: &Entries, inbox: &Receiver<Job>) {
        for job in inbox {
            match job {
                Job::Take(entries, hashes, met) => {
                    let count = entries.len();
                    if let Some(open) = &mut index
                        && take(open, entries, &hashes, &met, log).is_err()
                    {
                        give_up(&mut index);
                    }
                    *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) -= count;
                    self.taken.notify_all();
                }
                Job::Answer(question) => question(&mut index),
            }
        }
    }
}

/// Adds entries to the index; those that it read from the log while it was caught up are in it already.
fn take(
    index: &mut EventIndex,
    mut entries: Vec<Entry>,
    hashes: &[Hash],
    met: &HashMap<EventId, Entry>,
    log: &Entries,
) -> Result<(), IndexError> {
    let first = entries.first().map_or(0, |entry| entry.index.0);
    let known = usize::try_from(index.size().0.saturating_sub(first)).unwrap_or(usize::MAX);
    entries.drain(..known.min(entries.len()));
    index.apply_knowing(entries, met, &|at: Index| leaf_hash_in(log, first, hashes, at))
}

fn give_up(index: &mut Option<EventIndex>) {
    if let Some(failed) = index.take() {
        failed.condemn();
    }
}

impl Drop for Behind {
    /// The index takes what was handed over, and is closed.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has left the index behind: the next writer catches it up.
            let _ = thread.join();
        }
    }
}
