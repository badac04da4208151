//! Published read models of the log: immutable files, mapped into memory, from which a question is answered without sled,
//! without a lock and without the right to write.
//!
//! A snapshot is one *base* over the first entries and at most one *delta* over those that follow. Each is a file in
//! `snapshot/`, named by its first index, its size and its root, put in place whole and never changed. It is believed only
//! where the tree in it, grown with the leaves that came after, has the root of the checkpoint; each block of 4 KiB has a
//! checksum that is looked at when it is first touched. Everything in it can be made anew from the log.

mod draft;
mod folder;
mod header;
mod map;
mod part;
mod rows;
#[cfg(test)]
mod tests;
mod whole;

use std::path::PathBuf;

pub use draft::{Draft, PairKey, RowDraft};
pub use folder::{PartFile, Snapshot, part_files, publish};
pub use part::{OnDay, PairAt, Part, StoredReading};
pub use rows::Said;

/// Why a snapshot cannot be read. Questions go on without it.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is not what was written.
    #[error("{}: damaged at byte {offset}: remove the folder, `chancery compact` makes it anew", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Bytes from its start.
        offset: u64,
    },
    /// A log of more entries than the numbers of a snapshot count.
    #[error("a log of {0} entries is too long for a snapshot")]
    TooLong(u64),
}
