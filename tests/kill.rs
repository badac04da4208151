//! SIGKILL in the middle of appends and imports: nothing acknowledged is lost, no gap, each batch whole or absent.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use crate::env::{Env, Rng, copy, times};

/// Every leaf of the ledger, decoded.
fn leaves(env: &Env) -> Vec<Value> {
    let text = env.run(&["export", "leaves"]).ok();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Runs a script and kills it, and whatever it started, after a while.
fn killed(env: &Env, script: &str, after: Duration) {
    let mut command = env.command("/bin/sh");
    command.args(["-c", script]).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    let mut child = command.spawn().unwrap();
    std::thread::sleep(after);
    let group = format!("-{}", child.id());
    env.command("/bin/kill").args(["-9", "--", &group]).stderr(Stdio::null()).status().unwrap();
    child.wait().unwrap();
    // Whoever was killed in the middle of a sync goes when that ends, and until then holds the lock.
    env.sh("flock chancery.ledger/LOCK true").ok();
}

#[test]
fn a_hundred_kills_during_appends_lose_nothing_that_was_acknowledged() {
    let env = Env::sco();
    let event = |n: usize, of: usize| {
        json!({"act": "application-filed", "body": "sco", "participant": "LAO", "toward": "sco-partner",
               "dates": {"done": "2025-07"}, "note": format!("batch of {of}, event {n}"), "place": "x".repeat(3_000)})
    };
    env.write("one.jsonl", format!("{}\n", event(1, 1)));
    env.write("five.jsonl", (1..=5).map(|n| format!("{}\n", event(n, 5))).collect::<String>());
    let script = "while :; do for f in one five; do
        chancery append --from $f.jsonl --format jsonl >> receipts; done; done";
    let mut rng = Rng(0x5eed_0004);
    let mut acknowledged = 0;
    let rounds = times(100);
    for _ in 0..rounds {
        killed(&env, script, Duration::from_millis(20 + rng.below(250)));
        let leaves = leaves(&env);
        let receipts = std::fs::read_to_string(env.path().join("receipts")).unwrap_or_default();
        // The last line may be cut short by the kill itself.
        for receipt in receipts.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
            let index = receipt["index"].as_u64().unwrap() as usize;
            assert!(index < leaves.len(), "entry {index} was acknowledged, the log has {}", leaves.len());
            assert_eq!(leaves[index]["event"]["id"], receipt["id"]);
            acknowledged += 1;
        }
        let mut at = 7;
        while at < leaves.len() {
            let note = leaves[at]["event"]["note"].as_str().unwrap();
            let of = if note == "batch of 5, event 1" { 5 } else { 1 };
            assert!(of == 5 || note == "batch of 1, event 1", "entry {at} begins in the middle: {note}");
            for n in 0..of {
                let note = leaves.get(at + n).map(|leaf| leaf["event"]["note"].clone());
                assert_eq!(
                    note,
                    Some(json!(format!("batch of {of}, event {}", n + 1))),
                    "a batch is not whole"
                );
            }
            at += of;
        }
        assert_eq!(env.run(&["audit"]).ok(), "");
    }
    assert!(acknowledged >= rounds, "{rounds} rounds acknowledged only {acknowledged} entries");
}

#[test]
fn a_hundred_kills_during_imports_leave_whole_parts_and_can_be_finished() {
    let mut csv = String::from("date,party,event_kind,note\n");
    for n in 0..2_500 {
        csv.push_str(&format!("2025-07,LAO,process_reported,row {n}\n"));
    }
    let mut rng = Rng(0x5eed_0005);
    let mut cut_short = 0;
    for round in 0..times(100) {
        let env = Env::sco();
        env.write("rows.csv", &csv);
        let whole = 60 + rng.below(700);
        killed(&env, "chancery import csv rows.csv --in sco", Duration::from_millis(whole));
        let recorded = leaves(&env).len() - 7;
        assert!([0, 1_000, 2_000, 2_500, 2_501].contains(&recorded), "round {round}: {recorded} entries");
        cut_short += usize::from(recorded < 2_501);
        assert_eq!(env.run(&["audit"]).ok(), "");
        env.run(&["import", "csv", "rows.csv", "--in", "sco"]).ok();
        assert_eq!(leaves(&env).len(), 7 + 2_501);
    }
    assert!(cut_short > 0, "no import was cut short");
}

