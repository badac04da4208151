//! A place in the log that was reached before: from it on the end is found without reading what comes before.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, PoisonError};

use super::LEAF_BYTES_MAX;
use super::entries::Entries;
use super::error::LogError;
use super::frame::LEAF_OVERHEAD;
use super::segment::{self, Listed, Start};
use super::tail;
use super::tree::{Frontier, Hash, leaf_hash};

/// A place between two entries. It is believed only where the tree up to it, grown with the leaves that follow, has the
/// root of the checkpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mark {
    /// The tree over the leaves before it.
    pub tree: Frontier,
    /// The RFC 6962 hash of the leaf before it.
    pub last: Option<Hash>,
    /// The index of the first leaf of the segment in which it lies.
    pub segment: u64,
    /// Where it lies there, in bytes from the beginning of the file.
    pub offset: u64,
}

impl Mark {
    pub(super) fn start(&self) -> Start {
        Start { tree: self.tree.clone(), last: self.last, offset: self.offset }
    }
}

impl Entries {
    /// The end of the log, as it is now.
    pub fn mark(&self) -> Mark {
        let state = self.state();
        Mark {
            tree: state.frontier.clone(),
            last: state.last.last().copied(),
            segment: state.segments.last().map_or(0, |segment| segment.first),
            offset: state.end,
        }
    }

    /// The size of the mark from which the end of the log was found; `None` where all of its last segment was read.
    pub fn opened_at(&self) -> Option<u64> {
        self.opened_at
    }

    /// Where the records of leaves lie in the last segment: the index of the first that is known, and the offset of each
    /// from it on.
    pub fn passed(&self) -> (u64, &[u32]) {
        (self.passed.first, &self.passed.offsets)
    }

    /// The same for the whole of the last segment, read now.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn last_places(&self) -> Result<(u64, Vec<u32>), LogError> {
        let (segment, size) = {
            let state = self.state();
            (state.segments.last().cloned(), state.frontier.size())
        };
        let Some(segment) = segment else { return Ok((0, Vec::new())) };
        let image = segment::image(&segment.path, 0)?;
        let (_, passed, _) = tail::walk(Start::of(segment.header(&self.origin)?), &image.bytes, size, 0);
        Ok((passed.first, passed.offsets))
    }

    /// One leaf, as [`Entries::leaf`]; `place` is where its record was seen to begin in a segment of frames, which may have
    /// been sealed since.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn leaf_near(&self, index: u64, place: Option<u32>) -> Result<Vec<u8>, LogError> {
        match place.and_then(|place| self.leaf_at(index, place).ok()) {
            Some(leaf) => Ok(leaf),
            None => Ok(self.leaf(index)?.0),
        }
    }

    /// A leaf whose record begins at an offset of its segment.
    fn leaf_at(&self, index: u64, offset: u32) -> Result<Vec<u8>, LogError> {
        let segment = self.state().segments.iter().rev().find(|s| s.first <= index).cloned();
        let segment = segment.ok_or(LogError::Beyond { size: self.frontier().size(), asked: index })?;
        let other = || {
            let what = format!("entry {index} is not where it was: `chancery audit` lists all damage");
            LogError::damaged(&segment.path, u64::from(offset), what)
        };
        let file = self.file(&segment)?;
        let mut record = vec![0; LEAF_OVERHEAD + USUAL_LEAF];
        let unread = LogError::io(&segment.path, "cannot be read");
        let read = file.read_at(&mut record, u64::from(offset)).map_err(unread)?;
        let (length, rest) = record.split_first_chunk::<4>().ok_or_else(other)?;
        let length = u32::from_le_bytes(*length) as usize;
        let hash = rest.first_chunk::<32>().map(|hash| Hash(*hash)).filter(|_| length <= LEAF_BYTES_MAX);
        let hash = hash.ok_or_else(other)?;
        let whole = LEAF_OVERHEAD + length;
        record.resize(whole, 0);
        if read < whole {
            let unread = LogError::io(&segment.path, "cannot be read");
            file.read_exact_at(&mut record, u64::from(offset)).map_err(unread)?;
        }
        record.drain(..LEAF_OVERHEAD);
        if leaf_hash(&record) == hash { Ok(record) } else { Err(other()) }
    }

    fn file(&self, segment: &Listed) -> Result<Arc<File>, LogError> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = files.get(&segment.first) {
            return Ok(Arc::clone(file));
        }
        let file =
            Arc::new(File::open(&segment.path).map_err(LogError::io(&segment.path, "cannot be opened"))?);
        if files.len() >= FILES_KEPT {
            files.clear();
        }
        files.insert(segment.first, Arc::clone(&file));
        Ok(file)
    }
}

/// So much is read at once of a leaf whose length is not known; most are shorter.
const USUAL_LEAF: usize = 988;

/// So many segments are kept open for reading single leaves.
const FILES_KEPT: usize = 64;
