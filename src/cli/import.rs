use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::event::{
    Act, BodyId, Edtf, Event, EventId, Evidence, Grade, ImportReceipt, Index, Register, Role,
};
use crate::import::{Reject, Row, Rows, read_csv};
use crate::ledger::{AppendOptions, Ledger, LedgerError};

use super::append::span;
use super::context::{Context, Shape, read_input};
use super::error::{Exit, Failure};
use super::render::{Page, clean, count, faint, warn};

/// Record a file of acts; what cannot be taken is reported row by row
#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    Csv(CsvArgs),
}

/// Record a CSV of acts in one organisation or treaty
#[derive(clap::Args, Debug)]
#[command(after_help = "Columns, found by their header: date, party, event_kind; effective_date,
resulting_status, instrument, place, source_citation, confidence, note, toward,
about, planned_date, published, sequence, rival. Others are kept as notes.

Good rows are recorded, every other is reported with its line and reason (exit 1).
The import is itself an entry: chancery retract --import ENTRY withdraws it whole.
The same file again adds nothing.")]
pub(super) struct CsvArgs {
    /// The file; `-` for standard input
    file: PathBuf,
    /// In which organisation or treaty
    #[arg(long = "in", value_name = "BODY")]
    body: BodyId,
    /// The span of the record that the file covers, FROM..TO; recorded as record-surveyed
    #[arg(long, value_name = "FROM..TO", value_parser = span)]
    surveyed: Option<Edtf>,
    /// All rows or none (exit 3)
    #[arg(long)]
    strict: bool,
    /// Report what would be recorded, record nothing
    #[arg(long)]
    dry_run: bool,
    /// Write the rows left out to a CSV, to mend and import again
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Go on although the clock is behind the last entry
    #[arg(long)]
    accept_clock: bool,
}

const SHAPE: Shape = Shape { list: Some("rejected"), columns: &["line", "reason", "row"] };

/// Rows are recorded so many at a time: each such part is whole or absent.
const ROWS_AT_A_TIME: usize = 1_000;

/// The namespace of the ids of imports.
const IMPORTS: Uuid = Uuid::from_u128(0x6368_616e_6365_7279_8000_696d_706f_7274);

/// What became of an import.
pub(super) struct Outcome {
    /// Rows recorded now.
    pub(super) taken: Vec<Index>,
    /// Rows that were recorded before.
    pub(super) known: u64,
    /// Rows left out.
    pub(super) rejected: Vec<Reject>,
    /// The import's own entry.
    pub(super) entry: Option<Index>,
    /// Departures from the charter among the rows taken.
    pub(super) remarks: Vec<(u64, String)>,
    header: Vec<String>,
}

/// A file to import.
pub(super) struct Source<'a> {
    /// Its name, without its folder.
    pub(super) name: &'a str,
    /// Its bytes.
    pub(super) bytes: &'a [u8],
    /// In which body.
    pub(super) body: &'a BodyId,
    /// The span that it covers.
    pub(super) surveyed: Option<Edtf>,
}

pub(super) fn run(command: &Command, context: &Context) -> Result<Exit, Failure> {
    let Command::Csv(args) = command;
    let bytes = read_input(&args.file)?;
    let mut ledger = if args.dry_run { context.reader()? } else { context.writer("import")? };
    let name = match args.file.file_name() {
        Some(name) if args.file != Path::new("-") => name.to_string_lossy().into_owned(),
        _ => "standard input".to_owned(),
    };
    let source = Source { name: &name, bytes: &bytes, body: &args.body, surveyed: args.surveyed.clone() };
    let options = AppendOptions { now: context.now, expect_size: None, accept_clock: args.accept_clock };
    let mode = Mode { dry_run: args.dry_run, strict: args.strict };
    let bar = context.bar(0, "rows");
    let outcome = import(&mut ledger, &source, options, mode, &|at, of| {
        bar.set_length(of);
        bar.set_position(at);
    });
    bar.finish_and_clear();
    let outcome = outcome?;
    if !args.dry_run {
        ledger.close()?;
    }
    if let Some(path) = &args.rejects {
        write_rejects(path, &outcome)?;
    }
    let answer = json(&outcome, args.dry_run);
    context.answer(&answer, SHAPE, |page| text(page, &outcome, args, &name))?;
    Ok(if outcome.rejected.is_empty() { Exit::Done } else { Exit::No })
}

/// How an import is made.
#[derive(Clone, Copy)]
pub(super) struct Mode {
    /// Record nothing.
    pub(super) dry_run: bool,
    /// Record all or nothing.
    pub(super) strict: bool,
}

