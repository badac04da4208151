//! What changed in the world, what was learnt, what would change.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::env::{Env, Rng, files, times};

fn ask(env: &Env, line: &str) -> Value {
    let mut args: Vec<&str> = line.split_whitespace().collect();
    args.extend(["--format", "json"]);
    env.run(&args).json()
}

/// `BLR observer→member`, for each change.
fn told(answer: &Value) -> Vec<String> {
    let name = |state: &Value| state["status"].as_str().unwrap_or("?").to_owned();
    let one = |c: &Value| {
        format!(
            "{} {} {}→{}",
            c["participant"].as_str().unwrap(),
            c["change"].as_str().unwrap(),
            name(&c["before"]),
            name(&c["after"])
        )
    };
    answer["changes"].as_array().unwrap().iter().map(one).collect()
}

#[test]
fn between_two_days_who_joined_and_who_moved_and_by_which_act() {
    let env = Env::demo();
    let answer = ask(&env, "diff sco --on 2023-07-01..2024-07-05");
    let changes =
        ["BHR joined none→dialogue-partner", "BLR moved observer→member", "IRN moved observer→member"];
    assert_eq!(told(&answer), changes);
    let days: Vec<&Value> =
        answer["changes"].as_array().unwrap().iter().map(|c| &c["spans"][0]["from"]).collect();
    assert_eq!(days, ["2023-07-15", "2024-07-04", "2023-07-04"]);
    assert_eq!(answer["changes"][2]["because"], json!([98]));
    let acts: Vec<&Value> = answer["entries"].as_array().unwrap().iter().map(|e| &e["index"]).collect();
    assert!([97, 98, 99, 102].iter().all(|index| acts.contains(&&json!(index))), "{acts:?}");
    let closed: Vec<&Value> = answer["procedures"].as_array().unwrap().iter().map(|p| &p["change"]).collect();
    assert_eq!(closed, ["closed", "closed", "closed"]);
    assert_eq!(answer["question"]["axis"], "on");
    assert_eq!(answer["question"]["from"], "2023-07-01");
    // A class of statuses became another: sixteen moved by one amendment.
    let merged = ask(&env, "diff sco --on 2025-08-31..2025-09-01");
    assert_eq!(merged["changes"].as_array().unwrap().len(), 16);
    assert!(merged["changes"].as_array().unwrap().iter().all(|c| c["because"] == json!([6])));
}

#[test]
fn what_came_and_went_in_between_is_told_though_both_ends_are_the_same() {
    let env = Env::sco();
    for (act, day) in
        [("status-granted", "2012-06-07"), ("status-revoked", "2013-01-01"), ("status-granted", "2014-01-01")]
    {
        let toward = if act == "status-granted" { "observer" } else { "none" };
        let said = ["append", act, "-p", "AFG", "--in", "sco", "--toward", toward, "--claims-status", toward];
        env.run(&[&said[..], &["--decided", day, "--cite", "a test"]].concat()).ok();
    }
    let answer = ask(&env, "diff sco --on 2012-12-01..2015-01-01");
    assert_eq!(answer["changes"], json!([]));
    let note = "AFG in sco: another answer from 2013-01-01 until 2014-01-01, and the same at both ends";
    assert!(answer["notes"].as_array().unwrap().contains(&json!(note)), "{answer}");
}

