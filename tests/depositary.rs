//! The depositary's acts, and the questions about them: every rule with dates from the law.

use serde_json::{Value, json};

use crate::env::Env;

/// A treaty among whoever deposits; signature gives `signatory`, the deposit makes a party at once.
const TREATY: &str = r#"
id = "covenant"
title = "River Covenant"
short = "Covenant"
kind = "treaty"
began = "1990-05-01"
adopted = "1990-05-01"
effective = "1990-05-01"
instrument = "River Covenant"

[[status]]
id = "party"
title = "party"
plural = "parties"
rank = 2

[[status]]
id = "signatory"
title = "signatory"
plural = "signatories"
rank = 1

[[status]]
id = "former-party"
title = "former party"
plural = "former parties"

[[transition]]
act = "treaty-signed"
from = ["none"]
to = "signatory"
rule = "a signature is no consent to be bound"
article = "art. 20"

[[transition]]
act = "instrument-deposited"
from = ["none", "signatory"]
to = "party"
rule = "the deposit binds"
article = "art. 21"

[[transition]]
act = "withdrawal-effective"
from = ["party"]
to = "former-party"
rule = "a withdrawal ends it"
article = "art. 22"
"#;

/// With the Covenant adopted: the charter is entry 0, the next one is entry 1.
pub(crate) fn covenant() -> Env {
    let env = Env::new();
    env.write("covenant.toml", TREATY);
    env.run(&["init", "--origin", "test/covenant"]).ok();
    env.run(&["charter", "adopt", "covenant.toml"]).ok();
    env
}

/// Records an act and gives its entry: `act participant options…`, `-` for an act of the treaty alone.
#[track_caller]
pub(crate) fn record(env: &Env, line: &str, more: &[&str]) -> u64 {
    let receipt = env.run(&with(line, more)).json();
    receipt["entries"][0]["index"].as_u64().unwrap()
}

pub(crate) fn with<'a>(line: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut words = line.split_whitespace();
    let (act, who) = (words.next().unwrap(), words.next().unwrap());
    let mut args = vec!["append", act, "--in", "covenant", "--cite", "a test", "--format", "json"];
    if who != "-" {
        args.extend(["-p", who]);
    }
    args.extend(words);
    args.extend(more);
    args
}

pub(crate) fn parties(env: &Env, deposits: &[(&str, &str)]) {
    for (who, day) in deposits {
        record(env, &format!("instrument-deposited {who} --instrument ratification --deposited {day}"), &[]);
    }
}

pub(crate) fn ask(env: &Env, line: &str) -> Value {
    let mut args: Vec<&str> = line.split_whitespace().collect();
    args.extend(["--format", "json"]);
    env.run(&args).json()
}

#[track_caller]
pub(crate) fn note(answer: &Value, words: &str) {
    let notes = answer["notes"].as_array().unwrap();
    let says = |n: &Value| n.as_str().is_some_and(|n| n.contains(words));
    assert!(notes.iter().any(says), "no note says {words:?}: {notes:?}");
}

// Communications, VCLT 77(1)(c) and (d)

