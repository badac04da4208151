//! The durable evidence: leaves in append-only segments, synced before an append is acknowledged.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::checkpoint::{Checkpoint, SignedCheckpoint};
use super::disk::{Disk, DiskFile};
use super::durable::Unsynced;
use super::engine::{Append, LeafBlock, LogEngine};
use super::error::LogError;
use super::key::{SigningKey, VerifierKey};
use super::leaves::OpenSegments;
use super::lock::Lock;
use super::seal::Sealer;
use super::segment::{self, Listed};
use super::tail::{Passed, TornTail};
use super::tree::{Frontier, Hash};
use super::watermark::{self, Watermark};
use super::{format, frame, key_file};

/// The log on disk.
pub struct Entries {
    pub(super) ledger: PathBuf,
    pub(super) origin: String,
    pub(super) state: Mutex<State>,
    pub(super) writer: Option<Writer>,
    pub(super) grown: Condvar,
    pub(super) recovered: Option<TornTail>,
    pub(super) open: Mutex<OpenSegments>,
    /// Where the leaves lie that were passed when the end was looked for.
    pub(super) passed: Passed,
    /// The size of the mark from which its end was found.
    pub(super) opened_at: Option<u64>,
    /// Segments from which single leaves were read, by first index.
    pub(super) files: Mutex<HashMap<u64, Arc<File>>>,
}

pub(super) struct State {
    pub(super) segments: Vec<Listed>,
    pub(super) frontier: Frontier,
    /// The hashes of the leaves that were appended together last; after opening, of the last leaf alone.
    pub(super) last: Vec<Hash>,
    /// Where the next frame goes in the last segment.
    pub(super) end: u64,
    pub(super) tail: Option<DiskFile>,
    /// What a writer found and has not made durable yet.
    pub(super) unsynced: Option<Unsynced>,
    pub(super) poisoned: Option<String>,
    /// The segment of frames read last, since readers go forward.
    pub(super) cached: Option<(u64, VecDeque<(u64, LeafBlock)>)>,
}

pub(super) struct Writer {
    pub(super) disk: Disk,
    pub(super) watermark: DiskFile,
    /// Ends before the lock is let go.
    pub(super) sealer: Sealer,
    pub(super) _lock: Lock,
}

impl Writer {
    /// Writes the watermark: everything before it is durable.
    pub(super) fn acknowledge(&self, size: u64, offset: u64) -> io::Result<()> {
        self.watermark.write_at(0, &Watermark { size, offset }.bytes())
    }
}

impl Entries {
    /// Makes an empty log in a folder; `FORMAT` is written last, so that a half-made one is never taken for a ledger.
    ///
    /// # Errors
    /// [`LogError::Present`] where any part of a ledger is there already, [`LogError::Origin`], [`LogError::Io`].
    pub fn create(ledger: &Path, origin: &str, disk: &Disk) -> Result<(), LogError> {
        format::check_origin(origin)?;
        let parts = ["FORMAT", "entries", "checkpoint", "sled"];
        if parts.iter().any(|part| ledger.join(part).exists()) {
            return Err(LogError::Present(ledger.to_owned()));
        }
        let folder = segment::folder(ledger);
        std::fs::create_dir_all(&folder).map_err(LogError::io(ledger, "cannot be made"))?;
        segment::create(ledger, origin, &Frontier::default(), segment::BYTES_MIN, disk)?;
        let path = watermark::path(ledger);
        let start = Watermark { size: 0, offset: segment::HEADER_BYTES as u64 };
        disk.replace(&path, &start.bytes()).map_err(LogError::io(&path, "cannot be written"))?;
        // The folder of entries must not be lost where `FORMAT` is not.
        disk.sync_dir(ledger).map_err(LogError::io(ledger, "cannot be synced"))?;
        format::write(ledger, origin, disk)?;
        let parent = ledger.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        disk.sync_dir(parent).map_err(LogError::io(parent, "cannot be synced"))
    }

    /// The ledger's folder.
    pub fn folder(&self) -> &Path {
        &self.ledger
    }

    /// The file system, as whoever writes the log writes to it.
    ///
    /// # Errors
    /// [`LogError::ReadOnly`] where the log was opened for reading.
    pub fn disk(&self) -> Result<&Disk, LogError> {
        Ok(&self.writer.as_ref().ok_or(LogError::ReadOnly)?.disk)
    }

