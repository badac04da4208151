//! The output of `compare`: counts by class, then the differences. Rows are written at once; text shows only a few of each class.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::event::ParticipantId;
use crate::query::{Case, CheckpointRef, Class, Comparison, Difference, QuestionEcho};

use crate::cli::ask::question::footer;
use crate::cli::check::compare_file::FileForm;
use crate::cli::context::{Context, Format};
use crate::cli::error::Failure;
use crate::cli::output::csv_of;
use crate::cli::render::{Page, clean, count, strong, warn};

/// The columns of a row.
const COLUMNS: [&str; 13] = [
    "class",
    "case",
    "participant",
    "named",
    "body",
    "line",
    "statements",
    "what",
    "role",
    "theirs",
    "ours",
    "entry",
    "words",
];

/// The largest number of differences of a class, and of names, that text shows.
const TOLD: usize = 10;

/// The output of the differences.
pub(crate) struct Out<'c> {
    context: &'c Context,
    only: Option<Class>,
    same: u64,
    /// Statements that differ, by class and case.
    counts: BTreeMap<(Class, Option<Case>), u64>,
    /// The number of rows of each class; `kept` has those that are printed at the end.
    rows: BTreeMap<Class, usize>,
    kept: BTreeMap<Class, Vec<Difference>>,
    begun: bool,
}

/// The data set that was compared.
pub(crate) struct Heading {
    /// The file's name.
    pub(crate) file: String,
    /// The form that was recognised.
    pub(crate) form: FileForm,
    /// The number of lines that state something.
    pub(crate) lines: u64,
    /// The number of lines that are outside the question.
    pub(crate) left_out: u64,
    /// The number of bodies that the data set names.
    pub(crate) bodies: u64,
    /// Names for participants that are not ours, with the participants that they mean.
    pub(crate) names: BTreeMap<String, ParticipantId>,
}

/// The lines under an answer.
#[derive(Serialize)]
pub(crate) struct Footer {
    /// The question.
    pub(crate) question: QuestionEcho,
    /// The head of the record that answers it.
    pub(crate) checkpoint: CheckpointRef,
}

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    footer: &'a Footer,
    with: Value,
    counts: Value,
    differences: Vec<&'a Difference>,
    names: &'a BTreeMap<String, ParticipantId>,
}

