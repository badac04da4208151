//! One participant's status in one body.

use std::cell::LazyCell;
use std::sync::Arc;

use serde::Serialize;

use crate::event::{BodyId, Day, Edtf, ParticipantId, StatusId};
use crate::history::{
    Certainty, Closing, History, Lifecycle, PairView, Standing, StatusReading, moves_overlays, overlays,
};

use super::Axes;
use super::answer::{
    Afterwards, Because, CheckpointRef, ConflictSide, Coverage, DayAct, OutcomeItem, OverlayItem,
    ProcedureItem, QuestionEcho, ScheduledItem, settled,
};
use super::body::{BodyView, Material, QueryError};
use super::clock::by_the_clock;
use super::correction::{CorrectionItem, corrections};
use super::line::lines;
use super::quorum::quorum;
use super::scheduled::{overlays_to_come, scheduled};

/// A participant's status in a body on a day, as known and as recorded, with what it rests on.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct StatusAnswer {
    /// What was asked.
    pub question: QuestionEcho,
    /// The status, `none` for no status; `null` where it is not settled.
    pub status: Option<StatusId>,
    /// How far it can be relied on.
    pub certainty: Certainty,
    /// Every status that is possible.
    pub possible: Vec<StatusId>,
    /// Since when; an interval where the day is not known.
    pub since: Option<Edtf>,
    /// The first day on which it no longer held; `null` while nothing recorded ends it.
    pub until: Option<Edtf>,
    /// What lies over it.
    pub overlays: Vec<OverlayItem>,
    /// Decided, not yet in effect.
    pub scheduled: Vec<ScheduledItem>,
    /// Open procedures.
    pub procedures: Vec<ProcedureItem>,
    /// Acts of the day asked, in their order within it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub on_the_day: Vec<DayAct>,
    /// Acts after the day asked.
    pub afterwards: Vec<Afterwards>,
    /// The entries that it rests on; without any of them the answer would be another.
    pub because: Vec<Because>,
    /// Where sources dispute it: what each side holds.
    pub conflicts: Vec<ConflictSide>,
    /// Corrections of the text that are proposed or were.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub corrections: Vec<CorrectionItem>,
    /// What a reader must know besides.
    pub notes: Vec<String>,
    /// The span of the record that was searched; `null` without a survey.
    pub coverage: Option<Coverage>,
    /// The head of the record that was read.
    pub checkpoint: CheckpointRef,
}

/// Answers for one participant.
///
/// # Errors
/// [`QueryError`].
pub fn status(
    material: &Material,
    participant: &ParticipantId,
    body: &BodyId,
    axes: &Axes,
) -> Result<StatusAnswer, QueryError> {
    let view = BodyView::of(material, body, axes)?;
    let today = BodyView::today(material, body, axes);
    Ok(in_view(material, &view, today.as_ref().unwrap_or(&view), participant, body, axes))
}

/// The same participant with everything that is known today, which may be what the question already knows.
pub(super) struct Hindsight<'v> {
    pub(super) view: &'v BodyView,
    pub(super) pair: &'v PairView,
    pub(super) history: Arc<History>,
}

impl Hindsight<'_> {
    /// Every procedure, with how it ended.
    fn lifecycles(&self) -> Vec<Lifecycle<'_>> {
        let accounts = 0..self.history.accounts.len();
        accounts.flat_map(|at| self.pair.lifecycles(&self.view.charter, &self.history, at)).collect()
    }
}

pub(super) fn in_view(
    material: &Material,
    view: &BodyView,
    today: &BodyView,
    participant: &ParticipantId,
    body: &BodyId,
    axes: &Axes,
) -> StatusAnswer {
    let nothing = PairView::default();
    let pair = view.pairs.get(participant).unwrap_or(&nothing);
    let later = today.pairs.get(participant).unwrap_or(&nothing);
    let on = axes.on;
    let history = view.history(participant);
    let hindsight = Hindsight { view: today, pair: later, history: today.history(participant) };
    let reading = history.on(on);
    let possible = view.in_order(reading.statuses());
    let status = settled(reading.certainty, &possible);
    let because = view.because(&history, &reading);
    let (since, until) = span(&history, &reading, on);
    let since = since.filter(|_| !(because.is_empty() && status.as_ref().is_some_and(StatusId::is_none)));
    let mut answer = StatusAnswer {
        question: QuestionEcho::new("status", Some(participant), Some(body), axes),
        conflicts: conflicts(view, pair, &history, &reading),
        overlays: overlay_items(view, pair, &history, on),
        scheduled: scheduled(view, participant, pair, &history, on),
        procedures: procedures(view, participant, pair, &history, &hindsight, on),
        on_the_day: of_the_day(pair, on),
        afterwards: afterwards(pair, on),
        corrections: corrections(material, view, Some(participant), on),
        notes: Vec::new(),
        coverage: view.coverage(on),
        checkpoint: material.checkpoint.clone(),
        status,
        certainty: reading.certainty,
        possible,
        since,
        until,
        because,
    };
    notes(&mut answer, view, &hindsight, axes);
    answer.notes.extend(lines(view, participant, on));
    answer.notes.extend(overlays_to_come(pair, on));
    answer.notes.extend(by_the_clock(view, pair, &answer.possible, axes));
    answer.notes.dedup();
    answer
}

