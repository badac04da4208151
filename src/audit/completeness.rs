//! The completeness maps that heads state, made anew from the leaves.

use crate::certificate::CompletenessMap;
use crate::event::Entry;
use crate::log::{Checkpoint, Hash};

use super::fault;
use super::report::Findings;

/// Compares every head that states a map and whose entries are there. `hashes` are those of the leaves.
pub(super) fn completeness(entries: &[Entry], hashes: &[Hash], heads: &[(String, &Checkpoint)]) -> Findings {
    let (mut found, mut stated) = (Findings::default(), 0);
    for (place, head) in heads {
        let Some(map) = head.completeness() else { continue };
        let size = usize::try_from(head.size).unwrap_or(usize::MAX);
        let (Some(entries), Some(hashes)) = (entries.get(..size), hashes.get(..size)) else { continue };
        stated += 1;
        found.counted("completeness", head.size);
        let (groups, root) = CompletenessMap::new(entries, hashes).head();
        if (groups, root) != map {
            let what = format!(
                "the first {size} entries give the map {groups} {root}, the head states {} {}",
                map.0, map.1
            );
            found.add(fault::OTHER_MAP, entries.last().map(|entry| entry.index), Some(place.clone()), what);
        }
    }
    if stated == 0 {
        found.left_out("completeness", "no head states a completeness map");
    }
    found
}
