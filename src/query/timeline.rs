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
    /// The question, as it was understood; its `on` only dates the note on the end of the record.
    pub question: QuestionEcho,
    /// The spells, by body, then by first day.
    pub spells: Vec<SpellItem>,
    /// Notes for the reader, such as the end of the record or a withheld act.
    pub notes: Vec<String>,
    /// The head of the record that was read.
    pub checkpoint: CheckpointRef,
}

/// An unbroken span of days with one status, or with one set of possible statuses.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct SpellItem {
    /// The organisation or treaty.
    pub body: BodyId,
    /// The status; `null` if it is not settled.
    pub status: Option<StatusId>,
    /// The certainty of the status.
    pub certainty: Certainty,
    /// Every status that is possible.
    pub possible: Vec<StatusId>,
    /// The first day; `null` if the spell has no beginning.
    pub from: Option<Edtf>,
    /// The first day after the spell; `null` if no recorded act ends it.
    pub until: Option<Edtf>,
    /// The indexes of the entries on which it rests.
    pub entries: Vec<Index>,
    /// The rule that gave the status, in a line.
    pub clause: Option<String>,
}

/// Lists the spells of one participant in one body.
///
/// # Errors
/// [`QueryError`] if the body has no charter in the record, or its charter cannot be read.
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
    /// Joins the answers for several bodies.
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

/// Every spell of a participant under one view of a body; empty for a participant without an act.
pub(super) fn spells_in(view: &BodyView, participant: &ParticipantId, body: &BodyId) -> Vec<SpellItem> {
    let pair = view.pairs.get(participant);
    pair.map(|_| spell_items(view, participant, body)).unwrap_or_default()
}

/// The rule of the latest act that gave the status.
fn nearest(history: &History, reading: &StatusReading) -> Option<String> {
    let clauses = reading.worlds.iter().filter_map(|(account, world)| {
        let course = &history.accounts.get(*account)?.course;
        course.causes.get(world.cause?)
    });
    clauses.max_by_key(|cause| cause.date.earliest()).map(|cause| cause.clause.clone())
}

/// The line that says that a status did not exist on a day; `None` if it did.
pub(super) fn absent(charter: &Charter, status: &StatusId, on: Day) -> Option<String> {
    let began = charter.status_began(status)?;
    if on < began {
        return Some(format!("the status {status} was created on {began}: nobody could hold it on {on}"));
    }
    let ended = charter.status_ended(status).filter(|ended| on > *ended)?;
    Some(format!("the status {status} ended after {ended}: nobody could hold it on {on}"))
}

impl super::StatusAnswer {
    /// Adds the line that says that a status did not exist on the day asked about, if it did not.
    pub fn flag_absent(&mut self, charter: &Charter, status: &StatusId) {
        self.notes.extend(absent(charter, status, self.question.on));
    }
}
