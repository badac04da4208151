//! The lines of a file, plain or compressed with gzip, one at a time and never more than one in memory.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

/// The longest line that is read, in bytes: the event of an entry is never longer.
pub const LINE_BYTES_MAX: usize = 1 << 20;

/// Why no more lines can be read.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// A line is longer than the limit.
    #[error("line {line} has more than {LINE_BYTES_MAX} bytes: is this JSON Lines, one object a line?")]
    TooLong {
        /// The number of the line, from 1.
        line: u64,
    },
    /// Reading failed: a disk error, or a compressed file that is cut short or damaged.
    #[error("after line {line}: {source}")]
    Read {
        /// The last line that was read whole.
        line: u64,
        /// The error of the system, or of the decompressor.
        source: io::Error,
    },
    /// A row of cells is longer than the limit.
    #[error("the row of line {line} has more than {LINE_BYTES_MAX} bytes: is a quote left open?")]
    RowTooLong {
        /// The line on which it begins, from 1.
        line: u64,
    },
    /// A cell in quotes runs to the end of the file.
    #[error("a quote that is opened in the row of line {line} is never closed: is the file cut short?")]
    OpenQuote {
        /// The line on which the row begins, from 1.
        line: u64,
    },
}

/// The lines of a file.
pub(super) struct Lines<R: BufRead> {
    input: R,
    line: u64,
    ended: bool,
}

/// The lines of a file, decompressed if it begins as gzip does.
///
/// # Errors
/// [`io::Error`] if not even the beginning can be read.
pub(super) fn lines<'r>(input: impl Read + Send + 'r) -> io::Result<Lines<Box<dyn BufRead + Send + 'r>>> {
    Ok(Lines { input: decompressed(input)?, line: 0, ended: true })
}

/// The bytes of a file, decompressed if it begins as gzip does.
///
/// # Errors
/// [`io::Error`] if not even the beginning can be read.
pub fn decompressed<'r>(input: impl Read + Send + 'r) -> io::Result<Box<dyn BufRead + Send + 'r>> {
    let mut input = BufReader::with_capacity(1 << 16, input);
    let compressed = input.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    Ok(match compressed {
        true => Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(input))),
        false => Box::new(input),
    })
}

impl<R: BufRead> Lines<R> {
    /// True if the last line had a line end: a file that is cut short stops in the middle of a line.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// The next line with its number, from 1, without its end; `None` after the last.
    ///
    /// # Errors
    /// [`LineError`].
    pub(super) fn next(&mut self, into: &mut Vec<u8>) -> Result<Option<u64>, LineError> {
        into.clear();
        let limit = LINE_BYTES_MAX as u64 + 1;
        let read = self.input.by_ref().take(limit).read_until(b'\n', into);
        let read = read.map_err(|source| LineError::Read { line: self.line, source })?;
        if read == 0 {
            return Ok(None);
        }
        self.line += 1;
        self.ended = into.last() == Some(&b'\n');
        while matches!(into.last(), Some(b'\n' | b'\r')) {
            into.pop();
        }
        match into.len() > LINE_BYTES_MAX {
            true => Err(LineError::TooLong { line: self.line }),
            false => Ok(Some(self.line)),
        }
    }
}
