//! The forgeries that an insider with every right to write can and cannot make: the log is rewritten with all its hashes, but the
//! insider does not have the recorders' keys.

use super::*;
use crate::event::leaf::splice_signed;
use crate::log::SigningKey;

const RULES: &str = r#"
    id = "union"
    title = "Union"
    [recorders]
    status-granted = 2
    [[status]]
    id = "member"
    title = "member"
    plural = "members"
    [[transition]]
    act = "founded"
    to = "member"
    rule = "r"
    article = "1"
"#;

fn key(name: &str) -> SigningKey {
    let mut seed = [7; 32];
    seed[..name.len()].copy_from_slice(name.as_bytes());
    SigningKey::from_seed(name, &seed)
}

fn body(id: &str) -> BodyId {
    BodyId::parse(id).unwrap()
}

fn recorder(name: &str) -> RecorderId {
    RecorderId::parse(name).unwrap()
}

fn of_ledger(n: u128, act: Act) -> Event {
    Event::new(id(n), act, BodyId::ledger())
}

fn enrolled(n: u128, name: &str, limits: Limits) -> Event {
    let key = key(name).verifier().to_string();
    of_ledger(n, Act::RecorderEnrolled(Box::new(Enrolment { key, limits })))
}

fn act(n: u128, kind: ActKind, of: &str) -> Event {
    let mut event = Event::new(id(n), Act::bare(kind).unwrap(), body(of));
    event.participant = Some(ParticipantId::parse("LAO").unwrap());
    event.dates.set(kind.roles()[0], Edtf::parse("2020-01-01").unwrap());
    event
}

fn signature(event: &Event, name: &str, origin: &str) -> EventSignature {
    let bytes = encode_event(event).unwrap();
    EventSignature { recorder: recorder(name), signature: key(name).sign(&signed_text(origin, &bytes)) }
}

type Entries = Vec<(Event, Vec<EventSignature>)>;

fn by(event: Event, names: &[&str]) -> (Event, Vec<EventSignature>) {
    let signatures = names.iter().map(|name| signature(&event, name, ORIGIN)).collect();
    (event, signatures)
}

fn desk() -> Limits {
    Limits { bodies: Some([body("union")].into()), ..Limits::default() }
}

/// The rules (0), `registry`, `desk`, `other` and `gone` (1 to 4), required (5), an act of two (6), an act of `gone` (7), which is
/// then revoked (8).
fn sound() -> Entries {
    let all = Limits { registrar: true, ..Limits::default() };
    let limited = Limits { acts: Some([ActKind::Founded, ActKind::RecordCorrected].into()), ..desk() };
    vec![
        by(charter_event(RULES, false, id(1)).unwrap(), &[]),
        by(enrolled(2, "registry", all), &[]),
        by(enrolled(3, "desk", desk()), &["registry"]),
        by(enrolled(4, "other", limited), &["registry"]),
        by(enrolled(5, "gone", Limits::default()), &["registry"]),
        by(of_ledger(6, Act::RecordersRequired), &["registry"]),
        by(act(7, ActKind::StatusGranted, "union"), &["desk", "registry"]),
        by(act(8, ActKind::Founded, "union"), &["gone"]),
        by(of_ledger(9, Act::RecorderRevoked(Revocation { recorder: recorder("gone") })), &["registry"]),
    ]
}

fn leaves_of(entries: &Entries) -> Vec<Vec<u8>> {
    let stamp = |at: usize| Instant::from_micros(1_800_000_000_000_000 + at as i64);
    let leaf = |(at, (event, signatures)): (usize, &(Event, Vec<EventSignature>))| {
        splice_signed(&encode_event(event).unwrap(), stamp(at), signatures).unwrap()
    };
    entries.iter().enumerate().map(leaf).collect()
}

/// The code and entry of every finding about recorders.
fn told(entries: &Entries) -> Vec<(&'static str, Option<u64>)> {
    let found = raw_faults(&leaves_of(entries)).into_iter();
    found.filter(|(check, ..)| *check == "recorders").map(|(_, code, entry)| (code, entry)).collect()
}

fn with(more: (Event, Vec<EventSignature>)) -> Entries {
    let mut entries = sound();
    entries.push(more);
    entries
}

#[test]
fn a_sound_log_has_no_finding_and_what_a_revoked_recorder_recorded_before_stays_valid() {
    assert_eq!(raw_faults(&leaves_of(&sound())), []);
}

