//! How good a record is: every kind of finding on a small treaty, and the counts on real sets.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::env::{Env, times};
use crate::five::{data, json_of};
use crate::sets::{file, lines, set};

/// A treaty of the multilateral pattern.
fn treaty() -> Env {
    let env = Env::new();
    env.run(&["init", "--charter", "multilateral-treaty", "--origin", "test/quality"]).ok();
    env.write("pact.toml", "id = \"pact\"\ntitle = \"Pact\"\nextends = \"multilateral-treaty\"\n");
    env.run(&["charter", "adopt", "pact.toml"]).ok();
    env
}

/// Records acts, each a line of words after `append`, with what it cites after a `|`.
#[track_caller]
fn record(env: &Env, acts: &[&str]) {
    for act in acts {
        let (words, cite) = act.split_once('|').unwrap_or((act, "a test"));
        let mut args = vec!["append", "--quiet", "--in", "pact", "--cite", cite.trim()];
        args.extend(words.split_whitespace());
        env.run(&args).ok();
    }
}

/// What a command writes, without the root of a record whose ids are new each time.
fn screen(env: &Env, args: &[&str]) -> String {
    let all = env.run(args).all();
    let line = |line: &str| match line.split_once("root ") {
        Some((before, _)) => format!("{before}root ...\n"),
        None => format!("{line}\n"),
    };
    all.lines().map(line).collect()
}

/// The findings as lines: kind, participant, what, entries.
fn found(env: &Env, line: &str) -> String {
    let answer = json_of(env, &format!("check {line}"));
    let of = |f: &Value| {
        let who = f["participant"].as_str().unwrap_or("-");
        let (kind, what) = (f["kind"].as_str().unwrap(), f["what"].as_str().unwrap());
        format!("{kind} {who} {}: {what}\n", f["entries"])
    };
    answer["findings"].as_array().unwrap().iter().map(of).collect()
}

/// Findings, findings to the day, rows; by kind.
fn counts(quality: &Value) -> BTreeMap<&str, [u64; 3]> {
    let counts = quality["counts"].as_array().unwrap().iter();
    let number = |c: &Value, key: &str| c[key].as_u64().unwrap();
    counts
        .map(|c| (c["kind"].as_str().unwrap(), ["findings", "to_the_day", "rows"].map(|key| number(c, key))))
        .collect()
}

