//! `LOCK`: one writer at a time. `UPKEEP`: one process at a time that makes the indexes. Both are advisory locks that die with
//! their process.

use std::fmt;
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use super::error::LogError;
use super::regular;

/// The process that holds the lock, according to the lock's file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Holder {
    /// Process id.
    pub pid: String,
    /// The command.
    pub command: String,
    /// The time at which it took the lock, `HH:MM` UTC.
    pub since: String,
    /// The address of a server that holds the lock for as long as it runs.
    pub address: Option<ServerAddress>,
}

/// The address of a server, safe to print on a terminal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerAddress(String);

impl ServerAddress {
    /// Reads an address: `http://` or `https://` and at most 200 further visible ASCII characters.
    pub fn parse(text: &str) -> Option<ServerAddress> {
        let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"))?;
        let is_sound = (1..=200).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_graphic());
        is_sound.then(|| ServerAddress(text.to_owned()))
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pid {} ({}) since {}", self.pid, self.command, self.since)?;
        self.address.as_ref().map_or(Ok(()), |address| write!(f, ", a server at {address}"))
    }
}

/// The right to write the log, or to make its indexes, until it is dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
    /// True if the process that had the lock before was cut short: a process that ends in order leaves the file empty.
    follows_cut: bool,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A process that is killed leaves its name in the file. If the name cannot be removed, the lock is free all the same.
        let _ = self.file.set_len(0);
    }
}

/// Writers wait this long for one another, in the order in which they came.
const PATIENCE: Duration = Duration::from_secs(5);
/// A reader that tests a lock takes it for an instant; only after this time does a process assume another holder.
const PROBE: Duration = Duration::from_millis(60);

fn path(ledger: &Path) -> PathBuf {
    ledger.join("LOCK")
}

impl Lock {
    /// Takes the lock on the log and writes the holder into its file.
    ///
    /// # Errors
    /// [`LogError::Locked`] with the other holder; [`LogError::Io`] if the file cannot be written or locked.
    pub fn take(ledger: &Path, holder: &Holder) -> Result<Lock, LogError> {
        Lock::take_file(path(ledger), holder, PATIENCE)
    }

    /// Takes the lock on the indexes, trying for at most `patience`, and writes the holder into its file.
    ///
    /// # Errors
    /// [`LogError::IndexesLocked`] with the last known holder; [`LogError::Io`] if the file cannot be written or locked.
    pub fn take_upkeep(ledger: &Path, holder: &Holder, patience: Duration) -> Result<Lock, LogError> {
        Lock::take_file(ledger.join("UPKEEP"), holder, patience).map_err(|error| match error {
            LogError::Locked(holder) => LogError::IndexesLocked(holder),
            other => other,
        })
    }

    fn take_file(path: PathBuf, holder: &Holder, patience: Duration) -> Result<Lock, LogError> {
        let file =
            regular::open_or_make(&path).map_err(LogError::io(&path, "cannot be opened for writing"))?;
        let mut file = wait(file, &path, patience)?;
        let address = holder.address.iter().map(|address| format!("{address}\n"));
        let address = address.collect::<String>();
        let text = format!("{}\n{}\n{}\n{address}", holder.pid, holder.command, holder.since);
        let follows_cut = file.metadata().is_ok_and(|file| file.len() > 0);
        let written =
            file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(text.as_bytes()));
        written.map_err(LogError::io(&path, "cannot be written"))?;
        Ok(Lock { file, follows_cut })
    }

    /// True if the process that had the lock before was cut short, so that unfinished files may remain.
    pub(super) fn follows_cut(&self) -> bool {
        self.follows_cut
    }

    /// True if a process has the log open for writing, or a writer was cut short: one that ends in order leaves the file
    /// empty.
    pub fn is_unreleased(ledger: &Path) -> bool {
        Lock::is_held(ledger) || std::fs::metadata(path(ledger)).is_ok_and(|file| file.len() > 0)
    }

    /// True if a process holds the lock. Needs no right to write; false if there is no lock file.
    pub fn is_held(ledger: &Path) -> bool {
        let Ok(file) = regular::open(&path(ledger)) else { return false };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }
}

/// Waits for a lock, unless a server holds it: that keeps it for as long as it runs.
fn wait(file: File, path: &Path, patience: Duration) -> Result<File, LogError> {
    let started = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if started.elapsed() < PROBE.min(patience) => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(TryLockError::WouldBlock) => break,
            Err(TryLockError::Error(e)) => return Err(LogError::io(path, "cannot be locked")(e)),
        }
    }
    let holder = said(path);
    let left = patience.saturating_sub(started.elapsed());
    if holder.address.is_some() || left.is_zero() {
        return Err(LogError::Locked(Box::new(holder)));
    }
    // The system queues processes that wait, but knows no time limit: a thread waits, and releases the lock if it comes too
    // late.
    let (sender, receiver) = sync_channel(0);
    let waiting = std::thread::Builder::new().name("lock".into()).spawn(move || {
        let locked = file.lock().map(|()| file);
        let _ = sender.send(locked);
    });
    waiting.map_err(LogError::io(path, "cannot be waited for"))?;
    match receiver.recv_timeout(left) {
        Ok(locked) => locked.map_err(LogError::io(path, "cannot be locked")),
        Err(_) => Err(LogError::Locked(Box::new(said(path)))),
    }
}

fn said(path: &Path) -> Holder {
    let mut text = String::new();
    let read = regular::open(path).and_then(|f| f.take(4096).read_to_string(&mut text));
    let mut lines = text.lines().map(str::to_owned);
    let mut line = || lines.next().filter(|_| read.is_ok());
    let mut known = || line().unwrap_or_else(|| "unknown".into());
    let (pid, command, since) = (known(), known(), known());
    Holder { pid, command, since, address: line().and_then(|line| ServerAddress::parse(&line)) }
}
