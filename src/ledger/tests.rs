//! What a receipt promises, what is refused, and that no path to the entries changes an answer.

use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::event::{Act, Cause, Day, Edtf, ParticipantId, Role, Scope, ScopeKey, StatusId};
use crate::fixture::{
    ORIGIN, START, body, charters, create, holder, id, options, rectification, retraction, rows, who, writer,
};
use crate::index::IndexError;
use crate::query::{Axes, pending, roster, status};

/// An act of the SCO's vocabulary that needs nothing but a day.
fn grant(n: u128, participant: &str, day: &str) -> Event {
    let mut event = Event::new(id(n), Act::StatusGranted, body("sco"));
    event.participant = Some(who(participant));
    event.dates.set(Role::Decided, Edtf::parse(day).unwrap());
    event
}

fn small(path: &Path) -> Ledger {
    let mut ledger = create(path);
    ledger.append(charters(), options(START)).unwrap();
    ledger
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
    let root = ledger.head(Size(7)).unwrap().root;
    let mut undated = grant(51, "IND", "2005-07-05");
    undated.dates.remove(Role::Decided);
    let error =
        ledger.append(vec![grant(50, "MNG", "2004-06-17"), undated], options(START + 10)).unwrap_err();
    assert!(error.to_string().starts_with("event 2 of the batch"), "{error}");
    assert_eq!((ledger.size(), ledger.head(Size(7)).unwrap().root), (Size(7), root));
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
    // The status observer is from the charter on record, not from the amendment of the batch.
    let mut act = grant(50, "MNG", "2004-06-17");
    act.status = Some(StatusId::parse("observer").unwrap());
    let mut partner = grant(51, "LAO", "2025-09-01");
    partner.toward = Some(StatusId::parse("sco-partner").unwrap());
    ledger.append(vec![last, act, partner], options(START + 10)).unwrap();
    assert_eq!(ledger.size(), Size(9));
}

#[test]
fn a_clock_that_went_back_is_refused_and_where_accepted_stamps_still_rise() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = small(&dir.path().join("l"));
    let last = ledger.entry(Index(6)).unwrap().recorded_at.micros();
    let stamp = |ledger: &mut Ledger, n, now, accept_clock| {
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
        assert_eq!(ledger.recorded(asked).unwrap(), Size(size), "{until}");
    }
}

/// The whole record with corrections of every kind.
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
    Axes { on: on.parse().unwrap(), as_known: known.map(|k| Edtf::parse(k).unwrap()), as_recorded: size }
}

fn ask(ledger: &mut Ledger, of: &ParticipantId, size: Size, on: &str, known: Option<&str>) -> Value {
    let loaded = ledger.load(&Scope::of_pair(of.clone(), body("sco"))).unwrap();
    let material = ledger.material(&loaded, size).unwrap();
    match status(&material, of, &body("sco"), &axes(on, known, size)) {
        Ok(answer) => serde_json::to_value(answer).unwrap(),
        Err(error) => json!(error.to_string()),
    }
}

