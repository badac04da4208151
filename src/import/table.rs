//! The rows of a file of cells, one at a time and never more than one in memory.

use std::io::BufRead;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::lines::{LINE_BYTES_MAX, LineError, Lines};

/// A row.
pub(super) struct Row {
    /// The line on which it begins, from 1.
    pub(super) line: u64,
    /// Its cells, byte for byte.
    pub(super) cells: Vec<Vec<u8>>,
    /// True if a line end follows it.
    pub(super) ended: bool,
}

/// The rows of a file.
pub(super) struct Table<R: BufRead> {
    lines: Lines<R>,
    core: Reader,
    /// The line that is being read, the position reached in it, and its number.
    input: Vec<u8>,
    at: usize,
    line: u64,
    /// The cells of a row, one after another, and the end of each.
    out: Vec<u8>,
    ends: Vec<usize>,
}

impl<R: BufRead> Table<R> {
    pub(super) fn new(lines: Lines<R>, delimiter: u8) -> Table<R> {
        let core = ReaderBuilder::new().delimiter(delimiter).build();
        Table { lines, core, input: Vec::new(), at: 0, line: 0, out: vec![0; 1 << 12], ends: vec![0; 1 << 6] }
    }

    /// The next line as written, before the rows begin: a title, or a remark. `None` after the last.
    ///
    /// # Errors
    /// [`LineError`].
    pub(super) fn skip(&mut self) -> Result<Option<Vec<u8>>, LineError> {
        Ok(self.refill()?.then(|| std::mem::take(&mut self.input)))
    }

    /// The next row; `None` after the last. Lines without any cell are passed over.
    ///
    /// # Errors
    /// [`LineError`], also for a quote that is never closed, because it would hide every later row.
    pub(super) fn next(&mut self) -> Result<Option<Row>, LineError> {
        let (mut used, mut ended, mut line) = (0, 0, self.line);
        loop {
            let begun = used + ended > 0;
            if self.at == self.input.len() && !self.refill().map_err(|e| too_long(e, begun, line))? {
                return if begun { Err(LineError::OpenQuote { line }) } else { Ok(None) };
            }
            if !begun {
                line = self.line;
            }
            let (said, read, wrote, found) =
                self.core.read_record(&self.input[self.at..], &mut self.out[used..], &mut self.ends[ended..]);
            self.at += read;
            used += wrote;
            ended += found;
            if used > LINE_BYTES_MAX {
                return Err(LineError::RowTooLong { line });
            }
            match said {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.out.resize(self.out.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record => break,
                ReadRecordResult::End => return Ok(None),
            }
        }
        let mut from = 0;
        let cut = |end: &usize| self.out[std::mem::replace(&mut from, *end)..*end].to_vec();
        let cells = self.ends[..ended].iter().map(cut).collect();
        Ok(Some(Row { line, cells, ended: self.lines.ended() }))
    }

    /// Reads the next line and gives it a uniform line end; false after the last.
    fn refill(&mut self) -> Result<bool, LineError> {
        self.at = 0;
        let Some(line) = self.lines.next(&mut self.input)? else { return Ok(false) };
        if line == 1 && self.input.starts_with(b"\xef\xbb\xbf") {
            self.input.drain(..3);
        }
        self.input.push(b'\n');
        self.line = line;
        Ok(true)
    }
}

/// A line without end is a row without end; inside quotes, it belongs to the row that began before.
fn too_long(error: LineError, begun: bool, first: u64) -> LineError {
    match error {
        LineError::TooLong { line } => LineError::RowTooLong { line: if begun { first } else { line } },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::super::lines::lines;
    use super::*;

    fn rows(bytes: &[u8]) -> Result<Vec<(u64, Vec<String>)>, LineError> {
        let mut table = Table::new(lines(bytes).unwrap(), b',');
        let mut rows = Vec::new();
        while let Some(row) = table.next()? {
            let cells = row.cells.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
            rows.push((row.line, cells));
        }
        Ok(rows)
    }

    #[test]
    fn rows_are_what_the_csv_reader_says_with_the_lines_on_which_they_begin() {
        let pieces = ["a", ",", "\"", "\n", "\r\n", "\"\"", "é", " ", "\"x\ny\"", ",,"];
        let mut state = 7u64;
        let mut compared = 0;
        for _ in 0..4_000 {
            let mut text = String::new();
            for _ in 0..12 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text.push_str(pieces[(state >> 33) as usize % pieces.len()]);
            }
            let Ok(mine) = rows(text.as_bytes()) else { continue };
            let mut reader =
                csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            let theirs: Vec<Vec<String>> = reader
                .records()
                .map(|record| record.unwrap().iter().map(|cell| cell.replace("\r\n", "\n")).collect())
                .collect();
            assert_eq!(mine.iter().map(|(_, cells)| cells.clone()).collect::<Vec<_>>(), theirs, "{text:?}");
            let lines: Vec<&str> = text.split('\n').collect();
            for (line, cells) in &mine {
                let from = rows(lines[*line as usize - 1..].join("\n").as_bytes()).unwrap();
                assert_eq!(from.first(), Some(&(1, cells.clone())), "{text:?}, line {line}");
            }
            compared += 1;
        }
        assert!(compared > 1_000, "only {compared}");
    }

    #[test]
    fn a_quote_that_is_never_closed_and_a_row_without_end_are_named() {
        let open = rows(b"a,b\n1,2\n3,\"4\n5,6\n").unwrap_err();
        assert!(matches!(open, LineError::OpenQuote { line: 3 }), "{open}");
        let long = [b"a,b\n1,\"".as_slice(), &b"x\n".repeat(LINE_BYTES_MAX)].concat();
        assert!(matches!(rows(&long).unwrap_err(), LineError::RowTooLong { line: 2 }));
        let commas = [b"a,b\n".as_slice(), &b",".repeat(LINE_BYTES_MAX + 1)].concat();
        assert!(matches!(rows(&commas).unwrap_err(), LineError::RowTooLong { line: 2 }));
        assert_eq!(
            rows("\u{feff}a\n\n\nb".as_bytes()).unwrap(),
            [(1, vec!["a".into()]), (4, vec!["b".into()])]
        );
    }
}
