//! The charters that come with the program, and the records that go with them.

use crate::env::Env;
use crate::five::data;

const SHIPPED: [&str; 14] = [
    "sco",
    "un",
    "nato",
    "eu",
    "coe",
    "csto",
    "eaeu",
    "brics",
    "asean",
    "au",
    "ecowas",
    "las",
    "multilateral-treaty",
    "international-organisation",
];

#[test]
fn every_shipped_charter_is_listed_sound_and_adopted_by_a_new_ledger() {
    let env = Env::new();
    let listed = env.run(&["charter", "list", "--format", "json"]).json();
    let names: Vec<&str> =
        listed.as_array().unwrap().iter().map(|c| c["charter"].as_str().unwrap()).collect();
    assert_eq!(names, SHIPPED);
    let mut init = vec!["init"];
    for name in SHIPPED {
        assert_eq!(env.run(&["charter", "lint", name]).ok(), "", "{name}");
        init.extend(["--charter", name]);
    }
    env.run(&init).ok();
    for name in SHIPPED {
        let rules = env.run(&["charter", "show", name, "--format", "json"]).json();
        assert!(!rules["transitions"].as_array().unwrap().is_empty(), "{name}");
    }
}

#[test]
fn every_rule_of_a_shipped_charter_has_its_article_and_fits_a_narrow_terminal() {
    let env = Env::new();
    let mut init = vec!["init"];
    for name in SHIPPED {
        init.extend(["--charter", name]);
    }
    env.run(&init).ok();
    for name in SHIPPED {
        let rules = env.run(&["charter", "show", name, "--format", "json"]).json();
        for rule in rules["transitions"].as_array().unwrap() {
            assert!(rule["article"].as_str().is_some_and(|a| !a.is_empty()), "{name}: {rule}");
            assert!(rule["rule"].as_str().is_some_and(|a| !a.is_empty()), "{name}: {rule}");
        }
        let mut shown = env.chancery(&["charter", "show", name]);
        let shown = shown.env("COLUMNS", "60").output().unwrap();
        for line in String::from_utf8(shown.stdout).unwrap().lines() {
            assert!(line.chars().count() <= 60, "{name}: {line}");
        }
    }
}

#[test]
fn no_row_of_the_records_is_refused() {
    let files = [
        ("nato_events.csv", "nato"),
        ("eu_events.csv", "eu"),
        ("brics_events.csv", "brics"),
        ("un_members.csv", "un"),
    ];
    for (file, body) in files {
        let Some(path) = data(file) else { continue };
        let rows = std::fs::read_to_string(&path).unwrap();
        let env = Env::new();
        env.run(&["init", "--charter", body]).ok();
        let said = env.run(&["import", "csv", path.to_str().unwrap(), "--in", body, "--strict"]).ok();
        let rows = rows.lines().count() - 1;
        assert!(said.starts_with(&format!("{rows} rows of {file} recorded")), "{said}");
    }
}

#[test]
fn other_records_join_the_demonstration_once_and_each_has_its_screen() {
    let env = Env::demo();
    let first = env.run(&["demo", "--with", "nato"]).ok();
    assert!(first.contains("nato       178 entries") && !first.contains("acts       118"), "{first}");
    // The rows, the charter's texts, the import and the survey.
    assert_eq!(env.size(), 128 + 175 + 3 + 2);
    let all = env.run(&["demo", "--with", "all"]).ok();
    assert_eq!(env.size(), 308 + (161 + 6 + 2) + (44 + 3 + 2));
    for told in [
        "6 NATO today",
        "32 members",
        "Finland and Sweden applied on one day, 18 May 2022.",
        "status FIN --in nato --on 2023-04-03                               invitee",
        "status FIN --in nato --on 2023-04-04                                member",
        "7 EU today",
        "27 members",
        "The United Kingdom gave notice on 29 March 2017",
        "extended 3 times",
        "8 BRICS today",
        "Saudi Arabia is contested, and stays so: member by SAU-member:joined",
    ] {
        assert!(all.contains(told), "{told}: {all}");
    }
    let again = env.run(&["demo", "--with", "all"]).ok();
    assert_eq!(env.size(), 526);
    assert!(!again.contains("done") && again.contains("8 BRICS today"), "{again}");
    assert!(!env.run(&["demo"]).ok().contains("NATO"));
}
