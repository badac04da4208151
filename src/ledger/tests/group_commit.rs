//! Many callers, one sync: the log is the same as if the batches were appended one after another.

use std::sync::mpsc::{Receiver, channel};

use proptest::prelude::*;

use super::*;
use crate::ledger::group_commit::{Waiting, Word, serve};
use crate::log::{Frontier, LogError, Operation};

type Answer = Result<Vec<Receipt>, LedgerError>;

/// Serves batches as if all of them had waited at the same time.
fn together(ledger: &mut Writer, batches: Vec<(Vec<Event>, AppendOptions)>) -> Vec<Answer> {
    let (waiting, words): (Vec<Waiting>, Vec<Receiver<Word>>) = batches
        .into_iter()
        .map(|(events, options)| {
            let (told, word) = channel();
            (Waiting { events, options, told }, word)
        })
        .unzip();
    serve(ledger, waiting);
    let answer = |word: Receiver<Word>| match word.recv() {
        Ok(Word::Answer(answer)) => answer,
        _ => panic!("a caller without an answer"),
    };
    words.into_iter().map(answer).collect()
}

/// The leaves of a log with their hashes.
fn leaves(ledger: &Writer) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    ledger.log().scan(0, |_, leaf, _| all.push(leaf.to_vec())).unwrap();
    all
}

/// The root over the first leaves of a log, from the leaves alone.
fn root_of(leaves: &[Vec<u8>]) -> Hash {
    let mut tree = Frontier::default();
    leaves.iter().for_each(|leaf| tree.push(leaf_hash(leaf)));
    tree.root()
}

#[test]
fn every_one_of_many_callers_gets_receipts_that_hold_and_nothing_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let commits = GroupCommit::new(small(&path));
    let (threads, each) = (16u128, 20u128);
    let receipts: Vec<Receipt> = std::thread::scope(|scope| {
        let one = |thread: u128| {
            let commits = &commits;
            move || {
                let batch = |n: u128| {
                    let first = 1000 + thread * 1000 + n * 2;
                    let events =
                        vec![grant(first, "MNG", "2004-06-17"), grant(first + 1, "IND", "2005-07-05")];
                    let receipts = commits.append(events, options(START + 10)).unwrap();
                    assert_eq!(receipts.iter().map(|r| r.id).collect::<Vec<_>>(), [id(first), id(first + 1)]);
                    assert_eq!(receipts[1].index.0, receipts[0].index.0 + 1, "a batch is whole");
                    let bad =
                        vec![grant(first + 500, "PAK", "2005-07-05"), retraction_of_nothing(first + 501)];
                    let refused = commits.append(bad, options(START + 10)).unwrap_err();
                    assert!(matches!(refused, LedgerError::InBatch { at: 2, .. }), "{refused}");
                    receipts
                };
                (0..each).flat_map(batch).collect::<Vec<_>>()
            }
        };
        let running: Vec<_> = (0..threads).map(|thread| scope.spawn(one(thread))).collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let ledger = commits.close();
    assert_eq!(ledger.size().0 as u128, 7 + threads * each * 2);
    let leaves = leaves(&ledger);
    for receipt in &receipts {
        assert_eq!(leaf_hash(&leaves[receipt.index.0 as usize]), receipt.leaf_hash);
        assert_eq!(root_of(&leaves[..receipt.size.0 as usize]), receipt.root);
        assert_eq!(ledger.entry(receipt.index).unwrap().event.id, receipt.id);
        assert!(!receipt.repeated);
    }
    let places: std::collections::BTreeSet<Index> = receipts.iter().map(|r| r.index).collect();
    assert_eq!(places.len() as u128, threads * each * 2);
    ledger.close().unwrap();
    assert_eq!(open(&path).size().0 as usize, leaves.len());
}

fn retraction_of_nothing(n: u128) -> Event {
    retraction(n, &grant(999_999, "MNG", "2004-06-17"), Cause::Clerical)
}

#[test]
fn all_that_wait_are_made_durable_by_one_frame_and_one_sync() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    small(&path).close().unwrap();
    let disk = Disk::recording();
    let mut ledger = Writer::open(&path, &holder(), disk.clone()).unwrap();
    let before = disk.operations().len();
    let batches = (0..40).map(|n| (vec![grant(50 + n, "MNG", "2004-06-17")], options(START + 10))).collect();
    let answers = together(&mut ledger, batches);
    let done = &disk.operations()[before..];
    assert_eq!(done.iter().filter(|o| matches!(o, Operation::Sync(_))).count(), 1, "{}", done.len());
    assert_eq!(
        done.iter().filter(|o| matches!(o, Operation::Write(..))).count(),
        2,
        "the frame, the watermark"
    );
    let places: Vec<u64> = answers.into_iter().map(|answer| answer.unwrap()[0].index.0).collect();
    assert_eq!(places, (7..47).collect::<Vec<_>>());
}

