use std::time::Instant as Clock;

use crate::audit::Options;
use crate::charter::{Charter, Template};
use crate::event::{
    Act, ActKind, BodyId, Cause, Changes, Correction, Day, Edtf, Event, EventId, Evidence, Field, FieldName,
    Grade, Index, ParticipantId, Role, Scope, Size,
};
use crate::import::{Mode, Source, import};
use crate::ledger::{AppendOptions, Ledger, Loaded};
use crate::log::Disk;
use crate::query::{Axes, Pending, pending, roster, status};

use super::citation::Publication;
use super::context::Context;
use super::error::{Exit, Failure};
use super::init::template_events;
use super::render::{Page, count, date, faint, strong, warn};
use super::roster::board;

/// Record the Shanghai Cooperation Organisation's history and take a short tour of the answers
#[derive(clap::Args, Debug)]
#[command(
    after_help = "The record is kept in the program, with its sources. Run again, it is only the tour."
)]
pub(super) struct Args {}

/// The demonstration record: rows as published in the project's data, with Kuwait's memorandum as the agency copy had
/// it, which the last entry rectifies.
const RECORD: &str = include_str!("../import/records/sco_events.csv");
const ORIGIN: &str = "chancery.demo/sco";
const SURVEYED: &str = "1996-04/2025-09";
const BAR: usize = 40;

pub(super) fn run(_: &Args, context: &Context) -> Result<Exit, Failure> {
    let mut out = page_head(context);
    if !context.ledger.join("FORMAT").exists() {
        Ledger::create(&context.ledger, ORIGIN, &Disk::default())?;
        let title = Some("The Shanghai Cooperation Organisation, 1996-2025".to_owned());
        Publication { title, ..Publication::default() }.write(&context.ledger)?;
    }
    let reader = context.reader()?;
    let other = reader.origin() != ORIGIN;
    let held = reader.size();
    drop(reader);
    if other {
        return Err(Failure::new(
            Exit::Refused,
            format!("the ledger at {} is not the demonstration's", context.ledger.display()),
        )
        .help("take the tour in another folder: chancery demo --ledger ./demo.ledger"));
    }
    if held < Size(recorded_rows() + RULES + 3) {
        out.push('\n');
        context.print(&out)?;
        out = record(context)?;
    }
    out.push_str(&tour(context)?);
    context.print(&out)?;
    Ok(Exit::Done)
}

/// Charter events that come with the program.
const RULES: u64 = 7;

