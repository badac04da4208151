//! Reads leaves by their index, without their neighbours.

use rayon::prelude::*;

use super::entries::Entries;
use super::error::LogError;
use super::hashes::Places;
use super::opened::{Opened, damaged};
use super::sealed::Sealed;
use super::segment::HEADER_BYTES;
use super::state::State;
use super::tree::{Hash, leaf_hash};

/// Up to this number of leaves are read in the calling thread.
const FEW: usize = 32;
/// The smallest and the largest number of leaves that one core reads at a time.
const PIECE: (usize, usize) = (32, 1024);
/// A segment of frames is read whole if at least one leaf in this number is wanted.
const DENSE: u64 = 8;

/// Leaves of one segment that are read together.
struct Piece<'i> {
    /// The position of the segment in the log.
    at: usize,
    indexes: &'i [u64],
    /// The offsets of their records in a segment of frames, as far as they are known; empty for a sealed segment.
    places: Vec<Option<u32>>,
    /// True if the segment is read whole.
    whole: bool,
}

impl Entries {
    /// One leaf and its RFC 6962 hash, which is checked; of a sealed segment only the leaf's block is read.
    ///
    /// # Errors
    /// [`LogError::Beyond`] for an index past the end; [`LogError::Damaged`] if the leaf is not sound.
    pub fn leaf(&self, index: u64) -> Result<(Vec<u8>, Hash), LogError> {
        self.leaf_near(index, None)
    }

    /// Like [`Entries::leaf`]; `place` is the offset at which its record was seen in a segment of frames, which may have been
    /// sealed since.
    ///
    /// # Errors
    /// Those of [`Entries::leaf`].
    pub fn leaf_near(&self, index: u64, place: Option<u32>) -> Result<(Vec<u8>, Hash), LogError> {
        let state = self.state();
        let (at, segment) = state.segment_of(index)?;
        match &*segment.opened(&self.origin, &self.kept)? {
            Opened::Frames(frames) => {
                frames.leaf(state.sought(at, segment, index), self.place(index, &|_| place))
            }
            Opened::Sealed(sealed) => {
                let mut leaf = None;
                self.visit_block(sealed, &[index], &mut |_, bytes, hash| {
                    leaf = Some((bytes.to_vec(), hash))
                })?;
                let missing = || damaged(&segment.path, HEADER_BYTES as u64, "the leaf is missing", index);
                leaf.ok_or_else(missing)
            }
        }
    }

    /// The leaves at rising indexes, each with its index and checked by its hash. `places` returns the offset at which a
    /// record was seen in a segment of frames.
    ///
    /// # Errors
    /// Those of [`Entries::leaf`], for the first leaf that cannot be read.
    pub fn leaves(&self, indexes: &[u64], places: Places<'_>) -> Result<Vec<(u64, Vec<u8>)>, LogError> {
        self.map_leaves(indexes, places, &|index, leaf, _| (index, leaf.to_vec()))
    }

    /// Calls `keep` with each of these leaves and its hash, and returns the results in their order. Each leaf is intact; only
    /// the tree shows that it is the leaf of its index. Leaves of one compressed block are decompressed once, a segment of
    /// frames is read whole if many of its leaves are wanted, and more than a few leaves are read on every core.
    ///
    /// # Errors
    /// Those of [`Entries::leaves`].
    pub fn map_leaves<T: Send>(
        &self,
        indexes: &[u64],
        places: Places<'_>,
        keep: &(dyn Fn(u64, &[u8], Hash) -> T + Sync),
    ) -> Result<Vec<T>, LogError> {
        let state = self.state();
        let pieces = self.pieces(&state, indexes, places)?;
        let read = |piece: &Piece<'_>| self.read_piece(&state, piece, keep);
        let parts: Vec<Result<Vec<T>, LogError>> = match indexes.len() <= FEW || pieces.len() < 2 {
            true => pieces.iter().map(read).collect(),
            false => pieces.par_iter().with_max_len(1).map(read).collect(),
        };
        let mut kept = Vec::with_capacity(indexes.len());
        for part in parts {
            kept.extend(part?);
        }
        Ok(kept)
    }

