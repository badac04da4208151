//! Finds the entries that may affect other bodies than their own, because a correction reaches from one body into another.

use std::collections::{HashMap, HashSet};

use super::act::Act;
use super::act_kind::ActKind;
use super::correction::{Field, FieldName};
use super::event::{Entry, Event};
use super::ids::EventId;

impl Event {
    /// True for a rectification that gives another entry another body.
    pub fn moves_to_another_body(&self) -> bool {
        matches!(&self.act, Act::RecordCorrected(c) if c.now.contains_key(&FieldName(Field::Body)))
    }
}

/// Returns the places, in rising order, of the entries that may affect another body than their own. `entries` are all entries of
/// the log, in its order.
///
/// These are the entries that are corrected from another body, the entries that are moved into another body, and the records of
/// imports, whose rows may belong to several bodies; each with every correction of it, and every correction of those. Any other
/// correction affects only its own body.
pub fn reaching(entries: &[Entry]) -> Vec<usize> {
    let corrected: HashSet<EventId> =
        entries.iter().filter(|entry| entry.event.corrects()).filter_map(|entry| entry.event.to).collect();
    if corrected.is_empty() {
        return Vec::new();
    }
    // Each corrected entry with its corrections; `family_of` leads from the id of each of them to its place here.
    let mut families: Vec<Family> = Vec::new();
    let mut family_of: HashMap<EventId, usize> = HashMap::new();
    for (at, entry) in entries.iter().enumerate() {
        let event = &entry.event;
        let known = event.to.filter(|_| event.corrects()).and_then(|to| family_of.get(&to)).copied();
        let number = match known {
            Some(number) => number,
            // A correction whose target is missing, or comes later, corrects nothing; another correction may still correct it.
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
