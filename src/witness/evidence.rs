//! Signed heads that are kept because they contradict each other, or may.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::log::{Disk, LogError, SignedCheckpoint};

/// A file name for a text that cannot itself be one: its SHA-256, in hex.
pub(super) fn hexadecimal(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Keeps heads in the folder `evidence`, each once, named by its size and the beginning of a hash of its signed text.
pub(super) fn keep(
    folder: &Path,
    heads: &[&SignedCheckpoint],
    disk: &Disk,
) -> Result<Vec<PathBuf>, LogError> {
    heads
        .iter()
        .map(|signed| {
            let name = format!("{}-{:.16}", signed.head.size, hexadecimal(&signed.head.to_string()));
            keep_text(folder, &format!("{name}.checkpoint"), &signed.to_string(), disk)
        })
        .collect()
}

/// Keeps a text in that folder under a name; an existing file is left as it is.
pub(super) fn keep_text(folder: &Path, name: &str, text: &str, disk: &Disk) -> Result<PathBuf, LogError> {
    let folder = folder.join("evidence");
    std::fs::create_dir_all(&folder).map_err(LogError::io(&folder, "cannot be made"))?;
    let path = folder.join(name);
    if !path.exists() {
        disk.replace(&path, text.as_bytes()).map_err(LogError::io(&path, "cannot be written"))?;
    }
    Ok(path)
}