impl StatusAnswer {
    /// The act that gave the status: of all that it rests on the one of its first day, an amendment too, else the latest
    /// entry.
    pub fn nearest(&self) -> Option<&Because> {
        let of_the_day = |b: &&Because| self.since.as_ref() == Some(&b.date);
        self.because.iter().rev().find(of_the_day).or_else(|| self.because.last())
    }
}

/// Since when and until when: the acts' own dates where one act begins or ends it, else the span of days.
pub(super) fn span(history: &History, reading: &StatusReading, on: Day) -> (Option<Edtf>, Option<Edtf>) {
    let Some(status) = reading.status() else { return (None, None) };
    let (since, until) = history.span(status, on);
    let mut stated = reading.worlds.iter().map(|(account, world)| {
        let course = &history.accounts.get(*account)?.course;
        course.causes.get(world.cause?).map(|c| &c.date)
    });
    let first = stated.next().flatten().cloned();
    let agreed = first.filter(|date| stated.all(|other| other == Some(date)));
    let since = agreed.or_else(|| (since.earliest() > Day::PAST).then_some(since));
    // Where one act ends it, its own words: a moment within a day, not the days around it.
    let ends = until.as_ref().and_then(|until| match history.on(until.latest()).worlds.as_slice() {
        [(account, world)] => history.accounts.get(*account)?.course.causes.get(world.cause?),
        _ => None,
    });
    let until = ends.map(|cause| cause.date.clone()).filter(|date| date.instant().is_some()).or(until);
    (since, until)
}

/// A suspension of the whole treaty lies over everyone who has a status in it; a treaty that is in force for a
/// participant is no longer applied provisionally by it (VCLT 25).
pub(super) fn overlay_items(
    view: &BodyView,
    pair: &PairView,
    history: &History,
    on: Day,
) -> Vec<OverlayItem> {
    // Of most participants there is none, and nothing else needs to be looked at.
    if !pair.own.iter().chain(&view.alone).any(|act| moves_overlays(&act.event)) {
        return Vec::new();
    }
    let reading = history.on(on);
    let holds = reading.statuses().into_iter().any(|id| !id.is_none());
    let in_force = reading.status().is_some() && reading.status() == view.full_status(on);
    let item = |o: crate::history::Overlay| OverlayItem {
        overlay: o.kind,
        scope: o.scope,
        since: o.since,
        until: o.until,
        index: o.entry,
    };
    let whole = view.alone.iter().filter(|_| holds);
    let found = overlays(pair.own.iter().chain(whole), history, on).into_iter();
    found.filter(|o| !(in_force && o.kind == "provisional-application")).map(item).collect()
}

/// The procedures that are open on every account; `contested` ones are in [`super::pending`].
pub(super) fn procedures(
    view: &BodyView,
    who: &ParticipantId,
    pair: &PairView,
    history: &History,
    hindsight: &Hindsight<'_>,
    on: Day,
) -> Vec<ProcedureItem> {
    // How a procedure ended is asked only of one that is open on the day.
    let ended = LazyCell::new(|| hindsight.lifecycles());
    let open = |account: usize| -> Vec<ProcedureItem> {
        let lives = pair.lifecycles(&view.charter, history, account);
        let open = lives.iter().filter(|life| life.is_open(on));
        open.filter_map(|life| item(view, who, life, &ended, on)).collect()
    };
    let mut items = open(0);
    for account in 1..history.accounts.len() {
        let others = open(account);
        items.retain(|item| others.contains(item));
    }
    items
}

