//! Rival claims: what is disputed, whose account a view follows, one fact told by two sources.

use serde_json::{Value, json};

use crate::env::Env;

fn conflicts(env: &Env, line: &str) -> Value {
    let mut args = vec!["conflicts", "--format", "json"];
    args.extend(line.split_whitespace());
    env.run(&args).json()
}

fn of_kind<'a>(answer: &'a Value, kind: &str) -> Vec<&'a Value> {
    answer["conflicts"].as_array().unwrap().iter().filter(|c| c["kind"] == kind).collect()
}

fn append(env: &Env, words: &[&str]) {
    let mut args = vec!["append"];
    args.extend(words);
    args.extend(["--in", "sco"]);
    env.run(&args).ok();
}

#[test]
fn a_dispute_is_told_with_its_chains_and_the_days_on_which_they_disagree() {
    let env = Env::demo();
    let answer = conflicts(&env, "sco --on 2022-12-31");
    let rivals = of_kind(&answer, "rival");
    assert_eq!(rivals.len(), 1);
    let saudi = rivals[0];
    assert_eq!(saudi["participant"], "SAU");
    assert_eq!(saudi["dispute"], "SAU-partner");
    assert_eq!(saudi["contested_on_day"], true);
    // Signed at the latest in September 2022, or approved on 28 March 2023.
    assert_eq!(saudi["spans"], json!([{"from": "2022-09-01", "until": "2023-03-28"}]));
    assert_eq!(saudi["chains"][0]["chain"], "approved-2023");
    assert_eq!(saudi["chains"][0]["possible"], json!(["none"]));
    assert_eq!(saudi["chains"][0]["entries"][0]["status"], "dialogue-partner");
    assert_eq!(saudi["chains"][1]["chain"], "signed-2022");
    assert_eq!(saudi["chains"][1]["possible"], json!(["dialogue-partner"]));
    assert_eq!(saudi["chains"][1]["entries"][0]["act"], "partnership-memorandum-signed");
    assert!(saudi["chains"][1]["entries"][0]["evidence"][0]["cite"].as_str().unwrap().contains("urdupoint"));
    let later = conflicts(&env, "sco --on 2023-04-01");
    assert_eq!(of_kind(&later, "rival")[0]["contested_on_day"], false);
    // Iran's memorandum: 15 September (press), 16 September (text). It moves no status.
    let dates = of_kind(&answer, "dates");
    assert_eq!(dates.len(), 1);
    assert_eq!(dates[0]["participant"], "IRN");
    assert_eq!(dates[0]["entries"], json!([79, 80]));
}

#[test]
fn a_view_settles_a_dispute_only_where_the_record_says_whose_account_a_chain_is() {
    let env = Env::demo();
    let day = "SAU sco --on 2022-12-31";
    assert_eq!(env.status(day)["certainty"], "contested");
    assert!(env.status(day)["question"].get("view").is_none());
    for (view, chain) in [("participant", "approved-2023"), ("Organisation", "approved-2023")] {
        let answer = env.status(&format!("{day} --view {view}"));
        assert_eq!(answer["status"], "none", "{view}");
        assert_eq!(answer["certainty"], "certain", "{view}");
        assert_eq!(answer["question"]["view"], view.to_lowercase());
        let notes = answer["notes"].to_string();
        assert!(notes.contains(&format!("by the view {}: chain SAU-partner:{chain}", view.to_lowercase())));
        assert!(notes.contains("without a view: contested"), "{notes}");
    }
    for view in ["press", "depositary"] {
        let answer = env.status(&format!("{day} --view {view}"));
        assert_eq!(answer["certainty"], "contested", "{view}");
        assert!(answer["notes"].to_string().contains("does not settle SAU-partner"), "{answer}");
    }
    // On a day on which the chains agree a view says nothing.
    let agreed = env.status("SAU sco --on 2024-01-01 --view participant");
    assert_eq!(agreed["status"], "dialogue-partner");
    assert!(!agreed["notes"].to_string().contains("view"));
}

