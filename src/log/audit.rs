//! The audit of the evidence: every byte looked at, everything that is wrong said at once.

use std::collections::VecDeque;
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::checkpoint::Checkpoint;
use super::entries::Entries;
use super::error::LogError;
use super::format;
use super::lock::Lock;
use super::sealed::{self, Seal};
use super::segment::{self, Scan, Segment, Start};
use super::tail;
use super::tree::{Frontier, Hash, leaf_hash};
use super::watermark::{self, Watermark};

/// Something that is not as it was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Damage {
    /// The file.
    pub path: PathBuf,
    /// Bytes from its start.
    pub offset: u64,
    /// The entry concerned, where known.
    pub index: Option<u64>,
    /// What is wrong.
    pub what: String,
}

struct Audit<'a> {
    damage: Vec<Damage>,
    /// The tree over the leaves so far; unknown after a segment that could not be read.
    tree: Option<Frontier>,
    acknowledged: u64,
    /// Beside a writer, what is not acknowledged yet may be half written.
    held: bool,
    /// The size at which the checkpoint's root is compared, and the root found there.
    head: (u64, Option<Hash>),
    visit: &'a mut dyn FnMut(u64, &[u8]),
}

impl Entries {
    /// Looks at every byte of the log, sharing nothing with what was read before, and says everything that is wrong.
    ///
    /// # Errors
    /// [`LogError`] where the files cannot be listed at all.
    pub fn verify(
        ledger: &Path,
        mut visit: impl FnMut(u64, &[u8]),
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
        let mut audit =
            Audit { damage: Vec::new(), tree: Some(tree), acknowledged, held, head, visit: &mut visit };
        let listed = segment::list(ledger)?;
        std::thread::scope(|scope| {
            let mut ahead = listed.iter().map(|(first, path)| {
                let origin = origin.as_str();
                scope.spawn(move || Walked::read(path, *first, origin))
            });
            // So many segments are read and hashed at a time, each by a thread; they are judged in their order.
            let cores = std::thread::available_parallelism().map_or(1, usize::from);
            let mut reading: VecDeque<_> = ahead.by_ref().take(cores).collect();
            let mut segments = listed.iter().enumerate();
            while let Some(first) = reading.pop_front() {
                let walked = first.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                reading.extend(ahead.next());
                if let Some((at, (first, path))) = segments.next() {
                    audit.judge(path, *first, walked, at + 1 == listed.len());
                }
            }
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

/// A leaf as it lies in a segment.
struct Stored {
    /// Where its frame or its block begins.
    offset: u64,
    index: u64,
    /// In which part, and where in it.
    part: usize,
    at: Range<usize>,
}

/// A segment that was read, with every leaf of its sound frames or blocks hashed.
struct Walked {
    segment: Segment,
    /// The bytes of the file; of a sealed segment those of each block, decompressed.
    parts: Vec<Vec<u8>>,
    leaves: Vec<Stored>,
    scan: Scan,
    /// The hash of every leaf as it is; the stored one where a sealed leaf cannot be had.
    hashes: Vec<Hash>,
    /// The places among the leaves of those that do not have their stored hash.
    wrong: Vec<usize>,
    /// What else is wrong with a sealed segment: where, from which entry on, what.
    broken: Vec<(usize, u64, &'static str)>,
}

impl Walked {
    /// # Errors
    /// [`LogError`] where the segment's header is damaged or the file cannot be read.
    fn read(path: &Path, first: u64, origin: &str) -> Result<Walked, LogError> {
        let file = File::open(path).map_err(LogError::io(path, "cannot be opened"))?;
        let segment = segment::read_header(&file, path, first, origin)?;
        let bytes = segment::read_file(file, path, None)?;
        Ok(match segment.seal {
            Some(_) => Walked::sealed(segment, &bytes),
            None => Walked::frames(segment, bytes),
        })
    }

    fn frames(segment: Segment, bytes: Vec<u8>) -> Walked {
        let (mut leaves, mut hashes, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
        let start = bytes.as_ptr().addr();
        let scan =
            segment::walk_frames(Start::of(&segment), &bytes, u64::MAX, |offset, index, leaf, hash| {
                let found = leaf_hash(leaf);
                if found != hash {
                    wrong.push(leaves.len());
                }
                hashes.push(found);
                // Its place rather than the slice, so that it can be handed on with the bytes.
                let at = leaf.as_ptr().addr() - start;
                leaves.push(Stored { offset, index, part: 0, at: at..at + leaf.len() });
            });
        Walked { segment, parts: vec![bytes], leaves, scan, hashes, wrong, broken: Vec::new() }
    }

    fn sealed(segment: Segment, file: &[u8]) -> Walked {
        let found = sealed::salvage(file, segment.first);
        let mut hashes = found.hashes;
        let (mut parts, mut leaves, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
        for (offset, block) in found.blocks {
            let start = block.raw().as_ptr().addr();
            for (index, leaf) in block.leaves() {
                let hash = leaf_hash(leaf);
                match usize::try_from(index - segment.first).ok().and_then(|at| hashes.get_mut(at)) {
                    Some(stored) if *stored != hash => {
                        wrong.push(leaves.len());
                        *stored = hash;
                    }
                    Some(_) => {}
                    None => hashes.push(hash),
                }
                let at = leaf.as_ptr().addr() - start;
                let (offset, part) = (offset as u64, parts.len());
                leaves.push(Stored { offset, index, part, at: at..at + leaf.len() });
            }
            parts.push(block.into_raw());
        }
        let mut after = segment.before.clone();
        hashes.iter().for_each(|hash| after.push(*hash));
        let scan = Scan { after, end: file.len() as u64, last: None, broken: None };
        Walked { segment, parts, leaves, scan, hashes, wrong, broken: found.wrong }
    }

    fn leaf(&self, stored: &Stored) -> &[u8] {
        self.parts.get(stored.part).and_then(|part| part.get(stored.at.clone())).unwrap_or_default()
    }

    /// The tree with the leaves as they are, up to so many.
    fn grown(&self, size: u64) -> Frontier {
        let mut tree = self.segment.before.clone();
        let counted = usize::try_from(size.saturating_sub(self.segment.first)).unwrap_or(usize::MAX);
        self.hashes.iter().take(counted).for_each(|hash| tree.push(*hash));
        tree
    }
}

impl Audit<'_> {
    fn add(&mut self, path: &Path, offset: u64, index: Option<u64>, what: Option<String>) {
        self.damage.extend(what.map(|what| Damage { path: path.to_owned(), offset, index, what }));
    }

    fn error(&mut self, path: &Path, index: Option<u64>, error: &LogError) {
        match error {
            LogError::Damaged { path, offset, what } => self.add(path, *offset, index, Some(what.clone())),
            other => self.add(path, 0, index, Some(other.to_string())),
        }
    }

    fn judge(&mut self, path: &Path, first: u64, walked: Result<Walked, LogError>, last: bool) {
        let walked = match walked {
            Ok(walked) => walked,
            Err(error) => {
                self.error(path, Some(first), &error);
                return self.tree = None;
            }
        };
        let Walked { segment, leaves, scan, wrong, .. } = &walked;
        if self.tree.as_ref().is_some_and(|tree| *tree != segment.before) {
            let size = self.tree.as_ref().map_or(0, Frontier::size);
            let what = format!("the segment does not continue the {size} entries before it");
            self.add(path, 0, Some(segment.first), Some(what));
        }
        leaves.iter().for_each(|stored| (self.visit)(stored.index, walked.leaf(stored)));
        for stored in wrong.iter().filter_map(|at| leaves.get(*at)) {
            let what = "the leaf does not have its stored hash";
            self.add(path, stored.offset, Some(stored.index), Some(what.into()));
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

    /// What a sealed segment has besides its leaves.
    fn judge_seal(&mut self, path: &Path, seal: &Seal, walked: &Walked, (tree, last): (&Frontier, bool)) {
        for (offset, index, what) in &walked.broken {
            self.add(path, *offset as u64, Some(*index), Some((*what).to_owned()));
        }
        if tree.root() != seal.root {
            let what = "the leaves do not give the root that the segment states";
            self.add(path, 0, Some(walked.segment.first), Some(what.to_owned()));
        }
        // A writer may have begun the one that follows since the folder was listed.
        if last && !self.held {
            let what = "the segment that follows is missing, since only one that another follows is sealed";
            self.add(path, 0, Some(tree.size()), Some(what.to_owned()));
        }
    }

    /// What stands in a segment of frames beside its sound frames.
    fn judge_frames(&mut self, path: &Path, walked: &Walked, last: bool) {
        let Walked { segment, scan, .. } = walked;
        let bytes = walked.parts.first().map(Vec::as_slice).unwrap_or_default();
        if (bytes.len() as u64) < segment.capacity {
            let what = format!("the segment is cut short, {} bytes of {}", bytes.len(), segment.capacity);
            self.add(path, bytes.len() as u64, None, Some(what));
        }
        let index = Some(scan.after.size());
        let busy = self.held && scan.after.size() >= self.acknowledged;
        match tail::torn(segment, bytes, bytes.len(), scan) {
            Err(error) if !(last && busy) => self.error(path, index, &error),
            Ok(Some(torn)) if !last => {
                let what = "something stands between the last frame and the next segment";
                self.add(path, torn.offset, index, Some(what.into()));
            }
            _ => {}
        }
    }
}
