//! Errors of the log: the fault, the place, and the remedy.

use std::io;
use std::path::{Path, PathBuf};

use super::key_file::KeyError;
use super::lock::Holder;

/// The log cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The operating system refused.
    #[error("{}: {what}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The operation that failed.
        what: &'static str,
        /// The error of the operating system.
        source: io::Error,
    },
    /// There is no ledger.
    #[error("no ledger at {}", .0.display())]
    Absent(PathBuf),
    /// The folder has another ledger, or another copy, than when it was opened.
    #[error("{}: another ledger was put in the place of the one that was opened: open it anew", .0.display())]
    Replaced(PathBuf),
    /// There is a ledger, or a part of one, already.
    #[error("{}: there is a ledger, or a part of one, already", .0.display())]
    Present(PathBuf),
    /// Bytes differ from those that were written, or acknowledged bytes are gone.
    #[error("{}: damaged at byte {offset}: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The offset in the file, in bytes.
        offset: u64,
        /// A description of the damage, with the index of the entry if it is known.
        what: String,
    },
    /// The ledger was written by a later program.
    #[error("{}: format {found} is not known to this program (it reads format 1): use a newer chancery", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The version in the file.
        found: String,
    },
    /// Another process has the log open for writing.
    #[error("ledger in use by {0}")]
    Locked(Box<Holder>),
    /// Another process is making the indexes.
    #[error("sled/ and snapshot/ are being made by {0}")]
    IndexesLocked(Box<Holder>),
    /// A leaf or a batch exceeds its limit.
    #[error("{what} of {bytes} bytes: the limit is {limit}")]
    TooLarge {
        /// Either a leaf or a batch.
        what: &'static str,
        /// Its size, in bytes.
        bytes: u64,
        /// The limit, in bytes.
        limit: u64,
    },
    /// An earlier write or sync failed: nothing more is written until the log is opened again.
    #[error("{}: an earlier write failed ({why}): open the ledger again; what was acknowledged is safe", path.display())]
    Poisoned {
        /// The segment.
        path: PathBuf,
        /// The error of that write or sync.
        why: String,
    },
    /// The log was opened for reading.
    #[error("the log was opened for reading")]
    ReadOnly,
    /// The name is not one that a log may have.
    #[error(
        "{0:?} cannot be the name of a log: use letters, digits, dots, hyphens and slashes, no spaces and no +"
    )]
    Origin(String),
    /// The log's key cannot be used.
    #[error("{0}")]
    Key(#[from] KeyError),
    /// No head of the log is signed with a key that the reader trusts.
    #[error("{}: no head of this log is signed with the verifier key that you gave", .0.display())]
    Untrusted(PathBuf),
    /// The index or size is beyond the end of the log.
    #[error("the log has {size} entries: there is no {asked}")]
    Beyond {
        /// The size of the log.
        size: u64,
        /// The index or size that was asked for.
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
