use std::io::IsTerminal;
use std::path::PathBuf;

use indicatif::ProgressBar;
use rayon::prelude::*;
use serde::Serialize;
use serde_json::json;

use crate::event::StatusId;
use crate::ledger::Reading;
use crate::query::{CheckpointRef, Kind, Question, StatusAnswer};

use crate::log::regular::Bounded;

use crate::cli::ask::question::faint_lines;
use crate::cli::ask::questions::{Row, Rows, Words};
use crate::cli::ask::trust::TrustArgs;
use crate::cli::context::{Context, Format, input_name};
use crate::cli::error::{Exit, Failure};
use crate::cli::output::text_cell;
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
    #[command(flatten)]
    trust: TrustArgs,
}

/// The largest number of questions that are answered together, on every core.
const TOGETHER: usize = 4_096;

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let reading = context.reading()?;
    let name = input_name(&args.from);
    let (file, bar): (Box<dyn std::io::Read>, ProgressBar) = match args.from.as_os_str() == "-" {
        true => (Box::new(std::io::stdin().lock()), ProgressBar::hidden()),
        false => {
            let file = std::fs::File::open(&args.from).map_err(|e| Failure::file(&args.from, &e))?;
            let bytes = file.metadata().map_or(0, |m| m.len());
            // Answers that scroll by show progress well enough.
            let scrolls = context.format != Format::Text && std::io::stdout().is_terminal();
            let bar = if scrolls { ProgressBar::hidden() } else { context.bar(bytes, "bytes") };
            (Box::new(file), bar)
        }
    };
    let mut rows = Rows::new(Bounded::new(bar.wrap_read(file))).map_err(|why| {
        Failure::usage(format!("{name}: {why}"))
            .help("columns: participant, body, on, as_known, as_recorded, is; see: chancery ask --help")
    })?;
    let mut out = Output::new(context, reading.head(reading.size())?);
    loop {
        let mut together = Vec::new();
        while together.len() < TOGETHER
            && let Some(row) = rows.next().map_err(|e| Failure::file(&args.from, &e))?
        {
            together.push(row);
        }
        if together.is_empty() {
            break;
        }
        out.write(&together.into_par_iter().map(|row| answered(row, &reading)).collect::<Vec<_>>())?;
    }
    bar.finish_and_clear();
    out.end()
}

/// A row of the file with its answer, or with the reason why it has none.
struct Answered {
    line: u64,
    words: Words,
    answer: Result<Line, String>,
}

/// An answer as a line: the answer of `status`, and `is`, true if the status is the one that the row names.
#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    answer: StatusAnswer,
    #[serde(skip_serializing_if = "Option::is_none")]
    is: Option<bool>,
}

fn answered(row: Row, reading: &Reading) -> Answered {
    match row.words {
        Ok(words) => Answered { line: row.line, answer: line(&words, reading), words },
        Err(why) => Answered { line: row.line, words: Words::default(), answer: Err(why) },
    }
}

fn line(words: &Words, reading: &Reading) -> Result<Line, String> {
    if words.participant().is_empty() {
        return Err("no participant is given".into());
    }
    let given = |word: &str| (!word.is_empty()).then(|| word.to_owned());
    let mut question = Question::new(Kind::Status).of(words.participant());
    question.bodies = given(words.body()).into_iter().collect();
    question.on = given(words.on());
    question.as_known = given(words.as_known());
    question.as_recorded = given(words.as_recorded());
    question.options.status = given(words.is());
    let answer = reading.ask(&question).map_err(|error| Failure::from(error).reason())?;
    let answer = StatusAnswer::try_from(answer).map_err(|error| error.to_string())?;
    let is = given(words.is()).map(|wanted| answer.status.as_ref().is_some_and(|s| s.as_str() == wanted));
    Ok(Line { answer, is })
}

/// The output of the answers, in the form that the user chose.
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

/// The largest number of errors shown to people.
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
            Format::Csv => self.context.print_verbatim(&self.csv(answers)?),
            Format::Jsonl => {
                let mut lines = String::new();
                for answer in answers {
                    lines.push_str(&answer.json()?);
                    lines.push('\n');
                }
                self.context.print_json(&lines)
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
                self.context.print_json(&part)
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
            out.write_record(answer.record().iter().map(|cell| text_cell(cell))).map_err(fault)?;
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
                self.context.print_verbatim(&header)?;
            }
            Format::Json => {
                let begin = if self.begun { "" } else { "{\"answers\": [" };
                let end = format!("{begin}\n], \"answered\": {answered}, \"failed\": {failed}}}\n");
                self.context.print_json(&end)?;
            }
            Format::Text => self.context.print(&self.text())?,
        }
        Ok(if failed > 0 { Exit::No } else { Exit::Done })
    }

    fn text(&mut self) -> String {
        let page = &self.context.page;
        let mut out = String::new();
        if !self.rows.is_empty() {
            // Most files name no day of knowledge, and a narrow terminal needs the room.
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
