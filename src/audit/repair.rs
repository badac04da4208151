//! Restores missing or damaged evidence from a damaged ledger and a good copy, into a new folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::event::Size;
use crate::log::{
    Append, Checkpoint, Disk, Entries, Frontier, Hash, Holder, LEAF_BYTES_MAX, LogError, Remains, leaf_hash,
    regular, salvage,
};

/// The result of a repair.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Repaired {
    /// The number of entries in the new ledger.
    pub size: Size,
    /// The indexes of the entries that came from the copy.
    pub restored: Vec<u64>,
    /// The root over all entries.
    pub root: Hash,
}

/// Why nothing was repaired. The damaged ledger is unchanged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RepairError {
    /// A log cannot be read or written.
    #[error("{0}")]
    Log(#[from] LogError),
    /// The copy cannot be read.
    #[error("{}: {source}: name a ledger's folder, or a file made by `chancery export leaves`", path.display())]
    Copy {
        /// The copy.
        path: PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
    /// The damaged ledger no longer gives the name of its log.
    #[error("{}: nothing in it gives the log's name any more: restore the file FORMAT first", .0.display())]
    Nameless(PathBuf),
    /// The copy is of another log.
    #[error("{} is a copy of {copy}, not of {damaged}: name a copy of the same log", path.display())]
    OtherLog {
        /// The path of the copy.
        path: PathBuf,
        /// The name of the copy's log.
        copy: String,
        /// The name of the log to repair.
        damaged: String,
    },
    /// An entry is intact in both, with different content.
    #[error(
        "entry {index} is intact in both and says different things: one of them was rewritten; repair takes no side: \
         compare both with a checkpoint kept elsewhere (`chancery audit --since CHECKPOINT`)"
    )]
    Disagree {
        /// The index of the first such entry.
        index: u64,
    },
    /// An entry is in neither.
    #[error("entry {index} is neither in the damaged ledger nor in the copy: name a copy that holds it")]
    Missing {
        /// The index of the first such entry.
        index: u64,
    },
    /// Nothing in the damaged ledger shows that the copy's entry is the one that was lost.
    #[error(
        "entry {index} is in the copy, and neither a hash nor a head shows that it is the one that was lost: put a \
         checkpoint of this log that covers it into the damaged folder's `checkpoint`, or name a ledger's folder as copy"
    )]
    Unproven {
        /// The index of the first such entry.
        index: u64,
    },
    /// The repaired leaves do not give the root of a head that the damaged ledger states.
    #[error(
        "the first {size} entries, repaired, do not give the root that the damaged ledger states: the copy or that head \
         is of another history; compare with a checkpoint kept elsewhere"
    )]
    OtherRoot {
        /// The size of that head.
        size: u64,
    },
}

/// A ledger as far as it can be read.
struct Source {
    remains: Remains,
    /// Leaves that have their stored hash.
    intact: BTreeMap<u64, Vec<u8>>,
    /// The leaves that do not have their stored hash, each with that hash.
    broken: BTreeMap<u64, Vec<(Hash, Vec<u8>)>>,
}

/// Writes the intact entries of a damaged ledger, completed from a good copy (a ledger's folder, or a file of leaves, one a line),
/// as a new ledger of the same name.
///
/// An entry is taken from the copy if it has the hash that the damaged ledger stored for it, or if the leaves give the root of a
/// head (a checkpoint, the header of a later segment) that covers it. No entry is taken beyond those that the damaged ledger once
/// had.
///
/// # Errors
/// [`RepairError`]; the damaged ledger is never changed.
pub fn repair(damaged: &Path, from: &Path, into: &Path, disk: &Disk) -> Result<Repaired, RepairError> {
    let damage = read(damaged)?;
    let origin = damage.remains.origin.clone().ok_or_else(|| RepairError::Nameless(damaged.to_owned()))?;
    let copy = if from.is_dir() { read(from)? } else { read_lines(from)? };
    if let Some(other) = copy.remains.origin.as_ref().filter(|other| **other != origin) {
        let (copy, damaged) = (other.clone(), origin);
        return Err(RepairError::OtherLog { path: from.to_owned(), copy, damaged });
    }
    let (leaves, restored) = join(&damage, &copy)?;
    let root = write(into, &origin, &leaves, disk)?;
    Ok(Repaired { size: Size(leaves.len() as u64), restored, root })
}

fn read(ledger: &Path) -> Result<Source, RepairError> {
    let mut intact: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
    let mut broken: BTreeMap<u64, Vec<(Hash, Vec<u8>)>> = BTreeMap::new();
    let remains = salvage(ledger, |found| match found.intact {
        true => _ = intact.entry(found.index).or_insert_with(|| found.leaf.to_vec()),
        false => broken.entry(found.index).or_default().push((found.stored, found.leaf.to_vec())),
    })?;
    broken.retain(|index, _| !intact.contains_key(index));
    Ok(Source { remains, intact, broken })
}

fn read_lines(file: &Path) -> Result<Source, RepairError> {
    let unread = |source| RepairError::Copy { path: file.to_owned(), source };
    let mut intact: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
    for line in regular::lines_given(file, LEAF_BYTES_MAX).map_err(unread)? {
        let line = line.map_err(unread)?;
        if !line.is_empty() {
            intact.insert(intact.len() as u64, line);
        }
    }
    let remains = Remains { extent: intact.len() as u64, ..Remains::default() };
    Ok(Source { remains, intact, broken: BTreeMap::new() })
}

