//! The treaties of the United Nations as the table of 2015 lists them: taken in, counted, and brought into force by their
//! clauses.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::env::Env;
use crate::five::{data, json_of, notes, words};
use crate::sets::{amend, file, lines, set};

/// The instruments of those who are no more, which a table of survivors leaves out; the dates are of general knowledge.
const MISSING: [(&str, &str, &str); 17] = [
    ("untc-1-1", "CSK", "1945-10-19"),
    ("untc-1-1", "YUG", "1945-10-19"),
    ("untc-3-6", "YUG", "1965-02-08"),
    ("untc-4-2", "CSK", "1966-12-29"),
    ("untc-4-2", "YUG", "1967-10-02"),
    ("untc-4-3", "CSK", "1975-12-23"),
    ("untc-4-3", "DDR", "1973-11-08"),
    ("untc-4-3", "YUG", "1971-06-02"),
    ("untc-4-4", "CSK", "1975-12-23"),
    ("untc-4-4", "DDR", "1973-11-08"),
    ("untc-4-4", "YUG", "1971-06-02"),
    ("untc-4-8", "DDR", "1980-07-09"),
    ("untc-4-12", "DDR", "1990-08-16"),
    ("untc-5-3", "YUG", "1959-04-09"),
    ("untc-21-6", "YUG", "1986-05-05"),
    ("untc-23-1", "YUG", "1970-08-27"),
    ("untc-27-3", "CSK", "1991-07-24"),
];

/// The 46 signatories of the Charter beside the five that article 110 names.
const OTHER_SIGNATORIES: &str = "ARG AUS BEL BLR BOL BRA CAN CHL COL CRI CSK CUB DNK DOM ECU EGY ETH GRC GTM HND HTI IND \
    IRN IRQ LBN LBR LUX MEX NIC NLD NOR NZL PAN PER PHL POL PRY SAU SLV SYR TUR UKR URY VEN YUG ZAF";

/// Carbon dioxide of 1990 in gigagrams: FCCC/CP/1997/7/Add.1, annex.
const CO2: [(&str, u32); 34] = [
    ("AUS", 288_965),
    ("AUT", 59_200),
    ("BEL", 113_405),
    ("BGR", 82_990),
    ("CAN", 457_441),
    ("CHE", 43_600),
    ("CZE", 169_514),
    ("DEU", 1_012_443),
    ("DNK", 52_100),
    ("ESP", 260_654),
    ("EST", 37_797),
    ("FIN", 53_900),
    ("FRA", 366_536),
    ("GBR", 584_078),
    ("GRC", 82_100),
    ("HUN", 71_673),
    ("IRL", 30_719),
    ("ISL", 2_172),
    ("ITA", 428_941),
    ("JPN", 1_173_360),
    ("LIE", 208),
    ("LUX", 11_343),
    ("LVA", 22_976),
    ("MCO", 71),
    ("NLD", 167_600),
    ("NOR", 35_533),
    ("NZL", 25_530),
    ("POL", 414_930),
    ("PRT", 42_148),
    ("ROU", 171_103),
    ("RUS", 2_388_720),
    ("SVK", 58_278),
    ("SWE", 61_256),
    ("USA", 4_957_022),
];

/// A set of a charter's text.
fn set_of(id: &str, members: &[&str]) -> String {
    format!("[[set]]\nid = \"{id}\"\nmembers = {members:?}\n")
}

/// What a clause counts in: the signatories of the Charter, the emissions of Annex I.
fn sets(env: &Env, body: &str) -> String {
    match body {
        "untc-1-1" => set_of("other_signatories", &OTHER_SIGNATORIES.split_whitespace().collect::<Vec<_>>()),
        "untc-27-7-a" => {
            let rows: Vec<String> = CO2.iter().map(|(who, share)| format!("{who},{share}\n")).collect();
            env.write("annex.csv", format!("participant,share\n{}", rows.concat()));
            "[[set]]\nid = \"annex_I\"\nfile = \"annex.csv\"\n[[weight]]\nid = \"annex_I_CO2_1990\"\nunit = \"Gg\"\n\
             file = \"annex.csv\"\n[[weight.source]]\ncite = \"FCCC/CP/1997/7/Add.1, annex\"\ngrade = \"official\"\n"
                .to_owned()
        }
        _ => String::new(),
    }
}