/// Imports the rows of a file, then the import itself, then its survey.
///
/// # Errors
/// [`Failure`]; rows that cannot be taken are no failure, unless the mode is strict.
pub(super) fn import(
    ledger: &mut Ledger,
    source: &Source<'_>,
    options: AppendOptions,
    mode: Mode,
    progress: &dyn Fn(u64, u64),
) -> Result<Outcome, Failure> {
    ledger.charter(source.body)?;
    let resolve = |word: &str| match Register::builtin().resolve(word) {
        Ok(found) => Ok(found.id.clone()),
        Err(error) => Err(error.to_string()),
    };
    let digest = <sha2::Sha256 as sha2::Digest>::digest(source.bytes);
    let named = [source.body.as_str().as_bytes(), b"\n", &digest].concat();
    let id = EventId(Uuid::new_v5(&IMPORTS, &named));
    let rows = read_csv(source.bytes, source.body, id, &resolve)?;
    let Rows { taken, rejected, header, sha256 } = rows;
    let mut outcome =
        Outcome { taken: Vec::new(), known: 0, rejected, entry: None, remarks: Vec::new(), header };
    let total = taken.len() as u64;
    let parts = admissible(ledger, taken, source.bytes, &mut outcome)?;
    if mode.strict && !outcome.rejected.is_empty() {
        return Err(strict(&outcome));
    }
    let mut done = 0;
    for part in parts {
        done += part.len() as u64;
        record(ledger, &part, options, mode, &mut outcome)?;
        progress(done, total);
    }
    if !mode.dry_run {
        conclude(ledger, source, options, id, sha256, &mut outcome)?;
    }
    outcome.rejected.sort_by_key(|r| r.line);
    Ok(outcome)
}

/// Parts every event of which the ledger admits; the others go to the rejects.
fn admissible(
    ledger: &mut Ledger,
    rows: Vec<Row>,
    bytes: &[u8],
    outcome: &mut Outcome,
) -> Result<Vec<Vec<Row>>, Failure> {
    let mut parts = Vec::new();
    for part in rows.chunks(ROWS_AT_A_TIME) {
        let mut part = part.to_vec();
        loop {
            let events: Vec<Event> = part.iter().map(|row| row.event.clone()).collect();
            let (at, error) = match ledger.admit(events) {
                Ok(_) => break,
                Err(LedgerError::InBatch { at, source }) => (at - 1, *source),
                Err(error) if part.len() == 1 => (0, error),
                Err(error) => return Err(error.into()),
            };
            if at >= part.len() || matches!(error, LedgerError::Log(_) | LedgerError::Entry { .. }) {
                return Err(error.into());
            }
            let row = part.remove(at);
            let cells = line_cells(bytes, row.line);
            outcome.rejected.push(Reject { line: row.line, reason: error.to_string(), cells });
        }
        parts.push(part);
    }
    Ok(parts)
}

/// The cells of the record that begins on a line.
fn line_cells(bytes: &[u8], line: u64) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let found = reader.byte_records().flatten().find(|r| r.position().is_some_and(|p| p.line() == line));
    found.map_or_else(Vec::new, |r| r.iter().map(|c| String::from_utf8_lossy(c).into_owned()).collect())
}

fn record(
    ledger: &mut Ledger,
    part: &[Row],
    options: AppendOptions,
    mode: Mode,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let events: Vec<Event> = part.iter().map(|row| row.event.clone()).collect();
    let drafts = ledger.admit(events.clone())?;
    let fresh: Vec<(u64, Event)> = part
        .iter()
        .zip(&drafts)
        .filter(|(_, draft)| draft.recorded.is_none())
        .map(|(row, _)| (row.line, row.event.clone()))
        .collect();
    outcome.known += (part.len() - fresh.len()) as u64;
    let new: Vec<Event> = fresh.iter().map(|(_, event)| event.clone()).collect();
    for (at, remark) in ledger.consequences(&new)?.remarks {
        outcome.remarks.push((fresh.get(at).map_or(0, |(line, _)| *line), remark.to_string()));
    }
    outcome.remarks.sort();
    if mode.dry_run {
        let first = ledger.size().0 + outcome.taken.len() as u64;
        outcome.taken.extend((0..new.len() as u64).map(|n| Index(first + n)));
        return Ok(());
    }
    let receipts = ledger.append(events, options)?;
    outcome.taken.extend(receipts.iter().filter(|r| !r.repeated).map(|r| r.index));
    Ok(())
}

