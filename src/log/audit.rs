//! The audit of the evidence: reads every byte, and reports all damage at once.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::checkpoint::Checkpoint;
use super::entries::Entries;
use super::error::LogError;
use super::format;
use super::lock::Lock;
use super::sealed::{self, Seal, SealedLeaf};
use super::segment::{self, Scan, Segment, Start};
use super::tail::{self, TornTail};
use super::tree::{Frontier, Hash, leaf_hash};
use super::watermark::{self, Watermark};

/// One fault in the files of the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Damage {
    /// The file.
    pub path: PathBuf,
    /// Its offset in the file, in bytes.
    pub offset: u64,
    /// The index of the entry concerned, if it is known.
    pub index: Option<u64>,
    /// A description of the damage.
    pub what: String,
}

struct Audit {
    damage: Vec<Damage>,
    /// The tree over the leaves so far; `None` after a segment that could not be read.
    tree: Option<Frontier>,
    acknowledged: u64,
    /// True if a writer has the lock: then entries that are not acknowledged yet may be half written.
    held: bool,
    /// The size at which the checkpoint's root is compared, and the root of the log at that size.
    head: (u64, Option<Hash>),
}

/// A function of each leaf: its index, its bytes and their hash.
type Keep<'k, T> = &'k (dyn Fn(u64, &[u8], Hash) -> T + Sync);

impl Entries {
    /// Reads every byte of the log, without using anything read earlier, and returns all damage with the tree over the leaves
    /// as they are.
    ///
    /// # Errors
    /// [`LogError`] if the files cannot be listed at all.
    pub fn verify(ledger: &Path) -> Result<(Vec<Damage>, Frontier), LogError> {
        Entries::verify_with(ledger, &|_, _, _| (), &mut |_| {})
    }

    /// Like [`Entries::verify`]; calls `keep` for every leaf that can be read, on any core, and passes the results to `take`,
    /// a segment at a time and in the order of the log. The hash is that of the leaf's bytes.
    ///
    /// # Errors
    /// Those of [`Entries::verify`].
    pub fn verify_with<T: Send>(
        ledger: &Path,
        keep: &(dyn Fn(u64, &[u8], Hash) -> T + Sync),
        take: &mut dyn FnMut(Vec<T>),
    ) -> Result<(Vec<Damage>, Frontier), LogError> {
        let origin = format::read(ledger)?;
        let held = Lock::is_held(ledger);
        let watermark = Watermark::read(ledger);
        let head_path = ledger.join("checkpoint");
        let checkpoint = Checkpoint::read(&head_path);
        let covered = checkpoint.as_ref().ok().and_then(|c| c.as_ref()).map_or(0, |c| c.size);
        let acknowledged = watermark.as_ref().map_or(0, |w| w.size).max(covered);
        let tree = Frontier::default();
        let head = (covered, (covered == 0).then(|| tree.root()));
        let mut audit = Audit { damage: Vec::new(), tree: Some(tree), acknowledged, held, head };
        let listed = segment::list(ledger)?;
        walk_all(&listed, &origin, keep, &mut |at, walked| {
            let Some((first, path)) = listed.get(at) else { return };
            audit.judge(path, *first, walked, at + 1 == listed.len(), take);
        });
        let tree = audit.tree.take().unwrap_or_default();
        match watermark {
            Ok(watermark) => {
                let count =
                    format!("{} entries were acknowledged, {} are there", watermark.size, tree.size());
                let few = (watermark.size > tree.size()).then_some(count);
                audit.add(&watermark::path(ledger), 0, Some(tree.size()), few);
            }
            Err(error) => audit.error(&watermark::path(ledger), None, &error),
        }
        match checkpoint {
            Ok(checkpoint) => {
                let wrong =
                    checkpoint.and_then(|checkpoint| wrong_head(&checkpoint, &origin, &tree, audit.head.1));
                audit.add(&head_path, 0, None, wrong);
            }
            Err(error) => audit.error(&head_path, None, &error),
        }
        Ok((audit.damage, tree))
    }
}

/// The number of segments for each core that are read before they are judged.
const ROUND: usize = 8;

