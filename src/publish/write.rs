//! Writes a tree into a folder, in such an order that a reader never sees a checkpoint whose files are missing.
//!
//! Every file is written under another name, synced and renamed; the checkpoint comes last. An existing file is never written
//! again: a full file never changes, and a partial file of the same width has the same content.

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::log::{Disk, Entries, Hash, SignedCheckpoint, regular};

use super::error::PublishError;
use super::part::{CHECKPOINT, Part};
use super::tiles::Tiles;

/// The name of files that are not yet in place: each is written as `.publish.N.tmp` in the folder, then renamed. No reader asks for
/// such a file, even if a run is cut short and leaves one.
const UNFINISHED: &str = "publish";

/// The result of publishing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Published {
    /// The number of entries published.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// The number of entries published there before; `None` if there was no tree.
    pub before: Option<u64>,
    /// The number of files written.
    pub written: u64,
    /// The number of files of this tree that were already there.
    pub there: u64,
}

/// Publishes the tree of a signed head of a log in a folder, and reports the number of entries written to `progress`.
///
/// # Errors
/// [`PublishError`]; the checkpoint in the folder does not change then.
pub fn publish(
    log: &Entries,
    head: &SignedCheckpoint,
    folder: &Path,
    disk: &Disk,
    progress: &mut dyn FnMut(u64),
) -> Result<Published, PublishError> {
    let size = head.head.size;
    let parent = apart(folder, log.folder())?;
    let new = !folder.exists();
    std::fs::create_dir_all(folder).map_err(PublishError::io(folder, "cannot be made"))?;
    let lock = lock(folder)?;
    let published = read(folder)?;
    if let Some(before) = &published {
        extends(log, head, before, folder)?;
    }
    let before = published.as_ref().map(|before| before.head.size);
    let mut site =
        Site { folder, disk, before: before.unwrap_or(0), touched: BTreeSet::new(), written: 0, there: 0 };
    let tiles = site.files(log, size, progress)?;
    if tiles.root() != head.head.root {
        return Err(PublishError::OtherRoot(size));
    }
    site.settle(new.then_some(parent).as_deref())?;
    match published.is_some_and(|before| before == *head) {
        true => site.there += 1,
        false => site.write(&folder.join(CHECKPOINT), head.to_string().as_bytes())?,
    }
    disk.sync_dir(folder).map_err(PublishError::io(folder, "cannot be synced"))?;
    drop(lock);
    let Site { written, there, .. } = site;
    Ok(Published { size, root: head.head.root, before, written, there })
}

/// Checks that the folder is neither inside the ledger nor around it. Returns its parent folder.
fn apart(folder: &Path, ledger: &Path) -> Result<PathBuf, PublishError> {
    let io = |source| PublishError::Io { path: folder.to_owned(), what: "cannot be found", source };
    let whole = std::path::absolute(folder).map_err(io)?;
    let there = whole.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?)));
    let place = match there {
        Some((above, real)) => real.join(whole.strip_prefix(above).unwrap_or(Path::new(""))),
        None => whole.clone(),
    };
    let home = ledger.canonicalize().unwrap_or_else(|_| ledger.to_owned());
    if place.starts_with(&home) || home.starts_with(&place) {
        return Err(PublishError::Inside { folder: folder.to_owned(), ledger: ledger.to_owned() });
    }
    Ok(whole.parent().unwrap_or(&whole).to_owned())
}

/// Takes the lock of the folder: only one process publishes at a time, so that none replaces a later checkpoint by an earlier one.
/// If the file system has no locks, this is not checked.
fn lock(folder: &Path) -> Result<File, PublishError> {
    let file = File::open(folder).map_err(PublishError::io(folder, "cannot be opened"))?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(PublishError::Busy(folder.to_owned())),
        _ => Ok(file),
    }
}

/// The checkpoint in the folder.
fn read(folder: &Path) -> Result<Option<SignedCheckpoint>, PublishError> {
    let path = folder.join(CHECKPOINT);
    let bytes = match regular::read(&path, regular::TEXT_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(PublishError::io(&path, "cannot be read")(e)),
    };
    let text = String::from_utf8_lossy(&bytes);
    let parsed = SignedCheckpoint::parse(&text);
    parsed.map(Some).map_err(|(line, what)| PublishError::Checkpoint { path, line, what })
}

