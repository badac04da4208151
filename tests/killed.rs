//! Every command that writes, killed at any moment: what was acknowledged stays, no signature covers what is not there, and the
//! next command goes on.

use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use chancery::log::{SignedCheckpoint, VerifierKey};
use serde_json::{Value, json};

use crate::env::{Env, Rng, copy, files, times};
use crate::forge;

/// A command, and how many entries it adds; none where that depends on what was there.
struct Command {
    line: &'static str,
    adds: Option<usize>,
}

const COMMANDS: [Command; 22] = [
    Command { line: "append application-filed -p MNG --in sco --done 2025 --cite x", adds: Some(1) },
    Command { line: "append --from many.jsonl", adds: Some(300) },
    Command {
        line: "append application-filed -p MNG --in sco --done 2025 --cite x --attach paper --quote said --redactable",
        adds: Some(1),
    },
    Command { line: "import csv rows.csv --in sco", adds: Some(401) },
    Command { line: "import events rows.jsonl", adds: None },
    Command { line: "charter adopt rivers.toml", adds: Some(1) },
    Command { line: "charter adopt nato", adds: None },
    Command { line: "rectify 20 --set place=Astana --cause clerical --cite x", adds: Some(1) },
    Command { line: "retract 30 --cause clerical --cite x", adds: Some(1) },
    Command { line: "redact 307 --cite order", adds: Some(1) },
    Command { line: "notify --circulated 309 --notified 2026-11-20 --cite C.N.1", adds: Some(1) },
    Command { line: "key rotate --cite order", adds: Some(1) },
    Command { line: "recorder enrol desk.key.pub --cite x", adds: Some(1) },
    Command { line: "recorder limit first --acts application-filed --cite x", adds: Some(1) },
    Command { line: "recorder revoke first --cite x", adds: Some(1) },
    Command { line: "publish out", adds: Some(0) },
    Command { line: "replay", adds: Some(0) },
    Command { line: "compact", adds: Some(0) },
    Command { line: "repair --from chancery.ledger --into mended", adds: Some(0) },
    Command { line: "checkpoint", adds: Some(0) },
    Command { line: "witness cosign w request", adds: Some(0) },
    Command { line: "audit --report report.json", adds: Some(0) },
];

const RIVERS: &str = "id = \"rivers\"\ntitle = \"Rivers\"\nkind = \"treaty\"\n[[status]]\nid = \"party\"\ntitle = \"party\"\n\
    plural = \"parties\"\n[[transition]]\nact = \"instrument-deposited\"\nfrom = [\"none\"]\nto = \"party\"\nrule = \"r\"\narticle = \"1\"\n";

fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

fn act(n: usize, who: &str) -> String {
    let event = json!({"act": "application-filed", "body": "sco", "participant": who, "dates": {"done": "2025-07"},
                       "place": "x".repeat(300), "evidence": [{"cite": format!("c{n}")}],
                       "id": format!("00000000-0000-4000-8000-{n:012}")});
    format!("{event}\n")
}

/// A ledger of 310 entries with everything that the commands name.
fn start() -> Env {
    let env = Env::sco();
    env.write("acts.jsonl", (0..300).map(|n| act(n, "LAO")).collect::<String>());
    env.run(&["append", "--from", "acts.jsonl"]).ok();
    env.write("paper", "a paper");
    env.run(&words(
        "append application-filed -p KHM --in sco --done 2025 --cite x --quote words --redactable",
    ))
    .ok();
    env.write("treaty.toml", RIVERS.replace("rivers", "seas").replace("Rivers", "Seas"));
    env.run(&words("charter adopt treaty.toml")).ok();
    env.run(&words("append instrument-deposited -p FRA --in seas --deposited 2025-01-01 --cite x")).ok();
    env.write("many.jsonl", (1_000..1_300).map(|n| act(n, "NPL")).collect::<String>());
    env.write("rivers.toml", RIVERS);
    let row = |n: usize| format!("2025-07,LAO,process_reported,row {n}\n");
    env.write("rows.csv", format!("date,party,event_kind,note\n{}", (0..400).map(row).collect::<String>()));
    let line = |n: usize| {
        let row = json!({"date": format!("{}-01-01", 1990 + n % 30), "party": "FRA", "body": format!("UNTC:9-{}", n % 5),
                         "kind": "signature", "source": format!("row {n}")});
        format!("{row}\n")
    };
    env.write("rows.jsonl", (0..200).map(line).collect::<String>());
    for name in ["first", "desk"] {
        let file = format!("{name}.key");
        let mut generate = env.chancery(&["recorder", "generate", &file, "--name", name]);
        generate.env("CHANCERY_KEY_SEED", name).output().unwrap();
    }
    env.run(&words("recorder enrol first.key.pub --cite x")).ok();
    env.write("vkey", env.run(&["key", "show"]).ok());
    env.run(&words("witness init w --name u.example/w")).ok();
    env.run(&words("witness trust w vkey")).ok();
    env.write("request", env.run(&words("prove request 0")).ok());
    env
}

