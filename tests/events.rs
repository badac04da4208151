//! Files of the neutral form that are broken: the line and the cause are named, what was recorded stays, a rerun goes on.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::env::Env;

const IMPORT: [&str; 5] = ["import", "events", "acts.jsonl", "--format", "json"];

fn new() -> Env {
    let env = Env::new();
    env.run(&["init", "--origin", "test/events"]).ok();
    env
}

/// A line of the neutral form: who deposited in a treaty of that number.
fn line(number: usize, who: &str) -> String {
    format!(
        "{{\"date\":\"1999-03-{:02}\",\"party\":\"{who}\",\"body\":\"UNTC:99-{}\",\"kind\":\"ratification\"}}\n",
        number % 28 + 1,
        number / 28 % 50
    )
}

/// More lines than are recorded at a time.
fn many() -> String {
    ["NOR", "CHE", "FIN", "SWE"].iter().flat_map(|who| (0..1_400).map(move |n| line(n, who))).collect()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

/// What an import reports that may have left lines out.
#[track_caller]
fn report(env: &Env) -> Value {
    let ran = env.run(&IMPORT);
    serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.stderr))
}

/// The lines left out, each with its reason.
fn rejected(report: &Value) -> Vec<(u64, &str)> {
    let all = report["rejected"].as_array().unwrap().iter();
    all.map(|r| (r["line"].as_u64().unwrap(), r["reason"].as_str().unwrap())).collect()
}

#[test]
fn the_stamps_of_an_import_may_run_ahead_of_the_clock() {
    let env = new().at("2026-11-23T17:31:01Z");
    env.write("acts.jsonl", line(0, "NOR"));
    assert_eq!(report(&env)["taken"], 1);
    // The clock went back by less than a second: what is recorded now is stamped after the last entry, and runs further ahead.
    let env = env.at("2026-11-23T17:31:00.000100Z");
    env.write("acts.jsonl", many());
    let whole = report(&env);
    assert_eq!((&whole["taken"], &whole["recorded_before"]), (&5_599.into(), &1.into()));
    assert!(whole["import"].is_u64());
    env.write("acts.jsonl", line(0, "DNK"));
    env.at("2026-11-23T17:30:59Z").run(&IMPORT).fails(3);
}

#[test]
fn a_compressed_file_that_is_cut_keeps_what_was_read_and_the_whole_one_goes_on() {
    let whole = gzip(many().as_bytes());
    let env = new();
    env.write("acts.jsonl", &whole[..whole.len() - whole.len() / 10]);
    let error = env.run(&IMPORT).fails(2);
    let number = |after: &str| -> u64 {
        let rest = error.split_once(after).unwrap_or_else(|| panic!("{error}")).1;
        rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
    };
    let (last, recorded) = (number("after line "), number("; "));
    assert!(last > 4_096 && last == recorded, "{error}");
    assert!(error.contains("mend the file and run the same command again"), "{error}");
    assert_eq!(env.run(&["audit"]).ok(), "");

    env.write("acts.jsonl", &whole);
    let again = report(&env);
    assert_eq!((&again["recorded_before"], &again["taken"]), (&recorded.into(), &(5_600 - recorded).into()));
    assert_eq!(report(&env)["taken"], 0);
    assert_eq!(env.run(&["audit"]).ok(), "");
}

#[test]
fn a_line_without_end_is_named_and_what_stands_before_it_stays() {
    let env = new();
    let long = format!("{{\"body\":\"{}\n", "x".repeat(3 << 20));
    env.write("acts.jsonl", [line(0, "NOR"), line(1, "NOR"), long, line(2, "NOR")].concat());
    let error = env.run(&IMPORT).fails(2);
    assert!(
        error.contains("line 3 has more than 1048576 bytes") && error.contains("2 lines are recorded"),
        "{error}"
    );
    env.write("acts.jsonl", [line(0, "NOR"), line(1, "NOR"), line(2, "NOR")].concat());
    let mended = report(&env);
    assert_eq!((&mended["recorded_before"], &mended["taken"]), (&2.into(), &1.into()));
}

#[test]
fn a_compressed_file_that_swells_is_read_no_further_than_one_line_may_reach() {
    let env = new();
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(line(0, "NOR").as_bytes()).unwrap();
    let zeros = vec![b'0'; 1 << 20];
    (0..256).for_each(|_| packed.write_all(&zeros).unwrap());
    let packed = packed.finish().unwrap();
    assert!(packed.len() < 1 << 20);
    env.write("acts.jsonl", packed);
    let error = env.run(&IMPORT).fails(2);
    assert!(error.contains("line 2 has more than") && error.contains("1 lines are recorded"), "{error}");
}

