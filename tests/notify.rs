//! What a depositary has to circulate, and that it has gone out (VCLT 77(1)(e), (f), 78, 79).

use serde_json::{Value, json};

use crate::env::Env;
use crate::five::{columns, data, json_of, notes, words};
use crate::sets::{amend, set};

const CONVENTION: &str = r#"id = "untc-4-99"
title = "Convention on Rivers"
short = "Convention"
kind = "treaty"
extends = "multilateral-treaty"
began = "2026-01-15"
adopted = "2026-01-15"
place = "Geneva"
entry_into_force = "count(3) then days(30)"
entry_into_force_for_participant = "days(60)"
withdrawal = "notice then years(1)"

[article]
entry-into-force = "art. 12(1)"
entry-into-force-for-participant = "art. 12(2)"
withdrawal = "art. 15"
"#;

/// With the Convention adopted: the pattern is entry 0, the charter entry 1.
fn convention() -> Env {
    let env = Env::new();
    env.write("rivers.toml", CONVENTION);
    env.run(&["init", "--origin", "test/rivers"]).ok();
    env.run(&["charter", "adopt", "rivers.toml"]).ok();
    env
}

/// Records an act and gives its entry.
#[track_caller]
fn act(env: &Env, line: &str, more: &[&str]) -> u64 {
    let mut args: Vec<&str> = vec!["append"];
    args.extend(line.split_whitespace());
    args.extend(["--in", "untc-4-99", "--cite", "the instrument", "--format", "json"]);
    args.extend(more);
    env.run(&args).json()["entries"][0]["index"].as_u64().unwrap()
}

/// Entry 2 a signature, 3 to 5 ratifications of which the last meets the condition, 6 a reservation made with it, 7 a
/// later accession, 8 a withdrawal; entry 9 rectifies the day of entry 3.
fn record() -> Env {
    let env = convention();
    act(&env, "treaty-signed -p FRA --signed 2026-02-01", &[]);
    act(&env, "instrument-deposited -p FRA --instrument ratification --deposited 2026-03-01", &[]);
    act(&env, "instrument-deposited -p NOR --instrument accession --deposited 2026-04-01", &[]);
    act(&env, "instrument-deposited -p AUT --instrument ratification --deposited 2026-05-01", &[]);
    let words = "Austria does not consider itself bound by article 9.";
    act(&env, "reservation-made -p AUT --deposited 2026-05-01", &["--scope", "article 9", "--quote", words]);
    act(&env, "instrument-deposited -p CHE --instrument accession --deposited 2026-11-10", &[]);
    act(&env, "withdrawal-notified -p NOR --received 2026-10-01", &[]);
    rectify(&env, "3 --set deposited=2026-03-02");
    env
}

#[track_caller]
fn rectify(env: &Env, line: &str) {
    let mut args = vec!["rectify"];
    args.extend(line.split_whitespace());
    args.extend(["--cause", "clerical", "--cite", "the record of deposit", "--quiet"]);
    env.run(&args).ok();
}

#[track_caller]
fn retract(env: &Env, entry: &str) {
    env.run(&["retract", entry, "--cause", "clerical", "--cite", "another treaty", "--quiet"]).ok();
}

#[track_caller]
fn circulated(env: &Env, line: &str, cite: &str) -> String {
    let mut args = vec!["notify", "--circulated", "--cite", cite];
    args.extend(line.split_whitespace());
    env.run(&args).ok()
}

/// Entry, kind and heading of everything that waits.
fn waiting(env: &Env, line: &str) -> Vec<String> {
    columns(&json_of(env, &format!("notify {line}"))["notifications"], &["entry", "kind", "heading"])
}

/// The one draft about an entry.
#[track_caller]
fn draft(env: &Env, line: &str, entry: u64) -> Value {
    let answer = json_of(env, &format!("notify {line}"));
    let drafts = answer["notifications"].as_array().unwrap();
    let mut about = drafts.iter().filter(|d| d["entry"] == entry && d["kind"] != "entry-into-force");
    let found = about.next().unwrap_or_else(|| panic!("no draft about entry {entry}: {answer}")).clone();
    assert_eq!(about.next(), None);
    found
}

