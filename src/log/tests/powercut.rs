//! The power is cut at any moment: of what was not synced any sectors and any names may be lost, nothing else may.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::super::{Disk, Entries, LogEngine, LogError, Operation};
use super::{Folder, ORIGIN, Xorshift, add, cases, evidence, holder, leaf, read_all, restore, sealed};

const SECTOR: u64 = 512;

/// What a disk holds for certain, and what it was asked for since the last sync.
#[derive(Clone, Default)]
struct Drive {
    durable: Vec<Vec<u8>>,
    pending: Vec<Vec<Operation>>,
    names: BTreeMap<PathBuf, usize>,
    pending_names: Vec<Operation>,
    /// The names as the running program sees them, and the file that each pending name concerns.
    seen: HashMap<PathBuf, usize>,
    concerned: Vec<usize>,
}

impl Drive {
    fn holding(ledger: &Path, files: &BTreeMap<PathBuf, Vec<u8>>) -> Drive {
        let mut drive = Drive::default();
        for (name, bytes) in files {
            let file = drive.file(bytes.clone());
            drive.names.insert(ledger.join(name), file);
            drive.seen.insert(ledger.join(name), file);
        }
        drive
    }

    fn file(&mut self, bytes: Vec<u8>) -> usize {
        self.durable.push(bytes);
        self.pending.push(Vec::new());
        self.durable.len() - 1
    }

    fn name(&mut self, operation: &Operation, file: usize) {
        self.pending_names.push(operation.clone());
        self.concerned.push(file);
    }

    fn run(&mut self, operation: &Operation) {
        match operation {
            Operation::Create(path) => {
                let file = self.file(Vec::new());
                self.seen.insert(path.clone(), file);
                self.name(operation, file);
            }
            Operation::Allocate(path, _) | Operation::Write(path, ..) => {
                self.pending[self.seen[path]].push(operation.clone());
            }
            Operation::Sync(path) => {
                let file = self.seen[path];
                for pending in std::mem::take(&mut self.pending[file]) {
                    apply(&mut self.durable[file], &pending, |_| true);
                }
            }
            Operation::Rename(from, to) => {
                let file = self.seen.remove(from).unwrap();
                self.seen.insert(to.clone(), file);
                self.name(operation, file);
            }
            Operation::Remove(path) => {
                let file = self.seen.remove(path).unwrap();
                self.name(operation, file);
            }
            Operation::SyncDir(folder) => {
                let pending: Vec<_> = self.pending_names.drain(..).zip(self.concerned.drain(..)).collect();
                for (operation, file) in pending {
                    match parent(&operation) == Some(folder) {
                        true => rename(&mut self.names, &operation, file),
                        false => self.name(&operation, file),
                    }
                }
            }
        }
    }

    /// The folder as somebody finds it when the power is back.
    fn cut(self, ledger: &Path, random: &mut Xorshift) -> BTreeMap<PathBuf, Vec<u8>> {
        // Now and then nothing or everything arrives, which a coin for each sector would hardly ever give.
        let chance = [0, 10, 50, 90, 100][random.below(5)];
        self.cut_with(ledger, random, chance)
    }

    fn cut_with(mut self, ledger: &Path, random: &mut Xorshift, chance: usize) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut arrives = || random.below(100) < chance;
        for (operation, file) in self.pending_names.iter().zip(&self.concerned) {
            if arrives() {
                rename(&mut self.names, operation, *file);
            }
        }
        for (bytes, pending) in self.durable.iter_mut().zip(&self.pending) {
            pending.iter().for_each(|operation| apply(bytes, operation, |_| arrives()));
        }
        let named = |(path, file): (&PathBuf, &usize)| {
            (path.strip_prefix(ledger).unwrap().to_owned(), self.durable[*file].clone())
        };
        self.names.iter().map(named).collect()
    }
}

fn parent(operation: &Operation) -> Option<&Path> {
    match operation {
        Operation::Create(path) | Operation::Remove(path) | Operation::Rename(_, path) => path.parent(),
        _ => None,
    }
}

fn rename(names: &mut BTreeMap<PathBuf, usize>, operation: &Operation, file: usize) {
    match operation {
        Operation::Create(path) => drop(names.insert(path.clone(), file)),
        Operation::Remove(path) => drop(names.remove(path)),
        Operation::Rename(from, to) => {
            names.remove(from);
            names.insert(to.clone(), file);
        }
        _ => {}
    }
}

fn apply(bytes: &mut Vec<u8>, operation: &Operation, mut arrives: impl FnMut(u64) -> bool) {
    match operation {
        Operation::Allocate(_, size) if arrives(0) => bytes.resize(bytes.len().max(*size as usize), 0),
        Operation::Write(_, offset, written) => {
            let end = offset + written.len() as u64;
            let mut at = *offset;
            while at < end {
                let next = ((at / SECTOR + 1) * SECTOR).min(end);
                if arrives(at) {
                    let (from, to) = (at as usize, next as usize);
                    bytes.resize(bytes.len().max(to), 0);
                    bytes[from..to]
                        .copy_from_slice(&written[(at - offset) as usize..(next - offset) as usize]);
                }
                at = next;
            }
        }
        _ => {}
    }
}

/// What was promised, and after how many operations.
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

/// A ledger is made, written, closed, opened and written again.
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

/// What must hold after a cut, and what the first writer after it did.
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
        restore(&found.path, &drive.cut(&folder.path, &mut random));
        if promises.created.is_some_and(|created| cut < created) {
            match Entries::open_reader(&found.path).map(|log| log.size().unwrap()) {
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
        restore(&found.path, &drive.clone().cut_with(&folder.path, &mut random, 0));
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
        let first = drive.cut(&folder.path, &mut random);
        restore(&found.path, &first);
        let disk = Disk::recording();
        let log = found.writer_on(disk.clone()).unwrap();
        // What a reader shows before the second cut it must show after it: it made it durable.
        let shown = log.size().unwrap();
        let recovered = disk.operations().len();
        let mut later = Promises {
            all: promises.all[..shown as usize].to_vec(),
            whole: promises.whole.clone(),
            acknowledged: vec![(0, promises.at(cut)), (recovered, shown)],
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
        restore(&last.path, &drive.cut(&found.path, &mut random));
        let log = survives(&last, &later, later.at(second), &case);
        goes_on(&last, log, &case);
    }
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
        restore(&found.path, &drive.cut(&folder.path, &mut random));
        let log = survives(&found, &promises, size, &case);
        log.compact(&mut |_| {}).unwrap_or_else(|error| panic!("{case}: {error}"));
        goes_on(&found, log, &case);
    }
}
