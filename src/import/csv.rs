//! Events as rows of a CSV file: columns are found by their header, and each row is taken or reported.

use std::collections::HashMap;
use std::io::Read;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::event::leaf::{LeafError, encode_event};
use crate::event::{
    BodyId, Edtf, Event, EventId, Evidence, Grade, ParticipantId, Rival, Role, StatusId, of_cell,
};

use super::kinds::find_kind;

/// A row that can be recorded.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// Its line in the file, from 1.
    pub line: u64,
    /// The event that it states. Its id is derived from the body and the row, so that the same row is the same event.
    pub event: Event,
    /// Its cells.
    pub cells: Vec<String>,
}

/// A row that cannot be recorded.
#[derive(Clone, PartialEq, Debug)]
pub struct Reject {
    /// Its line in the file, from 1.
    pub line: u64,
    /// The reason, and the remedy.
    pub reason: String,
    /// Its cells, as far as they are text.
    pub cells: Vec<String>,
}

/// The rows of a file, after reading.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Rows {
    /// Rows that can be recorded, in the order of the file.
    pub taken: Vec<Row>,
    /// Rows that cannot be recorded.
    pub rejected: Vec<Reject>,
    /// The header, for a file of the rejected rows.
    pub header: Vec<String>,
    /// SHA-256 of the file's bytes, in hex.
    pub sha256: String,
}

/// Why a file as a whole cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    /// Reading failed.
    #[error("the file cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// A column that every row needs is missing.
    #[error("there is no column {0:?} in line 1: the columns needed are date, party and event_kind")]
    NoColumn(&'static str),
    /// The header is not text.
    #[error("line 1: {0}")]
    Header(String),
}

/// The namespace of the ids derived from rows.
const ROWS: Uuid = Uuid::from_u128(0x6368_616e_6365_7279_8000_726f_7773_0001);

/// The longest row that is read, in bytes.
const ROW_BYTES_MAX: usize = 1 << 20;

/// Reads rows of events in one body.
///
/// `resolve` finds a participant by any of its names; its error is the reason given for the row.
///
/// # Errors
/// [`CsvError`] if the file as a whole cannot be read; a fault of one row is reported in [`Rows`].
pub fn read_csv(
    mut file: impl Read,
    body: &BodyId,
    import: EventId,
    resolve: &dyn Fn(&str) -> Result<ParticipantId, String>,
) -> Result<Rows, CsvError> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let sha256 = hex(&Sha256::digest(&bytes));
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text);
    let header = reader.headers().map_err(|e| CsvError::Header(e.to_string()))?.clone();
    let columns = Columns::new(&header)?;
    let mut rows = Rows { header: header.iter().map(str::to_owned).collect(), sha256, ..Rows::default() };
    let mut seen: HashMap<Uuid, u32> = HashMap::new();
    let mut record = csv::ByteRecord::new();
    loop {
        let line = reader.position().line();
        match reader.read_byte_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(error) => {
                rows.rejected.push(Reject { line, reason: error.to_string(), cells: Vec::new() });
                continue;
            }
        }
        let line = record.position().map_or(line, csv::Position::line);
        let cells = record.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
        match columns.event(&record, body, import, resolve, &mut seen) {
            Ok(event) => rows.taken.push(Row { line, event, cells }),
            Err(reason) => rows.rejected.push(Reject { line, reason, cells }),
        }
    }
    Ok(rows)
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        // Writing to a string cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// The position of each known column; the other columns are kept as notes.
struct Columns {
    by_name: HashMap<&'static str, usize>,
    others: Vec<(usize, String)>,
    width: usize,
}

const KNOWN: [&str; 16] = [
    "date",
    "effective-date",
    "party",
    "event-kind",
    "resulting-status",
    "instrument",
    "place",
    "source-citation",
    "confidence",
    "note",
    "toward",
    "about",
    "planned-date",
    "published",
    "sequence",
    "rival",
];

