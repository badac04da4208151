//! Group commit: many threads append to one ledger, and one sync makes all waiting batches durable.
//!
//! The first thread to arrive is the leader. It takes all waiting batches, judges each in order, writes one frame with all that are
//! admitted, sends each caller the result of its own batch, and passes the lead to the next. The log is the same as if the batches
//! had been appended one after another.

use std::collections::HashSet;
use std::io;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::event::{Event, EventId};
use crate::log::LogError;

use super::append::{Asked, Frame};
use super::{AppendOptions, LedgerError, Receipt, Trial, Writer, admit};

/// A frame takes no further batch once its leaves have this number of bytes, so that no caller waits too long for a sync.
const FRAME_BYTES: usize = 1 << 20;

/// The largest number of events in a batch that shares a frame. A larger batch is written alone, because it might not fit into a
/// frame with others.
const EVENTS_MAX: usize = 512;

/// A ledger to which many threads append.
pub struct GroupCommit {
    queue: Mutex<Queue>,
    writer: Mutex<Writer>,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<Waiting>,
    /// True if one of the waiting threads is the leader.
    led: bool,
}

/// A batch, and the channel to the thread that waits for it.
pub(super) struct Waiting {
    pub(super) events: Vec<Event>,
    pub(super) options: AppendOptions,
    pub(super) told: Sender<Word>,
}

/// A message to a waiting thread.
pub(super) enum Word {
    /// It is the leader now.
    Lead,
    /// The result of its batch.
    Answer(Result<Vec<Receipt>, LedgerError>),
}

/// The batches of one frame.
#[derive(Default)]
struct Group {
    frame: Frame,
    bytes: usize,
    ids: HashSet<EventId>,
    admitted: Vec<(Vec<Asked>, usize, Sender<Word>)>,
}

impl GroupCommit {
    /// Takes the writer through which all threads append.
    pub fn new(writer: Writer) -> GroupCommit {
        GroupCommit { queue: Mutex::default(), writer: Mutex::new(writer) }
    }

    /// Appends events as [`Writer::append`] does: all of them or none, judged as if the batches of all callers came one after
    /// another, each durable before this returns.
    ///
    /// # Errors
    /// Those of [`Writer::append`]: nothing of this batch is recorded then, except possibly after [`LedgerError::Unsettled`], which
    /// every caller gets whose batch was in the frame that failed. [`LedgerError::LeaderStopped`] if the thread of a leader was
    /// stopped.
    pub fn append(&self, events: Vec<Event>, options: AppendOptions) -> Result<Vec<Receipt>, LedgerError> {
        let (told, word) = channel();
        let leads = {
            let mut queue = self.queue();
            queue.waiting.push(Waiting { events, options, told });
            !std::mem::replace(&mut queue.led, true)
        };
        if leads {
            self.lead();
        }
        loop {
            match word.recv() {
                Ok(Word::Answer(answer)) => return answer,
                Ok(Word::Lead) => self.lead(),
                Err(_) => return Err(LedgerError::LeaderStopped),
            }
        }
    }

    /// Judges events as an append now would, after everything recorded, and returns the changes that they would make; writes
    /// nothing. Batches of other callers may be recorded before these events are appended.
    ///
    /// # Errors
    /// Those of [`Writer::try_batch`]; [`LedgerError::LeaderStopped`] if the thread of a leader was stopped.
    pub fn try_batch(&self, events: Vec<Event>) -> Result<Trial, LedgerError> {
        let mut writer = self.writer.lock().map_err(|_| LedgerError::LeaderStopped)?;
        writer.try_batch(events)
    }

    /// Returns the writer, to be closed or read.
    pub fn close(self) -> Writer {
        self.writer.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves all batches waiting now, the leader's first, and passes the lead on.
    fn lead(&self) {
        let _next = HandOver(self);
        let lock = self.writer.lock();
        let taken = std::mem::take(&mut self.queue().waiting);
        // A leader that was stopped in the middle may have left the writer without entries that it had made durable. When their
        // batches are dropped, the waiting threads get that error.
        if let Ok(mut writer) = lock {
            serve(&mut writer, taken);
            // All waiting threads have their receipts by now.
            writer.sign_if_due();
        }
    }
}

/// Passes the lead to the next waiting thread, also if the leader is stopped.
struct HandOver<'d>(&'d GroupCommit);