#[test]
fn a_deposit_that_is_received_and_not_examined_does_not_count_vclt_77_1_d() {
    let env = covenant();
    let letter = record(&env, "communication-received NOR --received 2020-03-02", &["--title", "Note 14"]);
    let to = letter.to_string();
    let deposit = record(
        &env,
        "instrument-deposited NOR --instrument accession --deposited 2020-03-02",
        &["--to", &to],
    );
    let before = env.status("NOR --in covenant --on 2020-06-01");
    assert_eq!(before["status"], "none");
    note(
        &before,
        &format!(
            "entry {deposit}, instrument-deposited, is not counted: the communication (entry {letter}) is received and not examined"
        ),
    );
    assert_eq!(ask(&env, "roster covenant --on 2020-06-01")["participants"], json!([]));

    record(&env, "communication-examined NOR --finding queried --done 2020-03-20", &["--to", &to]);
    let queried = env.status("NOR --in covenant --on 2020-06-01");
    assert_eq!(queried["status"], "none");
    note(&queried, "was queried on 2020-03-20");

    // Accepted: the deposit is made on its own day, that of receipt (VCLT 16, 78), and known as such from the finding.
    record(&env, "communication-examined NOR --finding accepted --done 2020-05-11", &["--to", &to]);
    let accepted = env.status("NOR --in covenant --on 2020-03-02");
    assert_eq!((&accepted["status"], &accepted["since"]), (&json!("party"), &json!("2020-03-02")));
    assert_eq!(env.status("NOR --in covenant --on 2020-05-10 --as-known 2020-05-10")["status"], "none");
    assert_eq!(env.status("NOR --in covenant --on 2020-05-10 --as-known 2020-05-11")["status"], "party");
    assert_eq!(env.status("NOR --in covenant --on 2020-06-01 --as-recorded 4")["status"], "none");
    env.run(&["audit"]).ok();
}

#[test]
fn the_last_finding_by_its_day_decides_and_not_the_order_of_recording() {
    let env = covenant();
    let to = record(&env, "communication-received NOR --received 2020-03-02", &[]).to_string();
    record(&env, "instrument-deposited NOR --deposited 2020-03-02", &["--to", &to]);
    record(&env, "communication-examined NOR --finding returned --done 2020-04-02", &["--to", &to]);
    record(&env, "communication-examined NOR --finding accepted --done 2020-03-05", &["--to", &to]);
    let answer = env.status("NOR --in covenant --on 2021-01-01");
    assert_eq!(answer["status"], "none");
    note(&answer, "was returned on 2020-04-02");
    let explained = env.run(&["explain", "NOR", "--in", "covenant", "--on", "2021-01-01"]).ok();
    assert!(explained.contains("not counted"), "{explained}");
    env.run(&["audit"]).ok();
}

#[test]
fn communications_are_listed_with_their_state_and_how_long_they_wait() {
    let env = covenant();
    let first = record(&env, "communication-received NOR --received 2020-03-02", &["--title", "Note 14"]);
    let second = record(&env, "communication-received SWE --received 2020-03-10", &[]);
    record(&env, "instrument-deposited NOR --deposited 2020-03-02", &["--to", &first.to_string()]);
    record(
        &env,
        "communication-examined NOR --finding accepted --done 2020-03-12",
        &["--to", &first.to_string()],
    );
    let answer = ask(&env, "communications covenant --on 2020-03-20");
    let listed = &answer["communications"];
    assert_eq!(answer["question"]["kind"], "communications");
    assert_eq!(listed[0]["state"], "accepted");
    assert_eq!(listed[0]["since"], "2020-03-12");
    assert_eq!(listed[0]["waits_days"], Value::Null);
    assert_eq!(listed[0]["acts"][0]["act"], "instrument-deposited");
    assert_eq!(listed[0]["acts"][0]["counts"], true);
    assert_eq!(listed[1]["index"], second);
    assert_eq!((&listed[1]["state"], &listed[1]["waits_days"]), (&json!("received"), &json!(10)));
    // On an earlier day the first one was still to be examined.
    let earlier = ask(&env, "communications covenant --on 2020-03-11");
    assert_eq!(earlier["communications"][0]["state"], "received");
    assert_eq!(earlier["communications"][0]["waits_days"], 9);
    let text = env.run(&["communications", "covenant", "--on", "2020-03-20"]).ok();
    assert!(text.contains("waits 10 days for examination"), "{text}");
    let csv = env.run(&["communications", "covenant", "--on", "2020-03-20", "--format", "csv"]).ok();
    assert!(csv.contains("SWE,2"), "{csv}");
    let lines = env.run(&["communications", "covenant", "--on", "2020-03-20", "--format", "jsonl"]).ok();
    assert_eq!(lines.lines().count(), 2);
}

