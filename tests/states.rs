//! The register of participants and the lists of states: numbers, lifetimes, panels, acts outside every list.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::env::Env;
use crate::five::json_of;
use crate::sets::{lines, set};

/// A line of a list of states.
fn counted(list: &str, who: (&str, &str, Option<u16>), kind: &str, date: &str) -> String {
    let (set, body) = match list {
        "cow" => ("cow_states2016", "STATE-SYSTEM:COW"),
        "gw" => ("manystates_GW", "STATE-SYSTEM:GW"),
        _ => ("manystates_GGO", "STATE-SYSTEM:GGO"),
    };
    let (code, name, number) = who;
    let party = if list == "cow" { Value::Null } else { json!(code) };
    let line = json!({"date": date, "party": party, "party_name": name, "body": body, "body_title": list, "kind": kind,
        "effective": date, "source": {"set": set, "ccode": number}});
    format!("{line}\n")
}

/// A ledger of two small lists: Germany, Russia, Yugoslavia, Czechoslovakia and who followed it, Hanover.
fn small() -> Env {
    let env = Env::new();
    env.run(&["init", "--origin", "test/states"]).ok();
    let cow = [
        (("", "Germany", Some(255)), "state_began_on_or_before", "1816-01-01"),
        (("", "Germany", Some(255)), "state_ended", "1945-05-08"),
        (("", "German Federal Republic", Some(260)), "state_began", "1955-05-05"),
        (("", "German Federal Republic", Some(260)), "state_ended", "1990-10-02"),
        (("", "Germany", Some(255)), "state_began", "1990-10-03"),
        (("", "Russia", Some(365)), "state_began_on_or_before", "1816-01-01"),
        (("", "Yugoslavia", Some(345)), "state_began", "1878-07-13"),
        (("", "Czechoslovakia", Some(315)), "state_began", "1918-10-28"),
        (("", "Czechoslovakia", Some(315)), "state_ended", "1992-12-31"),
        (("", "Czech Republic", Some(316)), "state_began", "1993-01-01"),
        (("", "Hanover", Some(240)), "state_began", "1837-06-20"),
        (("", "Hanover", Some(240)), "state_ended", "1866-07-26"),
    ];
    let gw = [
        (("CZE", "Czechoslovakia", None), "state_began", "1918-11-11"),
        (("CZE", "Czechoslovakia", None), "state_ended", "1992-12-31"),
        (("CZE", "Czech Republic", None), "state_began", "1993-01-01"),
        (("CZE", "Czech Republic", None), "state_ended", "2017-12-31.."),
    ];
    let text: String = cow.iter().map(|(who, kind, date)| counted("cow", *who, kind, date)).collect();
    let more: String = gw.iter().map(|(who, kind, date)| counted("gw", *who, kind, date)).collect();
    env.write("states.jsonl", text + &more);
    env.run(&["import", "events", "states.jsonl", "--quiet"]).ok();
    env
}

/// Records acts in a treaty of its own.
fn treaty(env: &Env, acts: &[(&str, &str, &str)]) {
    let line = |(who, kind, date): &(&str, &str, &str)| {
        let line = json!({"date": date, "party": who, "body": "COVENANT", "kind": kind, "source": "a test"});
        format!("{line}\n")
    };
    env.write("treaty.jsonl", acts.iter().map(line).collect::<String>());
    env.run(&["import", "events", "treaty.jsonl", "--quiet"]).ok();
}

/// What the audit remarks on acts outside of every list.
fn odd(env: &Env) -> Vec<String> {
    let audited = json_of(env, "audit --conformity");
    let all = audited["remarks"].as_array().unwrap().iter().map(|r| r["what"].as_str().unwrap().to_owned());
    all.filter(|what| what.starts_with("it acts on")).collect()
}

