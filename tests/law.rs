//! What the law of treaties gives in cases that were decided in public; each answer has its source beside it.

use serde_json::Value;

use crate::env::Env;

/// A treaty under the general rules, with clauses of its own.
fn adopt(env: &Env, id: &str, clauses: &str) {
    let text = format!(
        "id = \"{id}\"\ntitle = \"{}\"\nkind = \"treaty\"\nextends = \"multilateral-treaty\"\n{clauses}\n",
        id.to_uppercase()
    );
    env.write("charter.toml", &text);
    env.run(&["charter", "adopt", "charter.toml", "-q"]).ok();
}

fn treaty(clauses: &str) -> Env {
    let env = Env::new();
    env.run(&["init", "-q"]).ok();
    adopt(&env, "x", clauses);
    env
}

/// Appends acts, one a line, as they are typed behind `append`.
fn acts(env: &Env, lines: &str) {
    for line in lines.lines() {
        let words = line.split_whitespace();
        let args: Vec<&str> = ["append"].into_iter().chain(words).chain(["--cite", "x", "-q"]).collect();
        env.run(&args).ok();
    }
}

/// The status on a day with its certainty: `party certain`; several possible ones joined by `/`.
fn status(env: &Env, who: &str, body: &str, on: &str) -> String {
    let answer = env.run(&["status", who, body, "--on", on, "--format", "json"]).json();
    let possible = answer["possible"].as_array().unwrap().iter().map(|id| id.as_str().unwrap());
    let possible: Vec<&str> = possible.collect();
    format!("{} {}", possible.join("/"), answer["certainty"].as_str().unwrap())
}

fn in_force(env: &Env, body: &str, on: &str) -> Value {
    env.run(&["in-force", body, "--on", on, "--format", "json"]).json()
}

#[test]
fn withdrawal_before_force_takes_the_consent_back_on_receipt_and_the_signature_stays() {
    // CTBT: Russia signed on 1996-09-24, ratified on 2000-06-30, revoked the ratification on 2023-11-03; it remains a
    // signatory (status list of the depositary). VCLT 18, 54, 56: a period of notice binds parties.
    let env =
        treaty("entry_into_force = \"count(44) then days(180)\"\nwithdrawal = \"notice then months(6)\"");
    for act in ["withdrawal-notified", "treaty-denounced", "instrument-rejected-or-withdrawn"] {
        let id = format!("ctbt-{act}");
        adopt(
            &env,
            &id,
            "entry_into_force = \"count(44) then days(180)\"\nwithdrawal = \"notice then months(6)\"",
        );
        acts(
            &env,
            &format!(
                "treaty-signed -p RUS --in {id} --signed 1996-09-24\n\
                 instrument-deposited -p RUS --in {id} --deposited 2000-06-30\n\
                 {act} -p RUS --in {id} --received 2023-11-03"
            ),
        );
        assert_eq!(status(&env, "RUS", &id, "2023-11-02"), "contracting certain");
        assert_eq!(status(&env, "RUS", &id, "2023-11-03"), "signatory certain");
        assert_eq!(status(&env, "RUS", &id, "2025-01-01"), "signatory certain");
        assert_eq!(in_force(&env, &id, "2025-01-01")["count"], 0, "{act}");
    }
}

#[test]
fn instrument_withdrawn_leaves_count_status_and_roster_alike() {
    // Rome Statute: Malaysia acceded on 2019-03-04 and withdrew its accession on 2019-04-29 (C.N.185.2019), before the Statute was
    // in force for it on 2019-06-01.
    let env = treaty(
        "entry_into_force = \"count(2) then days(30)\"\nentry_into_force_for_participant = \"days(90) after condition\"",
    );
    acts(
        &env,
        "instrument-deposited -p FRA --in x --deposited 2000-01-01\n\
         instrument-rejected-or-withdrawn -p FRA --in x --received 2000-01-15\n\
         instrument-deposited -p NOR --in x --deposited 2000-02-01\n\
         instrument-deposited -p SWE --in x --deposited 2000-03-01\n\
         instrument-deposited -p MYS --in x --deposited 2019-03-04\n\
         instrument-rejected-or-withdrawn -p MYS --in x --received 2019-04-29",
    );
    let force = in_force(&env, "x", "2000-05-01");
    assert_eq!(
        (&force["in_force"], &force["on"], &force["count"]),
        (&true.into(), &"2000-03-31".into(), &2.into())
    );
    assert_eq!(status(&env, "FRA", "x", "2000-05-01"), "none certain");
    assert_eq!(status(&env, "MYS", "x", "2019-04-28"), "contracting certain");
    assert_eq!(status(&env, "MYS", "x", "2019-07-01"), "none certain");
    let count = env.run(&["count", "--in", "x", "--status", "party", "--on", "2019-07-01"]).ok();
    assert!(count.contains('2'), "{count}");
}