// Corrections of a text, VCLT 79

const CORRECTED: &str = r#"
id = "covenant"

[[transition]]
act = "definitive-signature"
from = ["none", "signatory"]
to = "party"
rule = "a definitive signature binds, as the authentic text says"
article = "art. 20, corrected"
"#;

/// USA signs definitively in 2018, which the text as adopted is silent on; a correction of article 20 (entry 0) is proposed on 2020-05-01.
fn proposed() -> (Env, String) {
    let env = covenant();
    env.write("corrected.toml", CORRECTED);
    record(&env, "definitive-signature USA --signed 2018-01-01", &[]);
    parties(&env, &[("FRA", "2019-01-10")]);
    let more = ["--to", "0", "--text", "corrected.toml", "--title", "Article 20, French text"];
    let proposal = record(&env, "correction-proposed - --notified 2020-05-01", &more);
    (env, proposal.to_string())
}

#[test]
fn while_a_correction_is_proposed_both_readings_are_reported_vclt_79_2() {
    let (env, proposal) = proposed();
    let answer = env.status("USA --in covenant --on 2020-06-01");
    assert_eq!(answer["status"], "none");
    let item = &answer["corrections"][0];
    assert_eq!(item["entry"].to_string(), proposal);
    assert_eq!((&item["to"], &item["state"]), (&json!(0), &json!("proposed")));
    // Ninety days, 2020-07-30 the last of them.
    assert_eq!((&item["notified"], &item["objections_until"]), (&json!("2020-05-01"), &json!("2020-07-31")));
    assert_eq!(item["effective"], "1990-05-01");
    assert_eq!(item["reading"]["status"], "party");
    note(&answer, "under the corrected text: party");
    note(&ask(&env, "roster covenant --on 2020-06-01"), "a correction of entry 0 is proposed");
    let explained = env.run(&["explain", "USA", "--in", "covenant"]).ok();
    assert!(explained.contains("a correction of entry 0 is proposed"), "{explained}");
    // Before it was notified nobody knew of it.
    let unknown = env.status("USA --in covenant --on 2020-06-01 --as-known 2020-04-30");
    assert_eq!(unknown["corrections"], Value::Null);
    let shown = ask(&env, "charter show covenant");
    assert_eq!(shown["corrections"][0]["state"], "proposed");
    assert!(env.run(&["charter", "show", "covenant"]).ok().contains("corrections of the text"));
    env.run(&["audit"]).ok();
}

#[test]
fn while_a_correction_of_a_clause_is_proposed_in_force_reports_both_readings_vclt_79_2() {
    let env = Env::new();
    let counts = |n: u8| format!("entry-into-force = \"count({n}) then months(3)\"\n");
    env.write("covenant.toml", TREATY.replacen("\n[[", &format!("{}\n[[", counts(3)), 1));
    env.run(&["init"]).ok();
    env.run(&["charter", "adopt", "covenant.toml"]).ok();
    parties(&env, &[("FRA", "2000-01-10"), ("NOR", "2000-02-01"), ("USA", "2001-11-30")]);
    let text = format!("id = \"covenant\"\ninstrument = \"Procès-verbal\"\n{}", counts(2));
    env.write("corrected.toml", format!("{text}[[source]]\ncite = \"a test\"\n"));
    record(&env, "correction-proposed - --notified 2001-01-10 --text corrected.toml", &[]);
    let answer = ask(&env, "in-force covenant --on 2001-03-01");
    assert_eq!((&answer["in_force"], &answer["on"]), (&json!(false), &json!("2002-02-28")));
    assert_eq!((&answer["count"], &answer["needed"]), (&json!(2), &json!(3)), "in whole numbers");
    note(&answer, "under the corrected text: in force from 2000-05-01");
    let earlier = ask(&env, "in-force covenant --on 2000-03-01");
    note(&earlier, "under the corrected text: in force only from 2000-05-01");
}

