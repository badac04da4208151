//! Reading what was appended, from segments of either form.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::LEAF_BYTES_MAX;
use super::block::{Block, Unpacker};
use super::engine::LeafBlock;
use super::entries::Entries;
use super::error::LogError;
use super::frame;
use super::sealed::Sealed;
use super::segment::{self, Form, HEADER_BYTES, Listed};
use super::tail;
use super::tree::{Frontier, Hash, leaf_hash};

/// So many segments of each form are kept open, and single leaves are read from them.
const OPEN_MAX: usize = 64;
/// So many blocks are kept decompressed that were asked for twice, some 40 KiB each: the charters of a few hundred bodies.
const BLOCKS_MAX: usize = 16;
/// Frames are looked through in pieces of this size.
const WINDOW_BYTES: usize = 128 << 10;
/// So much room a block of leaves that are read together has from the beginning.
const ROOM_BYTES: usize = 1 << 20;
/// Few leaves are shorter.
const USUAL_BYTES: usize = 256;
/// What stands before a leaf in a frame.
const LEAF_OVERHEAD: u64 = 4 + 32;

/// Segments that are open, so that single leaves are read without what stands around them.
#[derive(Default)]
pub(super) struct OpenSegments {
    /// The one used last is the last.
    sealed: Vec<Sealed>,
    /// The blocks decompressed last, each with the first index of its segment and its number; the one used last is the
    /// last.
    blocks: VecDeque<(u64, usize, Block)>,
    /// The blocks that were asked for last and are not kept: most are asked for once, each where the one before it was.
    met: VecDeque<(u64, usize)>,
    unpacker: Option<Unpacker>,
    frames: Vec<Frames>,
}

/// A segment of frames whose leaves were found.
struct Frames {
    first: u64,
    file: File,
    /// Where each leaf begins, and its length.
    leaves: Vec<(u64, usize)>,
    /// Where the frame after them begins.
    end: u64,
}

/// Keeps one more open, and no more than [`OPEN_MAX`].
fn push<T>(open: &mut Vec<T>, one: T) {
    if open.len() == OPEN_MAX {
        open.remove(0);
    }
    open.push(one);
}

impl OpenSegments {
    /// A leaf and its stored hash; `written` is where the frames of the segment end, where it is the last.
    fn leaf(
        &mut self,
        segment: &Listed,
        origin: &str,
        index: u64,
        written: Option<u64>,
    ) -> Result<(Vec<u8>, Hash), LogError> {
        let known = self.sealed.iter().any(|open| open.segment.first == segment.first);
        if !known && !self.frames.iter().any(|open| open.first == segment.first) {
            match segment::form(&segment.path, segment.first, origin)? {
                Form::Frames(file) => {
                    let (leaves, end) = (Vec::new(), HEADER_BYTES as u64);
                    let frames = Frames { first: segment.first, file, leaves, end };
                    push(&mut self.frames, frames);
                }
                Form::Sealed(sealed) => push(&mut self.sealed, *sealed),
            }
        }
        match self.frames.iter_mut().find(|open| open.first == segment.first) {
            Some(frames) => frames.leaf(segment, index, written),
            None => self.sealed_leaf(segment, index),
        }
    }

    fn sealed_leaf(&mut self, segment: &Listed, index: u64) -> Result<(Vec<u8>, Hash), LogError> {
        let missing = || damaged(&segment.path, HEADER_BYTES as u64, "the leaf is missing", index);
        let at = self.sealed.iter().position(|open| open.segment.first == segment.first);
        let sealed = self.sealed.remove(at.ok_or_else(missing)?);
        let found = self.leaf_of(&sealed, index);
        self.sealed.push(sealed);
        found?.ok_or_else(missing)
    }

    fn leaf_of(&mut self, sealed: &Sealed, index: u64) -> Result<Option<(Vec<u8>, Hash)>, LogError> {
        let hash = sealed.hash(index)?;
        let number = sealed.block_of(index);
        let place = (sealed.segment.first, number);
        let of = |block: &Block| block.leaves().find(|(at, _)| *at == index).map(|(_, leaf)| leaf.to_vec());
        let held = self.blocks.iter().position(|(first, number, _)| (*first, *number) == place);
        if let Some(held) = held.and_then(|at| self.blocks.remove(at)) {
            let leaf = of(&held.2);
            self.blocks.push_back(held);
            return Ok(leaf.map(|leaf| (leaf, hash)));
        }
        let unpacker = match &mut self.unpacker {
            Some(unpacker) => unpacker,
            none => {
                none.insert(Unpacker::new().map_err(LogError::io(&sealed.segment.path, "cannot be read"))?)
            }
        };
        let block = sealed.block(number, unpacker)?;
        let leaf = of(&block);
        match self.met.contains(&place) {
            true => push_back(&mut self.blocks, (place.0, place.1, block)),
            false => {
                push_back(&mut self.met, place);
                unpacker.reuse(block);
            }
        }
        Ok(leaf.map(|leaf| (leaf, hash)))
    }
}

