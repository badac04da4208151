//! Reads leaves in the order of the log, and checks every frame and block.

use std::collections::VecDeque;
use std::sync::PoisonError;

use rayon::prelude::*;

use super::block::Unpacker;
use super::entries::Entries;
use super::error::LogError;
use super::leaf_block::LeafBlock;
use super::opened::damaged;
use super::sealed::Sealed;
use super::segment::{self, Form, HEADER_BYTES};
use super::state::State;
use super::tail;
use super::tree::{Frontier, Hash};

/// The initial room of a block of leaves that are read together, in bytes.
const ROOM_BYTES: usize = 1 << 20;
/// A length that few leaves fall short of, in bytes.
const USUAL_BYTES: usize = 256;

/// The leaves of the segment of frames that was read last, kept because readers go forward.
pub(super) struct ReadAhead {
    /// The index of the segment's first leaf.
    segment: u64,
    blocks: VecDeque<LeafBlock>,
}

impl ReadAhead {
    fn holds(&self, segment: u64, index: u64) -> bool {
        let mut blocks = self.blocks.iter();
        self.segment == segment && blocks.any(|block| (block.first()..block.end()).contains(&index))
    }
}

impl Entries {
    /// Calls `visit` with every leaf from an index on, with its index and stored hash, in order, and checks every frame and
    /// block.
    ///
    /// # Errors
    /// [`LogError::Damaged`] for the first one that is not sound.
    pub fn scan(&self, from: u64, mut visit: impl FnMut(u64, &[u8], Hash)) -> Result<(), LogError> {
        let state = self.state();
        for at in (0..state.segments.len()).filter(|at| state.end_of(*at) > from) {
            self.visit_segment(&state, at, from, |index, leaf, hash| {
                if index >= from && index < state.size() {
                    visit(index, leaf, hash);
                }
            })?;
        }
        Ok(())
    }

    /// Calls `keep` with the first `size` leaves, a segment at a time, each read on the first core that is free and with
    /// every frame and block checked; returns the results in the order of the log.
    ///
    /// # Errors
    /// [`LogError::Damaged`] for the first part that is not sound.
    pub fn read_each<T: Send>(
        &self,
        size: u64,
        keep: &(dyn Fn(LeafBlock) -> T + Sync),
    ) -> Result<Vec<T>, LogError> {
        let state = self.state();
        let counted = state.segments.partition_point(|segment| segment.first < size);
        let read = |at| self.whole(&state, at, size).map(keep);
        let parts: Vec<Result<T, LogError>> =
            (0..counted).into_par_iter().with_max_len(1).map(read).collect();
        parts.into_iter().collect()
    }

    /// The leaves of a segment that come before `size`.
    fn whole(&self, state: &State, at: usize, size: u64) -> Result<LeafBlock, LogError> {
        let Some(segment) = state.segments.get(at) else { return Ok(LeafBlock::default()) };
        let header = segment.header(&self.origin)?;
        let leaves = usize::try_from(state.end_of(at).min(size) - segment.first).unwrap_or(0);
        // Sealed leaves take up some four times their compressed size.
        let room = state.written(at).map_or(header.capacity, |end| end.min(header.capacity)) as usize;
        let room = if header.seal.is_some() { room * 4 } else { room };
        let mut block = LeafBlock::with_room(segment.first, leaves, room);
        self.visit_segment(state, at, 0, |index, leaf, hash| {
            if index < size {
                block.push(leaf, hash);
            }
        })?;
        Ok(block)
    }

    /// Calls `visit` with the leaves of a segment; if it is sealed, only with those from an index on.
    pub(super) fn visit_segment(
        &self,
        state: &State,
        at: usize,
        from: u64,
        visit: impl FnMut(u64, &[u8], Hash),
    ) -> Result<(), LogError> {
        let Some(segment) = state.segments.get(at) else { return Ok(()) };
        let next = state.tree_after(at, &self.origin)?;
        let file = match segment::form(&segment.path, segment.first, &self.origin)? {
            Form::Sealed(sealed) => return visit_sealed(&sealed, &next, from, visit),
            Form::Frames(file) => file,
        };
        let bytes = segment::read_file(file, &segment.path, state.written(at))?;
        let segment = segment.header(&self.origin)?;
        let scan = segment::walk(segment, &bytes, u64::MAX, visit);
        if scan.after != next {
            let what = scan.broken.map_or(tail::GAP, |(what, _)| what);
            return Err(tail::damaged_at(segment, &scan, what));
        }
        Ok(())
    }

