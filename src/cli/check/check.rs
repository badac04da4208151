use serde_json::{Value, json};

use crate::event::{ActKind, BodyId, EventId, Index, ParticipantId};
use crate::ledger::Reading;
use crate::query::participant;
use crate::query::{Axes, Quality, QualityKind};

use crate::cli::ask::question::{footer, options};
use crate::cli::check::quality::{Looked, quality, text};
use crate::cli::context::{Context, Format, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::render::{Page, clean, strong};

/// How good the record is: dates out of order, facts told twice, rival dates, names that changed
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery check untc-4-1
  chancery check --kind force-after-end --format csv
  chancery check --import 125 --all

A finding says what the sources state; it is no error of the ledger, and no
status changes by it. Dates of one source row (as GGO_parties.csv:8708, named
by the evidence) are of one participation; without rows, the first acts of a
participant in a body are compared. Only what is certain is found: of dates
that may be in order nothing is said. The exit code is 0, with findings too,
unless --exit-code is given. Departures from a charter are remarks: chancery
audit --conformity.

Kinds: signature-after-consent, force-before-consent, force-after-end,
before-adoption, second-consent, rival-dates, same-fact, repeated-row, renamed.")]
pub(crate) struct Args {
    /// Organisations or treaties; left out: every one
    #[arg(value_name = "BODY")]
    bodies: Vec<BodyId>,
    /// Organisation or treaty; may be repeated
    #[arg(long = "in", value_name = "BODY")]
    within: Vec<BodyId>,
    /// Only of this participant
    #[arg(long, short, value_parser = participant)]
    participant: Option<ParticipantId>,
    /// Only what rests on an entry of this import: its entry
    #[arg(long, value_name = "ENTRY")]
    import: Option<u64>,
    /// Only findings of this kind; may be repeated
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Vec<QualityKind>,
    /// Show every finding, not only the first ten of a kind
    #[arg(long)]
    all: bool,
    /// Exit 1 if anything is found
    #[arg(long)]
    exit_code: bool,
    /// What was public by then: a day, a month, an instant; default: all of it
    #[arg(long, value_name = "DATE")]
    as_known: Option<String>,
    /// The first N entries of this ledger, or those recorded by a time, or those under a checkpoint file; default: all
    #[arg(long, value_name = "N|TIME|FILE")]
    as_recorded: Option<String>,
}

const SHAPE: Shape = Shape {
    list: Some("findings"),
    columns: &[
        "kind",
        "body",
        "participant",
        "what",
        "first_act",
        "first_date",
        "second_act",
        "second_date",
        "to_the_day",
        "entries",
        "rows",
    ],
};

/// Reads a kind of finding.
fn kind(word: &str) -> Result<QualityKind, String> {
    let folded = word.trim().to_ascii_lowercase().replace('_', "-");
    let known = || QualityKind::ALL.map(|(_, name, _)| name).join(", ");
    QualityKind::from_name(&folded)
        .ok_or_else(|| format!("no kind of finding called {word:?}; the kinds are {}", known()))
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let reading = context.reading()?;
    let as_known = args.as_known.as_deref().map(|text| crate::query::known(text, context.now)).transpose()?;
    let as_recorded = match &args.as_recorded {
        Some(text) => crate::cli::ask::axes::recorded_by("--as-recorded", text, &reading)?,
        None => reading.size(),
    };
    let axes = Axes::on_day(context.now.day(), as_known, as_recorded);
    let mut bodies: Vec<BodyId> = args.bodies.iter().chain(&args.within).cloned().collect();
    bodies.sort();
    bodies.dedup();
    for body in &bodies {
        reading.charter(body, &axes)?;
    }
    let import = args.import.map(|at| import(&reading, Index(at))).transpose()?;
    let looked = Looked {
        bodies: &bodies,
        participant: args.participant.as_ref(),
        import,
        lines: &[],
        kinds: &args.kind,
    };
    let found = quality(&reading, context, &looked, &axes)?;
    let size = reading.size();
    match context.format {
        Format::Csv => context.answer(&rows(&found)?, Shape { list: None, ..SHAPE }, |_| String::new())?,
        _ => context.answer(&found, SHAPE, |page| whole(page, &found, args, &bodies, size))?,
    }
    Ok(if args.exit_code && !found.findings.is_empty() { Exit::No } else { Exit::Done })
}

/// The id of the import that an entry records.
fn import(reading: &Reading, at: Index) -> Result<EventId, Failure> {
    let event = reading.entry(at)?.event;
    match event.act.kind() {
        ActKind::ImportRecorded => Ok(event.id),
        other => Err(Failure::usage(format!("entry {at} is no import: it is {other}"))
            .help("list them: chancery log --act import-recorded")),
    }
}

/// In rows, the first two dates of a finding have columns of their own.
fn rows(found: &Quality) -> Result<Value, Failure> {
    let row = |finding| -> Result<Value, Failure> {
        let mut row = serde_json::to_value(finding)?;
        for (at, place) in ["first", "second"].iter().enumerate() {
            let dated = row["dates"][at].clone();
            row[format!("{place}_act")] = dated["act"].clone();
            row[format!("{place}_date")] = dated["date"].clone();
        }
        let sources = row["rows"].as_array().cloned().unwrap_or_default();
        let sources: Vec<&str> = sources.iter().filter_map(Value::as_str).collect();
        row["rows"] = json!(sources.join("; "));
        Ok(row)
    };
    Ok(found.findings.iter().map(row).collect::<Result<Vec<Value>, Failure>>()?.into())
}

fn whole(page: &Page, found: &Quality, args: &Args, bodies: &[BodyId], size: crate::event::Size) -> String {
    let on = found.question.on;
    let of = match bodies {
        [] => "every body".to_owned(),
        some => some.iter().map(BodyId::as_str).collect::<Vec<_>>().join(", "),
    };
    let mut out = page.wrap("", &strong(&format!("Quality of the record: {}", clean(&of))));
    out.push_str(&page.notes(&found.notes));
    out.push('\n');
    let others = (!args.all).then_some(": --all");
    out.push_str(&text(page, found, others, on));
    out.push('\n');
    out.push_str(&footer(page, &found.question, &found.checkpoint, on));
    if let Some(finding) = found.findings.iter().find(|finding| finding.participant.is_some())
        && let Some(who) = &finding.participant
    {
        let dates = options(&found.question, size, on);
        let line = format!("its acts: chancery timeline {who} --in {}{dates}\n", finding.body);
        out.push_str(&crate::cli::render::faint(&line));
    }
    out
}