#[test]
fn an_effected_correction_holds_from_the_beginning_and_is_known_from_its_decision_vclt_79_4() {
    let (env, proposal) = proposed();
    record(&env, "correction-effected - --decided 2020-08-03", &["--to", &proposal]);
    let answer = env.status("USA --in covenant --on 2019-06-01");
    assert_eq!((&answer["status"], &answer["since"]), (&json!("party"), &json!("2018-01-01")));
    assert_eq!(answer["corrections"][0]["state"], "effected");
    assert_eq!(answer["corrections"][0]["reading"], Value::Null);
    assert!(answer["because"][0]["clause"].as_str().unwrap().contains("art. 20, corrected"));
    let then = env.status("USA --in covenant --on 2019-06-01 --as-known 2020-08-02");
    assert_eq!((&then["status"], &then["corrections"][0]["state"]), (&json!("none"), &json!("proposed")));
    assert_eq!(env.status("USA --in covenant --on 2019-06-01 --as-known 2020-08-03")["status"], "party");
    assert_eq!(env.status("USA --in covenant --on 2019-06-01 --as-recorded 4")["status"], "none");
    env.run(&["audit"]).ok();
    env.run(&["replay"]).ok();
    assert_eq!(env.status("USA --in covenant --on 2019-06-01")["status"], "party");
    // Without its proposal nothing was corrected.
    env.run(&["retract", &proposal, "--cause", "clerical", "--cite", "a test"]).ok();
    assert_eq!(env.status("USA --in covenant --on 2019-06-01")["status"], "none");
    env.run(&["audit"]).ok();
}

#[test]
fn a_correction_of_an_amendment_holds_from_the_amendment_and_what_follows_builds_on_it_vclt_79_4() {
    let env = covenant();
    let defective = CORRECTED.replace("to = \"party\"", "to = \"signatory\"");
    let amendment = defective.replacen("[[", "effective = \"2000-01-01\"\n[[", 1);
    env.write("amendment.toml", amendment);
    env.run(&["charter", "amend", "amendment.toml"]).ok();
    env.write("corrected.toml", CORRECTED);
    let proposal =
        record(&env, "correction-proposed - --notified 2001-02-01 --to 1 --text corrected.toml", &[]);
    record(&env, "correction-effected - --decided 2001-06-01", &["--to", &proposal.to_string()]);
    let shown = ask(&env, "charter show covenant --on 2000-01-01");
    assert_eq!(shown["corrections"][0]["effective"], "2000-01-01");
    let from: Vec<&Value> = shown["versions"].as_array().unwrap().iter().map(|v| &v["effective"]).collect();
    assert_eq!(from, ["1990-05-01", "2000-01-01", "2000-01-01"].map(Value::from).iter().collect::<Vec<_>>());
    env.run(&["audit"]).ok();
}

#[test]
fn a_correction_decided_to_hold_from_a_day_holds_from_that_day_vclt_79_4() {
    let (env, proposal) = proposed();
    record(&env, "correction-effected - --decided 2020-08-03 --effective 2020-09-01", &["--to", &proposal]);
    assert_eq!(env.status("USA --in covenant --on 2020-10-01")["status"], "none");
    record(&env, "definitive-signature NOR --signed 2020-10-01", &[]);
    assert_eq!(env.status("NOR --in covenant --on 2020-10-01")["status"], "party");
    env.run(&["audit"]).ok();
}

