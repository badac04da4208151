use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::event::{BodyId, Day, Index, KnownBy, ParticipantId};
use crate::query::{
    Between, ChangedSpan, Diff, DiffEntry, DiffItem, Kind, ProcedureChange, Question, State, participant,
};

use crate::cli::ask::axes::AxesArgs;
use crate::cli::ask::conflicts::span;
use crate::cli::ask::question::{Asking, BodiesArgs, faint_lines};
use crate::cli::context::{Context, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::render::{Page, act_words, clean, count, date, name, statuses, strong};

/// What changed in the world between two days, or what we learnt between two states of the record
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery diff sco --on 2023-07-01..2024-07-05        (what changed)
  chancery diff sco --as-known 2023-03-06..2023-07-05  (what the world learnt)
  chancery diff sco --as-recorded 127..128 --on 2023-05-05
  chancery diff --on 2025-01-01..today --exit-code     (exit 1: it differs)

One of the three dates is a range, FROM..TO; FROM.. is to the end, ..TO from
the beginning. The others keep their meaning.")]
pub(crate) struct Args {
    #[command(flatten)]
    bodies: BodiesArgs,
    /// Only of this participant
    #[arg(long, short, value_parser = participant)]
    participant: Option<ParticipantId>,
    /// Exit 1 if anything differs
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    axes: AxesArgs,
}

const SHAPE: Shape = Shape {
    list: Some("changes"),
    columns: &[
        "body",
        "participant",
        "change",
        "before.status",
        "before.certainty",
        "before.possible",
        "after.status",
        "after.certainty",
        "after.possible",
        "because",
    ],
};

impl Args {
    fn question(&self, context: &Context) -> Result<Question, Failure> {
        let mut question = self.bodies.question(Kind::Diff);
        question.participant = self.participant.as_ref().map(ToString::to_string);
        self.axes.fill(&mut question, context)?;
        Ok(question)
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let asked = Asking::new(context, args.question(context)?)?;
    let answer: Diff = asked.answer()?;
    let between = answer.between;
    context.answer(&answer, SHAPE, |page| text(page, &answer, between, context.now.day()))?;
    let differs = !(answer.changes.is_empty() && answer.procedures.is_empty());
    Ok(if args.exit_code && differs { Exit::No } else { Exit::Done })
}

fn text(page: &Page, answer: &Diff, between: Between, today: Day) -> String {
    let q = &answer.question;
    let of = q.body.as_ref().map_or("every body".to_owned(), ToString::to_string);
    let what = match between {
        Between::On(..) => "what changed in the world",
        Between::Known(..) => "what the world learnt",
        Between::Recorded(..) => "what this ledger learnt",
    };
    let mut out = page.edges(&strong(&format!("{of}: {what}")), &ends(answer, between));
    out.push_str(&page.notes(&answer.notes));
    if answer.changes.is_empty() {
        out.push_str("\n  no status differs\n");
    }
    let acts = Acts::new(&answer.entries);
    let mut heading = None;
    let mut changes: Vec<&DiffItem> = answer.changes.iter().collect();
    changes.sort_by_key(|change| {
        (
            &change.body,
            ["joined", "moved", "left"].iter().position(|word| *word == change.change).unwrap_or(3),
        )
    });
    for change in changes {
        let head = (&change.body, change.change);
        if heading != Some(head) {
            heading = Some(head);
            let body = if q.body.is_none() { format!(" in {}", change.body) } else { String::new() };
            out.push_str(&format!("\n{}{body}\n", change.change));
        }
        out.push_str(&one(page, change, answer, between));
        for act in acts.of(change) {
            out.push_str(&page.wrap("       ", &act_line(act)));
        }
    }
    if !answer.procedures.is_empty() {
        out.push_str("\nprocedures\n");
    }
    for procedure in &answer.procedures {
        out.push_str(&step(page, procedure));
    }
    out.push('\n');
    out.push_str(&footer(page, answer, between, today));
    out
}

fn ends(answer: &Diff, between: Between) -> String {
    let q = &answer.question;
    let (from, to) = (q.from.as_deref(), q.to.as_deref());
    match (between, from, to) {
        (Between::Recorded(..), Some(a), Some(b)) => format!("from {a} to {b} entries"),
        (_, a, b) => format!("{} to {}", a.unwrap_or("the beginning"), b.unwrap_or("the end")),
    }
}

fn one(page: &Page, change: &DiffItem, answer: &Diff, between: Between) -> String {
    let mut out = String::new();
    let label = format!("  {}  ", strong(&change.participant.to_string()));
    let arrow = page.tree("→", "->");
    match between {
        Between::On(..) => {
            let since = change.spans.last().and_then(|s| s.days.from.as_ref());
            let since = since.map(|day| format!("   {}", date(day))).unwrap_or_default();
            let line = format!("{} {arrow} {}{since}", said(&change.before), said(&change.after));
            out.push_str(&page.wrap(&label, &line));
            if change.spans.len() > 1 {
                let each = |s: &ChangedSpan| format!("{} {}", said(&s.after), span(&s.days));
                let course: Vec<String> = change.spans.iter().map(each).collect();
                out.push_str(&page.wrap("       by way of  ", &course.join("; ")));
            }
        }
        Between::Known(..) | Between::Recorded(..) => {
            let on = answer.question.on.as_deref().unwrap_or_default();
            let line = match change.before == change.after {
                true => format!("on {on} the same: {}", said(&change.after)),
                false => format!("on {on}: {} {arrow} {}", said(&change.before), said(&change.after)),
            };
            out.push_str(&page.wrap(&label, &line));
            for changed in &change.spans {
                let line = format!("{} {arrow} {}", said(&changed.before), said(&changed.after));
                out.push_str(&page.wrap(&format!("       {}:  ", span(&changed.days)), &line));
            }
        }
    }
    out
}

/// The entries of an answer, by index, and by body and participant, because a line of the answer names only a few of them.
#[derive(Default)]
struct Acts<'a> {
    by_index: BTreeMap<Index, &'a DiffEntry>,
    by_pair: HashMap<(&'a BodyId, &'a ParticipantId), Vec<Index>>,
}

impl<'a> Acts<'a> {
    fn new(entries: &'a [DiffEntry]) -> Acts<'a> {
        let mut acts = Acts::default();
        for entry in entries {
            acts.by_index.insert(entry.index, entry);
            if let Some(who) = &entry.participant {
                acts.by_pair.entry((&entry.body, who)).or_default().push(entry.index);
            }
        }
        acts
    }

    /// The acts of the participant in the body and those that the change follows from, in the order of the log.
    fn of(&self, change: &DiffItem) -> impl Iterator<Item = &'a DiffEntry> {
        let own = self.by_pair.get(&(&change.body, &change.participant));
        let indexes: BTreeSet<Index> = own.into_iter().flatten().chain(&change.because).copied().collect();
        indexes.into_iter().filter_map(|index| self.by_index.get(&index).copied())
    }
}

fn act_line(entry: &DiffEntry) -> String {
    let when = entry.date.as_ref().map(|on| format!(" {}", date(on))).unwrap_or_default();
    format!("entry {}, {}{when}", entry.index, act_words(entry.act))
}

fn said(state: &State) -> String {
    let mut text = statuses(&state.possible);
    if state.status.is_none() {
        text.push_str(&format!(" ({})", state.certainty.name()));
    }
    if !state.overlays.is_empty() {
        text.push_str(&format!(", {}", state.overlays.join(", ")));
    }
    text
}

fn step(page: &Page, change: &ProcedureChange) -> String {
    let procedure = &change.item.procedure;
    let toward = procedure.toward.as_ref().map(|id| format!(" toward {id}")).unwrap_or_default();
    let outcome = procedure.outcome.as_ref().filter(|_| change.change == "closed").map(|o| {
        let how = o.status.as_ref().map_or(o.how, |id| id.as_str());
        format!("; {how} {} (entry {})", date(&o.on), o.index)
    });
    let stage = format!("{} {}", act_words(procedure.stage), date(&procedure.since));
    let words = change.change.replace('-', " ");
    let line = format!("{words}{toward}: {stage}{}", outcome.unwrap_or_default());
    page.wrap(&format!("  {}  ", strong(&change.item.participant.to_string())), &line)
}

fn footer(page: &Page, answer: &Diff, between: Between, today: Day) -> String {
    let q = &answer.question;
    let known = q.as_known.as_ref().map_or("today".to_owned(), KnownBy::to_string);
    let size = count(answer.checkpoint.size.0, "entry", "entries");
    let root = page.short_hash(&answer.checkpoint.root);
    let view = q.view.as_ref().map(|view| format!("by the view {}, ", clean(view))).unwrap_or_default();
    let who = q.participant.as_ref().map(|id| format!("only {}, ", name(id, today))).unwrap_or_default();
    let known = match between {
        Between::Known(..) => String::new(),
        _ => format!("known by {known}, "),
    };
    faint_lines(&page.wrap("", &format!("{who}{view}{known}as recorded: {size}, root {root}")))
}
