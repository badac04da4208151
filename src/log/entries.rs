//! The durable evidence: leaves in append-only segments, synced before an append is acknowledged.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::checkpoint::Checkpoint;
use super::disk::{Disk, DiskFile};
use super::engine::{Append, LeafBlock, LogEngine};
use super::error::LogError;
use super::frame;
use super::lock::{Holder, Lock};
use super::segment::{self, Scan, Segment};
use super::tree::{Frontier, Hash, leaf_hash};
use super::{LEAF_BYTES_MAX, format};

/// The log on disk.
pub struct Entries {
    ledger: PathBuf,
    origin: String,
    state: Mutex<State>,
    writer: Option<Writer>,
    grown: Condvar,
    recovered: Option<TornTail>,
}

struct State {
    segments: Vec<Segment>,
    frontier: Frontier,
    last: Option<Hash>,
    /// Where the next frame goes in the last segment.
    end: u64,
    tail: Option<DiskFile>,
    poisoned: Option<String>,
    /// The segment read last, since readers go forward.
    cached: Option<(u64, VecDeque<(u64, LeafBlock)>)>,
}

struct Writer {
    disk: Disk,
    watermark: DiskFile,
    _lock: Lock,
}

/// An append that was not acknowledged, cut short by a crash; it was cleared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TornTail {
    /// The segment.
    pub path: PathBuf,
    /// Where it began.
    pub offset: u64,
    /// How many bytes were cleared.
    pub bytes: u64,
}

/// Something that is not as it was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Damage {
    /// The file.
    pub path: PathBuf,
    /// Bytes from its start.
    pub offset: u64,
    /// The entry concerned, where known.
    pub index: Option<u64>,
    /// What is wrong.
    pub what: String,
}

/// `entries/acknowledged`: magic, size, offset in the last segment, CRC-32C; 28 bytes.
const WATERMARK_MAGIC: [u8; 8] = *b"CHANCACK";

fn watermark_path(ledger: &Path) -> PathBuf {
    segment::folder(ledger).join("acknowledged")
}

fn watermark_bytes(size: u64, offset: u64) -> Vec<u8> {
    let mut bytes = WATERMARK_MAGIC.to_vec();
    bytes.extend_from_slice(&size.to_le_bytes());
    bytes.extend_from_slice(&offset.to_le_bytes());
    bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
    bytes
}

