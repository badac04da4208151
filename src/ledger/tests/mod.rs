//! Receipts, refusals, and the rule that every path to the entries gives the same answer.

mod filler;
mod follower;
mod group_commit;
mod head;
mod powercut;
mod publishing;
mod recorders;
mod rows;
mod upkeep;

use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::event::{Act, ActKind, Cause, Day, Edtf, Event, KnownBy, ParticipantId, Role, StatusId};
use crate::fixture::{
    ORIGIN, START, body, charters, create, holder, id, options, rectification, retraction, rows, who, writer,
};
use crate::query::{Axes, Recorded, pending, roster, status};

/// An act of the SCO's vocabulary that needs only a day.
fn grant(n: u128, participant: &str, day: &str) -> Event {
    let mut event = Event::new(id(n), Act::StatusGranted, body("sco"));
    event.participant = Some(who(participant));
    event.dates.set(Role::Decided, Edtf::parse(day).unwrap());
    event
}

fn small(path: &Path) -> Writer {
    let mut ledger = create(path);
    ledger.append(charters(), options(START)).unwrap();
    ledger
}

fn open(path: &Path) -> Reading {
    Reading::open(path, Instant::from_micros(START)).unwrap()
}

/// The entries recorded so far.
fn read(ledger: &Writer) -> Reading {
    ledger.reading(Instant::from_micros(START))
}

/// A reading of the published index alone, even if there are few entries.
fn indexed(path: &Path) -> Reading {
    writer(path).publish().unwrap();
    let reading = open(path);
    assert_eq!(reading.record().tables().tail_entries(), 0);
    reading
}

#[test]
fn a_leaf_in_the_place_of_another_is_no_answer() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let mut ledger = small(&path);
    let acts = (0..100).map(|n| grant(500 + n, "MNG", "2004-06-17")).collect();
    ledger.append(acts, options(START + 10)).unwrap();
    ledger.close().unwrap();
    let reading = indexed(&path);
    let record = reading.record();
    let hashes: Vec<Hash> = (0..107).map(|at| record.hash(Index(at)).unwrap()).collect();
    let all: Vec<(u64, Hash)> = (0..).zip(hashes.iter().copied()).collect();
    record.check_leaves(&all).unwrap();
    // In a full block of 64 leaves and in the last one, each leaf is put in the place of another.
    for (at, other) in [(3, 4), (63, 64), (70, 3), (106, 105)] {
        let refused = record.check_leaves(&[(at, hashes[other])]).unwrap_err().to_string();
        assert!(refused.contains(&format!("entry {at} ")), "{refused}");
    }
    // A record that covers fewer entries does not read beyond them.
    assert!(record.check_leaves(&[(107, hashes[106])]).is_err());
}

#[test]
fn a_retry_gives_the_first_receipt_again_and_another_content_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = small(&dir.path().join("l"));
    let batch = vec![grant(50, "MNG", "2004-06-17"), grant(51, "IND", "2005-07-05")];
    let first = ledger.append(batch.clone(), options(START + 10)).unwrap();
    let size = ledger.size();
    let again = ledger.append(batch.clone(), options(START + 20)).unwrap();
    assert_eq!(ledger.size(), size);
    for (first, again) in first.iter().zip(&again) {
        assert!(!first.repeated && again.repeated);
        assert_eq!(Receipt { repeated: true, ..first.clone() }, *again);
        assert_eq!(ledger.log().root(first.size.0).unwrap(), first.root);
    }
    let mut mixed = batch;
    mixed.push(grant(52, "PAK", "2005-07-05"));
    let third = ledger.append(mixed, options(START + 30)).unwrap();
    assert_eq!(third.iter().map(|r| r.repeated).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(third[2].size, Size(size.0 + 1));
    let error = ledger.append(vec![grant(50, "MNG", "2004-06-18")], options(START + 40)).unwrap_err();
    assert!(matches!(error, LedgerError::IdTaken { index: Index(7), .. }), "{error}");
}

