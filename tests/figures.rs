//! How many members there were, who was missing, what was in force: against what the organisations themselves publish.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::env::Env;
use crate::five::{columns, data, five, json_of, numbers, words};

/// Members of the United Nations at the end of a year in which their number changed: un.org, "Growth in United Nations
/// membership".
const UNITED_NATIONS: [(u64, u64); 42] = [
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

/// Members at the end of each year: certain, at most.
fn by_year(env: &Env, body: &str, from: u64, to: u64, more: &str) -> BTreeMap<u64, (u64, u64)> {
    let line = format!("count {body} --status member --by year --from {from}-12-31 --to {to}-12-31 {more}");
    numbers(&json_of(env, &line)).into_iter().map(|(year, n)| (year.parse().unwrap(), n)).collect()
}

/// The years in which a file has rows with a status that takes effect.
fn years_of(file: &str, statuses: &[&str]) -> BTreeSet<u64> {
    let rows = csv::Reader::from_path(data(file).unwrap()).unwrap().into_deserialize();
    let rows = rows.map(|row: Result<BTreeMap<String, String>, _>| row.unwrap());
    let moved = rows.filter(|row| statuses.contains(&row["resulting_status"].as_str()));
    moved.filter_map(|row| row["effective_date"].get(..4)?.parse().ok()).collect()
}

#[test]
fn nato_and_the_union_had_so_many_members_at_the_end_of_each_year_of_change() {
    let Some(env) = five() else { return };
    let nato: &[u64] = &[12, 14, 15, 16, 19, 26, 28, 29, 30, 31, 32];
    let union: &[u64] = &[6, 9, 10, 12, 15, 25, 27, 28, 27];
    for (body, span, file, expected) in
        [("nato", (1949, 2024), "nato_events.csv", nato), ("eu", (1958, 2020), "eu_events.csv", union)]
    {
        let changes = years_of(file, &["member", "former_member"]);
        let counted = by_year(&env, body, span.0, span.1, "");
        let mut found = Vec::new();
        for (year, (certain, at_most)) in &counted {
            assert_eq!(certain, at_most, "{body} in {year}");
            if found.last() != Some(certain) {
                found.push(*certain);
                assert!(changes.contains(year), "{body} changed in {year}");
            }
        }
        assert_eq!(found, expected, "{body}");
        assert_eq!(changes.len(), expected.len(), "{body}: {changes:?}");
        assert_eq!(counted.len() as u64, span.1 - span.0 + 1);
    }
}

#[test]
fn the_united_nations_had_as_many_members_as_its_own_table_says() {
    let Some(env) = five() else { return };
    let counted = by_year(&env, "un", 1945, 2011, "");
    let mut failed = Vec::new();
    for year in 1945..=2011 {
        let (_, told) = UNITED_NATIONS.iter().rfind(|(of, _)| *of <= year).unwrap();
        // Indonesia's absence of 1965 was no withdrawal, as it was agreed a year later.
        let at_most = if year == 1965 { 118 } else { *told };
        // Whether Yugoslavia was one, from 1992 until it was admitted anew.
        let certain = if (1992..2000).contains(&year) { at_most - 1 } else { at_most };
        if counted[&year] != (certain, at_most) {
            failed.push(format!("{year}: {:?}, not {:?}", counted[&year], (certain, at_most)));
        }
    }
    assert_eq!(failed, Vec::<String>::new());
    let then = by_year(&env, "un", 1965, 1965, "--as-known 1965-12-31");
    assert_eq!(then[&1965], (117, 117), "as known then");
}

#[test]
fn a_count_is_that_of_the_roster() {
    let Some(env) = five() else { return };
    for (body, year) in [("un", 1945), ("un", 1961), ("un", 1995), ("un", 2011), ("nato", 2009), ("eu", 2020)]
    {
        let roster = json_of(&env, &format!("roster {body} --on {year}-12-31 --status member"));
        let count = &roster["counts"]["member"];
        let (certain, at_most) = by_year(&env, body, year, year, "")[&year];
        assert_eq!(*count, json!({"certain": certain, "at_most": at_most}), "{body} in {year}");
    }
}

#[test]
fn sweden_lacks_the_deposits_of_hungary_and_turkey_and_counts_finland_from_its_first_day() {
    let Some(env) = five() else { return };
    let lacking = |on: &str| {
        let explained = json_of(&env, &format!("explain SWE --in nato --on {on} --missing"));
        let steps = explained["missing"].as_array().unwrap();
        assert_eq!(steps[0]["act"], "instrument-deposited");
        assert_eq!(steps[0]["next"], true);
        steps[0]["quorum"].clone()
    };
    let after = lacking("2023-04-05");
    assert_eq!((&after["needed"], &after["count"]), (&json!(31), &json!(1)));
    assert_eq!(words(&after["counted"]), ["FIN"]);
    assert_eq!(words(&after["missing"]), ["HUN", "TUR"]);
    assert_eq!(words(&after["unattested"]).len(), 28);
    let before = lacking("2023-04-03");
    assert_eq!((&before["needed"], &before["count"]), (&json!(30), &json!(0)));
    assert_eq!(words(&before["missing"]), ["HUN", "TUR"]);
    let finland = |on: &str| env.status(&format!("FIN nato --on {on}"))["status"].clone();
    assert_eq!((finland("2023-04-03"), finland("2023-04-04")), (json!("invitee"), json!("member")));
}

#[test]
fn three_constitutive_instruments_entered_into_force_by_their_own_clauses() {
    let Some(env) = five() else { return };
    let of = |line: &str| json_of(&env, &format!("in-force {line}"));
    let said =
        |answer: &Value| (answer["in_force"].as_bool().unwrap(), answer["on"].as_str().unwrap().to_owned());
    let nato = of("nato --on 1949-08-24");
    assert_eq!(said(&nato), (true, "1949-08-24".into()));
    assert!(!said(&of("nato --on 1949-08-23")).0);
    assert_eq!(nato["trigger"]["participant"], "FRA");
    let un = of("un --on 1945-10-24");
    assert_eq!(said(&un), (true, "1945-10-24".into()));
    // Four deposited on that day in no recorded order: each may have been the last.
    assert_eq!(un["trigger"]["participant"], Value::Null);
    assert_eq!(words(&un["trigger"]["among"]), ["BLR", "POL", "RUS", "UKR"]);
    let croatia = of("eu --about HRV --on 2013-07-01");
    assert_eq!(said(&croatia), (true, "2013-07-01".into()));
    assert_eq!(
        croatia["trigger"],
        json!({"participant": "DEU", "on": "2013-06-21", "among": ["DEU"],
        "entries": croatia["trigger"]["entries"]})
    );
    assert!(!said(&of("eu --about HRV --on 2013-06-30")).0);
    assert_eq!(columns(&croatia["parts"], &["met"]).len(), 2);
}