/// Keeps one more block, and no more than [`BLOCKS_MAX`].
fn push_back<T>(blocks: &mut VecDeque<T>, one: T) {
    if blocks.len() == BLOCKS_MAX {
        blocks.pop_front();
    }
    blocks.push_back(one);
}

impl Frames {
    fn leaf(
        &mut self,
        segment: &Listed,
        index: u64,
        written: Option<u64>,
    ) -> Result<(Vec<u8>, Hash), LogError> {
        let at = usize::try_from(index - segment.first).unwrap_or(usize::MAX);
        if at >= self.leaves.len() {
            self.find(segment, written)?;
        }
        let missing = || damaged(&segment.path, self.end, "the leaf is not in its segment", index);
        let (start, length) = self.leaves.get(at).copied().ok_or_else(missing)?;
        let unread = |e: io::Error| LogError::io(&segment.path, "cannot be read")(e);
        let (mut hash, mut leaf) = ([0; 32], vec![0; length]);
        self.file.read_exact_at(&mut hash, start - 32).map_err(unread)?;
        self.file.read_exact_at(&mut leaf, start).map_err(unread)?;
        Ok((leaf, Hash(hash)))
    }

    /// Goes from frame to frame, and in each from leaf to leaf, by what is said of their lengths. What that leads to is
    /// checked where it is read: a leaf by its hash.
    fn find(&mut self, segment: &Listed, written: Option<u64>) -> Result<(), LogError> {
        let unread = |e: io::Error| LogError::io(&segment.path, "cannot be read")(e);
        let length = self.file.metadata().map_err(unread)?.len();
        let to = written.unwrap_or(length).min(length);
        let mut window = Window { file: &self.file, to, start: 0, bytes: Vec::new() };
        while let Some(header) =
            window.at(self.end, frame::HEADER_BYTES).map_err(unread)?.and_then(frame::header)
        {
            let next = segment.first + self.leaves.len() as u64;
            if header.first != next || self.end + header.bytes as u64 > to {
                break;
            }
            let mut at = self.end + frame::HEADER_BYTES as u64;
            for _ in 0..header.count {
                let length = window.at(at, 4).map_err(unread)?.and_then(|bytes| bytes.try_into().ok());
                let Some(length) = length.map(u32::from_le_bytes) else { break };
                self.leaves.push((at + LEAF_OVERHEAD, (length as usize).min(LEAF_BYTES_MAX)));
                at += LEAF_OVERHEAD + u64::from(length);
            }
            self.end += header.bytes as u64;
        }
        Ok(())
    }
}

/// A file read forward, a part at a time, in one buffer.
struct Window<'a> {
    file: &'a File,
    /// Nothing is read from here on.
    to: u64,
    start: u64,
    bytes: Vec<u8>,
}

impl Window<'_> {
    /// So many bytes from an offset on; `None` where they do not lie before the end.
    fn at(&mut self, offset: u64, count: usize) -> io::Result<Option<&[u8]>> {
        if offset.saturating_add(count as u64) > self.to {
            return Ok(None);
        }
        let end = self.start + self.bytes.len() as u64;
        if offset < self.start || offset + count as u64 > end {
            let length = (self.to - offset).min(WINDOW_BYTES as u64) as usize;
            self.bytes.resize(length, 0);
            self.file.read_exact_at(&mut self.bytes, offset)?;
            self.start = offset;
        }
        let at = (offset - self.start) as usize;
        Ok(self.bytes.get(at..at + count))
    }
}

fn damaged(path: &Path, offset: u64, what: &str, index: u64) -> LogError {
    let what = format!(
        "{what} (entry {index}): `chancery audit` lists all damage, `chancery repair --from DIR` restores"
    );
    LogError::damaged(path, offset, what)
}

