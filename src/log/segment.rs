//! Segments: files of frames, named by the index of their first leaf, preallocated, never rewritten in place. A full segment
//! may be [sealed](super::sealed): a file of the other form takes its name.
//!
//! | bytes of the header | content |
//! |---|---|
//! | 0..8 | magic `CHANCSEG` |
//! | 8..12 | version: 1 of frames, 2 sealed |
//! | 12..20 | index of the first leaf |
//! | 20..28 | size of the file in bytes |
//! | 28..30 | length of the origin |
//! | 30..31 | number of subtree roots |
//! | then | the origin; the roots of the tree before this segment, 32 bytes each, the largest first |
//! | 4040..4084 | in version 2 alone: number of leaves (8 bytes), leaves per block (4), root of the tree after the last leaf (32) |
//! | 4092..4096 | CRC-32C of bytes 0..4092 |
//!
//! Frames follow from byte 4096 on. Numbers are little-endian.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::disk::{Disk, DiskFile};
use super::error::LogError;
use super::frame::{self, ALIGNMENT, Found, Header};
use super::regular;
use super::sealed::{Seal, Sealed};
use super::tree::{Frontier, Hash};

pub(super) const HEADER_BYTES: usize = 4096;
const MAGIC: [u8; 8] = *b"CHANCSEG";
const VERSION: u32 = 1;
const VERSION_SEALED: u32 = 2;
/// The offset in the header of the fields that only a sealed segment has. The longest origin and all roots end before it.
const SEAL_AT: usize = 4040;
/// The size of the first segment, in bytes; each next one has twice the size of the one before.
pub(super) const BYTES_MIN: u64 = 64 << 10;
/// The largest segment, in bytes, except one made for a single larger frame. Opening the log reads the whole last segment.
pub(super) const BYTES_MAX: u64 = 8 << 20;

/// A segment according to its name and header.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) path: PathBuf,
    pub(super) first: u64,
    /// The tree before its first leaf.
    pub(super) before: Frontier,
    /// The size of the file, in bytes.
    pub(super) capacity: u64,
    /// The content of a sealed segment.
    pub(super) seal: Option<Seal>,
}

/// A segment that is open for reading, in its current form: a writer may seal it at any time.
pub(super) enum Form {
    /// Frames.
    Frames(File),
    /// Compressed.
    Sealed(Box<Sealed>),
}

/// Opens the file of a segment, which must be a regular file no longer than a segment can be.
pub(super) fn open_file(path: &Path) -> Result<File, LogError> {
    let file = regular::open(path).map_err(LogError::io(path, "cannot be opened"))?;
    let length = regular::check_length(&file, regular::SEGMENT_BYTES_MAX);
    length.map_err(LogError::io(path, "cannot be a segment"))?;
    Ok(file)
}

/// Opens a segment for reading. An open file stays readable when another takes its name.
pub(super) fn form(path: &Path, first: u64, origin: &str) -> Result<Form, LogError> {
    let file = open_file(path)?;
    let mut start = [0u8; 12];
    let sealed = file.read_exact_at(&mut start, 0).is_ok() && is_sealed(&start);
    Ok(match sealed {
        true => Form::Sealed(Box::new(Sealed::open(file, path, first, origin)?)),
        false => Form::Frames(file),
    })
}

/// True if a file with this beginning is a sealed segment.
pub(super) fn is_sealed(start: &[u8]) -> bool {
    start.get(..8) == Some(&MAGIC) && start.get(8..12) == Some(&VERSION_SEALED.to_le_bytes())
}

/// The folder of segments.
pub(super) fn folder(ledger: &Path) -> PathBuf {
    ledger.join("entries")
}

/// The path of the segment that begins with an index.
pub(super) fn path(ledger: &Path, first: u64) -> PathBuf {
    folder(ledger).join(format!("{first:020}.seg"))
}

/// The segments of a ledger, by first index. A file that vanishes while they are listed is left out.
pub(super) fn list(ledger: &Path) -> Result<Vec<(u64, PathBuf)>, LogError> {
    let folder = folder(ledger);
    let listed = std::fs::read_dir(&folder).map_err(|e| match e.kind() {
        ErrorKind::NotFound => LogError::damaged(
            &folder,
            0,
            "the folder of entries is missing: restore it, or `chancery repair --from DIR`",
        ),
        _ => LogError::io(&folder, "cannot be listed")(e),
    })?;
    let found = named(&folder, listed)?;
    match found.first() {
        Some((0, _)) => Ok(found),
        _ => Err(LogError::damaged(
            &folder,
            0,
            "the segment of entry 0 is missing: restore it, or `chancery repair --from DIR`",
        )),
    }
}

