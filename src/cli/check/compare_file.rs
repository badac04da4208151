//! The other data set of `compare`: its form and its statements.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, Cursor, Read};
use std::path::{Path, PathBuf};

use crate::event::{BodyId, Edtf, ParticipantId, Register, of_cell};
use crate::import::{LineError, decompressed, read_acts};
use crate::query::{TheirAct, TheirSpell, TheirYear};

use crate::cli::context::{input_name, read_input};
use crate::cli::error::Failure;

/// The form of a data set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum FileForm {
    /// The neutral form: acts with dates, JSON Lines.
    Acts,
    /// Spells of a status, as `export spells` writes them.
    Spells,
    /// Statuses by year, as `export panel` writes them.
    Panel,
}

impl FileForm {
    /// The form in words.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            FileForm::Acts => "acts with dates (JSON Lines, the neutral form)",
            FileForm::Spells => "spells of a status (CSV with from and until)",
            FileForm::Panel => "statuses by year (CSV with year)",
        }
    }

    /// The name of the form in answers.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            FileForm::Acts => "acts",
            FileForm::Spells => "spells",
            FileForm::Panel => "panel",
        }
    }
}

/// The statement of one line.
pub(crate) enum Statement {
    /// An act. Its key identifies it; a line with `retracts` takes back the last act with the same key.
    Act {
        /// The act.
        act: Box<TheirAct>,
        /// The key by which a later line can take the act back.
        key: String,
        /// True if this line takes an act back.
        retracts: bool,
    },
    /// The spell of a status in a body.
    Spell(BodyId, TheirSpell),
    /// The status in a body in one year.
    Year(BodyId, TheirYear),
}

impl Statement {
    /// The body that the statement is about.
    pub(crate) fn body(&self) -> Option<&BodyId> {
        match self {
            Statement::Act { act, .. } => Some(&act.event.body),
            Statement::Spell(body, _) | Statement::Year(body, _) => Some(body),
        }
    }

    /// The participant that the statement is about.
    pub(crate) fn participant(&self) -> Option<&ParticipantId> {
        match self {
            Statement::Act { act, .. } => act.event.participant.as_ref(),
            Statement::Spell(_, spell) => Some(&spell.participant),
            Statement::Year(_, year) => Some(&year.participant),
        }
    }

    /// The name by which the statement calls the participant.
    pub(crate) fn named(&self) -> &str {
        match self {
            Statement::Act { act, .. } => &act.named,
            Statement::Spell(_, spell) => &spell.named,
            Statement::Year(_, year) => &year.named,
        }
    }
}

/// A data set that can be read from the beginning any number of times.
pub(crate) struct DataSet {
    path: PathBuf,
    /// The bytes that came through a pipe, which can be read only once.
    piped: Option<Vec<u8>>,
    /// The form that was recognised.
    pub(crate) form: FileForm,
    columns: HashMap<String, usize>,
}

/// The longest heading that is read, in bytes.
const HEADING_BYTES_MAX: u64 = 1 << 16;

/// The names by which each column is recognised.
const COLUMNS: [(&str, &[&str]); 6] = [
    ("participant", &["iso3c", "participant", "party", "state", "country"]),
    ("body", &["body", "organisation", "treaty"]),
    ("status", &["status"]),
    ("year", &["year"]),
    ("from", &["from"]),
    ("until", &["until"]),
];

impl DataSet {
    /// Opens a file, or standard input, and recognises its form by its first byte and its heading.
    ///
    /// # Errors
    /// [`Failure`] for a file that cannot be read, is empty, or has none of the forms.
    pub(crate) fn open(path: &Path) -> Result<DataSet, Failure> {
        let piped = if path == Path::new("-") { Some(read_input(path)?) } else { None };
        let mut set = DataSet { path: path.to_owned(), piped, form: FileForm::Acts, columns: HashMap::new() };
        let first = set.first_line().map_err(|e| Failure::file(path, &e))?;
        let first = first.trim_start_matches('\u{feff}');
        if first.trim_start().starts_with('{') {
            return Ok(set);
        }
        let heading = csv::ReaderBuilder::new().has_headers(false).from_reader(first.as_bytes());
        let cells = heading.into_records().next().and_then(Result::ok).unwrap_or_default();
        for (column, names) in COLUMNS {
            let at = |name: &&str| cells.iter().position(|cell| cell.trim().eq_ignore_ascii_case(name));
            if let Some(at) = names.iter().find_map(at) {
                set.columns.insert(column.to_owned(), at);
            }
        }
        let has = |names: &[&str]| names.iter().all(|name| set.columns.contains_key(*name));
        set.form = match has(&["participant", "body", "status"]) {
            true if has(&["year"]) => FileForm::Panel,
            true if has(&["from", "until"]) => FileForm::Spells,
            _ => return Err(unrecognised(path)),
        };
        Ok(set)
    }