    fn pieces<'i>(
        &self,
        state: &State,
        indexes: &'i [u64],
        places: Places<'_>,
    ) -> Result<Vec<Piece<'i>>, LogError> {
        // A few leaves do not justify starting the pool of threads.
        let cores = if indexes.len() <= FEW { 1 } else { rayon::current_num_threads() };
        let most = (indexes.len() / (cores * 4)).clamp(PIECE.0, PIECE.1);
        let mut pieces = Vec::new();
        let mut rest = indexes;
        while let Some(first) = rest.first() {
            let (at, segment) = state.segment_of(*first)?;
            let end = state.end_of(at);
            let here = rest.iter().position(|index| !(segment.first..end).contains(index));
            let (here, later) = rest.split_at(here.unwrap_or(rest.len()));
            rest = later;
            let frames = matches!(&*segment.opened(&self.origin, &self.kept)?, Opened::Frames(_));
            let many = here.len() > FEW && here.len() as u64 * DENSE >= end - segment.first;
            if frames && many && here.is_sorted() {
                pieces.push(Piece { at, indexes: here, places: Vec::new(), whole: true });
                continue;
            }
            for indexes in here.chunks(most) {
                let places: Vec<Option<u32>> = match frames {
                    true => indexes.iter().map(|index| self.place(*index, places)).collect(),
                    false => Vec::new(),
                };
                pieces.push(Piece { at, indexes, places, whole: false });
            }
        }
        Ok(pieces)
    }

    fn read_piece<T>(
        &self,
        state: &State,
        piece: &Piece<'_>,
        keep: &(dyn Fn(u64, &[u8], Hash) -> T + Sync),
    ) -> Result<Vec<T>, LogError> {
        let Some(segment) = state.segments.get(piece.at) else { return Ok(Vec::new()) };
        let mut kept = Vec::with_capacity(piece.indexes.len());
        if piece.whole {
            let mut wanted = piece.indexes.iter().peekable();
            self.visit_segment(state, piece.at, 0, |index, leaf, hash| {
                while wanted.next_if(|wanted| **wanted == index).is_some() {
                    kept.push(keep(index, leaf, hash));
                }
            })?;
            return Ok(kept);
        }
        match &*segment.opened(&self.origin, &self.kept)? {
            Opened::Sealed(sealed) => {
                let together = |a: &u64, b: &u64| a <= b && sealed.block_of(*a) == sealed.block_of(*b);
                for indexes in piece.indexes.chunk_by(together) {
                    self.visit_block(sealed, indexes, &mut |index, leaf, hash| {
                        kept.push(keep(index, leaf, hash));
                    })?;
                }
            }
            Opened::Frames(frames) => {
                for (index, place) in piece.indexes.iter().zip(&piece.places) {
                    let (leaf, hash) = frames.leaf(state.sought(piece.at, segment, *index), *place)?;
                    kept.push(keep(*index, &leaf, hash));
                }
            }
        }
        Ok(kept)
    }

    /// Calls `visit` with leaves of one block, by their rising indexes, each with its hash, which is checked.
    fn visit_block(
        &self,
        sealed: &Sealed,
        indexes: &[u64],
        visit: &mut dyn FnMut(u64, &[u8], Hash),
    ) -> Result<(), LogError> {
        let (Some(first), Some(last)) = (indexes.first(), indexes.last()) else { return Ok(()) };
        let stored = sealed.stored(*first..last + 1)?;
        self.blocks.with(sealed, sealed.block_of(*first), |block| {
            let mut wanted = indexes.iter().peekable();
            for (index, leaf) in block.leaves() {
                while wanted.next_if(|wanted| **wanted == index).is_some() {
                    let hash = leaf_hash(leaf);
                    let at = (index - first) as usize;
                    if stored.get(at) != Some(&hash) {
                        let what = "the leaf does not have its stored hash";
                        return Err(damaged(&sealed.segment.path, HEADER_BYTES as u64, what, index));
                    }
                    visit(index, leaf, hash);
                }
            }
            match wanted.next() {
                Some(index) => {
                    Err(damaged(&sealed.segment.path, HEADER_BYTES as u64, "the leaf is missing", *index))
                }
                None => Ok(()),
            }
        })
    }
}