impl Entries {
    /// One leaf and its RFC 6962 hash, which is checked; what stands around it is not read where its segment is sealed.
    ///
    /// # Errors
    /// [`LogError::Beyond`] for an index past the end; [`LogError::Damaged`] where the leaf is not as it was written.
    pub fn leaf(&self, index: u64) -> Result<(Vec<u8>, Hash), LogError> {
        let (segment, written) = {
            let state = self.state();
            let size = state.frontier.size();
            let segments = state.segments.as_slice();
            let after = segments.partition_point(|segment| segment.first <= index);
            let segment = after.checked_sub(1).and_then(|at| segments.get(at)).filter(|_| index < size);
            let segment = segment.cloned().ok_or(LogError::Beyond { size, asked: index })?;
            (segment, (after == segments.len()).then_some(state.end))
        };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let (leaf, hash) = open.leaf(&segment, &self.origin, index, written)?;
        if leaf_hash(&leaf) != hash {
            let what = "the leaf does not have its stored hash";
            return Err(damaged(&segment.path, HEADER_BYTES as u64, what, index));
        }
        Ok((leaf, hash))
    }

    /// The root over the first `size` leaves.
    ///
    /// # Errors
    /// [`LogError::Beyond`] for a size larger than the log's.
    pub fn root(&self, size: u64) -> Result<Hash, LogError> {
        let state = self.state();
        if size == state.frontier.size() {
            return Ok(state.frontier.root());
        }
        let beyond = LogError::Beyond { size: state.frontier.size(), asked: size };
        let holds = |s: &&Listed| s.first <= size;
        let segment =
            state.segments.iter().rev().find(holds).cloned().filter(|_| size < state.frontier.size());
        drop(state);
        let segment = segment.ok_or(beyond)?;
        if let Form::Sealed(sealed) = segment::form(&segment.path, segment.first, &self.origin)? {
            leads_to(&sealed, &self.bounds(&segment)?.0)?;
            return Ok(sealed.tree(size)?.0.root());
        }
        let mut frontier = segment.header(&self.origin)?.before.clone();
        self.visit_segment(&segment, 0, |index, _, hash| {
            if index < size {
                frontier.push(hash);
            }
        })?;
        Ok(frontier.root())
    }

    /// The RFC 6962 hash of every leaf, as stored; sealed segments are not decompressed for it.
    ///
    /// # Errors
    /// [`LogError::Damaged`] at the first part that is not sound.
    pub fn leaf_hashes(&self) -> Result<Vec<Hash>, LogError> {
        let (segments, size) = {
            let state = self.state();
            (state.segments.clone(), state.frontier.size())
        };
        let mut hashes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        for segment in &segments {
            match segment::form(&segment.path, segment.first, &self.origin)? {
                Form::Sealed(sealed) => {
                    leads_to(&sealed, &self.bounds(segment)?.0)?;
                    hashes.extend(sealed.hashes()?);
                }
                Form::Frames(_) => self.visit_segment(segment, 0, |_, _, hash| hashes.push(hash))?,
            }
        }
        // Of a segment that was filled and sealed since this log was opened for reading, more than it has.
        hashes.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        Ok(hashes)
    }

    /// Gives every leaf from an index on to `visit`, with its index and stored hash, in order, checking every frame and
    /// block.
    ///
    /// # Errors
    /// [`LogError::Damaged`] at the first one that is not sound.
    pub fn scan(&self, from: u64, mut visit: impl FnMut(u64, &[u8], Hash)) -> Result<(), LogError> {
        let (segments, size) = {
            let state = self.state();
            (state.segments.clone(), state.frontier.size())
        };
        let later = |at: usize| segments.get(at + 1).is_none_or(|next| next.first > from);
        for (_, segment) in segments.iter().enumerate().filter(|(at, _)| later(*at)) {
            self.visit_segment(segment, from, |index, leaf, hash| {
                if index >= from && index < size {
                    visit(index, leaf, hash);
                }
            })?;
        }
        Ok(())
    }

