//! Checks of entries one by one, and of each against those before it.

use std::collections::HashMap;

use crate::event::leaf::{LeafError, decode_signed, encode_event, splice_signed};
use crate::event::{Entry, EventId, EventSignature, Index};

use super::evidence::Leaf;
use super::fault;
use super::report::Findings;

/// Reads a leaf and writes it anew from what was understood: only the canonical form survives that.
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
    let again = encode_event(&entry.event);
    let again = again.and_then(|event| splice_signed(&event, entry.recorded_at, &signatures));
    if again.ok().as_deref() != Some(leaf.bytes.as_slice()) {
        found.at(fault::NOT_CANONICAL, index, LeafError::NotCanonical.to_string());
    }
    Some((entry, signatures))
}

pub(super) fn ids(entries: &[Entry], found: &mut Findings) {
    found.counted("ids", entries.len() as u64);
    let mut seen: HashMap<EventId, Index> = HashMap::with_capacity(entries.len());
    for entry in entries {
        let first = *seen.entry(entry.event.id).or_insert(entry.index);
        if first != entry.index {
            let what = format!("its id {} is that of entry {first}", entry.event.id);
            found.at(fault::ID_TAKEN, entry.index, what);
        }
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
