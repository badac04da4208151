//! Witnesses, policies and a client's memory: rollbacks and two histories, through the command line and by HTTP.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use chancery::log::{Checkpoint, Hash, SignedCheckpoint, SigningKey};

use crate::env::{Env, copy};

/// A witness that answers by HTTP until the test ends.
struct Served {
    child: Child,
    address: String,
    stderr: BufReader<std::process::ChildStderr>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Served {
    fn start(env: &Env, folder: &str) -> Served {
        let mut command = env.chancery(&["witness", "serve", folder, "--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on http://").unwrap().to_owned();
        Served { child, address, stderr }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stderr.read_line(&mut line).unwrap();
        line
    }

    /// Sends bytes and gives the whole answer.
    fn send(&self, head: &str, body: &[u8]) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let head =
            format!("{head} HTTP/1.1\r\nHost: w\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        // One that refuses a large body need not read it.
        let _ = stream.write_all(body);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8(answer).unwrap()
    }

    fn post(&self, body: &str) -> String {
        self.send("POST /add-checkpoint", body.as_bytes())
    }
}

/// A demonstration ledger with its key in `vkey`, and witnesses w1, w2, w3 that follow it.
fn witnessed() -> Env {
    let env = Env::demo();
    env.write("vkey", env.run(&["key", "show"]).ok());
    for n in 1..=3 {
        let (folder, name) = (format!("w{n}"), format!("witness.example/w{n}"));
        let line = env.run(&["witness", "init", &folder, "--name", &name]).ok();
        assert!(line.starts_with(&format!("{name}+")) && line.lines().count() == 1, "{line}");
        env.write(&format!("w{n}.vkey"), line);
        env.run(&["witness", "trust", &folder, "vkey"]).ok();
    }
    env
}

/// A policy: two of the three witnesses, those with an address as given.
fn policy(env: &Env, addresses: &[Option<&str>; 3]) {
    let mut text = format!("log {}", env.run(&["key", "show"]).ok());
    for (n, address) in (1..).zip(addresses) {
        let key = std::fs::read_to_string(env.path().join(format!("w{n}.vkey"))).unwrap();
        let url = address.map(|address| format!("http://{address}")).unwrap_or_default();
        text.push_str(&format!("witness W{n} {} {url}\n", key.trim_end()));
    }
    env.write("policy", text + "group two 2 W1 W2 W3\nquorum two\n");
}

fn append(env: &Env, ledger: &str, participant: &str) {
    let line = ["application-filed", "--in", "sco", "--done", "2025", "--cite", "x", "--ledger", ledger];
    env.run(&[&["append", "--participant", participant], &line[..]].concat()).ok();
}

const OURS: &str = "chancery.ledger";

fn evidence(folder: &Path) -> Vec<String> {
    let Ok(files) = std::fs::read_dir(folder.join("evidence")) else { return Vec::new() };
    let mut files: Vec<_> = files.map(|file| file.unwrap().path().display().to_string()).collect();
    files.sort();
    files
}

#[test]
fn witnesses_cosign_by_http_and_proofs_carry_their_lines() {
    let env = witnessed();
    let served = [Served::start(&env, "w1"), Served::start(&env, "w2")];
    policy(&env, &[Some(&served[0].address), Some(&served[1].address), None]);
    let note = env.run(&["checkpoint", "--cosign", "policy"]).ok();
    assert_eq!(note.matches('\u{2014}').count(), 3, "{note}");
    assert_eq!(std::fs::read_to_string(env.ledger().join("cosigned")).unwrap(), note);
    env.write("head", &note);
    let verified =
        env.run(&["verify", "head", "--key", "vkey", "--policy", "policy", "--format", "json"]).json();
    let witnesses: Vec<_> = verified["cosigned"].as_array().unwrap().iter().map(|c| &c["witness"]).collect();
    assert_eq!(witnesses, ["W1", "W2"]);
    assert_eq!(verified["cosigned"][0]["time"], "2026-11-23T17:31:00.000000Z");
    env.run(&["status", "BLR", "--in", "sco", "--certificate", "c.json"]).ok();
    let said = env.run(&["verify", "c.json", "--key", "vkey", "--policy", "policy"]).ok();
    assert!(said.contains("cosigned  W2 at 2026-11-23"), "{said}");
    // The ledger grows; proofs under the cosigned head go on, those under another lack the quorum.
    append(&env, OURS, "LAO");
    env.run(&["prove", "inclusion", "52", "--cosigned", "--out", "p"]).ok();
    env.run(&["prove", "inclusion", "52", "--out", "q"]).ok();
    let verify = |file: &str| env.run(&["verify", file, "--key", "vkey", "--policy", "policy"]);
    let said = verify("p").ok();
    assert!(said.contains("among the first 128") && said.contains("cosigned  W1 at 2026-11-23"), "{said}");
    let said = verify("q");
    let lacking = "the quorum is not met: two has 0 of the 2 it needs";
    assert_eq!((said.code, said.stdout.contains(lacking)), (1, true), "{}", said.stdout);
    // They are asked from the size they have, whether the ledger knows it or is told.
    assert!(env.run(&["checkpoint", "--cosign", "policy"]).ok().contains("\n129\n"));
    append(&env, OURS, "KHM");
    std::fs::remove_file(env.ledger().join("cosigned")).unwrap();
    let json = env.run(&["checkpoint", "--cosign", "policy", "--format", "json"]).json();
    assert_eq!((&json["size"], json["cosigned"].as_array().unwrap().len()), (&130.into(), 2));
    let shown = env.run(&["witness", "show", "w1"]).ok();
    assert!(shown.contains("chancery.demo/sco  130 entries, cosigned 2026-11-23 17:31 UTC"), "{shown}");
    env.run(&["audit"]).ok();
    // An older head does not take its place.
    env.run(&["checkpoint", "--cosign", "policy", "--size", "129"])
        .fails_with(1, "it has cosigned 130 entries");
    assert!(std::fs::read_to_string(env.ledger().join("cosigned")).unwrap().contains("\n130\n"));
}

#[test]
fn a_quorum_that_is_not_met_says_what_is_lacking_and_keeps_nothing() {
    let env = witnessed();
    let served = Served::start(&env, "w1");
    let gone = Served::start(&env, "w2").address.clone();
    policy(&env, &[Some(&served.address), Some(&gone), None]);
    let ran = env.run(&["checkpoint", "--cosign", "policy"]);
    assert_eq!(ran.stdout.matches('\u{2014}').count(), 2, "the note is shown with the lines there are");
    for said in [
        "the quorum is not met: two has 1 of the 2 it needs: without W2, W3 (exit 1)",
        "W2: http://",
        "W3: it has no address in the policy",
    ] {
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
    assert_eq!((ran.code, env.ledger().join("cosigned").exists()), (1, false));
    // The third is asked by file, and is enough.
    env.run(&["prove", "request", "0", "--out", "request"]).ok();
    env.write("lines", env.run(&["witness", "cosign", "w3", "request"]).ok());
    env.run(&["checkpoint", "--cosign", "policy", "--lines", "lines"]).ok();
    assert!(env.ledger().join("cosigned").exists());
    // Lines over another head are passed over.
    append(&env, OURS, "LAO");
    env.run(&["checkpoint", "--cosign", "policy", "--lines", "lines"]).fails_with(1, "two has 1 of the 2");
    // A key that is not the witness's is not believed, whoever answers.
    let text = std::fs::read_to_string(env.path().join("policy")).unwrap();
    let swapped = text.replace(&format!(" http://{}", served.address), "").replace(&gone, &served.address);
    env.write("policy", swapped);
    let said = env.run(&["checkpoint", "--cosign", "policy"]);
    assert!(said.stderr.contains("W2: its answer holds no cosignature of its key"), "{}", said.stderr);
    let no_log = text.replace("log ", "# ");
    env.write("policy", no_log.replace("# ", &format!("log {}#", Env::sco().run(&["key", "show"]).ok())));
    assert!(env.run(&["checkpoint", "--cosign", "policy"]).fails(2).contains("names other logs"));
}

#[test]
fn a_witness_answers_as_the_specification_says() {
    let env = witnessed();
    let mut served = Served::start(&env, "w1");
    env.run(&["prove", "request", "0", "--size", "100", "--out", "first"]).ok();
    let first = std::fs::read_to_string(env.path().join("first")).unwrap();
    let answer = served.post(&first);
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    let line = answer.split_once("\r\n\r\n").unwrap().1;
    assert!(line.starts_with("\u{2014} witness.example/w1 ") && line.ends_with("\n"), "{line}");
    assert_eq!(served.line(), "2026-11-23T17:31:00.000000Z 200 chancery.demo/sco 100\n");
    let again = served.post(&first);
    assert!(again.starts_with("HTTP/1.1 409 Conflict\r\n"), "{again}");
    assert!(
        again.contains("content-type: text/x.tlog.size\r\n") && again.ends_with("\r\n\r\n100\n"),
        "{again}"
    );
    assert!(served.line().contains(" 409 this witness cosigned 100 entries last"));
    let next = env.run(&["prove", "request", "100"]).ok();
    let status = |answer: String| answer.split(' ').nth(1).unwrap().to_owned();
    assert_eq!(status(served.post(&next.replacen("old 100", "old 0100", 1))), "400");
    assert_eq!(status(served.post(&next.replacen("old 100", "old 129", 1))), "400");
    assert_eq!(status(served.post(&next.replacen("chancery.demo/sco\n", "other\n", 1))), "404");
    assert_eq!(status(served.post(&next.replacen("\n128\n", "\n127\n", 1))), "403");
    let lines: Vec<&str> = next.lines().collect();
    assert_eq!(status(served.post(&next.replacen(&format!("{}\n", lines[1]), "", 1))), "422");
    assert_eq!(status(served.send("POST /add-checkpoint", &vec![b'a'; 1 << 17])), "413");
    assert_eq!(status(served.send("GET /add-checkpoint", b"")), "405");
    assert_eq!(status(served.send("POST /", b"")), "404");
    assert_eq!(status(served.post(&next)), "200");
    // A log that is trusted later is followed without a restart.
    env.run(&["init", "--charter", "sco", "--origin", "test/sco", "--ledger", "other"]).ok();
    let theirs = env.run(&["prove", "request", "0", "--ledger", "other"]).ok();
    assert_eq!(status(served.post(&theirs)), "404");
    let vkey = env.run(&["key", "show", "--ledger", "other"]).ok();
    env.run(&["witness", "trust", "w1", vkey.trim_end()]).ok();
    assert_eq!(status(served.post(&theirs)), "200");
    // A state that is lost is no beginning, and the folder is not told to the caller.
    let state = std::fs::read_dir(env.path().join("w1")).unwrap().map(|file| file.unwrap().path());
    state.filter(|path| path.extension().is_some_and(|e| e == "checkpoint")).for_each(|path| {
        std::fs::remove_file(path).unwrap();
    });
    let answer = served.post(&theirs);
    assert!(answer.ends_with("\r\n\r\nthis witness cannot answer now\n"), "{answer}");
    assert_eq!(status(answer), "500");
    // It stops when it is asked to.
    env.sh(&format!("kill {}", served.child.id())).ok();
    assert_eq!(served.child.wait().unwrap().code(), Some(0));
}

#[test]
fn two_histories_shown_to_one_witness_are_caught_and_the_evidence_speaks_for_itself() {
    let env = witnessed();
    let served = Served::start(&env, "w1");
    let key = std::fs::read_to_string(env.path().join("w1.vkey")).unwrap();
    env.write("one", format!("witness W1 {} http://{}\nquorum W1\n", key.trim_end(), served.address));
    copy(&env.ledger(), &env.path().join("copy"));
    append(&env, OURS, "LAO");
    append(&env, "copy", "KHM");
    env.run(&["checkpoint", "--cosign", "one"]).ok();
    let cosign = ["checkpoint", "--cosign", "one", "--ledger", "copy"];
    env.run(&cosign).fails_with(1, "W1: it has cosigned another head of 129 entries: two histories");
    append(&env, "copy", "VNM");
    env.run(&cosign).fails_with(1, "it is not shown that this head begins with the 129 entries");
    let kept = evidence(&env.path().join("w1"));
    assert_eq!(kept.len(), 3, "{kept:?}");
    let ran = env.run(&["verify", &kept[0], &kept[1], "--key", "vkey", "--no-memory"]);
    assert_eq!(ran.code, 1);
    let said = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("has signed two heads of 129 entries with different roots: that proves"), "{said}");
    // By file it is the same witness, and the same answer.
    env.run(&["prove", "request", "129", "--ledger", "copy", "--size", "129", "--out", "r"]).ok();
    let said = env.run(&["witness", "cosign", "w1", "r"]).fails(3);
    assert!(said.contains("it shows two histories") && said.contains("w1/evidence"), "{said}");
    assert!(env.run(&["witness", "cosign", "w2", "r"]).fails(3).contains("chancery prove request 0"));
}

#[test]
fn witness_two_maps_over_one_root_are_not_both_cosigned() {
    let env = witnessed();
    let served = Served::start(&env, "w1");
    let key = SigningKey::from_seed("example.org/log", &[7; 32]);
    env.run(&["witness", "trust", "w1", &key.verifier().to_string()]).ok();
    env.write("theirs", key.verifier().to_string());
    let request = |old: u64, map: u8| {
        let head = Checkpoint::new("example.org/log", 128, Hash([1; 32]));
        let signed = SignedCheckpoint::sign(head.with_completeness(2, Hash([map; 32])), &key);
        format!("old {old}\n\n{signed}")
    };
    assert!(served.post(&request(0, 1)).starts_with("HTTP/1.1 200 OK\r\n"));
    let answer = served.post(&request(128, 2));
    assert!(answer.starts_with("HTTP/1.1 409 Conflict\r\n"), "{answer}");
    assert!(answer.contains("text/x.tlog.size") && answer.ends_with("\r\n\r\n128\n"), "{answer}");
    env.write("request", request(128, 2));
    let said = env.run(&["witness", "cosign", "w1", "request"]).fails(3);
    assert!(said.contains("two completeness maps over the same 128 entries"), "{said}");
    let kept = evidence(&env.path().join("w1"));
    assert_eq!(kept.len(), 2, "{kept:?}");
    let ran = env.run(&["verify", &kept[0], &kept[1], "--key", "theirs", "--no-memory"]);
    let told = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(ran.code == 1 && told.contains("different completeness maps"), "{told}");
    // The first one is cosigned as often as it is asked for.
    assert!(served.post(&request(128, 1)).starts_with("HTTP/1.1 200 OK\r\n"));
}

#[test]
fn witness_slow_headers_keep_nobody_out_and_silent_clients_are_closed() {
    let env = witnessed();
    let served = Served::start(&env, "w1");
    let request = env.run(&["prove", "request", "0"]).ok();
    let started = Instant::now();
    let silent: Vec<TcpStream> = (0..300)
        .map(|n| {
            let mut stream = TcpStream::connect(&served.address).unwrap();
            // Some begin a head that never ends, some say nothing at all; those that are too many are closed by now.
            if n % 2 == 0 {
                let _ = stream.write_all(b"POST /add-checkpoint HTTP/1.1\r\nX: ");
            }
            stream
        })
        .collect();
    let answered = || {
        let mut stream = TcpStream::connect(&served.address).ok()?;
        let length = request.len();
        let head = format!("POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: {length}\r\n\r\n");
        stream.write_all(format!("{head}{request}").as_bytes()).ok()?;
        let mut answer = String::new();
        // It ends, although nobody asked for that: one connection, one request.
        stream.read_to_string(&mut answer).ok()?;
        answer.starts_with("HTTP/1.1 200 OK\r\n").then_some(())
    };
    while answered().is_none() {
        assert!(started.elapsed() < Duration::from_secs(25), "nobody is answered while they stay");
        std::thread::sleep(Duration::from_millis(200));
    }
    for mut stream in silent {
        stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
        let ended = stream.read_to_end(&mut Vec::new());
        let waits = ended.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock);
        assert!(!waits, "a client that says nothing is kept");
    }
}

#[test]
fn a_rollback_to_an_old_backup_is_refused_by_a_client_that_has_seen_more() {
    let env = witnessed();
    copy(&env.ledger(), &env.path().join("backup"));
    append(&env, OURS, "LAO");
    env.write("now", env.run(&["checkpoint"]).ok());
    env.run(&["verify", "now", "--key", "vkey"]).ok();
    // The backup is put in place of the ledger, and answers as if nothing had been recorded since.
    std::fs::remove_dir_all(env.ledger()).unwrap();
    copy(&env.path().join("backup"), &env.ledger());
    env.write("then", env.run(&["checkpoint"]).ok());
    env.run(&["prove", "inclusion", "52", "--out", "p"]).ok();
    let verify = |args: &[&str]| env.run(&[&["verify", "--key", "vkey"], args].concat());
    env.run(&["status", "BLR", "--in", "sco", "--certificate", "c.json"]).ok();
    for file in ["then", "p", "c.json"] {
        let ran = verify(&[file]);
        let said = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        let told = "this log showed 129 entries on 2026-11-23 17:31 UTC, and this head has 128: a rollback";
        assert!(ran.code == 1 && said.contains(told), "{said}");
    }
    let seen = env.path().join(".local/state/chancery/seen");
    assert_eq!(evidence(&seen).len(), 2);
    // What is done deliberately is said; what was seen stays.
    assert!(verify(&["p", "--allow-older"]).ok().contains("note  older than the 129 entries seen on"));
    let quiet = verify(&["p", "--no-memory"]).ok();
    assert!(!quiet.contains("older than"), "{quiet}");
    assert_eq!(verify(&["p"]).code, 1);
    // Another client, who has not seen more, cannot know; who is pointed to the same folder can.
    verify(&["p", "--memory", "other"]).ok();
    let mut command = env.chancery(&["verify", "p", "--key", "vkey"]);
    assert_eq!(command.env("CHANCERY_SEEN", &seen).output().unwrap().status.code(), Some(1));
    // And the log goes on from the backup with other entries: the same size, another root.
    append(&env, OURS, "KHM");
    env.write("fork", env.run(&["checkpoint"]).ok());
    let ran = verify(&["fork"]);
    let said = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        ran.code == 1 && said.contains("that proves that it showed two histories; both are kept in"),
        "{said}"
    );
    assert_eq!(evidence(&seen).len(), 3);
    // Behind the fork, the proof of its growth shows it too, and is kept.
    append(&env, OURS, "VNM");
    env.run(&["prove", "consistency", "129", "130", "--out", "g"]).ok();
    let ran = verify(&["g"]);
    let said = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        ran.code == 1 && said.contains("a head of 129 entries, and one of 130 that begins with others"),
        "{said}"
    );
    assert!(evidence(&seen).iter().any(|file| file.ends_with(".proof")));
}

