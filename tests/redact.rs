//! Words that can be removed: the log commits to them, and every hash stays what it was.

use crate::env::{Env, files};

const WORDS: &str = "as Mr Example, the desk officer, told us on the telephone";

fn ledger() -> Env {
    let env = Env::sco();
    let id = "0197a000-0000-7000-8000-00000000000a";
    let args = ["append", "application-filed", "-p", "LAO", "--in", "sco", "--toward", "sco-partner"];
    let more =
        ["--done", "2025-07", "--cite", "a note of the desk", "--quote", WORDS, "--redactable", "--id", id];
    env.run(&[&args[..], &more].concat()).ok();
    // A retry is the same event, although a new salt could have been drawn.
    let again = env.run(&[&args[..], &more].concat()).ok();
    assert!(again.contains("recorded before"), "{again}");
    env
}

/// Every byte of the ledger's folder, as text.
fn everything(env: &Env) -> String {
    files(&env.ledger()).iter().map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned()).collect()
}

fn last(env: &Env) -> String {
    (env.size() - 1).to_string()
}

#[test]
fn redacted_words_are_nowhere_any_more_and_every_hash_stays() {
    let env = ledger();
    let entry = last(&env);
    let leaf = env.run(&["show", &entry, "--leaf"]).ok();
    assert!(leaf.contains("\"salted_sha256\":\"") && !leaf.contains("desk officer"), "{leaf}");
    assert!(
        env.run(&["show", &entry]).ok().contains("desk officer"),
        "the words are shown while they are kept"
    );
    let head = |env: &Env, size: &str| {
        let answer = env.run(&["status", "LAO", "sco", "--as-recorded", size, "--format", "json"]).json();
        answer["checkpoint"]["root"].as_str().unwrap().to_owned()
    };
    let size = env.size().to_string();
    let root = head(&env, &size);
    let hash = env.run(&["show", &entry, "--format", "json"]).json()[0]["leaf_hash"].clone();
    env.write("vkey", env.run(&["key", "show"]).ok());
    env.run(&["prove", "inclusion", &entry, "--out", "proof"]).ok();
    env.run(&["status", "LAO", "--in", "sco", "--certificate", "certificate"]).ok();
    let held = std::fs::read_to_string(env.path().join("certificate")).unwrap();
    assert!(held.contains("salted_sha256") && !held.contains("desk officer"), "a certificate has no words");

    let redact = ["redact", &entry, "--cite", "decision of the data protection officer"];
    assert!(env.run(&redact).ok().contains("evidence-redacted"));
    assert!(!everything(&env).contains("desk officer"), "the words are on the disk still");
    let shown = env.run(&["show", &entry]).ok();
    assert!(shown.contains("not in this copy") && shown.contains("redacted by"), "{shown}");
    assert_eq!(env.run(&["show", &entry, "--format", "json"]).json()[0]["leaf_hash"], hash);
    assert_eq!(head(&env, &size), root);
    assert_eq!(env.run(&["audit"]).ok(), "");
    for earlier in ["proof", "certificate"] {
        env.run(&["verify", earlier, "--key", "vkey"]).ok();
    }

    let now = env.size();
    assert!(env.run(&redact).ok().contains("redacted already"));
    assert_eq!(env.size(), now, "once is enough");
}

#[test]
fn words_that_were_altered_beside_the_log_are_not_shown_as_the_recorded_ones() {
    let env = ledger();
    let folder = env.ledger().join("quotes");
    let file = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("desk officer", "minister")).unwrap();
    let shown = env.run(&["show", &last(&env)]).ok();
    assert!(shown.contains("ALTERED") && !shown.contains("minister"), "{shown}");
}

#[test]
fn words_of_the_log_itself_cannot_be_removed_and_a_refused_act_leaves_none_behind() {
    let env = Env::sco();
    let in_clear = env.run(&["redact", "1", "--cite", "a test"]).fails(2);
    assert!(in_clear.contains("entry 1 quotes nothing"), "{in_clear}");
    let args = [
        "append",
        "status-granted",
        "-p",
        "LAO",
        "--in",
        "sco",
        "--effective",
        "1990-01-01",
        "--quote",
        WORDS,
    ];
    env.run(&[&args[..], &["--redactable", "--cite", "a test"]].concat()).fails(3);
    let dry =
        ["append", "application-filed", "-p", "LAO", "--in", "sco", "--done", "2025-07", "--quote", WORDS];
    env.run(&[&dry[..], &["--redactable", "--cite", "a test", "--dry-run"]].concat()).ok();
    assert!(!env.ledger().join("quotes").exists());
}
