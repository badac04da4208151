//! Proofs through the command line: anyone can check, without a ledger.

use std::os::unix::fs::PermissionsExt;

use crate::env::{Env, copy};

/// A demonstration ledger with its verifier key in a file.
fn demo() -> Env {
    let env = Env::demo();
    let line = env.run(&["key", "show"]).ok();
    env.write("vkey", line);
    env
}

#[test]
fn key_show_prints_the_verifier_key_and_nothing_else() {
    let env = Env::sco();
    let shown = env.run(&["key", "show"]).ok();
    assert_eq!(shown.lines().count(), 1);
    let (name, rest) = shown.trim_end().split_once('+').unwrap();
    assert_eq!((name, rest.split_once('+').unwrap().0.len()), ("test/sco", 8));
    assert_eq!(std::fs::read_to_string(env.ledger().join("key.pub")).unwrap(), shown);
    let secret = std::fs::metadata(env.ledger().join("key")).unwrap();
    assert_eq!(secret.permissions().mode() & 0o777, 0o600);
    assert!(env.run(&["key", "generate"]).fails(3).contains("the log has a signing key already"));
}

#[test]
fn chance_makes_every_key_another_one() {
    let key = |seed: Option<&str>| {
        let env = Env::new();
        let mut command = env.chancery(&["init", "--origin", "test/sco"]);
        command.env_remove("CHANCERY_NOW");
        if let Some(seed) = seed {
            command.env("CHANCERY_KEY_SEED", seed);
        }
        assert!(command.output().unwrap().status.success());
        env.run(&["key", "show"]).ok()
    };
    // Without a clock that is stood in for, nothing stands in for chance either.
    let made = [key(None), key(None), key(Some("a key of the tests")), key(Some("a key of the tests"))];
    let mut distinct = made.to_vec();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), made.len());
}

#[test]
fn a_key_that_others_can_read_signs_nothing_and_loses_nothing() {
    let env = Env::sco();
    let key = env.ledger().join("key");
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o644)).unwrap();
    let said = env.run(&["checkpoint"]).fails(3);
    assert!(said.contains("others than its owner can read or change the signing key (mode 644)"), "{said}");
    let before = env.size();
    let line = ["application-filed", "--participant", "LAO", "--in", "sco", "--done", "2025", "--cite", "x"];
    let ran = env.run(&[&["append"], &line[..]].concat());
    assert!(ran.stderr.contains("recorded, but the head of the log is not up to date"), "{}", ran.stderr);
    assert_eq!((ran.code, env.size()), (0, before + 1));
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
    env.run(&["audit"]).ok();
}

#[test]
fn a_proof_is_verified_without_a_ledger() {
    let env = demo();
    env.run(&["prove", "inclusion", "52", "--out", "p"]).ok();
    env.run(&["prove", "consistency", "100", "128", "--out", "c"]).ok();
    let kept = env.run(&["checkpoint", "--size", "100"]).ok();
    env.write("kept", &kept);
    env.write("head", env.run(&["checkpoint"]).ok());
    std::fs::rename(env.ledger(), env.path().join("away")).unwrap();
    let verify = |args: &[&str]| env.run(&[&["verify"], args].concat());
    assert!(
        verify(&["p", "--key", "vkey"])
            .ok()
            .starts_with("verified: entry 52 is among the first 128 of chancery.demo/sco\n")
    );
    let grown = verify(&["c", "--key", "vkey", "--since", "kept"]).ok();
    assert!(
        grown.starts_with("verified: the first 128 entries of chancery.demo/sco begin with its first 100\n")
    );
    let line = std::fs::read_to_string(env.path().join("vkey")).unwrap();
    assert!(verify(&["head", "--key", line.trim_end()]).ok().contains("chancery.demo/sco has 128 entries"));
    let json = verify(&["p", "--key", "vkey", "--format", "json"]).json();
    assert_eq!((&json["verified"], &json["index"], &json["size"]), (&true.into(), &52.into(), &128.into()));
    // Another log's key, another head, a changed file: each is named.
    let other = Env::sco().run(&["key", "show"]).ok();
    let said = verify(&["p", "--key", other.trim_end()]);
    assert_eq!(
        (said.code, said.stdout.contains("the checkpoint is of chancery.demo/sco, the key of test/sco")),
        (1, true)
    );
    let said = verify(&["c", "--key", "vkey", "--since", "head"]);
    assert_eq!((said.code, said.stdout.contains("does not start from the checkpoint")), (1, true));
    let text = std::fs::read_to_string(env.path().join("p")).unwrap();
    env.write("changed", text.replace("index 52", "index 53"));
    let said = verify(&["changed", "--key", "vkey"]);
    assert_eq!((said.code, said.stdout.contains("do not lead from the leaf to the root")), (1, true));
    env.write("short", &text[..text.len() - 1]);
    let said = verify(&["short", "--key", "vkey"]);
    assert_eq!((said.code, said.stdout.contains("not verified: line ")), (1, true));
    verify(&["p", "--key", "no key"]).fails(2);
    verify(&["missing", "--key", "vkey"]).fails(2);
    verify(&["p", "--key", "vkey", "--since", "kept"]).fails(2);
}

