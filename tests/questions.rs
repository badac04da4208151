//! The questions beside `status`: every body, since when, how many, many at once, and a citation of each.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::env::Env;
use crate::five::{data, json_of, numbers};

const CITE: &str = "a test";

/// An organisation that can be left.
const UNION: &str = r#"
id = "river-union"
title = "Union of the River States"
short = "URS"
effective = "1990-05-01"
instrument = "Convention of the River States"

[[source]]
cite = "Convention of the River States, deposited text"

[[status]]
id = "member"
title = "member"
plural = "members"
rank = 1

[[transition]]
act = "founded"
from = ["none"]
to = "member"
rule = "the signatories are members"
article = "art. 2"

[[transition]]
act = "withdrawal-effective"
from = ["member"]
to = "none"
rule = "a withdrawal takes effect"
article = "art. 9"
"#;

#[test]
fn a_portfolio_has_every_body_in_which_a_participant_acted_also_one_that_it_left() {
    let env = Env::demo();
    env.write("union.toml", UNION);
    env.run(&["charter", "adopt", "union.toml"]).ok();
    let append = |line: &str| {
        let mut args: Vec<&str> = line.split(' ').collect();
        args.extend(["--cite", CITE]);
        env.run(&args).ok();
    };
    append("append founded --participant IRN --in river-union --signed 1990-05-01");
    append("append withdrawal-effective --participant IRN --in river-union --effective 2002-01-01");
    let of = |line: &str| json_of(&env, line)["bodies"].clone();
    assert_eq!(of("portfolio IRN --on 2001-12-31")[0]["status"], "member");
    let iran = of("portfolio IRN --on 2022-10-01");
    let bodies: Vec<(&str, &str)> = iran
        .as_array()
        .unwrap()
        .iter()
        .map(|b| (b["body"].as_str().unwrap(), b["status"].as_str().unwrap()))
        .collect();
    assert_eq!(bodies, [("river-union", "none"), ("sco", "observer")]);
    // It had applied, and its memorandum of obligations was signed in September 2022.
    assert_eq!(iran[1]["procedures"][0]["stage"], "memorandum-of-obligations-signed");
    assert_eq!(of("portfolio BLR --on 2025-01-01").as_array().unwrap().len(), 1);
    assert_eq!(of("portfolio France"), json!([]));
    let text = env.run(&["portfolio", "France"]).ok();
    assert!(text.contains("no act of it is recorded"), "{text}");
}

#[test]
fn a_portfolio_says_of_a_body_what_its_status_says() {
    let env = Env::demo();
    for who in ["BLR", "SAU", "KWT", "AFG", "LAO", "MNG"] {
        for on in ["2022-12-31", "2023-07-01", "2025-10-01"] {
            let item = json_of(&env, &format!("portfolio {who} --as-at {on}"));
            let status = env.status(&format!("{who} sco --as-at {on}"));
            let Some(item) = item["bodies"].as_array().unwrap().first() else {
                assert_eq!(status["status"], "none", "{who} {on}");
                continue;
            };
            for (key, value) in item.as_object().unwrap() {
                let same = if key == "body" { &status["question"]["body"] } else { &status[key] };
                assert_eq!(value, same, "{who} {on}: {key}");
            }
        }
    }
    let after = json_of(&env, "portfolio BLR --on 2025-10-01");
    assert_eq!(after["notes"].as_array().unwrap().len(), 1);
    assert!(after["notes"][0].as_str().unwrap().starts_with("sco: as far as recorded"), "{after}");
}

#[test]
fn the_tenth_member_of_the_sco_came_on_4_july_2024() {
    let env = Env::demo();
    let first = |line: &str| json_of(&env, line)["first"].clone();
    let day = |day: &str| json!({"possible_from": day, "certain_from": day, "certain": true});
    assert_eq!(first("when sco --status member --count 10"), day("2024-07-04"));
    assert_eq!(first("when --in sco --status member --count 9"), day("2023-07-04"));
    assert_eq!(first("when --status member --count 8"), day("2017-06-09"));
    assert_eq!(first("when sco --status member --count 11"), Value::Null);
    // Between the seventh and the ninth member there were eight.
    let few = json_of(&env, "when sco --status member --count 8 --at-most --after 2017-06-09");
    assert_eq!(few["spans"][0]["from"], "2017-06-09");
    assert_eq!(few["spans"][0]["until"], "2023-07-04");
    assert_eq!(few["spans"].as_array().unwrap().len(), 1);
    let never_in = json_of(&env, "when France --in sco --status none");
    assert_eq!(never_in["first"], json!({"possible_from": null, "certain_from": null, "certain": true}));
    let never = env.run(&["when", "sco", "--status", "member", "--count", "11"]).ok();
    assert!(never.contains("never, by what is recorded"), "{never}");
}

