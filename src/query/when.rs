//! Since when: the days on which a participant has a status, or on which so many have it.

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

/// When something holds.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct When {
    /// What was asked; `on` plays no part.
    pub question: QuestionEcho,
    /// The status.
    pub status: StatusId,
    /// How many must have it; `null` where one participant was asked about.
    pub count: Option<Threshold>,
    /// Only this day and later ones.
    pub after: Option<Edtf>,
    /// The first days; `null` where it never holds.
    pub first: Option<First>,
    /// Every span on which it holds, or may, by first day; neighbours differ in certainty.
    pub spans: Vec<WhenSpan>,
    /// What a reader must know besides.
    pub notes: Vec<String>,
    /// The head of the record that was read.
    pub checkpoint: CheckpointRef,
}

/// The first days on which it holds.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct First {
    /// The first day on which it may hold; `null` from the beginning.
    pub possible_from: Option<Edtf>,
    /// The first day on which it certainly holds; `null` where it never certainly does, or does from the beginning.
    pub certain_from: Option<Edtf>,
    /// Whether it ever certainly holds.
    pub certain: bool,
}

/// An unbroken span of days on which it holds with one certainty.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct WhenSpan {
    /// Its first day; `null` from the beginning.
    pub from: Option<Edtf>,
    /// The first day on which it no longer holds, or with another certainty; `null` while nothing recorded ends it.
    pub until: Option<Edtf>,
    /// How far it can be relied on.
    pub certainty: Certainty,
    /// How many on its first day; `null` where one participant was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<Count>,
    /// The entries by which it began.
    pub entries: Vec<Index>,
}

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub enum Sought<'a> {
    /// That this participant has the status.
    Of(&'a ParticipantId),
    /// That so many have it.
    Number(Threshold),
}

/// Answers when a status, or a number with a status, holds.
///
/// # Errors
/// [`QueryError`].
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

/// Where the record ends, and what is in doubt about the days on which spans begin.
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

/// A span before it is written.
struct Held {
    from: Day,
    until: Day,
    certainty: Certainty,
    count: Option<Count>,
    entries: BTreeSet<Index>,
}

/// Whether a status holds on the days of a reading, and how surely; `None` where it does not.
pub(super) fn holding(reading: &StatusReading, status: &StatusId) -> Option<Certainty> {
    reading.statuses().contains(status).then_some(reading.certainty)
}

/// The entries that a reading rests on, the nearest only.
fn begun(view: &BodyView, history: &History, spell: &Spell) -> Vec<Index> {
    let basis = view.basis(history, &spell.reading);
    // What it rests on from before its first day did not begin it.
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

/// How many have the status between two days on which that changes.
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

/// Only what lies on a day or later.
fn clipped(held: Vec<Held>, after: Day) -> Vec<Held> {
    let late = held.into_iter().filter(|span| span.until > after);
    late.map(|span| Held { from: span.from.max(after), ..span }).collect()
}

/// Neighbours of one certainty are one span.
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
