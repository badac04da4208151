//! Attacks that once succeeded, each by its name; those that stand beside the tests of what they attacked have their names there.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;

use crate::env::{Env, copy, times};
use crate::forge::{self, Log, Published, segments};

fn act(n: u64, kind: &str, who: &str) -> String {
    let id = format!("00000000-0000-4000-8000-{n:012}");
    let event = json!({"act": kind, "body": "sco", "participant": who, "dates": {"done": "2024-01-01"},
                       "evidence": [{"cite": format!("c{n}")}], "id": id});
    format!("{event}\n")
}

fn applications(env: &Env, of: std::ops::Range<u64>, who: &str) {
    env.write("acts.jsonl", of.map(|n| act(n, "application-filed", who)).collect::<String>());
    env.run(&["append", "--from", "acts.jsonl", "--quiet"]).ok();
}

fn grant(env: &Env, status: &str, day: &str, cite: &str) -> String {
    let event = json!({"act": "status-granted", "body": "sco", "participant": "TUR", "status": status,
                       "dates": {"decided": day, "effective": day}, "evidence": [{"cite": cite}],
                       "id": "00000000-0000-4000-8000-00000000aaaa"});
    env.write("grant.jsonl", format!("{event}\n"));
    env.run(&["append", "--from", "grant.jsonl", "--quiet"]).ok()
}

#[test]
fn append_on_foreign_entries_is_refused_and_no_question_mixes_two_histories() {
    let base = Env::sco();
    applications(&base, 0..400, "LAO");
    let fork = |who: &str, from: u64| {
        let env = Env::new();
        copy(&base.ledger(), &env.ledger());
        applications(&env, from..from + 300, who);
        env
    };
    let (one, other) = (fork("LAO", 1_000), fork("KHM", 2_000));
    grant(&one, "observer", "2024-01-01", "x");
    // The head and the index of the one, the entries of the other, whose last segment ends elsewhere or, of one size, alike.
    for same_size in [false, true] {
        if same_size {
            applications(&other, 3_000..3_001, "KHM");
        }
        let env = Env::new();
        copy(&other.ledger(), &env.ledger());
        for part in ["entries", "sled"] {
            std::fs::remove_dir_all(env.ledger().join(part)).unwrap();
            copy(&one.ledger().join(part), &env.ledger().join(part));
        }
        let head = std::fs::read(env.ledger().join("checkpoint")).unwrap();
        for line in ["status TUR sco", "pending sco", "log", "log -p KHM", "roster sco"] {
            env.run(&line.split(' ').collect::<Vec<_>>()).fails(4);
        }
        let append = "append application-filed -p MNG --in sco --done 2025 --cite z";
        env.run(&append.split(' ').collect::<Vec<_>>()).fails(4);
        assert_eq!(std::fs::read(env.ledger().join("checkpoint")).unwrap(), head);
        assert_eq!(env.run(&["audit"]).code, 1);
    }
}

/// The demonstration ledger with the day of one act changed in every entry that states it, and all hashes anew.
fn rewritten(env: &Env) -> Log {
    let mut log = Log::read(&env.ledger());
    for leaf in &mut log.leaves {
        *leaf = String::from_utf8(leaf.clone()).unwrap().replace("2024-07-04", "2034-07-04").into_bytes();
    }
    log.write(&env.ledger());
    for index in ["sled", "snapshot"] {
        let _ = std::fs::remove_dir_all(env.ledger().join(index));
    }
    log
}

