//! A segment that is open, so that single leaves are read without their neighbours.

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

/// The bytes that are read at once of a leaf whose length is not known; most are shorter.
const USUAL_LEAF: usize = 988;
/// Frames are looked through in pieces of this size.
const WINDOW_BYTES: usize = 128 << 10;
/// Where the hash stands in the record of a leaf.
const HASH_AT: u64 = 4;

/// A segment that is open, in the form that it had when it was opened.
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

/// Where the records of leaves begin, as far as they were looked for.
struct Places {
    /// Of each leaf from the first of the segment on, in bytes from the beginning of the file.
    starts: Vec<u32>,
    /// Where the frame after them begins.
    end: u64,
}

/// A leaf of a segment of frames, as it is looked for.
#[derive(Clone, Copy)]
pub(super) struct Sought<'s> {
    /// The segment's file.
    pub(super) path: &'s Path,
    /// The index of the segment's first leaf.
    pub(super) first: u64,
    /// Where the segment's frames end, if it is the last.
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

/// Damage at a leaf, with what to do.
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
    /// What the system says.
    pub(super) fn bytes(&self, from: u64, count: u64) -> io::Result<Vec<u8>> {
        let end = from.saturating_add(count).min(self.file.metadata()?.len());
        let mut bytes = vec![0; usize::try_from(end.saturating_sub(from)).map_err(io::Error::other)?];
        self.file.read_exact_at(&mut bytes, from)?;
        Ok(bytes)
    }

    /// A leaf and its hash, which is checked; `place` is where its record was seen to begin.
    ///
    /// # Errors
    /// [`LogError::Damaged`] where the leaf is not as it was written.
    pub(super) fn leaf(&self, sought: Sought<'_>, place: Option<u32>) -> Result<(Vec<u8>, Hash), LogError> {
        match place.and_then(|place| self.record(sought, place).ok()) {
            Some(leaf) => Ok(leaf),
            None => self.record(sought, self.place(sought)?),
        }
    }

    /// The hash of a leaf as it is stored beside it.
    ///
    /// # Errors
    /// [`LogError::Damaged`] where the segment's frames do not lead to the leaf.
    pub(super) fn hash(&self, sought: Sought<'_>, place: Option<u32>) -> Result<Hash, LogError> {
        let place = place.map_or_else(|| self.place(sought), Ok)?;
        let mut hash = [0; 32];
        self.file.read_exact_at(&mut hash, u64::from(place) + HASH_AT).map_err(sought.unread())?;
        Ok(Hash(hash))
    }

    /// Where the record of a leaf begins.
    ///
    /// # Errors
    /// As of [`Frames::hash`].
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
    /// Goes from frame to frame, and in each from leaf to leaf, by what is said of their lengths. What that leads to is
    /// checked where it is read: a leaf by its hash.
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

/// A file read forward, a part at a time, in one buffer.
struct Window<'a> {
    file: &'a File,
    /// Nothing is read from here on.
    to: u64,
    start: u64,
    bytes: Vec<u8>,
}

impl Window<'_> {
    /// `count` bytes from an offset on; `None` where they go beyond the end.
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