impl Columns {
    fn new(header: &csv::StringRecord) -> Result<Columns, CsvError> {
        let mut columns = Columns { by_name: HashMap::new(), others: Vec::new(), width: header.len() };
        for (at, name) in header.iter().enumerate() {
            let folded = name.trim().to_ascii_lowercase().replace(['_', ' '], "-");
            match KNOWN.iter().find(|known| **known == folded) {
                Some(known) => _ = columns.by_name.insert(known, at),
                None => columns.others.push((at, name.to_owned())),
            }
        }
        for needed in ["date", "party", "event-kind"] {
            if !columns.by_name.contains_key(needed) {
                return Err(CsvError::NoColumn(needed));
            }
        }
        Ok(columns)
    }

    fn event(
        &self,
        record: &csv::ByteRecord,
        body: &BodyId,
        import: EventId,
        resolve: &dyn Fn(&str) -> Result<ParticipantId, String>,
        seen: &mut HashMap<Uuid, u32>,
    ) -> Result<Event, String> {
        if record.as_slice().len() > ROW_BYTES_MAX {
            return Err(format!("the row has more than {ROW_BYTES_MAX} bytes: is a quote left open?"));
        }
        if record.len() > self.width {
            return Err(format!(
                "it has {} cells under {} columns: quote cells that hold a comma",
                record.len(),
                self.width
            ));
        }
        let cells = csv::StringRecord::from_byte_record(record.clone()).map_err(|e| {
            format!("cell {} is not UTF-8: save the file as UTF-8", e.utf8_error().field() + 1)
        })?;
        let cell = |name: &str| {
            let text = self.by_name.get(name).and_then(|at| cells.get(*at)).map_or("", |c| of_cell(c.trim()));
            (!text.is_empty()).then_some(text)
        };
        let mut event = row_event(&cell, body, resolve)?;
        event.note = self.note(&cells, &cell);
        let unnamed = encode_event(&event).map_err(|e: LeafError| e.to_string())?;
        let name = Uuid::new_v5(&ROWS, &unnamed);
        let again = seen.entry(name).and_modify(|n| *n += 1).or_insert(0);
        event.id = EventId(match *again {
            0 => name,
            n => Uuid::new_v5(&name, &n.to_be_bytes()),
        });
        event.import = Some(import);
        Ok(event)
    }

    fn note<'c>(
        &self,
        cells: &'c csv::StringRecord,
        cell: &dyn Fn(&str) -> Option<&'c str>,
    ) -> Option<String> {
        let mut parts: Vec<String> = cell("note").map(str::to_owned).into_iter().collect();
        if let Some(confidence) = cell("confidence").filter(|c| *c != "high") {
            parts.push(format!("confidence: {confidence}"));
        }
        let other = |(at, name): &(usize, String)| {
            let text = of_cell(cells.get(*at).unwrap_or("").trim());
            (!text.is_empty()).then(|| format!("{name}: {text}"))
        };
        parts.extend(self.others.iter().filter_map(other));
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

fn row_event<'c>(
    cell: &dyn Fn(&str) -> Option<&'c str>,
    body: &BodyId,
    resolve: &dyn Fn(&str) -> Result<ParticipantId, String>,
) -> Result<Event, String> {
    let kind = cell("event-kind").ok_or("event_kind is empty")?;
    let alias = find_kind(kind).map_err(|e| format!("event_kind: {e}"))?;
    let date = |column: &str| {
        cell(column).map(Edtf::parse).transpose().map_err(|e| format!("{}: {e}", column.replace('-', "_")))
    };
    let status = |column: &str| {
        cell(column)
            .map(StatusId::parse)
            .transpose()
            .map_err(|e| format!("{}: {e}", column.replace('-', "_")))
    };
    let mut event = Event::new(EventId(Uuid::nil()), alias.act, body.clone());
    event.participant = match cell("party") {
        Some(party) => Some(resolve(party)?),
        None if event.act.kind().needs_participant() => {
            return Err(format!("party is empty: {} is the act of a participant", event.act.kind()));
        }
        None => None,
    };
    event.about = cell("about").map(resolve).transpose()?;
    let own = date("date")?.ok_or("date is empty: give what is known, as 2006 or [..2022-04-12]")?;
    if let Some(role) = alias.role {
        event.dates.set(role, own.clone());
    }
    if let Some(effect) = date("effective-date")?
        && alias.role == Some(Role::Effective)
        && effect != own
    {
        // The day on which the act was done is kept if the row gives another day for its effect.
        event.dates.set(Role::Done, own);
    }
    for (column, role) in [("effective-date", Role::Effective), ("planned-date", Role::Planned)] {
        if let Some(date) = date(column)? {
            event.dates.set(role, date);
        }
    }
    event.known_from = date("published")?;
    event.status = status("resulting-status")?;
    event.toward = match (status("toward")?, alias.toward) {
        (None, Some(implied)) => StatusId::parse(implied).ok(),
        (given, _) => given,
    };
    let number = |text: &str| text.parse().map_err(|_| format!("sequence: {text:?} is not a whole number"));
    event.sequence = cell("sequence").map(number).transpose()?;
    let rival =
        |text: &str| Rival::parse(text).ok_or(format!("rival: {text:?} is not of the form DISPUTE:CHAIN"));
    event.rival = cell("rival").map(rival).transpose()?;
    event.title = cell("instrument").map(str::to_owned);
    event.place = cell("place").map(str::to_owned);
    event.evidence = cell("source-citation").map(citations).unwrap_or_default();
    Ok(event)
}

