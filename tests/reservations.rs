//! Reservations, declarations and objections between two, with dates from the law (VCLT 19-23).

use serde_json::{Value, json};

use crate::depositary::{ask, covenant, note, parties, record, with};
use crate::env::Env;

/// USA reserves on its deposit of 2020-03-01, notified 2020-03-15; FRA has been a party since 2019.
fn reserved() -> (Env, String) {
    let env = covenant();
    parties(&env, &[("FRA", "2019-01-10"), ("USA", "2020-03-01")]);
    let more = ["--scope", "art. 66", "--title", "Reservation to article 66", "--quote", "does not apply"];
    let made = record(&env, "reservation-made USA --deposited 2020-03-01 --notified 2020-03-15", &more);
    (env, made.to_string())
}

#[test]
fn silence_of_twelve_months_from_the_notification_accepts_a_reservation_vclt_20_5() {
    let (env, made) = reserved();
    let listed = ask(&env, "reservations covenant --participant USA");
    let item = &listed["reservations"][0];
    assert_eq!((&item["kind"], &item["provisions"]), (&json!("reservation"), &json!("art. 66")));
    assert_eq!((&item["text"], &item["notified"]), (&json!("does not apply"), &json!("2020-03-15")));
    assert_eq!(item["objection_period_ends"], "2021-03-15");
    assert_eq!(item["in_effect_from"], "2020-03-01");
    let before = ask(&env, "relations USA FRA --in covenant --on 2021-03-14");
    assert_eq!(before["in_force"], true);
    assert_eq!(before["since"], "2020-03-01");
    assert_eq!(before["pending"][0]["on"], "2021-03-15");
    assert_eq!(before["pending"][0]["rule"], "VCLT 20(5)");
    assert_eq!(before["modified"], json!([]));
    let after = ask(&env, "relations FRA USA --in covenant --on 2021-03-15");
    assert_eq!(after["pending"], json!([]));
    assert_eq!(after["modified"][0]["reservation"].to_string(), made);
    assert_eq!(after["modified"][0]["by"], "USA");
    assert_eq!(after["modified"][0]["rule"], "VCLT 21(1)");
}

#[test]
fn who_consents_after_the_twelve_months_accepts_by_the_day_of_its_consent_vclt_20_5() {
    let (env, made) = reserved();
    parties(&env, &[("NOR", "2022-06-01")]);
    // On the day of the consent itself an objection is in time; one day later it is late.
    record(&env, "objection-made NOR --received 2022-06-02", &["--to", &made]);
    parties(&env, &[("SWE", "2022-06-01")]);
    record(&env, "objection-made SWE --received 2022-06-01", &["--to", &made]);
    let late = ask(&env, "relations USA NOR --in covenant --on 2022-07-01");
    assert_eq!(late["modified"][0]["on"], "2022-06-01");
    assert_eq!(late["without"], json!([]));
    note(&late, "is late: it was accepted by then (VCLT 20(5))");
    let in_time = ask(&env, "relations USA SWE --in covenant --on 2022-07-01");
    assert_eq!(in_time["without"][0]["objected_by"], "SWE");
    let listed = ask(&env, "reservations covenant --on 2022-07-01");
    let objections = listed["reservations"][0]["objections"].as_array().unwrap();
    let timing: Vec<(&Value, &Value)> =
        objections.iter().map(|o| (&o["participant"], &o["timing"])).collect();
    assert_eq!(timing, [(&json!("SWE"), &json!("in-time")), (&json!("NOR"), &json!("late"))]);
    assert_eq!(objections[0]["period_ends"], "2022-06-01");
}

#[test]
fn an_objection_on_the_last_day_is_in_time_and_on_the_next_it_is_late_vclt_20_5() {
    for (day, timing) in [("2021-03-15", "in-time"), ("2021-03-16", "late"), ("2021-03", "unsettled")] {
        let (env, made) = reserved();
        record(&env, &format!("objection-made FRA --received {day}"), &["--to", &made]);
        let listed = ask(&env, "reservations covenant");
        assert_eq!(listed["reservations"][0]["objections"][0]["timing"], timing, "{day}");
        let between = ask(&env, "relations USA FRA --in covenant");
        assert_eq!(between["in_force"], true);
        assert_eq!(between["without"].as_array().unwrap().len(), usize::from(timing == "in-time"), "{day}");
        assert_eq!(between["modified"].as_array().unwrap().len(), usize::from(timing == "late"), "{day}");
        assert_eq!(between["certainty"], if timing == "unsettled" { "possible" } else { "certain" });
    }
}

