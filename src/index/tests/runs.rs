//! The values of runs: their bytes, and that they come back.

use super::*;

/// An entry that fills every field, encoded as sled holds it. A change of these bytes is a new schema.
#[test]
fn the_bytes_of_a_run_are_those_of_schema_6() {
    let mut event = Event::new(id(7), Act::InstrumentDeposited(Some(Form::Accession)), body("sco"));
    event.participant = Some(participant("BLR"));
    event.about = Some(participant("IRN"));
    event.dates.set(Role::Deposited, Edtf::parse("2010-05").unwrap());
    event.toward = Some(crate::event::StatusId::parse("member").unwrap());
    event.title = Some("t".into());
    event.sequence = Some(300);
    event.rival = Some(Rival::parse("D:c").unwrap());
    event.import = Some(id(1));
    let mut evidence = Evidence::citing("c", Some(Grade::Press));
    evidence.quote = Some(Quote::Text("q".into()));
    event.evidence.push(evidence);
    let entries = [entry(0, event), entry(1, retraction(8, &plain(7).event, Cause::Clerical))];
    let (events, postings) = run::build(&entries);
    let ids = events.ids().clone();
    let head = Head { origin: "o".into(), size: 2, last: Some([9; 32]), filed: 1 };
    let golden = [
        (events.encode(), EVENTS),
        (postings.encode(), POSTINGS),
        (ids.encode(), IDS),
        (head.encode(), HEAD_BYTES),
    ];
    let found = golden.each_ref().map(|(bytes, _)| hex(bytes));
    assert_eq!(found, golden.each_ref().map(|(_, expected)| (*expected).to_owned()));
    let decoded = EventsRun::decode(&golden[0].0, ids.clone()).unwrap();
    assert_eq!([0, 1].map(|at| decoded.entry(at, 0).unwrap()), entries);
    for at in 0..golden[0].0.len() {
        let mut damaged = golden[0].0.clone();
        damaged[at] ^= 1;
        assert!(EventsRun::decode(&damaged, ids.clone()).is_err(), "byte {at}");
        assert!(EventsRun::decode(&golden[0].0[..at], ids.clone()).is_err(), "cut at {at}");
    }
}

const EVENTS: &str = "\
    c700067fa20046000276a202fb03e8010014696e737472756d656e742d6465706f73697465640109616363657373696f\
    6e0373636f0103424c52010507323031302d303501066d656d626572010349524e00000101740001fb012c0103443a63\
    000100000000000000000000000000000001010163010570726573730001000171000000000001a07b22616374223a22\
    656e7472792d726574726163746564222c22626f6479223a2273636f222c226964223a2230303030303030302d303030\
    302d303030302d303030302d303030303030303030303038222c2272657472616374696f6e223a7b226361757365223a\
    22636c65726963616c227d2c22746f223a2230303030303030302d303030302d303030302d303030302d303030303030\
    303030303037227d";
const POSTINGS: &str = "\
    c70006f395106100030373636f03424c520349524e020001010102000000000102000101010000000000000000000000\
    0000000008010000000000000000000000000000000700";
const IDS: &str = "\
    c700066beace73000000000000000000000000000000000000000000000000000000000000000708";
const HEAD_BYTES: &str = "\
    c70006e3721f06016f0201090909090909090909090909090909090909090909090909090909090909090901";

