//! The stored hashes of leaves, and the roots computed from them.

use std::ops::Range;

use super::entries::Entries;
use super::error::LogError;
use super::opened::{Opened, damaged};
use super::proof::LeafHashes;
use super::scan::leads_to;
use super::segment::{self, Form, HEADER_BYTES};
use super::state::State;
use super::tree::{Frontier, Hash, node_hash};

/// The index stores nodes of this level and above; each node of this level is over 64 leaves.
const LEVEL: u8 = 6;
const BLOCK: u64 = 1 << LEVEL;

/// A function that returns the offset of a leaf's record in a segment of frames, in bytes from the beginning of the file.
pub type Places<'p> = &'p dyn Fn(u64) -> Option<u32>;

/// A function that returns the hash over a full subtree, by its level (a leaf's is 0) and its number there, from 0.
pub type Nodes<'n> = &'n dyn Fn(u8, u64) -> Option<Hash>;

impl Entries {
    /// The root over the first `size` leaves, from the stored hashes of one segment.
    ///
    /// # Errors
    /// [`LogError::Beyond`] for a size larger than the log's; [`LogError::Damaged`] if the segment is not sound.
    pub fn root(&self, size: u64) -> Result<Hash, LogError> {
        let state = self.state();
        if size == state.size() {
            return Ok(state.tree.root());
        }
        let (at, segment) = state.segment_of(size)?;
        if let Form::Sealed(sealed) = segment::form(&segment.path, segment.first, &self.origin)? {
            leads_to(&sealed, &state.tree_after(at, &self.origin)?)?;
            return Ok(sealed.tree(size)?.0.root());
        }
        let mut tree = segment.header(&self.origin)?.before.clone();
        self.visit_segment(&state, at, 0, |index, _, hash| {
            if index < size {
                tree.push(hash);
            }
        })?;
        Ok(tree.root())
    }

    /// The RFC 6962 hash of every leaf, as stored; sealed segments are not decompressed for it.
    ///
    /// # Errors
    /// [`LogError::Damaged`] for the first part that is not sound.
    pub fn leaf_hashes(&self) -> Result<Vec<Hash>, LogError> {
        let state = self.state();
        let mut hashes = Vec::with_capacity(usize::try_from(state.size()).unwrap_or(0));
        for (at, segment) in state.segments.iter().enumerate() {
            match segment::form(&segment.path, segment.first, &self.origin)? {
                Form::Sealed(sealed) => {
                    leads_to(&sealed, &state.tree_after(at, &self.origin)?)?;
                    hashes.extend(sealed.hashes()?);
                }
                Form::Frames(_) => self.visit_segment(&state, at, 0, |_, _, hash| hashes.push(hash))?,
            }
        }
        // A segment that was filled and sealed since this log was opened for reading has more leaves than the log.
        hashes.truncate(usize::try_from(state.size()).unwrap_or(usize::MAX));
        Ok(hashes)
    }

    /// The RFC 6962 hash of one leaf as stored: 32 bytes are read, and nothing is decompressed. No checksum covers it alone:
    /// [`Entries::root_of`] and [`Entries::leaf`] check the hashes that they use.
    ///
    /// # Errors
    /// [`LogError::Beyond`] for an index past the end; [`LogError::Damaged`] if the leaf is not in its segment.
    pub fn hash_of(&self, index: u64, places: Places<'_>) -> Result<Hash, LogError> {
        let one = self.hashes(index..index.saturating_add(1), places)?;
        one.first().copied().ok_or(LogError::Beyond { size: self.state().size(), asked: index })
    }

    /// Like [`Entries::hash_of`], for consecutive leaves (a half-open range).
    ///
    /// # Errors
    /// Those of [`Entries::hash_of`].
    pub fn hashes(&self, range: Range<u64>, places: Places<'_>) -> Result<Vec<Hash>, LogError> {
        let state = self.state();
        let mut hashes = Vec::with_capacity(range.clone().count());
        let mut next = range.start;
        while next < range.end {
            let (at, _) = state.segment_of(next)?;
            let end = state.end_of(at).min(range.end);
            self.hashes_in(&state, at, next..end, places, &mut hashes)?;
            next = end;
        }
        Ok(hashes)
    }

