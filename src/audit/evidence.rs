//! The leaves on disk, and the tree that they give.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rayon::prelude::*;

use crate::event::{Entry, Index};
use crate::log::{
    Checkpoint, Damage, Entries, Frontier, Hash, Lock, LogError, SignedCheckpoint, VerifierKey, salvage,
    stated, verifier_key,
};

use super::AuditOptions;
use super::difference;
use super::fault;
use super::keys::{self, Reign};
use super::leaf::Leaf;
use super::report::Findings;
use super::since::{Copy, Roots, Since};

/// Everything read from the folder.
pub(super) struct Evidence {
    checkpoint_path: PathBuf,
    pub(super) origin: Option<String>,
    pub(super) leaves: Vec<Leaf>,
    /// True if entries are missing that were once recorded.
    pub(super) incomplete: bool,
    /// The hashes of the leaves from 0 up to the first that is missing.
    pub(super) hashes: Vec<Hash>,
    /// The tree over the leaves from 0 up to the first that is missing.
    pub(super) frontier: Frontier,
    damage: Vec<Damage>,
    /// The roots at the sizes that are compared with heads.
    roots: BTreeMap<u64, Hash>,
    /// Heads in the headers of segments.
    heads: Vec<Checkpoint>,
    checkpoint: Result<Option<SignedCheckpoint>, Damage>,
    cosigned_path: PathBuf,
    /// The head that witnesses cosigned.
    cosigned: Result<Option<SignedCheckpoint>, Damage>,
    /// The verifier key, or why the one in the folder cannot be read.
    pub(super) key: Result<Option<VerifierKey>, String>,
    /// The keys of the log, as its entries announce them.
    keys: Vec<Reign>,
    /// Heads that a report states.
    pub(super) filed: Vec<Checkpoint>,
    /// The number of entries at the end of the log that no signed head covers.
    pub(super) unsigned: Option<u64>,
}

/// A report states a head at every multiple of this size.
const FILED_EVERY: u64 = 256;

/// A writer signs a head when it closes. A writer that is cut short leaves at most this number of entries without a signed head,
/// unless it is importing.
const BEHIND_MOST: u64 = 256;

/// The largest number of leaves for which room is made before they are read, however many the checkpoint states.
const EXPECTED_MAX: usize = 1 << 24;

/// The longest time in which a frame that is being written is finished.
const IN_FLIGHT: Duration = Duration::from_millis(50);

