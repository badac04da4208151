//! Entry into force for each participant, computed and compared with what the World Intellectual Property Organization
//! publishes; and the Correlates of War's organisations, known to a year.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::env::Env;
use crate::five::{data, json_of, words};
use crate::sets::{amend, file, lines, set};

/// Each treaty with its general clause and the delay for one participant, from general knowledge.
const TREATIES: [(&str, &str, &str); 10] = [
    ("Rome", "count(6) then months(3)", "months(3)"),
    ("Brussels", "count(5) then months(3)", "months(3)"),
    ("Nairobi", "count(3) then months(1)", "months(1)"),
    ("Trademark", "count(5) then months(3)", "months(3)"),
    ("WIPO Copyright Treaty (WCT)", "count(30) then months(3)", "months(3)"),
    ("WIPO Performances and Phonograms Treaty (WPPT)", "count(30) then months(3)", "months(3)"),
    ("Patent", "count(10) then months(3)", "months(3)"),
    ("Singapore", "count(10) then months(3)", "months(3)"),
    ("Beijing", "count(30) then months(3)", "months(3)"),
    ("Marrakesh", "count(20) then months(3)", "months(3)"),
];

/// The day on which each treaty as a whole entered into force, from general knowledge: not read from the list.
const GENERAL: [(&str, &str); 10] = [
    ("Rome", "1964-05-18"),
    ("Brussels", "1979-08-25"),
    ("Nairobi", "1982-09-25"),
    ("Trademark", "1996-08-01"),
    ("WIPO Copyright Treaty (WCT)", "2002-03-06"),
    ("WIPO Performances and Phonograms Treaty (WPPT)", "2002-05-20"),
    ("Patent", "2005-04-28"),
    ("Singapore", "2009-03-16"),
    ("Beijing", "2020-04-28"),
    ("Marrakesh", "2016-09-30"),
];

/// The treaty's id in the ledger.
fn body_of(title: &str) -> String {
    let fold = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    format!("WIPO:{title}").chars().map(fold).collect()
}

/// Since when each participant of a body has a status.
fn since(roster: &Value, status: &str) -> BTreeMap<String, String> {
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let all = roster["participants"].as_array().unwrap().iter();
    all.filter(|p| p["status"] == status).map(|p| (word(&p["participant"]), word(&p["since"]))).collect()
}

/// The ratifications and accessions for which the organisation publishes a day that differs from the one computed; and
/// how many were compared. A continued application and a succession follow another rule.
fn differing(env: &Env, rows: &[Value]) -> (Vec<String>, usize) {
    let (mut missed, mut compared) = (Vec::new(), 0);
    for (title, ..) in TREATIES {
        let parties = since(&json_of(env, &format!("roster {}", body_of(title))), "party");
        let own = rows.iter().filter(|row| row["body_title"] == title);
        let own = own.filter(|row| ["ratification", "accession"].iter().any(|kind| row["kind"] == *kind));
        for row in own {
            let Some(claimed) = row["effective"].as_str() else { continue };
            let name = row["party_name"].as_str().unwrap();
            let who = row["party"].as_str().map(str::to_owned).or_else(|| named(&parties, name));
            let computed = who.as_ref().and_then(|who| parties.get(who)).map_or("never", String::as_str);
            compared += 1;
            if computed != claimed {
                let deposited = row["date"].as_str().unwrap();
                missed.push(format!("{title}, {name}, deposited {deposited}: {computed}, claimed {claimed}"));
            }
        }
    }
    println!("{} of {compared} differ:\n{}", missed.len(), missed.join("\n"));
    (missed, compared)
}

/// Whom a source names without a code: the European Union, or somebody who stays by name.
fn named(parties: &BTreeMap<String, String>, name: &str) -> Option<String> {
    let own = format!("X-{}-", name.split(' ').next().unwrap().to_uppercase());
    match name.contains("European Union") {
        true => Some("EUE".to_owned()),
        false => parties.keys().find(|id| id.starts_with(&own)).cloned(),
    }
}

/// The ledger of the list with every clause stated.
fn stated() -> Option<Env> {
    let (env, report) = set("wipo")?;
    assert_eq!((&report["taken"], report["rejected"].as_array().unwrap().len()), (&1_844.into(), 0));
    for (title, general, own) in TREATIES {
        let clauses = format!(
            "entry_into_force = \"{general}\"\nentry_into_force_for_participant = \"{own} after condition\""
        );
        amend(&env, &body_of(title), &clauses);
    }
    Some(env)
}