pub(super) fn item(
    view: &BodyView,
    who: &ParticipantId,
    life: &Lifecycle<'_>,
    ended: &[Lifecycle<'_>],
    on: Day,
) -> Option<ProcedureItem> {
    let now = life.on(&view.charter, on)?;
    let first = life.acts.first().map(|a| a.index);
    let same = |other: &&Lifecycle<'_>| other.acts.first().map(|a| a.index) == first;
    let outcome = ended.iter().find(same).and_then(|l| l.closed.as_ref()).map(outcome_item);
    let others = now.steps.iter().find(|step| step.by.is_some());
    let quorum = others.and_then(|step| quorum(view, who, step, on));
    let met = quorum.as_ref().is_some_and(|q| q.needed > 0 && q.count >= q.needed);
    let lacking = now.missing.iter().filter_map(|at| now.steps.get(*at));
    let missing = lacking.filter(|step| !(met && step.by.is_some())).map(|step| step.act).collect();
    Some(ProcedureItem {
        toward: now.toward,
        stage: now.stage,
        since: now.since,
        opened: now.opened,
        entries: now.stage_entries,
        reported: now.reported,
        missing,
        quorum,
        outcome,
    })
}

fn outcome_item(closing: &Closing) -> OutcomeItem {
    OutcomeItem {
        status: closing.status.clone(),
        how: closing.how,
        on: closing.on.clone(),
        index: closing.entry,
    }
}

fn afterwards(pair: &PairView, on: Day) -> Vec<Afterwards> {
    let mut later: Vec<(&Edtf, &Standing)> = pair
        .own
        .iter()
        .filter_map(|act| Some((act.event.date().filter(|d| d.earliest() > on)?, act)))
        .collect();
    later.sort_by_key(|(date, act)| (date.earliest(), act.event.sequence, act.index));
    let brief = |(date, act): (&Edtf, &Standing)| Afterwards {
        act: act.event.act.kind(),
        date: date.clone(),
        index: act.index,
    };
    later.into_iter().map(brief).collect()
}

/// The acts of the very day, its own and those about it, in their order: as the evidence gives it, else as the
/// vocabulary does.
fn of_the_day(pair: &PairView, on: Day) -> Vec<DayAct> {
    let acts = pair.own.iter().chain(&pair.about);
    let here = |date: &&Edtf| date.earliest() == on && date.latest() == on;
    let mut found: Vec<(&Edtf, &Standing)> =
        acts.filter_map(|act| Some((act.event.date().filter(here)?, act))).collect();
    found.sort_by_key(|(_, act)| (act.event.sequence, act.event.act.kind().precedence(), act.index));
    let item = |(date, act): (&Edtf, &Standing)| DayAct {
        participant: act.event.participant.clone(),
        act: act.event.act.kind(),
        about: act.event.about.clone(),
        date: date.clone(),
        sequence: act.event.sequence,
        index: act.index,
    };
    found.into_iter().map(item).collect()
}

fn conflicts(
    view: &BodyView,
    pair: &PairView,
    history: &History,
    reading: &StatusReading,
) -> Vec<ConflictSide> {
    if reading.certainty != Certainty::Contested {
        return Vec::new();
    }
    let side = |(at, account): (usize, &crate::history::Account)| {
        let worlds = reading.worlds.iter().filter(|(of, _)| *of == at).map(|(_, world)| world);
        let on_chain = |a: &&crate::history::Standing| {
            a.event.rival.as_ref().is_some_and(|rival| account.chains.contains(rival))
        };
        let because = |w: &crate::history::World| view.chain(&account.course, w.cause);
        ConflictSide {
            chains: account.chains.iter().map(ToString::to_string).collect(),
            possible: view.in_order(worlds.clone().map(|w| &w.status)),
            because: worlds.flat_map(because).collect(),
            entries: pair.own.iter().filter(on_chain).map(|a| a.index).collect(),
        }
    };
    history.accounts.iter().enumerate().map(side).collect()
}

fn notes(answer: &mut StatusAnswer, view: &BodyView, hindsight: &Hindsight<'_>, axes: &Axes) {
    let on = axes.on;
    let began = view.charter.about.began.as_ref();
    if let Some(began) = began.filter(|began| on < began.earliest()) {
        answer.notes.push(format!("{} did not exist before {began}", view.charter.about.in_short()));
    }
    answer.notes.extend(view.end_of_record(on));
    answer.notes.extend(super::correction::notes(&answer.corrections));
    if let Some(participant) = &answer.question.participant {
        answer.notes.extend(view.represented_until(participant, on));
        answer.notes.extend(view.withheld_by(Some(participant), on));
        answer.notes.extend(view.rulings_on(participant, on));
    }
    for because in &answer.because {
        if because.date.is_qualified() {
            answer
                .notes
                .push(format!("the source is in doubt about {} (entry {})", because.date, because.index));
        }
        // What states its moment holds from that moment.
        if because.date.earliest() == on && because.date.latest() == on && because.date.instant().is_none() {
            answer.notes.push(format!("an act of {on} holds for the whole of that day"));
        }
        let version = view.charter.versions().iter().find(|v| v.entry == because.index);
        answer.notes.extend(version.and_then(|v| v.note.clone()));
    }
    let now = hindsight.history.on(on);
    let possible = hindsight.view.in_order(now.statuses());
    if now.certainty != answer.certainty || possible != answer.possible {
        let said: Vec<&str> = possible.iter().map(StatusId::as_str).collect();
        answer.notes.push(format!("with what is known today: {}", said.join(" or ")));
    }
    answer.notes.dedup();
}