#[test]
fn a_second_caller_with_the_same_id_is_a_retry_or_a_conflict() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = small(&dir.path().join("l"));
    let at = options(START + 10);
    let event = grant(50, "MNG", "2004-06-17");
    let expecting = AppendOptions { expect_size: Some(Size(8)), ..at };
    let answers = together(
        &mut ledger,
        vec![
            (vec![event.clone()], at),
            (vec![event.clone()], at),
            (vec![grant(50, "MNG", "2004-06-18")], at),
            (vec![grant(51, "IND", "2005-07-05")], expecting),
            (vec![grant(52, "PAK", "2005-07-05")], expecting),
        ],
    );
    let [first, retry, conflict, expected, late] = answers.try_into().unwrap();
    let first = first.unwrap().remove(0);
    assert_eq!(Receipt { repeated: true, ..first }, retry.unwrap()[0]);
    assert!(matches!(conflict, Err(LedgerError::IdTaken { index: Index(7), .. })));
    assert_eq!(expected.unwrap()[0].index, Index(8));
    assert!(matches!(late, Err(LedgerError::Size { expected: Size(8), actual: Size(9) })));
    assert_eq!(ledger.size(), Size(9));
}

#[test]
fn a_sync_that_fails_under_several_callers_is_unknown_to_each_and_a_retry_settles_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let recording = Disk::recording();
    small(&path).close().unwrap();
    drop(Writer::open(&path, &holder(), recording.clone()).unwrap());
    // The frame is written, but its sync fails.
    let disk = Disk::failing_at(recording.operations().len() + 1, 5);
    let mut ledger = Writer::open(&path, &holder(), disk).unwrap();
    let batch = |n: u128| vec![grant(n, "MNG", "2004-06-17"), grant(n + 1, "IND", "2005-07-05")];
    let at = options(START + 10);
    let nobodys = Event::new(id(60), Act::StatusGranted, body("sco"));
    let asked = vec![(batch(50), at), (vec![nobodys], at), (batch(70), at), (charters(), at)];
    let answers = together(&mut ledger, asked);
    let [one, refused, other, retry] = answers.try_into().unwrap();
    for (answer, first) in [(one, 50), (other, 70)] {
        match answer.unwrap_err() {
            LedgerError::Unsettled { ids, source: LogError::Io { source, .. } } => {
                assert_eq!(ids, [id(first), id(first + 1)]);
                assert_eq!(source.raw_os_error(), Some(5));
            }
            other => panic!("{other}"),
        }
    }
    assert!(matches!(refused, Err(LedgerError::ParticipantNeeded(_))));
    assert!(retry.unwrap().iter().all(|receipt| receipt.repeated), "what is recorded stays so");
    drop(ledger);
    let mut ledger = writer(&path);
    for first in [50, 70] {
        ledger.append(batch(first), options(START + 20)).unwrap();
    }
    assert_eq!(ledger.size(), Size(11), "each is recorded once");
}

#[test]
fn a_caller_that_comes_after_a_failed_thread_is_told_to_open_the_ledger_again() {
    let dir = tempfile::tempdir().unwrap();
    let commits = GroupCommit::new(small(&dir.path().join("l")));
    let stopped = std::thread::scope(|scope| scope.spawn(|| commits.stop_in_the_middle()).join());
    assert!(stopped.is_err());
    let answer = commits.append(vec![grant(50, "MNG", "2004-06-17")], options(START + 10));
    assert!(matches!(answer, Err(LedgerError::LeaderStopped)));
    assert_eq!(commits.close().size(), Size(7));
}