#[test]
fn notice_before_force_never_makes_the_state_a_party_and_never_a_former_one() {
    for (id, act) in [("c", "withdrawal-notified"), ("d", "treaty-denounced")] {
        let env = Env::new();
        env.run(&["init", "-q"]).ok();
        adopt(
            &env,
            id,
            "entry_into_force = \"count(2) then instant\"\nwithdrawal = \"notice then months(12)\"",
        );
        acts(
            &env,
            &format!(
                "instrument-deposited -p FRA --in {id} --deposited 2000-01-01\n\
                 {act} -p FRA --in {id} --received 2000-02-01\n\
                 instrument-deposited -p NOR --in {id} --deposited 2002-03-01"
            ),
        );
        assert_eq!(in_force(&env, id, "2003-01-01")["in_force"], false);
        assert_eq!(status(&env, "FRA", id, "2002-06-01"), "none certain");
        // A second deposit is a consent of its own.
        acts(&env, &format!("instrument-deposited -p FRA --in {id} --deposited 2004-01-01"));
        assert_eq!(in_force(&env, id, "2005-01-01")["on"], "2004-01-01");
        assert_eq!(status(&env, "FRA", id, "2005-01-01"), "party certain");
    }
}

#[test]
fn a_statement_that_a_signatory_will_not_become_a_party_leaves_its_signature() {
    // Rome Statute: the United States signed on 2000-12-31 and wrote on 2002-05-06 that it will not become a party (VCLT 18(a)); it is
    // still among the signatories of the depositary.
    let env = treaty("entry_into_force = \"count(1) then instant\"\nwithdrawal = \"notice then years(1)\"");
    acts(
        &env,
        "instrument-deposited -p NOR --in x --deposited 2000-02-16\n\
         treaty-signed -p USA --in x --signed 2000-12-31\n\
         withdrawal-notified -p USA --in x --received 2002-05-06",
    );
    assert_eq!(status(&env, "USA", "x", "2004-01-01"), "signatory certain");
    // A party that gives notice is bound until the period ends.
    acts(&env, "withdrawal-notified -p NOR --in x --received 2003-01-01");
    assert_eq!(status(&env, "NOR", "x", "2003-12-31"), "party certain");
    assert_eq!(status(&env, "NOR", "x", "2004-01-01"), "former-party certain");
}

#[test]
fn reaccession_same_day_leaves_no_doubt_about_the_order() {
    // First Optional Protocol to the ICCPR: Guyana denounced it and acceded anew on 1999-01-05, both with effect from 1999-04-05.
    let clauses = "entry_into_force = \"count(1) then months(3)\"\nentry_into_force_for_participant = \
                   \"months(3) after condition\"\nwithdrawal = \"notice then months(3)\"";
    for (first, second) in [("", ""), (" --sequence 1", " --sequence 2")] {
        let env = treaty(clauses);
        acts(
            &env,
            &format!(
                "instrument-deposited -p GUY --in x --deposited 1993-05-10\n\
                 instrument-deposited -p GUY --in x --deposited 1999-01-05{second}\n\
                 treaty-denounced -p GUY --in x --received 1999-01-05{first}"
            ),
        );
        assert_eq!(status(&env, "GUY", "x", "1999-04-04"), "party certain");
        assert_eq!(status(&env, "GUY", "x", "2010-01-01"), "party certain");
    }
}

#[test]
fn revoked_after_effect_has_no_effect() {
    // VCLT 68: a notice may be revoked at any time before it takes effect.
    let env = treaty("entry_into_force = \"count(1) then instant\"\nwithdrawal = \"notice then days(150)\"");
    acts(
        &env,
        "instrument-deposited -p FRA --in x --deposited 1990-01-01\n\
         withdrawal-notified -p FRA --in x --received 2000-01-01\n\
         withdrawal-revoked -p FRA --in x --received 2001-01-01",
    );
    assert_eq!(status(&env, "FRA", "x", "2001-06-01"), "former-party certain");
}

