//! `import events`: a file of the neutral form, of any length.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::event::Edtf;
use crate::import::{EventsError, EventsFile, Report, import_events};
use crate::ledger::AppendOptions;

use super::append::span;
use super::context::{Context, Shape, read_input};
use super::error::{Exit, Failure};
use super::quality::{json_of, of_import, under_import};
use super::render::{Page, clean, count, faint};

/// Record a file of the neutral form: JSON Lines, plain or .gz, of any number of organisations and treaties
#[derive(clap::Args, Debug)]
#[command(after_help = "One object a line: date, kind, body; party or party_name; and, where the
source has them, not_before, effective, recorded, op (set, retract), mark,
body_title, source. UNTC:4-4 becomes untc-4-4. A body without a charter gets
one that extends multilateral-treaty or international-organisation; in-force
then says that its clause is unknown, and chancery charter amend states it.

Whoever the register does not know stays, named by the source (X-BADEN). Good
lines are recorded, every other is reported with its line and reason (exit 1).
The same file again adds nothing; cut short, the same command goes on.")]
pub(super) struct Args {
    /// The file; `-` for standard input
    file: PathBuf,
    /// The span of the record that the file covers, FROM..TO; recorded for each body
    #[arg(long, value_name = "FROM..TO", value_parser = span)]
    surveyed: Option<Edtf>,
    /// The file lists only those who are still there, as a table of today does
    #[arg(long, requires = "surveyed")]
    survivors_only: bool,
    /// Report what would be recorded, record nothing
    #[arg(long)]
    dry_run: bool,
    /// Write the lines left out to a CSV: line, reason, text
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Name every doubt, not only how many there are of each kind; then say how good the file is, as chancery check does
    #[arg(long)]
    report: bool,
    /// Go on although the clock is behind the last entry
    #[arg(long)]
    accept_clock: bool,
}

const SHAPE: Shape = Shape { list: Some("rejected"), columns: &["line", "reason", "text"] };

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let standard = args.file == Path::new("-");
    // What comes through a pipe can be read once only, and is kept in memory.
    let piped = if standard { Some(read_input(&args.file)?) } else { None };
    let open = || -> io::Result<Box<dyn Read>> {
        Ok(match &piped {
            Some(bytes) => Box::new(Cursor::new(bytes.clone())),
            None => Box::new(File::open(&args.file)?),
        })
    };
    let name = match args.file.file_name() {
        Some(name) if !standard => name.to_string_lossy().into_owned(),
        _ => "standard input".to_owned(),
    };
    open().map_err(|e| Failure::file(&args.file, &e))?;
    let mut ledger = if args.dry_run { context.reader()? } else { context.writer("import")? };
    let file = EventsFile {
        name: &name,
        open: &open,
        surveyed: args.surveyed.clone(),
        survivors_only: args.survivors_only,
        dry_run: args.dry_run,
        keep: args.report,
    };
    let options = AppendOptions { now: context.now, expect_size: None, accept_clock: args.accept_clock };
    let bar = context.bar(0, "lines");
    let done = import_events(&mut ledger, &file, options, &|at| bar.set_position(at));
    bar.finish_and_clear();
    let found = match &done {
        Ok(Report { import: Some(import), unrecorded, .. }) if args.report => {
            Some(of_import(context, &mut ledger, *import, &[], unrecorded))
        }
        _ => None,
    };
    if !args.dry_run {
        context.close(ledger);
    }
    let report = done.map_err(|error| failed(error, &name))?;
    let quality = found.transpose()?;
    if let Some(path) = &args.rejects {
        write_rejects(path, &report)?;
    }
    let mut answer = json(&report, args.dry_run);
    if let Some(quality) = &quality {
        answer["quality"] = json_of(quality);
    }
    context.answer(&answer, SHAPE, |page| {
        let under = quality.as_ref().map(|q| under_import(page, q, report.entry, context.now.day()));
        text(page, &report, args, &name) + &under.unwrap_or_default()
    })?;
    Ok(if report.rejected.is_empty() { Exit::Done } else { Exit::No })
}

fn failed(error: EventsError, name: &str) -> Failure {
    match error {
        EventsError::Ledger(error) => error.into(),
        other => Failure::usage(format!("{name}: {other}")),
    }
}

