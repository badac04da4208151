use crate::charter::Charter;
use crate::event::Day;
use crate::query::{CommunicationItem, Communications, communications};

use crate::cli::ask::axes::AxesArgs;
use crate::cli::ask::question::{Asked, BodyArgs, footer};
use crate::cli::context::{Context, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::render::{Page, clean, count, date, long_day, strong};

/// What reached the depositary, and what it found: received, accepted, queried, returned
///
/// Receipt is not acceptance (VCLT 77(1)(c), (d)): an act recorded with --to a communication counts, from its own
/// date, once the communication is found accepted; until then, and while it is queried or returned, it moves nothing.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery communications iccpr
  chancery communications iccpr --on 2020-06-01 --format csv")]
pub(crate) struct Args {
    #[command(flatten)]
    body: BodyArgs,
    #[command(flatten)]
    axes: AxesArgs,
}

const SHAPE: Shape = Shape {
    list: Some("communications"),
    columns: &["participant", "index", "state", "since", "received", "title", "waits_days"],
};

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let asked = Asked::body(context, &args.axes, &args.body)?;
    let answer = communications(&asked.material()?, &asked.body, &asked.axes)?;
    context.answer(&answer, SHAPE, |page| text(page, &answer, &asked.charter, context.now.day()))?;
    Ok(Exit::Done)
}

fn text(page: &Page, answer: &Communications, charter: &Charter, today: Day) -> String {
    let on = answer.question.on;
    let when = if on == today { "today".to_owned() } else { long_day(on) };
    let mut out = page.edges(&strong(&format!("{}: communications", charter.about.title)), &when);
    out.push_str(&page.notes(&answer.notes));
    out.push('\n');
    for item in &answer.communications {
        out.push_str(&page.wrap_to(&format!("  {}  ", item.participant), "       ", &line(item)));
    }
    if answer.communications.is_empty() {
        out.push_str("  no communication is recorded\n");
    }
    out.push('\n');
    out.push_str(&footer(page, &answer.question, &answer.checkpoint, today));
    out
}

fn line(item: &CommunicationItem) -> String {
    let title = item.title.as_deref().map(|t| format!(" \"{}\"", clean(t))).unwrap_or_default();
    let mut text = format!("received {}{title}, entry {}", date(&item.received), item.index);
    for found in &item.examined {
        text.push_str(&format!("; {} {} (entry {})", found.finding.name(), date(&found.on), found.index));
    }
    if let Some(days) = item.waits_days {
        let days = count(u64::try_from(days).unwrap_or_default(), "day", "days");
        let for_what = if item.examined.is_empty() { "examination" } else { "a reply" };
        text.push_str(&format!("; waits {days} for {for_what}"));
    }
    for act in &item.acts {
        let counts = if act.counts { "" } else { ", not counted" };
        text.push_str(&format!("; {} {} (entry {}{counts})", act.act, date(&act.date), act.index));
    }
    text
}