impl<'c> Out<'c> {
    /// An output in the form that the user chose; with `only`, it lists only this class.
    pub(crate) fn new(context: &'c Context, only: Option<Class>) -> Out<'c> {
        Out {
            context,
            only,
            same: 0,
            counts: BTreeMap::new(),
            rows: BTreeMap::new(),
            kept: BTreeMap::new(),
            begun: false,
        }
    }

    /// Takes the comparison of one body.
    ///
    /// # Errors
    /// [`Failure`] if standard output is closed.
    pub(crate) fn take(&mut self, found: Comparison) -> Result<(), Failure> {
        self.same += found.same;
        let mut rows = Vec::new();
        for difference in found.differences {
            *self.counts.entry((difference.class, difference.case)).or_default() += difference.statements;
            *self.rows.entry(difference.class).or_default() += 1;
            if self.only.is_some_and(|only| only != difference.class) {
                continue;
            }
            match self.context.format {
                Format::Jsonl | Format::Csv => rows.push(serde_json::to_value(&difference)?),
                Format::Json => self.kept.entry(difference.class).or_default().push(difference),
                Format::Text => {
                    let kept = self.kept.entry(difference.class).or_default();
                    if self.only.is_some() || kept.len() < TOLD {
                        kept.push(difference);
                    }
                }
            }
        }
        self.write(&rows)
    }

    fn write(&mut self, rows: &[Value]) -> Result<(), Failure> {
        match self.context.format {
            Format::Jsonl => {
                self.context.print_json(&rows.iter().map(|row| format!("{row}\n")).collect::<String>())
            }
            Format::Csv => {
                let rows: Vec<&Value> = rows.iter().collect();
                let whole = csv_of(&rows, &COLUMNS)?;
                let heading = whole.find('\n').map_or(0, |at| at + 1);
                let from = if std::mem::replace(&mut self.begun, true) { heading } else { 0 };
                self.context.print_verbatim(whole.get(from..).unwrap_or_default())
            }
            Format::Text | Format::Json => Ok(()),
        }
    }

    fn of(&self, class: Class) -> u64 {
        self.counts.iter().filter(|((of, _), _)| *of == class).map(|(_, n)| n).sum()
    }

    /// Prints the counts and the rows kept for the end, and returns true if anything differs.
    ///
    /// # Errors
    /// [`Failure`] if standard output is closed.
    pub(crate) fn finish(&self, heading: &Heading, under: &Footer, command: String) -> Result<bool, Failure> {
        match self.context.format {
            Format::Text => self.context.print(&self.text(&self.context.page, heading, under, &command))?,
            Format::Json => {
                let answer = Answer {
                    footer: under,
                    with: json!({"file": heading.file, "form": heading.form.name(),
                                 "lines": heading.lines, "left_out": heading.left_out,
                                 "bodies": heading.bodies}),
                    counts: self.counts_json(),
                    differences: self.kept.values().flatten().collect(),
                    names: &heading.names,
                };
                self.context.print_json(&format!("{}\n", serde_json::to_string_pretty(&answer)?))?;
            }
            Format::Jsonl | Format::Csv => {
                let classes = Class::ALL.iter().map(|class| format!("{} {}", class.name(), self.of(*class)));
                let classes: Vec<String> = classes.collect();
                let read = format!("{} is read as {}", heading.file, heading.form.words());
                self.context.remark(&format!("{read}; same {}, {}", self.same, classes.join(", ")));
            }
        }
        Ok(!self.counts.is_empty())
    }

    fn counts_json(&self) -> Value {
        let mut counts = json!({"same": self.same});
        for class in Class::ALL {
            counts[class.name()] = self.of(class).into();
        }
        for case in Case::ALL {
            let of = self.counts.iter().filter(|((_, of), _)| *of == Some(case));
            counts[case.name()] = of.map(|(_, n)| n).sum::<u64>().into();
        }
        counts
    }

    fn text(&self, page: &Page, heading: &Heading, under: &Footer, command: &str) -> String {
        let mut out = page.wrap("", &strong(&format!("Compared with {}", clean(&heading.file))));
        let bodies = count(heading.bodies, "organisation or treaty", "organisations and treaties");
        let read = count(heading.lines, "line", "lines");
        out.push_str(&page.wrap("  ", &format!("read as {}: {read}, {bodies}", heading.form.words())));
        if heading.left_out > 0 {
            let n = count(heading.left_out, "line is", "lines are");
            out.push_str(&page.wrap("  ", &format!("{n} left out by the question")));
        }
        out.push_str(&format!("\n  {:<10} {:>8}\n", "same", self.same));
        for class in Class::ALL {
            let cases = Case::ALL.iter().filter_map(|case| {
                let n = self.counts.get(&(class, Some(*case)))?;
                Some(format!("{} {n}", case.name()))
            });
            let cases: Vec<String> = cases.collect();
            let cases = if cases.is_empty() { String::new() } else { format!("   {}", cases.join(", ")) };
            out.push_str(&format!("  {:<10} {:>8}{cases}\n", class.name(), self.of(class)));
        }
        for (class, kept) in &self.kept {
            out.push_str(&format!("\n{}\n", strong(class.name())));
            kept.iter().for_each(|difference| out.push_str(&one(page, difference)));
            let more = self.rows.get(class).copied().unwrap_or_default().saturating_sub(kept.len());
            if more > 0 {
                let all = format!("{command} --class {}", class.name());
                out.push_str(&page.wrap("  ", &format!("and {more} more: {all}")));
            }
        }
        out.push_str(&called(page, heading));
        if !self.kept.is_empty() {
            out.push_str(&format!("\n{}", page.wrap("", &format!("as rows: {command} --format csv"))));
        }
        out.push('\n');
        out.push_str(&footer(page, &under.question, &under.checkpoint, self.context.now.day()));
        out
    }
}

/// Lists names that are not ours but mean participants that we have. They are no difference, but useful to know.
fn called(page: &Page, heading: &Heading) -> String {
    if heading.names.is_empty() {
        return String::new();
    }
    let names: Vec<String> =
        heading.names.iter().take(TOLD).map(|(name, who)| format!("{} ({who})", clean(name))).collect();
    let more = heading.names.len().saturating_sub(TOLD);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let text = format!("no difference, read by the register: {}{more}", names.join(", "));
    format!("\n{}", page.wrap("names  ", &text))
}

/// One difference: its participant and body, their statement and ours, then the reason.
fn one(page: &Page, difference: &Difference) -> String {
    let d = difference;
    let who = d.participant.as_ref().map(ToString::to_string);
    let body = d.body.as_ref().map(ToString::to_string);
    let mut head: Vec<String> = Vec::new();
    head.extend(match (who, body) {
        (Some(who), Some(body)) => Some(format!("{who} in {body}")),
        (who, body) => who.or(body),
    });
    let line = d.line.map(|line| format!("line {line}"));
    head.extend(line.filter(|_| d.statements == 1));
    head.extend(d.line.filter(|_| d.statements > 1).map(|line| format!("from line {line}")));
    if d.statements > 1 {
        head.push(count(d.statements, "statement", "statements"));
    }
    let what = [d.what.clone(), d.role.map(str::to_owned)].into_iter().flatten().collect::<Vec<_>>();
    head.extend((!what.is_empty()).then(|| what.join(", ")));
    let case = d.case.map(|case| warn(case.name()));
    let mut out = page.wrap_to("  ", "    ", &clean(&head.join("; ")));
    let entry = d.entry.map(|entry| format!(" (entry {entry})")).unwrap_or_default();
    let theirs = d.theirs.as_ref().map(|theirs| format!("theirs {theirs}"));
    let ours = d.ours.as_ref().map(|ours| format!("ours {ours}{entry}"));
    let sides: Vec<String> = theirs.into_iter().chain(ours).collect();
    if !sides.is_empty() {
        out.push_str(&page.wrap("    ", &clean(&sides.join(", "))));
    }
    let case = case.map(|case| format!("{case}: ")).unwrap_or_default();
    out.push_str(&page.wrap("    ", &format!("{case}{}", clean(&d.words))));
    out
}
