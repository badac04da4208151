//! What is published may be lost with the power, in part or whole, and no answer with it.

use super::published::{Field, Random, World, compare};
use super::*;
use crate::log::tests::drive::Drive;

/// A ledger that is written and published by turns, on a disk that remembers every operation; after how many of them how
/// many entries were durable.
fn published(path: &Path, world: &mut World) -> (Disk, Vec<(usize, u64)>) {
    let disk = Disk::recording();
    Entries::create(path, ORIGIN, &disk).unwrap();
    let mut durable = Vec::new();
    for round in 0..6 {
        (0..40).for_each(|_| world.step());
        world.write(path, disk.clone());
        durable.push((disk.operations().len(), world.entries().len() as u64));
        let mut ledger = Ledger::open_writer(path, &holder(), disk.clone()).unwrap();
        if round % 3 == 0 || !ledger.publish_delta().unwrap() {
            ledger.publish_base(&mut |_| {}).unwrap();
        }
    }
    (disk, durable)
}

fn questions(path: &Path, world: &World, random: &mut Random, least: u64, case: &str) {
    let mut ledger = Ledger::open_reader(path).unwrap_or_else(|error| panic!("{case}: {error}"));
    let size = ledger.log().size();
    assert!(size >= least, "{case}: {size} of {least} entries are left");
    let entries = &world.entries()[..size as usize];
    (0..6).for_each(|_| compare(&mut ledger, entries, &Field::made_up(), random));
}

#[test]
fn a_power_cut_at_any_moment_of_publishing_changes_no_answer() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let mut world = World::new(0x0c07, false);
    let (disk, durable) = published(&path, &mut world);
    let operations = disk.operations();
    let publishes = |at: usize| format!("{:?}", operations[at]).contains("snapshot");
    let mut random = Random(0x0c08);
    let (mut during, mut used) = (0, 0);
    let count = if std::env::var("CHANCERY_FAULTS").is_ok_and(|v| v == "full") { 200 } else { 20 };
    for number in 0..count {
        let cut = durable[0].0 + random.below(operations.len() + 1 - durable[0].0);
        let case = format!("cut {number} of {count}, after {cut} of {} operations", operations.len());
        let mut drive = Drive::default();
        operations[..cut].iter().for_each(|operation| drive.run(operation));
        let found = dir.path().join(format!("{number}"));
        for (name, bytes) in drive.cut(&path, &mut |limit| random.below(limit)) {
            let file = found.join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, bytes).unwrap();
        }
        during += usize::from(cut < operations.len() && publishes(cut));
        let mut ledger = Ledger::open_reader(&found).unwrap_or_else(|error| panic!("{case}: {error}"));
        ledger.open_index().unwrap_or_else(|error| panic!("{case}: {error}"));
        used += usize::from(ledger.model.is_some());
        drop(ledger);
        let least = durable.iter().rev().find(|(after, _)| *after <= cut).map_or(0, |(_, size)| *size);
        questions(&found, &world, &mut random, least, &case);
        // Whoever writes next publishes what then is there.
        writer(&found).publish_base(&mut |_| {}).unwrap_or_else(|error| panic!("{case}: {error}"));
        questions(&found, &world, &mut random, least, &case);
        std::fs::remove_dir_all(&found).unwrap();
    }
    assert!(
        during > 0 && used > 0,
        "{during} cuts while something was published, {used} with a snapshot left"
    );
}
