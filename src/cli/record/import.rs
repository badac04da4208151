use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::event::{ActKind, BodyId, Edtf, of_cell, to_cell};
use crate::import::{Mode, Outcome, Source, import};
use crate::ledger::AppendOptions;

use crate::cli::check::quality::{json_of, of_import, under_import};
use crate::cli::context::{Context, Shape, read_input};
use crate::cli::error::{Exit, Failure};
use crate::cli::output::write_output_by;
use crate::cli::record::append::span;
use crate::cli::record::intake::Intake;
use crate::cli::record::signing::{Mode as Writing, SignArgs};
use crate::cli::render::{Page, clean, count, faint, warn};

/// Record a file of acts; what cannot be taken is reported row by row
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Command {
    Csv(CsvArgs),
    Events(crate::cli::record::import_events::Args),
}

/// Record a CSV of acts: in one organisation or treaty, or by a map of anyone's columns
#[derive(clap::Args, Debug)]
#[command(after_help = "Columns, found by their header: date, party, event_kind; effective_date,
resulting_status, instrument, place, source_citation, confidence, note, toward,
about, planned_date, published, sequence, rival. Others are kept as notes.

With --map the columns are anyone's, the file plain or .gz and of any length,
and its acts in any number of organisations and treaties; --dry-run then shows
the first rows as acts. The map: docs/IMPORT.md.

Good rows are recorded, every other is reported with its line and reason (exit 1).
The import is itself an entry: chancery retract --import ENTRY withdraws it whole.
The same file again adds nothing.")]
pub(crate) struct CsvArgs {
    /// The file; `-` for standard input
    file: PathBuf,
    /// In which organisation or treaty; not where the map names it
    #[arg(long = "in", value_name = "BODY", required_unless_present = "map")]
    body: Option<BodyId>,
    /// How the columns of anyone's file become acts: a TOML file, see docs/IMPORT.md
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
    /// The span of the record that the file covers, FROM..TO; recorded as record-surveyed
    #[arg(long, value_name = "FROM..TO", value_parser = span)]
    surveyed: Option<Edtf>,
    /// With a map: the file lists only those who are still there, as a table of today does
    #[arg(long, requires_all = ["surveyed", "map"])]
    survivors_only: bool,
    /// All rows or none (exit 3); not with a map, which reads a file of any length
    #[arg(long, conflicts_with = "map")]
    strict: bool,
    /// Report what would be recorded, record nothing
    #[arg(long)]
    dry_run: bool,
    /// Write the rows left out to a CSV, to mend and import again
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Say how good the file is, as chancery check does; with a map name every doubt too
    #[arg(long)]
    report: bool,
    /// Go on although the clock is behind the last entry
    #[arg(long)]
    accept_clock: bool,
    #[command(flatten)]
    keys: SignArgs,
}

const SHAPE: Shape = Shape { list: Some("rejected"), columns: &["line", "reason", "row"] };

pub(crate) fn run(command: &Command, context: &Context) -> Result<Exit, Failure> {
    match command {
        Command::Events(args) => crate::cli::record::import_events::run(args, context),
        Command::Csv(args) => match (&args.map, &args.body) {
            (None, Some(body)) => own_columns(args, body, context),
            _ => mapped(args).run(context),
        },
    }
}

/// An intake of any file's columns, read by a map.
fn mapped(args: &CsvArgs) -> Intake<'_> {
    Intake {
        file: &args.file,
        map: args.map.as_deref(),
        body: args.body.as_ref(),
        surveyed: args.surveyed.clone(),
        survivors_only: args.survivors_only,
        dry_run: args.dry_run,
        rejects: args.rejects.as_deref(),
        report: args.report,
        accept_clock: args.accept_clock,
        keys: &args.keys,
    }
}

fn own_columns(args: &CsvArgs, body: &BodyId, context: &Context) -> Result<Exit, Failure> {
    let bytes = read_input(&args.file)?;
    let writing = if args.dry_run { Writing::DryRun } else { Writing::Record };
    let mut writer = args.keys.open(context, "import", writing)?;
    writer.check_signers(&[ActKind::ImportRecorded])?;
    let name = match args.file.file_name() {
        Some(name) if args.file != Path::new("-") => name.to_string_lossy().into_owned(),
        _ => "standard input".to_owned(),
    };
    let source = Source { name: &name, bytes: &bytes, body, surveyed: args.surveyed.clone() };
    let options =
        AppendOptions { now: context.clock_now(), expect_size: None, accept_clock: args.accept_clock };
    let mode = Mode { dry_run: args.dry_run, strict: args.strict };
    let bar = context.bar(0, "rows");
    let outcome = import(&mut writer, &source, options, mode, &|at, of| {
        bar.set_length(of);
        bar.set_position(at);
    });
    bar.finish_and_clear();
    let outcome = outcome?;
    let bodies = std::slice::from_ref(body);
    let found = args.report.then(|| {
        of_import(&writer.reading(context.now), context, outcome.import, bodies, &outcome.unrecorded)
    });
    if !args.dry_run {
        context.close(writer);
    }
    let quality = found.transpose()?;
    if let Some(path) = &args.rejects {
        write_rejects(path, &outcome)?;
    }
    let mut answer = json(&outcome, args.dry_run);
    if let Some(quality) = &quality {
        answer["quality"] = json_of(quality);
    }
    context.answer(&answer, SHAPE, |page| {
        let under = quality.as_ref().map(|q| under_import(page, q, outcome.entry, context.now.day()));
        text(page, &outcome, args, &name) + &under.unwrap_or_default()
    })?;
    Ok(if outcome.rejected.is_empty() { Exit::Done } else { Exit::No })
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
    write_output_by(path, |file| {
        let mut out = csv::WriterBuilder::new().flexible(true).from_writer(file);
        out.write_record(&outcome.header)?;
        for reject in &outcome.rejected {
            out.write_record(reject.cells.iter().map(|cell| to_cell(of_cell(cell)).into_owned()))?;
        }
        out.flush()
    })
}
