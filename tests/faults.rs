//! Damage, full disks, missing rights: the right answer or one clear line, and the evidence as it was.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::env::{Env, Rng, copy, files, times};

const QUESTION: [&str; 5] = ["roster", "sco", "--on", "2023-07-16", "--quiet"];
const APPEND: [&str; 11] = [
    "append",
    "application-filed",
    "-p",
    "LAO",
    "--in",
    "sco",
    "--done",
    "2025-07",
    "--cite",
    "a test",
    "--quiet",
];

/// A ledger's files under a folder of it.
fn part(ledger: &Path, part: &str) -> Vec<PathBuf> {
    let path = ledger.join(part);
    match path.is_file() {
        true => vec![path],
        false => files(&path)
            .into_iter()
            .map(|(path, _)| path)
            .filter(|p| p.metadata().unwrap().len() > 0)
            .collect(),
    }
}

/// Where damage counts: what is not preallocated space.
fn used(bytes: &[u8]) -> u64 {
    bytes.iter().rposition(|b| *b != 0).map_or(1, |at| at as u64 + 1)
}

/// Damages a copy of the ledger many times over and looks at what is said of it.
fn damaged(what: &str, flips: usize, truncations: usize, seed: u64) {
    let env = Env::demo();
    let (sound, ledger) = (env.path().join("sound"), env.ledger());
    std::fs::rename(&ledger, &sound).unwrap();
    copy(&sound, &ledger);
    let answer = env.run(&QUESTION).ok();
    let leaves = env.run(&["export", "leaves"]).ok();
    let mut rng = Rng(seed);
    let (mut told, mut audited) = (0, 0);
    for round in 0..flips + truncations {
        std::fs::remove_dir_all(&ledger).unwrap();
        copy(&sound, &ledger);
        let listed = part(&ledger, what);
        let path = &listed[rng.below(listed.len() as u64) as usize];
        let mut bytes = std::fs::read(path).unwrap();
        let at = rng.below(used(&bytes));
        let how = match round < flips {
            true => {
                bytes[at as usize] ^= 1 << rng.below(8);
                format!("{what}: a bit flipped at byte {at} of {}", path.display())
            }
            false => {
                bytes.truncate(at as usize);
                format!("{what}: {} cut at byte {at}", path.display())
            }
        };
        std::fs::write(path, &bytes).unwrap();
        let before = files(&ledger.join("entries"));
        let asked = env.run(&QUESTION);
        match asked.code {
            0 => assert_eq!(asked.stdout, answer, "{how}: a wrong answer"),
            4 => {
                told += 1;
                assert_eq!(asked.stdout, "", "{how}");
                let first = asked.stderr.lines().next().unwrap();
                assert!(first.contains("chancery.ledger") || first.contains("index"), "{how}: {first}");
            }
            code => panic!("{how}: exit {code}: {}", asked.stderr),
        }
        let audit = env.run(&["audit", "--quiet"]);
        let exported = env.run(&["export", "leaves"]);
        assert_eq!(files(&ledger.join("entries")), before, "{how}: reading changed the evidence");
        match audit.code {
            0 => assert_eq!(exported.stdout, leaves, "{how}: an audit saw nothing"),
            1 => audited += 1,
            4 => assert!(audit.stderr.starts_with("chancery: "), "{how}: {}", audit.stderr),
            code => panic!("{how}: audit exit {code}: {}", audit.stderr),
        }
        let appended = env.run(&APPEND);
        match appended.code {
            // Old damage keeps nobody from appending; it is told when it is read.
            0 if audit.code != 0 => {
                assert_ne!(env.run(&["audit", "--quiet"]).code, 0, "{how}: damage was forgotten")
            }
            0 => {
                let now = env.run(&["export", "leaves"]).ok();
                assert!(now.starts_with(&leaves), "{how}: an acknowledged entry was dropped by an append");
                assert_eq!(now.lines().count(), 129, "{how}");
                assert_eq!(env.run(&["audit", "--quiet"]).code, 0, "{how}");
            }
            4 => assert_eq!(appended.stdout, "", "{how}"),
            code => panic!("{how}: append exit {code}: {}", appended.stderr),
        }
    }
    if what == "entries" {
        assert!(told + audited > 0, "no damage was noticed");
    }
}

#[test]
fn two_hundred_flips_and_a_hundred_truncations_of_the_evidence_never_give_a_wrong_answer() {
    damaged("entries", times(200), times(100), 0x5eed_0006);
}

#[test]
fn two_hundred_flips_and_a_hundred_truncations_of_the_index_never_give_a_wrong_answer() {
    damaged("sled", times(200), times(100), 0x5eed_0007);
}