/// The files in a folder that have the name of a segment, by first index.
pub(super) fn named(folder: &Path, listed: std::fs::ReadDir) -> Result<Vec<(u64, PathBuf)>, LogError> {
    let mut found = Vec::new();
    for file in listed {
        let path = file.map_err(LogError::io(folder, "cannot be listed"))?.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
        let first = name.strip_suffix(".seg").filter(|n| n.len() == 20).and_then(|n| n.parse().ok());
        found.extend(first.map(|first| (first, path)));
    }
    found.sort();
    Ok(found)
}

/// Makes a segment: beside its place, preallocated, synced, renamed, the folder synced.
pub(super) fn create(
    ledger: &Path,
    origin: &str,
    before: &Frontier,
    capacity: u64,
    disk: &Disk,
) -> Result<(Segment, DiskFile), LogError> {
    let folder = folder(ledger);
    let path = path(ledger, before.size());
    let make = || {
        let (beside, file) = disk.beside(&path)?;
        file.allocate(capacity)?;
        file.write_at(0, &encode(origin, before, capacity))?;
        file.sync()?;
        beside.place(&path)?;
        disk.sync_dir(&folder)?;
        disk.open(&path)
    };
    let file = make().map_err(LogError::io(&path, "cannot be made"))?;
    Ok((Segment { path, first: before.size(), before: before.clone(), capacity, seal: None }, file))
}

pub(super) fn encode(origin: &str, before: &Frontier, capacity: u64) -> Vec<u8> {
    header(origin, before, capacity, None)
}

/// The header of a segment, sealed if its content is given.
pub(super) fn header(origin: &str, before: &Frontier, capacity: u64, seal: Option<Seal>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES);
    bytes.extend_from_slice(&MAGIC);
    let version = if seal.is_some() { VERSION_SEALED } else { VERSION };
    bytes.extend_from_slice(&version.to_le_bytes());
    bytes.extend_from_slice(&before.size().to_le_bytes());
    bytes.extend_from_slice(&capacity.to_le_bytes());
    bytes.extend_from_slice(&(origin.len() as u16).to_le_bytes());
    bytes.push(before.roots().len() as u8);
    bytes.extend_from_slice(origin.as_bytes());
    before.roots().iter().for_each(|root| bytes.extend_from_slice(&root.0));
    if let Some(seal) = seal {
        bytes.resize(SEAL_AT, 0);
        bytes.extend_from_slice(&seal.bytes());
    }
    bytes.resize(HEADER_BYTES - 4, 0);
    bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
    bytes
}

/// Reads the header of a segment and checks that it belongs to this log.
pub(super) fn open(path: &Path, first: u64, origin: &str) -> Result<Segment, LogError> {
    let file = open_file(path)?;
    read_header(&file, path, first, origin)
}

/// Reads the header from an open file, and checks that it belongs to this log.
pub(super) fn read_header(file: &File, path: &Path, first: u64, origin: &str) -> Result<Segment, LogError> {
    let mut bytes = vec![0u8; HEADER_BYTES];
    let damaged = |what: &str| {
        let what =
            format!("the header of the segment from entry {first} on {what}: `chancery repair --from DIR`");
        LogError::damaged(path, 0, what)
    };
    file.read_exact_at(&mut bytes, 0).map_err(|e| match e.kind() {
        ErrorKind::UnexpectedEof => damaged("is cut short"),
        _ => LogError::io(path, "cannot be read")(e),
    })?;
    let (body, sum) = bytes.split_at(HEADER_BYTES - 4);
    if sum != crc32c::crc32c(body).to_le_bytes() {
        return Err(damaged("does not match its checksum"));
    }
    let number = |at: usize| body.get(at..at + 8).and_then(|b| b.try_into().ok()).map(u64::from_le_bytes);
    let (Some(stated), Some(capacity)) = (number(12), number(20)) else {
        return Err(damaged("is unreadable"));
    };
    let origin_bytes = usize::from(u16::from_le_bytes([body[28], body[29]]));
    let named = body.get(31..31 + origin_bytes).unwrap_or(&[]);
    let sealed = is_sealed(body);
    if body[..8] != MAGIC
        || (body[8..12] != VERSION.to_le_bytes() && !sealed)
        || stated != first
        || named != origin.as_bytes()
    {
        return Err(damaged("belongs to another place or another log"));
    }
    let roots = body.get(31 + origin_bytes..31 + origin_bytes + 32 * usize::from(body[30])).unwrap_or(&[]);
    let roots = roots.chunks_exact(32).filter_map(|c| c.try_into().ok().map(Hash)).collect();
    let before =
        Frontier::from_roots(first, roots).ok_or_else(|| damaged("has the wrong number of roots"))?;
    let seal = match sealed {
        true => Some(seal_in(body).ok_or_else(|| damaged("does not say what is sealed"))?),
        false => None,
    };
    if header(origin, &before, capacity, seal) != bytes {
        return Err(damaged("holds more than a header says"));
    }
    Ok(Segment { path: path.to_owned(), first, before, capacity, seal })
}