#[test]
fn a_leaf_may_be_handed_over_apart() {
    let env = demo();
    env.run(&["prove", "inclusion", "7", "--size", "90", "--without-leaf", "--out", "p"]).ok();
    env.write("leaf", env.run(&["show", "7", "--leaf"]).ok());
    env.write("other", env.run(&["show", "8", "--leaf"]).ok());
    assert!(!std::fs::read_to_string(env.path().join("p")).unwrap().contains("extra"));
    assert!(env.run(&["verify", "p", "--key", "vkey"]).fails(2).contains("--leaf FILE"));
    env.run(&["verify", "p", "--key", "vkey", "--leaf", "leaf"]).ok();
    assert_eq!(env.run(&["verify", "p", "--key", "vkey", "--leaf", "other"]).code, 1);
}

#[test]
fn a_copy_without_its_key_is_read_and_shows_the_head_signed_last() {
    let env = demo();
    copy(&env.ledger(), &env.path().join("copy"));
    std::fs::remove_file(env.path().join("copy/key")).unwrap();
    let on_copy = |args: &[&str]| env.run(&[args, &["--ledger", "copy"]].concat());
    assert_eq!(on_copy(&["checkpoint"]).ok(), env.run(&["checkpoint"]).ok());
    assert_eq!(on_copy(&["prove", "inclusion", "9"]).ok(), env.run(&["prove", "inclusion", "9"]).ok());
    assert!(on_copy(&["checkpoint", "--size", "9"]).fails(3).contains("the log's signing key is not here"));
    on_copy(&["audit"]).ok();
    on_copy(&["status", "BLR", "--in", "sco"]).ok();
    std::fs::write(env.path().join("copy/key"), std::fs::read(Env::sco().ledger().join("key")).unwrap())
        .unwrap();
    std::fs::set_permissions(env.path().join("copy/key"), PermissionsExt::from_mode(0o600)).unwrap();
    let said = on_copy(&["checkpoint"]).fails(3);
    assert!(said.contains("the key is that of test/sco, this log is chancery.demo/sco"), "{said}");
}

#[test]
fn nothing_is_signed_over_a_head_that_the_key_did_not_sign() {
    let env = demo();
    let path = env.ledger().join("checkpoint");
    let signed = std::fs::read_to_string(&path).unwrap();
    // Anyone can write a head without a signature over whatever lies there.
    let unsigned = format!("{}\n", signed.split("\n\n").next().unwrap());
    std::fs::write(&path, &unsigned).unwrap();
    for line in ["append application-filed -p LAO --in sco --done 2025 --cite x", "compact"] {
        let said = env.run(&line.split(' ').collect::<Vec<_>>()).fails(4);
        assert!(said.contains("the checkpoint is not signed"), "{line}: {said}");
    }
    env.run(&["status", "BLR", "sco", "--certificate", "c.json"]).fails(4);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), unsigned);
    std::fs::write(&path, &signed).unwrap();
    env.run(&["append", "application-filed", "-p", "LAO", "--in", "sco", "--done", "2025", "--cite", "x"])
        .ok();
}

