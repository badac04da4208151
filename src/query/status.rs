//! One participant's status in one body.

use serde::Serialize;

use crate::event::{ActKind, BodyId, Day, Edtf, Entry, ParticipantId, Role, StatusId};
use crate::history::{Certainty, Closing, History, Lifecycle, Reading, overlays};

use super::Axes;
use super::answer::{
    Afterwards, Because, CheckpointRef, ConflictSide, Coverage, OutcomeItem, OverlayItem, ProcedureItem,
    QuestionEcho, ScheduledItem, settled,
};
use super::body::{BodyView, Material, PairView, QueryError};
use super::correction::{CorrectionItem, corrections};

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
    material: &Material<'_>,
    participant: &ParticipantId,
    body: &BodyId,
    axes: &Axes,
) -> Result<StatusAnswer, QueryError> {
    let view = BodyView::new(material, body, axes.as_recorded, axes.known())?;
    let today = match axes.as_known {
        Some(_) => Some(BodyView::new(material, body, axes.as_recorded, Day::FUTURE)?),
        None => None,
    };
    Ok(in_view(material, &view, today.as_ref().unwrap_or(&view), participant, body, axes))
}

/// The same participant with everything that is known today, which may be what the question already knows.
pub(super) struct Hindsight<'v> {
    pub(super) view: &'v BodyView<'v>,
    pub(super) pair: &'v PairView<'v>,
    pub(super) history: &'v History,
}

impl Hindsight<'_> {
    /// Every procedure, with how it ended.
    fn lifecycles(&self) -> Vec<Lifecycle<'_>> {
        let accounts = 0..self.history.accounts.len();
        accounts.flat_map(|at| self.pair.lifecycles(&self.view.charter, self.history, at)).collect()
    }
}

