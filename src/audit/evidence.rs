//! The leaves as they lie on disk, and the tree that they give.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::event::Index;
use crate::log::{
    Checkpoint, Damage, Entries, Frontier, Hash, LogError, SignedCheckpoint, VerifierKey, leaf_hash, salvage,
    verifier_key,
};

use super::Options;
use super::report::{Finding, Findings};

/// A leaf with its place in the log.
pub(super) struct Leaf {
    pub(super) index: u64,
    pub(super) bytes: Vec<u8>,
}

/// Everything that is read from the folder.
pub(super) struct Evidence {
    checkpoint_path: PathBuf,
    pub(super) origin: Option<String>,
    pub(super) leaves: Vec<Leaf>,
    /// Whether entries are missing that once were there.
    pub(super) incomplete: bool,
    /// The tree over the leaves from 0 up to the first that is missing.
    pub(super) frontier: Frontier,
    damage: Vec<Damage>,
    /// The roots at the sizes that are compared.
    roots: BTreeMap<u64, Hash>,
    /// Heads in the headers of segments.
    heads: Vec<Checkpoint>,
    checkpoint: Result<Option<SignedCheckpoint>, Damage>,
    since: Vec<SignedCheckpoint>,
    /// The verifier key, or why the one in the folder cannot be read.
    key: Result<Option<VerifierKey>, String>,
}

const REPAIR: &str = "`chancery repair --from DIR|FILE` restores it from a copy into a new folder";

/// How long a frame that is just being written may take.
const IN_FLIGHT: Duration = Duration::from_millis(50);

