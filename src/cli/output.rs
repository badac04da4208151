//! Files that the user asks for: written beside their place first, and put there when they are whole.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use crate::cli::error::Failure;
use crate::log::Disk;

/// Writes a file that the user asked for, whole or not at all. A pipe or a device is written into; a link keeps leading where
/// it leads.
///
/// # Errors
/// [`Failure`].
pub(crate) fn write_output(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_output_by(path, |mut file| file.write_all(bytes))
}

/// The same for a file that `write` writes, part by part.
///
/// # Errors
/// [`Failure`].
pub(crate) fn write_output_by(
    path: &Path,
    write: impl FnOnce(&File) -> std::io::Result<()>,
) -> Result<(), Failure> {
    let written = match std::fs::metadata(path) {
        Ok(there) if !there.is_file() => {
            OpenOptions::new().write(true).open(path).and_then(|file| write(&file))
        }
        Ok(_) => {
            path.canonicalize().and_then(|real| Disk::default().replace_by(&real, |file| write(file.file())))
        }
        Err(_) => Disk::default().replace_by(path, |file| write(file.file())),
    };
    written.map_err(|e| Failure::file(path, &e))
}
