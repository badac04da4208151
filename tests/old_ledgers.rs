//! Ledgers that earlier releases wrote, whole folders in `golden/ledger-VERSION`: every later program opens, asks, audits and
//! continues them.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::env::{Env, copy};

/// The folders, one for each release that changed what a ledger looks like.
fn released() -> Vec<PathBuf> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let listed = std::fs::read_dir(golden).unwrap().map(|item| item.unwrap().path());
    let is_ledger = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with("ledger-");
    let mut folders: Vec<_> = listed.filter(is_ledger).collect();
    folders.sort();
    folders
}

/// A copy of a released ledger, a year after it was written.
fn continued(released: &Path) -> Env {
    let env = Env::new().at("2027-11-23T17:31:00Z");
    copy(released, &env.ledger());
    // Who checks the sources out does not get the permissions of a secret, and one that others can read is not used.
    std::fs::set_permissions(env.ledger().join("key"), PermissionsExt::from_mode(0o600)).unwrap();
    env
}

#[test]
fn a_ledger_of_every_release_is_asked_audited_and_continued() {
    let released = released();
    assert!(!released.is_empty());
    for folder in &released {
        let env = continued(folder);
        let answers = |env: &Env| {
            let status = env.status("BLR sco --on 2023-07-01 --as-recorded 130");
            assert_eq!((&status["status"], &status["since"]), (&"observer".into(), &"2015-07-10".into()));
            let roster = ["roster", "sco", "--on", "2024-07-04", "--as-recorded", "130", "--format", "json"];
            let roster = env.run(&roster).json();
            assert_eq!(roster["counts"]["member"]["certain"], 10, "{roster}");
            roster["checkpoint"].clone()
        };
        let head = answers(&env);
        assert_eq!(env.run(&["audit"]).all(), "", "{}", folder.display());
        assert!(env.run(&["show", "129"]).ok().contains("words of a letter"));
        env.run(&["show", "128", "--document", "note.txt"]).ok();
        assert_eq!(std::fs::read(env.path().join("note.txt")).unwrap(), b"a memorandum\n");

        let filed = "append application-filed -p VNM --in sco --toward sco-partner --done 2027-01 --cite x";
        let receipt = env.run(&filed.split(' ').collect::<Vec<_>>()).ok();
        assert!(receipt.contains("entry 130 "), "{receipt}");
        assert_eq!(answers(&env), head, "what was recorded before is what it was");
        let kept = folder.join("checkpoint").display().to_string();
        assert_eq!(env.run(&["audit", "--since", &kept]).all(), "", "{}", folder.display());
        let vkey = folder.join("key.pub").display().to_string();
        env.write("head", env.run(&["checkpoint"]).ok());
        env.run(&["verify", "head", "--key", &vkey]).ok();
    }
}

#[test]
fn a_ledger_of_every_release_needs_its_entries_and_heads_alone() {
    for folder in &released() {
        let env = continued(folder);
        for name in ["sled", "snapshot", "completeness"] {
            let path = env.ledger().join(name);
            if path.is_dir() {
                std::fs::remove_dir_all(path).unwrap()
            } else {
                std::fs::remove_file(path).unwrap()
            }
        }
        env.run(&["replay"]).ok();
        assert_eq!(env.status("BLR sco --on 2023-07-01")["status"], "observer");
        assert_eq!(env.run(&["audit"]).all(), "", "{}", folder.display());
    }
}

/// A ledger of every act there is, with the key of the recorder who may record in it, since it requires signatures. Release 0.1.0
/// wrote it, at commit 57c24f8: two charters and an amendment, an act of each kind by its own example, a document, words that can
/// be removed and words that were, an import with a corrected row, one that was withdrawn, a retraction, another key.
fn every_act() -> Env {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let env = continued(&golden.join("every-act-0.1.0"));
    env.write("desk.key", std::fs::read(golden.join("every-act-0.1.0.desk.key")).unwrap());
    std::fs::set_permissions(env.path().join("desk.key"), PermissionsExt::from_mode(0o600)).unwrap();
    env
}

/// The answers that follow from the acts: the second of two ratifications brings the Pact into force, for both; that of
/// Tajikistan was retracted; of the memoranda one was corrected by a day, one came with an import that was withdrawn.
fn asked_of_every_act(env: &Env) {
    let answer = |line: &str| {
        let answer = env.status(&format!("{line} --as-recorded 107"));
        (answer["status"].as_str().unwrap().to_owned(), answer["since"].as_str().map(str::to_owned))
    };
    let is = |status: &str, since: Option<&str>| (status.to_owned(), since.map(str::to_owned));
    assert_eq!(answer("BLR pact --on 2024-07-01"), is("party", Some("2020-02-01")));
    assert_eq!(answer("KAZ pact --on 2024-07-01"), is("party", Some("2020-02-01")));
    assert_eq!(answer("KGZ pact --on 2024-07-01"), is("party", Some("2020-03-01")));
    assert_eq!(answer("TJK pact --on 2024-07-01"), is("none", None));
    assert_eq!(answer("KWT sco --on 2023-05-05").0, "dialogue-partner");
    assert_eq!(answer("KWT sco --on 2023-05-04").0, "none");
    assert_eq!(answer("MMR sco --on 2023-07-01").0, "none");
}

#[test]
fn a_ledger_with_every_act_of_release_0_1_0_is_asked_audited_and_continued() {
    let env = every_act();
    let log = env.run(&["log", "--format", "jsonl"]).ok();
    let acts: std::collections::BTreeSet<String> = log
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["act"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!((log.lines().count(), acts.len()), (107, 87), "entries, and kinds of acts in release 0.1.0");
    asked_of_every_act(&env);
    assert_eq!(env.run(&["audit"]).all(), "");
    assert!(env.run(&["show", "86"]).ok().contains("words of a letter"));
    assert!(!env.run(&["show", "87"]).ok().contains("words to go"));
    env.run(&["show", "85", "--document", "note.txt"]).ok();
    assert_eq!(std::fs::read(env.path().join("note.txt")).unwrap(), b"a memorandum\n");

    let kept =
        env.write("kept", std::fs::read(env.ledger().join("checkpoint")).unwrap()).display().to_string();
    let act = "append instrument-deposited -p IND --in pact --deposited 2021-01-01 --instrument ratification --cite x";
    env.run(&act.split(' ').collect::<Vec<_>>()).fails(3);
    let signed = format!("{act} --sign desk.key");
    assert!(env.run(&signed.split(' ').collect::<Vec<_>>()).ok().contains("entry 107 "));
    assert_eq!(env.status("IND pact --on 2024-07-01")["since"], "2021-01-01");
    asked_of_every_act(&env);
    assert_eq!(env.run(&["audit", "--since", &kept]).all(), "");

    for name in ["sled", "snapshot"] {
        let _ = std::fs::remove_dir_all(env.ledger().join(name));
    }
    env.run(&["replay"]).ok();
    asked_of_every_act(&env);
    assert_eq!(env.run(&["audit", "--since", &kept]).all(), "");
}