fn recorded_rows() -> u64 {
    RECORD.lines().count().saturating_sub(1) as u64
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

/// Everything that makes the demonstration ledger; what an earlier run recorded is not recorded again.
fn record(context: &Context) -> Result<String, Failure> {
    let mut ledger = context.writer("demo")?;
    let options = AppendOptions { now: context.now, expect_size: None, accept_clock: false };
    let began = Clock::now();
    let rules = Template::find("sco")
        .ok_or_else(|| Failure::usage("the charter sco does not come with this program"))?;
    let rules = ledger.append(template_events(rules)?, options)?.len() as u64;
    context.print(&done_line("charter", rules, None))?;
    let bar = context.bar(recorded_rows(), "acts");
    let body = sco()?;
    let source = Source {
        name: "sco_events.csv",
        bytes: RECORD.as_bytes(),
        body: &body,
        surveyed: Some(Edtf::parse(SURVEYED)?),
    };
    let outcome = import(&mut ledger, &source, options, Mode { dry_run: false, strict: true }, &|at, of| {
        bar.set_length(of);
        bar.set_position(at);
    })?;
    bar.finish_and_clear();
    let rows = outcome.taken.len() as u64 + outcome.known;
    let kuwait = kuwait(&ledger)?;
    ledger.append(vec![rectification(&kuwait)?], options)?;
    context.close(ledger);
    context.print(&done_line("acts", rows, Some(began.elapsed().as_secs_f64())))?;
    Ok(String::new())
}

fn done_line(label: &str, entries: u64, seconds: Option<f64>) -> String {
    let time = seconds.map(|s| format!("  {s:.1} s")).unwrap_or_default();
    format!("  {label:<8} {entries:>5} entries  {}  done{time}\n", faint(&"#".repeat(BAR)))
}

fn sco() -> Result<BodyId, Failure> {
    BodyId::parse("sco").map_err(Failure::usage)
}

fn who(id: &str) -> Result<ParticipantId, Failure> {
    super::question::participant(id).map_err(Failure::usage)
}

/// Kuwait's memorandum, as recorded.
fn kuwait(ledger: &Ledger) -> Result<Event, Failure> {
    let mut found = None;
    let kwt = who("KWT")?;
    ledger.scan(Index(0), |entry| {
        let signed = entry.event.act.kind() == ActKind::PartnershipMemorandumSigned;
        if signed && entry.event.participant.as_ref() == Some(&kwt) {
            found = Some(entry.event);
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

/// What the tour is made from.
struct Tour {
    ledger: Ledger,
    loaded: Loaded,
    charter: std::sync::Arc<Charter>,
    body: BodyId,
    page: Page,
    today: Day,
}

fn tour(context: &Context) -> Result<String, Failure> {
    let mut ledger = context.reader()?;
    let body = sco()?;
    let charter = ledger.charter(&body)?;
    let loaded = ledger.load(&Scope::of_body(body.clone()))?;
    let tour = Tour { ledger, loaded, charter, body, page: context.page, today: context.now.day() };
    let mut out = tour.now()?;
    out.push_str(&tour.as_known("2023-03-06")?);
    out.push_str(&tour.why("2023-07-01")?);
    out.push_str(&tour.correction()?);
    out.push_str(&tour.audit(context)?);
    out.push_str("\nThe ledger stays. Next:  chancery status Belarus --in sco\n");
    Ok(out)
}

impl Tour {
    fn axes(&self, on: Day, known: Option<Day>, recorded: Option<Size>) -> Axes {
        Axes { on, as_known: known.map(Edtf::day), as_recorded: recorded.unwrap_or(self.ledger.size()) }
    }

    fn heading(&self, title: &str, command: &str) -> String {
        let command = faint(&format!("chancery {command}"));
        format!("\n{}", self.page.edges(&strong(title), &command))
    }

    fn now(&self) -> Result<String, Failure> {
        let axes = self.axes(self.today, None, None);
        let material = self.ledger.material(&self.loaded, axes.as_recorded)?;
        let answer = roster(&material, &self.body, None, &axes)?;
        let mut out = self.heading("1 Today", "roster sco");
        out.push_str(&board(&self.page, &answer, &self.charter));
        out.push_str(&self.page.notes(&answer.notes));
        Ok(out)
    }

    fn as_known(&self, day: &str) -> Result<String, Failure> {
        let on = day.parse().map_err(Failure::usage)?;
        let axes = self.axes(on, Some(on), None);
        let material = self.ledger.material(&self.loaded, axes.as_recorded)?;
        let answer = roster(&material, &self.body, None, &axes)?;
        let open = pending(&material, &self.body, &axes)?;
        let mut out = self.heading(
            &format!("2 {}, as known that day", super::render::long_day(on)),
            &format!("roster sco --on {day} --as-known {day}"),
        );
        let mut without_waiting = answer.clone();
        without_waiting.waiting.clear();
        out.push_str(&board(&self.page, &without_waiting, &self.charter));
        out.push_str(&self.procedures(&open));
        out.push_str(&self.ended(&open));
        Ok(out)
    }

    /// Open procedures in a few lines, by what is sought and how far each got.
    fn procedures(&self, open: &Pending) -> String {
        let mut out = String::new();
        let mut first = "  in procedure  ";
        for (toward, stage, words) in [
            ("dialogue-partner", ActKind::StatusDecided, "decided, memorandum missing"),
            ("member", ActKind::MemorandumOfObligationsSigned, "memorandum of obligations signed"),
            ("member", ActKind::AccessionProcedureLaunched, "procedure launched"),
        ] {
            let fits = |p: &&crate::query::PendingItem| {
                p.procedure.stage == stage
                    && p.procedure.toward.as_ref().is_some_and(|t| t.as_str() == toward)
            };
            let names: Vec<&str> =
                open.procedures.iter().filter(fits).map(|p| p.participant.as_str()).collect();
            if names.is_empty() {
                continue;
            }
            let title = toward.replace('-', " ");
            out.push_str(&self.page.wrap_to(
                first,
                "                ",
                &format!("to {title}: {} ({words})", names.join(" ")),
            ));
            first = "                ";
        }
        let filed = open.procedures.iter().filter(|p| p.procedure.stage == ActKind::ApplicationFiled).count();
        if filed > 0 {
            let text = format!(
                "{} on file: chancery pending sco",
                count(filed as u64, "application", "applications")
            );
            out.push_str(&self.page.wrap(first, &text));
        }
        out
    }

    /// How they ended, by what is known today.
    fn ended(&self, open: &Pending) -> String {
        let mut by_day: Vec<(&Edtf, Vec<&str>)> = Vec::new();
        for item in open.procedures.iter().filter(|p| p.procedure.stage != ActKind::ApplicationFiled) {
            let Some(outcome) = &item.procedure.outcome else { continue };
            match by_day.iter_mut().find(|(on, _)| *on == &outcome.on) {
                Some((_, names)) => names.push(item.participant.as_str()),
                None => by_day.push((&outcome.on, vec![item.participant.as_str()])),
            }
        }
        by_day.sort_by_key(|(on, _)| on.earliest());
        let total: usize = by_day.iter().map(|(_, names)| names.len()).sum();
        let parts: Vec<String> =
            by_day.iter().map(|(on, names)| format!("{} {}", names.join(" "), date(on))).collect();
        let dot = self.page.tree(" · ", "; ");
        let head = format!(
            "the same day, asked with today's knowledge: {} completed",
            count(total as u64, "was", "were")
        );
        format!("{}{}", self.page.wrap("  ", &head), self.page.wrap("                ", &parts.join(dot)))
    }

    fn why(&self, day: &str) -> Result<String, Failure> {
        let on = day.parse().map_err(Failure::usage)?;
        let axes = self.axes(on, None, None);
        let material = self.ledger.material(&self.loaded, axes.as_recorded)?;
        let answer = status(&material, &who("BLR")?, &self.body, &axes)?;
        let mut out = self.heading("3 Why", &format!("explain BLR --in sco --on {day}"));
        let title = answer.status.as_ref().map_or("", |s| super::render::title(&self.charter, s));
        let mut text = format!("On {}, Belarus was an {title}", super::render::long_day(on));
        if let Some(b) = answer.because.last() {
            let what =
                b.title.as_deref().map(|t| super::render::place(t, b.place.as_deref())).unwrap_or_default();
            text.push_str(&format!(": {what}, {} (entry {}).", date(&b.date), b.index));
        }
        if let Some(later) =
            answer.afterwards.iter().find(|a| a.act == ActKind::MemorandumOfObligationsSigned)
        {
            let days = later.date.earliest().days() - on.days();
            text.push_str(&format!(
                " Its memorandum of obligations came {days} days later (entry {}).",
                later.index
            ));
        }
        out.push_str(&self.page.wrap("    ", &text));
        Ok(out)
    }

    fn correction(&self) -> Result<String, Failure> {
        let kwt = who("KWT")?;
        let corrects = |e: &&crate::event::Entry| {
            matches!(e.event.act, Act::RecordCorrected(_)) && e.event.participant.as_ref() == Some(&kwt)
        };
        let Some(entry) = self.loaded.entries().iter().find(corrects) else { return Ok(String::new()) };
        let target = entry.event.to.map(|id| self.ledger.find(id)).transpose()?.flatten().unwrap_or(Index(0));
        let mut out = self.heading("4 A correction", &format!("show {}", entry.index));
        let text = format!(
            "Kuwait's memorandum was first recorded as an agency copy had it, Saturday 6 May 2023 (entry {target}); \
             later reports give 5 May. Rectified: entry {}.",
            entry.index
        );
        out.push_str(&self.page.wrap("    ", &text));
        let day: Day = "2023-05-05".parse().map_err(Failure::usage)?;
        let before = Size(entry.index.0);
        for recorded in [None, Some(before)] {
            let axes = self.axes(day, None, recorded);
            let material = self.ledger.material(&self.loaded, axes.as_recorded)?;
            let answer = status(&material, &kwt, &self.body, &axes)?;
            let decided = answer.procedures.iter().any(|p| p.stage == ActKind::StatusDecided);
            let mut said = super::render::statuses(&answer.possible).replace('-', " ");
            if decided {
                said.push_str(" (decided)");
            }
            let recorded = recorded.map(|size| format!(" --as-recorded {size}")).unwrap_or_default();
            out.push_str(&self.page.edges(&format!("      status KWT --in sco --on {day}{recorded}"), &said));
        }
        let text =
            format!("(--as-recorded {before} is the ledger before entry {before}; counting starts at 0)");
        out.push_str(&self.page.wrap("      ", &text));
        Ok(out)
    }

    fn audit(&self, context: &Context) -> Result<String, Failure> {
        let report = super::audit::report(context, &Options::default())?;
        let mut out = self.heading("5 Audit", "audit");
        let text = match report.findings.len() {
            0 => super::audit::verdict(&report),
            n => warn(&format!("{}: chancery audit", count(n as u64, "finding", "findings"))),
        };
        out.push_str(&self.page.wrap("    ", &text));
        Ok(out)
    }
}
