//! Sealing: a full segment that is not the last is compressed into a file beside it, which is read back and renamed.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::disk::Disk;
use super::entries::Entries;
use super::error::LogError;
use super::listed::Listed;
use super::lock::Lock;
use super::sealed::{self, Encoder};
use super::segment::{self, Segment};
use super::tail;
use super::tree::{Frontier, leaf_hash};

/// The result of sealing the segments of a log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Compacted {
    /// The number of segments sealed now.
    pub segments: u64,
    /// The number of entries in them.
    pub entries: u64,
    /// The number of segments that were sealed before.
    pub sealed_before: u64,
    /// The size of the segments sealed now before that, in bytes.
    pub bytes_before: u64,
    /// Their size after that, in bytes.
    pub bytes_after: u64,
}

/// A segment to be sealed.
struct Job {
    path: PathBuf,
    first: u64,
    origin: String,
    /// The tree before the segment that follows.
    next: Frontier,
    disk: Disk,
}

/// Seals one segment after another in a thread of its own, which ends when this is dropped and all are sealed.
#[derive(Default)]
pub(super) struct Sealer {
    thread: Mutex<Option<(Sender<Job>, JoinHandle<()>)>>,
    /// Locked while a segment is sealed.
    pub(super) turn: Arc<Mutex<()>>,
}

impl Sealer {
    /// Has a segment sealed that is followed by `next`. If that fails the segment does not change, and `compact` reports the
    /// error.
    pub(super) fn seal(&self, segment: &Listed, origin: &str, next: &Frontier, disk: &Disk) {
        let job = Job {
            path: segment.path.clone(),
            first: segment.first,
            origin: origin.to_owned(),
            next: next.clone(),
            disk: disk.clone(),
        };
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.is_none() {
            let (sender, jobs) = channel();
            let turn = Arc::clone(&self.turn);
            let work = move || seal_all(&jobs, &turn);
            let spawned = std::thread::Builder::new().name("sealing".into()).spawn(work);
            *thread = spawned.ok().map(|handle| (sender, handle));
        }
        if let Some((jobs, _)) = thread.as_ref() {
            // If the thread has ended by a panic, nothing receives the job, and the segment does not change.
            let _ = jobs.send(job);
        }
    }
}

impl Sealer {
    /// Waits until every segment handed over is sealed.
    pub(super) fn finish(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((jobs, handle)) = thread {
            drop(jobs);
            let _ = handle.join();
        }
    }
}

impl Drop for Sealer {
    fn drop(&mut self) {
        self.finish();
    }
}

fn seal_all(jobs: &Receiver<Job>, turn: &Mutex<()>) {
    for job in jobs {
        let _held = turn.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = job.run();
    }
}

impl Job {
    /// Seals the segment; returns its size before and after, in bytes, or `None` if it is sealed already.
    ///
    /// # Errors
    /// [`LogError`] if the segment is not sound, or the disk refuses. Then the segment does not change.
    fn run(&self) -> Result<Option<(u64, u64)>, LogError> {
        let segment = segment::open(&self.path, self.first, &self.origin)?;
        if segment.seal.is_some() {
            return Ok(None);
        }
        let (before, sealed) = self.encode(&segment)?;
        let after = sealed.len() as u64;
        let write = || {
            let (beside, file) = self.disk.beside(&self.path)?;
            file.write_at(0, &sealed)?;
            file.sync()?;
            Ok(beside)
        };
        let beside = write().map_err(LogError::io(&self.path, "cannot be written anew"))?;
        drop(sealed);
        self.check(beside.path(), &segment.before)?;
        let place = || {
            beside.place(&self.path)?;
            self.disk.sync_dir(self.path.parent().unwrap_or(Path::new(".")))
        };
        place().map_err(LogError::io(&self.path, "cannot be put in place"))?;
        Ok(Some((before, after)))
    }