#[test]
fn every_question_follows_the_view() {
    let env = Env::demo();
    let ask = |line: &str| {
        let mut args: Vec<&str> = line.split(' ').collect();
        args.extend(["--view", "participant", "--format", "json"]);
        env.run(&args).json()
    };
    let roster = ask("roster sco --on 2022-12-31");
    assert_eq!(roster["counts"]["dialogue-partner"], json!({"certain": 8, "at_most": 8}));
    assert!(roster["notes"].to_string().contains("SAU: by the view participant"));
    let pending = ask("pending sco --on 2022-12-31");
    assert_eq!(pending["contested"], json!([]));
    let waits = |p: &Value| p["participant"] == "SAU" && p["stage"] == "status-decided";
    assert!(pending["procedures"].as_array().unwrap().iter().any(waits));
    let explained = ask("explain SAU sco --on 2022-12-31");
    assert_eq!(explained["status"], "none");
    let timeline = ask("timeline SAU --in sco");
    assert!(timeline["spells"].as_array().unwrap().iter().all(|s| s["certainty"] != "contested"));
    let told = ask("conflicts sco --on 2022-12-31");
    let saudi = of_kind(&told, "rival")[0];
    assert_eq!(saudi["contested_on_day"], false);
    assert_eq!(saudi["by_view"], "SAU-partner:approved-2023");
    assert_eq!(saudi["spans"], json!([{"from": "2022-09-01", "until": "2023-03-28"}]));
}

#[test]
fn a_view_of_ones_own_is_read_from_a_file() {
    let env = Env::demo();
    let own = "[[view]]\nname = \"riyadh\"\n[[view.rank]]\ncites = [\"SPA:\"]\n";
    env.write("own.toml", own);
    let answer = env.status("SAU sco --on 2022-12-31 --view own.toml");
    assert_eq!(answer["status"], "dialogue-partner");
    assert_eq!(answer["question"]["view"], "own.toml");
    assert!(answer["notes"].to_string().contains("by the view riyadh: chain SAU-partner:signed-2022"));
    let text = env.run(&["status", "SAU", "sco", "--on", "2022-12-31", "--view", "own.toml"]).ok();
    assert!(text.contains("why: chancery explain SAU --in sco --on 2022-12-31 --view own.toml"), "{text}");
    let fails = |text: &str, says: &str| {
        env.write("own.toml", text);
        let said = env.run(&["status", "SAU", "sco", "--view", "own.toml"]).fails(2);
        assert!(said.contains(says), "{said}");
    };
    fails("[[view]]\nname = \"a\"\n[[view]]\nname = \"b\"\n", "own.toml holds 2 views: one is needed");
    fails("", "own.toml holds 0 views");
    fails("[[view]]\nname = \"a\"\n[[view.rank]]\nchains = [\"a:b\"]\n", "without a basis");
    fails("[[view]]\nname = \"a\"\n[[view.rank]]\nacts = [\"nothing\"]\n", "own.toml: line 4: ");
    let said = env.run(&["status", "SAU", "sco", "--view", "riyadh"]).fails(2);
    assert!(said.contains("it is depositary, participant, organisation or press"), "{said}");
}

#[test]
fn a_chain_that_bears_the_name_of_a_holder_is_its_account() {
    let env = Env::sco();
    for (chain, day) in [("press", "2020-01-01"), ("depositary", "2020-03-01")] {
        let rival = format!("AFG-observer:{chain}");
        append(
            &env,
            &[
                "status-granted",
                "-p",
                "AFG",
                "--toward",
                "observer",
                "--claims-status",
                "observer",
                "--decided",
                day,
                "--rival",
                &rival,
                "--cite",
                "a test",
            ],
        );
    }
    let on = |view: &str| env.status(&format!("AFG sco --on 2020-02-01{view}"))["status"].clone();
    assert_eq!(on(""), Value::Null);
    assert_eq!(on(" --view press"), "observer");
    assert_eq!(on(" --view depositary"), "none");
    assert_eq!(on(" --view participant"), Value::Null);
}

#[test]
fn a_single_chain_stands_against_the_record_without_it() {
    let env = Env::sco();
    let lone = ["status-granted", "-p", "AFG", "--claims-status", "observer", "--decided", "2020-01-01"];
    append(&env, &[&lone[..], &["--rival", "AFG-observer:told", "--cite", "a test"]].concat());
    let answer = conflicts(&env, "--on 2020-06-01");
    let dispute = of_kind(&answer, "rival")[0];
    assert_eq!(dispute["spans"], json!([{"from": "2020-01-01", "until": null}]));
    assert_eq!(dispute["chains"][0]["possible"], json!(["observer"]));
    assert_eq!(dispute["chains"][1], json!({"chain": null, "possible": ["none"], "entries": []}));
}