/// Reads and hashes every segment, the next one on the first core that is free, and passes each with its position to `judge`,
/// in their order.
fn walk_all<T: Send>(
    listed: &[(u64, PathBuf)],
    origin: &str,
    keep: Keep<'_, T>,
    judge: &mut dyn FnMut(usize, Result<Walked<T>, LogError>),
) {
    let mut at = 0;
    for round in listed.chunks(rayon::current_num_threads() * ROUND) {
        let walked = round
            .par_iter()
            .map_init(Vec::new, |file, (first, path)| Walked::read((path, *first, origin), keep, file));
        for walked in walked.collect::<Vec<_>>() {
            judge(at, walked);
            at += 1;
        }
    }
}

fn wrong_head(checkpoint: &Checkpoint, origin: &str, tree: &Frontier, root: Option<Hash>) -> Option<String> {
    if checkpoint.origin != origin {
        return Some(format!("the checkpoint is of another log, {}", checkpoint.origin));
    }
    let Some(root) = root else {
        return Some(format!("the checkpoint covers {} entries, {} are there", checkpoint.size, tree.size()));
    };
    (root != checkpoint.root)
        .then(|| format!("the first {} entries do not give the root of the checkpoint", checkpoint.size))
}

/// A segment that was read, with every leaf of its sound frames or blocks hashed.
struct Walked<T> {
    segment: Segment,
    /// The length of the file, in bytes.
    length: usize,
    scan: Scan,
    /// The results of `keep`, one for each leaf.
    kept: Vec<T>,
    /// The hash of every leaf as it is; the stored one if a sealed leaf cannot be read.
    hashes: Vec<Hash>,
    /// The leaves that do not have their stored hash: the offset of the frame or block of each, and its index.
    wrong: Vec<(u64, u64)>,
    /// Other damage of a sealed segment: the offset, the index of the first entry concerned, a description.
    broken: Vec<(usize, u64, &'static str)>,
    /// The append that was cut short after the frames of a segment that is not sealed; an error for other bytes there.
    torn: Result<Option<TornTail>, LogError>,
}

impl<T> Walked<T> {
    /// Reads a segment; `file` is the buffer for its bytes.
    ///
    /// # Errors
    /// [`LogError`] if the segment's header is damaged or the file cannot be read.
    fn read(
        (path, first, origin): (&Path, u64, &str),
        keep: Keep<'_, T>,
        file: &mut Vec<u8>,
    ) -> Result<Walked<T>, LogError> {
        let opened = segment::open_file(path)?;
        let segment = segment::read_header(&opened, path, first, origin)?;
        segment::read_into(file, opened, path, None)?;
        Ok(match segment.seal {
            Some(_) => Walked::sealed(segment, file, keep),
            None => Walked::frames(segment, file, keep),
        })
    }

    fn frames(segment: Segment, bytes: &[u8], keep: Keep<'_, T>) -> Walked<T> {
        let (mut kept, mut hashes, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
        let scan =
            segment::walk_frames(Start::of(&segment), bytes, u64::MAX, |offset, index, leaf, stored| {
                let found = leaf_hash(leaf);
                if found != stored {
                    wrong.push((offset, index));
                }
                hashes.push(found);
                kept.push(keep(index, leaf, found));
            });
        let torn = tail::torn(&segment, bytes, bytes.len(), &scan);
        Walked { segment, length: bytes.len(), scan, kept, hashes, wrong, broken: Vec::new(), torn }
    }

    fn sealed(segment: Segment, bytes: &[u8], keep: Keep<'_, T>) -> Walked<T> {
        let (mut kept, mut wrong, mut other) = (Vec::new(), Vec::new(), Vec::new());
        let found = sealed::salvage(bytes, segment.first, |SealedLeaf { offset, index, leaf, stored }| {
            let hash = leaf_hash(leaf);
            if stored.is_some_and(|stored| stored != hash) {
                wrong.push((offset as u64, index));
            }
            if stored != Some(hash) {
                other.push((index, hash));
            }
            kept.push(keep(index, leaf, hash));
        });
        let mut hashes = found.hashes;
        for (index, hash) in other {
            match usize::try_from(index - segment.first).ok().and_then(|at| hashes.get_mut(at)) {
                Some(stored) => *stored = hash,
                None => hashes.push(hash),
            }
        }
        let mut after = segment.before.clone();
        hashes.iter().for_each(|hash| after.push(*hash));
        let scan = Scan { after, end: bytes.len() as u64, last: None, broken: None };
        Walked {
            segment,
            length: bytes.len(),
            scan,
            kept,
            hashes,
            wrong,
            broken: found.wrong,
            torn: Ok(None),
        }
    }

    /// The tree with the leaves as they are, up to `size`.
    fn grown(&self, size: u64) -> Frontier {
        let mut tree = self.segment.before.clone();
        let counted = usize::try_from(size.saturating_sub(self.segment.first)).unwrap_or(usize::MAX);
        self.hashes.iter().take(counted).for_each(|hash| tree.push(*hash));
        tree
    }
}

impl Audit {
    fn add(&mut self, path: &Path, offset: u64, index: Option<u64>, what: Option<String>) {
        self.damage.extend(what.map(|what| Damage { path: path.to_owned(), offset, index, what }));
    }

