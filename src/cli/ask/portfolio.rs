use crate::event::{Day, ParticipantId};
use crate::query::{Portfolio, PortfolioItem, Question, participant};

use crate::cli::ask::axes::AxesArgs;
use crate::cli::ask::question::{Asking, footer, options};
use crate::cli::context::{Context, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::render::{Page, act_words, count, date, faint, long_day, name, statuses, strong};

/// One participant in every organisation and treaty: status, since when, what is pending
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery portfolio Belarus
  chancery portfolio BLR --on 2023-07-01 --format csv

An organisation or treaty in which it never acted is left out; one that it
left is listed with none.")]
pub(crate) struct Args {
    /// Who: a code or any name, past or present
    #[arg(value_parser = participant)]
    participant: ParticipantId,
    #[command(flatten)]
    axes: AxesArgs,
}

const SHAPE: Shape =
    Shape { list: Some("bodies"), columns: &["body", "status", "certainty", "possible", "since", "until"] };

impl Args {
    fn question(&self, context: &Context) -> Result<Question, Failure> {
        let mut question = Question::portfolio(self.participant.to_string());
        self.axes.fill(&mut question, context)?;
        Ok(question)
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let asked = Asking::new(context, args.question(context)?)?;
    let answer: Portfolio = asked.answer()?;
    let size = asked.reading.size();
    context.answer(&answer, SHAPE, |page| {
        let today = context.now.day();
        let mut out = text(page, &answer, &args.participant, today);
        let dates = options(&answer.question, size, today);
        out.push_str(&faint(&format!("why: chancery explain {} --in BODY{dates}", args.participant)));
        out.push('\n');
        out
    })?;
    Ok(Exit::Done)
}

fn text(page: &Page, answer: &Portfolio, who: &ParticipantId, today: Day) -> String {
    let on = answer.question.on;
    let when = if on == today { "today".to_owned() } else { long_day(on) };
    let mut out = page.edges(&strong(&name(who, on)), &when);
    out.push_str(&page.notes(&answer.notes));
    out.push('\n');
    match answer.bodies.is_empty() {
        true => out.push_str("  no act of it is recorded\n"),
        false => {
            let rows: Vec<Vec<String>> = answer.bodies.iter().map(row).collect();
            out.push_str(&page.table(&["body", "status", "since", "besides"], &rows));
        }
    }
    out.push('\n');
    out.push_str(&footer(page, &answer.question, &answer.checkpoint, today));
    out
}

fn row(item: &PortfolioItem) -> Vec<String> {
    let mut status = statuses(&item.possible);
    if item.status.is_none() {
        status.push_str(&format!(" ({})", item.certainty.name()));
    }
    let mut besides = Vec::new();
    if let Some(until) = &item.until {
        besides.push(format!("until {}", date(until)));
    }
    besides.extend(item.overlays.iter().map(|o| format!("{} since {}", o.overlay, date(&o.since))));
    besides.extend(item.scheduled.iter().map(|s| format!("{} scheduled for {}", s.status, date(&s.on))));
    if let Some(furthest) = item.furthest() {
        let open = count(item.procedures.len() as u64, "procedure open", "procedures open");
        let toward = furthest.toward.as_ref().map(|id| format!(" to {id}")).unwrap_or_default();
        besides.push(format!("{open}{toward}: {} {}", act_words(furthest.stage), date(&furthest.since)));
    }
    let since = item.since.as_ref().map(date).unwrap_or_default();
    vec![item.body.to_string(), status, since, besides.join("; ")]
}
