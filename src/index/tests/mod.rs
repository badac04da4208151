//! The index compared with brute force over its entries.

mod group_map;
pub(super) mod mapped;
pub(super) mod record;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use proptest::prelude::*;

use super::*;
use crate::certificate::CompletenessMap;
use crate::event::{Entry, EventId, Heading, Instant, filings, headings};
use crate::fixture::id;
use crate::log::members_root;

use record::{BODIES, PEOPLE, leaf, leaves, record, seed};

/// Reads an entry of a record.
pub(super) fn reader(entries: &[Entry]) -> impl Fn(Index) -> Result<Entry, IndexError> + '_ {
    |at| entries.get(at.0 as usize).cloned().ok_or(IndexError::Gap { expected: Size(0), given: at })
}

fn hash(at: Index) -> Result<Hash, IndexError> {
    Ok(leaf(at))
}

/// Adds the entries up to a size.
fn push_up_to(tables: &mut Tables, entries: &[Entry], size: usize) {
    for entry in &entries[tables.size().0 as usize..size] {
        tables.push(entry, leaf(entry.index), &reader(entries)).unwrap();
    }
}

pub(super) fn indexes<'e>(entries: impl Iterator<Item = &'e Entry>) -> Vec<Index> {
    entries.map(|entry| entry.index).collect()
}

/// Compares every lookup of an index with the entries themselves.
pub(super) fn check(tables: &Tables, entries: &[Entry]) {
    assert_eq!(tables.size(), Size(entries.len() as u64));
    let filed = filings(entries);
    check_headings(tables, &filed);
    check_ids(tables, entries, &filed);
    check_aside(tables, entries, &filed);
    check_tree(tables, entries);
    let map = CompletenessMap::new(entries, &leaves(entries));
    assert_eq!(tables.completeness(&hash).unwrap(), map.head());
}

fn check_headings(tables: &Tables, filed: &BTreeMap<Heading, Vec<Index>>) {
    let mut groups: BTreeMap<&str, Vec<(Heading, Vec<Index>)>> = BTreeMap::new();
    for (heading, entries) in filed {
        groups.entry(heading.group()).or_default().push((heading.clone(), entries.clone()));
        assert_eq!(&tables.entries_under(heading).unwrap(), entries);
    }
    assert!(tables.groups().unwrap().iter().eq(groups.keys()));
    for (group, filed) in &groups {
        assert_eq!(&tables.filed_in(group).unwrap(), filed);
        let entries: BTreeSet<Index> = filed.iter().flat_map(|(_, entries)| entries).copied().collect();
        assert!(tables.entries_in_group(group).unwrap().iter().eq(&entries));
        let members = tables.heading_members(group, &hash).unwrap();
        for (member, (heading, entries)) in members.iter().zip(filed) {
            let mut tree = Frontier::default();
            entries.iter().for_each(|at| tree.push(leaf(*at)));
            assert_eq!((member.size, member.root), (tree.size(), tree.root()), "{heading:?}");
        }
        let member = tables.group_members(&hash).unwrap().into_iter().find(|member| member.name == *group);
        let member = member.unwrap();
        assert_eq!((member.size, member.root), (members.len() as u64, members_root(&members)));
    }
    for who in PEOPLE.iter().chain(&["FRA"]) {
        let of: BTreeSet<&str> = filed.keys().filter(|h| h.name() == *who).map(Heading::group).collect();
        assert!(tables.groups_of(who).unwrap().iter().eq(of), "{who}");
    }
    assert_eq!(tables.entries_under(&Heading::named("sco", "FRA")).unwrap(), []);
    assert_eq!(tables.filed_in("sc").unwrap(), []);
}

fn check_ids(tables: &Tables, entries: &[Entry], filed: &BTreeMap<Heading, Vec<Index>>) {
    for n in 0..entries.len() as u128 + 3 {
        let of = id(n);
        let own = |at: &Index| entries[at.0 as usize].event.id == of;
        let candidates = tables.candidates(of).unwrap();
        let expected = indexes(entries.iter().filter(|entry| entry.event.id == of));
        assert_eq!(candidates.into_iter().filter(own).collect::<Vec<_>>(), expected);
        let to = |at: &Index| entries[at.0 as usize].event.to == Some(of);
        let naming = tables.naming(of).unwrap();
        let expected = indexes(entries.iter().filter(|entry| entry.event.to == Some(of)));
        assert_eq!(naming.into_iter().filter(to).collect::<Vec<_>>(), expected);
        let corrected = filed.get(&Heading::of_import(of)).is_some_and(|entries| entries.len() > 1);
        assert_eq!(tables.has_corrections_of(of).unwrap(), corrected);
    }
    let of_each = tables.candidates_of_each(&(0..9).map(id).collect::<Vec<_>>()).unwrap();
    assert_eq!(of_each, (0..9).map(|n| tables.candidates(id(n)).unwrap()).collect::<Vec<_>>());
    // An id with the short form of another has candidates, but no entry of its own.
    let other = EventId(uuid::Uuid::from_u128(1 << 64));
    assert_eq!(tables.candidates(other).unwrap(), tables.candidates(id(0)).unwrap());
}