/// Reads the folder. The checkpoint is read first, so that it covers no entry that a running writer adds after the entries were
/// read. `sizes` are further sizes at which roots will be compared.
pub(super) fn gather(
    path: &Path,
    options: &AuditOptions,
    sizes: impl Iterator<Item = u64>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Evidence, LogError> {
    let (checkpoint_path, cosigned_path) = (path.join("checkpoint"), path.join("cosigned"));
    let (checkpoint, cosigned) = (head_in(&checkpoint_path)?, head_in(&cosigned_path)?);
    let expected = checkpoint.as_ref().ok().and_then(|c| c.as_ref()).map_or(0, |c| c.head.size);
    let (mut damage, mut leaves) = verify(path, expected, progress)?;
    if !damage.is_empty() {
        // A frame that a running writer was about to finish is whole the second time; real damage is still there.
        std::thread::sleep(IN_FLIGHT);
        let (again, read) = verify(path, expected, progress)?;
        damage.retain(|d| again.contains(d));
        leaves = read;
    }
    let remains = match damage.is_empty() {
        true => stated(path)?,
        // Reads past the damage. A leaf that `verify` reads is kept even if its hash differs, so that its content is checked too.
        false => {
            let mut broken: Vec<Leaf> = Vec::new();
            let remains = salvage(path, |found| {
                if found.intact {
                    broken.push(Leaf::hashed(found.index, found.leaf, found.stored));
                }
            })?;
            broken.append(&mut leaves);
            leaves = broken;
            leaves.sort_by_key(|leaf| leaf.index);
            leaves.dedup_by_key(|leaf| leaf.index);
            remains
        }
    };
    let gap = leaves.iter().zip(0u64..).any(|(leaf, at)| leaf.index != at);
    let incomplete = gap || (!damage.is_empty() && (leaves.len() as u64) < remains.extent);
    let mut evidence = Evidence {
        checkpoint_path,
        cosigned_path,
        cosigned,
        origin: remains.origin,
        incomplete,
        damage,
        hashes: Vec::with_capacity(leaves.len()),
        frontier: Frontier::default(),
        roots: BTreeMap::new(),
        heads: remains
            .heads
            .into_iter()
            .filter(|h| checkpoint.iter().flatten().all(|c| (c.head.size, c.head.root) != (h.size, h.root)))
            .collect(),
        checkpoint,
        key: match &options.key {
            Some(key) => Ok(Some(key.clone())),
            None => verifier_key(path).map_err(|error| error.to_string()),
        },
        keys: Vec::new(),
        filed: Vec::new(),
        unsigned: None,
        leaves,
    };
    evidence.grow(&options.since, sizes);
    progress(evidence.frontier.size(), evidence.frontier.size());
    Ok(evidence)
}

/// The head in a file, or the damage to it.
fn head_in(path: &Path) -> Result<Result<Option<SignedCheckpoint>, Damage>, LogError> {
    match SignedCheckpoint::read(path) {
        Ok(head) => Ok(Ok(head)),
        Err(LogError::Damaged { path, offset, what }) => Ok(Err(Damage { path, offset, index: None, what })),
        Err(error) => Err(error),
    }
}

/// The damage to the files, and every leaf of a sound frame or block.
fn verify(
    path: &Path,
    expected: u64,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(Vec<Damage>, Vec<Leaf>), LogError> {
    let mut leaves: Vec<Leaf> = Vec::with_capacity(usize::try_from(expected).unwrap_or(0).min(EXPECTED_MAX));
    let checked = Entries::verify_with(path, &Leaf::hashed, &mut |mut part| {
        leaves.append(&mut part);
        let read = leaves.len() as u64;
        progress(read, expected.max(read));
    });
    match checked {
        Ok((damage, _)) => Ok((damage, leaves)),
        Err(LogError::Damaged { path, offset, what }) => {
            Ok((vec![Damage { path, offset, index: None, what }], leaves))
        }
        Err(error) => Err(error),
    }
}

/// The root over a full step of [`FILED_EVERY`] leaves.
fn root_of(hashes: &[Hash; FILED_EVERY as usize]) -> Hash {
    let mut tree = Frontier::default();
    hashes.iter().for_each(|hash| tree.push(*hash));
    tree.root()
}

impl Evidence {
    /// The evidence from a published tree. Its head `signed` was fetched from `place`, and must be signed with `key`.
    pub(super) fn of_published(
        (leaves, incomplete): (Vec<Leaf>, bool),
        (signed, place): (SignedCheckpoint, String),
        key: VerifierKey,
        since: &[Since],
    ) -> Evidence {
        let mut evidence = Evidence {
            checkpoint_path: place.into(),
            cosigned_path: PathBuf::new(),
            cosigned: Ok(None),
            origin: Some(signed.head.origin.clone()),
            hashes: Vec::with_capacity(leaves.len()),
            leaves,
            incomplete,
            frontier: Frontier::default(),
            damage: Vec::new(),
            roots: BTreeMap::new(),
            heads: Vec::new(),
            checkpoint: Ok(Some(signed)),
            key: Ok(Some(key)),
            keys: Vec::new(),
            filed: Vec::new(),
            unsigned: None,
        };
        evidence.grow(since, std::iter::empty());
        evidence
    }

    /// Builds the tree from the bytes of the leaves alone.
    fn grow(&mut self, since: &[Since], others: impl Iterator<Item = u64>) {
        let own = self.checkpoint.iter().chain(&self.cosigned).flatten().map(|signed| &signed.head);
        let stated = own.chain(&self.heads);
        let stated = stated.chain(since.iter().flat_map(Since::heads));
        let sizes: BTreeSet<u64> = stated.map(|c| c.size).chain(others).collect();
        self.roots.insert(0, self.frontier.root());
        let last_full = self.leaves.len() as u64 / FILED_EVERY * FILED_EVERY;
        let whole = self.leaves.iter().zip(0u64..).take_while(|(leaf, at)| leaf.index == *at).count();
        self.hashes = self.leaves.iter().take(whole).map(|leaf| leaf.hash).collect();
        let origin = self.origin.clone().unwrap_or_default();
        let (groups, rest) = self.hashes.as_chunks::<{ FILED_EVERY as usize }>();
        let group_roots: Vec<Hash> = groups.par_iter().map(root_of).collect();
        let (roots, filed, mut tree) = (&mut self.roots, &mut self.filed, Frontier::default());
        let mut reached = |tree: &Frontier, head: bool| {
            if sizes.contains(&tree.size()) {
                roots.insert(tree.size(), tree.root());
            }
            if head {
                filed.push(Checkpoint::new(&origin, tree.size(), tree.root()));
            }
        };
        for (group, root) in groups.iter().zip(group_roots) {
            if sizes.range(tree.size() + 1..tree.size() + FILED_EVERY).next().is_some() {
                let mut within = tree.clone();
                for hash in group.iter().take(group.len() - 1) {
                    within.push(*hash);
                    reached(&within, false);
                }
            }
            tree.push_full(FILED_EVERY.trailing_zeros(), root);
            reached(&tree, true);
        }
        for hash in rest {
            tree.push(*hash);
            reached(&tree, tree.size() > last_full);
        }
        self.frontier = tree;
    }

    /// The root over the first `size` entries, if it was asked for and all of them are present.
    pub(super) fn root(&self, size: u64) -> Option<Hash> {
        self.roots.get(&size).copied()
    }

    pub(super) fn frames(&self, found: &mut Findings) {
        found.counted("frames", self.leaves.len() as u64);
        // A check of its own reports damage to the checkpoint.
        for damage in self.damage.iter().filter(|damage| damage.path != self.checkpoint_path) {
            let place = format!("{}, byte {}", damage.path.display(), damage.offset);
            found.add(fault::FRAME_DAMAGED, damage.index.map(Index), Some(place), damage.what.clone());
        }
    }

    /// Takes the keys of the log from its entries: a head must be signed with the key of its size.
    pub(super) fn follow_keys(&mut self, entries: &[Entry], found: &mut Findings) {
        self.keys = keys::chain(entries, self.origin.as_deref().unwrap_or_default(), found);
    }

    pub(super) fn tree(&self, found: &mut Findings) {
        for head in &self.heads {
            match self.roots.get(&head.size) {
                Some(root) if *root == head.root => {}
                Some(_) => {
                    let n = head.size;
                    let what =
                        format!("the first {n} entries do not give the root that the next segment states");
                    found.at(fault::TREE_OTHER_ROOT, Index(n.saturating_sub(1)), what);
                }
                // Entries before this size are missing, which the check of the frames reports.
                None => continue,
            }
            found.counted("tree", 1);
        }
    }

    pub(super) fn checkpoint(&self, found: &mut Findings) {
        for (path, head) in [(&self.checkpoint_path, &self.checkpoint), (&self.cosigned_path, &self.cosigned)]
        {
            let place = path.display().to_string();
            match head {
                Ok(Some(signed)) => {
                    self.head(&signed.head, place.clone(), found);
                    self.signature(signed, &place, found);
                }
                Ok(None) => {}
                Err(damage) => {
                    let place = format!("{place}, byte {}", damage.offset);
                    found.add(fault::CHECKPOINT_DAMAGED, None, Some(place), damage.what.clone());
                }
            }
        }
    }

    /// If a key is known, a head signed with it must cover all entries but the last few: entries without such a head are vouched
    /// for only by the owner of the folder. `ledger` is the folder.
    pub(super) fn headed(&mut self, ledger: &Path, found: &mut Findings) {
        let size = self.frontier.size();
        let (Ok(Some(key)), false) = (&self.key, self.incomplete || size == 0) else { return };
        let is_own = |signed: &&SignedCheckpoint| {
            keys::vouched(&self.keys, key, signed).is_ok()
                && self.root(signed.head.size) == Some(signed.head.root)
        };
        let heads = [&self.checkpoint, &self.cosigned];
        let own = heads.into_iter().flat_map(|head| head.iter().flatten()).filter(is_own);
        let place = Some(self.checkpoint_path.display().to_string());
        match own.map(|signed| signed.head.size).max() {
            // A head that is not signed with the key, or is of other entries, is already a finding.
            None if matches!((&self.checkpoint, &self.cosigned), (Ok(None), Ok(None))) => {
                found.add(fault::UNHEADED, None, place, format!("{size} entries, and the key is {key}"));
            }
            None => {}
            Some(covered) if size - covered > BEHIND_MOST && !Lock::is_unreleased(ledger) => {
                let what = format!("it covers {covered} of {size} entries");
                found.add(fault::BEHIND, Some(Index(covered)), place, what);
            }
            Some(covered) => self.unsigned = Some(size - covered).filter(|entries| *entries > 0),
        }
    }

    /// If a key is known, a head must be signed with it. If none is known, a signature shows nothing.
    pub(super) fn signature(&self, signed: &SignedCheckpoint, place: &str, found: &mut Findings) {
        let (fault, what) = match &self.key {
            Ok(None) => return,
            Err(error) => (fault::KEY_UNREADABLE, error.clone()),
            Ok(Some(key)) => match keys::vouched(&self.keys, key, signed) {
                Ok(()) => return,
                Err(error) => (fault::SIGNATURE, format!("{error} (verifier key {key})")),
            },
        };
        found.add(fault, None, Some(place.into()), what);
    }

    /// Checks that the log begins with the entries that its head covers.
    fn head(&self, head: &Checkpoint, place: String, found: &mut Findings) {
        found.counted("checkpoint", 1);
        let size = self.frontier.size();
        let (fault, what) = match self.roots.get(&head.size) {
            _ if self.origin.as_ref().is_some_and(|origin| *origin != head.origin) => {
                let origin = self.origin.as_deref().unwrap_or_default();
                (fault::CHECKPOINT_OTHER_LOG, format!("it is of {}, this log is {origin}", head.origin))
            }
            Some(root) if *root == head.root => return,
            Some(root) => {
                let what = format!("the first {} entries give the root {root}, not {}", head.size, head.root);
                (fault::CHECKPOINT_OTHER_ROOT, what)
            }
            None => {
                let what = format!("it covers {} entries, {size} can be read without a gap", head.size);
                (fault::CHECKPOINT_AHEAD, what)
            }
        };
        found.add(fault, None, Some(place), what);
    }

    /// Checks that the log begins with the heads and entries kept elsewhere.
    ///
    /// # Errors
    /// [`LogError`] if a copy cannot be read.
    pub(super) fn since(&self, since: &[Since], found: &mut Findings) -> Result<(), LogError> {
        if found.skips("since") {
            return Ok(());
        }
        if since.is_empty() {
            found.left_out("since", "nothing kept elsewhere was named (--since)");
        }
        let origin = self.origin.as_deref();
        Roots { origin, size: self.frontier.size(), roots: &self.roots }.compare(since, found);
        for kept in since {
            if let Some(signed) = kept.signed.as_ref().filter(|signed| signed.is_signed()) {
                self.signature(signed, &kept.name, found);
            }
            let Some(copy) = Copy::read(&kept.kept, |index| self.leaf(index))? else { continue };
            match (origin, copy.origin.as_deref()) {
                (Some(ours), Some(theirs)) if ours != theirs => {
                    let what = format!("it is of {theirs}, this log is {ours}");
                    found.add(fault::SINCE_OTHER_LOG, None, Some(kept.name.clone()), what);
                }
                _ => difference::compare(kept, &copy, &self.leaves, found),
            }
        }
        Ok(())
    }

    /// The heads that may state a completeness map, each with its place. Heads of another history are left out: other checks report
    /// them.
    pub(super) fn stating<'a>(&'a self, since: &'a [Since]) -> Vec<(String, &'a Checkpoint)> {
        let place = self.checkpoint_path.display().to_string();
        let own = self.checkpoint.iter().flatten().map(|signed| (place.clone(), &signed.head));
        let kept = since.iter().flat_map(|kept| kept.heads().iter().map(|head| (kept.name.clone(), head)));
        let met = |(_, head): &(String, &Checkpoint)| self.roots.get(&head.size) == Some(&head.root);
        own.chain(kept).filter(met).collect()
    }

    fn leaf(&self, index: u64) -> Option<&[u8]> {
        let at = self.leaves.binary_search_by_key(&index, |leaf| leaf.index).ok()?;
        self.leaves.get(at).map(|leaf| &*leaf.bytes)
    }
}
