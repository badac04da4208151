//! The outcome of an append.

use super::error::LogError;

/// What became of an append.
#[derive(Debug)]
pub enum Append {
    /// Durable; the log now has this size.
    Done {
        /// The size after it.
        size: u64,
    },
    /// The log has another size than expected; nothing was written.
    Conflict {
        /// The size it has.
        actual: u64,
    },
    /// It may or may not have been written. `read(expected_size..)` settles it: a lost append can only lie there.
    Unknown(LogError),
    /// It cannot be written; nothing was.
    Refused(LogError),
}
