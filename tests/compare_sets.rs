//! The data sets of the world against one another: what the test counts itself is what `compare` counts.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use flate2::read::MultiGzDecoder;
use serde_json::Value;

use crate::env::Env;
use crate::five::data;
use crate::sets::{amend, file, lines, set};

/// The answer to a comparison with a set, and its exit code.
fn compared(env: &Env, with: &str, more: &[&str]) -> (Value, i32) {
    let path = data(&file(with)).unwrap();
    let mut args = vec!["compare", "--with", path.to_str().unwrap(), "--format", "json"];
    args.extend(more);
    let ran = env.run(&args);
    let answer: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.stderr));
    println!("{with}: {}", answer["counts"]);
    (answer, ran.code)
}

/// How many dates the lines of a set state that still stand at its end.
fn dates(name: &str) -> u64 {
    let mut standing: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for line in lines(name) {
        let key = ["body", "party_name", "kind", "mark", "date", "not_before"].map(|k| line[k].to_string());
        let stack = standing.entry(key.join("|")).or_default();
        let twice = line["effective"].is_string() && effective_is_another_date(&line);
        match line["op"] == "retract" {
            true => _ = stack.pop(),
            false => stack.push(1 + u64::from(twice)),
        }
    }
    standing.values().flatten().sum()
}

/// Of an act that is nothing but its effect, an effective day that is the date says nothing more.
fn effective_is_another_date(line: &Value) -> bool {
    let kind = line["kind"].as_str().unwrap();
    let is_effect = ["provisional", "provisional_application", "withdrawal", "in_force"].contains(&kind);
    !(is_effect && line["effective"] == line["date"])
}

#[test]
fn a_ledger_made_of_a_set_is_the_same_as_the_set() {
    for name in ["untc2015", "untc_history", "wipo", "cow_igo"] {
        let Some((env, _)) = set(name) else { return };
        let (answer, code) = compared(&env, name, &[]);
        assert_eq!((code, answer["differences"].as_array().map(Vec::len)), (0, Some(0)), "{name}");
        assert_eq!(answer["counts"]["same"], dates(name), "{name}");
    }
}

/// The days on which each state consented to a treaty, by body: ratified, acceded, accepted, succeeded, signed for good.
fn consents(lines: &[Value]) -> BTreeSet<(String, String, String)> {
    let kinds = [
        "ratification",
        "accession",
        "acceptance",
        "approval",
        "succession",
        "definitive_signature",
        "consent_to_be_bound",
        "formal_confirmation",
        "simplified_procedure",
    ];
    let own = lines.iter().filter(|line| kinds.iter().any(|kind| line["kind"] == *kind));
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    // The European Community is one participant with the European Union.
    let who = |value: &Value| if value == "EC" || value == "EUE" { "EUU".to_owned() } else { word(value) };
    own.map(|line| (word(&line["body"]), who(&line["party"]), word(&line["date"]))).collect()
}

