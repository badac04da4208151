//! The log at one moment. It never changes: an append replaces it by another, so that readers wait for nothing.

use std::sync::Arc;

use super::error::LogError;
use super::listed::Listed;
use super::opened::Sought;
use super::tree::{Frontier, Hash};

/// The log at one moment.
#[derive(Clone)]
pub(super) struct State {
    pub(super) segments: Arc<Vec<Arc<Listed>>>,
    /// The tree over every leaf.
    pub(super) tree: Frontier,
    /// The hashes of the leaves of the last append; after opening, that of the last leaf alone.
    pub(super) last: Vec<Hash>,
    /// The offset of the next frame in the last segment, in bytes.
    pub(super) end: u64,
}

impl State {
    pub(super) fn size(&self) -> u64 {
        self.tree.size()
    }

    pub(super) fn last_segment(&self) -> Option<&Arc<Listed>> {
        self.segments.last()
    }

    /// The position of a leaf's segment among the segments, and the segment.
    ///
    /// # Errors
    /// [`LogError::Beyond`] for an index past the end.
    pub(super) fn segment_of(&self, index: u64) -> Result<(usize, &Listed), LogError> {
        let before = self.segments.partition_point(|segment| segment.first <= index).checked_sub(1);
        let segment =
            before.filter(|_| index < self.size()).and_then(|at| Some((at, self.segments.get(at)?)));
        let (at, segment) = segment.ok_or(LogError::Beyond { size: self.size(), asked: index })?;
        Ok((at, segment))
    }

    /// The index after the last leaf of the segment at a position.
    pub(super) fn end_of(&self, at: usize) -> u64 {
        self.segments.get(at + 1).map_or(self.size(), |next| next.first)
    }

    /// The offset of the end of a segment's frames, if it is the last.
    pub(super) fn written(&self, at: usize) -> Option<u64> {
        (at + 1 == self.segments.len()).then_some(self.end)
    }

    /// A leaf to be found in a segment of frames.
    pub(super) fn sought<'s>(&self, at: usize, segment: &'s Listed, index: u64) -> Sought<'s> {
        Sought { path: &segment.path, first: segment.first, written: self.written(at), index }
    }

    /// The tree with which a segment must end.
    ///
    /// # Errors
    /// Those of [`Listed::header`].
    pub(super) fn tree_after(&self, at: usize, origin: &str) -> Result<Frontier, LogError> {
        match self.segments.get(at + 1) {
            Some(next) => Ok(next.header(origin)?.before.clone()),
            None => Ok(self.tree.clone()),
        }
    }
}
