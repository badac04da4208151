//! Compares the register at every index with a brute-force model, and the refusals of the ledger with the findings of the audit.

use proptest::prelude::*;

use super::*;
use crate::audit::{AuditOptions, audit};
use crate::charter::charter_event;
use crate::event::leaf::{encode_event, splice_signed};
use crate::event::{
    Cause, Correction, Enrolment, EventSignature, Field, FieldName, Limitation, Limits, RecorderId,
    Retraction, Revocation, signed_text,
};
use crate::ledger::{RecorderError, Recorders};
use crate::log::{Append, SigningKey};

const NAMES: [&str; 3] = ["a", "b", "c"];

/// The key of a recorder in one of two generations.
fn key(name: usize, generation: u8) -> SigningKey {
    SigningKey::from_seed(NAMES[name], &[1 + name as u8 + 10 * generation; 32])
}

fn recorder(name: usize) -> RecorderId {
    RecorderId::parse(NAMES[name]).unwrap()
}

/// An act of the register, with its recorder and the key or limits.
#[derive(Clone, Debug)]
enum Step {
    Enrol(usize, u8, Limits),
    Limit(usize, Limits),
    Revoke(usize),
    Require,
}

impl Step {
    fn act(&self) -> Act {
        match self {
            Step::Enrol(name, generation, limits) => {
                let key = key(*name, *generation).verifier().to_string();
                Act::RecorderEnrolled(Box::new(Enrolment { key, limits: limits.clone() }))
            }
            Step::Limit(name, limits) => {
                let limitation = Limitation { recorder: recorder(*name), limits: limits.clone() };
                Act::RecorderLimited(Box::new(limitation))
            }
            Step::Revoke(name) => Act::RecorderRevoked(Revocation { recorder: recorder(*name) }),
            Step::Require => Act::RecordersRequired,
        }
    }
}

fn limits() -> impl Strategy<Value = Limits> {
    let bodies = prop_oneof![
        Just(None),
        Just(Some([BodyId::parse("x").unwrap()].into())),
        Just(Some([BodyId::parse("x").unwrap(), BodyId::parse("y").unwrap()].into())),
    ];
    let acts =
        prop_oneof![3 => Just(None), 1 => Just(Some([ActKind::Founded, ActKind::EntryRetracted].into()))];
    (bodies, acts, any::<bool>()).prop_map(|(bodies, acts, registrar)| Limits { acts, bodies, registrar })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..3usize, 0..2u8, limits()).prop_map(|(name, generation, limits)| Step::Enrol(name, generation, limits)),
        2 => (0..3usize, limits()).prop_map(|(name, limits)| Step::Limit(name, limits)),
        2 => (0..3usize).prop_map(Step::Revoke),
        1 => Just(Step::Require),
    ]
}

/// The index of a recorder's enrolment before an index, searched from the end back.
fn standing(steps: &[Step], name: usize, before: usize) -> Option<usize> {
    for at in (0..before).rev() {
        match &steps[at] {
            Step::Revoke(who) if *who == name => return None,
            Step::Enrol(who, ..) if *who == name && counts(steps, at) => return Some(at),
            _ => {}
        }
    }
    None
}

