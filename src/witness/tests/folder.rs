//! A witness's folder: the moment at which each head is durable, and the requests that are refused.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::log::{Disk, Hash, Operation, Signature, SignedCheckpoint};

use super::super::{Witness, WitnessError, WitnessRefusal};
use super::{History, ORIGIN, key, verifier};

struct Folder {
    _dir: tempfile::TempDir,
    path: PathBuf,
}

impl Folder {
    /// A witness that follows the log.
    fn new() -> Folder {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("witness");
        let witness = Witness::create(&path, "witness.example/w1", &[9; 32], Disk::default()).unwrap();
        witness.trust(&verifier()).unwrap();
        Folder { _dir: dir, path }
    }

    fn on(&self, disk: Disk) -> Witness {
        Witness::open(&self.path, disk).unwrap()
    }

    fn state(&self) -> PathBuf {
        let is_state = |path: &PathBuf| path.extension().is_some_and(|e| e == "checkpoint");
        let files = std::fs::read_dir(&self.path).unwrap().map(|file| file.unwrap().path());
        files.into_iter().find(is_state).unwrap()
    }

    fn ask(
        &self,
        history: &History,
        old: u64,
        size: u64,
    ) -> Result<Result<Signature, WitnessRefusal>, WitnessError> {
        let body = history.request(old, size).to_string();
        let answer = self.on(Disk::default()).add_checkpoint(body.as_bytes(), 1_700_000_000);
        answer.map(|decided| decided.map(|cosigned| cosigned.line))
    }

    fn evidence(&self) -> Vec<SignedCheckpoint> {
        let Ok(files) = std::fs::read_dir(self.path.join("evidence")) else { return Vec::new() };
        let text = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
        text.map(|text| SignedCheckpoint::parse(&text).unwrap()).collect()
    }
}

#[test]
fn what_is_cosigned_is_remembered_with_the_line_that_was_given() {
    let (folder, log) = (Folder::new(), History::of(9, 9, ""));
    let line = folder.ask(&log, 0, 5).unwrap().unwrap();
    let witness = folder.on(Disk::default());
    let last = witness.last(ORIGIN).unwrap();
    assert_eq!((last.head.size, last.signatures().last()), (5, Some(&line)));
    assert_eq!(last.verify(&verifier()), Ok(()));
    assert_eq!(witness.cosigner().cosigned(&last), Ok(Some(1_700_000_000)));
    folder.ask(&log, 5, 9).unwrap().unwrap();
    assert_eq!(witness.last(ORIGIN).unwrap().head.size, 9);
    let mode = std::fs::metadata(folder.path.join("witness.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(matches!(
        Witness::create(&folder.path, "w", &[1; 32], Disk::default()),
        Err(WitnessError::Present(_))
    ));
}

#[test]
fn the_head_is_durable_before_the_cosignature_is_given_wherever_the_disk_fails() {
    let log = History::of(9, 9, "");
    let recorded = {
        let (folder, disk) = (Folder::new(), Disk::recording());
        let body = log.request(0, 5).to_string();
        folder.on(disk.clone()).add_checkpoint(body.as_bytes(), 1).unwrap().unwrap();
        disk.operations()
    };
    assert!(matches!(
        recorded.as_slice(),
        [
            Operation::Create(_),
            Operation::Write(..),
            Operation::Sync(_),
            Operation::Rename(..),
            Operation::SyncDir(_)
        ]
    ));
    for nth in 0..recorded.len() {
        let folder = Folder::new();
        let body = log.request(0, 5).to_string();
        let failed = folder.on(Disk::failing_at(nth, 5)).add_checkpoint(body.as_bytes(), 1);
        assert!(matches!(failed, Err(WitnessError::Log(_))), "{nth}");
        // The log is asked to begin at the size that the disk kept, and is then cosigned.
        let last = folder.on(Disk::default()).last(ORIGIN).unwrap().head.size;
        assert_eq!(last, if nth < 4 { 0 } else { 5 });
        folder.ask(&log, last, 5).unwrap().unwrap();
    }
}

