//! The heads that a client remembers, and those that it then refuses.

use std::path::PathBuf;

use crate::log::{Disk, Hash, SignedCheckpoint};

use super::super::{HeadMemory, Meeting, MemoryError};
use super::{History, key, verifier};

struct Client {
    _dir: tempfile::TempDir,
    path: PathBuf,
}

impl Client {
    fn new() -> Client {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state/seen");
        Client { _dir: dir, path }
    }

    fn memory(&self) -> HeadMemory {
        HeadMemory::new(&self.path, Disk::default())
    }

    fn meet(&self, history: &History, size: u64, proofs: &[(u64, u64)]) -> Meeting {
        let proofs: Vec<_> = proofs.iter().map(|(old, new)| history.growth(*old, *new)).collect();
        self.memory().meet(&verifier(), &history.head(size), &proofs, "2026-11-23T17:31:00Z").unwrap()
    }

    /// The remembered size, read from the refusal of a head of 1 entry; 1 if that head is not smaller.
    fn remembered(&self, history: &History) -> u64 {
        match self.meet(history, 1, &[]) {
            Meeting::Smaller(seen) => seen.checkpoint.head.size,
            _ => 1,
        }
    }
}

#[test]
fn a_head_is_remembered_only_where_it_is_shown_to_continue_what_was_seen() {
    let (client, log) = (Client::new(), History::of(9, 9, ""));
    assert_eq!(client.meet(&log, 5, &[]), Meeting::Remembered);
    assert_eq!(client.meet(&log, 5, &[]), Meeting::Remembered);
    assert!(
        matches!(client.meet(&log, 9, &[]), Meeting::GrowthNotShown(seen) if seen.checkpoint == log.head(5))
    );
    assert!(matches!(client.meet(&log, 9, &[(4, 9)]), Meeting::GrowthNotShown(_)));
    assert_eq!(client.remembered(&log), 5);
    assert_eq!(client.meet(&log, 9, &[(4, 9), (5, 9)]), Meeting::Remembered);
    assert_eq!(client.remembered(&log), 9);
    assert!(matches!(client.meet(&log, 5, &[]), Meeting::Smaller(seen) if seen.on == "2026-11-23T17:31:00Z"));
    assert!(matches!(client.meet(&log, 5, &[(5, 9)]), Meeting::Earlier(_)));
    assert_eq!(client.remembered(&log), 9);
}

#[test]
fn another_history_is_told_by_its_root_or_by_the_proof_of_its_growth() {
    let (log, other) = (History::of(9, 9, ""), History::of(9, 4, "other"));
    let client = Client::new();
    client.meet(&log, 5, &[]);
    assert!(matches!(client.meet(&other, 5, &[]), Meeting::Forked(seen) if seen.checkpoint == log.head(5)));
    assert!(matches!(client.meet(&other, 9, &[(5, 9)]), Meeting::Forked(_)));
    // No proof was given: it may be the same history.
    assert!(matches!(client.meet(&other, 9, &[]), Meeting::GrowthNotShown(_)));
    assert_eq!(client.remembered(&log), 5);
    client.memory().keep([&log.head(5), &other.head(5)], &[other.growth(5, 9)]).unwrap();
    assert_eq!(std::fs::read_dir(client.memory().evidence()).unwrap().count(), 3);
}

#[test]
fn a_map_that_a_head_states_is_remembered_once_one_does() {
    let (client, log) = (Client::new(), History::of(9, 9, ""));
    let meet = |map: Option<u8>| {
        let head = log.head(5).head;
        let head = map.map_or(head.clone(), |n| head.with_completeness(2, Hash([n; 32])));
        client.memory().meet(&verifier(), &SignedCheckpoint::sign(head, &key()), &[], "now").unwrap()
    };
    for map in [None, Some(1), None, Some(1)] {
        assert_eq!(meet(map), Meeting::Remembered);
    }
    assert!(matches!(meet(Some(2)), Meeting::Forked(_)));
}

#[test]
fn a_memory_that_was_changed_is_not_taken_for_none() {
    let (client, log) = (Client::new(), History::of(9, 9, ""));
    client.meet(&log, 5, &[]);
    let is_seen = |path: &PathBuf| path.extension().is_some_and(|e| e == "seen");
    let path = std::fs::read_dir(&client.path).unwrap().map(|f| f.unwrap().path()).find(is_seen).unwrap();
    let kept = std::fs::read(&path).unwrap();
    let meet = |size| client.memory().meet(&verifier(), &log.head(size), &[], "now");
    for at in (0..kept.len()).filter(|at| !(5..26).contains(at)) {
        let mut changed = kept.clone();
        changed[at] ^= 4;
        std::fs::write(&path, changed).unwrap();
        assert!(matches!(meet(9), Err(MemoryError::Damaged { .. })), "{at}");
    }
    std::fs::write(&path, "").unwrap();
    assert!(matches!(meet(3), Err(MemoryError::Damaged { .. })));
}
