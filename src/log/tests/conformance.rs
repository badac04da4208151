//! The guarantees on which a caller of the log may rely.

use super::super::{Append, LEAF_BYTES_MAX, LogError};
use super::{Folder, add, append, leaf, leaves, read_all, read_from};

#[test]
fn an_append_at_another_size_is_a_conflict_that_changes_nothing() {
    let folder = Folder::created();
    let log = &folder.writer();
    add(log, &leaves(0..5));
    for expected in [4, 6, 0, u64::MAX] {
        assert!(matches!(append(log, expected, &leaves(5..6)), Append::Conflict { actual: 5 }));
    }
    assert_eq!(read_all(log).unwrap(), leaves(0..5));
}

#[test]
fn an_empty_batch_is_done_at_the_right_size_and_a_conflict_at_another() {
    let folder = Folder::created();
    let log = &folder.writer();
    assert!(matches!(log.append(0, &[]), Append::Done { size: 0 }));
    add(log, &leaves(0..2));
    assert!(matches!(log.append(2, &[]), Append::Done { size: 2 }));
    assert!(matches!(log.append(1, &[]), Append::Conflict { actual: 2 }));
    assert_eq!(log.size(), 2);
}

#[test]
fn a_thousand_leaves_in_one_batch_come_back_in_order() {
    let folder = Folder::created();
    let log = &folder.writer();
    let many: Vec<_> = (0..1000).map(|n| leaf(n, 100 + (n as usize * 37) % 900)).collect();
    assert_eq!(add(log, &many), 1000);
    assert_eq!(read_all(log).unwrap(), many);
}

#[test]
fn reading_past_the_end_is_an_error_and_at_the_end_is_empty() {
    let folder = Folder::created();
    let log = &folder.writer();
    assert!(log.read(0, 100).unwrap().is_empty());
    add(log, &leaves(0..3));
    assert!(log.read(3, 100).unwrap().is_empty());
    for asked in [4, u64::MAX] {
        let beyond = log.read(asked, 100).unwrap_err();
        assert!(matches!(beyond, LogError::Beyond { size: 3, asked: a } if a == asked), "{beyond}");
    }
}

#[test]
fn blocks_of_every_size_give_the_same_leaves_in_the_same_order() {
    let folder = Folder::created();
    let log = &folder.writer();
    let mut all = Vec::new();
    for batch in 0..60u64 {
        let some: Vec<_> = (0..1 + batch % 4).map(|n| leaf(batch * 10 + n, 3000)).collect();
        add(log, &some);
        all.extend(some);
    }
    for max_bytes in [0, 1, 2999, 3000, 6001, 100_000, usize::MAX] {
        assert_eq!(read_from(log, 0, max_bytes).unwrap(), all, "{max_bytes}");
    }
    let most = |max_bytes| log.read(0, max_bytes).unwrap();
    assert_eq!((most(0).len(), most(5999).len(), most(6000).len()), (1, 1, 2));
    for from in (0..all.len()).rev() {
        assert_eq!(read_from(log, from as u64, 50_000).unwrap(), all[from..], "from {from}");
    }
}

#[test]
fn leaves_appended_between_two_reads_are_read() {
    let folder = Folder::created();
    let log = &folder.writer();
    for size in 0..50u64 {
        add(log, &leaves(size..size + 1));
        assert_eq!(read_from(log, size / 2, 1000).unwrap(), leaves(size / 2..size + 1));
    }
}

#[test]
fn leaves_are_opaque() {
    let folder = Folder::created();
    let log = &folder.writer();
    let odd = [vec![], vec![0; 2000], vec![0xFF; 17], vec![], vec![0; LEAF_BYTES_MAX]];
    add(log, &odd);
    assert_eq!(read_all(log).unwrap(), odd);
}

#[test]
fn what_is_too_large_is_refused_and_nothing_is_written() {
    let folder = Folder::created();
    let log = &folder.writer();
    let refused = append(log, 0, &[leaf(0, 50), leaf(1, LEAF_BYTES_MAX + 1)]);
    assert!(matches!(refused, Append::Refused(LogError::TooLarge { what: "an entry", .. })), "{refused:?}");
    let large = leaf(0, LEAF_BYTES_MAX);
    let batch = vec![large.as_slice(); 1024];
    let refused = log.append(0, &batch);
    assert!(matches!(refused, Append::Refused(LogError::TooLarge { what: "a batch", .. })), "{refused:?}");
    assert_eq!(log.size(), 0);
}

#[test]
fn of_writers_that_expect_the_same_size_exactly_one_wins() {
    let folder = Folder::created();
    let log = &folder.writer();
    for round in 0..20u64 {
        let outcomes: Vec<Append> = std::thread::scope(|threads| {
            let write = |n: u64| append(log, round, &leaves(round * 10 + n..round * 10 + n + 1));
            let writers: Vec<_> = (0..4).map(|n| threads.spawn(move || write(n))).collect();
            writers.into_iter().map(|w| w.join().unwrap()).collect()
        });
        let won = outcomes.iter().position(|o| matches!(o, Append::Done { .. })).unwrap() as u64;
        let lost = |o: &&Append| matches!(o, Append::Conflict { actual } if *actual == round + 1);
        assert_eq!(outcomes.iter().filter(lost).count(), 3, "{outcomes:?}");
        assert_eq!(read_from(log, round, 100).unwrap(), leaves(round * 10 + won..round * 10 + won + 1));
    }
}
