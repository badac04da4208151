//! The three dates of a question, corrections on each of them, and the order of the log.

use serde_json::Value;

use crate::env::{Env, Rng};

const CITE: &str = "a test";

/// Status and certainty, as one word each.
fn said(env: &Env, line: &str) -> (String, String) {
    let answer = env.status(line);
    let possible: Vec<&str> =
        answer["possible"].as_array().unwrap().iter().map(|s| s.as_str().unwrap()).collect();
    (possible.join("|"), answer["certainty"].as_str().unwrap().to_owned())
}

fn is(env: &Env, line: &str, status: &str) {
    assert_eq!(said(env, line), (status.to_owned(), "certain".to_owned()), "{line}");
}

#[test]
fn a_rectified_entry_has_a_new_answer_and_keeps_its_old_one() {
    let env = Env::demo();
    is(&env, "KWT sco --on 2023-05-05", "dialogue-partner");
    is(&env, "KWT sco --on 2023-05-05 --as-recorded 127", "none");
    is(&env, "KWT sco --on 2023-05-06 --as-recorded 127", "dialogue-partner");
    // The later reports appeared on the sixth: nobody could rely on them on the fifth.
    is(&env, "KWT sco --on 2023-05-05 --as-known 2023-05-05", "none");
    is(&env, "KWT sco --on 2023-05-05 --as-known 2023-05-06", "dialogue-partner");
}

#[test]
fn a_retraction_of_a_retraction_lets_its_target_stand_again() {
    let env = Env::demo();
    let retract = |entry: &str| {
        env.run(&["retract", entry, "--cause", "clerical", "--cite", CITE]).ok();
    };
    is(&env, "BLR sco --on 2016-01-01", "observer");
    retract("52");
    is(&env, "BLR sco --on 2016-01-01", "dialogue-partner");
    retract("128");
    is(&env, "BLR sco --on 2016-01-01", "observer");
    retract("129");
    is(&env, "BLR sco --on 2016-01-01", "dialogue-partner");
    is(&env, "BLR sco --on 2016-01-01 --as-recorded 128", "observer");
    is(&env, "BLR sco --on 2016-01-01 --as-recorded 129", "dialogue-partner");
    is(&env, "BLR sco --on 2016-01-01 --as-recorded 130", "observer");
    assert_eq!(env.run(&["audit"]).ok(), "");
}

#[test]
fn retracted_adoption_past_answers_every_question_as_before() {
    let env = Env::demo();
    let asked = || -> Vec<Value> {
        let lines = [
            "status BLR sco --on 2023-07-01",
            "roster sco --on 2023-07-01",
            "explain BLR --in sco --on 2023-07-01",
            "portfolio BLR --on 2023-07-01",
            "timeline BLR",
            "timeline BLR --in sco",
            "when BLR sco --status observer",
            "when sco --status member --count 8",
            "count sco --status member",
            "pending sco --on 2023-07-01",
            "pending --on 2023-07-01",
            "in-force sco",
            "conflicts sco",
            "diff sco --on 2022-01-01..2023-12-31",
        ];
        let ask = |line: &str| {
            let words = line.split(' ').chain(["--as-recorded", "128", "--format", "json"]);
            env.run(&words.collect::<Vec<_>>()).json()
        };
        lines.into_iter().map(ask).collect()
    };
    let before = asked();
    for entry in ["0", "1", "2", "3", "4", "5", "6"] {
        env.run(&["retract", entry, "--cause", "clerical", "--cite", CITE]).ok();
    }
    assert_eq!(asked(), before);
    env.run(&["status", "BLR", "sco"]).fails(2);
    assert_eq!(env.run(&["audit"]).ok(), "");
}

#[test]
fn an_import_is_withdrawn_whole_and_can_be_restored() {
    let env = Env::demo();
    env.run(&["retract", "--import", "125", "--cause", "clerical", "--cite", CITE]).ok();
    let roster = env.run(&["roster", "sco", "--format", "json"]).json();
    assert_eq!(roster["participants"].as_array().unwrap().len(), 0);
    env.run(&["retract", "128", "--cause", "clerical", "--cite", CITE]).ok();
    let roster = env.run(&["roster", "sco", "--format", "json"]).json();
    assert_eq!(roster["participants"].as_array().unwrap().len(), 26);
}

#[test]
fn a_time_a_size_and_a_checkpoint_file_name_the_same_state_of_the_ledger() {
    let env = Env::demo();
    let head = env.path().join("head");
    std::fs::copy(env.ledger().join("checkpoint"), &head).unwrap();
    let later = env.at("2026-12-01T00:00:00Z");
    later.run(&["retract", "52", "--cause", "clerical", "--cite", CITE]).ok();
    for recorded in ["128", "2026-11-30", "2026-11-30T12:00:00Z", "head"] {
        is(&later, &format!("BLR sco --on 2016-01-01 --as-recorded {recorded}"), "observer");
    }
    is(&later, "BLR sco --on 2016-01-01 --as-recorded 2026-12-01", "dialogue-partner");
}

#[test]
fn as_at_is_short_for_on_and_as_known() {
    let env = Env::demo();
    let mut short = env.status("SAU sco --as-at 2023-03-06");
    let mut long = env.status("SAU sco --on 2023-03-06 --as-known 2023-03-06");
    assert_eq!(short["certainty"], "contested");
    assert_eq!(short["possible"], serde_json::json!(["none", "dialogue-partner"]));
    short["question"].take();
    long["question"].take();
    assert_eq!(short, long);
}

