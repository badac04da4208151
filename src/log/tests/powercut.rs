//! The power is cut at any moment: any sectors and names that were not synced may be lost, and nothing else.

use std::collections::BTreeSet;

use super::super::{Disk, Entries, LogError, Operation};
use super::drive::Drive;
use super::{Folder, ORIGIN, Xorshift, add, cases, evidence, holder, leaf, read_all, restore, sealed};

/// The sizes that were promised, each with the number of operations before.
#[derive(Default)]
struct Promises {
    created: Option<usize>,
    acknowledged: Vec<(usize, u64)>,
    all: Vec<Vec<u8>>,
    /// The sizes between batches.
    whole: Vec<u64>,
}

impl Promises {
    fn at(&self, cut: usize) -> u64 {
        self.acknowledged.iter().rev().find(|(after, _)| *after <= cut).map_or(0, |(_, size)| *size)
    }

    fn append(&mut self, log: &Entries, disk: &Disk, random: &mut Xorshift, times: usize) {
        for _ in 0..times {
            let first = self.all.len() as u64;
            let count = 1 + random.below(5) as u64;
            let batch: Vec<_> = (first..first + count).map(|n| leaf(n, 100 + random.below(2900))).collect();
            let size = add(log, &batch);
            self.all.extend(batch);
            self.whole.push(size);
            self.acknowledged.push((disk.operations().len(), size));
            if random.below(8) == 0 {
                log.write_checkpoint().unwrap();
            }
        }
    }
}

/// Makes a ledger, writes it, closes it, opens it and writes again.
fn scenario(folder: &Folder, random: &mut Xorshift) -> (Vec<Operation>, Promises) {
    let disk = Disk::recording();
    let mut promises = Promises { whole: vec![0], ..Promises::default() };
    Entries::create(&folder.path, ORIGIN, &disk).unwrap();
    promises.created = Some(disk.operations().len());
    for times in [25, 15] {
        let log = folder.writer_on(disk.clone()).unwrap();
        promises.append(&log, &disk, random, times);
        log.write_checkpoint().unwrap();
    }
    let operations = disk.operations();
    let made =
        |o: &&Operation| matches!(o, Operation::Rename(_, to) if to.extension().is_some_and(|e| e == "seg"));
    let made: Vec<_> = operations.iter().filter(made).collect();
    let names: BTreeSet<String> = made.iter().map(|operation| format!("{operation:?}")).collect();
    assert!(names.len() >= 2, "at least one segment is full");
    assert!(made.len() > names.len(), "at least one segment is sealed");
    (operations, promises)
}

/// Checks the evidence after a cut, and opens the first writer after it.
fn survives(folder: &Folder, promises: &Promises, least: u64, case: &str) -> Entries {
    let before = evidence(&folder.path);
    let shown = Entries::open_reader(&folder.path).and_then(|log| read_all(&log));
    let shown = shown.unwrap_or_else(|error| panic!("{case}: {error}"));
    assert!(evidence(&folder.path) == before, "{case}: a reader changed something");
    assert!(shown.len() as u64 >= least, "{case}: {} of {least} are left", shown.len());
    assert!(promises.all.starts_with(&shown), "{case}: other leaves than were written");
    assert!(promises.whole.contains(&(shown.len() as u64)), "{case}: half a batch, {}", shown.len());
    let log = Entries::open_writer(&folder.path, &holder(), Disk::recording());
    let log = log.unwrap_or_else(|error| panic!("{case}: {error}"));
    assert!(read_all(&log).unwrap() == shown, "{case}: the writer keeps something else than was shown");
    log
}

fn goes_on(folder: &Folder, log: Entries, case: &str) {
    let mut kept = read_all(&log).unwrap();
    for number in 0..3 {
        kept.push(leaf(1000 + number, 30_000));
        add(&log, &kept[kept.len() - 1..]);
    }
    log.write_checkpoint().unwrap();
    drop(log);
    assert!(read_all(&folder.reader()).unwrap() == kept, "{case}: what was appended afterwards");
    assert_eq!(Entries::verify(&folder.path).unwrap().0, [], "{case}");
}

#[test]
fn a_power_cut_at_any_moment_loses_nothing_that_was_acknowledged() {
    let mut random = Xorshift(0x2545_F491_4F6C_DD1D);
    let folder = Folder::new();
    let (operations, promises) = scenario(&folder, &mut random);
    let count = cases(20, 200);
    for number in 0..count {
        let cut = random.below(operations.len() + 1);
        let case = format!("cut {number} of {count}, after {cut} of {} operations", operations.len());
        let mut drive = Drive::default();
        operations[..cut].iter().for_each(|operation| drive.run(operation));
        let found = Folder::new();
        restore(&found.path, &drive.cut(&folder.path, &mut |limit| random.below(limit)));
        if promises.created.is_some_and(|created| cut < created) {
            match Entries::open_reader(&found.path).map(|log| log.size()) {
                Ok(0) | Err(LogError::Damaged { .. }) => continue,
                other => panic!("{case}: a half-made ledger is {other:?}"),
            }
        }
        let log = survives(&found, &promises, promises.at(cut), &case);
        goes_on(&found, log, &case);
    }
}

#[test]
fn at_every_moment_what_was_acknowledged_needs_nothing_that_was_not_synced() {
    let mut random = Xorshift(0x1234_5678_9ABC_DEF1);
    let folder = Folder::new();
    let (operations, promises) = scenario(&folder, &mut random);
    let mut drive = Drive::default();
    let created = promises.created.unwrap();
    operations[..created].iter().for_each(|operation| drive.run(operation));
    for cut in created..=operations.len() {
        let case =
            format!("after {cut} of {} operations, with nothing that was not synced", operations.len());
        let found = Folder::new();
        restore(&found.path, &drive.clone().cut_with(&folder.path, &mut |limit| random.below(limit), 0));
        survives(&found, &promises, promises.at(cut), &case);
        operations.get(cut).into_iter().for_each(|operation| drive.run(operation));
    }
}

