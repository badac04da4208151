use crate::event::{BodyId, Day, ParticipantId, Scope};
use crate::query::{SpellItem, Timeline, timeline};

use super::axes::AxesArgs;
use super::context::{Context, Shape};
use super::error::{Exit, Failure};
use super::question::{footer, participant};
use super::render::{Page, date, name, statuses, strong};

/// Every spell of a participant, in one organisation or treaty or in all
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery timeline Belarus
  chancery timeline BLR --in sco --as-known 2023-03-06
  chancery timeline BLR --format csv

A spell ends on the first day on which its status no longer held.")]
pub(super) struct Args {
    /// Who: a code or any name, past or present
    #[arg(value_parser = participant)]
    participant: ParticipantId,
    /// Only in this organisation or treaty
    #[arg(long = "in", value_name = "BODY")]
    body: Option<BodyId>,
    #[command(flatten)]
    axes: AxesArgs,
}

const SHAPE: Shape = Shape {
    list: Some("spells"),
    columns: &["body", "status", "certainty", "possible", "from", "until", "entries", "clause"],
};

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let mut ledger = context.reader()?;
    let axes = args.axes.resolve(context, &ledger)?;
    let bodies = match &args.body {
        Some(body) => vec![body.clone()],
        None => ledger.bodies()?,
    };
    let scope = Scope { body: args.body.clone(), participant: Some(args.participant.clone()) };
    let loaded = ledger.load(&scope)?;
    let material = ledger.material(&loaded, axes.as_recorded)?;
    let answer = timeline(&material, &args.participant, &bodies, &axes)?;
    context.answer(&answer, SHAPE, |page| text(page, &answer, &args.participant, context.now.day()))?;
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
