//! An amendment with a day in the past changes what the past was, from its own record on.

use serde_json::{Value, json};

use crate::env::Env;

const AMENDMENT: &str = r#"
id = "sco"
decided = "2016-06-24"
effective = "2016-06-24"
instrument = "A decision that came to light later"

[[source]]
cite = "a test"

[[merger]]
from = ["dialogue-partner"]
to = "observer"
rule = "dialogue partners are observers"
article = "Decision of 2016-06-24"
"#;

#[test]
fn a_late_amendment_changes_the_past_from_its_own_record_on() {
    let env = Env::demo();
    let size = env.size();
    let of = |more: &str| {
        let answer = env.status(&format!("LKA sco {more}"));
        (answer["status"].clone(), answer["checkpoint"].clone())
    };
    let days = ["2010-06-01", "2016-06-23", "2016-06-24", "2020-01-01"];
    let before = days.map(|on| of(&format!("--on {on}")));
    env.write("amendment.toml", AMENDMENT);
    env.run(&["charter", "amend", "amendment.toml"]).ok();
    assert_eq!(env.size(), size + 1);
    for (on, (status, checkpoint)) in days.into_iter().zip(before) {
        let then = of(&format!("--on {on} --as-recorded {size}"));
        assert_eq!(then, (status.clone(), checkpoint), "{on}, as recorded before");
        let merged = on >= "2016-06-24";
        let expected = if merged { json!("observer") } else { status };
        assert_eq!(of(&format!("--on {on}")).0, expected, "{on}, as recorded since");
        assert_eq!(of(&format!("--on {on} --as-recorded {}", size + 1)).0, expected, "{on}");
    }
    let answer = env.status("LKA sco --on 2020-01-01");
    assert_eq!(answer["because"].as_array().unwrap().last().unwrap()["rule"], size, "{answer}");
    // The decision was public in 2016: who asks what was known before it has the old answer.
    assert_eq!(of("--on 2020-01-01 --as-known 2016-06-23").0, "dialogue-partner");
    assert_eq!(of("--on 2020-01-01 --as-known 2016-06-24").0, "observer");
    let shown = |on: &str| env.run(&["charter", "show", "sco", "--on", on, "--format", "json"]).json();
    let has =
        |on: &str| shown(on)["statuses"].as_array().unwrap().iter().any(|s| s["id"] == "dialogue-partner");
    assert_eq!((has("2016-06-23"), has("2016-06-24")), (true, false));
    assert_eq!(env.run(&["audit"]).ok(), "");
}

#[test]
fn a_question_about_what_was_known_is_answered_also_where_no_rules_of_the_body_stand_today() {
    let env = Env::sco();
    let text =
        |clause: &str| format!("id = \"x\"\ntitle = \"X\"\nextends = \"multilateral-treaty\"\n{clause}");
    env.write("x.toml", text("entry_into_force = \"count(1) then instant\"\n"));
    env.run(&["charter", "adopt", "x.toml"]).ok();
    let adoption = (env.size() - 1).to_string();
    let act = ["append", "instrument-deposited", "-p", "FRA", "--in", "x", "--deposited", "2001-01-01"];
    env.run(&[&act[..], &["--cite", "a test"]].concat()).ok();
    let why = ["--cause", "source-changed", "--known-from", "2010-01-01", "--cite", "a test"];
    env.run(&[&["retract", &adoption][..], &why[..]].concat()).ok();
    env.write("key.pub", env.run(&["key", "show"]).ok());
    // In 2005 nobody could know that the text was none: the question has the answer that it had then.
    let then = ["--on", "2003-01-01", "--as-known", "2005-01-01"];
    for command in [&["status", "FRA", "--in", "x"][..], &["roster", "x"], &["in-force", "x"]] {
        let certified = [command, &then, &["--certificate", "c.json", "--format", "json"]].concat();
        let answer = env.run(&certified).json();
        let told = match command[0] {
            "status" => answer["status"] == "party",
            "roster" => answer["counts"]["party"]["certain"] == 1,
            _ => answer["in_force"] == true,
        };
        assert!(told, "{answer}");
        env.run(&["verify", "c.json", "--key", "key.pub"]).ok();
    }
    for command in [&["explain", "FRA", "--in", "x"][..], &["pending", "x"], &["portfolio", "FRA"]] {
        env.run(&[command, &then].concat()).ok();
    }
    assert_eq!(env.run(&["audit"]).ok(), "");
    let today = env.run(&["status", "FRA", "--in", "x", "--on", "2003-01-01"]).fails(2);
    assert!(today.contains("no organisation or treaty called x"), "{today}");
}

#[test]
fn a_text_that_became_the_body_s_own_is_not_read_as_that_of_its_pattern_whatever_was_asked_before() {
    let env = Env::new();
    env.run(&["init"]).ok();
    let status =
        |id: &str| format!("[[status]]\nid = \"{id}\"\ntitle = \"{id}\"\nplural = \"{id}s\"\nrank = 1\n");
    let pattern =
        "id = \"p\"\ntitle = \"P\"\nkind = \"organisation\"\nwithdrawal = \"notice then years(2)\"\n";
    let rule = |act: &str, to: &str, effect: &str| {
        format!("[[transition]]\nact = \"{act}\"\nto = \"{to}\"\n{effect}rule = \"r\"\narticle = \"1\"\n")
    };
    let leaves = rule("withdrawal-notified", "left", "effect = \"withdrawal\"\n");
    let rules = [status("member"), status("left"), rule("founded", "member", ""), leaves].concat();
    env.write("p.toml", format!("{pattern}{rules}"));
    env.write("x.toml", "id = \"x\"\ntitle = \"X\"\nextends = \"p\"\n");
    env.run(&["charter", "adopt", "p.toml"]).ok();
    env.run(&["charter", "adopt", "x.toml"]).ok();
    let act = |words: &str| env.sh(&format!("chancery append {words} -p FRA --in x --cite t --quiet")).ok();
    act("founded --signed 2000-01-01");
    act("withdrawal-notified --received 2001-01-01 --effective 2001-06-01");
    env.sh("chancery rectify 0 --set body=x --cause clerical --cite t --quiet").ok();
    // The day that a notice states goes before the period of a pattern, not before that of the body's own charter.
    let of = |size: u64| json!({"participant": "FRA", "body": "x", "on": "2002-01-01", "as_recorded": size});
    for (first, then) in [(4, 5), (5, 4)] {
        env.write("q.jsonl", format!("{}\n{}\n", of(first), of(then)));
        let mut ask = env.chancery(&["ask", "--from", "q.jsonl", "--format", "jsonl"]);
        // One after the other, so that the second finds what the first left.
        let output = ask.env("RAYON_NUM_THREADS", "1").output().unwrap();
        let statuses: Vec<Value> = String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["status"].clone())
            .collect();
        let of_size = |size: u64| if size == 4 { "left" } else { "member" };
        assert_eq!(statuses, [of_size(first), of_size(then)], "{first}, then {then}");
    }
}
