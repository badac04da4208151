//! The questions that the project was set, on the real records of five organisations: every answer is held against the
//! file that states it, or against a count that somebody else published.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;

use crate::env::Env;

/// A file of the project's data; `None`, with a line that says so, where the data is not here.
fn data(name: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let path = std::env::var_os("CHANCERY_DATA").map_or_else(beside, PathBuf::from).join(name);
    if !path.exists() {
        println!("skipped: no {}", path.display());
        return None;
    }
    Some(path)
}

/// One ledger with the records of the SCO, NATO, the EU, BRICS and the United Nations; nothing writes to it.
fn world() -> Option<&'static Env> {
    static WORLD: OnceLock<Option<Env>> = OnceLock::new();
    let make = || {
        let bodies = ["sco", "nato", "eu", "brics", "un"];
        let env = Env::new();
        let mut init = vec!["init", "--origin", "test/world"];
        bodies.iter().for_each(|body| init.extend(["--charter", body]));
        env.run(&init).ok();
        for body in bodies {
            let name = if body == "un" { "un_members.csv".to_owned() } else { format!("{body}_events.csv") };
            let file = data(&name)?;
            let imported =
                env.run(&["import", "csv", file.to_str()?, "--in", body, "--format", "json"]).json();
            assert_eq!(imported["rejected"].as_array().map(Vec::len), Some(0), "{name}");
        }
        Some(env)
    };
    WORLD.get_or_init(make).as_ref()
}

fn ask(env: &Env, line: &str) -> Value {
    let mut args: Vec<&str> = line.split_whitespace().collect();
    args.extend(["--format", "json"]);
    env.run(&args).json()
}

fn strings(value: &Value) -> BTreeSet<String> {
    value.as_array().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
}

fn notes(answer: &Value) -> String {
    strings(&answer["notes"]).into_iter().collect::<Vec<_>>().join("\n")
}

fn set(words: &str) -> BTreeSet<String> {
    words.split_whitespace().map(str::to_owned).collect()
}

/// Whether a status answer is what the file expects.
fn is_expected(answer: &Value, expected: &str) -> bool {
    let status = answer["status"].as_str();
    let certainty = answer["certainty"].as_str();
    match expected {
        "" => true,
        "contested" => status.is_none() && certainty == Some("contested"),
        "depends_on_zone" => certainty == Some("possible") && notes(answer).contains("depends on the zone"),
        "none_effective" | "not_separate_member" => status == Some("none") && certainty == Some("certain"),
        "withdrawn" => status == Some("former-member") && certainty == Some("certain"),
        id => status == Some(&id.replace('_', "-")) && certainty == Some("certain"),
    }
}

/// One row of the questions with the answers to each of its days.
struct Row {
    id: String,
    party: String,
    body: String,
    answers: Vec<Value>,
}

fn rows(env: &Env, file: &Path) -> (Vec<Row>, Vec<String>) {
    let text = std::fs::read_to_string(file).unwrap();
    let (mut rows, mut failed) = (Vec::new(), Vec::new());
    for row in csv::Reader::from_reader(text.as_bytes()).records().map(Result::unwrap) {
        let (id, body, party) = (row[0].to_owned(), row[2].to_lowercase(), row[3].to_owned());
        // Treaties are another matter than organisations.
        if body.starts_with("untc") {
            continue;
        }
        let split = |cell: &str| cell.split('|').map(str::to_owned).collect::<Vec<_>>();
        let (on, known, expected) = (split(&row[4]), split(&row[5]), split(&row[6]));
        let asks = on.len().max(known.len()).max(expected.len());
        let at = |list: &[String], n: usize| list.get(n).or(list.first()).cloned().unwrap_or_default();
        let mut answers = Vec::new();
        for n in 0..asks {
            let known = at(&known, n);
            let known = if known.is_empty() || known == "today" {
                String::new()
            } else {
                format!("--as-known {known}")
            };
            let on = at(&on, n);
            let line = match party.as_str() {
                "*" => format!("pending {body} --on {on} {known}"),
                who => format!("status {who} --in {body} --on {on} {known}"),
            };
            let answer = ask(env, &line);
            let expected = at(&expected, n);
            if party != "*" && !is_expected(&answer, &expected) {
                let (status, certainty) = (&answer["status"], &answer["certainty"]);
                failed.push(format!("{id}: {status} {certainty}, not {expected} ({line})"));
            }
            answers.push(answer);
        }
        rows.push(Row { id, party, body, answers });
    }
    (rows, failed)
}