#[test]
fn a_sound_record_has_no_finding_and_says_so_of_each_kind() {
    let env = treaty();
    record(
        &env,
        &[
            "treaty-signed -p NOR --signed 1990-05-01",
            "instrument-deposited -p NOR --deposited 1991-06 --instrument ratification",
            "entered-into-force-for-participant -p NOR --effective 1991-09-01",
            "withdrawal-effective -p NOR --effective 1999-01-01",
            "instrument-deposited -p NOR --deposited 2005-06-01 --instrument accession",
            "entered-into-force-for-participant -p NOR --effective 2005-09-01",
        ],
    );
    assert_snapshot!(screen(&env, &["check", "pact"]), @r#"
    Quality of the record: pact

    kind                     found  to the day  rows  what it says
    signature-after-consent  0                        signed after the instrument
    force-before-consent     0                        in force before the consent
    force-after-end          0                        in force after its end
    before-adoption          0                        before the text was adopted
    second-consent           0                        consent given twice
    rival-dates              0                        one act, two dates
    same-fact                0                        one fact, several entries
    repeated-row             0                        rows on one participant
    renamed                  0                        one participant, two names

    on 2026-11-23 (today), known by today, as recorded: 8 entries, root ...
    "#);
    assert_eq!(env.run(&["check", "--exit-code"]).code, 0);
}

#[test]
fn dates_out_of_order_are_found_with_their_entries() {
    let env = treaty();
    record(
        &env,
        &[
            "treaty-signed -p NOR --signed 1992-05-01",
            "instrument-deposited -p NOR --deposited 1991-06-01 --instrument ratification",
            "instrument-deposited -p SWE --deposited 1991-06-01 --instrument ratification",
            "entered-into-force-for-participant -p SWE --effective 1991-05",
            "entered-into-force-for-participant -p FIN --effective 1995-01-01",
            "withdrawal-effective -p FIN --effective 1994-12-31",
            // The month may be before the day, and may be after it.
            "treaty-signed -p DNK --signed 1991-06",
            "instrument-deposited -p DNK --deposited 1991-06-10 --instrument ratification",
        ],
    );
    assert_snapshot!(found(&env, "pact"), @r#"
    signature-after-consent NOR [2,3]: signed 1992-05-01, after the instrument of 1991-06-01
    force-before-consent SWE [4,5]: in force 1991-05, before the instrument of 1991-06-01
    force-after-end FIN [6,7]: in force 1995-01-01, after its end on 1994-12-31
    "#);
    let ran = env.run(&["check", "pact", "--exit-code"]);
    assert_eq!(ran.code, 1);
    assert_eq!(counts(&json_of(&env, "check"))["force-before-consent"], [1, 0, 0], "a month is no day");
}

#[test]
fn the_dates_of_two_rows_of_a_source_are_not_of_one_participation() {
    let env = treaty();
    record(
        &env,
        &[
            "treaty-signed -p NOR --signed 1992-05-01 | set parties.csv:7 signature",
            "instrument-deposited -p NOR --deposited 1993-06-01 --instrument ratification | set parties.csv:7 ratification",
            "instrument-deposited -p NOR --deposited 1991-06-01 --instrument ratification | set parties.csv:8 ratification",
            "treaty-signed -p NOR --signed 1992-05-01 | other treaties.csv:7 signature",
            "treaty-signed -p SWE --signed 1992-05-01 | set parties.csv:9 signature",
            "instrument-deposited -p SWE --deposited 1991-06-01 --instrument ratification | set parties.csv:9 ratification",
        ],
    );
    assert_snapshot!(found(&env, "pact --kind signature-after-consent --kind repeated-row"), @r#"
    signature-after-consent SWE [6,7]: signed 1992-05-01, after the instrument of 1991-06-01
    repeated-row NOR [2,3,4]: 2 rows of set parties.csv
    "#);
}

#[test]
fn acts_and_a_registration_before_the_adoption_are_found() {
    let env = treaty();
    record(
        &env,
        &[
            "treaty-adopted --adopted 1990-03-01",
            "treaty-signed -p NOR --signed 1990-02-28",
            "treaty-signed -p SWE --signed 1990-03-01",
            "registered-with-un --done 1989",
        ],
    );
    assert_snapshot!(found(&env, "pact"), @r#"
    before-adoption - [2,5]: registered with un 1989, before the adoption of 1990-03-01
    before-adoption NOR [2,3]: treaty signed 1990-02-28, before the adoption of 1990-03-01
    "#);
}

#[test]
fn a_second_consent_without_a_withdrawal_between_is_found_and_one_after_a_withdrawal_is_not() {
    let env = treaty();
    record(
        &env,
        &[
            "instrument-deposited -p NOR --deposited 1991-06-01 --instrument acceptance",
            "instrument-deposited -p NOR --deposited 1997-06-01 --instrument acceptance",
            "instrument-deposited -p SWE --deposited 1991-06-01 --instrument acceptance",
            "withdrawal-notified -p SWE --received 1994-01-01",
            "instrument-deposited -p SWE --deposited 1997-06-01 --instrument acceptance",
        ],
    );
    assert_snapshot!(found(&env, "pact"), @r#"second-consent NOR [2,3]: instrument deposited 1991-06-01, then instrument deposited 1997-06-01: no withdrawal between"#);
}

#[test]
fn two_depositaries_with_two_days_are_rival_dates_and_the_same_day_is_the_same_fact() {
    let env = treaty();
    record(
        &env,
        &[
            "instrument-deposited -p NOR --deposited 1969-02-05 --instrument ratification | Depositary, London",
            "instrument-deposited -p NOR --deposited 1969-07-10 --instrument ratification | Depositary, Moscow",
            "instrument-deposited -p SWE --deposited 1970-01-09 --instrument ratification | Depositary, London",
            "instrument-deposited -p SWE --deposited 1970-01-09 --instrument ratification | Depositary, Moscow",
        ],
    );
    assert_snapshot!(found(&env, "pact"), @r#"
    rival-dates NOR [2,3]: instrument deposited 1969-02-05 or 1969-07-10
    same-fact SWE [4,5]: instrument deposited 1970-01-09, stated by 2 entries
    "#);
    assert_eq!(found(&env, "pact -p NOR").lines().count(), 1);
}

#[test]
fn a_participant_under_two_names_is_found() {
    let env = treaty();
    let line = |who: &str| {
        format!(
            "{{\"date\":\"1999-03-01\",\"party_name\":\"{who}\",\"body\":\"pact\",\"kind\":\"ratification\"}}\n"
        )
    };
    env.write(
        "acts.jsonl",
        ["WHO World Health Organization", "IO-World Health Organization", "World Bank Group"]
            .map(line)
            .concat(),
    );
    env.run(&["import", "events", "acts.jsonl"]).ok();
    assert_snapshot!(found(&env, "pact --kind renamed"), @r#"renamed X-IO-WORLD-HEALTH-ORGANIZATION [2,3]: IO-World Health Organization and WHO World Health Organization (X-WHO-WORLD-HEALTH-ORGANIZATION) may be one participant"#);
}

#[test]
fn what_is_asked_of_an_import_rests_on_its_entries_and_on_the_lines_it_refused() {
    let env = treaty();
    record(&env, &["treaty-signed -p NOR --signed 1992-05-01 | set parties.csv:1 signature"]);
    let line = |who: &str, row: u64, date: &str, effective: &str| {
        format!(
            "{{\"date\":\"{date}\",\"party\":\"{who}\",\"body\":\"pact\",\"kind\":\"ratification\",\
             \"effective\":\"{effective}\",\"source\":\"set parties.csv:{row} ratification\"}}\n"
        )
    };
    let text = [line("NOR", 1, "1991-06-01", "1991-09-01"), line("SWE", 2, "1991-06-01", "1990-09-01")];
    env.write("acts.jsonl", text.concat());
    let ran = env.run(&["import", "events", "acts.jsonl", "--report"]);
    assert_snapshot!(ran.all(), @r#"
    1 line of acts.jsonl recorded: entry 3
      the import is entry 4: chancery retract --import 4

    1 line was left out
      line 2      instrument-deposited of 1991-06-01 cannot have had effect on
                  1990-09-01, before it was done
      all of them, with their text: --rejects FILE

    Quality of what the file states, refused lines included
    kind                     found  to the day  rows  what it says
    signature-after-consent  1      1           1     signed after the instrument
    force-before-consent     1      1           1     in force before the consent
    force-after-end          0                        in force after its end
    before-adoption          0                        before the text was adopted
    second-consent           0                        consent given twice
    rival-dates              0                        one act, two dates
    same-fact                0                        one fact, several entries
    repeated-row             0                        rows on one participant
    renamed                  0                        one participant, two names

    signature-after-consent: signed after the instrument
      Norway in pact: signed 1992-05-01, after the instrument of 1991-06-01
        entries 2 3; set parties.csv:1

    force-before-consent: in force before the consent
      Sweden in pact: in force 1990-09-01, before the instrument of 1991-06-01
        line 2, not recorded; set parties.csv:2

    of what is recorded: chancery check --import 4 --all
    [exit 1]
    "#);
    let import = env.size() - 1;
    assert_snapshot!(screen(&env, &["check", "--import", &import.to_string()]), @r#"
    Quality of the record: every body
      ! 1 line was left out of acts.jsonl when it was imported (entry 4): what is
        stated there is not in this record

    kind                     found  to the day  rows  what it says
    signature-after-consent  1      1           1     signed after the instrument
    force-before-consent     0                        in force before the consent
    force-after-end          0                        in force after its end
    before-adoption          0                        before the text was adopted
    second-consent           0                        consent given twice
    rival-dates              0                        one act, two dates
    same-fact                0                        one fact, several entries
    repeated-row             0                        rows on one participant
    renamed                  0                        one participant, two names

    signature-after-consent: signed after the instrument
      Norway in pact: signed 1992-05-01, after the instrument of 1991-06-01
        entries 2 3; set parties.csv:1

    on 2026-11-23 (today), known by today, as recorded: 5 entries, root ...
    its acts: chancery timeline NOR --in pact
    "#);
    let dry = treaty();
    dry.write("acts.jsonl", text[1..].concat());
    let ran = dry.run(&["import", "events", "acts.jsonl", "--report", "--dry-run", "--format", "json"]);
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(counts(&told["quality"])["force-before-consent"], [1, 1, 1]);
    assert_eq!(told["quality"]["findings"][0]["lines"], json!([1]));
}

#[test]
fn a_csv_import_reports_on_its_rows() {
    let env = Env::sco();
    env.write(
        "rows.csv",
        "date,party,event_kind,source_citation\n2010-04-28,BLR,memorandum_signed,one\n2010-04-29,BLR,memorandum_signed,two\n",
    );
    let args = ["import", "csv", "rows.csv", "--in", "sco", "--report", "--format", "json"];
    let told = env.run(&args).json();
    assert_eq!(counts(&told["quality"])["rival-dates"], [1, 1, 0]);
    let dry = Env::sco();
    dry.write("rows.csv", std::fs::read(env.path().join("rows.csv")).unwrap());
    let told = dry.run(&[&args[..], &["--dry-run"]].concat()).json();
    assert_eq!(counts(&told["quality"])["rival-dates"], [1, 1, 0]);
}

#[test]
fn what_is_no_import_or_no_kind_is_refused() {
    let env = Env::demo();
    assert_snapshot!(env.run(&["check", "--import", "3"]).all(), @r#"
    chancery: entry 3 is no import: it is charter-amended (exit 2)
      list them: chancery log --act import-recorded
    "#);
    assert_snapshot!(env.run(&["check", "--kind", "dates"]).all(), @r#"chancery: no kind of finding called "dates"; the kinds are signature-after-consent, force-before-consent, force-after-end, before-adoption, second-consent, rival-dates, same-fact, repeated-row, renamed (exit 2)"#);
    assert_snapshot!(env.run(&["check", "atlantis"]).all(), @r#"
    chancery: no organisation or treaty called atlantis in this ledger (exit 2)
      see what there is: chancery bodies; adopt another: chancery charter adopt FILE
    "#);
}

#[test]
fn findings_are_rows_of_a_csv() {
    let env = treaty();
    record(
        &env,
        &[
            "treaty-signed -p NOR --signed 1992-05-01",
            "instrument-deposited -p NOR --deposited 1991-06-01 --instrument ratification",
        ],
    );
    assert_snapshot!(env.run(&["check", "--format", "csv"]).all(), @r#"
    kind,body,participant,what,first_act,first_date,second_act,second_date,to_the_day,entries,rows
    signature-after-consent,pact,NOR,"signed 1992-05-01, after the instrument of 1991-06-01",instrument-deposited,1991-06-01,treaty-signed,1992-05-01,true,2 3,
    "#);
}

#[test]
fn yemens_two_dates_are_rivals_and_what_was_known_decides_how_often_they_changed() {
    let Some((env, _)) = set("untc_history") else { return };
    // Where a row stands depends on how many charters were adopted before its part of 1,024 lines.
    assert_snapshot!(found(&env, "untc-4-1 -p YEM"), @r#"rival-dates YEM [22287,31263,31457,31760,31869]: instrument deposited 1987-02-09 or 1989-04-06: the source has changed it 4 times"#);
    assert_snapshot!(found(&env, "untc-4-1 -p YEM --as-known 2013-12-31"), @r#"rival-dates YEM [22287,31263]: instrument deposited 1987-02-09 or 1989-04-06: the source has changed it once"#);
    assert_eq!(found(&env, "untc-4-1 -p YEM --as-known 2013-08-01"), "");
}

#[test]
fn every_renaming_of_the_history_is_found() {
    let Some((env, _)) = set("untc_history") else { return };
    let word = |line: &Value, key: &str| line[key].to_string();
    let key =
        |line: &Value| ["party", "body", "kind", "mark", "date", "recorded"].map(|k| word(line, k)).join(" ");
    let all = lines("untc_history");
    let (taken, stated): (Vec<&Value>, Vec<&Value>) = all.iter().partition(|line| line["op"] == "retract");
    let mut names: HashMap<String, BTreeSet<String>> = HashMap::new();
    for line in stated {
        names.entry(key(line)).or_default().insert(word(line, "party_name"));
    }
    let renamed = taken
        .iter()
        .filter(|line| names.get(&key(line)).is_some_and(|n| !n.contains(&word(line, "party_name"))))
        .count();
    assert!(renamed >= 102, "{renamed}");
    let answer = json_of(&env, "check --kind renamed");
    assert_eq!(answer["counts"][0]["findings"], renamed);
}

/// What a row of the data set states: its participant and body, and its dates by field.
#[derive(Default)]
struct Row {
    pair: (String, String),
    dates: HashMap<String, String>,
}

/// The rows of huggo, read without the program.
fn rows<'l>(lines: impl Iterator<Item = &'l Value>) -> Vec<Row> {
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    for line in lines {
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        let source = text("source");
        let mut words = source.split(' ').skip(1);
        let row = rows.entry(words.next().unwrap().to_owned()).or_default();
        row.pair = (text("party"), text("body"));
        let field = words.next().unwrap().to_owned();
        if field == "StateRatification" {
            row.dates.entry("StateForce".into()).or_insert(text("effective"));
        }
        row.dates.insert(field, text("date"));
    }
    rows.into_values().collect()
}

impl Row {
    /// A date that is known to the day.
    fn day(&self, field: &str) -> Option<&str> {
        let day = |text: &&str| text.len() == 10 && text.chars().all(|c| c.is_ascii_digit() || c == '-');
        self.dates.get(field).map(String::as_str).filter(day)
    }

    fn inverted(&self, first: &str, later: &str) -> bool {
        self.day(first).zip(self.day(later)).is_some_and(|(first, later)| first > later)
    }
}

/// Rows in force after their end, signed after the ratification, ratified after force; rows on a repeated participant
/// and body, as `named`.
fn impossible(rows: &[Row], named: impl Fn(&str) -> String) -> [u64; 4] {
    let count = |first: &str, later: &str| rows.iter().filter(|r| r.inverted(first, later)).count() as u64;
    let mut pairs: HashMap<(String, &str), u64> = HashMap::new();
    for row in rows {
        *pairs.entry((named(&row.pair.0), &row.pair.1)).or_default() += 1;
    }
    [
        count("StateForce", "StateEnd"),
        count("StateSignature", "StateRatification"),
        count("StateRatification", "StateForce"),
        pairs.values().filter(|n| **n > 1).sum(),
    ]
}

/// The same four of a report.
fn reported(quality: &Value) -> [u64; 4] {
    let of = counts(quality);
    let day = |kind: &str| of[kind][1];
    [
        day("force-after-end"),
        day("signature-after-consent"),
        day("force-before-consent"),
        of["repeated-row"][2],
    ]
}

/// The European Union stands under two codes, which are one participant.
fn one_union(party: &str) -> String {
    if party == "EUU" { "EUE".into() } else { party.into() }
}

#[test]
fn the_impossible_rows_of_huggo_are_counted_as_the_file_states_them() {
    let all = lines("huggo");
    if all.is_empty() {
        return;
    }
    let named = impossible(&rows(all.iter()), str::to_owned);
    assert_eq!(named, [6_443, 6_828, 972, 23_992]);
    assert_eq!(impossible(&rows(all.iter()), one_union), [6_443, 6_828, 972, 24_004]);

    // Every treaty where everything is asked for, else a tenth of them.
    let parts = times(10);
    let tenth = |line: &&Value| {
        let body = line["body"].as_str().unwrap();
        body.bytes().map(usize::from).sum::<usize>() % 10 < parts
    };
    let taken: Vec<&Value> = all.iter().filter(tenth).collect();
    let expected = impossible(&rows(taken.iter().copied()), one_union);
    assert!(expected.iter().all(|n| *n > 10), "{expected:?}");
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    taken.iter().for_each(|line| writeln!(packed, "{line}").unwrap());
    let env = Env::new();
    env.run(&["init", "--origin", "test/huggo"]).ok();
    env.write("huggo.jsonl.gz", packed.finish().unwrap());
    let ran = env.run(&["import", "events", "huggo.jsonl.gz", "--report", "--format", "json"]);
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(reported(&told["quality"]), expected);

    // What the ledger refused is not in its record: an instrument in force before it was deposited, and no date at all.
    let refused: BTreeSet<&str> =
        told["rejected"].as_array().unwrap().iter().map(|r| r["text"].as_str().unwrap()).collect();
    let recorded = taken.iter().copied().filter(|line| !refused.contains(line.to_string().as_str()));
    assert_eq!(told["taken"], taken.len() - refused.len());
    let expected = impossible(&rows(recorded), one_union);
    assert_eq!(expected[2], 0);
    assert_eq!(reported(&json_of(&env, "check")), expected);
    assert!(data(&file("huggo")).is_some());
}