    fn error(&mut self, path: &Path, index: Option<u64>, error: &LogError) {
        match error {
            LogError::Damaged { path, offset, what } => self.add(path, *offset, index, Some(what.clone())),
            other => self.add(path, 0, index, Some(other.to_string())),
        }
    }

    fn judge<T>(
        &mut self,
        path: &Path,
        first: u64,
        walked: Result<Walked<T>, LogError>,
        last: bool,
        take: &mut dyn FnMut(Vec<T>),
    ) {
        let mut walked = match walked {
            Ok(walked) => walked,
            Err(error) => {
                self.error(path, Some(first), &error);
                return self.tree = None;
            }
        };
        take(std::mem::take(&mut walked.kept));
        let Walked { segment, scan, wrong, .. } = &walked;
        if self.tree.as_ref().is_some_and(|tree| *tree != segment.before) {
            let size = self.tree.as_ref().map_or(0, Frontier::size);
            let what = format!("the segment does not continue the {size} entries before it");
            self.add(path, 0, Some(segment.first), Some(what));
        }
        for (offset, index) in wrong {
            let what = "the leaf does not have its stored hash";
            self.add(path, *offset, Some(*index), Some(what.into()));
        }
        let tree = if wrong.is_empty() { scan.after.clone() } else { walked.grown(u64::MAX) };
        let covered = self.head.0;
        if covered == tree.size() {
            self.head.1 = Some(tree.root());
        } else if covered > segment.first && covered < tree.size() {
            self.head.1 = Some(walked.grown(covered).root());
        }
        match &segment.seal {
            Some(seal) => self.judge_seal(path, seal, &walked, (&tree, last)),
            None => self.judge_frames(path, &walked, last),
        }
        self.tree = Some(tree);
    }

    /// Judges the parts of a sealed segment other than its leaves.
    fn judge_seal<T>(
        &mut self,
        path: &Path,
        seal: &Seal,
        walked: &Walked<T>,
        (tree, last): (&Frontier, bool),
    ) {
        for (offset, index, what) in &walked.broken {
            self.add(path, *offset as u64, Some(*index), Some((*what).to_owned()));
        }
        if tree.root() != seal.root {
            let what = "the leaves do not give the root that the segment states";
            self.add(path, 0, Some(walked.segment.first), Some(what.to_owned()));
        }
        // A writer may have begun the next segment after the folder was listed.
        if last && !self.held {
            let what = "the segment that follows is missing, since only one that another follows is sealed";
            self.add(path, 0, Some(tree.size()), Some(what.to_owned()));
        }
    }

    /// Judges the bytes of a segment of frames outside its sound frames.
    fn judge_frames<T>(&mut self, path: &Path, walked: &Walked<T>, last: bool) {
        let Walked { segment, scan, length, .. } = walked;
        if (*length as u64) < segment.capacity {
            let what = format!("the segment is cut short, {length} bytes of {}", segment.capacity);
            self.add(path, *length as u64, None, Some(what));
        }
        let index = Some(scan.after.size());
        let busy = self.held && scan.after.size() >= self.acknowledged;
        match &walked.torn {
            Err(error) if !(last && busy) => self.error(path, index, error),
            Ok(Some(torn)) if !last => {
                let what = "something stands between the last frame and the next segment";
                self.add(path, torn.offset, index, Some(what.into()));
            }
            _ => {}
        }
    }
}
