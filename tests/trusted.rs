//! Questions with a verifier key of the reader's own, against a user who can write every file of the folder, `key.pub` too.

use std::process::Command;

use serde_json::json;

use crate::env::{Env, copy};

/// Every command that asks, with what it needs to be asked of the demonstration ledger.
const QUESTIONS: [&str; 25] = [
    "status BLR --in sco --on 2025-01-01",
    "status BLR --in sco --on 2025-01-01 --certificate answer.json",
    "roster sco",
    "roster sco --certificate roster.json",
    "portfolio BLR",
    "timeline BLR --in sco",
    "explain BLR --in sco",
    "pending sco",
    "communications sco",
    "reservations sco",
    "relations BLR IND --in sco",
    "in-force sco",
    "when BLR --in sco --status member",
    "count sco",
    "conflicts sco",
    "diff sco --on 2023-07-01..2025-01-01",
    "what-if --suppose acts.jsonl status BLR --in sco",
    "ask --from questions.csv --format csv",
    "cite status BLR --in sco --on 2025-01-01",
    "export spells sco",
    "export panel sco",
    "export table multilateral-treaty",
    "notify sco --since 100",
    "compare sco --with panel.csv",
    "status BLR --in sco --as-recorded head",
];

/// The demonstration ledger, with the files that the questions read, and its verifier key outside of it.
fn demo() -> Env {
    let env = Env::demo();
    env.run(&["charter", "adopt", "multilateral-treaty"]).ok();
    env.write("panel.csv", env.run(&["export", "panel", "sco", "--format", "csv"]).ok());
    env.write("sco.vkey", env.run(&["key", "show"]).ok());
    env.write("head", std::fs::read(env.ledger().join("checkpoint")).unwrap());
    env.write("questions.csv", "participant,body,on\nBLR,sco,2025-01-01\n");
    let act = r#"{"act":"application-filed","body":"sco","participant":"LAO","dates":{"done":"2026-01-01"},"evidence":[{"cite":"x"}],"id":"00000000-0000-4000-8000-000000000001"}"#;
    env.write("acts.jsonl", format!("{act}\n"));
    env
}

fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

fn with_key<'a>(line: &'a str, key: &'a str) -> Vec<&'a str> {
    let mut words = words(line);
    words.extend(["--key", key]);
    words
}

/// A status that is granted again and again, one event a line.
fn granted(who: &str, status: &str, of: std::ops::Range<u64>) -> String {
    let dates = json!({"decided": "2024-08-01", "effective": "2024-08-01"});
    let event = |n: u64| {
        json!({"act": "status-granted", "body": "sco", "participant": who, "status": status, "dates": dates,
               "evidence": [{"cite": format!("c{n}")}], "id": format!("00000000-0000-4000-8000-{n:012}")})
    };
    of.map(|n| format!("{}\n", event(n))).collect()
}

/// Puts a ledger of the same name in the place of the first: its entries say something else, and another key signed them.
fn replaced(env: &Env) {
    let forger = Env::new();
    let mut demo: Command = forger.chancery(&["demo", "--quiet"]);
    assert!(demo.env("CHANCERY_KEY_SEED", "a key of the forger").output().unwrap().status.success());
    forger.write("granted.jsonl", granted("LAO", "observer", 0..1));
    forger.run(&words("append --from granted.jsonl --quiet")).ok();
    std::fs::remove_dir_all(env.ledger()).unwrap();
    copy(&forger.ledger(), &env.ledger());
}

#[test]
fn every_question_with_a_key_answers_as_without_if_that_key_signed_the_head() {
    let env = demo();
    for line in QUESTIONS {
        let (plain, keyed) = (env.run(&words(line)), env.run(&with_key(line, "sco.vkey")));
        assert_eq!((plain.code, &plain.stderr), (keyed.code, &keyed.stderr), "{line}");
        assert!(plain.code <= 1, "{line}: {}", plain.all());
        // A citation repeats the words of the question.
        assert_eq!(plain.stdout, keyed.stdout.replace(" --key sco.vkey", ""), "{line}");
    }
}

#[test]
fn no_question_with_a_key_answers_from_what_another_key_signed_whatever_key_pub_says() {
    let env = demo();
    replaced(&env);
    let refused = "chancery: ./chancery.ledger/checkpoint: no head of this log is signed with the verifier key that you gave \
                   (exit 4)\n  nothing was answered. If the log's key was changed, give the present key: ask who keeps the \
                   log, never the folder; else this folder was changed: chancery audit --key VKEY --since COPY\n";
    assert_eq!(
        env.status("LAO sco --on 2025-01-01")["status"],
        "observer",
        "the forgery answers without a key"
    );
    for line in QUESTIONS.into_iter().filter(|line| !line.contains("--as-recorded head")) {
        assert_eq!(env.run(&with_key(line, "sco.vkey")).fails(4), refused, "{line}");
    }
    for certificate in ["answer.json", "roster.json"] {
        assert!(!env.path().join(certificate).exists(), "{certificate} is written");
    }
    // A head that nobody signed, and none at all, are no better.
    let checkpoint = env.ledger().join("checkpoint");
    let unsigned: String = std::fs::read_to_string(&checkpoint)
        .unwrap()
        .lines()
        .take(4)
        .map(|line| format!("{line}\n"))
        .collect();
    for key in ["key", "key.pub"] {
        std::fs::remove_file(env.ledger().join(key)).unwrap();
    }
    std::fs::write(&checkpoint, unsigned).unwrap();
    assert_eq!(env.run(&with_key(QUESTIONS[0], "sco.vkey")).fails(4), refused);
    std::fs::remove_file(&checkpoint).unwrap();
    assert_eq!(env.run(&with_key(QUESTIONS[0], "sco.vkey")).fails(4), refused);
}

