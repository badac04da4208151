//! Files of rows: what is taken, what is reported, what a second run does.

use crate::env::Env;

const ROWS: &str = "date,party,event_kind,resulting_status,toward,mood\n\
    2025-07,LAO,application_filed,,sco_partner,glad\n\
    31.02.2025,LAO,memorandum_signed,,,\n\
    2025-08,Laos PDR of the moon,memorandum_signed,,,\n\
    2025-09,LAO,danced,,,\n\
    1990,LAO,memorandum_signed,,,\n\
    2025-10,LAO,memorandum_signed,knight,,\n\
    2025-11-20,LAO,memorandum_signed,,,\n";

fn import<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["import", "csv", "rows.csv", "--in", "sco"], more].concat()
}

#[test]
fn good_rows_are_recorded_and_every_other_is_reported_with_line_and_reason() {
    let env = Env::demo();
    env.write("rows.csv", ROWS);
    let ran = env.run(&import(&["--format", "json", "--rejects", "left.csv"]));
    assert_eq!(ran.code, 1);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let lines: Vec<u64> =
        report["rejected"].as_array().unwrap().iter().map(|r| r["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [3, 4, 5, 6, 7]);
    assert_eq!(
        (&report["taken"], &report["first"], &report["import"]),
        (&2.into(), &128.into(), &130.into())
    );
    let left = std::fs::read_to_string(env.path().join("left.csv")).unwrap();
    let (header, rows) = ROWS.split_once('\n').unwrap();
    let expected: Vec<&str> = std::iter::once(header).chain(rows.lines().skip(1).take(5)).collect();
    assert_eq!(left.lines().collect::<Vec<_>>(), expected, "the rejects can be mended and imported");
    assert_eq!(env.run(&["audit"]).ok(), "");
}

#[test]
fn the_same_file_again_adds_nothing() {
    let env = Env::demo();
    env.write("rows.csv", ROWS);
    assert_eq!(env.run(&import(&[])).code, 1);
    let size = env.size();
    let again = env.run(&import(&["--format", "json"]));
    let report: serde_json::Value = serde_json::from_str(&again.stdout).unwrap();
    assert_eq!((&report["taken"], &report["recorded_before"]), (&0.into(), &2.into()));
    assert_eq!(env.size(), size);
}

#[test]
fn a_strict_import_with_a_bad_row_records_nothing() {
    let env = Env::demo();
    env.write("rows.csv", ROWS);
    let error = env.run(&import(&["--strict"])).fails(3);
    assert!(error.contains("5 rows cannot be taken") && error.contains("line 3:"), "{error}");
    assert_eq!(env.size(), 128);
}

#[test]
fn a_dry_run_reports_and_records_nothing() {
    let env = Env::demo();
    env.write("rows.csv", ROWS);
    let ran = env.run(&import(&["--dry-run"]));
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.starts_with("dry run: 2 rows of rows.csv may be recorded"), "{}", ran.stdout);
    assert_eq!(env.size(), 128);
}

#[test]
fn columns_are_found_in_any_order_with_either_line_end_and_a_byte_order_mark() {
    let plain = Env::sco();
    plain.write(
        "rows.csv",
        "date,party,event_kind,note\n2001-06-15,CHN,founded,one\n2002,\"Russia\",founded,\"a\nb\"\n",
    );
    plain.run(&import(&[])).ok();
    let other = Env::sco();
    other.write(
        "rows.csv",
        "\u{feff}note,event-kind,Party,date\r\none,founded,CHN,2001-06-15\r\n\"a\nb\",founded,\"Russia\",2002\r\n",
    );
    other.run(&import(&[])).ok();
    for index in ["7", "8"] {
        let id = |env: &Env| {
            let shown = env.run(&["show", index, "--format", "json"]).json();
            shown[0]["leaf"]["event"]["id"].clone()
        };
        assert_eq!(id(&plain), id(&other));
    }
}

#[test]
fn an_import_cut_short_is_finished_by_running_it_again() {
    let env = Env::sco();
    let rows = include_str!("../src/import/records/sco_events.csv");
    let whole = Env::sco();
    whole.write("rows.csv", rows);
    whole.run(&import(&[])).ok();
    // The first half of its rows, as a run that was killed would have left them.
    let leaves = whole.run(&["export", "leaves"]).ok();
    let half: String = leaves
        .lines()
        .skip(7)
        .take(60)
        .map(|l| {
            let leaf: serde_json::Value = serde_json::from_str(l).unwrap();
            format!("{}\n", leaf["event"])
        })
        .collect();
    env.write("half.jsonl", half);
    env.run(&["append", "--from", "half.jsonl"]).ok();
    assert_eq!(env.run(&["audit"]).ok(), "", "rows whose import is not recorded yet are no finding");
    env.write("rows.csv", rows);
    let report = env.run(&import(&["--format", "json"])).json();
    assert_eq!((&report["recorded_before"], &report["taken"]), (&60.into(), &58.into()));
    assert_eq!(env.size(), whole.size());
}

#[test]
fn a_mended_file_records_what_is_new_in_it_and_knows_its_other_rows_again() {
    let env = Env::demo();
    env.write("rows.csv", ROWS);
    assert_eq!(env.run(&import(&[])).code, 1);
    let size = env.size();
    env.write("rows.csv", ROWS.replace("31.02.2025", "2025-03-31"));
    let again = env.run(&import(&["--format", "json"])).stdout;
    let report: serde_json::Value = serde_json::from_str(&again).unwrap();
    assert_eq!((&report["taken"], &report["recorded_before"]), (&1.into(), &2.into()), "{report}");
    let left: Vec<&serde_json::Value> =
        report["rejected"].as_array().unwrap().iter().map(|r| &r["line"]).collect();
    assert_eq!(left, [4, 5, 6, 7]);
    assert_eq!(env.size(), size + 2, "the row and the import itself");
    assert_eq!(env.run(&["audit"]).ok(), "");
}

#[test]
fn a_file_that_was_withdrawn_can_be_imported_again() {
    let env = Env::demo();
    env.write("rows.csv", ROWS);
    let status = || env.status("LAO sco --on 2025-12-01")["status"].clone();
    for _ in 0..2 {
        let taken = env.run(&import(&["--format", "json"])).stdout;
        let report: serde_json::Value = serde_json::from_str(&taken).unwrap();
        assert_eq!((&report["taken"], &report["recorded_before"]), (&2.into(), &0.into()), "{report}");
        assert_eq!(status(), "sco-partner");
        let import = report["import"].to_string();
        env.run(&["retract", "--import", &import, "--cause", "clerical", "--cite", "a test"]).ok();
        assert_eq!(status(), "none");
    }
    assert_eq!(env.run(&["audit"]).ok(), "");
}