/// What the stated answer says in words besides the status.
fn in_words(env: &Env, row: &Row) -> bool {
    let first = &row.answers[0];
    let since = |date: &str| first["since"] == date;
    let acts = |key: &str| -> Vec<(String, String)> {
        let items = first[key].as_array().cloned().unwrap_or_default();
        items
            .iter()
            .map(|i| (i["act"].as_str().unwrap().into(), i["date"].as_str().unwrap().into()))
            .collect()
    };
    let stage = |act: &str, date: &str| {
        let open = first["procedures"].as_array().unwrap();
        open.iter().any(|p| p["stage"] == act && p["since"] == date)
    };
    match row.id.as_str() {
        "Q01" => since("[2010-04-28..2010-04-29]"),
        "Q02" | "Q03" => since("2015-07-10"),
        "Q04" => {
            stage("accession-procedure-launched", "2022-09-16")
                && acts("afterwards")
                    .contains(&("memorandum-of-obligations-signed".into(), "2023-07-04".into()))
        }
        "Q06" => {
            let signed = first["procedures"].as_array().unwrap().iter();
            signed.clone().any(|p| p["stage"] == "memorandum-of-obligations-signed")
                && ask(env, "status IRN --in sco --on 2023-07-04")["since"] == "2023-07-04"
        }
        "Q07" => {
            let logged = ask(env, "log --in sco --participant IRN --act memorandum-of-obligations-signed");
            let listed = logged.as_array().or(logged["entries"].as_array()).unwrap();
            let shown: Vec<String> =
                listed.iter().map(|entry| env.run(&["show", &entry["index"].to_string()]).ok()).collect();
            let said = |part: &str| shown.iter().any(|entry| entry.contains(part));
            said("signed 2022-09-15") && said("done 2022-09-16")
        }
        "Q09" => {
            stage("status-decided", "2012-06-07")
                && acts("afterwards").contains(&("partnership-memorandum-signed".into(), "2013-04-26".into()))
        }
        "Q11" | "Q36" => {
            let sides = first["conflicts"].as_array().unwrap();
            let said: BTreeSet<String> = sides.iter().map(|s| s["possible"].to_string()).collect();
            sides.len() == 2 && said.len() == 2
        }
        "Q12" => {
            let over: Vec<&Value> =
                first["overlays"].as_array().unwrap().iter().map(|o| &o["overlay"]).collect();
            since("2012-06-07") && over == ["dormant"]
        }
        "Q13" => notes(first).contains("the day of effect and the new regulation were not found"),
        "Q14" => {
            let waiting = |key: &str| -> BTreeSet<String> {
                let items = first[key].as_array().unwrap().iter();
                let decided = items.filter(|i| i["stage"] == "status-decided");
                decided.map(|i| i["participant"].as_str().unwrap().to_owned()).collect()
            };
            waiting("procedures") == set("ARE BHR KWT MDV MMR") && waiting("contested") == set("SAU")
        }
        "Q16" => {
            let quorum = &first["procedures"][0]["quorum"];
            let home = strings(&quorum["unattested"]).len();
            since("2022-07-05") && quorum["needed"] == 30 && quorum["count"] == 0 && home == 24
        }
        "Q17" => {
            let after: Vec<(String, String)> = acts("afterwards");
            since("2022-07-05") && after.contains(&("instrument-deposited".into(), "2023-04-04".into()))
        }
        "Q18" => {
            let day = first["on_the_day"].as_array().unwrap();
            let said = |d: &Value| {
                let about = d["about"].as_str().map(|a| format!(" about {a}")).unwrap_or_default();
                format!("{} {}{about}", d["participant"].as_str().unwrap(), d["act"].as_str().unwrap())
            };
            let order: Vec<String> = day.iter().map(said).collect();
            order
                == [
                    "TUR instrument-deposited about FIN",
                    "FIN treaty-entered-into-force",
                    "FIN instrument-deposited",
                    "FIN instrument-deposited about SWE",
                ]
        }
        "Q20" => {
            let approved = |answer: &Value| -> BTreeSet<String> {
                let every = ["on_the_day", "afterwards"].into_iter().flat_map(|key| answer[key].as_array());
                let acts = every.flatten().filter(|i| i["act"] == "domestic-approval");
                acts.map(|i| i["date"].as_str().unwrap().to_owned()).collect()
            };
            approved(first) == set("2022-07-07") && approved(&row.answers[1]) == set("2022-07-05 2022-07-07")
        }
        "Q21" => {
            let at = |zone: &str| {
                ask(env, &format!("status GBR eu --on 2020-01-31T23:59{zone}"))["status"].clone()
            };
            at("+01:00") == "member" && at("Z") == "former-member"
        }
        "Q24" => {
            let force = ask(env, "in-force eu --about HRV --on 2013-06-22");
            force["on"] == "2013-07-01" && force["trigger"]["participant"] == "DEU" && since("2011-12-09")
        }
        "Q25" => since("1965-03-01") && row.answers[1]["since"] == "1950-09-28",
        "Q26" => {
            let soviet = |on: &str| ask(env, &format!("status SUN un --on {on}"));
            notes(first).contains("Soviet Union (SUN)")
                && row.answers.iter().all(|a| a["since"] == "1945-10-24")
                && soviet("1991-12-20")["status"] == "member"
                && soviet("1991-12-24")["status"] == "none"
        }
        "Q28" => first["conflicts"].as_array().unwrap().len() == 2,
        "Q29" => {
            notes(first).contains("merged into United Arab Republic (EGY)")
                && ask(env, "status SYR un --on 1950-01-01")["since"] == "1945-10-24"
                && ask(env, "status SYR un --on 1961-10-13")["status"] == "member"
        }
        "Q31" => {
            let force = ask(env, "in-force un --on 1945-10-23");
            force["on"] == "1945-10-24"
                && force["in_force"] == false
                && ask(env, "roster un --on 1945-10-23")["counts"]["member"]["at_most"] == 0
        }
        "Q32" => {
            let later = ask(env, "status CHN un --on 1971-10-25");
            since("1945-10-24")
                && notes(first).contains("represented by another government until 1971-10-25")
                && later["overlays"][0]["overlay"] == "representation"
                && later["since"] == "1945-10-24"
        }
        "Q38" => {
            let named = |on: &str| env.run(&["status", "TUR", "un", "--on", on]).ok();
            named("2022-05-31").starts_with("Turkey: MEMBER")
                && named("2022-06-02").starts_with("Türkiye: MEMBER")
        }
        _ => false,
    }
}

