//! Which entries may bear on another body than their own, derived anew in the plainest way: each correction is followed back
//! to the entry that it corrects in the end.

use std::collections::{HashMap, HashSet};

use crate::event::{Act, ActKind, BodyId, Entry, Event, Field};

use super::record::{Record, corrects};

/// Where the entries stand that bear on a body.
#[derive(Default)]
pub(super) struct Reach {
    /// The places of the entries of each body, which rise.
    pub(super) own: HashMap<BodyId, Vec<u32>>,
    /// The places of those that may bear on other bodies than their own, which rise.
    pub(super) across: Vec<usize>,
}

impl Reach {
    /// Looks through a whole record.
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

/// The places, which rise, of the entries that a correction takes into another body or out of one, of the imports that are
/// corrected (their rows may be of any body), and of all corrections of these.
fn across_bodies(entries: &[Entry], record: &Record<'_>) -> Vec<usize> {
    // By the place of a correction that of what it corrects in the end.
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

/// Whether a rectification gives what it corrects another body.
fn gives_a_body(event: &Event) -> bool {
    matches!(&event.act, Act::RecordCorrected(said) if said.now.keys().any(|field| field.0 == Field::Body))
}
