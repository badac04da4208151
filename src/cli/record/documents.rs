//! Attached documents: each stands beside the log, under its SHA-256.

use std::io;
use std::path::{Path, PathBuf};

use crate::event::Digest;
use crate::log::{Disk, regular};

use crate::cli::error::{Exit, Failure};

/// The largest document that is attached, and read again.
const DOCUMENT_BYTES_MAX: u64 = 1 << 30;

/// A document that the user attaches, which may come from a pipe.
///
/// # Errors
/// What the system says; a document of more than 1 GiB is refused.
pub(crate) fn read_attached(path: &Path) -> io::Result<Vec<u8>> {
    regular::read_bounded(regular::open_given(path)?, DOCUMENT_BYTES_MAX)
}

/// A document beside the log.
///
/// # Errors
/// What the system says; it must be a file.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    regular::read(path, DOCUMENT_BYTES_MAX)
}

/// The file of a document. Only a digest can name one, so it lies in `documents/`.
pub(crate) fn place(ledger: &Path, sha256: &Digest) -> PathBuf {
    ledger.join("documents").join(sha256.as_str())
}

/// Puts a document beside the log, durably, under its SHA-256.
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