#[test]
fn treaty_terminated_ends_the_treaty_for_all() {
    // ECSC: in force for fifty years from 1952-07-23 (article 97), ended on 2002-07-23.
    let env = treaty("entry_into_force = \"count(1) then instant\"");
    acts(
        &env,
        "instrument-deposited -p FRA --in x --deposited 1952-07-23\n\
         treaty-signed -p GBR --in x --signed 1951-04-18\n\
         treaty-terminated --in x --effective 2002-07-24",
    );
    assert_eq!(status(&env, "FRA", "x", "2002-07-23"), "party certain");
    assert_eq!(status(&env, "FRA", "x", "2003-01-01"), "former-party certain");
    assert_eq!(status(&env, "GBR", "x", "2003-01-01"), "none certain");
    assert_eq!(status(&env, "DEU", "x", "2003-01-01"), "none certain");
    assert_eq!(in_force(&env, "x", "2002-07-23")["in_force"], true);
    let force = in_force(&env, "x", "2003-01-01");
    assert_eq!((&force["in_force"], &force["ended"]["on"]), (&false.into(), &"2002-07-24".into()));
}

#[test]
fn certificate_loses_no_more_to_a_clause_that_a_partial_record_meets_late() {
    // Fourth Geneva Convention: in force since 1950-10-21, six months after the second ratification (VCLT 77(1)(f)).
    let env = treaty("entry_into_force = \"count(2) then months(6)\"");
    acts(
        &env,
        "treaty-entered-into-force --in x --effective 1950-10-21 --grade official\n\
         instrument-deposited -p CHE --in x --deposited 1950-03-31\n\
         instrument-deposited -p PSE --in x --deposited 2014-04-02",
    );
    assert_eq!(status(&env, "CHE", "x", "1960-01-01"), "party certain");
    let force = in_force(&env, "x", "1960-01-01");
    assert_eq!((&force["in_force"], &force["on"]), (&true.into(), &"1950-10-21".into()));
    assert!(force["notes"].to_string().contains("the clause gives 2014-10-02"), "{force}");
}

#[test]
fn deposit_before_force_waits_only_if_the_clause_says_so() {
    // CWC XXI: the United States deposited on 1997-04-25 and was an original party on 1997-04-29; Cuba deposited on that day and became a
    // party on 1997-05-29 (status list of the depositary).
    let general = "entry_into_force = \"count(2) then days(180)\"";
    let deposits = "instrument-deposited -p FRA --in x --deposited 1995-03-02\n\
                    instrument-deposited -p HUN --in x --deposited 1996-10-31\n\
                    instrument-deposited -p USA --in x --deposited 1997-04-25\n\
                    instrument-deposited -p CUB --in x --deposited 1997-04-29";
    let of = |line: &str| {
        let env = treaty(&format!("{general}\nentry_into_force_for_participant = \"days(30){line}\""));
        acts(&env, deposits);
        env
    };
    let env = of(" after entry_into_force");
    assert_eq!(status(&env, "USA", "x", "1997-04-29"), "party certain");
    assert_eq!(status(&env, "CUB", "x", "1997-05-28"), "contracting certain");
    assert_eq!(status(&env, "CUB", "x", "1997-05-29"), "party certain");
    let env = of(" after condition");
    assert_eq!(status(&env, "USA", "x", "1997-05-24"), "contracting certain");
    assert_eq!(status(&env, "USA", "x", "1997-05-25"), "party certain");
    // A deposit on the day that meets the condition goes with the treaty, as those of 2002-04-11 with the Rome Statute.
    acts(&env, "instrument-deposited -p DEU --in x --deposited 1996-10-31");
    assert_eq!(status(&env, "DEU", "x", "1997-04-29"), "party certain");
    // A clause that does not say it settles nothing, and `lint` asks.
    let env = of("");
    assert_eq!(status(&env, "USA", "x", "1997-04-29"), "party/contracting possible");
    assert_eq!(status(&env, "USA", "x", "1997-05-25"), "party certain");
    let lint = env.run(&["charter", "lint", "charter.toml"]).all();
    assert!(
        lint.split_whitespace().collect::<Vec<_>>().join(" ").contains("days(30) after entry_into_force"),
        "{lint}"
    );
}