/// What must be right whenever a command was killed.
struct Seen {
    leaves: Vec<String>,
}

fn leaves(env: &Env) -> Vec<String> {
    env.run(&["export", "leaves"]).ok().lines().map(str::to_owned).collect()
}

impl Seen {
    fn of(env: &Env) -> Seen {
        Seen { leaves: leaves(env) }
    }

    /// Holds the head against the entries, and these against those that were there before.
    fn check(&self, env: &Env, case: &str) -> usize {
        let now = leaves(env);
        assert!(now.starts_with(&self.leaves), "{case}: an entry that was acknowledged is lost");
        let bytes: Vec<Vec<u8>> = now.iter().map(|leaf| leaf.clone().into_bytes()).collect();
        let head = SignedCheckpoint::read(&env.ledger().join("checkpoint")).unwrap().unwrap();
        let covered = head.head.size as usize;
        assert!(covered <= now.len(), "{case}: the head covers {covered} entries of {}", now.len());
        assert_eq!(head.head.root, forge::root(&bytes[..covered]), "{case}: the head covers other entries");
        now.len() - self.leaves.len()
    }
}

/// How long each command takes when nobody kills it, and what it adds.
fn measured(start: &Env, command: &Command) -> Duration {
    let env = Env::new();
    copy(start.path(), env.path());
    let before = Seen::of(&env);
    let began = Instant::now();
    let ran = env.run(&words(command.line));
    let took = began.elapsed();
    assert_eq!(ran.code, 0, "{}: {}", command.line, ran.all());
    let added = before.check(&env, command.line);
    assert!(command.adds.is_none_or(|adds| adds == added), "{} adds {added}", command.line);
    took
}

/// Files that somebody left unfinished in the ledger itself, where the next writer finds them.
fn unfinished(env: &Env) -> Vec<PathBuf> {
    let all = files(&env.ledger()).into_iter().map(|(path, _)| path);
    let beside = ["snapshot", "sled"].map(|index| env.ledger().join(index));
    all.filter(|path| path.extension().is_some_and(|own| own == "tmp"))
        .filter(|path| !beside.iter().any(|index| path.starts_with(index)))
        .collect()
}

/// Kills a command after a while; whether it was done by then.
fn killed(env: &Env, line: &str, after: Duration) -> bool {
    let mut command = env.chancery(&words(line));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(after);
    child.kill().unwrap();
    let ended = child.wait().unwrap();
    // Whoever was killed in the middle of a sync goes when that ends, and until then holds the lock.
    env.sh("flock chancery.ledger/LOCK true && flock chancery.ledger/UPKEEP true").ok();
    assert!(ended.signal().is_some() || ended.code() == Some(0), "{line}: {ended}");
    ended.code() == Some(0)
}

#[test]
fn a_kill_of_any_command_that_writes_loses_nothing_and_stops_nobody() {
    let start = start();
    let took: Vec<Duration> = COMMANDS.iter().map(|command| measured(&start, command)).collect();
    let mut rng = Rng(0x5eed_2001);
    // One of each command on every run.
    let rounds = if times(10) == 10 { 1_000 } else { COMMANDS.len() };
    let (mut inside, mut left) = (0, 0);
    for round in 0..rounds {
        let at = round % COMMANDS.len();
        let Command { line, adds } = COMMANDS[at];
        let env = Env::new();
        copy(start.path(), env.path());
        let before = Seen::of(&env);
        let after = Duration::from_micros(rng.below(took[at].as_micros() as u64 * 5 / 4));
        let case = format!("round {round}, killed after {after:?}: {line}");
        let is_done = killed(&env, line, after);
        inside += usize::from(!is_done);
        left += unfinished(&env).len();
        let added = before.check(&env, &case);
        // One append is whole or absent; an import records its parts one after another.
        if let Some(adds) = adds {
            let is_part = line.starts_with("import") && added <= adds;
            assert!(added == adds || !is_done && (added == 0 || is_part), "{case}: {added} entries");
        }
        audited(&env, &case);
        for question in ["roster sco", "status LAO sco --on 2020-01-01"] {
            env.run(&words(question)).ok();
        }
        let again = env.run(&words(line));
        assert!(
            [0, 1, 3].contains(&again.code) || again.stderr.contains("exist"),
            "{case}, again: {}",
            again.all()
        );
        let next = before.check(&env, &case);
        env.run(&words("append application-filed -p VNM --in sco --done 2025 --cite y")).ok();
        assert_eq!(before.check(&env, &case), next + 1, "{case}");
        assert_eq!(unfinished(&env), Vec::<PathBuf>::new(), "{case}");
        headed(&env, &case);
        audited(&env, &case);
    }
    println!(
        "{rounds} kills of {} commands, {inside} before they were done, {left} files left unfinished",
        COMMANDS.len()
    );
    assert!(inside > rounds / 3, "only {inside} of {rounds} kills came in time");
}

