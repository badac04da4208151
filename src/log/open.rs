//! Opens a log: finds its end, and checks it against the watermark and the checkpoint.

use std::path::Path;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, OnceLock, RwLock};

use super::blocks::Blocks;
use super::checkpoint::{Checkpoint, SignedCheckpoint};
use super::disk::Disk;
use super::durable::Unsynced;
use super::entries::Entries;
use super::error::LogError;
use super::format;
use super::key::VerifierKey;
use super::listed::Listed;
use super::lock::{Holder, Lock};
use super::mark::Mark;
use super::seal::{self, Sealer};
use super::state::State;
use super::tail::{self, Promise, Tail};
use super::watermark::{self, Watermark};
use super::writer::{Turn, Writer};

/// The name, watermark and checkpoint that a ledger states beside its segments.
struct Stated {
    origin: String,
    watermark: Watermark,
    checkpoint: Option<SignedCheckpoint>,
}

/// The entries that an opening reads.
#[derive(Clone, Copy)]
enum Extent {
    /// Every sound frame of a log that has no writer.
    Sound,
    /// Those that a writer at work has acknowledged: bytes beyond them may be half written.
    Acknowledged,
    /// Those that the head covers.
    Head,
}

impl Stated {
    fn read(ledger: &Path) -> Result<Stated, LogError> {
        Stated::of(ledger, format::read(ledger)?)
    }

    /// Reads in this order, and before the segments are listed: an entry that a writer adds meanwhile may then be listed and
    /// not promised, but never promised and not listed.
    fn of(ledger: &Path, origin: String) -> Result<Stated, LogError> {
        let watermark = Watermark::read(ledger)?;
        let checkpoint = SignedCheckpoint::read(&ledger.join("checkpoint"))?;
        Ok(Stated { origin, watermark, checkpoint })
    }

    /// Checks the signature of the head. If the log has a verifier key, the head must be signed with it, because the head decides
    /// which entries are the log's own. A reader with keys of its own does not ask the folder for one.
    fn check_signature(&self, ledger: &Path, keys: &[VerifierKey]) -> Result<(), LogError> {
        if keys.is_empty() {
            return self.checkpoint.as_ref().map_or(Ok(()), |signed| signed.check_signature(ledger));
        }
        match self.checkpoint.as_ref().is_some_and(|signed| signed.is_signed_by(keys, &self.origin)) {
            true => Ok(()),
            false => Err(LogError::Untrusted(ledger.join("checkpoint"))),
        }
    }
}

impl Entries {
    /// Opens for reading: takes no lock, writes nothing, works on a read-only copy and beside a writer.
    ///
    /// While a writer holds the lock, the entries that it acknowledged are read. Otherwise frames beyond the watermark are
    /// made durable before they are used, so that no answer depends on entries that a power cut could undo.
    ///
    /// # Errors
    /// [`LogError`] if the log cannot be read; damage is always reported, never skipped.
    pub fn open_reader(ledger: &Path) -> Result<Entries, LogError> {
        Entries::open_reader_at(ledger, None, &[])
    }

    /// Like [`Entries::open_reader`], from a mark on: the part before it is not read. A mark that is not of this log, or that
    /// no checkpoint covers, is ignored; [`Entries::opened_at`] shows that.
    ///
    /// If keys are given, the log is read as far as its head covers it, and one of them must have signed that head: anyone who
    /// can write to the folder can put entries behind it, and replace `key.pub`.
    ///
    /// # Errors
    /// Those of [`Entries::open_reader`]; [`LogError::Untrusted`] if no key that is given signed the head.
    pub fn open_reader_at(
        ledger: &Path,
        mark: Option<&Mark>,
        keys: &[VerifierKey],
    ) -> Result<Entries, LogError> {
        let mut before = None;
        loop {
            let held = Lock::is_held(ledger);
            let extent = match (keys, held) {
                ([_, ..], _) => Extent::Head,
                ([], true) => Extent::Acknowledged,
                ([], false) => Extent::Sound,
            };
            let opened = Stated::read(ledger).and_then(|stated| {
                stated.check_signature(ledger, keys)?;
                Entries::open(ledger, stated, extent, mark, true)
            });
            match opened {
                // A writer may have begun to write meanwhile; only damage that is the same twice is real.
                Err(LogError::Damaged { offset, what, .. })
                    if !held && before != Some((offset, what.clone())) =>
                {
                    before = Some((offset, what));
                }
                opened => return opened.map(|log| Entries { recovered: None, ..log }),
            }
        }
    }

