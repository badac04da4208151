//! Checks entries one by one, and each against those before it.

use crate::event::leaf::{LeafError, decode_signed};
use crate::event::{Entry, Event, EventId, EventSignature, Index, is_leaf_of};

use super::fault;
use super::leaf::Leaf;
use super::record::corrects;
use super::report::Findings;
use super::verdict::rules_of;

/// Reads a leaf and writes its content anew: only the canonical form gives the same bytes.
pub(super) fn canonical(leaf: &Leaf, found: &mut Findings) -> Option<(Entry, Vec<EventSignature>)> {
    let index = Index(leaf.index);
    let (entry, signatures) = match decode_signed(&leaf.bytes, index) {
        Ok(read) => read,
        Err(error) => {
            let kind = match error {
                LeafError::Version(_) => fault::UNKNOWN_VERSION,
                _ => fault::UNREADABLE,
            };
            found.at(kind, index, format!("the leaf cannot be read: {error}"));
            return None;
        }
    };
    if !is_leaf_of(&leaf.bytes, &entry, &signatures) {
        found.at(fault::NOT_CANONICAL, index, LeafError::NotCanonical.to_string());
    }
    for evidence in &entry.event.evidence {
        if let Err(error) = evidence.check_digests() {
            found.at(fault::NO_DIGEST, index, error.to_string());
        }
    }
    Some((entry, signatures))
}

/// True if the evidence of an event decides something: the day from which a correction is known, or the source of a rule.
pub(super) fn rests_on_its_evidence(event: &Event) -> bool {
    corrects(event) || rules_of(event.act.kind())
}

pub(super) fn ids(entries: &[Entry], found: &mut Findings) {
    found.counted("ids", entries.len() as u64);
    let mut ids: Vec<(EventId, usize)> = entries.iter().map(|entry| entry.event.id).zip(0..).collect();
    ids.sort_unstable();
    let mut again: Vec<(usize, usize)> = Vec::new();
    for same in ids.chunk_by(|(a, _), (b, _)| a == b) {
        let Some(((_, first), others)) = same.split_first() else { continue };
        again.extend(others.iter().map(|(_, at)| (*at, *first)));
    }
    again.sort_unstable();
    for (at, first) in again {
        let (Some(entry), Some(first)) = (entries.get(at), entries.get(first)) else { continue };
        let what = format!("its id {} is that of entry {}", entry.event.id, first.index);
        found.at(fault::ID_TAKEN, entry.index, what);
    }
}

pub(super) fn clock(entries: &[Entry], found: &mut Findings) {
    found.counted("clock", entries.len() as u64);
    for pair in entries.windows(2) {
        let [before, after] = pair else { continue };
        if after.recorded_at <= before.recorded_at {
            let (stamp, earlier) = (after.recorded_at.canonical(), before.recorded_at.canonical());
            let what = format!("recorded at {stamp}, not after entry {} at {earlier}", before.index);
            found.at(fault::CLOCK_WENT_BACK, after.index, what);
        }
    }
}
