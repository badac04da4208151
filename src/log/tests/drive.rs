//! A disk whose power can be cut: data that was not synced may be lost, sector by sector and name by name.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use crate::log::Operation;

const SECTOR: u64 = 512;

/// The content that is certainly on the disk, and the operations since the last sync.
#[derive(Clone, Default)]
pub(crate) struct Drive {
    durable: Vec<Vec<u8>>,
    pending: Vec<Vec<Operation>>,
    names: BTreeMap<PathBuf, usize>,
    pending_names: Vec<Operation>,
    /// The names as the running program sees them, and the file that each pending name concerns.
    seen: HashMap<PathBuf, usize>,
    concerned: Vec<usize>,
}

impl Drive {
    pub(crate) fn holding(ledger: &Path, files: &BTreeMap<PathBuf, Vec<u8>>) -> Drive {
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

    pub(crate) fn run(&mut self, operation: &Operation) {
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

    /// The folder as it is found when the power is back.
    pub(crate) fn cut(
        self,
        ledger: &Path,
        random: &mut dyn FnMut(usize) -> usize,
    ) -> BTreeMap<PathBuf, Vec<u8>> {
        // Sometimes nothing or everything arrives, which a coin for each sector would hardly ever give.
        let chance = [0, 10, 50, 90, 100][random(5)];
        self.cut_with(ledger, random, chance)
    }

    pub(crate) fn cut_with(
        mut self,
        ledger: &Path,
        random: &mut dyn FnMut(usize) -> usize,
        chance: usize,
    ) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut arrives = || random(100) < chance;
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
