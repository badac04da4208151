//! Why a tree is not published.

use std::io;
use std::path::{Path, PathBuf};

use crate::log::LogError;

/// Why a tree is not published. What is in the folder stays as it is, but for files that nothing refers to yet.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The log cannot be read.
    #[error("{0}")]
    Log(#[from] LogError),
    /// The folder would be read by the same people as the ledger's secret key.
    #[error(
        "{}: it lies in the ledger {}, or around it: what is published must lie apart from the signing key",
        folder.display(), ledger.display()
    )]
    Inside {
        /// Where the tree was to go.
        folder: PathBuf,
        /// The ledger.
        ledger: PathBuf,
    },
    /// The tree of another log.
    #[error("{}: the tree of another log is there, {theirs}; this log is {ours}", folder.display())]
    OtherLog {
        /// Where the tree was to go.
        folder: PathBuf,
        /// Whose tree is there.
        theirs: String,
        /// This log's name.
        ours: String,
    },
    /// A larger tree.
    #[error("{}: {published} entries are published already, {size} are to be: a tree never shrinks", folder.display())]
    Larger {
        /// Where the tree was to go.
        folder: PathBuf,
        /// How many are published.
        published: u64,
        /// How many were to be.
        size: u64,
    },
    /// The tree of another history.
    #[error("{}: this log does not begin with the {published} entries published there: one of the two was rewritten", folder.display())]
    Forked {
        /// Where the tree was to go.
        folder: PathBuf,
        /// How many are published.
        published: u64,
    },
    /// A file that no publishing of this log wrote.
    #[error("{}: what stands there is not this log's", .0.display())]
    OtherFile(PathBuf),
    /// The checkpoint there says nothing.
    #[error("{}, line {line}: {what}: not a checkpoint", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// The entries are not those that were signed.
    #[error("the first {0} entries do not give the root that is signed for them: nothing was published")]
    OtherRoot(u64),
    /// Two at a time.
    #[error("{}: another process is publishing there", .0.display())]
    Busy(PathBuf),
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
}

impl PublishError {
    pub(super) fn io(path: &Path, what: &'static str) -> impl FnOnce(io::Error) -> PublishError {
        let path = path.to_owned();
        move |source| PublishError::Io { path, what, source }
    }
}