#[test]
fn audit_key_no_head_is_a_finding_and_nothing_is_signed_over_what_no_head_covers() {
    let env = Env::demo();
    env.write("sco.vkey", env.run(&["key", "show"]).ok());
    rewritten(&env);
    assert_eq!(env.run(&["audit", "--key", "sco.vkey"]).code, 1);
    std::fs::remove_file(env.ledger().join("checkpoint")).unwrap();
    let audit = env.run(&["audit", "--key", "sco.vkey"]);
    assert!(audit.code == 1 && audit.stdout.contains("unheaded"), "{}", audit.all());
    let append = "append application-filed -p LAO --in sco --done 2025 --cite x";
    env.run(&append.split(' ').collect::<Vec<_>>()).fails(3);
    assert!(!env.ledger().join("checkpoint").exists(), "the changed history has a head");
    env.run(&["status", "BLR", "sco", "--certificate", "c.json"]).fails(3);
    // Without the verifier key beside it the log is no more believed by who has the key from elsewhere.
    for file in ["key", "key.pub"] {
        std::fs::remove_file(env.ledger().join(file)).unwrap();
    }
    assert_eq!(env.run(&["audit", "--key", "sco.vkey"]).code, 1);
}

#[test]
fn a_head_that_the_key_did_not_sign_decides_no_answer() {
    let env = Env::demo();
    let log = rewritten(&env);
    let head = std::fs::read_to_string(env.ledger().join("checkpoint")).unwrap();
    log.state_head(&env.ledger());
    for line in ["status BLR sco --on 2025-01-01", "roster sco", "log --last 3", "show 102", "export leaves"]
    {
        let refused = env.run(&line.split(' ').collect::<Vec<_>>()).fails(4);
        assert!(refused.contains("checkpoint"), "{line}: {refused}");
    }
    // So does one without any signature.
    let unsigned: String = head.lines().take(4).map(|line| format!("{line}\n")).collect();
    std::fs::write(env.ledger().join("checkpoint"), unsigned).unwrap();
    log.state_head(&env.ledger());
    env.run(&["status", "BLR", "sco"]).fails(4);
}

/// 300 applications and a status that was granted, in the last segment, with an index that covers them.
fn with_places() -> Env {
    let env = Env::sco();
    applications(&env, 0..300, "LAO");
    grant(&env, "observer", "2020-01-01", "true");
    env.run(&["replay"]).ok();
    env
}

/// The list of places of a block of 64 entries: the first one, then each less the one before it.
fn places(list: &[u8]) -> Vec<u64> {
    let mut numbers = Vec::new();
    let (mut number, mut shift) = (0u64, 0);
    for byte in list {
        number |= u64::from(byte & 0x7F) << shift;
        shift += 7;
        if *byte < 0x80 {
            numbers.push(number);
            (number, shift) = (0, 0);
        }
    }
    let mut at = 0u64;
    let place = |less: &u64| {
        at = at.wrapping_add(*less);
        at
    };
    numbers[1..].iter().map(place).collect()
}

fn list(first: u64, places: &[u64]) -> Vec<u8> {
    let mut list = Vec::new();
    let mut put = |mut number: u64| {
        while number >= 0x80 {
            list.push(number as u8 | 0x80);
            number >>= 7;
        }
        list.push(number as u8);
    };
    put(first);
    places.iter().fold(0u64, |before, place| {
        put(place.wrapping_sub(before));
        *place
    });
    list
}

/// Plants a record in a file, and says in the index that an entry lies there.
fn planted(env: &Env, entry: u64, record: &[u8], in_header: bool, with_key: bool) {
    let segment = segments(&env.ledger()).pop().unwrap();
    let mut bytes = std::fs::read(&segment).unwrap();
    let at = if in_header { 2_000 } else { bytes.len() - record.len() };
    bytes[at..at + record.len()].copy_from_slice(record);
    let sum = crc32c::crc32c(&bytes[..4092]).to_le_bytes();
    bytes[4092..4096].copy_from_slice(&sum);
    std::fs::write(&segment, bytes).unwrap();
    let path = Published::path(&env.ledger());
    let mut index = Published::read(&env.ledger());
    let before = index.bytes.clone();
    let key = [&[11][..], &((entry / 64) as u32).to_be_bytes()].concat();
    let (block, key) = index.keys().into_iter().find(|(_, own)| *own == key).unwrap();
    index.change(block, &key, |value| {
        let first = u64::from(value[0]);
        let mut places = places(value);
        places[(entry % 64 - first) as usize] = at as u64;
        *value = list(first, &places);
    });
    assert!(index.bytes != before, "the index says what it said");
    let secret = with_key.then(|| forge::key(&env.ledger()));
    index.reseal(secret.as_ref());
    std::fs::write(path, index.bytes).unwrap();
}

