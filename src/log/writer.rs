//! Appends: one frame, one write, one sync, and then the watermark.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use super::append::Append;
use super::disk::{Disk, DiskFile};
use super::durable::Unsynced;
use super::entries::Entries;
use super::error::LogError;
use super::lock::{Holder, Lock};
use super::seal::Sealer;
use super::state::State;
use super::watermark::Watermark;
use super::{frame, segment};

/// The right to append to a log, and the open files for it.
pub(super) struct Writer {
    pub(super) disk: Disk,
    pub(super) watermark: DiskFile,
    /// Locked by the one thread that writes.
    pub(super) turn: Mutex<Turn>,
    /// The reason that nothing more is written, if there is one.
    pub(super) poisoned: OnceLock<String>,
    /// It ends before the lock is released.
    pub(super) sealer: Sealer,
    /// `None` after the release.
    pub(super) lock: Mutex<Option<Lock>>,
    pub(super) holder: Holder,
}

/// The state of the end of the log that only the writing thread uses.
pub(super) struct Turn {
    /// The last segment.
    pub(super) tail: DiskFile,
    /// The frames found at opening that are not known to be durable.
    pub(super) unsynced: Option<Unsynced>,
}

impl Writer {
    pub(super) fn turn(&self) -> MutexGuard<'_, Turn> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the watermark: everything before it is durable.
    pub(super) fn acknowledge(&self, size: u64, offset: u64) -> io::Result<()> {
        self.watermark.write_at(0, &Watermark { size, offset }.bytes())
    }

    /// Stops all further writing. The first reason is kept.
    pub(super) fn poison(&self, error: &impl ToString) {
        self.poisoned.get_or_init(|| error.to_string());
    }

    /// Checks that nothing forbids writing.
    ///
    /// # Errors
    /// [`LogError::Poisoned`] if an earlier write failed.
    pub(super) fn check(&self, path: &Path) -> Result<(), LogError> {
        match self.poisoned.get() {
            Some(why) => Err(LogError::Poisoned { path: path.to_owned(), why: why.clone() }),
            None => Ok(()),
        }
    }
}

impl Entries {
    /// Releases `LOCK`: another process may append from now on, and this handle appends nothing more. It still reads the
    /// entries that it had.
    pub fn release(&self) {
        let Some(writer) = &self.writer else { return };
        // An append that is under way ends first.
        let _turn = writer.turn();
        writer.poison(&"this handle released the lock");
        writer.sealer.finish();
        *writer.lock.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Takes the lock on the indexes for the process that writes, or wrote, with this handle; tries for at most `patience`.
    ///
    /// # Errors
    /// [`LogError::IndexesLocked`] with the last known holder; [`LogError::ReadOnly`] if the log was opened for reading.
    pub fn take_upkeep(&self, patience: Duration) -> Result<Lock, LogError> {
        let writer = self.writer.as_ref().ok_or(LogError::ReadOnly)?;
        Lock::take_upkeep(&self.ledger, &writer.holder, patience)
    }

    /// Replaces the state of the log.
    pub(super) fn replace(&self, state: State) -> Arc<State> {
        let state = Arc::new(state);
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&state);
        state
    }

    /// Appends all leaves or none, durably, if the log has exactly the expected size.
    pub fn append(&self, expected_size: u64, leaves: &[&[u8]]) -> Append {
        let Some(writer) = &self.writer else { return Append::Refused(LogError::ReadOnly) };
        let mut turn = writer.turn();
        let state = self.state();
        let actual = state.size();
        if expected_size != actual {
            return Append::Conflict { actual };
        }
        if leaves.is_empty() {
            return match self.settle(writer, &mut turn, None) {
                Ok(()) => Append::Done { size: actual },
                Err(error) => Append::Refused(error),
            };
        }
        let room = frame::check_limits(leaves).and_then(|()| self.make_room(writer, &mut turn, leaves));
        let state = match room {
            Ok(state) => state,
            Err(refused) => return Append::Refused(refused),
        };
        let acknowledged = turn.unsynced.map_or(state.end, |unsynced| unsynced.from);
        let (frame, hashes) = frame::encode(actual, acknowledged, leaves);
        if let Err(error) = self.write_frame(writer, &turn, state.end, &frame) {
            writer.poison(&error);
            let path = state.last_segment().map(|segment| segment.path.clone()).unwrap_or_default();
            return Append::Unknown(LogError::io(&path, "cannot be made durable")(error));
        }
        turn.unsynced = None;
        let mut tree = state.tree.clone();
        hashes.iter().for_each(|hash| tree.push(*hash));
        let (segments, end) = (Arc::clone(&state.segments), state.end + frame.len() as u64);
        let state = self.replace(State { segments, tree, last: hashes, end });
        // The watermark is a lower bound and is not synced: if it is lost, the next reader or writer syncs the frames beyond
        // it. If it cannot even be written, readers beside this writer would no longer see new entries.
        if let Err(error) = writer.acknowledge(state.size(), state.end) {
            writer.poison(&error);
        }
        Append::Done { size: state.size() }
    }

    /// Writes a frame at the end and makes it durable; frames that are not known to be durable are written again with it,
    /// so that the same sync covers them.
    fn write_frame(&self, writer: &Writer, turn: &Turn, end: u64, frame: &[u8]) -> io::Result<()> {
        match turn.unsynced {
            None => turn.tail.write_at(end, frame)?,
            Some(unsynced) => {
                unsynced.sync_name(self, writer)?;
                let frames = [&unsynced.read(&turn.tail, end)?, frame].concat();
                turn.tail.write_at(unsynced.from, &frames)?;
            }
        }
        turn.tail.sync()
    }

    /// Makes room for a frame of these leaves in the last segment, and begins another segment if that one is full.
    fn make_room(&self, writer: &Writer, turn: &mut Turn, leaves: &[&[u8]]) -> Result<Arc<State>, LogError> {
        let state = self.state();
        let last = state.last_segment().ok_or_else(|| LogError::Absent(self.ledger.clone()))?;
        writer.check(&last.path)?;
        let capacity = last.header(&self.origin)?.capacity;
        let bytes = frame::frame_bytes(leaves) as u64;
        if state.end + bytes <= capacity {
            return Ok(state);
        }
        // A segment must be durable before another follows it.
        self.settle(writer, turn, None)?;
        let needed = segment::HEADER_BYTES as u64 + bytes;
        let next = (capacity * 2).clamp(segment::BYTES_MIN, segment::BYTES_MAX).max(needed);
        let made = segment::create(&self.ledger, &self.origin, &state.tree, next, &writer.disk);
        let (made, file) = match made {
            Ok(made) => made,
            Err(error) => {
                // Once in place, the new segment fixes the end of the one before it: nothing may be appended there any more.
                if segment::path(&self.ledger, state.size()).exists() {
                    writer.poison(&error);
                }
                return Err(error);
            }
        };
        // If a batch does not fit into an empty segment, a larger one takes its place and name.
        let mut segments = Vec::clone(&state.segments);
        segments.retain(|segment| segment.first < made.first);
        if let Some(full) = segments.last_mut() {
            *full = Arc::new(full.closed(&self.kept));
            writer.sealer.seal(full, &self.origin, &made.before, &writer.disk);
        }
        segments.push(Arc::new(made.into()));
        turn.tail = file;
        let segments = Arc::new(segments);
        Ok(self.replace(State { segments, end: segment::HEADER_BYTES as u64, ..State::clone(&state) }))
    }
}