    /// The hashes of leaves of one segment.
    fn hashes_in(
        &self,
        state: &State,
        at: usize,
        range: Range<u64>,
        places: Places<'_>,
        hashes: &mut Vec<Hash>,
    ) -> Result<(), LogError> {
        let Some(segment) = state.segments.get(at) else { return Ok(()) };
        let opened = segment.opened(&self.origin, &self.kept)?;
        let frames = match &*opened {
            Opened::Sealed(sealed) => {
                hashes.extend(sealed.stored(range)?);
                return Ok(());
            }
            Opened::Frames(frames) => frames,
        };
        for index in range {
            let place = self.place(index, places);
            hashes.push(frames.hash(state.sought(at, segment, index), place)?);
        }
        Ok(())
    }

    /// The offset of a leaf's record, as known from the opening of the log, or from the caller.
    pub(super) fn place(&self, index: u64, places: Places<'_>) -> Option<u32> {
        let at = index.checked_sub(self.passed.first).and_then(|at| usize::try_from(at).ok());
        at.and_then(|at| self.passed.offsets.get(at).copied()).or_else(|| places(index))
    }

    /// The root over the first `size` leaves, from `nodes` of level 6 and above and the stored hashes of the leaves after the
    /// last full 64. Those hashes are checked against the node, or the end of the log, that they lead to. A node that `nodes`
    /// does not have is computed from those below it.
    ///
    /// # Errors
    /// [`LogError::Beyond`] for a size larger than the log's; [`LogError::Damaged`] if the hashes lead to another root.
    pub fn root_of(&self, size: u64, nodes: Nodes<'_>, places: Places<'_>) -> Result<Hash, LogError> {
        let state = self.state();
        if size == state.size() {
            return Ok(state.tree.root());
        }
        if size > state.size() {
            return Err(LogError::Beyond { size: state.size(), asked: size });
        }
        let mut tree = Frontier::default();
        for level in (LEVEL..64).rev().filter(|level| size >> level & 1 == 1) {
            let node = self.node(level, tree.size() >> level, nodes, places)?;
            tree.push_full(u32::from(level), node);
        }
        let partial = size - tree.size();
        if partial > 0 {
            let hashes = self.checked(&state, tree.size() / BLOCK, nodes, places)?;
            hashes.iter().take(partial as usize).for_each(|hash| tree.push(*hash));
        }
        Ok(tree.root())
    }

    /// A node over a full subtree.
    fn node(&self, level: u8, number: u64, nodes: Nodes<'_>, places: Places<'_>) -> Result<Hash, LogError> {
        if let Some(node) = nodes(level, number) {
            return Ok(node);
        }
        if level == LEVEL {
            return Ok(root(self.hashes(number * BLOCK..(number + 1) * BLOCK, places)?));
        }
        let left = self.node(level - 1, number * 2, nodes, places)?;
        Ok(node_hash(left, self.node(level - 1, number * 2 + 1, nodes, places)?))
    }

    /// The hashes of 64 leaves, or of those up to the end of the log, if they agree with the node or tree over them.
    fn checked(
        &self,
        state: &State,
        number: u64,
        nodes: Nodes<'_>,
        places: Places<'_>,
    ) -> Result<Vec<Hash>, LogError> {
        let range = number * BLOCK..state.size().min((number + 1) * BLOCK);
        let (first, full) = (range.start, range.end - range.start == BLOCK);
        let hashes = self.hashes(range, places)?;
        let right = match full {
            true => nodes(LEVEL, number).is_none_or(|node| root(hashes.clone()) == node),
            false => state.tree.ends_in(&hashes),
        };
        if right {
            return Ok(hashes);
        }
        let (_, segment) = state.segment_of(first)?;
        let what = "the stored hashes do not lead to the root over them";
        Err(damaged(&segment.path, HEADER_BYTES as u64, what, first))
    }
}

/// The root over some leaves.
fn root(hashes: Vec<Hash>) -> Hash {
    let size = hashes.len() as u64;
    LeafHashes::new(hashes).part(0, size).unwrap_or_else(|| Frontier::default().root())
}