#[test]
fn two_hundred_flips_and_a_hundred_truncations_of_the_checkpoint_never_give_a_wrong_answer() {
    damaged("checkpoint", times(200), times(100), 0x5eed_0008);
}

#[test]
fn without_its_evidence_a_ledger_is_damaged_and_never_empty() {
    let env = Env::demo();
    let whole = env.path().join("whole");
    copy(&env.ledger(), &whole);
    let without = |lost: &str| {
        std::fs::remove_dir_all(env.ledger()).unwrap();
        copy(&whole, &env.ledger());
        let path = env.ledger().join(lost);
        match path.is_dir() {
            true => std::fs::remove_dir_all(path).unwrap(),
            false => std::fs::remove_file(path).unwrap(),
        }
    };
    for lost in ["FORMAT", "entries", "entries/00000000000000000000.seg", "entries/acknowledged"] {
        without(lost);
        for command in [&QUESTION[..], &APPEND[..]] {
            let error = env.run(command).fails(4);
            assert!(error.contains("damaged"), "without {lost}: {error}");
        }
        let audit = env.run(&["audit", "--quiet"]);
        assert!(audit.code == 1 || audit.code == 4, "without {lost}: {}", audit.stdout);
    }
    for lost in ["sled", "checkpoint", "LOCK"] {
        without(lost);
        let counted = env.run(&["roster", "sco", "--format", "json"]).json();
        assert_eq!(counted["counts"]["member"]["certain"], 10, "without {lost}");
        if lost == "checkpoint" {
            // Whoever signs a head vouches for all that lies there, so that nobody does it by the way.
            env.run(&APPEND).fails(3);
            env.run(&["compact", "--sign-unheaded"]).ok();
        }
        env.run(&APPEND).ok();
        assert_eq!(env.size(), 129, "without {lost}");
    }
}

#[test]
fn a_ledger_whose_watermark_is_lost_is_restored_from_itself() {
    let env = Env::demo();
    let leaves = env.run(&["export", "leaves"]).ok();
    std::fs::remove_file(env.ledger().join("entries/acknowledged")).unwrap();
    let error = env.run(&QUESTION).fails(4);
    assert!(error.contains("`chancery repair --from` this folder itself"), "{error}");
    env.run(&["repair", "--from", "chancery.ledger", "--into", "new.ledger"]).ok();
    assert_eq!(env.run(&["export", "leaves", "--ledger", "new.ledger"]).ok(), leaves);
    assert_eq!(env.run(&["audit", "--ledger", "new.ledger"]).ok(), "");
}

/// Runs as a user who is not root, whom rights bind.
fn as_nobody(env: &Env, args: &[&str]) -> (i32, String, String) {
    let mut command = env.chancery(args);
    if is_root() {
        command.uid(65534).gid(65534);
    }
    let output = command.output().unwrap();
    let text = |b: Vec<u8>| String::from_utf8(b).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|m| m.uid() == 0)
}

/// Whether another user can reach the program and the folder at all.
fn nobody_can_run(env: &Env) -> bool {
    let mut command = env.chancery(&["--version"]);
    if is_root() {
        command.uid(65534).gid(65534);
    }
    command.output().is_ok_and(|o| o.status.success())
}

fn allow(path: &Path, write: bool) {
    let mode = if path.is_dir() { 0o555 } else { 0o444 } | if write { 0o222 } else { 0 };
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    if path.is_dir() {
        for item in std::fs::read_dir(path).unwrap() {
            allow(&item.unwrap().path(), write);
        }
    }
}

#[test]
fn a_read_only_copy_answers_and_is_audited_and_an_append_to_it_is_refused_in_one_line() {
    let env = Env::demo();
    let answer = env.run(&QUESTION).ok();
    allow(env.path(), false);
    if !nobody_can_run(&env) {
        allow(env.path(), true);
        return eprintln!("skipped: another user cannot run the program from here");
    }
    let (code, out, err) = as_nobody(&env, &QUESTION);
    assert_eq!((code, out), (0, answer), "{err}");
    let (code, out, err) = as_nobody(&env, &["audit"]);
    assert_eq!((code, out.as_str()), (0, ""), "{err}");
    let (code, _, err) = as_nobody(&env, &APPEND);
    allow(env.path(), true);
    assert_eq!(code, 4, "{err}");
    assert!(err.starts_with("chancery: ") && err.contains("Permission denied"), "{err}");
    assert!(err.contains("questions and audits work"), "{err}");
}