#[test]
fn growth_is_remembered_where_it_is_shown() {
    let env = witnessed();
    let verify = |args: &[&str]| env.run(&[&["verify", "--key", "vkey"], args].concat());
    let words = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for size in ["100", "110", "120"] {
        env.write(size, env.run(&["checkpoint", "--size", size]).ok());
    }
    env.run(&["prove", "consistency", "100", "110", "--out", "g"]).ok();
    env.run(&["prove", "consistency", "110", "120", "--out", "h"]).ok();
    verify(&["100"]).ok();
    let said = words(verify(&["110"]).ok());
    let told = "nothing shows that these 110 entries begin with the 100 seen on 2026-11-23 17:31 UTC";
    assert!(said.contains(told) && said.contains("chancery prove consistency 100 110"), "{said}");
    verify(&["100"]).ok();
    verify(&["g"]).ok();
    assert_eq!(verify(&["100"]).code, 1);
    assert!(!verify(&["100", "--consistency", "g"]).ok().contains("note"));
    assert!(!verify(&["120", "--consistency", "h"]).ok().contains("note"));
    assert_eq!(verify(&["110"]).code, 1);
    // Two files, with or without what joins them.
    let ran = verify(&["100", "120", "--no-memory"]);
    assert!(ran.code == 1 && words(ran.stdout).contains("(chancery prove consistency 100 120)"));
    env.run(&["prove", "consistency", "100", "120", "--out", "j"]).ok();
    let said = words(verify(&["120", "100", "--consistency", "j"]).ok());
    assert!(
        said.contains("both are of one history: the first 120 entries begin with the first 100"),
        "{said}"
    );
    assert!(verify(&["j", "100"]).ok().contains("both are of one history"));
    assert!(verify(&["120", "120"]).ok().contains("under one head of 120 entries"));
    assert!(verify(&["120", "--consistency", "120"]).fails(2).contains("--consistency takes"));
    verify(&["120", "100", "--since", "100"]).fails(2);
    // What cannot be written is said, and is no reason to refuse; a folder that was asked for must work.
    env.write("file", "");
    let mut command = env.chancery(&["verify", "120", "--key", "vkey"]);
    let ran = command.env("XDG_STATE_HOME", env.path().join("file")).output().unwrap();
    assert!(ran.status.success() && String::from_utf8_lossy(&ran.stderr).contains("nothing is remembered"));
    verify(&["120", "--memory", "file"]).fails(4);
    let seen = env.path().join(".local/state/chancery/seen");
    let file = std::fs::read_dir(&seen).unwrap().map(|file| file.unwrap().path());
    let file = file.into_iter().find(|path| path.extension().is_some_and(|e| e == "seen")).unwrap();
    std::fs::write(&file, "").unwrap();
    assert!(verify(&["120"]).fails(4).contains("is damaged: it does not say when"));
}

