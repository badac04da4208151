//! The durable evidence: leaves in append-only segments, synced before an append is acknowledged.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::blocks::Blocks;
use super::checkpoint::{Checkpoint, SignedCheckpoint};
use super::disk::Disk;
use super::error::LogError;
use super::key::{SigningKey, VerifierKey};
use super::scan::ReadAhead;
use super::seal::Sealer;
use super::state::State;
use super::tail::{Passed, TornTail};
use super::tree::{Frontier, Hash};
use super::watermark::{self, Watermark};
use super::writer::Writer;
use super::{format, key_file, making, segment};

/// The log on disk. Any number of threads can read one.
pub struct Entries {
    pub(super) ledger: PathBuf,
    pub(super) origin: String,
    /// Replaced as a whole, and locked for no longer than that takes.
    pub(super) state: RwLock<Arc<State>>,
    pub(super) writer: Option<Writer>,
    pub(super) recovered: Option<TornTail>,
    /// Where the leaves lie that were passed when the end was looked for.
    pub(super) passed: Passed,
    /// The size of the mark from which its end was found.
    pub(super) opened_at: Option<u64>,
    /// How many segments are kept open for reading single leaves.
    pub(super) kept: AtomicUsize,
    pub(super) blocks: Blocks,
    pub(super) ahead: Mutex<Option<ReadAhead>>,
}

impl Entries {
    /// Makes an empty log in a folder; `FORMAT` is written last, so that a half-made one is never taken for a ledger.
    ///
    /// # Errors
    /// [`LogError::Present`] where any part of a ledger is there already, [`LogError::Origin`], [`LogError::Io`].
    pub fn create(ledger: &Path, origin: &str, disk: &Disk) -> Result<(), LogError> {
        format::check_origin(origin)?;
        making::check_absent(ledger)?;
        let folder = segment::folder(ledger);
        std::fs::create_dir_all(&folder).map_err(LogError::io(ledger, "cannot be made"))?;
        segment::create(ledger, origin, &Frontier::default(), segment::BYTES_MIN, disk)?;
        let path = watermark::path(ledger);
        let start = Watermark { size: 0, offset: segment::HEADER_BYTES as u64 };
        disk.replace(&path, &start.bytes()).map_err(LogError::io(&path, "cannot be written"))?;
        // The folder of entries must not be lost where `FORMAT` is not.
        disk.sync_dir(ledger).map_err(LogError::io(ledger, "cannot be synced"))?;
        format::write(ledger, origin, disk)?;
        let parent = ledger.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        disk.sync_dir(parent).map_err(LogError::io(parent, "cannot be synced"))
    }

    /// The ledger's folder.
    pub fn folder(&self) -> &Path {
        &self.ledger
    }

    /// The file system, as whoever writes the log writes to it.
    ///
    /// # Errors
    /// [`LogError::ReadOnly`] where the log was opened for reading.
    pub fn disk(&self) -> Result<&Disk, LogError> {
        Ok(&self.writer.as_ref().ok_or(LogError::ReadOnly)?.disk)
    }

    pub(super) fn sealer(&self) -> Result<(&Sealer, &Disk), LogError> {
        let writer = self.writer.as_ref().ok_or(LogError::ReadOnly)?;
        Ok((&writer.sealer, &writer.disk))
    }

    /// How many leaves it has. All of them are durable once [`Entries::make_durable`] is done.
    pub fn size(&self) -> u64 {
        self.state().size()
    }

    /// The log's name.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The append that was cut short and cleared when the log was opened for writing.
    pub fn recovered(&self) -> Option<&TornTail> {
        self.recovered.as_ref()
    }

    /// The RFC 6962 hash of the last leaf.
    pub fn last_leaf_hash(&self) -> Option<Hash> {
        self.state().last.last().copied()
    }

    /// The hashes of the leaves that this handle appended last, in their order.
    pub fn appended_hashes(&self) -> Vec<Hash> {
        self.state().last.clone()
    }

    /// The tree over every leaf.
    pub fn frontier(&self) -> Frontier {
        self.state().tree.clone()
    }

    /// The head of the log.
    pub fn checkpoint(&self) -> Checkpoint {
        let state = self.state();
        Checkpoint::new(&self.origin, state.size(), state.tree.root())
    }

    /// Writes the head beside the log, signed where the log has a key. It may be behind, never ahead: what it covers is
    /// made durable first.
    ///
    /// # Errors
    /// [`LogError::Io`]; [`LogError::Poisoned`]; [`LogError::Key`] where the key cannot be used; [`LogError::ReadOnly`] where the log was opened
    /// for reading.
    pub fn write_checkpoint(&self) -> Result<(), LogError> {
        let head = self.checkpoint();
        self.write_signed(&match self.signing_key()? {
            Some(key) => SignedCheckpoint::sign(head, &key),
            None => SignedCheckpoint::unsigned(head),
        })
    }

    /// The same for a head of this log that is signed already, and may have extension lines.
    ///
    /// # Errors
    /// As of [`Entries::write_checkpoint`].
    pub fn write_signed(&self, head: &SignedCheckpoint) -> Result<(), LogError> {
        let disk = self.disk()?;
        self.make_durable()?;
        head.write(&self.ledger.join("checkpoint"), disk)
    }

    /// The same without syncing the folder: after a power cut the head before may be there, which is behind and no less true.
    ///
    /// # Errors
    /// As of [`Entries::write_checkpoint`].
    pub fn write_signed_lazily(&self, head: &SignedCheckpoint) -> Result<(), LogError> {
        let disk = self.disk()?;
        self.make_durable()?;
        let path = self.ledger.join("checkpoint");
        disk.replace_lazily(&path, head.to_string().as_bytes())
            .map_err(LogError::io(&path, "cannot be written"))
    }

    /// Gives the log its signing key, made from 32 bytes of chance, and signs a head with it before `key.pub` says that there is
    /// a key. The head is that of everything recorded.
    ///
    /// # Errors
    /// [`LogError::Key`] where it has one; [`LogError::Io`]; [`LogError::ReadOnly`].
    pub fn create_key(&self, seed: &[u8; 32], head: Checkpoint) -> Result<VerifierKey, LogError> {
        let writer = self.writer.as_ref().ok_or(LogError::ReadOnly)?;
        let key = SigningKey::from_seed(&self.origin, seed);
        key_file::create(&self.ledger, &key, &writer.disk)?;
        self.write_signed(&SignedCheckpoint::sign(head, &key))?;
        key_file::write_public(&self.ledger, key.verifier(), &writer.disk)?;
        Ok(key.verifier().clone())
    }

    /// The key that signs the log's heads; `None` where it never had one.
    ///
    /// # Errors
    /// [`LogError::Key`]: others can read it, it is of another log, it is not here any more.
    pub fn signing_key(&self) -> Result<Option<SigningKey>, LogError> {
        key_file::signing(&self.ledger, &self.origin)
    }

    /// Refuses if the log has a key that is not here: nobody could sign a head over what is appended.
    ///
    /// # Errors
    /// [`KeyError::Missing`](super::KeyError::Missing).
    pub(crate) fn check_signable(&self) -> Result<(), LogError> {
        key_file::check_here(&self.ledger)
    }

    /// The head of the first `size` entries.
    ///
    /// # Errors
    /// [`LogError::Beyond`] for a size larger than the log's.
    pub fn head(&self, size: u64) -> Result<Checkpoint, LogError> {
        Ok(Checkpoint::new(&self.origin, size, self.root(size)?))
    }

    /// The log as it is now.
    pub(super) fn state(&self) -> Arc<State> {
        Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }
}