#[test]
fn a_status_is_possible_from_the_first_day_of_its_act_and_certain_from_the_last() {
    let env = Env::demo();
    let belarus = json_of(&env, "when Belarus --in sco --status dialogue-partner");
    // The memorandum was signed on 28 or 29 April 2010; the observer of 10 July 2015 is no dialogue partner any more.
    assert_eq!(belarus["first"]["possible_from"], "2010-04-28");
    assert_eq!(belarus["first"]["certain_from"], "2010-04-29");
    let spans: Vec<[&str; 3]> = belarus["spans"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| ["from", "until", "certainty"].map(|key| s[key].as_str().unwrap()))
        .collect();
    assert_eq!(spans, [["2010-04-28", "2010-04-29", "possible"], ["2010-04-29", "2015-07-10", "certain"]]);
    let later = json_of(&env, "when BLR sco --status dialogue-partner --after 2012-01-01");
    assert_eq!(later["first"]["certain_from"], "2012-01-01");
    let saudi = json_of(&env, "when SAU sco --status dialogue-partner");
    assert_eq!(saudi["spans"][0]["certainty"], "contested");
    // The rectification of Kuwait's memorandum is read, unless the ledger before it is asked.
    assert_eq!(
        json_of(&env, "when KWT sco --status dialogue-partner")["first"]["certain_from"],
        "2023-05-05"
    );
    let before = json_of(&env, "when KWT sco --status dialogue-partner --as-recorded 127");
    assert_eq!(before["first"]["certain_from"], "2023-05-06");
}

#[test]
fn when_says_which_word_it_lacks() {
    let env = Env::demo();
    for (line, said) in [
        ("when --status member", "when needs a participant, or --count N"),
        ("when BLR sco --status member --count 3", "takes an organisation or treaty and no participant"),
        ("when BLR --in sco --status member --count 3", "what is \"BLR\"?"),
        ("when Belorus --in sco --status member", "did you mean Belarus"),
        ("when BLR --in sco --status membre", "has no status membre"),
    ] {
        let args: Vec<&str> = line.split(' ').collect();
        let error = env.run(&args).fails(2);
        assert!(error.contains(said), "{line}: {error}");
    }
}

#[test]
fn members_of_the_sco_by_year_are_those_of_its_history() {
    let env = Env::demo();
    let counted = json_of(&env, "count sco --status member --from 1999-01-01");
    let numbers = numbers(&counted);
    for year in 1999..=2026 {
        // Six founded it on 15 June 2001; India and Pakistan came in 2017, Iran in 2023, Belarus in 2024.
        let members = match year {
            ..2001 => 0,
            2001..2017 => 6,
            2017..2023 => 8,
            2023 => 9,
            _ => 10,
        };
        assert_eq!(numbers[&year.to_string()], (members, members), "{year}");
    }
    let by_month = json_of(&env, "count sco --by month --from 2017-05-01 --to 2017-06-08");
    let may_and_june: Vec<_> =
        by_month["periods"].as_array().unwrap().iter().map(|p| &p["certain"]).collect();
    assert_eq!(may_and_june, [6, 6], "the ninth of June is not asked about");
    assert_eq!(by_month["periods"][1]["to"], "2017-06-08");
    assert_eq!(counted["periods"].as_array().unwrap().last().unwrap()["surveyed"], false);
}

#[test]
fn applications_by_year_are_the_rows_of_the_record() {
    let Some(path) = data("sco_events.csv") else { return };
    let env = Env::demo();
    let counted = json_of(&env, "count sco --act application-filed");
    let mut filed: BTreeMap<String, u64> = BTreeMap::new();
    let mut reported: BTreeMap<String, u64> = BTreeMap::new();
    let mut open = 0;
    for row in csv::Reader::from_path(path).unwrap().records().map(Result::unwrap) {
        let kinds = match &row[3] {
            "application_filed" => &mut filed,
            "application_reported" => &mut reported,
            _ => continue,
        };
        match row[0].starts_with('[') {
            true => open += 1,
            false => *kinds.entry(row[0][..4].to_owned()).or_default() += 1,
        }
    }
    assert_eq!(open, 1, "Sri Lanka's: by 12 April 2022");
    for period in counted["periods"].as_array().unwrap() {
        let year = period["period"].as_str().unwrap();
        let of = |rows: &BTreeMap<String, u64>| rows.get(year).copied().unwrap_or_default();
        assert_eq!(period["certain"], of(&filed), "{year}");
        assert_eq!(period["at_most"], of(&filed) + u64::from(year <= "2022"), "{year}");
        assert_eq!(period["reported"], of(&reported), "{year}");
        assert_eq!(period["entries"].as_array().unwrap().len() as u64, period["at_most"], "{year}");
    }
    assert!(counted["notes"].to_string().contains("fits several periods"), "{}", counted["notes"]);
    let text = env.run(&["count", "sco", "--act", "application-filed"]).ok();
    assert!(text.starts_with("Shanghai Cooperation Organisation: application-filed by year\n"), "{text}");
}