/// True if an enrolment is valid: the name is free then, and the key was never enrolled.
fn counts(steps: &[Step], at: usize) -> bool {
    let Step::Enrol(name, generation, _) = &steps[at] else { return false };
    let used = |earlier: usize| {
        matches!(&steps[earlier], Step::Enrol(n, g, _) if n == name && g == generation)
            && counts(steps, earlier)
    };
    standing(steps, *name, at).is_none() && !(0..at).any(used)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_register_at_every_index_is_what_brute_force_finds(steps in prop::collection::vec(step(), 0..10)) {
        let entry = |(at, step): (usize, &Step)| Entry {
            index: Index(at as u64),
            recorded_at: Instant::from_micros(at as i64),
            event: Arc::new(Event::new(EventId(uuid::Uuid::from_u128(at as u128)), step.act(), BodyId::ledger())),
        };
        let entries: Vec<Entry> = steps.iter().enumerate().map(entry).collect();
        for size in 0..=steps.len() {
            let register = Recorders::of(&entries[..size]);
            let required = steps[..size].iter().position(|step| matches!(step, Step::Require));
            prop_assert_eq!(register.required.map(|index| index.0), required.map(|at| at as u64));
            for name in 0..NAMES.len() {
                let found = register.standing(&recorder(name)).ok();
                let enrolled = standing(&steps, name, size);
                prop_assert_eq!(found.map(|held| held.enrolled.0), enrolled.map(|at| at as u64));
                let (Some(found), Some(enrolled)) = (found, enrolled) else { continue };
                let limited = steps[enrolled..size].iter().rev().find_map(|step| match step {
                    Step::Limit(who, limits) if *who == name => Some(limits),
                    _ => None,
                });
                let Step::Enrol(_, _, first) = &steps[enrolled] else { continue };
                prop_assert_eq!(&found.limits, limited.unwrap_or(first));
            }
        }
    }
}

const RULES: &str = "title = \"T\"\n[recorders]\nstatus-granted = 2\n[[status]]\nid = \"member\"\ntitle = \"m\"\n\
    plural = \"m\"\n[[transition]]\nact = \"founded\"\nto = \"member\"\nrule = \"r\"\narticle = \"1\"\n";

/// An event to append, and its signers.
#[derive(Clone, Debug)]
enum Offer {
    Register(Step),
    Act(bool, bool),
    Correct(usize, Option<bool>),
    Retract(usize),
}

fn offer() -> impl Strategy<Value = (Offer, Vec<bool>)> {
    let offer = prop_oneof![
        3 => step().prop_map(Offer::Register),
        3 => (any::<bool>(), any::<bool>()).prop_map(|(granted, y)| Offer::Act(granted, y)),
        2 => (0..12usize, prop::option::of(any::<bool>())).prop_map(|(to, body)| Offer::Correct(to, body)),
        1 => (0..12usize).prop_map(Offer::Retract),
    ];
    (offer, prop::collection::vec(prop::bool::weighted(0.6), 3))
}

fn body(y: bool) -> BodyId {
    BodyId::parse(if y { "y" } else { "x" }).unwrap()
}

/// The event of an offer, if the recorded entries allow it to be made.
fn made(offer: &Offer, n: u128, ledger: &Writer) -> Option<Event> {
    let id = EventId(uuid::Uuid::from_u128(n));
    let target = |ledger: &Writer, to: usize| {
        let size = ledger.size().0;
        ledger.entry(Index(to as u64 % size)).ok().map(|entry| entry.event)
    };
    let event = match offer {
        Offer::Register(step) => Event::new(id, step.act(), BodyId::ledger()),
        Offer::Act(granted, y) => {
            let (act, role) = match granted {
                true => (Act::StatusGranted, Role::Decided),
                false => (Act::Founded, Role::Signed),
            };
            let mut event = Event::new(id, act, body(*y));
            event.participant = Some(ParticipantId::parse("LAO").unwrap());
            event.dates.set(role, Edtf::parse("2020-01-01").unwrap());
            event
        }
        Offer::Correct(to, moved) => {
            let target = target(ledger, *to)?;
            let said = read(ledger).as_it_stands(&target).ok()?;
            let (field, value) = match moved {
                Some(y) => (Field::Body, body(*y).to_string()),
                None => (Field::Note, format!("n{n}")),
            };
            let change = |value: String| [(FieldName(field), value)].into();
            let was = change(field.read(&said));
            let correction = Correction { cause: Cause::Clerical, now: change(value), was };
            let mut event = Event::new(id, Act::RecordCorrected(correction), target.body.clone());
            event.to = Some(target.id);
            event
        }
        Offer::Retract(to) => {
            let target = target(ledger, *to)?;
            let retraction = Retraction { cause: Cause::Clerical };
            let mut event = Event::new(id, Act::EntryRetracted(retraction), target.body.clone());
            event.to = Some(target.id);
            event
        }
    };
    Some(event)
}