#[test]
fn the_clauses_alone_give_691_of_the_712_days_that_the_organisation_publishes() {
    let Some(env) = stated() else { return };
    let (missed, compared) = differing(&env, &lines("wipo"));
    // The list holds those who are still there. Rome by its clause began a day before the one published, Brussels later:
    // their first parties differ with them.
    assert_eq!((compared, compared - missed.len()), (712, 691), "{missed:#?}");
}

#[test]
fn with_the_general_entry_into_force_certified_the_clauses_give_701_of_the_712_days() {
    let Some(env) = stated() else { return };
    // The list is declared to be what it is: of those who are still there. Then only the depositary can say when each treaty
    // entered into force; what each participant's own day is remains for the clause.
    let list = data(&file("wipo")).unwrap();
    let survivors = ["--surveyed", "1961..2026", "--survivors-only", "--quiet"];
    env.run(&[&["import", "events", list.to_str().unwrap()][..], &survivors].concat()).ok();
    for (title, on) in GENERAL {
        let (body, cite) =
            (body_of(title), format!("Registration of the {title} treaty, from general knowledge"));
        let act = ["append", "treaty-entered-into-force", "--in", &body, "--effective", on, "--cite", &cite];
        env.run(&[&act[..], &["--quiet"]].concat()).ok();
    }
    let (missed, compared) = differing(&env, &lines("wipo"));
    assert_eq!((compared, compared - missed.len()), (712, 701), "{missed:#?}");
}

#[test]
fn the_european_union_of_the_organisations_list_is_the_one_participant() {
    let Some((env, _)) = set("wipo") else { return };
    let answer = json_of(&env, "status EUE --in wipo-beijing");
    assert_ne!(answer["status"], "none", "{answer}");
}

#[test]
fn nato_has_as_many_members_as_the_list_of_organisations_says() {
    let Some((env, report)) = set("cow_igo") else { return };
    assert_eq!((&report["taken"], report["rejected"].as_array().unwrap().len()), (&19_821.into(), 0));
    for (year, members) in [(1950, 12), (1960, 15), (1990, 16), (2000, 19), (2005, 26), (2014, 28)] {
        let counts = json_of(&env, &format!("roster cow-igo-nato --on {year}-12-31"))["counts"].clone();
        let member = (&counts["member"]["certain"], &counts["member"]["at_most"]);
        assert_eq!(member, (&members.into(), &members.into()), "{year}");
    }
    let path = data(&file("cow_igo")).unwrap();
    let again = env.run(&["import", "events", path.to_str().unwrap(), "--format", "json"]).json();
    assert_eq!((&again["taken"], &again["recorded_before"]), (&0.into(), &19_821.into()));
}

#[test]
fn between_the_last_year_without_and_the_first_year_with_an_act_the_answer_is_possible() {
    let Some((env, _)) = set("cow_igo") else { return };
    // Haiti is listed until 1913, and no more in 1934; the years between are not known.
    let within = json_of(&env, "status HTI --in cow-igo-ibcs --on 1920-01-01");
    assert_eq!((&within["status"], &within["certainty"]), (&Value::Null, &"possible".into()));
    assert_eq!(words(&within["possible"]), ["member", "former-member"]);
    let after = json_of(&env, "status HTI --in cow-igo-ibcs --on 1935-01-01");
    assert_eq!((&after["status"], &after["certainty"]), (&"former-member".into(), &"certain".into()));
    // Cuba joined after 1905 and no later than 1909.
    for (on, status, certainty) in [
        ("1905-12-31", "\"none\"", "certain"),
        ("1907-06-01", "null", "possible"),
        ("1910-01-01", "\"member\"", "certain"),
    ] {
        let answer = json_of(&env, &format!("status CUB --in cow-igo-pca --on {on}"));
        assert_eq!(
            (answer["status"].to_string().as_str(), &answer["certainty"]),
            (status, &certainty.into()),
            "{on}"
        );
    }
}

#[test]
fn whoever_the_register_does_not_know_stays_by_name() {
    let Some((env, report)) = set("cow_igo") else { return };
    let baden = json_of(&env, "status X-BADEN --in cow-igo-ccnr --on 1850-01-01");
    assert_eq!((&baden["status"], &baden["since"]), (&"member".into(), &"1816".into()));
    let unknown = lines("cow_igo").iter().filter(|l| l["party_name"] == "svietnam").count();
    let told = report["doubts"].as_array().unwrap().iter();
    let told = told.filter(|d| d["doubt"].as_str().unwrap().ends_with("X-SVIETNAM")).count();
    assert!(unknown > 0 && unknown == told, "{unknown} {told}");
    // A name like another's is nobody's: the community is not the state.
    let korea = json_of(&env, "portfolio X-KOREA")["bodies"].clone();
    assert!(!korea.as_array().unwrap().is_empty());
}