#[test]
fn participation_resumed_lifts_a_suspension_of_participation_and_no_other() {
    // League of Arab States: Syria suspended from 2011-11-16, back on 2023-05-07 (resolution 8914).
    let env = Env::new();
    env.run(&["init", "--charter", "las", "-q"]).ok();
    acts(
        &env,
        "admission-decided -p SYR --in las --decided 1945-03-22\n\
         rights-suspended -p SYR --in las --decided 2011-11-12 --effective 2011-11-16\n\
         participation-resumed -p SYR --in las --decided 2023-05-07\n\
         admission-decided -p LBY --in las --decided 1953-03-28\n\
         rights-suspended -p LBY --in las --decided 2011-02-22 --scope voting\n\
         participation-resumed -p LBY --in las --decided 2011-08-27",
    );
    let overlays = |who: &str, on: &str| {
        let answer = env.run(&["status", who, "las", "--on", on, "--format", "json"]).json();
        answer["overlays"].as_array().unwrap().len()
    };
    assert_eq!((overlays("SYR", "2023-05-06"), overlays("SYR", "2023-05-08")), (1, 0));
    assert_eq!(overlays("LBY", "2012-01-01"), 1);
}

#[test]
fn weight_two_thirds_is_exactly_two_thirds() {
    // Montreal Protocol 16(1): "at least two-thirds of 1986 estimated global consumption".
    let shares = "\n[[weight]]\nid = \"t\"\nshares = { FRA = \"1\", DEU = \"1\", ITA = \"1\" }";
    for (bound, met) in [(">= 2/3", true), ("> 2/3", false), (">= 66.667%", false)] {
        let env = treaty(&format!("entry_into_force = \"weight(t {bound}) then instant\"{shares}"));
        acts(
            &env,
            "instrument-deposited -p FRA --in x --deposited 2000-01-01\n\
             instrument-deposited -p DEU --in x --deposited 2000-01-01",
        );
        let force = in_force(&env, "x", "2001-01-01");
        assert_eq!(force["in_force"], met, "{bound}");
        assert!(force["clause"].as_str().unwrap().contains(bound), "{force}");
    }
}

#[test]
fn certificate_not_importable_no_more_by_csv_lines_or_a_map() {
    // African Union: the Constitutive Act entered into force on 2001-05-26 (article 28).
    let env = Env::new();
    env.run(&["init", "--charter", "au", "-q"]).ok();
    env.write(
        "a.csv",
        "date,effective_date,party,event_kind\n2001-05-26,2001-05-26,,treaty_entered_into_force\n",
    );
    env.run(&["import", "csv", "a.csv", "--in", "au", "-q"]).ok();
    assert_eq!(in_force(&env, "au", "2025-03-01")["on"], "2001-05-26");
    let refused = {
        env.write("b.csv", "date,party,event_kind\n2001-05-26,,instrument_deposited\n");
        env.run(&["import", "csv", "b.csv", "--in", "au"]).all()
    };
    assert!(
        refused.contains("party is empty: instrument-deposited is the act of a participant"),
        "{refused}"
    );
    let env = Env::new();
    env.run(&["init", "--charter", "au", "-q"]).ok();
    let line =
        "{\"date\":\"2001-05-26\",\"body\":\"au\",\"kind\":\"treaty-entered-into-force\",\"source\":\"x\"}\n";
    env.write("a.jsonl", line);
    env.run(&["import", "events", "a.jsonl", "-q"]).ok();
    assert_eq!(in_force(&env, "au", "2025-03-01")["on"], "2001-05-26");
}