#[test]
fn snapshot_places_forged_answer_no_invented_entry_even_with_the_key() {
    let status = ["status", "TUR", "sco", "--on", "2021-01-01", "--format", "json"];
    for (in_header, with_key) in [(true, false), (false, false), (true, true), (false, true)] {
        let env = with_places();
        let truth = env.run(&status).json()["status"].clone();
        assert_eq!(truth, "observer");
        let entry = env.size() - 1;
        let leaf = env.run(&["show", &entry.to_string(), "--leaf"]).ok();
        let (from, to) = ("\"observer\"", "\"dialogue-partner\"");
        let invented = leaf.trim_end().replace(from, to).replace("2020-01-01", "1999-01-01");
        planted(&env, entry, &forge::record(invented.as_bytes()), in_header, with_key);
        let shown = entry.to_string();
        for args in [&status[..], &["explain", "TUR", "--in", "sco"], &["show", &shown, "--leaf"]] {
            let ran = env.run(args);
            assert!(ran.code == 4 || ran.code == 0, "{}", ran.all());
            assert!(!ran.stdout.contains("1999"), "{in_header} {with_key}: {}", ran.stdout);
        }
        let audit = env.run(&["audit"]);
        assert_eq!(audit.code, 1, "{in_header} {with_key}: the audit says nothing");
        let certified = env.run(&[&status[..], &["--certificate", "c.json"]].concat());
        assert!(!certified.stdout.contains("1999"), "{}", certified.stdout);
    }
}

#[test]
fn sigbus_snapshot_a_file_that_is_cut_under_a_question_kills_none() {
    let env = Env::sco();
    applications(&env, 0..1_200, "LAO");
    let question = ["timeline", "LAO", "--format", "json", "--quiet"];
    let truth = env.run(&question).ok();
    let files = [Published::path(&env.ledger()), segments(&env.ledger()).pop().unwrap()];
    for path in files {
        let whole = std::fs::read(&path).unwrap();
        let ended = AtomicBool::new(false);
        let (mut answered, mut refused) = (0, 0);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let file = File::options().write(true).open(&path).unwrap();
                while !ended.load(Ordering::Relaxed) {
                    file.set_len(4_096).unwrap();
                    file.write_all_at(&whole, 0).unwrap();
                }
            });
            for _ in 0..times(200) {
                let output = env.chancery(&question).output().unwrap();
                assert_eq!(output.status.signal(), None, "a question was killed: {}", path.display());
                match output.status.code() {
                    Some(0) => {
                        assert!(output.stdout == truth.as_bytes(), "{}: a wrong answer", path.display());
                        answered += 1;
                    }
                    code => {
                        assert_eq!(code, Some(4), "{}", String::from_utf8_lossy(&output.stderr));
                        refused += 1;
                    }
                }
            }
            ended.store(true, Ordering::Relaxed);
        });
        println!("{}: {answered} answered, {refused} refused", path.display());
        std::fs::write(&path, whole).unwrap();
    }
    assert_eq!(env.run(&question).ok(), truth);
}

