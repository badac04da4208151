//! Attached documents: each is a file beside the log, named by its SHA-256.

use std::io;
use std::path::{Path, PathBuf};

use crate::event::Digest;
use crate::log::{Disk, regular};

use crate::cli::error::{Exit, Failure};

/// The largest document that can be attached and read again, in bytes.
const DOCUMENT_BYTES_MAX: u64 = 1 << 30;

/// Reads a document that the user attaches, which may come from a pipe.
///
/// # Errors
/// An error of the operating system, or a document of more than 1 GiB.
pub(crate) fn read_attached(path: &Path) -> io::Result<Vec<u8>> {
    regular::read_bounded(regular::open_given(path)?, DOCUMENT_BYTES_MAX)
}

/// Reads a document that is beside the log.
///
/// # Errors
/// An error of the operating system, or a path that is not a regular file.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    regular::read(path, DOCUMENT_BYTES_MAX)
}

/// The file of a document. Its name is always a digest, so it is in `documents/`.
pub(crate) fn place(ledger: &Path, sha256: &Digest) -> PathBuf {
    ledger.join("documents").join(sha256.as_str())
}

/// Writes a document beside the log, durably, under its SHA-256.
///
/// # Errors
/// [`Failure`].
pub(crate) fn keep_document(ledger: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let path = place(ledger, &Digest::of(bytes));
    if path.exists() {
        return Ok(());
    }
    let write = || {
        std::fs::create_dir_all(ledger.join("documents"))?;
        Disk::default().sync_dir(ledger)?;
        Disk::default().replace(&path, bytes)
    };
    write().map_err(|e| Failure::new(Exit::Unavailable, format!("{}: {e}", path.display())))
}
