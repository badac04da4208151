use std::path::{Path, PathBuf};

use super::*;

/// A ledger whose snapshot covers all of it.
pub(super) fn published() -> (tempfile::TempDir, PathBuf) {
    let (dir, path) = ledger();
    writer(&path).publish_base(&mut |_| {}).unwrap();
    (dir, path)
}

fn writer(path: &Path) -> Ledger {
    Ledger::open_writer(path, &Holder::default(), Disk::default()).unwrap()
}

fn parts(path: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(path.join("snapshot")).unwrap().map(|file| file.unwrap().path()).collect()
}

fn number(bytes: &[u8], at: usize) -> usize {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn put(bytes: &mut [u8], at: usize, word: u32) {
    bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
}

/// Where a section begins, and how many words it has.
fn section(bytes: &[u8], section: usize) -> (usize, usize) {
    let at = 108 + 16 * section;
    (number(bytes, at), number(bytes, at + 8) / 4)
}

/// Gives changed bytes the checksums that a part has which was written so.
fn sum(bytes: &mut [u8]) {
    let end = number(bytes, 268);
    for block in 1..end / 4096 {
        let sum = crc32c::crc32c(&bytes[block * 4096..(block + 1) * 4096]);
        put(bytes, end + block * 4, sum);
    }
    let sums = crc32c::crc32c(&bytes[end..]);
    put(bytes, 276, sums);
    let header = crc32c::crc32c(&bytes[..4092]);
    put(bytes, 4092, header);
}

/// What an audit says of the ledger with one part changed in this way, its checksums made anew; and puts it back.
fn forged(path: &Path, change: impl Fn(&mut Vec<u8>)) -> Vec<(&'static str, &'static str, Option<u64>)> {
    let part = parts(path).remove(0);
    let was = std::fs::read(&part).unwrap();
    let mut bytes = was.clone();
    change(&mut bytes);
    assert_ne!(bytes, was);
    sum(&mut bytes);
    std::fs::write(&part, bytes).unwrap();
    let found = faults(&run(path));
    std::fs::write(&part, was).unwrap();
    found
}

/// The same with one word of a section changed.
fn reworded(
    path: &Path,
    number: usize,
    at: usize,
    change: impl Fn(u32) -> u32,
) -> Vec<(&'static str, &'static str, Option<u64>)> {
    forged(path, |bytes| {
        let (start, words) = section(bytes, number);
        assert!(at < words, "section {number} has {words} words");
        let now = change(word(bytes, start + 4 * at));
        put(bytes, start + 4 * at, now);
    })
}

const NAMES: usize = 0;
const PAIRS: usize = 1;
const POSTINGS: usize = 2;
const ROWS: usize = 3;
const READINGS: usize = 4;
const IDS: usize = 5;
const EXTRA: usize = 7;
const BY_PARTICIPANT: usize = 9;

#[test]
fn a_snapshot_that_says_what_the_log_gives_is_sound() {
    let (_dir, path) = published();
    let report = run(&path);
    assert_eq!(report.findings, []);
    let check = report.checks.iter().find(|check| check.name == "snapshot").unwrap();
    // The body alone, and three participants.
    assert_eq!((check.count, check.left_out), (4, None));
    // What follows the base has a part of its own, and the base is held against the first entries alone.
    let mut ledger = writer(&path);
    let now = Instant::parse("2026-11-24T17:31:00Z").unwrap();
    let more = vec![signed(106, "BHR", "2023-07-15"), rectified(107, 102, "2023-05-05", "2023-05-06")];
    ledger.append(more, AppendOptions { now, expect_size: None, accept_clock: true }).unwrap();
    assert!(ledger.publish_delta().unwrap());
    drop(ledger);
    assert_eq!(parts(&path).len(), 2);
    assert_eq!(run(&path).findings, []);
}

#[test]
fn where_nothing_is_published_the_report_says_so() {
    let (_dir, path) = ledger();
    let report = run(&path);
    let check = report.checks.iter().find(|check| check.name == "snapshot").unwrap();
    assert_eq!(check.left_out, Some("nothing is published in snapshot/"));
}

#[test]
fn a_false_row_under_right_checksums_is_found() {
    let (_dir, path) = published();
    let rows = section(&std::fs::read(parts(&path).remove(0)).unwrap(), ROWS).1;
    for at in 0..rows {
        let found =
            reworded(&path, ROWS, at, |word| if at % 3 == 1 { word ^ 1 } else { word.wrapping_sub(1) });
        assert!(found.iter().all(|(check, ..)| *check == "snapshot"), "{found:?}");
        assert!(!found.is_empty(), "word {at}");
    }
    let found = reworded(&path, ROWS, 0, |day| day + 1);
    assert_eq!(found, [("snapshot", "other-rows", None)]);
    let found = forged(&path, |bytes| {
        let at = bytes.windows(16).position(|part| part == b"dialogue-partner").unwrap();
        bytes[at..at + 16].copy_from_slice(b"dialogue-pastner");
    });
    assert!(found.contains(&("snapshot", "other-rows", None)), "{found:?}");
}

#[test]
fn a_row_that_would_answer_questions_about_an_earlier_day_is_found() {
    let (_dir, path) = published();
    // The last pair of the table is a participant: from when on all is known, and the last entry that bears on it.
    let words = section(&std::fs::read(parts(&path).remove(0)).unwrap(), PAIRS).1;
    for at in [words - 8, words - 7] {
        assert_eq!(reworded(&path, PAIRS, at, |word| word - 1), [("snapshot", "other-rows", None)]);
        // A part that asks for more than it needs is folded more often, and never wrong.
        assert_eq!(reworded(&path, PAIRS, at, |word| word + 1), []);
    }
}

#[test]
fn other_entries_under_right_checksums_are_found() {
    let (_dir, path) = published();
    let bytes = std::fs::read(parts(&path).remove(0)).unwrap();
    for number in [POSTINGS, IDS] {
        for at in 0..section(&bytes, number).1 {
            let found = reworded(&path, number, at, |word| word ^ 1);
            assert!(found.contains(&("snapshot", "other-entries", None)), "{number} {at}: {found:?}");
        }
    }
    for at in 0..section(&bytes, BY_PARTICIPANT).1 {
        let found = reworded(&path, BY_PARTICIPANT, at, |word| word ^ 1);
        assert_eq!(found, [("snapshot", "damaged", None)], "{at}");
    }
    let renamed = forged(&path, |bytes| {
        let (start, words) = section(bytes, NAMES);
        let at = bytes[start..start + words * 4].windows(3).position(|part| part == b"KWT").unwrap();
        bytes[start + at..start + at + 3].copy_from_slice(b"KWX");
    });
    assert!(renamed.contains(&("snapshot", "other-entries", None)), "{renamed:?}");
    // An empty list made longer by what follows it.
    let longer = forged(&path, |bytes| bytes[108 + 16 * EXTRA + 8] = 4);
    assert!(longer.contains(&("snapshot", "other-entries", None)), "{longer:?}");
    assert!(section(&bytes, READINGS).1 > 0);
}

#[test]
fn a_snapshot_of_another_log_or_under_another_name_is_found() {
    let (_dir, path) = published();
    let found = forged(&path, |bytes| bytes[44] ^= 1);
    assert_eq!(found, [("snapshot", "other-log", None)]);
    let part = parts(&path).remove(0);
    let other = part.with_file_name(
        part.file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .replace("-00000000000000000012-", "-00000000000000000011-"),
    );
    std::fs::rename(&part, &other).unwrap();
    let found = run(&path);
    assert_eq!(faults(&found), [("snapshot", "other-log", None)]);
    assert!(found.findings[0].remedy.contains("chancery compact"));
}

#[test]
fn a_byte_of_a_snapshot_that_was_changed_is_found_and_nothing_else_is() {
    let (_dir, path) = published();
    let part = parts(&path).remove(0);
    let was = std::fs::read(&part).unwrap();
    for at in (0..was.len()).step_by(was.len() / 40) {
        let mut bytes = was.clone();
        bytes[at] ^= 1;
        std::fs::write(&part, &bytes).unwrap();
        assert_eq!(faults(&run(&path)), [("snapshot", "damaged", None)], "byte {at}");
    }
    std::fs::write(&part, &was[..was.len() - 1]).unwrap();
    assert_eq!(faults(&run(&path)), [("snapshot", "damaged", None)]);
    std::fs::write(&part, was).unwrap();
    let skip = Options { skip: ["snapshot"].into(), ..Options::default() };
    assert_eq!(audit(&path, &skip, &mut |_, _, _| {}).unwrap().findings, []);
}
