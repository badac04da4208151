//! The folder of published files: chooses the one to open, puts a new one in place, removes old ones.

use std::path::{Path, PathBuf};

use crate::index::IndexError;
use crate::log::{Beside, Disk, Mark, VerifierKey};

use super::read::Mapped;

const FOLDER: &str = "snapshot";
const EXTENSION: &str = "index";
/// The extensions of files that earlier programs published, and of files that were never finished.
const SUPERSEDED: [&str; 2] = ["part", "tmp"];

/// The published files of a ledger, the largest first. Only their names are read.
pub fn index_files(ledger: &Path) -> Vec<PathBuf> {
    let mut files = listed(ledger);
    files.retain(|path| path.extension().is_some_and(|own| own == EXTENSION));
    // The size has the same number of digits in every name.
    files.sort_by(|a, b| b.file_name().cmp(&a.file_name()));
    files
}

fn listed(ledger: &Path) -> Vec<PathBuf> {
    let Ok(files) = std::fs::read_dir(ledger.join(FOLDER)) else { return Vec::new() };
    files.filter_map(|file| Some(file.ok()?.path())).collect()
}

/// Opens the largest file that can be read.
pub(in crate::index) fn open_largest(
    ledger: &Path,
    origin: &str,
    key: Option<&VerifierKey>,
) -> Option<Mapped> {
    index_files(ledger).iter().find_map(|path| Mapped::open(path, origin, key).ok())
}

/// The path of the file for a mark: its name gives the number of entries that it covers and the first bytes of their root.
pub(super) fn place(ledger: &Path, mark: &Mark) -> PathBuf {
    let root: String = mark.tree.root().0.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    ledger.join(FOLDER).join(format!("{:020}-{root}.{EXTENSION}", mark.tree.size()))
}

/// True if the name of a published file agrees with its mark.
pub fn is_named_by(path: &Path, mark: &Mark) -> bool {
    let named = place(Path::new(""), mark);
    path.file_name().is_some_and(|name| Some(name) == named.file_name())
}

/// Puts a finished file in place, and removes the others.
pub(super) fn put_in_place(from: Beside, to: &Path, ledger: &Path, disk: &Disk) -> Result<(), IndexError> {
    from.place(to).map_err(|e| IndexError::Io { path: to.to_owned(), said: e.to_string() })?;
    for other in listed(ledger) {
        let ours = [EXTENSION].into_iter().chain(SUPERSEDED);
        let is_ours = other.extension().is_some_and(|own| ours.into_iter().any(|one| own == one));
        if is_ours && other != to {
            // A file that cannot be removed is ignored at the next opening.
            let _ = disk.remove(&other);
        }
    }
    Ok(())
}