/// States the clause of a treaty.
#[track_caller]
fn clause(env: &Env, body: &str, rule: &str) {
    amend(env, body, &format!("entry_into_force = \"{rule}\"\n{}", sets(env, body)));
}

/// Appends what the table of survivors leaves out of a treaty's record.
#[track_caller]
fn restore(env: &Env, body: &str) {
    for (_, who, day) in MISSING.iter().filter(|(of, ..)| *of == body) {
        let line = format!("append instrument-deposited -p {who} --in {body} --deposited {day}");
        let mut args: Vec<&str> = line.split_whitespace().collect();
        args.extend(["--instrument", "ratification", "--quiet", "--cite", "from general knowledge"]);
        env.run(&args).ok();
    }
}

/// `XXVII-7-a` is `untc-27-7-a`.
fn body_of(number: &str) -> String {
    let (chapter, rest) = number.split_once('-').unwrap();
    let worth = |c| match c {
        'I' => 1,
        'V' => 5,
        'X' => 10,
        other => panic!("{other} is no numeral of a chapter"),
    };
    let digits: Vec<u32> = chapter.chars().map(worth).collect();
    let signed = |at: usize| match digits.get(at + 1).is_some_and(|next| *next > digits[at]) {
        true => -i64::from(digits[at]),
        false => i64::from(digits[at]),
    };
    format!("untc-{}-{rest}", (0..digits.len()).map(signed).sum::<i64>())
}

/// How many have consented to be bound: contracting states and parties, certain and at most.
#[track_caller]
fn consented(env: &Env, body: &str, on: &str) -> (u64, u64) {
    let counts = json_of(env, &format!("roster {body} --on {on}"))["counts"].clone();
    let of = |key: &str| ["contracting", "party"].iter().filter_map(|s| counts[s][key].as_u64()).sum::<u64>();
    (of("certain"), of("at_most"))
}

#[test]
fn every_line_of_the_table_is_taken_and_the_same_file_again_adds_nothing() {
    let Some((env, report)) = set("untc2015") else { return };
    assert_eq!(report["taken"], 31_422);
    assert_eq!(report["rejected"].as_array().unwrap().len(), 0);
    assert_eq!(report["charters"].as_array().unwrap().len(), 323);
    let size = env.size();
    let path = data(&file("untc2015")).unwrap();
    let again = env.run(&["import", "events", path.to_str().unwrap(), "--format", "json"]).json();
    assert_eq!((&again["taken"], &again["recorded_before"]), (&0.into(), &31_422.into()));
    assert_eq!(env.size(), size);
}

#[test]
fn whoever_has_deposited_is_a_contracting_state_and_a_party_by_the_clause() {
    let Some((env, _)) = set("untc2015") else { return };
    assert_eq!(consented(&env, "untc-18-10", "2002-07-01"), (76, 76));
    assert_eq!(consented(&env, "untc-18-10", "2015-03-14"), (122, 122));
    assert_eq!(consented(&env, "untc-4-11", "2014-12-31"), (194, 194));
    assert_eq!(consented(&env, "untc-4-4", "2014-12-31"), (168, 168));
    let rome = "entry_into_force = \"count(60) then first_of_month_after(days(60))\"\n\
        entry_into_force_for_participant = \"first_of_month_after(days(60)) after condition\"";
    amend(&env, "untc-18-10", rome);
    let counts = json_of(&env, "roster untc-18-10 --on 2002-07-01")["counts"].clone();
    assert_eq!((&counts["party"]["certain"], &counts["party"]["at_most"]), (&66.into(), &66.into()));
    assert_eq!(consented(&env, "untc-18-10", "2002-07-01"), (76, 76));
    let eve = json_of(&env, "roster untc-18-10 --on 2002-06-30")["counts"].clone();
    assert_eq!(eve["party"]["at_most"], 0);
}

