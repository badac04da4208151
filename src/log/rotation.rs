//! The change of the log's key for another: the text that both keys sign, and the replacement of the files.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::entries::Entries;
use super::error::LogError;
use super::key::{SigningKey, VerifierKey};
use super::key_file::{self, KeyError};

/// The first line of the text, so that no signature over it is valid for another kind of text.
const DOMAIN: &str = "chancery/log-key-rotated/v1";

/// A change of the log's key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rotation {
    /// The index of the entry that announces it.
    pub size: u64,
    /// The key for the entries before.
    pub old: VerifierKey,
    /// The key from that entry on.
    pub new: VerifierKey,
}

/// A change of the key is not valid.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RotationError {
    /// They are keys of two logs, or the same key.
    #[error("the old and the new key are not two keys of one log")]
    Keys,
    /// The old key did not sign.
    #[error("the signature of the old key does not verify")]
    Old,
    /// The new key did not sign.
    #[error("the signature of the new key does not verify")]
    New,
}

impl Rotation {
    /// The text that both keys sign: domain, log, size, both keys, one a line.
    fn text(&self) -> String {
        let Rotation { size, old, new } = self;
        format!("{DOMAIN}\n{}\n{size}\n{old}\n{new}\n", old.name())
    }

    /// The signature of one of the two keys, in base64.
    pub fn sign(&self, key: &SigningKey) -> String {
        STANDARD.encode(key.sign(self.text().as_bytes()))
    }

    /// Reads a change of the key from both verifier keys, each with its signature in base64.
    ///
    /// # Errors
    /// [`RotationError`] if they are not two keys of one log, or one did not sign.
    pub fn verified(size: u64, old: (&str, &str), new: (&str, &str)) -> Result<Rotation, RotationError> {
        let key = |line: &str| VerifierKey::parse(line).map_err(|_| RotationError::Keys);
        let rotation = Rotation { size, old: key(old.0)?, new: key(new.0)? };
        rotation.verify(old.1, new.1)?;
        Ok(rotation)
    }

    fn verify(&self, old_signature: &str, new_signature: &str) -> Result<(), RotationError> {
        if self.old.name() != self.new.name() || self.old == self.new {
            return Err(RotationError::Keys);
        }
        let signed = |key: &VerifierKey, signature: &str| {
            let bytes = STANDARD.decode(signature).ok().and_then(|bytes| <[u8; 64]>::try_from(bytes).ok());
            bytes.is_some_and(|bytes| key.has_signed(self.text().as_bytes(), &bytes))
        };
        if !signed(&self.old, old_signature) {
            return Err(RotationError::Old);
        }
        if signed(&self.new, new_signature) { Ok(()) } else { Err(RotationError::New) }
    }
}

impl Entries {
    /// The log's next key, before an entry announces it; `None` if none is prepared.
    ///
    /// # Errors
    /// [`LogError::Key`] if others can read it, or it is of another log.
    pub fn next_key(&self) -> Result<Option<SigningKey>, LogError> {
        key_file::next(self.folder(), self.origin())
    }

    /// Writes the log's next key durably, before any entry announces it. A key that is already prepared is used again.
    ///
    /// # Errors
    /// [`LogError::Key`] if a prepared key cannot be used, [`LogError::Io`] if it cannot be written, [`LogError::ReadOnly`]
    /// if the log was opened for reading.
    pub fn prepare_key(&self, seed: &[u8; 32]) -> Result<SigningKey, LogError> {
        if let Some(prepared) = self.next_key()? {
            return Ok(prepared);
        }
        let key = SigningKey::from_seed(self.origin(), seed);
        key_file::prepare(self.folder(), &key, self.disk()?)?;
        Ok(key)
    }

    /// Replaces the log's key by the one announced; the old secret is then gone. Also completes a change that was cut short,
    /// in which the verifier key `old` is still beside the new secret.
    ///
    /// # Errors
    /// [`LogError::Key`] if a key cannot be used, [`LogError::Io`] if a file cannot be written, [`LogError::ReadOnly`] if the
    /// log was opened for reading.
    pub fn adopt_key(&self, rotation: &Rotation) -> Result<(), LogError> {
        let (ledger, disk) = (self.folder(), self.disk()?);
        if let Some(next) = self.next_key()?
            && *next.verifier() == rotation.new
        {
            key_file::adopt(ledger, disk)?;
        }
        let secret = key_file::secret(ledger, self.origin())?;
        let public = key_file::verifier_key(ledger)?;
        if secret.is_some_and(|key| *key.verifier() == rotation.new) && public.as_ref() == Some(&rotation.old)
        {
            key_file::write_public(ledger, &rotation.new, disk)?;
        }
        Ok(())
    }

    /// True if the files show that a change of the key was begun and not completed.
    pub fn is_key_unsettled(&self) -> bool {
        let next = self.next_key().is_ok_and(|key| key.is_some());
        next || matches!(self.signing_key(), Err(LogError::Key(KeyError::Unlike(_))))
    }
}