/// Checks that every entry that names a heading itself is either filed under it or aside.
fn check_aside(tables: &Tables, entries: &[Entry], filed: &BTreeMap<Heading, Vec<Index>>) {
    for group in BODIES.map(Some).into_iter().chain([None]) {
        for name in PEOPLE.map(Some).into_iter().chain([Some(""), None]) {
            let of = |heading: &Heading| {
                group.is_none_or(|group| heading.group() == group)
                    && name.is_none_or(|name| heading.name() == name)
            };
            let own = |entry: &Entry| headings(&entry.event, []).into_iter().filter(of).collect::<Vec<_>>();
            let aside = tables.aside(group, name).unwrap();
            for entry in entries {
                let is_filed =
                    |heading: &Heading| filed.get(heading).is_some_and(|at| at.contains(&entry.index));
                let listed = aside.contains(&entry.index);
                assert!(listed || own(entry).iter().all(is_filed), "{group:?} {name:?} {}", entry.index);
                assert!(!listed || entry.event.corrects() && !own(entry).is_empty());
            }
            assert!(aside.is_sorted_by(|a, b| a < b));
        }
    }
}

fn check_tree(tables: &Tables, entries: &[Entry]) {
    let mut tree = Frontier::default();
    for size in 0..=entries.len() {
        let lent = std::cell::Cell::new(0);
        let counted = |at: Index| {
            lent.set(lent.get() + 1);
            hash(at)
        };
        assert_eq!(tables.tree_at(Size(size as u64), &counted).unwrap(), tree);
        assert_eq!(tables.root(Size(size as u64), &hash).unwrap(), tree.root());
        assert!(lent.get() < 64);
        tree.push(leaf(Index(size as u64)));
    }
    assert_eq!((tables.node(5, 0).unwrap(), tables.node(63, 0).unwrap()), (None, None));
    let beyond = tables.root(Size(entries.len() as u64 + 1), &hash);
    assert!(matches!(beyond, Err(IndexError::Beyond { .. })));
    for at in (0..entries.len()).step_by(7) {
        let until = entries[at].recorded_at;
        assert_eq!(tables.block_of_stamp(until).unwrap(), Some(Index(at as u64 / BLOCK * BLOCK)));
    }
    assert_eq!(tables.block_of_stamp(Instant::from_micros(0)).unwrap(), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_tables_in_memory_say_what_a_search_of_all_entries_says(
        seeds in prop::collection::vec(seed(), 1..200),
        steps in prop::collection::vec(1..90usize, 1..20),
    ) {
        let entries = record(&seeds);
        let mut tables = Tables::default();
        let mut kept = Vec::new();
        for step in steps.iter().cycle() {
            if tables.size().0 == entries.len() as u64 {
                break;
            }
            let size = (tables.size().0 as usize + step).min(entries.len());
            push_up_to(&mut tables, &entries, size);
            kept.push(tables.clone());
        }
        check(&tables, &entries);
        // Clones made earlier do not change.
        for tables in kept.iter().rev().take(4) {
            check(tables, &entries[..tables.size().0 as usize]);
        }
        let parts: HashSet<_> = kept.iter().flat_map(|tables| &tables.tail).map(Arc::as_ptr).collect();
        prop_assert!(parts.len() <= kept.len());
    }
}

#[test]
fn an_entry_that_does_not_follow_on_is_refused_and_changes_nothing() {
    let entries = record(&record::plain(3));
    let mut tables = Tables::default();
    push_up_to(&mut tables, &entries, 1);
    for entry in [&entries[0], &entries[2]] {
        let refused = tables.push(entry, leaf(entry.index), &reader(&entries));
        assert_eq!(refused, Err(IndexError::Gap { expected: Size(1), given: entry.index }));
    }
    check(&tables, &entries[..1]);
}