/// One piece of evidence for each citation; a semicolon inside brackets or quotes does not separate citations.
fn citations(text: &str) -> Vec<Evidence> {
    let mut parts = vec![String::new()];
    let (mut depth, mut quoted) = (0i32, false);
    for c in text.chars() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '"' => quoted = !quoted,
            _ => {}
        }
        match (c, parts.last_mut()) {
            (';', _) if depth <= 0 && !quoted => parts.push(String::new()),
            (c, Some(part)) => part.push(c),
            _ => {}
        }
    }
    let grade = |cite: &str| cite.starts_with("from knowledge").then_some(Grade::Unverified);
    let parts = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
    parts.map(|cite| Evidence::citing(cite, grade(cite))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &[u8]) -> Rows {
        let resolve = |word: &str| match word {
            "Atlantis" => Err("no state called \"Atlantis\"".to_owned()),
            id => ParticipantId::parse(id).map_err(|e| e.to_string()),
        };
        read_csv(text, &BodyId::parse("sco").unwrap(), EventId(Uuid::nil()), &resolve).unwrap()
    }

    #[test]
    fn good_rows_are_taken_and_every_other_is_reported_with_its_line() {
        let text = b"date,party,event_kind,mood\n2023-07-04,BLR,memorandum_signed,glad\n31.02.2023,BLR,memorandum_signed,\n2023,Atlantis,memorandum_signed,\n2023,BLR,danced,\n2023,BLR,memorandum_signed,a,b\n2023,BLR,memorandum_signed,\xff\n,BLR,memorandum_signed,\n";
        let rows = rows(text);
        let reasons: Vec<(u64, String)> =
            rows.rejected.iter().map(|r| (r.line, r.reason.chars().take(30).collect())).collect();
        assert_eq!(rows.taken.len(), 1);
        assert_eq!(rows.taken[0].event.note.as_deref(), Some("mood: glad"));
        let expected = [
            (3, "date: \"31.02.2023\" is not an E"),
            (4, "no state called \"Atlantis\""),
            (5, "event_kind: no act called \"dan"),
            (6, "it has 5 cells under 4 columns"),
            (7, "cell 4 is not UTF-8: save the "),
            (8, "date is empty: give what is kn"),
        ];
        assert_eq!(reasons, expected.map(|(line, text)| (line, text.to_owned())));
    }

    #[test]
    fn the_same_row_is_the_same_event_and_a_repeated_row_another() {
        let once = rows(b"date,party,event_kind\n2023,BLR,memorandum_signed\n");
        let twice =
            rows(b"party,date,event_kind\r\nBLR,2023,memorandum_signed\r\nBLR,2023,memorandum_signed\r\n");
        assert_eq!(once.taken[0].event.id, twice.taken[0].event.id);
        assert_ne!(twice.taken[0].event.id, twice.taken[1].event.id);
    }

    #[test]
    fn citations_are_parted_at_semicolons_outside_brackets() {
        let cites: Vec<String> =
            citations("from knowledge; a (b; c); d").into_iter().map(|e| e.cite).collect();
        assert_eq!(cites, ["from knowledge", "a (b; c)", "d"]);
    }
}
