//! Records of any kind: acts, imports, and corrections of corrections, of other bodies, and of no entry.

use proptest::prelude::*;
use proptest::sample::select;

use crate::event::{
    Act, Cause, Edtf, Entry, Event, Form, ImportReceipt, Index, Instant, ParticipantId, Rival, Role,
};
use crate::fixture::{body, id, rectification, retraction};
use crate::log::Hash;

pub(in crate::index) const BODIES: [&str; 3] = ["sco", "nato", "x-1"];
pub(in crate::index) const PEOPLE: [&str; 4] = ["BLR", "IRN", "SUN", "A-B"];

#[derive(Clone, Debug)]
pub(in crate::index) struct Seed {
    body: &'static str,
    participant: Option<&'static str>,
    about: Option<&'static str>,
    pub(in crate::index) kind: u8,
    target: prop::sample::Index,
    moved: (&'static str, &'static str),
}

pub(in crate::index) fn seed() -> impl Strategy<Value = Seed> {
    let moved = prop_oneof![
        select(&PEOPLE[..]).prop_map(|p| ("participant", p)),
        Just(("participant", "")),
        select(&PEOPLE[..]).prop_map(|p| ("about", p)),
        select(&BODIES[..]).prop_map(|b| ("body", b)),
        Just(("title", "another")),
    ];
    let who = || prop::option::weighted(0.7, select(&PEOPLE[..]));
    let about = prop::option::weighted(0.2, select(&PEOPLE[..]));
    (select(&BODIES[..]), who(), about, 0..11u8, any::<prop::sample::Index>(), moved).prop_map(
        |(body, participant, about, kind, target, moved)| Seed {
            body,
            participant,
            about,
            kind,
            target,
            moved,
        },
    )
}

/// A number of acts of one participant in one body.
pub(in crate::index) fn plain(count: usize) -> Vec<Seed> {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let target = any::<prop::sample::Index>().new_tree(&mut runner).unwrap().current();
    let moved = ("title", "another");
    vec![Seed { body: "sco", participant: Some("BLR"), about: None, kind: 10, target, moved }; count]
}

fn import(n: u128, of: &str) -> Event {
    let receipt = ImportReceipt {
        file: "f.csv".into(),
        importer: "test".into(),
        refused: 0,
        sha256: "00".repeat(32),
        taken: 1,
    };
    Event::new(id(n), Act::ImportRecorded(receipt), body(of))
}

pub(in crate::index) fn record(seeds: &[Seed]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for (n, seed) in seeds.iter().enumerate() {
        let target = (n > 0).then(|| entries[seed.target.index(n)].event.as_ref().clone());
        let number = n as u128;
        let mut event = match (seed.kind, target) {
            (0 | 1, Some(target)) => retraction(number, &target, Cause::NewEvidence),
            (2 | 3, Some(target)) => rectification(number, &target, seed.moved.0, seed.moved.1),
            (4, Some(target)) => {
                // The target does not exist, or comes later.
                let mut event = retraction(number, &target, Cause::Clerical);
                event.to = Some(id(number + 2));
                event
            }
            (5, _) => import(number, seed.body),
            (6, _) => {
                Event::new(id(number), Act::InstrumentDeposited(Some(Form::Accession)), body(seed.body))
            }
            (7, Some(target)) => {
                let mut event = Event::new(id(number), Act::RightsSuspended(None), body(seed.body));
                event.to = Some(target.id);
                event
            }
            _ => Event::new(id(number), Act::StatusGranted, body(seed.body)),
        };
        event.body = body(seed.body);
        event.participant = seed.participant.map(|name| ParticipantId::parse(name).unwrap());
        event.about = seed.about.map(|name| ParticipantId::parse(name).unwrap());
        event.dates.set(Role::Decided, Edtf::parse("[2010-04-28..2010-04-29]").unwrap());
        event.title = (n % 2 == 0).then(|| format!("Decision {n}"));
        event.sequence = (n % 3 == 0).then_some(n as u16);
        event.rival = (n % 5 == 0).then(|| Rival::parse("D:one").unwrap());
        let recorded_at = Instant::from_micros(1_000 + n as i64);
        entries.push(Entry { index: Index(n as u64), recorded_at, event: event.into() });
    }
    entries
}

pub(in crate::index) fn leaf(at: Index) -> Hash {
    let mut hash = [7; 32];
    hash[..8].copy_from_slice(&at.0.to_be_bytes());
    Hash(hash)
}

pub(in crate::index) fn leaves(entries: &[Entry]) -> Vec<Hash> {
    entries.iter().map(|entry| leaf(entry.index)).collect()
}