#[test]
fn a_wrong_expected_size_is_refused_with_the_actual_one_but_not_for_a_retry() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = small(&dir.path().join("l"));
    let expecting = |n| AppendOptions { expect_size: Some(Size(n)), ..options(START + 10) };
    let event = grant(50, "MNG", "2004-06-17");
    for wrong in [0, 6, 8] {
        let error = ledger.append(vec![event.clone()], expecting(wrong)).unwrap_err();
        assert!(matches!(error, LedgerError::Size { actual: Size(7), .. }), "{error}");
        assert_eq!(ledger.size(), Size(7));
    }
    ledger.append(vec![event.clone()], expecting(7)).unwrap();
    assert!(ledger.append(vec![event], expecting(7)).unwrap()[0].repeated);
}

#[test]
fn a_batch_with_one_bad_event_appends_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = small(&dir.path().join("l"));
    let root = read(&ledger).head(Size(7)).unwrap().root;
    let mut undated = grant(51, "IND", "2005-07-05");
    undated.dates.remove(Role::Decided);
    let error =
        ledger.append(vec![grant(50, "MNG", "2004-06-17"), undated], options(START + 10)).unwrap_err();
    assert!(error.to_string().starts_with("event 2 of the batch"), "{error}");
    assert_eq!((ledger.size(), read(&ledger).head(Size(7)).unwrap().root), (Size(7), root));
    assert_eq!(ledger.find(id(50)).unwrap(), None);
}

#[test]
fn an_amendment_and_acts_under_it_are_recorded_together() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let mut ledger = create(&path);
    let mut all = charters();
    let last = all.pop().unwrap();
    ledger.append(all, options(START)).unwrap();
    // The status observer comes from the recorded charter, not from the amendment in the batch.
    let mut act = grant(50, "MNG", "2004-06-17");
    act.status = Some(StatusId::parse("observer").unwrap());
    let mut partner = grant(51, "LAO", "2025-09-01");
    partner.toward = Some(StatusId::parse("sco-partner").unwrap());
    ledger.append(vec![last, act, partner], options(START + 10)).unwrap();
    assert_eq!(ledger.size(), Size(9));
}

#[test]
fn a_retracted_import_withdraws_its_rows_in_every_body() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let mut ledger = small(&path);
    let text = "id = \"x\"\n[[status]]\nid = \"member\"\ntitle = \"member\"\nplural = \"members\"\nrank = 1\n\
                [[transition]]\nact = \"status-granted\"\nto = \"member\"\nrule = \"r\"\narticle = \"1\"\n";
    let charter = crate::charter::charter_event(text, false, id(40)).unwrap();
    let import = id(60);
    let mut row = grant(50, "MNG", "2004-06-17");
    (row.body, row.import) = (body("x"), Some(import));
    let receipt = crate::event::ImportReceipt {
        file: "f".into(),
        importer: "test".into(),
        refused: 0,
        sha256: "0".repeat(64),
        taken: 1,
    };
    let recorded = Event::new(import, Act::ImportRecorded(receipt), body("sco"));
    ledger.append(vec![charter, row, recorded.clone()], options(START + 10)).unwrap();
    let withdrawn = retraction(70, &recorded, Cause::Clerical);
    ledger.append(vec![withdrawn], options(START + 20)).unwrap();
    ledger.close().unwrap();
    let answer = |reading: &Reading, size: u64| {
        let material = reading.material(&body("x"), None, Size(size)).unwrap();
        let axes = axes("2005-01-01", None, Size(size));
        status(&material, &who("MNG"), &body("x"), &axes).unwrap().status.unwrap().to_string()
    };
    let by_index = indexed(&path);
    assert_eq!([10, 11].map(|size| answer(&by_index, size)), ["member", "none"]);
    drop(by_index);
    std::fs::remove_dir_all(path.join("snapshot")).unwrap();
    let scanned = open(&path);
    assert_eq!([10, 11].map(|size| answer(&scanned, size)), ["member", "none"]);
    let entries = entries_of_leaves(scanned.log(), Size(11)).unwrap();
    let tally = replay(&entries, "2005-01-01".parse().unwrap(), &|_| {});
    assert!(tally[&body("x")].is_empty(), "{tally:?}");
    let audited =
        crate::audit::audit(&path, &crate::audit::AuditOptions::default(), &mut |_, _, _| {}).unwrap();
    assert_eq!(audited.findings, []);
}

