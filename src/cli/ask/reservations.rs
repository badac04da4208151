use crate::charter::Charter;
use crate::event::{Day, ParticipantId};
use crate::query::{ObjectionItem, ReservationItem, Reservations, reservations};

use crate::cli::ask::axes::AxesArgs;
use crate::cli::ask::question::{Asked, BodyArgs, footer, participant};
use crate::cli::context::{Context, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::render::{Page, clean, date, faint, long_day, strong};

/// Reservations and declarations, who objected and in time, what was withdrawn (VCLT 19-23)
///
/// An objection counts that is made within twelve months of the notification, or by the day on which its maker
/// consented to be bound, whichever is later (VCLT 20(5)). They act between two: see chancery relations.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery reservations iccpr
  chancery reservations iccpr --participant USA
  chancery reservations iccpr --format csv")]
pub(crate) struct Args {
    #[command(flatten)]
    body: BodyArgs,
    /// Only those of one participant
    #[arg(long, short, value_parser = participant)]
    participant: Option<ParticipantId>,
    #[command(flatten)]
    axes: AxesArgs,
}

const SHAPE: Shape = Shape {
    list: Some("reservations"),
    columns: &[
        "kind",
        "participant",
        "index",
        "date",
        "provisions",
        "notified",
        "objection_period_ends",
        "in_effect_from",
        "withdrawn.on",
        "title",
        "text",
        "objections",
    ],
};

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let asked = Asked::body(context, &args.axes, &args.body)?;
    let answer = reservations(&asked.material()?, &asked.body, args.participant.as_ref(), &asked.axes)?;
    context.answer(&answer, SHAPE, |page| text(page, &answer, &asked.charter, context.now.day()))?;
    Ok(Exit::Done)
}

fn text(page: &Page, answer: &Reservations, charter: &Charter, today: Day) -> String {
    let on = answer.question.on;
    let when = if on == today { "today".to_owned() } else { long_day(on) };
    let mut out = page.edges(&strong(&format!("{}: reservations", charter.about.title)), &when);
    out.push_str(&page.notes(&answer.notes));
    for item in &answer.reservations {
        out.push('\n');
        out.push_str(&page.wrap_to(&format!("  {}  ", item.participant), "       ", &line(item)));
        for said in [&item.title, &item.text, &item.note].into_iter().flatten() {
            out.push_str(&page.wrap("       ", &clean(said)));
        }
        for objection in &item.objections {
            out.push_str(&page.wrap_to("       ", "         ", &objection_line(objection)));
        }
    }
    if answer.reservations.is_empty() {
        out.push_str("\n  none is recorded\n");
    }
    out.push('\n');
    out.push_str(&footer(page, &answer.question, &answer.checkpoint, today));
    out.push_str(&faint(&format!("between two: chancery relations A B --in {}", charter.body)));
    out.push('\n');
    out
}

fn line(item: &ReservationItem) -> String {
    let mut text = format!("{} {}, entry {}", item.kind, date(&item.date), item.index);
    let mut add = |words: String| text.push_str(&format!("; {words}"));
    item.provisions.iter().for_each(|p| add(clean(p).into_owned()));
    item.notified.iter().for_each(|d| add(format!("notified {}", date(d))));
    item.objection_period_ends.iter().for_each(|d| add(format!("objections until {} included", date(d))));
    item.in_effect_from.iter().for_each(|d| add(format!("in effect from {}", date(d))));
    item.until.iter().for_each(|d| add(format!("until {}", date(d))));
    item.withdrawn.iter().for_each(|w| add(format!("withdrawn {} (entry {})", date(&w.on), w.index)));
    text
}

fn objection_line(item: &ObjectionItem) -> String {
    let mut text = format!("objection by {} {}, entry {}", item.participant, date(&item.date), item.index);
    let mut add = |words: String| text.push_str(&format!("; {words}"));
    let ends = item.period_ends.as_ref().map(|d| format!(" (its time ends {})", date(d)));
    add(format!("{}{}", item.timing.replace('-', " "), ends.unwrap_or_default()));
    if item.precludes {
        add("opposes entry into force between the two".to_owned());
    }
    item.withdrawn.iter().for_each(|w| add(format!("withdrawn {} (entry {})", date(&w.on), w.index)));
    text
}
