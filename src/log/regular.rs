//! Reads files only after their kind and size are known: a pipe in the place of a file would make a command wait for ever,
//! and a device or a file of a terabyte of zeros would fill the memory.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The largest file of a few lines in a ledger's folder (a head, a key, `FORMAT`), in bytes.
pub(crate) const TEXT_BYTES_MAX: u64 = 1 << 20;
/// The largest segment, in bytes. A frame has at most 64 MiB, and a segment made for one frame has little else.
pub(super) const SEGMENT_BYTES_MAX: u64 = 128 << 20;
/// The largest file, or pipe, that is read whole because the user named it, in bytes; imports, exports and documents have no
/// such limit or another one.
pub(crate) const GIVEN_BYTES_MAX: u64 = 256 << 20;

/// Opens a regular file for reading. The kind is that of the open file, so no other file can take its place in between.
///
/// # Errors
/// An error of the operating system; [`ErrorKind::InvalidInput`] for a pipe, a device or a folder.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    checked(OpenOptions::new().read(true), path)
}

/// Like [`open`], for reading and writing.
///
/// # Errors
/// Those of [`open`].
pub(crate) fn open_for_writing(path: &Path) -> io::Result<File> {
    checked(OpenOptions::new().read(true).write(true), path)
}

/// Like [`open_for_writing`]; makes an empty file if there is none.
///
/// # Errors
/// Those of [`open`].
pub(crate) fn open_or_make(path: &Path) -> io::Result<File> {
    checked(OpenOptions::new().read(true).write(true).create(true).truncate(false), path)
}

/// Opens with `O_NONBLOCK`: otherwise opening a pipe would wait until another process opens its other end.
fn checked(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    let file = options.custom_flags(flags.bits().cast_signed()).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(
            ErrorKind::InvalidInput,
            "it is a pipe, a device or a folder, not a file",
        ));
    }
    Ok(file)
}

/// Reads a regular file of at most `limit` bytes.
///
/// # Errors
/// Those of [`open`]; [`ErrorKind::FileTooLarge`] if it is longer.
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    check_length(&file, limit)?;
    read_bounded(file, limit)
}

/// Reads a text in a regular file of at most `limit` bytes.
///
/// # Errors
/// Those of [`read`]; [`ErrorKind::InvalidData`] if it is not UTF-8.
pub(crate) fn read_text(path: &Path, limit: u64) -> io::Result<String> {
    text(read(path, limit)?)
}

/// Refuses a file that is longer than `limit` before anything is read: a sparse file may be long without using the disk.
///
/// # Errors
/// [`ErrorKind::FileTooLarge`] if it is longer.
pub(crate) fn check_length(file: &File, limit: u64) -> io::Result<()> {
    let length = file.metadata()?.len();
    if length > limit {
        let what = format!("it has {length} bytes, and no file in its place has more than {limit}");
        return Err(io::Error::new(ErrorKind::FileTooLarge, what));
    }
    Ok(())
}

/// Reads a file that the user named, which may be a pipe, of at most [`GIVEN_BYTES_MAX`] bytes.
///
/// # Errors
/// An error of the operating system; [`ErrorKind::FileTooLarge`] if it is longer.
pub(crate) fn read_given(path: &Path) -> io::Result<Vec<u8>> {
    read_bounded(open_given(path)?, GIVEN_BYTES_MAX)
}

/// Opens a file that the user named, which may be a pipe. The caller must limit the length that it reads.
///
/// # Errors
/// An error of the operating system.
pub(crate) fn open_given(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// The lines of a file that the user named, each without its newline and of at most `limit` bytes.
///
/// # Errors
/// An error of the operating system if the file cannot be opened. An item may be an error of reading, or
/// [`ErrorKind::FileTooLarge`] if it is longer than `limit`.
pub(crate) fn lines_given(
    path: &Path,
    limit: usize,
) -> io::Result<impl Iterator<Item = io::Result<Vec<u8>>>> {
    let mut file = BufReader::new(open_given(path)?);
    Ok(std::iter::from_fn(move || line(&mut file, limit).transpose()))
}

fn line(file: &mut impl BufRead, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    file.take(limit as u64 + 1).read_until(b'\n', &mut line)?;
    let is_empty = line.is_empty();
    if line.pop_if(|byte| *byte == b'\n').is_none() && line.len() > limit {
        let what = format!("a line has more than {limit} bytes, the most that a leaf can have");
        return Err(io::Error::new(ErrorKind::FileTooLarge, what));
    }
    Ok((!is_empty).then_some(line))
}

/// Reads a text that the user named, which may be a pipe, of at most [`GIVEN_BYTES_MAX`] bytes.
///
/// # Errors
/// Those of [`read_given`]; [`ErrorKind::InvalidData`] if it is not UTF-8.
pub(crate) fn read_text_given(path: &Path) -> io::Result<String> {
    read_text_bounded(open_given(path)?)
}

/// Reads the rest of a text that the user named, of at most [`GIVEN_BYTES_MAX`] bytes.
///
/// # Errors
/// Those of [`read_text_given`].
pub(crate) fn read_text_bounded(source: impl Read) -> io::Result<String> {
    text(read_bounded(source, GIVEN_BYTES_MAX)?)
}

/// A source named by the user, of which reading more than [`GIVEN_BYTES_MAX`] bytes fails: an endless line would never end.
pub(crate) struct Bounded<R> {
    source: R,
    left: u64,
}

impl<R> Bounded<R> {
    pub(crate) const fn new(source: R) -> Bounded<R> {
        Bounded { source, left: GIVEN_BYTES_MAX }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| too_large(GIVEN_BYTES_MAX))?;
        Ok(count)
    }
}

fn too_large(limit: u64) -> io::Error {
    io::Error::new(ErrorKind::FileTooLarge, format!("it has more than {limit} bytes, the most that is read"))
}

/// Reads to the end, which must come within `limit` bytes.
///
/// # Errors
/// An error of the source; [`ErrorKind::FileTooLarge`] if it is longer.
pub(crate) fn read_bounded(source: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(too_large(limit));
    }
    Ok(bytes)
}

fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|error| io::Error::new(ErrorKind::InvalidData, error.utf8_error()))
}