/// Every leaf of the repaired ledger, and the indexes of those that came from the copy.
fn join<'a>(damage: &'a Source, copy: &'a Source) -> Result<(Vec<&'a [u8]>, Vec<u64>), RepairError> {
    let disagree: BTreeSet<u64> = damage
        .intact
        .iter()
        .filter(|(index, leaf)| copy.intact.get(index).is_some_and(|other| other != *leaf))
        .map(|(index, _)| *index)
        .collect();
    let (leaves, restored) = fill(damage, copy, &BTreeSet::new())?;
    let heads = &damage.remains.heads;
    let covered = heads.iter().map(|h| h.size).max().unwrap_or(0);
    let first = disagree.first().copied();
    let (leaves, restored) = match (unmet(&leaves, heads), first) {
        (None, None) => (leaves, restored),
        (None, Some(index)) => return Err(RepairError::Disagree { index }),
        (Some(size), None) => return Err(RepairError::OtherRoot { size }),
        // An entry that was rewritten together with its hash is not intact if the heads show it. The copy's entries must then give
        // the roots of all heads, and the heads must cover each of these entries.
        (Some(_), Some(index)) => {
            let (others, restored) = fill(damage, copy, &disagree)?;
            let settled = unmet(&others, heads).is_none() && disagree.last().is_some_and(|at| *at < covered);
            if !settled {
                return Err(RepairError::Disagree { index });
            }
            (others, restored)
        }
    };
    let vouched = covered.max(vouched(copy));
    for index in &restored {
        let leaf = leaves.get(*index as usize).copied().unwrap_or_default();
        let same = |(stored, bytes): &(Hash, Vec<u8>)| *stored == leaf_hash(leaf) || bytes == leaf;
        let stored = damage.broken.get(index).is_some_and(|found| found.iter().any(same));
        if !stored && *index >= vouched {
            return Err(RepairError::Unproven { index: *index });
        }
    }
    Ok((leaves, restored))
}

/// The leaves of the damaged ledger, completed; those in `replace` are taken from the copy.
fn fill<'a>(
    damage: &'a Source,
    copy: &'a Source,
    replace: &BTreeSet<u64>,
) -> Result<(Vec<&'a [u8]>, Vec<u64>), RepairError> {
    let reach = damage.intact.last_key_value().map_or(0, |(index, _)| index + 1);
    let mut leaves: Vec<&[u8]> = Vec::new();
    let mut restored = Vec::new();
    for index in 0..reach.max(damage.remains.extent) {
        let own = damage.intact.get(&index).filter(|_| !replace.contains(&index));
        let leaf = match own {
            Some(leaf) => leaf,
            None => {
                restored.push(index);
                copy.intact.get(&index).ok_or(RepairError::Missing { index })?
            }
        };
        leaves.push(leaf);
    }
    Ok((leaves, restored))
}

/// The size of the first head whose root the leaves do not give.
fn unmet(leaves: &[&[u8]], heads: &[Checkpoint]) -> Option<u64> {
    let mut heads: Vec<&Checkpoint> = heads.iter().collect();
    heads.sort_by_key(|head| head.size);
    let mut heads = heads.into_iter().peekable();
    let mut tree = Frontier::default();
    let mut rest = leaves.iter();
    loop {
        while let Some(head) = heads.next_if(|head| head.size == tree.size()) {
            if head.root != tree.root() {
                return Some(head.size);
            }
        }
        match rest.next() {
            Some(leaf) => tree.push(leaf_hash(leaf)),
            None => return heads.next().map(|head| head.size),
        }
    }
}

/// The number of entries of the copy that its own heads vouch for.
fn vouched(copy: &Source) -> u64 {
    let whole: Vec<&[u8]> =
        (0..).map_while(|index: u64| copy.intact.get(&index)).map(Vec::as_slice).collect();
    let met = |head: &&Checkpoint| {
        usize::try_from(head.size).is_ok_and(|size| size <= whole.len())
            && unmet(&whole, std::slice::from_ref(*head)).is_none()
    };
    copy.remains.heads.iter().filter(met).map(|head| head.size).max().unwrap_or(0)
}

/// The size of the batches in which leaves are appended, in bytes, approximately.
const BATCH_BYTES: usize = 1 << 20;

fn write(into: &Path, origin: &str, leaves: &[&[u8]], disk: &Disk) -> Result<Hash, RepairError> {
    Entries::create(into, origin, disk)?;
    let holder = Holder {
        pid: std::process::id().to_string(),
        command: "repair".into(),
        since: String::new(),
        address: None,
    };
    let log = Entries::open_writer(into, &holder, disk.clone())?;
    let mut rest = leaves;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = |leaf: &&&[u8]| {
            bytes += leaf.len();
            bytes <= BATCH_BYTES
        };
        let count = rest.iter().take_while(fits).count().max(1);
        let (batch, later) = rest.split_at(count);
        let size = log.frontier().size();
        match log.append(size, batch) {
            Append::Done { .. } => rest = later,
            Append::Conflict { actual } => return Err(LogError::Beyond { size: actual, asked: size }.into()),
            Append::Unknown(error) | Append::Refused(error) => return Err(error.into()),
        }
    }
    log.write_checkpoint()?;
    Ok(log.frontier().root())
}
