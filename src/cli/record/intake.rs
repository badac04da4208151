//! Records a file of any length, in lines of the neutral form or by a map, and reports on it.

use std::fs::File;
use std::io::{self, Cursor, Read, Write};
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::event::{Act, ActKind, BodyId, Edtf, Event, Form, leaf, of_cell, to_cell};
use crate::import::{EventsError, EventsFile, ImportReport, Left, Map, hex, import_events};
use crate::ledger::AppendOptions;

use crate::cli::check::quality::{json_of, of_import, under_import};
use crate::cli::context::{Context, Shape, input_name, read_input};
use crate::cli::error::{Exit, Failure};
use crate::cli::output::write_output_by;
use crate::cli::record::signing::{Mode, SignArgs};
use crate::cli::render::{Page, clean, count, faint};

/// A file to record, with the options for it.
pub(crate) struct Intake<'a> {
    /// The file; `-` for standard input.
    pub(crate) file: &'a Path,
    /// The map by which its rows are read, if it has one.
    pub(crate) map: Option<&'a Path>,
    /// The body of all its acts, if the map names none.
    pub(crate) body: Option<&'a BodyId>,
    /// The span of the record that the file covers.
    pub(crate) surveyed: Option<Edtf>,
    /// True if the file leaves out former participants.
    pub(crate) survivors_only: bool,
    /// True if nothing is recorded.
    pub(crate) dry_run: bool,
    /// The file for the lines or rows that are left out.
    pub(crate) rejects: Option<&'a Path>,
    /// True if every doubt is listed, and the quality of the file reported.
    pub(crate) report: bool,
    /// True if the import goes on although the clock is behind the last entry.
    pub(crate) accept_clock: bool,
    /// The keys that sign.
    pub(crate) keys: &'a SignArgs,
}

const LINES: Shape = Shape { list: Some("rejected"), columns: &["line", "reason", "text"] };
const ROWS: Shape = Shape { list: Some("rejected"), columns: &["line", "reason", "row"] };

