//! Proofs about the entries of the log, each under a signed head.

use crate::event::{Index, Size};
use crate::log::{
    Claim, Disk, Holder, KeyError, LeafHashes, Lock, LogError, ProofText, SignedCheckpoint, VerifierKey,
    prove_consistency, prove_inclusion, verifier_key,
};

use super::record::Record;
use super::{LedgerError, Reading, Writer};

impl Writer {
    /// Gives the log its signing key, made from 32 random bytes, and signs the head of everything recorded with it.
    ///
    /// # Errors
    /// [`LedgerError::Log`] if the log already has a key, or this is a dry run.
    pub fn create_key(&self, seed: &[u8; 32]) -> Result<VerifierKey, LedgerError> {
        let (groups, root) = self.record.tables().completeness(&|index| self.record.hash(index))?;
        let head = self.log().head(self.record.size().0)?.with_completeness(groups, root);
        Ok(self.log().create_key(seed, head)?)
    }
}

impl Record {
    /// The key that signs the log's heads.
    ///
    /// # Errors
    /// [`LogError::Key`] if there is none.
    pub(super) fn key(&self) -> Result<crate::log::SigningKey, LogError> {
        self.log().signing_key()?.ok_or_else(|| KeyError::Missing(self.path().join("key")).into())
    }
}

impl Record {
    /// Checks that a head with the signature of the log's key is present before another is signed: a signature vouches for all
    /// entries in the folder. An unsigned head proves nothing, because anyone can write one. The entries were compared with the
    /// root of the head on opening.
    ///
    /// # Errors
    /// [`LedgerError::Log`] with [`KeyError::Unheaded`] if the log has a key and entries, and no head signed with that key.
    pub(super) fn check_headed(&self) -> Result<(), LedgerError> {
        let Some(key) = verifier_key(self.path())?.filter(|_| self.size().0 > 0) else { return Ok(()) };
        let path = self.path().join("checkpoint");
        match SignedCheckpoint::read(&path)?.is_some_and(|head| head.verify(&key).is_ok()) {
            true => Ok(()),
            false => Err(LogError::Key(KeyError::Unheaded(path)).into()),
        }
    }
}

impl Reading {
    /// The key with which others verify the log's heads.
    ///
    /// # Errors
    /// [`LedgerError::Log`] with [`LogError::Key`] if there is none.
    pub fn verifier_key(&self) -> Result<VerifierKey, LedgerError> {
        match verifier_key(self.path())? {
            Some(key) => Ok(key),
            None => Ok(self.record().key()?.verifier().clone()),
        }
    }

    /// The signed head of the first `size` entries, with the witnesses' cosignatures kept for it, if any. On a copy without the
    /// signing key: the last head signed, if it has this size.
    ///
    /// # Errors
    /// [`LedgerError::Log`] with [`LogError::Beyond`] if the record has fewer entries, with [`LogError::Key`] if nothing can be
    /// signed, and with [`LogError::Untrusted`] if the reading was opened with keys and none of them signed the head.
    pub fn signed_head(&self, size: Size) -> Result<SignedCheckpoint, LedgerError> {
        let signed = self.head_of_log(size)?;
        match self.trusted.is_empty() || signed.is_signed_by(&self.trusted, self.origin()) {
            true => Ok(signed),
            false => Err(LogError::Untrusted(self.path().join("checkpoint")).into()),
        }
    }

    /// The signed head of the first `size` entries, without regard to the keys that the reader trusts.
    fn head_of_log(&self, size: Size) -> Result<SignedCheckpoint, LedgerError> {
        let held = self.record().size();
        if size > held {
            return Err(LogError::Beyond { size: held.0, asked: size.0 }.into());
        }
        let cosigned = self.cosigned()?;
        let missing = match self.record().key() {
            Ok(key) => {
                self.record().check_headed()?;
                let signed = self.record().sign_head(self.full_head(size)?)?;
                let fits =
                    |kept: &SignedCheckpoint| kept.head == signed.head && kept.verify(key.verifier()).is_ok();
                // The stored head may also have the signature of the key before.
                let stored = SignedCheckpoint::read(&self.path().join("checkpoint"))?;
                let kept = cosigned.into_iter().chain(stored).find(fits);
                return Ok(kept.unwrap_or(signed));
            }
            Err(missing @ LogError::Key(KeyError::Missing(_))) => missing,
            Err(error) => return Err(error.into()),
        };
        let stored = SignedCheckpoint::read(&self.path().join("checkpoint"))?;
        let fits = |signed: &SignedCheckpoint| signed.is_signed() && signed.head.size == size.0;
        Ok([cosigned, stored].into_iter().flatten().find(fits).ok_or(missing)?)
    }

    /// The largest head that enough witnesses cosigned, as kept in the folder; `None` if there is none.
    ///
    /// # Errors
    /// [`LedgerError::Log`] if the file is damaged.
    pub fn cosigned(&self) -> Result<Option<SignedCheckpoint>, LedgerError> {
        let path = self.path().join("cosigned");
        Ok(SignedCheckpoint::read_or(&path, "move it aside: `chancery checkpoint --cosign` makes it anew")?)
    }

    /// Keeps a head that enough witnesses cosigned, durably, unless a larger one is already kept. Returns true if it is kept.
    ///
    /// # Errors
    /// [`LedgerError::Log`], with [`LogError::Locked`] while another process writes.
    pub fn keep_cosigned(
        &self,
        signed: &SignedCheckpoint,
        holder: &Holder,
        disk: &Disk,
    ) -> Result<bool, LedgerError> {
        let _lock = Lock::take(self.path(), holder)?;
        let newer = self.cosigned()?.is_none_or(|kept| kept.head.size <= signed.head.size);
        if newer {
            signed.write(&self.path().join("cosigned"), disk)?;
        }
        Ok(newer)
    }

    /// A proof that an entry is among the first `size`, with its leaf.
    ///
    /// # Errors
    /// [`LedgerError::NoEntry`] if the index is not below the size; those of [`Reading::signed_head`].
    pub fn prove_inclusion(&self, index: Index, size: Size) -> Result<ProofText, LedgerError> {
        let checkpoint = self.signed_head(size)?;
        if !size.holds(index) {
            return Err(LedgerError::NoEntry { index, size });
        }
        let beyond = |_| LogError::Beyond { size: size.0, asked: index.0 };
        let hashes = prove_inclusion(&self.leaf_hashes()?, index.0, size.0).map_err(beyond)?;
        let leaf = Some(self.leaf(index)?);
        Ok(ProofText { claim: Claim::Inclusion { index: index.0, leaf }, hashes, checkpoint })
    }

    /// A proof that the first `new` entries begin with the first `old`, of which there must be at least one.
    ///
    /// # Errors
    /// [`LedgerError::Log`] with [`LogError::Beyond`]; those of [`Reading::signed_head`].
    pub fn prove_consistency(&self, old: Size, new: Size) -> Result<ProofText, LedgerError> {
        let checkpoint = self.signed_head(new)?;
        let beyond = |_| LogError::Beyond { size: new.0, asked: old.0 };
        let hashes = prove_consistency(&self.leaf_hashes()?, old.0, new.0).map_err(beyond)?;
        let root = self.log().root(old.0)?;
        Ok(ProofText { claim: Claim::Consistency { old: old.0, root }, hashes, checkpoint })
    }

    pub(super) fn leaf_hashes(&self) -> Result<LeafHashes, LogError> {
        Ok(LeafHashes::new(self.log().leaf_hashes()?))
    }
}
