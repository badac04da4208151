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

/// A participant's status in a body on a day, as known and as recorded, with the entries on which it rests.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct StatusAnswer {
    /// The question, as it was understood.
    pub question: QuestionEcho,
    /// The status, `none` for no status; `null` if it is not settled.
    pub status: Option<StatusId>,
    /// The certainty of the status.
    pub certainty: Certainty,
    /// Every status that is possible.
    pub possible: Vec<StatusId>,
    /// The date since which the participant has the status; an interval if the day is not known.
    pub since: Option<Edtf>,
    /// The first day on which the participant no longer has the status; `null` if no recorded act ends it.
    pub until: Option<Edtf>,
    /// The overlays on the status: suspension, provisional application and others.
    pub overlays: Vec<OverlayItem>,
    /// Changes that are decided and not yet in effect.
    pub scheduled: Vec<ScheduledItem>,
    /// Open procedures.
    pub procedures: Vec<ProcedureItem>,
    /// The acts of the day asked about, in their order within the day.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub on_the_day: Vec<DayAct>,
    /// The acts after the day asked about.
    pub afterwards: Vec<Afterwards>,
    /// The entries on which the status rests; without any of them the answer would differ.
    pub because: Vec<Because>,
    /// The sides of a dispute about the status, with the statuses and entries of each.
    pub conflicts: Vec<ConflictSide>,
    /// The corrections of the treaty's text that were proposed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub corrections: Vec<CorrectionItem>,
    /// Notes for the reader, such as the end of the record or a doubt about a date.
    pub notes: Vec<String>,
    /// The span of the record that was searched; `null` without a survey.
    pub coverage: Option<Coverage>,
    /// The head of the record that was read.
    pub checkpoint: CheckpointRef,
}

/// Derives the status of one participant.
///
/// # Errors
/// [`QueryError`] if the body has no charter in the record, or its charter cannot be read.
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

/// The same participant with everything known today. The question itself may already have that knowledge.
pub(super) struct Hindsight<'v> {
    pub(super) view: &'v BodyView,
    pub(super) pair: &'v PairView,
    pub(super) history: Arc<History>,
}

impl Hindsight<'_> {
    /// Every procedure of the participant, with its end.
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
    /// The act that gave the status: among the entries on which it rests the one of its first day, which may be an
    /// amendment, else the latest entry.
    pub fn nearest(&self) -> Option<&Because> {
        let of_the_day = |b: &&Because| self.since.as_ref() == Some(&b.date);
        self.because.iter().rev().find(of_the_day).or_else(|| self.because.last())
    }
}

/// The first date of the status and the first day after it: the date that an act states if one act begins or ends the
/// status, else the span of days.
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
    // If one act ends the status at a moment within a day, that moment is the end, and not the days around it.
    let ends = until.as_ref().and_then(|until| match history.on(until.latest()).worlds.as_slice() {
        [(account, world)] => history.accounts.get(*account)?.course.causes.get(world.cause?),
        _ => None,
    });
    let until = ends.map(|cause| cause.date.clone()).filter(|date| date.instant().is_some()).or(until);
    (since, until)
}

/// The overlays of a participant. A suspension of the whole treaty applies to every participant that has a status in
/// it; a participant no longer applies a treaty provisionally once it is in force for it (VCLT 25).
pub(super) fn overlay_items(
    view: &BodyView,
    pair: &PairView,
    history: &History,
    on: Day,
) -> Vec<OverlayItem> {
    // Most participants have no overlay, and then nothing else needs to be looked at.
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

/// The procedures that are open on every account of a dispute; contested ones are in [`super::pending`].
pub(super) fn procedures(
    view: &BodyView,
    who: &ParticipantId,
    pair: &PairView,
    history: &History,
    hindsight: &Hindsight<'_>,
    on: Day,
) -> Vec<ProcedureItem> {
    // The end of a procedure is needed only if the procedure is open on the day.
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

/// The acts of the very day, those of the participant and those about it, in the order that the evidence gives, else in
/// that of the vocabulary.
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
        // An act that states its moment has effect from that moment, not for the whole day.
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