#[test]
fn what_is_no_act_is_left_out_with_its_line_and_its_cause() {
    let env = new();
    let good = line(0, "NOR");
    let with = |from: &str, to: &str| good.replace(from, to);
    let deep = format!("{{\"source\":{}\n", "[".repeat(100_000));
    let text = [
        good.clone(),
        deep,
        with("\"1999-03-01\"", "19990301"),
        with("1999-03-01", "1999-02-30"),
        with("ratification", "ratifikation"),
        with("\"body\"", "\"treaty\""),
        with("\"party\":\"NOR\",", ""),
        with("\"kind\"", "\"op\":\"undo\",\"kind\""),
        with("\"kind\"", "\"not_before\":\"2001\",\"kind\""),
        "date,party,body,kind\n".into(),
        "\n".into(),
        line(1, "NOR"),
    ];
    env.write("acts.jsonl", text.concat());
    let ran = env.run(&IMPORT);
    assert_eq!(ran.code, 1);
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&told["taken"], &told["lines"]), (&2.into(), &12.into()));
    let causes = [
        "recursion limit",
        "invalid type",
        "date:",
        "kind: \"ratifikation\"",
        "missing field `body`",
        "neither party nor party_name",
        "op: \"undo\" is neither set nor retract",
        "not_before: 2001 lies after 1999-03-01",
        "not a line of the neutral form",
    ];
    let left = rejected(&told);
    assert_eq!(left.iter().map(|(line, _)| *line).collect::<Vec<_>>(), (2..=10).collect::<Vec<_>>());
    for ((line, reason), cause) in left.iter().zip(causes) {
        assert!(reason.contains(cause), "line {line}: {reason}");
    }
}

#[test]
fn a_mended_file_adds_only_what_was_mended() {
    let env = new();
    let bad = line(1, "NOR").replace("1999", "19 99");
    env.write("acts.jsonl", [line(0, "NOR"), bad, line(2, "NOR")].concat());
    let first = env.run(&["import", "events", "acts.jsonl", "--rejects", "left.csv"]);
    assert_eq!(first.code, 1);
    assert!(std::fs::read_to_string(env.path().join("left.csv")).unwrap().contains("19 99"));
    let size = env.size();
    env.write("acts.jsonl", [line(0, "NOR"), line(1, "NOR"), line(2, "NOR")].concat());
    let mended = report(&env);
    assert_eq!((&mended["recorded_before"], &mended["taken"]), (&2.into(), &1.into()));
    assert_eq!(env.size(), size + 2, "the line and the import itself");
    assert_eq!(env.run(&["audit"]).ok(), "");
}

#[test]
fn a_retraction_of_what_no_line_states_is_left_out() {
    let env = new();
    let dated = |op: &str| {
        line(0, "NOR").replace("}", &format!(",\"recorded\":\"2013-07-06T20:41:21-04:00\",\"op\":\"{op}\"}}"))
    };
    env.write("acts.jsonl", [dated("retract"), dated("set")].concat());
    let told = report(&env);
    assert_eq!(rejected(&told), [(1, "op retract: no earlier line states what it takes back")]);
    assert_eq!(told["taken"], 1);
}

#[test]
fn a_withdrawal_without_its_day_of_effect_takes_effect_by_the_clause_and_on_its_own_day_where_that_is_unknown()
 {
    let env = new();
    let acts = [("accession", "1990-01-01"), ("in_force", "1990-01-01"), ("withdrawal", "2000-03-01")];
    let line = |(kind, date): (&str, &str)| {
        format!("{{\"date\":\"{date}\",\"party\":\"NOR\",\"body\":\"PACT\",\"kind\":\"{kind}\"}}\n")
    };
    env.write("acts.jsonl", acts.map(line).concat());
    assert_eq!(report(&env)["taken"], 3);
    let since = |env: &Env| {
        let answer = env.status("NOR pact --on 2010-01-01");
        (answer["status"].as_str().unwrap().to_owned(), answer["since"].as_str().unwrap().to_owned())
    };
    assert_eq!(since(&env), ("former-party".to_owned(), "2000-03-01".to_owned()));
    env.write("clause.toml", "id = \"pact\"\nwithdrawal = \"notice then months(6)\"\n");
    env.run(&["charter", "amend", "clause.toml", "--quiet"]).ok();
    assert_eq!(since(&env), ("former-party".to_owned(), "2000-09-01".to_owned()));
    let again = report(&env);
    assert_eq!((&again["taken"], &again["recorded_before"]), (&0.into(), &3.into()));
}