/// The size that was acknowledged at least, and where its last frame ends in its segment.
pub(super) fn read_watermark(ledger: &Path) -> Result<(u64, u64), LogError> {
    let path = watermark_path(ledger);
    let bytes = std::fs::read(&path).map_err(LogError::io(&path, "cannot be read"))?;
    let number = |at: usize| bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map(u64::from_le_bytes);
    match (number(8), number(16)) {
        (Some(size), Some(offset)) if bytes == watermark_bytes(size, offset) => Ok((size, offset)),
        _ => Err(LogError::damaged(
            &path,
            0,
            "the count of acknowledged entries does not match its checksum: restore the file from a backup, or \
             `chancery repair --from DIR`, which reads the entries themselves",
        )),
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
        let path = watermark_path(ledger);
        let start = watermark_bytes(0, segment::HEADER_BYTES as u64);
        disk.replace(&path, &start).map_err(LogError::io(&path, "cannot be written"))?;
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
        let origin = format::read(ledger)?;
        let held = Lock::is_held(ledger);
        let (acknowledged, offset) = read_watermark(ledger)?;
        let segments = segments(ledger, &origin)?;
        let state = match held {
            true => up_to_watermark(segments, acknowledged, offset)?,
            false => tail(ledger, segments, acknowledged, offset)?.0,
        };
        let log = Entries {
            ledger: ledger.to_owned(),
            origin,
            state: Mutex::new(state),
            writer: None,
            grown: Condvar::new(),
            recovered: None,
        };
        log.check_checkpoint()?;
        Ok(log)
    }

    /// Opens for writing: takes the lock, scans the tail, clears an append that was cut short, makes everything
    /// durable, and only then trusts it.
    ///
    /// # Errors
    /// [`LogError::Locked`] where another process writes; [`LogError::Damaged`], with nothing changed.
    pub fn open_writer(ledger: &Path, holder: &Holder, disk: Disk) -> Result<Entries, LogError> {
        let origin = format::read(ledger)?;
        let lock = Lock::take(ledger, holder)?;
        let (acknowledged, offset) = read_watermark(ledger)?;
        let (mut state, torn) = tail(ledger, segments(ledger, &origin)?, acknowledged, offset)?;
        let Some(last) = state.segments.last().map(|s| s.path.clone()) else {
            return Err(LogError::Absent(ledger.to_owned()));
        };
        let reopen = || {
            let file = disk.open(&last)?;
            // After a failed sync the system may hold pages as clean that never reached the disk: they are written
            // anew before the sync that makes them trusted.
            if state.end > offset && acknowledged >= state.segments.last().map_or(0, |s| s.first) {
                let bytes = segment::read(&last, Some(state.end)).map_err(std::io::Error::other)?;
                let from = usize::try_from(offset).unwrap_or(usize::MAX);
                file.write_at(offset, bytes.get(from..).unwrap_or(&[]))?;
            }
            if let Some(torn) = &torn {
                file.write_at(torn.offset, &vec![0u8; usize::try_from(torn.bytes).unwrap_or(0)])?;
            }
            file.sync()?;
            disk.sync_dir(&segment::folder(ledger))?;
            Ok(file)
        };
        state.tail = Some(reopen().map_err(LogError::io(&last, "cannot be made durable"))?);
        let path = watermark_path(ledger);
        let watermark = disk.open(&path).map_err(LogError::io(&path, "cannot be opened for writing"))?;
        let sync = watermark.write_at(0, &watermark_bytes(state.frontier.size(), state.end));
        sync.map_err(LogError::io(&path, "cannot be written"))?;
        let log = Entries {
            ledger: ledger.to_owned(),
            origin,
            state: Mutex::new(state),
            writer: Some(Writer { disk, watermark, _lock: lock }),
            grown: Condvar::new(),
            recovered: torn,
        };
        log.check_checkpoint()?;
        Ok(log)
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
        self.state().last
    }

    /// The tree over every leaf.
    pub fn frontier(&self) -> Frontier {
        self.state().frontier.clone()
    }

    /// The root over the first `size` leaves.
    ///
    /// # Errors
    /// [`LogError::Beyond`] for a size larger than the log's.
    pub fn root(&self, size: u64) -> Result<Hash, LogError> {
        let state = self.state();
        if size == state.frontier.size() {
            return Ok(state.frontier.root());
        }
        let beyond = LogError::Beyond { size: state.frontier.size(), asked: size };
        let holds = |s: &&Segment| s.first <= size;
        let segment =
            state.segments.iter().rev().find(holds).cloned().filter(|_| size < state.frontier.size());
        drop(state);
        let segment = segment.ok_or(beyond)?;
        let mut frontier = segment.before.clone();
        self.visit_segment(&segment, |index, _, hash| {
            if index < size {
                frontier.push(hash);
            }
        })?;
        Ok(frontier.root())
    }

    /// Gives every leaf from an index on to `visit`, with its index and stored hash, in order, checking every frame.
    ///
    /// # Errors
    /// [`LogError::Damaged`] at the first frame that is not sound.
    pub fn scan(&self, from: u64, mut visit: impl FnMut(u64, &[u8], Hash)) -> Result<(), LogError> {
        let (segments, size) = {
            let state = self.state();
            (state.segments.clone(), state.frontier.size())
        };
        let later = |at: usize| segments.get(at + 1).is_none_or(|next| next.first > from);
        for (_, segment) in segments.iter().enumerate().filter(|(at, _)| later(*at)) {
            self.visit_segment(segment, |index, leaf, hash| {
                if index >= from && index < size {
                    visit(index, leaf, hash);
                }
            })?;
        }
        Ok(())
    }

    fn visit_segment(&self, segment: &Segment, visit: impl FnMut(u64, &[u8], Hash)) -> Result<(), LogError> {
        let (end, next) = {
            let state = self.state();
            let at = state.segments.iter().position(|s| s.first == segment.first);
            let next = at.and_then(|at| state.segments.get(at + 1)).map(|s| s.before.clone());
            (next.is_none().then_some(state.end), next.unwrap_or_else(|| state.frontier.clone()))
        };
        let bytes = segment::read(&segment.path, end)?;
        let scan = segment::walk(segment, &bytes, visit);
        if scan.after != next {
            let what = scan.broken.map_or("entries are missing", |(what, _)| what);
            return Err(damaged_at(segment, &scan, what));
        }
        Ok(())
    }

    /// The head of the log.
    pub fn checkpoint(&self) -> Checkpoint {
        let state = self.state();
        Checkpoint { origin: self.origin.clone(), size: state.frontier.size(), root: state.frontier.root() }
    }

    /// Writes the head beside the log. It may be behind, never ahead: what it covers is durable.
    ///
    /// # Errors
    /// [`LogError::Io`]; [`LogError::ReadOnly`] where the log was opened for reading.
    pub fn write_checkpoint(&self) -> Result<(), LogError> {
        let writer = self.writer.as_ref().ok_or(LogError::ReadOnly)?;
        self.checkpoint().write(&self.ledger.join("checkpoint"), &writer.disk)
    }

    /// A checkpoint that is ahead, or over another history, says that acknowledged entries are gone.
    fn check_checkpoint(&self) -> Result<(), LogError> {
        let path = self.ledger.join("checkpoint");
        let Some(checkpoint) = Checkpoint::read(&path)? else { return Ok(()) };
        let size = self.state().frontier.size();
        let said = |what: String| Err(LogError::damaged(&path, 0, what));
        if checkpoint.origin != self.origin {
            return said(format!(
                "the checkpoint is of another log, {}: put its own back",
                checkpoint.origin
            ));
        }
        if checkpoint.size > size && Lock::is_held(&self.ledger) && self.writer.is_none() {
            return Ok(());
        }
        if checkpoint.size > size {
            return said(format!(
                "the checkpoint covers {} entries, the log holds {size}: acknowledged entries are gone; \
                 `chancery repair --from DIR`",
                checkpoint.size
            ));
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

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at every byte of the log, sharing nothing with what was read before, and says everything that is wrong.
    ///
    /// # Errors
    /// [`LogError`] where the files cannot be listed at all.
    pub fn verify(
        ledger: &Path,
        mut visit: impl FnMut(u64, &[u8]),
    ) -> Result<(Vec<Damage>, Frontier), LogError> {
        let origin = format::read(ledger)?;
        let mut damage = Vec::new();
        let mut tree = Frontier::default();
        let listed = segment::list(ledger)?;
        for (at, (first, path)) in listed.iter().enumerate() {
            let segment = match segment::open(path, *first, &origin) {
                Ok(segment) => segment,
                Err(error) => {
                    damage.push(Damage {
                        path: path.clone(),
                        offset: 0,
                        index: Some(*first),
                        what: error.to_string(),
                    });
                    continue;
                }
            };
            if segment.before != tree {
                let what = format!("the segment does not continue the {} entries before it", tree.size());
                damage.push(Damage { path: path.clone(), offset: 0, index: Some(*first), what });
            }
            let bytes = segment::read(path, None)?;
            let mut wrong = Vec::new();
            tree = segment.before.clone();
            let scan = segment::walk(&segment, &bytes, |index, leaf, stored| {
                let hash = leaf_hash(leaf);
                if hash != stored {
                    wrong.push(index);
                }
                tree.push(hash);
                visit(index, leaf);
            });
            let found =
                |offset, index, what: &str| Damage { path: path.clone(), offset, index, what: what.into() };
            damage.extend(
                wrong
                    .iter()
                    .map(|index| found(scan.end, Some(*index), "the leaf does not have its stored hash")),
            );
            let last = at + 1 == listed.len();
            if let Some((what, end)) = scan.broken
                && !(last && is_torn(&bytes, &scan, end))
            {
                damage.push(found(scan.end, Some(scan.after.size()), what));
            }
        }
        match read_watermark(ledger) {
            Ok((size, _)) if size > tree.size() => {
                let what = format!("{size} entries were acknowledged, {} are there", tree.size());
                damage.push(Damage {
                    path: watermark_path(ledger),
                    offset: 0,
                    index: Some(tree.size()),
                    what,
                });
            }
            Ok(_) => {}
            Err(error) => {
                let what = error.to_string();
                damage.push(Damage { path: watermark_path(ledger), offset: 0, index: None, what });
            }
        }
        Ok((damage, tree))
    }
}

fn damaged_at(segment: &Segment, scan: &Scan, what: &str) -> LogError {
    let what = format!(
        "{what} (entry {}): `chancery audit` lists all damage, `chancery repair --from DIR` restores",
        scan.after.size()
    );
    LogError::damaged(&segment.path, scan.end, what)
}

fn is_torn(bytes: &[u8], scan: &Scan, end: u64) -> bool {
    let at = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    segment::sound_frame_after(bytes, at(scan.end)).is_none()
        && frame::lost_sector(bytes, at(scan.end), at(end))
}

fn segments(ledger: &Path, origin: &str) -> Result<Vec<Segment>, LogError> {
    segment::list(ledger)?.iter().map(|(first, path)| segment::open(path, *first, origin)).collect()
}

/// What a reader beside a writer believes: exactly what was acknowledged.
fn up_to_watermark(mut segments: Vec<Segment>, size: u64, offset: u64) -> Result<State, LogError> {
    // A segment may have been begun whose first frame is not acknowledged; the watermark then points into the one
    // before it, or to the beginning of this one.
    segments.retain(|s| {
        s.first < size || s.first == 0 || (s.first == size && offset == segment::HEADER_BYTES as u64)
    });
    while segments.len() > 1 && segments.last().is_some_and(|s| s.first >= size) {
        segments.pop();
    }
    let Some(last) = segments.last() else { return Err(LogError::Beyond { size: 0, asked: size }) };
    let bytes = segment::read(&last.path, None)?;
    let mut scan =
        Scan { after: last.before.clone(), end: segment::HEADER_BYTES as u64, last: None, broken: None };
    let whole = segment::walk(last, &bytes, |index, _, hash| {
        if index < size {
            scan.after.push(hash);
            scan.last = Some(hash);
        }
    });
    if scan.after.size() != size {
        let what = whole.broken.map_or("acknowledged entries are missing", |(what, _)| what);
        return Err(damaged_at(last, &whole, what));
    }
    let end = if whole.after.size() == size { whole.end } else { offset };
    Ok(state(segments, scan.after, scan.last, end))
}

fn state(segments: Vec<Segment>, frontier: Frontier, last: Option<Hash>, end: u64) -> State {
    State { segments, frontier, last, end, tail: None, poisoned: None, cached: None }
}

/// Scans the last segment: what is sound, and an append that was cut short. Anything else is damage.
fn tail(
    ledger: &Path,
    segments: Vec<Segment>,
    acknowledged: u64,
    offset: u64,
) -> Result<(State, Option<TornTail>), LogError> {
    let Some(last) = segments.last() else { return Err(LogError::Absent(ledger.to_owned())) };
    let bytes = segment::read(&last.path, None)?;
    if (bytes.len() as u64) < last.capacity {
        let what = format!("the segment is cut short, {} bytes of {}", bytes.len(), last.capacity);
        return Err(LogError::damaged(
            &last.path,
            bytes.len() as u64,
            format!("{what}: `chancery repair --from DIR`"),
        ));
    }
    let scan = segment::walk(last, &bytes, |_, _, _| {});
    if scan.after.size() < acknowledged {
        let what = scan.broken.map_or("acknowledged entries are missing", |(what, _)| what);
        return Err(damaged_at(last, &scan, what));
    }
    let end = usize::try_from(scan.end).unwrap_or(usize::MAX);
    let dirty = segment::written_end(&bytes, end) as u64;
    let torn = match scan.broken {
        None if dirty > scan.end => match segment::sound_frame_after(&bytes, end) {
            // The header's own sector is lost: nothing sound may follow it.
            None => Some(TornTail { path: last.path.clone(), offset: scan.end, bytes: dirty - scan.end }),
            Some(_) => return Err(damaged_at(last, &scan, "a frame is missing before a sound one")),
        },
        None => None,
        Some((_, stated)) if is_torn(&bytes, &scan, stated) => Some(TornTail {
            path: last.path.clone(),
            offset: scan.end,
            bytes: dirty.max(scan.end) - scan.end,
        }),
        Some((what, _)) => return Err(damaged_at(last, &scan, what)),
    };
    if scan.after.size() > acknowledged || (scan.after.size() == acknowledged && scan.end != offset) {
        let file = std::fs::File::open(&last.path).map_err(LogError::io(&last.path, "cannot be opened"))?;
        file.sync_data().map_err(LogError::io(&last.path, "cannot be made durable"))?;
    }
    let hash = match scan.last {
        Some(hash) => Some(hash),
        None => last_before(&segments)?,
    };
    let (after, end) = (scan.after, scan.end);
    Ok((state(segments, after, hash, end), torn))
}

/// The last leaf of the segment before the last.
fn last_before(segments: &[Segment]) -> Result<Option<Hash>, LogError> {
    let Some(before) = segments.len().checked_sub(2).and_then(|at| segments.get(at)) else { return Ok(None) };
    let bytes = segment::read(&before.path, None)?;
    Ok(segment::walk(before, &bytes, |_, _, _| {}).last)
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
        if let Err(refused) = check_limits(leaves).and_then(|()| self.make_room(&mut state, writer, leaves)) {
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
        state.last = hashes.last().copied();
        hashes.into_iter().for_each(|hash| state.frontier.push(hash));
        let size = state.frontier.size();
        // A lower bound, not synced: where it is lost, the next reader or writer syncs the frames beyond it instead.
        let _ = writer.watermark.write_at(0, &watermark_bytes(size, state.end));
        self.grown.notify_all();
        Append::Done { size }
    }

    fn read(&self, from: u64, max_bytes: usize) -> Result<LeafBlock, LogError> {
        let mut state = self.state();
        let size = state.frontier.size();
        if from > size {
            return Err(LogError::Beyond { size, asked: from });
        }
        let mut block = LeafBlock::starting_at(from);
        let Some(segment) = state.segments.iter().rev().find(|s| s.first <= from).cloned() else {
            return Ok(block);
        };
        if from == size {
            return Ok(block);
        }
        let cached = state.cached.take().filter(|(first, blocks)| {
            let holds = |b: &(u64, LeafBlock)| b.0 <= from && from < b.0 + b.1.len() as u64;
            *first == segment.first && blocks.iter().any(holds)
        });
        drop(state);
        let (first, mut blocks) = match cached {
            Some(cached) => cached,
            None => (segment.first, self.blocks(&segment, size)?),
        };
        blocks.retain(|(at, b)| at + b.len() as u64 > from);
        let leaves = blocks.iter().flat_map(|(_, b)| b.iter()).filter(|(index, _, _)| *index >= from);
        for (_, leaf, hash) in leaves {
            if !block.is_empty() && block.bytes() + leaf.len() > max_bytes {
                break;
            }
            block.push(leaf, hash);
        }
        self.state().cached = Some((first, blocks));
        Ok(block)
    }

    fn wait_beyond(&self, size: u64, timeout: Duration) -> Result<u64, LogError> {
        let small = |state: &mut State| state.frontier.size() <= size;
        let waited = self.grown.wait_timeout_while(self.state(), timeout, small);
        Ok(waited.unwrap_or_else(PoisonError::into_inner).0.frontier.size())
    }
}

fn check_limits(leaves: &[&[u8]]) -> Result<(), LogError> {
    if let Some(leaf) = leaves.iter().find(|leaf| leaf.len() > LEAF_BYTES_MAX) {
        let bytes = leaf.len() as u64;
        return Err(LogError::TooLarge { what: "an entry", bytes, limit: LEAF_BYTES_MAX as u64 });
    }
    let bytes = frame::frame_bytes(leaves);
    if bytes > frame::FRAME_BYTES_MAX {
        let limit = frame::FRAME_BYTES_MAX as u64;
        return Err(LogError::TooLarge { what: "a batch", bytes: bytes as u64, limit });
    }
    Ok(())
}

impl Entries {
    /// A segment with room for a frame of these leaves; begins the next one where the last is full.
    fn make_room(&self, state: &mut State, writer: &Writer, leaves: &[&[u8]]) -> Result<(), LogError> {
        let (path, capacity) =
            state.segments.last().map(|s| (s.path.clone(), s.capacity)).unwrap_or_default();
        if let Some(why) = &state.poisoned {
            return Err(LogError::Poisoned { path, why: why.clone() });
        }
        let bytes = frame::frame_bytes(leaves) as u64;
        if state.end + bytes <= capacity {
            return Ok(());
        }
        let needed = segment::HEADER_BYTES as u64 + bytes;
        let next = (capacity * 2).clamp(segment::BYTES_MIN, segment::BYTES_MAX).max(needed);
        let (made, file) = segment::create(&self.ledger, &self.origin, &state.frontier, next, &writer.disk)?;
        // A first frame that is larger than its empty segment gets another in that one's place.
        state.segments.retain(|segment| segment.first != made.first);
        state.segments.push(made);
        state.tail = Some(file);
        state.end = segment::HEADER_BYTES as u64;
        Ok(())
    }

    /// The leaves of a segment in blocks of about a mebibyte.
    fn blocks(&self, segment: &Segment, size: u64) -> Result<VecDeque<(u64, LeafBlock)>, LogError> {
        let mut blocks: VecDeque<(u64, LeafBlock)> = VecDeque::new();
        self.visit_segment(segment, |index, leaf, hash| {
            if index >= size {
                return;
            }
            match blocks.back_mut().filter(|(_, b)| b.bytes() < 1 << 20) {
                Some((_, block)) => block.push(leaf, hash),
                None => {
                    let mut block = LeafBlock::starting_at(index);
                    block.push(leaf, hash);
                    blocks.push_back((index, block));
                }
            }
        })?;
        Ok(blocks)
    }
}