#[test]
fn an_objection_in_time_stops_a_correction_and_a_late_one_does_not_vclt_79_2_b() {
    let (env, proposal) = proposed();
    let objection =
        record(&env, "objection-made FRA --received 2020-07-30", &["--to", &proposal]).to_string();
    let answer = env.status("USA --in covenant --on 2020-08-01");
    assert_eq!(answer["corrections"][0]["state"], "objected");
    assert_eq!(answer["corrections"][0]["objections"][0].to_string(), objection);
    assert_eq!(answer["corrections"][0]["reading"], Value::Null);
    let effect = with("correction-effected - --decided 2020-08-03", &["--to", &proposal]);
    let error = env.run(&effect).fails(3);
    assert!(error.contains("was objected to in time by FRA on 2020-07-30"), "{error}");
    // What is recorded after the fact is shown.
    let (late, proposal_of_late) = proposed();
    record(&late, "correction-effected - --decided 2020-08-03", &["--to", &proposal_of_late]);
    record(&late, "objection-made FRA --received 2020-07-01", &["--to", &proposal_of_late]);
    note(&late.status("USA --in covenant"), "although it was objected to in time");
    // Once the objection is withdrawn the text can be corrected.
    record(&env, "objection-withdrawn FRA --notified 2020-09-01", &["--to", &objection]);
    assert_eq!(env.status("USA --in covenant")["corrections"][0]["state"], "proposed");
    env.run(&effect).ok();

    let (env, proposal) = proposed();
    record(&env, "objection-made FRA --received 2020-07-31", &["--to", &proposal]);
    assert_eq!(env.status("USA --in covenant")["corrections"][0]["state"], "proposed");
    record(&env, "correction-effected - --decided 2020-08-03", &["--to", &proposal]);
    assert_eq!(env.status("USA --in covenant")["status"], "party");
}

#[test]
fn a_proposal_may_set_its_own_time_for_objections_vclt_79_2_a() {
    let env = covenant();
    record(&env, "correction-proposed - --notified 2020-05-01 --until 2020-06-01", &["--to", "0"]);
    record(&env, "correction-proposed - --notified 2020-05-01 --planned 2020-07-01", &["--to", "0"]);
    let shown = ask(&env, "charter show covenant");
    let until: Vec<&Value> =
        shown["corrections"].as_array().unwrap().iter().map(|c| &c["objections_until"]).collect();
    assert_eq!(until, [&json!("2020-06-01"), &json!("2020-07-01")]);
}

#[test]
fn a_correction_that_cannot_be_is_refused_with_what_to_do() {
    let env = covenant();
    env.write("broken.toml", "id = ");
    env.write("other.toml", CORRECTED.replace("covenant", "another"));
    env.write("undefined.toml", CORRECTED.replace("to = \"party\"", "to = \"ally\""));
    let line = "correction-proposed - --notified 2020-05-01 --to 0";
    assert!(env.run(&with(line, &["--text", "broken.toml"])).fails(2).contains("broken.toml, line 1"));
    let other = env.run(&with(line, &["--text", "other.toml"])).fails(2);
    assert!(other.contains("the corrected text is of another, the act is in covenant"), "{other}");
    let effect = env.run(&with("correction-effected - --decided 2020-08-03 --to 0", &[])).fails(2);
    assert!(effect.contains("no proposed correction stands under"), "{effect}");
    let nothing = env.run(&with("correction-effected - --decided 2020-08-03", &[])).fails(2);
    assert!(nothing.contains("must name the entry: --to ENTRY"), "{nothing}");
    let unsound = env.run(&with(line, &["--text", "undefined.toml"])).fails(2);
    assert!(unsound.contains("there is no status ally"), "{unsound}");
    let proposal = record(&env, line, &[]).to_string();
    let undated =
        env.run(&with("correction-effected - --effective 2020-08-03", &["--to", &proposal])).fails(2);
    assert!(undated.contains("--decided or --notified"), "{undated}");
    let effect = "correction-effected - --decided 2020-08-03";
    let effect = env.run(&with(effect, &["--to", &proposal, "--text", "undefined.toml"])).fails(2);
    assert!(effect.contains("there is no status ally"), "{effect}");
}

// Overlays

