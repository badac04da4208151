//! Imports a file: its rows, then the import itself, then its survey. Rows that cannot be taken are reported, never dropped.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::event::{
    Act, BodyId, Edtf, Event, EventId, Evidence, Grade, ImportReceipt, Index, Register, Role, Survey,
};
use crate::ledger::{AppendOptions, LedgerError, Writer};

use super::csv::{CsvError, Reject, Row, Rows, read_csv};

/// The number of rows recorded at a time: each such part is recorded whole, or not at all.
const ROWS_AT_A_TIME: usize = 1_000;

/// The namespace of the ids of imports.
const IMPORTS: Uuid = Uuid::from_u128(0x6368_616e_6365_7279_8000_696d_706f_7274);

/// The result of an import.
#[derive(Clone, PartialEq, Debug)]
pub struct Outcome {
    /// The entries recorded now.
    pub taken: Vec<Index>,
    /// The number of rows that were already recorded.
    pub known: u64,
    /// Rows left out.
    pub rejected: Vec<Reject>,
    /// The import's own entry.
    pub entry: Option<Index>,
    /// Departures from the charter among the rows taken, each with its line.
    pub remarks: Vec<(u64, String)>,
    /// The header of the file, for a file of the rejected rows.
    pub header: Vec<String>,
    /// The import's id.
    pub import: EventId,
    /// The content of rows that are not recorded: those that the ledger refused, and those of a dry run.
    pub unrecorded: Vec<(u64, Arc<Event>)>,
}

/// A file to import.
#[derive(Clone, PartialEq, Debug)]
pub struct Source<'a> {
    /// Its name, without its folder.
    pub name: &'a str,
    /// Its bytes.
    pub bytes: &'a [u8],
    /// The body of its events.
    pub body: &'a BodyId,
    /// The span of days for which the file is surveyed.
    pub surveyed: Option<Edtf>,
}

/// Why a file was not imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file as a whole cannot be read.
    #[error("{0}")]
    Csv(#[from] CsvError),
    /// The ledger refuses, or cannot be written.
    #[error("{0}")]
    Ledger(#[from] LedgerError),
    /// Rows were left out, and the mode is strict.
    #[error("{} cannot be taken, and --strict asks for all: nothing was recorded", rows(.0.len()))]
    Strict(Vec<Reject>),
}

fn rows(count: usize) -> String {
    format!("{count} row{}", if count == 1 { "" } else { "s" })
}

/// How an import is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mode {
    /// If true, nothing is recorded.
    pub dry_run: bool,
    /// If true, all rows are recorded or none.
    pub strict: bool,
}

/// Imports the rows of a file, then the import itself, then its survey.
///
/// # Errors
/// [`ImportError`]; rows that cannot be taken are no error, unless the mode is strict.
pub fn import(
    writer: &mut Writer,
    source: &Source<'_>,
    options: AppendOptions,
    mode: Mode,
    progress: &dyn Fn(u64, u64),
) -> Result<Outcome, ImportError> {
    writer.charter(source.body)?;
    let resolve = |word: &str| match Register::builtin().resolve(word) {
        Ok(found) => Ok(found.id.clone()),
        Err(error) => Err(error.to_string()),
    };
    let digest = Sha256::digest(source.bytes);
    let named = [source.body.as_str().as_bytes(), b"\n", &digest].concat();
    let held = writer.held(source.body)?;
    let id = held.name(EventId(Uuid::new_v5(&IMPORTS, &named)));
    let rows = read_csv(source.bytes, source.body, id, &resolve)?;
    let Rows { mut taken, rejected, header, sha256 } = rows;
    taken.iter_mut().for_each(|row| held.meet(&mut row.event));
    let mut outcome = Outcome {
        taken: Vec::new(),
        known: 0,
        rejected,
        entry: None,
        remarks: Vec::new(),
        header,
        import: id,
        unrecorded: Vec::new(),
    };
    let total = taken.len() as u64;
    let parts = admissible(writer, taken, &mut outcome)?;
    if mode.strict && !outcome.rejected.is_empty() {
        return Err(ImportError::Strict(outcome.rejected));
    }
    let mut done = 0;
    for part in parts {
        done += part.len() as u64;
        record(writer, &part, options, mode, &mut outcome)?;
        progress(done, total);
    }
    if !mode.dry_run {
        conclude(writer, source, options, id, sha256, &mut outcome)?;
    }
    outcome.rejected.sort_by_key(|r| r.line);
    Ok(outcome)
}