    /// The size of the segment, and its sealed form. A segment that is not sound is never sealed, so that its damage stays
    /// visible.
    fn encode(&self, segment: &Segment) -> Result<(u64, Vec<u8>), LogError> {
        let compress = || LogError::io(&self.path, "cannot be compressed");
        let bytes = segment::read(&self.path, None)?;
        let mut encoder = Encoder::new().map_err(compress())?;
        let mut done = Ok(());
        let scan = segment::walk(segment, &bytes, u64::MAX, |_, leaf, hash| {
            if done.is_ok() {
                done = encoder.push(leaf, hash);
            }
        });
        done.map_err(compress())?;
        if scan.after != self.next {
            let what = scan.broken.map_or(tail::GAP, |(what, _)| what);
            return Err(tail::damaged_at(segment, &scan, what));
        }
        if tail::torn(segment, &bytes, bytes.len(), &scan)?.is_some() {
            let what = "something stands between the last frame and the next segment";
            return Err(tail::damaged_at(segment, &scan, what));
        }
        let sealed = encoder.finish(&self.origin, &segment.before, &scan.after).map_err(compress())?;
        Ok((bytes.len() as u64, sealed))
    }

    /// Reads the sealed form back: every leaf must have its hash, and the tree after them must be that of the next segment.
    fn check(&self, beside: &Path, before: &Frontier) -> Result<(), LogError> {
        let file = segment::open_file(beside)?;
        let sealed = sealed::Sealed::open(file, beside, self.first, &self.origin)?;
        let mut tree = before.clone();
        let mut wrong = None;
        sealed.visit(self.first, |index, leaf, hash| {
            let found = leaf_hash(leaf);
            if found != hash {
                wrong = wrong.or(Some(index));
            }
            tree.push(found);
        })?;
        if wrong.is_some()
            || tree != self.next
            || sealed.segment.before != *before
            || sealed.root() != tree.root()
        {
            let index = wrong.unwrap_or(tree.size());
            let what = format!(
                "entry {index} does not have its stored hash: `chancery audit` lists all damage, \
                 `chancery repair --from DIR` restores"
            );
            return Err(LogError::damaged(&self.path, 0, what));
        }
        Ok(())
    }
}

/// Removes unfinished files that a writer left when it ended; the caller has taken the lock. The folders of attachments may be
/// large, so they are searched only if that writer was cut short.
pub(super) fn clear(ledger: &Path, lock: &Lock, disk: &Disk) {
    let attachments = ["documents", "quotes"].map(|folder| ledger.join(folder));
    let attachments = attachments.into_iter().filter(|_| lock.follows_cut());
    let entries = segment::folder(ledger);
    // There may be a file of the user's beside the ledger's own files, whose names begin with a point.
    let is_unfinished = |path: &Path| {
        let is_own = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        path.extension().is_some_and(|extension| extension == "tmp") && (is_own || path.starts_with(&entries))
    };
    for folder in [entries.clone(), ledger.to_owned()].into_iter().chain(attachments) {
        let listed = std::fs::read_dir(folder).into_iter().flatten();
        for path in listed.filter_map(|file| Some(file.ok()?.path())) {
            if is_unfinished(&path) {
                // A file that cannot be removed does no harm: an unfinished file gets a name that is free.
                let _ = disk.remove(&path);
            }
        }
    }
}

impl Entries {
    /// Seals every segment that is not sealed, except the last; after each, calls `progress` with the number of entries in
    /// sealed segments. If it fails, earlier segments stay sealed, and a second run continues there.
    ///
    /// # Errors
    /// [`LogError::ReadOnly`] if the log was opened for reading; [`LogError::Damaged`] for the first segment that is not
    /// sound, which does not change; [`LogError::Io`] if a file cannot be read or written.
    pub fn compact(&self, progress: &mut dyn FnMut(u64)) -> Result<Compacted, LogError> {
        let (sealer, disk) = self.sealer()?;
        let segments = Arc::clone(&self.state().segments);
        let mut done = Compacted::default();
        for pair in segments.windows(2) {
            let [segment, next] = pair else { continue };
            let (path, first) = (segment.path.clone(), segment.first);
            let (origin, disk) = (self.origin().to_owned(), disk.clone());
            let job = Job { path, first, origin, next: next.header(self.origin())?.before.clone(), disk };
            let _held = sealer.turn.lock().unwrap_or_else(PoisonError::into_inner);
            match job.run()? {
                None => done.sealed_before += 1,
                Some((before, after)) => {
                    done.segments += 1;
                    done.entries += next.first - first;
                    done.bytes_before += before;
                    done.bytes_after += after;
                }
            }
            progress(next.first);
        }
        Ok(done)
    }
}