#[test]
fn the_audit_verifies_signatures_with_the_key_given_or_the_one_beside_the_log() {
    let env = demo();
    env.write("since", env.run(&["checkpoint", "--size", "50"]).ok());
    env.run(&["audit", "--since", "since", "--key", "vkey"]).ok();
    let findings = |env: &Env, args: &[&str]| {
        let ran = env.run(&[&["audit", "--format", "json"], args].concat());
        let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        let codes =
            report["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap().to_owned());
        (ran.code, codes.collect::<Vec<_>>())
    };
    let other = Env::sco().run(&["key", "show"]).ok();
    assert_eq!(findings(&env, &["--key", other.trim_end()]), (1, vec!["signature".into()]));
    let path = env.ledger().join("checkpoint");
    let signed = std::fs::read_to_string(&path).unwrap();
    // The signature of the head of another size, and no signature at all.
    let earlier = std::fs::read_to_string(env.path().join("since")).unwrap();
    let body: String = signed.split_inclusive('\n').take(5).collect();
    std::fs::write(&path, format!("{body}{}\n", earlier.lines().last().unwrap())).unwrap();
    assert_eq!(findings(&env, &[]), (1, vec!["signature".into()]));
    std::fs::write(&path, body.trim_end().to_owned() + "\n").unwrap();
    assert_eq!(findings(&env, &[]), (1, vec!["signature".into()]));
    // An unsigned head of a log that has no key is as it always was.
    std::fs::remove_file(env.ledger().join("key")).unwrap();
    std::fs::remove_file(env.ledger().join("key.pub")).unwrap();
    env.run(&["audit"]).ok();
    env.run(&["key", "show"]).fails(3);
    env.run(&["checkpoint"]).fails(3);
    env.run(&["key", "generate"]).ok();
    env.run(&["audit"]).ok();
    assert!(std::fs::read_to_string(&path).unwrap().contains('\u{2014}'));
}

#[test]
fn python_verifies_what_the_command_line_proves() {
    let env = demo();
    if env.sh("python3 --version").code != 0 {
        return eprintln!("left out: there is no python3");
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/verify.py");
    env.write("verify.py", std::fs::read(script).unwrap());
    env.run(&["prove", "inclusion", "52", "--out", "p"]).ok();
    env.run(&["prove", "inclusion", "52", "--without-leaf", "--out", "w"]).ok();
    env.run(&["prove", "consistency", "1", "128", "--out", "c"]).ok();
    env.write("leaf", env.run(&["show", "52", "--leaf"]).ok());
    env.write("head", env.run(&["checkpoint"]).ok());
    env.run(&["status", "BLR", "--in", "sco", "--on", "2023-07-01", "--certificate", "b"]).ok();
    env.run(&["status", "ISL", "--in", "sco", "--as-recorded", "100", "--certificate", "i"]).ok();
    let lines = ["p \"$(cat vkey)\"", "w \"$(cat vkey)\" leaf", "c \"$(cat vkey)\"", "head \"$(cat vkey)\""];
    for line in lines {
        assert!(env.sh(&format!("python3 verify.py {line}")).ok().starts_with("verified: "));
    }
    for certificate in ["b", "i"] {
        let ran = env.sh(&format!("python3 verify.py {certificate} \"$(cat vkey)\""));
        assert!(ran.stdout.starts_with("verified, but for the answer: "), "{}", ran.stdout);
        ran.fails_with(1, "answer not checked");
    }
    let ran = env.sh("sed 's/index 52/index 53/' p > q; python3 verify.py q \"$(cat vkey)\"");
    assert_eq!((ran.code, ran.stderr.as_str()), (1, "not verified: the hashes do not lead to the root\n"));
    // The digest is made anew, so that what it covers is what refuses.
    let reseal = "import hashlib,sys; t=open('x').read(); i=t.rindex(',\"sha256\"'); \
                  open('y','w').write(t[:i]+',\"sha256\":\"'+hashlib.sha256(t[:i].encode()).hexdigest()+'\"}\\n')";
    env.write("reseal.py", reseal);
    let changes = [
        ("s/Samarkand/Samarkond/", "entry 76 does not have its hash"),
        (
            "s/\"name\":\"BLR\"/\"name\":\"BLS\"/",
            "the groups do not lead to the root of the completeness map",
        ),
        (
            "s/\"entries\":\\[38,40,/\"entries\":[40,/",
            "the groups do not lead to the root of the completeness map",
        ),
        ("s/128\\\\n/127\\\\n/", "the signature does not verify"),
    ];
    for (change, what) in changes {
        let ran =
            env.sh(&format!("sed '{change}' b > x; python3 reseal.py; python3 verify.py y \"$(cat vkey)\""));
        assert_eq!((ran.code, ran.stderr), (1, format!("not verified: {what}\n")), "{change}");
    }
}

#[test]
fn a_proof_of_what_is_not_there_is_refused() {
    let env = demo();
    env.run(&["prove", "inclusion", "128"]).fails(2);
    env.run(&["prove", "inclusion", "50", "--size", "50"]).fails(2);
    env.run(&["prove", "consistency", "100", "129"]).fails(2);
    env.run(&["prove", "consistency", "100", "99"]).fails(2);
    env.run(&["prove", "consistency", "0", "99"]).fails(2);
    env.run(&["checkpoint", "--size", "129"]).fails(2);
}
