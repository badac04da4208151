//! The index is published beside a writer, which goes on meanwhile, and none of its answers changes.

use std::time::Duration;

use super::upkeep::{grants, sizes};
use super::*;
use crate::log::Lock;

#[test]
fn a_writer_records_while_its_index_is_published_and_rests_on_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let mut ledger = small(&path);
    ledger.append(grants(1_000, 200), options(START + 10)).unwrap();
    ledger.publishing = ledger.publish_beside();
    assert!(ledger.publishing.is_some());
    // Another process must not make the indexes meanwhile.
    assert!(Lock::take_upkeep(&path, &holder(), Duration::ZERO).is_err());
    ledger.append(grants(2_000, 100), options(START + 5_000)).unwrap();
    ledger.take_over_published();
    let tables = ledger.record.tables();
    assert_eq!((tables.mark().unwrap().tree.size(), tables.tail_entries()), (207, 100));
    assert_eq!((tables.size(), tables.tree().root()), (Size(307), ledger.log().root(307).unwrap()));
    for n in (1_000..1_200).chain(2_000..2_100) {
        let index = ledger.find(id(n)).unwrap().unwrap();
        assert_eq!(ledger.entry(index).unwrap().event.id, id(n));
    }
    ledger.close().unwrap();
    assert_eq!(sizes(&path), (307, 307));
}

#[test]
fn a_writer_that_is_dropped_while_its_index_is_published_leaves_no_lock() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let mut ledger = small(&path);
    ledger.append(grants(1_000, 200), options(START + 10)).unwrap();
    ledger.publishing = ledger.publish_beside();
    drop(ledger);
    assert!(Lock::take_upkeep(&path, &holder(), Duration::ZERO).is_ok());
    assert_eq!(writer(&path).size(), Size(207));
}

#[test]
fn a_writer_whose_indexes_another_process_makes_does_not_publish() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let mut ledger = small(&path);
    let _other = Lock::take_upkeep(&path, &holder(), Duration::ZERO).unwrap();
    assert!(ledger.publish_beside().is_none());
    ledger.append(grants(1_000, 200), options(START + 10)).unwrap();
    assert_eq!(ledger.size(), Size(207));
}
