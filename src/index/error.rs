//! Why an index cannot be had or made. None of it loses anything: every index is made anew from the entries.

use std::path::PathBuf;

use crate::event::{Index, Size};

/// Why an index cannot be read or written.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// The system refused.
    #[error("{}: the index: {said}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        said: String,
    },
    /// It is not what was written.
    #[error("{}: the index is damaged: {what}: `chancery replay` makes it anew", path.display())]
    Damaged {
        /// The file or folder; empty for what is in memory.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// There is none.
    #[error("{}: there is no index: `chancery replay` makes one", .0.display())]
    Absent(PathBuf),
    /// Another process has it open.
    #[error("{}: another process has the index open", path.display())]
    Busy {
        /// Its folder.
        path: PathBuf,
    },
    /// Its folder cannot be written to, and sled writes whenever it is opened.
    #[error("{}: the index cannot be opened for writing: {said}", path.display())]
    ReadOnly {
        /// Its folder.
        path: PathBuf,
        /// What the system said.
        said: String,
    },
    /// sled did not come back.
    #[error("{}: the index did not answer within {seconds} s: `chancery replay` makes it anew", path.display())]
    TimedOut {
        /// Its folder.
        path: PathBuf,
        /// How long was waited.
        seconds: u64,
    },
    /// It holds more than the evidence.
    #[error(
        "the index holds {index} entries, the evidence {entries}: acknowledged entries may be gone, or one of the two is \
         another ledger's; restore entries/ from a backup, `chancery repair --from DIR`; neither was changed"
    )]
    Ahead {
        /// Of the index.
        index: Size,
        /// Of the evidence.
        entries: Size,
    },
    /// It ends in another leaf than the evidence.
    #[error(
        "the index and the evidence end in different leaves at {size} entries: one of the two was changed or is another \
         ledger's; compare with a copy, `chancery audit`; neither was changed"
    )]
    Other {
        /// Of both.
        size: Size,
    },
    /// Entries that do not follow on.
    #[error("entry {given} does not follow on {expected} entries")]
    Gap {
        /// How many entries the index holds.
        expected: Size,
        /// The entry that was given.
        given: Index,
    },
    /// A size that the index does not reach.
    #[error("the index holds {size} entries, not {asked}")]
    Beyond {
        /// How many entries the index holds.
        size: Size,
        /// How many were asked for.
        asked: Size,
    },
}
