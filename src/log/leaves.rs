//! Reading leaves by their index, without their neighbours.

use rayon::prelude::*;

use super::entries::Entries;
use super::error::LogError;
use super::hashes::Places;
use super::opened::{Opened, damaged};
use super::sealed::Sealed;
use super::segment::HEADER_BYTES;
use super::state::State;
use super::tree::{Hash, leaf_hash};

/// So few leaves are read by the thread that asks for them.
const FEW: usize = 32;
/// The smallest and the largest number of leaves that one core reads at a time.
const PIECE: (usize, usize) = (32, 1024);
/// A segment of frames is read whole if at least one leaf in this number is wanted.
const DENSE: u64 = 8;

/// Leaves of one segment that are read together.
struct Piece<'i> {
    /// The segment, by its place in the log.
    at: usize,
    indexes: &'i [u64],
    /// Where they lie in a segment of frames, as far as that is known; nothing of a sealed one.
    places: Vec<Option<u32>>,
    /// Whether the segment is read whole.
    whole: bool,
}

impl Entries {
    /// One leaf and its RFC 6962 hash, which is checked; what stands around it is not read where its segment is sealed.
    ///
    /// # Errors
    /// [`LogError::Beyond`] for an index past the end; [`LogError::Damaged`] where the leaf is not as it was written.
    pub fn leaf(&self, index: u64) -> Result<(Vec<u8>, Hash), LogError> {
        self.leaf_near(index, None)
    }

    /// One leaf and its hash, as [`Entries::leaf`]; `place` is where its record was seen to begin in a segment of frames, which may have
    /// been sealed since.
    ///
    /// # Errors
    /// As of [`Entries::leaf`].
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

    /// The leaves at some indexes, which rise, each checked by its hash; with the index of each. `places` says where a
    /// record was seen to begin in a segment of frames.
    ///
    /// # Errors
    /// As of [`Entries::leaf`], at the first leaf that cannot be had.
    pub fn leaves(&self, indexes: &[u64], places: Places<'_>) -> Result<Vec<(u64, Vec<u8>)>, LogError> {
        self.map_leaves(indexes, places, &|index, leaf, _| (index, leaf.to_vec()))
    }

    /// What `keep` makes of each of these leaves, with its hash, in their order. Each is whole; whether it is the leaf of its index
    /// the tree says. Leaves of one compressed block are decompressed once, a
    /// segment of frames of which many leaves are wanted is read whole, and more than a few leaves are read on every core.
    ///
    /// # Errors
    /// As of [`Entries::leaves`].
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
        // The pool of threads is not made for a few.
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

    /// Gives leaves of one block, by their rising indexes, to `visit`, each with its hash, which is checked.
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