/// The import's own entry and its survey, unless an earlier run made them.
fn conclude(
    ledger: &mut Ledger,
    source: &Source<'_>,
    options: AppendOptions,
    id: EventId,
    sha256: String,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    outcome.entry = ledger.find(id)?;
    if outcome.entry.is_none() && outcome.taken.len() as u64 + outcome.known > 0 {
        let receipt = ImportReceipt {
            file: source.name.to_owned(),
            importer: format!("chancery {}", env!("CARGO_PKG_VERSION")),
            refused: outcome.rejected.len() as u64,
            sha256,
            taken: outcome.taken.len() as u64 + outcome.known,
        };
        let event = Event::new(id, Act::ImportRecorded(receipt), source.body.clone());
        let receipts = ledger.append(vec![event], options)?;
        outcome.entry = receipts.first().map(|r| r.index);
    }
    let Some(span) = &source.surveyed else { return Ok(()) };
    let name = Uuid::new_v5(&id.0, span.as_str().as_bytes());
    let mut survey = Event::new(EventId(name), Act::RecordSurveyed(span.clone()), source.body.clone());
    survey.dates.set(Role::Done, Edtf::day(options.now.day()));
    survey.evidence = vec![Evidence::citing(source.name, Some(Grade::Tertiary))];
    if ledger.find(survey.id)?.is_none() {
        ledger.append(vec![survey], options)?;
    }
    Ok(())
}

fn strict(outcome: &Outcome) -> Failure {
    let n = count(outcome.rejected.len() as u64, "row", "rows");
    let failure = Failure::new(
        Exit::Refused,
        format!("{n} cannot be taken, and --strict asks for all: nothing was recorded"),
    );
    let shown = outcome.rejected.iter().take(10);
    shown.fold(failure, |f, r| f.help(format!("line {}: {}", r.line, clean(&r.reason))))
}

fn json(outcome: &Outcome, dry_run: bool) -> Value {
    let rejected: Vec<Value> = outcome
        .rejected
        .iter()
        .map(|r| json!({"line": r.line, "reason": r.reason, "row": r.cells}))
        .collect();
    let remarks: Vec<Value> =
        outcome.remarks.iter().map(|(line, r)| json!({"line": line, "remark": r})).collect();
    json!({"dry_run": dry_run, "taken": outcome.taken.len(), "recorded_before": outcome.known,
           "first": outcome.taken.first(), "last": outcome.taken.last(), "import": outcome.entry,
           "rejected": rejected, "remarks": remarks})
}

fn text(page: &Page, outcome: &Outcome, args: &CsvArgs, name: &str) -> String {
    let name = clean(name);
    let taken = count(outcome.taken.len() as u64, "row", "rows");
    let mut out = match (args.dry_run, outcome.taken.first(), outcome.taken.last()) {
        (true, ..) => format!("dry run: {taken} of {name} may be recorded; nothing was\n"),
        (_, Some(first), Some(last)) => format!("{taken} of {name} recorded: entries {first} to {last}\n"),
        _ => format!("nothing new in {name}\n"),
    };
    if outcome.known > 0 {
        out.push_str(&format!("  {} recorded before\n", count(outcome.known, "row was", "rows were")));
    }
    if let Some(entry) = outcome.entry {
        out.push_str(&format!(
            "  the import is entry {entry}: {}\n",
            faint(&format!("chancery retract --import {entry}"))
        ));
    }
    if !outcome.rejected.is_empty() {
        out.push_str(&format!(
            "\n{} left out\n",
            count(outcome.rejected.len() as u64, "row was", "rows were")
        ));
    }
    for reject in &outcome.rejected {
        out.push_str(&page.wrap(&format!("  line {:<5} ", reject.line), &clean(&reject.reason)));
    }
    if !outcome.rejected.is_empty() && args.rejects.is_none() {
        out.push_str(&page.wrap("  ", "to mend them: --rejects FILE, then import that file"));
    }
    if !outcome.remarks.is_empty() && !args.dry_run {
        let n = count(outcome.remarks.len() as u64, "remark", "remarks");
        out.push_str(&page.wrap(
            &warn("  ! "),
            &format!("{n} on acts that depart from the charter: chancery audit --conformity"),
        ));
    }
    if args.dry_run {
        for (line, remark) in &outcome.remarks {
            out.push_str(&page.wrap(&format!("  ! line {line:<5} "), &clean(remark)));
        }
    }
    out
}

fn write_rejects(path: &Path, outcome: &Outcome) -> Result<(), Failure> {
    let write = || -> Result<(), csv::Error> {
        let mut out = csv::WriterBuilder::new().flexible(true).from_path(path)?;
        out.write_record(&outcome.header)?;
        for reject in &outcome.rejected {
            out.write_record(&reject.cells)?;
        }
        Ok(out.flush()?)
    };
    write().map_err(|e| Failure::usage(format!("{}: {e}", path.display())))
}
