//! Why a file was not taken in to its end.

use std::io;

use crate::ledger::LedgerError;

use super::lines::LineError;
use super::map::MapError;

/// Why a file was not taken in to its end. What was recorded before stays.
#[derive(Debug, thiserror::Error)]
pub enum EventsError {
    /// The file cannot be opened or read.
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
    /// The file does not fit its map.
    #[error("{0}")]
    Map(MapError),
    /// The file has no header that could be read.
    #[error("{0}")]
    Header(String),
    /// No more lines can be read; how many were recorded before.
    #[error("{source}; {taken} {what} are recorded: mend the file and run the same command again")]
    Line {
        /// Why.
        source: LineError,
        /// Recorded now or before.
        taken: u64,
        /// What is counted.
        what: &'static str,
    },
    /// Nearly nothing of the file can be taken.
    #[error(
        "by line {line} more is left out than can be reported: is this the right file, and the right map?"
    )]
    TooMany {
        /// The last line that was read.
        line: u64,
    },
    /// The ledger refuses, or cannot be written.
    #[error("{0}")]
    Ledger(#[from] LedgerError),
}
