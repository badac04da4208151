//! A witness's line under a head: at this time, the head was the largest of the log that the witness had seen, and it
//! continues every earlier one (C2SP tlog-cosignature, Ed25519).

use std::fmt;

use ed25519_dalek::Signer;

use super::checkpoint::{Checkpoint, SignedCheckpoint};
use super::key::{self, KeyTextError, OF_WITNESS};
use super::signature::{Signature, SignatureError};

/// The length of a cosignature: the hash of the key, eight bytes of time, an Ed25519 signature.
const BYTES: usize = 4 + 8 + 64;

/// The key that verifies cosignatures: a witness's name and its public key. Written like [`super::VerifierKey`], with another
/// byte before the key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CosignerKey {
    name: String,
    public: ed25519_dalek::VerifyingKey,
}

impl fmt::Display for CosignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&key::line(OF_WITNESS, &self.name, &self.public))
    }
}

impl CosignerKey {
    /// Reads the line, without a newline.
    ///
    /// # Errors
    /// [`KeyTextError`] if the line is not a witness's verifier key.
    pub fn parse(line: &str) -> Result<CosignerKey, KeyTextError> {
        let (name, public) = key::parse(line, OF_WITNESS)?;
        Ok(CosignerKey { name, public })
    }

    /// The witness's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// True if both have the same public key, under any names: then one secret can sign as either.
    pub fn has_key_of(&self, other: &CosignerKey) -> bool {
        self.public == other.public
    }

    /// True if a line has this witness's name and the hash of its key.
    pub fn is_of(&self, line: &Signature) -> bool {
        line.name == self.name && line.bytes.starts_with(&key::hash(OF_WITNESS, &self.name, &self.public))
    }

    /// The last time at which this witness cosigned the head, in seconds since 1970; `None` if it did not.
    ///
    /// # Errors
    /// [`SignatureError::Cosignature`] if a line of this witness does not verify.
    pub fn cosigned(&self, signed: &SignedCheckpoint) -> Result<Option<u64>, SignatureError> {
        let wrong = || SignatureError::Cosignature(self.name.clone());
        let text = signed.head.to_string();
        let lines = signed.signatures().iter().filter(|line| self.is_of(line));
        let times = lines.map(|line| self.time(&text, &line.bytes).ok_or_else(wrong));
        times.collect::<Result<Vec<u64>, _>>().map(|times| times.into_iter().max())
    }

    /// The time in a line, if the line is a valid cosignature of this text.
    fn time(&self, text: &str, bytes: &[u8]) -> Option<u64> {
        let bytes: [u8; BYTES] = bytes.try_into().ok()?;
        let time = u64::from_be_bytes(bytes.get(4..12)?.try_into().ok()?);
        let signature = ed25519_dalek::Signature::from_slice(bytes.get(12..)?).ok()?;
        i64::try_from(time).ok()?;
        self.public.verify_strict(message(text, time).as_bytes(), &signature).ok()?;
        Some(time)
    }
}

/// The text that a witness signs.
fn message(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

/// The key with which a witness cosigns. Its text is secret: it is written to the key's file and nowhere else.
pub struct CosigningKey {
    cosigner: CosignerKey,
    secret: ed25519_dalek::SigningKey,
}

impl fmt::Debug for CosigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CosigningKey({})", self.cosigner)
    }
}

impl CosigningKey {
    /// The key of a witness with this name, from 32 random bytes.
    ///
    /// # Errors
    /// [`KeyTextError::Part`] for a name that no verifier key can have.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<CosigningKey, KeyTextError> {
        super::format::check_origin(name).map_err(|_| KeyTextError::Part("name"))?;
        let secret = ed25519_dalek::SigningKey::from_bytes(seed);
        Ok(CosigningKey::of(name.to_owned(), secret))
    }

    fn of(name: String, secret: ed25519_dalek::SigningKey) -> CosigningKey {
        CosigningKey { cosigner: CosignerKey { name, public: secret.verifying_key() }, secret }
    }

    /// The key that verifies its cosignatures.
    pub fn cosigner(&self) -> &CosignerKey {
        &self.cosigner
    }

    /// Its line under a head, at a time in seconds since 1970.
    pub fn cosign(&self, head: &Checkpoint, time: u64) -> Signature {
        let CosignerKey { name, public } = &self.cosigner;
        let signature = self.secret.sign(message(&head.to_string(), time).as_bytes()).to_bytes();
        let hash = key::hash(OF_WITNESS, name, public);
        let bytes = [&hash[..], &time.to_be_bytes()[..], &signature[..]].concat();
        Signature { name: name.clone(), bytes }
    }

    pub(crate) fn secret_text(&self) -> String {
        key::secret_line(OF_WITNESS, &self.cosigner.name, &self.secret)
    }

    pub(crate) fn parse(text: &str) -> Result<CosigningKey, KeyTextError> {
        let (name, secret) = key::parse_secret(text, OF_WITNESS)?;
        Ok(CosigningKey::of(name, secret))
    }
}
