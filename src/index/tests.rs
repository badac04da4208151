//! The index against brute force over the entries that it was given, and its bytes.

mod runs;

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::certificate::CompletenessMap;
use crate::event::{
    Act, Cause, Day, Edtf, Event, Evidence, Form, Grade, Heading, Instant, ParticipantId, Quote, Rival, Role,
    filings,
};
use crate::fixture::{ORIGIN, body, id, rectification, retraction};
use crate::history::standing;
use crate::import::hex;

const DEADLINE: Duration = Duration::from_secs(5);

fn open(path: &Path) -> Result<EventIndex, IndexError> {
    EventIndex::open(path, ORIGIN, DEADLINE)
}

/// Opens what was just dropped; on a busy machine its thread may still be letting go of the files.
fn open_soon(path: &Path) -> Result<EventIndex, IndexError> {
    for _ in 0..500 {
        match open(path) {
            Err(IndexError::Busy { .. }) => std::thread::sleep(Duration::from_millis(10)),
            opened => return opened,
        }
    }
    open(path)
}

fn reopen(path: &Path) -> EventIndex {
    open_soon(path).unwrap()
}

fn fresh(path: &Path) -> EventIndex {
    let mut index = EventIndex::create(path, ORIGIN, DEADLINE).unwrap();
    index.complete().unwrap();
    index
}

fn participant(name: &str) -> ParticipantId {
    ParticipantId::parse(name).unwrap()
}

fn entry(n: usize, event: Event) -> Entry {
    Entry {
        index: Index(n as u64),
        recorded_at: Instant::from_micros(1_000 + n as i64),
        event: Arc::new(event),
    }
}

const BODIES: [&str; 3] = ["sco", "nato", "x-1"];
const PEOPLE: [&str; 4] = ["BLR", "IRN", "SUN", "A-B"];

#[derive(Clone, Debug)]
struct Seed {
    body: &'static str,
    participant: Option<&'static str>,
    about: Option<&'static str>,
    kind: u8,
    target: prop::sample::Index,
    moved: (&'static str, &'static str),
}

fn seed() -> impl Strategy<Value = Seed> {
    let moved = prop_oneof![
        select(&PEOPLE[..]).prop_map(|p| ("participant", p)),
        select(&PEOPLE[..]).prop_map(|p| ("about", p)),
        select(&BODIES[..]).prop_map(|b| ("body", b)),
        Just(("title", "another")),
    ];
    let who = || prop::option::weighted(0.7, select(&PEOPLE[..]));
    (
        select(&BODIES[..]),
        who(),
        prop::option::weighted(0.2, select(&PEOPLE[..])),
        0..8u8,
        any::<prop::sample::Index>(),
        moved,
    )
        .prop_map(|(body, participant, about, kind, target, moved)| Seed {
            body,
            participant,
            about,
            kind,
            target,
            moved,
        })
}

fn record(seeds: &[Seed]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for (n, seed) in seeds.iter().enumerate() {
        let target = (n > 0).then(|| entries[seed.target.index(n)].event.clone());
        let mut event = match (seed.kind, target) {
            (0, Some(target)) => retraction(n as u128, &target, Cause::NewEvidence),
            (1, Some(target)) => rectification(n as u128, &target, seed.moved.0, seed.moved.1),
            (2, _) => {
                Event::new(id(n as u128), Act::InstrumentDeposited(Some(Form::Accession)), body(seed.body))
            }
            (3, _) => Event::new(id(n as u128), Act::RightsSuspended(Some("vote".into())), body(seed.body)),
            _ => Event::new(id(n as u128), Act::StatusGranted, body(seed.body)),
        };
        event.body = body(seed.body);
        event.participant = seed.participant.map(participant);
        event.about = seed.about.map(participant);
        event.dates.set(Role::Decided, Edtf::parse("[2010-04-28..2010-04-29]").unwrap());
        event.sequence = (n % 3 == 0).then_some(n as u16);
        event.rival = (n % 5 == 0).then(|| Rival::parse("D:one").unwrap());
        entries.push(entry(n, event));
    }
    entries
}

fn scopes() -> Vec<Scope> {
    let bodies = BODIES.iter().chain(&["nobody"]).map(|b| Some(body(b))).chain([None]);
    let people: Vec<_> = PEOPLE.iter().chain(&["FRA"]).map(|p| Some(participant(p))).chain([None]).collect();
    bodies
        .flat_map(|body| people.iter().map(move |p| Scope { body: body.clone(), participant: p.clone() }))
        .collect()
}

/// What entries say of a scope once they are corrected.
fn said(entries: &[Entry], scope: &Scope) -> Vec<(Index, Event, Vec<Index>)> {
    let acts = standing(entries, Size(u64::MAX), Day::FUTURE);
    let acts = acts.into_iter().filter(|act| scope.admits(&act.event));
    acts.map(|act| (act.index, Arc::unwrap_or_clone(act.event), act.corrected_by)).collect()
}

