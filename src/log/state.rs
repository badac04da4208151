//! The log at one moment. It is never changed: an append puts another in its place, so that a reader waits for none.

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
    /// The hashes of the leaves that were appended together last; after opening, of the last leaf alone.
    pub(super) last: Vec<Hash>,
    /// Where the next frame goes in the last segment.
    pub(super) end: u64,
}

impl State {
    pub(super) fn size(&self) -> u64 {
        self.tree.size()
    }

    pub(super) fn last_segment(&self) -> Option<&Arc<Listed>> {
        self.segments.last()
    }

    /// The segment of a leaf, and its place among the segments.
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

    /// The index after the last leaf of a segment, by its place.
    pub(super) fn end_of(&self, at: usize) -> u64 {
        self.segments.get(at + 1).map_or(self.size(), |next| next.first)
    }

    /// Where the frames of a segment end, if it is the last.
    pub(super) fn written(&self, at: usize) -> Option<u64> {
        (at + 1 == self.segments.len()).then_some(self.end)
    }

    /// A leaf of a segment of frames, as it is looked for there.
    pub(super) fn sought<'s>(&self, at: usize, segment: &'s Listed, index: u64) -> Sought<'s> {
        Sought { path: &segment.path, first: segment.first, written: self.written(at), index }
    }

    /// The tree where a segment must end.
    ///
    /// # Errors
    /// As of [`Listed::header`].
    pub(super) fn tree_after(&self, at: usize, origin: &str) -> Result<Frontier, LogError> {
        match self.segments.get(at + 1) {
            Some(next) => Ok(next.header(origin)?.before.clone()),
            None => Ok(self.tree.clone()),
        }
    }
}
