//! Derives anew, in the simplest way, the entries that may bear on other bodies than their own: each correction is followed to the
//! entry that it corrects in the end.

use std::collections::{HashMap, HashSet};

use crate::event::{Act, ActKind, BodyId, Entry, Event, Field};

use super::record::{Record, corrects};

/// The positions of the entries that bear on each body.
#[derive(Default)]
pub(super) struct Reach {
    /// The positions of the entries of each body, in rising order.
    pub(super) own: HashMap<BodyId, Vec<u32>>,
    /// The positions of the entries that may bear on other bodies than their own, in rising order.
    pub(super) across: Vec<usize>,
}

impl Reach {
    /// Examines a whole record.
    pub(super) fn new(entries: &[Entry], record: &Record<'_>) -> Reach {
        let mut own: HashMap<BodyId, Vec<u32>> = HashMap::new();
        for (entry, at) in entries.iter().zip(0..) {
            let body = &entry.event.body;
            match own.get_mut(body) {
                Some(places) => places.push(at),
                None => _ = own.insert(body.clone(), vec![at]),
            }
        }
        Reach { own, across: across_bodies(entries, record) }
    }
}

/// The positions, in rising order, of the entries that a correction moves into another body or out of one, of the imports that are
/// corrected (their rows may be of any body), and of all corrections of these.
fn across_bodies(entries: &[Entry], record: &Record<'_>) -> Vec<usize> {
    // For each correction, the position of the entry that it corrects in the end.
    let mut ends: HashMap<usize, usize> = HashMap::new();
    let mut across: HashSet<usize> = HashSet::new();
    for (at, entry) in entries.iter().enumerate().filter(|(_, entry)| corrects(&entry.event)) {
        let target = entry.event.to.and_then(|id| record.place(id)).filter(|target| *target < at);
        let end = target.map_or(at, |target| ends.get(&target).copied().unwrap_or(target));
        ends.insert(at, end);
        let corrected = entries.get(end).map_or(&entry.event, |end| &end.event);
        if gives_a_body(&entry.event)
            || corrected.body != entry.event.body
            || corrected.act.kind() == ActKind::ImportRecorded
        {
            across.insert(end);
        }
    }
    let by = ends.iter().filter(|(_, end)| across.contains(end)).map(|(at, _)| *at);
    let mut places: Vec<usize> = across.iter().copied().chain(by).collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// True if a rectification gives the corrected entry another body.
fn gives_a_body(event: &Event) -> bool {
    matches!(&event.act, Act::RecordCorrected(said) if said.now.keys().any(|field| field.0 == Field::Body))
}
