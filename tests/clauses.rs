//! A charter with a bad clause is refused at its place, and a good one is shown.

use crate::env::Env;

const TREATY: &str = "id = \"kyoto\"\ntitle = \"Kyoto Protocol\"\nkind = \"treaty\"\n\
    entry_into_force = \"COUNT(55, exclude=reio) and all(annex-i) then days(90)\"\n\
    [[set]]\nid = \"annex_i\"\nmembers = [\"JPN\", \"RUS\"]\n";

/// Writes a text and runs a command on it: exit code, everything it says in one line.
fn charter(env: &Env, command: &str, text: &str) -> (i32, String) {
    let file = env.write("text.toml", text);
    let ran = env.run(&["charter", command, file.to_str().unwrap()]);
    let words: Vec<String> = ran.all().split_whitespace().map(str::to_owned).collect();
    (ran.code, words.join(" "))
}

#[test]
fn a_bad_clause_is_refused_with_its_place_and_nothing_is_recorded() {
    let env = Env::demo();
    for (text, place, what) in [
        (TREATY.replace("COUNT", "COUTN"), "line 4, column 21", "did you mean count?"),
        (
            TREATY.replace("all(annex", "all(annx"),
            "line 4, column 53",
            "there is no set called annx_i: did you mean",
        ),
        (TREATY.replace("days(90)", "days(ninety)"), "line 4, column 72", "write a whole number"),
    ] {
        for command in ["adopt", "lint"] {
            let (code, said) = charter(&env, command, &text);
            assert_eq!(code, if command == "adopt" { 2 } else { 1 }, "{said}");
            assert!(said.contains(place) && said.contains(what), "{said}");
        }
    }
    assert_eq!(env.size(), 128);
}

#[test]
fn an_amendment_may_count_in_a_set_of_the_adoption_and_in_no_other() {
    let env = Env::demo();
    assert_eq!(charter(&env, "adopt", TREATY).0, 0);
    let amendment = "id = \"kyoto\"\neffective = \"2012-12-08\"\nwithdrawal = \"notice then years(1)\"\n\
        [[accession]]\nparticipant = \"BLR\"\narticle = \"1\"\nclause = 'all(annex_b) then last'\n";
    let (code, said) = charter(&env, "amend", amendment);
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("line 7, column 15: there is no set called annex_b: did you mean annex_i?"),
        "{said}"
    );
    assert_eq!(charter(&env, "amend", &amendment.replace("annex_b", "annex_i")).0, 0);
    let shown = env.run(&["charter", "show", "kyoto", "--on", "2020-01-01"]).all();
    let shown: Vec<&str> = shown.split_whitespace().collect();
    let shown = shown.join(" ");
    for clause in [
        "entry-into-force: count(55, exclude=reio) and all(annex_i) then days(90) no article stated, entry 128",
        "withdrawal: notice then years(1) no article stated, entry 129",
        "accession BLR: all(annex_i) then instant 1, entry 129",
    ] {
        assert!(shown.contains(clause), "{clause}: {shown}");
    }
    let before = env.run(&["charter", "show", "kyoto", "--on", "2000-01-01"]).all();
    assert!(!before.contains("notice then"), "{before}");
}

#[test]
fn a_consent_that_was_taken_back_counts_again_from_the_day_it_is_given_again() {
    let env = Env::new();
    env.run(&["init", "--charter", "multilateral-treaty"]).ok();
    env.write(
        "x.toml",
        "id = \"x\"\ntitle = \"X\"\nextends = \"multilateral-treaty\"\nentry_into_force = \"count(2) then instant\"\n",
    );
    env.run(&["charter", "adopt", "x.toml"]).ok();
    let act = |act: &str, who: &str, role: &str, on: &str| {
        env.run(&["append", act, "-p", who, "--in", "x", role, on, "--cite", "a test", "--quiet"]).ok();
    };
    act("instrument-deposited", "FRA", "--deposited", "2001-01-01");
    act("withdrawal-effective", "FRA", "--effective", "2002-01-01");
    act("instrument-deposited", "NOR", "--deposited", "2003-01-01");
    let of = |on: &str| {
        let answer = env.run(&["in-force", "x", "--on", on, "--format", "json"]).json();
        (answer["on"].clone(), answer["count"].clone())
    };
    assert_eq!(of("2003-06-01"), (serde_json::Value::Null, 1.into()), "France has taken its consent back");
    act("instrument-deposited", "FRA", "--deposited", "2004-01-01");
    assert_eq!(of("2003-06-01"), ("2004-01-01".into(), 1.into()));
    assert_eq!(of("2005-01-01"), ("2004-01-01".into(), 2.into()));
    for who in ["FRA", "NOR"] {
        assert_eq!(env.status(&format!("{who} x --on 2005-01-01"))["status"], "party", "{who}");
    }
}
