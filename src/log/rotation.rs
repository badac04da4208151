//! The log's key changed for another: the text that both keys sign, and the files that change hands.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::entries::Entries;
use super::error::LogError;
use super::key::{SigningKey, VerifierKey};
use super::key_file::{self, KeyError};

/// The first line of the text: no signature over it can stand under anything else.
const DOMAIN: &str = "chancery/log-key-rotated/v1";

/// A change of the log's key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rotation {
    /// How many entries stand before the one that announces it.
    pub size: u64,
    /// The key up to there.
    pub old: VerifierKey,
    /// The key from there on.
    pub new: VerifierKey,
}

/// Why a change of the key does not hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RotationError {
    /// The keys of two logs, or one key.
    #[error("the old and the new key are not two keys of one log")]
    Keys,
    /// The key before it did not sign.
    #[error("the signature of the old key does not verify")]
    Old,
    /// The key itself did not sign.
    #[error("the signature of the new key does not verify")]
    New,
}

impl Rotation {
    /// What both keys sign: domain, log, size, both keys, a line each.
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
    /// [`RotationError`] where they are not two keys of one log, or one did not sign.
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
    /// The key that is to be the log's, once an entry announces it.
    ///
    /// # Errors
    /// [`LogError::Key`]: others can read it, it is of another log.
    pub fn next_key(&self) -> Result<Option<SigningKey>, LogError> {
        key_file::next(self.folder(), self.origin())
    }

    /// Makes the key that is to be the log's durable, before any entry announces it. One that is there already is taken.
    ///
    /// # Errors
    /// [`LogError::Key`], [`LogError::Io`], [`LogError::ReadOnly`].
    pub fn prepare_key(&self, seed: &[u8; 32]) -> Result<SigningKey, LogError> {
        if let Some(prepared) = self.next_key()? {
            return Ok(prepared);
        }
        let key = SigningKey::from_seed(self.origin(), seed);
        key_file::prepare(self.folder(), &key, self.disk()?)?;
        Ok(key)
    }

    /// Puts the announced key in the place of the one before, whose secret is gone then. What was cut short is ended:
    /// `old` is the verifier key that may still lie beside the new secret.
    ///
    /// # Errors
    /// [`LogError::Key`], [`LogError::Io`], [`LogError::ReadOnly`].
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

    /// Whether files say that a change of the key was begun and not ended.
    pub fn is_key_unsettled(&self) -> bool {
        let next = self.next_key().is_ok_and(|key| key.is_some());
        next || matches!(self.signing_key(), Err(LogError::Key(KeyError::Unlike(_))))
    }
}
