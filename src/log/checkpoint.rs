//! The head of the log in the text form of C2SP tlog-checkpoint: origin, size, root, one a line.

use std::fmt;
use std::path::Path;

use super::disk::Disk;
use super::error::LogError;
use super::tree::Hash;

/// The head of a log: its name, how many leaves, the RFC 6962 root over them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: String,
    /// How many leaves.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, self.root)
    }
}

impl Checkpoint {
    /// Reads the text form.
    ///
    /// # Errors
    /// The line (from 1) and what is wrong with it.
    pub fn parse(text: &str) -> Result<Checkpoint, (usize, &'static str)> {
        let mut lines = text.split('\n');
        let origin = lines.next().filter(|line| !line.is_empty()).ok_or((1, "no origin"))?;
        let size = lines.next().ok_or((2, "no size"))?;
        let number: u64 = size.parse().map_err(|_| (2, "the size is no number"))?;
        if number.to_string() != size {
            return Err((2, "the size has a sign or leading zeros"));
        }
        let root = lines.next().ok_or((3, "no root"))?;
        let hash = Hash::from_base64(root).ok_or((3, "the root is not 32 bytes of base64"))?;
        if lines.next() != Some("") || lines.next().is_some() {
            return Err((4, "there is something after the root"));
        }
        Ok(Checkpoint { origin: origin.into(), size: number, root: hash })
    }

    /// Reads the file; `None` where there is none.
    ///
    /// # Errors
    /// [`LogError::Damaged`] with the byte offset of the wrong line.
    pub fn read(path: &Path) -> Result<Option<Checkpoint>, LogError> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(LogError::io(path, "cannot be read")(e)),
        };
        let remedy = "put it back from a backup; or, where `chancery audit` finds nothing else, move it aside: the next \
                      append writes it anew";
        let text = std::str::from_utf8(&bytes).map_err(|e| {
            LogError::damaged(path, e.valid_up_to() as u64, format!("the checkpoint is not text; {remedy}"))
        })?;
        Checkpoint::parse(text).map(Some).map_err(|(line, what)| {
            let offset: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
            LogError::damaged(path, offset as u64, format!("the checkpoint's line {line}: {what}; {remedy}"))
        })
    }

    /// Puts the file in place, durably.
    ///
    /// # Errors
    /// [`LogError::Io`].
    pub fn write(&self, path: &Path, disk: &Disk) -> Result<(), LogError> {
        disk.replace(path, self.to_string().as_bytes()).map_err(LogError::io(path, "cannot be written"))
    }
}