#[test]
fn every_kind_of_forgery_is_found_by_its_name_at_its_entry() {
    let founded = || act(20, ActKind::Founded, "union");
    let correction = |n: u128, to: u128, field: Field, value: &str, was: &str| {
        let change = |value: &str| [(FieldName(field), value.to_owned())].into();
        let correction = Correction { cause: Cause::Clerical, now: change(value), was: change(was) };
        let mut event = Event::new(id(n), Act::RecordCorrected(correction), body("union"));
        event.to = Some(id(to));
        event
    };
    let limited = |limits: Limits| {
        let limitation = Limitation { recorder: recorder("nobody"), limits };
        of_ledger(20, Act::RecorderLimited(Box::new(limitation)))
    };
    let elsewhere = (founded(), vec![signature(&founded(), "desk", "example.org/other")]);
    let mut changed = by(founded(), &["desk"]);
    changed.0.dates.set(Role::Signed, Edtf::parse("2020-01-02").unwrap());
    let mut borrowed = by(founded(), &["desk"]);
    borrowed.1[0].recorder = recorder("registry");
    let retraction = retracted(20, 7);
    let of_register = {
        let mut event = retracted(20, 5);
        event.body = BodyId::ledger();
        event
    };
    let table: [(&str, (Event, Vec<EventSignature>)); 16] = [
        ("unsigned", by(founded(), &[])),
        ("unsigned", by(enrolled(20, "mine", desk()), &[])),
        ("unknown-recorder", by(founded(), &["mine"])),
        ("revoked", by(founded(), &["gone"])),
        ("out-of-scope", by(founded_in("elsewhere"), &["desk"])),
        ("out-of-scope", by(act(20, ActKind::Expelled, "union"), &["other"])),
        ("out-of-scope", by(enrolled(20, "mine", desk()), &["desk"])),
        ("out-of-scope", by(correction(20, 8, Field::Body, "elsewhere", "union"), &["desk"])),
        ("out-of-scope", by(correction(20, 8, Field::Act, "expelled", "founded"), &["other"])),
        ("wrong-signature", elsewhere),
        ("wrong-signature", changed),
        ("wrong-signature", borrowed),
        ("too-few", by(act(20, ActKind::StatusGranted, "union"), &["desk"])),
        ("too-few", by(correction(20, 7, Field::Note, "x", ""), &["desk"])),
        ("register", by(limited(desk()), &["registry"])),
        ("register", by(of_register, &["registry"])),
    ];
    for (at, (code, forged)) in table.into_iter().enumerate() {
        assert_eq!(told(&with(forged)), [(code, Some(9))], "row {at}");
    }
    let retracts = told(&with(by(Event { body: body("union"), ..retraction }, &["registry"])));
    assert_eq!(retracts, [("too-few", Some(9))]);
    let lifted = charter_event(&RULES.replace("status-granted = 2", ""), false, id(20)).unwrap();
    assert_eq!(told(&with(by(lifted, &["registry"]))), [("too-few", Some(9))]);
}

fn founded_in(of: &str) -> Event {
    act(20, ActKind::Founded, of)
}

#[test]
fn an_insider_cannot_take_a_signature_away_insert_an_entry_or_let_the_requirement_vanish() {
    let mut stripped = sound();
    stripped[6].1.clear();
    assert_eq!(told(&stripped), [("too-few", Some(6))]);
    let mut stripped = sound();
    stripped[7].1.clear();
    assert_eq!(told(&stripped), [("unsigned", Some(7))]);
    let mut inserted = sound();
    inserted.insert(6, by(act(30, ActKind::Founded, "union"), &[]));
    assert_eq!(told(&inserted), [("unsigned", Some(6))]);
    // Without the enrolments, or with another key in their place, no signature verifies any more.
    let mut without = sound();
    without.remove(2);
    assert_eq!(told(&without), [("unknown-recorder", Some(5))]);
    let mut replaced = sound();
    let stolen = SigningKey::from_seed("gone", &[9; 32]).verifier().to_string();
    let enrolment = Enrolment { key: stolen, limits: Limits::default() };
    replaced[4].0.act = Act::RecorderEnrolled(Box::new(enrolment));
    assert_eq!(told(&replaced), [("wrong-signature", Some(4)), ("wrong-signature", Some(7))]);
    let mut unrevoked = sound();
    unrevoked.remove(8);
    unrevoked.push(by(act(30, ActKind::Founded, "union"), &["gone"]));
    // Only a head or copy kept elsewhere shows that a revocation was removed: the log is another one.
    assert_eq!(told(&unrevoked), []);
}

#[test]
fn a_rule_of_two_is_held_against_the_charter_as_it_was_recorded_then() {
    let mut before = sound();
    let granted = by(act(30, ActKind::StatusGranted, "union"), &["desk"]);
    before.push(granted.clone());
    let lifting = "id = \"union\"\neffective = \"2021-01-01\"\n[recorders]\nstatus-granted = 0\n";
    before.push(by(charter_event(lifting, true, id(31)).unwrap(), &["desk", "registry"]));
    before.push(by(act(32, ActKind::StatusGranted, "union"), &["desk"]));
    assert_eq!(told(&before), [("too-few", Some(9))]);
}

#[test]
fn whoever_withdraws_an_import_must_be_free_in_every_body_of_its_rows() {
    let elsewhere = RULES.replace("\"union\"", "\"elsewhere\"").replace("status-granted = 2", "");
    let mut entries = sound();
    entries.push(by(charter_event(&elsewhere, false, id(30)).unwrap(), &["registry"]));
    let receipt = ImportReceipt {
        file: "f".into(),
        importer: "i".into(),
        refused: 0,
        sha256: "0".repeat(64),
        taken: 1,
    };
    let mut row = act(31, ActKind::Founded, "elsewhere");
    row.import = Some(id(32));
    entries.push(by(row, &["registry"]));
    entries.push(by(Event::new(id(32), Act::ImportRecorded(receipt), body("union")), &["registry"]));
    let withdrawn = Event { body: body("union"), ..retracted(33, 32) };
    let mut by_desk = entries.clone();
    by_desk.push(by(withdrawn.clone(), &["desk"]));
    assert_eq!(told(&by_desk), [("out-of-scope", Some(12))]);
    entries.push(by(withdrawn, &["registry"]));
    assert_eq!(told(&entries), []);
}

#[test]
fn many_signatures_are_verified_in_parts_and_each_wrong_one_is_named() {
    let mut entries = sound();
    for n in 0..40u128 {
        let event = act(100 + n, ActKind::Founded, "union");
        let mut signed = by(event, &["desk"]);
        if n % 13 == 5 {
            signed.1[0].signature[3] ^= 1;
        }
        entries.push(signed);
    }
    let wrong: Vec<u64> = told(&entries).into_iter().filter_map(|(_, entry)| entry).collect();
    assert_eq!(wrong, [14, 27, 40]);
}
