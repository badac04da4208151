//! The sealed form of a segment: the same leaves, compressed in blocks, so that one is read without the others, and their
//! hashes apart, so that trees and proofs need no leaf. It is made once, from a full segment, and never changed.
//!
//! | bytes | content |
//! |---|---|
//! | 0..4096 | the header of a segment, version 2 |
//! | 32 for each leaf | its RFC 6962 leaf hash |
//! | 4 | CRC-32C of the hashes |
//! | 12 for each block | its end from the start of the first block (4); its size before compression (4); CRC-32C of its bytes (4) |
//! | 4 | CRC-32C of these |
//! | to the end | the blocks, each one frame of Zstandard (RFC 8878) |
//!
//! A block has as many leaves as the header states, the last one the rest: first the length of each (2 bytes), then the
//! leaves themselves. Numbers are little-endian.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use zstd::bulk::Compressor;

use super::LEAF_BYTES_MAX;
use super::block::{Block, LENGTH_BYTES, Unpacker};
use super::error::LogError;
use super::segment::{self, HEADER_BYTES, Segment};
use super::tree::{Frontier, Hash};

/// The number of leaves in a block.
pub(super) const BLOCK_LEAVES: u32 = 64;
/// The largest number of leaves in a block, so that a damaged header cannot ask for more memory than there is.
const BLOCK_LEAVES_MAX: u32 = 256;
/// The compression level of Zstandard.
const LEVEL: i32 = 1;
const HASH_BYTES: usize = 32;
const SUM_BYTES: usize = 4;
const ENTRY_BYTES: usize = 12;
/// A number of leaves that no segment reaches.
const LEAVES_MAX: u64 = 1 << 32;
const REMEDY: &str = "`chancery audit` lists all damage, `chancery repair --from DIR` restores";

/// The content of a sealed segment, according to its header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Seal {
    /// The number of leaves.
    pub(super) leaves: u64,
    /// The number of leaves in a block.
    pub(super) per_block: u32,
    /// The root of the tree after the last of them.
    pub(super) root: Hash,
}

impl Seal {
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.leaves.to_le_bytes().to_vec();
        bytes.extend_from_slice(&self.per_block.to_le_bytes());
        bytes.extend_from_slice(&self.root.0);
        bytes
    }

    pub(super) fn parse(bytes: &[u8]) -> Option<Seal> {
        let seal = Seal {
            leaves: u64::from_le_bytes(array(bytes, 0)?),
            per_block: u32::from_le_bytes(array(bytes, 8)?),
            root: Hash(array(bytes, 12)?),
        };
        let sane = (1..LEAVES_MAX).contains(&seal.leaves) && (1..=BLOCK_LEAVES_MAX).contains(&seal.per_block);
        sane.then_some(seal)
    }

    fn blocks(&self) -> usize {
        usize::try_from(self.leaves.div_ceil(u64::from(self.per_block))).unwrap_or(usize::MAX)
    }

    /// The number of leaves in a block.
    fn leaves_in(&self, block: usize) -> usize {
        let before = block as u64 * u64::from(self.per_block);
        self.leaves.saturating_sub(before).min(u64::from(self.per_block)) as usize
    }

    fn hash_bytes(&self) -> usize {
        self.leaves as usize * HASH_BYTES
    }

    /// The offset of the list of blocks.
    pub(super) fn list_at(&self) -> usize {
        HEADER_BYTES + self.hash_bytes() + SUM_BYTES
    }

    /// The offset of the first block.
    pub(super) fn blocks_at(&self) -> usize {
        self.list_at() + self.blocks() * ENTRY_BYTES + SUM_BYTES
    }
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// The bytes of a part, and true if they match the checksum after them.
fn summed(bytes: &[u8]) -> Option<(&[u8], bool)> {
    let (body, sum) = bytes.split_at_checked(bytes.len().checked_sub(SUM_BYTES)?)?;
    Some((body, sum == crc32c::crc32c(body).to_le_bytes()))
}

fn hashes_of(bytes: &[u8]) -> Vec<Hash> {
    bytes.as_chunks::<HASH_BYTES>().0.iter().map(|hash| Hash(*hash)).collect()
}