/// Reads the folder. The checkpoint comes first, so that a running writer cannot get ahead of the entries read.
pub(super) fn gather(
    path: &Path,
    options: &Options,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Evidence, LogError> {
    let checkpoint_path = path.join("checkpoint");
    let checkpoint = match SignedCheckpoint::read(&checkpoint_path) {
        Ok(checkpoint) => Ok(checkpoint),
        Err(LogError::Damaged { path, offset, what }) => Err(Damage { path, offset, index: None, what }),
        Err(error) => return Err(error),
    };
    let expected = checkpoint.as_ref().ok().and_then(|c| c.as_ref()).map_or(0, |c| c.head.size);
    let (mut damage, mut leaves) = verify(path, expected, progress)?;
    if !damage.is_empty() {
        // What a running writer is about to finish is sound the second time; what is damaged stays so.
        std::thread::sleep(IN_FLIGHT);
        let (again, read) = verify(path, expected, progress)?;
        damage.retain(|d| again.contains(d));
        leaves = read;
    }
    let mut broken: Vec<Leaf> = Vec::new();
    let remains = salvage(path, |found| {
        if !damage.is_empty() && found.intact {
            broken.push(Leaf { index: found.index, bytes: found.leaf.to_vec() });
        }
    })?;
    // Leaves that verify reads are kept even where their hash differs, so that their content is judged too.
    broken.extend(leaves);
    leaves = broken;
    leaves.sort_by_key(|leaf| leaf.index);
    leaves.dedup_by_key(|leaf| leaf.index);
    let gap = leaves.iter().zip(0u64..).any(|(leaf, at)| leaf.index != at);
    let incomplete = gap || (!damage.is_empty() && (leaves.len() as u64) < remains.extent);
    let mut evidence = Evidence {
        checkpoint_path,
        origin: remains.origin,
        incomplete,
        damage,
        frontier: Frontier::default(),
        roots: BTreeMap::new(),
        heads: remains
            .heads
            .into_iter()
            .filter(|h| checkpoint.iter().flatten().all(|c| c.head != *h))
            .collect(),
        checkpoint,
        since: options.since.clone(),
        key: match &options.key {
            Some(key) => Ok(Some(key.clone())),
            None => verifier_key(path).map_err(|error| error.to_string()),
        },
        leaves,
    };
    evidence.grow();
    progress(evidence.frontier.size(), evidence.frontier.size());
    Ok(evidence)
}

/// What is wrong with the files, and every leaf of a sound frame.
fn verify(
    path: &Path,
    expected: u64,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(Vec<Damage>, Vec<Leaf>), LogError> {
    let mut leaves: Vec<Leaf> = Vec::new();
    let checked = Entries::verify(path, |index, leaf| {
        leaves.push(Leaf { index, bytes: leaf.to_vec() });
        if index % 1024 == 0 {
            progress(index, expected.max(index));
        }
    });
    match checked {
        Ok((damage, _)) => Ok((damage, leaves)),
        Err(LogError::Damaged { path, offset, what }) => {
            Ok((vec![Damage { path, offset, index: None, what }], leaves))
        }
        Err(error) => Err(error),
    }
}

impl Evidence {
    /// Grows the tree from the leaves' bytes alone.
    fn grow(&mut self) {
        let signed = self.checkpoint.iter().flatten().chain(&self.since).map(|signed| &signed.head);
        let stated = signed.chain(&self.heads);
        let sizes: BTreeSet<u64> = stated.map(|c| c.size).collect();
        self.roots.insert(0, self.frontier.root());
        for (leaf, at) in self.leaves.iter().zip(0u64..) {
            if leaf.index != at {
                break;
            }
            self.frontier.push(leaf_hash(&leaf.bytes));
            if sizes.contains(&(at + 1)) {
                self.roots.insert(at + 1, self.frontier.root());
            }
        }
    }

    pub(super) fn frames(&self, found: &mut Findings) {
        found.counted("frames", self.leaves.len() as u64);
        // The checkpoint has a check of its own.
        for damage in self.damage.iter().filter(|damage| damage.path != self.checkpoint_path) {
            found.add(Finding {
                check: "frames",
                code: "damaged",
                entry: damage.index.map(Index),
                place: Some(format!("{}, byte {}", damage.path.display(), damage.offset)),
                what: damage.what.clone(),
                remedy: REPAIR.into(),
            });
        }
    }

    pub(super) fn tree(&self, found: &mut Findings) {
        for head in &self.heads {
            match self.roots.get(&head.size) {
                Some(root) if *root == head.root => {}
                Some(_) => found.at(
                    "tree",
                    "other root",
                    Index(head.size.saturating_sub(1)),
                    format!(
                        "the first {} entries do not give the root that the next segment states",
                        head.size
                    ),
                    format!(
                        "one of them, or the segment's header, was changed: compare with a copy; {REPAIR}"
                    ),
                ),
                // Entries before it are missing, which is found among the frames.
                None => continue,
            }
            found.counted("tree", 1);
        }
    }

    pub(super) fn checkpoint(&self, found: &mut Findings) {
        let place = self.checkpoint_path.display().to_string();
        match &self.checkpoint {
            Ok(Some(checkpoint)) => {
                self.head(&checkpoint.head, &place, found);
                self.signature(checkpoint, &place, found);
            }
            Ok(None) => {}
            Err(damage) => found.add(Finding {
                check: "checkpoint",
                code: "damaged",
                entry: None,
                place: Some(format!("{place}, byte {}", damage.offset)),
                what: damage.what.clone(),
                remedy: "put it back from a backup; where nothing else is found, move it aside".into(),
            }),
        }
        for checkpoint in &self.since {
            self.head(&checkpoint.head, "the checkpoint given", found);
            if checkpoint.is_signed() {
                self.signature(checkpoint, "the checkpoint given", found);
            }
        }
    }

    /// Where a key is known, a head must be signed with it. Where none is, a signature says nothing.
    fn signature(&self, signed: &SignedCheckpoint, place: &str, found: &mut Findings) {
        let (what, remedy) = match &self.key {
            Ok(None) => return,
            Err(error) => (error.clone(), "put key.pub back, or give the verifier key: --key VKEY"),
            Ok(Some(key)) => match signed.verify(key) {
                Ok(()) => return,
                Err(error) => (
                    format!("{error} (verifier key {key})"),
                    "the head may not be this log's own: compare with a checkpoint kept elsewhere; where nothing \
                     else is found, move it aside: the next append writes it anew",
                ),
            },
        };
        found.add(Finding {
            check: "checkpoint",
            code: "signature",
            entry: None,
            place: Some(place.into()),
            what,
            remedy: remedy.into(),
        });
    }

    /// The log must begin with what a head covers.
    fn head(&self, head: &Checkpoint, place: &str, found: &mut Findings) {
        found.counted("checkpoint", 1);
        let size = self.frontier.size();
        let (code, what) = match self.roots.get(&head.size) {
            _ if self.origin.as_ref().is_some_and(|origin| *origin != head.origin) => {
                let origin = self.origin.as_deref().unwrap_or_default();
                ("other log", format!("it is of {}, this log is {origin}", head.origin))
            }
            Some(root) if *root == head.root => return,
            Some(root) => {
                let what = format!("the first {} entries give the root {root}, not {}", head.size, head.root);
                ("other root", what)
            }
            None => ("ahead", format!("it covers {} entries, {size} can be read without a gap", head.size)),
        };
        found.add(Finding {
            check: "checkpoint",
            code,
            entry: None,
            place: Some(place.into()),
            what,
            remedy: format!(
                "entries were changed or are gone, or the checkpoint was: compare with a copy; {REPAIR}"
            ),
        });
    }
}
