use serde_json::Value;

use crate::event::{Day, ParticipantId};
use crate::query::{ChainItem, Conflict, ConflictKind, Conflicts, DaySpan, Kind, Question, participant};

use crate::cli::ask::axes::AxesArgs;
use crate::cli::ask::question::{Asking, BodiesArgs, footer, options};
use crate::cli::context::{Context, Format, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::render::{
    Page, act_words, clean, count, date, faint, long_day, name, statuses, strong, warn,
};

/// Where sources contradict each other or themselves: rival claims, dates and statuses that differ or were taken back, facts recorded twice
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery conflicts sco
  chancery conflicts sco --on 2022-12-31 --view participant
  chancery conflicts --participant SAU --format json

A view follows the account of one holder where the record says whose account a
chain is; a dispute that it does not settle stays contested. Views are data:
--view FILE.toml reads your own.")]
pub(crate) struct Args {
    #[command(flatten)]
    bodies: BodiesArgs,
    /// Only of this participant
    #[arg(long, short, value_parser = participant)]
    participant: Option<ParticipantId>,
    #[command(flatten)]
    axes: AxesArgs,
}

const SHAPE: Shape = Shape { list: Some("conflicts"), columns: &[] };

/// In rows, a conflict has one row for each act on its chains.
const ROWS: Shape = Shape {
    list: None,
    columns: &[
        "body",
        "kind",
        "participant",
        "dispute",
        "contested_on_day",
        "by_view",
        "chain",
        "possible",
        "entry.index",
        "entry.act",
        "entry.date",
        "entry.status",
        "entry.known",
        "entry.taken_back_by",
        "cites",
    ],
};

impl Args {
    fn question(&self, context: &Context) -> Result<Question, Failure> {
        let mut question = self.bodies.question(Kind::Conflicts);
        question.participant = self.participant.as_ref().map(ToString::to_string);
        self.axes.fill(&mut question, context)?;
        Ok(question)
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let asked = Asking::new(context, args.question(context)?)?;
    let answer: Conflicts = asked.answer()?;
    let (today, size) = (context.now.day(), asked.reading.size());
    let text = |page: &Page| text(page, &answer, today, size);
    match context.format {
        Format::Csv => context.answer(&rows(&answer)?, ROWS, text)?,
        _ => context.answer(&answer, SHAPE, text)?,
    }
    Ok(Exit::Done)
}

fn rows(answer: &Conflicts) -> Result<Value, Failure> {
    let mut rows = Vec::new();
    for conflict in &answer.conflicts {
        let mut row = serde_json::to_value(conflict)?;
        row["chains"].take();
        for chain in &conflict.chains {
            row["chain"] = chain.chain.clone().into();
            row["possible"] = serde_json::to_value(&chain.possible)?;
            let entries = chain.entries.iter().map(Some);
            // A chain without an act still gets a row.
            for entry in entries.chain(chain.entries.is_empty().then_some(None)) {
                row["entry"] = serde_json::to_value(entry)?;
                let evidence = entry.map(|entry| entry.evidence.as_slice()).unwrap_or_default();
                let cites: Vec<&str> = evidence.iter().map(|e| e.cite.as_str()).collect();
                row["cites"] = cites.join("; ").into();
                rows.push(row.clone());
            }
        }
    }
    Ok(rows.into())
}

fn text(page: &Page, answer: &Conflicts, today: Day, size: crate::event::Size) -> String {
    let on = answer.question.on;
    let when = if on == today { "today".to_owned() } else { long_day(on) };
    let of = answer.question.body.as_ref().map_or("every body".to_owned(), ToString::to_string);
    let mut out = page.edges(&strong(&format!("Conflicts between sources: {of}")), &when);
    out.push_str(&page.notes(&answer.notes));
    if answer.conflicts.is_empty() {
        out.push_str("\n  none is recorded\n");
    }
    let mut heading = None;
    for conflict in &answer.conflicts {
        if heading != Some(conflict.kind) {
            heading = Some(conflict.kind);
            out.push_str(&format!("\n{}", page.wrap("", headline(conflict.kind))));
        }
        out.push_str(&one(page, conflict, on));
    }
    out.push('\n');
    out.push_str(&footer(page, &answer.question, &answer.checkpoint, today));
    if let Some(conflict) = answer.conflicts.iter().find(|c| c.kind == ConflictKind::Rival) {
        let dates = options(&answer.question, size, today);
        let Conflict { participant, body, .. } = conflict;
        let line = format!("both chains: chancery explain {participant} --in {body}{dates}");
        out.push_str(&faint(&line));
        out.push('\n');
    }
    out
}

const fn headline(kind: ConflictKind) -> &'static str {
    match kind {
        ConflictKind::Rival => "rival claims: their chains exclude one another",
        ConflictKind::Dates => "dates: acts that may be one, dated differently",
        ConflictKind::Record => "the record of one source: it stated one date, took it back, stated another",
        ConflictKind::Claim => "claims: the source gives another status than the charter, which decides",
        ConflictKind::SameFact => "the same fact, recorded more than once: one event, more evidence",
    }
}

fn one(page: &Page, conflict: &Conflict, on: Day) -> String {
    let who = name(&conflict.participant, on);
    let dispute = conflict.dispute.as_deref().map(|d| format!("   {}", clean(d))).unwrap_or_default();
    let state = match (conflict.kind, conflict.contested_on_day, &conflict.by_view) {
        (ConflictKind::Rival, true, _) => warn("contested on this day"),
        (ConflictKind::Rival, false, Some(chain)) => format!("by the view: {}", clean(chain)),
        (ConflictKind::Rival, false, None) => "not contested on this day".to_owned(),
        (ConflictKind::SameFact, ..) => count(conflict.entries.len() as u64, "entry", "entries"),
        _ => String::new(),
    };
    let head = format!("  {} in {}{dispute}", strong(&who), conflict.body);
    let mut out = match state.is_empty() {
        true => page.wrap("", &head),
        false => page.edges(&head, &state),
    };
    if !conflict.spans.is_empty() {
        let spans: Vec<String> = conflict.spans.iter().map(span).collect();
        let label = match conflict.kind {
            ConflictKind::Dates | ConflictKind::Record => "between",
            _ => "disagree",
        };
        out.push_str(&page.wrap(&format!("    {label}  "), &spans.join("; ")));
    }
    for chain in &conflict.chains {
        out.push_str(&side(page, chain, conflict.kind));
    }
    out
}

/// A span of days in words: `from 2022-09-01 until 2023-03-28`.
pub(crate) fn span(span: &DaySpan) -> String {
    let from = span.from.as_ref().map(|from| format!("from {}", date(from)));
    let until = span.until.as_ref().map(|until| format!("until {}", date(until)));
    let parts: Vec<String> = from.into_iter().chain(until).collect();
    if parts.is_empty() { "always".to_owned() } else { parts.join(" ") }
}

fn side(page: &Page, chain: &ChainItem, kind: ConflictKind) -> String {
    let label = match (&chain.chain, kind) {
        (Some(name), _) => clean(name).into_owned(),
        (None, ConflictKind::SameFact) => String::new(),
        (None, _) => "the record without it".to_owned(),
    };
    let mut out = String::new();
    if !label.is_empty() {
        let says = if chain.possible.is_empty() { String::new() } else { statuses(&chain.possible) };
        out.push_str(&page.wrap(&format!("    {label}  "), &says));
    }
    for entry in &chain.entries {
        let when = entry.date.as_ref().map(|on| format!(" {}", date(on))).unwrap_or_default();
        let status = entry.status.as_ref().map(|id| format!(", its source gives {id}")).unwrap_or_default();
        let cites: Vec<String> = entry
            .evidence
            .iter()
            .map(|e| {
                let grade = e.grade.map(|grade| format!(" [{grade}]")).unwrap_or_default();
                format!("{}{grade}", clean(&e.cite))
            })
            .collect();
        let cites = if cites.is_empty() { String::new() } else { format!("; {}", cites.join("; ")) };
        let first = format!("      entry {:<4} ", entry.index);
        let known = match (kind, entry.taken_back_by) {
            (ConflictKind::Record, Some(by)) => {
                format!(", known from {}, taken back by entry {by}", entry.known)
            }
            (ConflictKind::Record, None) => format!(", known from {}, stands", entry.known),
            _ => String::new(),
        };
        out.push_str(&page.wrap(&first, &format!("{}{when}{known}{status}{cites}", act_words(entry.act))));
    }
    out
}
