use std::collections::HashMap;
use std::io::IsTerminal;
use std::path::PathBuf;

use indicatif::ProgressBar;
use serde_json::json;

use crate::event::{BodyId, ParticipantId, Size, StatusId};
use crate::ledger::Ledger;
use crate::query::{Axes, CheckpointRef};

use crate::cli::ask::answers::{Answered, Answers, Asked, Line, Question};
use crate::cli::ask::axes::AxesArgs;
use crate::cli::context::{Context, Format, input_name};
use crate::cli::error::{Exit, Failure};

use crate::cli::ask::question::{body_or_only, faint_lines, participant};
use crate::cli::ask::questions::{Row, Rows, Words};
use crate::cli::ask::status::known_status;
use crate::cli::render::{count, date, statuses};

/// Many questions in one go: a row or a line each, answered in order
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery ask --from questions.csv --format csv > answers.csv
  chancery ask --from questions.jsonl --format jsonl
  echo '{\"participant\":\"BLR\",\"body\":\"sco\"}' | chancery ask --from -

Columns, or keys: participant, body, on, as_known, as_recorded, is; or party,
organisation, valid_at, known_at. An empty one is the default, as with
`chancery status`. In jsonl a line is the answer of `chancery status`; a row
that cannot be answered has its line, its words and the error instead, the
others are answered, and the exit code is 1.")]
pub(crate) struct Args {
    /// A CSV with a header, or JSON Lines; - is standard input
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
}

/// Questions are answered so many at a time, then twice as many, since what is set out for them is set out once; no more
/// than the most are held.
const TOGETHER: usize = 2_000;
const TOGETHER_MAX: usize = 16_000;

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let mut ledger = context.reader()?;
    let name = input_name(&args.from);
    let (file, bar): (Box<dyn std::io::Read>, ProgressBar) = match args.from.as_os_str() == "-" {
        true => (Box::new(std::io::stdin().lock()), ProgressBar::hidden()),
        false => {
            let file = std::fs::File::open(&args.from).map_err(|e| Failure::file(&args.from, &e))?;
            let bytes = file.metadata().map_or(0, |m| m.len());
            // Answers that scroll by are progress enough.
            let scrolls = context.format != Format::Text && std::io::stdout().is_terminal();
            let bar = if scrolls { ProgressBar::hidden() } else { context.bar(bytes, "bytes") };
            (Box::new(file), bar)
        }
    };
    let mut rows = Rows::new(bar.wrap_read(file)).map_err(|why| {
        Failure::usage(format!("{name}: {why}"))
            .help("columns: participant, body, on, as_known, as_recorded, is; see: chancery ask --help")
    })?;
    let mut resolver = Resolver::default();
    let mut out = Output::new(context, ledger.head(ledger.size())?);
    let mut answers = Answers::default();
    let mut most = TOGETHER;
    loop {
        let mut together = Vec::new();
        while together.len() < most
            && let Some(row) = rows.next().map_err(|e| Failure::file(&args.from, &e))?
        {
            together.push(row);
        }
        if together.is_empty() {
            break;
        }
        let asked: Vec<Asked> =
            together.into_iter().map(|row| resolver.question(row, context, &mut ledger)).collect();
        out.write(&answers.of(asked, &mut ledger, &mut |ledger, size| resolver.head(ledger, size))?)?;
        most = (most * 2).min(TOGETHER_MAX);
    }
    bar.finish_and_clear();
    out.end()
}

/// What words were found to mean: the same ones come again and again.
#[derive(Default)]
struct Resolver {
    participants: HashMap<String, Result<ParticipantId, String>>,
    bodies: HashMap<String, Result<BodyId, String>>,
    sizes: HashMap<String, Result<Size, String>>,
    heads: HashMap<Size, CheckpointRef>,
}

impl Resolver {
    fn question(&mut self, row: Row, context: &Context, ledger: &mut Ledger) -> Asked {
        let (words, question) = match row.words {
            Ok(words) => {
                let question = self.read(&words, context, ledger);
                (words, question)
            }
            Err(why) => (Words::default(), Err(why)),
        };
        Asked { line: row.line, words, question }
    }

