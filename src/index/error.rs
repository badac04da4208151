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
