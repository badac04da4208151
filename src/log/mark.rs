//! A place in the log that was reached before: from there the end is found without reading the part before it.

use super::entries::Entries;
use super::error::LogError;
use super::segment::{self, Start};
use super::tail;
use super::tree::{Frontier, Hash};

/// A place between two entries. It is accepted only if the tree up to it, grown with the leaves that follow, has the root of
/// the checkpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mark {
    /// The tree over the leaves before it.
    pub tree: Frontier,
    /// The RFC 6962 hash of the leaf before it.
    pub last: Option<Hash>,
    /// The index of the first leaf of its segment.
    pub segment: u64,
    /// Its offset in the segment, in bytes from the beginning of the file.
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
            tree: state.tree.clone(),
            last: state.last.last().copied(),
            segment: state.last_segment().map_or(0, |segment| segment.first),
            offset: state.end,
        }
    }

    /// The size of the mark from which the end of the log was found; `None` if the whole last segment was read.
    pub fn opened_at(&self) -> Option<u64> {
        self.opened_at
    }

    /// The records of leaves in the last segment: the index of the first known one, and the offset of each from there on, in
    /// bytes.
    pub fn passed(&self) -> (u64, &[u32]) {
        (self.passed.first, &self.passed.offsets)
    }

    /// The same for the whole last segment, read now.
    ///
    /// # Errors
    /// [`LogError`] if the segment cannot be read or its header is damaged.
    pub fn last_places(&self) -> Result<(u64, Vec<u32>), LogError> {
        let state = self.state();
        let Some(segment) = state.last_segment() else { return Ok((0, Vec::new())) };
        let image = segment::image(&segment.path, 0)?;
        let (_, passed, _) =
            tail::walk(Start::of(segment.header(&self.origin)?), &image.bytes, state.size(), 0);
        Ok((passed.first, passed.offsets))
    }
}
