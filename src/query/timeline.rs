//! Every spell of a participant, in one body or in all.

use serde::Serialize;

use crate::charter::Charter;
use crate::event::{BodyId, Day, Edtf, Index, ParticipantId, StatusId};
use crate::history::{Certainty, History, StatusReading};

use super::Axes;
use super::answer::{CheckpointRef, QuestionEcho, settled};
use super::body::{BodyView, Material, QueryError};

/// The spells of a participant.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Timeline {
    /// What was asked; `on` plays no part.
    pub question: QuestionEcho,
    /// By body, then by first day.
    pub spells: Vec<SpellItem>,
    /// What a reader must know besides.
    pub notes: Vec<String>,
    /// The head of the record that was read.
    pub checkpoint: CheckpointRef,
}

/// An unbroken span of days with one status, or with one set of possible statuses.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct SpellItem {
    /// In which body.
    pub body: BodyId,
    /// The status; `null` where it is not settled.
    pub status: Option<StatusId>,
    /// How far it can be relied on.
    pub certainty: Certainty,
    /// Every status that is possible.
    pub possible: Vec<StatusId>,
    /// Its first day; `null` from the beginning.
    pub from: Option<Edtf>,
    /// The first day on which it no longer holds; `null` while nothing recorded ends it.
    pub until: Option<Edtf>,
    /// The entries that it rests on.
    pub entries: Vec<Index>,
    /// What gave it, in a line.
    pub clause: Option<String>,
}

/// Answers for a participant in one body.
///
/// # Errors
/// [`QueryError`].
pub fn timeline(
    material: &Material,
    participant: &ParticipantId,
    body: &BodyId,
    axes: &Axes,
) -> Result<Timeline, QueryError> {
    let view = BodyView::of(material, body, axes)?;
    let mut notes = Vec::new();
    if view.pairs.contains_key(participant) {
        notes.extend(view.every_ruling(participant));
        notes.extend(view.end_of_record(axes.on));
        notes.extend(view.withheld_by(Some(participant), axes.on));
    }
    Ok(Timeline {
        question: QuestionEcho::new("timeline", Some(participant), Some(body), axes),
        spells: spells_in(&view, participant, body),
        notes,
        checkpoint: material.checkpoint.clone(),
    })
}

impl Timeline {
    /// One answer of those in several bodies.
    pub fn joined(parts: Vec<Timeline>, question: QuestionEcho, checkpoint: CheckpointRef) -> Timeline {
        let mut answer = Timeline { question, spells: Vec::new(), notes: Vec::new(), checkpoint };
        for part in parts {
            answer.spells.extend(part.spells);
            answer.notes.extend(part.notes);
        }
        answer
    }
}

fn spell_items(view: &BodyView, participant: &ParticipantId, body: &BodyId) -> Vec<SpellItem> {
    let history = view.history(participant);
    let limit = |day: Day| day.date().map(|_| Edtf::day(day));
    let mut items: Vec<SpellItem> = Vec::new();
    for spell in history.spells() {
        let possible = view.in_order(spell.reading.statuses());
        items.push(SpellItem {
            body: body.clone(),
            status: settled(spell.reading.certainty, &possible),
            certainty: spell.reading.certainty,
            from: limit(spell.from),
            until: limit(spell.until),
            entries: view.basis(&history, &spell.reading).iter().map(|ground| ground.entry).collect(),
            clause: nearest(&history, &spell.reading),
            possible,
        });
    }
    let idle = |item: &SpellItem| item.from.is_none() && item.status.as_ref().is_some_and(StatusId::is_none);
    if items.len() > 1 && items.first().is_some_and(idle) {
        items.remove(0);
    }
    items
}

/// Every spell in one view of a body; none of a participant without an act.
pub(super) fn spells_in(view: &BodyView, participant: &ParticipantId, body: &BodyId) -> Vec<SpellItem> {
    let pair = view.pairs.get(participant);
    pair.map(|_| spell_items(view, participant, body)).unwrap_or_default()
}

/// The rule of the act that gave the status last.
fn nearest(history: &History, reading: &StatusReading) -> Option<String> {
    let clauses = reading.worlds.iter().filter_map(|(account, world)| {
        let course = &history.accounts.get(*account)?.course;
        course.causes.get(world.cause?)
    });
    clauses.max_by_key(|cause| cause.date.earliest()).map(|cause| cause.clause.clone())
}

/// The line that says that a status did not exist on a day.
pub(super) fn absent(charter: &Charter, status: &StatusId, on: Day) -> Option<String> {
    let began = charter.status_began(status)?;
    if on < began {
        return Some(format!("the status {status} was created on {began}: nobody could hold it on {on}"));
    }
    let ended = charter.status_ended(status).filter(|ended| on > *ended)?;
    Some(format!("the status {status} ended after {ended}: nobody could hold it on {on}"))
}

impl super::StatusAnswer {
    /// Adds, where a status did not exist on the day asked, the line that says so.
    pub fn flag_absent(&mut self, charter: &Charter, status: &StatusId) {
        self.notes.extend(absent(charter, status, self.question.on));
    }
}
