use std::sync::Arc;
use std::time::Instant as Clock;

use crate::charter::Template;
use crate::event::{
    Act, ActKind, BodyId, Cause, Changes, Correction, Edtf, Event, EventId, Evidence, Field, FieldName,
    Grade, Index, Role, Size,
};
use crate::import::{Mode, Source, import};
use crate::ledger::{AppendOptions, Reading, Writer};
use crate::log::Disk;

use crate::cli::context::Context;
use crate::cli::error::{Exit, Failure};
use crate::cli::prove::citation::Publication;
use crate::cli::render::{faint, strong};
use crate::cli::start::init::template_events;
use crate::cli::start::tour::{self, Tell, who};

/// Record the Shanghai Cooperation Organisation's history and take a short tour of the answers
#[derive(clap::Args, Debug)]
#[command(after_help = "The record is kept in the program, with its sources. Run again, it is only the tour.

Examples:
  chancery demo
  chancery demo --with nato --with eu")]
pub(crate) struct Args {
    /// Another body's history to record as well, with a screen of its own at the end of the tour; may be repeated
    #[arg(long, value_name = "BODY", value_parser = ["nato", "eu", "brics", "all"])]
    with: Vec<String>,
}

/// A record that comes with the program in addition to that of the SCO.
pub(crate) struct Example {
    /// The body, whose id is also the name of its charter.
    pub(crate) id: &'static str,
    file: &'static str,
    rows: &'static str,
    surveyed: &'static str,
    /// The function that writes the text after the roster on its screen.
    pub(crate) tell: Tell,
}

const EXAMPLES: [Example; 3] = [
    Example {
        id: "nato",
        file: "nato_events.csv",
        rows: include_str!("../../import/records/nato_events.csv"),
        surveyed: "1949-04/2024-03",
        tell: tour::finland_and_sweden,
    },
    Example {
        id: "eu",
        file: "eu_events.csv",
        rows: include_str!("../../import/records/eu_events.csv"),
        surveyed: "1957-03/2024-06",
        tell: tour::united_kingdom,
    },
    Example {
        id: "brics",
        file: "brics_events.csv",
        rows: include_str!("../../import/records/brics_events.csv"),
        surveyed: "2009-06/2025-06",
        tell: tour::saudi_arabia,
    },
];

/// The demonstration record: the rows published in the project's data, except that Kuwait's memorandum has the day of the
/// agency copy; the last entry rectifies it.
const RECORD: &str = include_str!("../../import/records/sco_events.csv");
const ORIGIN: &str = "chancery.demo/sco";
const SURVEYED: &str = "1996-04/2025-09";
const BAR: usize = 40;

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let mut out = page_head(context);
    if !context.ledger.join("FORMAT").exists() {
        Writer::create(&context.ledger, ORIGIN, &Disk::default())?;
        let title = Some("The Shanghai Cooperation Organisation, 1996-2025".to_owned());
        Publication { title, ..Publication::default() }.write(&context.ledger)?;
        let writer = context.writer("demo")?;
        crate::cli::prove::key::create(&writer, context)?;
    }
    let asked = |e: &&Example| args.with.iter().any(|word| word == e.id || word == "all");
    let examples: Vec<&Example> = EXAMPLES.iter().filter(asked).collect();
    let reading = context.reading()?;
    if reading.origin() != ORIGIN {
        return Err(Failure::new(
            Exit::Refused,
            format!("the ledger at {} is not the demonstration's", context.ledger.display()),
        )
        .help("take the tour in another folder: chancery demo --ledger ./demo.ledger"));
    }
    let first = reading.size() < Size(row_count(RECORD) + RULES + 3);
    let mut missing = Vec::new();
    for example in &examples {
        if !example.recorded(&reading)? {
            missing.push(*example);
        }
    }
    drop(reading);
    if first || !missing.is_empty() {
        out.push('\n');
        context.print(&out)?;
        out = String::new();
        record(context, first, &missing)?;
    }
    let others = examples.iter().map(|example| Ok((example.body()?, example.tell)));
    let others = others.collect::<Result<Vec<(BodyId, Tell)>, Failure>>()?;
    out.push_str(&tour::tour(context, sco()?, others)?);
    context.print(&out)?;
    Ok(Exit::Done)
}

/// The number of charter events for the SCO that come with the program.
const RULES: u64 = 7;

fn row_count(rows: &str) -> u64 {
    rows.lines().count().saturating_sub(1) as u64
}

fn page_head(context: &Context) -> String {
    context.page.wrap(
        "",
        &format!(
            "The {}, 1996-2025, into {}",
            strong("Shanghai Cooperation Organisation"),
            context.ledger.display()
        ),
    )
}

/// Records everything in the demonstration ledger; entries of an earlier run are not recorded again.
fn record(context: &Context, first: bool, examples: &[&Example]) -> Result<(), Failure> {
    let mut writer = context.writer("demo")?;
    if first {
        record_sco(context, &mut writer)?;
    }
    for example in examples {
        example.record(context, &mut writer)?;
    }
    context.close(writer);
    Ok(())
}

