use crate::charter::Charter;
use crate::event::{Day, Edtf};
use crate::query::{Kind, OutcomeItem, Pending, PendingItem, ProcedureItem, Question};

use crate::cli::ask::axes::AxesArgs;
use crate::cli::ask::question::footer;
use crate::cli::ask::several::{self, SeveralArgs};
use crate::cli::context::{Context, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::render::{Page, act_words, date, faint, long_day, strong, title};

/// What is not finished: open procedures by stage, decided and not in effect, and how each ended
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery pending sco
  chancery pending sco --on 2023-03-06 --as-known 2023-03-06")]
pub(crate) struct Args {
    #[command(flatten)]
    bodies: SeveralArgs,
    #[command(flatten)]
    axes: AxesArgs,
}

const SHAPE: Shape = Shape {
    list: Some("procedures"),
    columns: &[
        "participant",
        "toward",
        "stage",
        "since",
        "missing",
        "outcome.status",
        "outcome.how",
        "outcome.on",
    ],
};

impl Args {
    fn question(&self, context: &Context) -> Result<Question, Failure> {
        let mut question = self.bodies.question(Kind::Pending);
        self.axes.fill(&mut question, context)?;
        Ok(question)
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let today = context.now.day();
    several::answer(context, args.question(context)?, None, SHAPE, &|page, answer, charter, alone| {
        text(page, answer, charter, today, alone)
    })
}

fn text(page: &Page, answer: &Pending, charter: &Charter, today: Day, alone: bool) -> String {
    let on = answer.question.on;
    let when = if on == today { "today".to_owned() } else { long_day(on) };
    let mut out = page.edges(&strong(&format!("{}: in procedure", charter.about.title)), &when);
    out.push_str(&page.notes(&answer.notes));
    let mut heading = None;
    for item in &answer.procedures {
        let toward = item.procedure.toward.as_ref().map_or("a status", |id| title(charter, id));
        if heading != Some(toward) {
            out.push_str(&format!("\n  to {toward}\n"));
            heading = Some(toward);
        }
        out.push_str(&page.wrap_to(
            &format!("    {}  ", item.participant),
            "         ",
            &line(charter, &item.procedure, page),
        ));
    }
    if answer.procedures.is_empty() {
        out.push_str("\n  nothing recorded is open\n");
    }
    if !answer.contested.is_empty() {
        out.push_str("\n  contested: open on one account, ended on another\n");
    }
    for item in &answer.contested {
        out.push_str(&contested(page, charter, item));
    }
    if !alone {
        return out;
    }
    out.push('\n');
    out.push_str(&footer(page, &answer.question, &answer.checkpoint, today));
    let dates = crate::cli::ask::question::options(&answer.question, answer.checkpoint.size, today);
    out.push_str(&faint(&format!("step by step: chancery explain PARTICIPANT --in {}{dates}", charter.body)));
    out.push('\n');
    out
}

fn contested(page: &Page, charter: &Charter, item: &PendingItem) -> String {
    let toward = item.procedure.toward.as_ref().map_or("a status", |id| title(charter, id));
    let text = format!("to {toward}: {}", line(charter, &item.procedure, page));
    page.wrap_to(&format!("    {}  ", item.participant), "         ", &text)
}

/// A procedure in one line: the stage that it reached, the acts that are missing, its outcome.
pub(crate) fn line(charter: &Charter, item: &ProcedureItem, page: &Page) -> String {
    let entries: Vec<String> = item.entries.iter().map(ToString::to_string).collect();
    let reported = if item.reported { " (reported)" } else { "" };
    let noun = if entries.len() == 1 { "entry" } else { "entries" };
    let mut text =
        format!("{} {}{reported}, {noun} {}", act_words(item.stage), date(&item.since), entries.join(" "));
    if !item.missing.is_empty() {
        let missing: Vec<String> = item.missing.iter().map(|act| act_words(*act)).collect();
        text.push_str(&format!("; missing: {}", missing.join(", ")));
    }
    if let Some(outcome) = &item.outcome {
        text.push_str(&format!(" {} {}", page.tree("→", "->"), ended(charter, outcome)));
    }
    text
}

fn ended(charter: &Charter, outcome: &OutcomeItem) -> String {
    let on: &Edtf = &outcome.on;
    match &outcome.status {
        Some(status) => format!("{} {} (entry {})", title(charter, status), date(on), outcome.index),
        None => format!("{} {} (entry {})", outcome.how, date(on), outcome.index),
    }
}