/// Encodes leaves in the sealed form, one after another.
pub(super) struct Encoder {
    leaves: u64,
    hashes: Vec<u8>,
    list: Vec<u8>,
    blocks: Vec<u8>,
    lengths: Vec<u8>,
    texts: Vec<u8>,
    compressor: Compressor<'static>,
}

impl Encoder {
    pub(super) fn new() -> io::Result<Encoder> {
        Ok(Encoder {
            leaves: 0,
            hashes: Vec::new(),
            list: Vec::new(),
            blocks: Vec::new(),
            lengths: Vec::new(),
            texts: Vec::new(),
            compressor: Compressor::new(LEVEL)?,
        })
    }

    /// Adds a leaf of at most [`LEAF_BYTES_MAX`] bytes.
    pub(super) fn push(&mut self, leaf: &[u8], hash: Hash) -> io::Result<()> {
        self.lengths.extend_from_slice(&(leaf.len() as u16).to_le_bytes());
        self.texts.extend_from_slice(leaf);
        self.hashes.extend_from_slice(&hash.0);
        self.leaves += 1;
        if self.lengths.len() == BLOCK_LEAVES as usize * LENGTH_BYTES { self.end_block() } else { Ok(()) }
    }

    fn end_block(&mut self) -> io::Result<()> {
        self.lengths.append(&mut self.texts);
        let block = self.compressor.compress(&self.lengths)?;
        self.blocks.extend_from_slice(&block);
        let end = u32::try_from(self.blocks.len()).map_err(io::Error::other)?;
        self.list.extend_from_slice(&end.to_le_bytes());
        self.list.extend_from_slice(&(self.lengths.len() as u32).to_le_bytes());
        self.list.extend_from_slice(&crc32c::crc32c(&block).to_le_bytes());
        self.lengths.clear();
        Ok(())
    }

    /// The whole file; `after` is the tree after its last leaf.
    pub(super) fn finish(mut self, origin: &str, before: &Frontier, after: &Frontier) -> io::Result<Vec<u8>> {
        if !self.lengths.is_empty() {
            self.end_block()?;
        }
        let seal = Seal { leaves: self.leaves, per_block: BLOCK_LEAVES, root: after.root() };
        let bytes = seal.blocks_at() + self.blocks.len();
        let mut file = segment::header(origin, before, bytes as u64, Some(seal));
        file.reserve_exact(bytes - HEADER_BYTES);
        for part in [&self.hashes, &self.list] {
            file.extend_from_slice(part);
            file.extend_from_slice(&crc32c::crc32c(part).to_le_bytes());
        }
        file.extend_from_slice(&self.blocks);
        Ok(file)
    }
}

/// The entry of a block in the list.
#[derive(Clone, Copy, Debug)]
struct Place {
    start: usize,
    end: usize,
    raw: usize,
    sum: u32,
}

/// The block with a number in the list; `None` beyond the list.
fn place(list: &[u8], number: usize) -> Option<Place> {
    let entries = list.as_chunks::<ENTRY_BYTES>().0;
    let number_at = |of: usize, at: usize| Some(u32::from_le_bytes(array(entries.get(of)?, at)?));
    let start = number.checked_sub(1).map_or(Some(0), |before| number_at(before, 0))? as usize;
    let (end, raw, sum) =
        (number_at(number, 0)? as usize, number_at(number, 4)? as usize, number_at(number, 8)?);
    Some(Place { start, end, raw, sum })
}

/// Every block, if the list makes sense: no block is empty, none is larger than its leaves can be.
fn places(list: &[u8], seal: &Seal) -> Option<impl Iterator<Item = Place>> {
    let all = || (0..seal.blocks()).map_while(|number| place(list, number));
    let most = |number| seal.leaves_in(number) * (LENGTH_BYTES + LEAF_BYTES_MAX);
    let sound = all().zip(0..).all(|(place, number)| place.start < place.end && place.raw <= most(number));
    sound.then(all)
}