#[test]
fn a_second_power_cut_while_the_log_recovers_from_the_first_loses_nothing_either() {
    let mut random = Xorshift(0x9E37_79B9_7F4A_7C15);
    let folder = Folder::new();
    let (operations, promises) = scenario(&folder, &mut random);
    let created = promises.created.unwrap();
    let count = cases(20, 200);
    for number in 0..count {
        let cut = created + random.below(operations.len() + 1 - created);
        let case = format!("cut {number} of {count}, after {cut} of {} operations", operations.len());
        let mut drive = Drive::default();
        operations[..cut].iter().for_each(|operation| drive.run(operation));
        let found = Folder::new();
        let first = drive.cut(&folder.path, &mut |limit| random.below(limit));
        restore(&found.path, &first);
        let disk = Disk::recording();
        let log = found.writer_on(disk.clone()).unwrap();
        let shown = log.size();
        let mut acknowledged = vec![(0, promises.at(cut))];
        // Entries made durable before the second cut must survive it; otherwise the first append makes them durable.
        if random.below(2) == 0 {
            log.make_durable().unwrap();
            acknowledged.push((disk.operations().len(), shown));
        }
        let mut later = Promises {
            all: promises.all[..shown as usize].to_vec(),
            whole: promises.whole.clone(),
            acknowledged,
            created: None,
        };
        later.append(&log, &disk, &mut random, 2);
        drop(log);
        let again = disk.operations();
        let second = random.below(again.len() + 1);
        let case = format!("{case}, then after {second} of {}", again.len());
        let mut drive = Drive::holding(&found.path, &first);
        again[..second].iter().for_each(|operation| drive.run(operation));
        let last = Folder::new();
        restore(&last.path, &drive.cut(&found.path, &mut |limit| random.below(limit)));
        let log = survives(&last, &later, later.at(second), &case);
        goes_on(&last, log, &case);
    }
}

#[test]
fn a_writer_that_follows_a_killed_one_and_loses_its_power_loses_nothing_acknowledged() {
    let mut random = Xorshift(0x6C62_272E_07BB_0142);
    let folder = Folder::new();
    let (operations, promises) = scenario(&folder, &mut random);
    let created = promises.created.unwrap();
    let (count, mut waited) = (cases(40, 400), 0);
    for number in 0..count {
        let killed = created + random.below(operations.len() + 1 - created);
        let mut drive = Drive::default();
        operations[..killed].iter().for_each(|operation| drive.run(operation));
        // The second writer sees everything that the first one wrote, synced or not.
        std::fs::remove_dir_all(&folder.path).unwrap();
        restore(&folder.path, &drive.clone().cut_with(&folder.path, &mut |limit| random.below(limit), 100));
        let disk = Disk::recording();
        let log = folder.writer_on(disk.clone()).unwrap();
        let shown = log.size();
        let mut later = Promises {
            all: promises.all[..shown as usize].to_vec(),
            whole: promises.whole.clone(),
            acknowledged: vec![(0, promises.at(killed))],
            created: None,
        };
        match random.below(3) {
            0 => {
                log.make_durable().unwrap();
                later.acknowledged.push((disk.operations().len(), shown));
            }
            _ if shown > promises.at(killed) => waited += 1,
            _ => {}
        }
        later.append(&log, &disk, &mut random, 2);
        drop(log);
        let again = disk.operations();
        let cut = random.below(again.len() + 1);
        let case = format!("case {number} of {count}: killed after {killed} of {}", operations.len());
        let case = format!("{case}, the power cut after {cut} of {}", again.len());
        again[..cut].iter().for_each(|operation| drive.run(operation));
        let found = Folder::new();
        restore(&found.path, &drive.cut(&folder.path, &mut |limit| random.below(limit)));
        let log = survives(&found, &later, later.at(cut), &case);
        goes_on(&found, log, &case);
    }
    assert!(waited > 0, "no append found entries that were not known to be durable");
}

#[test]
fn a_power_cut_at_any_moment_of_sealing_loses_nothing() {
    let mut random = Xorshift(0x5EA1_0C07);
    let (folder, all) = sealed::log(false);
    let files = evidence(&folder.path);
    let disk = Disk::recording();
    let log = folder.writer_on(disk.clone()).unwrap();
    let opened = disk.operations().len();
    let done = log.compact(&mut |_| {}).unwrap();
    assert!(done.segments > 2, "{done:?}");
    drop(log);
    let operations = disk.operations();
    let size = all.len() as u64;
    let promises = Promises { all, whole: vec![size], ..Promises::default() };
    let count = cases(25, 250);
    for number in 0..count {
        let cut = opened + random.below(operations.len() + 1 - opened);
        let case = format!("cut {number} of {count}, after {cut} of {} operations", operations.len());
        let mut drive = Drive::holding(&folder.path, &files);
        operations[..cut].iter().for_each(|operation| drive.run(operation));
        let found = Folder::new();
        restore(&found.path, &drive.cut(&folder.path, &mut |limit| random.below(limit)));
        let log = survives(&found, &promises, size, &case);
        log.compact(&mut |_| {}).unwrap_or_else(|error| panic!("{case}: {error}"));
        goes_on(&found, log, &case);
    }
}
