//! Sled is filled beside a writer that records many entries: it has the durable entries, and its failure loses nothing.

use std::time::Duration;

use super::upkeep::{grants, sizes};
use super::*;
use crate::index::SledIndex;
use crate::log::Lock;

/// Appends batches of a thousand events.
fn append_batches(ledger: &mut Writer, from: u128, batches: u128) {
    for batch in 0..batches {
        let first = from + batch * 1_000;
        ledger.append(grants(first, 1_000), options(START + first as i64)).unwrap();
    }
}

/// Checks that every entry in sled is that of the log.
fn agrees_with_the_log(path: &Path) {
    crate::fixture::released(path);
    let index = SledIndex::open(path, ORIGIN, Duration::from_secs(20)).unwrap();
    let reading = open(path);
    let of_sled = super::super::replay::entries_of_sled(&index).unwrap();
    let of_log = entries_of_leaves(reading.log(), reading.size()).unwrap();
    assert_eq!((index.size(), index.last_leaf_hash()), (reading.size(), reading.log().last_leaf_hash()));
    let events = |entries: &[Entry]| entries.iter().map(|entry| entry.event.id).collect::<Vec<_>>();
    assert_eq!(events(&of_sled), events(&of_log));
}

#[test]
fn a_writer_that_records_many_entries_fills_sled_beside_itself() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    small(&path).close().unwrap();
    crate::fixture::released(&path);
    let mut ledger = writer(&path);
    append_batches(&mut ledger, 1_000, 4);
    assert!(matches!(ledger.filling, Filling::NotYet));
    append_batches(&mut ledger, 5_000, 1);
    assert!(matches!(ledger.filling, Filling::NotYet));
    append_batches(&mut ledger, 6_000, 5);
    assert!(matches!(ledger.filling, Filling::Beside(_)));
    // The thread has the lock on the indexes, and publishes under it.
    assert!(Lock::take_upkeep(&path, &holder(), Duration::ZERO).is_err());
    ledger.publish().unwrap();
    ledger.close().unwrap();
    assert_eq!(sizes(&path), (10_007, 10_007));
    assert!(Lock::take_upkeep(&path, &holder(), Duration::ZERO).is_ok());
    agrees_with_the_log(&path);
}

#[test]
fn a_writer_whose_indexes_another_process_makes_records_and_leaves_sled() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    small(&path).close().unwrap();
    let held = Lock::take_upkeep(&path, &holder(), Duration::ZERO).unwrap();
    let mut ledger = writer(&path);
    append_batches(&mut ledger, 1_000, 7);
    assert!(matches!(ledger.filling, Filling::Failed));
    ledger.close().unwrap();
    assert_eq!(sizes(&path), (0, 7));
    drop(held);
    crate::fixture::released(&path);
    writer(&path).close().unwrap();
    assert_eq!(sizes(&path), (7_007, 7_007));
    agrees_with_the_log(&path);
}

#[test]
fn a_writer_that_is_dropped_while_sled_is_filled_leaves_it_behind_or_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    small(&path).close().unwrap();
    crate::fixture::released(&path);
    let mut ledger = writer(&path);
    append_batches(&mut ledger, 1_000, 7);
    drop(ledger);
    let (_, sled) = sizes(&path);
    assert!(sled <= 7_007, "{sled}");
    crate::fixture::released(&path);
    writer(&path).close().unwrap();
    assert_eq!(sizes(&path), (7_007, 7_007));
    agrees_with_the_log(&path);
}

#[test]
fn a_sled_that_cannot_be_read_is_made_anew_beside_the_writer() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    small(&path).close().unwrap();
    crate::fixture::released(&path);
    std::fs::write(path.join("sled/000001/db"), b"nothing of sled").unwrap();
    let mut ledger = writer(&path);
    append_batches(&mut ledger, 1_000, 7);
    ledger.close().unwrap();
    assert_eq!(sizes(&path), (7_007, 7_007));
    agrees_with_the_log(&path);
}
