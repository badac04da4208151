//! Recording: receipts, retries, expectations, batches, what changes, documents.

use serde_json::{Value, json};

use crate::env::Env;

const ID: &str = "0197a000-0000-7000-8000-000000000001";

fn filed<'a>(done: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["append", "application-filed", "-p", "LAO", "--in", "sco", "--toward", "sco-partner"];
    args.extend(["--done", done, "--cite", "a test", "--format", "json"]);
    args.extend(more);
    args
}

#[test]
fn a_retry_with_the_same_id_and_content_returns_the_first_receipt() {
    let env = Env::demo();
    let first = env.run(&filed("2025-07", &["--id", ID])).json();
    let later = env.at("2026-12-01T00:00:00Z");
    let again = later.run(&filed("2025-07", &["--id", ID])).json();
    assert_eq!(first["entries"][0]["index"], 128);
    assert_eq!(first["entries"][0]["repeated"], false);
    assert_eq!(again["entries"][0]["repeated"], true);
    for key in ["index", "size", "id", "recorded_at", "leaf_hash"] {
        assert_eq!(first["entries"][0][key], again["entries"][0][key], "{key}");
    }
    assert_eq!(first["root"], again["root"]);
    assert_eq!(later.size(), 129);
}

#[test]
fn the_same_id_with_other_content_is_refused() {
    let env = Env::demo();
    env.run(&filed("2025-07", &["--id", ID])).ok();
    let error = env.run(&filed("2025-08", &["--id", ID])).fails(3);
    assert!(error.contains("is entry 128, with other content"), "{error}");
    assert_eq!(env.size(), 129);
}

#[test]
fn a_wrong_expected_size_is_refused_with_the_actual_one() {
    let env = Env::demo();
    for wrong in ["127", "129", "0"] {
        let error = env.run(&filed("2025-07", &["--expect-size", wrong])).fails(3);
        assert!(error.contains(&format!("the ledger has 128 entries, not the {wrong} expected")), "{error}");
    }
    let receipt = env.run(&filed("2025-07", &["--expect-size", "128"])).json();
    assert_eq!(receipt["entries"][0]["size"], 129);
}

#[test]
fn a_batch_with_one_bad_event_records_nothing() {
    let env = Env::demo();
    let good = json!({"act": "application-filed", "body": "sco", "participant": "LAO", "toward": "sco-partner",
                      "dates": {"done": "2025-07"}});
    let before_the_body =
        json!({"act": "founded", "body": "sco", "participant": "CHN", "dates": {"signed": "1990"}});
    let no_body =
        json!({"act": "application-filed", "body": "nato", "participant": "LAO", "dates": {"done": "2025"}});
    let no_date = json!({"act": "application-filed", "body": "sco", "participant": "LAO"});
    for (bad, code) in [(before_the_body, 3), (no_body, 2), (no_date, 2)] {
        env.write("batch.jsonl", format!("{good}\n{good}\n{bad}\n{good}\n"));
        let error = env.run(&["append", "--from", "batch.jsonl"]).fails(code);
        assert!(error.contains("event 3 of the batch") && error.contains("nothing was recorded"), "{error}");
    }
    assert_eq!(env.size(), 128);
    env.write("batch.jsonl", format!("{good}\n\n{good}\n"));
    let receipt = env.run(&["append", "--from", "batch.jsonl", "--format", "json"]).json();
    assert_eq!(receipt["entries"].as_array().unwrap().len(), 2);
    assert_eq!(env.size(), 130);
}

#[test]
fn a_dry_run_says_what_would_change_and_records_nothing() {
    let env = Env::demo();
    let args =
        ["append", "partnership-memorandum-signed", "-p", "LAO", "--in", "sco", "--signed", "2025-11-20"];
    let dry = env.run(&[&args[..], &["--cite", "a test", "--dry-run", "--format", "json"]].concat()).json();
    let change = json!([{"participant": "LAO", "body": "sco", "from": "2025-11-20", "until": null,
                         "before": {"certainty": "certain", "possible": ["none"]},
                         "after": {"certainty": "certain", "possible": ["sco-partner"]}}]);
    assert_eq!(dry["changes"], change);
    assert_eq!(dry["entries"], json!([]));
    assert_eq!(env.size(), 128);
    let done = env.run(&[&args[..], &["--cite", "a test", "--format", "json"]].concat()).json();
    assert_eq!(done["changes"], change);
}