#[test]
fn whoever_has_not_consented_yet_may_still_object_vclt_20_5() {
    let (env, made) = reserved();
    record(&env, "treaty-signed NOR --signed 2018-01-01", &[]);
    record(&env, "objection-made NOR --received 2022-09-01", &["--to", &made]);
    let objection = |env: &Env| ask(env, "reservations covenant")["reservations"][0]["objections"][0].clone();
    assert_eq!(
        (&objection(&env)["timing"], &objection(&env)["period_ends"]),
        (&json!("in-time"), &Value::Null)
    );
    parties(&env, &[("NOR", "2023-01-01")]);
    assert_eq!(objection(&env)["period_ends"], "2023-01-01");
    assert_eq!(ask(&env, "relations USA NOR --in covenant")["without"][0]["objected_by"], "NOR");
}

#[test]
fn a_reservation_that_was_not_notified_waits_without_end_vclt_20_5() {
    let env = covenant();
    parties(&env, &[("FRA", "2019-01-10"), ("USA", "2020-03-01")]);
    let made = record(&env, "reservation-made USA --deposited 2020-03-01", &[]).to_string();
    let answer = ask(&env, "reservations covenant");
    note(&answer, "is not notified: no period to object has begun");
    assert_eq!(ask(&env, "relations USA FRA --in covenant")["pending"][0]["on"], Value::Null);
    // The circular of the depositary begins it.
    record(&env, "depositary-notified USA --notified 2020-04-01", &["--to", &made]);
    assert_eq!(ask(&env, "reservations covenant")["reservations"][0]["objection_period_ends"], "2021-04-01");
}

#[test]
fn an_objection_alone_keeps_the_provisions_from_applying_and_the_treaty_in_force_vclt_21_3() {
    let (env, made) = reserved();
    record(
        &env,
        "objection-made FRA --received 2020-09-01",
        &["--to", &made, "--scope", "does not preclude the entry into force"],
    );
    let before = ask(&env, "relations USA FRA --in covenant --on 2020-08-31");
    assert_eq!(before["without"], json!([]));
    let after = ask(&env, "relations USA FRA --in covenant --on 2020-09-01");
    assert_eq!(after["in_force"], true);
    let without = &after["without"][0];
    assert_eq!(without["provisions"], "art. 66");
    assert_eq!((&without["by"], &without["objected_by"]), (&json!("USA"), &json!("FRA")));
    assert_eq!(without["rule"], "VCLT 21(3)");
    // A third party that kept silent is not touched by it.
    parties(&env, &[("NOR", "2019-01-10")]);
    let third = ask(&env, "relations USA NOR --in covenant --on 2021-06-01");
    assert_eq!((&third["without"], &third["modified"][0]["by"]), (&json!([]), &json!("USA")));
    // Between the two others there is no reservation at all.
    let others = ask(&env, "relations FRA NOR --in covenant --on 2021-06-01");
    assert_eq!((&others["modified"], &others["without"]), (&json!([]), &json!([])));
}

#[test]
fn an_objection_that_precludes_keeps_the_treaty_from_being_in_force_between_the_two_vclt_20_4_b() {
    let (env, made) = reserved();
    let more = ["--to", made.as_str(), "--scope", "precludes-entry-into-force"];
    let objection = record(&env, "objection-made FRA --received 2020-09-01", &more);
    let answer = ask(&env, "relations USA FRA --in covenant --on 2021-06-01");
    assert_eq!((&answer["in_force"], &answer["since"]), (&json!(false), &Value::Null));
    assert_eq!(answer["precluded"][0]["objection"], objection);
    assert_eq!(answer["precluded"][0]["rule"], "VCLT 20(4)(b)");
    let because = answer["because"].as_array().unwrap();
    assert!(because.iter().any(|b| b["index"] == objection), "{because:?}");
    // Both stay parties: it is between the two only.
    assert_eq!(env.status("USA --in covenant --on 2021-06-01")["status"], "party");
    let text = env.run(&["relations", "USA", "FRA", "--in", "covenant"]).ok();
    assert!(text.contains("NOT IN FORCE"), "{text}");
    // Withdrawn: from the notice of it the treaty is in force between them (VCLT 22(3)(b)).
    record(&env, "objection-withdrawn FRA --notified 2023-02-01", &["--to", &objection.to_string()]);
    assert_eq!(ask(&env, "relations USA FRA --in covenant --on 2023-01-31")["in_force"], false);
    let anew = ask(&env, "relations USA FRA --in covenant --on 2023-02-01");
    assert_eq!((&anew["in_force"], &anew["since"]), (&json!(true), &json!("2023-02-01")));
    assert_eq!(anew["modified"][0]["on"], "2023-02-01");
}

