//! Another key for the log: announced by an entry that both keys sign, and never lost, wherever the power is cut.

use std::path::{Path, PathBuf};

use chancery::audit::{AuditOptions, audit};
use chancery::event::{EventId, Instant};
use chancery::log::{Append, Disk, Entries, Holder, SignedCheckpoint, VerifierKey};
use chancery::{AppendOptions, Reading, Writer};
use serde_json::Value;

use crate::env::{Env, NOW, copy, files};

/// A ledger with its first verifier key in the file `old`, and a head kept from then.
fn ledger() -> Env {
    let env = Env::sco();
    env.write("old", env.run(&["key", "show"]).ok());
    env.write("early", env.run(&["checkpoint"]).ok());
    env
}

fn rotate(env: &Env) -> Value {
    env.run(&["key", "rotate", "--cite", "order 12", "--format", "json"]).json()
}

fn append(env: &Env, day: &str) {
    let act =
        ["append", "application-filed", "-p", "LAO", "--in", "sco", "--done", day, "--cite", "x", "--quiet"];
    env.run(&act).ok();
}

#[test]
fn a_new_key_is_announced_by_an_entry_that_both_keys_signed() {
    let env = ledger();
    let before = env.size();
    let old = std::fs::read_to_string(env.path().join("old")).unwrap().trim_end().to_owned();
    let secret = std::fs::read(env.ledger().join("key")).unwrap();
    let answer = rotate(&env);
    let new = answer["new"].as_str().unwrap().to_owned();
    assert_eq!(
        (&answer["entry"], &answer["old"], env.size()),
        (&before.into(), &old.clone().into(), before + 1)
    );
    assert_eq!(env.run(&["key", "show"]).ok().trim_end(), new);
    assert!(new != old && env.run(&["show", &before.to_string()]).ok().contains("the log's key"));
    // The old secret is gone, from every file.
    assert!(files(&env.ledger()).iter().all(|(_, bytes)| bytes != &secret));
    assert!(!env.ledger().join("key.next").exists());
    env.write("new", &new);
    // The first head is signed with both, and stays so while nothing is appended.
    env.write("head", std::fs::read(env.ledger().join("checkpoint")).unwrap());
    for key in ["old", "new"] {
        env.run(&["verify", "head", "--key", key]).ok();
        assert_eq!(
            env.run(&["audit", "--quiet", "--key", key, "--since", "early", "--since", "head"]).all(),
            "",
            "{key}"
        );
    }
    assert_eq!(env.run(&["audit", "--since", "early"]).all(), "");
    append(&env, "2025-07");
    env.write("later", env.run(&["checkpoint"]).ok());
    env.run(&["verify", "later", "--key", "new"]).ok();
    let ran = env.run(&["verify", "later", "--key", "old", "--format", "json"]);
    assert_eq!((ran.code, ran.stdout.contains("of this key: the log may have another by now")), (1, true));
    // Who holds the first key follows the log's own entries to the last.
    rotate(&env);
    append(&env, "2025-08");
    for key in ["old", "new"] {
        assert_eq!(
            env.run(&["audit", "--quiet", "--key", key, "--since", "early", "--since", "later"]).all(),
            "",
            "{key}"
        );
    }
    let history = env.run(&["key", "show", "--history", "--format", "json"]).json();
    let keys: Vec<_> =
        history.as_array().unwrap().iter().map(|k| (k["from"].clone(), k["entry"].clone())).collect();
    assert_eq!(
        keys,
        [
            (0.into(), Value::Null),
            ((before + 1).into(), before.into()),
            ((before + 3).into(), (before + 2).into())
        ]
    );
    assert_eq!((&history[0]["verifier_key"], &history[1]["verifier_key"]), (&old.into(), &new.into()));
    env.run(&["publish", "site"]).ok();
    for key in ["old", "new"] {
        assert_eq!(env.run(&["audit", "--from", "site", "--key", key]).all(), "", "{key}");
    }
    let other = Env::demo().run(&["key", "show"]).ok();
    assert_eq!(env.run(&["audit", "--key", other.trim_end()]).code, 1);
}