/// The content of a sealed segment according to its header, sound or not.
pub(super) fn seal_in(header: &[u8]) -> Option<Seal> {
    Seal::parse(header.get(SEAL_AT..)?)
}

/// The bytes of a segment, up to `limit` if that is given.
pub(super) fn read(path: &Path, limit: Option<u64>) -> Result<Vec<u8>, LogError> {
    let file = open_file(path)?;
    read_file(file, path, limit)
}

/// The bytes of an open file that was not read from, up to `limit` if that is given.
pub(super) fn read_file(file: File, path: &Path, limit: Option<u64>) -> Result<Vec<u8>, LogError> {
    let mut bytes = Vec::new();
    read_into(&mut bytes, file, path, limit)?;
    Ok(bytes)
}

/// Like [`read_file`], into a buffer whose content is replaced.
pub(super) fn read_into(
    bytes: &mut Vec<u8>,
    file: File,
    path: &Path,
    limit: Option<u64>,
) -> Result<(), LogError> {
    bytes.clear();
    let length = file.metadata().map(|m| m.len()).unwrap_or(0).min(limit.unwrap_or(u64::MAX));
    bytes.reserve_exact(usize::try_from(length).unwrap_or(0));
    file.take(length).read_to_end(bytes).map_err(LogError::io(path, "cannot be read"))?;
    Ok(())
}

/// A segment of which only the written parts are read: the rest of it, and the part before the offset asked for, are zeros.
pub(super) struct Image {
    /// Bytes of the length of the file.
    pub(super) bytes: Vec<u8>,
    /// The offset from which on no byte was ever written.
    pub(super) written: usize,
}

/// Reads the written parts of a segment from an offset on. Reserved space that was never written is skipped, if the file
/// system distinguishes it.
pub(super) fn image(path: &Path, from: u64) -> Result<Image, LogError> {
    use rustix::fs::SeekFrom;
    let file = open_file(path)?;
    let length = file.metadata().map_err(LogError::io(path, "cannot be read"))?.len();
    let mut image = Image { bytes: vec![0; usize::try_from(length).unwrap_or(0)], written: 0 };
    let mut at = from;
    while at < length {
        let start = match rustix::fs::seek(&file, SeekFrom::Data(at)) {
            Ok(start) => start,
            Err(rustix::io::Errno::NXIO) => break,
            Err(_) => at,
        };
        let end = rustix::fs::seek(&file, SeekFrom::Hole(start)).unwrap_or(length).clamp(start, length);
        let span = usize::try_from(start).unwrap_or(usize::MAX)..usize::try_from(end).unwrap_or(usize::MAX);
        let Some(part) = image.bytes.get_mut(span.clone()).filter(|part| !part.is_empty()) else { break };
        file.read_exact_at(part, start).map_err(LogError::io(path, "cannot be read"))?;
        image.written = span.end;
        at = end;
    }
    Ok(image)
}

/// The number of bytes that are checked for zeros at a time.
const CLEAR_BYTES: usize = 64 << 10;

/// True if a file has only zeros from an offset on. Space that was reserved and never written is not read.
pub(super) fn is_clear(file: &File, mut at: u64) -> io::Result<bool> {
    use rustix::fs::SeekFrom;
    let mut bytes = Vec::new();
    loop {
        match rustix::fs::seek(file, SeekFrom::Data(at)) {
            Ok(start) => at = start,
            Err(rustix::io::Errno::NXIO) => return Ok(true),
            Err(_) => {}
        }
        bytes.resize(CLEAR_BYTES, 0);
        match file.read_at(&mut bytes, at)? {
            0 => return Ok(true),
            read if bytes.iter().take(read).any(|byte| *byte != 0) => return Ok(false),
            read => at += read as u64,
        }
    }
}

/// An offset in a segment from which its frames are walked.
#[derive(Clone, Debug)]
pub(super) struct Start {
    /// The tree before it.
    pub(super) tree: Frontier,
    /// The hash of the leaf before it.
    pub(super) last: Option<Hash>,
    /// The offset, in bytes from the beginning of the file.
    pub(super) offset: u64,
}

