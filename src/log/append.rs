//! The outcome of an append.

use super::error::LogError;

/// The result of an append.
#[derive(Debug)]
pub enum Append {
    /// It is durable; the log now has this size.
    Done {
        /// The size after the append.
        size: u64,
    },
    /// The log does not have the expected size; nothing was written.
    Conflict {
        /// The size of the log.
        actual: u64,
    },
    /// It may or may not have been written. `read(expected_size..)` settles it: a lost append can only be there.
    Unknown(LogError),
    /// It cannot be written, and nothing was.
    Refused(LogError),
}
