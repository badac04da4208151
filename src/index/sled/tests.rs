//! The index in sled: it returns all entries, its bytes are fixed, and missing parts are noticed.

use proptest::prelude::*;

use super::*;
use crate::event::leaf::{decode_for_status, encode_event, splice};
use crate::event::{
    Act, Cause, Edtf, Event, Evidence, Form, Grade, Heading, Instant, ParticipantId, Quote, Rival, Role,
    StatusId,
};
use crate::fixture::{body, id, retraction};
use crate::import::hex;
use crate::index::tests::record::{self, leaf, record, seed};
use crate::index::tests::{check, indexes, mapped, reader};

const ORIGIN: &str = "x.org/l";
const DEADLINE: Duration = Duration::from_secs(5);

fn open(path: &Path) -> Result<SledIndex, IndexError> {
    SledIndex::open(path, ORIGIN, DEADLINE)
}

/// Opens an index that was just dropped; on a busy machine its thread may still be releasing the files.
fn open_soon(path: &Path) -> Result<SledIndex, IndexError> {
    for _ in 0..500 {
        match open(path) {
            Err(IndexError::Busy { .. }) => std::thread::sleep(Duration::from_millis(10)),
            opened => return opened,
        }
    }
    open(path)
}

fn fresh(path: &Path) -> SledIndex {
    let mut index = SledIndex::create(path, ORIGIN, DEADLINE).unwrap();
    index.complete().unwrap();
    index
}

fn push(index: &mut SledIndex, entries: &[Entry], size: usize) {
    for entry in &entries[index.size().0 as usize..size] {
        index.push(entry, leaf(entry.index), &reader(entries)).unwrap();
    }
}

/// The entry as it is decoded for a status.
fn for_status(entry: &Entry) -> Entry {
    let leaf = splice(&encode_event(&entry.event).unwrap(), entry.recorded_at).unwrap();
    decode_for_status(&leaf, entry.index).unwrap()
}

/// The entries that an index returns, without words and whole.
fn given(index: &SledIndex) -> Result<(Vec<Entry>, Vec<Entry>), IndexError> {
    let (mut status, mut whole) = (Vec::new(), Vec::new());
    for (first, count) in index.runs()? {
        status.extend(index.status_entries((first, count))?);
        whole.extend(index.store.run(move |store| store.run(first.0, count))?);
    }
    status.extend_from_slice(index.pending());
    whole.extend_from_slice(index.pending());
    Ok((status, whole))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_index_in_sled_says_what_a_search_of_all_entries_says(
        seeds in prop::collection::vec(seed(), 1..160),
        steps in prop::collection::vec(prop_oneof![1..4usize, 1..60usize], 1..12),
    ) {
        let entries = record(&seeds);
        let dir = tempfile::tempdir().unwrap();
        let mut index = fresh(dir.path());
        for (n, step) in steps.iter().cycle().enumerate() {
            let size = (index.size().0 as usize + step).min(entries.len());
            push(&mut index, &entries, size);
            if n % 2 == 0 {
                index.flush().unwrap();
            }
            if n % 5 == 0 {
                check(index.tables(), &entries[..size]);
            }
            if n % 7 == 6 {
                drop(index);
                index = open_soon(dir.path()).unwrap();
                prop_assert_eq!(index.size(), Size(size as u64));
            }
            if size == entries.len() {
                break;
            }
        }
        check(index.tables(), &entries);
        drop(index);
        let index = open_soon(dir.path()).unwrap();
        check(index.tables(), &entries);
        prop_assert_eq!(index.last_leaf_hash(), Some(leaf(Index(entries.len() as u64 - 1))));
        let (status, whole) = given(&index).unwrap();
        prop_assert_eq!(&whole, &entries);
        // Acts with a payload keep their words.
        let status: Vec<Entry> = status.iter().map(for_status).collect();
        prop_assert_eq!(status, entries.iter().map(for_status).collect::<Vec<_>>());
        // A file made from sled equals one made from memory.
        let published = mapped::publish(index.tables(), dir.path());
        check(&published, &entries);
    }
}