#[test]
fn a_head_of_today_signed_with_a_key_of_yesterday_is_found() {
    let env = ledger();
    let (key, public) = (env.ledger().join("key"), env.ledger().join("key.pub"));
    let kept = [std::fs::read(&key).unwrap(), std::fs::read(&public).unwrap()];
    rotate(&env);
    append(&env, "2025-07");
    // Who stole the old key puts it back, and signs the head with it.
    std::fs::write(&key, &kept[0]).unwrap();
    std::fs::write(&public, &kept[1]).unwrap();
    env.run(&["checkpoint"]).fails(4);
    std::fs::remove_file(env.ledger().join("checkpoint")).unwrap();
    env.run(&["compact", "--sign-unheaded"]).ok();
    for args in [&["audit"][..], &["audit", "--quiet", "--key", "old"]] {
        let ran = env.run(&[args, &["--only", "checkpoint"]].concat());
        assert!(ran.code == 1 && ran.stdout.contains("checkpoint: signature"), "{}", ran.all());
    }
}

#[test]
fn the_leaf_is_canonical_and_a_change_in_what_was_signed_is_found() {
    let env = ledger();
    let entry = rotate(&env)["entry"].as_u64().unwrap();
    let leaf = env.run(&["show", &entry.to_string(), "--leaf"]).ok();
    let value: Value = serde_json::from_str(&leaf).unwrap();
    assert_eq!(serde_json_canonicalizer::to_string(&value).unwrap(), leaf.trim_end());
    assert_eq!(
        (&value["event"]["body"], &value["event"]["rotation"]["size"]),
        (&"ledger".into(), &entry.into())
    );
    let lines = env.run(&["export", "leaves"]).ok();
    let signature = |name: &str| value["event"]["rotation"][name].as_str().unwrap().to_owned();
    let swapped = signature("old_signature");
    let size = format!("\"size\":{entry}}}");
    for (from, to, code) in [
        (signature("new_signature"), swapped.clone(), "signature"),
        (swapped, signature("new_signature"), "signature"),
        (size, "\"size\":8}".into(), "signature"),
    ] {
        let path = env.path().join("forged.ledger");
        std::fs::remove_dir_all(&path).ok();
        let forged = lines.replacen(&from, &to, 1);
        assert!(forged != lines, "{from} is not there");
        Entries::create(&path, "test/sco", &Disk::default()).unwrap();
        let log = Entries::open_writer(&path, &Holder::default(), Disk::default()).unwrap();
        let leaves: Vec<&[u8]> = forged.lines().map(str::as_bytes).collect();
        assert!(matches!(log.append(0, &leaves), Append::Done { .. }));
        drop(log);
        let ran = env.run(&["audit", "--ledger", "forged.ledger", "--only", "keys", "--format", "json"]);
        let report: Value = serde_json::from_str(&ran.stdout).unwrap();
        let found = &report["findings"][0];
        assert_eq!((&found["code"], &found["entry"]), (&code.into(), &entry.into()), "{from}");
    }
}

#[test]
fn what_belongs_to_the_ledger_itself_is_neither_a_body_nor_corrected() {
    let env = ledger();
    let entry = rotate(&env)["entry"].to_string();
    let size = env.size();
    let leaf: Value = serde_json::from_str(&env.run(&["show", &entry, "--leaf"]).ok()).unwrap();
    let mut again = leaf["event"].clone();
    again["id"] = "0197a000-0000-7000-8000-00000000000b".into();
    env.write("again.jsonl", again.to_string());
    again["body"] = "sco".into();
    env.write("elsewhere.jsonl", again.to_string());
    let charter = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/src/charter/templates/sco/1-founding.toml"
    ));
    env.write("ledger.toml", charter.unwrap().replacen("id = \"sco\"", "id = \"ledger\"", 1));
    for (line, said) in [
        ("append --from again.jsonl", "does not follow on this log"),
        ("append --from elsewhere.jsonl", "is an act of the ledger itself"),
        (
            "append application-filed -p LAO --in ledger --done 2025 --cite x",
            "no organisation or treaty is called so",
        ),
        ("charter adopt ledger.toml", "no organisation or treaty is called so"),
        (&format!("retract {entry} --cause clerical --cite x"), "ledger"),
    ] {
        let refused = env.run(&line.split(' ').collect::<Vec<_>>());
        assert!([2, 3].contains(&refused.code) && refused.stderr.contains(said), "{line}: {}", refused.all());
    }
    assert!(
        env.run(&["append", "log-key-rotated", "--in", "ledger", "--cite", "x"])
            .fails(2)
            .contains("key rotate")
    );
    assert_eq!(env.size(), size);
    assert!(!env.run(&["bodies"]).ok().contains("ledger"));
    assert_eq!(env.run(&["audit"]).all(), "");
    env.run(&["replay"]).ok();
    env.run(&["log"]).ok();
}