impl Drop for HandOver<'_> {
    fn drop(&mut self) {
        let mut queue = self.0.queue();
        // A thread that has ended meanwhile does not take the lead.
        while let Some(next) = queue.waiting.first() {
            if next.told.send(Word::Lead).is_ok() {
                return;
            }
            queue.waiting.remove(0);
        }
        queue.led = false;
    }
}

pub(super) fn serve(writer: &mut Writer, batches: Vec<Waiting>) {
    let mut group = Group::default();
    for Waiting { events, options, told } in batches {
        let alone = events.len() > EVENTS_MAX || events.iter().any(admit::changes_judgement);
        if alone || group.bytes > FRAME_BYTES || group.names(&events) {
            std::mem::take(&mut group).settle(writer);
        }
        let ids: Vec<EventId> = events.iter().map(|event| event.id).collect();
        let before = group.frame.entries.len();
        let drafts = writer.admit(events);
        match drafts.and_then(|drafts| writer.prepare(drafts, &options, &mut group.frame)) {
            Ok(asked) => {
                group.ids.extend(ids);
                group.bytes += group.frame.leaves.iter().skip(before).map(Vec::len).sum::<usize>();
                group.admitted.push((asked, group.frame.entries.len() - before, told));
            }
            // A caller that is gone needs no answer.
            Err(error) => _ = told.send(Word::Answer(Err(error))),
        }
        if alone {
            std::mem::take(&mut group).settle(writer);
        }
    }
    group.settle(writer);
}

impl Group {
    /// True if one of the events has the id of an event admitted to this group, or names one: these events are judged after it is
    /// recorded.
    fn names(&self, events: &[Event]) -> bool {
        let held = |id: &EventId| self.ids.contains(id);
        events.iter().any(|event| held(&event.id) || event.to.as_ref().is_some_and(held))
    }

    /// Makes the frame durable and sends each caller its result.
    fn settle(self, writer: &mut Writer) {
        if self.admitted.is_empty() {
            return;
        }
        let ids: Vec<EventId> = self.frame.entries.iter().map(|entry| entry.event.id).collect();
        let mut tree = writer.log().frontier();
        match writer.write(self.frame) {
            Ok(made) => {
                let mut made = made.into_iter();
                for (asked, _, told) in self.admitted {
                    // A caller that is gone needs no receipt.
                    let _ = told.send(Word::Answer(writer.receipts(&asked, &mut made, &mut tree)));
                }
            }
            Err(error) => {
                let mut ids = ids.into_iter();
                for (asked, count, told) in self.admitted {
                    let own: Vec<EventId> = ids.by_ref().take(count).collect();
                    let answer = match own.is_empty() {
                        // The whole batch was already recorded, so it gets its receipts even if the frame failed.
                        true => writer.receipts(&asked, &mut std::iter::empty(), &mut tree),
                        false => Err(again(&error, own)),
                    };
                    let _ = told.send(Word::Answer(answer));
                }
            }
        }
    }
}

/// The error that kept a frame from being written, for one of the batches in it.
fn again(error: &LedgerError, ids: Vec<EventId>) -> LedgerError {
    match error {
        LedgerError::Unsettled { source, .. } => LedgerError::Unsettled { source: same(source), ids },
        LedgerError::Size { expected, actual } => LedgerError::Size { expected: *expected, actual: *actual },
        LedgerError::Index(error) => LedgerError::Index(error.clone()),
        LedgerError::Log(error) => LedgerError::Log(same(error)),
        _ => LedgerError::LeaderStopped,
    }
}

fn same(error: &LogError) -> LogError {
    match error {
        LogError::Io { path, what, source } => {
            let source = match source.raw_os_error() {
                Some(errno) => io::Error::from_raw_os_error(errno),
                None => io::Error::new(source.kind(), source.to_string()),
            };
            LogError::Io { path: path.clone(), what, source }
        }
        LogError::Poisoned { path, why } => LogError::Poisoned { path: path.clone(), why: why.clone() },
        LogError::TooLarge { what, bytes, limit } => {
            LogError::TooLarge { what, bytes: *bytes, limit: *limit }
        }
        _ => LogError::ReadOnly,
    }
}

#[cfg(test)]
impl GroupCommit {
    /// Takes the writer and panics, as a thread with a fault would.
    pub(super) fn stop_in_the_middle(&self) {
        let _held = self.writer.lock();
        std::panic::panic_any("stopped");
    }
}