#[test]
fn a_retry_after_a_crash_before_the_answer_is_told_the_size_and_then_cosigned() {
    let (folder, log) = (Folder::new(), History::of(9, 9, ""));
    // The answer to this request is lost.
    folder.ask(&log, 0, 5).unwrap().unwrap();
    assert_eq!(folder.ask(&log, 0, 5).unwrap(), Err(WitnessRefusal::Conflict { size: 5 }));
    folder.ask(&log, 5, 5).unwrap().unwrap();
    assert!(folder.evidence().is_empty());
}

#[test]
fn two_histories_shown_to_one_witness_are_caught_and_both_heads_kept() {
    // A head of the same size, and a larger one that differs before it; the witness has seen 5 entries.
    for (size, status) in [(5, 409), (9, 422)] {
        let (folder, log, other) = (Folder::new(), History::of(9, 9, ""), History::of(9, 4, "other"));
        folder.ask(&log, 0, 5).unwrap().unwrap();
        for _ in 0..2 {
            let refused = folder.ask(&other, 5, size).unwrap().unwrap_err();
            assert_eq!(refused.status(), status);
        }
        let kept = folder.evidence();
        assert_eq!(kept.len(), 2);
        assert!(kept.iter().all(|signed| signed.verify(&verifier()).is_ok()));
        assert!(kept.iter().any(|signed| signed.head == log.head(5).head));
        assert!(kept.iter().any(|signed| signed.head == other.head(size).head));
        assert_eq!(folder.on(Disk::default()).last(ORIGIN).unwrap().head, log.head(5).head);
    }
}

#[test]
fn a_second_completeness_map_over_cosigned_entries_is_refused_whatever_was_cosigned_between() {
    let (folder, log) = (Folder::new(), History::of(9, 9, ""));
    let ask = |old, size, map: Option<u8>| {
        let mut request = log.request(old, size);
        if let Some(map) = map {
            let head = request.checkpoint.head.with_completeness(2, Hash([map; 32]));
            request.checkpoint = SignedCheckpoint::sign(head, &key());
        }
        let body = request.to_string();
        folder.on(Disk::default()).add_checkpoint(body.as_bytes(), 1).unwrap().map(|cosigned| cosigned.head)
    };
    let other = Err(WitnessRefusal::OtherMap { size: 5 });
    ask(0, 5, None).unwrap();
    ask(5, 5, Some(1)).unwrap();
    assert_eq!(ask(5, 5, Some(2)), other);
    // A head without a map is cosigned as before, and does not make the witness forget the map.
    ask(5, 5, None).unwrap();
    assert_eq!(ask(5, 5, Some(2)), other);
    ask(5, 5, Some(1)).unwrap();
    let kept = folder.evidence();
    assert_eq!(kept.len(), 2);
    assert!(kept.iter().all(|signed| signed.verify(&verifier()).is_ok()));
    assert_eq!(WitnessRefusal::OtherMap { size: 5 }.status(), 409);
    // A larger head has another map.
    ask(5, 9, Some(2)).unwrap();
    assert_eq!(ask(9, 9, Some(1)), Err(WitnessRefusal::OtherMap { size: 9 }));
}

#[test]
fn a_witness_never_begins_again_from_nothing() {
    let (folder, log) = (Folder::new(), History::of(9, 9, ""));
    folder.ask(&log, 0, 5).unwrap().unwrap();
    let kept = std::fs::read(folder.state()).unwrap();
    let path = folder.state();
    for old in [0, 5] {
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(folder.ask(&log, old, 9), Err(WitnessError::Lost { .. })));
        assert!(matches!(folder.on(Disk::default()).trust(&verifier()), Err(WitnessError::Lost { .. })));
        std::fs::write(&path, &kept).unwrap();
    }
    // Trusting a log again, even after it was taken off the list, forgets nothing.
    folder.on(Disk::default()).trust(&verifier()).unwrap();
    std::fs::write(folder.path.join("logs"), "").unwrap();
    assert_eq!(folder.ask(&log, 5, 9).unwrap(), Err(WitnessRefusal::Unknown(ORIGIN.into())));
    folder.on(Disk::default()).trust(&verifier()).unwrap();
    assert_eq!(folder.ask(&log, 0, 9).unwrap(), Err(WitnessRefusal::Conflict { size: 5 }));
}

