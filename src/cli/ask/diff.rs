use crate::event::{Day, Edtf, ParticipantId, Scope, Size};
use crate::ledger::Ledger;
use crate::query::{Axes, Between, ChangedSpan, Diff, DiffEntry, DiffItem, ProcedureChange, State, diff};

use crate::cli::ask::axes::{self, AxesArgs};
use crate::cli::ask::conflicts::span;
use crate::cli::ask::question::{BodiesArgs, faint_lines, participant};
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

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let mut ledger = context.reader()?;
    let (between, axes) = compared(&args.axes, context, &ledger)?;
    let bodies = args.bodies.list(&mut ledger, axes.as_recorded)?;
    let scope = Scope { body: args.bodies.only(), participant: args.participant.clone() };
    let loaded = ledger.load(&scope)?;
    let material = ledger.material(&loaded, axes.as_recorded)?;
    let answer = diff(&material, &bodies, args.participant.as_ref(), between, &axes)?;
    context.answer(&answer, SHAPE, |page| text(page, &answer, between, context.now.day()))?;
    let differs = !(answer.changes.is_empty() && answer.procedures.is_empty());
    Ok(if args.exit_code && differs { Exit::No } else { Exit::Done })
}

/// Which axis is a range, and the others.
fn compared(args: &AxesArgs, context: &Context, ledger: &Ledger) -> Result<(Between, Axes), Failure> {
    let mut rest = args.clone();
    let ranges = [&args.on, &args.as_known, &args.as_recorded].map(|text| text.as_deref().and_then(range));
    let between = match ranges {
        [Some((a, b)), None, None] => {
            rest.on = None;
            let day = |text: &str, open| end(text, open, |text| axes::day(text, context.now));
            Between::On(day(a, Day::PAST)?, day(b, Day::FUTURE)?)
        }
        [None, Some((a, b)), None] => {
            rest.as_known = None;
            let known = |text: &str| axes::known(text, context.now).map(|date| date.latest());
            Between::Known(end(a, Day::PAST, known)?, end(b, Day::FUTURE, known)?)
        }
        [None, None, Some((a, b))] => {
            rest.as_recorded = Some(if b.is_empty() { ledger.size().to_string() } else { b.to_owned() });
            let size = |text: &str, open| end(text, open, |text| axes::recorded(text, ledger));
            Between::Recorded(size(a, Size(0))?, size(b, ledger.size())?)
        }
        [None, None, None] => {
            return Err(Failure::usage(
                "diff compares two dates: one of the three must be a range, FROM..TO",
            )
            .help("what changed in the world:  --on 2023-07-01..2024-07-05")
            .help("what the world learnt:      --as-known 2023-03-06..2023-07-05")
            .help("what this ledger learnt:    --as-recorded 127..128"));
        }
        _ => {
            return Err(Failure::usage(
                "diff compares along one of the three dates: only one may be a range",
            ));
        }
    };
    let backwards = match between {
        Between::On(a, b) | Between::Known(a, b) => a > b,
        Between::Recorded(a, b) => a > b,
    };
    if backwards {
        return Err(Failure::usage("the range runs backwards: write the earlier date first, FROM..TO"));
    }
    Ok((between, rest.resolve(context, ledger)?))
}

/// One end of a range; an empty one is the open end.
fn end<T>(text: &str, open: T, read: impl FnOnce(&str) -> Result<T, Failure>) -> Result<T, Failure> {
    if text.is_empty() { Ok(open) } else { read(text) }
}

/// `FROM..TO` in its parts. A set, `[a..b]`, is one date, and the `..` of `../checkpoint` is part of a path.
fn range(text: &str) -> Option<(&str, &str)> {
    if text.starts_with('[') {
        return None;
    }
    let mut places = text.match_indices("..").map(|(at, _)| at);
    let at = places.find(|at| !text[at + 2..].starts_with('/'))?;
    Some((text[..at].trim(), text[at + 2..].trim()))
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
    let own = |entry: &&DiffEntry| {
        let of_it = entry.participant.as_ref() == Some(&change.participant) && entry.body == change.body;
        of_it || change.because.contains(&entry.index)
    };
    for entry in answer.entries.iter().filter(own) {
        out.push_str(&page.wrap("       ", &act(entry)));
    }
    out
}

fn act(entry: &DiffEntry) -> String {
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
    let known = q.as_known.as_ref().map_or("today".to_owned(), Edtf::to_string);
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

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn a_range_has_two_ends_of_which_one_may_be_open() {
        assert_eq!(range("2023-07-01..2024-07-05"), Some(("2023-07-01", "2024-07-05")));
        assert_eq!(range("127.."), Some(("127", "")));
        assert_eq!(range("..128"), Some(("", "128")));
        assert_eq!(range("../head..128"), Some(("../head", "128")));
        assert_eq!(range("127..../head"), Some(("127", "../head")));
        assert_eq!(range("../head"), None);
        assert_eq!(range("[2010-04-28..2010-04-29]"), None);
        assert_eq!(range("2023"), None);
    }
}