#[test]
fn after_the_survey_every_answer_says_where_the_record_ends() {
    let env = Env::demo();
    for line in ["roster sco", "pending sco", "status BLR sco", "explain BLR sco", "timeline BLR --in sco"] {
        let mut args: Vec<&str> = line.split(' ').collect();
        args.extend(["--on", "2025-10-01"]);
        let text = env.run(&args).ok().replace("\n    ", " ");
        assert!(text.contains("surveyed from 1996-04 to 2025-09, 2025-10-01 lies outside"), "{line}: {text}");
        args.extend(["--format", "json"]);
        let answer = env.run(&args).json();
        assert!(answer["notes"].to_string().contains("lies outside"), "{line}");
        if !line.starts_with("timeline") {
            assert_eq!(answer["coverage"]["covers"], false, "{line}");
        }
        let at = args.iter().position(|a| *a == "2025-10-01").unwrap();
        args[at] = "2025-09-15";
        assert!(!env.run(&args).json()["notes"].to_string().contains("lies outside"), "{line}");
    }
}

/// The answers that do not depend on where in the log an act stands.
fn valid_time_answers(env: &Env) -> Vec<Value> {
    let strip = |mut value: Value| {
        fn visit(value: &mut Value) {
            match value {
                Value::Object(map) => {
                    for key in
                        ["index", "entries", "entry", "rule", "id", "checkpoint", "question", "because"]
                    {
                        map.remove(key);
                    }
                    map.values_mut().for_each(visit);
                }
                Value::Array(items) => items.iter_mut().for_each(visit),
                _ => {}
            }
        }
        visit(&mut value);
        value
    };
    let mut answers = Vec::new();
    for on in ["2006-01-01", "2010-04-28", "2016-12-31", "2023-03-06", "2023-07-16", "2025-09-02"] {
        for line in [["roster", "sco"], ["pending", "sco"]] {
            let args = [line[0], line[1], "--on", on, "--as-known", on, "--format", "json"];
            answers.push(strip(env.run(&args).json()));
        }
    }
    answers
}

#[test]
fn rows_in_any_order_give_the_same_valid_time_answers() {
    let text = include_str!("../src/import/records/sco_events.csv");
    let (header, rows) = text.split_once('\n').unwrap();
    let mut rows: Vec<&str> = rows.lines().collect();
    let mut rng = Rng(0x5eed_0001);
    let mut first = None;
    for _ in 0..4 {
        let env = Env::sco();
        let csv = format!("{header}\n{}\n", rows.join("\n"));
        env.write("rows.csv", csv);
        env.run(&["import", "csv", "rows.csv", "--in", "sco", "--surveyed", "1996-04..2025-09"]).ok();
        assert_eq!(env.run(&["audit"]).ok(), "");
        let answers = valid_time_answers(&env);
        assert_eq!(*first.get_or_insert_with(|| answers.clone()), answers);
        for at in (1..rows.len()).rev() {
            rows.swap(at, rng.below(at as u64 + 1) as usize);
        }
    }
}

#[test]
fn as_recorded_n_is_a_fresh_ledger_of_the_first_n_entries() {
    let env = Env::demo();
    let leaves = env.run(&["export", "leaves"]).ok();
    let mut rng = Rng(0x5eed_0002);
    for _ in 0..crate::env::times(40) {
        let n = 7 + rng.below(121);
        let fresh = Env::sco();
        let events: String = leaves
            .lines()
            .take(n as usize)
            .skip(7)
            .map(|leaf| {
                let leaf: Value = serde_json::from_str(leaf).unwrap();
                format!("{}\n", leaf["event"])
            })
            .collect();
        if n > 7 {
            fresh.write("events.jsonl", events);
            fresh.run(&["append", "--from", "events.jsonl"]).ok();
        }
        let on = ["2012-01-01", "2023-05-05", "2023-07-16", "2025-09-02"][rng.below(4) as usize];
        for question in ["roster", "pending"] {
            let size = n.to_string();
            let of = |env: &Env, args: &[&str]| {
                let mut all = vec![question, "sco", "--on", on, "--format", "json"];
                all.extend(args);
                let mut answer = env.run(&all).json();
                answer["checkpoint"].take();
                answer
            };
            assert_eq!(
                of(&env, &["--as-recorded", &size]),
                of(&fresh, &[]),
                "{question} of {n} entries on {on}"
            );
        }
    }
}

#[test]
fn a_body_adopted_after_the_first_n_entries_is_passed_over_as_recorded_n() {
    let env = Env::demo();
    let questions =
        ["timeline IRN", "timeline IRN --both-times", "portfolio IRN", "conflicts", "diff --on 2001-01-01.."];
    let answers = |env: &Env, size: &str| -> Vec<String> {
        let answer = |question: &&str| {
            let mut args: Vec<&str> = question.split(' ').collect();
            args.extend(["--as-recorded", size, "--format", "json"]);
            env.run(&args).ok()
        };
        questions.iter().map(answer).collect()
    };
    let before = answers(&env, "128");
    env.run(&["charter", "adopt", "brics"]).ok();
    let joined =
        "append instrument-deposited --participant IRN --in brics --deposited 2024-01-01 --cite press";
    env.run(&joined.split(' ').collect::<Vec<_>>()).ok();
    assert_eq!(answers(&env, "128"), before);
    assert!(before[0].contains("sco") && env.run(&["timeline", "IRN"]).ok().contains("brics"));
    let none = env.run(&["portfolio", "IRN", "--as-recorded", "0", "--format", "json"]).json();
    assert_eq!(none["bodies"], serde_json::json!([]));
    // One that is named is asked for, and was not there.
    let error = env.run(&["timeline", "IRN", "--in", "brics", "--as-recorded", "128"]).fails(2);
    assert!(error.contains("called brics"), "{error}");
}