/// Opens for writing and rotates on a disk.
fn rotated(path: &Path, disk: Disk, time: u8) -> Result<bool, chancery::LedgerError> {
    let ledger = Writer::open(path, &Holder::default(), disk)?;
    let id = EventId::parse(&format!("0197a000-0000-7000-8000-00000000000{time}")).unwrap();
    let options = AppendOptions { now: Instant::parse(NOW).unwrap(), expect_size: None, accept_clock: false };
    ledger.rotate_key(&[time; 32], (id, Vec::new()), options).map(|(_, ended)| ended)
}

/// Nothing is wrong for who holds this key.
fn assert_sound(path: &Path, key: &VerifierKey, context: &str) {
    let report =
        audit(path, &AuditOptions { key: Some(key.clone()), ..AuditOptions::default() }, &mut |_, _, _| ())
            .unwrap();
    assert!(report.is_clean(), "{context}: {:?}", report.findings);
}

#[test]
fn a_change_of_the_key_that_was_cut_short_at_any_step_is_ended_and_no_key_is_lost() {
    let env = ledger();
    let old = std::fs::read_to_string(env.path().join("old")).unwrap();
    let old = VerifierKey::parse(old.trim_end()).unwrap();
    let size = env.size();
    let now = Instant::parse(NOW).unwrap();
    let (mut cut, mut ended, mut announced) = (0, 0, 0);
    for step in 0.. {
        let path: PathBuf = env.path().join(format!("cut-{step}"));
        copy(&env.ledger(), &path);
        let Err(_) = rotated(&path, Disk::failing_at(step, 5), 1) else {
            assert_eq!(step, cut);
            break;
        };
        cut += 1;
        let context = format!("step {step}");
        assert_sound(&path, &old, &context);
        // A reader signs for its moment, or says what is to be done.
        match Reading::open(&path, now).and_then(|reading| reading.signed_head(reading.size())) {
            Ok(head) => {
                let new = Reading::open(&path, now).unwrap().verifier_key().unwrap();
                assert!(head.verify(&old).is_ok() || new != old && head.verify(&new).is_ok(), "{context}");
            }
            Err(error) => {
                assert!(error.to_string().contains("not the verifier key of the signing key"), "{error}")
            }
        }
        let begun = Reading::open(&path, now).unwrap().size().0 > size;
        announced += u32::from(begun);
        if step % 2 == 0 {
            // The next writer ends it, whatever it writes.
            Writer::open(&path, &Holder::default(), Disk::default()).unwrap().close().unwrap();
        }
        let again = rotated(&path, Disk::default(), 2).unwrap();
        ended += u32::from(again);
        let reading = Reading::open(&path, now).unwrap();
        let last = reading.rotations().unwrap().pop().unwrap();
        assert_eq!(reading.verifier_key().unwrap(), last.rotation.new, "{context}");
        assert!(!path.join("key.next").exists(), "{context}");
        let head = SignedCheckpoint::read(&path.join("checkpoint")).unwrap().unwrap();
        head.verify(&last.rotation.new).unwrap();
        assert_sound(&path, &old, &context);
        assert_sound(&path, &last.rotation.new, &context);
    }
    assert!(cut > 10 && ended > 2 && announced > 4, "{cut} steps, {announced} announced, {ended} ended");
}
