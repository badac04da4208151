//! A frame: the leaves of one append, written at once. All numbers are little-endian.
//!
//! | bytes | content |
//! |---|---|
//! | 0..4 | magic `CHF1` |
//! | 4..12 | index of the first leaf |
//! | 12..16 | number of leaves, from 1 |
//! | 16..20 | bytes of the whole frame, a multiple of 16 |
//! | 20..28 | offset in the segment up to which all before was acknowledged when this frame was written |
//! | 28..32 | CRC-32C of bytes 0..28 |
//! | then, for each leaf | its length (4 bytes), its RFC 6962 leaf hash (32 bytes), its bytes |
//! | padding | `0xFF`, 0 to 15 bytes |
//! | last 4 | CRC-32C of everything before |
//!
//! Frames begin at a multiple of 16, and no 16 aligned bytes of a frame are all zero. So a sector that never reached the disk
//! (which reads as zeros) can be distinguished from damage.

use super::LEAF_BYTES_MAX;
use super::error::LogError;
use super::tree::{Hash, leaf_hash};

pub(super) const HEADER_BYTES: usize = 32;
pub(super) const ALIGNMENT: usize = 16;
/// The number of bytes that a disk writes as a whole or not at all.
const SECTOR: usize = 512;
/// The largest frame, in bytes: a larger batch is refused.
pub(super) const FRAME_BYTES_MAX: usize = 64 << 20;
const MAGIC: [u8; 4] = *b"CHF1";
/// The length of a leaf's length and hash, which precede it, in bytes.
pub(super) const LEAF_OVERHEAD: usize = 4 + 32;
const TRAILER_BYTES: usize = 4;

/// The header of a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Header {
    pub(super) first: u64,
    pub(super) count: u32,
    pub(super) bytes: usize,
    pub(super) acknowledged: u64,
}

/// The content of a segment at an offset.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Found {
    /// A sound frame.
    Frame(Header),
    /// Nothing was written there.
    Nothing,
    /// Something that is not a sound frame; with the header if that is sound, and a description of the damage.
    Broken(Option<Header>, &'static str),
}

/// Encodes a frame; returns its bytes, and the hashes of its leaves.
pub(super) fn encode(first: u64, acknowledged: u64, leaves: &[&[u8]]) -> (Vec<u8>, Vec<Hash>) {
    let bytes = frame_bytes(leaves);
    let mut frame = Vec::with_capacity(bytes);
    frame.extend_from_slice(&MAGIC);
    frame.extend_from_slice(&first.to_le_bytes());
    frame.extend_from_slice(&(leaves.len() as u32).to_le_bytes());
    frame.extend_from_slice(&(bytes as u32).to_le_bytes());
    frame.extend_from_slice(&acknowledged.to_le_bytes());
    frame.extend_from_slice(&crc32c::crc32c(&frame).to_le_bytes());
    let mut hashes = Vec::with_capacity(leaves.len());
    for leaf in leaves {
        let hash = leaf_hash(leaf);
        frame.extend_from_slice(&(leaf.len() as u32).to_le_bytes());
        frame.extend_from_slice(&hash.0);
        frame.extend_from_slice(leaf);
        hashes.push(hash);
    }
    frame.resize(bytes - TRAILER_BYTES, 0xFF);
    frame.extend_from_slice(&crc32c::crc32c(&frame).to_le_bytes());
    (frame, hashes)
}

/// The length of a frame of these leaves, in bytes.
pub(super) fn frame_bytes(leaves: &[&[u8]]) -> usize {
    let leaves: usize = leaves.iter().map(|leaf| leaf.len() + LEAF_OVERHEAD).sum();
    (HEADER_BYTES + leaves + TRAILER_BYTES).next_multiple_of(ALIGNMENT)
}

