//! Answers to `when`: the days on which a participant has a status, or on which a given number of participants have it.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use crate::event::{BodyId, Day, Edtf, Index, ParticipantId, StatusId};
use crate::history::{Certainty, History, Spell, StatusReading};

use super::Axes;
use super::answer::{CheckpointRef, QuestionEcho};
use super::body::{BodyView, Material, QueryError};
use super::question::Threshold;
use super::roster::Count;

/// The days on which a status, or a number of participants with a status, is in effect.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct When {
    /// The question, as it was understood; its `on` only dates the note on the end of the record.
    pub question: QuestionEcho,
    /// The status.
    pub status: StatusId,
    /// The number that must have the status; `null` if the question was about one participant.
    pub count: Option<Threshold>,
    /// The first day of the spans; `null` for no limit.
    pub after: Option<Edtf>,
    /// The first days of the status; `null` if no recorded act gives it.
    pub first: Option<First>,
    /// Every span on which the status is certain, possible or contested, by first day; adjoining spans differ in
    /// certainty.
    pub spans: Vec<WhenSpan>,
    /// Notes for the reader: the end of the record, and doubts about dates.
    pub notes: Vec<String>,
    /// The head of the record that was read.
    pub checkpoint: CheckpointRef,
}

/// The first days of the status.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct First {
    /// The first day on which the status is possible, contested or certain; `null` if it has no beginning.
    pub possible_from: Option<Edtf>,
    /// The first day on which the status is certain; `null` if it is never certain, or if that span has no beginning.
    pub certain_from: Option<Edtf>,
    /// True if the status is certain on some day.
    pub certain: bool,
}

/// An unbroken span of days on which the status has one certainty.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct WhenSpan {
    /// The first day of the span; `null` if it has no beginning.
    pub from: Option<Edtf>,
    /// The first day after the span, on which the status ends or its certainty changes; `null` if no recorded act ends
    /// the span.
    pub until: Option<Edtf>,
    /// The certainty of the status during the span.
    pub certainty: Certainty,
    /// The number of participants on the first day of the span; `null` if the question was about one participant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<Count>,
    /// The indexes of the entries that began the span.
    pub entries: Vec<Index>,
}

/// The condition that a `when` question asks about.
#[derive(Clone, Copy, Debug)]
pub enum Sought<'a> {
    /// This participant has the status.
    Of(&'a ParticipantId),
    /// This number of participants have the status.
    Number(Threshold),
}

/// Finds the days on which one participant has a status, or on which a number of participants have it.
///
/// # Errors
/// [`QueryError`] if the body has no charter in the record, or its charter cannot be read.
pub fn when(
    material: &Material,
    body: &BodyId,
    status: &StatusId,
    sought: Sought<'_>,
    after: Option<Day>,
    axes: &Axes,
) -> Result<When, QueryError> {
    let view = BodyView::of(material, body, axes)?;
    let (participant, count) = match sought {
        Sought::Of(participant) => (Some(participant), None),
        Sought::Number(threshold) => (None, Some(threshold)),
    };
    let found = match sought {
        Sought::Of(participant) => of_one(&view, participant, status),
        Sought::Number(threshold) => of_many(&view, status, threshold),
    };
    let found = merged(clipped(found, after.unwrap_or(Day::PAST)));
    let limit = |day: Day| day.date().map(|_| Edtf::day(day));
    let certain = found.iter().find(|s| s.certainty == Certainty::Certain);
    let first = found.first().map(|span| First {
        possible_from: limit(span.from),
        certain_from: certain.and_then(|span| limit(span.from)),
        certain: certain.is_some(),
    });
    let spans = found.iter().map(|span| WhenSpan {
        from: limit(span.from),
        until: limit(span.until),
        certainty: span.certainty,
        count: span.count,
        entries: span.entries.iter().copied().collect(),
    });
    Ok(When {
        question: QuestionEcho::new("when", participant, Some(body), axes),
        status: status.clone(),
        count,
        after: after.map(Edtf::day),
        first,
        spans: spans.collect(),
        notes: notes(&view, &found, axes.on),
        checkpoint: material.checkpoint.clone(),
    })
}

/// Notes on the end of the record, and on doubts about the days on which spans begin.
fn notes(view: &BodyView, found: &[Held], on: Day) -> Vec<String> {
    let mut notes: Vec<String> = view.end_of_record(on).into_iter().collect();
    for index in found.iter().flat_map(|span| &span.entries) {
        let act = view.act(*index);
        let version = view.charter.versions().iter().find(|v| v.entry == *index);
        let date = match act {
            Some(act) => act.event.effect(),
            None => version.and_then(|v| v.effective.as_ref()),
        };
        if let Some(date) = date.filter(|date| date.is_qualified()) {
            notes.push(format!("the source is in doubt about {date} (entry {index})"));
        }
        notes.extend(version.and_then(|v| v.note.clone()));
    }
    notes.dedup();
    notes
}

/// A span as it is computed, before it becomes part of an answer.
struct Held {
    from: Day,
    until: Day,
    certainty: Certainty,
    count: Option<Count>,
    entries: BTreeSet<Index>,
}

