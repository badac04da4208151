//! The limits of the machine itself: a synced write, a hash, a process.

use std::path::Path;
use std::process::{Command, Stdio};

use chancery::log::{Disk, DiskFile, Entries, Frontier, Hash, leaf_hash};

use crate::shared::Random;

const RAW_BYTES: u64 = 64 << 20;

/// A file preallocated as segments are, to which only bytes are written and synced, without any framing.
pub(crate) struct Raw {
    file: DiskFile,
    at: u64,
}

impl Raw {
    /// Makes the file.
    pub(crate) fn create(path: &Path) -> Raw {
        std::fs::File::create(path).unwrap();
        let file = Disk::default().open(path).unwrap();
        file.allocate(RAW_BYTES).unwrap();
        file.sync().unwrap();
        Raw { file, at: 0 }
    }

    /// Writes bytes after the earlier ones, or at the beginning once the file is full, and syncs them.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        if self.at + bytes.len() as u64 > RAW_BYTES {
            self.at = 0;
        }
        self.file.write_at(self.at, bytes).unwrap();
        self.file.sync().unwrap();
        self.at += bytes.len() as u64;
    }
}

/// A number of bytes that no disk can compress.
pub(crate) fn noise(random: &mut Random, count: usize) -> Vec<u8> {
    (0..count).map(|_| random.next() as u8).collect()
}

/// Every leaf of a ledger, in memory.
pub(crate) fn leaves(ledger: &Path) -> Vec<Vec<u8>> {
    let log = Entries::open_reader(ledger).unwrap();
    let mut leaves = Vec::with_capacity(log.size() as usize);
    log.scan(0, |_, leaf, _| leaves.push(leaf.to_vec())).unwrap();
    leaves
}

/// The RFC 6962 root of leaves in memory, on one core.
pub(crate) fn root(leaves: &[Vec<u8>]) -> Hash {
    let mut tree = Frontier::default();
    leaves.iter().for_each(|leaf| tree.push(leaf_hash(leaf)));
    tree.root()
}

/// Runs this program to its end as a child with these arguments, and returns its output.
pub(crate) fn child(arguments: &[&str]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let done = command.arg("child").args(arguments).stderr(Stdio::inherit()).output().unwrap();
    assert!(done.status.success(), "{arguments:?}");
    String::from_utf8(done.stdout).unwrap()
}

/// Runs a command from start to exit, and discards its output.
pub(crate) fn process(command: &mut Command) {
    assert!(command.stdout(Stdio::null()).stdin(Stdio::null()).status().unwrap().success());
}