#[test]
fn runs_are_joined_large_batches_are_parted_and_levels_stay_few() {
    let dir = tempfile::tempdir().unwrap();
    let entries = record(&record::plain(6_000));
    let mut index = fresh(dir.path());
    push(&mut index, &entries, 5_500);
    assert_eq!((index.pending().len(), index.runs().unwrap().len()), (5_500 - 4_096, 4));
    index.flush().unwrap();
    let counts = |index: &SledIndex| index.runs().unwrap().iter().map(|run| run.1).collect::<Vec<_>>();
    assert_eq!(counts(&index), [1024, 1024, 1024, 1024, 1024, 380]);
    for size in 5_501..=5_700 {
        push(&mut index, &entries, size);
        index.flush().unwrap();
    }
    assert!(counts(&index).len() < 40, "{:?}", counts(&index));
    let levels =
        index.store.run(|store| Ok(store.head.as_ref().map_or(0, |head| head.levels.len()))).unwrap();
    assert!(levels < 12, "{levels} levels");
    assert_eq!(index.tables().entries_under(&Heading::named("sco", "BLR")).unwrap().len(), 5_700);
    drop(index);
    let index = open_soon(dir.path()).unwrap();
    assert_eq!(given(&index).unwrap().1, entries[..5_700]);
    let under = index.tables().entries_under(&Heading::named("sco", "BLR")).unwrap();
    assert_eq!(under, indexes(entries[..5_700].iter()));
}

#[test]
fn a_clone_of_its_tables_is_told_that_it_is_outdated() {
    let dir = tempfile::tempdir().unwrap();
    let entries = record(&record::plain(20));
    let mut index = fresh(dir.path());
    push(&mut index, &entries, 10);
    let kept = index.tables().clone();
    check(&kept, &entries[..10]);
    index.flush().unwrap();
    assert!(matches!(kept.groups(), Err(IndexError::Damaged { .. })));
    check(index.tables(), &entries[..10]);
}

#[test]
fn an_index_that_is_absent_busy_or_of_another_log_says_so() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(open(dir.path()), Err(IndexError::Absent(_))));
    assert_eq!(SledIndex::stated(dir.path(), ORIGIN), Stated::Nothing);
    let unfinished = SledIndex::create(dir.path(), ORIGIN, DEADLINE).unwrap();
    assert!(matches!(open(dir.path()), Err(IndexError::Absent(_))));
    drop(unfinished);
    let mut kept = fresh(dir.path());
    assert!(dir.path().join("sled/000002").exists() && !dir.path().join("sled/000001").exists());
    assert!(matches!(open(dir.path()), Err(IndexError::Busy { .. })));
    let entries = record(&record::plain(3));
    push(&mut kept, &entries, 3);
    kept.flush().unwrap();
    let stated = Stated::Head { size: Size(3), last: Some(leaf(Index(2))) };
    assert_eq!(SledIndex::stated(dir.path(), ORIGIN), stated);
    assert_eq!(SledIndex::stated(dir.path(), "another.example/log"), Stated::Unknown);
    drop(kept);
    crate::fixture::released(dir.path());
    let other = SledIndex::open(dir.path(), "another.example/log", DEADLINE);
    assert!(matches!(other, Err(IndexError::Damaged { .. })));
    crate::fixture::released(dir.path());
    let index = open_soon(dir.path()).unwrap();
    index.condemn();
    assert!(matches!(open(dir.path()), Err(IndexError::Absent(_))));
}

#[test]
fn a_hole_in_any_tree_is_damage() {
    let entries = record(&record::plain(12_000));
    // Runs of events and of words, pages of the tables, the head.
    for (tree, nth) in [("events", 1), ("words", 0), ("tables", 0), ("tables", 1), ("meta", 0)] {
        let dir = tempfile::tempdir().unwrap();
        let mut index = fresh(dir.path());
        push(&mut index, &entries, 12_000);
        index.flush().unwrap();
        drop(index);
        let folder = dir.path().join("sled/000001");
        let db = (0..500).find_map(|_| {
            let config = ::sled::Config::new().path(&folder).segment_size(64 << 10);
            config.open().map_err(|_| std::thread::sleep(Duration::from_millis(10))).ok()
        });
        let db = db.unwrap();
        let tree_of = db.open_tree(tree).unwrap();
        let key = tree_of.iter().keys().nth(nth).unwrap().unwrap();
        tree_of.remove(key).unwrap().unwrap();
        drop((tree_of, db));
        let asked = open_soon(dir.path()).and_then(|index| {
            given(&index)?;
            index.tables().candidates(id(0))?;
            index.tables().check()
        });
        assert!(matches!(asked, Err(IndexError::Damaged { .. })), "{tree}: {asked:?}");
    }
}

#[test]
fn runs_of_a_writer_that_was_stopped_before_their_head_was_written_are_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let entries = record(&record::plain(2_500));
    let reopen = || (0..500).find_map(|_| Store::open(dir.path()).ok().or_else(wait)).unwrap();
    fn wait() -> Option<Store> {
        std::thread::sleep(Duration::from_millis(10));
        None
    }
    let mut store = reopen();
    let head = Head::empty(ORIGIN).at(&crate::index::apply::edge_of([leaf(Index(0))]), None);
    store.put(entries[..1].to_vec(), store::Pairs::new(), head).unwrap();
    store.put_ahead(&entries[1..2_049]).unwrap();
    assert_eq!(store.spans(), [(0, 1), (1, 1_024), (1_025, 1_024)]);
    drop(store);
    let store = reopen();
    assert_eq!(store.spans(), [(0, 1)]);
    assert!(store.run(0, 1).is_ok() && store.events(1).is_err());
}