    pub(super) fn sealer(&self) -> Result<(&Sealer, &Disk), LogError> {
        let writer = self.writer.as_ref().ok_or(LogError::ReadOnly)?;
        Ok((&writer.sealer, &writer.disk))
    }

    /// The log's name.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The append that was cut short and cleared when the log was opened for writing.
    pub fn recovered(&self) -> Option<&TornTail> {
        self.recovered.as_ref()
    }

    /// The RFC 6962 hash of the last leaf.
    pub fn last_leaf_hash(&self) -> Option<Hash> {
        self.state().last.last().copied()
    }

    /// The hashes of the leaves that this handle appended last, in their order.
    pub fn appended_hashes(&self) -> Vec<Hash> {
        self.state().last.clone()
    }

    /// The tree over every leaf.
    pub fn frontier(&self) -> Frontier {
        self.state().frontier.clone()
    }

    /// The head of the log.
    pub fn checkpoint(&self) -> Checkpoint {
        let state = self.state();
        Checkpoint::new(&self.origin, state.frontier.size(), state.frontier.root())
    }

    /// Writes the head beside the log, signed where the log has a key. It may be behind, never ahead: what it covers is
    /// made durable first.
    ///
    /// # Errors
    /// [`LogError::Io`]; [`LogError::Poisoned`]; [`LogError::Key`] where the key cannot be used; [`LogError::ReadOnly`] where the log was opened
    /// for reading.
    pub fn write_checkpoint(&self) -> Result<(), LogError> {
        let head = self.checkpoint();
        self.write_signed(&match self.signing_key()? {
            Some(key) => SignedCheckpoint::sign(head, &key),
            None => SignedCheckpoint::unsigned(head),
        })
    }

    /// The same for a head of this log that is signed already, and may have extension lines.
    ///
    /// # Errors
    /// As of [`Entries::write_checkpoint`].
    pub fn write_signed(&self, head: &SignedCheckpoint) -> Result<(), LogError> {
        let disk = self.disk()?;
        self.make_durable()?;
        head.write(&self.ledger.join("checkpoint"), disk)
    }

    /// Gives the log its signing key, made from 32 bytes of chance.
    ///
    /// # Errors
    /// [`LogError::Key`] where it has one; [`LogError::Io`]; [`LogError::ReadOnly`].
    pub fn create_key(&self, seed: &[u8; 32]) -> Result<VerifierKey, LogError> {
        let writer = self.writer.as_ref().ok_or(LogError::ReadOnly)?;
        let key = SigningKey::from_seed(&self.origin, seed);
        key_file::create(&self.ledger, &key, &writer.disk)?;
        Ok(key.verifier().clone())
    }

    /// The key that signs the log's heads; `None` where it never had one.
    ///
    /// # Errors
    /// [`LogError::Key`]: others can read it, it is of another log, it is not here any more.
    pub fn signing_key(&self) -> Result<Option<SigningKey>, LogError> {
        key_file::signing(&self.ledger, &self.origin)
    }