impl Intake<'_> {
    /// Records the file, and prints the report on it.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let standard = self.file == Path::new("-");
        let is_pipe = standard || self.file.metadata().is_ok_and(|found| !found.is_file());
        let (map, note) = match self.map {
            Some(path) => self.read_map(path).map(|(map, note)| (Some(map), Some(note)))?,
            None => (None, None),
        };
        // The bytes that come through a pipe can be read only once, so they stay in memory.
        let piped: Option<Arc<[u8]>> = if is_pipe { Some(read_input(self.file)?.into()) } else { None };
        let open = || -> io::Result<Box<dyn Read + Send>> {
            Ok(match &piped {
                Some(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
                None => Box::new(File::open(self.file)?),
            })
        };
        let name = match self.file.file_name() {
            Some(name) if !standard => name.to_string_lossy().into_owned(),
            _ => "standard input".to_owned(),
        };
        open().map_err(|e| Failure::file(self.file, &e))?;
        let mode = if self.dry_run { Mode::DryRun } else { Mode::Record };
        let mut writer = self.keys.open(context, "import", mode)?;
        writer.check_signers(&[ActKind::ImportRecorded])?;
        if let Some(body) = self.body {
            writer.charter(body)?;
        }
        let file = EventsFile {
            name: &name,
            open: &open,
            surveyed: self.surveyed.clone(),
            survivors_only: self.survivors_only,
            dry_run: self.dry_run,
            keep: self.report,
            map: map.as_ref(),
            note,
        };
        let options =
            AppendOptions { now: context.clock_now(), expect_size: None, accept_clock: self.accept_clock };
        let bar = context.bar(0, "lines");
        let done = import_events(&mut writer, &file, options, &|at| bar.set_position(at));
        bar.finish_and_clear();
        let found = match &done {
            Ok(ImportReport { import: Some(import), unrecorded, .. }) if self.report => {
                Some(of_import(&writer.reading(context.now), context, *import, &[], unrecorded))
            }
            _ => None,
        };
        if !self.dry_run {
            context.close(writer);
        }
        let report = done.map_err(|error| self.failed(error, &name))?;
        let quality = found.transpose()?;
        if let Some(path) = self.rejects {
            write_rejects(path, &report, map.as_ref())?;
        }
        let shape = if map.is_some() { ROWS } else { LINES };
        let mut answer = self.json(&report)?;
        if let Some(quality) = &quality {
            answer["quality"] = json_of(quality);
        }
        context.answer(&answer, shape, |page| {
            let under = quality.as_ref().map(|q| under_import(page, q, report.entry, context.now.day()));
            self.text(page, &report, &name) + &under.unwrap_or_default()
        })?;
        Ok(if report.rejected.is_empty() { Exit::Done } else { Exit::No })
    }

    /// The map, with the note about it for the import's own entry.
    fn read_map(&self, path: &Path) -> Result<(Map, String), Failure> {
        if path == Path::new("-") && self.file == path {
            return Err(Failure::usage("the file and its map cannot both come from standard input"));
        }
        let bytes = read_input(path)?;
        let name = input_name(path);
        let text = std::str::from_utf8(&bytes)
            .map_err(|e| Failure::usage(format!("{name}: not UTF-8 at byte {}", e.valid_up_to() + 1)))?;
        let map = Map::parse(text, self.body).map_err(|e| Failure::usage(e).in_file(&name))?;
        let file = path.file_name().map_or_else(|| name.clone(), |file| file.to_string_lossy().into_owned());
        Ok((map, format!("columns read by {file}, SHA-256 {}", hex(&Sha256::digest(&bytes)))))
    }

    fn failed(&self, error: EventsError, name: &str) -> Failure {
        match (error, self.map) {
            (EventsError::Ledger(error), _) => error.into(),
            (EventsError::Map(error), Some(map)) => Failure::usage(error).in_file(&input_name(map)),
            (other, _) => Failure::usage(format!("{name}: {other}")),
        }
    }

    fn json(&self, report: &ImportReport) -> Result<Value, Failure> {
        let text = |cell: &Vec<u8>| Value::from(String::from_utf8_lossy(cell));
        let left = |left: &Left| match self.map {
            Some(_) => {
                let row: Vec<Value> = left.cells.iter().map(text).collect();
                json!({"line": left.line, "reason": left.why, "row": row})
            }
            None => json!({"line": left.line, "reason": left.why, "text": left.cells.first().map(text)}),
        };
        let rejected: Vec<Value> = report.rejected.iter().map(left).collect();
        let doubts: Vec<Value> =
            report.doubts.iter().map(|told| json!({"line": told.line, "doubt": told.what})).collect();
        let mut answer = json!({"dry_run": self.dry_run, "lines": report.lines, "taken": report.taken,
               "recorded_before": report.known, "first": report.entries.map(|(first, _)| first),
               "last": report.entries.map(|(_, last)| last), "import": report.entry,
               "charters": report.charters, "rejected": rejected, "doubts": doubts});
        if self.map.is_some() {
            answer["rows_without_act"] = report.without_act.into();
        }
        if self.dry_run {
            let acts: Result<Vec<Value>, Failure> =
                report.shown.iter().map(|(line, event)| shown_json(*line, event)).collect();
            answer["acts"] = acts?.into();
        }
        Ok(answer)
    }

    fn text(&self, page: &Page, report: &ImportReport, name: &str) -> String {
        let name = clean(name);
        let (one, many) = if self.map.is_some() { ("act", "acts") } else { ("line", "lines") };
        let taken = count(report.taken, one, many);
        let mut out = match (self.dry_run, report.entries) {
            (true, _) => format!("dry run: {taken} of {name} may be recorded; nothing was\n"),
            (_, Some((only, last))) if only == last => format!("{taken} of {name} recorded: entry {only}\n"),
            (_, Some((first, last))) => format!("{taken} of {name} recorded: entries {first} to {last}\n"),
            _ => format!("nothing new in {name}\n"),
        };
        let were = |n: u64| count(n, &format!("{one} was"), &format!("{many} were"));
        if report.known > 0 {
            out.push_str(&format!("  {} recorded before\n", were(report.known)));
        }
        if report.without_act > 0 && self.map.is_some() {
            let n = count(report.without_act, "row holds", "rows hold");
            out.push_str(&format!("  {n} no act\n"));
        }
        if !report.charters.is_empty() {
            let n =
                count(report.charters.len() as u64, "body had no charter and", "bodies had no charter and");
            let got = if self.dry_run { "would get" } else { "got" };
            let line = format!("{n} {got} one that extends a pattern: chancery charter list");
            out.push_str(&page.wrap("  ", &line));
        }
        if let Some(entry) = report.entry {
            let undo = faint(&format!("chancery retract --import {entry}"));
            out.push_str(&format!("  the import is entry {entry}: {undo}\n"));
        }
        if self.map.is_some() && !report.shown.is_empty() {
            out.push_str("\nits first rows as acts\n");
            for (line, event) in &report.shown {
                out.push_str(&page.wrap(&format!("  line {line:<5} "), &clean(&in_words(event))));
            }
        }
        if !report.rejected.is_empty() {
            out.push_str(&format!("\n{} left out\n", were(report.rejected.len() as u64)));
            let told: Vec<(u64, &str)> =
                report.rejected.iter().map(|left| (left.line, left.why.as_str())).collect();
            listed(page, &told, self.rejects.is_some(), &mut out);
            if self.rejects.is_none() {
                let how = match self.map {
                    Some(_) => "to mend them: --rejects FILE, then import that file by the same map",
                    None => "all of them, with their text: --rejects FILE",
                };
                out.push_str(&page.wrap("  ", how));
            }
        }
        if !report.doubts.is_empty() {
            out.push_str(&format!("\n{}\n", count(report.doubts.len() as u64, "doubt", "doubts")));
            let told: Vec<(u64, &str)> =
                report.doubts.iter().map(|told| (told.line, told.what.as_str())).collect();
            match self.report {
                true => listed(page, &told, false, &mut out),
                false => kinds(page, report, &mut out),
            }
        }
        out
    }
}

