//! `LOCK`: one writer at a time. `UPKEEP`: one process at a time that makes the indexes. Both are advisory locks that die with
//! their process.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::error::LogError;

/// Who holds the lock, as it said.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Holder {
    /// Process id.
    pub pid: String,
    /// The command.
    pub command: String,
    /// Since when, `HH:MM` UTC.
    pub since: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pid {} ({}) since {}", self.pid, self.command, self.since)
    }
}

/// The right to write the log, or to make its indexes, until dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Whoever is cut short leaves its name. That it cannot be taken out harms nothing: the lock is free all the same.
        let _ = self.file.set_len(0);
    }
}

/// A reader that probes the lock holds it for an instant; a writer tries this long before it believes in another.
const PATIENCE: Duration = Duration::from_millis(60);

fn path(ledger: &Path) -> PathBuf {
    ledger.join("LOCK")
}

impl Lock {
    /// Takes the lock on the log and says who holds it.
    ///
    /// # Errors
    /// [`LogError::Locked`] with who has it.
    pub fn take(ledger: &Path, holder: &Holder) -> Result<Lock, LogError> {
        Lock::take_file(path(ledger), holder, PATIENCE)
    }

    /// Takes the lock on the indexes, trying for as long as `patience`, and says who holds it.
    ///
    /// # Errors
    /// [`LogError::IndexesLocked`] with who had it last.
    pub fn take_upkeep(ledger: &Path, holder: &Holder, patience: Duration) -> Result<Lock, LogError> {
        Lock::take_file(ledger.join("UPKEEP"), holder, patience).map_err(|error| match error {
            LogError::Locked(holder) => LogError::IndexesLocked(holder),
            other => other,
        })
    }

    fn take_file(path: PathBuf, holder: &Holder, patience: Duration) -> Result<Lock, LogError> {
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = open.map_err(LogError::io(&path, "cannot be opened for writing"))?;
        let started = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if started.elapsed() < patience => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(TryLockError::WouldBlock) => return Err(LogError::Locked(said(&path))),
                Err(TryLockError::Error(e)) => return Err(LogError::io(&path, "cannot be locked")(e)),
            }
        }
        let text = format!("{}\n{}\n{}\n", holder.pid, holder.command, holder.since);
        let written =
            file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(text.as_bytes()));
        written.map_err(LogError::io(&path, "cannot be written"))?;
        Ok(Lock { file })
    }

    /// Whether a process writes, or one that wrote was cut short: who ends in order leaves the file empty.
    pub fn is_unreleased(ledger: &Path) -> bool {
        Lock::is_held(ledger) || std::fs::metadata(path(ledger)).is_ok_and(|file| file.len() > 0)
    }

    /// Whether a process holds the lock. Needs no right to write; where there is no lock file nobody does.
    pub fn is_held(ledger: &Path) -> bool {
        let Ok(file) = File::open(path(ledger)) else { return false };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }
}

fn said(path: &Path) -> Holder {
    let mut text = String::new();
    let read = File::open(path).and_then(|f| f.take(4096).read_to_string(&mut text));
    let mut lines = text.lines().map(str::to_owned);
    let mut line = || lines.next().filter(|_| read.is_ok()).unwrap_or_else(|| "unknown".into());
    Holder { pid: line(), command: line(), since: line() }
}
