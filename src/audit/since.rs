//! Earlier states of a log that were kept elsewhere: heads, a report of an earlier audit, or the entries themselves.
//!
//! A root shows that some entry changed, but not which. A filed report therefore has a head at every 256th entry and at each one
//! after the last of those: the first head whose root the log does not give shows among which entries the first change lies. Only
//! the entries themselves name every change.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::event::Index;
use crate::log::{Checkpoint, Hash, LEAF_BYTES_MAX, LogError, SignedCheckpoint, leaf_hash, regular, salvage};
use crate::publish::{CHECKPOINT, Part, WIDTH, split_leaves};

use super::fault;
use super::report::Findings;

/// An earlier state of a log, under the name that the user gave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Since {
    /// The file or folder.
    pub name: String,
    /// The heads or entries in it.
    pub kept: Kept,
    /// A checkpoint with its signatures.
    pub signed: Option<SignedCheckpoint>,
}

/// The heads or entries that are compared with the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kept {
    /// Heads of the log, in any order.
    Heads(Vec<Checkpoint>),
    /// An older copy of the ledger.
    Folder(PathBuf),
    /// The leaves of the log as `chancery export leaves` writes them, one a line.
    Leaves(PathBuf),
    /// A published tree, and its number of entries.
    Published(PathBuf, u64),
}

/// Why a file or folder cannot be compared with a log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SinceError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
    /// The folder has no entries.
    #[error(
        "{}: not a ledger's folder: name one, a published tree, a checkpoint, a report or a file of leaves",
        .0.display()
    )]
    NoLedger(PathBuf),
    /// The file is neither a report, nor leaves, nor a head.
    #[error("{}, line {line}: {what}: not a checkpoint", path.display())]
    NoCheckpoint {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// Why it is not a head.
        what: String,
    },
    /// The file is JSON, but not a report of an audit.
    #[error("{}: {what}: not a report of chancery audit", path.display())]
    NoReport {
        /// The file.
        path: PathBuf,
        /// Why it is not a report.
        what: String,
    },
}

/// The fields that are read of a filed report.
#[derive(Deserialize)]
struct Filed {
    origin: String,
    heads: Vec<FiledHead>,
}

/// A head in a report.
#[derive(Deserialize)]
struct FiledHead {
    size: u64,
    root: String,
}

impl Since {
    /// Reads the folder of a ledger or of a published tree, a file of leaves, a report of an audit in JSON, or a checkpoint.
    ///
    /// # Errors
    /// [`SinceError`].
    pub fn read(path: &Path) -> Result<Since, SinceError> {
        let name = path.display().to_string();
        if path.is_dir() {
            let parts = ["FORMAT", "entries"];
            if parts.iter().any(|part| path.join(part).exists()) {
                return Ok(Since { name, kept: Kept::Folder(path.to_owned()), signed: None });
            }
            let text = regular::read_text(&path.join(CHECKPOINT), regular::TEXT_BYTES_MAX);
            let text = text.map_err(|_| SinceError::NoLedger(path.to_owned()))?;
            let signed = head(&path.join(CHECKPOINT), &text)?;
            let kept = Kept::Published(path.to_owned(), signed.head.size);
            return Ok(Since { name, kept, signed: Some(signed) });
        }
        let unreadable = |source| SinceError::Unreadable { path: path.to_owned(), source };
        let mut file = BufReader::new(regular::open_given(path).map_err(unreadable)?);
        let start = file.fill_buf().map_err(unreadable)?;
        // A leaf is canonical: there is no space between its brace and its first name.
        if start.starts_with(b"{\"event\":") {
            return Ok(Since { name, kept: Kept::Leaves(path.to_owned()), signed: None });
        }
        let report = start.starts_with(b"{");
        let text = regular::read_text_bounded(file).map_err(unreadable)?;
        if report {
            return Ok(Since { name, kept: Kept::Heads(filed(path, &text)?), signed: None });
        }
        let signed = head(path, &text)?;
        Ok(Since { name, kept: Kept::Heads(vec![signed.head.clone()]), signed: Some(signed) })
    }

    /// Its heads; empty if it has entries instead.
    pub(super) fn heads(&self) -> &[Checkpoint] {
        match &self.kept {
            Kept::Heads(heads) => heads,
            Kept::Folder(_) | Kept::Leaves(_) | Kept::Published(..) => &[],
        }
    }
}

fn head(path: &Path, text: &str) -> Result<SignedCheckpoint, SinceError> {
    SignedCheckpoint::parse(text).map_err(|(line, what)| SinceError::NoCheckpoint {
        path: path.to_owned(),
        line,
        what: what.to_owned(),
    })
}

fn filed(path: &Path, text: &str) -> Result<Vec<Checkpoint>, SinceError> {
    let no = |what: String| SinceError::NoReport { path: path.to_owned(), what };
    let filed: Filed = serde_json::from_str(text).map_err(|e| no(e.to_string()))?;
    if filed.heads.is_empty() {
        return Err(no("it has no heads".into()));
    }
    let head = |head: FiledHead| {
        let root = Hash::from_base64(&head.root)
            .ok_or_else(|| no(format!("the root at {} is not 32 bytes of base64", head.size)))?;
        Ok(Checkpoint::new(&filed.origin, head.size, root))
    };
    filed.heads.into_iter().map(head).collect()
}

/// The parts of the log with which heads are compared.
pub(super) struct Roots<'a> {
    pub(super) origin: Option<&'a str>,
    /// The number of entries that can be read without a gap.
    pub(super) size: u64,
    /// The roots at the sizes that are compared.
    pub(super) roots: &'a BTreeMap<u64, Hash>,
}

