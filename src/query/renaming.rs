//! Participants under two names: renamed by a source between two snapshots, or listed twice in the record of one body.

use std::collections::{BTreeMap, BTreeSet};

use crate::event::{Day, ParticipantId, Register};
use crate::history::{Standing, same_fact};

use super::quality_rule::{FindingDate, Found, QualityKind, Record};

/// Acts that a source took back and stated again at once, with every date unchanged: only the name can have changed.
pub(super) fn renamed(record: &Record<'_>) -> Vec<Found> {
    let mut all = Vec::new();
    for taken in &record.taken_back {
        let again = |other: &&Standing| {
            other.index != taken.act.index
                && other.event.known_from.as_ref() == taken.known_from
                && same_fact(&other.event, &taken.act.event)
                && other.event.dates == taken.act.event.dates
        };
        let Some(other) = record.stated().find(again).filter(|_| taken.known_from.is_some()) else {
            continue;
        };
        let event = &other.event;
        let act = event.act.kind();
        let date = event.date().into_iter();
        all.push(Found {
            kind: QualityKind::Renamed,
            what: format!(
                "{}{}: taken back and stated again in one snapshot, under another name",
                act.name().replace('-', " "),
                event.date().map(|date| format!(" {date}")).unwrap_or_default()
            ),
            dates: date.map(|date| FindingDate { act, date: date.clone() }).collect(),
            rows: BTreeSet::new(),
            places: vec![taken.act.index, other.index],
        });
    }
    all
}

/// Pairs of participants of one body whose names mean the same, at least one of which is not in the register.
pub(super) fn namesakes(records: &BTreeMap<ParticipantId, Record<'_>>) -> Vec<(ParticipantId, Found)> {
    if !records.keys().any(ParticipantId::is_named) {
        return Vec::new();
    }
    let known: Vec<(&ParticipantId, &Record<'_>, String, Words)> = records
        .iter()
        .filter(|(_, record)| !record.own.is_empty())
        .map(|(id, record)| {
            let name = name_of(id, record);
            let words = Words::of(&name);
            (id, record, name, words)
        })
        .collect();
    let mut all = Vec::new();
    for (at, (id, record, name, words)) in known.iter().enumerate() {
        for (other, theirs, other_name, other_words) in &known[at + 1..] {
            let one_is_named = id.is_named() || other.is_named();
            if !one_is_named || !words.say_the_same_as(other_words) {
                continue;
            }
            let places = record.own.iter().chain(&theirs.own).map(|act| act.index).collect();
            let found = Found {
                kind: QualityKind::Renamed,
                what: format!("{name} and {other_name} ({other}) may be one participant"),
                dates: Vec::new(),
                rows: BTreeSet::new(),
                places,
            };
            all.push(((*id).clone(), found));
        }
    }
    all
}

/// The name that the source gives to a participant outside the register, else its name in the register.
fn name_of(id: &ParticipantId, record: &Record<'_>) -> String {
    let note = record.own.iter().find_map(|act| {
        act.event.note.as_deref()?.strip_prefix("named ")?.strip_suffix(" by the source").map(str::to_owned)
    });
    match note.filter(|_| id.is_named()) {
        Some(name) => name,
        None => Register::builtin().name_on(id, Day::FUTURE).to_owned(),
    }
}

/// The distinctive words of a name: those of four letters or more.
struct Words {
    /// Words written in capitals throughout, as abbreviations are.
    capitals: BTreeSet<String>,
    /// All other words, in lower case.
    others: BTreeSet<String>,
}

impl Words {
    fn of(name: &str) -> Words {
        let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() >= 4);
        let (capitals, others): (Vec<&str>, Vec<&str>) =
            words.partition(|word| !word.chars().any(char::is_lowercase));
        Words {
            capitals: capitals.into_iter().map(str::to_owned).collect(),
            others: others.into_iter().map(str::to_lowercase).collect(),
        }
    }

    /// True if both names have the same words, or share an abbreviation.
    fn say_the_same_as(&self, other: &Words) -> bool {
        let spelt = !self.others.is_empty() && self.others == other.others;
        spelt || !self.capitals.is_disjoint(&other.capitals)
    }
}