#[test]
fn one_fact_of_two_sources_is_one_event_with_two_pieces_of_evidence() {
    let env = Env::sco();
    let fact = ["status-granted", "-p", "AFG", "--toward", "observer", "--decided", "2012-06-07"];
    append(&env, &[&fact[..], &["--cite", "an agency"]].concat());
    append(&env, &[&fact[..], &["--cite", "the declaration", "--grade", "official"]].concat());
    let answer = env.status("AFG sco --on 2013-01-01");
    assert_eq!(answer["status"], "observer");
    assert_eq!(answer["because"].as_array().unwrap().len(), 1);
    assert_eq!(answer["because"][0]["index"], 7);
    assert_eq!(answer["because"][0]["same_fact"], json!([8]));
    let evidence = json!([{"cite": "an agency"}, {"cite": "the declaration", "grade": "official"}]);
    assert_eq!(answer["because"][0]["evidence"], evidence);
    let told = conflicts(&env, "sco");
    assert_eq!(of_kind(&told, "same-fact")[0]["entries"], json!([7, 8]));
    assert_eq!(told["conflicts"].as_array().unwrap().len(), 1);
    let roster = env.run(&["roster", "sco", "--on", "2013-01-01", "--format", "json"]).json();
    assert_eq!(roster["counts"]["observer"], json!({"certain": 1, "at_most": 1}));
    // Another form, another status sought, another chain: another fact.
    append(
        &env,
        &[
            "status-granted",
            "-p",
            "AFG",
            "--toward",
            "dialogue-partner",
            "--decided",
            "2012-06-07",
            "--cite",
            "x",
        ],
    );
    assert_eq!(of_kind(&conflicts(&env, "sco"), "same-fact")[0]["entries"], json!([7, 8]));
    // Withdrawn, the second is no evidence any more.
    env.run(&["retract", "8", "--cause", "clerical", "--cite", "a test"]).ok();
    let answer = env.status("AFG sco --on 2013-01-01");
    let first = answer["because"].as_array().unwrap().iter().find(|b| b["index"] == 7).unwrap().clone();
    assert!(first.get("same_fact").is_none(), "{answer}");
}

#[test]
fn a_fact_recorded_twice_happens_once() {
    let env = Env::sco();
    let granted = ["status-granted", "-p", "AFG", "--toward", "observer", "--decided", "2012-06"];
    append(&env, &[&granted[..], &["--cite", "an agency"]].concat());
    append(&env, &["status-revoked", "-p", "AFG", "--decided", "2012-06-20", "--cite", "x"]);
    let once = env.status("AFG sco --on 2012-06-25");
    append(&env, &[&granted[..], &["--cite", "the declaration"]].concat());
    let twice = env.status("AFG sco --on 2012-06-25");
    for key in ["status", "certainty", "possible", "since", "until"] {
        assert_eq!(once[key], twice[key], "{key}");
    }
    assert_eq!(env.run(&["audit"]).ok(), "");
}

#[test]
fn a_source_that_gives_another_status_than_the_charter_is_told_and_moves_nothing() {
    let env = Env::sco();
    append(
        &env,
        &[
            "status-granted",
            "-p",
            "AFG",
            "--toward",
            "observer",
            "--claims-status",
            "member",
            "--decided",
            "2012-06-07",
            "--cite",
            "x",
        ],
    );
    let answer = conflicts(&env, "sco --on 2013-01-01");
    let claim = of_kind(&answer, "claim")[0];
    assert_eq!(claim["chains"][0]["possible"], json!(["member"]));
    assert_eq!(claim["chains"][1]["possible"], json!(["observer"]));
    assert_eq!(claim["contested_on_day"], false);
    assert_eq!(env.status("AFG sco --on 2013-01-01")["status"], "observer");
}

#[test]
fn conflicts_come_in_rows_and_lines_too() {
    let env = Env::demo();
    let rows = env.run(&["conflicts", "sco", "--on", "2022-12-31", "--format", "csv"]).ok();
    let head = "body,kind,participant,dispute,contested_on_day,by_view,chain,possible,index,act,date,status,known,taken_back_by,cites";
    assert_eq!(rows.lines().next(), Some(head));
    assert_eq!(rows.lines().count(), 6, "{rows}");
    assert!(rows.contains("sco,rival,SAU,SAU-partner,true,,signed-2022,dialogue-partner,76,"), "{rows}");
    let lines = env.run(&["conflicts", "sco", "--format", "jsonl"]).ok();
    assert_eq!(lines.lines().count(), 2);
    let none = env.run(&["conflicts", "sco", "--participant", "BLR"]).ok();
    assert!(none.contains("none is recorded"), "{none}");
    env.run(&["conflicts", "nato"]).fails(2);
}
