//! The source of lines of the neutral form: a file written in that form, or rows read by a map.

use std::io::{BufRead, Read};

use super::events_error::EventsError;
use super::lines::{LineError, Lines, lines};
use super::map::Map;
use super::mapped::{HeadError, Mapped, Said};
use super::neutral::{Line, read_line};

/// The lines of a file.
pub(super) enum Stream<'s> {
    /// JSON Lines, with a buffer for one line.
    Lines(Lines<Box<dyn BufRead + Send + 's>>, Vec<u8>),
    /// Rows, by a map.
    Rows(Box<Mapped<'s, Box<dyn BufRead + Send + 's>>>),
}

impl<'s> Stream<'s> {
    /// Opens a file, and reads up to its first line or row.
    ///
    /// # Errors
    /// [`EventsError`].
    pub(super) fn open(file: impl Read + Send + 's, map: Option<&'s Map>) -> Result<Stream<'s>, EventsError> {
        let lines = lines(file)?;
        let Some(map) = map else { return Ok(Stream::Lines(lines, Vec::new())) };
        match Mapped::new(map, lines) {
            Ok(mapped) => Ok(Stream::Rows(Box::new(mapped))),
            Err(HeadError::Line(source)) => Err(EventsError::Line { source, taken: 0, what: "acts" }),
            Err(HeadError::Map(error)) => Err(EventsError::Map(error)),
            Err(HeadError::Header(what)) => Err(EventsError::Header(what)),
        }
    }

    /// The next line or row; `None` after the last.
    ///
    /// # Errors
    /// [`LineError`].
    pub(super) fn next(&mut self) -> Result<Option<Said>, LineError> {
        match self {
            Stream::Lines(lines, text) => {
                let line = lines.next(text)?;
                Ok(line.map(|line| Said { line, cells: vec![text.clone()], acts: acts(text) }))
            }
            Stream::Rows(mapped) => mapped.next(),
        }
    }

    /// The unit that is counted: lines or acts.
    pub(super) fn noun(&self) -> &'static str {
        match self {
            Stream::Lines(..) => "lines",
            Stream::Rows(_) => "acts",
        }
    }
}

/// The act of a line of JSON; empty if the line is blank.
fn acts(text: &[u8]) -> Vec<Result<Line, String>> {
    if text.iter().all(u8::is_ascii_whitespace) {
        return Vec::new();
    }
    let said = std::str::from_utf8(text).map_err(|e| format!("not UTF-8 at byte {}", e.valid_up_to() + 1));
    vec![said.and_then(read_line)]
}
