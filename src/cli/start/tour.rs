use std::collections::BTreeSet;
use std::sync::Arc;

use crate::audit::AuditOptions;
use crate::charter::Charter;
use crate::event::{Act, ActKind, BodyId, Day, Edtf, Entry, Index, KnownBy, ParticipantId, Size};
use crate::ledger::Reading;
use crate::query::{Axes, ConflictSide, Pending, StatusAnswer, pending, roster, status};

use crate::cli::ask::roster::board;
use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::cli::render::{Page, count, date, faint, long_day, strong, warn};

pub(crate) fn who(id: &str) -> Result<ParticipantId, Failure> {
    crate::query::participant(id).map_err(Failure::usage)
}

/// The material for the tour of one body.
pub(crate) struct Tour {
    reading: Reading,
    entries: Arc<Vec<Entry>>,
    charter: Arc<Charter>,
    body: BodyId,
    page: Page,
    today: Day,
}

/// The tour of a body, which is the SCO, then a screen for each other body that the user asked for.
pub(crate) fn tour(context: &Context, body: BodyId, others: Vec<(BodyId, Tell)>) -> Result<String, Failure> {
    let tour = Tour::open(context, body)?;
    let mut out = tour.now("1 Today")?;
    out.push_str(&tour.as_known("2023-03-06")?);
    out.push_str(&tour.why("2023-07-01")?);
    out.push_str(&tour.correction()?);
    out.push_str(&tour.audit(context)?);
    for (at, (other, tell)) in others.into_iter().enumerate() {
        let tour = Tour::open(context, other)?;
        out.push_str(&tour.now(&format!("{} {} today", at + 6, tour.charter.about.short))?);
        out.push_str(&tell(&tour)?);
    }
    out.push_str("\nThe ledger stays. Next:  chancery status Belarus --in sco\n");
    Ok(out)
}

impl Tour {
    fn open(context: &Context, body: BodyId) -> Result<Tour, Failure> {
        let reading = context.reading()?;
        let charter = reading.charter_now(&body)?;
        let entries = reading.entries_of(&body)?;
        Ok(Tour { reading, entries, charter, body, page: context.page, today: context.now.day() })
    }

    fn axes(&self, on: Day, known: Option<Day>, recorded: Option<Size>) -> Axes {
        Axes::on_day(on, known.map(KnownBy::day), recorded.unwrap_or(self.reading.size()))
    }

    fn heading(&self, title: &str, command: &str) -> String {
        let command = faint(&format!("chancery {command}"));
        format!("\n{}", self.page.edges(&strong(title), &command))
    }

    fn now(&self, title: &str) -> Result<String, Failure> {
        let axes = self.axes(self.today, None, None);
        let material = self.reading.material(&self.body, None, axes.as_recorded)?;
        let answer = roster(&material, &self.body, None, &axes)?;
        let mut out = self.heading(title, &format!("roster {}", self.body));
        out.push_str(&board(&self.page, &answer, &self.charter));
        out.push_str(&self.page.notes(&answer.notes));
        Ok(out)
    }

    fn as_known(&self, day: &str) -> Result<String, Failure> {
        let on = day.parse().map_err(Failure::usage)?;
        let axes = self.axes(on, Some(on), None);
        let material = self.reading.material(&self.body, None, axes.as_recorded)?;
        let answer = roster(&material, &self.body, None, &axes)?;
        let open = pending(&material, &self.body, &axes)?;
        let mut out = self.heading(
            &format!("2 {}, as known that day", long_day(on)),
            &format!("roster sco --on {day} --as-known {day}"),
        );
        let mut without_waiting = answer.clone();
        without_waiting.waiting.clear();
        out.push_str(&board(&self.page, &without_waiting, &self.charter));
        out.push_str(&self.procedures(&open));
        out.push_str(&self.ended(&open));
        Ok(out)
    }

    /// Open procedures in a few lines, by the status sought and the stage reached.
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

    /// The outcomes of those procedures, by the knowledge of today.
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
        let material = self.reading.material(&self.body, None, axes.as_recorded)?;
        let answer = status(&material, &who("BLR")?, &self.body, &axes)?;
        let mut out = self.heading("3 Why", &format!("explain BLR --in sco --on {day}"));
        let title = answer.status.as_ref().map_or("", |s| crate::cli::render::title(&self.charter, s));
        let mut text = format!("On {}, Belarus was an {title}", long_day(on));
        if let Some(b) = answer.nearest() {
            let what = b
                .title
                .as_deref()
                .map(|t| crate::cli::render::place(t, b.place.as_deref()))
                .unwrap_or_default();
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
        let Some(entry) = self.entries.iter().find(corrects) else { return Ok(String::new()) };
        let target =
            entry.event.to.map(|id| self.reading.find(id)).transpose()?.flatten().unwrap_or(Index(0));
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
            let material = self.reading.material(&self.body, None, axes.as_recorded)?;
            let answer = status(&material, &kwt, &self.body, &axes)?;
            let decided = answer.procedures.iter().any(|p| p.stage == ActKind::StatusDecided);
            let mut said = crate::cli::render::statuses(&answer.possible).replace('-', " ");
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
        let report = crate::cli::check::audit::report(context, &AuditOptions::default())?;
        let mut out = self.heading("5 Audit", "audit");
        let text = match report.findings.len() {
            0 => crate::cli::check::audit::verdict(&report, None),
            n => warn(&format!("{}: chancery audit", count(n as u64, "finding", "findings"))),
        };
        out.push_str(&self.page.wrap("    ", &text));
        Ok(out)
    }