#[test]
fn long_body_id_has_a_stated_short_form() {
    let env = Env::new();
    env.run(&["init", "-q"]).ok();
    let title = "SS:Treaty for the Prohibition of Nuclear Weapons in Latin America and the Caribbean";
    let of = |title: &str| {
        format!(
            "{{\"date\":\"1967-02-14\",\"party\":\"BOL\",\"body\":\"{title}\",\"kind\":\"signature\",\"source\":\"x\"}}\n"
        )
    };
    env.write("a.jsonl", format!("{}{}", of(title), of(&format!("{title}, Additional Protocol I"))));
    env.run(&["import", "events", "a.jsonl", "-q"]).ok();
    let bodies = env.run(&["bodies", "--format", "json"]).json();
    let ids: Vec<&str> =
        bodies.as_array().unwrap().iter().map(|body| body["body"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 2, "{bodies}");
    assert!(
        ids.iter().all(|id| id.len() <= 64 && id.starts_with("ss-treaty-for-the-prohibition")),
        "{ids:?}"
    );
    assert_eq!(status(&env, "BOL", title, "1970-01-01"), "signatory certain");
}

#[test]
fn knowledge_by_an_instant_ends_at_that_instant() {
    // The depositary's list on the Paris Agreement, as its history was collected: Kazakhstan's signature was read at this instant.
    let env = Env::new();
    env.run(&["init", "-q"]).ok();
    env.write(
        "a.jsonl",
        "{\"date\":\"2016-08-02\",\"party\":\"KAZ\",\"body\":\"p\",\"kind\":\"signature\",\
         \"recorded\":\"2016-08-05T12:49:56Z\",\"source\":\"x\"}\n",
    );
    env.run(&["import", "events", "a.jsonl", "-q"]).ok();
    let known = |by: &str| {
        let asked = ["status", "KAZ", "p", "--on", "2016-08-06", "--as-known", by, "--format", "json"];
        env.run(&asked).json()["status"].as_str().unwrap_or("-").to_owned()
    };
    for (by, status) in [
        ("2016-08-04", "none"),
        ("2016-08-05T00:00:01Z", "none"),
        ("2016-08-05T12:49:55Z", "none"),
        ("2016-08-05T12:48Z", "none"),
        ("2016-08-05T12:49Z", "signatory"),
        ("2016-08-05T12:49:56Z", "signatory"),
        ("2016-08-05T08:49:56-04:00", "signatory"),
        ("2016-08-05", "signatory"),
    ] {
        assert_eq!(known(by), status, "{by}");
    }
    let refused = env.run(&["status", "KAZ", "p", "--as-known", "2016-08-05T12:49:56"]).fails(2);
    assert!(refused.contains("2016-08-05T12:49:56"), "{refused}");
}

#[test]
fn a_state_that_is_no_more_has_no_status_unless_lists_alone_say_so() {
    // German Democratic Republic, 3 October 1990; Czechoslovakia, end of 31 December 1992; Democratic Yemen, 22 May 1990 (Historical
    // Information of the Multilateral Treaties Deposited with the Secretary-General). Yugoslavia: its end was contested.
    let env = treaty("entry_into_force = \"count(1) then instant\"");
    for (who, on) in
        [("DDR", "1973-11-08"), ("CSK", "1975-12-23"), ("YMD", "1987-02-09"), ("YUG", "1971-06-02")]
    {
        acts(&env, &format!("instrument-deposited -p {who} --in x --deposited {on}"));
    }
    for (who, last) in [("DDR", "1990-10-02"), ("CSK", "1992-12-31"), ("YMD", "1990-05-21")] {
        assert_eq!(status(&env, who, "x", last), "party certain", "{who}");
        assert_eq!(status(&env, who, "x", "1993-01-01"), "none certain", "{who}");
    }
    assert_eq!(status(&env, "YUG", "x", "2014-12-31"), "party certain");
    let answer = env.run(&["status", "DDR", "x", "--on", "2020-01-01"]).all();
    assert!(answer.contains("no longer a state from 1990-10-03"), "{answer}");
    let roster = env.run(&["roster", "x", "--on", "2014-12-31", "--format", "json"]).json();
    assert_eq!(roster["counts"]["party"]["at_most"], 1);
    // A list of states states its own ends.
    let list = "{\"date\":\"1954-03-25\",\"party\":\"DDR\",\"body\":\"state-system-x\",\"kind\":\"state_began\",\"source\":\"x\"}\n";
    env.write("a.jsonl", list);
    env.run(&["import", "events", "a.jsonl", "-q"]).ok();
    assert_eq!(status(&env, "DDR", "state-system-x", "2020-01-01"), "member certain");
}

#[test]
fn a_succession_has_effect_from_its_day_and_is_possible_while_that_day_is_unknown() {
    // Montenegro notified on 23 October 2006 that it succeeds from 3 June 2006; Czechia from 1 January 1993 (Historical Information of
    // the Multilateral Treaties Deposited with the Secretary-General).
    let env = treaty("entry_into_force = \"count(1) then instant\"");
    acts(
        &env,
        "instrument-deposited -p FRA --in x --deposited 1980-01-01\n\
         succession-notified -p MNE --in x --notified 2006-10-23\n\
         succession-notified -p CZE --in x --notified 1993-02-22\n\
         succession-notified -p SSD --in x --notified 2015-02-24\n\
         succession-notified -p BLR --in x --notified 1992-06-17 --effective 1992-05-31",
    );
    assert_eq!(status(&env, "MNE", "x", "2006-06-02"), "none certain");
    assert_eq!(status(&env, "MNE", "x", "2006-07-01"), "party certain");
    assert_eq!(status(&env, "CZE", "x", "1993-01-01"), "party certain");
    assert_eq!(status(&env, "BLR", "x", "1992-05-31"), "party certain");
    assert_eq!(status(&env, "SSD", "x", "2012-01-01"), "none/party possible");
    assert_eq!(status(&env, "SSD", "x", "2015-02-24"), "party certain");
    // Not before the treaty was in force (VCSST 1978, art. 17).
    assert_eq!(status(&env, "SSD", "x", "1979-12-31"), "none certain");
}

#[test]
fn an_objection_to_an_accession_counts_between_the_two_until_it_is_withdrawn() {
    // Apostille Convention, art. 12. Albania acceded on 3 September 2003; Belgium objected on 5 March 2004 and withdrew on 21 December
    // 2015 (table of the depositary).
    let env = treaty(
        "entry_into_force = \"count(2) then days(60)\"\nentry_into_force_for_participant = \"months(8) after entry_into_force\"",
    );
    acts(
        &env,
        "treaty-signed -p BEL --in x --signed 1970-03-10\n\
         instrument-deposited -p BEL --in x --deposited 1975-12-11\n\
         instrument-deposited -p FRA --in x --deposited 1964-11-25\n\
         instrument-deposited -p ALB --in x --deposited 2003-09-03\n\
         objection-made -p BEL --in x --received 2004-03-05 --to 5\n\
         objection-withdrawn -p BEL --in x --notified 2015-12-21 --to 6\n\
         objection-made -p FRA --in x --received 2006-01-01 --to 5\n\
         objection-made -p ALB --in x --received 2004-01-01 --to 3",
    );
    let between = |one: &str, other: &str, on: &str| {
        env.run(&["relations", one, other, "--in", "x", "--on", on, "--format", "json"]).json()
    };
    for (on, is_in_force) in [("2010-01-01", false), ("2015-12-20", false), ("2015-12-21", true)] {
        assert_eq!(between("ALB", "BEL", on)["in_force"], is_in_force, "{on}");
    }
    assert_eq!(between("BEL", "ALB", "2016-01-01")["since"], "2015-12-21");
    let late = between("FRA", "ALB", "2010-01-01");
    assert_eq!(late["in_force"], true);
    assert!(late["notes"].to_string().contains("no effect"), "{late}");
    let of_a_ratification = between("ALB", "BEL", "2016-01-01");
    assert!(
        of_a_ratification["notes"].to_string().contains("a ratification cannot be objected to"),
        "{of_a_ratification}"
    );
}

#[test]
fn a_grant_gives_the_status_that_it_names() {
    // The United States was an observer of the Council of Europe from 1996; the shipped version of 1949 knows no observers.
    let env = Env::new();
    env.run(&["init", "--charter", "coe", "-q"]).ok();
    env.write("a.csv", "date,effective_date,party,event_kind,resulting_status\n1992-01-01,1992-01-01,USA,status_granted,observer\n");
    let report = env.run(&["import", "csv", "a.csv", "--in", "coe"]).all();
    assert!(report.contains("1 remark"), "{report}");
    assert_eq!(status(&env, "USA", "coe", "2000-01-01"), "observer certain");
}

#[test]
fn a_late_signature_takes_no_entry_into_force_back_and_an_open_class_is_possible_only() {
    let env = treaty("entry_into_force = \"all(signatories) then instant\"");
    let closed = "entry_into_force = \"all(signatories until 2000-12-31) then instant\"";
    adopt(&env, "closed", closed);
    for body in ["x", "closed"] {
        acts(
            &env,
            &format!(
                "treaty-signed -p FRA --in {body} --signed 2000-01-01\n\
                 treaty-signed -p NOR --in {body} --signed 2000-01-01\n\
                 instrument-deposited -p FRA --in {body} --deposited 2001-01-01\n\
                 instrument-deposited -p NOR --in {body} --deposited 2001-02-01\n\
                 treaty-signed -p SWE --in {body} --signed 2005-01-01"
            ),
        );
        for on in ["2003-01-01", "2006-01-01"] {
            let answer = in_force(&env, body, on);
            assert_eq!(
                (&answer["in_force"], &answer["on"]),
                (&true.into(), &"2001-02-01".into()),
                "{body} {on}"
            );
            let certainty = if body == "x" { "possible" } else { "certain" };
            assert_eq!(answer["certainty"], certainty, "{body} {on}");
        }
    }
}