/// Every question of an index against the entries themselves.
fn check(index: &EventIndex, entries: &[Entry]) {
    assert_eq!(index.size(), Size(entries.len() as u64));
    for scope in scopes() {
        let expected: Vec<Entry> = entries.iter().filter(|e| scope.admits(&e.event)).cloned().collect();
        assert_eq!(index.load(&scope).unwrap(), expected, "{scope:?}");
        let bearing = index.load_bearing(&scope).unwrap();
        assert_eq!(said(&bearing, &scope), said(entries, &scope), "{scope:?}");
        assert!(bearing.windows(2).all(|w| w[0].index < w[1].index));
    }
    let places: HashMap<EventId, Index> = entries.iter().map(|e| (e.event.id, e.index)).collect();
    let asked: Vec<EventId> = (0..entries.len() as u128 + 3).rev().map(id).collect();
    let expected: Vec<Option<Index>> = asked.iter().map(|id| places.get(id).copied()).collect();
    assert_eq!(index.find_all(&asked).unwrap(), expected);
    for (asked, expected) in asked.iter().zip(&expected).take(5) {
        assert_eq!(index.find(*asked).unwrap(), *expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_index_gives_what_a_search_of_all_entries_gives(
        seeds in prop::collection::vec(seed(), 1..120),
        chunks in prop::collection::vec(prop_oneof![3 => Just(1usize), 1 => 2..40usize], 1..30),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let entries = record(&seeds);
        let mut index = fresh(dir.path());
        let mut done = 0;
        for (n, chunk) in chunks.iter().cycle().enumerate() {
            if done == entries.len() {
                break;
            }
            let upto = (done + chunk).min(entries.len());
            // Some are known to whoever hands them over: what a correction names, and what corrected that before.
            let known = entries[..done].iter().filter(|entry| n % 2 == 0 && entry.index.0 % 3 != 0);
            let known = known.map(|entry| (entry.event.id, entry.clone())).collect();
            let new = entries[done..upto].to_vec();
            index.apply_knowing(new, &known, &|index| Some(leaf(index))).unwrap();
            done = upto;
            prop_assert_eq!(index.last_leaf_hash(), Some([upto as u8 - 1; 32]));
            if n % 3 == 0 {
                prop_assert_eq!(index.completeness().unwrap(), Some(map(&entries[..upto]).head()));
            }
            if n % 7 == 6 {
                // Behind, opened again, it is caught up.
                drop(index);
                index = reopen(dir.path());
                prop_assert_eq!(index.size(), Size(done as u64));
            }
        }
        check(&index, &entries);
        // Opened again after a writer that was stopped, it says so before it says less.
        if let Some(stated) = index.completeness().unwrap() {
            prop_assert_eq!(stated, map(&entries).head());
        }
        index.file_the_rest(&|index| Some(leaf(index))).unwrap();
        index.flush().unwrap();
        drop(index);
        let mut index = reopen(dir.path());
        check(&index, &entries);
        prop_assert_eq!(index.completeness().unwrap(), Some(map(&entries).head()));
        check_headings(&entries);
    }
}

fn leaf(index: Index) -> Hash {
    Hash([index.0 as u8; 32])
}

/// The completeness map from all entries.
fn map(entries: &[Entry]) -> CompletenessMap {
    CompletenessMap::new(entries, &entries.iter().map(|entry| leaf(entry.index)).collect::<Vec<_>>())
}

/// What is filed under the headings of a participant in a body says of it all that the whole record says.
fn check_headings(entries: &[Entry]) {
    let filed = filings(entries);
    for scope in scopes() {
        let (Some(of), Some(who)) = (&scope.body, &scope.participant) else { continue };
        let under = [Heading::of_body(of), Heading::of_pair(of, who)];
        let indexes: BTreeSet<Index> =
            under.iter().filter_map(|heading| filed.get(heading)).flatten().copied().collect();
        let subset: Vec<Entry> = indexes.iter().map(|index| entries[index.0 as usize].clone()).collect();
        assert_eq!(said(&subset, &scope), said(entries, &scope), "{scope:?}");
    }
}

#[test]
fn runs_are_joined_and_large_batches_are_parted() {
    let dir = tempfile::tempdir().unwrap();
    let seeds = Seed {
        body: "sco",
        participant: Some("BLR"),
        about: None,
        kind: 5,
        target: any_index(),
        moved: ("title", "another"),
    };
    let entries = record(&vec![seeds; 3000]);
    let mut index = fresh(dir.path());
    index.apply(entries[..2500].to_vec(), &|_| Some(Hash([1; 32]))).unwrap();
    assert_eq!(index.runs.iter().map(|r| r.count).collect::<Vec<_>>(), [1024, 1024]);
    index.flush().unwrap();
    assert_eq!(index.runs.iter().map(|r| r.count).collect::<Vec<_>>(), [1024, 1024, 452]);
    for one in entries[2500..].chunks(1) {
        index.apply(one.to_vec(), &|_| Some(Hash([2; 32]))).unwrap();
    }
    assert!(index.runs.len() < 40, "{} runs", index.runs.len());
    check(&index, &entries);
    drop(index);
    check(&reopen(dir.path()), &entries);
}

fn any_index() -> prop::sample::Index {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    any::<prop::sample::Index>().new_tree(&mut runner).unwrap().current()
}

fn plain(n: usize) -> Entry {
    let mut event = Event::new(id(n as u128), Act::StatusGranted, body("sco"));
    event.participant = Some(participant("BLR"));
    entry(n, event)
}

#[test]
fn entries_that_do_not_follow_on_are_refused_and_nothing_is_changed() {
    let dir = tempfile::tempdir().unwrap();
    let mut index = fresh(dir.path());
    index.apply(vec![plain(0), plain(1)], &|_| Some(Hash([1; 32]))).unwrap();
    for wrong in [vec![plain(3)], vec![plain(1)], vec![plain(2), plain(4)], vec![plain(2), plain(2)]] {
        let error = index.apply(wrong, &|_| Some(Hash([2; 32]))).unwrap_err();
        assert!(matches!(error, IndexError::Gap { .. }), "{error}");
        assert_eq!((index.size(), index.last_leaf_hash()), (Size(2), Some([1; 32])));
    }
    check(&index, &[plain(0), plain(1)]);
}

#[test]
fn an_index_that_is_absent_busy_or_of_another_log_says_so() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(open(dir.path()), Err(IndexError::Absent(_))));
    let unfinished = EventIndex::create(dir.path(), ORIGIN, DEADLINE).unwrap();
    assert!(matches!(open(dir.path()), Err(IndexError::Absent(_))));
    drop(unfinished);
    let held = fresh(dir.path());
    assert!(dir.path().join("sled/000002").exists() && !dir.path().join("sled/000001").exists());
    assert!(matches!(open(dir.path()), Err(IndexError::Busy { .. })));
    drop(held);
    crate::fixture::released(dir.path());
    let other = EventIndex::open(dir.path(), "another.example/log", DEADLINE);
    assert!(matches!(other, Err(IndexError::Damaged { .. })));
    reopen(dir.path());
}