/// The batches of a caller: plain acts, repeated ids, corrections, charters, batches that are refused, expected sizes.
#[derive(Clone, Debug)]
enum Case {
    Plain(u128),
    Pair(u128, u128),
    Corrects(u128, u128),
    Refused(u128),
    Expects(u128, u64),
    Behind(u128),
}

fn case() -> impl Strategy<Value = Case> {
    prop_oneof![
        4 => (50..60u128).prop_map(Case::Plain),
        2 => (50..60u128, 60..64u128).prop_map(|(a, b)| Case::Pair(a, b)),
        2 => (70..74u128, 50..60u128).prop_map(|(n, to)| Case::Corrects(n, to)),
        1 => (80..90u128).prop_map(Case::Refused),
        1 => (90..99u128, 5..16u64).prop_map(|(n, size)| Case::Expects(n, size)),
        1 => (90..99u128).prop_map(Case::Behind),
    ]
}

fn batch(case: &Case) -> (Vec<Event>, AppendOptions) {
    let at = options(START + 10_000_000);
    let act = |n: u128| grant(n, if n.is_multiple_of(2) { "MNG" } else { "IND" }, "2004-06-17");
    match case {
        Case::Plain(n) => (vec![act(*n)], at),
        Case::Pair(a, b) => (vec![act(*a), act(*b)], at),
        Case::Corrects(n, to) => (vec![rectification(*n, &act(*to), "decided", "2004-06-19")], at),
        Case::Refused(n) => (vec![act(*n), retraction_of_nothing(n + 100)], at),
        Case::Expects(n, size) => (vec![act(*n)], AppendOptions { expect_size: Some(Size(*size)), ..at }),
        Case::Behind(n) => (vec![act(*n)], options(START - 5_000_000)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_group_gives_the_log_and_the_answers_of_the_same_batches_one_after_another(
        groups in prop::collection::vec(prop::collection::vec(case(), 1..12), 1..3),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let (mut one, mut all) = (small(&dir.path().join("one")), small(&dir.path().join("all")));
        for group in groups {
            let said = |answer: Answer| answer.map_err(|error| error.to_string());
            let after: Vec<_> = group
                .iter()
                .map(batch)
                .map(|(events, options)| said(one.append(events, options)))
                .collect();
            let at_once: Vec<_> =
                together(&mut all, group.iter().map(batch).collect()).into_iter().map(said).collect();
            prop_assert_eq!(at_once, after);
        }
        prop_assert_eq!(leaves(&all), leaves(&one));
    }
}

#[test]
fn a_batch_that_is_tried_is_judged_like_an_append_and_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let commits = GroupCommit::new(small(&path));
    let batch = || vec![grant(50, "MNG", "2004-06-17"), grant(51, "IND", "2005-07-05")];
    let tried = commits.try_batch(batch()).unwrap();
    assert!(tried.drafts.iter().all(|draft| draft.recorded.is_none()));
    let changed: Vec<&str> =
        tried.consequences.changes.iter().map(|change| change.participant.as_str()).collect();
    assert!(["IND", "MNG"].iter().all(|who| changed.contains(who)), "{changed:?}");
    assert_eq!(open(&path).size(), Size(7));
    let receipts = commits.append(batch(), options(START + 10)).unwrap();
    assert_eq!(receipts.iter().map(|receipt| receipt.index.0).collect::<Vec<_>>(), [7, 8]);
    // The batch is now a retry, which changes nothing.
    let tried = commits.try_batch(batch()).unwrap();
    assert_eq!(
        tried.drafts.iter().map(|draft| draft.recorded).collect::<Vec<_>>(),
        [Some(Index(7)), Some(Index(8))]
    );
    assert_eq!(tried.consequences, Consequences::default());
    let other = vec![grant(50, "MNG", "2004-06-18")];
    let refused = commits.try_batch(other.clone()).unwrap_err().to_string();
    assert_eq!(refused, commits.append(other, options(START + 20)).unwrap_err().to_string());
    assert_eq!(commits.close().size(), Size(9));
}