fn board(ledger: &mut Ledger, size: Size, on: &str) -> Value {
    let loaded = ledger.load(&Scope::of_body(body("sco"))).unwrap();
    let material = ledger.material(&loaded, size).unwrap();
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
    let mut growing = create(&dir.path().join("growing"));
    for (n, event) in events.iter().enumerate() {
        growing.append(vec![event.clone()], options(START + n as i64)).unwrap();
        let size = Size(n as u64 + 1);
        let latest = event.participant.iter().cloned();
        for of in latest.chain(["KWT", "LAO", "VNM"].map(who)) {
            let of_growing = ask(&mut growing, &of, size, "2025-09-15", None);
            assert_eq!(ask(&mut whole, &of, size, "2025-09-15", None), of_growing, "{of} at {size}");
        }
        if n % 5 == 0 || n > 115 {
            assert_eq!(
                board(&mut whole, size, "2025-09-15"),
                board(&mut growing, size, "2025-09-15"),
                "{size}"
            );
        }
    }
    let of = |ledger: &mut Ledger, name: &str, size: usize| {
        ask(ledger, &who(name), Size(size as u64), "2025-10-02", None)["status"].clone()
    };
    let end = events.len();
    // Moved to Laos, then to Viet Nam, then back to Kuwait by a retraction; each still asked by its size.
    let expected = [(end - 6, "KWT"), (end - 5, "LAO"), (end - 4, "VNM"), (end - 3, "KWT")];
    for (size, holder) in [0, 1, 2, 3].map(|n| (expected[n].0, expected[n].1)) {
        for name in ["KWT", "LAO", "VNM"] {
            let status = if name == holder { "sco-partner" } else { "none" };
            assert_eq!(of(&mut whole, name, size), json!(status), "{name} at {size}");
        }
    }
    // The rectified amendment holds a month later, in the same open ledger.
    assert_eq!(
        ask(&mut whole, &who("MNG"), Size(end as u64), "2025-09-15", None)["status"],
        json!("observer")
    );
    assert_eq!(
        ask(&mut whole, &who("MNG"), Size(end as u64 - 6), "2025-09-15", None)["status"],
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
    let mut by_index = Ledger::open_reader(&path).unwrap();
    let answers = |ledger: &mut Ledger| -> Vec<Value> {
        let size = ledger.size();
        let days = [("2010-05-03", None), ("2022-10-01", Some("2022-12")), ("2026-01-01", None)];
        let of = |ledger: &mut Ledger, p| days.map(|(on, known)| ask(ledger, p, size, on, known));
        let mut all: Vec<Value> = everybody.iter().flat_map(|p| of(ledger, p)).collect();
        all.push(board(ledger, size, "2025-11-01"));
        all
    };
    let first = answers(&mut by_index);
    assert!(matches!(by_index.index, load::Source::Index(_)));
    drop(by_index);
    let held = writer(&path);
    let mut by_entries = Ledger::open_reader(&path).unwrap();
    assert_eq!(answers(&mut by_entries), first);
    assert!(matches!(by_entries.index, load::Source::Entries));
    let brute = |scope: &Scope| -> Vec<Entry> {
        let all = (0..held.size().0).map(|n| held.entry(Index(n)).unwrap());
        all.filter(|e| scope.admits(&e.event)).collect()
    };
    let mut held_by = Ledger::open_reader(&path).unwrap();
    for p in &everybody {
        let scope = Scope::of_pair(p.clone(), body("sco"));
        let loaded = held_by.load(&scope).unwrap();
        let expected = brute(&scope);
        let held = |id| loaded.entries().iter().any(|e| e.event.id == id);
        let stray = |e: &&Entry| ScopeKey::of(&e.event).corrects && !e.event.to.is_some_and(held);
        let mut needed = expected.iter().filter(|e| !stray(e));
        assert!(needed.all(|e| loaded.entries().contains(e)), "{p}");
        assert!(loaded.entries().windows(2).all(|w| w[0].index < w[1].index));
        let extra = loaded.entries().iter().filter(|e| !expected.contains(e));
        assert!(
            extra.clone().all(|e| e.event.participant == Some(who("KWT"))),
            "only the entry that was moved"
        );
    }
}

#[test]
fn a_reader_that_is_overtaken_by_a_writer_answers_for_what_it_opened() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    small(&path).close().unwrap();
    let mut reader = Ledger::open_reader(&path).unwrap();
    let mut ledger = writer(&path);
    ledger.append(vec![grant(50, "MNG", "2004-06-17")], options(START + 10)).unwrap();
    ledger.close().unwrap();
    let answer = ask(&mut reader, &who("MNG"), Size(7), "2005-01-01", None);
    assert_eq!(answer["status"], json!("none"));
    let mut reader = Ledger::open_reader(&path).unwrap();
    assert_eq!(ask(&mut reader, &who("MNG"), Size(8), "2005-01-01", None)["status"], json!("observer"));
}

#[test]
fn a_rectification_of_a_rectification_may_come_in_one_batch() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = small(&dir.path().join("l"));
    let event = grant(50, "MNG", "2004-06-17");
    let first = rectification(51, &event, "decided", "2004-06-18");
    let second = rectification(52, &first, "decided", "2004-06-19");
    ledger.append(vec![event, first, second], options(START + 10)).unwrap();
    let answer = ask(&mut ledger, &who("MNG"), Size(10), "2005-01-01", None);
    assert_eq!(answer["since"], json!("2004-06-19"));
    let bad = rectification(53, &grant(50, "MNG", "2004-06-17"), "decided", "31.02.2004");
    assert!(matches!(ledger.append(vec![bad], options(START + 20)), Err(LedgerError::Change(_))));
    let nothing = retraction(54, &grant(99, "MNG", "2004-06-17"), Cause::Clerical);
    assert!(matches!(ledger.append(vec![nothing], options(START + 20)), Err(LedgerError::NoTarget { .. })));
}