#[test]
fn a_hole_in_any_tree_is_damage() {
    for tree in ["events", "postings", "ids", "meta"] {
        let dir = tempfile::tempdir().unwrap();
        let mut index = fresh(dir.path());
        for n in 0..5 {
            index.apply(vec![plain(n)], &|_| Some(Hash([1; 32]))).unwrap();
            index.flush().unwrap();
        }
        drop(index);
        drop(reopen(dir.path()));
        let folder = dir.path().join("sled/000001");
        let db = (0..500).find_map(|_| {
            let config = sled::Config::new().path(&folder).segment_size(SEGMENT_BYTES);
            config.open().map_err(|_| std::thread::sleep(Duration::from_millis(10))).ok()
        });
        let db = db.unwrap();
        let key = if tree == "meta" { HEAD.to_vec() } else { 2u64.to_be_bytes().to_vec() };
        assert!(db.open_tree(tree).unwrap().remove(key).unwrap().is_some());
        drop(db);
        let found = open_soon(dir.path()).and_then(|index| {
            index.load(&Scope::ALL)?;
            index.find(id(0)).map(|_| ())
        });
        assert!(matches!(found, Err(IndexError::Damaged { .. })), "{tree}: {found:?}");
    }
}

#[test]
fn what_is_asked_later_is_answered_after_what_nobody_waited_for_and_a_failure_is_told_at_the_end() {
    use super::guard::Guarded;
    use std::sync::Mutex;
    let store = Guarded::start(Path::new("store"), DEADLINE, || Ok(Mutex::new(Vec::new()))).unwrap();
    let slow = store.begin(|said: &Mutex<Vec<u8>>| {
        std::thread::sleep(Duration::from_millis(50));
        said.lock().unwrap().push(1);
        Ok(())
    });
    let failed = store.begin(|_| Err::<(), _>(sled::Error::Unsupported("no such thing".into()))).unwrap();
    assert_eq!(store.run(|said| Ok(said.lock().unwrap().clone())).unwrap(), [1]);
    store.end(slow.unwrap()).unwrap();
    let error = store.end(failed).unwrap_err();
    assert!(error.to_string().contains("no such thing"), "{error}");
    let stopped = store.begin(|_| -> Result<(), _> { std::panic::panic_any("stopped") }).unwrap();
    assert!(matches!(store.end(stopped), Err(IndexError::Damaged { .. })));
    assert!(matches!(
        store.begin(|_| Ok(())).and_then(|asked| store.end(asked)),
        Err(IndexError::Damaged { .. })
    ));
}
