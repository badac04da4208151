//! Checks that entries name earlier ones, and that rectifications fit the entries that they correct.

use crate::event::{Act, ActKind, Correction, Entry, EventId, Index};

use super::fault;
use super::record::{Record, corrects};
use super::report::Findings;

/// Finds the faults in the links of a record.
pub(super) fn links(entries: &[Entry], record: &Record<'_>) -> Findings {
    let mut found = Findings::default();
    let mut links = 0;
    for (at, entry) in entries.iter().enumerate() {
        let event = &entry.event;
        match event.to {
            Some(id) => {
                links += 1;
                let target = earlier(record, id, at, entry.index, &mut found);
                if let (Some(target), Act::RecordCorrected(correction)) = (target, &event.act) {
                    rectification(record, target, at, correction, entry.index, &mut found);
                }
            }
            None if corrects(event) => {
                let what = format!("{} names no entry", event.act.kind());
                found.at(fault::NO_TARGET, entry.index, what);
            }
            None => {}
        }
        // An import is recorded after its rows, or not at all if it was cut short: only another act in its place is a fault.
        if let Some(place) = event.import.and_then(|id| record.place(id)) {
            links += 1;
            let import = &entries[place];
            if import.event.act.kind() != ActKind::ImportRecorded {
                let what = format!("it was imported by entry {}, which is no import", import.index);
                found.at(fault::NO_IMPORT, entry.index, what);
            }
        }
    }
    found.counted("links", links);
    found
}

fn earlier(record: &Record<'_>, id: EventId, at: usize, entry: Index, found: &mut Findings) -> Option<usize> {
    let place = record.place(id);
    match place {
        Some(place) if place < at => return Some(place),
        Some(_) => found.at(fault::FORWARD, entry, format!("it answers {id}, which comes later")),
        None => found.at(fault::NO_TARGET, entry, format!("it answers {id}, which is not there")),
    }
    None
}

/// Checks that each field can take its new value, and that the value it replaces is the one in the record.
fn rectification(
    record: &Record<'_>,
    target: usize,
    at: usize,
    correction: &Correction,
    entry: Index,
    found: &mut Findings,
) {
    let before = record.said_before(target, at);
    let mut after = before.clone();
    for (field, value) in &correction.now {
        if let Err(error) = field.0.write(&mut after, value) {
            let what = format!("the rectified entry cannot take {} {value:?}: {error}", field.0);
            found.at(fault::VALUE_DOES_NOT_FIT, entry, what);
        }
    }
    for (field, value) in &correction.was {
        let mut stated = before.clone();
        let fits =
            field.0.write(&mut stated, value).is_ok() && field.0.read(&stated) == field.0.read(&before);
        if !fits {
            let said = field.0.read(&before);
            let what = format!("it says that {} was {value:?}; the record said {said:?}", field.0);
            found.at(fault::WAS_DIFFERS, entry, what);
        }
    }
}
