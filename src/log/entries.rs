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
    /// Replaced as a whole; the lock is held only for the replacement.
    pub(super) state: RwLock<Arc<State>>,
    pub(super) writer: Option<Writer>,
    pub(super) recovered: Option<TornTail>,
    /// The offsets of the leaves that were read while the end was found.
    pub(super) passed: Passed,
    /// The size of the mark from which the end was found.
    pub(super) opened_at: Option<u64>,
    /// The number of acknowledged entries that are left out, since the head that the reader trusts does not cover them.
    pub(super) left_out: u64,
    /// The number of segments that are kept open for reading single leaves.
    pub(super) kept: AtomicUsize,
    pub(super) blocks: Blocks,
    pub(super) ahead: Mutex<Option<ReadAhead>>,
}

impl Entries {
    /// Makes an empty log in a folder; `FORMAT` is written last, so that a half-made log is never taken for a ledger.
    ///
    /// # Errors
    /// [`LogError::Present`] if any part of a ledger is there already, [`LogError::Origin`] for a name that no log may have,
    /// [`LogError::Io`] if a file cannot be written.
    pub fn create(ledger: &Path, origin: &str, disk: &Disk) -> Result<(), LogError> {
        format::check_origin(origin)?;
        making::check_absent(ledger)?;
        let folder = segment::folder(ledger);
        std::fs::create_dir_all(&folder).map_err(LogError::io(ledger, "cannot be made"))?;
        segment::create(ledger, origin, &Frontier::default(), segment::BYTES_MIN, disk)?;
        let path = watermark::path(ledger);
        let start = Watermark { size: 0, offset: segment::HEADER_BYTES as u64 };
        disk.replace(&path, &start.bytes()).map_err(LogError::io(&path, "cannot be written"))?;
        // The folder of entries must be durable before `FORMAT` is.
        disk.sync_dir(ledger).map_err(LogError::io(ledger, "cannot be synced"))?;
        format::write(ledger, origin, disk)?;
        let parent = ledger.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        disk.sync_dir(parent).map_err(LogError::io(parent, "cannot be synced"))
    }

    /// The ledger's folder.
    pub fn folder(&self) -> &Path {
        &self.ledger
    }

    /// The file system as the writer of the log uses it.
    ///
    /// # Errors
    /// [`LogError::ReadOnly`] if the log was opened for reading.
    pub fn disk(&self) -> Result<&Disk, LogError> {
        Ok(&self.writer.as_ref().ok_or(LogError::ReadOnly)?.disk)
    }

    pub(super) fn sealer(&self) -> Result<(&Sealer, &Disk), LogError> {
        let writer = self.writer.as_ref().ok_or(LogError::ReadOnly)?;
        Ok((&writer.sealer, &writer.disk))
    }

    /// The number of leaves. All of them are durable after [`Entries::make_durable`].
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

    /// The hashes of the leaves of this handle's last append, in their order; before the first one, that of the last leaf.
    pub fn appended_hashes(&self) -> Vec<Hash> {
        self.state().last.clone()
    }

    /// The tree over every leaf.
    pub fn frontier(&self) -> Frontier {
        self.state().tree.clone()
    }

    /// The number of acknowledged entries behind the head that a reader with a key of its own trusts: they are left out. 0 for
    /// every other log.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// The head of the log.
    pub fn checkpoint(&self) -> Checkpoint {
        let state = self.state();
        Checkpoint::new(&self.origin, state.size(), state.tree.root())
    }

    /// Writes the head beside the log, signed if the log has a key. The head may be behind the log, never ahead: the entries
    /// that it covers are made durable first.
    ///
    /// # Errors
    /// [`LogError::Io`] if it cannot be written; [`LogError::Poisoned`] if an earlier write failed; [`LogError::Key`] if the
    /// key cannot be used; [`LogError::ReadOnly`] if the log was opened for reading.
    pub fn write_checkpoint(&self) -> Result<(), LogError> {
        let head = self.checkpoint();
        self.write_signed(&match self.signing_key()? {
            Some(key) => SignedCheckpoint::sign(head, &key),
            None => SignedCheckpoint::unsigned(head),
        })
    }

    /// Like [`Entries::write_checkpoint`], for a head of this log that is signed already and may have extension lines.
    ///
    /// # Errors
    /// Those of [`Entries::write_checkpoint`], without [`LogError::Key`].
    pub fn write_signed(&self, head: &SignedCheckpoint) -> Result<(), LogError> {
        let disk = self.disk()?;
        self.make_durable()?;
        head.write(&self.ledger.join("checkpoint"), disk)
    }

    /// Like [`Entries::write_signed`], without syncing the folder: after a power cut the earlier head may be there, which is
    /// behind but still true.
    ///
    /// # Errors
    /// Those of [`Entries::write_signed`].
    pub fn write_signed_lazily(&self, head: &SignedCheckpoint) -> Result<(), LogError> {
        let disk = self.disk()?;
        self.make_durable()?;
        let path = self.ledger.join("checkpoint");
        disk.replace_lazily(&path, head.to_string().as_bytes())
            .map_err(LogError::io(&path, "cannot be written"))
    }

    /// Gives the log its signing key, made from 32 random bytes, and signs a head of everything recorded with it, before
    /// `key.pub` shows that there is a key.
    ///
    /// # Errors
    /// [`LogError::Key`] if the log has a key already; [`LogError::Io`] if a file cannot be written; [`LogError::ReadOnly`]
    /// if the log was opened for reading.
    pub fn create_key(&self, seed: &[u8; 32], head: Checkpoint) -> Result<VerifierKey, LogError> {
        let writer = self.writer.as_ref().ok_or(LogError::ReadOnly)?;
        let key = SigningKey::from_seed(&self.origin, seed);
        key_file::create(&self.ledger, &key, &writer.disk)?;
        self.write_signed(&SignedCheckpoint::sign(head, &key))?;
        key_file::write_public(&self.ledger, key.verifier(), &writer.disk)?;
        Ok(key.verifier().clone())
    }

    /// The key that signs the log's heads; `None` if the log never had one.
    ///
    /// # Errors
    /// [`LogError::Key`] if others can read the key, it is of another log, or it is missing.
    pub fn signing_key(&self) -> Result<Option<SigningKey>, LogError> {
        key_file::signing(&self.ledger, &self.origin)
    }

    /// Checks that the key of a log that has one is here: otherwise new entries could not be covered by a signed head.
    ///
    /// # Errors
    /// [`KeyError::Missing`](super::KeyError::Missing) if the key is not here.
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
