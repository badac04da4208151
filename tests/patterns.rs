//! Charters that extend a pattern: what all treaties share, and what each states itself.

use serde_json::json;

use crate::env::Env;

const FIVE_LINES: &str = r#"id = "charter-of-rivers"
title = "Charter of Rivers"
kind = "treaty"
extends = "multilateral-treaty"
entry_into_force = "count(2) then days(90)"
"#;

fn rivers() -> Env {
    let env = Env::new();
    env.write("rivers.toml", FIVE_LINES);
    assert_eq!(env.run(&["charter", "lint", "rivers.toml"]).all(), "");
    env.run(&["init"]).ok();
    env.run(&["charter", "adopt", "rivers.toml"]).ok();
    env
}

fn record(env: &Env, line: &str) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (act, rest) = words.split_first().unwrap();
    let mut args = vec!["append", act, "--in", "charter-of-rivers", "--cite", "the depositary"];
    args.extend(rest);
    env.run(&args).ok();
}

fn deposited(env: &Env, who: &str, on: &str) {
    record(env, &format!("instrument-deposited --participant {who} --deposited {on}"));
}

#[track_caller]
fn is(env: &Env, who: &str, on: &str, status: &str) {
    let answer = env.status(&format!("{who} --in charter-of-rivers --on {on}"));
    assert_eq!(answer["status"], json!(status), "{who} on {on}: {answer}");
}

#[test]
fn five_lines_are_a_whole_treaty_and_the_pattern_is_recorded_before_it_once() {
    let env = rivers();
    assert_eq!(env.size(), 2);
    record(&env, "treaty-signed --participant FRA --signed 2000-01-01");
    deposited(&env, "FRA", "2001-01-01");
    deposited(&env, "USA", "2002-01-01");
    for (on, status) in [
        ("1999-12-31", "none"),
        ("2000-01-01", "signatory"),
        ("2001-01-01", "contracting"),
        ("2002-03-31", "contracting"),
        ("2002-04-01", "party"),
    ] {
        is(&env, "FRA", on, status);
    }
    deposited(&env, "CHN", "2003-01-01");
    is(&env, "CHN", "2003-01-01", "party");
    env.write("lakes.toml", FIVE_LINES.replace("rivers", "lakes").replace("Rivers", "Lakes"));
    env.run(&["charter", "adopt", "lakes.toml"]).ok();
    assert_eq!(env.size(), 7);
    let bodies = env.run(&["bodies", "--format", "csv"]).ok();
    assert!(!bodies.contains("multilateral-treaty"), "{bodies}");
    assert_eq!(env.run(&["audit"]).ok(), "");
    let replayed = env.run(&["replay"]).ok();
    assert!(replayed.contains("3 party"), "{replayed}");
}

#[test]
fn who_consents_twice_or_signs_later_does_not_fall_back() {
    let env = rivers();
    deposited(&env, "FRA", "2001-01-01");
    deposited(&env, "USA", "2002-01-01");
    deposited(&env, "FRA", "2003-01-01");
    record(&env, "treaty-signed --participant USA --signed 2004-01-01");
    is(&env, "FRA", "2003-01-01", "party");
    is(&env, "USA", "2004-01-01", "party");
    let remarks = env.run(&["audit", "--conformity"]).ok();
    assert!(remarks.contains("out of order: not foreseen from party"), "{remarks}");
}

#[test]
fn without_a_clause_who_has_consented_is_contracting_until_an_act_certifies_more() {
    let env = Env::new();
    let text: Vec<&str> = FIVE_LINES.lines().filter(|line| !line.contains("entry_into_force")).collect();
    env.write("rivers.toml", text.join("\n"));
    env.run(&["init"]).ok();
    env.run(&["charter", "adopt", "rivers.toml"]).ok();
    deposited(&env, "FRA", "2001-01-01");
    deposited(&env, "USA", "2002-01-01");
    is(&env, "FRA", "2020-01-01", "contracting");
    let asked = env.run(&["in-force", "charter-of-rivers", "--format", "json"]).json();
    assert_eq!(asked["in_force"], json!(null));
    assert!(asked["notes"].to_string().contains("the clause is unknown"), "{asked}");
    record(&env, "entered-into-force-for-participant --participant USA --effective 2003-01-01");
    is(&env, "USA", "2003-01-01", "party");
    is(&env, "FRA", "2003-01-01", "contracting");
    record(&env, "treaty-entered-into-force --effective 2002-07-01");
    is(&env, "FRA", "2002-06-30", "contracting");
    is(&env, "FRA", "2002-07-01", "party");
    is(&env, "USA", "2002-07-01", "party");
}

#[test]
fn an_amended_pattern_reaches_what_extends_it_from_its_own_record_on_and_not_what_that_states_itself() {
    let env = rivers();
    deposited(&env, "FRA", "2001-01-01");
    deposited(&env, "USA", "2002-01-01");
    record(&env, "withdrawal-notified --participant FRA --received 2010-01-01");
    let before = env.size().to_string();
    is(&env, "FRA", "2010-12-31", "party");
    // The pattern states no right to withdraw: whether the notice ever has effect is open (VCLT 56).
    let open = env.status("FRA --in charter-of-rivers --on 2011-01-01");
    assert_eq!(open["possible"], json!(["party", "former-party"]));
    env.write(
        "pattern.toml",
        "id = \"multilateral-treaty\"\neffective = \"2000-01-01\"\nwithdrawal = \"notice then months(6)\"\n\
         entry_into_force = \"count(1) then days(1)\"\n",
    );
    env.run(&["charter", "amend", "pattern.toml"]).ok();
    is(&env, "FRA", "2010-07-01", "former-party");
    is(&env, "FRA", "2002-03-31", "contracting");
    let then = env.status(&format!("FRA --in charter-of-rivers --on 2010-07-01 --as-recorded {before}"));
    assert_eq!(then["status"], "party");
    assert_eq!(env.run(&["audit"]).ok(), "");
}