    /// What `keep` makes of the first `size` leaves, a segment at a time, each read on whichever core is free and with every
    /// frame and block checked; in the order of the log.
    ///
    /// # Errors
    /// [`LogError::Damaged`] at the first part that is not sound.
    pub fn read_each<T: Send>(
        &self,
        size: u64,
        keep: &(dyn Fn(LeafBlock) -> T + Sync),
    ) -> Result<Vec<T>, LogError> {
        let mut segments = self.state().segments.clone();
        segments.retain(|segment| segment.first < size);
        let next = AtomicUsize::new(0);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let read_some = || {
            let mut made: Vec<(usize, Result<T, LogError>)> = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(segment) = segments.get(at) else { return made };
                made.push((at, self.whole(segment, size).map(keep)));
            }
        };
        let mut made: Vec<(usize, Result<T, LogError>)> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..cores).map(|_| scope.spawn(read_some)).collect();
            let joined = workers.into_iter().map(|worker| worker.join());
            joined.flat_map(|made| made.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
        });
        made.sort_by_key(|(at, _)| *at);
        made.into_iter().map(|(_, made)| made).collect()
    }

    /// The leaves of a segment that come before `size`.
    fn whole(&self, segment: &Listed, size: u64) -> Result<LeafBlock, LogError> {
        let (next, end) = self.bounds(segment)?;
        let header = segment.header(&self.origin)?;
        let leaves = usize::try_from(next.size().min(size) - segment.first).unwrap_or(0);
        // Sealed leaves need some four times the room that they take up.
        let room = end.map_or(header.capacity, |end| end.min(header.capacity)) as usize;
        let room = if header.seal.is_some() { room * 4 } else { room };
        let mut block = LeafBlock::with_room(segment.first, leaves, room);
        self.visit_segment(segment, 0, |index, leaf, hash| {
            if index < size {
                block.push(leaf, hash);
            }
        })?;
        Ok(block)
    }

    /// The tree where a segment must end, and where its frames do where it is the last.
    fn bounds(&self, segment: &Listed) -> Result<(Frontier, Option<u64>), LogError> {
        let state = self.state();
        let at = state.segments.iter().position(|s| s.first == segment.first);
        Ok(match at.and_then(|at| state.segments.get(at + 1)) {
            Some(next) => (next.header(&self.origin)?.before.clone(), None),
            None => (state.frontier.clone(), Some(state.end)),
        })
    }

    /// Gives the leaves of a segment to `visit`, of a sealed one those from an index on.
    fn visit_segment(
        &self,
        segment: &Listed,
        from: u64,
        visit: impl FnMut(u64, &[u8], Hash),
    ) -> Result<(), LogError> {
        let (next, end) = self.bounds(segment)?;
        let file = match segment::form(&segment.path, segment.first, &self.origin)? {
            Form::Sealed(sealed) => return visit_sealed(&sealed, &next, from, visit),
            Form::Frames(file) => file,
        };
        let bytes = segment::read_file(file, &segment.path, end)?;
        let segment = segment.header(&self.origin)?;
        let scan = segment::walk(segment, &bytes, u64::MAX, visit);
        if scan.after != next {
            let what = scan.broken.map_or(tail::GAP, |(what, _)| what);
            return Err(tail::damaged_at(segment, &scan, what));
        }
        Ok(())
    }

    /// The leaves of a segment of frames in blocks of about a mebibyte.
    fn blocks(&self, segment: &Listed, size: u64) -> Result<VecDeque<(u64, LeafBlock)>, LogError> {
        let mut blocks: VecDeque<(u64, LeafBlock)> = VecDeque::new();
        self.visit_segment(segment, 0, |index, leaf, hash| {
            if index >= size {
                return;
            }
            match blocks.back_mut().filter(|(_, b)| b.bytes() < 1 << 20) {
                Some((_, block)) => block.push(leaf, hash),
                None => {
                    let mut block = LeafBlock::starting_at(index);
                    block.push(leaf, hash);
                    blocks.push_back((index, block));
                }
            }
        })?;
        Ok(blocks)
    }

    /// Leaves from an index on that a segment holds, of those before `size`: at least one, then as many as fit in
    /// `max_bytes`.
    pub(super) fn read_from(
        &self,
        segment: &Listed,
        (from, size): (u64, u64),
        max_bytes: usize,
    ) -> Result<LeafBlock, LogError> {
        let cached = self.state().cached.take().filter(|(first, blocks)| {
            let holds = |b: &(u64, LeafBlock)| b.0 <= from && from < b.0 + b.1.len() as u64;
            *first == segment.first && blocks.iter().any(holds)
        });
        let (first, mut blocks) = match cached {
            Some(cached) => cached,
            None => match segment::form(&segment.path, segment.first, &self.origin)? {
                Form::Sealed(sealed) => {
                    leads_to(&sealed, &self.bounds(segment)?.0)?;
                    return read_sealed(&sealed, (from, size), max_bytes);
                }
                Form::Frames(_) => (segment.first, self.blocks(segment, size)?),
            },
        };
        let mut block = LeafBlock::starting_at(from);
        blocks.retain(|(at, b)| at + b.len() as u64 > from);
        for (_, leaf, hash) in blocks.iter().flat_map(|(_, b)| b.iter_from(from)) {
            if !block.is_empty() && block.bytes() + leaf.len() > max_bytes {
                break;
            }
            block.push(leaf, hash);
        }
        self.state().cached = Some((first, blocks));
        Ok(block)
    }
}

/// Whether a sealed segment ends in the tree where the next begins. Only of one that was sealed since this log was opened
/// for reading is there less to see than it holds.
fn leads_to(sealed: &Sealed, next: &Frontier) -> Result<(), LogError> {
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