pub(super) fn in_view(
    material: &Material<'_>,
    view: &BodyView<'_>,
    today: &BodyView<'_>,
    participant: &ParticipantId,
    body: &BodyId,
    axes: &Axes,
) -> StatusAnswer {
    let nothing = PairView::default();
    let pair = view.pairs.get(participant).unwrap_or(&nothing);
    let later = today.pairs.get(participant).unwrap_or(&nothing);
    let (charter, on) = (&view.charter, axes.on);
    let history = pair.history(charter);
    let own = (!std::ptr::eq(view, today)).then(|| later.history(&today.charter));
    let hindsight = Hindsight { view: today, pair: later, history: own.as_ref().unwrap_or(&history) };
    let reading = history.on(on);
    let possible = view.in_order(reading.statuses());
    let status = settled(reading.certainty, &possible);
    let because = pair.because(charter, material.entries, &history, &reading);
    let (since, until) = span(&history, &reading, on);
    let since = since.filter(|_| !(because.is_empty() && status.as_ref().is_some_and(StatusId::is_none)));
    let mut answer = StatusAnswer {
        question: QuestionEcho::new("status", Some(participant), Some(body), axes),
        conflicts: conflicts(view, pair, material.entries, &history, &reading),
        overlays: overlay_items(view, pair, &reading, on),
        scheduled: scheduled(view, pair, &history, on),
        procedures: procedures(view, pair, &history, &hindsight, on),
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
    answer
}

/// Since when and until when: the acts' own dates where one act begins or ends it, else the span of days.
pub(super) fn span(history: &History, reading: &Reading, on: Day) -> (Option<Edtf>, Option<Edtf>) {
    let Some(status) = reading.status() else { return (None, None) };
    let (since, until) = history.span(status, on);
    let mut stated = reading.worlds.iter().map(|(account, world)| {
        let course = &history.accounts.get(*account)?.course;
        course.causes.get(world.cause?).map(|c| &c.date)
    });
    let first = stated.next().flatten().cloned();
    let agreed = first.filter(|date| stated.all(|other| other == Some(date)));
    let since = agreed.or_else(|| (since.earliest() > Day::PAST).then_some(since));
    (since, until)
}

/// A suspension of the whole treaty lies over everyone who has a status in it; a treaty that is in force for a
/// participant is no longer applied provisionally by it (VCLT 25).
pub(super) fn overlay_items(
    view: &BodyView<'_>,
    pair: &PairView<'_>,
    reading: &Reading,
    on: Day,
) -> Vec<OverlayItem> {
    let holds = reading.statuses().into_iter().any(|id| !id.is_none());
    let in_force = reading.status().is_some() && reading.status() == view.full_status(on);
    let item = |o: crate::history::Overlay| OverlayItem {
        overlay: o.kind,
        scope: o.scope,
        since: o.since,
        index: o.entry,
    };
    let whole = view.alone.iter().filter(|_| holds);
    let found = overlays(pair.own.iter().chain(whole), on).into_iter();
    found.filter(|o| !(in_force && o.kind == "provisional-application")).map(item).collect()
}

/// Changes after `on` by acts of that day or earlier, and days that such acts foresee.
fn scheduled(view: &BodyView<'_>, pair: &PairView<'_>, history: &History, on: Day) -> Vec<ScheduledItem> {
    let mut found: Vec<ScheduledItem> = Vec::new();
    for account in &history.accounts {
        let slices = account.course.slices.iter().filter(|s| s.from > on).flat_map(|s| &s.worlds);
        for world in slices {
            let Some(cause) = world.cause.and_then(|id| account.course.causes.get(id)) else { continue };
            let decided = match pair.act(cause.entry) {
                Some(act) => act.event.date().map(Edtf::latest),
                None => view.charter.versions().iter().find(|v| v.entry == cause.entry).map(|v| v.known),
            };
            if decided.is_some_and(|day| day <= on) && cause.date.earliest() > on {
                let because = vec![cause.entry];
                found.push(ScheduledItem { status: world.status.clone(), on: cause.date.clone(), because });
            }
        }
    }
    for act in &pair.own {
        let foreseen = act.event.dates.get(Role::Planned).filter(|planned| planned.earliest() > on);
        let stated = act.event.date().is_some_and(|d| d.latest() <= on);
        let ended = pair.own.iter().any(|other| {
            let closes =
                matches!(other.event.act.kind(), ActKind::InvitationDeclined | ActKind::ApplicationWithdrawn);
            closes && other.index > act.index && other.event.date().is_some_and(|d| d.latest() <= on)
        });
        if let (Some(planned), Some(toward), true, false) = (foreseen, &act.event.toward, stated, ended) {
            found.push(ScheduledItem {
                status: toward.clone(),
                on: planned.clone(),
                because: vec![act.index],
            });
        }
    }
    found.sort_by(|a, b| (a.on.earliest(), &a.because).cmp(&(b.on.earliest(), &b.because)));
    found.dedup();
    found
}

/// The procedures that are open on every account; `contested` ones are in [`super::pending`].
pub(super) fn procedures(
    view: &BodyView<'_>,
    pair: &PairView<'_>,
    history: &History,
    hindsight: &Hindsight<'_>,
    on: Day,
) -> Vec<ProcedureItem> {
    let ended = hindsight.lifecycles();
    let open = |account: usize| -> Vec<ProcedureItem> {
        let lives = pair.lifecycles(&view.charter, history, account);
        let open = lives.iter().filter(|life| life.is_open(on));
        open.filter_map(|life| item(view, life, &ended, on)).collect()
    };
    let mut items = open(0);
    for account in 1..history.accounts.len() {
        let others = open(account);
        items.retain(|item| others.contains(item));
    }
    items
}

pub(super) fn item(
    view: &BodyView<'_>,
    life: &Lifecycle<'_>,
    ended: &[Lifecycle<'_>],
    on: Day,
) -> Option<ProcedureItem> {
    let now = life.on(&view.charter, on)?;
    let first = life.acts.first().map(|a| a.index);
    let same = |other: &&Lifecycle<'_>| other.acts.first().map(|a| a.index) == first;
    let outcome = ended.iter().find(same).and_then(|l| l.closed.as_ref()).map(outcome_item);
    Some(ProcedureItem {
        toward: now.toward,
        stage: now.stage,
        since: now.since,
        opened: now.opened,
        entries: now.stage_entries,
        reported: now.reported,
        missing: now.missing,
        quorum: None,
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

fn afterwards(pair: &PairView<'_>, on: Day) -> Vec<Afterwards> {
    let mut found: Vec<Afterwards> = pair
        .own
        .iter()
        .filter_map(|act| {
            let date = act.event.date().filter(|d| d.earliest() > on)?.clone();
            Some(Afterwards { act: act.event.act.kind(), date, index: act.index })
        })
        .collect();
    found.sort_by_key(|a| (a.date.earliest(), a.index));
    found
}

fn conflicts(
    view: &BodyView<'_>,
    pair: &PairView<'_>,
    entries: &[Entry],
    history: &History,
    reading: &Reading,
) -> Vec<ConflictSide> {
    if reading.certainty != Certainty::Contested {
        return Vec::new();
    }
    let side = |(at, account): (usize, &crate::history::Account)| {
        let worlds = reading.worlds.iter().filter(|(of, _)| *of == at).map(|(_, world)| world);
        let on_chain = |a: &&crate::history::Standing<'_>| {
            a.event.rival.as_ref().is_some_and(|rival| account.chains.contains(rival))
        };
        let because =
            |w: &crate::history::World| pair.chain(&view.charter, entries, &account.course, w.cause);
        ConflictSide {
            chains: account.chains.iter().map(ToString::to_string).collect(),
            possible: view.in_order(worlds.clone().map(|w| &w.status)),
            because: worlds.flat_map(because).collect(),
            entries: pair.own.iter().filter(on_chain).map(|a| a.index).collect(),
        }
    };
    history.accounts.iter().enumerate().map(side).collect()
}

fn notes(answer: &mut StatusAnswer, view: &BodyView<'_>, hindsight: &Hindsight<'_>, axes: &Axes) {
    let on = axes.on;
    let began = view.charter.about.began.as_ref();
    if let Some(began) = began.filter(|began| on < began.earliest()) {
        answer.notes.push(format!("the {} did not exist before {began}", view.charter.about.short));
    }
    answer.notes.extend(view.end_of_record(on));
    answer.notes.extend(super::correction::notes(&answer.corrections));
    if let Some(participant) = &answer.question.participant {
        answer.notes.extend(view.represented_until(participant, on));
        answer.notes.extend(view.withheld_by(Some(participant), on));
    }
    for because in &answer.because {
        if because.date.is_qualified() {
            answer
                .notes
                .push(format!("the source is in doubt about {} (entry {})", because.date, because.index));
        }
        if because.date.earliest() == on && because.date.latest() == on {
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
