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
