//! Making a ledger that leaves nothing behind if it cannot be finished.

use std::path::{Path, PathBuf};

use super::error::LogError;
use super::format::{ASIDE, PARTS};

/// A ledger that is being made in a folder. Unless it is [finished](Making::finish), dropping it removes every part of it, and
/// the folder if it was made for it.
#[derive(Debug)]
pub struct Making {
    ledger: PathBuf,
    /// The topmost folder that was not there before.
    new_folder: Option<PathBuf>,
    /// The parts of a ledger that were there before and may be.
    before: Vec<&'static str>,
    is_finished: bool,
}

impl Making {
    /// Examines the folder before anything is made.
    ///
    /// # Errors
    /// [`LogError::Present`] if any part of a ledger is there already.
    pub fn begin(ledger: &Path) -> Result<Making, LogError> {
        check_absent(ledger)?;
        let is_new = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
        let new_folder = ledger.ancestors().take_while(is_new).last().map(Path::to_owned);
        let before = ASIDE.into_iter().filter(|part| is_there(&ledger.join(part))).collect();
        Ok(Making { ledger: ledger.to_owned(), new_folder, before, is_finished: false })
    }

    /// Keeps the ledger, which is complete.
    pub fn finish(mut self) {
        self.is_finished = true;
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        if self.is_finished {
            return;
        }
        // A part that cannot be removed is reported by the next attempt.
        if let Some(folder) = &self.new_folder {
            let _ = std::fs::remove_dir_all(folder);
            return;
        }
        let aside = ASIDE.into_iter().filter(|part| !self.before.contains(part));
        for path in PARTS.into_iter().chain(aside).map(|part| self.ledger.join(part)) {
            let _ = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        }
    }
}

/// Checks that there is no part of a ledger: a new one is not made even over a key, which would not be its own.
pub(super) fn check_absent(ledger: &Path) -> Result<(), LogError> {
    if PARTS.into_iter().any(|part| is_there(&ledger.join(part))) {
        return Err(LogError::Present(ledger.to_owned()));
    }
    Ok(())
}

/// True if the name is taken, even by a link to nowhere.
fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}