    /// The head of the first `size` entries.
    ///
    /// # Errors
    /// [`LogError::Beyond`] for a size larger than the log's.
    pub fn head(&self, size: u64) -> Result<Checkpoint, LogError> {
        Ok(Checkpoint::new(&self.origin, size, self.root(size)?))
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LogEngine for Entries {
    fn size(&self) -> Result<u64, LogError> {
        Ok(self.state().frontier.size())
    }

    fn append(&self, expected_size: u64, leaves: &[&[u8]]) -> Append {
        let Some(writer) = &self.writer else { return Append::Refused(LogError::ReadOnly) };
        let mut state = self.state();
        let actual = state.frontier.size();
        if expected_size != actual {
            return Append::Conflict { actual };
        }
        if leaves.is_empty() {
            return match self.settle(&mut state, writer, None) {
                Ok(()) => Append::Done { size: actual },
                Err(error) => Append::Refused(error),
            };
        }
        if let Err(refused) =
            frame::check_limits(leaves).and_then(|()| self.make_room(&mut state, writer, leaves))
        {
            return Append::Refused(refused);
        }
        let acknowledged = state.unsynced.map_or(state.end, |unsynced| unsynced.from);
        let (bytes, hashes) = frame::encode(actual, acknowledged, leaves);
        let path = state.segments.last().map(|s| s.path.clone()).unwrap_or_default();
        if let Err(error) = self.write_frame(&state, writer, &bytes) {
            state.poisoned = Some(error.to_string());
            return Append::Unknown(LogError::io(&path, "cannot be made durable")(error));
        }
        state.unsynced = None;
        state.end += bytes.len() as u64;
        hashes.iter().for_each(|hash| state.frontier.push(*hash));
        state.last = hashes;
        let size = state.frontier.size();
        // A lower bound, not synced: where it is lost, the next reader or writer syncs the frames beyond it instead.
        // Where it cannot even be written, readers beside this writer would see less and less of what it says.
        if let Err(error) = writer.acknowledge(size, state.end) {
            state.poisoned = Some(error.to_string());
        }
        self.grown.notify_all();
        Append::Done { size }
    }

    fn read(&self, from: u64, max_bytes: usize) -> Result<LeafBlock, LogError> {
        let state = self.state();
        let size = state.frontier.size();
        if from > size {
            return Err(LogError::Beyond { size, asked: from });
        }
        let Some(segment) = state.segments.iter().rev().find(|s| s.first <= from).cloned() else {
            return Ok(LeafBlock::starting_at(from));
        };
        if from == size {
            // An append that failed may stand there: an empty block would say that it does not.
            return match &state.poisoned {
                Some(why) => Err(poisoned(&segment.path, why)),
                None => Ok(LeafBlock::starting_at(from)),
            };
        }
        drop(state);
        self.read_from(&segment, (from, size), max_bytes)
    }

    fn wait_beyond(&self, size: u64, timeout: Duration) -> Result<u64, LogError> {
        let small = |state: &mut State| state.frontier.size() <= size;
        let waited = self.grown.wait_timeout_while(self.state(), timeout, small);
        Ok(waited.unwrap_or_else(PoisonError::into_inner).0.frontier.size())
    }
}

fn poisoned(path: &Path, why: &str) -> LogError {
    LogError::Poisoned { path: path.to_owned(), why: why.to_owned() }
}

impl Entries {
    /// Writes a frame behind the last one and makes it durable; frames that are not known to be durable are written again
    /// with it, so that the same sync covers them.
    fn write_frame(&self, state: &State, writer: &Writer, frame: &[u8]) -> io::Result<()> {
        let Some(file) = &state.tail else { return Err(io::ErrorKind::NotFound.into()) };
        match state.unsynced {
            None => file.write_at(state.end, frame)?,
            Some(unsynced) => {
                unsynced.sync_name(self, writer)?;
                let frames = [&unsynced.read(file, state.end)?, frame].concat();
                file.write_at(unsynced.from, &frames)?;
            }
        }
        file.sync()
    }

    /// A segment with room for a frame of these leaves; begins the next one where the last is full.
    fn make_room(&self, state: &mut State, writer: &Writer, leaves: &[&[u8]]) -> Result<(), LogError> {
        let last = state.segments.last().map(|segment| segment.header(&self.origin)).transpose()?;
        let (path, capacity) = last.map(|s| (s.path.clone(), s.capacity)).unwrap_or_default();
        if let Some(why) = &state.poisoned {
            return Err(poisoned(&path, why));
        }
        let bytes = frame::frame_bytes(leaves) as u64;
        if state.end + bytes <= capacity {
            return Ok(());
        }
        // A segment that another follows is durable.
        self.settle(state, writer, None)?;
        let needed = segment::HEADER_BYTES as u64 + bytes;
        let next = (capacity * 2).clamp(segment::BYTES_MIN, segment::BYTES_MAX).max(needed);
        let made = segment::create(&self.ledger, &self.origin, &state.frontier, next, &writer.disk);
        let (made, file) = match made {
            Ok(made) => made,
            Err(error) => {
                // In place, it says where the segment before it ends: nothing may be appended there any more.
                if segment::path(&self.ledger, state.frontier.size()).exists() {
                    state.poisoned = Some(error.to_string());
                }
                return Err(error);
            }
        };
        // A batch that does not fit into an empty segment gets one of the same name in its place.
        state.segments.retain(|segment| segment.first < made.first);
        if let Some(full) = state.segments.last() {
            writer.sealer.seal(full, &self.origin, &made.before, &writer.disk);
        }
        state.segments.push(made.into());
        state.tail = Some(file);
        state.end = segment::HEADER_BYTES as u64;
        Ok(())
    }
}
