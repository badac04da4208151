//! Makes the completeness maps that heads state anew from the leaves.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::event::Entry;
use crate::log::{Checkpoint, Frontier, Hash, Member, members_root};

use super::fault;
use super::filing::{Filings, Line};
use super::report::Findings;

/// Compares every head that states a map and whose entries are present. `hashes` are the hashes of the leaves.
pub(super) fn completeness(
    entries: &[Entry],
    filings: &Filings,
    hashes: &[Hash],
    heads: &[(String, &Checkpoint)],
) -> Findings {
    let mut found = Findings::default();
    let there = entries.len().min(hashes.len()) as u64;
    let stating = || {
        let stating = heads.iter().filter_map(|(place, head)| Some((place, head.size, head.completeness()?)));
        stating.filter(|(_, size, _)| *size <= there)
    };
    let sizes: Vec<u64> = stating().map(|(_, size, _)| size).collect::<BTreeSet<_>>().into_iter().collect();
    let made: BTreeMap<u64, MapHead> =
        sizes.iter().copied().zip(map_heads(filings, hashes, &sizes)).collect();
    for (place, size, (groups, root)) in stating() {
        found.counted("completeness", size);
        let Some(ours) = made.get(&size).filter(|ours| **ours != (groups, root)) else { continue };
        let what = format!(
            "the first {size} entries give the map {} {}, the head states {groups} {root}",
            ours.0, ours.1
        );
        let last = usize::try_from(size).ok().and_then(|size| entries.get(size.checked_sub(1)?));
        found.add(fault::OTHER_MAP, last.map(|entry| entry.index), Some(place.clone()), what);
    }
    if sizes.is_empty() {
        found.left_out("completeness", "no head states a completeness map");
    }
    found
}

/// The number of groups in a completeness map, and the root over them.
type MapHead = (u64, Hash);

/// The heads of the maps over the first entries at each of some sizes, in rising order: one pass over all filings.
fn map_heads(filings: &Filings, hashes: &[Hash], sizes: &[u64]) -> Vec<MapHead> {
    let groups: Vec<&[Line]> = filings.lines.chunk_by(|a, b| a.group == b.group).collect();
    let members = groups.into_par_iter().map(|lines| members(filings, lines, hashes, sizes));
    let members: Vec<Vec<Option<Member>>> = members.collect();
    let head = |at: usize| {
        let there = || members.iter().filter_map(|group| group.get(at)?.as_ref());
        (there().count() as u64, members_root(there()))
    };
    (0..sizes.len()).map(head).collect()
}

/// The member of the map for one group, over the first entries at each size; `None` while the group has no entry.
fn members(filings: &Filings, lines: &[Line], hashes: &[Hash], sizes: &[u64]) -> Vec<Option<Member>> {
    let mut trees: Vec<Frontier> = vec![Frontier::default(); sizes.len()];
    for heading in lines.chunk_by(|a, b| a.name == b.name) {
        let (mut tree, mut leaf, mut rest) = (Frontier::default(), None, heading);
        for (size, above) in sizes.iter().zip(&mut trees) {
            let (now, later) = rest.split_at(rest.partition_point(|line| u64::from(line.by) < *size));
            rest = later;
            if let Some(first) = now.first() {
                now.iter()
                    .filter_map(|line| hashes.get(line.entry as usize))
                    .for_each(|hash| tree.push(*hash));
                leaf = Some(member(&filings.names, first.name, &tree).leaf());
            }
            leaf.into_iter().for_each(|leaf| above.push(leaf));
        }
    }
    let group = |tree: Frontier| {
        let first = lines.first().filter(|_| tree.size() > 0)?;
        Some(member(&filings.groups, first.group, &tree))
    };
    trees.into_iter().map(group).collect()
}

/// The member that represents a tree in the tree above it.
fn member(names: &[smol_str::SmolStr], place: u32, tree: &Frontier) -> Member {
    let name = names.get(place as usize).map(ToString::to_string).unwrap_or_default();
    Member { name, size: tree.size(), root: tree.root() }
}