fn json(report: &Report, dry_run: bool) -> Value {
    let rejected: Vec<Value> = report
        .rejected
        .iter()
        .map(|(told, text)| json!({"line": told.line, "reason": told.what, "text": text}))
        .collect();
    let doubts: Vec<Value> =
        report.doubts.iter().map(|told| json!({"line": told.line, "doubt": told.what})).collect();
    json!({"dry_run": dry_run, "lines": report.lines, "taken": report.taken, "recorded_before": report.known,
           "first": report.entries.map(|(first, _)| first), "last": report.entries.map(|(_, last)| last),
           "import": report.entry, "charters": report.charters, "rejected": rejected, "doubts": doubts})
}

fn text(page: &Page, report: &Report, args: &Args, name: &str) -> String {
    let name = clean(name);
    let taken = count(report.taken, "line", "lines");
    let mut out = match (args.dry_run, report.entries) {
        (true, _) => format!("dry run: {taken} of {name} may be recorded; nothing was\n"),
        (_, Some((first, last))) => format!("{taken} of {name} recorded: entries {first} to {last}\n"),
        _ => format!("nothing new in {name}\n"),
    };
    if report.known > 0 {
        out.push_str(&format!("  {} recorded before\n", count(report.known, "line was", "lines were")));
    }
    if !report.charters.is_empty() {
        let n = count(report.charters.len() as u64, "body had no charter and", "bodies had no charter and");
        let got = if args.dry_run { "would get" } else { "got" };
        let line = format!("{n} {got} one that extends a pattern: chancery charter list");
        out.push_str(&page.wrap("  ", &line));
    }
    if let Some(entry) = report.entry {
        let undo = faint(&format!("chancery retract --import {entry}"));
        out.push_str(&format!("  the import is entry {entry}: {undo}\n"));
    }
    if !report.rejected.is_empty() {
        let n = count(report.rejected.len() as u64, "line was", "lines were");
        out.push_str(&format!("\n{n} left out\n"));
        let mut told: Vec<(u64, String)> =
            report.rejected.iter().map(|(told, _)| (told.line, told.what.clone())).collect();
        told.sort();
        listed(page, &told, args.rejects.is_some(), &mut out);
        if args.rejects.is_none() {
            out.push_str(&page.wrap("  ", "all of them, with their text: --rejects FILE"));
        }
    }
    if !report.doubts.is_empty() {
        out.push_str(&format!("\n{}\n", count(report.doubts.len() as u64, "doubt", "doubts")));
        match args.report {
            true => {
                let told: Vec<(u64, String)> =
                    report.doubts.iter().map(|told| (told.line, told.what.clone())).collect();
                listed(page, &told, false, &mut out);
            }
            false => kinds(page, report, &mut out),
        }
    }
    out
}

/// How many lines are told before the rest is left to a file.
const TOLD: usize = 20;

fn listed(page: &Page, told: &[(u64, String)], short: bool, out: &mut String) {
    let shown = if short { TOLD } else { told.len() };
    for (line, what) in told.iter().take(shown) {
        out.push_str(&page.wrap(&format!("  line {line:<6} "), &clean(what)));
    }
    if told.len() > shown {
        out.push_str(&format!("  and {} more\n", told.len() - shown));
    }
}

/// Doubts by kind, the most frequent first.
fn kinds(page: &Page, report: &Report, out: &mut String) {
    let mut kinds: Vec<(&str, u64)> = Vec::new();
    for told in &report.doubts {
        match kinds.iter_mut().find(|(what, _)| *what == told.what) {
            Some((_, n)) => *n += 1,
            None => kinds.push((&told.what, 1)),
        }
    }
    kinds.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    for (what, n) in kinds.iter().take(TOLD) {
        out.push_str(&page.wrap(&format!("  {n:>6}  "), &clean(what)));
    }
    if kinds.len() > TOLD {
        out.push_str(&format!("  and {} more kinds: --report\n", kinds.len() - TOLD));
    }
}

fn write_rejects(path: &Path, report: &Report) -> Result<(), Failure> {
    let write = || -> Result<(), csv::Error> {
        let mut out = csv::Writer::from_path(path)?;
        out.write_record(["line", "reason", "text"])?;
        for (told, text) in &report.rejected {
            out.write_record([&told.line.to_string(), &told.what, text])?;
        }
        Ok(out.flush()?)
    };
    write().map_err(|e| Failure::usage(format!("{}: {e}", path.display())))
}
