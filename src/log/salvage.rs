//! Reads a ledger whose evidence is damaged: every leaf that is still there, even if its neighbours are broken.

use std::io::ErrorKind;
use std::path::Path;

use super::checkpoint::Checkpoint;
use super::error::LogError;
use super::frame::{self, ALIGNMENT, Found};
use super::sealed::SealedLeaf;
use super::tree::{Hash, leaf_hash};
use super::watermark::Watermark;
use super::{format, sealed, segment};

/// A leaf that was found, sound or not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Salvaged<'a> {
    /// Its index in the log.
    pub index: u64,
    /// Its bytes, as they are now.
    pub leaf: &'a [u8],
    /// The RFC 6962 hash stored beside it, as it is now.
    pub stored: Hash,
    /// True if the bytes have that hash.
    pub intact: bool,
}

/// The statements of a ledger about itself, beside its leaves.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Remains {
    /// The log's name, from whichever part still gives it.
    pub origin: Option<String>,
    /// The heads in sound segment headers and in the checkpoint.
    pub heads: Vec<Checkpoint>,
    /// The smallest number of entries that it once had, according to all its parts.
    pub extent: u64,
}

/// Reads everything that can be read; writes nothing, takes no lock.
///
/// An append that was cut short at the end of the log was never acknowledged and is ignored.
///
/// # Errors
/// [`LogError::Absent`] if there is no ledger, [`LogError::Version`] if a later program wrote it, [`LogError::Io`] if files
/// cannot be read at all.
pub fn salvage(ledger: &Path, mut visit: impl FnMut(Salvaged<'_>)) -> Result<Remains, LogError> {
    remains(ledger, Some(&mut visit))
}

/// The statements of a ledger about itself, without reading any leaf: the extent follows from the names of the segments, the
/// watermark and the checkpoint.
///
/// # Errors
/// Those of [`salvage`].
pub fn stated(ledger: &Path) -> Result<Remains, LogError> {
    remains(ledger, None)
}

/// A function that is called with each leaf.
type Visit<'v> = &'v mut dyn FnMut(Salvaged<'_>);

fn remains(ledger: &Path, mut visit: Option<Visit<'_>>) -> Result<Remains, LogError> {
    let origin = match format::read(ledger) {
        Ok(origin) => Some(origin),
        Err(LogError::Damaged { .. }) => None,
        Err(error) => return Err(error),
    };
    let checkpoint = match Checkpoint::read(&ledger.join("checkpoint")) {
        Ok(checkpoint) => checkpoint,
        Err(LogError::Damaged { .. }) => None,
        Err(error) => return Err(error),
    };
    let folder = segment::folder(ledger);
    let listed = match std::fs::read_dir(&folder) {
        Ok(listed) => segment::named(&folder, listed)?,
        Err(e) if e.kind() == ErrorKind::NotFound => Vec::new(),
        Err(e) => return Err(LogError::io(&folder, "cannot be listed")(e)),
    };
    let mut remains = Remains { origin, ..Remains::default() };
    let floor = Watermark::read(ledger).map_or(0, |watermark| watermark.size);
    let floor = floor.max(checkpoint.as_ref().map_or(0, |c| c.size));
    remains.extent = floor;
    if remains.origin.is_none() {
        remains.origin = checkpoint.as_ref().map(|c| c.origin.clone());
    }
    for (at, (first, path)) in listed.iter().enumerate() {
        let bytes = segment::read(path, visit.is_none().then_some(segment::HEADER_BYTES as u64))?;
        if remains.origin.is_none() {
            remains.origin = named_origin(&bytes);
        }
        if let Some(origin) = &remains.origin
            && let Ok(header) = segment::open(path, *first, origin)
        {
            let head = Checkpoint::new(origin, *first, header.before.root());
            remains.heads.push(head);
        }
        remains.extent = remains.extent.max(*first);
        let last = at + 1 == listed.len();
        let Some(visit) = &mut visit else { continue };
        let reached = match sealed::is_one(&bytes) {
            true => sealed_leaves(&bytes, *first, visit),
            false => leaves(&bytes, last.then_some(floor), visit),
        };
        remains.extent = remains.extent.max(reached);
    }
    remains.heads.extend(checkpoint.filter(|c| remains.origin.as_ref() == Some(&c.origin)));
    Ok(remains)
}

/// Passes every leaf of a segment to `visit`, and returns the size that its frames reach. `floor` is set for the last
/// segment: frames that begin there or later may be cut short.
fn leaves(bytes: &[u8], floor: Option<u64>, visit: &mut Visit<'_>) -> u64 {
    let mut at = segment::HEADER_BYTES;
    let mut reached = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| rest.len() >= frame::HEADER_BYTES) {
        let Some(header) = frame::header(rest) else {
            at += ALIGNMENT;
            continue;
        };
        let end = (at + header.bytes).min(bytes.len());
        let broken = matches!(frame::find(rest, header.first), Found::Broken(..));
        let torn = broken
            && floor.is_some_and(|floor| header.first >= floor)
            && segment::frame_after(bytes, at, header.first).is_none()
            && frame::lost_sector(bytes, at, end);
        if torn {
            return reached;
        }
        reached = reached.max(header.first.saturating_add(u64::from(header.count)));
        for (n, (leaf, stored)) in frame::leaves(&bytes[at..end], &header).enumerate() {
            let index = header.first.saturating_add(n as u64);
            visit(Salvaged { index, leaf, stored, intact: leaf_hash(leaf) == stored });
        }
        at = end.next_multiple_of(ALIGNMENT);
    }
    reached
}

/// Passes every readable leaf of a sealed segment to `visit`, and returns the size that it reaches.
fn sealed_leaves(bytes: &[u8], first: u64, visit: &mut Visit<'_>) -> u64 {
    let found = sealed::salvage(bytes, first, |SealedLeaf { index, leaf, stored, .. }| {
        if let Some(stored) = stored {
            visit(Salvaged { index, leaf, stored, intact: leaf_hash(leaf) == stored });
        }
    });
    first.saturating_add(found.hashes.len() as u64)
}

/// The name in the header of a segment, if that header is sound.
fn named_origin(segment: &[u8]) -> Option<String> {
    let (body, sum) = segment.get(..segment::HEADER_BYTES)?.split_at(segment::HEADER_BYTES - 4);
    if sum != crc32c::crc32c(body).to_le_bytes() {
        return None;
    }
    let length = usize::from(u16::from_le_bytes([body[28], body[29]]));
    String::from_utf8(body.get(31..31 + length)?.to_vec()).ok()
}