#[test]
fn a_run_of_many_entries_is_compressed_and_comes_back() {
    for count in [1, 64, 65, 1024] {
        let entries: Vec<_> = (0..count).map(plain).collect();
        let (events, postings) = run::build(&entries);
        let value = events.encode();
        let ids = IdsRun::decode(&events.ids().encode()).unwrap();
        let decoded = EventsRun::decode(&value, ids.clone()).unwrap();
        assert_eq!(PostingsRun::decode(&postings.encode()).unwrap(), postings);
        let back: Vec<_> = (0..count).map(|at| decoded.entry(at, 0).unwrap()).collect();
        assert_eq!(back, entries);
        assert_eq!(value.len() < 40 * count, count > 64, "{count} entries, {} bytes", value.len());
        for at in (0..value.len()).step_by(value.len() / 40 + 1) {
            let mut damaged = value.clone();
            damaged[at] ^= 1;
            assert!(EventsRun::decode(&damaged, ids.clone()).is_err(), "byte {at}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_run_comes_back_whatever_its_ids_and_times_are(
        parts in prop::collection::vec((any::<u128>(), any::<i64>(), 0..40usize, any::<bool>()), 0..200),
        alike in any::<bool>(),
    ) {
        let made = |(n, (number, time, length, survey)): (usize, &(u128, i64, usize, bool))| {
            // Ids of one time begin alike; others do not.
            let id = if alike { (1 << 127) | (*number >> 64) } else { *number };
            let id = EventId(uuid::Uuid::from_u128(id));
            let mut event = match survey {
                true => retraction(0, &plain(7).event, Cause::Clerical),
                false => Event::clone(&plain(0).event),
            };
            event.id = id;
            event.title = Some("t".repeat(*length));
            Entry { index: Index(5 + n as u64), recorded_at: Instant::from_micros(*time), event: Arc::new(event) }
        };
        let entries: Vec<Entry> = parts.iter().enumerate().map(made).collect();
        let (events, _) = run::build(&entries);
        let ids = IdsRun::decode(&events.ids().encode()).unwrap();
        let places: Vec<_> = entries.iter().map(|entry| (entry.event.id, entry.index)).collect();
        prop_assert_eq!(ids.iter(5).collect::<Vec<_>>(), places);
        let decoded = EventsRun::decode(&events.encode(), ids).unwrap();
        prop_assert_eq!(&decoded, &events);
        let back: Result<Vec<_>, _> = (0..entries.len()).map(|at| decoded.entry(at, 5)).collect();
        prop_assert_eq!(back.unwrap(), entries);
    }

    #[test]
    fn numbers_come_back_from_their_differences(numbers in prop::collection::vec(any::<u64>(), 0..50)) {
        let differences = events::differences(numbers.iter().copied()).collect();
        prop_assert_eq!(events::sums(differences).collect::<Vec<_>>(), numbers);
    }
}

#[test]
fn ids_of_one_time_are_compressed_and_others_stay_as_they_are() {
    let ids = |id: fn(u128) -> u128| {
        let entry = |n| {
            let mut entry = plain(n);
            Arc::make_mut(&mut entry.event).id = EventId(uuid::Uuid::from_u128(id(n as u128)));
            entry
        };
        run::build(&(0..1024).map(entry).collect::<Vec<_>>()).0.ids().encode().len()
    };
    let scattered = ids(|n| uuid::Uuid::new_v5(&uuid::Uuid::nil(), &n.to_be_bytes()).as_u128());
    assert!((15 * 1024..=16 * 1024 + 8).contains(&scattered), "{scattered}");
    let of_one_time = ids(|n| (0x0198_0000_0000_7000 << 64) | uuid_end(n));
    assert!(of_one_time < 9 * 1024, "{of_one_time}");
}

/// The last half of an id that begins like others.
fn uuid_end(n: u128) -> u128 {
    uuid::Uuid::new_v5(&uuid::Uuid::nil(), &n.to_be_bytes()).as_u128() >> 64
}

#[test]
fn events_beside_the_ids_of_others_are_damage() {
    let kept = plain(1);
    let of = |entries: &[Entry]| run::build(entries).0;
    let (one, two) = (of(std::slice::from_ref(&kept)), of(&[kept.clone(), plain(2)]));
    assert!(EventsRun::decode(&one.encode(), two.ids().clone()).is_err());
    assert!(EventsRun::decode(&two.encode(), one.ids().clone()).is_err());
    // An event with a payload of its own says its id itself.
    let json = of(&[entry(0, retraction(8, &plain(7).event, Cause::Clerical))]);
    let mixed = EventsRun::decode(&json.encode(), one.ids().clone()).unwrap();
    assert!(mixed.entry(0, 0).unwrap_err().contains("another id"));
}

#[test]
fn what_is_filed_is_stored_in_the_bytes_of_schema_6() {
    let dir = tempfile::tempdir().unwrap();
    let mut index = fresh(dir.path());
    index.apply((0..3).map(plain).collect(), &|_| Some(Hash([1; 32]))).unwrap();
    index.flush().unwrap();
    let trees = index.store.run(|store| Ok((store.filed.get("sco")?, store.heads.get("sco")?))).unwrap();
    let plain = |value: &[u8]| hex(&run::unpacked(run::unseal(value).unwrap()).unwrap());
    let found = [trees.0.unwrap(), trees.1.unwrap()].map(|value| plain(&value));
    assert_eq!(found, [FILED, FILED_HEAD]);
}

const FILED: &str = "\
    0103424c520300010102dc7156746a46cbe6edfaceb4ccfb9b27fc7250d2608a991848cfec6f62f399320101010101010101\
    010101010101010101010101010101010101010101010101";
const FILED_HEAD: &str = "01a8d1ea5e38e25f4745326a6b99e9a99bf35b94d629ff7f1cdf6e0cd22b538b3f";

#[test]
fn an_event_that_is_looked_for_is_told_from_every_other() {
    let dir = tempfile::tempdir().unwrap();
    let mut index = fresh(dir.path());
    // Ids that differ in one bit alone.
    let id = |n: u32| EventId(uuid::Uuid::from_u128(1 << n));
    let entries: Vec<Entry> = (0..128)
        .map(|n| {
            let mut entry = plain(n);
            Arc::make_mut(&mut entry.event).id = id(n as u32);
            entry
        })
        .collect();
    index.apply(entries.clone(), &|_| Some(Hash([1; 32]))).unwrap();
    index.flush().unwrap();
    drop(index);
    let index = reopen(dir.path());
    for n in 0..128 {
        assert_eq!(index.find(id(n)).unwrap(), Some(Index(u64::from(n))));
    }
    for other in [0, 3, u128::MAX] {
        assert_eq!(index.find(EventId(uuid::Uuid::from_u128(other))).unwrap(), None);
    }
    assert_eq!(index.load(&Scope::ALL).unwrap(), entries);
}
