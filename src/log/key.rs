//! The keys of a log and of its recorders: Ed25519, in the text forms of C2SP signed-note.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signer;
use sha2::{Digest, Sha256};

use super::format;

/// How C2SP signed-note numbers Ed25519.
const ED25519: u8 = 1;
const SECRET: &str = "PRIVATE+KEY+";

/// Why a text is not a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyTextError {
    /// Not the three parts.
    #[error("a verifier key is one line: a name, a hash and the key, joined by +")]
    Parts,
    /// The name, the hash or the key is not of its form.
    #[error("the verifier key has no sound {0}")]
    Part(&'static str),
    /// The hash is that of another name or key.
    #[error("the verifier key's hash is not that of its name and key: it was copied wrongly")]
    Hash,
    /// Not a signing key.
    #[error("it does not hold a signing key of this program's form")]
    Secret,
}

/// What signatures of a log, or of a recorder, are verified with: its name and its public key. Written `name+hash+key`, the hash in eight
/// hexadecimal digits, the key (with a byte for Ed25519 before it) in base64.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifierKey {
    name: String,
    public: ed25519_dalek::VerifyingKey,
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = STANDARD.encode(self.marked());
        write!(f, "{}+{}+{key}", self.name, hexadecimal(self.hash()))
    }
}

impl VerifierKey {
    /// Reads the line, without a newline.
    ///
    /// # Errors
    /// [`KeyTextError`].
    pub fn parse(line: &str) -> Result<VerifierKey, KeyTextError> {
        let mut parts = line.splitn(3, '+');
        let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyTextError::Parts);
        };
        format::check_origin(name).map_err(|_| KeyTextError::Part("name"))?;
        let bytes = STANDARD.decode(key).ok().and_then(|key| <[u8; 33]>::try_from(key).ok());
        let Some([ED25519, public @ ..]) = bytes else { return Err(KeyTextError::Part("Ed25519 key")) };
        let public = ed25519_dalek::VerifyingKey::from_bytes(&public).ok().filter(|key| !key.is_weak());
        let public = public.ok_or(KeyTextError::Part("Ed25519 key"))?;
        let key = VerifierKey { name: name.to_owned(), public };
        if hash != hexadecimal(key.hash()) {
            return Err(KeyTextError::Hash);
        }
        Ok(key)
    }

    /// The name of the log, or of the recorder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first four bytes of SHA-256 over name, newline and key: which key a signature is of.
    pub(super) fn hash(&self) -> [u8; 4] {
        let digest = Sha256::new().chain_update(&self.name).chain_update(b"\n").chain_update(self.marked());
        let [a, b, c, d, ..] = <[u8; 32]>::from(digest.finalize());
        [a, b, c, d]
    }

    /// The same in eight hexadecimal digits, as the key's line has it.
    pub fn hash_text(&self) -> String {
        hexadecimal(self.hash())
    }

    /// Whether 64 bytes are this key's signature over a text.
    pub fn has_signed(&self, text: &[u8], signature: &[u8; 64]) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        self.public.verify_strict(text, &signature).is_ok()
    }

    /// Whether the other is the same key, by whatever name.
    pub fn same_key(&self, other: &VerifierKey) -> bool {
        self.public == other.public
    }

    fn marked(&self) -> [u8; 33] {
        let mut bytes = [ED25519; 33];
        bytes[1..].copy_from_slice(self.public.as_bytes());
        bytes
    }
}

/// What the heads of a log, or the events of a recorder, are signed with. Its text is a secret: it is written to the key's file and nowhere else.
pub struct SigningKey {
    verifier: VerifierKey,
    secret: ed25519_dalek::SigningKey,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.verifier)
    }
}

impl SigningKey {
    /// The key of a log by that name from 32 bytes of chance.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> SigningKey {
        let secret = ed25519_dalek::SigningKey::from_bytes(seed);
        let verifier = VerifierKey { name: name.to_owned(), public: secret.verifying_key() };
        SigningKey { verifier, secret }
    }

    /// What its signatures are verified with.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Signs a text.
    pub fn sign(&self, text: &[u8]) -> [u8; 64] {
        self.secret.sign(text).to_bytes()
    }

    /// `PRIVATE+KEY+name+hash+key`, as other C2SP tools write it.
    pub(super) fn secret_text(&self) -> String {
        let mut bytes = [ED25519; 33];
        bytes[1..].copy_from_slice(self.secret.as_bytes());
        let hash = hexadecimal(self.verifier.hash());
        format!("{SECRET}{}+{hash}+{}\n", self.verifier.name, STANDARD.encode(bytes))
    }

    pub(super) fn parse(text: &str) -> Result<SigningKey, KeyTextError> {
        let line = text.trim_end_matches('\n').strip_prefix(SECRET).ok_or(KeyTextError::Secret)?;
        let mut parts = line.splitn(3, '+');
        let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyTextError::Secret);
        };
        let bytes = STANDARD.decode(key).ok().and_then(|key| <[u8; 33]>::try_from(key).ok());
        let Some([ED25519, seed @ ..]) = bytes else { return Err(KeyTextError::Secret) };
        let key = SigningKey::from_seed(name, &seed);
        (hash == hexadecimal(key.verifier.hash())).then_some(key).ok_or(KeyTextError::Secret)
    }
}

fn hexadecimal(hash: [u8; 4]) -> String {
    format!("{:08x}", u32::from_be_bytes(hash))
}