/// Divides the rows into parts in which the ledger admits every event; the others go to the rejected rows.
fn admissible(
    writer: &mut Writer,
    rows: Vec<Row>,
    outcome: &mut Outcome,
) -> Result<Vec<Vec<Row>>, ImportError> {
    let mut parts = Vec::new();
    for part in rows.chunks(ROWS_AT_A_TIME) {
        let mut part = part.to_vec();
        loop {
            let events: Vec<Event> = part.iter().map(|row| row.event.clone()).collect();
            let (at, error) = match writer.admit(events) {
                Ok(_) => break,
                Err(LedgerError::InBatch { at, source }) => (at - 1, *source),
                Err(error) if part.len() == 1 => (0, error),
                Err(error) => return Err(error.into()),
            };
            if at >= part.len() || matches!(error, LedgerError::Log(_) | LedgerError::Entry { .. }) {
                return Err(error.into());
            }
            let row = part.remove(at);
            outcome.unrecorded.push((row.line, Arc::new(row.event)));
            outcome.rejected.push(Reject { line: row.line, reason: error.to_string(), cells: row.cells });
        }
        parts.push(part);
    }
    Ok(parts)
}

fn record(
    writer: &mut Writer,
    part: &[Row],
    options: AppendOptions,
    mode: Mode,
    outcome: &mut Outcome,
) -> Result<(), ImportError> {
    let events: Vec<Event> = part.iter().map(|row| row.event.clone()).collect();
    let drafts = writer.admit(events)?;
    let fresh: Vec<(u64, Arc<Event>)> = part
        .iter()
        .zip(&drafts)
        .filter(|(_, draft)| draft.recorded.is_none())
        .map(|(row, draft)| (row.line, Arc::clone(&draft.event)))
        .collect();
    outcome.known += (part.len() - fresh.len()) as u64;
    let new: Vec<Arc<Event>> = fresh.iter().map(|(_, event)| Arc::clone(event)).collect();
    for (at, remark) in writer.consequences(&new)?.remarks {
        outcome.remarks.push((fresh.get(at).map_or(0, |(line, _)| *line), remark.to_string()));
    }
    outcome.remarks.sort();
    if mode.dry_run {
        let first = writer.size().0 + outcome.taken.len() as u64;
        outcome.taken.extend((0..new.len() as u64).map(|n| Index(first + n)));
        outcome.unrecorded.extend(fresh);
        return Ok(());
    }
    // Rows that were already recorded need no receipt.
    let new = new.into_iter().map(Arc::unwrap_or_clone).collect();
    let receipts = writer.append(new, options)?;
    outcome.taken.extend(receipts.iter().map(|r| r.index));
    Ok(())
}

/// Records the import's own entry and its survey, unless an earlier run did.
fn conclude(
    writer: &mut Writer,
    source: &Source<'_>,
    options: AppendOptions,
    id: EventId,
    sha256: String,
    outcome: &mut Outcome,
) -> Result<(), ImportError> {
    outcome.entry = writer.find(id)?;
    if outcome.entry.is_none() && outcome.taken.len() as u64 + outcome.known > 0 {
        let receipt = ImportReceipt {
            file: source.name.to_owned(),
            importer: format!("chancery {}", env!("CARGO_PKG_VERSION")),
            refused: outcome.rejected.len() as u64,
            sha256,
            taken: outcome.taken.len() as u64 + outcome.known,
        };
        let event = Event::new(id, Act::ImportRecorded(receipt), source.body.clone());
        let receipts = writer.append(vec![event], options)?;
        outcome.entry = receipts.first().map(|r| r.index);
    }
    let Some(span) = &source.surveyed else { return Ok(()) };
    let name = Uuid::new_v5(&id.0, span.as_str().as_bytes());
    let searched = Survey { span: span.clone(), survivors_only: false };
    let mut survey = Event::new(EventId(name), Act::RecordSurveyed(searched), source.body.clone());
    survey.dates.set(Role::Done, Edtf::day(options.now.day()));
    survey.evidence = vec![Evidence::citing(source.name, Some(Grade::Tertiary))];
    if writer.find(survey.id)?.is_none() {
        writer.append(vec![survey], options)?;
    }
    Ok(())
}
