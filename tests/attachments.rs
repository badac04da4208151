//! What stands beside the log, and what the audit says of it.

use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::env::Env;

/// A ledger with an attached document and words that can be redacted, which are its last two entries.
fn ledger() -> Env {
    let env = Env::sco();
    env.write("note.pdf", "a memorandum");
    let filed = ["append", "application-filed", "--in", "sco", "--done", "2025-07", "--cite", "letter"];
    let attached = ["-p", "LAO", "--attach", "note.pdf"];
    env.run(&[&filed[..], &attached].concat()).ok();
    let quoted = ["-p", "KHM", "--quote", "words of a letter", "--redactable"];
    env.run(&[&filed[..], &quoted].concat()).ok();
    assert_eq!(env.run(&["audit"]).all(), "");
    env
}

/// The one file in a folder of the ledger.
fn only(env: &Env, folder: &str) -> std::path::PathBuf {
    let listed = std::fs::read_dir(env.ledger().join(folder)).unwrap();
    let files: Vec<_> = listed.map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

/// What the audit finds: the code of each finding, with its entry.
fn found(env: &Env) -> Vec<(String, Value)> {
    let report: Value = serde_json::from_str(&env.run(&["audit", "--format", "json"]).stdout).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let each = |f: &Value| {
        assert_eq!(f["check"], "attachments", "{f}");
        (f["code"].as_str().unwrap().to_owned(), f["entry"].clone())
    };
    findings.map(each).collect()
}

#[test]
fn a_file_beside_the_log_that_was_altered_is_a_finding_of_the_entry_that_names_it() {
    let env = ledger();
    let (document, words) = (only(&env, "documents"), only(&env, "quotes"));
    let (sound, quoted) = (std::fs::read(&document).unwrap(), std::fs::read_to_string(&words).unwrap());
    let last = env.size();
    std::fs::write(&document, "another memorandum").unwrap();
    std::fs::write(&words, quoted.replace("letter", "minister")).unwrap();
    let other = |entry: u64| ("other-hash".to_owned(), entry.into());
    assert_eq!(found(&env), [other(last - 2), other(last - 1)]);
    assert_eq!(env.run(&["audit"]).code, 1);
    std::fs::write(&document, sound).unwrap();
    for damaged in ["", "words of a letter", &quoted[..40], &quoted.replace("\"salt\":\"", "\"salt\":\"+")] {
        std::fs::write(&words, damaged).unwrap();
        assert_eq!(found(&env), [other(last - 1)], "{damaged}");
    }
    assert_eq!(env.run(&["audit", "--skip", "attachments"]).all(), "");
}

#[test]
fn a_file_beside_the_log_that_no_entry_names_is_a_finding() {
    let env = ledger();
    let code = |code: &str| (code.to_owned(), Value::Null);
    let stray = env.ledger().join("documents/stray");
    std::fs::write(&stray, "x").unwrap();
    assert_eq!(found(&env), [code("other-name")]);
    // Named by its hash, but by no entry: of words, the same file as a document is another name.
    let hash = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
    std::fs::rename(&stray, stray.with_file_name(hash)).unwrap();
    assert_eq!(found(&env), [code("unnamed")]);
    let words = only(&env, "quotes");
    std::fs::rename(stray.with_file_name(hash), words.with_file_name(hash)).unwrap();
    assert_eq!(found(&env), [code("other-name")]);
    std::fs::remove_file(words.with_file_name(hash)).unwrap();
    // What could be read without end, or from elsewhere, is not read.
    let document = only(&env, "documents");
    std::fs::remove_file(&document).unwrap();
    symlink("/dev/zero", &document).unwrap();
    env.sh("mkfifo chancery.ledger/quotes/pipe").ok();
    std::fs::create_dir(env.ledger().join("quotes/folder")).unwrap();
    let codes: Vec<_> = found(&env).into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["other-name", "other-name", "other-name"]);
}

#[test]
fn an_attachment_that_is_not_in_this_copy_is_a_remark_and_no_finding() {
    let env = ledger();
    std::fs::remove_dir_all(env.ledger().join("documents")).unwrap();
    std::fs::remove_file(only(&env, "quotes")).unwrap();
    assert_eq!(env.run(&["audit"]).all(), "");
    let remarks = env.run(&["audit", "--conformity"]).ok();
    let remarks = remarks.split_whitespace().collect::<Vec<_>>().join(" ");
    let last = env.size();
    for (entry, what) in [(last - 2, "its document "), (last - 1, "the words that it commits to by ")] {
        assert!(remarks.contains(&format!("entry {entry} {what}")), "{remarks}");
    }
    assert_eq!(remarks.matches("not in this copy").count(), 2, "{remarks}");
}

#[test]
fn what_is_refused_leaves_no_document_behind() {
    let env = Env::sco();
    env.write("note.pdf", "a memorandum");
    let filed = "append application-filed -p LAO --in sco --done 2025 --cite x --attach note.pdf";
    let rectified = "rectify 7 --set done=1800 --cause clerical --cite x --attach note.pdf";
    let refused = |line: &str| {
        assert_eq!(env.run(&line.split(' ').collect::<Vec<_>>()).code, 3, "{line}");
        assert!(!env.ledger().join("documents").exists(), "{line}");
    };
    refused(&filed.replace("2025", "1800"));
    refused(&format!("{filed} --expect-size 1"));
    env.sh(&format!("chancery {}", filed.replace(" --attach note.pdf", ""))).ok();
    refused(rectified);
    refused(&format!("{} --expect-size 1", rectified.replace("1800", "2024")));
    refused("retract 7 --cause clerical --cite x --attach note.pdf --expect-size 1");
    assert_eq!(env.run(&["audit"]).all(), "");
}
