//! The guarantees of the log, checked from outside and against damage of every kind.

mod conformance;
mod cosignature;
pub(crate) mod drive;
mod durable;
mod flips;
mod format;
mod multiproof;
mod powercut;
mod proof;
mod reading;
mod sealed;
mod tail;
mod tree;

use std::path::{Path, PathBuf};

use super::{Append, Disk, Entries, Holder, LogError};

const ORIGIN: &str = "example.org/chancery";

/// A ledger's folder, removed when the test ends.
struct Folder {
    _dir: tempfile::TempDir,
    path: PathBuf,
}

impl Folder {
    fn new() -> Folder {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("my.ledger");
        Folder { _dir: dir, path }
    }

    fn created() -> Folder {
        let folder = Folder::new();
        Entries::create(&folder.path, ORIGIN, &Disk::default()).unwrap();
        folder
    }

    fn writer(&self) -> Entries {
        self.writer_on(Disk::default()).unwrap()
    }

    fn writer_on(&self, disk: Disk) -> Result<Entries, LogError> {
        Entries::open_writer(&self.path, &holder(), disk)
    }

    fn reader(&self) -> Entries {
        Entries::open_reader(&self.path).unwrap()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    fn segment(&self, first: u64) -> PathBuf {
        super::segment::path(&self.path, first)
    }
}

fn holder() -> Holder {
    Holder { pid: "4711".into(), command: "chancery serve".into(), since: "09:30".into(), address: None }
}

/// Reproducible randomness, without a crate whose sequence may change.
struct Xorshift(u64);

impl Xorshift {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

/// A leaf that differs from every other, and has no NUL, like all JSON.
fn leaf(number: u64, length: usize) -> Vec<u8> {
    let mut text = format!("{{\"n\":{number},\"text\":\"").into_bytes();
    let mut random = Xorshift(number + 1);
    while text.len() + 2 < length {
        text.push(b'a' + random.below(26) as u8);
    }
    text.extend_from_slice(b"\"}");
    text
}

fn leaves(range: std::ops::Range<u64>) -> Vec<Vec<u8>> {
    range.map(|number| leaf(number, 60)).collect()
}

fn slices(leaves: &[Vec<u8>]) -> Vec<&[u8]> {
    leaves.iter().map(Vec::as_slice).collect()
}

fn append(log: &Entries, expected: u64, leaves: &[Vec<u8>]) -> Append {
    log.append(expected, &slices(leaves))
}

/// Appends at the end, and panics on any failure.
fn add(log: &Entries, leaves: &[Vec<u8>]) -> u64 {
    let before = log.size();
    match append(log, before, leaves) {
        Append::Done { size } => size,
        other => panic!("{other:?}"),
    }
}

/// Every leaf from an index on, read in blocks of at most `max_bytes` bytes.
fn read_from(log: &Entries, from: u64, max_bytes: usize) -> Result<Vec<Vec<u8>>, LogError> {
    let mut found = Vec::new();
    loop {
        let at = from + found.len() as u64;
        let block = log.read(at, max_bytes)?;
        if block.is_empty() {
            return Ok(found);
        }
        for (number, (index, leaf, hash)) in block.iter().enumerate() {
            assert_eq!(index, at + number as u64);
            assert_eq!(hash, super::leaf_hash(leaf));
            found.push(leaf.to_vec());
        }
    }
}

fn read_all(log: &Entries) -> Result<Vec<Vec<u8>>, LogError> {
    read_from(log, 0, 1 << 20)
}

/// The number of cases to try: few on every run, many if the run is for faults.
fn cases(few: usize, many: usize) -> usize {
    if std::env::var("CHANCERY_FAULTS").is_ok_and(|v| v == "full") { many } else { few }
}

fn flip(path: &Path, offset: usize, mask: u8) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[offset] ^= mask;
    std::fs::write(path, bytes).unwrap();
}

/// Every file of the evidence with its bytes.
fn evidence(ledger: &Path) -> std::collections::BTreeMap<PathBuf, Vec<u8>> {
    let mut files = std::collections::BTreeMap::new();
    for folder in [ledger.to_owned(), ledger.join("entries")] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() && !path.ends_with("LOCK") {
                files.insert(path.strip_prefix(ledger).unwrap().to_owned(), std::fs::read(&path).unwrap());
            }
        }
    }
    files
}

fn restore(ledger: &Path, files: &std::collections::BTreeMap<PathBuf, Vec<u8>>) {
    std::fs::create_dir_all(ledger.join("entries")).unwrap();
    for (name, bytes) in files {
        std::fs::write(ledger.join(name), bytes).unwrap();
    }
}
