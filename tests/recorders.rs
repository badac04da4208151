//! Recorders through the command line: who signs, who may, and what is refused.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::env::{Env, Ran, copy};

const LAO: &str = "application-filed -p LAO --in sco --toward sco-partner --done 2025-09-02 --cite x";

/// Words of a line, separated by spaces.
fn run(env: &Env, line: &str) -> Ran {
    env.run(&line.split_whitespace().collect::<Vec<_>>())
}

/// Keys of three recorders, in files by their names.
fn keys(env: Env) -> Env {
    for name in ["registry", "desk", "second"] {
        run(&env, &format!("recorder generate {name}.key --name {name} --quiet")).ok();
    }
    env
}

/// A shared ledger of the SCO: `registry` keeps the register (entries 7 and 8), `desk` records in the SCO (entry 9).
fn shared() -> Env {
    let env = keys(Env::new());
    run(&env, "init --charter sco --origin test/sco --recorders required --recorder registry.key.pub").ok();
    run(&env, "recorder enrol desk.key.pub --bodies sco --cite order-1 --sign registry.key").ok();
    env
}

fn findings(env: &Env) -> Vec<String> {
    let ran = run(env, "audit --format json");
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let found = report["findings"].as_array().unwrap();
    found
        .iter()
        .map(|f| format!("{}: {}", f["check"].as_str().unwrap(), f["code"].as_str().unwrap()))
        .collect()
}

#[test]
fn a_key_is_made_for_its_owner_alone_and_never_over_another() {
    let env = keys(Env::new());
    let mode = |name: &str| std::fs::metadata(env.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("desk.key"), mode("desk.key.pub") & 0o444), (0o600, 0o444));
    let line = std::fs::read_to_string(env.path().join("desk.key.pub")).unwrap();
    assert!(line.starts_with("desk+") && line.ends_with('\n'), "{line}");
    let again = run(&env, "recorder generate desk.key --name desk").fails(3);
    assert!(again.contains("desk.key: there is such a file already"), "{again}");
    run(&env, "recorder generate new.key --name a.b").fails(2);
}

