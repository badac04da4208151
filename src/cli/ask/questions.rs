//! Reads questions from the rows of a file, one by one: CSV or JSON Lines.

use std::io::{BufRead, BufReader, Read};

use serde_json::Value;

use crate::event::of_cell;

/// A row of a file of questions.
pub(crate) struct Row {
    /// The line in the file, counted from 1.
    pub(crate) line: u64,
    /// The words of the question, or the reason why they cannot be read.
    pub(crate) words: Result<Words, String>,
}

/// The words of a question; an empty word means the default.
#[derive(Clone, Default, Debug)]
pub(crate) struct Words([String; KEYS.len()]);

/// The fields of a question: first the name that answers use, then the other names accepted.
const KEYS: [&[&str]; 6] = [
    &["participant", "party"],
    &["body", "organisation", "in"],
    &["on", "valid_at"],
    &["as_known", "known_at"],
    &["as_recorded", "recorded_at"],
    &["is"],
];

impl Words {
    /// The participant.
    pub(crate) fn participant(&self) -> &str {
        &self.0[0]
    }

    /// The organisation or treaty.
    pub(crate) fn body(&self) -> &str {
        &self.0[1]
    }

    /// The day that the question is about.
    pub(crate) fn on(&self) -> &str {
        &self.0[2]
    }

    /// The date of knowledge: only acts public by then count.
    pub(crate) fn as_known(&self) -> &str {
        &self.0[3]
    }

    /// The size, time or checkpoint of this ledger.
    pub(crate) fn as_recorded(&self) -> &str {
        &self.0[4]
    }

    /// The status that the question asks to confirm.
    pub(crate) fn is(&self) -> &str {
        &self.0[5]
    }

    /// The words that the row gives, under the names that answers use.
    pub(crate) fn said(&self) -> Value {
        let said = KEYS.iter().zip(&self.0).filter(|(_, word)| !word.is_empty());
        said.map(|(names, word)| (names[0].to_owned(), Value::from(word.as_str()))).collect()
    }
}

/// The contents of the first line of a CSV.
pub(crate) struct Header {
    /// The column of each field.
    columns: [Option<usize>; KEYS.len()],
    /// The correction of line numbers: 1 if lines end in CR LF, because the reader then counts one too few; otherwise 0.
    late: u64,
}

