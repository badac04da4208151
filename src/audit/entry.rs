//! Checks of entries one by one, and of each against those before it.

use std::collections::HashMap;

use crate::event::leaf::{LeafError, decode, encode_event, splice};
use crate::event::{Entry, EventId, Index};

use super::evidence::Leaf;
use super::report::Findings;

/// Reads a leaf and writes it anew from what was understood: only the canonical form survives that.
pub(super) fn canonical(leaf: &Leaf, found: &mut Findings) -> Option<Entry> {
    let index = Index(leaf.index);
    let entry = match decode(&leaf.bytes, index) {
        Ok(entry) => entry,
        Err(error) => {
            let (code, remedy) = match error {
                LeafError::Version(_) => ("unknown version", "audit with the newer program that wrote it"),
                _ => ("unreadable", "compare with a copy; `chancery repair --from DIR|FILE`"),
            };
            found.at("canonical", code, index, format!("the leaf cannot be read: {error}"), remedy);
            return None;
        }
    };
    let again = encode_event(&entry.event).and_then(|event| splice(&event, entry.recorded_at));
    if again.ok().as_deref() != Some(leaf.bytes.as_slice()) {
        let remedy =
            "it was not written by this program's append: find out who wrote it, compare with a copy";
        found.at("canonical", "not canonical", index, LeafError::NotCanonical.to_string(), remedy);
    }
    Some(entry)
}

pub(super) fn ids(entries: &[Entry], found: &mut Findings) {
    found.counted("ids", entries.len() as u64);
    let mut seen: HashMap<EventId, Index> = HashMap::with_capacity(entries.len());
    for entry in entries {
        let first = *seen.entry(entry.event.id).or_insert(entry.index);
        if first != entry.index {
            found.at(
                "ids",
                "id taken",
                entry.index,
                format!("its id {} is that of entry {first}", entry.event.id),
                "append refuses this, so the log was written by other means: compare with a copy",
            );
        }
    }
}

pub(super) fn clock(entries: &[Entry], found: &mut Findings) {
    found.counted("clock", entries.len() as u64);
    for pair in entries.windows(2) {
        let [before, after] = pair else { continue };
        if after.recorded_at <= before.recorded_at {
            found.at(
                "clock",
                "clock went back",
                after.index,
                format!(
                    "recorded at {}, not after entry {} at {}",
                    after.recorded_at.canonical(),
                    before.index,
                    before.recorded_at.canonical()
                ),
                "append stamps strictly later, so the log was written by other means: compare with a copy",
            );
        }
    }
}