#[test]
fn an_act_out_of_order_is_recorded_and_remarked_with_the_article() {
    let env = Env::demo();
    let args = [
        "append",
        "status-revoked",
        "-p",
        "CHN",
        "--in",
        "sco",
        "--decided",
        "2025-08-01",
        "--cite",
        "a test",
    ];
    let receipt = env.run(&[&args[..], &["--format", "json"]].concat()).json();
    let remark = receipt["remarks"][0]["remark"].as_str().unwrap();
    assert!(remark.contains("out of order: not foreseen from member"), "{remark}");
    assert_eq!(env.run(&["audit"]).ok(), "", "a remark is no finding");
    let listed = env.run(&["audit", "--conformity"]).ok();
    assert!(listed.contains("entry 128"), "{listed}");
}

#[test]
fn an_attached_document_is_kept_by_its_hash_and_given_back() {
    let env = Env::demo();
    env.write("memorandum.pdf", b"%PDF \x00\xff bytes");
    env.run(&filed("2025-07", &["--attach", "memorandum.pdf"])).ok();
    env.run(&["show", "128", "--document", "again.pdf"]).ok();
    assert_eq!(std::fs::read(env.path().join("again.pdf")).unwrap(), b"%PDF \x00\xff bytes");
    let kept = std::fs::read_dir(env.ledger().join("documents")).unwrap().next().unwrap().unwrap().path();
    std::fs::write(&kept, "something else").unwrap();
    let error = env.run(&["show", "128", "--document", "again.pdf"]).fails(4);
    assert!(error.contains("its bytes are not those recorded"), "{error}");
    std::fs::remove_file(kept).unwrap();
    let error = env.run(&["show", "128", "--document", "again.pdf"]).fails(4);
    assert!(error.contains("redacted or lost"), "{error}");
    assert_eq!(env.run(&["audit"]).ok(), "", "documents lie beside the log");
}

#[test]
fn control_characters_are_kept_in_the_bytes_and_written_out_on_a_terminal() {
    let env = Env::demo();
    let note = "bell\u{7} red\u{1b}[31m back\u{202e}wards";
    env.run(&filed("2025-07", &["--note", note])).ok();
    let text = env.run(&["show", "128"]).ok();
    assert!(text.contains("bell\\u{7} red\\u{1b}[31m back\\u{202e}wards"), "{text}");
    let leaf: Value = serde_json::from_str(&env.run(&["show", "128", "--leaf"]).ok()).unwrap();
    assert_eq!(leaf["event"]["note"], note);
}

#[test]
fn an_exported_line_is_the_leaf_that_the_receipt_hashes() {
    use sha2::Digest;
    let env = Env::demo();
    let receipt = env.run(&filed("2025-07", &[])).json();
    let leaves = env.run(&["export", "leaves"]).ok();
    let last = leaves.lines().last().unwrap();
    let hash = sha2::Sha256::new().chain_update([0]).chain_update(last).finalize();
    let stated = receipt["entries"][0]["leaf_hash"].as_str().unwrap();
    assert_eq!(base64::Engine::encode(&base64::engine::general_purpose::STANDARD, hash), stated);
}

