use std::collections::BTreeSet;

use crate::event::{Act, BodyId, Day, Entry, Field, FieldName, ParticipantId, Scope, Size};
use crate::ledger::{Ledger, Loaded};
use crate::query::{Portfolio, PortfolioItem, portfolio};

use crate::cli::ask::axes::AxesArgs;
use crate::cli::ask::question::{footer, options, participant};
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

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let mut ledger = context.reader()?;
    let axes = args.axes.resolve(context, &ledger)?;
    let mut loaded: Vec<(BodyId, Loaded)> = Vec::new();
    for body in bodies(&mut ledger, &args.participant, axes.as_recorded)? {
        let entries = ledger.load(&Scope::of_body(body.clone()))?;
        loaded.push((body, entries));
    }
    let mut parts = Vec::with_capacity(loaded.len());
    for (body, entries) in &loaded {
        parts.push((body.clone(), ledger.material(entries, axes.as_recorded)?));
    }
    let checkpoint = ledger.head(axes.as_recorded)?;
    let answer = portfolio(&parts, &args.participant, &axes, checkpoint)?;
    let size = ledger.size();
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

/// The bodies that the record of a participant names, also those to which a correction moves an act of it, as far as
/// their charters are among the first `size` entries.
fn bodies(ledger: &mut Ledger, participant: &ParticipantId, size: Size) -> Result<Vec<BodyId>, Failure> {
    let scope = Scope { body: None, participant: Some(participant.clone()) };
    let loaded = ledger.load(&scope)?;
    let named: BTreeSet<BodyId> = loaded.entries().iter().flat_map(|e| names(e, participant)).collect();
    Ok(ledger.bodies_by(size)?.into_iter().filter(|body| named.contains(body)).collect())
}

fn names(entry: &Entry, participant: &ParticipantId) -> Vec<BodyId> {
    let event = &entry.event;
    if let Act::RecordCorrected(correction) = &event.act {
        let to = correction.now.get(&FieldName(Field::Body)).and_then(|body| BodyId::parse(body).ok());
        return [Some(event.body.clone()), to].into_iter().flatten().collect();
    }
    let named = [&event.participant, &event.about].into_iter().flatten().any(|id| id == participant);
    if named { vec![event.body.clone()] } else { Vec::new() }
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