    /// The name of the data set in messages.
    pub(crate) fn name(&self) -> String {
        match self.path.file_name() {
            Some(name) if self.piped.is_none() => name.to_string_lossy().into_owned(),
            _ => input_name(&self.path),
        }
    }

    fn read(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        Ok(match &self.piped {
            Some(bytes) => Box::new(Cursor::new(bytes)),
            None => Box::new(File::open(&self.path)?),
        })
    }

    /// The first line, up to the longest heading.
    fn first_line(&self) -> io::Result<String> {
        let mut first = Vec::new();
        decompressed(self.read()?)?.take(HEADING_BYTES_MAX).read_until(b'\n', &mut first)?;
        Ok(String::from_utf8_lossy(&first).into_owned())
    }

    /// Reads the data set from the beginning and passes on every statement, or the reason why a line states nothing.
    ///
    /// # Errors
    /// [`Failure`] if reading fails.
    pub(crate) fn statements(
        &self,
        mut visit: impl FnMut(u64, Result<Statement, String>),
    ) -> Result<(), Failure> {
        let fault = |e: LineError| Failure::usage(format!("{}: {e}", self.name()));
        let input = self.read().map_err(|e| Failure::file(&self.path, &e))?;
        if self.form == FileForm::Acts {
            let act = |line: u64, read: crate::import::StatedAct| {
                let mut event = read.event;
                // The evidence and the note of a statement are not compared.
                (event.evidence, event.note) = (Vec::new(), None);
                let act = Box::new(TheirAct { line, named: read.named, event });
                Statement::Act { act, key: read.key, retracts: read.retracts }
            };
            let read = read_acts(input, |line, read| visit(line, read.map(|read| act(line, read))));
            return read.map_err(fault);
        }
        let input = decompressed(input).map_err(|e| Failure::file(&self.path, &e))?;
        let mut rows = csv::ReaderBuilder::new().flexible(true).from_reader(input);
        let mut row = csv::StringRecord::new();
        loop {
            let line = rows.position().line();
            match rows.read_record(&mut row) {
                Ok(false) => return Ok(()),
                Ok(true) => {
                    let line = row.position().map_or(line, csv::Position::line);
                    visit(line, self.row(line, &row));
                }
                Err(error) => match error.kind() {
                    csv::ErrorKind::Io(cause) => return Err(Failure::file(&self.path, cause)),
                    _ => visit(line, Err(error.to_string())),
                },
            }
        }
    }

    fn row(&self, line: u64, row: &csv::StringRecord) -> Result<Statement, String> {
        let cell = |name: &str| {
            self.columns.get(name).and_then(|at| row.get(*at)).map_or("", |cell| of_cell(cell.trim()))
        };
        let filled = |name: &str| match cell(name) {
            "" => Err(format!("{name} is empty")),
            text => Ok(text),
        };
        let named = filled("participant")?.to_owned();
        let participant = participant(&named)?;
        let body = BodyId::named(filled("body")?).map_err(|e| e.to_string())?;
        let status = filled("status")?.to_ascii_lowercase().replace(['_', ' '], "-");
        if self.form == FileForm::Panel {
            let text = filled("year")?;
            let year = text.parse().map_err(|_| format!("year: {text:?} is no year"))?;
            return Ok(Statement::Year(body, TheirYear { line, named, participant, year, status }));
        }
        let date = |name: &str| match cell(name) {
            "" | ".." => Ok(None),
            text => Edtf::parse(text).map(Some).map_err(|e| format!("{name}: {e}")),
        };
        let (from, until) = (date("from")?, date("until")?);
        Ok(Statement::Spell(body, TheirSpell { line, named, participant, status, from, until }))
    }
}

/// The participant that a cell means. A name that the register does not have becomes an id of its own.
fn participant(word: &str) -> Result<ParticipantId, String> {
    let known = Register::builtin().resolve(word).ok().map(|found| found.id.clone());
    let own = || ParticipantId::parse(word).ok().filter(ParticipantId::is_named);
    let named = || ParticipantId::named(word);
    known.or_else(own).or_else(named).ok_or_else(|| format!("participant: {word:?} has no letter"))
}

fn unrecognised(path: &Path) -> Failure {
    Failure::usage(format!("{} is in no form that compare reads", input_name(path)))
        .help("JSON Lines of acts: date, kind, body, party or party_name (see import events --help);")
        .help("or a CSV with iso3c, body, status and either year, or from and until")
}