#[test]
fn no_changed_bit_of_what_was_cosigned_last_is_believed() {
    let (folder, log) = (Folder::new(), History::of(9, 9, ""));
    folder.ask(&log, 0, 5).unwrap().unwrap();
    let (path, witness) = (folder.state(), folder.on(Disk::default()));
    let kept = std::fs::read(&path).unwrap();
    for at in 0..kept.len() {
        for bit in [0, 3, 5, 7] {
            let mut changed = kept.clone();
            changed[at] ^= 1 << bit;
            std::fs::write(&path, changed).unwrap();
            match witness.last(ORIGIN) {
                Err(WitnessError::Damaged { .. }) => (),
                // A witness does not vouch for the log's own line.
                Ok(last) => assert_eq!(last.head, log.head(5).head),
                Err(other) => panic!("{other}"),
            }
        }
        std::fs::write(&path, &kept[..at]).unwrap();
        let cut = witness.last(ORIGIN);
        assert!(matches!(cut, Err(WitnessError::Damaged { .. })), "{at}");
    }
    // The state is that of another log, although this witness cosigned it.
    let other = crate::log::SigningKey::from_seed("example.org/other", &[7; 32]);
    witness.trust(other.verifier()).unwrap();
    std::fs::write(&path, &kept).unwrap();
    let theirs = path.with_file_name(
        std::fs::read_dir(&folder.path)
            .unwrap()
            .map(|file| file.unwrap().path())
            .find(|file| *file != path && file.extension().is_some_and(|e| e == "checkpoint"))
            .unwrap(),
    );
    std::fs::copy(&path, &theirs).unwrap();
    assert!(matches!(witness.last("example.org/other"), Err(WitnessError::Damaged { .. })));
}

#[test]
fn requests_at_once_are_answered_one_after_another() {
    let (folder, log) = (Folder::new(), History::of(40, 40, ""));
    let cosigned = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (folder, log, cosigned) = (&folder, &log, &cosigned);
            scope.spawn(move || {
                for size in (1..=40).filter(|size| size % 4 == thread) {
                    let mut old = 0;
                    // A smaller head than the last is never cosigned, however often the log asks.
                    while old <= size {
                        match folder.ask(log, old, size).unwrap() {
                            Ok(_) => {
                                cosigned.lock().unwrap().push((old, size));
                                break;
                            }
                            Err(WitnessRefusal::Conflict { size }) => old = size,
                            Err(other) => panic!("{other}"),
                        }
                    }
                }
            });
        }
    });
    let mut cosigned = cosigned.into_inner().unwrap();
    cosigned.sort_unstable();
    assert_eq!((cosigned.first().unwrap().0, cosigned.last().unwrap().1), (0, 40));
    for pair in cosigned.windows(2) {
        assert_eq!(pair[0].1, pair[1].0, "each begins where the one before it ended");
    }
}

#[test]
fn what_is_no_request_is_refused_without_reading_further() {
    let folder = Folder::new();
    let witness = folder.on(Disk::default());
    for body in [&b""[..], b"\xff", b"old 0", b"old 0\n\n", b"\n\n\n"] {
        let refused = witness.add_checkpoint(body, 1).unwrap().unwrap_err();
        assert_eq!(refused.status(), 400);
    }
    std::fs::set_permissions(folder.path.join("witness.key"), PermissionsExt::from_mode(0o640)).unwrap();
    assert!(Witness::open(&folder.path, Disk::default()).is_err());
    let none = folder.path.join("none");
    assert!(matches!(Witness::open(&none, Disk::default()), Err(WitnessError::Absent(_))));
    std::fs::set_permissions(folder.path.join("witness.key"), PermissionsExt::from_mode(0o600)).unwrap();
    std::fs::write(folder.path.join("logs"), "\nno key\n").unwrap();
    assert!(matches!(folder.on(Disk::default()).logs(), Err(WitnessError::Logs { line: 2, .. })));
}