#[test]
fn a_withdrawn_reservation_no_longer_counts_from_its_notice_vclt_22_3_a() {
    let (env, made) = reserved();
    record(&env, "objection-made FRA --received 2020-09-01", &["--to", &made]);
    record(&env, "reservation-withdrawn USA --notified 2022-01-01 --effective 2022-02-01", &["--to", &made]);
    let before = ask(&env, "relations USA FRA --in covenant --on 2022-01-31");
    assert_eq!(before["without"].as_array().unwrap().len(), 1);
    let after = ask(&env, "relations USA FRA --in covenant --on 2022-02-01");
    assert_eq!(
        (&after["without"], &after["modified"], &after["in_force"]),
        (&json!([]), &json!([]), &json!(true))
    );
    let listed = ask(&env, "reservations covenant --on 2022-02-01");
    assert_eq!(listed["reservations"][0]["withdrawn"]["on"], "2022-02-01");
    assert_eq!(
        ask(&env, "reservations covenant --on 2022-01-31")["reservations"][0]["withdrawn"],
        Value::Null
    );
}

#[test]
fn a_treaty_is_in_force_between_two_only_when_both_are_bound_vclt_24() {
    let env = covenant();
    parties(&env, &[("FRA", "2019-01-10")]);
    record(&env, "treaty-signed USA --signed 2018-01-01", &[]);
    let answer = ask(&env, "relations FRA USA --in covenant --on 2020-01-01");
    assert_eq!((&answer["in_force"], &answer["certainty"]), (&json!(false), &json!("certain")));
    note(&answer, "USA does not have the status party on 2020-01-01 (signatory)");
    let nobody = env.run(&["relations", "GBR", "NOR", "--in", "covenant", "--on", "2020-01-01"]).ok();
    assert!(!nobody.contains("\n\n\n"), "one empty line where nothing is listed: {nobody}");
    parties(&env, &[("USA", "2020-03")]);
    let straddles = ask(&env, "relations FRA USA --in covenant --on 2020-03-10");
    assert_eq!((&straddles["in_force"], &straddles["certainty"]), (&Value::Null, &json!("possible")));
    let later = ask(&env, "relations FRA USA --in covenant --on 2020-04-01");
    assert_eq!((&later["in_force"], &later["since"]), (&json!(true), &json!("2020-03")));
    let error = env.run(&["relations", "FRA", "FRA", "--in", "covenant"]).fails(2);
    assert!(error.contains("FRA stands on both sides"), "{error}");
}

#[test]
fn declarations_are_listed_and_modify_nothing() {
    let env = covenant();
    parties(&env, &[("FRA", "2019-01-10"), ("USA", "2020-03-01")]);
    record(
        &env,
        "declaration-made FRA --deposited 2019-01-10 --until 2024-01-10",
        &["--scope", "art. 41", "--title", "Competence recognised"],
    );
    let answer = ask(&env, "relations FRA USA --in covenant --on 2023-01-01");
    assert_eq!(answer["declarations"][0]["provisions"], "art. 41");
    assert_eq!((&answer["modified"], &answer["pending"]), (&json!([]), &json!([])));
    assert_eq!(ask(&env, "relations FRA USA --in covenant --on 2024-01-10")["declarations"], json!([]));
    let listed = ask(&env, "reservations covenant");
    assert_eq!(listed["reservations"][0]["kind"], "declaration");
    assert_eq!(listed["reservations"][0]["objection_period_ends"], Value::Null);
}

#[test]
fn a_scope_belongs_to_the_acts_that_have_one() {
    let env = covenant();
    let error = env.run(&with("treaty-signed USA --signed 2018-01-01 --scope x", &[])).fails(2);
    assert!(error.contains("--scope does not belong to treaty-signed"), "{error}");
}
