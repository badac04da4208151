//! What can go wrong with a log, where, and what to do.

use std::io;
use std::path::{Path, PathBuf};

use super::key_file::KeyError;
use super::lock::Holder;

/// Why the log cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The operating system refused.
    #[error("{}: {what}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// There is no ledger.
    #[error("no ledger at {}", .0.display())]
    Absent(PathBuf),
    /// The folder holds another ledger, or another copy, than when it was opened.
    #[error("{}: another ledger was put in the place of the one that was opened: open it anew", .0.display())]
    Replaced(PathBuf),
    /// There is something already.
    #[error("{}: there is a ledger, or a part of one, already", .0.display())]
    Present(PathBuf),
    /// Bytes are not what was written, or acknowledged bytes are gone.
    #[error("{}: damaged at byte {offset}: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Bytes from the start of the file.
        offset: u64,
        /// What is wrong, with the index of the entry where it is known.
        what: String,
    },
    /// Written by a later program.
    #[error("{}: format {found} is not known to this program (it reads format 1): use a newer chancery", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The version found.
        found: String,
    },
    /// Another process writes.
    #[error("ledger in use by {0}")]
    Locked(Box<Holder>),
    /// Another process makes the indexes.
    #[error("sled/ and snapshot/ are being made by {0}")]
    IndexesLocked(Box<Holder>),
    /// A leaf or batch beyond the limits.
    #[error("{what} of {bytes} bytes: the limit is {limit}")]
    TooLarge {
        /// A leaf or a batch.
        what: &'static str,
        /// Its size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// An earlier write or sync failed: nothing more is written until the log is opened again.
    #[error("{}: an earlier write failed ({why}): open the ledger again; what was acknowledged is safe", path.display())]
    Poisoned {
        /// The segment.
        path: PathBuf,
        /// What failed.
        why: String,
    },
    /// Opened for reading.
    #[error("the log was opened for reading")]
    ReadOnly,
    /// A name that no log may have.
    #[error(
        "{0:?} cannot be the name of a log: use letters, digits, dots, hyphens and slashes, no spaces and no +"
    )]
    Origin(String),
    /// The log's key.
    #[error("{0}")]
    Key(#[from] KeyError),
    /// No such position.
    #[error("the log has {size} entries: there is no {asked}")]
    Beyond {
        /// The size.
        size: u64,
        /// What was asked, an index or a size.
        asked: u64,
    },
}

impl LogError {
    pub(crate) fn io(path: &Path, what: &'static str) -> impl FnOnce(io::Error) -> LogError {
        let path = path.to_owned();
        move |source| LogError::Io { path, what, source }
    }

    pub(crate) fn damaged(path: &Path, offset: u64, what: impl Into<String>) -> LogError {
        LogError::Damaged { path: path.to_owned(), offset, what: what.into() }
    }
}
