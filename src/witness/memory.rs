//! A client's memory of a log: the last head that it verified, so that a smaller or forked one is refused.

use std::path::{Path, PathBuf};

use crate::log::{Disk, LogError, ProofText, SignedCheckpoint, VerifierKey, regular};

use super::evidence::{self, hexadecimal};
use super::folder::hold;
use super::relation::{Relation, relate, states_more};

/// Why no head can be remembered, or the remembered head cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MemoryError {
    /// The file is not as it was written.
    #[error("{}: what was seen of {origin} is damaged: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The log.
        origin: String,
        /// The damage.
        what: String,
    },
    /// The disk failed.
    #[error("{0}")]
    Log(#[from] LogError),
}

/// A head that was seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    /// The time at which it was seen, as an instant of RFC 3339.
    pub on: String,
    /// The head.
    pub checkpoint: SignedCheckpoint,
}

/// The relation of a verified head to the remembered one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Meeting {
    /// No head of the log was known, or it was this head, or this head was shown to continue it. This head is remembered.
    Remembered,
    /// The head is larger, and nothing shows that it continues the remembered one, which is kept.
    GrowthNotShown(Seen),
    /// The head is smaller, and was shown to be the beginning of the remembered one.
    Earlier(Seen),
    /// The head is smaller, and nothing shows that it is the beginning of the remembered one: a rollback, or an old proof.
    Smaller(Seen),
    /// The log has signed two histories.
    Forked(Seen),
}

/// A folder with a file for each key.
#[derive(Debug)]
pub struct HeadMemory {
    folder: PathBuf,
    disk: Disk,
}

impl HeadMemory {
    /// The memory in a folder, which is made when the first head is remembered.
    pub fn new(folder: &Path, disk: Disk) -> HeadMemory {
        HeadMemory { folder: folder.to_owned(), disk }
    }

    /// The folder for heads that contradict each other.
    pub fn evidence(&self) -> PathBuf {
        self.folder.join("evidence")
    }

    /// Compares a verified head with the remembered one, and remembers it if it continues that one. The proofs were verified under
    /// the same key.
    ///
    /// # Errors
    /// [`MemoryError`].
    pub fn meet(
        &self,
        key: &VerifierKey,
        checkpoint: &SignedCheckpoint,
        proofs: &[ProofText],
        now: &str,
    ) -> Result<Meeting, MemoryError> {
        let made = std::fs::create_dir_all(&self.folder);
        made.map_err(LogError::io(&self.folder, "cannot be made"))?;
        let path = self.folder.join(format!("{}.seen", hexadecimal(&key.to_string())));
        let _held = hold(&path.with_extension("lock"))?;
        let Some(seen) = read(&path, key)? else {
            self.write(&path, checkpoint, now)?;
            return Ok(Meeting::Remembered);
        };
        let (before, after) = (&seen.checkpoint.head, &checkpoint.head);
        let meeting = match relate(before, after, proofs) {
            Relation::Same if states_more(after, before) => {
                self.write(&path, checkpoint, now)?;
                Meeting::Remembered
            }
            Relation::Same => Meeting::Remembered,
            Relation::Forked => Meeting::Forked(seen),
            Relation::Grown if after.size < before.size => Meeting::Earlier(seen),
            Relation::NotShown if after.size < before.size => Meeting::Smaller(seen),
            Relation::NotShown => Meeting::GrowthNotShown(seen),
            Relation::Grown => {
                self.write(&path, checkpoint, now)?;
                Meeting::Remembered
            }
        };
        Ok(meeting)
    }

    /// Keeps heads that contradict each other, or may, with the proofs that show it.
    ///
    /// # Errors
    /// [`LogError::Io`].
    pub fn keep(&self, heads: [&SignedCheckpoint; 2], proofs: &[ProofText]) -> Result<(), LogError> {
        evidence::keep(&self.folder, &heads, &self.disk)?;
        for proof in proofs {
            let (text, size) = (proof.to_string(), proof.checkpoint.head.size);
            let name = format!("{size}-{:.16}.proof", hexadecimal(&text));
            evidence::keep_text(&self.folder, &name, &text, &self.disk)?;
        }
        Ok(())
    }

    fn write(&self, path: &Path, checkpoint: &SignedCheckpoint, now: &str) -> Result<(), LogError> {
        let text = format!("seen {now}\n\n{checkpoint}");
        self.disk.replace(path, text.as_bytes()).map_err(LogError::io(path, "cannot be written"))
    }
}

/// The remembered head of the log of a key. A head that the key did not sign was not written by [`HeadMemory::meet`].
fn read(path: &Path, key: &VerifierKey) -> Result<Option<Seen>, MemoryError> {
    let bytes = match regular::read(path, regular::TEXT_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(LogError::io(path, "cannot be read")(e).into()),
    };
    let text = String::from_utf8_lossy(&bytes);
    let damaged = |what: String| {
        let (path, origin) = (path.to_owned(), key.name().to_owned());
        MemoryError::Damaged { path, origin, what }
    };
    let parts = text.strip_prefix("seen ").and_then(|text| text.split_once("\n\n"));
    let (on, checkpoint) = parts.ok_or_else(|| damaged("it does not say when".into()))?;
    let checkpoint = SignedCheckpoint::parse(checkpoint)
        .map_err(|(line, what)| damaged(format!("line {}: {what}", line + 2)))?;
    checkpoint.verify(key).map_err(|error| damaged(error.to_string()))?;
    Ok(Some(Seen { on: on.to_owned(), checkpoint }))
}