/// The rows of a file, in one of two forms.
pub(crate) enum Rows<'r> {
    /// A CSV with a header.
    Csv(Box<csv::Reader<Box<dyn Read + 'r>>>, Header),
    /// JSON Lines, one object on each line, and the number of the last line read.
    Jsonl(Box<dyn BufRead + 'r>, u64),
}

/// The longest line of JSON that is read, in bytes.
const LINE_BYTES_MAX: u64 = 1 << 20;

const MARK: &[u8] = b"\xef\xbb\xbf";

impl<'r> Rows<'r> {
    /// Recognises the form by the first character: an object begins with a brace.
    ///
    /// # Errors
    /// The reason why the file as a whole cannot be read.
    pub(crate) fn new(file: impl Read + 'r) -> Result<Rows<'r>, String> {
        let mut file = BufReader::new(file);
        let begins = file.fill_buf().map_err(|e| e.to_string())?;
        let mark = if begins.starts_with(MARK) { MARK.len() } else { 0 };
        let json = begins[mark..].trim_ascii_start().first() == Some(&b'{');
        let first = begins.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let late = u64::from(first.len() < begins.len() && first.ends_with(b"\r"));
        file.consume(mark);
        if json {
            return Ok(Rows::Jsonl(Box::new(file), 0));
        }
        let file: Box<dyn Read + 'r> = Box::new(file);
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file);
        let header = reader.headers().map_err(|e| e.to_string())?;
        let place = |names: &&[&str]| {
            let named = |name: &&str| header.iter().position(|h| h.trim().eq_ignore_ascii_case(name));
            names.iter().find_map(named)
        };
        let columns = KEYS.each_ref().map(place);
        match columns[0] {
            Some(_) => Ok(Rows::Csv(Box::new(reader), Header { columns, late })),
            None => Err("there is no column \"participant\" (or \"party\") in line 1".into()),
        }
    }

    /// Returns the next row, or `None` at the end.
    ///
    /// # Errors
    /// An error of the operating system if reading failed.
    pub(crate) fn next(&mut self) -> std::io::Result<Option<Row>> {
        match self {
            Rows::Csv(reader, header) => next_of_csv(reader, header),
            Rows::Jsonl(reader, line) => next_of_jsonl(reader, line),
        }
    }
}

fn next_of_csv(
    reader: &mut csv::Reader<Box<dyn Read + '_>>,
    header: &Header,
) -> std::io::Result<Option<Row>> {
    let mut record = csv::StringRecord::new();
    let at = reader.position().line() + header.late;
    match reader.read_record(&mut record) {
        Ok(false) => Ok(None),
        Ok(true) => {
            let cell = |column: Option<usize>| {
                column
                    .and_then(|at| record.get(at))
                    .map(|text| of_cell(text.trim()).to_owned())
                    .unwrap_or_default()
            };
            let line = record.position().map_or(at, |p| p.line() + header.late);
            Ok(Some(Row { line, words: Ok(Words(header.columns.map(cell))) }))
        }
        Err(error) => {
            let line = error.position().map_or(at, |p| p.line() + header.late);
            match error.into_kind() {
                csv::ErrorKind::Io(error) => Err(error),
                csv::ErrorKind::Utf8 { err, .. } => Ok(Some(Row { line, words: Err(err.to_string()) })),
                other => Ok(Some(Row { line, words: Err(format!("{other:?}")) })),
            }
        }
    }
}

fn next_of_jsonl(reader: &mut Box<dyn BufRead + '_>, line: &mut u64) -> std::io::Result<Option<Row>> {
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        if reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut bytes)? == 0 {
            return Ok(None);
        }
        *line += 1;
        if bytes.len() as u64 == LINE_BYTES_MAX && !bytes.ends_with(b"\n") {
            reader.skip_until(b'\n')?;
            let words = Err(format!("the line is longer than {LINE_BYTES_MAX} bytes"));
            return Ok(Some(Row { line: *line, words }));
        }
        if !bytes.trim_ascii().is_empty() {
            return Ok(Some(Row { line: *line, words: of_json(&bytes) }));
        }
    }
}

fn of_json(bytes: &[u8]) -> Result<Words, String> {
    let object: serde_json::Map<String, Value> =
        serde_json::from_slice(bytes).map_err(|e| format!("not an object of JSON: {e}"))?;
    let mut words = Words::default();
    for (names, word) in KEYS.iter().zip(&mut words.0) {
        let Some((name, value)) = names.iter().find_map(|name| Some((*name, object.get(*name)?))) else {
            continue;
        };
        *word = match value {
            Value::Null => String::new(),
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            _ => return Err(format!("{name} is neither a text nor a number")),
        };
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(u64, Result<String, String>)> {
        let mut rows = Rows::new(text.as_bytes()).unwrap();
        let mut found = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            found.push((row.line, row.words.map(|words| words.said().to_string())));
        }
        found
    }

    #[test]
    fn a_file_begins_with_a_header_or_with_a_brace() {
        let asked = r#"{"body":"sco","on":"2023-07-01","participant":"BLR"}"#.to_owned();
        let csv = "\u{feff}id,party,organisation,valid_at,known_at\nQ,BLR,sco,2023-07-01,\n";
        assert_eq!(rows(csv), [(2, Ok(asked.clone()))]);
        let jsonl =
            "\n{\"participant\": \"BLR\", \"body\": \"sco\", \"on\": \"2023-07-01\", \"as_known\": null}\n";
        assert_eq!(rows(jsonl), [(2, Ok(asked))]);
    }

    #[test]
    fn a_size_may_be_a_number_and_what_is_no_object_is_said_of_its_line() {
        let rows = rows("{\"participant\":\"BLR\",\"as_recorded\":127}\n[]\n{\"participant\":[]}");
        assert_eq!(rows[0].1.as_deref().unwrap(), r#"{"as_recorded":"127","participant":"BLR"}"#);
        assert!(rows[1].1.as_ref().unwrap_err().contains("not an object"), "{rows:?}");
        assert_eq!((rows[2].0, rows[2].1.is_err()), (3, true));
    }

    #[test]
    fn a_file_without_a_participant_is_no_file_of_questions() {
        assert!(Rows::new(&b"a,b\n1,2\n"[..]).is_err_and(|e| e.contains("participant")));
        assert!(Rows::new(&b""[..]).is_err());
    }
}
