//! A follower: every reading is the log at an acknowledged size, none goes back, and another ledger is never read.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant as Clock};

use super::{grant, small};
use crate::event::{Index, Instant, Size};
use crate::fixture::{START, options, writer};
use crate::ledger::{Follower, LedgerError, Reading};
use crate::log::LogError;
use crate::query::{Question, StatusAnswer};

/// Longer than a follower waits between two looks.
const LATER: Duration = Duration::from_millis(200);

fn now() -> Instant {
    Instant::from_micros(START)
}

/// A reading of the acknowledged entries, at the time of this number of looks.
fn after(follower: &Follower, looks: u32) -> Result<Reading, LedgerError> {
    follower.reading_at(now(), LATER * looks)
}

/// Appends a number of acts one by one, with ids from a first one on.
fn grow(path: &Path, first: u128, count: u128) {
    let mut ledger = writer(path);
    for n in first..first + count {
        ledger.append(vec![grant(n, "MNG", "2004-06-17")], options(START + n as i64)).unwrap();
    }
    ledger.close().unwrap();
}

fn is_replaced(result: Result<Reading, LedgerError>) -> bool {
    matches!(result, Err(LedgerError::Log(LogError::Replaced(_))))
}

#[test]
fn four_threads_see_every_size_with_its_root_while_writers_append_close_publish_and_begin_segments() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    small(&path).close().unwrap();
    let follower = Follower::open(&path).unwrap();
    let over = AtomicBool::new(false);
    let watch = || {
        let mut seen: BTreeMap<u64, String> = BTreeMap::new();
        while !over.load(Ordering::Relaxed) {
            let reading = follower.reading(now()).unwrap();
            let size = reading.size().0;
            assert!(seen.last_key_value().is_none_or(|(last, _)| *last <= size), "a reading went back");
            let answer = reading.ask(&Question::status("MNG", "sco").on("2020-01-01")).unwrap();
            let checkpoint = StatusAnswer::try_from(answer).unwrap().checkpoint;
            assert_eq!(checkpoint.size.0, size);
            assert_eq!(*seen.entry(size).or_insert(checkpoint.root.clone()), checkpoint.root);
        }
        seen
    };
    let seen: Vec<BTreeMap<u64, String>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(watch)).collect();
        for round in 0..6 {
            grow(&path, 1_000 + round * 160, 160);
            let (written, grown) = (Clock::now(), Size(7 + (round as u64 + 1) * 160));
            while follower.reading(now()).unwrap().size() < grown {
                assert!(written.elapsed() < Duration::from_secs(1), "an entry was not seen within a second");
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        over.store(true, Ordering::Relaxed);
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let segments = std::fs::read_dir(path.join("entries")).unwrap().count() - 1;
    assert!(segments > 1, "the log has one segment");
    let log = crate::log::Entries::open_reader(&path).unwrap();
    for (size, root) in seen.iter().flatten() {
        assert_eq!(log.root(*size).unwrap().to_string(), *root, "at size {size}");
    }
    assert!(seen.iter().all(|seen| seen.len() > 3), "a thread saw hardly any size");
    // The file published since has replaced the tail.
    let reading = follower.reading(now()).unwrap();
    assert!(reading.record().tables().tail_entries() < 512);
    assert_eq!(reading.entry(Index(500)).unwrap(), super::open(&path).entry(Index(500)).unwrap());
}

#[test]
fn a_reading_stays_what_it_was_and_the_log_is_looked_at_once_in_a_while() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    small(&path).close().unwrap();
    let follower = Follower::open(&path).unwrap();
    let before = after(&follower, 1).unwrap();
    let head = before.head(Size(7)).unwrap();
    grow(&path, 1_000, 1);
    let soon = follower.reading_at(now(), LATER + Duration::from_millis(99)).unwrap();
    assert_eq!(soon.size(), Size(7));
    let later = follower.reading_at(now(), LATER + Duration::from_millis(100)).unwrap();
    assert_eq!(later.size(), Size(8));
    let ask = |reading: &Reading| {
        let answer = reading.ask(&Question::status("MNG", "sco").on("2020-01-01")).unwrap();
        StatusAnswer::try_from(answer).unwrap()
    };
    assert_eq!((ask(&before).checkpoint, ask(&before).because.len()), (head, 0));
    assert_eq!(ask(&later).because.len(), 1);
    assert!(before.entry(Index(7)).is_err());
}

#[test]
fn an_entry_is_seen_once_it_is_acknowledged_not_before() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    small(&path).close().unwrap();
    let follower = Follower::open(&path).unwrap();
    let count = path.join("entries/acknowledged");
    let before = std::fs::read(&count).unwrap();
    grow(&path, 1_000, 1);
    let acknowledged = std::fs::read(&count).unwrap();
    std::fs::write(&count, before).unwrap();
    assert_eq!(after(&follower, 1).unwrap().size(), Size(7));
    std::fs::write(&count, acknowledged).unwrap();
    assert_eq!(after(&follower, 2).unwrap().size(), Size(8));
}

#[test]
fn another_ledger_in_the_place_of_the_one_that_was_opened_is_refused_by_every_call() {
    let dir = tempfile::tempdir().unwrap();
    let (path, other) = (dir.path().join("l"), dir.path().join("other"));
    small(&path).close().unwrap();
    let copy = |from: &Path, to: &Path| {
        for folder in ["", "entries"] {
            for file in std::fs::read_dir(from.join(folder)).unwrap().map(|file| file.unwrap()) {
                if file.file_type().unwrap().is_file() {
                    std::fs::copy(file.path(), to.join(folder).join(file.file_name())).unwrap();
                }
            }
        }
    };
    small(&other).close().unwrap();
    let begin = || Follower::open(&path).unwrap();
    // Fewer entries are copied over the files in place.
    grow(&path, 1_000, 3);
    let follower = begin();
    copy(&other, &path);
    assert!(is_replaced(after(&follower, 1)) && is_replaced(after(&follower, 1)));
    // Other entries, and more of them, are copied.
    grow(&path, 1_000, 3);
    let follower = begin();
    grow(&other, 2_000, 9);
    copy(&other, &path);
    assert!(is_replaced(after(&follower, 1)));
    // Another folder is put under the same name.
    let follower = begin();
    std::fs::rename(&path, dir.path().join("away")).unwrap();
    assert!(after(&follower, 1).is_err());
    std::fs::rename(&other, &path).unwrap();
    assert!(is_replaced(after(&follower, 2)) && is_replaced(after(&follower, 2)));
    assert_eq!(after(&begin(), 1).unwrap().size(), Size(16));
}

#[test]
fn a_participant_who_is_nowhere_leaves_nothing_behind_in_a_follower() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    small(&path).close().unwrap();
    grow(&path, 1_000, 1);
    let follower = Follower::open(&path).unwrap();
    let ask = |participant: &str| after(&follower, 1).unwrap().ask(&Question::status(participant, "sco"));
    ask("MNG").unwrap();
    let kept = follower.kept();
    for n in 0..200 {
        ask(&format!("X-NOBODY-{n}")).unwrap();
    }
    assert_eq!(follower.kept(), kept);
}
