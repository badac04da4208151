//! What was to come, as it was known then: extensions, invitations, notices; and what lies over a status.

use serde_json::{Value, json};

use crate::env::Env;
use crate::five::{columns, five, notes};

/// What is scheduled on a day, as known on it.
fn scheduled(env: &Env, pair: &str, on: &str) -> Vec<String> {
    columns(&env.status(&format!("{pair} --as-at {on}"))["scheduled"], &["status", "on"])
}

/// A ledger of one shipped charter, with acts.
fn with(charter: &str, acts: &[&str]) -> Env {
    let env = Env::new();
    env.run(&["init", "--charter", charter]).ok();
    for act in acts {
        let mut args: Vec<&str> = vec!["append"];
        args.extend(act.split(' '));
        args.extend(["--in", charter, "--cite", "a test"]);
        env.run(&args).ok();
    }
    env
}

#[test]
fn each_extension_moves_the_day_on_which_the_united_kingdom_was_to_leave() {
    let Some(env) = five() else { return };
    for (known, expected) in [
        ("2018-01-01", "2019-03-29"),
        ("2019-03-25", "2019-04-12"),
        ("2019-04-15", "2019-10-31"),
        ("2019-11-01", "2020-01-31"),
    ] {
        let found = scheduled(&env, "GBR eu", known);
        assert_eq!(found, [format!("former-member {expected}")], "as known on {known}");
        assert_eq!(env.status(&format!("GBR eu --as-at {known}"))["status"], "member");
    }
    assert_eq!(scheduled(&env, "GBR eu", "2017-03-28"), [""; 0], "no notice yet");
    assert_eq!(scheduled(&env, "GBR eu", "2020-02-01"), [""; 0], "it has left");
}

#[test]
fn argentinas_membership_was_scheduled_until_it_declined() {
    let Some(env) = five() else { return };
    assert_eq!(scheduled(&env, "ARG brics", "2023-10-01"), ["member 2024-01-01"]);
    assert_eq!(scheduled(&env, "ARG brics", "2023-12-31"), [""; 0]);
    let of = |on: &str| env.status(&format!("ARG brics --as-at {on}"))["status"].clone();
    assert_eq!(
        (of("2023-10-01"), of("2023-12-31"), of("2024-01-01")),
        (json!("invited"), json!("none"), json!("none"))
    );
}

#[test]
fn croatias_membership_was_scheduled_when_the_last_instrument_had_arrived() {
    let Some(env) = five() else { return };
    let acceding = env.status("HRV eu --as-at 2013-06-22");
    assert_eq!(acceding["status"], "acceding");
    assert_eq!(columns(&acceding["scheduled"], &["status", "on"]), ["member 2013-07-01"]);
    assert_eq!(scheduled(&env, "HRV eu", "2013-06-20"), [""; 0], "Germany's was missing");
}

#[test]
fn a_notice_that_is_revoked_before_its_effect_schedules_nothing_any_more() {
    let env = with(
        "au",
        &[
            "admission-decided --participant MAR --decided 2017-01-30",
            "withdrawal-notified --participant MAR --received 2020-03-01",
            "withdrawal-revoked --participant MAR --received 2020-12-01",
        ],
    );
    assert_eq!(scheduled(&env, "MAR au", "2020-06-01"), ["former-member 2021-03-01"]);
    assert_eq!(scheduled(&env, "MAR au", "2020-12-01"), [""; 0]);
    for on in ["2020-03-01", "2020-12-01", "2021-03-01", "2022-01-01"] {
        let answer = env.status(&format!("MAR au --on {on}"));
        assert_eq!((&answer["status"], &answer["since"]), (&json!("member"), &json!("2017-01-30")), "{on}");
    }
    // Who did not know of the revocation would have seen it leave.
    let unaware = env.status("MAR au --on 2021-03-01 --as-known 2020-11-30");
    assert_eq!(unaware["status"], "former-member");
    assert_eq!(env.status("MAR au --on 2021-02-28 --as-known 2020-11-30")["status"], "member");
}

#[test]
fn an_act_of_one_moment_is_not_said_to_hold_for_the_whole_of_its_day() {
    let Some(env) = five() else { return };
    let convention = |pair: &str, on: &str| {
        notes(&env.status(&format!("{pair} --on {on}")), &["for the whole of that day"])
    };
    for on in ["2020-01-31", "2020-01-31T23:59", "2020-01-31T23:59Z"] {
        assert!(!convention("GBR eu", on), "{on}: it had effect at 23:00 UTC");
    }
    assert!(convention("FIN nato", "2023-04-04"), "a day is all that is known of this one");
}

