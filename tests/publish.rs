//! A published tree: what is written, what is refused, and what an outsider sees who has the verifier key alone.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};

use chancery::audit::{AuditOptions, CHECKS, Report, audit_published};
use chancery::log::{Append, Disk, Entries, Holder, SignedCheckpoint, SigningKey};
use chancery::publish::{TreeSource, publish};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::env::{Env, copy, files};

/// A demonstration ledger, published in `site`, and its verifier key in a file.
fn published() -> Env {
    let env = Env::demo();
    env.write("vkey", env.run(&["key", "show"]).ok());
    env.run(&["publish", "site"]).ok();
    env
}

fn append(env: &Env) {
    let id = "0197a000-0000-7000-8000-00000000000a";
    let act =
        format!("append application-filed -p LAO --in sco --done 2025-07 --cite letter --quiet --id {id}");
    env.run(&act.split(' ').collect::<Vec<_>>()).ok();
}

/// The exit code and the findings, each as check, code, entry and place.
fn found(env: &Env, more: &[&str]) -> (i32, Vec<String>) {
    let ran = env.run(&[&["audit", "--key", "vkey", "--format", "json", "--from"], more].concat());
    let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.all()));
    let one =
        |f: &Value| format!("{}: {} {} {}", f["check"], f["code"], f["entry"], f["place"]).replace('"', "");
    (ran.code, report["findings"].as_array().unwrap().iter().map(one).collect())
}

