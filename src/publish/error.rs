//! The reasons for which a tree is not published.

use std::io;
use std::path::{Path, PathBuf};

use crate::log::LogError;

/// Why a tree is not published. The files in the folder do not change, except that files to which nothing refers yet may be added.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The log cannot be read.
    #[error("{0}")]
    Log(#[from] LogError),
    /// The folder is inside the ledger, or around it: its readers could read the ledger's secret key.
    #[error(
        "{}: it lies in the ledger {}, or around it: what is published must lie apart from the signing key",
        folder.display(), ledger.display()
    )]
    Inside {
        /// The folder of the tree.
        folder: PathBuf,
        /// The ledger.
        ledger: PathBuf,
    },
    /// The folder has the tree of another log.
    #[error("{}: the tree of another log is there, {theirs}; this log is {ours}", folder.display())]
    OtherLog {
        /// The folder of the tree.
        folder: PathBuf,
        /// The name of the log whose tree is there.
        theirs: String,
        /// This log's name.
        ours: String,
    },
    /// The folder has a larger tree.
    #[error("{}: {published} entries are published already, {size} are to be: a tree never shrinks", folder.display())]
    Larger {
        /// The folder of the tree.
        folder: PathBuf,
        /// The number of entries already published.
        published: u64,
        /// The number of entries that were to be published.
        size: u64,
    },
    /// The folder has the tree of another history.
    #[error("{}: this log does not begin with the {published} entries published there: one of the two was rewritten", folder.display())]
    Forked {
        /// The folder of the tree.
        folder: PathBuf,
        /// The number of entries already published.
        published: u64,
    },
    /// The folder has a file that was not written by publishing this log.
    #[error("{}: what stands there is not this log's", .0.display())]
    OtherFile(PathBuf),
    /// The checkpoint in the folder cannot be read.
    #[error("{}, line {line}: {what}: not a checkpoint", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The fault of the line.
        what: &'static str,
    },
    /// The entries do not give the root that was signed for them.
    #[error("the first {0} entries do not give the root that is signed for them: nothing was published")]
    OtherRoot(u64),
    /// Another process is publishing in the folder.
    #[error("{}: another process is publishing there", .0.display())]
    Busy(PathBuf),
    /// The operating system refused.
    #[error("{}: {what}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The operation that failed.
        what: &'static str,
        /// The error of the system.
        source: io::Error,
    },
}

impl PublishError {
    pub(super) fn io(path: &Path, what: &'static str) -> impl FnOnce(io::Error) -> PublishError {
        let path = path.to_owned();
        move |source| PublishError::Io { path, what, source }
    }
}
