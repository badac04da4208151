use serde_json::Value;

use crate::event::{BodyId, Day, ParticipantId};
use crate::query::{Kind, Question, Revision, Revisions, SpellItem, Timeline, participant};

use crate::cli::ask::axes::AxesArgs;
use crate::cli::ask::question::{Asking, footer};
use crate::cli::context::{Context, Format, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::render::{Page, date, name, statuses, strong};

/// Every spell of a participant, in one organisation or treaty or in all
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery timeline Belarus
  chancery timeline BLR --in sco --as-known 2023-03-06
  chancery timeline BLR --format csv
  chancery timeline KWT --in sco --both-times     (what was answered when)

A spell ends on the first day on which its status no longer held.")]
pub(crate) struct Args {
    /// Who: a code or any name, past or present
    #[arg(value_parser = participant)]
    participant: ParticipantId,
    /// Only in this organisation or treaty
    #[arg(long = "in", value_name = "BODY")]
    body: Option<BodyId>,
    /// Every revision too: the spells as this ledger recorded them, and as the world came to know them
    #[arg(long)]
    both_times: bool,
    #[command(flatten)]
    axes: AxesArgs,
}

const SHAPE: Shape = Shape {
    list: Some("spells"),
    columns: &["body", "status", "certainty", "possible", "from", "until", "entries", "clause"],
};

const REVISIONS: Shape = Shape { list: Some("revisions"), columns: &[] };

/// In rows, a revision has one row for each of its spells.
const REVISION_ROWS: Shape = Shape {
    list: None,
    columns: &[
        "body",
        "recorded_from",
        "recorded_until",
        "known_from",
        "known_until",
        "spell.status",
        "spell.certainty",
        "spell.possible",
        "spell.from",
        "spell.until",
        "spell.entries",
    ],
};

impl Args {
    fn question(&self, context: &Context) -> Result<Question, Failure> {
        let mut question = Question::new(Kind::Timeline).of(self.participant.to_string());
        question.bodies = self.body.iter().map(ToString::to_string).collect();
        question.options.both_times = self.both_times;
        self.axes.fill(&mut question, context)?;
        Ok(question)
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let asked = Asking::new(context, args.question(context)?)?;
    let today = context.now.day();
    if args.both_times {
        let answer: Revisions = asked.answer()?;
        let text = |page: &Page| both(page, &answer, &args.participant, today);
        match context.format {
            Format::Csv => context.answer(&rows(&answer)?, REVISION_ROWS, text)?,
            _ => context.answer(&answer, REVISIONS, text)?,
        }
        return Ok(Exit::Done);
    }
    let answer: Timeline = asked.answer()?;
    context.answer(&answer, SHAPE, |page| text(page, &answer, &args.participant, today))?;
    Ok(Exit::Done)
}

fn text(page: &Page, answer: &Timeline, who: &ParticipantId, today: Day) -> String {
    let mut out = page.edges(&strong(&name(who, today)), "every spell");
    out.push_str(&page.notes(&answer.notes));
    out.push('\n');
    match answer.spells.is_empty() {
        true => out.push_str("  no act of it is recorded\n"),
        false => {
            let rows: Vec<Vec<String>> = answer.spells.iter().map(row).collect();
            let head = ["body", "from", "until", "entries", "status"];
            out.push_str(&page.table(&head, &rows));
        }
    }
    out.push('\n');
    out.push_str(&footer(page, &answer.question, &answer.checkpoint, today));
    out
}

fn row(spell: &SpellItem) -> Vec<String> {
    let mut status = statuses(&spell.possible);
    if spell.status.is_none() {
        status.push_str(&format!(" ({})", spell.certainty.name()));
    }
    let entries: Vec<String> = spell.entries.iter().map(ToString::to_string).collect();
    vec![
        spell.body.to_string(),
        spell.from.as_ref().map(date).unwrap_or_default(),
        spell.until.as_ref().map(date).unwrap_or_default(),
        entries.join(" "),
        status,
    ]
}

fn rows(answer: &Revisions) -> Result<Value, Failure> {
    let mut rows = Vec::new();
    for revision in &answer.revisions {
        let mut row = serde_json::to_value(revision)?;
        row["spells"].take();
        for spell in &revision.spells {
            row["spell"] = serde_json::to_value(spell)?;
            rows.push(row.clone());
        }
    }
    Ok(rows.into())
}

fn both(page: &Page, answer: &Revisions, who: &ParticipantId, today: Day) -> String {
    let mut out = page.edges(&strong(&name(who, today)), "every spell, every revision");
    out.push_str(&page.notes(&answer.notes));
    let (recorded, known): (Vec<&Revision>, Vec<&Revision>) =
        answer.revisions.iter().partition(|r| r.recorded_from.is_some());
    for (title, column, revisions) in [
        ("as this ledger recorded it: the first --as-recorded that gives it", "recorded", recorded),
        ("as the world came to know it: the first --as-known that gives it", "known", known),
    ] {
        out.push_str(&format!("\n{}", page.wrap("", title)));
        let one = answer.question.body.is_some();
        let mut head = vec![column, "body", "from", "until", "entries", "status"];
        let mut rows: Vec<Vec<String>> = revisions.iter().flat_map(|r| revised(r, page)).collect();
        if one {
            head.remove(1);
            rows.iter_mut().for_each(|row| _ = row.remove(1));
        }
        match rows.is_empty() {
            true => out.push_str("  no act of it is recorded\n"),
            false => out.push_str(&page.table(&head, &rows)),
        }
    }
    out.push('\n');
    out.push_str(&footer(page, &answer.question, &answer.checkpoint, today));
    out
}

/// The spells of a revision, with the first size or the first day of knowledge at which they apply.
fn revised(revision: &Revision, page: &Page) -> Vec<Vec<String>> {
    let first = match (&revision.recorded_from, &revision.known_from) {
        (Some(size), _) => size.to_string(),
        (None, Some(known)) => known.to_string(),
        (None, None) => page.tree("…", "...").to_owned(),
    };
    if revision.spells.is_empty() {
        let none = "none".to_owned();
        return vec![vec![
            first,
            revision.body.to_string(),
            String::new(),
            String::new(),
            String::new(),
            none,
        ]];
    }
    let labels = std::iter::once(first).chain(std::iter::repeat(String::new()));
    let lines = revision.spells.iter().zip(labels).map(|(spell, label)| {
        let mut line = vec![label];
        line.extend(row(spell));
        line
    });
    lines.collect()
}
