//! The signed head keeps up with a writer that keeps running.

use std::path::Path;
use std::time::Duration;

use super::{grant, open, small};
use crate::event::Size;
use crate::fixture::{START, options, writer};
use crate::ledger::{GroupCommit, Writer};
use crate::log::{SignedCheckpoint, verifier_key};

const SECOND: Duration = Duration::from_secs(1);

/// A ledger with a key, closed.
fn keyed(path: &Path) {
    let ledger = small(path);
    ledger.create_key(&[7; 32]).unwrap();
    ledger.close().unwrap();
}

fn add(ledger: &mut Writer, n: u128) {
    ledger.append(vec![grant(n, "MNG", "2004-06-17")], options(START + n as i64)).unwrap();
}

/// The size that the head in the folder covers; the head must be signed and true.
fn covered(path: &Path) -> Size {
    let stored = SignedCheckpoint::read(&path.join("checkpoint")).unwrap().unwrap();
    stored.verify(&verifier_key(path).unwrap().unwrap()).unwrap();
    let size = Size(stored.head.size);
    let reading = open(path);
    assert_eq!(reading.log().root(size.0).unwrap(), stored.head.root);
    if reading.size() == size {
        let record = reading.record();
        let map = record.tables().completeness(&|at| record.hash(at)).unwrap();
        assert_eq!(stored.head.completeness(), Some(map));
    }
    size
}

#[test]
fn a_writer_that_lives_on_writes_the_head_once_a_second_and_when_it_closes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    keyed(&path);
    let mut ledger = writer(&path);
    add(&mut ledger, 1_000);
    assert_eq!(covered(&path), Size(7), "a process that appends one act writes the head twice");
    ledger.let_pass(SECOND);
    add(&mut ledger, 1_001);
    assert_eq!(covered(&path), Size(9));
    add(&mut ledger, 1_002);
    assert_eq!(covered(&path), Size(9));
    ledger.let_pass(SECOND);
    add(&mut ledger, 1_003);
    assert_eq!(covered(&path), Size(11));
    // A new body is another group of the map.
    ledger.let_pass(SECOND);
    let text =
        "id = \"x\"\n[[status]]\nid = \"member\"\ntitle = \"member\"\nplural = \"members\"\nrank = 1\n";
    let charter = crate::charter::charter_event(text, false, crate::fixture::id(1_004)).unwrap();
    ledger.append(vec![charter], options(START + 1_004)).unwrap();
    assert_eq!(covered(&path), Size(12));
    // Nothing is written for an event that was already recorded.
    let written = || std::fs::metadata(path.join("checkpoint")).unwrap().modified().unwrap();
    let before = written();
    ledger.let_pass(SECOND);
    add(&mut ledger, 1_003);
    assert_eq!(written(), before);
    add(&mut ledger, 1_005);
    add(&mut ledger, 1_006);
    ledger.close().unwrap();
    assert_eq!(covered(&path), Size(14));
}

#[test]
fn a_head_whose_map_takes_too_long_is_left_to_the_close() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    keyed(&path);
    let mut ledger = writer(&path);
    add(&mut ledger, 1_000);
    assert!(!ledger.sign_while(&|| false).unwrap());
    assert_eq!(covered(&path), Size(7));
    ledger.close().unwrap();
    assert_eq!(covered(&path), Size(8));
}

#[test]
fn the_head_follows_a_group_commit() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    keyed(&path);
    let mut ledger = writer(&path);
    ledger.let_pass(SECOND);
    let desk = GroupCommit::new(ledger);
    desk.append(vec![grant(1_000, "MNG", "2004-06-17")], options(START + 1_000)).unwrap();
    assert_eq!(covered(&path), Size(8));
    desk.close().close().unwrap();
}