#[test]
fn a_head_of_another_log_with_the_right_key_is_refused() {
    let env = demo();
    env.run(&["init", "--charter", "sco", "--origin", "test/other", "--ledger", "other.ledger"]).ok();
    env.write("other.vkey", env.run(&["key", "show", "--ledger", "other.ledger"]).ok());
    let head = std::fs::read(env.path().join("other.ledger/checkpoint")).unwrap();
    std::fs::write(env.ledger().join("checkpoint"), head).unwrap();
    let refused = env.run(&with_key(QUESTIONS[0], "other.vkey")).fails(4);
    assert!(refused.contains("no head of this log is signed"), "{refused}");
    assert_eq!(env.run(&with_key("status BLR --in sco", "no-key")).code, 2);
}

#[test]
fn a_forged_key_pub_alone_changes_no_answer_and_no_certificate_of_a_question_with_a_key() {
    let env = demo();
    let truth = env.run(&words(QUESTIONS[0])).ok();
    let forger = Env::new();
    let mut demo = forger.chancery(&["demo", "--quiet"]);
    assert!(demo.env("CHANCERY_KEY_SEED", "a key of the forger").output().unwrap().status.success());
    for key in ["key", "key.pub"] {
        std::fs::copy(forger.ledger().join(key), env.ledger().join(key)).unwrap();
    }
    assert_eq!(env.run(&with_key(QUESTIONS[0], "sco.vkey")).ok(), truth);
    // Here the forger's key would sign: no certificate is written.
    assert_ne!(env.run(&with_key(QUESTIONS[1], "sco.vkey")).code, 0);
    assert!(!env.path().join("answer.json").exists());
}

#[test]
fn of_several_keys_one_must_have_signed_as_after_a_change_of_the_key() {
    let env = demo();
    let truth = env.run(&words("status BLR --in sco --on 2025-01-01 --as-recorded 100")).ok();
    env.run(&["key", "rotate", "--cite", "yearly"]).ok();
    env.write("new.vkey", env.run(&["key", "show"]).ok());
    // The head over the announcement has the signatures of both; the next one has that of the new key alone.
    let act = "append application-filed -p LAO --in sco --done 2025 --cite x";
    env.run(&words(act)).ok();
    let line = "status BLR --in sco --on 2025-01-01 --as-recorded 100";
    env.run(&with_key(line, "sco.vkey")).fails(4);
    assert_eq!(env.run(&with_key(line, "new.vkey")).ok(), truth);
    let mut both = with_key(line, "sco.vkey");
    both.extend(["--key", "new.vkey"]);
    assert_eq!(env.run(&both).ok(), truth);
}

#[test]
fn entries_behind_the_signed_head_are_left_out_of_an_answer_with_a_key() {
    // A few in the same segment, and so many that segments end between them.
    for behind in [1, 1_500] {
        let env = demo();
        let kept = std::fs::read(env.ledger().join("checkpoint")).unwrap();
        let truth = env.status("LAO sco --on 2025-01-01");
        env.write("granted.jsonl", granted("LAO", "observer", 0..behind));
        env.run(&["append", "--from", "granted.jsonl", "--quiet"]).ok();
        std::fs::write(env.ledger().join("checkpoint"), kept).unwrap();
        assert_eq!(env.status("LAO sco --on 2025-01-01")["status"], "observer");

        let answer = env.run(&with_key("status LAO --in sco --on 2025-01-01 --format json", "sco.vkey"));
        let remark =
            format!("{behind} {} behind the last head", if behind == 1 { "entry" } else { "entries" });
        assert!(answer.stderr.contains(&remark), "{}", answer.stderr);
        let answer: serde_json::Value = answer.json();
        assert_eq!((&answer["status"], &answer["checkpoint"]), (&truth["status"], &truth["checkpoint"]));
        env.run(&with_key("status LAO --in sco --certificate answer.json --quiet", "sco.vkey")).ok();
        env.run(&["verify", "answer.json", "--key", "sco.vkey"]).ok();
        let beyond = truth["checkpoint"]["size"].as_u64().unwrap() + 1;
        let beyond = format!("status LAO --in sco --quiet --as-recorded {beyond}");
        env.run(&with_key(&beyond, "sco.vkey")).fails(2);
    }
}

#[test]
fn a_damaged_key_pub_is_an_error_and_no_reason_to_trust_what_nobody_signed() {
    let env = demo();
    let truth = env.run(&words(QUESTIONS[0])).ok();
    let path = env.ledger().join("key.pub");
    let sound = std::fs::read(&path).unwrap();
    for damaged in [&b""[..], b"\xff\xfe", b"key\n", &sound[..sound.len() - 9]] {
        std::fs::write(&path, damaged).unwrap();
        for line in ["status BLR --in sco", "roster sco", "log --last 3", "show 102", "checkpoint"] {
            let refused = env.run(&words(line)).fails(4);
            assert!(refused.contains("key.pub"), "{line}: {refused}");
        }
        env.run(&words("append application-filed -p LAO --in sco --done 2025 --cite x")).fails(4);
        let audit = env.run(&["audit"]);
        assert!(audit.code == 1 && audit.stdout.contains("key-unreadable"), "{}", audit.all());
        // Who brings a key does not need that of the folder.
        assert_eq!(env.run(&with_key(QUESTIONS[0], "sco.vkey")).ok(), truth);
    }
}
