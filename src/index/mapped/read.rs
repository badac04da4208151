//! Reads the file from the root down; each block is checked against the SHA-256 in its parent.

use std::fs::File;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::index::IndexError;
use crate::index::visit::Visit;
use crate::log::{Mark, VerifierKey, regular};

use super::block::{
    BLOCK_BYTES, Beside, LONG_BYTES, Link, Malformed, Pairs, at_or_before, long_part, sum_of,
};
use super::header::{Header, Unfit};

/// The largest number of blocks kept in memory, each in the slot given by its number.
const KEPT: usize = 256;
/// No file has more levels: with three keys a block it would have more blocks than a `u32` can number.
const LEVELS_MAX: usize = 24;

type Block = Arc<Vec<u8>>;

/// An open file.
pub(in crate::index) struct Mapped {
    file: File,
    path: PathBuf,
    header: Header,
    root: Block,
    /// Blocks that passed the check, with their numbers.
    kept: Vec<Mutex<Option<(u32, Block)>>>,
}

impl Mapped {
    /// Opens a file of the log with this name. If a key is given, the header must be signed with it.
    pub(in crate::index) fn open(
        path: &Path,
        origin: &str,
        key: Option<&VerifierKey>,
    ) -> Result<Mapped, IndexError> {
        let io = |e: std::io::Error| IndexError::Io { path: path.to_owned(), said: e.to_string() };
        let damaged = |what: &str| IndexError::Damaged { path: path.to_owned(), what: what.to_owned() };
        let file = regular::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let mut block = vec![0; BLOCK_BYTES];
        file.read_exact_at(&mut block, 0).map_err(|_| damaged("it has no header"))?;
        let header = Header::decode(&block, key).map_err(|unfit| match unfit {
            Unfit::Form => damaged("its header is not sound, or of another version"),
            Unfit::Signature => damaged("its header is not signed with the log's key"),
        })?;
        if header.origin != origin {
            return Err(damaged(&format!("it is of another log, {}", header.origin)));
        }
        if length != u64::from(header.blocks) * BLOCK_BYTES as u64 {
            return Err(damaged(&format!(
                "it has {length} bytes, its header states {} blocks",
                header.blocks
            )));
        }
        let kept = (0..KEPT).map(|_| Mutex::new(None)).collect();
        let root = Block::default();
        let mut mapped = Mapped { file, path: path.to_owned(), header, root, kept };
        mapped.root = mapped.read(mapped.header.root)?;
        Ok(mapped)
    }

    /// The end of the log that it covers.
    pub(in crate::index) fn mark(&self) -> &Mark {
        &self.header.mark
    }

    /// The value of a key.
    pub(in crate::index) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        let (mut block, mut number) = (Arc::clone(&self.root), self.header.root.number);
        for _ in 0..LEVELS_MAX {
            let before = at_or_before(&block, key).map_err(|Malformed| self.damaged(number))?;
            let link = match before {
                Some((Beside::Child(link), _)) => link,
                Some((beside, true)) => return self.value(beside, number).map(Some),
                Some((_, false)) | None => return Ok(None),
            };
            block = self.block(link, number)?;
            number = link.number;
        }
        Err(self.damaged(number))
    }

    /// Calls `visit` for the pairs whose keys begin with a prefix, in the order of keys.
    pub(in crate::index) fn range(&self, prefix: &[u8], visit: &mut Visit<'_>) -> Result<(), IndexError> {
        self.walk(&self.root, self.header.root.number, LEVELS_MAX, prefix, visit).map(|_| ())
    }

    fn walk(
        &self,
        block: &[u8],
        number: u32,
        levels: usize,
        prefix: &[u8],
        visit: &mut Visit<'_>,
    ) -> Result<ControlFlow<()>, IndexError> {
        let mut pairs = Pairs::of(block).ok_or_else(|| self.damaged(number))?;
        // A child is walked once the next key shows that the child can reach the prefix.
        let mut waiting: Option<Link> = None;
        loop {
            let beside = match pairs.has_next() {
                true => Some(pairs.next().ok_or_else(|| self.damaged(number))?),
                false => None,
            };
            if let Some(child) = waiting.take()
                && (beside.is_none() || pairs.key() > prefix)
            {
                let below = self.block(child, number)?;
                let levels = levels.checked_sub(1).ok_or_else(|| self.damaged(number))?;
                if self.walk(&below, child.number, levels, prefix, visit)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            let Some(beside) = beside else { return Ok(ControlFlow::Continue(())) };
            let key = pairs.key();
            if key > prefix && !key.starts_with(prefix) {
                return Ok(ControlFlow::Break(()));
            }
            match beside {
                Beside::Child(child) => waiting = Some(child),
                _ if key < prefix => {}
                Beside::Value(value) => {
                    if visit(key, value).is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
                beside => {
                    let value = self.value(beside, number)?;
                    if visit(key, &value).is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
            }
        }
    }

    /// The value of a key, in a block or in blocks of its own.
    fn value(&self, beside: Beside<'_>, number: u32) -> Result<Vec<u8>, IndexError> {
        let (length, mut link) = match beside {
            Beside::Value(value) => return Ok(value.to_vec()),
            Beside::Long(length, link) => (length, link),
            Beside::Child(_) => return Err(self.damaged(number)),
        };
        // The blocks of a long value come before the one that names it.
        let blocks = length.div_ceil(LONG_BYTES as u64);
        if u64::from(link.number) + blocks > u64::from(number) {
            return Err(self.damaged(number));
        }
        let length = usize::try_from(length).map_err(|_| self.damaged(number))?;
        let mut value = Vec::with_capacity(length);
        while value.len() < length {
            let block = self.read(link)?;
            let (next, bytes) = long_part(&block).ok_or_else(|| self.damaged(link.number))?;
            value.extend_from_slice(&bytes[..bytes.len().min(length - value.len())]);
            link = Link { number: link.number + 1, sum: next };
        }
        Ok(value)
    }

    /// Returns a block that its parent names, from memory if it is kept. The parent must come after it in the file.
    fn block(&self, link: Link, parent: u32) -> Result<Block, IndexError> {
        if link.number >= parent {
            return Err(self.damaged(parent));
        }
        let place = self.kept.get(link.number as usize % KEPT);
        if let Some(place) = place
            && let Some((number, block)) = &*place.lock().unwrap_or_else(PoisonError::into_inner)
            && *number == link.number
        {
            return Ok(Arc::clone(block));
        }
        let block = self.read(link)?;
        if let Some(place) = place {
            *place.lock().unwrap_or_else(PoisonError::into_inner) = Some((link.number, Arc::clone(&block)));
        }
        Ok(block)
    }

    /// Reads a block and checks it against its SHA-256.
    fn read(&self, link: Link) -> Result<Block, IndexError> {
        let mut block = vec![0; BLOCK_BYTES];
        let at = u64::from(link.number) * BLOCK_BYTES as u64;
        match self.file.read_exact_at(&mut block, at) {
            Ok(()) if sum_of(&block) == link.sum => Ok(Arc::new(block)),
            Err(e) if e.kind() != std::io::ErrorKind::UnexpectedEof => {
                Err(IndexError::Io { path: self.path.clone(), said: e.to_string() })
            }
            _ => Err(self.damaged(link.number)),
        }
    }

    /// The error for a damaged block.
    fn damaged(&self, block: u32) -> IndexError {
        IndexError::Damaged { path: self.path.clone(), what: format!("block {block} is not sound") }
    }

    /// The path of the file.
    pub(in crate::index) fn path(&self) -> &Path {
        &self.path
    }
}
