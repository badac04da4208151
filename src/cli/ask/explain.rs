use crate::charter::Charter;
use crate::event::{Day, StatusId};
use crate::query::{
    Afterwards, Because, Explanation, Kind, MissingStep, ProcedureTrail, Question, TrailStep,
};

use crate::cli::ask::axes::AxesArgs;
use crate::cli::ask::question::{Asking, PairArgs, footer};
use crate::cli::context::{Context, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::render::{self, Page, act_words, clean, date, faint, long_day, place, strong, title};

/// Why: the status, the act, the rule, the evidence, and every step of the procedures
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery explain BLR --in sco --on 2023-07-01
  chancery explain SWE --in nato --on 2023-04-05 --missing")]
pub(crate) struct Args {
    #[command(flatten)]
    pair: PairArgs,
    /// Only what is lacking for the next step, by clause: which acts, whose
    #[arg(long)]
    missing: bool,
    #[command(flatten)]
    axes: AxesArgs,
}

const SHAPE: Shape = Shape {
    list: Some("because"),
    columns: &["index", "id", "act", "date", "known", "known_assumed", "clause", "rule"],
};

impl Args {
    fn question(&self, context: &Context) -> Result<Question, Failure> {
        let mut question = self.pair.question(Kind::Explain);
        self.axes.fill(&mut question, context)?;
        Ok(question)
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let asked = Asking::new(context, args.question(context)?)?;
    let answer: Explanation = asked.answer()?;
    let charter = asked.charter()?;
    let today = context.now.day();
    if args.missing {
        context.answer(&answer, MISSING, |page| lacking(page, &answer, &charter, today))?;
        return Ok(Exit::Done);
    }
    context.answer(&answer, SHAPE, |page| text(page, &answer, &charter, today))?;
    Ok(Exit::Done)
}

const MISSING: Shape = Shape {
    list: Some("missing"),
    columns: &[
        "toward",
        "act",
        "title",
        "next",
        "article",
        "rule",
        "quorum.needed",
        "quorum.count",
        "quorum.missing",
        "quorum.unattested",
    ],
};

/// The acts that are missing, one paragraph for each step.
fn lacking(page: &Page, e: &Explanation, charter: &Charter, today: Day) -> String {
    let a = &e.answer;
    let on = a.question.on;
    let name = a.question.participant.as_ref().map_or_else(String::new, |id| render::name(id, on));
    let head = format!("{name}: {}", crate::cli::ask::status::headline(a, charter));
    let mut out = page.wrap("", &head);
    out.push_str(&page.edges(&format!("on {}", long_day(on)), a.certainty.name()));
    out.push_str(&page.notes(&a.notes));
    if e.missing.is_empty() {
        let none = match a.procedures.is_empty() {
            true => "no procedure is open: nothing is lacking",
            false => "the rules of that day foresee no further step",
        };
        out.push_str(&format!("\n  {none}\n"));
    }
    let mut toward = None;
    for step in &e.missing {
        if toward != Some(&step.toward) {
            let sought = step.toward.as_ref().map_or("a status".into(), |id| clean(title(charter, id)));
            out.push_str(&format!("\nlacking, toward {sought}\n"));
            toward = Some(&step.toward);
        }
        out.push_str(&lack(page, step));
    }
    out.push('\n');
    out.push_str(&footer(page, &a.question, &a.checkpoint, today));
    out
}

fn lack(page: &Page, step: &MissingStep) -> String {
    let mark = if step.next { ">" } else { " " };
    let mut out = page.wrap(&format!(" {mark} "), &strong(&step.title));
    let clause = step.clause.as_deref().unwrap_or(&step.article);
    let rule = format!("{} ({}), entry {}", act_words(step.act), clean(clause), step.rule);
    out.push_str(&page.wrap("     ", &faint(&rule)));
    let Some(quorum) = &step.quorum else { return out };
    let list = |ids: &[crate::event::ParticipantId]| {
        ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    for (label, ids, what) in [
        ("attested", &quorum.counted, "deposited or notified"),
        ("at home", &quorum.unattested, "approved at home, no deposit attested"),
        ("missing", &quorum.missing, "neither"),
    ] {
        let text = if ids.is_empty() { "none".to_owned() } else { format!("{}: {}", what, list(ids)) };
        out.push_str(&page.wrap(&format!("     {:>3} {label:<9} ", ids.len()), &text));
    }
    out.push_str(&format!("     {:>3} needed\n", quorum.needed));
    out
}

/// The characters that draw a tree.
struct Tree {
    branch: &'static str,
    last: &'static str,
    bar: &'static str,
    tick: &'static str,
    dot: &'static str,
}

const UNICODE: Tree = Tree { branch: "├─ ", last: "└─ ", bar: "│  ", tick: "✓", dot: "·" };
const ASCII: Tree = Tree { branch: "|- ", last: "`- ", bar: "|  ", tick: "x", dot: "." };

/// True if the title begins with a vowel when spoken; an initialism is spelt out, as in *an SCO partner*.
fn begins_with_a_vowel(title: &str) -> bool {
    let first = title.split(' ').next().unwrap_or_default();
    let spelt = first.len() > 1 && first.chars().all(|c| c.is_ascii_uppercase());
    let vowels = if spelt { "AEFHILMNORSX" } else { "AEIOUaeiou" };
    first.chars().next().is_some_and(|c| vowels.contains(c))
}

fn text(page: &Page, e: &Explanation, charter: &Charter, today: Day) -> String {
    let a = &e.answer;
    let on = a.question.on;
    let tree = if page.unicode { &UNICODE } else { &ASCII };
    let name = a.question.participant.as_ref().map_or_else(String::new, |id| render::name(id, on));
    let verb = if on < today { "was" } else { "is" };
    let body = charter.about.in_full();
    let what = match &a.status {
        Some(id) if id.is_none() => format!("had no status in {body}"),
        Some(id) => {
            let title = clean(title(charter, id));
            let article = if begins_with_a_vowel(&title) { "an" } else { "a" };
            let title = title.to_uppercase();
            format!("{verb} {article} {}", charter.about.held(&strong(&title)))
        }
        None => format!("{verb} {} in {body}", strong(&render::statuses(&a.possible))),
    };
    let mut out = page.wrap("", &format!("{name} {what}"));
    out.push_str(&page.edges(&format!("on {}", long_day(on)), a.certainty.name()));
    out.push_str(&page.notes(&a.notes));
    out.push('\n');
    out.push_str(&basis(page, e, charter, tree));
    for side in &a.conflicts {
        out.push_str(&format!(
            "\non the account {}: {}\n",
            crate::cli::ask::status::account(&side.chains),
            render::statuses(&side.possible)
        ));
        for (at, because) in side.because.iter().enumerate() {
            out.push_str(&act(page, because, tree, at + 1 == side.because.len()));
        }
    }
    for trail in &e.trails {
        out.push('\n');
        out.push_str(&steps(page, trail, charter, tree));
    }
    out.push('\n');
    if a.conflicts.is_empty() && a.question.view.is_none() {
        out.push_str("No rival claim bears on this day.\n");
    }
    out.push_str(&footer(page, &a.question, &a.checkpoint, today));
    let mut leaves: Vec<_> = a.because.iter().flat_map(|b| [Some(b.index), b.rule]).flatten().collect();
    // A supposed event has no leaf.
    leaves.retain(|index| a.checkpoint.size.holds(*index));
    leaves.sort();
    leaves.dedup();
    let leaves: Vec<String> = leaves.iter().map(ToString::to_string).collect();
    if !leaves.is_empty() {
        out.push_str(&faint(&format!("leaves: chancery show {}", leaves.join(" "))));
        out.push('\n');
    }
    out
}

fn basis(page: &Page, e: &Explanation, charter: &Charter, tree: &Tree) -> String {
    let a = &e.answer;
    let said = match &a.status {
        Some(id) if id.is_none() => "no status".to_owned(),
        Some(id) => clean(title(charter, id)).into_owned(),
        None => render::statuses(&a.possible),
    };
    let since = a.since.as_ref().map(|s| format!(" since {}", date(s))).unwrap_or_default();
    let mut out = format!("{said}{since}\n");
    if a.because.is_empty() {
        out.push_str(&page.wrap(tree.last, "no recorded act gave a status by this day"));
        return out;
    }
    for because in &a.because {
        out.push_str(&act(page, because, tree, false));
        if let Some(rule) = e.rules.iter().find(|r| Some(r.index) == because.rule) {
            let instrument =
                rule.instrument.as_deref().map(|i| format!("{}: ", clean(i))).unwrap_or_default();
            let text = format!("{instrument}{}", clean(&rule.clause));
            let first = format!("{}rule      entry {:<4} ", tree.branch, rule.index);
            out.push_str(&hanging(page, &first, tree.bar, &text));
        } else {
            out.push_str(&page.wrap(&format!("{}rule      ", tree.branch), &clean(&because.clause)));
        }
    }
    match &e.ended_by {
        Some(ended) => {
            let text = format!("{} on {}", act_words(ended.act), date(&ended.date));
            out.push_str(&page.wrap(&format!("{}ended by  entry {:<4} ", tree.last, ended.index), &text));
        }
        None => {
            let until = a
                .until
                .as_ref()
                .map_or("nothing recorded".to_owned(), |u| format!("a change on {}", date(u)));
            out.push_str(&page.wrap(&format!("{}ended by  ", tree.last), &until));
        }
    }
    out
}

fn hanging(page: &Page, first: &str, bar: &str, text: &str) -> String {
    let rest = format!("{bar}{}", " ".repeat(render::columns(first).saturating_sub(render::columns(bar))));
    page.wrap_to(first, &rest, text)
}

fn act(page: &Page, because: &Because, tree: &Tree, last: bool) -> String {
    let (branch, bar) = if last { (tree.last, "   ") } else { (tree.branch, tree.bar) };
    let what = because.title.as_deref().map(|t| place(t, because.place.as_deref()));
    let what = what.map(|w| format!(", {w}")).unwrap_or_default();
    let text = format!("{}{what}, {}", because.act, date(&because.date));
    let mut out = hanging(page, &format!("{branch}act       entry {:<4} ", because.index), bar, &text);
    for by in &because.corrected_by {
        out.push_str(&format!("{bar}{}rectified by entry {by}\n", tree.branch));
    }
    for other in &because.same_fact {
        out.push_str(&format!("{bar}{}the same fact: entry {other}\n", tree.branch));
    }
    for (at, evidence) in because.evidence.iter().enumerate() {
        let leaf = if at + 1 == because.evidence.len() { tree.last } else { tree.branch };
        let grade = evidence.grade.map(|g| format!("   [{g}]")).unwrap_or_default();
        let first = format!("{bar}{leaf}source ");
        out.push_str(&hanging(page, &first, bar, &format!("{}{grade}", clean(&evidence.cite))));
    }
    out
}

fn steps(page: &Page, trail: &ProcedureTrail, charter: &Charter, tree: &Tree) -> String {
    let toward = trail.toward.as_ref().map_or("a status".into(), |id: &StatusId| clean(title(charter, id)));
    let mut out = format!("toward {toward}, open since {}\n", date(&trail.opened));
    // A long title gets a line of its own, so that its details have room.
    let most = page.width * 2 / 5;
    let lengths = trail.steps.iter().map(|s| s.title.chars().count());
    let wide = lengths.filter(|length| *length <= most).max().unwrap_or(0);
    for (at, step) in trail.steps.iter().enumerate() {
        let branch =
            if at + 1 == trail.steps.len() && trail.outcome.is_none() { tree.last } else { tree.branch };
        let done = match &step.quorum {
            Some(quorum) => quorum.needed > 0 && quorum.count >= quorum.needed,
            None => !step.taken.is_empty(),
        };
        let mark = if done { tree.tick } else { tree.dot };
        let mut first = format!("{branch}{mark} {:<wide$}  ", step.title);
        if step.title.chars().count() > wide {
            out.push_str(&hanging(page, &format!("{branch}{mark} "), tree.bar, &step.title));
            first = format!("{}  {:<wide$}  ", tree.bar, "");
        }
        out.push_str(&hanging(page, &first, tree.bar, &step_text(step)));
    }
    if let Some(outcome) = &trail.outcome {
        let how = outcome.status.as_ref().map_or(outcome.how.into(), |id| clean(title(charter, id)));
        out.push_str(&page.wrap(
            &format!("{}ended: ", tree.last),
            &format!("{how} {}, entry {}", date(&outcome.on), outcome.index),
        ));
    }
    out
}

fn step_text(step: &TrailStep) -> String {
    let list = |acts: &[Afterwards]| {
        let each = |a: &Afterwards| format!("{} entry {}", date(&a.date), a.index);
        acts.iter().map(each).collect::<Vec<_>>().join(", ")
    };
    let mut parts = Vec::new();
    match (step.taken.is_empty(), step.later.is_empty()) {
        _ if step.quorum.is_some() => {}
        (false, _) => parts.push(list(&step.taken)),
        (true, false) => parts.push(format!("missing on this day: {}", list(&step.later))),
        (true, true) if step.optional => parts.push("not recorded; may be left out".to_owned()),
        (true, true) => parts.push("missing; no act recorded".to_owned()),
    }
    if let Some(quorum) = &step.quorum {
        parts.push(format!("{} of {}", quorum.count, quorum.needed));
        if !quorum.unattested.is_empty() {
            parts.push(format!("{} approved at home", quorum.unattested.len()));
        }
        if !step.taken.is_empty() && step.taken.len() <= 3 {
            parts.push(list(&step.taken));
        }
    }
    if !step.at_home.is_empty() {
        parts.push(format!("at home only: {}", list(&step.at_home)));
    }
    parts.join("; ")
}