#[test]
fn provisional_application_ends_when_the_treaty_is_in_force_for_the_participant_vclt_25() {
    let env = covenant();
    record(&env, "treaty-signed USA --signed 2018-01-01", &[]);
    record(&env, "provisional-application-began USA --effective 2018-06-01", &[]);
    parties(&env, &[("USA", "2020-03-01")]);
    let before = env.status("USA --in covenant --on 2020-02-29");
    assert_eq!(before["overlays"][0]["overlay"], "provisional-application");
    assert_eq!(env.status("USA --in covenant --on 2020-03-01")["overlays"], json!([]));
    let roster = ask(&env, "roster covenant --on 2020-03-01");
    assert_eq!(roster["participants"][0]["overlays"], Value::Null);
}

#[test]
fn a_suspended_operation_lies_over_every_party_until_its_day_vclt_57_58() {
    let env = covenant();
    parties(&env, &[("FRA", "2019-01-10"), ("USA", "2020-03-01")]);
    let whole = ["--title", "Decision of the Conference"];
    record(&env, "treaty-operation-suspended - --effective 2021-01-01 --until 2021-07-01", &whole);
    record(&env, "treaty-operation-suspended USA --effective 2022-01-01 --until 2022-07-01", &[]);
    for (who, on, over) in [
        ("FRA", "2020-12-31", false),
        ("FRA", "2021-01-01", true),
        ("USA", "2021-06-30", true),
        ("USA", "2021-07-01", false),
        ("USA", "2022-01-01", true),
        ("FRA", "2022-01-01", false),
        ("NOR", "2021-02-01", false),
    ] {
        let answer = env.status(&format!("{who} --in covenant --on {on}"));
        let overlays = answer["overlays"].as_array().unwrap();
        let kinds: Vec<&str> = overlays.iter().filter_map(|o| o["overlay"].as_str()).collect();
        assert_eq!(kinds == ["operation-suspended"], over, "{who} on {on}");
    }
    let between = ask(&env, "relations FRA USA --in covenant --on 2021-02-01");
    assert_eq!(between["in_force"], true);
    note(&between, "FRA: operation-suspended (Decision of the Conference) since 2021-01-01");
}

#[test]
fn another_government_spoke_for_a_member_until_the_change_of_representation_unga_2758() {
    let env = covenant();
    parties(&env, &[("CHN", "1991-01-01")]);
    let title = ["--title", "Resolution 2758"];
    let change = record(&env, "representation-changed CHN --decided 1995-10-25", &title);
    let before = env.status("CHN --in covenant --on 1995-10-24");
    assert_eq!(before["status"], "party");
    assert_eq!(before["overlays"], json!([]));
    let line =
        format!("represented by another government until 1995-10-25: Resolution 2758 (entry {change})");
    note(&before, &line);
    let after = env.status("CHN --in covenant --on 1995-10-25");
    let overlay = &after["overlays"][0];
    assert_eq!(
        (&overlay["overlay"], &overlay["scope"]),
        (&json!("representation"), &json!("Resolution 2758"))
    );
    assert_eq!(overlay["since"], "1995-10-25");
    assert_eq!(after["status"], "party");
    assert!(!after["notes"].to_string().contains("another government"));
    // Who knew nothing of the change could not say so.
    let then = env.status("CHN --in covenant --on 1995-10-24 --as-known 1995-10-24");
    assert!(!then["notes"].to_string().contains("another government"));
}

#[test]
fn the_territories_declared_lie_over_the_status_vclt_29() {
    let env = covenant();
    parties(&env, &[("GBR", "1991-01-01")]);
    record(
        &env,
        "territorial-application-declared GBR --received 1992-02-01",
        &["--scope", "Bermuda, Gibraltar"],
    );
    assert_eq!(env.status("GBR --in covenant --on 1992-01-31")["overlays"], json!([]));
    let answer = env.status("GBR --in covenant --on 1992-02-01");
    let overlay = &answer["overlays"][0];
    assert_eq!(
        (&overlay["overlay"], &overlay["scope"]),
        (&json!("territorial-scope"), &json!("Bermuda, Gibraltar"))
    );
}
