//! The reasons for which a file was not imported to its end.

use std::io;

use crate::ledger::LedgerError;

use super::lines::LineError;
use super::map::MapError;

/// Why a file was not imported to its end. Entries recorded before stay.
#[derive(Debug, thiserror::Error)]
pub enum EventsError {
    /// The file cannot be opened or read.
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
    /// The file does not fit its map.
    #[error("{0}")]
    Map(MapError),
    /// The header of the file cannot be read.
    #[error("{0}")]
    Header(String),
    /// No more lines can be read.
    #[error("{source}; {taken} {what} are recorded: mend the file and run the same command again")]
    Line {
        /// The fault of the line.
        source: LineError,
        /// The number of lines recorded, now or before.
        taken: u64,
        /// The unit that is counted: lines or acts.
        what: &'static str,
    },
    /// More of the file is left out than can be reported.
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
