//! `entries/acknowledged`: a size that the log has reached at least. Overwritten in place and never synced, so that after a
//! crash it may be behind; it is never ahead.
//!
//! | bytes | content |
//! |---|---|
//! | 0..8 | magic `CHANCACK` |
//! | 8..16 | number of leaves acknowledged |
//! | 16..24 | offset of the end of the last of them in its segment |
//! | 24..28 | CRC-32C of bytes 0..24 |
//!
//! Numbers are little-endian.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::LogError;
use super::regular;
use super::segment;

const MAGIC: [u8; 8] = *b"CHANCACK";
/// The length of the file, in bytes.
const BYTES: usize = 28;
/// The number of attempts to read it: a writer may be halfway through overwriting it.
const ATTEMPTS: usize = 5;

/// The smallest size that was acknowledged, and the offset of its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Watermark {
    pub(super) size: u64,
    pub(super) offset: u64,
}

pub(super) fn path(ledger: &Path) -> PathBuf {
    segment::folder(ledger).join("acknowledged")
}

impl Watermark {
    pub(super) fn bytes(self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&self.size.to_le_bytes());
        bytes.extend_from_slice(&self.offset.to_le_bytes());
        bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
        bytes
    }

    fn parse(bytes: &[u8]) -> Option<Watermark> {
        let number =
            |at: usize| bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map(u64::from_le_bytes);
        let found = Watermark { size: number(8)?, offset: number(16)? };
        (bytes == found.bytes()).then_some(found)
    }

    pub(super) fn read(ledger: &Path) -> Result<Watermark, LogError> {
        let path = path(ledger);
        Watermark::read_in(&Watermark::open(&path)?, &path)
    }

    /// Opens the file.
    pub(super) fn open(path: &Path) -> Result<File, LogError> {
        regular::open(path).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => {
                LogError::damaged(path, 0, format!("the count of acknowledged entries is missing: {REMEDY}"))
            }
            _ => LogError::io(path, "cannot be read")(e),
        })
    }

    /// Reads the open file.
    pub(super) fn read_in(file: &File, path: &Path) -> Result<Watermark, LogError> {
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                std::thread::sleep(Duration::from_millis(1));
            }
            let mut bytes = [0; BYTES + 1];
            let read = file.read_at(&mut bytes, 0).map_err(LogError::io(path, "cannot be read"))?;
            if let Some(found) = bytes.get(..read).and_then(Watermark::parse) {
                return Ok(found);
            }
        }
        let what = format!("the count of acknowledged entries does not match its checksum: {REMEDY}");
        Err(LogError::damaged(path, 0, what))
    }
}

const REMEDY: &str = "restore the file from a backup, or `chancery repair --from` this folder itself \
                      `--into` a new one, which reads the entries";