#[test]
fn between_two_sizes_what_this_ledger_learnt() {
    let env = Env::demo();
    let answer = ask(&env, "diff sco --as-recorded 127..128 --on 2023-05-05");
    assert_eq!(told(&answer), ["KWT learnt none→dialogue-partner"]);
    let kuwait = &answer["changes"][0];
    assert_eq!(kuwait["because"], json!([127]));
    assert_eq!(kuwait["spans"].as_array().unwrap().len(), 1);
    assert_eq!(kuwait["spans"][0]["from"], "2023-05-05");
    assert_eq!(kuwait["spans"][0]["until"], "2023-05-06");
    // Asked of another day the same spans are told, though that day's answer is the same.
    let today = ask(&env, "diff sco --as-recorded 127..");
    assert_eq!(told(&today), ["KWT learnt sco-partner→sco-partner"]);
    assert_eq!(today["changes"][0]["spans"], kuwait["spans"]);
    let all = ask(&env, "diff sco --as-recorded ..128 --participant Belarus --on 2016-01-01");
    assert_eq!(told(&all), ["BLR learnt none→observer"]);
    // A retraction is what bears on what it takes away.
    env.run(&["retract", "52", "--cause", "clerical", "--cite", "a test"]).ok();
    let gone = ask(&env, "diff sco --as-recorded 128.. --on 2016-01-01");
    assert_eq!(told(&gone), ["BLR learnt observer→dialogue-partner"]);
    assert_eq!(gone["changes"][0]["because"], json!([128]));
}

#[test]
fn between_two_days_of_knowledge_what_the_world_learnt() {
    let env = Env::demo();
    let answer = ask(&env, "diff sco --as-known 2023-05-05..2023-05-06 --on 2023-05-05");
    assert_eq!(told(&answer), ["KWT learnt none→dialogue-partner"]);
    let from_nothing = ask(&env, "diff sco --as-known ..2002-01-01 --on 2002-01-01");
    assert_eq!(from_nothing["changes"].as_array().unwrap().len(), 6);
    assert_eq!(from_nothing["question"]["from"], Value::Null);
}

#[test]
fn a_difference_can_be_an_exit_code() {
    let env = Env::demo();
    let code = |line: &str| {
        let mut args: Vec<&str> = line.split_whitespace().collect();
        args.extend(["--exit-code"]);
        env.run(&args).code
    };
    assert_eq!(code("diff sco --on 2023-07-01..2024-07-05"), 1);
    assert_eq!(code("diff sco --on 2024-08-01..2024-09-01"), 0);
    assert_eq!(code("diff sco --on 2023-07-01..2024-07-05 --participant CHN"), 0);
    assert_eq!(env.run(&["diff", "sco", "--on", "2023-07-01..2024-07-05"]).code, 0);
    let said = |line: &str| env.run(&line.split_whitespace().collect::<Vec<_>>()).fails(2);
    assert!(said("diff sco").contains("one of the three must be a range"));
    assert!(said("diff sco --on 2023-01-01").contains("one of the three must be a range"));
    assert!(said("diff sco --on 2024-01-01..2023-01-01").contains("runs backwards"));
    assert!(said("diff sco --on 2023..2024-01-01").contains("\"2023\" is not one day"));
    assert!(said("diff sco --on ..2023-01-01 --as-recorded 1..2").contains("only one may be a range"));
    assert!(said("diff sco --as-recorded 1..999").contains("999"));
    let rows = env.run(&["diff", "sco", "--on", "2023-07-01..2024-07-05", "--format", "csv"]).ok();
    assert!(rows.starts_with("body,participant,change,before_status,"), "{rows}");
    assert!(rows.contains("\nsco,BLR,moved,observer,certain,observer,member,certain,member,102\n"), "{rows}");
}

/// Everyone's answer in a roster, without when it began.
fn lines(roster: &Value) -> BTreeMap<String, Value> {
    let line = |item: &Value| {
        let over = item["overlays"]
            .as_array()
            .map(|all| all.iter().map(|o| o["overlay"].clone()).collect::<Vec<_>>());
        let said = json!([item["status"], item["certainty"], item["possible"], over.unwrap_or_default()]);
        (item["participant"].as_str().unwrap().to_owned(), said)
    };
    roster["participants"].as_array().unwrap().iter().map(line).collect()
}

/// Those whose answers differ.
fn differ(a: &Value, b: &Value) -> Vec<String> {
    let (a, b) = (lines(a), lines(b));
    let names: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    names.into_iter().filter(|name| a.get(*name) != b.get(*name)).cloned().collect()
}