/// The lines of one file that hold a word, in a file of their own, with what they say.
fn excerpt(env: &Env, name: &str, word: &str) -> Vec<Value> {
    let Some(path) = data(&file(name)) else { return Vec::new() };
    let mut text = String::new();
    MultiGzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    let own: Vec<&str> = text.lines().filter(|line| line.contains(word)).collect();
    env.write("excerpt.jsonl", own.join("\n"));
    own.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_treaty_under_another_id_is_named_and_its_consents_are_those_that_both_sets_have() {
    let Some((env, _)) = set("untc2015") else { return };
    let theirs = excerpt(&env, "huggo", "\"GGO:CB");
    if theirs.is_empty() {
        return;
    }
    let answer = |more: &[&str]| -> Value {
        let mut args = vec!["compare", "--with", "excerpt.jsonl", "--format", "json"];
        args.extend(more);
        let ran = env.run(&args);
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
        println!("huggo {more:?}: {}", answer["counts"]);
        answer
    };
    let named = answer(&["--class", "naming"])["differences"].as_array().unwrap().clone();
    let candidate = named.iter().find(|d| d["body"] == "ggo-cbd-1992a").unwrap();
    assert_eq!(candidate["ours"], "untc-27-8", "the Convention on Biological Diversity");
    // Said to be the same, its consents are compared: those on the days of both files are the same or another form.
    let (theirs, ours) = (consents(&theirs), consents(&lines("untc2015")));
    let of = |set: &BTreeSet<(String, String, String)>, body: &str| -> BTreeSet<(String, String)> {
        let own = set.iter().filter(|(b, who, _)| b == body && who.len() == 3);
        own.map(|(_, who, date)| (who.clone(), date.clone())).collect()
    };
    let both = of(&theirs, "GGO:CBD_1992A").intersection(&of(&ours, "UNTC:27-8")).count();
    let same = answer(&["untc-27-8", "--same", "GGO:CBD_1992A=untc-27-8", "--kind", "ratification"]);
    let renamed = same["differences"].as_array().unwrap().iter().filter(|d| d["class"] == "naming").count();
    assert_eq!(same["counts"]["same"].as_u64().unwrap() + renamed as u64, both as u64);
    assert!(both > 150, "{both}");
}

#[test]
fn two_copies_of_the_tables_as_known_on_one_day_differ_in_form_and_hardly_in_date() {
    let Some((env, _)) = set("untc_history") else { return };
    let (answer, code) = compared(&env, "untc2015", &["--as-known", "2015-03-15"]);
    assert_eq!(code, 1);
    let differences = answer["differences"].as_array().unwrap();
    let contradicted = differences.iter().filter(|d| d["case"] == "contradicts");
    // The last change to the table was made at 23:36 of the 14th in New York. What one has on a day, the other has not.
    let history = lines("untc_history");
    for told in contradicted {
        let body = told["body"].as_str().unwrap().to_uppercase().replacen('-', ":", 1);
        let (who, date) = (&told["participant"], &told["theirs"]);
        let has = |line: &&Value| {
            line["body"].as_str().unwrap().eq_ignore_ascii_case(&body)
                && line["party"] == *who
                && line["date"] == *date
                && line["op"] == "set"
                && line["kind"] == "instrument"
        };
        let stated = history.iter().filter(has).count();
        let taken_back =
            history.iter().filter(|l| l["op"] == "retract" && l["party"] == *who && l["date"] == *date);
        assert!(stated <= taken_back.count(), "{told}");
    }
}

#[test]
fn the_days_that_the_organisation_publishes_are_held_against_the_clause_one_by_one() {
    let Some((env, _)) = set("wipo") else { return };
    amend(
        &env,
        "wipo-rome",
        "entry_into_force = \"count(6) then months(3)\"\nentry_into_force_for_participant = \"months(3)\"",
    );
    let (answer, code) = compared(&env, "wipo", &["wipo-rome"]);
    let differ: BTreeMap<String, String> = answer["differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| {
            assert_eq!((&d["class"], &d["role"]), (&"error".into(), &"effective".into()), "{d}");
            (d["named"].as_str().unwrap().to_owned(), d["theirs"].as_str().unwrap().to_owned())
        })
        .collect();
    // Counted here: the first six consents, then three months; the later ones three months after their own deposit.
    let rows: Vec<Value> = lines("wipo").into_iter().filter(|l| l["body"] == "WIPO:Rome").collect();
    let consent = |l: &&Value| l["kind"] != "signature" && l["effective"].is_string();
    let mut days: Vec<String> =
        rows.iter().filter(consent).map(|l| l["date"].as_str().unwrap().to_owned()).collect();
    days.sort();
    let general = months_after(&days[5], 3);
    let mut expected = BTreeMap::new();
    for line in rows.iter().filter(consent) {
        if line["kind"] == "succession" || line["kind"].as_str().unwrap().starts_with("declaration") {
            continue;
        }
        let date = line["date"].as_str().unwrap();
        let computed =
            if *date <= *days[5] { general.clone() } else { months_after(date, 3).max(general.clone()) };
        if line["effective"] != computed.as_str() {
            expected.insert(
                line["party_name"].as_str().unwrap().to_owned(),
                line["effective"].as_str().unwrap().to_owned(),
            );
        }
    }
    assert_eq!((code, differ), (1, expected));
}

/// A day so many months later; where the month is too short, its last day.
fn months_after(day: &str, months: u32) -> String {
    let day: chrono::NaiveDate = day.parse().unwrap();
    day.checked_add_months(chrono::Months::new(months)).unwrap().to_string()
}
