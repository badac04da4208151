//! `chancery compact`: what it says, that nothing changes but the space, that no kill loses anything.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use crate::env::{Env, Rng, copy, times};

/// The segments of the ledger, in order.
fn segments(env: &Env) -> Vec<PathBuf> {
    let listed = std::fs::read_dir(env.ledger().join("entries")).unwrap();
    let mut found: Vec<PathBuf> = listed.map(|item| item.unwrap().path()).collect();
    found.retain(|path| path.extension().is_some_and(|extension| extension == "seg"));
    found.sort();
    found
}

fn is_sealed(path: &PathBuf) -> bool {
    std::fs::read(path).unwrap()[8] == 2
}

/// Every name under which what is to have the place of a file is written first.
fn names_beside(path: &Path) -> Vec<PathBuf> {
    let name = path.file_name().unwrap().to_str().unwrap();
    (0..1_000).map(|number| path.with_file_name(format!(".{name}.{number}.tmp"))).collect()
}

/// A ledger whose writers could not seal: where they would write the sealed form, a folder stood in the way.
fn unsealed() -> Env {
    let env = Env::sco();
    for part in 0..5 {
        let mut csv = String::from("date,party,event_kind,note\n");
        for row in 0..180 {
            csv.push_str(&format!(
                "2025-07,LAO,process_reported,part {part} row {row} {}\n",
                "x".repeat(200)
            ));
        }
        env.write("rows.csv", &csv);
        let blocks: Vec<_> = segments(&env).iter().flat_map(|path| names_beside(path)).collect();
        blocks.iter().for_each(|block| std::fs::create_dir(block).unwrap());
        env.run(&["import", "csv", "rows.csv", "--in", "sco"]).ok();
        blocks.iter().for_each(|block| std::fs::remove_dir(block).unwrap());
    }
    assert!(segments(&env).len() > 2 && !segments(&env).iter().any(is_sealed), "{:?}", segments(&env));
    env
}

#[test]
fn compacting_saves_space_and_changes_nothing_else() {
    let env = unsealed();
    let leaves = env.run(&["export", "leaves"]).ok();
    let head = env.run(&["checkpoint"]).ok();
    let roster = env.run(&["roster", "sco"]).ok();
    let full = segments(&env).len() - 1;
    let bytes = |env: &Env| segments(env).iter().map(|path| path.metadata().unwrap().len()).sum::<u64>();
    let before = bytes(&env);
    let done = env.run(&["compact", "--format", "json"]).json();
    assert_eq!((done["segments"].as_u64(), done["sealed_before"].as_u64()), (Some(full as u64), Some(0)));
    let saved = done["bytes_before"].as_u64().unwrap() - done["bytes_after"].as_u64().unwrap();
    assert_eq!(before - bytes(&env), saved);
    assert!(segments(&env)[..full].iter().all(is_sealed) && !is_sealed(&segments(&env)[full]));
    assert_eq!(env.run(&["export", "leaves"]).ok(), leaves);
    assert_eq!(env.run(&["checkpoint"]).ok(), head);
    assert_eq!(env.run(&["roster", "sco"]).ok(), roster);
    assert_eq!(env.run(&["audit"]).ok(), "");
    let again = env.run(&["compact"]).ok();
    assert_eq!(
        again,
        format!("nothing to compress: every full segment is compressed; {full} segments before\n")
    );
    env.run(&["append", "application-filed", "-p", "LAO", "--in", "sco", "--done", "2025-07", "--cite", "x"])
        .ok();
    assert_eq!(env.run(&["audit"]).ok(), "");
}

#[test]
fn compacting_says_what_it_saved() {
    let env = unsealed();
    let full = segments(&env).len() - 1;
    let said = env.run(&["compact"]).ok();
    let lines: Vec<&str> = said.lines().collect();
    let [first, second] = lines[..] else { panic!("{said}") };
    let next: u64 = segments(&env)[full].file_stem().unwrap().to_str().unwrap().parse().unwrap();
    assert_eq!(first, format!("{full} segments of {next} entries compressed"));
    // Ids are chance, so that the last digits differ from run to run.
    assert!(second.starts_with("  448 KiB before, ") && second.ends_with(" KiB now"), "{second}");
    let small = Env::sco();
    assert_eq!(small.run(&["compact"]).ok(), "nothing to compress: every full segment is compressed\n");
}

#[test]
fn compacting_waits_for_no_other_writer() {
    let env = Env::demo();
    let refused = env.sh("flock chancery.ledger/LOCK chancery compact");
    assert_eq!(refused.code, 4);
    assert!(refused.stderr.contains("ledger in use by pid"), "{}", refused.stderr);
}

#[test]
fn two_hundred_kills_during_compacting_lose_nothing() {
    let env = unsealed();
    let leaves = env.run(&["export", "leaves"]).ok();
    let whole = env.path().join("whole");
    copy(&env.ledger(), &whole);
    let mut rng = Rng(0x5ea1_ed00);
    let (mut none, mut some) = (0, 0);
    for round in 0..times(200) {
        std::fs::remove_dir_all(env.ledger()).unwrap();
        copy(&whole, &env.ledger());
        let full = segments(&env).len() - 1;
        let mut child =
            env.chancery(&["compact"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(rng.below(60_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        match segments(&env).iter().filter(|path| is_sealed(path)).count() {
            0 => none += 1,
            sealed if sealed < full => some += 1,
            _ => {}
        }
        assert_eq!(env.run(&["export", "leaves"]).ok(), leaves, "round {round}");
        assert_eq!(env.run(&["audit"]).ok(), "", "round {round}");
        env.run(&["compact"]).ok();
        assert!(segments(&env)[..full].iter().all(is_sealed), "round {round}");
        assert_eq!(env.run(&["export", "leaves"]).ok(), leaves, "round {round}");
        let left = std::fs::read_dir(env.ledger().join("entries")).unwrap();
        let left = left.filter(|item| item.as_ref().unwrap().path().extension().is_some_and(|e| e == "tmp"));
        assert_eq!(left.count(), 0, "round {round}");
    }
    assert!(none + some > 0, "no kill came in time");
}
