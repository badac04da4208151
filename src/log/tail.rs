//! The end of the log: which parts of its last segment are accepted, and how a write that a crash cut short differs from
//! damage.

use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::checkpoint::Checkpoint;
use super::error::LogError;
use super::frame;
use super::listed::Listed;
use super::segment::{self, Image, Scan, Segment, Start};
use super::tree::{Frontier, Hash};
use super::watermark::Watermark;

/// An append that was not acknowledged because a crash cut it short. A writer clears it when it opens the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TornTail {
    /// The segment.
    pub path: PathBuf,
    /// The offset of its beginning in the file, in bytes.
    pub offset: u64,
    /// The number of its bytes.
    pub bytes: u64,
}

/// The end of a log, as found when it is opened.
pub(super) struct Tail {
    pub(super) segments: Vec<Arc<Listed>>,
    /// The tree over every leaf.
    pub(super) after: Frontier,
    /// The hash of the last leaf.
    pub(super) last: Option<Hash>,
    /// The offset of the next frame in the last segment, in bytes.
    pub(super) end: u64,
    pub(super) torn: Option<TornTail>,
    /// The offsets of the leaves in the last segment that were read on the way to the end.
    pub(super) passed: Passed,
    /// The root over the leaves that the checkpoint covers, if the end of those was reached.
    pub(super) covered: Option<Hash>,
}

/// The offsets of leaves in a segment.
#[derive(Clone, Debug, Default)]
pub(super) struct Passed {
    /// The index of the first leaf.
    pub(super) first: u64,
    /// The offset of each leaf's record, in bytes from the beginning of the file.
    pub(super) offsets: Vec<u32>,
}

/// The size that the watermark or the checkpoint promises: a log with fewer entries is damaged.
#[derive(Clone, Copy)]
pub(super) struct Promise {
    pub(super) size: u64,
    by: &'static str,
}

impl Promise {
    pub(super) fn of(watermark: Watermark, checkpoint: Option<&Checkpoint>) -> Promise {
        match checkpoint.map_or(0, |c| c.size) {
            size if size > watermark.size => Promise { size, by: "the checkpoint covers" },
            _ => Promise { size: watermark.size, by: "there were acknowledged" },
        }
    }

    /// The promise of a head that the reader trusts, whatever else was acknowledged.
    pub(super) fn of_head(head: &Checkpoint) -> Promise {
        Promise { size: head.size, by: "the checkpoint covers" }
    }

    fn broken(self, segment: &Segment, scan: &Scan) -> LogError {
        let there = scan.after.size();
        let what = match scan.broken {
            Some((what, _)) => format!("{what}; {} {} entries, {there} are sound", self.by, self.size),
            None => format!("{} {} entries, {there} are there", self.by, self.size),
        };
        damaged_at(segment, scan, &what)
    }
}

pub(super) fn damaged_at(segment: &Segment, scan: &Scan, what: &str) -> LogError {
    let what = format!(
        "{what} (entry {}): `chancery audit` lists all damage, `chancery repair --from DIR` restores",
        scan.after.size()
    );
    LogError::damaged(&segment.path, scan.end, what)
}

/// Examines the bytes after the sound frames of the last segment: none, or an append that was cut short. Anything else is
/// damage.
pub(super) fn torn(
    segment: &Segment,
    bytes: &[u8],
    written: usize,
    scan: &Scan,
) -> Result<Option<TornTail>, LogError> {
    let from = usize::try_from(scan.end).unwrap_or(usize::MAX);
    let dirty = segment::written_end(bytes.get(..written).unwrap_or(bytes), from);
    if dirty <= from {
        return Ok(None);
    }
    let (what, stated) =
        scan.broken.unwrap_or(("something follows a gap after the last frame", dirty as u64));
    if segment::frame_after(&bytes[..dirty], from, scan.after.size()).is_some() {
        return Err(damaged_at(segment, scan, &format!("{what}, and acknowledged frames follow")));
    }
    if !frame::lost_sector(bytes, from, usize::try_from(stated).unwrap_or(usize::MAX)) {
        return Err(damaged_at(segment, scan, what));
    }
    let bytes = (dirty - from) as u64;
    Ok(Some(TornTail { path: segment.path.clone(), offset: scan.end, bytes }))
}