#[test]
fn a_retracted_act_is_not_counted_and_was_before() {
    let env = Env::demo();
    let of_2024 = |env: &Env, more: &str| {
        numbers(&json_of(env, &format!("count sco --act application-filed{more}")))["2024"]
    };
    assert_eq!(of_2024(&env, ""), (1, 1));
    env.run(&["retract", "101", "--cause", "clerical", "--cite", CITE]).ok();
    assert_eq!(of_2024(&env, ""), (0, 0));
    assert_eq!(of_2024(&env, " --as-recorded 128"), (1, 1));
}

#[test]
fn the_upsurge_of_dialogue_partners_began_in_2022_and_members_have_none() {
    let env = Env::demo();
    let partners = json_of(&env, "count sco --status dialogue-partner --from 2015-01-01 --on 2025-06-30");
    // Two, six and no more in four years are 2.0 a year; three in the seven years before are 0.4.
    assert_eq!(partners["upsurge"], json!({"since": "2022", "before_mean": "0.4", "after_mean": "2.0"}));
    // Egypt and Qatar signed in September 2022; of Saudi Arabia that is disputed until March 2023.
    assert_eq!(numbers(&partners)["2022"], (8, 9));
    assert_eq!(partners["periods"].as_array().unwrap().last().unwrap()["to"], "2025-06-30");
    let members = json_of(&env, "count sco --status member");
    assert_eq!(members["upsurge"], Value::Null);
    let text = env.run(&["count", "sco", "--status", "member"]).ok();
    assert!(text.contains("No upsurge: "), "{text}");
    let mut plain = env.chancery(&["count", "sco", "--from", "2023-01-01"]);
    plain.env("LC_ALL", "C");
    let text = String::from_utf8(plain.output().unwrap().stdout).unwrap();
    assert!(text.contains("2024  10  +1    ##########\n"), "{text}");
}

#[test]
fn a_file_of_questions_has_the_answers_of_status_in_its_order() {
    let Some(path) = data("questions.csv") else { return };
    let env = Env::demo();
    let text = std::fs::read_to_string(path).unwrap();
    let mut asked = Vec::new();
    let mut rows = csv::Writer::from_writer(Vec::new());
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    rows.write_record(reader.headers().unwrap()).unwrap();
    for row in reader.records().map(Result::unwrap).filter(|r| &r[2] == "SCO" && &r[3] != "*") {
        rows.write_record(&row).unwrap();
        let known = if row[5].is_empty() { String::new() } else { format!(" --as-known {}", &row[5]) };
        asked.push(format!("{} sco --on {}{known}", &row[3], &row[4]));
    }
    assert_eq!(asked.len(), 10);
    env.write("questions.csv", rows.into_inner().unwrap());
    let lines = env.run(&["ask", "--from", "questions.csv", "--format", "jsonl"]).ok();
    let answers: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let single: Vec<Value> = asked.iter().map(|line| env.status(line)).collect();
    assert_eq!(answers, single);
    let csv = env.run(&["ask", "--from", "questions.csv", "--format", "csv"]).ok();
    let said: Vec<String> =
        csv::Reader::from_reader(csv.as_bytes()).records().map(|r| r.unwrap()[6].to_owned()).collect();
    let of = |a: &Value| a["status"].as_str().unwrap_or_default().to_owned();
    assert_eq!(said, single.iter().map(of).collect::<Vec<_>>());
}