/// A sealed segment, open.
pub(super) struct Sealed {
    pub(super) segment: Segment,
    seal: Seal,
    file: File,
    /// The list of blocks, which was checked.
    list: Vec<u8>,
}

impl Sealed {
    /// Reads the header and the list of blocks, and checks that the segment belongs to this log.
    ///
    /// # Errors
    /// [`LogError::Damaged`] if either is not sound or the file has another length.
    pub(super) fn open(file: File, path: &Path, first: u64, origin: &str) -> Result<Sealed, LogError> {
        let segment = segment::read_header(&file, path, first, origin)?;
        let damaged = |offset: usize, what: &str| {
            let what = format!("{what} (entries from {first} on): {REMEDY}");
            LogError::damaged(path, offset as u64, what)
        };
        let seal = segment.seal.ok_or_else(|| damaged(0, "the header does not say what is sealed"))?;
        let length = file.metadata().map_err(LogError::io(path, "cannot be read"))?.len();
        if length != segment.capacity || (seal.blocks_at() as u64) > length {
            let what = format!("the segment has {length} bytes of {}", segment.capacity);
            return Err(damaged(length.min(segment.capacity) as usize, &what));
        }
        let at = seal.list_at();
        let mut list = vec![0u8; seal.blocks_at() - at];
        file.read_exact_at(&mut list, at as u64).map_err(LogError::io(path, "cannot be read"))?;
        let sound = summed(&list).filter(|(_, sound)| *sound).and_then(|(list, _)| places(list, &seal));
        let places = sound.ok_or_else(|| damaged(at, "the list of blocks does not match its checksum"))?;
        if places.last().is_none_or(|last| (seal.blocks_at() + last.end) as u64 != length) {
            return Err(damaged(at, "the blocks do not fill the segment"));
        }
        Ok(Sealed { segment, seal, file, list })
    }

    /// The number of its leaves.
    pub(super) fn leaves(&self) -> u64 {
        self.seal.leaves
    }

    /// The root of the tree after its last leaf.
    pub(super) fn root(&self) -> Hash {
        self.seal.root
    }

    fn damaged(&self, offset: usize, index: u64, what: &str) -> LogError {
        LogError::damaged(&self.segment.path, offset as u64, format!("{what} (entry {index}): {REMEDY}"))
    }

    fn read(&self, at: usize, bytes: usize) -> Result<Vec<u8>, LogError> {
        let mut read = vec![0u8; bytes];
        let done = self.file.read_exact_at(&mut read, at as u64);
        done.map_err(LogError::io(&self.segment.path, "cannot be read"))?;
        Ok(read)
    }

    /// The hashes of its leaves.
    ///
    /// # Errors
    /// [`LogError::Damaged`] if they do not match their checksum.
    pub(super) fn hashes(&self) -> Result<Vec<Hash>, LogError> {
        let bytes = self.read(HEADER_BYTES, self.seal.hash_bytes() + SUM_BYTES)?;
        match summed(&bytes) {
            Some((hashes, true)) => Ok(hashes_of(hashes)),
            _ => {
                let what = "the hashes of the leaves do not match their checksum";
                Err(self.damaged(HEADER_BYTES, self.segment.first, what))
            }
        }
    }

    /// The stored hashes of consecutive leaves, which no checksum covers alone: the caller must compare each with its leaf.
    ///
    /// # Errors
    /// [`LogError::Io`] if they cannot be read.
    pub(super) fn stored(&self, range: Range<u64>) -> Result<Vec<Hash>, LogError> {
        let at = HEADER_BYTES + (range.start - self.segment.first) as usize * HASH_BYTES;
        Ok(hashes_of(&self.read(at, (range.end - range.start) as usize * HASH_BYTES)?))
    }

    /// The tree after its leaves before `size`, and the hash of the last of those.
    ///
    /// # Errors
    /// Those of [`Sealed::hashes`].
    pub(super) fn tree(&self, size: u64) -> Result<(Frontier, Option<Hash>), LogError> {
        let hashes = self.hashes()?;
        let counted = usize::try_from(size.saturating_sub(self.segment.first)).unwrap_or(usize::MAX);
        let counted = hashes.get(..counted).unwrap_or(&hashes);
        let mut tree = self.segment.before.clone();
        counted.iter().for_each(|hash| tree.push(*hash));
        Ok((tree, counted.last().copied()))
    }