fn record_sco(context: &Context, writer: &mut Writer) -> Result<(), Failure> {
    let began = Clock::now();
    let rules = adopt(context, writer, "sco")?;
    context.print(&done_line("charter", rules, None))?;
    let rows = take(context, writer, ("sco_events.csv", RECORD), &sco()?, SURVEYED)?;
    let kuwait = kuwait(&writer.reading(context.now))?;
    writer.append(vec![rectification(&kuwait)?], options(context))?;
    context.print(&done_line("acts", rows, Some(began.elapsed().as_secs_f64())))
}

impl Example {
    pub(crate) fn body(&self) -> Result<BodyId, Failure> {
        BodyId::parse(self.id).map_err(Failure::usage)
    }

    /// True if the ledger has all of the record: its charter, its rows, the import and the survey.
    fn recorded(&self, reading: &Reading) -> Result<bool, Failure> {
        let rules = Template::find(self.id).map_or(0, |t| t.texts.len() as u64);
        let held = reading.entries_of(&self.body()?)?.len() as u64;
        Ok(held >= rules + row_count(self.rows) + 2)
    }

    fn record(&self, context: &Context, writer: &mut Writer) -> Result<(), Failure> {
        let began = Clock::now();
        let rules = adopt(context, writer, self.id)?;
        let rows = take(context, writer, (self.file, self.rows), &self.body()?, self.surveyed)?;
        context.print(&done_line(self.id, rules + rows, Some(began.elapsed().as_secs_f64())))
    }
}

fn options(context: &Context) -> AppendOptions {
    AppendOptions { now: context.clock_now(), expect_size: None, accept_clock: false }
}

/// Records a shipped charter, and returns the number of its entries.
fn adopt(context: &Context, writer: &mut Writer, id: &str) -> Result<u64, Failure> {
    let rules = Template::find(id)
        .ok_or_else(|| Failure::usage(format!("the charter {id} does not come with this program")))?;
    Ok(writer.append(template_events(rules)?, options(context))?.len() as u64)
}

/// Records a file that comes with the program, and returns the number of its rows that the ledger has.
fn take(
    context: &Context,
    writer: &mut Writer,
    (name, rows): (&str, &str),
    body: &BodyId,
    surveyed: &str,
) -> Result<u64, Failure> {
    let bar = context.bar(row_count(rows), "acts");
    let source = Source { name, bytes: rows.as_bytes(), body, surveyed: Some(Edtf::parse(surveyed)?) };
    let mode = Mode { dry_run: false, strict: true };
    let outcome = import(writer, &source, options(context), mode, &|at, of| {
        bar.set_length(of);
        bar.set_position(at);
    })?;
    bar.finish_and_clear();
    Ok(outcome.taken.len() as u64 + outcome.known)
}

fn done_line(label: &str, entries: u64, seconds: Option<f64>) -> String {
    let time = seconds.map(|s| format!("  {s:.1} s")).unwrap_or_default();
    format!("  {label:<8} {entries:>5} entries  {}  done{time}\n", faint(&"#".repeat(BAR)))
}

pub(crate) fn sco() -> Result<BodyId, Failure> {
    BodyId::parse("sco").map_err(Failure::usage)
}

/// Kuwait's memorandum, as recorded.
fn kuwait(reading: &Reading) -> Result<Event, Failure> {
    let mut found = None;
    let kwt = who("KWT")?;
    reading.scan(Index(0), |entry| {
        let signed = entry.event.act.kind() == ActKind::PartnershipMemorandumSigned;
        if signed && entry.event.participant.as_ref() == Some(&kwt) {
            found = Some(Arc::unwrap_or_clone(entry.event));
        }
    })?;
    found.ok_or_else(|| Failure::usage("the demonstration record holds no memorandum of Kuwait"))
}

/// The last entry of the demonstration: later reports give another day than the agency copy.
fn rectification(target: &Event) -> Result<Event, Failure> {
    let fields = [FieldName(Field::Date(Role::Signed)), FieldName(Field::Date(Role::Effective))];
    let was: Changes = fields.iter().map(|f| (*f, f.0.read(target))).collect();
    let now: Changes = fields.iter().map(|f| (*f, "2023-05-05".to_owned())).collect();
    let act = Act::RecordCorrected(Correction { cause: Cause::NewEvidence, now, was });
    let mut event = Event::new(EventId(uuid::Uuid::new_v5(&target.id.0, b"2023-05-05")), act, sco()?);
    event.participant = target.participant.clone();
    event.to = Some(target.id);
    event.note =
        Some("the agency copy says \"on Saturday\", 6 May 2023; later reports give Friday, 5 May".into());
    for (cite, published) in [
        ("financialexpress 2023-05-06", "2023-05-06"),
        ("khaleejtimes 2023-05-06", "2023-05-06"),
        ("alatharnews 2023-05-27", "2023-05-27"),
    ] {
        let mut evidence = Evidence::citing(cite, Some(Grade::Press));
        evidence.published = Some(Edtf::parse(published)?);
        event.evidence.push(evidence);
    }
    Ok(event)
}