#[test]
fn a_row_that_cannot_be_answered_has_its_line_and_the_others_are_answered() {
    let env = Env::demo();
    env.write(
        "q.csv",
        "participant,body,on,as_known,as_recorded,is\nBLR,sco,2023-07-01,,127,observer\nBelorus,sco,,,,\nBLR,nato,,,,\n\
         BLR,sco,2023,,,\nBLR,sco,,,9999,\n,sco,,,,\nIRN,,2023-07-03,,,member\n",
    );
    let ran = env.run(&["ask", "--from", "q.csv", "--format", "jsonl"]);
    assert_eq!(ran.code, 1);
    let lines: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        (lines[0]["is"].clone(), lines[0]["question"]["as_recorded"].clone()),
        (json!(true), json!(127))
    );
    assert_eq!((lines[6]["is"].clone(), lines[6]["status"].clone()), (json!(false), json!("observer")));
    for (at, said) in [
        (1, "did you mean Belarus"),
        (2, "no organisation or treaty called nato"),
        (3, "is not one day"),
        (4, "9999"),
        (5, "no participant is given"),
    ] {
        assert!(lines[at]["error"].as_str().unwrap().contains(said), "{}", lines[at]);
        assert_eq!(lines[at]["line"], at as u64 + 2);
    }
    assert_eq!(lines[1]["row"], json!({"participant": "Belorus", "body": "sco"}));
    let whole = env.run(&["ask", "--from", "q.csv", "--format", "json"]);
    let whole: Value = serde_json::from_str(&whole.stdout).unwrap();
    assert_eq!((whole["answered"].clone(), whole["failed"].clone()), (json!(2), json!(5)));
    assert_eq!(whole["answers"].as_array().unwrap(), &lines);
    let text = env.run(&["ask", "--from", "q.csv"]).stdout;
    assert!(text.contains("2 questions answered, 5 not"), "{text}");
    env.write("other.csv", "a,b\n1,2\n");
    assert!(env.run(&["ask", "--from", "other.csv"]).fails(2).contains("no column \"participant\""));
}

#[test]
fn more_questions_than_are_held_at_once_come_back_in_order() {
    let env = Env::demo();
    let days = ["2015-07-09", "2015-07-11", "2024-07-03", "2024-07-04"];
    let statuses = ["dialogue-partner", "observer", "observer", "member"];
    let rows: String = (0..5_000).map(|n| format!("BLR,{}\n", days[n % 4])).collect();
    env.write("many.csv", format!("participant,on\n{rows}"));
    let csv = env.sh("chancery ask --from - --format csv < many.csv").ok();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 5_000);
    for (n, row) in rows.iter().enumerate() {
        assert_eq!((&row[0], &row[6]), ((n + 2).to_string().as_str(), statuses[n % 4]), "{row:?}");
    }
}

#[test]
fn a_citation_gives_the_same_answer_when_the_ledger_has_grown() {
    let env = Env::demo();
    for question in [
        "status BLR --in sco",
        "status BLR sco --as-at 2023-07-05 --is member",
        "roster sco --status member",
        "portfolio Belarus",
        "timeline BLR",
        "explain BLR sco --on 2023-07-01",
        "pending sco --as-known today",
        "when sco --status member --count 10",
        "count sco --act application-filed --by quarter",
    ] {
        let cited = json_of(&env, &format!("cite {question}"));
        assert_eq!(cited["question"]["as_recorded"], 128, "{question}");
        let args: Vec<&str> = question.split(' ').collect();
        let then = env.run(&args);
        let later = Env::demo().at("2027-01-01T00:00:00Z");
        later.run(&["retract", "102", "--cause", "clerical", "--cite", CITE]).ok();
        let again = later.sh(cited["command"].as_str().unwrap());
        assert_eq!(again.code, then.code, "{question}");
        let head =
            |text: &str| text.lines().next().unwrap_or_default().trim_end_matches("today").trim().to_owned();
        let (then, again) = (then.stdout, again.stdout);
        assert!(again.contains("128 entries, root"), "{question}: {again}");
        assert!(again.contains(head(&then).split("  ").next().unwrap()), "{question}: {again}");
    }
}