    /// The number of the block that contains a leaf.
    pub(super) fn block_of(&self, index: u64) -> usize {
        (index.saturating_sub(self.segment.first) / u64::from(self.seal.per_block)) as usize
    }

    /// One block, decompressed.
    ///
    /// # Errors
    /// [`LogError::Damaged`] if it is not sound.
    pub(super) fn block(&self, number: usize, unpacker: &mut Unpacker) -> Result<Block, LogError> {
        let first = self.segment.first + number as u64 * u64::from(self.seal.per_block);
        let place = Some(number)
            .filter(|number| *number < self.seal.blocks())
            .and_then(|number| place(&self.list, number));
        let place = place.ok_or_else(|| self.damaged(self.seal.list_at(), first, "the block is missing"))?;
        let at = self.seal.blocks_at() + place.start;
        let bytes = self.read(at, place.end - place.start)?;
        let leaves = (first, self.seal.leaves_in(number));
        let block = unpacker.block(&bytes, (place.raw, place.sum), leaves);
        block.map_err(|what| self.damaged(at, first, what))
    }

    /// Calls `visit` with every leaf from an index on, with its index and stored hash, in order, and checks every block.
    ///
    /// # Errors
    /// [`LogError::Damaged`] for the first block that is not sound.
    pub(super) fn visit(&self, from: u64, mut visit: impl FnMut(u64, &[u8], Hash)) -> Result<(), LogError> {
        let hashes = self.hashes()?;
        let mut unpacker = Unpacker::new().map_err(LogError::io(&self.segment.path, "cannot be read"))?;
        for number in self.block_of(from)..self.seal.blocks() {
            let block = self.block(number, &mut unpacker)?;
            for (index, leaf) in block.leaves().filter(|(index, _)| *index >= from) {
                let hash = hashes.get((index - self.segment.first) as usize);
                visit(
                    index,
                    leaf,
                    *hash.ok_or_else(|| self.damaged(HEADER_BYTES, index, "the hash is missing"))?,
                );
            }
            unpacker.reuse(block);
        }
        Ok(())
    }
}

/// The parts of a sealed segment other than its leaves, sound or not.
#[derive(Default)]
pub(super) struct Salvage {
    /// The hashes of its leaves, as stored.
    pub(super) hashes: Vec<Hash>,
    /// The damage: its offset, the index of the first leaf concerned, a description.
    pub(super) wrong: Vec<(usize, u64, &'static str)>,
}

/// A readable leaf of a sealed segment.
pub(super) struct SealedLeaf<'a> {
    /// The offset of its block in the file.
    pub(super) offset: usize,
    pub(super) index: u64,
    pub(super) leaf: &'a [u8],
    /// Its hash as stored, if there is one.
    pub(super) stored: Option<Hash>,
}

