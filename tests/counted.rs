//! Sets and tables that clauses count in: given by file, dated, with their sources.

use crate::env::Env;

const PROTOCOL: &str = r#"id = "protocol"
title = "Protocol on Emissions"
kind = "treaty"
extends = "multilateral-treaty"
entry_into_force = "count(2) and weight(emissions >= 55%) then days(90)"

[[weight]]
id = "emissions"
unit = "Gg CO2"
file = "tables/1990.csv"
article = "annex"
[[weight.source]]
cite = "FCCC/CP/1997/7/Add.1, annex"

[[weight]]
id = "emissions"
unit = "Gg CO2"
effective = "2005-01-01"
file = "tables/2000.csv"
"#;

fn ledger() -> Env {
    let env = Env::new();
    env.run(&["init", "--origin", "test/counted"]).ok();
    std::fs::create_dir(env.path().join("tables")).unwrap();
    env.write("tables/1990.csv", "participant,share\nFrance,10\nDEU,20.5\nUnited States,69.5\n");
    env.write("tables/2000.csv", "participant,share\nFRA,50\nDEU,40\nUSA,10\n");
    env.write("protocol.toml", PROTOCOL);
    env
}

fn deposit(env: &Env, who: &str, day: &str) {
    let line =
        format!("append instrument-deposited -p {who} --in protocol --deposited {day} --quiet --cite C.N.");
    env.run(&line.split(' ').collect::<Vec<_>>()).ok();
}

#[test]
fn a_table_given_by_file_is_recorded_row_by_row_and_named_in_the_answer() {
    let env = ledger();
    env.run(&["charter", "adopt", "protocol.toml", "--quiet"]).ok();
    deposit(&env, "FRA", "2003-01-01");
    deposit(&env, "DEU", "2004-01-01");
    // What is recorded needs no file any more.
    std::fs::remove_dir_all(env.path().join("tables")).unwrap();
    let leaf = env.run(&["show", "1", "--leaf"]).stdout;
    assert!(leaf.contains("USA = \\\"69.5\\\"") && !leaf.contains("1990.csv"), "{leaf}");
    let told = env.run(&["in-force", "protocol", "--on", "2004-12-31"]).ok();
    let (told, _footer) = told.split_once("\non 2004-12-31").unwrap();
    insta::assert_snapshot!(told, @r"
    Protocol on Emissions: NOT IN FORCE
    on 31 December 2004                                                      certain
      ! as far as recorded: no survey says which span of the Protocol on Emissions
        was searched

      from        2005-04-01
      clause      count(2) and weight(emissions >= 55%) then days(90)   entry 1
      met by      no consent: what it waits for or counts in changed 2005-01-01
      count       30.5 of 55 percent
      part        count(2): since 2004-01-01
      part        weight(emissions >= 55%): 30.5 of 55
      counted in  emissions: 3 participants, 100 Gg CO2 in all; annex;
                  FCCC/CP/1997/7/Add.1, annex
      missing     1: USA
    ");
    let later = env.run(&["in-force", "protocol", "--on", "2005-06-01", "--format", "json"]).json();
    assert_eq!(
        (&later["in_force"], &later["on"], &later["count"]),
        (&true.into(), &"2005-04-01".into(), &90.into())
    );
    assert_eq!(
        (&later["tables"][0]["effective"], &later["trigger"]["among"]),
        (&"2005-01-01".into(), &serde_json::json!([]))
    );
}

#[test]
fn a_table_that_cannot_be_read_is_refused_with_the_line_of_the_charter_and_of_the_table() {
    let env = ledger();
    env.write("tables/1990.csv", "participant,share\nFrance,10\nAtlantis,20\n");
    insta::assert_snapshot!(env.run(&["charter", "adopt", "protocol.toml"]).fails(2), @r#"
    chancery: protocol.toml, line 10, column 8: tables/1990.csv: line 3: no state called "Atlantis" (exit 2)
    "#);
    env.write("tables/1990.csv", "participant,share\nFrance,ten\n");
    insta::assert_snapshot!(env.run(&["charter", "adopt", "protocol.toml"]).fails(2), @r#"
    chancery: protocol.toml, line 10, column 19: "ten" is no share: write a decimal such as 17.4 (exit 2)
    "#);
    std::fs::remove_file(env.path().join("tables/1990.csv")).unwrap();
    insta::assert_snapshot!(env.run(&["charter", "lint", "protocol.toml"]).fails(2), @r"
    chancery: protocol.toml, line 10, column 8: tables/1990.csv: No such file or directory (os error 2) (exit 2)
    ");
    assert_eq!(env.run(&["log", "--format", "jsonl"]).stdout, "");
}
