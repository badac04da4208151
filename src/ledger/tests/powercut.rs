//! The power is cut at any moment of a writer's work: acts, corrections, the index, a new key, sealing.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::upkeep::grants;
use super::*;
use crate::Question;
use crate::audit::{AuditOptions, audit};
use crate::fixture::{charters, id, retraction};
use crate::log::tests::drive::Drive;
use crate::log::{Operation, SignedCheckpoint, verifier_key};

/// The acknowledged entries, and the number of operations after which they were acknowledged.
struct Written {
    operations: Vec<Operation>,
    acknowledged: Vec<(usize, u64)>,
    /// The ledger exists from here on.
    created: usize,
    leaves: Vec<Vec<u8>>,
}

fn leaves(path: &Path) -> Vec<Vec<u8>> {
    let mut leaves = Vec::new();
    Entries::open_reader(path).unwrap().scan(0, |_, leaf, _| leaves.push(leaf.to_vec())).unwrap();
    leaves
}

/// A ledger that gets a key, acts, an index, corrections, another key, more acts, and is compacted.
fn written(path: &Path) -> Written {
    let disk = Disk::recording();
    Writer::create(path, crate::fixture::ORIGIN, &disk).unwrap();
    let (created, mut acknowledged) = (disk.operations().len(), Vec::new());
    let mut at = START;
    let open = || Writer::open(path, &holder(), disk.clone()).unwrap();
    let mut append = |writer: &mut Writer, events: Vec<Event>| {
        at += 10_000;
        writer.append(events, options(at)).unwrap();
        acknowledged.push((disk.operations().len(), writer.size().0));
    };
    let mut writer = open();
    writer.create_key(&[7; 32]).unwrap();
    append(&mut writer, charters());
    append(&mut writer, grants(1_000, 300));
    writer.close().unwrap();
    let mut writer = open();
    append(&mut writer, vec![retraction(2_000, &grants(1_000, 1)[0], crate::event::Cause::Clerical)]);
    append(&mut writer, grants(3_000, 40));
    writer.publish().unwrap();
    writer.close().unwrap();
    let rotated = open().rotate_key(&[8; 32], (id(4_000), Vec::new()), options(START + 900_000));
    let entry = rotated.unwrap().0.entry;
    acknowledged.push((disk.operations().len(), entry.0 + 1));
    at = START + 1_000_000;
    for from in (5_000..9_000).step_by(400) {
        let mut writer = open();
        at += 10_000;
        writer.append(grants(from, 400), options(at)).unwrap();
        acknowledged.push((disk.operations().len(), writer.size().0));
        writer.close().unwrap();
    }
    let writer = open();
    writer.log().compact(&mut |_| {}).unwrap();
    writer.close().unwrap();
    Written { operations: disk.operations(), acknowledged, created, leaves: leaves(path) }
}

/// Writes the contents of a disk into a folder; secret files can be read by their owner alone.
fn restore(path: &Path, held: &BTreeMap<PathBuf, Vec<u8>>) {
    for (name, bytes) in held {
        let file = path.join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, bytes).unwrap();
        if name.to_str().is_some_and(|name| ["key", "key.next"].contains(&name) || name.starts_with(".key")) {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}

fn ask(path: &Path) -> String {
    let reading = Reading::open(path, Instant::from_micros(START)).unwrap();
    let answers = [Question::roster("sco"), Question::status("MNG", "sco").on("2010-01-01")]
        .map(|question| serde_json::to_string(&reading.ask(&question).unwrap()).unwrap());
    answers.concat()
}

#[test]
fn a_power_cut_at_any_moment_of_any_writing_leaves_a_ledger_that_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let written = written(&path);
    let count = match std::env::var("CHANCERY_FAULTS").as_deref() {
        Ok("full") => 4_000,
        Ok(count) => count.parse().unwrap_or(12),
        Err(_) => 12,
    };
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    let mut below = move |limit: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % limit as u64) as usize
    };
    for number in 0..count {
        let cut = written.created + below(written.operations.len() + 1 - written.created);
        let case = format!("cut {number}, after {cut} of {} operations", written.operations.len());
        let mut drive = Drive::default();
        written.operations[..cut].iter().for_each(|operation| drive.run(operation));
        let dir = tempfile::tempdir().unwrap();
        let here = dir.path().join("l");
        restore(&here, &drive.cut(&path, &mut below));
        let least = written.acknowledged.iter().rev().find(|(after, _)| *after <= cut).map_or(0, |of| of.1);
        goes_on(&here, &written, least, &case);
    }
    println!("{count} power cuts in {} operations", written.operations.len());
}

fn goes_on(path: &Path, written: &Written, least: u64, case: &str) {
    let reading = Reading::open(path, Instant::from_micros(START)).unwrap_or_else(|e| panic!("{case}: {e}"));
    drop(reading);
    let shown = leaves(path);
    assert!(shown.len() as u64 >= least, "{case}: {} of {least} entries are left", shown.len());
    assert!(written.leaves.starts_with(&shown), "{case}: other entries than were written");
    if let Some(head) = SignedCheckpoint::read(&path.join("checkpoint")).unwrap() {
        let size = head.head.size as usize;
        assert!(size <= shown.len(), "{case}: the head covers {size} entries of {}", shown.len());
        let mut tree = crate::log::Frontier::default();
        shown[..size].iter().for_each(|leaf| tree.push(crate::log::leaf_hash(leaf)));
        assert_eq!(head.head.root, tree.root(), "{case}: the head covers other entries");
    }
    if shown.len() >= 7 {
        let answered = ask(path);
        let mut writer =
            Writer::open(path, &holder(), Disk::default()).unwrap_or_else(|e| panic!("{case}: {e}"));
        writer.append(grants(20_000, 1), options(START + 90_000_000)).unwrap();
        writer.close().unwrap_or_else(|e| panic!("{case}: {e}"));
        let past = Reading::open(path, Instant::from_micros(START)).unwrap();
        let question = Question::status("MNG", "sco").on("2010-01-01").as_recorded(shown.len());
        let past = serde_json::to_string(&past.ask(&question).unwrap()).unwrap();
        assert!(answered.ends_with(&past), "{case}: the past changed");
    }
    if verifier_key(path).unwrap().is_some() && shown.len() >= 7 {
        let head = SignedCheckpoint::read(&path.join("checkpoint")).unwrap().unwrap();
        head.verify(&verifier_key(path).unwrap().unwrap()).unwrap_or_else(|e| panic!("{case}: {e}"));
    }
    let report = audit(path, &AuditOptions::default(), &mut |_, _, _| {}).unwrap();
    assert_eq!(report.findings, [], "{case}");
}