/// An act in words, as a dry run shows it.
fn in_words(event: &Event) -> String {
    let who = event.participant.as_ref().map_or(String::new(), |who| format!("{who} "));
    let form = match &event.act {
        Act::InstrumentDeposited(Some(form)) => Form::ALL.iter().find(|(listed, _)| listed == form),
        _ => None,
    };
    let form = form.map_or(String::new(), |(_, name)| format!(" ({name})"));
    let mut out = format!("{who}{}{form} in {}", event.act.kind(), event.body);
    let mut more = |what: &str, said: &str| out.push_str(&format!(", {what} {said}"));
    event.dates.iter().for_each(|(role, date)| more(role.name(), date.as_str()));
    event.toward.iter().for_each(|status| more("toward", status.as_str()));
    event.status.iter().for_each(|status| more("status", status.as_str()));
    event.known_from.iter().for_each(|from| more("known from", from.as_str()));
    event.evidence.iter().for_each(|evidence| more("cites", &format!("{:?}", evidence.cite)));
    event.note.iter().for_each(|note| more("note", &format!("{note:?}")));
    out
}

fn shown_json(line: u64, event: &Event) -> Result<Value, Failure> {
    let bytes = leaf::encode_event(event).map_err(Failure::usage)?;
    let event: Value = serde_json::from_slice(&bytes)?;
    Ok(json!({"line": line, "event": event}))
}

/// The largest number of lines, and of kinds of doubt, in the report; an option or a file has the rest.
const TOLD: usize = 20;

fn listed(page: &Page, told: &[(u64, &str)], short: bool, out: &mut String) {
    let shown = if short { TOLD } else { told.len() };
    for (line, what) in told.iter().take(shown) {
        out.push_str(&page.wrap(&format!("  line {line:<6} "), &clean(what)));
    }
    if told.len() > shown {
        out.push_str(&format!("  and {} more\n", told.len() - shown));
    }
}

/// Doubts by kind, the most frequent first.
fn kinds(page: &Page, report: &ImportReport, out: &mut String) {
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

/// Writes the lines with their reasons; with a map, the rows as the file has them, each once, to be corrected and imported by the
/// same map.
fn write_rejects(path: &Path, report: &ImportReport, map: Option<&Map>) -> Result<(), Failure> {
    write_output_by(path, |file| rejects(file, report, map))
}

fn rejects(mut file: &File, report: &ImportReport, map: Option<&Map>) -> io::Result<()> {
    let (preamble, header) = &report.head;
    file.write_all(preamble)?;
    let delimiter = map.map_or(b',', Map::delimiter);
    let mut out = csv::WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(file);
    match map {
        None => out.write_record(["line", "reason", "text"])?,
        Some(_) => out.write_record(header)?,
    }
    let mut last: Option<&Left> = None;
    for left in &report.rejected {
        let line = left.line.to_string();
        match map {
            None => {
                let text = left.cells.first().map_or(&[][..], |text| text);
                let text = String::from_utf8_lossy(text);
                out.write_record([line.as_str(), &to_cell(&left.why), &to_cell(&text)])?;
            }
            Some(_) if last.is_some_and(|last| Arc::ptr_eq(&last.cells, &left.cells)) => {}
            Some(_) => out.write_record(left.cells.iter().map(|cell| guarded(cell)))?,
        }
        last = Some(left);
    }
    out.flush()
}

/// A cell of the user in a form that no spreadsheet runs; a cell that is not UTF-8 is unchanged.
fn guarded(cell: &[u8]) -> Vec<u8> {
    std::str::from_utf8(cell)
        .map_or_else(|_| cell.to_vec(), |text| to_cell(of_cell(text)).into_owned().into())
}