/// A text without its roots, which differ on every run.
fn rootless(text: &str) -> String {
    let line = |line: &str| line.split_once("root ").map_or(line, |(before, _)| before).trim_end().to_owned();
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_act_is_drafted_once_and_the_entry_into_force_by_itself_vclt_77_1_e_f() {
    let env = record();
    assert_eq!(
        waiting(&env, "untc-4-99 --since 2"),
        [
            "2 act FRANCE: SIGNATURE",
            "3 act FRANCE: RATIFICATION",
            "4 act NORWAY: ACCESSION",
            "5 act AUSTRIA: RATIFICATION",
            "5 entry-into-force ENTRY INTO FORCE",
            "6 act AUSTRIA: RESERVATION",
            "7 act SWITZERLAND: ACCESSION",
            "8 act NORWAY: WITHDRAWAL",
        ]
    );
    // What was recorded before and has no circular is told where it was corrected since, and not drafted.
    let corrected = json_of(&env, "notify --since 9");
    assert_eq!(corrected["notifications"], json!([]));
    assert!(notes(&corrected, &["entry 3", "corrected by entry 9", "--since 3 drafts it"]), "{corrected}");
    // A time and an earlier record are sizes too.
    assert_eq!(waiting(&env, "--since 7"), ["7 act SWITZERLAND: ACCESSION", "8 act NORWAY: WITHDRAWAL"]);
    assert_eq!(waiting(&env, "--since 7 --as-recorded 8"), ["7 act SWITZERLAND: ACCESSION"]);
    assert_eq!(waiting(&env, "--since 2026-11-22").len(), 8);
    assert_eq!(waiting(&env, "--since 2026-11-23"), [""; 0]);
}

#[test]
fn a_draft_reads_like_the_notification_of_a_depositary() {
    let env = record();
    let said = "The Secretary-General of the United Nations";
    let text = env.run(&["notify", "--since", "7", "--as-recorded", "8", "--depositary", said]).ok();
    insta::assert_snapshot!(rootless(&text), @r#"
    1 notification to circulate, recorded from entry 7 on

    ────────────────────────────────────────────────────────────────────────────────
    Reference: C.N.____.2026.TREATIES-IV.99

    Convention on Rivers
    Geneva, 15 January 2026

    SWITZERLAND: ACCESSION

    The Secretary-General of the United Nations, acting in the capacity of
    depositary, communicates the following:

    The above action was effected on 10 November 2026.

    The Convention will enter into force for Switzerland on 9 January 2027, in
    accordance with its article 12(2) (days(60)).

    23 November 2026

    To 4 addressees
      parties (3)  AUT FRA NOR
      contracting states (1)  CHE

    Draft. It rests on entries 1 7
    of a record of 8 entries,
    when it has gone out:
      chancery notify --circulated 7 --notified DATE --cite "C.N.…"
    ────────────────────────────────────────────────────────────────────────────────

    on 2026-11-23 (today), known by today, as recorded: 8 entries,
    "#);
    let text = env.run(&["notify", "--since", "5", "--as-recorded", "7"]).ok();
    let about: Vec<&str> = text.split("Reference: ").skip(2).collect();
    insta::assert_snapshot!(rootless(&about.concat()), @r#"
    C.N.____.2026.TREATIES-IV.99

    Convention on Rivers
    Geneva, 15 January 2026

    ENTRY INTO FORCE

    The depositary communicates the following:

    The conditions for the entry into force of the Convention were met on 1 May
    2026.

    The Convention entered into force on 31 May 2026, in accordance with its article
    12(1) (count(3) then days(30)). From that day it binds Austria (AUT), France
    (FRA) and Norway (NOR).

    23 November 2026

    To 3 addressees
      parties (3)  AUT FRA NOR

    Draft. It rests on entries 1 5
    of a record of 7 entries,
    when it has gone out:
      chancery notify --circulated 5 --entry-into-force --notified DATE --cite "C.N.…"

    ────────────────────────────────────────────────────────────────────────────────
    C.N.____.2026.TREATIES-IV.99

    Convention on Rivers
    Geneva, 15 January 2026

    AUSTRIA: RESERVATION

    The depositary communicates the following:

    The above action was effected on 1 May 2026.

    Concerning: article 9

    Objections may be made within twelve months from this notification (VCLT 20(5)).

    The text reads as follows:

        Austria does not consider itself bound by article 9.

    23 November 2026

    To 3 addressees
      parties (3)  AUT FRA NOR

    Draft. It rests on entry 6
    of a record of 7 entries,
    when it has gone out:
      chancery notify --circulated 6 --notified DATE --cite "C.N.…"
    ────────────────────────────────────────────────────────────────────────────────

    on 2026-11-23 (today), known by today, as recorded: 7 entries,
    "#);
}

#[test]
fn the_effect_is_computed_by_the_clause_with_its_article_or_said_to_be_unknown() {
    let env = record();
    let effect = |env: &Env, entry| draft(env, "--since 2", entry)["effect"].clone();
    let by_all = effect(&env, 5);
    assert_eq!((&by_all["on"], &by_all["article"]), (&json!("2026-05-31"), &json!("art. 12(1)")));
    let later = effect(&env, 7);
    assert_eq!((&later["on"], &later["article"]), (&json!("2027-01-09"), &json!("art. 12(2)")));
    let leaves = effect(&env, 8);
    assert_eq!((&leaves["on"], &leaves["article"]), (&json!("2027-10-01"), &json!("art. 15")));
    // Until the condition is met, how far it is.
    let unmet = draft(&env, "--since 2 --as-recorded 5", 4)["effect"].clone();
    assert_eq!((&unmet["on"], &unmet["basis"]), (&Value::Null, &json!("not-met")));
    assert_eq!((&unmet["count"], &unmet["needed"]), (&json!(2.0), &json!(3.0)));

    let silent = Env::new();
    let lines: Vec<&str> = CONVENTION.lines().filter(|line| !line.contains("_force")).collect();
    let text = lines.join("\n").replace("entry-into-force = \"art. 12(1)\"\n", "");
    silent.write("rivers.toml", text.replace("withdrawal = \"notice then years(1)\"\n", ""));
    silent.run(&["init"]).ok();
    silent.run(&["charter", "adopt", "rivers.toml"]).ok();
    act(&silent, "instrument-deposited -p FRA --deposited 2026-03-01", &[]);
    let text = silent.run(&["notify", "--since", "2"]).ok();
    assert!(text.contains("FRANCE: DEPOSIT OF AN INSTRUMENT OF CONSENT TO BE BOUND"), "{text}");
    let text = text.replace('\n', " ");
    assert!(
        text.contains("is not stated here: the record holds no clause on its entry into force."),
        "{text}"
    );
}

#[test]
fn what_has_gone_out_is_recorded_once_and_left_out_from_then_on() {
    let env = record();
    let receipt = circulated(&env, "2 3 --notified 2026-11-20", "C.N.7.2026.TREATIES-IV.99");
    assert!(receipt.contains("entries 10 to 11") && receipt.contains("no status changes"), "{receipt}");
    let again = circulated(&env, "2 3 --done 2026-11-20", "C.N.7.2026.TREATIES-IV.99");
    assert!(again.contains("entries 10 to 11  2 events, 2 of them recorded before"), "{again}");
    let shown = json_of(&env, "show 10");
    let event = &shown[0]["leaf"]["event"];
    assert_eq!(event["act"], "depositary-notified", "{shown}");
    assert_eq!(event["to"], json_of(&env, "show 2")[0]["leaf"]["event"]["id"]);
    assert_eq!(waiting(&env, "--since 2 --as-recorded 9").len(), 8);
    assert_eq!(waiting(&env, "--since 2").len(), 6);

    let other = ["notify", "--circulated", "2", "--notified", "2026-11-21", "--cite", "C.N.8"];
    assert!(env.run(&other).fails(3).contains("entry 2 was circulated already on 2026-11-20: entry 10"));

    // The deposit that met the condition has two notifications, each with its own circular.
    circulated(&env, "5 --entry-into-force --on-day 2026-11-21", "C.N.8.2026.TREATIES-IV.99");
    assert!(waiting(&env, "--since 2").contains(&"5 act AUSTRIA: RATIFICATION".to_owned()));
    let force = json_of(&env, "in-force untc-4-99");
    assert_eq!((&force["on"], &force["certified"]["index"]), (&json!("2026-05-31"), &json!(12)));

    let dry = circulated(&env, "--since 2 --notified 2026-11-23 --dry-run", "C.N.9 to 13.2026");
    assert!(dry.starts_with("dry run: 5 events may be recorded"), "{dry}");
    assert_eq!(env.size(), 13);
    circulated(&env, "untc-4-99 --since 2 --notified 2026-11-23", "C.N.9 to 13.2026");
    let nothing = env.run(&["notify", "--since", "0"]).ok();
    assert!(nothing.starts_with("Nothing to notify: no act recorded in the whole record waits"), "{nothing}");
    let nothing = circulated(&env, "--since 2 --notified 2026-11-23", "C.N.9 to 13.2026");
    assert!(nothing.starts_with("Nothing was recorded"), "{nothing}");
    assert_eq!(env.size(), 18);
    // The twelve months of the reservation run from the circular (VCLT 20(5), 78(c)).
    let reserved = json_of(&env, "reservations untc-4-99");
    assert_eq!(reserved["reservations"][0]["objection_period_ends"], "2027-11-23");
    assert_eq!(env.run(&["audit"]).ok(), "");
}

#[test]
fn what_was_circulated_and_corrected_since_gives_a_corrigendum_until_that_is_circulated() {
    let env = record();
    circulated(&env, "--since 2 --notified 2026-11-20", "C.N.7.2026.TREATIES-IV.99");
    let from = env.size();
    rectify(&env, "7 --set deposited=2026-11-12");
    rectify(&env, "4 --set note=nothing-that-a-notification-says");
    retract(&env, "8");
    let expected = ["7 corrigendum SWITZERLAND: ACCESSION", "8 corrigendum NORWAY: WITHDRAWAL"];
    assert_eq!(waiting(&env, &format!("--since {from}")), expected);
    // Also for whoever has not circulated anything since the beginning.
    assert_eq!(waiting(&env, "--since 2"), expected);
    let moved = draft(&env, "--since 2", 7);
    assert_eq!(moved["reference"], "C.N.7.2026.TREATIES-IV.99 (Corrigendum)");
    assert_eq!(moved["changes"], json!([{"field": "deposited", "was": "2026-11-10", "now": "2026-11-12"}]));
    assert_eq!(moved["effect"]["on"], "2027-01-11");
    assert_eq!(draft(&env, "--since 2", 8)["corrects"]["withdrawn"], true);
    let text = rootless(&env.run(&["notify", "--since", "2"]).ok());
    assert!(text.contains("Deposited: for 2026-11-10, read 2026-11-12."), "{text}");
    assert!(
        text.contains("It is withdrawn from the record: the notification is to be disregarded."),
        "{text}"
    );

    circulated(&env, "7 --notified 2026-11-23", "C.N.7.2026.TREATIES-IV.99 (Corrigendum)");
    assert_eq!(waiting(&env, "--since 2"), expected[1..]);
    rectify(&env, "7 --set deposited=2026-11-13");
    let moved = draft(&env, "--since 2", 7);
    assert_eq!(moved["changes"], json!([{"field": "deposited", "was": "2026-11-12", "now": "2026-11-13"}]));
    assert_eq!(moved["reference"], "C.N.7.2026.TREATIES-IV.99 (Corrigendum)");
    // The retraction is itself retracted: nothing is left to be disregarded.
    retract(&env, &(from + 2).to_string());
    assert_eq!(waiting(&env, "--since 2"), expected[..1]);
}

#[test]
fn a_certificate_that_went_out_and_a_clause_that_gives_another_day_since_are_told_apart() {
    let env = record();
    circulated(&env, "--since 2 --notified 2026-11-20", "C.N.7.2026.TREATIES-IV.99");
    rectify(&env, "5 --set deposited=2026-05-03");
    let answer = json_of(&env, "notify --since 2");
    assert!(notes(&answer, &["the clause gives 2026-06-02", "certifies 2026-05-31"]), "{answer}");
    let certificate = env.run(&["log", "--act", "treaty-entered-into-force", "--format", "csv"]).ok();
    let entry = certificate.lines().nth(1).unwrap().split(',').next().unwrap().to_owned();
    rectify(&env, &format!("{entry} --set effective=2026-06-02"));
    let kinds = waiting(&env, "--since 2");
    assert!(kinds.contains(&format!("{entry} corrigendum ENTRY INTO FORCE")), "{kinds:?}");
}

#[test]
fn an_instrument_under_examination_is_not_circulated_until_it_is_accepted_vclt_77_1_d() {
    let env = convention();
    let letter = act(&env, "communication-received -p NOR --received 2026-03-02", &[]).to_string();
    let deposit = act(&env, "instrument-deposited -p NOR --deposited 2026-03-02", &["--to", &letter]);
    let answer = json_of(&env, "notify --since 2");
    assert_eq!(answer["notifications"], json!([]));
    assert!(notes(&answer, &["is not counted", "received and not examined"]), "{answer}");
    let before = env.size();
    act(&env, "communication-examined -p NOR --finding accepted --done 2026-03-20", &["--to", &letter]);
    // Recorded before, it counts only since the finding.
    let found = draft(&env, &format!("--since {before}"), deposit);
    assert_eq!(found["date"], "2026-03-02");
}

#[test]
fn a_correction_of_the_text_is_proposed_with_its_period_and_what_two_sources_tell_goes_out_once() {
    let env = convention();
    let proposed = act(&env, "correction-proposed --notified 2026-06-01 --to 1", &["--title", "art. 3"]);
    let undated = act(&env, "correction-proposed --decided 2026-06-01 --to 1", &[]);
    let deposit = act(&env, "instrument-deposited -p FRA --deposited 2026-03-01", &[]);
    act(&env, "instrument-deposited -p FRA --deposited 2026-03-01", &["--note", "as another source has it"]);
    assert_eq!(draft(&env, "--since 2", proposed)["objections_before"], "2026-08-31");
    assert_eq!(
        draft(&env, "--since 2", undated)["objection_period"],
        "90 days from this notification (VCLT 79(2))"
    );
    assert_eq!(waiting(&env, "--since 2").len(), 3);
    assert_eq!(draft(&env, "--since 2", deposit)["entries"], json!([1, deposit, deposit + 1]));
    // Of any act but one that is dated by it, `notified` says that it went out.
    act(&env, "instrument-deposited -p AUT --deposited 2026-04-01 --notified 2026-04-09", &[]);
    assert_eq!(waiting(&env, "--since 2").len(), 3);
}

#[test]
fn each_draft_is_a_file_of_a_name_that_stays() {
    let env = record();
    let listed = env.run(&["notify", "--since", "2", "--out", "drafts"]).ok();
    assert!(listed.contains("drafts/untc-4-99-entry-5-entry-into-force.txt"), "{listed}");
    let text = std::fs::read_to_string(env.path().join("drafts/untc-4-99-entry-8.txt")).unwrap();
    assert!(text.contains("\nNORWAY: WITHDRAWAL\n"), "{text}");
    let first = crate::env::files(&env.path().join("drafts"));
    assert_eq!(first.len(), 8);
    env.run(&["notify", "--since", "2", "--out", "drafts"]).ok();
    assert_eq!(crate::env::files(&env.path().join("drafts")), first);
}

#[test]
fn states_that_left_and_states_that_are_no_more_are_told_apart_among_the_addressees() {
    let env = convention();
    act(&env, "treaty-signed -p FRA --signed 2026-02-01", &[]);
    for who in ["CSK", "NOR", "AUT", "CHE"] {
        act(&env, &format!("instrument-deposited -p {who} --deposited 2026-02-01"), &[]);
    }
    act(&env, "withdrawal-effective -p CHE --effective 2026-10-01", &[]);
    act(&env, "domestic-approval -p ITA --decided 2026-10-01", &[]);
    let to = draft(&env, "--since 2", 2)["addressees"].clone();
    let groups = columns(&to["by_status"], &["status", "participants"]);
    assert_eq!(groups, [r#"party ["AUT","NOR"]"#, r#"signatory ["FRA"]"#]);
    assert_eq!((words(&to["others"]), &to["count"]), (vec!["CHE", "ITA"], &json!(5)));
}

#[test]
fn only_what_a_depositary_circulates_is_drafted_from_the_record_of_an_organisation() {
    let env = Env::demo();
    let answer = json_of(&env, "notify sco --since 0");
    let drafts = answer["notifications"].as_array().unwrap();
    let acts: std::collections::BTreeSet<&str> = drafts.iter().map(|d| d["act"].as_str().unwrap()).collect();
    assert_eq!(Vec::from_iter(acts), ["founded", "treaty-entered-into-force", "treaty-signed"]);
    assert!(drafts.iter().all(|d| d["reference"] == "No. ____ of 2026 (sco)"), "{answer}");
    assert!(env.run(&["notify", "--since", "127"]).ok().starts_with("Nothing to notify"));
}

#[test]
fn the_thirty_fifth_deposit_of_the_covenant_is_drafted_with_its_entry_into_force() {
    if data("questions.csv").is_none() {
        return;
    }
    let Some((env, _)) = set("untc2015") else { return };
    amend(
        &env,
        "untc-4-4",
        "entry_into_force = \"count(35) then months(3)\"\n[article]\nentry-into-force = \"art. 49(1)\"",
    );
    for (who, day) in [("DDR", "1973-11-08"), ("YUG", "1971-06-02")] {
        let line =
            format!("append instrument-deposited -p {who} --in untc-4-4 --deposited {day} --quiet --cite x");
        env.run(&line.split(' ').collect::<Vec<_>>()).ok();
    }
    let since = env.size();
    let line = "append instrument-deposited -p CSK --in untc-4-4 --deposited 1975-12-23 --instrument ratification --cite x";
    env.run(&line.split(' ').collect::<Vec<_>>()).ok();
    let answer = json_of(&env, &format!("notify untc-4-4 --since {since}"));
    let drafts = answer["notifications"].as_array().unwrap();
    assert_eq!(drafts.len(), 2, "{answer}");
    assert_eq!((&drafts[0]["participant"], &drafts[0]["form"]), (&json!("CSK"), &json!("ratification")));
    let force = &drafts[1];
    assert_eq!((&force["kind"], &force["date"]), (&json!("entry-into-force"), &json!("1975-12-23")));
    assert_eq!(
        (&force["effect"]["on"], &force["effect"]["article"]),
        (&json!("1976-03-23"), &json!("art. 49(1)"))
    );
    assert_eq!(force["effect"]["for"].as_array().unwrap().len(), 35);
    assert_eq!(force["reference"], "C.N.____.2026.TREATIES-IV.4");
    let to = &force["addressees"];
    assert!(to["count"].as_u64().unwrap() > 160 && !to.to_string().contains("CSK"), "{to}");
}