#[test]
fn two_hundred_kills_around_the_publishing_of_a_snapshot_change_no_answer() {
    let start = Env::sco();
    // Everyone is an observer from some year on, earlier with every batch.
    let event = |n: usize| {
        let (year, who) = (2_023 - n / 300 % 20, ["LAO", "KHM", "NPL"][n % 3]);
        json!({"act": "status-granted", "body": "sco", "participant": who,
               "dates": {"decided": format!("{year}-07-01")}, "note": format!("event {n}")})
    };
    let lines = |of: std::ops::Range<usize>| of.map(|n| format!("{}\n", event(n))).collect::<String>();
    start.write("first.jsonl", lines(0..600));
    start.run(&["append", "--from", "first.jsonl"]).ok();
    // How long it takes to publish depends on the machine, and on who else works on it.
    let whole = Env::new();
    copy(&start.ledger(), &whole.ledger());
    whole.write("more.jsonl", lines(600..900));
    let began = std::time::Instant::now();
    whole.run(&["append", "--from", "more.jsonl"]).ok();
    let most = began.elapsed().as_millis() as u64 * 3 / 2;
    let mut rng = Rng(0x5eed_0006);
    let (mut before, mut after) = (0, 0);
    let mut env = Env::new();
    for round in 0..times(200) {
        if round % 8 == 0 {
            env = Env::new();
            copy(&start.ledger(), &env.ledger());
        }
        env.write("more.jsonl", lines(round * 300..(round + 1) * 300));
        let published = snapshots(&env);
        killed(&env, "chancery append --from more.jsonl", Duration::from_millis(20 + rng.below(most)));
        match snapshots(&env) == published {
            true => before += 1,
            false => after += 1,
        }
        let other = Env::new();
        copy(&env.ledger(), &other.ledger());
        for cache in ["snapshot", "sled"] {
            let _ = std::fs::remove_dir_all(other.ledger().join(cache));
        }
        for question in [["roster", "sco", "--on", "2015-01-01"], ["timeline", "LAO", "--in", "sco"]] {
            assert_eq!(env.run(&question).ok(), other.run(&question).ok(), "round {round}, {question:?}");
        }
        assert_eq!(env.run(&["audit"]).ok(), "", "round {round}");
    }
    assert!(before > 0 && after > 0, "{before} kills before a snapshot was in place, {after} after");
}

#[test]
fn a_hundred_kills_while_the_indexes_are_brought_up_lose_nothing_and_change_no_answer() {
    let event = |n: usize| {
        let who = ["LAO", "KHM", "NPL"][n % 3];
        json!({"act": "status-granted", "body": "sco", "participant": who,
               "dates": {"decided": format!("{}-07-01", 2_023 - n / 300 % 20)}, "note": format!("event {n}")})
    };
    let mut rng = Rng(0x5eed_0007);
    let mut env = Env::sco();
    let (mut entries, mut inside) = (7, 0);
    for round in 0..times(100) {
        if round % 8 == 0 {
            (env, entries) = (Env::sco(), 7);
        }
        let lines: String = (0..600).map(|n| format!("{}\n", event(round * 600 + n))).collect();
        env.write("more.jsonl", lines);
        entries += 600;
        let published = snapshots(&env);
        let mut command = env.chancery(&["append", "--from", "more.jsonl"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // The head is signed before the lock is released, and the indexes come after it.
        let head = || std::fs::read_to_string(env.ledger().join("checkpoint")).unwrap_or_default();
        while head().lines().nth(1) != Some(entries.to_string().as_str()) {
            std::thread::sleep(Duration::from_micros(200));
        }
        std::thread::sleep(Duration::from_micros(rng.below(25_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        inside += usize::from(snapshots(&env) == published);
        assert_eq!(leaves(&env).len(), entries, "round {round}");
        let other = Env::new();
        copy(&env.ledger(), &other.ledger());
        for index in ["snapshot", "sled"] {
            let _ = std::fs::remove_dir_all(other.ledger().join(index));
        }
        for question in [["roster", "sco", "--on", "2015-01-01"], ["timeline", "LAO", "--in", "sco"]] {
            assert_eq!(env.run(&question).ok(), other.run(&question).ok(), "round {round}, {question:?}");
        }
        assert_eq!(env.run(&["audit"]).ok(), "", "round {round}");
    }
    assert!(inside > 0, "no kill came before the index was published");
    let replayed = env.run(&["replay", "--format", "json"]).json();
    assert_eq!((&replayed["size"], &replayed["source"]), (&json!(entries), &json!("sled")));
}

/// The files of the snapshot.
fn snapshots(env: &Env) -> BTreeSet<OsString> {
    let listed = std::fs::read_dir(env.ledger().join("snapshot")).into_iter().flatten().flatten();
    listed.map(|file| file.file_name()).collect()
}