    /// Finds the end of the log and checks it against the promise; writes nothing. If `reads` is true, frames beyond the
    /// watermark are made durable, and near a mark the rest of the segment is not checked for zeros.
    fn open(
        ledger: &Path,
        stated: Stated,
        extent: Extent,
        mark: Option<&Mark>,
        reads: bool,
    ) -> Result<Entries, LogError> {
        let Stated { origin, watermark, checkpoint } = stated;
        let checkpoint = checkpoint.map(|signed| signed.head);
        let promise = match (extent, &checkpoint) {
            (Extent::Head, Some(head)) => Promise::of_head(head),
            _ => Promise::of(watermark, checkpoint.as_ref()),
        };
        let left_out = watermark.size.saturating_sub(promise.size);
        let find = |segments: Vec<Arc<Listed>>, mark: Option<&Mark>| {
            let start = mark.map(Mark::start);
            let covered = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.size);
            match extent {
                Extent::Head | Extent::Acknowledged => {
                    tail::promised(ledger, &origin, segments, promise, start, covered)
                }
                Extent::Sound => {
                    let tail = tail::at_rest(ledger, &origin, segments, promise, start, covered)?;
                    if reads {
                        tail.make_durable(watermark)?;
                    }
                    Ok(tail)
                }
            }
        };
        let log = |found: Tail, opened_at: Option<u64>| {
            let Tail { segments, after, last, end, torn, passed, .. } = found;
            let state =
                State { segments: Arc::new(segments), tree: after, last: last.into_iter().collect(), end };
            Entries {
                ledger: ledger.to_owned(),
                origin: origin.clone(),
                state: RwLock::new(Arc::new(state)),
                writer: None,
                recovered: torn,
                passed,
                opened_at,
                left_out,
                kept: AtomicUsize::new(0),
                blocks: Blocks::default(),
                ahead: Mutex::default(),
            }
        };
        let listed = Listed::all(ledger)?;
        let usable = |(mark, head): &(&Mark, &Checkpoint)| {
            let here = listed.last().is_some_and(|last| last.first == mark.segment);
            here && mark.tree.size() <= head.size && head.origin == origin
        };
        // If anything is wrong with the mark, the log is opened without it.
        if let Some((mark, head)) = mark.zip(checkpoint.as_ref()).filter(usable) {
            // Near the mark the end is found at the watermark.
            let near = match left_out {
                0 => tail::near(&listed, &origin, watermark, promise, mark.start(), head.size, reads)?,
                _ => None,
            };
            let found = near.map_or_else(|| find(listed.clone(), Some(mark)), Ok);
            if let Some(found) = found.ok().filter(|found| found.covered == Some(head.root)) {
                return Ok(log(found, Some(mark.tree.size())));
            }
        }
        // Without a mark every header must be sound.
        listed.iter().try_for_each(|segment| segment.header(&origin).map(drop))?;
        let log = log(find(listed, None)?, None);
        checkpoint.map_or(Ok(()), |checkpoint| log.check(&checkpoint))?;
        Ok(log)
    }

    /// Opens for writing: takes the lock, scans the tail, and clears an append that was cut short. Entries beyond the
    /// watermark are durable only once the first append is acknowledged, or [`Entries::make_durable`] is done.
    ///
    /// # Errors
    /// [`LogError::Locked`] if another process has it open for writing; [`LogError::Damaged`] if the log is not sound, with
    /// nothing changed.
    pub fn open_writer(ledger: &Path, holder: &Holder, disk: Disk) -> Result<Entries, LogError> {
        Entries::open_writer_at(ledger, holder, disk, None)
    }

    /// Like [`Entries::open_writer`], from a mark on as in [`Entries::open_reader_at`].
    ///
    /// # Errors
    /// Those of [`Entries::open_writer`].
    pub fn open_writer_at(
        ledger: &Path,
        holder: &Holder,
        disk: Disk,
        mark: Option<&Mark>,
    ) -> Result<Entries, LogError> {
        // No lock is made in a folder without a ledger.
        let origin = format::read(ledger)?;
        let lock = Lock::take(ledger, holder)?;
        let stated = Stated::of(ledger, origin)?;
        stated.check_signature(ledger, &[])?;
        let watermark = stated.watermark;
        let mut log = Entries::open(ledger, stated, Extent::Sound, mark, false)?;
        let state = log.state();
        let last = state.last_segment().ok_or_else(|| LogError::Absent(ledger.to_owned()))?;
        let cannot = "cannot be opened for writing";
        let tail = disk.open(&last.path).map_err(LogError::io(&last.path, cannot))?;
        let turn = Turn { tail, unsynced: Unsynced::between(watermark, last, state.end) };
        let path = watermark::path(ledger);
        let file = disk.open(&path).map_err(LogError::io(&path, cannot))?;
        seal::clear(ledger, &lock, &disk);
        let writer = Writer {
            disk,
            watermark: file,
            turn: Mutex::new(turn),
            poisoned: OnceLock::new(),
            sealer: Sealer::default(),
            lock: Mutex::new(Some(lock)),
            holder: holder.clone(),
        };
        if let Some(torn) = &log.recovered {
            log.settle(&writer, &mut writer.turn(), Some(torn))?;
        }
        log.writer = Some(writer);
        Ok(log)
    }

    /// Checks the log against its checkpoint: another root there means that acknowledged entries were changed.
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
}