#[test]
fn publishing_again_writes_only_what_is_new() {
    let env = Env::demo();
    insta::assert_snapshot!(env.run(&["publish", "www/site"]).ok(), @"
    published 128 entries of chancery.demo/sco
      root    cVQxdRoasY7sNgJeydxDjh4r7tXqi2SAu++oj0l4urw=
      folder  www/site: 3 files written, 0 there
    ");
    insta::assert_snapshot!(env.run(&["publish", "www/site"]).ok(), @"
    published 128 entries of chancery.demo/sco, as before
      root    cVQxdRoasY7sNgJeydxDjh4r7tXqi2SAu++oj0l4urw=
      folder  www/site: 0 files written, 3 there
    ");
    append(&env);
    insta::assert_snapshot!(env.run(&["publish", "www/site"]).ok(), @"
    published 129 entries of chancery.demo/sco, 128 of them before
      root    Jh0il5FkzrQDMne3pLzsdAc9eVZ0JSASG4idIm5qzQY=
      folder  www/site: 3 files written, 0 there
    ");
    let json = env.run(&["publish", "other", "--size", "100", "--format", "json"]).json();
    assert_eq!((&json["size"], &json["before"], &json["written"]), (&100.into(), &Value::Null, &3.into()));
    assert_eq!(
        std::fs::read_to_string(env.path().join("other/checkpoint")).unwrap(),
        env.run(&["checkpoint", "--size", "100"]).ok()
    );
    let site = env.path().join("www/site");
    let listed: Vec<String> = files(&site)
        .iter()
        .map(|(path, _)| path.strip_prefix(&site).unwrap().display().to_string())
        .collect();
    // The partial files of the first tree stay, for who holds its checkpoint; nothing else is there.
    insta::assert_snapshot!(listed.join("\n"), @"
    checkpoint
    tile/0/000.p/128
    tile/0/000.p/129
    tile/entries/000.p/128
    tile/entries/000.p/129
    ");
}

#[test]
fn what_is_published_can_be_audited_with_the_key_alone() {
    let env = published();
    let kept = env.run(&["checkpoint", "--size", "100"]).ok();
    env.write("kept", kept);
    let exported = env.run(&["export", "leaves"]).ok();
    env.write("leaves", exported);
    env.run(&["audit", "--report", "kept.json"]).ok();
    copy(&env.ledger(), &env.path().join("older.ledger"));
    std::fs::remove_dir_all(env.ledger()).unwrap();
    let audit = |more: &[&str]| env.run(&[&["audit", "--from", "site", "--key", "vkey"], more].concat());
    assert_eq!(audit(&[]).all(), "");
    for since in ["kept", "leaves", "kept.json", "older.ledger"] {
        assert_eq!(audit(&["--since", since]).all(), "", "{since}");
    }
    insta::assert_snapshot!(audit(&["--checks", "--since", "kept"]).ok(), @"
    check         looked at  findings  makes sure that
    bundles       128        0         of a published tree: every entry is there,
                                       and has the hash that its tile holds
    canonical     128        0         every leaf is of a known version and is the
                                       one canonical form of what it says
    ids           128        0         an id names one event
    clock         128        0         recorded times rise strictly
    tiles         1          0         of a published tree: every tile at every
                                       level is there, and holds the hashes of what
                                       is below it
    keys          0          0         every change of the log's key follows on the
                                       one before, and both keys signed it
    checkpoint    1          0         the log begins with what its own heads cover
                                       (checkpoint, cosigned); each is signed with
                                       its key
    since         1          0         the log begins with what was kept of it
                                       elsewhere, entry by entry or by root
    completeness  228        0         heads state the completeness map that the
                                       leaves give: certificates leave nothing out
    links         119        0         answers and corrections name earlier entries,
                                       rows an import; a rectification fits its
                                       entry
    recorders     128        0         signatures are those of recorders enrolled
                                       for it then; none is missing where they are
                                       required
    charters      7          0         every charter can be read, and leads only to
                                       statuses that it defines
    verdicts      128        0         every entry is admissible under the charter
                                       as it was recorded then
    projections   153        0         two ways of deriving every status agree; the
                                       first entries alone give what they gave
    ");
    assert!(audit(&["--conformity"]).ok().ends_with("2 remarks\n"));
    audit(&["--report", "report.json"]).ok();
    let report = std::fs::read_to_string(env.path().join("report.json")).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!((&report["size"], &report["origin"]), (&128.into(), &"chancery.demo/sco".into()));
    // A line kept from another history is found here as in the ledger itself.
    let leaves = std::fs::read_to_string(env.path().join("leaves")).unwrap();
    env.write("leaves", leaves.replacen("gazeta.uz", "gazeta.ru", 1));
    let (code, seen) = found(&env, &["site", "--since", "leaves"]);
    assert_eq!((code, seen.len()), (1, 1), "{seen:?}");
    assert!(seen[0].starts_with("since: changed "), "{seen:?}");
}

#[test]
fn an_audit_from_outside_needs_a_key_and_a_tree() {
    let env = published();
    assert!(env.run(&["audit", "--from", "site"]).fails(2).contains("--from needs --key"));
    let at = |from: &str| env.run(&["audit", "--key", "vkey", "--from", from]);
    assert!(at("nowhere").fails(4).contains("nowhere: there is no checkpoint: not a published tree"));
    assert!(at("ftp://example.org/sco").fails(2).contains("begins with http:// or https://"));
    let refused = at("http://127.0.0.1:1/").fails(4);
    assert!(refused.contains("http://127.0.0.1:1/checkpoint: the server cannot be reached"), "{refused}");
    let only = |args: &[&str]| env.run(&[&["audit"], args].concat()).fails(2);
    assert!(only(&["--only", "tiles"]).contains("tiles is a check of a published tree"));
    let said = only(&["--only", "frames", "--from", "site", "--key", "vkey"]);
    assert!(said.contains("a published tree has no frames"), "{said}");
}

#[test]
fn every_file_of_a_tree_that_was_changed_is_found_and_named() {
    let env = published();
    let site = env.path().join("site");
    let tree = files(&site);
    assert_eq!(tree.len(), 3);
    for (path, bytes) in &tree {
        let name = path.strip_prefix(env.path()).unwrap().display().to_string();
        for at in [0, bytes.len() / 3, bytes.len() / 2, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            std::fs::write(path, changed).unwrap();
            let (code, seen) = found(&env, &["site"]);
            let all = seen.join("\n");
            assert_eq!(code, 1, "byte {at} of {name}");
            assert!(all.contains(&name), "byte {at} of {name}: {all}");
        }
        std::fs::write(path, &bytes[..bytes.len() - 1]).unwrap();
        assert!(found(&env, &["site"]).1.join("\n").contains(&name), "{name} cut short");
        std::fs::write(path, [bytes.as_slice(), b"\0"].concat()).unwrap();
        assert!(found(&env, &["site"]).1.join("\n").contains(&name), "{name} with a byte more");
        std::fs::remove_file(path).unwrap();
        match name.ends_with("checkpoint") {
            true => drop(env.run(&["audit", "--from", "site", "--key", "vkey"]).fails(4)),
            false => assert!(found(&env, &["site"]).1[0].contains("missing"), "{name} lost"),
        }
        std::fs::write(path, bytes).unwrap();
    }
    assert_eq!(found(&env, &["site"]), (0, vec![]));
    // The one entry that was changed is named, and nothing else.
    let bundle = site.join("tile/entries/000.p/128");
    let text = std::fs::read(&bundle).unwrap();
    let at = text.windows(9).position(|w| w == b"gazeta.uz").unwrap();
    let mut changed = text.clone();
    changed[at] = b'G';
    std::fs::write(&bundle, &changed).unwrap();
    let (_, seen) = found(&env, &["site"]);
    assert_eq!(seen.len(), 1, "{seen:?}");
    let entry = seen[0].strip_prefix("bundles: other-hash ").unwrap().split(' ').next().unwrap();
    assert!(env.run(&["show", entry, "--leaf"]).ok().contains("gazeta.uz"), "{seen:?}");
    // With the tile changed to fit, the signed root tells.
    let tile = site.join("tile/0/000.p/128");
    let mut hashes = std::fs::read(&tile).unwrap();
    let at: usize = entry.parse().unwrap();
    let leaf = env.run(&["show", entry, "--leaf"]).ok().trim_end().replacen("gazeta.uz", "Gazeta.uz", 1);
    hashes[32 * at..32 * at + 32].copy_from_slice(&chancery::log::leaf_hash(leaf.as_bytes()).0);
    std::fs::write(&tile, hashes).unwrap();
    let (_, seen) = found(&env, &["site"]);
    assert_eq!(seen, ["checkpoint: other-root null site"]);
    // And another key than the one that signed.
    env.write("vkey", Env::sco().run(&["key", "show"]).ok());
    assert!(found(&env, &["site"]).1.join("\n").contains("checkpoint: signature null site/checkpoint"));
}

#[test]
fn a_tree_is_never_replaced_by_another_logs_or_by_an_earlier_or_a_rewritten_one() {
    let env = published();
    let site = env.path().join("site");
    let before = files(&site);
    let publish = |more: &[&str]| env.run(&[&["publish", "site"], more].concat());
    let refused = publish(&["--size", "100"]).fails(3);
    assert!(refused.contains("128 entries are published already, 100 are to be"), "{refused}");
    env.run(&["init", "--origin", "test/other", "--ledger", "other.ledger"]).ok();
    let refused = publish(&["--ledger", "other.ledger"]).fails(3);
    assert!(refused.contains("the tree of another log is there, chancery.demo/sco"), "{refused}");
    // A log of the same name that began otherwise.
    env.run(&["init", "--origin", "chancery.demo/sco", "--ledger", "fork.ledger", "--charter", "sco"]).ok();
    let act =
        ["append", "application-filed", "-p", "LAO", "--in", "sco", "--done", "2025-07", "--cite", "letter"];
    env.run(&[&act[..], &["--ledger", "fork.ledger", "--quiet"]].concat()).ok();
    let fork = env.run(&["checkpoint", "--ledger", "fork.ledger", "--format", "json"]).json();
    let size = fork["size"].as_u64().unwrap();
    env.run(&["publish", "small", "--size", &size.to_string()]).ok();
    let refused = env.run(&["publish", "small", "--ledger", "fork.ledger"]).fails(3);
    assert!(refused.contains("this log does not begin with the"), "{refused}");
    // Neither without a key, nor where the key would be served.
    let refused = publish(&["--ledger", "other.ledger", "--size", "1"]).fails(2);
    assert!(refused.contains("there is no 1"), "{refused}");
    for place in ["chancery.ledger", "chancery.ledger/site", "."] {
        let refused = env.run(&["publish", place]).fails(2);
        assert!(refused.contains("must lie apart from the signing key"), "{place}: {refused}");
    }
    std::fs::write(site.join("checkpoint"), "nothing\n").unwrap();
    assert!(publish(&[]).fails(4).contains("not a checkpoint"));
    std::fs::write(
        site.join("checkpoint"),
        &before.iter().find(|(p, _)| p.ends_with("checkpoint")).unwrap().1,
    )
    .unwrap();
    std::fs::remove_file(env.ledger().join("key")).unwrap();
    std::fs::remove_file(env.ledger().join("key.pub")).unwrap();
    std::fs::remove_file(env.ledger().join("checkpoint")).unwrap();
    let refused = publish(&[]).fails(3);
    assert!(refused.contains("signing key is not here") && refused.contains("key generate"), "{refused}");
    assert!(files(&site) == before);
}

#[test]
fn a_checkpoint_of_before_can_be_audited_in_a_tree_that_has_grown() {
    let env = published();
    let head = std::fs::read(env.path().join("site/checkpoint")).unwrap();
    append(&env);
    env.run(&["publish", "site"]).ok();
    assert_eq!(found(&env, &["site"]), (0, vec![]));
    std::fs::write(env.path().join("site/checkpoint"), head).unwrap();
    assert_eq!(found(&env, &["site"]), (0, vec![]));
}

/// A server of the files in a folder, on a port of this machine, until the test ends.
fn serve(folder: PathBuf, zipped: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            answer(&mut stream.unwrap(), &folder, zipped);
        }
    });
    address
}

fn answer(stream: &mut TcpStream, folder: &Path, zipped: bool) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let line = lines.next().unwrap_or_default();
    lines.take_while(|line| !line.is_empty()).for_each(drop);
    let path = line.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
    let (mut status, mut encoding) = ("200 OK", "");
    let mut body = match std::fs::read(folder.join(&path)) {
        Ok(body) => body,
        Err(_) => {
            status = "404 Not Found";
            Vec::new()
        }
    };
    if path.starts_with("broken/") {
        status = "503 Service Unavailable";
    }
    if zipped {
        let mut out = GzEncoder::new(Vec::new(), Compression::default());
        out.write_all(&body).unwrap();
        (body, encoding) = (out.finish().unwrap(), "Content-Encoding: gzip\r\n");
    }
    let head =
        format!("HTTP/1.1 {status}\r\n{encoding}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}

#[test]
fn a_tree_is_audited_over_http_as_it_is_in_a_folder() {
    let env = published();
    let site = env.path().join("site");
    for zipped in [false, true] {
        let address = serve(site.clone(), zipped);
        assert_eq!(found(&env, &[&address]), (0, vec![]));
        assert_eq!(found(&env, &[&format!("{address}/")]), (0, vec![]));
        let nothing = env.run(&["audit", "--key", "vkey", "--from", &format!("{address}/nothing")]).fails(4);
        assert!(nothing.contains("there is no checkpoint"), "{nothing}");
        let broken = env.run(&["audit", "--key", "vkey", "--from", &format!("{address}/broken")]).fails(4);
        assert!(broken.contains("the server answered with status 503"), "{broken}");
    }
    let address = serve(site.clone(), true);
    let bundle = site.join("tile/entries/000.p/128");
    let bytes = std::fs::read(&bundle).unwrap();
    std::fs::remove_file(&bundle).unwrap();
    let place = format!("{address}/tile/entries/000.p/128");
    assert_eq!(found(&env, &[&address]), (1, vec![format!("bundles: missing null {place}")]));
    // A bundle that would fill the memory is not read to its end, compressed or not.
    std::fs::write(&bundle, vec![0; 128 * 65_537 + 1]).unwrap();
    assert_eq!(found(&env, &[&address]), (1, vec![format!("bundles: damaged null {place}")]));
    std::fs::write(&bundle, bytes).unwrap();
    assert_eq!(found(&env, &[&address]), (0, vec![]));
}

const ORIGIN: &str = "test/opaque";

/// A published log of leaves that say nothing.
struct Opaque {
    dir: tempfile::TempDir,
    key: SigningKey,
}

impl Opaque {
    fn new(size: u32) -> Opaque {
        let dir = tempfile::tempdir().unwrap();
        let key = SigningKey::from_seed(ORIGIN, &[9; 32]);
        let ledger = dir.path().join("my.ledger");
        Entries::create(&ledger, ORIGIN, &Disk::default()).unwrap();
        let log = Entries::open_writer(&ledger, &Holder::default(), Disk::default()).unwrap();
        let leaves: Vec<[u8; 4]> = (0..size).map(u32::to_be_bytes).collect();
        let leaves: Vec<&[u8]> = leaves.iter().map(<[u8; 4]>::as_slice).collect();
        assert!(matches!(log.append(0, &leaves), Append::Done { .. }));
        let head = SignedCheckpoint::sign(log.checkpoint(), &key);
        publish(&log, &head, &dir.path().join("site"), &Disk::default(), &mut |_| ()).unwrap();
        Opaque { dir, key }
    }

    fn report(&self) -> Report {
        let made = ["bundles", "tiles", "checkpoint"];
        let others = CHECKS.iter().map(|check| check.name).filter(|name| !made.contains(name));
        let options = AuditOptions { skip: others.collect::<BTreeSet<_>>(), ..AuditOptions::default() };
        let source = TreeSource::new(self.dir.path().join("site").to_str().unwrap()).unwrap();
        audit_published(&source, self.key.verifier(), &options, &mut |_, _, _| ()).unwrap()
    }

    /// Changes a bit of a file, and gives the findings as code, entry and path.
    fn flipped(&self, path: &str, at: usize) -> Vec<String> {
        let site = self.dir.path().join("site");
        let file = site.join(path);
        let bytes = std::fs::read(&file).unwrap();
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        std::fs::write(&file, changed).unwrap();
        let report = self.report();
        std::fs::write(&file, bytes).unwrap();
        let one = |f: &chancery::audit::AuditFinding| {
            let place = f.place.as_deref().unwrap_or_default();
            let path = place.trim_start_matches(site.to_str().unwrap()).trim_start_matches('/');
            let entry = f.entry.map(|entry| format!(" {entry}")).unwrap_or_default();
            format!("{} {}{entry} {path}", f.check, f.code)
        };
        report.findings.iter().map(one).collect()
    }
}

#[test]
fn of_a_tree_with_many_tiles_exactly_the_file_that_was_changed_is_named() {
    let opaque = Opaque::new(600);
    assert!(opaque.report().is_clean());
    let site = opaque.dir.path().join("site");
    let mut looked = 0;
    for (path, bytes) in files(&site) {
        let path = path.strip_prefix(&site).unwrap().display().to_string();
        for at in [0, 1, 5, bytes.len() / 2, bytes.len() - 1] {
            let seen = opaque.flipped(&path, at);
            let named = seen.iter().all(|finding| finding.contains(&path));
            assert!(!seen.is_empty() && named, "byte {at} of {path}: {seen:?}");
            assert!(path == "checkpoint" || seen.len() == 1, "byte {at} of {path}: {seen:?}");
            looked += 1;
        }
    }
    assert_eq!(looked, 8 * 5);
    assert_eq!(opaque.flipped("tile/entries/001", 2 + 6 * 44), ["bundles other-hash 300 tile/entries/001"]);
    assert_eq!(opaque.flipped("tile/0/001", 32 * 44), ["tiles other-hash 300 tile/0/001"]);
}

#[test]
fn a_tree_of_three_levels_is_held_together_from_the_root_to_the_entries() {
    let opaque = Opaque::new(65_536 + 300);
    let report = opaque.report();
    assert!(report.is_clean(), "{:?}", report.findings);
    let looked = |name: &str| report.checks.iter().find(|check| check.name == name).unwrap().count;
    assert_eq!((looked("bundles"), looked("tiles")), (65_836, 258 + 2 + 1));
    for path in ["tile/2/000.p/1", "tile/1/000", "tile/1/001.p/1", "tile/0/100"] {
        assert_eq!(
            opaque.flipped(path, 3),
            [format!(
                "tiles other-hash{} {path}",
                match path {
                    "tile/0/100" => " 25600",
                    _ => "",
                }
            )]
        );
    }
    assert_eq!(opaque.flipped("tile/entries/100", 5), ["bundles other-hash 25600 tile/entries/100"]);
}

#[test]
fn of_a_size_that_nobody_signed_not_every_file_is_asked_for() {
    let opaque = Opaque::new(300);
    let path = opaque.dir.path().join("site/checkpoint");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("\n300\n", "\n9007199254740993\n", 1)).unwrap();
    let codes: BTreeSet<_> = opaque.report().findings.iter().map(|f| (f.check, f.code)).collect();
    assert!(
        codes.contains(&("checkpoint", "signature")) && codes.contains(&("bundles", "missing")),
        "{codes:?}"
    );
    assert!(opaque.report().findings.len() < 100);
}
