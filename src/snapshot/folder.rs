//! The folder of snapshots: which parts are used, how one is put in place, what is removed.

use std::path::{Path, PathBuf};

use crate::event::{BodyId, EventId, Index, ParticipantId};
use crate::log::{Disk, Mark};

use super::SnapshotError;
use super::part::Part;

const FOLDER: &str = "snapshot";
const EXTENSION: &str = "part";

/// A base with at most one delta: the read model of the first entries of a log.
pub struct Snapshot {
    parts: Vec<Part>,
}

/// What a file's name says: its first index and its size.
type Named = (u64, u64, PathBuf);

impl Snapshot {
    /// The largest snapshot of a ledger; `None` where there is none, or none that can be read. Of which log it is, its mark
    /// tells.
    pub fn open(ledger: &Path) -> Option<Snapshot> {
        let listed = listed(ledger);
        let largest = |first: u64, parts: &[Part]| {
            let mut found: Vec<&Named> =
                listed.iter().filter(|(at, size, _)| *at == first && *size > first).collect();
            found.sort_by_key(|(_, size, _)| std::cmp::Reverse(*size));
            let follows = |part: &Part| {
                let before = parts.last().map(|base| base.mark().tree.root());
                part.first() == first && before.is_none_or(|root| root == part.before())
            };
            found.into_iter().filter_map(|(.., path)| Part::open(path).ok()).find(follows)
        };
        let base = largest(0, &[])?;
        let mut parts = vec![base];
        let size = parts.last().map_or(0, Part::size);
        parts.extend(largest(size, &parts));
        Some(Snapshot { parts })
    }

    /// How many entries it covers.
    pub fn size(&self) -> u64 {
        self.parts.last().map_or(0, Part::size)
    }

    /// The end of the log that it reaches.
    pub fn mark(&self) -> Option<&Mark> {
        self.parts.last().map(Part::mark)
    }

    /// Its parts: the base, then the delta.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The part that states what the rules make of the record; `None` for a snapshot of nothing.
    pub fn base(&self) -> Option<&Part> {
        self.parts.first()
    }

    /// Where an event with this id may be: each place has to be looked at.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn candidates(&self, id: EventId) -> Result<Vec<Index>, SnapshotError> {
        let mut found = Vec::new();
        for part in &self.parts {
            found.extend(part.candidates(id)?);
        }
        Ok(found)
    }

    /// Where the record of an entry begins in its segment, as long as that is not sealed.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn place(&self, entry: u64) -> Result<Option<u32>, SnapshotError> {
        let part = self.parts.iter().find(|part| entry < part.size());
        part.map_or(Ok(None), |part| part.place(entry))
    }

    /// Whether what follows the base bears on a participant in a body, or on the body alone.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn touched(&self, body: &BodyId, who: &ParticipantId) -> Result<bool, SnapshotError> {
        for part in self.parts.iter().skip(1) {
            if part.pair(body, None)?.is_some() || part.pair(body, Some(who))?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// A file of the folder.
pub struct PartFile {
    /// Where it lies.
    pub path: PathBuf,
    /// What it holds, or why it cannot be read.
    pub part: Result<Part, SnapshotError>,
    /// Whether its name says what is in it.
    pub is_named: bool,
}

/// Every part in the folder of a ledger, used or not, by first index and size.
pub fn part_files(ledger: &Path) -> Vec<PartFile> {
    let mut listed = listed(ledger);
    listed.sort();
    let file = |(.., path): Named| {
        let part = Part::open(&path);
        let name = part.as_ref().map(|part| file_name(part.first(), part.mark()));
        let is_named = name.is_ok_and(|name| path.file_name().is_some_and(|own| *own == *name));
        PartFile { path, part, is_named }
    };
    // One that a writer removed since the folder was listed is none.
    listed.into_iter().map(file).filter(|file| file.part.is_ok() || file.path.exists()).collect()
}

/// The name of a part that begins with the entry `first`.
fn file_name(first: u64, mark: &Mark) -> String {
    let root: String = mark.tree.root().0.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{first:020}-{:020}-{root}.{EXTENSION}", mark.tree.size())
}

fn listed(ledger: &Path) -> Vec<Named> {
    let Ok(files) = std::fs::read_dir(ledger.join(FOLDER)) else { return Vec::new() };
    let named = |path: PathBuf| {
        let name = path.file_stem()?.to_str()?;
        let mut words = name.split('-');
        let (first, size) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        path.extension().is_some_and(|e| e == EXTENSION).then_some((first, size, path))
    };
    files.filter_map(|file| named(file.ok()?.path())).collect()
}

/// Puts a part in place, durably, and removes those that it makes superfluous: of a base all others, of a delta older
/// deltas.
///
/// # Errors
/// [`SnapshotError::Io`]; what was there is then still there.
pub fn publish(
    ledger: &Path,
    first: u64,
    mark: &Mark,
    bytes: &[u8],
    disk: &Disk,
) -> Result<(), SnapshotError> {
    let folder = ledger.join(FOLDER);
    let failed = |source| SnapshotError::Io { path: folder.clone(), source };
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let path = folder.join(file_name(first, mark));
    disk.replace(&path, bytes).map_err(failed)?;
    for (.., other) in listed(ledger).into_iter().filter(|(at, ..)| *at >= first) {
        if other != path {
            // One that cannot be removed is passed over by whoever opens the folder.
            let _ = disk.remove(&other);
        }
    }
    Ok(())
}
