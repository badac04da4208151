//! An open segment, from which single leaves are read without their neighbours.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::LEAF_BYTES_MAX;
use super::error::LogError;
use super::frame::{self, LEAF_OVERHEAD};
use super::sealed::Sealed;
use super::segment::{Form, HEADER_BYTES};
use super::tree::{Hash, leaf_hash};

/// The number of bytes read at once for a leaf of unknown length; most leaves are shorter.
const USUAL_LEAF: usize = 988;
/// The size of the pieces in which frames are searched, in bytes.
const WINDOW_BYTES: usize = 128 << 10;
/// The offset of the hash in the record of a leaf, in bytes.
const HASH_AT: u64 = 4;

/// An open segment, in its form at the time of opening.
pub(super) enum Opened {
    Sealed(Box<Sealed>),
    Frames(Frames),
}

impl From<Form> for Opened {
    fn from(form: Form) -> Opened {
        match form {
            Form::Sealed(sealed) => Opened::Sealed(sealed),
            Form::Frames(file) => {
                let places = Places { starts: Vec::new(), end: HEADER_BYTES as u64 };
                Opened::Frames(Frames { file, places: Mutex::new(places) })
            }
        }
    }
}

/// A segment of frames.
pub(super) struct Frames {
    file: File,
    places: Mutex<Places>,
}

/// The offsets of the records of leaves, as far as they are known.
struct Places {
    /// The offset of each leaf's record from the first of the segment on, in bytes from the beginning of the file.
    starts: Vec<u32>,
    /// The offset of the next frame.
    end: u64,
}

/// A leaf to be found in a segment of frames.
#[derive(Clone, Copy)]
pub(super) struct Sought<'s> {
    /// The segment's file.
    pub(super) path: &'s Path,
    /// The index of the segment's first leaf.
    pub(super) first: u64,
    /// The end of the segment's frames, in bytes, if it is the last segment.
    pub(super) written: Option<u64>,
    /// The index of the leaf.
    pub(super) index: u64,
}

impl Sought<'_> {
    fn damaged(&self, offset: u64, what: &str) -> LogError {
        damaged(self.path, offset, what, self.index)
    }

    fn unread(&self) -> impl Fn(io::Error) -> LogError {
        |error| LogError::io(self.path, "cannot be read")(error)
    }
}

/// The error for damage at a leaf, with the remedy.
pub(super) fn damaged(path: &Path, offset: u64, what: &str, index: u64) -> LogError {
    let what = format!(
        "{what} (entry {index}): `chancery audit` lists all damage, `chancery repair --from DIR` restores"
    );
    LogError::damaged(path, offset, what)
}

impl Frames {
    /// Bytes of the segment's file from an offset on: `count` of them, fewer at its end.
    ///
    /// # Errors
    /// An error of the operating system.
    pub(super) fn bytes(&self, from: u64, count: u64) -> io::Result<Vec<u8>> {
        let end = from.saturating_add(count).min(self.file.metadata()?.len());
        let mut bytes = vec![0; usize::try_from(end.saturating_sub(from)).map_err(io::Error::other)?];
        self.file.read_exact_at(&mut bytes, from)?;
        Ok(bytes)
    }

    /// A leaf and its hash, which is checked; `place` is the offset at which its record was seen.
    ///
    /// # Errors
    /// [`LogError::Damaged`] if the leaf does not have its stored hash.
    pub(super) fn leaf(&self, sought: Sought<'_>, place: Option<u32>) -> Result<(Vec<u8>, Hash), LogError> {
        match place.and_then(|place| self.record(sought, place).ok()) {
            Some(leaf) => Ok(leaf),
            None => self.record(sought, self.place(sought)?),
        }
    }

    /// The stored hash of a leaf.
    ///
    /// # Errors
    /// [`LogError::Damaged`] if the segment's frames do not lead to the leaf.
    pub(super) fn hash(&self, sought: Sought<'_>, place: Option<u32>) -> Result<Hash, LogError> {
        let place = place.map_or_else(|| self.place(sought), Ok)?;
        let mut hash = [0; 32];
        self.file.read_exact_at(&mut hash, u64::from(place) + HASH_AT).map_err(sought.unread())?;
        Ok(Hash(hash))
    }

    /// The offset of a leaf's record.
    ///
    /// # Errors
    /// Those of [`Frames::hash`].
    fn place(&self, sought: Sought<'_>) -> Result<u32, LogError> {
        let at = usize::try_from(sought.index - sought.first).unwrap_or(usize::MAX);
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if at >= places.starts.len() {
            places.go_on(&self.file, sought)?;
        }
        let start = places.starts.get(at).copied();
        start.ok_or_else(|| sought.damaged(places.end, "the leaf is not in its segment"))
    }

    fn record(&self, sought: Sought<'_>, place: u32) -> Result<(Vec<u8>, Hash), LogError> {
        let place = u64::from(place);
        let other = || sought.damaged(place, "the leaf does not have its stored hash");
        let mut record = vec![0; LEAF_OVERHEAD + USUAL_LEAF];
        let read = self.file.read_at(&mut record, place).map_err(sought.unread())?;
        let (length, rest) = record.split_first_chunk::<4>().ok_or_else(other)?;
        let length = u32::from_le_bytes(*length) as usize;
        let hash = rest.first_chunk::<32>().map(|hash| Hash(*hash)).filter(|_| length <= LEAF_BYTES_MAX);
        let hash = hash.ok_or_else(other)?;
        let whole = LEAF_OVERHEAD + length;
        record.resize(whole, 0);
        if read < whole {
            self.file.read_exact_at(&mut record, place).map_err(sought.unread())?;
        }
        record.drain(..LEAF_OVERHEAD);
        if leaf_hash(&record) == hash { Ok((record, hash)) } else { Err(other()) }
    }
}

impl Places {
    /// Goes from frame to frame, and in each from leaf to leaf, by their stated lengths. The result is checked when it is
    /// used: a leaf by its hash.
    fn go_on(&mut self, file: &File, sought: Sought<'_>) -> Result<(), LogError> {
        let length = file.metadata().map_err(sought.unread())?.len();
        let to = sought.written.unwrap_or(length).min(length);
        let mut window = Window { file, to, start: 0, bytes: Vec::new() };
        while let Some(header) =
            window.at(self.end, frame::HEADER_BYTES).map_err(sought.unread())?.and_then(frame::header)
        {
            let next = sought.first + self.starts.len() as u64;
            if header.first != next || self.end + header.bytes as u64 > to {
                break;
            }
            let mut at = self.end + frame::HEADER_BYTES as u64;
            for _ in 0..header.count {
                let length =
                    window.at(at, 4).map_err(sought.unread())?.and_then(|bytes| bytes.try_into().ok());
                let (Some(length), Ok(start)) = (length.map(u32::from_le_bytes), u32::try_from(at)) else {
                    break;
                };
                self.starts.push(start);
                at += LEAF_OVERHEAD as u64 + u64::from(length);
            }
            self.end += header.bytes as u64;
        }
        Ok(())
    }
}

/// A file that is read forward, a part at a time, into one buffer.
struct Window<'a> {
    file: &'a File,
    /// The offset at which reading ends.
    to: u64,
    start: u64,
    bytes: Vec<u8>,
}

impl Window<'_> {
    /// `count` bytes from an offset on; `None` if they go beyond the end.
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