#[test]
fn a_shared_ledger_records_what_enrolled_recorders_sign_and_the_audit_holds_it() {
    let env = shared();
    run(&env, &format!("append {LAO} --sign desk.key")).ok();
    let leaf = env.run(&["show", "10", "--leaf"]).ok();
    assert!(
        leaf.contains(r#""sig":[{"recorder":"desk","signature":""#) && leaf.ends_with("\"v\":2}\n"),
        "{leaf}"
    );
    assert_eq!(env.run(&["audit"]).ok(), "");
    let shown = env.run(&["show", "10", "--format", "json"]).json();
    let signature = &shown[0]["custody"]["signatures"][0];
    assert_eq!((&signature["recorder"], &signature["enrolled"]), (&"desk".into(), &9.into()));
    assert_eq!(signature["verified"], true);
    let text = env.run(&["show", "10"]).ok();
    assert!(text.contains("signed by    desk, verified with the key of entry 9"), "{text}");
    // The key may be named by the environment, and is never an argument itself.
    let mut command = env.chancery(&["retract", "10", "--cause", "clerical", "--cite", "x"]);
    assert!(command.env("CHANCERY_RECORDER_KEY", "desk.key").output().unwrap().status.success());
    assert_eq!(env.size(), 12);
    assert_eq!(env.run(&["audit"]).ok(), "");
}

#[test]
fn every_command_that_records_is_refused_without_a_signature_and_records_with_one() {
    let env = shared();
    run(&env, &format!("append {LAO} --sign desk.key")).ok();
    env.write("rows.csv", "date,party,event_kind,source_citation\n2025-09-03,MMR,application-filed,x\n");
    let events =
        r#"{"date":"2025-09-04","kind":"application-filed","body":"sco","party":"TUR","source":"x"}"#;
    env.write("events.jsonl", format!("{events}\n"));
    env.write(
        "batch.jsonl",
        r#"{"act":"application-filed","body":"sco","participant":"KWT","dates":{"done":"2025"}}"#,
    );
    env.write("amend.toml", "id = \"sco\"\neffective = \"2026-01-01\"\nnote = \"a test\"\n");
    let quoted =
        "append application-filed -p EGY --in sco --done 2025-09-05 --cite x --quote words --redactable";
    run(&env, &format!("{quoted} --sign desk.key")).ok();
    run(&env, "append instrument-deposited -p LAO --in sco --deposited 2025-11-01 --cite x --sign desk.key")
        .ok();
    let lines = [
        "append application-withdrawn -p LAO --in sco --received 2025-10-01 --cite x",
        "append --from batch.jsonl",
        "import csv rows.csv --in sco",
        "import events events.jsonl",
        "rectify 10 --set note=late --cause clerical --cite x",
        "retract 10 --cause clerical --cite x",
        "redact 11 --cite x",
        "charter amend amend.toml",
        "notify 12 --circulated --notified 2025-11-01 --cite x",
    ];
    for line in lines {
        let before = env.size();
        let refused = run(&env, line);
        assert_eq!((refused.code, env.size()), (3, before), "{line}: {}", refused.all());
        assert!(
            refused.stderr.contains("this ledger records only what its recorders sign"),
            "{}",
            refused.stderr
        );
        let done = run(&env, &format!("{line} --sign desk.key"));
        assert_eq!(done.code, 0, "{line}: {}", done.all());
        assert!(env.size() > before, "{line}");
    }
    assert_eq!(env.run(&["audit"]).ok(), "");
    for line in ["enrol second.key.pub", "limit desk --bodies sco", "revoke desk", "require"] {
        let refused = run(&env, &format!("recorder {line} --cite x")).fails(3);
        assert!(refused.contains("recorders sign") || refused.contains("required already"), "{refused}");
    }
}

#[test]
fn what_a_recorder_may_not_sign_is_refused_and_nothing_is_recorded() {
    let env = shared();
    run(&env, "charter adopt nato --sign registry.key").ok();
    run(&env, &format!("append {LAO} --sign desk.key")).ok();
    run(&env, "append application-filed -p UKR --in nato --done 2022-09-30 --cite x --sign registry.key")
        .ok();
    let mut other = env.chancery(&["recorder", "generate", "registry-two.key", "--name", "registry"]);
    assert!(other.env("CHANCERY_KEY_SEED", "another").output().unwrap().status.success());
    let nato = env.size() - 1;
    let lao = nato - 1;
    let moved = nato + 1;
    run(&env, "append application-filed -p KWT --in sco --done 2025-09-02 --cite x --sign desk.key").ok();
    run(&env, &format!("rectify {moved} --set body=nato --cause clerical --cite x --sign registry.key")).ok();
    let refused = [
        (
            format!("rectify {moved} --set note=y --cause clerical --cite x --sign desk.key"),
            "desk may not record in nato",
        ),
        (format!("append {LAO} --sign second.key"), "no recorder called second is enrolled"),
        (
            "append application-filed -p GEO --in nato --done 2022 --cite x --sign desk.key".into(),
            "desk may not record in nato",
        ),
        (format!("retract {nato} --cause clerical --cite x --sign desk.key"), "desk may not record in nato"),
        (
            format!("rectify {lao} --set body=nato --cause clerical --cite x --sign desk.key"),
            "desk may not record in nato",
        ),
        (
            "recorder revoke registry --cite x --sign desk.key".into(),
            "may not record the ledger's own affairs",
        ),
        ("recorder revoke registry --cite x --sign registry.key".into(), "nobody could enrol a recorder"),
        ("recorder limit registry --cite x --sign registry.key".into(), "nobody could enrol a recorder"),
        (
            "recorder enrol desk.key.pub --cite x --sign registry.key".into(),
            "desk is enrolled already, by entry 9",
        ),
        ("recorder limit nobody --cite x --sign registry.key".into(), "no recorder called nobody"),
        ("recorder require --cite x --sign registry.key".into(), "required already, since entry 8"),
        (format!("append {LAO} --sign registry-two.key"), "the key given is not the one with which registry"),
        ("retract 9 --cause clerical --cite x --sign registry.key".into(), "is not corrected"),
        ("rectify 9 --set note=x --cause clerical --cite x --sign registry.key".into(), "is not corrected"),
    ];
    let size = env.size();
    for (line, said) in refused {
        let error = run(&env, &line).fails(3);
        assert!(error.contains(said), "{line}: {error}");
    }
    assert_eq!(env.size(), size);
    std::fs::set_permissions(env.path().join("desk.key"), PermissionsExt::from_mode(0o644)).unwrap();
    assert!(run(&env, &format!("append {LAO} --sign desk.key")).fails(3).contains("(mode 644)"));
    run(&env, &format!("append {LAO} --sign nothing.key")).fails(2);
    run(&env, &format!("append {LAO} --sign desk.key.pub")).fails(3);
    assert_eq!(env.size(), size);
}

#[test]
fn an_import_is_withdrawn_only_by_who_may_record_in_every_body_of_its_rows() {
    let env = shared();
    run(&env, "charter adopt nato --sign registry.key").ok();
    let line = |day: &str, body: &str, party: &str| {
        format!(
            r#"{{"date":"{day}","kind":"application-filed","body":"{body}","party":"{party}","source":"x"}}"#
        )
    };
    let lines = [line("2025-09-04", "sco", "TUR"), line("2022-09-30", "nato", "UKR")];
    env.write("events.jsonl", lines.join("\n") + "\n");
    run(&env, "import events events.jsonl --sign registry.key").ok();
    let import = env.size() - 1;
    let body = env.run(&["show", &import.to_string(), "--format", "json"]).json();
    run(&env, "recorder revoke desk --cite x --sign registry.key").ok();
    let own = body[0]["leaf"]["event"]["body"].as_str().unwrap().to_owned();
    run(&env, &format!("recorder enrol second.key.pub --bodies {own} --cite x --sign registry.key")).ok();
    let withdraw = format!("retract --import {import} --cause clerical --cite x");
    assert!(run(&env, &format!("{withdraw} --sign second.key")).fails(3).contains("may not record in"));
    run(&env, &format!("{withdraw} --sign registry.key")).ok();
    assert_eq!(env.run(&["audit"]).ok(), "");
}

#[test]
fn of_a_file_a_recorder_takes_in_what_it_may_and_reports_the_rest() {
    let env = shared();
    run(&env, "charter adopt nato --sign registry.key").ok();
    let line = |body: &str, party: &str| {
        format!(
            r#"{{"date":"2022-09-30","kind":"application-filed","body":"{body}","party":"{party}","source":"x"}}"#
        )
    };
    let lines = [line("nato", "UKR"), line("sco", "TUR"), line("new-body", "TUR")];
    env.write("events.jsonl", lines.join("\n") + "\n");
    let ran = run(&env, "import events events.jsonl --surveyed 2022/2023 --sign desk.key");
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(
        ran.stdout.contains("2 lines were left out") && ran.stdout.contains("may not record in new-body")
    );
    assert_eq!(env.run(&["audit"]).ok(), "");
    let acts = "recorder limit desk --acts application-filed --cite x --sign registry.key";
    run(&env, acts).ok();
    let size = env.size();
    let refused = run(&env, "import events events.jsonl --sign desk.key").fails(3);
    assert!(refused.contains("desk may not record import-recorded") && env.size() == size, "{refused}");
}

#[test]
fn an_act_under_the_rule_of_two_persons_is_drafted_signed_by_another_and_appended_by_anyone() {
    let env = shared();
    env.write("two.toml", "id = \"sco\"\neffective = \"2025-10-01\"\n[recorders]\nmembership-ratified = 2\n");
    run(&env, "charter amend two.toml --sign desk.key").ok();
    run(&env, "recorder enrol second.key.pub --cite order-2 --sign registry.key").ok();
    let act = "append membership-ratified -p KAZ --in sco --about BLR --deposited 2025-11-02 --cite x";
    let one = run(&env, &format!("{act} --sign desk.key")).fails(3);
    assert!(
        one.contains("asks for the signatures of 2 recorders for membership-ratified: it has 1"),
        "{one}"
    );
    // The same recorder twice is one.
    run(&env, &format!("{act} --sign desk.key --sign desk.key")).fails(3);
    let size = env.size();
    let drafted = run(&env, &format!("{act} --sign desk.key --draft act.jsonl")).ok();
    assert!(drafted.contains("signed by desk") && drafted.contains("it needs 1 more signature"), "{drafted}");
    let refused = run(&env, "append --from act.jsonl").fails(3);
    assert!(refused.contains("it has 1"), "{refused}");
    let signed = run(&env, "recorder sign act.jsonl --sign second.key --format json").json();
    assert_eq!(signed["drafts"][0]["signed_by"], serde_json::json!(["desk", "second"]));
    assert_eq!((&signed["drafts"][0]["lacking"], env.size()), (&0.into(), size));
    let text = std::fs::read_to_string(env.path().join("act.jsonl")).unwrap();
    env.write("changed.jsonl", text.replace("2025-11-02", "2025-11-03"));
    let changed = run(&env, "append --from changed.jsonl").fails(3);
    assert!(changed.contains("the signature is not desk's over this event"), "{changed}");
    run(&env, "append --from act.jsonl").ok();
    let again = run(&env, "append --from act.jsonl").ok();
    assert!(again.contains("this is its first receipt") && env.size() == size + 1, "{again}");
    // Whoever could undo it, or lift the rule, must be two as well.
    let undo = [
        format!("retract {size} --cause clerical --cite x"),
        format!("rectify {size} --set about=IRN --cause clerical --cite x"),
        "charter amend lift.toml".to_owned(),
    ];
    env.write(
        "lift.toml",
        "id = \"sco\"\neffective = \"2025-10-02\"\n[recorders]\nmembership-ratified = 0\n",
    );
    for line in undo {
        assert!(run(&env, &format!("{line} --sign desk.key")).fails(3).contains("it has 1"), "{line}");
    }
    run(&env, "charter amend lift.toml --sign desk.key --sign second.key").ok();
    run(&env, &act.replace("KAZ", "RUS").replace("x", "y --sign desk.key")).ok();
    assert_eq!(env.run(&["audit"]).ok(), "");
}

#[test]
fn the_rule_of_two_persons_holds_where_no_recorder_is_required() {
    let env = keys(Env::sco());
    env.write("two.toml", "id = \"sco\"\neffective = \"2025-10-01\"\n[recorders]\nstatus-granted = 2\n");
    run(&env, "charter amend two.toml").ok();
    let act = "append status-granted -p LAO --in sco --status sco-partner --decided 2025-11-02 --cite x";
    let act = act.replace("--status", "--claims-status");
    assert!(run(&env, &act).fails(3).contains("it has 0"));
    run(&env, &format!("append {LAO}")).ok();
    for name in ["desk", "second"] {
        run(&env, &format!("recorder enrol {name}.key.pub --cite x")).ok();
    }
    run(&env, &format!("{act} --sign desk.key --sign second.key")).ok();
    assert!(
        run(&env, "append invited -p TKM --in sco --decided 2025 --cite x --sign registry.key").code == 3
    );
    assert_eq!(env.run(&["audit"]).ok(), "");
}

#[test]
fn what_a_revoked_recorder_recorded_stays_valid_and_a_new_key_takes_its_name() {
    let env = shared();
    run(&env, &format!("append {LAO} --sign desk.key")).ok();
    run(&env, "recorder revoke desk --cite order-9 --sign registry.key").ok();
    let line = LAO.replace("LAO", "MMR");
    let refused = run(&env, &format!("append {line} --sign desk.key")).fails(3);
    assert!(refused.contains("desk was revoked by entry 11"), "{refused}");
    // A retry is the same event, whoever signs it now.
    let leaf: Value = serde_json::from_str(&env.run(&["show", "10", "--leaf"]).ok()).unwrap();
    env.write("again.jsonl", leaf["event"].to_string());
    for line in ["append --from again.jsonl", "append --from again.jsonl --sign registry.key"] {
        assert!(run(&env, line).ok().contains("entry 10"), "{line}");
    }
    assert_eq!(env.size(), 12);
    let refused = run(&env, "recorder enrol desk.key.pub --cite x --sign registry.key").fails(3);
    assert!(refused.contains("this key was enrolled as desk by entry 9"), "{refused}");
    let mut made = env.chancery(&["recorder", "generate", "desk-three.key", "--name", "desk"]);
    assert!(made.env("CHANCERY_KEY_SEED", "another").output().unwrap().status.success());
    run(&env, "recorder enrol desk-three.key.pub --bodies sco --cite order-10 --sign registry.key").ok();
    run(&env, &format!("append {line} --sign desk-three.key")).ok();
    assert_eq!(env.run(&["audit"]).ok(), "");
    let enrolled = |index: &str| {
        let shown = env.run(&["show", index, "--format", "json"]).json();
        shown[0]["custody"]["signatures"][0]["enrolled"].clone()
    };
    assert_eq!((enrolled("10"), enrolled("13")), (9.into(), 12.into()));
}

#[test]
fn the_register_is_listed_as_the_ledger_had_it_at_any_size() {
    let env = shared();
    run(&env, "recorder limit desk --bodies sco --acts application-filed --cite x --sign registry.key").ok();
    run(&env, "recorder revoke desk --cite x --sign registry.key").ok();
    let desk = |size: &str| {
        let list = run(&env, &format!("recorder list --as-recorded {size} --format json")).json();
        let found = list["recorders"].as_array().unwrap().iter().find(|r| r["recorder"] == "desk").cloned();
        found.map(|desk| (desk["acts"].to_string(), desk["limited"].to_string(), desk["revoked"].to_string()))
    };
    let is = |acts: &str, limited: &str, revoked: &str| Some((acts.into(), limited.into(), revoked.into()));
    assert_eq!(desk("9"), None);
    assert_eq!(desk("10"), is("null", "null", "null"));
    assert_eq!(desk("11"), is("[\"application-filed\"]", "10", "null"));
    assert_eq!(desk("12"), is("[\"application-filed\"]", "10", "11"));
    insta::assert_snapshot!(run(&env, "recorder list").ok(), @r"
    recorder  enrolled             may record                          key
    desk      revoked by entry 11  application-filed in sco            49fbc346
    registry  entry 7              every act in every body; keeps the  e46aab12
                                   register
    every entry after entry 8 is signed by a recorder
    ");
}

#[test]
fn the_ledgers_own_name_is_no_body_and_no_charter() {
    let env = shared();
    env.write("own.toml", "id = \"ledger\"\ntitle = \"x\"\n");
    let refused = run(&env, "charter adopt own.toml --sign registry.key").fails(3);
    assert!(refused.contains("ledger is the name of the ledger itself"), "{refused}");
    let refused =
        run(&env, "append founded -p LAO --in ledger --signed 2020 --cite x --sign registry.key").fails(3);
    assert!(refused.contains("ledger is the name of the ledger itself"), "{refused}");
    assert!(!env.run(&["bodies", "--format", "json"]).ok().contains("\"ledger\""));
    let line =
        r#"{"date":"2025-09-04","kind":"application-filed","body":"ledger","party":"TUR","source":"x"}"#;
    let other = line.replace("\"body\":\"ledger\"", "\"body\":\"sco\"");
    env.write("events.jsonl", format!("{line}\n{other}\n"));
    let ran = run(&env, "import events events.jsonl --sign registry.key");
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(ran.stdout.contains("ledger is the name of the ledger itself"), "{}", ran.stdout);
    assert_eq!(env.run(&["audit"]).ok(), "");
}

#[test]
fn a_dry_run_and_a_question_need_no_key() {
    let env = shared();
    let said = run(&env, &format!("append {LAO} --dry-run")).ok();
    assert!(said.contains("to be recorded it needs 1 more signature"), "{said}");
    assert!(!run(&env, &format!("append {LAO} --dry-run --sign desk.key")).ok().contains("needs"));
    env.write(
        "events.jsonl",
        r#"{"act":"application-filed","body":"sco","participant":"KWT","dates":{"done":"2025"}}"#,
    );
    run(&env, "what-if --suppose events.jsonl status KWT --in sco").ok();
    let mut command = env.chancery(&["status", "BLR", "--in", "sco"]);
    assert!(command.env("CHANCERY_RECORDER_KEY", "gone.key").output().unwrap().status.success());
}

#[test]
fn a_signature_given_to_a_private_ledger_is_held_against_its_register_too() {
    let env = keys(Env::sco());
    assert!(run(&env, &format!("append {LAO} --sign desk.key")).fails(3).contains("no recorder called desk"));
    run(&env, &format!("append {LAO}")).ok();
    run(&env, "recorder enrol desk.key.pub --registrar --cite x").ok();
    run(&env, &format!("append {} --sign desk.key", LAO.replace("LAO", "MMR"))).ok();
    run(&env, &format!("append {}", LAO.replace("LAO", "TUR"))).ok();
    run(&env, "recorder require --cite x --sign desk.key").ok();
    run(&env, &format!("append {}", LAO.replace("LAO", "KWT"))).fails(3);
    assert_eq!(env.run(&["audit"]).ok(), "");
    // A ledger of another name does not take what was signed for this one.
    let other = keys(Env::new());
    run(&other, "init --charter sco --origin test/other --recorders required --recorder desk.key.pub").ok();
    let act = format!("append {} --sign desk.key --draft act.jsonl", LAO.replace("LAO", "KWT"));
    run(&env, &act).ok();
    std::fs::copy(env.path().join("act.jsonl"), other.path().join("act.jsonl")).unwrap();
    assert!(run(&other, "append --from act.jsonl").fails(3).contains("signed for another ledger"));
}

#[test]
fn signatures_survive_export_repair_and_a_lost_index() {
    let env = shared();
    run(&env, &format!("append {LAO} --sign desk.key")).ok();
    let leaves = env.run(&["export", "leaves"]).ok();
    run(&env, "repair --from chancery.ledger --into new.ledger").ok();
    assert_eq!(run(&env, "export leaves --ledger new.ledger").ok(), leaves);
    copy(&env.ledger(), &env.path().join("copy.ledger"));
    std::fs::remove_dir_all(env.path().join("copy.ledger/sled")).unwrap();
    run(&env, "audit --ledger copy.ledger").ok();
    let line = LAO.replace("LAO", "MMR");
    run(&env, &format!("append {line} --ledger copy.ledger")).fails(3);
    run(&env, &format!("append {line} --sign desk.key --ledger copy.ledger")).ok();
    let list = run(&env, "recorder list --ledger copy.ledger").ok();
    assert_eq!(list, run(&env, "recorder list").ok());
    assert!(findings(&env).is_empty());
}

#[test]
fn a_charter_that_asks_for_too_many_recorders_or_for_an_unknown_act_is_told_with_its_line() {
    let env = Env::new();
    for (rule, said) in [
        ("membership-ratified = 12", "how many recorders sign"),
        ("membership-ratified = -1", "how many recorders sign"),
        ("membership-ratifid = 2", "no act called \"membership-ratifid\""),
    ] {
        env.write("a.toml", format!("id = \"sco\"\n[recorders]\n{rule}\n"));
        let ran = run(&env, "charter lint a.toml");
        assert!(ran.code == 1 && ran.stdout.contains("line 3") && ran.stdout.contains(said), "{}", ran.all());
    }
}