#[test]
fn a_clock_that_went_back_is_refused_and_where_accepted_stamps_still_rise() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = small(&dir.path().join("l"));
    let last = ledger.entry(Index(6)).unwrap().recorded_at.micros();
    let stamp = |ledger: &mut Writer, n, now, accept_clock| {
        let options = AppendOptions { accept_clock, ..options(now) };
        ledger.append(vec![grant(n, "MNG", "2004-06-17")], options).map(|r| r[0].recorded_at.micros())
    };
    let error = stamp(&mut ledger, 50, last - 1_000_001, false).unwrap_err();
    assert!(matches!(error, LedgerError::Clock { .. }), "{error}");
    assert_eq!(ledger.size(), Size(7));
    assert_eq!(stamp(&mut ledger, 51, last - 1_000_000, false).unwrap(), last + 1);
    assert_eq!(stamp(&mut ledger, 52, last - 86_400_000_000, true).unwrap(), last + 2);
    assert_eq!(stamp(&mut ledger, 53, last + 10, false).unwrap(), last + 10);
    for (until, size) in [(last, 7), (last + 1, 8), (last + 9, 9), (last + 10, 10), (START - 1, 0)] {
        let asked = Recorded::Time(Instant::from_micros(until));
        assert_eq!(read(&ledger).recorded(asked).unwrap(), Size(size), "{until}");
    }
}

/// The whole record, with corrections of every kind.
fn record() -> Option<Vec<Event>> {
    let mut events = charters();
    let rows = rows()?;
    let row = |name: &str, kind: &str| {
        rows.iter().find(|e| e.participant == Some(who(name)) && e.act.kind().name() == kind).unwrap().clone()
    };
    let amendment = events[6].clone();
    let (kuwait, nepal) =
        (row("KWT", "partnership-memorandum-signed"), row("NPL", "partnership-memorandum-signed"));
    events.extend(rows);
    let moved = rectification(201, &kuwait, "participant", "LAO");
    let moved_on = rectification(202, &moved, "participant", "VNM");
    let mut undone = retraction(203, &moved, Cause::Clerical);
    undone.participant = Some(who("KWT"));
    let withdrawn = retraction(205, &nepal, Cause::Clerical);
    let restored = retraction(206, &withdrawn, Cause::Clerical);
    let later = rectification(204, &amendment, "effective", "2025-10-01");
    events.extend([moved, moved_on, undone, later, withdrawn, restored]);
    Some(events)
}

fn axes(on: &str, known: Option<&str>, size: Size) -> Axes {
    Axes::on_day(on.parse().unwrap(), known.map(|k| KnownBy::parse(k).unwrap()), size)
}

fn ask(reading: &Reading, of: &ParticipantId, size: Size, on: &str, known: Option<&str>) -> Value {
    let material = reading.material(&body("sco"), None, size).unwrap();
    match status(&material, of, &body("sco"), &axes(on, known, size)) {
        Ok(answer) => serde_json::to_value(answer).unwrap(),
        Err(error) => json!(error.to_string()),
    }
}

fn board(reading: &Reading, size: Size, on: &str) -> Value {
    let material = reading.material(&body("sco"), None, size).unwrap();
    let axes = axes(on, None, size);
    match (roster(&material, &body("sco"), None, &axes), pending(&material, &body("sco"), &axes)) {
        (Ok(roster), Ok(pending)) => json!([roster, pending]),
        _ => json!("no answer"),
    }
}

