//! Compares a log with an older copy of it: names the entries that were changed, removed, inserted or moved.
//!
//! An attacker who rewrites a log can compute every hash anew, and one entry more or less moves all later entries. Entries are
//! therefore paired by their bytes, otherwise by their id. The pairs in the same order as before are sound; each other entry is a
//! finding of its own.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::Value;

use crate::event::leaf::decode;
use crate::event::{EventId, Index};

use super::fault::{self, Fault};
use super::leaf::Leaf;
use super::report::Findings;
use super::since::{Copy, Since};

/// An entry of the copy with its index in the log.
struct Pair<'a> {
    old: u64,
    new: u64,
    was: &'a [u8],
    is: &'a [u8],
}

/// Compares the leaves of a log with those of a copy.
pub(super) fn compare(since: &Since, copy: &Copy, leaves: &[Leaf], found: &mut Findings) {
    found.counted("since", copy.count);
    let place = || Some(since.name.clone());
    if let Some(first) = copy.lost.first() {
        let what = match copy.lost.len() {
            1 => "it is missing or damaged in the copy".to_owned(),
            n => format!("{n} entries are missing or damaged in the copy; this is the first"),
        };
        found.add(fault::SINCE_COPY_DAMAGED, Some(Index(*first)), place(), what);
    }
    let Some((start, _)) = copy.rest.first() else { return };
    let later: Vec<&Leaf> = leaves.iter().filter(|leaf| leaf.index >= *start).collect();
    let mut differences = differences(copy, &later);
    differences.sort_by_key(|(entry, ..)| *entry);
    for (entry, fault, what) in differences {
        found.add(fault, Some(Index(entry)), place(), what);
    }
}

fn differences(copy: &Copy, later: &[&Leaf]) -> Vec<(u64, Fault, String)> {
    let (pairs, removed) = pair(copy, later);
    let kept = in_order(&pairs);
    let mut all = Vec::new();
    for (at, pair) in pairs.iter().enumerate() {
        let moved = !kept.contains(&at) && pair.old != pair.new;
        let fields = (pair.was != pair.is).then(|| fields(pair.was, pair.is));
        match (moved, fields) {
            (true, fields) => {
                let said = fields.map(|fields| format!("; {fields}")).unwrap_or_default();
                let what = format!("it was entry {}, it is entry {}{said}", pair.old, pair.new);
                all.push((pair.old.min(pair.new), fault::MOVED, what));
            }
            (false, Some(fields)) => {
                let was = match pair.old == pair.new {
                    true => String::new(),
                    false => format!("it was entry {}; ", pair.old),
                };
                all.push((pair.new, fault::CHANGED, format!("{was}{fields}")));
            }
            (false, None) => {}
        }
    }
    for (old, leaf) in removed {
        let what = format!("the copy's entry {old} ({}) is not in the log", name(leaf, old));
        all.push((old, fault::REMOVED, what));
    }
    // After the last entry of the copy, the log may have further entries.
    let last = pairs.iter().map(|pair| pair.new).max();
    let paired: HashSet<u64> = pairs.iter().map(|pair| pair.new).collect();
    let lost: HashSet<u64> = copy.lost.iter().copied().collect();
    for leaf in later {
        let at = leaf.index;
        if last.is_some_and(|last| at < last) && !paired.contains(&at) && !lost.contains(&at) {
            let what = format!("the log's entry {at} ({}) is not in the copy", name(&leaf.bytes, at));
            all.push((at, fault::INSERTED, what));
        }
    }
    all
}

/// Pairs entries by their bytes, then by their id; returns the pairs and the entries of the copy that have none.
fn pair<'a>(copy: &'a Copy, later: &[&'a Leaf]) -> (Vec<Pair<'a>>, Vec<(u64, &'a [u8])>) {
    let by_bytes: HashMap<&[u8], u64> = later.iter().rev().map(|l| (&*l.bytes, l.index)).collect();
    let known: HashSet<&[u8]> = copy.rest.iter().map(|(_, leaf)| leaf.as_slice()).collect();
    let others = later.iter().rev().filter(|l| !known.contains(&*l.bytes));
    let by_id: HashMap<EventId, &&Leaf> = others.filter_map(|l| Some((id(&l.bytes, l.index)?, l))).collect();
    let (mut pairs, mut removed) = (Vec::new(), Vec::new());
    let mut taken: HashSet<u64> = HashSet::new();
    for (old, was) in &copy.rest {
        let same = by_bytes.get(was.as_slice()).map(|new| (*new, was.as_slice()));
        let changed = || id(was, *old).and_then(|id| by_id.get(&id)).map(|l| (l.index, &*l.bytes));
        match same.or_else(changed).filter(|(new, _)| taken.insert(*new)) {
            Some((new, is)) => pairs.push(Pair { old: *old, new, was, is }),
            None => removed.push((*old, was.as_slice())),
        }
    }
    (pairs, removed)
}

fn id(leaf: &[u8], index: u64) -> Option<EventId> {
    decode(leaf, Index(index)).ok().map(|entry| entry.event.id)
}

/// The largest set of pairs in the same order on both sides: the longest rising subsequence of the indexes in the log.
fn in_order(pairs: &[Pair<'_>]) -> HashSet<usize> {
    // The pair that ends the best sequence of each length so far, and the one before each pair in its own.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (at, pair) in pairs.iter().enumerate() {
        let length = ends.partition_point(|end| pairs[*end].new < pair.new);
        before.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        match ends.get_mut(length) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    std::iter::successors(ends.last().copied(), |at| before[*at]).collect()
}

/// A short description of an entry.
fn name(leaf: &[u8], index: u64) -> String {
    let Ok(entry) = decode(leaf, Index(index)) else { return "unreadable".into() };
    let event = &entry.event;
    let who = event.participant.as_ref().map(|who| format!(" {who}")).unwrap_or_default();
    format!("{}{who} {}", event.act.kind(), event.body)
}

/// Every field that differs, with its earlier and its present value.
fn fields(was: &[u8], is: &[u8]) -> String {
    let read = |leaf: &[u8]| serde_json::from_slice::<Value>(leaf).ok();
    let (Some(was), Some(is)) = (read(was), read(is)) else { return "its bytes differ".into() };
    let (was, is) = (flat(&was), flat(&is));
    let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    let differs = names.into_iter().filter(|name| was.get(*name) != is.get(*name));
    let said: Vec<String> = differs
        .map(|name| {
            let value =
                |side: &BTreeMap<String, String>| side.get(name).map_or("absent".into(), |v| short(v));
            format!("{} was {}, is {}", name.trim_start_matches("event."), value(&was), value(&is))
        })
        .collect();
    match said.is_empty() {
        true => "its bytes differ and say the same".into(),
        false => said.join("; "),
    }
}

/// The longest value of a field, in characters, that is shown in full.
const SHOWN: usize = 80;

fn short(value: &str) -> String {
    match value.chars().count() > SHOWN {
        true => format!("{}…", value.chars().take(SHOWN).collect::<String>()),
        false => value.to_owned(),
    }
}

/// The values of a leaf by their paths.
fn flat(value: &Value) -> BTreeMap<String, String> {
    fn into(path: &str, value: &Value, all: &mut BTreeMap<String, String>) {
        let under = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        match value {
            Value::Object(fields) => fields.iter().for_each(|(name, value)| into(&under(name), value, all)),
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(at, value)| into(&under(&at.to_string()), value, all));
            }
            other => _ = all.insert(path.to_owned(), other.to_string()),
        }
    }
    let mut all = BTreeMap::new();
    into("", value, &mut all);
    all
}
