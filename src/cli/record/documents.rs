//! Attached documents: each stands beside the log, under its SHA-256.

use std::path::{Path, PathBuf};

use crate::event::Digest;
use crate::log::Disk;

use crate::cli::error::{Exit, Failure};

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