/// The certainty of a status on the days of a reading; `None` if the reading excludes it.
pub(super) fn holding(reading: &StatusReading, status: &StatusId) -> Option<Certainty> {
    reading.statuses().contains(status).then_some(reading.certainty)
}

/// The entries that began a spell.
fn begun(view: &BodyView, history: &History, spell: &Spell) -> Vec<Index> {
    let basis = view.basis(history, &spell.reading);
    // An entry that had its effect before the first day of the spell did not begin the spell.
    let fresh = basis.iter().filter(|b| b.date.latest() >= spell.from && b.date.earliest() <= spell.from);
    fresh.map(|b| b.entry).collect()
}

fn of_one(view: &BodyView, participant: &ParticipantId, status: &StatusId) -> Vec<Held> {
    let history = view.history(participant);
    let held = |spell: &Spell| {
        Some(Held {
            from: spell.from,
            until: spell.until,
            certainty: holding(&spell.reading, status)?,
            count: None,
            entries: begun(view, &history, spell).into_iter().collect(),
        })
    };
    history.spells().iter().filter_map(held).collect()
}

/// The numbers of participants with the status, between two days on which these change.
#[derive(Clone, Copy, Default)]
struct Tally {
    certain: u64,
    possible: u64,
    contested: u64,
}

impl Tally {
    fn count(self) -> Count {
        Count { certain: self.certain, at_most: self.certain + self.possible + self.contested }
    }

    fn meets(self, threshold: Threshold) -> Option<Certainty> {
        let Count { certain, at_most } = self.count();
        let undisputed = certain + self.possible;
        match threshold {
            Threshold::AtLeast(n) if certain >= n => Some(Certainty::Certain),
            Threshold::AtLeast(n) if undisputed >= n => Some(Certainty::Possible),
            Threshold::AtLeast(n) if at_most >= n => Some(Certainty::Contested),
            Threshold::AtMost(n) if at_most <= n => Some(Certainty::Certain),
            Threshold::AtMost(n) if undisputed <= n => Some(Certainty::Contested),
            Threshold::AtMost(n) if certain <= n => Some(Certainty::Possible),
            _ => None,
        }
    }
}

fn of_many(view: &BodyView, status: &StatusId, threshold: Threshold) -> Vec<Held> {
    let mut spells: Vec<(Arc<History>, Vec<Spell>)> = Vec::new();
    for participant in view.participants() {
        let history = view.history(participant);
        let of_it = history.spells();
        spells.push((history, of_it));
    }
    let mut days: BTreeSet<Day> = spells.iter().flat_map(|(_, of)| of.iter().map(|s| s.from)).collect();
    days.insert(Day::PAST);
    let ends = days.iter().copied().skip(1).chain([Day::FUTURE]);
    let mut held: Vec<Held> = Vec::new();
    for (from, until) in days.iter().copied().zip(ends) {
        let mut tally = Tally::default();
        let mut entries = BTreeSet::new();
        for (history, of_it) in &spells {
            let at = of_it.partition_point(|s| s.from <= from).saturating_sub(1);
            let Some(spell) = of_it.get(at) else { continue };
            match holding(&spell.reading, status) {
                Some(Certainty::Certain) => tally.certain += 1,
                Some(Certainty::Possible) => tally.possible += 1,
                Some(Certainty::Contested) => tally.contested += 1,
                None => {}
            }
            if spell.from == from {
                entries.extend(begun(view, history, spell));
            }
        }
        if let Some(certainty) = tally.meets(threshold) {
            held.push(Held { from, until, certainty, count: Some(tally.count()), entries });
        }
    }
    held
}

/// The parts of the spans that lie on a day or later.
fn clipped(held: Vec<Held>, after: Day) -> Vec<Held> {
    let late = held.into_iter().filter(|span| span.until > after);
    late.map(|span| Held { from: span.from.max(after), ..span }).collect()
}

/// Joins adjoining spans of the same certainty.
fn merged(held: Vec<Held>) -> Vec<Held> {
    let mut out: Vec<Held> = Vec::with_capacity(held.len());
    for span in held {
        match out.last_mut() {
            Some(last) if last.until == span.from && last.certainty == span.certainty => {
                last.until = span.until;
            }
            _ => out.push(span),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_reached_surely_only_when_no_doubt_is_left_in_it() {
        let tally = Tally { certain: 8, possible: 1, contested: 1 };
        let meets = |threshold| tally.meets(threshold);
        assert_eq!(meets(Threshold::AtLeast(8)), Some(Certainty::Certain));
        assert_eq!(meets(Threshold::AtLeast(9)), Some(Certainty::Possible));
        assert_eq!(meets(Threshold::AtLeast(10)), Some(Certainty::Contested));
        assert_eq!(meets(Threshold::AtLeast(11)), None);
        assert_eq!(meets(Threshold::AtMost(10)), Some(Certainty::Certain));
        assert_eq!(meets(Threshold::AtMost(9)), Some(Certainty::Contested));
        assert_eq!(meets(Threshold::AtMost(8)), Some(Certainty::Possible));
        assert_eq!(meets(Threshold::AtMost(7)), None);
    }
}
