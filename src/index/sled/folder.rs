//! The generations of the index in sled: folders, of which the newest complete one is opened.

use std::path::{Path, PathBuf};

use crate::event::Size;
use crate::log::{Hash, regular};

use super::head::Head;

const FOLDER: &str = "sled";
/// The file that marks a generation as complete.
const COMPLETE: &str = "complete";
/// A copy of the head beside the files of sled, so that it can be read before they are opened.
const HEAD_FILE: &str = "head";
/// The head lists every run and level: this size is enough for some ten million of them.
const HEAD_BYTES_MAX: u64 = 128 << 20;

/// The end of an index in sled, according to the file beside it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stated {
    /// There is no complete generation.
    Nothing,
    /// The file is missing, damaged or of another log: sled has to be opened.
    Unknown,
    /// The end of the index when it was last written.
    Head {
        /// The number of entries.
        size: Size,
        /// The RFC 6962 hash of the last leaf.
        last: Option<Hash>,
    },
}

/// The size and last leaf of the newest complete generation, read from the file `head` without opening sled.
pub(super) fn stated(ledger: &Path, origin: &str) -> Stated {
    let Some(folder) = newest(ledger) else { return Stated::Nothing };
    let head =
        regular::read(&folder.join(HEAD_FILE), HEAD_BYTES_MAX).ok().and_then(|head| Head::decode(&head).ok());
    match head.filter(|head| head.origin == origin) {
        Some(head) => Stated::Head { size: Size(head.size), last: head.last.map(Hash) },
        None => Stated::Unknown,
    }
}

/// The newest complete generation.
pub(super) fn newest(ledger: &Path) -> Option<PathBuf> {
    generations(ledger).into_iter().rev().find(|folder| folder.join(COMPLETE).exists())
}

/// The first path among the files of a generation that is neither a file nor a folder, links followed.
pub(super) fn irregular(folder: &Path) -> Option<PathBuf> {
    let listed = |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files = listed(folder).chain(listed(&folder.join("blobs"))).map(|item| item.path());
    files.find(|path| std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()))
}

/// Makes the folder of the next generation.
pub(super) fn make_next(ledger: &Path) -> std::io::Result<PathBuf> {
    let last = generations(ledger).last().and_then(|path| path.file_name()?.to_str()?.parse::<u64>().ok());
    let folder = ledger.join(FOLDER).join(format!("{:06}", last.unwrap_or(0) + 1));
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Copies the head into the file beside sled. If that fails, the next reader of the head has to open sled.
pub(super) fn state(folder: &Path, head: &Head) {
    let _ = std::fs::write(folder.join(HEAD_FILE), head.encode());
}

/// Declares a generation complete, and removes older ones.
pub(super) fn complete(ledger: &Path, folder: &Path) -> std::io::Result<()> {
    std::fs::write(folder.join(COMPLETE), b"")?;
    for old in generations(ledger).into_iter().filter(|other| other.as_path() < folder) {
        // An old generation that cannot be removed does no harm: the newest complete one is opened.
        let _ = std::fs::remove_dir_all(old);
    }
    Ok(())
}

/// Removes the mark "complete" from a generation. If that fails, the next writer finds the damage again.
pub(super) fn condemn(folder: &Path) {
    let _ = std::fs::remove_file(folder.join(COMPLETE));
}

/// The folders of generations, oldest first.
fn generations(ledger: &Path) -> Vec<PathBuf> {
    let Ok(listed) = std::fs::read_dir(ledger.join(FOLDER)) else { return Vec::new() };
    let is_number = |name: &str| name.parse::<u64>().is_ok();
    let named = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()).is_some_and(is_number);
    let mut found: Vec<PathBuf> = listed.filter_map(|entry| Some(entry.ok()?.path())).filter(named).collect();
    found.sort();
    found
}