impl Start {
    /// The first frame.
    pub(super) fn of(segment: &Segment) -> Start {
        Start { tree: segment.before.clone(), last: None, offset: HEADER_BYTES as u64 }
    }
}

/// The end of the frames of a segment, and the damage there.
#[derive(Clone, Debug)]
pub(super) struct Scan {
    /// The tree after its last sound frame.
    pub(super) after: Frontier,
    /// The offset after its last sound frame.
    pub(super) end: u64,
    /// The hash of its last leaf.
    pub(super) last: Option<Hash>,
    /// A description of the broken frame at the end, and the end of the bytes that were written there.
    pub(super) broken: Option<(&'static str, u64)>,
}

/// The end of the leaves of a segment, in its current form, up to `size`.
pub(super) fn end_of(segment: &Segment, origin: &str, size: u64) -> Result<Scan, LogError> {
    match form(&segment.path, segment.first, origin)? {
        Form::Frames(file) => {
            let bytes = read_file(file, &segment.path, None)?;
            Ok(walk(segment, &bytes, size, |_, _, _| {}))
        }
        Form::Sealed(sealed) => {
            let (after, last) = sealed.tree(size)?;
            Ok(Scan { after, end: HEADER_BYTES as u64, last, broken: None })
        }
    }
}

/// Walks the frames of a segment, from its bytes, and calls `visit` with every leaf, its index and stored hash. Stops before
/// the frame that begins at `size`.
pub(super) fn walk(
    segment: &Segment,
    bytes: &[u8],
    size: u64,
    mut visit: impl FnMut(u64, &[u8], Hash),
) -> Scan {
    walk_frames(Start::of(segment), bytes, size, |_, index, leaf, hash| visit(index, leaf, hash))
}

/// Like [`walk`], from any frame on; `visit` also gets the offset of the leaf's frame.
pub(super) fn walk_frames(
    start: Start,
    bytes: &[u8],
    size: u64,
    mut visit: impl FnMut(u64, u64, &[u8], Hash),
) -> Scan {
    let mut scan = Scan { after: start.tree, end: start.offset, last: start.last, broken: None };
    let mut at = usize::try_from(start.offset).unwrap_or(usize::MAX);
    while scan.after.size() < size
        && let Some(rest) = bytes.get(at..)
    {
        match frame::find(rest, scan.after.size()) {
            Found::Frame(header) => {
                for (leaf, hash) in frame::leaves(&rest[..header.bytes], &header) {
                    visit(at as u64, scan.after.size(), leaf, hash);
                    scan.after.push(hash);
                    scan.last = Some(hash);
                }
                at += header.bytes;
                scan.end = at as u64;
            }
            Found::Nothing => break,
            Found::Broken(header, what) => {
                let stated = header.map(|h| at + h.bytes).filter(|end| *end <= bytes.len());
                // If a header crosses two sectors, the second may be lost, with nothing written after it.
                let seen = || written_end(bytes, at).max(at + frame::HEADER_BYTES);
                scan.broken = Some((what, stated.unwrap_or_else(seen) as u64));
                break;
            }
        }
    }
    scan
}

/// The end of the bytes that were ever written from `from` on, rounded up to the alignment of frames.
pub(super) fn written_end(bytes: &[u8], from: usize) -> usize {
    let mut end = bytes.len().max(from);
    let unwritten = bytes.get(from..).unwrap_or(&[]).rchunks(4096);
    // Most of a segment is zeros, and checking whole blocks is some ten times as fast.
    for block in unwritten.take_while(|block| block.iter().fold(0, |any, byte| any | byte) == 0) {
        end -= block.len();
    }
    let last = bytes.get(from..end).unwrap_or(&[]).iter().rposition(|byte| *byte != 0);
    last.map_or(from, |at| (from + at + 1).next_multiple_of(ALIGNMENT)).min(bytes.len())
}

/// Finds a later frame that was written after the broken place at `from` had been acknowledged, and returns its header: then
/// that place is damaged, not cut short. `next` is the index with which the place would begin.
pub(super) fn frame_after(bytes: &[u8], from: usize, next: u64) -> Option<Header> {
    let starts = (from + ALIGNMENT..bytes.len()).step_by(ALIGNMENT);
    starts.filter_map(|at| Some((at, bytes.get(at..at + frame::HEADER_BYTES)?))).find_map(|(at, start)| {
        let acknowledged = from as u64 + 1..=at as u64;
        frame::header(start).filter(|h| h.first > next && acknowledged.contains(&h.acknowledged))
    })
}
