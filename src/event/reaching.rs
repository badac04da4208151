//! Which entries may bear on other bodies than their own: by a correction that reaches from one into another.

use std::collections::{HashMap, HashSet};

use super::act::Act;
use super::act_kind::ActKind;
use super::correction::{Field, FieldName};
use super::event::{Entry, Event};
use super::ids::EventId;

impl Event {
    /// Whether it is a rectification that gives another entry another body.
    pub fn moves_to_another_body(&self) -> bool {
        matches!(&self.act, Act::RecordCorrected(c) if c.now.contains_key(&FieldName(Field::Body)))
    }
}

/// The places, in rising order, of the entries that may bear on another body than their own; entries are given in the order
/// of the log, all of them.
///
/// They are whatever is corrected from another body, moved into another body, or imported what may be rows of several
/// bodies; with every correction of it, and every correction of those. Any other correction stays within its body.
pub fn reaching(entries: &[Entry]) -> Vec<usize> {
    let corrected: HashSet<EventId> =
        entries.iter().filter(|entry| entry.event.corrects()).filter_map(|entry| entry.event.to).collect();
    if corrected.is_empty() {
        return Vec::new();
    }
    // What is corrected, with its corrections; by the id of each of them.
    let mut families: Vec<Family> = Vec::new();
    let mut family_of: HashMap<EventId, usize> = HashMap::new();
    for (at, entry) in entries.iter().enumerate() {
        let event = &entry.event;
        let known = event.to.filter(|_| event.corrects()).and_then(|to| family_of.get(&to)).copied();
        let number = match known {
            Some(number) => number,
            // A correction of what is not there, or comes later, corrects nothing; others may yet correct it.
            None if corrected.contains(&event.id) => {
                families.push(Family::default());
                families.len() - 1
            }
            None => continue,
        };
        let Some(family) = families.get_mut(number) else { continue };
        let first = *family.places.first().unwrap_or(&at);
        family.reaches |= event.moves_to_another_body()
            || event.act.kind() == ActKind::ImportRecorded
            || entries.get(first).is_some_and(|first| first.event.body != event.body);
        family.places.push(at);
        family_of.insert(event.id, number);
    }
    let mut places: Vec<usize> =
        families.into_iter().filter(|family| family.reaches).flat_map(|family| family.places).collect();
    places.sort_unstable();
    places
}

#[derive(Default)]
struct Family {
    places: Vec<usize>,
    reaches: bool,
}