impl Tail {
    /// Makes frames beyond the watermark durable before a reader uses them, so that no answer depends on entries that a power
    /// cut could undo.
    pub(super) fn make_durable(&self, watermark: Watermark) -> Result<(), LogError> {
        let Some(last) = self.segments.last() else { return Ok(()) };
        if self.after.size() == watermark.size && self.end == watermark.offset {
            return Ok(());
        }
        let file = segment::open_file(&last.path)?;
        file.sync_data().map_err(LogError::io(&last.path, "cannot be made durable"))
    }
}

/// The end of a log that has no writer: its sound frames, and an append that was cut short.
pub(super) fn at_rest(
    ledger: &Path,
    origin: &str,
    segments: Vec<Arc<Listed>>,
    promise: Promise,
    start: Option<Start>,
    covered: u64,
) -> Result<Tail, LogError> {
    let last = last_of(&segments, ledger)?.header(origin)?;
    if let Some(seal) = last.seal {
        let what = format!(
            "the segment from entry {} on is missing, since only one that another follows is sealed: restore it, or \
             `chancery repair --from DIR`",
            last.first + seal.leaves
        );
        return Err(LogError::damaged(&segment::folder(ledger), 0, what));
    }
    let start = start.unwrap_or_else(|| Start::of(last));
    let Image { bytes, written } = segment::image(&last.path, start.offset)?;
    if (bytes.len() as u64) < last.capacity {
        let what = format!("the segment is cut short, {} bytes of {}", bytes.len(), last.capacity);
        let what = format!("{what}: `chancery repair --from DIR`");
        return Err(LogError::damaged(&last.path, bytes.len() as u64, what));
    }
    let (scan, passed, covered) = walk(start, &bytes, u64::MAX, covered);
    if scan.after.size() < promise.size {
        return Err(promise.broken(last, &scan));
    }
    let torn = torn(last, &bytes, written, &scan)?;
    let last = match scan.last {
        Some(hash) => Some(hash),
        None => last_before(&segments, origin)?,
    };
    Ok(Tail { segments, after: scan.after, last, end: scan.end, torn, passed, covered })
}

/// The largest distance between a mark and the watermark, in bytes; beyond it the whole segment is read.
const NEAR_BYTES: u64 = 64 << 10;
/// The number of bytes read after the end: anything appended since begins there.
const BEHIND_BYTES: u64 = 4 << 10;

/// The end of a log close to a mark, if the watermark is there and only zeros follow; a reader need not check the zeros to
/// the end of the segment. `None` if more has to be read to decide.
pub(super) fn near(
    segments: &[Arc<Listed>],
    origin: &str,
    watermark: Watermark,
    promise: Promise,
    start: Start,
    covered: u64,
    reads: bool,
) -> Result<Option<Tail>, LogError> {
    let Some(last) = segments.last() else { return Ok(None) };
    let unread = |e: std::io::Error| LogError::io(&last.path, "cannot be read")(e);
    let file = segment::open_file(&last.path)?;
    let last = last.header_in(&file, origin)?;
    if file.metadata().map_err(unread)?.len() < last.capacity {
        return Ok(None);
    }
    let between = watermark.offset.checked_sub(start.offset).filter(|between| *between <= NEAR_BYTES);
    let Some(between) = between else { return Ok(None) };
    let mut bytes = vec![0; (between + BEHIND_BYTES) as usize];
    let read = file.read_at(&mut bytes, start.offset).map_err(unread)?;
    bytes.truncate(read);
    let base = start.offset;
    let (scan, mut passed, covered) = walk(Start { offset: 0, ..start }, &bytes, u64::MAX, covered);
    let end = usize::try_from(scan.end).unwrap_or(usize::MAX);
    let after = bytes.get(end..).unwrap_or(&[]);
    let clear = scan.broken.is_none() && after.iter().all(|byte| *byte == 0);
    let whole = after.len() >= frame::HEADER_BYTES || base + scan.end == last.capacity;
    let (after, end) = (scan.after, base + scan.end);
    if !clear
        || !whole
        || after.size() < promise.size
        || (after.size(), end) != (watermark.size, watermark.offset)
        || !reads && !segment::is_clear(&file, base + read as u64).map_err(unread)?
    {
        return Ok(None);
    }
    for offset in &mut passed.offsets {
        *offset += u32::try_from(base).unwrap_or(u32::MAX);
    }
    let segments = segments.to_vec();
    Ok(Some(Tail { segments, after, last: scan.last, end, torn: None, passed, covered }))
}