#[test]
fn pages_say_which_one_comes_next() {
    let pair = |n: u32| (n.to_be_bytes().to_vec(), vec![7; 1_000]);
    let pairs: Vec<(Vec<u8>, Vec<u8>)> = (0..160).map(pair).collect();
    let made = page::pages(pairs.iter().map(|(key, value)| (key.as_slice(), value.as_slice())));
    let mut back = Vec::new();
    let read = made.iter().map(|(_, bytes)| page::Page::of(bytes).unwrap()).collect::<Vec<_>>();
    for page in &read {
        let each = page.each(|key, value| {
            back.push((key.to_vec(), value.to_vec()));
            true
        });
        each.unwrap();
    }
    assert_eq!((made.len(), back), (3, pairs));
    let nexts = read.iter().map(|page| page.next).collect::<Vec<_>>();
    assert_eq!(nexts, [Some(made[1].0.as_slice()), Some(made[2].0.as_slice()), None]);
    assert!(made[0].0.is_empty());
    assert_eq!(page::pages([]).len(), 1);
}

/// An entry that fills every field, encoded as in sled. A change of these bytes is a new schema.
#[test]
fn the_bytes_of_a_run_are_those_of_schema_7() {
    let mut event = Event::new(id(7), Act::InstrumentDeposited(Some(Form::Accession)), body("sco"));
    event.participant = Some(ParticipantId::parse("BLR").unwrap());
    event.about = Some(ParticipantId::parse("IRN").unwrap());
    event.dates.set(Role::Deposited, Edtf::parse("2010-05").unwrap());
    event.toward = Some(StatusId::parse("member").unwrap());
    event.status = Some(StatusId::parse("observer").unwrap());
    event.to = Some(id(3));
    event.title = Some("t".into());
    event.place = Some("p".into());
    event.note = Some("n".into());
    event.recorder = Some("r".into());
    event.sequence = Some(300);
    event.rival = Some(Rival::parse("D:c").unwrap());
    event.known_from = Some(Edtf::parse("2011").unwrap());
    event.import = Some(id(1));
    let mut evidence = Evidence::citing("c", Some(Grade::Press));
    evidence.quote = Some(Quote::Text("q".into()));
    event.evidence.push(evidence);
    let entry = |n: u64, event: Event| Entry {
        index: Index(n),
        recorded_at: Instant::from_micros(1_000 + n as i64),
        event: Arc::new(event),
    };
    let retracted = retraction(8, &event, Cause::Clerical);
    let entries = [entry(0, event), entry(1, retracted)];
    let (events, words) = run::build(&entries);
    assert_eq!([hex(&events), hex(&words)], [EVENTS, WORDS]);
    assert_eq!(run::read(0, &events, Some(&words)).unwrap(), entries);
    assert_eq!(run::read(0, &events, None).unwrap(), entries.each_ref().map(for_status));
    for (value, other, is_words) in [(&events, &words, false), (&words, &events, true)] {
        for at in 0..value.len() {
            let mut damaged = value.clone();
            damaged[at] ^= 1;
            let read = |value: &[u8]| match is_words {
                true => run::read(0, other, Some(value)),
                false => run::read(0, value, Some(other)),
            };
            assert!(read(&damaged).is_err() && read(&value[..at]).is_err(), "byte {at}");
        }
    }
}

const EVENTS: &str = "\
    c70007968130c9000a14696e737472756d656e742d6465706f736974656409616363657373696f6e0373636f03424c52\
    07323031302d3035066d656d6265720349524e086f6273657276657203443a6304323031310200000000000000000000\
    000000000003000000000000000000000000000000012000000000000000000000000000000000000000000000000000\
    0000000000070802fb03e8010200000101020103010504010501060107010001fb012c01080109010101a07b22616374\
    223a22656e7472792d726574726163746564222c22626f6479223a2273636f222c226964223a2230303030303030302d\
    303030302d303030302d303030302d303030303030303030303038222c2272657472616374696f6e223a7b2263617573\
    65223a22636c65726963616c227d2c22746f223a2230303030303030302d303030302d303030302d303030302d303030\
    303030303030303037227d";
const WORDS: &str = "\
    c700073459af080001017401017001016e0101720101630105707265737300010001710000000000000000";
