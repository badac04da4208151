//! Compares the audit's own filing and its own reach of corrections with those of the ledger.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;

use super::super::completeness::completeness;
use super::super::filing::Filings;
use super::super::reach::Reach;
use super::super::record::Record;
use super::super::report::Findings;
use super::*;
use crate::certificate::CompletenessMap;
use crate::fixture::{body, rectification, retraction};
use crate::log::Hash;

const BODIES: [&str; 3] = ["sco", "nato", "x-1"];
const PEOPLE: [&str; 4] = ["BLR", "IRN", "SUN", "A-B"];

/// The parts of one entry of a random record.
#[derive(Clone, Debug)]
struct Seed {
    kind: u8,
    body: &'static str,
    participant: Option<&'static str>,
    about: Option<&'static str>,
    target: prop::sample::Index,
    /// True if it names as its target an id that does not occur before it.
    forward: bool,
    /// True if it has the id of an earlier entry.
    again: bool,
    imported: bool,
    moved: (&'static str, &'static str),
}

fn seed() -> impl Strategy<Value = Seed> {
    let moved = prop_oneof![
        select(&PEOPLE[..]).prop_map(|p| ("participant", p)),
        select(&PEOPLE[..]).prop_map(|p| ("about", p)),
        select(&BODIES[..]).prop_map(|b| ("body", b)),
        select(&["", "no participant"][..]).prop_map(|p| ("participant", p)),
        Just(("about", "")),
        Just(("body", "No Body")),
        Just(("title", "another")),
    ];
    let who = |often| prop::option::weighted(often, select(&PEOPLE[..]));
    let flag = |often| prop::bool::weighted(often);
    let names = (select(&BODIES[..]), who(0.7), who(0.2));
    let links = (any::<prop::sample::Index>(), flag(0.05), flag(0.03), flag(0.3));
    (0..8u8, names, links, moved).prop_map(|(kind, (body, participant, about), links, moved)| {
        let (target, forward, again, imported) = links;
        Seed { kind, body, participant, about, target, forward, again, imported, moved }
    })
}

/// A record of acts, imports, and corrections of any of these and of corrections, in any body.
fn record(seeds: &[Seed]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for (n, seed) in seeds.iter().enumerate() {
        let other = (n > 0).then(|| entries[seed.target.index(n)].event.clone());
        let n = n as u128;
        let mut event = match (seed.kind, &other) {
            (0, Some(target)) => retraction(n, target, Cause::NewEvidence),
            (1 | 2, Some(target)) => rectification(n, target, seed.moved.0, seed.moved.1),
            (3, _) => Event::new(id(n), import(), body(seed.body)),
            _ => Event::new(id(n), Act::StatusGranted, body(seed.body)),
        };
        event.body = body(seed.body);
        event.participant = seed.participant.map(|who| ParticipantId::parse(who).unwrap());
        event.about = seed.about.map(|who| ParticipantId::parse(who).unwrap());
        if seed.forward && event.to.is_some() {
            event.to = Some(id(n + 2));
        }
        if let Some(other) = other.filter(|_| seed.again) {
            event.id = other.id;
        }
        let imports = entries.iter().rev().find(|e| e.event.act.kind() == ActKind::ImportRecorded);
        event.import = imports.filter(|_| seed.imported).map(|entry| entry.event.id);
        let recorded_at = Instant::from_micros(1_800_000_000_000_000 + n as i64);
        entries.push(Entry { index: Index(n as u64), recorded_at, event: Arc::new(event) });
    }
    entries
}

fn import() -> Act {
    let (file, importer, sha256) = ("f".into(), "test".into(), "0".repeat(64));
    Act::ImportRecorded(ImportReceipt { file, importer, refused: 0, sha256, taken: 1 })
}

