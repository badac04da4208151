//! Words that can be removed: the log commits to them, and every hash stays what it was.

use chancery::event::Instant;
use chancery::event::leaf::splice;
use chancery::log::{Append, Disk, Entries, Holder};

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

/// Evidence that states something else where a SHA-256 must stand.
const NO_DIGESTS: [&str; 4] = [
    r#"{"cite":"x","quote":{"salted_sha256":"../../home/settings"}}"#,
    r#"{"cite":"x","sha256":"../key"}"#,
    r#"{"cite":"x","sha256":"/etc/passwd"}"#,
    r#"{"cite":"x","sha256":"ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789"}"#,
];

fn event(evidence: &str, at: usize) -> String {
    format!(
        r#"{{"act":"application-filed","body":"sco","dates":{{"done":"2025"}},"evidence":[{evidence}],"id":"0197a000-0000-7000-8000-0000000000b{at}","participant":"LAO"}}"#
    )
}

#[test]
fn path_traversal_redact_an_event_with_a_path_in_the_place_of_a_hash_is_refused() {
    let env = Env::sco();
    let before = env.size();
    for (at, evidence) in NO_DIGESTS.into_iter().enumerate() {
        env.write("event.jsonl", event(evidence, at));
        let refused = env.run(&["append", "--from", "event.jsonl"]).fails(2);
        assert!(refused.contains("is no SHA-256: use 64 hexadecimal digits"), "{refused}");
    }
    assert_eq!(env.size(), before);
}

#[test]
fn path_traversal_redact_no_command_makes_a_path_of_what_an_early_version_recorded() {
    let env = Env::sco();
    std::fs::create_dir(env.path().join("home")).unwrap();
    std::fs::create_dir(env.ledger().join("quotes")).unwrap();
    env.write("home/settings.json", "{}");
    let first = env.size();
    let log = Entries::open_writer(&env.ledger(), &Holder::default(), Disk::default()).unwrap();
    for (at, evidence) in NO_DIGESTS.into_iter().enumerate() {
        let stamp = Instant::parse(&format!("2026-11-23T17:31:00.10000{at}Z")).unwrap();
        let leaf = splice(event(evidence, at).as_bytes(), stamp).unwrap();
        assert!(matches!(log.append(first + at as u64, &[&leaf]), Append::Done { .. }));
    }
    log.write_checkpoint().unwrap();
    drop(log);
    let entry = |at: u64| (first + at).to_string();

    // The entries are read like all others.
    for at in 0..4 {
        env.run(&["show", &entry(at)]).ok();
    }
    assert_eq!(env.status("LAO sco")["status"], "none");
    let shown = env.run(&["show", &entry(1), "--document", "out"]).fails(3);
    assert!(shown.contains("is no SHA-256"), "{shown}");
    assert!(!env.path().join("out").exists());
    env.run(&["redact", &entry(0), "--cite", "by order"]).ok();
    assert!(env.path().join("home/settings.json").exists(), "a file outside the ledger was removed");
    let audit = env.run(&["audit"]);
    assert_eq!(audit.code, 1);
    assert_eq!(audit.stdout.matches("no-digest").count(), 4, "{}", audit.stdout);
}
