//! The audit of the evidence: every byte looked at, everything that is wrong said at once.

use std::path::{Path, PathBuf};

use super::checkpoint::Checkpoint;
use super::entries::Entries;
use super::error::LogError;
use super::format;
use super::lock::Lock;
use super::segment::{self, Segment};
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
        for (at, (first, path)) in listed.iter().enumerate() {
            match segment::open(path, *first, &origin) {
                Ok(segment) => audit.segment(&segment, at + 1 == listed.len())?,
                Err(error) => {
                    audit.error(path, Some(*first), &error);
                    audit.tree = None;
                }
            }
        }
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

/// A leaf as it lies in a frame.
struct Stored<'b> {
    /// Where its frame begins.
    offset: u64,
    index: u64,
    leaf: &'b [u8],
    hash: Hash,
}

/// Fewer leaves than this are not worth another thread.
const WORTH_A_THREAD: usize = 256;

/// Those that do not have their stored hash; hashed on every core.
fn unlike<'s, 'b>(leaves: &'s [Stored<'b>]) -> Vec<&'s Stored<'b>> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let part = leaves.len().div_ceil(cores).max(WORTH_A_THREAD);
    let wrong = |part: &'s [Stored<'b>]| -> Vec<&'s Stored<'b>> {
        part.iter().filter(|stored| leaf_hash(stored.leaf) != stored.hash).collect()
    };
    let Some((here, others)) = leaves.split_at_checked(part) else { return wrong(leaves) };
    std::thread::scope(|scope| {
        let parts: Vec<_> = others.chunks(part).map(|part| scope.spawn(move || wrong(part))).collect();
        let mut found = wrong(here);
        for part in parts {
            found.extend(part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        found
    })
}

/// The tree with the leaves of a segment as they are, up to so many.
fn grown(segment: &Segment, leaves: &[Stored<'_>], size: u64) -> Frontier {
    let mut tree = segment.before.clone();
    leaves
        .iter()
        .take_while(|stored| stored.index < size)
        .for_each(|stored| tree.push(leaf_hash(stored.leaf)));
    tree
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

    fn segment(&mut self, segment: &Segment, last: bool) -> Result<(), LogError> {
        let path = &segment.path;
        if self.tree.as_ref().is_some_and(|tree| *tree != segment.before) {
            let size = self.tree.as_ref().map_or(0, Frontier::size);
            let what = format!("the segment does not continue the {size} entries before it");
            self.add(path, 0, Some(segment.first), Some(what));
        }
        let bytes = segment::read(path, None)?;
        if (bytes.len() as u64) < segment.capacity {
            let what = format!("the segment is cut short, {} bytes of {}", bytes.len(), segment.capacity);
            self.add(path, bytes.len() as u64, None, Some(what));
        }
        let mut leaves: Vec<Stored<'_>> = Vec::new();
        let scan = segment::walk_frames(segment, &bytes, u64::MAX, |offset, index, leaf, hash| {
            leaves.push(Stored { offset, index, leaf, hash });
            (self.visit)(index, leaf);
        });
        let wrong = unlike(&leaves);
        for stored in &wrong {
            let what = "the leaf does not have its stored hash";
            self.add(path, stored.offset, Some(stored.index), Some(what.into()));
        }
        let tree = if wrong.is_empty() { scan.after.clone() } else { grown(segment, &leaves, u64::MAX) };
        let covered = self.head.0;
        if covered == tree.size() {
            self.head.1 = Some(tree.root());
        } else if covered > segment.first && covered < tree.size() {
            self.head.1 = Some(grown(segment, &leaves, covered).root());
        }
        self.tree = Some(tree);
        let index = Some(scan.after.size());
        let busy = self.held && scan.after.size() >= self.acknowledged;
        match tail::torn(segment, &bytes, &scan) {
            Err(error) if !(last && busy) => self.error(path, index, &error),
            Ok(Some(torn)) if !last => {
                let what = "something stands between the last frame and the next segment";
                self.add(path, torn.offset, index, Some(what.into()));
            }
            _ => {}
        }
        Ok(())
    }
}