#[test]
fn a_citation_names_the_record_its_publisher_and_its_terms() {
    let env = Env::new();
    env.run(&[
        "init",
        "--charter",
        "sco",
        "--origin",
        "test/sco",
        "--title",
        "The SCO, 1996-2025",
        "--publisher",
        "R&D {Institute}",
        "--licence",
        "CC-BY-4.0",
    ])
    .ok();
    assert_eq!(env.run(&["audit"]).ok(), "");
    let question = ["cite", "status", "Côte d'Ivoire", "--in", "sco", "--on", "2023-07-01"];
    let text = env.run(&question).ok();
    let (cited, command) = text.split_once("\n\n").unwrap();
    let cited = cited.replace('\n', " ");
    let (before, after) = cited.split_once("root ").unwrap();
    assert_eq!(
        before,
        "Shanghai Cooperation Organisation, Côte d'Ivoire: status, on 1 July 2023, known on any day, as recorded in the \
         first 7 entries (to 2026-11-23). The SCO, 1996-2025, log test/sco, "
    );
    assert!(
        after.ends_with("R&D {Institute}. Licence: CC-BY-4.0. Read 2026-11-23 with chancery 0.1.0."),
        "{after}"
    );
    assert_eq!(
        command.trim(),
        r"chancery status 'Côte d'\''Ivoire' --in sco --on 2023-07-01 --as-recorded 7"
    );
    let bibtex = env.run(&[&question[..], &["--as", "bibtex"]].concat()).ok();
    assert!(bibtex.starts_with("@misc{test-sco-status-CIV-sco-2023-07-01-7,\n"), "{bibtex}");
    assert!(bibtex.contains(r"publisher    = {R\&D \{Institute\}},"), "{bibtex}");
    assert!(bibtex.contains("-{}-on 2023-07-01 -{}-as-recorded 7}"), "{bibtex}");
    let csl = env.run(&[&question[..], &["--as=csl"]].concat()).json();
    assert_eq!(csl[0]["type"], "dataset");
    assert_eq!(csl[0]["publisher"], "R&D {Institute}");
    assert_eq!(csl[0]["accessed"], json!({"date-parts": [[2026, 11, 23]]}));
    for (word, said) in [("audit", "is none"), ("append", "required"), ("statsu", "unrecognized")] {
        assert!(env.run(&["cite", word]).fails(2).contains(said), "{word}");
    }
    assert!(env.run(&["cite", "status", "BLR", "--in", "nato"]).fails(2).contains("called nato"));
    // A ledger without it is cited by the log's name; one that cannot be read is said.
    std::fs::write(env.ledger().join("CITATION.toml"), "title = 3\n").unwrap();
    assert!(env.run(&question).fails(2).contains("CITATION.toml"));
    std::fs::remove_file(env.ledger().join("CITATION.toml")).unwrap();
    assert_eq!(json_of(&env, "cite roster sco")["record"], "test/sco");
    let demo = json_of(&Env::demo(), "cite roster sco");
    assert_eq!(demo["record"], "The Shanghai Cooperation Organisation, 1996-2025");
}

#[test]
fn every_question_has_its_four_forms() {
    let env = Env::demo();
    env.write("q.csv", "participant,on\nBLR,2023-07-01\nSAU,2022-12-31\n");
    for (line, rows) in [
        ("portfolio BLR", 1),
        ("when BLR sco --status dialogue-partner", 2),
        ("when sco --status member --count 8", 1),
        ("count sco --from 2020-01-01 --to 2023-12-31", 4),
        ("count sco --act application-filed --from 2022-01-01 --to 2022-12-31 --by quarter", 4),
        ("ask --from q.csv", 2),
        ("cite status BLR sco", 1),
    ] {
        let of = |format: &str| {
            let mut args: Vec<&str> = line.split(' ').collect();
            args.extend(["--format", format]);
            env.run(&args).ok()
        };
        assert!(of("text").lines().count() > 2, "{line}");
        assert!(serde_json::from_str::<Value>(&of("json")).unwrap().is_object(), "{line}");
        let lines = of("jsonl");
        assert_eq!(lines.lines().count(), rows, "{line}: {lines}");
        assert!(lines.lines().all(|l| serde_json::from_str::<Value>(l).unwrap().is_object()), "{line}");
        // A row of another length is an error of the reader.
        let csv = of("csv");
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        assert_eq!(reader.records().map(Result::unwrap).count(), rows, "{line}: {csv}");
    }
}

#[test]
fn a_span_that_begins_on_a_doubtful_day_says_so() {
    let env = Env::demo();
    let mongolia = json_of(&env, "when MNG sco --status sco-partner --on 2025-09-15");
    assert_eq!(mongolia["first"]["certain_from"], "2025-09-01");
    assert!(mongolia["notes"].to_string().contains("in doubt about 2025-09-01?"), "{mongolia}");
    let belarus = json_of(&env, "when BLR sco --status member --on 2025-09-15");
    assert_eq!(belarus["notes"], json!([]));
}

#[test]
fn a_row_about_a_moment_has_the_moment_so_that_two_zones_are_told_apart() {
    let env = Env::demo();
    let moments = ["2020-01-31T23:59+01:00", "2020-01-31T23:59Z"];
    env.write("q.csv", format!("participant,on\nBLR,{}\nBLR,{}\n", moments[0], moments[1]));
    let asked = env.run(&["ask", "--from", "q.csv", "--format", "csv"]).ok();
    for moment in moments {
        let row = env.run(&["status", "BLR", "sco", "--on", moment, "--format", "csv"]).ok();
        assert!(row.contains(&format!("BLR,sco,{moment},")), "{row}");
        assert!(asked.contains(&format!("BLR,sco,{moment},")), "{asked}");
    }
}