    fn status(&self, participant: &str, day: Day) -> Result<StatusAnswer, Failure> {
        let axes = self.axes(day, None, None);
        let material = self.reading.material(&self.body, None, axes.as_recorded)?;
        Ok(status(&material, &who(participant)?, &self.body, &axes)?)
    }

    /// The acts of one kind by one participant, for itself.
    fn acts(&self, participant: &str, act: ActKind) -> Result<Vec<&Entry>, Failure> {
        let who = who(participant)?;
        let own = |e: &&Entry| {
            e.event.act.kind() == act
                && e.event.participant.as_ref() == Some(&who)
                && e.event.about.as_ref().is_none_or(|about| *about == who)
        };
        Ok(self.entries.iter().filter(own).collect())
    }

    /// A question as the user types it, and its answer.
    fn asked(&self, participant: &str, day: &str) -> Result<String, Failure> {
        let answer = self.status(participant, day.parse().map_err(Failure::usage)?)?;
        let said: Vec<&str> =
            answer.possible.iter().map(|id| crate::cli::render::title(&self.charter, id)).collect();
        let command = format!("      status {participant} --in {} --on {day}", self.body);
        Ok(self.page.edges(&command, &said.join(" or ")))
    }
}

/// A function that writes the text after the roster on a body's screen.
pub(crate) type Tell = fn(&Tour) -> Result<String, Failure>;

/// Approvals at home have no effect on the status; deposits do.
pub(crate) fn finland_and_sweden(tour: &Tour) -> Result<String, Failure> {
    let applied = tour.acts("FIN", ActKind::ApplicationFiled)?;
    let joined = |who: &str| -> Result<Option<&Entry>, Failure> {
        Ok(tour.acts(who, ActKind::InstrumentDeposited)?.first().copied())
    };
    let (Some(applied), Some(finland), Some(sweden)) = (applied.first(), joined("FIN")?, joined("SWE")?)
    else {
        return Ok(String::new());
    };
    let pairs: BTreeSet<_> = tour
        .entries
        .iter()
        .filter(|e| e.event.act.kind() == ActKind::DomesticApproval)
        .map(|e| (&e.event.participant, &e.event.about))
        .collect();
    let text = format!(
        "Finland and Sweden applied on one day, {}. The {} of their protocols moved nothing: Finland is a member from \
         its own deposit, {} (entry {}), its protocol being in force; Sweden from {} (entry {}).",
        on(applied),
        count(pairs.len() as u64, "approval at home", "approvals at home"),
        on(finland),
        finland.index,
        on(sweden),
        sweden.index
    );
    let mut out = tour.page.wrap("    ", &text);
    out.push_str(&tour.asked("FIN", "2023-04-03")?);
    out.push_str(&tour.asked("FIN", "2023-04-04")?);
    Ok(out)
}

/// The date of an act, in words if it is a single day.
fn on(entry: &Entry) -> String {
    let Some(date) = entry.event.date() else { return String::new() };
    match date.as_str().parse() {
        Ok(day) if date.as_str().len() == 10 => long_day(day),
        _ => crate::cli::render::date(date),
    }
}

/// A notice of withdrawal does not end membership.
pub(crate) fn united_kingdom(tour: &Tour) -> Result<String, Failure> {
    let notice = tour.acts("GBR", ActKind::WithdrawalNotified)?;
    let left = tour.acts("GBR", ActKind::WithdrawalEffective)?;
    let (Some(notice), Some(left)) = (notice.first(), left.first()) else { return Ok(String::new()) };
    let extended = tour.acts("GBR", ActKind::WithdrawalPeriodExtended)?.len() as u64;
    let text = format!(
        "The United Kingdom gave notice on {} (entry {}); the period was extended {}, and the Treaties ceased to \
         apply on {} (entry {}).",
        on(notice),
        notice.index,
        count(extended, "time", "times"),
        on(left),
        left.index
    );
    let mut out = tour.page.wrap("    ", &text);
    out.push_str(&tour.asked("GBR", "2019-04-01")?);
    out.push_str(&tour.asked("GBR", "2020-02-01")?);
    Ok(out)
}

/// If sources contradict each other, both are kept.
pub(crate) fn saudi_arabia(tour: &Tour) -> Result<String, Failure> {
    let answer = tour.status("SAU", tour.today)?;
    let side = |side: &ConflictSide| {
        let titles: Vec<&str> =
            side.possible.iter().map(|id| crate::cli::render::title(&tour.charter, id)).collect();
        let entries: Vec<String> = side.entries.iter().map(ToString::to_string).collect();
        format!("{} by {} (entry {})", titles.join(" or "), side.chains.join(", "), entries.join(", "))
    };
    let sides: Vec<String> = answer.conflicts.iter().map(side).collect();
    if sides.is_empty() {
        return Ok(String::new());
    }
    let text = format!("Saudi Arabia is contested, and stays so: {}.", sides.join("; "));
    Ok(tour.page.wrap("    ", &text))
}
