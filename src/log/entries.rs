//! The durable evidence: leaves in append-only segments, synced before an append is acknowledged.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::checkpoint::{Checkpoint, SignedCheckpoint};
use super::disk::{Disk, DiskFile};
use super::engine::{Append, LeafBlock, LogEngine};
use super::error::LogError;
use super::key::{SigningKey, VerifierKey};
use super::leaves::OpenSegments;
use super::lock::{Holder, Lock};
use super::seal::{self, Sealer};
use super::segment::{self, Segment};
use super::tail::{self, Promise, Tail, TornTail};
use super::tree::{Frontier, Hash};
use super::watermark::{self, Watermark};
use super::{format, frame, key_file};

/// The log on disk.
pub struct Entries {
    ledger: PathBuf,
    pub(super) origin: String,
    state: Mutex<State>,
    pub(super) open: Mutex<OpenSegments>,
    writer: Option<Writer>,
    grown: Condvar,
    recovered: Option<TornTail>,
}

pub(super) struct State {
    pub(super) segments: Vec<Segment>,
    pub(super) frontier: Frontier,
    /// The hashes of the leaves that were appended together last; after opening, of the last leaf alone.
    last: Vec<Hash>,
    /// Where the next frame goes in the last segment.
    pub(super) end: u64,
    tail: Option<DiskFile>,
    poisoned: Option<String>,
    /// The segment of frames read last, since readers go forward.
    pub(super) cached: Option<(u64, VecDeque<(u64, LeafBlock)>)>,
}

struct Writer {
    disk: Disk,
    watermark: DiskFile,
    /// Ends before the lock is let go.
    sealer: Sealer,
    _lock: Lock,
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

    /// Opens for reading: takes no lock, writes nothing, works on a read-only copy and beside a writer.
    ///
    /// While a writer holds the lock it reads what that one acknowledged. While none does, frames beyond the
    /// watermark are made durable before they are believed, so that no answer rests on what a power cut could undo.
    ///
    /// # Errors
    /// [`LogError`]; damage is named, never passed over.
    pub fn open_reader(ledger: &Path) -> Result<Entries, LogError> {
        let mut before = None;
        loop {
            let held = Lock::is_held(ledger);
            match Entries::open(ledger, held) {
                // A writer that came in between is seen halfway through a write; damage is seen twice the same.
                Err(LogError::Damaged { offset, what, .. })
                    if !held && before != Some((offset, what.clone())) =>
                {
                    before = Some((offset, what));
                }
                found => return found.map(|(log, _)| Entries { recovered: None, ..log }),
            }
        }
    }

    /// Finds the end of the log and checks it against what was promised; changes nothing.
    fn open(ledger: &Path, beside_writer: bool) -> Result<(Entries, Watermark), LogError> {
        let origin = format::read(ledger)?;
        // In this order: what a writer adds meanwhile may be listed and not promised, never the other way round.
        let watermark = Watermark::read(ledger)?;
        let checkpoint = Checkpoint::read(&ledger.join("checkpoint"))?;
        let promise = Promise::of(watermark, checkpoint.as_ref());
        let segments = segments(ledger, &origin)?;
        let Tail { segments, after, last, end, torn } = match beside_writer {
            true => tail::promised(ledger, &origin, segments, promise)?,
            false => tail::at_rest(ledger, &origin, segments, watermark, promise)?,
        };
        let state = State {
            segments,
            frontier: after,
            last: last.into_iter().collect(),
            end,
            tail: None,
            poisoned: None,
            cached: None,
        };
        let log = Entries {
            ledger: ledger.to_owned(),
            origin,
            state: Mutex::new(state),
            open: Mutex::default(),
            writer: None,
            grown: Condvar::new(),
            recovered: torn,
        };
        checkpoint.map_or(Ok(()), |checkpoint| log.check(&checkpoint))?;
        Ok((log, watermark))
    }

    /// Opens for writing: takes the lock, scans the tail, clears an append that was cut short, makes everything
    /// durable, and only then trusts it.
    ///
    /// # Errors
    /// [`LogError::Locked`] where another process writes; [`LogError::Damaged`], with nothing changed.
    pub fn open_writer(ledger: &Path, holder: &Holder, disk: Disk) -> Result<Entries, LogError> {
        format::read(ledger)?;
        let lock = Lock::take(ledger, holder)?;
        SignedCheckpoint::check_signature(ledger)?;
        let (mut log, watermark) = Entries::open(ledger, false)?;
        let state = log.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        let Some(last) = state.segments.last() else { return Err(LogError::Absent(ledger.to_owned())) };
        let torn = log.recovered.as_ref();
        let file = make_durable(ledger, last, state.end, watermark, torn, &disk);
        state.tail = Some(file.map_err(LogError::io(&last.path, "cannot be made durable"))?);
        let path = watermark::path(ledger);
        let file = disk.open(&path).map_err(LogError::io(&path, "cannot be opened for writing"))?;
        seal::clear(ledger, &disk);
        let found = Watermark { size: state.frontier.size(), offset: state.end };
        file.write_at(0, &found.bytes()).map_err(LogError::io(&path, "cannot be written"))?;
        log.writer = Some(Writer { disk, watermark: file, sealer: Sealer::default(), _lock: lock });
        Ok(log)
    }

