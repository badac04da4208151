//! Sealing: a full segment that another follows is put into its compressed form, beside it, read back, and renamed.

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

/// What sealing made of a log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Compacted {
    /// How many segments were sealed now.
    pub segments: u64,
    /// How many entries they hold.
    pub entries: u64,
    /// How many segments had been sealed before.
    pub sealed_before: u64,
    /// The bytes of the segments that were sealed now, before.
    pub bytes_before: u64,
    /// And after.
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
    /// Held while a segment is sealed.
    pub(super) turn: Arc<Mutex<()>>,
}

impl Sealer {
    /// Has a segment sealed that `next` follows. Where that fails it stays as it is: `compact` says why.
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
            // Nobody takes it where the thread ended by a panic: then the segment stays as it is.
            let _ = jobs.send(job);
        }
    }
}

impl Sealer {
    /// Waits until every segment is sealed that was to be.
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
    /// Seals the segment; gives its bytes before and after, `None` where it is sealed already.
    ///
    /// # Errors
    /// [`LogError`]: it is not sound, or the disk refuses. It is as it was then.
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

    /// The bytes that the segment has, and its sealed form. What is not sound is never sealed: it stays to be seen.
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

    /// Reads the sealed form back: every leaf has its hash, and the tree after them is that of the next segment.
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

/// Removes what a writer left beside files that it was making when it ended; the lock must be taken. The folders of
/// attachments, which may be large, are looked at only if that writer was cut short.
pub(super) fn clear(ledger: &Path, lock: &Lock, disk: &Disk) {
    let attachments = ["documents", "quotes"].map(|folder| ledger.join(folder));
    let attachments = attachments.into_iter().filter(|_| lock.follows_cut());
    let entries = segment::folder(ledger);
    // A file of the user's may lie beside the ledger's own, which begin with a point.
    let is_unfinished = |path: &Path| {
        let is_own = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        path.extension().is_some_and(|extension| extension == "tmp") && (is_own || path.starts_with(&entries))
    };
    for folder in [entries.clone(), ledger.to_owned()].into_iter().chain(attachments) {
        let listed = std::fs::read_dir(folder).into_iter().flatten();
        for path in listed.filter_map(|file| Some(file.ok()?.path())) {
            if is_unfinished(&path) {
                // What cannot be removed is in nobody's way: another name is taken.
                let _ = disk.remove(&path);
            }
        }
    }
}

impl Entries {
    /// Seals every segment that is not sealed and that another follows; tells `progress` after each how many entries stand
    /// in sealed segments. What was sealed when it fails stays sealed; a second run goes on there.
    ///
    /// # Errors
    /// [`LogError::ReadOnly`] where the log was opened for reading; [`LogError::Damaged`] at the first segment that is not
    /// sound, which stays as it is; [`LogError::Io`].
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