#[test]
fn a_treaty_without_a_charter_of_its_own_says_that_its_clause_is_unknown() {
    let Some((env, _)) = set("untc2015") else { return };
    let answer = json_of(&env, "in-force untc-27-7");
    assert_eq!(
        (&answer["in_force"], &answer["on"], &answer["clause"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert!(notes(&answer, &["the clause is unknown"]), "{answer}");
}

#[test]
fn every_treaty_of_the_table_of_clauses_enters_into_force_on_its_real_day() {
    let (Some((env, _)), Some(table)) = (set("untc2015"), data("entry_into_force.csv")) else { return };
    assert_eq!(CO2.iter().map(|(_, share)| share).sum::<u32>(), 13_728_306);
    let mut seen = Vec::new();
    for row in csv::Reader::from_path(table).unwrap().deserialize::<BTreeMap<String, String>>() {
        let row = row.unwrap();
        if !row["treaty_no"].contains('-') {
            continue;
        }
        let body = body_of(&row["treaty_no"]);
        clause(&env, &body, &row["rule"]);
        let survivors = json_of(&env, &format!("in-force {body}"));
        let same = survivors["on"] == row["real_entry_into_force"].as_str();
        match row["same_result_from_current_parties_only"].as_str() {
            "yes" => assert!(same, "{body}: {survivors}"),
            said => {
                assert!(said != "no" || !same, "{body}: {survivors}");
                restore(&env, &body);
            }
        }
        let answer = json_of(&env, &format!("in-force {body}"));
        assert_eq!(answer["on"], row["real_entry_into_force"].as_str(), "{body}: {answer}");
        assert_eq!((&answer["in_force"], &answer["certainty"]), (&true.into(), &"certain".into()));
        assert_eq!(answer["trigger"]["on"], row["trigger_date"].as_str(), "{body}: {answer}");
        triggered(&env, &body, &row["trigger_party"], &answer["trigger"]);
        seen.push(body);
    }
    let all = [
        "untc-4-1",
        "untc-4-4",
        "untc-18-10",
        "untc-26-3",
        "untc-26-5",
        "untc-27-7",
        "untc-27-7-a",
        "untc-1-1",
    ];
    assert_eq!(seen, all);
}

/// Whether a consent is the one that the table names.
#[track_caller]
fn triggered(env: &Env, body: &str, named: &str, trigger: &Value) {
    let among = words(&trigger["among"]);
    if named.starts_with("one of several") {
        assert!(trigger["participant"].is_null() && among.len() > 1, "{body}: {trigger}");
        return;
    }
    for name in named.split(", ") {
        let answer = env.run(&["status", name, "--in", body, "--format", "json"]).json();
        let id = answer["question"]["participant"].as_str().unwrap();
        // The Soviet Union's deposit stands in the table under the state that continues it.
        assert!(
            among.contains(&id) || (id == "SUN" && among.contains(&"RUS")),
            "{name} in {body}: {trigger}"
        );
    }
}

/// Treaties of the same kinds of clauses, with the real day of entry into force, from general knowledge.
const OTHERS: [(&str, &str, &str); 33] = [
    ("untc-3-6", "count(22) then days(30)", "1967-03-19"),
    ("untc-4-2", "count(27) then days(30)", "1969-01-04"),
    ("untc-4-3", "count(35) then months(3)", "1976-01-03"),
    ("untc-4-5", "count(10) then months(3) not_before in_force(untc-4-4)", "1976-03-23"),
    ("untc-4-8", "count(20) then days(30)", "1981-09-03"),
    ("untc-4-9", "count(20) then days(30)", "1987-06-26"),
    ("untc-4-11", "count(20) then days(30)", "1990-09-02"),
    ("untc-4-11-b", "count(10) then months(3)", "2002-02-12"),
    ("untc-4-11-c", "count(10) then months(3)", "2002-01-18"),
    ("untc-4-12", "count(10) then months(3)", "1991-07-11"),
    ("untc-4-13", "count(20) then first_of_month_after(months(3))", "2003-07-01"),
    ("untc-4-15", "count(20) then days(30)", "2008-05-03"),
    ("untc-4-16", "count(20) then days(30)", "2010-12-23"),
    ("untc-5-2", "count(6) then days(90)", "1954-04-22"),
    ("untc-5-3", "count(6) then days(90)", "1960-06-06"),
    ("untc-5-4", "count(6) then years(2)", "1975-12-13"),
    ("untc-10-10", "count(10) then first_of_month_after(months(12))", "1988-01-01"),
    ("untc-18-11", "count(22) then days(30)", "2002-04-10"),
    ("untc-18-12", "count(40, exclude=reio) then days(90)", "2003-09-29"),
    ("untc-18-12-a", "count(40, exclude=reio) then days(90)", "2003-12-25"),
    ("untc-18-14", "count(30, exclude=reio) then days(90)", "2005-12-14"),
    ("untc-18-15", "count(22) then days(30)", "2007-07-07"),
    ("untc-21-6", "count(60) then months(12)", "1994-11-16"),
    ("untc-23-1", "count(35) then days(30)", "1980-01-27"),
    ("untc-24-1", "count(5) then instant", "1976-09-15"),
    ("untc-26-6", "count(30) then first_of_nth_month_after(6)", "2010-08-01"),
    ("untc-27-2", "count(20) then days(90)", "1988-09-22"),
    ("untc-27-3", "count(20) then days(90)", "1992-05-05"),
    ("untc-27-8", "count(30) then days(90)", "1993-12-29"),
    ("untc-27-8-a", "count(50, exclude=reio) then days(90)", "2003-09-11"),
    ("untc-27-10", "count(50) then days(90)", "1996-12-26"),
    ("untc-27-14", "count(50, exclude=reio) then days(90)", "2004-02-24"),
    ("untc-27-15", "count(50, exclude=reio) then days(90)", "2004-05-17"),
];

#[test]
fn other_treaties_of_the_same_kinds_of_clauses_enter_into_force_on_their_real_days() {
    let Some((env, _)) = set("untc2015") else { return };
    let mut wrong = Vec::new();
    // The first Optional Protocol waits for its Covenant.
    clause(&env, "untc-4-4", "count(35) then months(3)");
    restore(&env, "untc-4-4");
    for (body, rule, real) in OTHERS {
        clause(&env, body, rule);
        restore(&env, body);
        let answer = json_of(&env, &format!("in-force {body}"));
        if answer["on"] != real {
            wrong.push(format!("{body}: {} and not {real}, {}", answer["on"], answer["trigger"]));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A ledger of the Covenant alone, with its clause, declared to list survivors only.
fn survivors() -> Option<Env> {
    let table: Vec<String> =
        lines("untc2015").iter().filter(|line| line["body"] == "UNTC:4-4").map(Value::to_string).collect();
    if table.is_empty() {
        return None;
    }
    let env = Env::new();
    env.run(&["init", "--origin", "test/survivors"]).ok();
    env.write("table.jsonl", table.join("\n"));
    let import = "import events table.jsonl --surveyed 1945..2015-03-14 --survivors-only";
    env.run(&import.split(' ').collect::<Vec<_>>()).ok();
    clause(&env, "untc-4-4", "count(35) then months(3)");
    Some(env)
}

#[test]
fn a_table_of_survivors_alone_does_not_say_for_certain_when_the_covenant_entered_into_force() {
    let Some(env) = survivors() else { return };
    let answer = json_of(&env, "in-force untc-4-4 --on 2015-03-14");
    assert_eq!((&answer["on"], &answer["certainty"]), (&"[..1976-09-11]".into(), &"possible".into()));
    assert_eq!((&answer["in_force"], &answer["trigger"]), (&true.into(), &Value::Null));
    assert!(
        notes(&answer, &["lists only those who are still there", "1976-09-11 is the latest"]),
        "{answer}"
    );

    restore(&env, "untc-4-4");
    let restored = json_of(&env, "in-force untc-4-4 --on 2015-03-14");
    assert_eq!((&restored["on"], &restored["certainty"]), (&"[..1976-03-23]".into(), &"possible".into()));

    let surveyed = [
        "append",
        "record-surveyed",
        "--in",
        "untc-4-4",
        "--surveyed",
        "1945..2015-03-14",
        "--cite",
        "a test",
    ];
    env.run(&surveyed).ok();
    let complete = json_of(&env, "in-force untc-4-4 --on 2015-03-14");
    assert_eq!((&complete["on"], &complete["certainty"]), (&"1976-03-23".into(), &"certain".into()));
    assert_eq!(complete["trigger"]["participant"], "CSK");
    assert!(!notes(&complete, &["lists only"]), "{complete}");
}

#[test]
fn the_depositarys_notification_settles_what_a_table_of_survivors_cannot() {
    let Some(env) = survivors() else { return };
    let certified = "append treaty-entered-into-force --in untc-4-4 --effective 1976-03-23 --cite C.N.";
    env.run(&certified.split(' ').collect::<Vec<_>>()).ok();
    let answer = json_of(&env, "in-force untc-4-4 --on 2015-03-14");
    assert_eq!((&answer["on"], &answer["certainty"]), (&"1976-03-23".into(), &"certain".into()));
    assert_eq!(answer["certified"]["on"], "1976-03-23");
}

/// A row of the questions.
fn question(id: &str) -> Option<BTreeMap<String, String>> {
    let mut rows = csv::Reader::from_path(data("questions.csv")?).unwrap();
    let mut rows = rows.deserialize::<BTreeMap<String, String>>().map(Result::unwrap);
    Some(rows.find(|row| row["id"] == id).unwrap())
}

#[test]
fn question_41_czechoslovakias_deposit_brought_the_covenant_into_force() {
    let (Some((env, _)), Some(row)) = (set("untc2015"), question("Q41")) else { return };
    let body = body_of(row["organisation"].trim_start_matches("UNTC "));
    clause(&env, &body, "count(35) then months(3)");
    let today = json_of(&env, &format!("in-force {body}"));
    assert_eq!((&today["trigger"]["on"], &today["on"]), (&"1976-06-11".into(), &"1976-09-11".into()));
    restore(&env, &body);
    let answer = json_of(&env, &format!("in-force {body}"));
    let trigger = &answer["trigger"];
    assert_eq!(
        (&trigger["participant"], &trigger["on"]),
        (&row["party"].as_str().into(), &row["valid_at"].as_str().into())
    );
    assert_eq!((&answer["count"], &answer["on"]), (&35.into(), &"1976-03-23".into()));
}

#[test]
fn question_42_the_kyoto_protocol_waits_for_two_thresholds_and_a_delay() {
    let (Some((env, _)), Some(row)) = (set("untc2015"), question("Q42")) else { return };
    let body = body_of(row["organisation"].trim_start_matches("UNTC "));
    clause(
        &env,
        &body,
        "count(55, exclude=reio) and weight(annex_I_CO2_1990 >= 55% of annex_I) then days(90)",
    );
    let answer = json_of(&env, &format!("in-force {body} --on {}", row["valid_at"]));
    assert_eq!((&answer["in_force"], &answer["on"]), (&false.into(), &"2005-02-16".into()));
    let since: Vec<&str> =
        answer["parts"].as_array().unwrap().iter().filter_map(|p| p["since"].as_str()).collect();
    assert_eq!(since, ["2002-05-23", "2004-11-18"]);
    assert_eq!(answer["trigger"]["participant"], "RUS");
    let table = &answer["tables"][0];
    assert_eq!((&table["whole"], &table["unit"]), (&"13728306".into(), &"Gg".into()), "{answer}");
    assert_eq!(table["evidence"][0]["cite"], "FCCC/CP/1997/7/Add.1, annex");
    let share = answer["parts"][1]["count"].as_f64().unwrap();
    assert!((61.78..61.79).contains(&share), "{share}");
    let eve = json_of(&env, &format!("in-force {body} --on 2005-02-15"));
    let day = json_of(&env, &format!("in-force {body} --on 2005-02-16"));
    assert_eq!((&eve["in_force"], &day["in_force"]), (&false.into(), &true.into()));
}