#[test]
fn an_index_of_another_history_is_refused_and_neither_is_changed() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (dir.path().join("one"), dir.path().join("other"));
    let open = || Ledger::open_writer(&one, &holder(), Disk::default());
    let copy_index = || {
        let _ = std::fs::remove_dir_all(one.join("sled"));
        copy(&other.join("sled"), &one.join("sled"));
    };
    let mut ledger = small(&one);
    ledger.append(vec![grant(50, "MNG", "2004-06-17")], options(START + 10)).unwrap();
    ledger.close().unwrap();
    let evidence = bytes(&one.join("entries"));
    assert_eq!(Ledger::open_reader(&one).unwrap().origin(), ORIGIN);

    let mut ledger = small(&other);
    ledger.append(vec![grant(51, "IND", "2004-06-17")], options(START + 10)).unwrap();
    ledger.close().unwrap();
    copy_index();
    let error = open().map(|_| ()).unwrap_err();
    assert!(matches!(error, LedgerError::Index(IndexError::Other { size: Size(8) })), "{error}");
    let mut reader = Ledger::open_reader(&one).unwrap();
    let error = reader.load(&Scope::ALL).map(|_| ()).unwrap_err();
    assert!(matches!(error, LedgerError::Index(IndexError::Other { size: Size(8) })), "{error}");

    let mut ledger = writer(&other);
    ledger.append(vec![grant(52, "PAK", "2005-07-05")], options(START + 20)).unwrap();
    ledger.close().unwrap();
    copy_index();
    let error = open().map(|_| ()).unwrap_err();
    let ahead = IndexError::Ahead { index: Size(9), entries: Size(8) };
    assert_eq!(error.to_string(), ahead.to_string());
    assert!(Ledger::open_reader(&one).unwrap().load(&Scope::ALL).is_err());
    let index = EventIndex::open(&one, ORIGIN, INDEX_DEADLINE).unwrap();
    assert_eq!(index.size(), Size(9));
    drop(index);

    // Behind, but of another history all the same.
    std::fs::remove_dir_all(&other).unwrap();
    let mut ledger = create(&other);
    ledger.append(charters().into_iter().take(6).collect(), options(START + 99)).unwrap();
    ledger.close().unwrap();
    copy_index();
    let error = open().map(|_| ()).unwrap_err();
    assert!(matches!(error, LedgerError::Index(IndexError::Other { size: Size(6) })), "{error}");
    assert_eq!(bytes(&one.join("entries")), evidence);
}

pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => _ = std::fs::copy(entry.path(), target).unwrap(),
        }
    }
}

/// Every file under a folder with its bytes, by path.
pub(crate) fn bytes(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        match entry.file_type().unwrap().is_dir() {
            true => found.extend(bytes(&entry.path())),
            false => found.push((entry.path(), std::fs::read(entry.path()).unwrap())),
        }
    }
    found.sort();
    found
}

/// Damage to the files of sled, drawn from a fixed seed.
#[test]
fn a_damaged_index_never_gives_a_wrong_answer_and_never_stops_a_writer() {
    let full = std::env::var("CHANCERY_FAULTS").is_ok_and(|v| v == "full");
    let (flips, cuts) = if full { (200, 100) } else { (20, 10) };
    let dir = tempfile::tempdir().unwrap();
    let whole = dir.path().join("whole");
    let mut ledger = small(&whole);
    for (n, name) in ["MNG", "IND", "PAK", "IRN", "AFG", "BLR", "LKA", "TUR", "NPL", "KHM"].iter().enumerate()
    {
        let n = n as u128;
        ledger.append(vec![grant(50 + n, name, "2005-07-05")], options(START + 10 + n as i64)).unwrap();
    }
    let size = ledger.size();
    let right = ask(&mut ledger, &who("PAK"), size, "2006-01-01", None);
    let right_board = board(&mut ledger, size, "2006-01-01");
    assert_eq!(right["status"], json!("observer"));
    ledger.close().unwrap();
    let evidence = bytes(&whole.join("entries"));
    let mut random = 0x1234_5678_9abc_def1u64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % below.max(1) as u64) as usize
    };
    let mut rebuilt = 0;
    for trial in 0..flips + cuts {
        let path = dir.path().join(format!("t{trial}"));
        copy(&whole, &path);
        let files: Vec<PathBuf> = bytes(&path.join("sled")).into_iter().map(|(p, _)| p).collect();
        let files: Vec<PathBuf> =
            files.into_iter().filter(|p| std::fs::metadata(p).unwrap().len() > 0).collect();
        let file = &files[next(files.len())];
        let mut content = std::fs::read(file).unwrap();
        if trial < flips {
            // The written part; most of the file is preallocated zeros.
            let written = content.iter().rposition(|b| *b != 0).unwrap_or(0) + 1;
            content[next(written)] ^= 1 << next(8);
        } else {
            content.truncate(next(content.len()));
        }
        std::fs::write(file, content).unwrap();
        let mut reader = Ledger::open_reader(&path).unwrap();
        assert_eq!(ask(&mut reader, &who("PAK"), size, "2006-01-01", None), right, "trial {trial}");
        assert_eq!(board(&mut reader, size, "2006-01-01"), right_board, "trial {trial}");
        drop(reader);
        let mut ledger = writer(&path);
        assert_eq!(ask(&mut ledger, &who("PAK"), size, "2006-01-01", None), right, "trial {trial}");
        let entries: Vec<_> = bytes(&path.join("entries")).into_iter().filter(named_segment).collect();
        let whole: Vec<_> = evidence.iter().filter(|f| named_segment(f)).map(|(_, b)| b).collect();
        assert_eq!(entries.iter().map(|(_, b)| b).collect::<Vec<_>>(), whole, "trial {trial}");
        let receipt = &ledger.append(vec![grant(90, "ARM", "2015-07-10")], options(START + 99)).unwrap()[0];
        assert_eq!(receipt.index, Index(size.0));
        let answer = ask(&mut ledger, &who("ARM"), Size(size.0 + 1), "2016-01-01", None);
        assert_eq!(answer["status"], json!("observer"), "trial {trial}");
        ledger.close().unwrap();
        // The writer after it has a whole index again.
        let mut after = writer(&path);
        after.load(&Scope::ALL).unwrap();
        assert_eq!(after.find(id(90)).unwrap(), Some(Index(size.0)));
        rebuilt += usize::from(!path.join("sled/000001").exists());
        drop(after);
        std::fs::remove_dir_all(&path).unwrap();
    }
    assert!(rebuilt > 0, "no damage was ever noticed: is the right folder damaged?");
}