impl Roots<'_> {
    fn met(&self, head: &Checkpoint) -> bool {
        self.roots.get(&head.size) == Some(&head.root)
    }

    fn of_another_log(&self, head: &Checkpoint) -> bool {
        self.origin.is_some_and(|origin| origin != head.origin)
    }

    /// Compares the heads of each earlier state, and reports among which entries the first change lies, as narrowly as all heads
    /// together allow.
    pub(super) fn compare(&self, since: &[Since], found: &mut Findings) {
        let own = |head: &&Checkpoint| !self.of_another_log(head);
        let all = || since.iter().flat_map(Since::heads).filter(own);
        for kept in since {
            found.counted("since", kept.heads().len() as u64);
            if let Some(other) = kept.heads().iter().find(|head| self.of_another_log(head)) {
                let what =
                    format!("it is of {}, this log is {}", other.origin, self.origin.unwrap_or_default());
                found.add(fault::SINCE_OTHER_LOG, None, Some(kept.name.clone()), what);
                continue;
            }
            let unmet: Vec<&Checkpoint> = kept.heads().iter().filter(|head| !self.met(head)).collect();
            let Some(first) = unmet.iter().min_by_key(|head| head.size) else { continue };
            let sound = all().filter(|head| head.size < first.size && self.met(head));
            let sound = sound.map(|head| head.size).max().unwrap_or(0);
            let entry = |at: u64, only: bool| only.then_some(Index(at));
            match self.roots.get(&first.size) {
                Some(root) => {
                    let only = first.size == sound + 1;
                    let place = format!("{}, {}", kept.name, among(sound, first.size));
                    let what = format!(
                        "the first {} entries give the root {root}, not {}; the first change is {}",
                        first.size,
                        first.root,
                        among(sound, first.size)
                    );
                    found.add(fault::SINCE_OTHER_ROOT, entry(sound, only), Some(place), what);
                }
                None => {
                    let covered = unmet.iter().map(|head| head.size).max().unwrap_or(first.size);
                    let what =
                        format!("it covers {covered} entries, {} can be read without a gap", self.size);
                    let place = format!("{}, {}", kept.name, among(sound, covered));
                    found.add(fault::SINCE_AHEAD, entry(sound, sound == self.size), Some(place), what);
                }
            }
        }
    }
}

fn among(from: u64, to: u64) -> String {
    match to == from + 1 {
        true => format!("entry {from}"),
        false => format!("among entries {from} to {}", to.saturating_sub(1)),
    }
}

/// An older copy, without the entries that are the same in the log.
#[derive(Default)]
pub(super) struct Copy {
    /// The name of its log, if it states one.
    pub(super) origin: Option<String>,
    /// The number of its entries that were compared.
    pub(super) count: u64,
    /// Its entries from the first that differs.
    pub(super) rest: Vec<(u64, Vec<u8>)>,
    /// Its entries that are missing or do not have their hash.
    pub(super) lost: Vec<u64>,
    next: u64,
}

impl Copy {
    /// Reads a copy, and keeps no entry that is the same in the log.
    ///
    /// # Errors
    /// [`LogError`] if the copy cannot be read.
    pub(super) fn read<'a>(
        kept: &Kept,
        same: impl Fn(u64) -> Option<&'a [u8]>,
    ) -> Result<Option<Copy>, LogError> {
        let mut copy = Copy::default();
        match kept {
            Kept::Heads(_) => return Ok(None),
            Kept::Folder(folder) => {
                let remains = salvage(folder, |found| {
                    copy.take(found.index, found.leaf, found.intact, &same);
                })?;
                copy.lost.extend(copy.next..remains.extent);
                copy.origin = remains.origin;
            }
            Kept::Leaves(file) => {
                let io = |what| move |source| LogError::Io { path: file.clone(), what, source };
                let lines = regular::lines_given(file, LEAF_BYTES_MAX).map_err(io("cannot be opened"))?;
                for (line, index) in lines.zip(0..) {
                    copy.take(index, &line.map_err(io("cannot be read"))?, true, &same);
                }
            }
            Kept::Published(tree, size) => {
                for (bundle, tile) in Part::bundles(*size).zip(Part::tiles(*size, 0)) {
                    copy.take_bundle(tree, bundle, tile, &same);
                }
                copy.lost.extend(copy.next..*size);
            }
        }
        Ok(Some(copy))
    }

    /// Takes the entries of one bundle that have their hash in the tile over them; a missing file has no entries.
    fn take_bundle<'a>(
        &mut self,
        tree: &Path,
        bundle: Part,
        tile: Part,
        same: impl Fn(u64) -> Option<&'a [u8]>,
    ) {
        let read =
            |part: Part| regular::read(&tree.join(part.path()), regular::GIVEN_BYTES_MAX).unwrap_or_default();
        let (bytes, hashes) = (read(bundle), read(tile));
        let leaves = split_leaves(&bytes).0.into_iter().filter_map(|at| bytes.get(at));
        for ((leaf, hash), index) in leaves.zip(hashes.chunks(32)).zip(bundle.number() * WIDTH..) {
            self.take(index, leaf, leaf_hash(leaf).0 == hash, &same);
        }
    }

    fn take<'a>(&mut self, index: u64, leaf: &[u8], intact: bool, same: impl Fn(u64) -> Option<&'a [u8]>) {
        self.lost.extend(self.next..index);
        self.next = index.saturating_add(1);
        self.count += 1;
        if !intact {
            self.lost.push(index);
        } else if !(self.rest.is_empty() && same(index) == Some(leaf)) {
            self.rest.push((index, leaf.to_vec()));
        }
    }
}