    fn read(&mut self, words: &Words, context: &Context, ledger: &mut Ledger) -> Result<Question, String> {
        if words.participant().is_empty() {
            return Err("no participant is given".into());
        }
        let who = |word: &str| participant(word).map_err(|e| e.to_string());
        let participant = remembered(&mut self.participants, words.participant(), who)?;
        let body = remembered(&mut self.bodies, words.body(), |word| {
            let given =
                (!word.is_empty()).then(|| BodyId::named(word)).transpose().map_err(|e| e.to_string())?;
            let body = body_or_only(given.as_ref(), ledger).map_err(|e| e.reason())?;
            ledger.charter(&body).map(|_| body).map_err(|e| e.to_string())
        })?;
        let is = (!words.is().is_empty()).then(|| StatusId::parse(words.is())).transpose();
        let is = is.map_err(|e| e.to_string())?;
        if let Some(wanted) = &is {
            let charter = ledger.charter(&body).map_err(|e| e.to_string())?;
            known_status(&charter, wanted).map_err(|e| e.reason())?;
        }
        let some = |word: &str| (!word.is_empty()).then(|| word.to_owned());
        let recorded = match some(words.as_recorded()) {
            None => ledger.size(),
            Some(word) => remembered(&mut self.sizes, &word, |word| {
                let only = AxesArgs { as_recorded: Some(word.to_owned()), ..AxesArgs::default() };
                only.resolve(context, ledger).map(|axes| axes.as_recorded).map_err(|e| e.reason())
            })?,
        };
        let dates =
            AxesArgs { on: some(words.on()), as_known: some(words.as_known()), ..AxesArgs::default() };
        let dates = dates.resolve(context, ledger).map_err(|e| e.reason())?;
        Ok(Question { participant, body, axes: Axes { as_recorded: recorded, ..dates }, is })
    }

    /// The head of a size: one that is not the last is computed from the leaves.
    fn head(&mut self, ledger: &Ledger, size: Size) -> Result<CheckpointRef, Failure> {
        if let Some(head) = self.heads.get(&size) {
            return Ok(head.clone());
        }
        let head = ledger.head(size)?;
        self.heads.insert(size, head.clone());
        Ok(head)
    }
}

fn remembered<T: Clone>(
    known: &mut HashMap<String, Result<T, String>>,
    word: &str,
    find: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, String> {
    if let Some(found) = known.get(word) {
        return found.clone();
    }
    let found = find(word);
    known.insert(word.to_owned(), found.clone());
    found
}

/// Where answers go, in the form asked for.
struct Output<'c> {
    context: &'c Context,
    head: CheckpointRef,
    answered: u64,
    failed: u64,
    begun: bool,
    rows: Vec<Vec<String>>,
    errors: Vec<String>,
}

/// The column of the day of knowledge, in a table for people.
const KNOWN: usize = 4;

/// So many errors are shown to people.
const ERRORS_SHOWN: usize = 20;

const COLUMNS: [&str; 13] = [
    "line",
    "participant",
    "body",
    "on",
    "as_known",
    "as_recorded",
    "status",
    "certainty",
    "possible",
    "since",
    "until",
    "is",
    "error",
];