#[test]
fn a_full_disk_is_one_line_and_loses_nothing() {
    let env = Env::demo();
    let leaves = env.run(&["export", "leaves"]).ok();
    // A limit on the size of files stands in for a full disk; the signal of that limit does not end the program.
    let append = "ulimit -f 8; chancery append application-filed -p LAO --in sco --done 2025-07 --cite x";
    let ran = env.sh(append);
    assert_eq!(ran.code, 4, "{}", ran.all());
    assert!(ran.stderr.starts_with("chancery: ") && ran.stderr.contains("File too large"), "{}", ran.stderr);
    assert_eq!(env.run(&["export", "leaves"]).ok(), leaves);
    // The message says how to settle it: whatever became of the first try, it is recorded once.
    let id = ran.stderr.split("--id ").nth(1).and_then(|rest| rest.get(..36)).unwrap().to_owned();
    let again = [&APPEND[..APPEND.len() - 2], &["x", "--id", &id]].concat();
    env.run(&again).ok();
    env.run(&again).ok();
    assert_eq!(env.run(&["audit"]).ok(), "");
    assert_eq!(env.size(), 129);
}

#[test]
fn questions_and_audits_go_on_while_another_process_writes() {
    let env = Env::demo();
    let answer = env.run(&QUESTION).ok();
    let held = "flock chancery.ledger/LOCK sh -c";
    let asked = env.sh(&format!("{held} 'chancery {} && chancery audit'", QUESTION.join(" ")));
    assert_eq!(asked.all(), answer);
    let refused =
        env.sh(&format!("{held} 'chancery append founded -p CHN --in sco --signed 2001-06-15 --cite x'"));
    assert_eq!(refused.code, 4);
    assert!(refused.stderr.contains("ledger in use by pid"), "{}", refused.stderr);
}

#[test]
fn an_append_succeeds_while_another_process_makes_the_indexes_and_leaves_them_to_it() {
    let env = Env::demo();
    let line =
        r#"{"act":"status-granted","body":"sco","participant":"LAO","dates":{"decided":"2025-07-01"}}"#;
    env.write("many.jsonl", format!("{line}\n").repeat(300));
    let published = || files(&env.ledger().join("snapshot")).len();
    let before = files(&env.ledger().join("sled"));
    let here = published();
    env.sh("flock chancery.ledger/UPKEEP chancery append --from many.jsonl").ok();
    assert_eq!((published(), files(&env.ledger().join("sled")) == before), (here, true));
    // The writer held only that lock while it made the indexes: the next append is not refused.
    env.run(&APPEND).ok();
    assert_eq!(published(), 1);
    assert_eq!(env.size(), 429);
    assert_eq!(env.run(&["audit"]).ok(), "");
}

#[test]
fn every_question_and_audit_is_right_in_the_middle_of_appends() {
    let env = Env::demo();
    let answer = env.run(&["roster", "sco", "--on", "2023-07-16", "--as-recorded", "128"]).ok();
    let mut writer = env.command("/bin/sh");
    writer.args(["-c", &format!("while :; do chancery {}; done", APPEND.join(" ").replace("a test", "x"))]);
    let mut writer = writer.stdout(Stdio::null()).process_group(0).spawn().unwrap();
    let mut said = Vec::new();
    for _ in 0..times(200) {
        let asked = env.run(&["roster", "sco", "--on", "2023-07-16", "--as-recorded", "128"]);
        said.push((asked.all(), env.run(&["audit"]).all()));
    }
    // Before anything is held against what it should be: a writer that nobody ends goes on for ever.
    let ended = writer.try_wait().unwrap();
    env.command("/bin/kill").args(["-9", "--", &format!("-{}", writer.id())]).status().unwrap();
    writer.wait().unwrap();
    assert!(said.iter().all(|both| *both == (answer.clone(), String::new())), "{said:?}");
    assert!(ended.is_none(), "the writer gave up");
    assert!(env.size() > 130, "the writer wrote nothing");
}

#[test]
fn a_clock_that_went_back_is_refused_and_can_be_accepted() {
    let env = Env::demo().at("2026-11-22T00:00:00Z");
    let error = env.run(&APPEND).fails(3);
    assert!(error.contains("2026-11-22T00:00:00") && error.contains("2026-11-23T17:31:00"), "{error}");
    assert!(error.contains("--accept-clock"), "{error}");
    assert_eq!(env.size(), 128);
    let accepted = [&APPEND[..], &["--accept-clock", "--format", "json"]].concat();
    let receipt = env.run(&accepted).json();
    assert_eq!(receipt["entries"][0]["recorded_at"], "2026-11-23T17:31:00.000128Z");
    assert_eq!(env.run(&["audit"]).ok(), "");
}