#[test]
fn what_was_recorded_first_answers_as_a_ledger_that_holds_no_more() {
    let Some(events) = record() else { return };
    let dir = tempfile::tempdir().unwrap();
    let mut whole = create(&dir.path().join("whole"));
    for (n, event) in events.iter().enumerate() {
        whole.append(vec![event.clone()], options(START + n as i64)).unwrap();
    }
    let whole = read(&whole);
    let mut growing = create(&dir.path().join("growing"));
    for (n, event) in events.iter().enumerate() {
        growing.append(vec![event.clone()], options(START + n as i64)).unwrap();
        let growing = read(&growing);
        let size = Size(n as u64 + 1);
        let latest = event.participant.iter().cloned();
        for of in latest.chain(["KWT", "LAO", "VNM"].map(who)) {
            let of_growing = ask(&growing, &of, size, "2025-09-15", None);
            assert_eq!(ask(&whole, &of, size, "2025-09-15", None), of_growing, "{of} at {size}");
        }
        if n % 5 == 0 || n > 115 {
            assert_eq!(board(&whole, size, "2025-09-15"), board(&growing, size, "2025-09-15"), "{size}");
        }
    }
    let of = |reading: &Reading, name: &str, size: usize| {
        ask(reading, &who(name), Size(size as u64), "2025-10-02", None)["status"].clone()
    };
    let end = events.len();
    // The entry is moved to Laos, then to Viet Nam, then back to Kuwait by a retraction; each state is still asked by its size.
    let expected = [(end - 6, "KWT"), (end - 5, "LAO"), (end - 4, "VNM"), (end - 3, "KWT")];
    for (size, holder) in [0, 1, 2, 3].map(|n| (expected[n].0, expected[n].1)) {
        for name in ["KWT", "LAO", "VNM"] {
            let status = if name == holder { "sco-partner" } else { "none" };
            assert_eq!(of(&whole, name, size), json!(status), "{name} at {size}");
        }
    }
    // The rectified amendment has effect a month later, in the same open ledger.
    assert_eq!(ask(&whole, &who("MNG"), Size(end as u64), "2025-09-15", None)["status"], json!("observer"));
    assert_eq!(
        ask(&whole, &who("MNG"), Size(end as u64 - 6), "2025-09-15", None)["status"],
        json!("sco-partner")
    );
}

#[test]
fn the_index_and_the_entries_give_the_same_answers() {
    let Some(events) = record() else { return };
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let mut ledger = create(&path);
    ledger.append(events.clone(), options(START)).unwrap();
    ledger.close().unwrap();
    let everybody: std::collections::BTreeSet<ParticipantId> =
        events.iter().filter_map(|e| e.participant.clone()).chain([who("VNM"), who("FRA")]).collect();
    let by_index = indexed(&path);
    let answers = |reading: &Reading| -> Vec<Value> {
        let size = reading.size();
        let days = [("2010-05-03", None), ("2022-10-01", Some("2022-12")), ("2026-01-01", None)];
        let of = |p| days.map(|(on, known)| ask(reading, p, size, on, known));
        let mut all: Vec<Value> = everybody.iter().flat_map(of).collect();
        all.push(board(reading, size, "2025-11-01"));
        all
    };
    let first = answers(&by_index);
    drop(by_index);
    let held = writer(&path);
    let by_entries = open(&path);
    assert_eq!(answers(&by_entries), first);
    drop(held);
}

#[test]
fn a_reader_that_is_overtaken_by_a_writer_answers_for_what_it_opened() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    small(&path).close().unwrap();
    let reading = open(&path);
    let mut ledger = writer(&path);
    ledger.append(vec![grant(50, "MNG", "2004-06-17")], options(START + 10)).unwrap();
    ledger.close().unwrap();
    let answer = ask(&reading, &who("MNG"), Size(7), "2005-01-01", None);
    assert_eq!(answer["status"], json!("none"));
    let reading = indexed(&path);
    assert_eq!(ask(&reading, &who("MNG"), Size(8), "2005-01-01", None)["status"], json!("observer"));
}

#[test]
fn a_rectification_of_a_rectification_may_come_in_one_batch() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = small(&dir.path().join("l"));
    let event = grant(50, "MNG", "2004-06-17");
    let first = rectification(51, &event, "decided", "2004-06-18");
    let second = rectification(52, &first, "decided", "2004-06-19");
    ledger.append(vec![event, first, second], options(START + 10)).unwrap();
    let answer = ask(&read(&ledger), &who("MNG"), Size(10), "2005-01-01", None);
    assert_eq!(answer["since"], json!("2004-06-19"));
    let bad = rectification(53, &grant(50, "MNG", "2004-06-17"), "decided", "31.02.2004");
    assert!(matches!(ledger.append(vec![bad], options(START + 20)), Err(LedgerError::Change(_))));
    let nothing = retraction(54, &grant(99, "MNG", "2004-06-17"), Cause::Clerical);
    assert!(matches!(ledger.append(vec![nothing], options(START + 20)), Err(LedgerError::NoTarget { .. })));
}

