//! Errors of reading or making an index. None of them loses data: an index can always be made anew from the entries.

use std::path::PathBuf;

use crate::event::{Index, Size};

/// An index cannot be read or written.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// The operating system refused to read or write a file.
    #[error("{}: the index: {said}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The message of the operating system.
        said: String,
    },
    /// The index is damaged.
    #[error("{}: the index is damaged: {what}: `chancery replay` makes it anew", path.display())]
    Damaged {
        /// The file or folder; empty for tables in memory.
        path: PathBuf,
        /// The damage.
        what: String,
    },
    /// There is no index.
    #[error("{}: there is no index: `chancery replay` makes one", .0.display())]
    Absent(PathBuf),
    /// Another process has the index open.
    #[error("{}: another process has the index open", path.display())]
    Busy {
        /// Its folder.
        path: PathBuf,
    },
    /// The folder of the index cannot be written to; sled writes whenever it is opened.
    #[error("{}: the index cannot be opened for writing: {said}", path.display())]
    ReadOnly {
        /// Its folder.
        path: PathBuf,
        /// The message of the operating system.
        said: String,
    },
    /// sled did not answer in time.
    #[error("{}: the index did not answer within {seconds} s: `chancery replay` makes it anew", path.display())]
    TimedOut {
        /// Its folder.
        path: PathBuf,
        /// The time allowed, in seconds.
        seconds: u64,
    },
    /// The index has more entries than the evidence.
    #[error(
        "the index holds {index} entries, the evidence {entries}: acknowledged entries may be gone, or one of the two is \
         another ledger's; restore entries/ from a backup, `chancery repair --from DIR`; neither was changed"
    )]
    Ahead {
        /// The size of the index.
        index: Size,
        /// The size of the evidence.
        entries: Size,
    },
    /// The index and the evidence have the same size, and end in different leaves.
    #[error(
        "the index and the evidence end in different leaves at {size} entries: one of the two was changed or is another \
         ledger's; compare with a copy, `chancery audit`; neither was changed"
    )]
    Other {
        /// The size of both.
        size: Size,
    },
    /// The entry to be added is not the next one.
    #[error("entry {given} does not follow on {expected} entries")]
    Gap {
        /// The size of the index.
        expected: Size,
        /// The index of the entry.
        given: Index,
    },
    /// The size asked about is larger than the index.
    #[error("the index holds {size} entries, not {asked}")]
    Beyond {
        /// The size of the index.
        size: Size,
        /// The size asked about.
        asked: Size,
    },
}
