//! Reads the acts in the lines of a file of the neutral form, without importing them.

use std::io::Read;

use super::lines::{LineError, lines};
use super::neutral::read_line;
use crate::event::Event;

/// An act as a line states it. Its id is not yet given.
#[derive(Clone, PartialEq, Debug)]
pub struct StatedAct {
    /// The act, with the dates that the source gives.
    pub event: Event,
    /// Its participant as the source names it.
    pub named: String,
    /// True if the source takes back an act that it stated before.
    pub retracts: bool,
    /// The key of the stated act, by which a later line can take it back.
    pub key: String,
}

/// Reads every line and passes it to `visit` with its number, from 1, or with the reason for which it cannot be read. Empty lines
/// are passed over.
///
/// # Errors
/// [`LineError`] if no more lines can be read.
pub fn read_acts(
    input: impl Read + Send,
    mut visit: impl FnMut(u64, Result<StatedAct, String>),
) -> Result<(), LineError> {
    let mut lines = lines(input).map_err(|source| LineError::Read { line: 0, source })?;
    let mut text = Vec::new();
    while let Some(line) = lines.next(&mut text)? {
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let said =
            std::str::from_utf8(&text).map_err(|e| format!("not UTF-8 at byte {}", e.valid_up_to() + 1));
        let read = said.and_then(read_line).map(|read| StatedAct {
            event: read.event,
            named: read.named,
            retracts: read.retracts,
            key: read.key,
        });
        visit(line, read);
    }
    Ok(())
}