#[test]
fn a_cosigned_head_that_is_damaged_is_told_and_python_passes_over_the_lines_of_witnesses() {
    let env = witnessed();
    env.run(&["prove", "request", "0", "--out", "r"]).ok();
    env.run(&["witness", "init", "w1", "--name", "x"]).fails_with(3, "there is a witness");
    env.write("l", env.run(&["witness", "cosign", "w1", "r"]).ok());
    let key = std::fs::read_to_string(env.path().join("w1.vkey")).unwrap();
    env.write("one", format!("witness W1 {key}quorum W1\n"));
    env.write("head", env.run(&["checkpoint", "--cosign", "one", "--lines", "l"]).ok());
    if env.sh("python3 --version").code == 0 {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/verify.py");
        env.write("verify.py", std::fs::read(script).unwrap());
        assert!(env.sh("python3 verify.py head \"$(cat vkey)\"").ok().starts_with("verified: "));
    }
    env.write("chancery.ledger/cosigned", "no checkpoint");
    let said = env.run(&["checkpoint"]).fails(4);
    assert!(said.contains("cosigned: damaged") && said.contains("chancery checkpoint --cosign"), "{said}");
    // Questions and appends do not need it.
    append(&env, OURS, "LAO");
    env.run(&["status", "BLR", "--in", "sco"]).ok();
    std::fs::remove_file(env.ledger().join("cosigned")).unwrap();
    assert!(
        env.run(&["prove", "inclusion", "5", "--cosigned"]).fails(3).contains("no witnesses have cosigned")
    );
}

