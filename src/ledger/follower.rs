//! A reader that follows a ledger which another process writes.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, TryLockError};
use std::time::{Duration, Instant as Clock};

use crate::event::Instant;
use crate::index::index_files;
use crate::log::Growth;

use super::LedgerError;
use super::reading::{Reading, Stores};
use super::record::Record;

/// The longest time for which a reading is behind the log, besides the time that reading the new entries takes.
const PAUSE: Duration = Duration::from_millis(100);

/// A ledger that is read while another process writes it. Threads share it; it takes no lock and writes nothing.
///
/// Each [reading](Follower::reading) is the record at the size that was acknowledged when the follower looked last, at most
/// 100 ms ago. An earlier reading does not change.
///
/// ```no_run
/// # use std::path::Path;
/// # use chancery::{Follower, Question, event::Instant};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let now = Instant::parse("2026-11-24T09:00:00Z")?;
/// let follower = Follower::open(Path::new("chancery.ledger"))?;
/// let answer = follower.reading(now)?.ask(&Question::status("BLR", "sco").on("2023-07-01"))?;
/// # Ok(()) }
/// ```
pub struct Follower {
    /// The latest record. It is replaced as a whole, and locked only for the replacement.
    latest: RwLock<Arc<Record>>,
    looking: Mutex<Looking>,
    /// The time at which the log is looked at next, in milliseconds since `began`.
    due: AtomicU64,
    /// True if the last look at the log failed: then every caller looks again, and none gets the earlier record.
    has_failed: AtomicBool,
    began: Clock,
    stores: Arc<Stores>,
}

/// The state of the one thread that looks at the log.
struct Looking {
    growth: Growth,
    /// The published file that was last seen.
    published: Option<PathBuf>,
}

impl Follower {
    /// Opens a ledger, also on a read-only copy and beside a writer.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn open(path: &Path) -> Result<Follower, LedgerError> {
        let growth = Growth::begin(path)?;
        let published = index_files(path).into_iter().next();
        let record = Record::open(path, &[])?;
        Ok(Follower {
            latest: RwLock::new(Arc::new(record)),
            looking: Mutex::new(Looking { growth, published }),
            due: AtomicU64::new(0),
            has_failed: AtomicBool::new(false),
            began: Clock::now(),
            stores: Arc::default(),
        })
    }

    /// The record as it was acknowledged at most 100 ms ago; `now` is the clock that decides the day of `today`. One thread at a
    /// time reads the new entries; meanwhile the others get the previous reading.
    ///
    /// # Errors
    /// [`LogError::Replaced`](crate::log::LogError::Replaced) if another ledger was put into the folder; [`LedgerError`] if the new
    /// entries cannot be read. The next call tries again.
    pub fn reading(&self, now: Instant) -> Result<Reading, LedgerError> {
        self.reading_at(now, self.began.elapsed())
    }

    /// The same at a time since the follower was opened.
    pub(super) fn reading_at(&self, now: Instant, at: Duration) -> Result<Reading, LedgerError> {
        let at = u64::try_from(at.as_millis()).unwrap_or(u64::MAX);
        if self.is_due(at)
            && let Some(mut looking) = self.turn()
            // Another thread may just have looked.
            && self.is_due(at)
        {
            let looked = self.look(&mut looking);
            self.has_failed.store(looked.is_err(), Ordering::Release);
            looked?;
            self.due.store(at.saturating_add(PAUSE.as_millis() as u64), Ordering::Release);
        }
        Ok(Reading::of(self.latest(), Arc::clone(&self.stores), now))
    }

    fn is_due(&self, at: u64) -> bool {
        self.has_failed.load(Ordering::Acquire) || at >= self.due.load(Ordering::Acquire)
    }

    /// The right to look at the log; `None` if another thread has it and the last look did not fail.
    fn turn(&self) -> Option<MutexGuard<'_, Looking>> {
        match self.has_failed.load(Ordering::Acquire) {
            true => Some(self.looking.lock().unwrap_or_else(PoisonError::into_inner)),
            false => match self.looking.try_lock() {
                Ok(turn) => Some(turn),
                Err(TryLockError::Poisoned(stopped)) => Some(stopped.into_inner()),
                Err(TryLockError::WouldBlock) => None,
            },
        }
    }

    fn latest(&self) -> Arc<Record> {
        Arc::clone(&self.latest.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks first for a newly published file, then for new entries: every entry that the file covers was acknowledged before.
    fn look(&self, looking: &mut Looking) -> Result<(), LedgerError> {
        let latest = self.latest();
        let newest = index_files(latest.path()).into_iter().next();
        let is_new = newest.is_some() && newest != looking.published;
        let published = if is_new { super::published(latest.path(), &[])? } else { None };
        looking.growth.follow(latest.log())?;
        if published.is_some() || latest.log().size() > latest.size().0 {
            let record = Arc::new(latest.grown(published)?);
            *self.latest.write().unwrap_or_else(PoisonError::into_inner) = record;
        }
        looking.published = newest;
        Ok(())
    }
}

#[cfg(test)]
impl Follower {
    /// The number of bodies and pairs whose entries are kept for the next question.
    pub(super) fn kept(&self) -> usize {
        self.stores.kept()
    }
}