fn hashes(entries: &[Entry]) -> Vec<Hash> {
    entries.iter().map(|entry| leaf_hash(&entry.index.0.to_be_bytes())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_audit_files_every_entry_where_the_ledger_files_it(seeds in prop::collection::vec(seed(), 1..80)) {
        let entries = record(&seeds);
        let filings = Filings::new(&entries);
        let expected = crate::event::filings(&entries);
        let place = |index: &Index| index.0 as usize;
        let mut lines = 0;
        for (heading, filed) in &expected {
            let filed: Vec<usize> = filed.iter().map(place).collect();
            lines += filed.len();
            prop_assert_eq!(filings.under(heading.group(), heading.name()), filed, "{:?}", heading);
        }
        prop_assert_eq!(filings.lines.len(), lines);
        let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (heading, filed) in &expected {
            groups.entry(heading.group()).or_default().extend(filed.iter().map(place));
        }
        for (group, mut filed) in groups {
            filed.sort_unstable();
            filed.dedup();
            prop_assert_eq!(filings.in_group(group), filed);
        }
        prop_assert_eq!(filings.under("nobody", "BLR"), Vec::<usize>::new());
        prop_assert_eq!(filings.under("sco", "FRA"), Vec::<usize>::new());
    }

    #[test]
    fn heads_at_growing_sizes_are_checked_in_one_pass(
        seeds in prop::collection::vec(seed(), 1..60),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 1..5),
    ) {
        let entries = record(&seeds);
        let (filings, hashes) = (Filings::new(&entries), hashes(&entries));
        let sizes: Vec<usize> = cuts.iter().map(|cut| cut.index(entries.len() + 1)).collect();
        let head = |size: usize, (groups, root): (u64, Hash)| {
            Checkpoint::new(ORIGIN, size as u64, hashes[0]).with_completeness(groups, root)
        };
        let map = |size: usize| CompletenessMap::new(&entries[..size], &hashes[..size]).head();
        let right: Vec<Checkpoint> = sizes.iter().map(|size| head(*size, map(*size))).collect();
        let wrong: Vec<Checkpoint> = sizes.iter().map(|size| head(*size, (map(*size).0 + 1, map(*size).1))).collect();
        for (heads, faults) in [(&right, 0), (&wrong, sizes.len())] {
            let heads: Vec<(String, &Checkpoint)> = heads.iter().map(|head| ("here".to_owned(), head)).collect();
            let found: Findings = completeness(&entries, &filings, &hashes, &heads);
            prop_assert_eq!(found.found_by("completeness"), faults);
        }
    }

    #[test]
    fn what_stands_in_a_body_follows_from_its_entries_and_those_corrected_across_bodies(
        seeds in prop::collection::vec(seed(), 1..80),
    ) {
        let seeds: Vec<Seed> = seeds.into_iter().map(|seed| Seed { again: false, ..seed }).collect();
        let entries = record(&seeds);
        let Reach { across, .. } = Reach::new(&entries, &Record::new(&entries));
        // An entry named only by an earlier correction is not corrected: the ledger's rule may count it, this one does not.
        for place in crate::event::reaching(&entries).iter().filter(|_| !seeds.iter().any(|seed| seed.forward)) {
            prop_assert!(across.contains(place), "{place}");
        }
        let said = |entries: &[Entry], of: &str| -> Vec<(Index, Arc<Event>)> {
            let acts = Record::new(entries).acts().into_iter().filter(|act| act.event.body.as_str() == of);
            acts.map(|act| (act.index, act.event)).collect()
        };
        for of in BODIES {
            let bears = |at: &usize| entries[*at].event.body.as_str() == of || across.contains(at);
            let bearing: Vec<Entry> = (0..entries.len()).filter(bears).map(|at| entries[at].clone()).collect();
            prop_assert_eq!(said(&bearing, of), said(&entries, of));
        }
    }
}

#[test]
fn an_entry_that_no_question_is_given_makes_two_answers() {
    let leaves = leaves_of(&events());
    let entries: Vec<Entry> =
        leaves.iter().zip(0..).map(|(leaf, at)| decode(leaf, Index(at)).unwrap()).collect();
    for (filed, codes) in [(entries.len(), vec![]), (8, vec!["two-answers"])] {
        let mut found = Findings::default();
        let record = Record::new(&entries);
        let charters = verdict::charters(&entries, &record, &mut found);
        let reach = Reach::new(&entries, &record);
        let places = Places::new(entries.clone(), Filings::new(&entries[..filed]), reach);
        projection::projections(&places, (&charters, &[], None), &mut found, &mut |_| {});
        let (_, findings) = found.finish();
        assert_eq!(findings.iter().map(|f| f.code).collect::<Vec<_>>(), codes, "{findings:?}");
        assert!(findings.iter().all(|f| f.what.starts_with("MDV in sco on ")), "{findings:?}");
    }
}
