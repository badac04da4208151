//! What can go wrong with the index. None of it loses anything: the index is made anew from the entries.

use std::path::PathBuf;

use crate::event::{Index, Size};

/// Why the index cannot be had.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
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
    /// It is not what was written.
    #[error("{}: the index is damaged: {what}: `chancery replay` makes it anew", path.display())]
    Damaged {
        /// Its folder.
        path: PathBuf,
        /// What is wrong.
        what: String,
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
    #[error("entry {found} does not follow on {expected} entries")]
    Gap {
        /// What the index holds.
        expected: Size,
        /// What was given.
        found: Index,
    },
}