    /// The ledger's folder.
    pub fn folder(&self) -> &Path {
        &self.ledger
    }

    pub(super) fn disk(&self) -> Result<&Disk, LogError> {
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
    /// durable.
    ///
    /// # Errors
    /// [`LogError::Io`]; [`LogError::Key`] where the key cannot be used; [`LogError::ReadOnly`] where the log was opened
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
        head.write(&self.ledger.join("checkpoint"), self.disk()?)
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

    /// A checkpoint over another history says that acknowledged entries were changed.
    fn check(&self, checkpoint: &Checkpoint) -> Result<(), LogError> {
        let said = |what: String| Err(LogError::damaged(&self.ledger.join("checkpoint"), 0, what));
        if checkpoint.origin != self.origin {
            let what = format!("the checkpoint is of another log, {}: put its own back", checkpoint.origin);
            return said(what);
        }
        if self.root(checkpoint.size)? != checkpoint.root {
            return said(format!(
                "the first {} entries do not give the root of the checkpoint: one of them was changed; \
                 compare with a copy, `chancery repair --from DIR`",
                checkpoint.size
            ));
        }
        Ok(())
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn segments(ledger: &Path, origin: &str) -> Result<Vec<Segment>, LogError> {
    segment::list(ledger)?.iter().map(|(first, path)| segment::open(path, *first, origin)).collect()
}

/// Makes all that was found durable, and clears what was cut short.
fn make_durable(
    ledger: &Path,
    last: &Segment,
    end: u64,
    watermark: Watermark,
    torn: Option<&TornTail>,
    disk: &Disk,
) -> std::io::Result<DiskFile> {
    let file = disk.open(&last.path)?;
    // The watermark's offset is in the segment that holds the last acknowledged entry, which may be the one before.
    let start = segment::HEADER_BYTES as u64;
    let from = if watermark.size > last.first { watermark.offset.max(start) } else { start };
    // After a failed sync the system may hold pages as clean that never reached the disk: they are written anew
    // before the sync that makes them trusted.
    if from < end {
        let bytes = segment::read(&last.path, Some(end)).map_err(std::io::Error::other)?;
        file.write_at(from, bytes.get(usize::try_from(from).unwrap_or(usize::MAX)..).unwrap_or(&[]))?;
    }
    if let Some(torn) = torn {
        file.write_at(torn.offset, &vec![0u8; usize::try_from(torn.bytes).unwrap_or(0)])?;
    }
    file.sync()?;
    disk.sync_dir(&segment::folder(ledger))?;
    Ok(file)
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
            return Append::Done { size: actual };
        }
        if let Err(refused) =
            frame::check_limits(leaves).and_then(|()| self.make_room(&mut state, writer, leaves))
        {
            return Append::Refused(refused);
        }
        let (bytes, hashes) = frame::encode(actual, state.end, leaves);
        let path = state.segments.last().map(|s| s.path.clone()).unwrap_or_default();
        let Some(file) = &state.tail else { return Append::Refused(LogError::ReadOnly) };
        if let Err(error) = file.write_at(state.end, &bytes).and_then(|()| file.sync()) {
            state.poisoned = Some(error.to_string());
            return Append::Unknown(LogError::io(&path, "cannot be made durable")(error));
        }
        state.end += bytes.len() as u64;
        hashes.iter().for_each(|hash| state.frontier.push(*hash));
        state.last = hashes;
        let size = state.frontier.size();
        // A lower bound, not synced: where it is lost, the next reader or writer syncs the frames beyond it instead.
        // Where it cannot even be written, readers beside this writer would see less and less of what it says.
        if let Err(error) = writer.watermark.write_at(0, &Watermark { size, offset: state.end }.bytes()) {
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
    /// A segment with room for a frame of these leaves; begins the next one where the last is full.
    fn make_room(&self, state: &mut State, writer: &Writer, leaves: &[&[u8]]) -> Result<(), LogError> {
        let (path, capacity) =
            state.segments.last().map(|s| (s.path.clone(), s.capacity)).unwrap_or_default();
        if let Some(why) = &state.poisoned {
            return Err(poisoned(&path, why));
        }
        let bytes = frame::frame_bytes(leaves) as u64;
        if state.end + bytes <= capacity {
            return Ok(());
        }
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
        state.segments.push(made);
        state.tail = Some(file);
        state.end = segment::HEADER_BYTES as u64;
        Ok(())
    }
}