/// The rows of a panel without the heading.
fn panel(env: &Env, line: &str) -> Vec<String> {
    let args: Vec<&str> = ["export", "panel"].into_iter().chain(line.split_whitespace()).collect();
    env.run(&args).ok().lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn a_participant_has_its_numbers_and_each_list_that_counts_it_with_its_entries() {
    let env = small();
    insta::assert_snapshot!(env.run(&["participants", "CSK"]).ok(), @"
    Czechoslovakia  CSK, former state
      name      Czechoslovakia
      codes     CSHH
      COW       315
      GW        315
      also      Czechoslovak Socialist Republic; Czech and Slovak Federal Republic;
                CSSR
      then      CZE SVK
      ended     1993-01-01
      ISO       code taken out of use 1993-06-15 (ISO 3166-3)
    counted by        from        until       entries
    state-system-cow  1918-10-28  1993-01-01  10, 11
    state-system-gw   1918-11-11  1993-01-01  15, 16
    ");
    insta::assert_snapshot!(env.run(&["participants", "DEU"]).ok(), @"
    Germany  DEU, state
      name      Germany
      codes     DE
      COW       255 until 1945-05-09, 260 from 1945-05-09 until 1990-10-03, 255 from
                1990-10-03
      GW        255 until 1945-05-08, 260 from 1945-05-08
      also      Federal Republic of Germany
      followed  DDR
    counted by        from            until       entries
    state-system-cow  [..1816-01-01]  1945-05-09  3, 4
    state-system-cow  1955-05-05      1990-10-03  5, 6
    state-system-cow  1990-10-03      still       7
    ");
    insta::assert_snapshot!(env.run(&["participants", "hanover"]).ok(), @"
    X-HANOVER, not in the register
      COW       240
      GW        240
    counted by        from        until       entries
    state-system-cow  1837-06-20  1866-07-27  13, 14
    ");
    let csk = &json_of(&env, "participants CSK")[0];
    assert_eq!(csk["withdrawn"], "1993-06-15");
    assert_eq!(csk["numbers"][0], json!({"list": "cow", "number": 315, "from": null, "until": null}));
    // The last day of a list is a day on which it still counts.
    assert_eq!(csk["lifetimes"][0]["until"], "1993-01-01");
    assert_eq!(env.status("CSK --in state-system-cow --on 1992-12-31")["status"], "member");
    assert_eq!(env.status("CSK --in state-system-cow --on 1993-01-01")["status"], "former-member");
    // A number that becomes another on one day leaves no gap.
    for day in ["1990-10-02", "1990-10-03", "1990-10-04"] {
        let of_day = env.status(&format!("DEU --in state-system-cow --on {day}"));
        assert_eq!((&of_day["status"], &of_day["certainty"]), (&json!("member"), &json!("certain")), "{day}");
    }
    // A list that begins in 1816 does not say that Russia did.
    assert_eq!(env.status("RUS --in state-system-cow --on 1815-01-01")["certainty"], "possible");
    // Without a ledger the register answers alone.
    let none = Env::new();
    assert!(none.run(&["participants", "CSK"]).ok().contains("1993-06-15"));
}

#[test]
fn who_acts_before_or_after_every_list_knows_it_is_remarked_on_and_nothing_is_refused() {
    let env = small();
    treaty(
        &env,
        &[
            ("CZE", "ratification", "1990-03-01"),
            ("CZE", "ratification", "1993-01-01"),
            ("CSK", "ratification", "1918-11-01"),
            ("CSK", "ratification", "1992-12-31"),
            ("CSK", "signature", "1994-02"),
            // Looks back, and says so.
            ("CZE", "succession", "1990-03-02"),
            // May lie within.
            ("CZE", "signature", "1993"),
            // In one line with Russia.
            ("SUN", "ratification", "2001-01-01"),
            ("RUS", "ratification", "1945-10-24"),
            // No list knows it: ISO 3166-3 does, and of a code that another continues it says nothing.
            ("DDR", "ratification", "1990-10-30"),
            ("DDR", "ratification", "1990-10-31"),
            ("BUR", "ratification", "2001-01-01"),
        ],
    );
    insta::assert_snapshot!(odd(&env).join("\n"), @"
    it acts on 1990-03-01, before it began by state-system-cow (1993-01-01) and state-system-gw (1993-01-01)
    it acts on 1994-02, after it ended by state-system-cow (1993-01-01) and state-system-gw (1993-01-01)
    it acts on 1990-10-31, after ISO 3166-3 took its code out of use (1990-10-30)
    ");
    assert_eq!(env.run(&["audit", "--conformity", "--quiet"]).code, 0);
}

#[test]
fn one_list_that_counts_it_is_enough_for_no_remark() {
    let env = small();
    let line = counted("ggo", ("CZE", "Czech Republic", None), "state_began", "1969-01-01");
    env.write("more.jsonl", line);
    env.run(&["import", "events", "more.jsonl", "--quiet"]).ok();
    treaty(&env, &[("CZE", "ratification", "1990-03-01"), ("CZE", "ratification", "1968-12-31")]);
    let found = odd(&env);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].contains("1968-12-31") && found[0].contains("state-system-ggo (1969-01-01)"),
        "{found:?}"
    );
}

#[test]
fn a_panel_over_a_list_has_one_row_for_each_state_and_year_and_the_number_of_that_year() {
    let env = small();
    treaty(&env, &[("SUN", "ratification", "1980-01-01"), ("CSK", "ratification", "1979-01-01")]);
    let rows =
        |year: &str| panel(&env, &format!("covenant --universe cow --from {year} --to {year} --quiet"));
    insta::assert_snapshot!(rows("1985").join("\n"), @"
    CSK,315,315,Czechoslovakia,1985,covenant,contracting,certain
    DEU,260,260,Germany,1985,covenant,none,certain
    SUN,365,365,Soviet Union,1985,covenant,contracting,certain
    YUG,345,345,Yugoslavia,1985,covenant,none,certain
    ");
    insta::assert_snapshot!(rows("2010").join("\n"), @"
    CZE,316,316,Czechia,2010,covenant,none,certain
    DEU,255,260,Germany,2010,covenant,none,certain
    SRB,345,340,Serbia,2010,covenant,none,certain
    SUN,365,365,Soviet Union,2010,covenant,contracting,certain
    ");
    insta::assert_snapshot!(rows("1850").join("\n"), @"
    DEU,255,255,Germany,1850,covenant,none,certain
    RUS,365,365,Russia,1850,covenant,none,certain
    X-HANOVER,240,240,X-HANOVER,1850,covenant,none,certain
    ");
    // On the last day, or on any: Czechoslovakia was counted to the end of 1992.
    let has = |line: &str, who: &str| panel(&env, line).iter().any(|row| row.starts_with(who));
    assert!(has("covenant --universe cow --from 1992 --to 1992 --quiet", "CSK"));
    assert!(!has("covenant --universe cow --from 1993 --to 1993 --quiet", "CSK"));
    assert!(!has("covenant --universe cow --from 1945 --to 1945 --quiet", "DEU"));
    assert!(has("covenant --universe cow --from 1945 --to 1945 --fold any --quiet", "DEU,255"));
}

#[test]
fn a_number_stands_in_one_row_of_a_year_in_that_of_the_one_in_the_line_who_has_a_status() {
    let env = small();
    // The seat of the Soviet Union is recorded under Russia, as the United Nations have it.
    treaty(&env, &[("RUS", "ratification", "1980-01-01"), ("SUN", "signature", "1986-01-01")]);
    let numbers = |line: &str| -> Vec<String> {
        panel(&env, line).iter().map(|row| row.split(',').take(3).collect::<Vec<_>>().join(",")).collect()
    };
    assert_eq!(
        numbers("covenant --universe recorded --from 1985 --to 1985 --quiet"),
        ["RUS,365,365", "SUN,,"]
    );
    let listed = numbers("covenant --universe cow --from 1985 --to 1985 --quiet");
    assert!(listed.contains(&"RUS,365,365".to_owned()) && !listed.iter().any(|row| row.starts_with("SUN")));
}

/// The Correlates of War's numbers, each with the days on which the file counts it: first and last, both included.
fn spells_of_file(list: &str) -> BTreeMap<(String, u64), Vec<(String, String)>> {
    let mut spells: BTreeMap<(String, u64), Vec<(String, String)>> = BTreeMap::new();
    for line in lines("states").iter().filter(|line| line["body"] == list) {
        let key =
            (line["party_name"].as_str().unwrap().to_owned(), line["source"]["ccode"].as_u64().unwrap_or(0));
        let date = line["date"].as_str().unwrap().trim_start_matches("..").to_owned();
        let own = spells.entry(key).or_default();
        match line["kind"].as_str().unwrap() {
            "state_ended" if date.ends_with("..") => {}
            "state_ended" => own.last_mut().unwrap().1 = date,
            _ => own.push((date, "9999-12-31".into())),
        }
    }
    spells
}

/// Every state of a list that the file counts on a day.
fn of_file(list: &str, day: &str) -> usize {
    let spells = spells_of_file(list);
    spells.values().flatten().filter(|(from, to)| from.as_str() <= day && day <= to.as_str()).count()
}

#[test]
fn the_states_of_a_panel_over_the_real_lists_are_as_many_as_the_file_counts() {
    let Some((env, report)) = set("states") else { return };
    assert_eq!((report["taken"].as_u64(), report["rejected"].as_array().unwrap().len()), (Some(2157), 1));
    treaty(&env, &[("SUN", "ratification", "1980-01-01")]);
    for (universe, list) in [("cow", "STATE-SYSTEM:COW"), ("gw", "STATE-SYSTEM:GW")] {
        let line = format!("covenant --universe {universe} --from 1816 --to 2016 --quiet");
        let mut of_year: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in panel(&env, &line) {
            of_year.entry(row.split(',').nth(4).unwrap().to_owned()).or_default().push(row);
        }
        for year in [1816, 1850, 1914, 1938, 1942, 1950, 1962, 1991, 1992, 2006, 2016] {
            let rows = &of_year[&year.to_string()];
            assert_eq!(rows.len(), of_file(list, &format!("{year}-12-31")), "{universe} {year}");
            let column = if universe == "cow" { 1 } else { 2 };
            let numbers: BTreeSet<&str> = rows.iter().map(|r| r.split(',').nth(column).unwrap()).collect();
            assert!(!numbers.contains(""), "{universe} {year}: a state without a number");
            assert_eq!(numbers.len(), rows.len(), "{universe} {year}: a number twice");
        }
        for (year, who) in [("1985", "SUN,365"), ("1989", "DEU,260"), ("2016", "SRB,34")] {
            let line = &of_year[year];
            assert_eq!(line.iter().filter(|row| row.starts_with(who)).count(), 1, "{universe} {year} {who}");
        }
        // Of the line only the Soviet Union has a status here: it keeps the row when the number has become Russia's.
        let soviet = of_year["1991"].iter().filter(|row| row.contains(",365,"));
        assert_eq!(
            soviet.collect::<Vec<_>>(),
            ["SUN,365,365,Soviet Union,1991,covenant,contracting,certain"]
        );
    }
}

#[test]
fn every_number_of_the_file_is_that_of_the_participant_who_is_named_with_it() {
    // Spelled otherwise in the register, in no doubt by their numbers.
    let spelled = [56, 57, 58, 60, 260, 484, 678, 680];
    let env = Env::new();
    let register = json_of(&env, "participants");
    let mut holders: BTreeMap<u64, BTreeSet<&str>> = BTreeMap::new();
    let mut words: BTreeMap<String, &str> = BTreeMap::new();
    for one in register.as_array().unwrap() {
        let id = one["participant"].as_str().unwrap();
        for number in one["numbers"].as_array().unwrap().iter().filter(|n| n["list"] == "cow") {
            holders.entry(number["number"].as_u64().unwrap()).or_default().insert(id);
        }
        let names = one["names"].as_array().unwrap().iter().map(|n| n["name"].as_str().unwrap());
        let aliases = one["aliases"].as_array().unwrap().iter().map(|a| a.as_str().unwrap());
        words.extend(names.chain(aliases).map(|word| (word.to_lowercase(), id)));
    }
    let mut unnamed = BTreeSet::new();
    for (name, number) in spells_of_file("STATE-SYSTEM:COW").into_keys() {
        let known = words.get(&name.to_lowercase()).filter(|_| name != "Korea");
        let holders = holders.get(&number).cloned().unwrap_or_default();
        match known {
            Some(id) => assert!(holders.contains(id), "{number} {name}: {id}, in the register {holders:?}"),
            None if spelled.contains(&number) => assert_eq!(holders.len(), 1, "{number} {name}"),
            // Dead states without a code of ISO 3166, and names with accents.
            None => _ = holders.is_empty().then(|| unnamed.insert(name)),
        }
    }
    assert!(unnamed.is_empty() || unnamed.len() == 16, "{unnamed:?}");
}

#[test]
fn no_present_state_of_the_real_lists_is_left_without_its_participant() {
    let Some((env, _)) = set("states") else { return };
    for list in ["cow", "gw", "isd", "ggo"] {
        let body = format!("state-system-{list}");
        let roster = json_of(&env, &format!("roster {body} --on 2016-01-01"));
        let members = roster["participants"].as_array().unwrap().iter().filter(|p| p["status"] == "member");
        let named: Vec<&str> =
            members.map(|p| p["participant"].as_str().unwrap()).filter(|id| id.starts_with("X-")).collect();
        assert!(named.is_empty(), "{body}: {named:?}");
    }
    // A code that only looks like one of ISO 3166 is not believed.
    let isd = json_of(&env, "roster state-system-isd --on 1850-01-01").to_string();
    for (id, not) in [("X-URUNDI", "BUR"), ("X-GAZA-EMPIRE", "PSE"), ("X-GELEDI-SULTANATE", "GEL")] {
        assert!(isd.contains(id) && !isd.contains(&format!("\"{not}\"")), "{id}");
    }
}