/// The recorders' findings of a log with these leaves.
fn found(leaves: &[Vec<u8>]) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    Writer::create(&path, ORIGIN, &Disk::default()).unwrap();
    let log = crate::log::Entries::open_writer(&path, &Holder::default(), Disk::default()).unwrap();
    let leaves: Vec<&[u8]> = leaves.iter().map(Vec::as_slice).collect();
    assert!(matches!(log.append(0, &leaves), Append::Done { .. }));
    log.write_checkpoint().unwrap();
    let only = ["frames", "since", "links", "charters", "verdicts", "projections"];
    let options = AuditOptions { skip: only.into(), ..AuditOptions::default() };
    let report = audit(&path, &options, &mut |_, _, _| {}).unwrap();
    report.findings.iter().map(|f| format!("{}: {}", f.check, f.what)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn the_audit_finds_what_the_ledger_refuses_and_nothing_of_what_it_admits(
        offers in prop::collection::vec(offer(), 1..10)
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("l");
        Writer::create(&path, ORIGIN, &Disk::default()).unwrap();
        let mut ledger = Writer::open(&path, &Holder::default(), Disk::default()).unwrap();
        let options = AppendOptions {
            now: Instant::parse("2026-11-23T17:31:00Z").unwrap(), expect_size: None, accept_clock: true,
        };
        let charter = |id: &str, n: u128| {
            charter_event(&format!("id = \"{id}\"\n{RULES}"), false, EventId(uuid::Uuid::from_u128(n))).unwrap()
        };
        ledger.append(vec![charter("x", 1001), charter("y", 1002)], options).unwrap();
        let all = Limits { registrar: true, ..Limits::default() };
        for (n, name) in [(1003, 0), (1004, 1)] {
            let act = Step::Enrol(name, 0, all.clone()).act();
            let event = Event::new(EventId(uuid::Uuid::from_u128(n)), act, BodyId::ledger());
            ledger.append(vec![event], options).unwrap();
        }
        for (n, (offer, signers)) in offers.iter().enumerate() {
            let Some(event) = made(offer, n as u128, &ledger) else { continue };
            let bytes = encode_event(&event).unwrap();
            let names = (0..3).filter(|name| signers[*name]);
            let signatures: Vec<EventSignature> = names
                .map(|name| {
                    let signature = key(name, 0).sign(&signed_text(ORIGIN, &bytes));
                    EventSignature { recorder: recorder(name), signature }
                })
                .collect();
            ledger.offer(event.id, signatures.clone());
            let mut leaves = Vec::new();
            ledger.log().scan(0, |_, leaf, _| leaves.push(leaf.to_vec())).unwrap();
            let stamp = Instant::from_micros(options.now.micros() + 1_000_000);
            let refused = match ledger.append(vec![event], options) {
                Ok(_) => continue,
                Err(LedgerError::Recorder(error)) => error,
                Err(_) => continue,
            };
            leaves.push(splice_signed(&bytes, stamp, &signatures).unwrap());
            let told = found(&leaves);
            // The refusals that keep a ledger open to a registrar are no rule of the log, so the audit has no finding for them.
            let prudence = matches!(
                refused,
                RecorderError::LastRegistrar(_) | RecorderError::Required(_) | RecorderError::NoRegistrar
            );
            let named = told.iter().any(|what| what.starts_with("recorders: "));
            prop_assert!(named || prudence, "{} was refused: {:?}", refused, told);
        }
        let mut leaves = Vec::new();
        ledger.log().scan(0, |_, leaf, _| leaves.push(leaf.to_vec())).unwrap();
        prop_assert_eq!(found(&leaves), Vec::<String>::new());
    }
}