/// Calls `visit` with every readable leaf of a sealed segment that begins with the leaf `first`, in order; skips and reports
/// the parts that are not sound.
pub(super) fn salvage(bytes: &[u8], first: u64, mut visit: impl FnMut(SealedLeaf<'_>)) -> Salvage {
    let mut found = Salvage::default();
    let Some(seal) = stated(bytes) else {
        found.wrong.push((0, first, "nothing says how many leaves the segment holds"));
        return found;
    };
    let part = |from: usize, to: usize| bytes.get(from..to.min(bytes.len())).unwrap_or_default();
    let hashes = summed(part(HEADER_BYTES, seal.list_at()));
    if hashes.is_none_or(|(_, sound)| !sound) {
        found.wrong.push((HEADER_BYTES, first, "the hashes of the leaves do not match their checksum"));
    }
    found.hashes = hashes.map(|(hashes, _)| hashes_of(hashes)).unwrap_or_default();
    let list = summed(part(seal.list_at(), seal.blocks_at())).filter(|(_, sound)| *sound);
    let blocks = part(seal.blocks_at(), bytes.len());
    let listed = list.and_then(|(list, _)| Some(places(list, &seal)?.collect::<Vec<_>>()));
    if listed.is_none() {
        found.wrong.push((seal.list_at(), first, "the list of blocks does not match its checksum"));
    }
    let listed = listed.unwrap_or_else(|| frames_of(blocks, &seal));
    if listed.last().is_none_or(|last| last.end != blocks.len()) {
        found.wrong.push((bytes.len(), first, "the blocks do not fill the segment"));
    }
    let Ok(mut unpacker) = Unpacker::new() else { return found };
    for (number, place) in listed.iter().enumerate() {
        let at = seal.blocks_at() + place.start;
        let before = number as u64 * u64::from(seal.per_block);
        let leaves = (first.saturating_add(before), seal.leaves_in(number));
        let stored = blocks.get(place.start..place.end).ok_or("the block is missing");
        match stored.and_then(|bytes| unpacker.block(bytes, (place.raw, place.sum), leaves)) {
            Ok(block) => {
                for (index, leaf) in block.leaves() {
                    let place = usize::try_from(index - first).ok();
                    let stored = place.and_then(|place| found.hashes.get(place)).copied();
                    visit(SealedLeaf { offset: at, index, leaf, stored });
                }
                unpacker.reuse(block);
            }
            Err(what) => found.wrong.push((at, leaves.0, what)),
        }
    }
    found
}

/// True if these are the bytes of a sealed segment, by the header or, if that is not sound, by the hashes and the list.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    segment::is_sealed(bytes) || stated(bytes).is_some_and(|seal| list_fits(bytes, &seal))
}

fn hashes_fit(bytes: &[u8], seal: &Seal) -> bool {
    let hashes = bytes.get(HEADER_BYTES..seal.list_at());
    hashes.and_then(summed).is_some_and(|(_, sound)| sound)
}

fn list_fits(bytes: &[u8], seal: &Seal) -> bool {
    let list = bytes.get(seal.list_at()..seal.blocks_at());
    list.and_then(summed).is_some_and(|(_, sound)| sound)
}

/// The content of a segment: by its header if that is sound; otherwise by the number of hashes that their checksum confirms,
/// and the usual number of leaves in a block.
fn stated(bytes: &[u8]) -> Option<Seal> {
    let header = segment::seal_in(bytes);
    if bytes.get(..HEADER_BYTES).and_then(summed).is_some_and(|(_, sound)| sound) {
        return header;
    }
    let usual = |leaves| Seal { leaves, per_block: BLOCK_LEAVES, root: Hash([0; HASH_BYTES]) };
    let fits = |seal: &Seal| hashes_fit(bytes, seal) || list_fits(bytes, seal);
    let by_header = header.map(|seal| usual(seal.leaves)).filter(fits);
    by_header.or_else(|| counted(bytes).map(usual))
}

/// The number of hashes that the checksum after them confirms.
fn counted(bytes: &[u8]) -> Option<u64> {
    let rest = bytes.get(HEADER_BYTES..)?;
    let mut sum = 0;
    let mut ends = rest.as_chunks::<HASH_BYTES>().0.iter().zip(1u64..);
    ends.find_map(|(hash, leaves)| {
        sum = crc32c::crc32c_append(sum, hash);
        (array(rest, leaves as usize * HASH_BYTES) == Some(sum.to_le_bytes())).then_some(leaves)
    })
}

/// The blocks without their list: Zstandard itself finds the end of each.
fn frames_of(blocks: &[u8], seal: &Seal) -> Vec<Place> {
    let mut start = 0;
    let mut found = Vec::new();
    for number in 0..seal.blocks() {
        let Some(rest) = blocks.get(start..) else { break };
        let Ok(bytes) = zstd::zstd_safe::find_frame_compressed_size(rest) else { break };
        let Some(frame) = rest.get(..bytes).filter(|frame| !frame.is_empty()) else { break };
        let raw = seal.leaves_in(number) * (LENGTH_BYTES + LEAF_BYTES_MAX);
        found.push(Place { start, end: start + bytes, raw, sum: crc32c::crc32c(frame) });
        start += bytes;
    }
    found
}