fn named_segment((path, _): &(PathBuf, Vec<u8>)) -> bool {
    path.file_name().is_some_and(|name| name != "acknowledged")
}

#[test]
fn a_damaged_generation_is_replaced_by_the_next_writer() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    small(&path).close().unwrap();
    assert!(path.join("sled/000001/complete").exists());
    std::fs::write(path.join("sled/000001/db"), b"").unwrap();
    let mut reader = Ledger::open_reader(&path).unwrap();
    assert_eq!(reader.bodies().unwrap(), [body("sco")]);
    assert!(!path.join("sled/000002").exists(), "a question makes no generation");
    drop(reader);
    let mut ledger = writer(&path);
    assert!(matches!(ledger.index, load::Source::Index(_)));
    assert_eq!(ledger.bodies().unwrap(), [body("sco")]);
    assert!(path.join("sled/000002/complete").exists());
    assert!(!path.join("sled/000001").exists());
}

#[test]
fn a_ledger_answers_from_its_entries_while_another_has_the_index() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let mut ledger = small(&path);
    ledger.append(vec![grant(50, "MNG", "2004-06-17")], options(START + 10)).unwrap();
    ledger.close().unwrap();
    let held = EventIndex::open(&path, ORIGIN, INDEX_DEADLINE).unwrap();
    let second = EventIndex::open(&path, ORIGIN, INDEX_DEADLINE).map(|_| ());
    assert!(matches!(second, Err(IndexError::Busy { .. })), "{second:?}");
    let mut reader = Ledger::open_reader(&path).unwrap();
    assert_eq!(ask(&mut reader, &who("MNG"), Size(8), "2005-01-01", None)["status"], json!("observer"));
    let mut writer = writer(&path);
    assert!(matches!(writer.index, load::Source::Entries));
    writer.append(vec![grant(51, "IND", "2005-07-05")], options(START + 20)).unwrap();
    assert_eq!(ask(&mut writer, &who("IND"), Size(9), "2006-01-01", None)["status"], json!("observer"));
    writer.close().unwrap();
    drop(held);
    let behind = EventIndex::open(&path, ORIGIN, INDEX_DEADLINE).unwrap();
    assert_eq!(behind.size(), Size(8));
    drop(behind);
    drop(crate::fixture::writer(&path));
    assert_eq!(EventIndex::open(&path, ORIGIN, INDEX_DEADLINE).unwrap().size(), Size(9));
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
    counts_agree(&mut ledger);
    // Entries that move to another participant keep the record from being parted.
    ledger.append(moved, options(START + 20)).unwrap();
    counts_agree(&mut ledger);
}

fn counts_agree(ledger: &mut Ledger) {
    let sco = body("sco");
    for on in ["2016-12-31", "2023-07-16", "2024-07-05", "2025-09-02"] {
        let on: Day = on.parse().unwrap();
        for size in [Size(60), ledger.size()] {
            let loaded = ledger.load(&Scope::of_body(sco.clone())).unwrap();
            let axes = Axes { on, as_known: None, as_recorded: size };
            let material = ledger.material(&loaded, size).unwrap();
            let counted = roster(&material, &sco, None, &axes).unwrap().counts;
            let expected: std::collections::BTreeMap<_, _> =
                counted.into_iter().filter(|(_, c)| c.certain > 0).map(|(id, c)| (id, c.certain)).collect();
            let tally = super::replay(ledger.log(), size, on, &mut |_| {}).unwrap();
            assert_eq!(tally[&sco], expected, "{on}, {size}");
        }
    }
}