#[test]
fn enospc_says_recorded_of_no_append_that_is_not_in_the_log() {
    let env = Env::new();
    std::fs::create_dir(env.path().join("m")).unwrap();
    // In a mount of its own, which nobody else sees; only root can make one.
    let script = "mount -t tmpfs -o size=1m none m || exit 99
        chancery init --ledger m/l --charter sco --quiet || exit 98
        words=$(head -c 4000 /dev/zero | tr '\\0' c)
        failed=0; n=100
        while [ $failed -lt 3 ] && [ $n -lt 400 ]; do
            id=00000000-0000-4000-8000-000000000$n
            if ! chancery append application-filed -p LAO --in sco --done 2025 --cite $words --id $id \
                --ledger m/l >out 2>err; then
                failed=$((failed + 1))
                [ $(wc -c < out) -eq 0 ] || exit 97
                there=$(chancery export leaves --ledger m/l | grep -c $id)
                if grep -q 'chancery: recorded, but' err; then [ $there -eq 1 ] || exit 96; fi
                if grep -q 'nothing was recorded' err; then [ $there -eq 0 ] || exit 95; fi
                grep -q 'chancery: ' err || exit 94
            fi
            n=$((n + 1))
        done
        [ $failed -gt 0 ] || exit 93
        chancery audit --ledger m/l --quiet || exit 92
        for generation in m/l/sled/*; do [ -e $generation/complete ] || exit 91; done
        umount m";
    let mut unshared = env.command("unshare");
    let ran = unshared.args(["-m", "sh", "-c", script]).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    match ran.status.code() {
        Some(0) => {}
        Some(99) | Some(1) if said.contains("ermitted") || said.contains("ermission") => {
            eprintln!("skipped: no file system can be mounted here");
        }
        code => panic!("{code:?}: {said}{}", String::from_utf8_lossy(&ran.stdout)),
    }
}

#[test]
fn lock_held_while_reading_input_keeps_no_other_writer_out() {
    let env = Env::demo();
    let waiting = ["import events -", "import csv - --in sco", "append --from -", "charter adopt -"];
    for line in waiting {
        let mut command = env.chancery(&line.split(' ').collect::<Vec<_>>());
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let mut slow = command.spawn().unwrap();
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(slow.try_wait().unwrap(), None, "{line} does not wait for its input");
        let append = "append application-filed -p LAO --in sco --done 2025 --cite x --quiet";
        let began = std::time::Instant::now();
        env.run(&append.split(' ').collect::<Vec<_>>()).ok();
        assert!(began.elapsed() < Duration::from_secs(4), "{line}: {:?}", began.elapsed());
        drop(slow.stdin.take());
        slow.wait().unwrap();
    }
}

/// The first words of an answer.
fn first_line(env: &Env, line: &str) -> String {
    let ran = env.run(&line.split(' ').collect::<Vec<_>>());
    ran.ok().lines().next().unwrap().to_owned()
}

const RIVERS: &str = r#"id = "rivers"
title = "Charter of Rivers"
kind = "treaty"
began = "2000"
effective = "2000-01-01"
signed = "2000-01-01"
[[status]]
id = "party"
title = "party"
plural = "parties"
rank = 3
[[status]]
id = "contracting"
title = "contracting state"
plural = "contracting states"
rank = 2
[[transition]]
act = "instrument-deposited"
from = ["none"]
to = "contracting"
rule = "deposit"
article = "1"
"#;
const COUNTED: &str = r#"id = "rivers"
effective = "2001-01-01"
entry_into_force = "count(2) then days(0)"
entry_into_force_for_participant = "instant"
[[transition]]
act = "instrument-deposited"
from = ["none", "contracting"]
to = "party"
effect = "entry-into-force"
meanwhile = "contracting"
rule = "deposit"
article = "2"
"#;

/// A treaty of which a status rests on the deposits of others by an amendment, entry 1, and two deposits.
fn rivers() -> Env {
    let env = Env::new();
    env.run(&["init", "--origin", "x.example/y"]).ok();
    env.write("v1.toml", RIVERS);
    env.write("v2.toml", COUNTED);
    env.run(&["charter", "adopt", "v1.toml"]).ok();
    env.run(&["charter", "amend", "v2.toml"]).ok();
    for (who, day) in [("FRA", "2005-01-01"), ("NOR", "2006-01-01")] {
        env.run(&[
            "append",
            "instrument-deposited",
            "-p",
            who,
            "--in",
            "rivers",
            "--deposited",
            day,
            "--cite",
            "a",
        ])
        .ok();
    }
    env
}

#[test]
fn retracted_charter_reach_leaves_every_past_answer_and_its_certificate_as_they_were() {
    let env = rivers();
    env.write("vkey", env.run(&["key", "show"]).ok());
    let past = "status FRA rivers --on 2010-01-01 --as-recorded 4";
    let before = first_line(&env, past);
    assert!(before.contains("PARTY"), "{before}");
    env.run(&["retract", "1", "--cause", "source-changed", "--known-from", "2020-01-01", "--cite", "c"]).ok();
    assert_eq!(first_line(&env, past), before);
    let known = "status FRA rivers --on 2010-01-01 --as-known 2015";
    assert!(first_line(&env, known).contains("PARTY"));
    let roster = env
        .run(&"roster rivers --on 2010-01-01 --as-known 2015 --format json".split(' ').collect::<Vec<_>>());
    assert_eq!(roster.json()["counts"]["party"]["certain"], 2);
    env.run(&format!("{known} --certificate c.json").split(' ').collect::<Vec<_>>()).ok();
    let verified = env.run(&["verify", "c.json", "--key", "vkey", "--no-memory"]).ok();
    assert!(verified.contains("party"), "{verified}");
    assert_eq!(env.run(&["audit"]).ok(), "");
}

#[test]
fn retracted_adoption_past_portfolio_of_a_treaty_whose_charter_extends_a_pattern_stays() {
    let env = Env::new();
    env.run(&["init"]).ok();
    env.write(
        "rows.jsonl",
        r#"{"date":"2002-01-01","party":"FRA","body":"UNTC:1-1","kind":"ratification","source":"an example"}
{"date":"2003-01-01","party":"FRA","body":"UNTC:1-1","kind":"in_force_for_party","effective":"2003-01-01","source":"x"}
"#,
    );
    env.run(&["import", "events", "rows.jsonl"]).ok();
    let size = env.size().to_string();
    let asked = || {
        let args = ["portfolio", "FRA", "--on", "2010-01-01", "--as-recorded", &size, "--format", "json"];
        env.run(&args).json()
    };
    let before = asked();
    assert!(before.to_string().contains("\"party\""), "{before}");
    env.run(&["retract", "1", "--cause", "clerical", "--cite", "adopted by mistake"]).ok();
    assert_eq!(asked(), before);
    assert_eq!(env.run(&["audit"]).ok(), "");
}

#[test]
fn sealed_entries_rewritten_before_the_index_ends_have_no_head_and_no_answer() {
    let env = Env::demo();
    applications(&env, 0..700, "LAO");
    let at = |path: &Path| path.file_stem().unwrap().to_str().unwrap().parse::<u64>().unwrap();
    let last = segments(&env.ledger()).pop().unwrap();
    assert!(at(&last) > 100 && env.ledger().join("snapshot").is_dir(), "{}", last.display());
    let truth: Vec<String> =
        ["100", "60"].map(|size| env.run(&["prove", "inclusion", "20", "--at", size]).all()).into();
    let mut log = Log::read(&env.ledger());
    let text = String::from_utf8(log.leaves[52].clone()).unwrap();
    log.leaves[52] = text.replace("\"BLR\"", "\"MNG\"").into_bytes();
    assert_ne!(log.leaves[52], text.as_bytes());
    log.write(&env.ledger());
    for (size, truth) in ["100", "60"].into_iter().zip(truth) {
        let ran = env.run(&["prove", "inclusion", "20", "--at", size]);
        assert!(ran.code == 4 || ran.all() == truth, "{}", ran.all());
    }
    for line in ["log", "show 52", "export leaves", "status BLR sco --as-recorded 100", "log -p BLR"] {
        let ran = env.run(&line.split(' ').collect::<Vec<_>>());
        assert!(ran.code == 4, "{line}: {}", ran.stdout);
    }
}
