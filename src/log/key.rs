//! The keys of a log and of its recorders: Ed25519, in the text forms of C2SP signed-note.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signer;
use sha2::{Digest, Sha256};

use super::format;

/// The numbers of Ed25519 key types: of logs in C2SP signed-note, and of witnesses in tlog-cosignature.
pub(super) const OF_LOG: u8 = 1;
pub(super) const OF_WITNESS: u8 = 4;
const SECRET: &str = "PRIVATE+KEY+";

/// A text is not a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyTextError {
    /// It does not have the three parts.
    #[error("a verifier key is one line: a name, a hash and the key, joined by +")]
    Parts,
    /// The name, the hash or the key is malformed.
    #[error("the verifier key has no sound {0}")]
    Part(&'static str),
    /// The hash is that of another name or key.
    #[error("the verifier key's hash is not that of its name and key: it was copied wrongly")]
    Hash,
    /// It is a key of another kind than needed: a log's or a witness's.
    #[error("the verifier key is that of a {0}: a {1}'s is needed")]
    Kind(&'static str, &'static str),
    /// It is not a signing key.
    #[error("it does not hold a signing key of this program's form")]
    Secret,
}

/// The key that verifies signatures of a log or a recorder: its name and its public key. Written `name+hash+key`, the hash in
/// eight hexadecimal digits, the key (after a byte for Ed25519) in base64.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifierKey {
    name: String,
    public: ed25519_dalek::VerifyingKey,
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&line(OF_LOG, &self.name, &self.public))
    }
}

impl VerifierKey {
    /// Reads the line, without a newline.
    ///
    /// # Errors
    /// [`KeyTextError`] if the line is not a verifier key of a log or recorder.
    pub fn parse(line: &str) -> Result<VerifierKey, KeyTextError> {
        let (name, public) = parse(line, OF_LOG)?;
        Ok(VerifierKey { name, public })
    }

    /// The name of the log, or of the recorder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// True if both have the same public key, under any names.
    pub fn has_key_of(&self, other: &VerifierKey) -> bool {
        self.public == other.public
    }

    /// True if a line has the name and the hash of this key.
    pub fn is_of(&self, line: &super::Signature) -> bool {
        line.name == self.name && line.bytes.starts_with(&self.hash())
    }

    /// The hash by which a signature names its key.
    pub(super) fn hash(&self) -> [u8; 4] {
        hash(OF_LOG, &self.name, &self.public)
    }

    /// The hash in eight hexadecimal digits, as in the key's line.
    pub fn hash_text(&self) -> String {
        hexadecimal(self.hash())
    }

    /// True if 64 bytes are this key's signature over a text.
    pub fn has_signed(&self, text: &[u8], signature: &[u8; 64]) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        self.public.verify_strict(text, &signature).is_ok()
    }
}

/// The bytes of a key after the number of its kind.
fn marked(kind: u8, bytes: &[u8; 32]) -> [u8; 33] {
    let mut out = [kind; 33];
    out[1..].copy_from_slice(bytes);
    out
}

/// The first four bytes of SHA-256 over name, newline, kind and public key: signatures name their key by this hash.
pub(super) fn hash(kind: u8, name: &str, public: &ed25519_dalek::VerifyingKey) -> [u8; 4] {
    let digest =
        Sha256::new().chain_update(name).chain_update(b"\n").chain_update(marked(kind, public.as_bytes()));
    let [a, b, c, d, ..] = <[u8; 32]>::from(digest.finalize());
    [a, b, c, d]
}

/// The line of a verifier key.
pub(super) fn line(kind: u8, name: &str, public: &ed25519_dalek::VerifyingKey) -> String {
    let key = STANDARD.encode(marked(kind, public.as_bytes()));
    format!("{name}+{}+{key}", hexadecimal(hash(kind, name, public)))
}

/// Reads a verifier key of one kind.
pub(super) fn parse(line: &str, kind: u8) -> Result<(String, ed25519_dalek::VerifyingKey), KeyTextError> {
    let mut parts = line.splitn(3, '+');
    let (Some(name), Some(hashed), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(KeyTextError::Parts);
    };
    format::check_origin(name).map_err(|_| KeyTextError::Part("name"))?;
    let bytes = STANDARD.decode(key).ok().and_then(|key| <[u8; 33]>::try_from(key).ok());
    let public = match bytes {
        Some([found, public @ ..]) if found == kind => public,
        Some([OF_LOG, ..]) => return Err(KeyTextError::Kind("log", "witness")),
        Some([OF_WITNESS, ..]) => return Err(KeyTextError::Kind("witness", "log")),
        _ => return Err(KeyTextError::Part("Ed25519 key")),
    };
    let public = ed25519_dalek::VerifyingKey::from_bytes(&public).ok().filter(|key| !key.is_weak());
    let public = public.ok_or(KeyTextError::Part("Ed25519 key"))?;
    match hashed == hexadecimal(hash(kind, name, &public)) {
        true => Ok((name.to_owned(), public)),
        false => Err(KeyTextError::Hash),
    }
}

/// `PRIVATE+KEY+name+hash+key`, the form of other C2SP tools, and a newline.
pub(super) fn secret_line(kind: u8, name: &str, secret: &ed25519_dalek::SigningKey) -> String {
    let hash = hexadecimal(hash(kind, name, &secret.verifying_key()));
    format!("{SECRET}{name}+{hash}+{}\n", STANDARD.encode(marked(kind, secret.as_bytes())))
}

/// Reads a signing key of one kind.
pub(super) fn parse_secret(
    text: &str,
    kind: u8,
) -> Result<(String, ed25519_dalek::SigningKey), KeyTextError> {
    let line = text.trim_end_matches('\n').strip_prefix(SECRET).ok_or(KeyTextError::Secret)?;
    let mut parts = line.splitn(3, '+');
    let (Some(name), Some(hashed), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(KeyTextError::Secret);
    };
    let bytes = STANDARD.decode(key).ok().and_then(|key| <[u8; 33]>::try_from(key).ok());
    let Some([found, seed @ ..]) = bytes else { return Err(KeyTextError::Secret) };
    let secret = ed25519_dalek::SigningKey::from_bytes(&seed);
    let sound = found == kind && hashed == hexadecimal(hash(kind, name, &secret.verifying_key()));
    sound.then(|| (name.to_owned(), secret)).ok_or(KeyTextError::Secret)
}

/// The key that signs the heads of a log, or the events of a recorder. Its text is secret: it is written to the key's file
/// and nowhere else.
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
    /// The key of a log or a recorder with this name, from 32 random bytes.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> SigningKey {
        let secret = ed25519_dalek::SigningKey::from_bytes(seed);
        let verifier = VerifierKey { name: name.to_owned(), public: secret.verifying_key() };
        SigningKey { verifier, secret }
    }

    /// The key that verifies its signatures.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Signs a text.
    pub fn sign(&self, text: &[u8]) -> [u8; 64] {
        self.secret.sign(text).to_bytes()
    }

    pub(super) fn secret_text(&self) -> String {
        secret_line(OF_LOG, &self.verifier.name, &self.secret)
    }

    pub(super) fn parse(text: &str) -> Result<SigningKey, KeyTextError> {
        let (name, secret) = parse_secret(text, OF_LOG)?;
        Ok(SigningKey::from_seed(&name, &secret.to_bytes()))
    }
}

fn hexadecimal(hash: [u8; 4]) -> String {
    format!("{:08x}", u32::from_be_bytes(hash))
}