#[test]
fn rules_of_the_past_are_those_of_their_day() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = small(&dir.path().join("l"));
    let charter = ledger.charter(&body("sco")).unwrap();
    let day = |text: &str| text.parse::<Day>().unwrap();
    let dates =
        ["2001-06-15", "2003-09-19", "2004-06-17", "2008-08-28", "2010-06-11", "2014-09-12", "2025-09-01"];
    assert_eq!(charter.versions().len(), dates.len());
    for (n, date) in dates.iter().enumerate() {
        assert_eq!(charter.on(day(date)).entry, Index(n as u64), "{date}");
        assert_eq!(
            charter.on(day(date).previous()).entry,
            Index(n.saturating_sub(1) as u64),
            "before {date}"
        );
    }
}

#[test]
fn a_replay_on_every_core_counts_what_the_roster_counts() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = small(&dir.path().join("l"));
    let Some(rows) = rows() else { return };
    let signed = |name| {
        let is = |e: &&Event| e.act == Act::PartnershipMemorandumSigned && e.participant == Some(who(name));
        rows.iter().find(is).unwrap().clone()
    };
    let moved: Vec<Event> = [("MDV", "BGD"), ("MMR", "LAO"), ("ARE", "ISR")]
        .iter()
        .zip(900..)
        .map(|((from, to), n)| rectification(n, &signed(from), "participant", to))
        .collect();
    ledger.append(rows, options(START + 10)).unwrap();
    counts_agree(&ledger);
    // The record cannot be divided by participant if entries move to another participant.
    ledger.append(moved, options(START + 20)).unwrap();
    counts_agree(&ledger);
    both_sources_agree(&mut ledger);
}

/// Checks that sled and the leaves give the same entries, and the same published file to the byte.
fn both_sources_agree(ledger: &mut Writer) {
    let path = ledger.path().to_owned();
    let published = || {
        let files = crate::index::index_files(&path);
        assert_eq!(files.len(), 1);
        std::fs::read(&files[0]).unwrap()
    };
    ledger.publish_anew().unwrap();
    let of_leaves = published();
    let of_sled = ledger.rebuild().unwrap();
    let of_log = entries_of_leaves(ledger.log(), ledger.size()).unwrap();
    // Sled also keeps the texts of acts that have a payload, although no status depends on them.
    let without_words = |mut entry: Entry| {
        let event = Arc::make_mut(&mut entry.event);
        (event.title, event.place, event.note, event.recorder) = (None, None, None, None);
        event.evidence.clear();
        entry
    };
    assert_eq!(of_sled.len(), of_log.len());
    for (sled, leaf) in of_sled.into_iter().zip(of_log) {
        assert_eq!(without_words(sled), without_words(leaf));
    }
    assert!(published() == of_leaves);
}

fn counts_agree(ledger: &Writer) {
    let sco = body("sco");
    for on in ["2016-12-31", "2023-07-16", "2024-07-05", "2025-09-02"] {
        let on: Day = on.parse().unwrap();
        for size in [Size(60), ledger.size()] {
            let axes = Axes::on_day(on, None, size);
            let material = read(ledger).material(&sco, None, size).unwrap();
            let counted = roster(&material, &sco, None, &axes).unwrap().counts;
            let expected: std::collections::BTreeMap<_, _> =
                counted.into_iter().filter(|(_, c)| c.certain > 0).map(|(id, c)| (id, c.certain)).collect();
            let entries = entries_of_leaves(ledger.log(), size).unwrap();
            let tally = super::replay(&entries, on, &|_| {});
            assert_eq!(tally[&sco], expected, "{on}, {size}");
        }
    }
}