#[test]
fn every_question_about_an_organisation_has_its_stated_answer() {
    let (Some(env), Some(file)) = (world(), data("questions.csv")) else { return };
    let (rows, mut failed) = rows(env, &file);
    for row in &rows {
        if !in_words(env, row) {
            failed.push(format!("{} ({} in {}): the words of the answer", row.id, row.party, row.body));
        }
    }
    assert_eq!(rows.len(), 25);
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// How many have a status at the end of each year: certainly, at most.
fn by_year(env: &Env, body: &str, known: &str) -> Vec<(i32, u64, u64)> {
    let counted = ask(env, &format!("count {body} --status member --by year {known}"));
    let periods = counted["periods"].as_array().unwrap().iter();
    let number = |p: &Value, key: &str| p[key].as_u64().unwrap();
    let row = |p: &Value| {
        let year = p["period"].as_str().unwrap().parse().unwrap();
        (year, number(p, "certain"), number(p, "at_most"))
    };
    periods.map(row).collect()
}

/// The sizes that a membership had, each once in a row.
fn sizes(env: &Env, body: &str) -> Vec<u64> {
    let mut sizes: Vec<u64> = by_year(env, body, "").iter().map(|(_, certain, _)| *certain).collect();
    sizes.dedup();
    sizes
}

#[test]
fn nato_and_the_european_union_have_as_many_members_in_each_year_as_they_say() {
    let Some(env) = world() else { return };
    assert_eq!(sizes(env, "nato"), [12, 14, 15, 16, 19, 26, 28, 29, 30, 31, 32]);
    // 1957 has the treaty signed and nobody a member.
    assert_eq!(sizes(env, "eu"), [0, 6, 9, 10, 12, 15, 25, 27, 28, 27]);
}

/// un.org, "Growth in United Nations membership": members at the end of a year.
const GROWTH: [(i32, u64); 42] = [
    (1945, 51),
    (1946, 55),
    (1947, 57),
    (1948, 58),
    (1949, 59),
    (1950, 60),
    (1955, 76),
    (1956, 80),
    (1957, 82),
    (1958, 82),
    (1960, 99),
    (1961, 104),
    (1962, 110),
    (1963, 113),
    (1964, 115),
    (1965, 117),
    (1966, 122),
    (1967, 123),
    (1968, 126),
    (1970, 127),
    (1971, 132),
    (1973, 135),
    (1974, 138),
    (1975, 144),
    (1976, 147),
    (1977, 149),
    (1978, 151),
    (1979, 152),
    (1980, 154),
    (1981, 157),
    (1983, 158),
    (1984, 159),
    (1990, 159),
    (1991, 166),
    (1992, 179),
    (1993, 184),
    (1994, 185),
    (1999, 188),
    (2000, 189),
    (2002, 191),
    (2006, 192),
    (2011, 193),
];

#[test]
fn the_united_nations_grow_as_their_own_table_has_it_with_yugoslavia_contested_and_indonesia_both_ways() {
    let Some(env) = world() else { return };
    let (today, then) = (by_year(env, "un", ""), by_year(env, "un", "--as-known 1965-12-31"));
    let of = |list: &[(i32, u64, u64)], year: i32| {
        let found = list.iter().find(|(y, ..)| *y == year);
        found.map(|(_, certain, at_most)| (*certain, *at_most)).unwrap()
    };
    for (year, members) in GROWTH {
        let expected = match year {
            // GA resolution 47/1 of 1992 to the admission of 2000: on one account Yugoslavia is no member.
            1992..=1999 => (members - 1, members),
            // What the table printed in 1966 was corrected later: Indonesia had never left.
            1965 => (members + 1, members + 1),
            _ => (members, members),
        };
        assert_eq!(of(&today, year), expected, "{year}");
    }
    assert_eq!(of(&then, 1965), (117, 117), "as the world knew it at the end of 1965");
}

#[test]
fn sweden_lacks_two_of_thirty_one_and_approval_at_home_is_no_deposit() {
    let Some(env) = world() else { return };
    let missing = ask(env, "explain SWE --in nato --on 2023-04-05 --missing");
    let quorum = &missing["missing"][0]["quorum"];
    assert_eq!((quorum["needed"].as_u64(), quorum["count"].as_u64()), (Some(31), Some(1)));
    assert_eq!(strings(&quorum["counted"]), set("FIN"));
    assert_eq!(strings(&quorum["missing"]), set("HUN TUR"));
    assert_eq!(strings(&quorum["unattested"]).len(), 28);
    assert_eq!(quorum, &missing["procedures"][0]["quorum"]);
    let before = ask(env, "explain SWE --in nato --on 2023-04-03 --missing");
    let quorum = &before["missing"][0]["quorum"];
    assert_eq!((quorum["needed"].as_u64(), quorum["count"].as_u64()), (Some(30), Some(0)));
    let finland = ask(env, "status FIN --in nato --on 2023-04-05");
    assert_eq!((&finland["status"], &finland["since"]), (&"member".into(), &"2023-04-04".into()));
    let remarks = env.run(&["audit", "--conformity"]).ok().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(remarks.contains("in force for FIN as certified; the quorum is not computed: 3 of 30 recorded"));
}

#[test]
fn entries_into_force_are_computed_from_the_deposits_and_agree_with_what_was_certified() {
    let Some(env) = world() else { return };
    let nato = ask(env, "in-force nato");
    assert_eq!((&nato["on"], &nato["trigger"]["participant"]), (&"1949-08-24".into(), &"FRA".into()));
    let un = ask(env, "in-force un");
    assert_eq!((&un["on"], &un["trigger"]["on"]), (&"1945-10-24".into(), &"1945-10-24".into()));
    let croatia = ask(env, "in-force eu --about HRV");
    assert_eq!((&croatia["on"], &croatia["certified"]["on"]), (&"2013-07-01".into(), &"2013-07-01".into()));
    for known in ["", " --as-known 2013-06-22"] {
        let acceding = ask(env, &format!("status HRV --in eu --on 2013-06-22{known}"));
        assert_eq!(acceding["status"], "acceding");
        if !known.is_empty() {
            assert_eq!(acceding["scheduled"][0]["status"], "member");
            assert_eq!(acceding["scheduled"][0]["on"], "2013-07-01");
        }
    }
    // A day earlier Germany's instrument was missing, and nothing was certain.
    assert_eq!(
        ask(env, "status HRV --in eu --on 2013-06-20 --as-known 2013-06-20")["scheduled"],
        Value::Array(vec![])
    );
}

#[test]
fn a_withdrawal_is_a_forecast_that_later_acts_move() {
    let Some(env) = world() else { return };
    let scheduled = |on: &str, known: &str| {
        let answer = ask(env, &format!("status GBR --in eu --on {on} {known}"));
        assert_eq!(answer["status"], "member", "{on}");
        let items = answer["scheduled"].as_array().unwrap();
        let dates: Vec<&str> = items.iter().map(|i| i["on"].as_str().unwrap()).collect();
        dates.join(" ")
    };
    for (on, end) in [
        ("2017-03-28", ""),
        ("2018-01-01", "2019-03-29"),
        ("2019-03-25", "2019-04-12"),
        ("2019-04-15", "2019-10-31"),
        ("2019-11-01", "2020-01-31"),
    ] {
        assert_eq!(scheduled(on, ""), end, "on {on}, by everything that is known today");
        assert_eq!(scheduled(on, &format!("--as-known {on}")), end, "on {on}, as known that day");
    }
    let argentina = |known: &str| ask(env, &format!("status ARG brics --on {known} --as-known {known}"));
    assert_eq!(argentina("2023-10-01")["scheduled"][0]["on"], "2024-01-01");
    assert_eq!(argentina("2023-12-31")["scheduled"], Value::Array(vec![]));
    assert_eq!(argentina("2024-06-01")["status"], "none");
}
