//! The acts of a record that are not retracted, and their content, derived anew in the simplest way: from the newest entry back,
//! with one table of corrections. The result is compared with that of `history`, so it shares no code with it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::event::{Act, ActKind, Changes, Entry, Event, EventId};
use crate::history::Standing;

/// Entries with their corrections. A position is an index into the slice.
pub(super) struct Record<'a> {
    entries: &'a [Entry],
    /// The first entry of each id that some entry names: an id names one event, that of the first entry that had it.
    places: HashMap<EventId, Option<usize>>,
    /// For each entry, one more than its position in `corrections`, or 0 if nothing corrects it; empty if no entry is corrected.
    corrected: Vec<u32>,
    /// The corrections that name an entry, oldest first.
    corrections: Vec<Vec<usize>>,
}

impl<'a> Record<'a> {
    pub(super) fn new(entries: &'a [Entry]) -> Record<'a> {
        let named = entries.iter().flat_map(|entry| entry.event.to.into_iter().chain(entry.event.import));
        let places = named.map(|id| (id, None)).collect();
        let mut record = Record { entries, places, corrected: Vec::new(), corrections: Vec::new() };
        if record.places.is_empty() {
            return record;
        }
        for (at, entry) in entries.iter().enumerate() {
            if corrects(&entry.event)
                && let Some(target) = entry.event.to.and_then(|id| record.place(id))
            {
                record.correct(target, at);
            }
            if let Some(place) = record.places.get_mut(&entry.event.id) {
                place.get_or_insert(at);
            }
        }
        record
    }

    fn correct(&mut self, target: usize, by: usize) {
        self.corrected.resize(self.entries.len(), 0);
        let Some(number) = self.corrected.get_mut(target) else { return };
        if *number == 0 {
            self.corrections.push(Vec::new());
            *number = self.corrections.len() as u32;
        }
        if let Some(corrections) = self.corrections.get_mut(*number as usize - 1) {
            corrections.push(by);
        }
    }

    /// The position of the first entry with an id that some entry names as the one that it answers or corrects, or as its import.
    pub(super) fn place(&self, id: EventId) -> Option<usize> {
        self.places.get(&id).copied().flatten()
    }

    /// The corrections that name an entry, oldest first.
    pub(super) fn corrections(&self, at: usize) -> &[usize] {
        let number = self.corrected.get(at).and_then(|number| number.checked_sub(1));
        number.and_then(|number| self.corrections.get(number as usize)).map_or(&[], Vec::as_slice)
    }

    /// True if a valid retraction, one of `standing` at position `after` or later, withdraws an entry or its import.
    fn withdrawn(&self, at: usize, after: usize, standing: &HashSet<usize>) -> bool {
        let retracts =
            |c: &usize| standing.contains(c) && matches!(self.entries[*c].event.act, Act::EntryRetracted(_));
        let import = self.entries[at].event.import.and_then(|id| self.place(id));
        let import = import.filter(|p| self.entries[*p].event.act.kind() == ActKind::ImportRecorded);
        self.corrections(at).iter().any(retracts)
            || import.is_some_and(|p| self.corrections(p).iter().any(|c| *c >= after && retracts(c)))
    }

    /// The corrections among these that are not withdrawn. Each may be withdrawn by a later one, so the newest is decided first.
    fn standing(&self, mut corrections: Vec<usize>) -> HashSet<usize> {
        corrections.sort_unstable();
        let mut standing = HashSet::new();
        for at in corrections.into_iter().rev() {
            if !self.withdrawn(at, at, &standing) {
                standing.insert(at);
            }
        }
        standing
    }

    /// The changes that every valid rectification makes in the end: its later rectifications replace the values that it gave.
    fn changes(&self, standing: &HashSet<usize>) -> HashMap<usize, Changes> {
        let mut newest_first: Vec<usize> = standing.iter().copied().collect();
        newest_first.sort_unstable_by(|a, b| b.cmp(a));
        let mut all: HashMap<usize, Changes> = HashMap::new();
        for at in newest_first {
            let Act::RecordCorrected(correction) = &self.entries[at].event.act else { continue };
            let mut now = correction.now.clone();
            for later in self.corrections(at) {
                now.extend(all.get(later).cloned().unwrap_or_default());
            }
            all.insert(at, now);
        }
        all
    }

    /// The acts that are not retracted, read with their rectifications.
    pub(super) fn acts(&self) -> Vec<Standing> {
        self.acts_of(&|_| true)
    }

    /// The acts whose kind, after rectification, is wanted.
    pub(super) fn acts_of(&self, wanted: &dyn Fn(ActKind) -> bool) -> Vec<Standing> {
        let all = 0..self.entries.len();
        let standing = self.standing(all.clone().filter(|at| corrects(&self.entries[*at].event)).collect());
        let changes = self.changes(&standing);
        let read = |at: usize| {
            let entry = &self.entries[at];
            let by: Vec<usize> =
                self.corrections(at).iter().copied().filter(|c| changes.contains_key(c)).collect();
            let mut event = Arc::clone(&entry.event);
            by.iter()
                .filter_map(|c| changes.get(c))
                .for_each(|change| apply(Arc::make_mut(&mut event), change));
            let corrected_by = by.iter().map(|c| self.entries[*c].index).collect();
            Standing { index: entry.index, known: event.known(), event, corrected_by }
        };
        // A rectification may give an act one of these kinds, so a rectified act is read before its kind is checked.
        let may_be = |at: &usize| {
            let event = &self.entries[*at].event;
            !corrects(event) && (wanted(event.act.kind()) || !self.corrections(*at).is_empty())
        };
        let acts = all.filter(may_be).filter(|at| !self.withdrawn(*at, 0, &standing)).map(read);
        acts.filter(|act| wanted(act.event.act.kind())).collect()
    }

    /// The event that a correction of `target` recorded at `until` corrects in the end, with the content that the record gave it
    /// until then.
    pub(super) fn said_before(&self, mut target: usize, until: usize) -> Event {
        while let Act::RecordCorrected(_) = &self.entries[target].event.act {
            match self.entries[target].event.to.and_then(|id| self.place(id)).filter(|next| *next < target) {
                Some(next) => target = next,
                None => break,
            }
        }
        let changes = self.changes(&self.standing(self.bearing_on(target, until)));
        let mut event = Event::clone(&self.entries[target].event);
        for change in self.corrections(target).iter().filter_map(|c| changes.get(c)) {
            apply(&mut event, change);
        }
        event
    }

    /// Every correction before `until` that bears on an entry, through others or through an import.
    fn bearing_on(&self, target: usize, until: usize) -> Vec<usize> {
        let mut found: BTreeSet<usize> = BTreeSet::new();
        let mut open = vec![target];
        let mut seen: HashSet<usize> = HashSet::new();
        while let Some(at) = open.pop() {
            if !seen.insert(at) {
                continue;
            }
            open.extend(self.entries[at].event.import.and_then(|id| self.place(id)));
            let here = self.corrections(at).iter().filter(|c| **c < until);
            here.for_each(|c| {
                found.insert(*c);
                open.push(*c);
            });
        }
        found.into_iter().collect()
    }
}

fn apply(event: &mut Event, changes: &Changes) {
    for (field, value) in changes {
        // A value that does not fit is already a finding.
        let _ = field.0.write(event, value);
    }
}

/// True if an event corrects another.
pub(super) fn corrects(event: &Event) -> bool {
    matches!(event.act, Act::RecordCorrected(_) | Act::EntryRetracted(_))
}