/// The audit finds nothing, but for an attachment whose entry was not recorded any more.
fn audited(env: &Env, case: &str) {
    let audit = env.run(&["audit"]);
    let unnamed = audit.stdout.matches("attachments: unnamed").count();
    let is_clean = audit.code == 0 && audit.stdout.is_empty();
    let is_left =
        case.contains("--attach") && unnamed > 0 && audit.stdout.contains(&format!("{unnamed} finding"));
    assert!(is_clean || is_left, "{case}: {}", audit.all());
}

/// After a writer that closed, the head covers every entry, and the key of the log signed it.
fn headed(env: &Env, case: &str) {
    let head = SignedCheckpoint::read(&env.ledger().join("checkpoint")).unwrap().unwrap();
    assert_eq!(head.head.size as usize, leaves(env).len(), "{case}: the head does not cover everything");
    let key = std::fs::read_to_string(env.ledger().join("key.pub")).unwrap();
    head.verify(&VerifierKey::parse(key.trim()).unwrap()).unwrap_or_else(|error| panic!("{case}: {error}"));
}

#[test]
fn sixteen_processes_that_append_lose_nothing_and_none_waits_five_seconds() {
    let env = Env::sco();
    let (writers, each) = (16, if times(10) == 10 { 200 } else { 10 });
    let waits: Vec<(Duration, Vec<Value>)> = std::thread::scope(|scope| {
        let write = |writer: usize| {
            let env = &env;
            move || {
                let (mut longest, mut receipts) = (Duration::ZERO, Vec::new());
                for n in 0..each {
                    let id = format!("00000000-0000-4000-8000-{:012}", writer * 1_000 + n);
                    let mut args = words(
                        "append application-filed -p LAO --in sco --done 2025-07 --format json --cite x",
                    );
                    args.extend(["--id", &id]);
                    let began = Instant::now();
                    let receipt = env.run(&args).json();
                    longest = longest.max(began.elapsed());
                    receipts.push(receipt["entries"][0].clone());
                    assert_eq!(receipts[n]["id"], id.as_str());
                }
                (longest, receipts)
            }
        };
        let running: Vec<_> = (0..writers).map(|writer| scope.spawn(write(writer))).collect();
        running.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    let leaves = leaves(&env);
    assert_eq!(leaves.len(), 7 + writers * each);
    let bytes: Vec<Vec<u8>> = leaves.iter().map(|leaf| leaf.clone().into_bytes()).collect();
    for receipt in waits.iter().flat_map(|(_, receipts)| receipts) {
        let index = receipt["index"].as_u64().unwrap() as usize;
        let leaf: Value = serde_json::from_str(&leaves[index]).unwrap();
        assert_eq!(leaf["event"]["id"], receipt["id"]);
        assert_eq!(leaf["recorded_at"], receipt["recorded_at"]);
        assert_eq!(receipt["leaf_hash"], chancery::log::leaf_hash(&bytes[index]).to_string());
    }
    let longest = waits.iter().map(|(longest, _)| *longest).max().unwrap();
    println!("{writers} processes, {} appends, the longest took {longest:?}", writers * each);
    headed(&env, "sixteen writers");
    assert_eq!(env.run(&["audit"]).ok(), "");
    // Whoever waits longer for the lock is told so, and fails: every append above was done.
    assert!(longest < Duration::from_secs(6), "{longest:?}");
}