/// Checks that these leaves can be one frame.
pub(super) fn check_limits(leaves: &[&[u8]]) -> Result<(), LogError> {
    if let Some(leaf) = leaves.iter().find(|leaf| leaf.len() > LEAF_BYTES_MAX) {
        let bytes = leaf.len() as u64;
        return Err(LogError::TooLarge { what: "an entry", bytes, limit: LEAF_BYTES_MAX as u64 });
    }
    let bytes = frame_bytes(leaves);
    if bytes > FRAME_BYTES_MAX {
        let limit = FRAME_BYTES_MAX as u64;
        return Err(LogError::TooLarge { what: "a batch", bytes: bytes as u64, limit });
    }
    Ok(())
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// Reads a header; `None` if it is not sound.
pub(super) fn header(bytes: &[u8]) -> Option<Header> {
    let sum = u32::from_le_bytes(array(bytes, 28)?);
    if array(bytes, 0)? != MAGIC || crc32c::crc32c(bytes.get(..28)?) != sum {
        return None;
    }
    let header = Header {
        first: u64::from_le_bytes(array(bytes, 4)?),
        count: u32::from_le_bytes(array(bytes, 12)?),
        bytes: u32::from_le_bytes(array(bytes, 16)?) as usize,
        acknowledged: u64::from_le_bytes(array(bytes, 20)?),
    };
    let sane = header.count > 0
        && header.bytes.is_multiple_of(ALIGNMENT)
        && (HEADER_BYTES + TRAILER_BYTES..=FRAME_BYTES_MAX).contains(&header.bytes);
    sane.then_some(header)
}

/// Reads the beginning of `bytes`, the rest of a segment; `next` is the index that must come.
pub(super) fn find(bytes: &[u8], next: u64) -> Found {
    let Some(start) = bytes.get(..HEADER_BYTES) else { return Found::Nothing };
    if start.iter().all(|byte| *byte == 0) {
        return Found::Nothing;
    }
    let Some(header) = header(start) else {
        return Found::Broken(None, "the header of the frame does not match its checksum");
    };
    let Some(frame) = bytes.get(..header.bytes) else {
        return Found::Broken(Some(header), "the frame is longer than its segment");
    };
    let (body, sum) = frame.split_at(header.bytes - TRAILER_BYTES);
    if array(sum, 0).map(u32::from_le_bytes) != Some(crc32c::crc32c(body)) {
        return Found::Broken(Some(header), "the frame does not match its checksum");
    }
    if header.first != next {
        return Found::Broken(Some(header), "the frame does not begin with the next index");
    }
    if leaves(frame, &header).count() != header.count as usize {
        return Found::Broken(Some(header), "the frame does not hold the leaves that it counts");
    }
    Found::Frame(header)
}

/// The leaves of a sound frame with their stored hashes; stops early if the lengths do not add up.
pub(super) fn leaves<'a>(
    frame: &'a [u8],
    header: &Header,
) -> impl Iterator<Item = (&'a [u8], Hash)> + use<'a> {
    let mut at = HEADER_BYTES;
    let end = header.bytes.saturating_sub(TRAILER_BYTES);
    (0..header.count).map_while(move |_| {
        let length = u32::from_le_bytes(array(frame, at)?) as usize;
        let hash = Hash(array(frame, at + 4)?);
        let start = at + LEAF_OVERHEAD;
        let leaf = frame.get(start..start.checked_add(length)?)?;
        at = start + length;
        (at <= end && length <= LEAF_BYTES_MAX).then_some((leaf, hash))
    })
}

/// True if some sector of the span `[from, to)` of a segment reads as zeros: that part never reached the disk.
pub(super) fn lost_sector(segment: &[u8], from: usize, to: usize) -> bool {
    let mut at = from;
    let to = to.min(segment.len());
    while at < to {
        let end = ((at / SECTOR + 1) * SECTOR).min(to);
        if end - at >= ALIGNMENT && segment[at..end].iter().all(|byte| *byte == 0) {
            return true;
        }
        at = end;
    }
    false
}