/// Walks the last segment, and returns the offsets of its leaves and the root over the first `covered` leaves.
pub(super) fn walk(start: Start, bytes: &[u8], size: u64, covered: u64) -> (Scan, Passed, Option<Hash>) {
    let mut passed = Passed { first: start.tree.size(), offsets: Vec::new() };
    let base = bytes.as_ptr().addr() + frame::LEAF_OVERHEAD;
    let mut tree = start.tree.clone();
    let mut root = (tree.size() == covered).then(|| tree.root());
    let scan = segment::walk_frames(start, bytes, size, |_, _, leaf, hash| {
        passed.offsets.push((leaf.as_ptr().addr() - base) as u32);
        if tree.size() < covered {
            tree.push(hash);
            root = (tree.size() == covered).then(|| tree.root());
        }
    });
    (scan, passed, root)
}

/// The end of a log beside its writer: exactly the promised size, since bytes beyond it may be half written.
pub(super) fn promised(
    ledger: &Path,
    origin: &str,
    mut segments: Vec<Arc<Listed>>,
    promise: Promise,
    start: Option<Start>,
    covered: u64,
) -> Result<Tail, LogError> {
    // The writer may have begun a segment whose first frame is not acknowledged.
    while segments.len() > 1 && segments.last().is_some_and(|s| s.first >= promise.size) {
        segments.pop();
    }
    let last = last_of(&segments, ledger)?.header(origin)?;
    let (scan, passed, covered) = match start {
        Some(start) => {
            let Image { bytes, .. } = segment::image(&last.path, start.offset)?;
            walk(start, &bytes, promise.size, covered)
        }
        // It may have been sealed since it was listed.
        None => (segment::end_of(last, origin, promise.size)?, Passed::default(), None),
    };
    if scan.after.size() != promise.size {
        return Err(promise.broken(last, &scan));
    }
    Ok(Tail { segments, after: scan.after, last: scan.last, end: scan.end, torn: None, passed, covered })
}

fn last_of<'a>(segments: &'a [Arc<Listed>], ledger: &Path) -> Result<&'a Listed, LogError> {
    segments.last().map(Arc::as_ref).ok_or_else(|| LogError::Absent(ledger.to_owned()))
}

/// The hash of the last leaf of the segment before the last.
fn last_before(segments: &[Arc<Listed>], origin: &str) -> Result<Option<Hash>, LogError> {
    let Some(before) = segments.len().checked_sub(2).and_then(|at| segments.get(at)) else { return Ok(None) };
    let before = before.header(origin)?;
    let scan = segment::end_of(before, origin, u64::MAX)?;
    match segments.last().map(|last| last.header(origin)).transpose()? {
        Some(last) if last.before != scan.after => Err(damaged_at(before, &scan, GAP)),
        _ => Ok(scan.last),
    }
}

/// The damage of a segment that does not lead to the next one.
pub(super) const GAP: &str = "the entries up to the next segment are missing";