/// Checks that the log begins with the entries published there.
fn extends(
    log: &Entries,
    head: &SignedCheckpoint,
    before: &SignedCheckpoint,
    folder: &Path,
) -> Result<(), PublishError> {
    let (ours, theirs, folder) = (&head.head, &before.head, folder.to_owned());
    if ours.origin != theirs.origin {
        let (theirs, ours) = (theirs.origin.clone(), ours.origin.clone());
        return Err(PublishError::OtherLog { folder, theirs, ours });
    }
    if theirs.size > ours.size {
        return Err(PublishError::Larger { folder, published: theirs.size, size: ours.size });
    }
    match log.root(theirs.size)? == theirs.root {
        true => Ok(()),
        false => Err(PublishError::Forked { folder, published: theirs.size }),
    }
}

/// The folder that is being written.
struct Site<'a> {
    folder: &'a Path,
    disk: &'a Disk,
    /// The number of entries already published.
    before: u64,
    /// Folders whose names may not be durable yet.
    touched: BTreeSet<PathBuf>,
    written: u64,
    there: u64,
}

impl Site<'_> {
    /// Writes every file of the tree except the checkpoint.
    fn files(
        &mut self,
        log: &Entries,
        size: u64,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Tiles, PublishError> {
        let mut tiles = Tiles::default();
        let mut done: Result<(), PublishError> = Ok(());
        log.scan(0, |index, leaf, _| {
            if index < size && done.is_ok() {
                done = tiles.push(leaf, &mut |part, bytes| {
                    progress(index);
                    self.place(part, bytes)
                });
            }
        })?;
        done?;
        tiles.finish(&mut |part, bytes| self.place(part, bytes))?;
        Ok(tiles)
    }

    fn place(&mut self, part: Part, bytes: &[u8]) -> Result<(), PublishError> {
        let path = self.folder.join(part.path());
        let folder = path.parent().unwrap_or(self.folder).to_owned();
        // A full file of the tree already published is durable; an audit compares its bytes.
        let covered = part.is_full_in(self.before);
        if self.is_there(&path, bytes, covered)? {
            self.there += 1;
            if covered {
                return Ok(());
            }
        } else {
            std::fs::create_dir_all(&folder).map_err(PublishError::io(&folder, "cannot be made"))?;
            self.write(&path, bytes)?;
        }
        self.touched.extend(folder.ancestors().take_while(|at| *at != self.folder).map(Path::to_owned));
        Ok(())
    }

    /// True if a file is already there. Of a file that the tree already published covers, only the length is compared. A file with
    /// other content is not this log's, and is left as it is.
    fn is_there(&self, path: &Path, bytes: &[u8], covered: bool) -> Result<bool, PublishError> {
        let unreadable = PublishError::io(path, "cannot be read");
        let same = match covered {
            true => std::fs::metadata(path).map(|found| found.len() == bytes.len() as u64),
            false => regular::read(path, regular::GIVEN_BYTES_MAX).map(|found| found == bytes),
        };
        match same {
            Ok(true) => Ok(true),
            Ok(false) => Err(PublishError::OtherFile(path.to_owned())),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
            Err(e) => Err(unreadable(e)),
        }
    }

    /// Puts a file in place; its name is durable only once its folder is synced.
    fn write(&mut self, path: &Path, bytes: &[u8]) -> Result<(), PublishError> {
        let written = self.disk.beside(&self.folder.join(UNFINISHED)).and_then(|(beside, file)| {
            file.write_at(0, bytes)?;
            file.sync()?;
            beside.place(path)
        });
        written.map_err(PublishError::io(path, "cannot be written"))?;
        self.written += 1;
        Ok(())
    }

    /// Makes every name durable, before the checkpoint refers to it.
    fn settle(&self, parent: Option<&Path>) -> Result<(), PublishError> {
        let folders = self.touched.iter().map(PathBuf::as_path);
        for folder in folders.chain([self.folder]).chain(parent) {
            self.disk.sync_dir(folder).map_err(PublishError::io(folder, "cannot be synced"))?;
        }
        Ok(())
    }
}
