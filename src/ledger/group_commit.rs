//! Group commit: many threads append to one ledger, and everybody who waits is made durable by one sync.
//!
//! Whoever comes first leads: it takes all that wait, judges each batch in order, writes one frame of all that are
//! admitted, tells each what became of its own, and hands the lead to the next. The log is the one that the same batches
//! would have made one after another.

use std::collections::HashSet;
use std::io;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::event::{Event, EventId};
use crate::log::LogError;

use super::append::{Asked, Frame};
use super::{AppendOptions, LedgerError, Receipt, Trial, Writer, admit};

/// No frame takes another batch once it has so many bytes of leaves, so that nobody waits for a sync without end.
const FRAME_BYTES: usize = 1 << 20;

/// A batch of more events is written alone: with others it might not fit into a frame.
const EVENTS_MAX: usize = 512;

/// A ledger to which many threads append.
pub struct GroupCommit {
    queue: Mutex<Queue>,
    writer: Mutex<Writer>,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<Waiting>,
    /// Whether one of those who wait leads.
    led: bool,
}

/// A batch, and who waits for it.
pub(super) struct Waiting {
    pub(super) events: Vec<Event>,
    pub(super) options: AppendOptions,
    pub(super) told: Sender<Word>,
}

/// What one who waits is told.
pub(super) enum Word {
    /// That it leads now.
    Lead,
    /// What became of its batch.
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
    /// Takes the writer that all append through.
    pub fn new(writer: Writer) -> GroupCommit {
        GroupCommit { queue: Mutex::default(), writer: Mutex::new(writer) }
    }

    /// Appends events as [`Writer::append`] does: all of them or none, judged as if the batches of all callers came one
    /// after another, each durable before this returns.
    ///
    /// # Errors
    /// As of [`Writer::append`]: nothing of this batch is recorded then, but for [`LedgerError::Unsettled`], which is told
    /// everybody whose batch was in the frame that failed. [`LedgerError::LeaderStopped`] where a thread that led was stopped.
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

    /// Judges events as an append now would, behind everything that is recorded, and says what they would change; writes
    /// nothing. Batches of other callers may be recorded before these events are appended.
    ///
    /// # Errors
    /// As of [`Writer::try_batch`]; [`LedgerError::LeaderStopped`] if a thread that led was stopped.
    pub fn try_batch(&self, events: Vec<Event>) -> Result<Trial, LedgerError> {
        let mut writer = self.writer.lock().map_err(|_| LedgerError::LeaderStopped)?;
        writer.try_batch(events)
    }

    /// Gives the writer back, to be closed or read.
    pub fn close(self) -> Writer {
        self.writer.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves all that wait by now, the leader first, and hands the lead over.
    fn lead(&self) {
        let _next = HandOver(self);
        let lock = self.writer.lock();
        let taken = std::mem::take(&mut self.queue().waiting);
        // A leader that was stopped in the middle may have left the writer without what it had made durable: all that wait
        // are told so when their batches are dropped.
        if let Ok(mut writer) = lock {
            serve(&mut writer, taken);
            // All that waited have their receipts by now.
            writer.sign_if_due();
        }
    }
}

/// Hands the lead to the next one that waits, also where the leader is stopped.
struct HandOver<'d>(&'d GroupCommit);

impl Drop for HandOver<'_> {
    fn drop(&mut self) {
        let mut queue = self.0.queue();
        // One that has ended its thread meanwhile takes no lead.
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
            // Whoever is gone needs no answer.
            Err(error) => _ = told.send(Word::Answer(Err(error))),
        }
        if alone {
            std::mem::take(&mut group).settle(writer);
        }
    }
    group.settle(writer);
}

impl Group {
    /// Whether events are, or name, some that are admitted and not recorded yet: they are judged when they are.
    fn names(&self, events: &[Event]) -> bool {
        let held = |id: &EventId| self.ids.contains(id);
        events.iter().any(|event| held(&event.id) || event.to.as_ref().is_some_and(held))
    }

    /// Makes the frame durable and tells everybody.
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
                    // Whoever is gone needs no receipt.
                    let _ = told.send(Word::Answer(writer.receipts(&asked, &mut made, &mut tree)));
                }
            }
            Err(error) => {
                let mut ids = ids.into_iter();
                for (asked, count, told) in self.admitted {
                    let own: Vec<EventId> = ids.by_ref().take(count).collect();
                    let answer = match own.is_empty() {
                        // All of it was recorded before: it has its receipts whatever became of the frame.
                        true => writer.receipts(&asked, &mut std::iter::empty(), &mut tree),
                        false => Err(again(&error, own)),
                    };
                    let _ = told.send(Word::Answer(answer));
                }
            }
        }
    }
}

/// What kept a frame from being written, for one of those whose batch was in it.
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