impl Output<'_> {
    fn new(context: &Context, head: CheckpointRef) -> Output<'_> {
        Output { context, head, answered: 0, failed: 0, begun: false, rows: Vec::new(), errors: Vec::new() }
    }

    fn write(&mut self, answers: &[Answered]) -> Result<(), Failure> {
        let failed = answers.iter().filter(|a| a.answer.is_err()).count() as u64;
        self.failed += failed;
        self.answered += answers.len() as u64 - failed;
        match self.context.format {
            Format::Text => {
                for answered in answers {
                    match &answered.answer {
                        Ok(line) => self.rows.push(line.cells(answered.line)),
                        Err(error) => self.errors.push(format!("line {}: {error}", answered.line)),
                    }
                }
                Ok(())
            }
            Format::Csv => self.context.print(&self.csv(answers)?),
            Format::Jsonl => {
                let mut lines = String::new();
                for answer in answers {
                    lines.push_str(&answer.json()?);
                    lines.push('\n');
                }
                self.context.print(&lines)
            }
            Format::Json => {
                let mut part = String::new();
                for answer in answers {
                    part.push_str(if std::mem::replace(&mut self.begun, true) {
                        ",\n"
                    } else {
                        "{\"answers\": [\n"
                    });
                    part.push_str(&answer.json()?);
                }
                self.context.print(&part)
            }
        }
    }

    fn csv(&mut self, answers: &[Answered]) -> Result<String, Failure> {
        let mut out = csv::Writer::from_writer(Vec::new());
        let fault = |e: csv::Error| Failure::usage(e);
        if !std::mem::replace(&mut self.begun, true) {
            out.write_record(COLUMNS).map_err(fault)?;
        }
        for answer in answers {
            out.write_record(answer.record()).map_err(fault)?;
        }
        let bytes = out.into_inner().map_err(|e| Failure::usage(e.error()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn end(mut self) -> Result<Exit, Failure> {
        let (answered, failed) = (self.answered, self.failed);
        match self.context.format {
            Format::Jsonl => {}
            Format::Csv => {
                let header = if self.begun { String::new() } else { self.csv(&[])? };
                self.context.print(&header)?;
            }
            Format::Json => {
                let begin = if self.begun { "" } else { "{\"answers\": [" };
                let end = format!("{begin}\n], \"answered\": {answered}, \"failed\": {failed}}}\n");
                self.context.print(&end)?;
            }
            Format::Text => self.context.print(&self.text())?,
        }
        Ok(if failed > 0 { Exit::No } else { Exit::Done })
    }

    fn text(&mut self) -> String {
        let page = &self.context.page;
        let mut out = String::new();
        if !self.rows.is_empty() {
            // Most files name no day of knowledge; a narrow terminal needs the room.
            let known = self.rows.iter().any(|row| row.get(KNOWN).is_some_and(|cell| !cell.is_empty()));
            let mut rows = std::mem::take(&mut self.rows);
            let mut head = vec!["line", "who", "body", "on", "known", "status"];
            if !known {
                head.remove(KNOWN);
                rows.iter_mut().for_each(|row| _ = row.remove(KNOWN));
            }
            out.push_str(&page.table(&head, &rows));
            out.push('\n');
        }
        let shown = self.errors.len().min(ERRORS_SHOWN);
        out.push_str(&page.notes(&self.errors[..shown]));
        if shown < self.errors.len() {
            let more = self.errors.len() - shown;
            out.push_str(&page.wrap("    ", &format!("and {more} more: --format jsonl has every one")));
        }
        if shown > 0 {
            out.push('\n');
        }
        let mut said = format!("{} answered", count(self.answered, "question", "questions"));
        if self.failed > 0 {
            said.push_str(&format!(", {} not", self.failed));
        }
        out.push_str(&page.wrap("", &said));
        let root = page.short_hash(&self.head.root);
        let held = format!("this ledger: {}, root {root}", count(self.head.size.0, "entry", "entries"));
        out.push_str(&faint_lines(&page.wrap("", &held)));
        out
    }
}

impl Answered {
    fn json(&self) -> Result<String, Failure> {
        Ok(match &self.answer {
            Ok(line) => serde_json::to_string(line)?,
            Err(error) => json!({"line": self.line, "row": self.words.said(), "error": error}).to_string(),
        })
    }

    fn record(&self) -> Vec<String> {
        let words = &self.words;
        let given = [words.participant(), words.body(), words.on(), words.as_known(), words.as_recorded()];
        let mut record = vec![self.line.to_string()];
        match &self.answer {
            Err(error) => {
                record.extend(given.map(str::to_owned));
                record.extend(std::iter::repeat_n(String::new(), COLUMNS.len() - 7));
                record.push(error.clone());
            }
            Ok(Line { answer, is }) => {
                let q = &answer.question;
                let text = |value: Option<String>| value.unwrap_or_default();
                let possible: Vec<&str> = answer.possible.iter().map(StatusId::as_str).collect();
                record.extend([
                    text(q.participant.as_ref().map(ToString::to_string)),
                    text(q.body.as_ref().map(ToString::to_string)),
                    q.when(),
                    text(q.as_known.as_ref().map(ToString::to_string)),
                    q.as_recorded.to_string(),
                    text(answer.status.as_ref().map(ToString::to_string)),
                    answer.certainty.name().to_owned(),
                    possible.join(" "),
                    text(answer.since.as_ref().map(ToString::to_string)),
                    text(answer.until.as_ref().map(ToString::to_string)),
                    text(is.map(|yes| if yes { "yes" } else { "no" }.to_owned())),
                    String::new(),
                ]);
            }
        }
        record
    }
}

impl Line {
    /// The cells of a table for people.
    fn cells(&self, line: u64) -> Vec<String> {
        let (answer, question) = (&self.answer, &self.answer.question);
        let mut status = statuses(&answer.possible);
        match (&answer.status, &answer.since) {
            (None, _) => status.push_str(&format!(" ({})", answer.certainty.name())),
            (Some(_), Some(since)) => status.push_str(&format!(" since {}", date(since))),
            (Some(_), None) => {}
        }
        if let Some(yes) = self.is {
            status = format!("{}: {status}", if yes { "yes" } else { "no" });
        }
        let text = |value: Option<String>| value.unwrap_or_default();
        vec![
            line.to_string(),
            text(question.participant.as_ref().map(ToString::to_string)),
            text(question.body.as_ref().map(ToString::to_string)),
            question.when(),
            text(question.as_known.as_ref().map(ToString::to_string)),
            status,
        ]
    }
}