#[test]
fn a_suspended_member_is_a_member_and_suspended() {
    let env = with(
        "au",
        &[
            "admission-decided --participant GAB --decided 2002-07-09",
            "membership-suspended --participant GAB --scope participation --decided 2023-08-31",
            "suspension-lifted --participant GAB --decided 2025-04-30",
        ],
    );
    let of = |on: &str| -> (Value, Vec<String>) {
        let answer = env.status(&format!("GAB au --on {on}"));
        assert_eq!(answer["since"], "2002-07-09", "{on}");
        (answer["status"].clone(), columns(&answer["overlays"], &["overlay", "scope", "since"]))
    };
    let suspended = vec!["suspended participation 2023-08-31".to_owned()];
    assert_eq!(of("2023-08-30"), (json!("member"), vec![]));
    assert_eq!(of("2023-08-31"), (json!("member"), suspended.clone()));
    assert_eq!(of("2025-04-29"), (json!("member"), suspended));
    assert_eq!(of("2025-04-30"), (json!("member"), vec![]));
}

#[test]
fn a_suspension_that_is_decided_and_not_in_effect_is_told_beside_the_status() {
    let env = with(
        "au",
        &[
            "admission-decided --participant GAB --decided 2002-07-09",
            "membership-suspended --participant GAB --scope participation --decided 2023-08-31 --effective 2023-09-15",
        ],
    );
    let told = |on: &str| notes(&env.status(&format!("GAB au --on {on}")), &["decided, not yet in effect"]);
    assert_eq!(
        ["2023-08-30", "2023-08-31", "2023-09-14", "2023-09-15"].map(told),
        [false, true, true, false]
    );
    let text = env.run(&["status", "GAB", "au", "--on", "2023-09-01"]).ok();
    let line = "  ! decided, not yet in effect: membership-suspended (participation) from";
    assert!(text.contains(line), "{text}");
}

#[test]
fn whoever_has_left_is_suspended_no_more_whether_or_not_the_exit_was_certified() {
    let acts = |last: &'static str| {
        let mut acts = vec![
            "founded --participant MLI --signed 1975-05-28",
            "membership-suspended --participant MLI --decided 2021-05-30",
            "withdrawal-notified --participant MLI --received 2024-01-29",
        ];
        acts.extend((!last.is_empty()).then_some(last));
        acts
    };
    let kinds = |env: &Env, on: &str| -> (Value, Vec<String>) {
        let answer = env.status(&format!("MLI ecowas --on {on}"));
        (answer["status"].clone(), columns(&answer["overlays"], &["overlay"]))
    };
    for certified in ["", "withdrawal-effective --participant MLI --effective 2025-01-29"] {
        let env = with("ecowas", &acts(certified));
        let suspended = vec!["suspended".to_owned()];
        assert_eq!(kinds(&env, "2025-01-28"), (json!("member"), suspended), "{certified}");
        assert_eq!(kinds(&env, "2025-01-29"), (json!("former-member"), vec![]), "{certified}");
    }
    // Back again, it is not suspended by what was decided before it left.
    let env = with("ecowas", &acts("instrument-deposited --participant MLI --deposited 2026-01-10"));
    assert_eq!(kinds(&env, "2026-01-10"), (json!("member"), vec![]));
    let roster = env.run(&["roster", "ecowas", "--on", "2025-06-01", "--format", "json"]).json();
    assert_eq!(columns(&roster["participants"][0]["overlays"], &["overlay"]), [""; 0], "{roster}");
}

#[test]
fn a_notice_of_the_first_nine_months_ends_the_membership_with_the_year_a_later_one_with_the_next() {
    for (received, last) in [
        ("2021-01-15", "2021-12-31"),
        ("2021-09-30", "2021-12-31"),
        ("2021-10-01", "2022-12-31"),
        ("2021-10-15", "2022-12-31"),
    ] {
        let env = with(
            "coe",
            &[
                // Seven ratifications bring the Statute into force.
                "instrument-deposited --participant DNK --deposited 1949-07-14",
                "instrument-deposited --participant FRA --deposited 1949-08-03",
                "instrument-deposited --participant IRL --deposited 1949-08-02",
                "instrument-deposited --participant ITA --deposited 1949-08-03",
                "instrument-deposited --participant LUX --deposited 1949-08-03",
                "instrument-deposited --participant NOR --deposited 1949-08-03",
                "instrument-deposited --participant SWE --deposited 1949-07-20",
                &format!("withdrawal-notified --participant ITA --received {received}"),
            ],
        );
        let next = format!("{}-01-01", last[..4].parse::<u16>().unwrap() + 1);
        let of = |on: &str| env.status(&format!("ITA coe --on {on}"))["status"].clone();
        assert_eq!((of(last), of(&next)), (json!("member"), json!("former-member")), "notice of {received}");
        assert_eq!(scheduled(&env, "ITA coe", received), [format!("former-member {next}")]);
        assert_eq!(of("1949-08-02"), "none");
        assert_eq!(of("1949-08-03"), "member");
    }
}