#[test]
fn a_diff_names_exactly_those_whose_lines_in_the_rosters_differ() {
    let env = Env::demo();
    let mut rng = Rng(0x5eed_0003);
    let mut day = || format!("{}-{:02}-{:02}", 2001 + rng.below(26), 1 + rng.below(12), 1 + rng.below(28));
    for _ in 0..times(100) {
        let (a, b) = (day(), day());
        let (a, b) = if a <= b { (a, b) } else { (b, a) };
        let rosters = [&a, &b].map(|on| ask(&env, &format!("roster sco --on {on}")));
        let answer = ask(&env, &format!("diff sco --on {a}..{b}"));
        let named: Vec<String> = answer["changes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| c["participant"].as_str().unwrap().into())
            .collect();
        assert_eq!(named, differ(&rosters[0], &rosters[1]), "{a}..{b}");
        let rosters =
            [&a, &b].map(|known| ask(&env, &format!("roster sco --on 2022-10-01 --as-known {known}")));
        let answer = ask(&env, &format!("diff sco --as-known {a}..{b} --on 2022-10-01"));
        let changed = |c: &&Value| c["before"] != c["after"];
        let changes = answer["changes"].as_array().unwrap().iter();
        let named: Vec<String> =
            changes.filter(changed).map(|c| c["participant"].as_str().unwrap().into()).collect();
        assert_eq!(named, differ(&rosters[0], &rosters[1]), "known {a}..{b}");
    }
}

const SUPPOSED: &str = r#"{"act":"partnership-memorandum-signed","body":"sco","participant":"LAO","dates":{"signed":"2025-11-20"},"evidence":[{"cite":"a supposition"}],"id":"01920ca3-80ed-79b8-9d3c-0744ebd7a555"}
{"act":"entry-retracted","body":"sco","participant":"BLR","retraction":{"cause":"clerical"},"to":"TARGET","evidence":[{"cite":"a supposition"}],"id":"01920ca3-80ed-79b8-9d3c-0744ebd7a556"}
"#;

fn supposed(env: &Env) -> String {
    let shown = env.run(&["show", "52", "--format", "json"]).json();
    let target = shown[0]["leaf"]["event"]["id"].as_str().unwrap().to_owned();
    SUPPOSED.replace("TARGET", &target)
}

#[test]
fn what_if_answers_as_the_ledger_will_once_the_events_are_recorded_and_writes_nothing() {
    let env = Env::demo();
    env.write("events.jsonl", supposed(&env));
    let questions = [
        "status LAO --in sco",
        "status BLR --in sco --on 2016-01-01",
        "roster sco --on 2025-12-01",
        "explain LAO --in sco",
        "pending sco",
        "timeline BLR --in sco",
        "conflicts sco",
    ];
    let before = files(&env.ledger().join("entries"));
    let what_if: Vec<Value> =
        questions.iter().map(|q| ask(&env, &format!("what-if --suppose events.jsonl {q}"))).collect();
    assert_eq!(files(&env.ledger().join("entries")), before);
    assert_eq!(env.size(), 128);
    assert_eq!(what_if[0]["status"], "sco-partner");
    assert_eq!(what_if[1]["status"], "dialogue-partner");
    env.run(&["append", "--from", "events.jsonl"]).ok();
    for (question, mut supposed) in questions.iter().zip(what_if) {
        let mut recorded = ask(&env, question);
        assert_eq!(
            supposed.as_object_mut().unwrap().remove("supposed"),
            Some(json!([128, 129])),
            "{question}"
        );
        recorded["checkpoint"].take();
        supposed["checkpoint"].take();
        assert_eq!(supposed, recorded, "{question}");
    }
    // What is recorded already is not supposed.
    let again = env.run(&["what-if", "--suppose", "events.jsonl", "status", "LAO", "sco"]).ok();
    assert!(again.starts_with("  ! supposed: nothing; every event of the file is recorded\n"), "{again}");
}

#[test]
fn what_is_supposed_is_marked_in_every_form_and_checked_like_an_append() {
    let env = Env::demo();
    env.write("events.jsonl", supposed(&env));
    let text = env.run(&["what-if", "--suppose", "events.jsonl", "status", "LAO", "sco"]).ok();
    assert!(text.starts_with("  ! supposed: 2 events that are not recorded"), "{text}");
    let rows =
        env.sh("chancery what-if --suppose - roster sco --status member --format csv < events.jsonl").ok();
    assert_eq!(rows.lines().next(), Some("participant,status,certainty,possible,since,supposed"));
    assert!(rows.lines().skip(1).all(|row| row.ends_with(",128 129")), "{rows}");
    let lines =
        env.sh("chancery --format jsonl what-if --suppose events.jsonl roster sco --status member").ok();
    assert!(lines.lines().all(|line| line.contains("\"supposed\":[128,129]")), "{lines}");
    let changes = ask(&env, "what-if --suppose events.jsonl diff sco --as-recorded 128.. --on 2025-12-01");
    assert_eq!(told(&changes)[1], "LAO learnt none→sco-partner");
    let no = env.run(&["what-if", "--suppose", "events.jsonl", "status", "LAO", "sco", "--is", "observer"]);
    assert_eq!(no.code, 1);
    let refused = r#"{"act":"status-granted","body":"sco","participant":"LAO","dates":{"decided":"1990-01-01"},"evidence":[{"cite":"x"}]}"#;
    env.write("refused.jsonl", refused);
    env.run(&["what-if", "--suppose", "refused.jsonl", "status", "LAO", "sco"]).fails(3);
    env.run(&["what-if", "--suppose", "events.jsonl", "append", "application-filed"]).fails(2);
    env.run(&["what-if", "--suppose", "events.jsonl", "status", "LAO", "sco", "--as-recorded", "20"])
        .fails(2);
    env.run(&["what-if", "--suppose", "events.jsonl", "status", "Belorus", "sco"]).fails(2);
    env.run(&["what-if", "--suppose", "events.jsonl"]).fails(2);
}

#[test]
fn both_times_give_each_revision_as_it_was_answered_then() {
    let env = Env::demo();
    let kuwait = ask(&env, "timeline KWT --in sco --both-times");
    let recorded: Vec<(&Value, &Value)> = kuwait["revisions"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|r| !r["recorded_from"].is_null())
        .map(|r| (&r["recorded_from"], &r["spells"][0]["from"]))
        .collect();
    assert_eq!(recorded, [(&json!(94), &json!("2023-05-06")), (&json!(128), &json!("2023-05-05"))]);
    for who in ["KWT", "BLR", "SAU", "IRN"] {
        let answer = ask(&env, &format!("timeline {who} --in sco --both-times"));
        let revisions = answer["revisions"].as_array().unwrap();
        for pair in revisions.windows(2) {
            assert_ne!(pair[0]["spells"], pair[1]["spells"], "{who}: only what differs is listed");
        }
        for revision in revisions {
            let axis = match (&revision["recorded_from"], &revision["known_from"]) {
                (Value::Number(size), _) => format!("--as-recorded {size}"),
                (_, Value::String(day)) => format!("--as-known {day}"),
                _ => continue,
            };
            let then = ask(&env, &format!("timeline {who} --in sco {axis}"));
            assert_eq!(then["spells"], revision["spells"], "{who} {axis}");
        }
    }
    let rows = env.run(&["timeline", "KWT", "--in", "sco", "--both-times", "--format", "csv"]).ok();
    assert!(
        rows.contains("\nsco,94,128,,,dialogue-partner,certain,dialogue-partner,2023-05-06,2025-09-01,93\n"),
        "{rows}"
    );
}
