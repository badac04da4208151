//! The indexes are brought up to date after the lock is released; in every order of events, neither goes back.

use std::time::Duration;

use super::*;
use crate::index::{SledIndex, Stated, index_files};
use crate::log::{Lock, LogError};

pub(super) fn grants(from: u128, count: u128) -> Vec<Event> {
    (from..from + count).map(|n| grant(n, "MNG", "2004-06-17")).collect()
}

/// A ledger whose writer has released the log, before it brings up the indexes.
fn released(path: &Path, from: u128, count: u128) -> Writer {
    let mut ledger = writer(path);
    ledger.append(grants(from, count), options(START + from as i64)).unwrap();
    ledger.end_writing().unwrap();
    ledger
}

/// The sizes of the published file and of sled.
pub(super) fn sizes(path: &Path) -> (u64, u64) {
    let published = published(path, &[]).unwrap().map_or(0, |tables| tables.size().0);
    let sled = match SledIndex::stated(path, ORIGIN) {
        Stated::Head { size, .. } => size.0,
        _ => 0,
    };
    (published, sled)
}

#[test]
fn another_process_appends_while_the_indexes_are_locked_and_leaves_them() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    small(&path).close().unwrap();
    let held = Lock::take_upkeep(&path, &holder(), Duration::ZERO).unwrap();
    let mut behind = released(&path, 1_000, 300);
    let error = behind.log().take_upkeep(Duration::ZERO).err().unwrap();
    assert!(error.to_string().starts_with("sled/ and snapshot/ are being made by pid 1 (test)"), "{error}");
    behind.keep_up();
    assert_eq!(sizes(&path), (0, 7));
    let mut ledger = writer(&path);
    assert!(
        matches!(ledger.append(grants(2_000, 1), options(START + 9_000)), Ok(receipts) if receipts.len() == 1)
    );
    ledger.close().unwrap();
    assert_eq!(sizes(&path), (0, 7));
    drop(held);
    released(&path, 3_000, 1).keep_up();
    assert_eq!(sizes(&path), (309, 309));
}

#[test]
fn a_handle_that_released_the_lock_appends_nothing_more_and_still_reads() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    small(&path).close().unwrap();
    let mut first = released(&path, 1_000, 10);
    released(&path, 2_000, 10).keep_up();
    let error = first.append(grants(3_000, 1), options(START + 9_000)).unwrap_err();
    assert!(matches!(error, LedgerError::NotRecorded(LogError::Poisoned { .. })), "{error}");
    assert_eq!(ask(&read(&first), &who("MNG"), Size(17), "2005-01-01", None)["status"], json!("observer"));
    assert_eq!(first.size(), Size(17));
    assert_eq!(open(&path).size(), Size(27));
}

#[test]
fn an_older_upkeep_does_not_replace_a_newer_published_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    small(&path).close().unwrap();
    let mut older = released(&path, 1_000, 300);
    released(&path, 2_000, 300).keep_up();
    let (files, newer) = (index_files(&path), sizes(&path));
    assert_eq!(newer, (607, 607));
    older.keep_up();
    assert_eq!((index_files(&path), sizes(&path)), (files, newer));
    // They do not go back either if the older writer finds that far more is to be published.
    older.publish_if_due().unwrap();
    older.fill_sled_if_due().unwrap();
    assert_eq!(sizes(&path), newer);
}

#[test]
fn upkeeps_in_any_order_never_go_back_and_never_pass_the_evidence() {
    let dir = tempfile::tempdir().unwrap();
    for seed in 1..=6u64 {
        let path = dir.path().join(seed.to_string());
        small(&path).close().unwrap();
        let (mut state, mut next, mut waiting, mut before) = (seed * 0x9e37_79b9, 1_000, Vec::new(), (0, 0));
        let mut below = |n: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % n
        };
        for _ in 0..12 {
            if waiting.is_empty() || below(2) == 0 {
                let count = [1, 40, 256, 700][below(4) as usize];
                waiting.push(released(&path, next, count));
                next += count;
            } else {
                let mut one: Writer = waiting.swap_remove(below(waiting.len() as u64) as usize);
                one.keep_up();
                drop(one);
                crate::fixture::released(&path);
            }
            let (now, entries) = (sizes(&path), next as u64 - 1_000 + 7);
            assert!(now.0 >= before.0 && now.1 >= before.1, "{seed}: {now:?} after {before:?}");
            assert!(now.0 <= entries && now.1 <= entries, "{seed}: {now:?} of {entries}");
            before = now;
            let reading = open(&path);
            assert_eq!(reading.size(), Size(entries));
            let answer = ask(&reading, &who("MNG"), Size(entries), "2005-01-01", None);
            assert_eq!(answer["status"], json!("observer"));
        }
        waiting.into_iter().for_each(|mut one| one.keep_up());
        let found = crate::audit::audit(&path, &crate::audit::AuditOptions::default(), &mut |_, _, _| {});
        assert_eq!(found.unwrap().findings, []);
    }
}