    /// The leaves of a segment of frames in blocks of about a mebibyte.
    fn frames_ahead(&self, state: &State, at: usize) -> Result<VecDeque<LeafBlock>, LogError> {
        let mut blocks: VecDeque<LeafBlock> = VecDeque::new();
        self.visit_segment(state, at, 0, |index, leaf, hash| {
            if index >= state.size() {
                return;
            }
            match blocks.back_mut().filter(|block| block.bytes() < ROOM_BYTES) {
                Some(block) => block.push(leaf, hash),
                None => {
                    let mut block = LeafBlock::starting_at(index);
                    block.push(leaf, hash);
                    blocks.push_back(block);
                }
            }
        })?;
        Ok(blocks)
    }

    /// Reads leaves from an index on: at least one if there is any, then as many of the same segment as fit in `max_bytes`;
    /// none at the end of the log.
    ///
    /// # Errors
    /// [`LogError::Beyond`] past the end; [`LogError::Poisoned`] at the end if an append failed there, since it may or may
    /// not have been written; [`LogError::Damaged`] if a frame or block is not sound.
    pub fn read(&self, from: u64, max_bytes: usize) -> Result<LeafBlock, LogError> {
        let state = self.state();
        if from == state.size() {
            if let (Some(writer), Some(last)) = (&self.writer, state.last_segment()) {
                writer.check(&last.path)?;
            }
            return Ok(LeafBlock::starting_at(from));
        }
        let (at, segment) = state.segment_of(from)?;
        let ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut ahead = match ahead.filter(|ahead| ahead.holds(segment.first, from)) {
            Some(ahead) => ahead,
            None => match segment::form(&segment.path, segment.first, &self.origin)? {
                Form::Sealed(sealed) => {
                    leads_to(&sealed, &state.tree_after(at, &self.origin)?)?;
                    return read_sealed(&sealed, (from, state.size()), max_bytes);
                }
                Form::Frames(_) => {
                    ReadAhead { segment: segment.first, blocks: self.frames_ahead(&state, at)? }
                }
            },
        };
        let mut block = LeafBlock::starting_at(from);
        ahead.blocks.retain(|ahead| ahead.end() > from);
        for (_, leaf, hash) in ahead.blocks.iter().flat_map(|ahead| ahead.iter_from(from)) {
            if !block.is_empty() && block.bytes() + leaf.len() > max_bytes {
                break;
            }
            block.push(leaf, hash);
        }
        *self.ahead.lock().unwrap_or_else(PoisonError::into_inner) = Some(ahead);
        Ok(block)
    }
}

/// Checks that a sealed segment ends in the tree with which the next begins. A segment sealed since this log was opened for
/// reading may have more leaves than the log.
pub(super) fn leads_to(sealed: &Sealed, next: &Frontier) -> Result<(), LogError> {
    let end = sealed.segment.first + sealed.leaves();
    match end == next.size() {
        true if sealed.root() == next.root() => Ok(()),
        false if end > next.size() => Ok(()),
        _ => Err(damaged(&sealed.segment.path, sealed.segment.capacity, tail::GAP, end)),
    }
}

fn visit_sealed(
    sealed: &Sealed,
    next: &Frontier,
    from: u64,
    mut visit: impl FnMut(u64, &[u8], Hash),
) -> Result<(), LogError> {
    leads_to(sealed, next)?;
    sealed.visit(from, |index, leaf, hash| {
        if index < next.size() {
            visit(index, leaf, hash);
        }
    })
}

fn read_sealed(sealed: &Sealed, (from, size): (u64, u64), max_bytes: usize) -> Result<LeafBlock, LogError> {
    let hashes = sealed.hashes()?;
    let mut unpacker = Unpacker::new().map_err(LogError::io(&sealed.segment.path, "cannot be read"))?;
    let room = max_bytes.min(ROOM_BYTES);
    let mut read = LeafBlock::with_room(from, room / USUAL_BYTES, room);
    for number in sealed.block_of(from)..=sealed.block_of(sealed.segment.first + sealed.leaves() - 1) {
        let block = sealed.block(number, &mut unpacker)?;
        for (index, leaf) in block.leaves().filter(|(index, _)| (from..size).contains(index)) {
            if !read.is_empty() && read.bytes() + leaf.len() > max_bytes {
                return Ok(read);
            }
            let hash = hashes.get((index - sealed.segment.first) as usize).copied();
            let missing = || damaged(&sealed.segment.path, HEADER_BYTES as u64, "the hash is missing", index);
            read.push(leaf, hash.ok_or_else(missing)?);
        }
        unpacker.reuse(block);
    }
    Ok(read)
}
