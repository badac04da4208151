//! Every spell of every participant of a body, as rows to be joined with other data sets.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::event::{BodyId, Day, Edtf, Index, ParticipantId, Register, StatusId};
use crate::history::{Certainty, History, Spell};

use super::Axes;
use super::answer::{CheckpointRef, QuestionEcho, settled};
use super::body::{BodyView, Material, QueryError};
use super::status::span;

/// The word for a status that the record does not settle: possible or contested.
pub const UNKNOWN: &str = "unknown";

/// The spells of whole bodies.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Spells {
    /// The question, as it was understood; `on` plays no part.
    pub question: QuestionEcho,
    /// The spells, by body, then by participant, then by first day; those of one participant in one body never overlap.
    pub spells: Vec<SpellRow>,
    /// Notes for the reader: rulings of the view, bodies without a survey, and withheld acts.
    pub notes: Vec<String>,
    /// The head of the record that was read.
    pub checkpoint: CheckpointRef,
}

/// An unbroken span of days on which a participant has one status, or one set of possible statuses. Days without a row
/// are days without a status.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct SpellRow {
    /// The participant.
    pub iso3c: ParticipantId,
    /// Its present name, the same in every row.
    pub state: String,
    /// The organisation or treaty.
    pub body: BodyId,
    /// The status; `unknown` if it is not settled.
    pub status: String,
    /// The certainty of the status.
    pub certainty: Certainty,
    /// Every status that is possible.
    pub possible: Vec<StatusId>,
    /// The first day; `null` if the spell has no beginning.
    pub from: Option<Edtf>,
    /// The first day after the spell; `null` if no recorded act ends it.
    pub until: Option<Edtf>,
    /// The first day on which the status may have begun; `null` if the status is not settled, or has no beginning.
    pub from_earliest: Option<Edtf>,
    /// The last day on which it may have begun; `null` in the same cases.
    pub from_latest: Option<Edtf>,
    /// The first day on which it may have ended; `null` if the status is not settled, or no recorded act ends it.
    pub until_earliest: Option<Edtf>,
    /// The last day on which it may have ended; `null` in the same cases.
    pub until_latest: Option<Edtf>,
    /// The date of its beginning as the source states it; `null` if the status is not settled.
    pub from_stated: Option<Edtf>,
    /// The first day of the survey of the body; `null` without a survey.
    pub surveyed_from: Option<Edtf>,
    /// The last day of the survey, to which a row with an open `until` can be cut; `null` without a survey.
    pub surveyed_to: Option<Edtf>,
    /// The indexes of the entries on which it rests.
    pub entries: Vec<Index>,
}

impl Spells {
    /// The answer before any row is added.
    pub fn new(body: Option<&BodyId>, axes: &Axes, checkpoint: CheckpointRef) -> Spells {
        let question = QuestionEcho::new("spells", None, body, axes);
        Spells { question, spells: Vec::new(), notes: Vec::new(), checkpoint }
    }

    /// Adds the rows of one body.
    ///
    /// # Errors
    /// [`QueryError`] if the body has no charter in the record, or its charter cannot be read.
    pub fn add(&mut self, material: &Material, body: &BodyId, axes: &Axes) -> Result<(), QueryError> {
        let view = BodyView::of(material, body, axes)?;
        for who in listed(&view) {
            let history = view.history(who);
            self.spells.extend(rows(&view, &history, who));
            self.notes.extend(view.every_ruling(who).into_iter().map(|line| format!("{who}: {line}")));
        }
        if view.surveyed.is_none() {
            self.notes.extend(view.end_of_record(axes.on));
        }
        self.notes.extend(view.withheld_by(None, Day::FUTURE));
        Ok(())
    }
}

/// The participants with rows of their own; a participant that another continues appears under the name of the other.
pub(super) fn listed(view: &BodyView) -> impl Iterator<Item = &ParticipantId> {
    let continued = |who: &ParticipantId| view.board.continued_by(&view.pairs, who).is_some();
    let own = view.pairs.iter().filter(move |(who, pair)| !(pair.own.is_empty() && continued(who)));
    own.map(|(who, _)| who)
}

/// The present name of a participant.
pub(super) fn present_name(who: &ParticipantId) -> String {
    Register::builtin().name_on(who, Day::FUTURE).to_owned()
}

/// The spells of a participant; adjoining spells that differ only in their entries are joined.
fn joined(history: &History) -> Vec<(Spell, BTreeSet<Index>)> {
    let mut found: Vec<(Spell, BTreeSet<Index>)> = Vec::new();
    for spell in history.spells() {
        let entries = history.entries(&spell.reading);
        match found.last_mut() {
            Some((last, rests))
                if last.reading.certainty == spell.reading.certainty
                    && last.reading.statuses() == spell.reading.statuses() =>
            {
                last.until = spell.until;
                rests.extend(entries);
            }
            _ => found.push((spell, entries.into_iter().collect())),
        }
    }
    found
}

/// The spells of one participant.
pub(super) fn rows(view: &BodyView, history: &History, who: &ParticipantId) -> Vec<SpellRow> {
    let spells = joined(history);
    let limit = |day: Day| day.date().map(|_| Edtf::day(day));
    let surveyed = view.surveyed.as_ref();
    let mut rows = Vec::new();
    for (at, (spell, entries)) in spells.iter().enumerate() {
        let possible = view.in_order(spell.reading.statuses());
        if possible.iter().all(StatusId::is_none) {
            continue;
        }
        let status = settled(spell.reading.certainty, &possible);
        let may_hold = |other: &&(Spell, BTreeSet<Index>)| {
            let statuses = other.0.reading.statuses();
            status.as_ref().is_some_and(|status| statuses.contains(status))
        };
        let first = spells[..at].iter().rev().take_while(may_hold).last().map_or(spell.from, |s| s.0.from);
        let last = spells[at + 1..].iter().take_while(may_hold).last().map_or(spell.until, |s| s.0.until);
        let of_settled = |day: Day| limit(day).filter(|_| status.is_some());
        rows.push(SpellRow {
            iso3c: who.clone(),
            state: present_name(who),
            body: view.charter.body.clone(),
            status: status.as_ref().map_or_else(|| UNKNOWN.to_owned(), ToString::to_string),
            certainty: spell.reading.certainty,
            from: limit(spell.from),
            until: limit(spell.until),
            from_earliest: of_settled(first),
            from_latest: of_settled(spell.from),
            until_earliest: of_settled(spell.until),
            until_latest: of_settled(last),
            from_stated: span(history, &spell.reading, spell.from).0.filter(|_| status.is_some()),
            surveyed_from: surveyed.and_then(|span| limit(span.earliest())),
            surveyed_to: surveyed.and_then(|span| limit(span.latest())),
            entries: entries.iter().copied().collect(),
            possible,
        });
    }
    rows
}