#[test]
fn an_audit_compares_the_log_with_what_witnesses_cosigned() {
    let env = witnessed();
    policy(&env, &[None, None, None]);
    let said = env.run(&["audit", "--policy", "policy"]).fails(1);
    assert!(said.contains("the quorum is not met: no head of this log is cosigned (exit 1)"), "{said}");
    env.run(&["prove", "request", "0", "--out", "request"]).ok();
    let lines = ["w1", "w2"].map(|witness| env.run(&["witness", "cosign", witness, "request"]).ok());
    env.write("lines", lines.concat());
    env.run(&["checkpoint", "--cosign", "policy", "--lines", "lines"]).ok();
    append(&env, OURS, "LAO");
    env.run(&["audit", "--policy", "policy", "--report", "report.json"]).ok();
    let report = std::fs::read_to_string(env.path().join("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(
        report["clock"],
        "began, ended and every recorded_at are the operator's own clock; the first 128 entries were there when witnesses \
         cosigned: W1 at 2026-11-23T17:31:00.000000Z, W2 at 2026-11-23T17:31:00.000000Z"
    );
    // Whoever cuts the log back behind the checkpoint that he makes anew has the witnesses against him.
    let path = env.ledger().join("cosigned");
    let cosigned = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, cosigned.replace("\n128\n", "\n130\n")).unwrap();
    let said = env.run(&["audit"]);
    assert_eq!(said.code, 1);
    assert!(said.stdout.contains("it covers 130 entries, 129 can be read without a gap"), "{}", said.stdout);
    std::fs::write(&path, &cosigned[..40]).unwrap();
    assert!(env.run(&["audit"]).stdout.contains("checkpoint: damaged"));
}