#[test]
fn the_rules_can_be_adopted_and_amended_from_files() {
    let env = Env::new();
    env.run(&["init", "--origin", "test/x"]).ok();
    env.write(
        "x.toml",
        "id = \"x\"\ntitle = \"X\"\nshort = \"X\"\nkind = \"organisation\"\nbegan = \"2000-01-01\"\n\
         [[status]]\nid = \"member\"\ntitle = \"member\"\nplural = \"members\"\nrank = 1\n\
         [[transition]]\nact = \"founded\"\nto = \"member\"\nrule = \"founders are members\"\narticle = \"Article 1\"\n",
    );
    env.run(&["charter", "lint", "x.toml"]).ok();
    env.run(&["charter", "adopt", "x.toml"]).ok();
    env.run(&["append", "founded", "-p", "CHE", "--in", "x", "--signed", "2000-01-01", "--cite", "a test"])
        .ok();
    env.write(
        "y.toml",
        "id = \"x\"\neffective = \"2010-01-01\"\n[[transition]]\nact = \"status-granted\"\nto = \"guest\"\n\
         rule = \"guests\"\narticle = \"Article 2\"\n",
    );
    let error = env.run(&["charter", "amend", "y.toml"]).fails(2);
    assert!(error.contains("y.toml, line 5, column 7: there is no status guest"), "{error}");
    let text = std::fs::read_to_string(env.path().join("y.toml")).unwrap();
    env.write(
        "y.toml",
        format!("{text}[[status]]\nid = \"guest\"\ntitle = \"guest\"\nplural = \"guests\"\n"),
    );
    env.run(&["charter", "amend", "y.toml"]).ok();
    env.run(&[
        "append",
        "status-granted",
        "-p",
        "AUT",
        "--in",
        "x",
        "--decided",
        "2011-05",
        "--cite",
        "a test",
    ])
    .ok();
    assert_eq!(env.status("AUT x --on 2012-01-01")["status"], "guest");
    assert_eq!(env.status("CHE x --on 2012-01-01")["status"], "member");
    let early = env.run(&["status", "AUT", "--in", "x", "--on", "2005-01-01", "--is", "guest"]);
    assert_eq!(early.code, 1);
    assert!(early.stdout.contains("the status guest was created on 2010-01-01"), "{}", early.stdout);
}

#[test]
fn the_example_of_every_act_of_the_vocabulary_works_as_written() {
    let env = Env::demo();
    let keys =
        "for name in name other; do chancery recorder generate $name --name $name; done; cp other.pub VKEY";
    env.sh(&format!("({keys}; chancery recorder enrol name.pub --registrar --cite x) > keys.txt")).ok();
    let acts = env.run(&["acts", "--format", "json"]).json();
    let acts = acts.as_array().unwrap();
    assert!(acts.len() > 70, "{} acts", acts.len());
    for act in acts {
        let name = act["act"].as_str().unwrap();
        let example = act["example"].as_str().unwrap().strip_prefix("example: ").unwrap();
        if [" FILE", " ENTRY"].iter().any(|of_the_users| example.contains(of_the_users)) {
            continue;
        }
        let line =
            example.replacen("…", &format!("chancery append {name}"), usize::from(example.starts_with('…')));
        // A key is changed or it is not.
        let dry = if name == "log-key-rotated" { "" } else { " --dry-run" };
        let ran = env.sh(&format!("{line}{dry}"));
        assert_eq!(ran.code, 0, "{line}\n{}", ran.all());
    }
}

#[test]
fn a_batch_may_adopt_a_charter_that_extends_another_and_hold_acts_of_that_body() {
    let env = Env::new();
    env.run(&["init", "--charter", "international-organisation"]).ok();
    let text = "id = \"river-union\"\ntitle = \"River Union\"\nextends = \"international-organisation\"\n";
    let adopted = json!({"act": "charter-adopted", "body": "river-union", "charter": text});
    let granted = json!({"act": "status-granted", "body": "river-union", "participant": "FRA", "toward": "observer",
                         "dates": {"decided": "2001-05-01"}});
    env.write("batch.jsonl", format!("{adopted}\n{granted}\n"));
    env.run(&["append", "--from", "batch.jsonl"]).ok();
    assert_eq!(env.status("FRA river-union --on 2002-01-01")["status"], "observer");
}
