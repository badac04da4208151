//! A line under a note: the name of the signer, and the signature (C2SP signed-note).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::key::{SigningKey, VerifierKey};

/// The dash and the space at the beginning of the line.
const DASH: &str = "\u{2014} ";

/// No signature vouches for a checkpoint.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SignatureError {
    /// There is no signature.
    #[error("the checkpoint is not signed")]
    Unsigned,
    /// The checkpoint is of another log.
    #[error("the checkpoint is of {origin}, the key of {name}")]
    OtherLog {
        /// The name in the checkpoint.
        origin: String,
        /// The name of the key.
        name: String,
    },
    /// All signatures are of other keys.
    #[error("no signature under the checkpoint is of this key: the log may have another by now")]
    OtherKey,
    /// More than one signature is of this key.
    #[error("two signatures under the checkpoint are of this key")]
    Twice,
    /// The signature is not over this text.
    #[error(
        "the signature under the checkpoint does not verify: the checkpoint or the signature was changed"
    )]
    Wrong,
    /// A witness's line is malformed, or not over this text.
    #[error("the cosignature of {0} does not verify: the checkpoint or the cosignature was changed")]
    Cosignature(String),
}

/// A line under a note: a signature of any kind, verified or not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signature {
    pub(super) name: String,
    /// The hash of the key, then the bytes that a key of its kind makes.
    pub(super) bytes: Vec<u8>,
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{DASH}{} {}", self.name, STANDARD.encode(&self.bytes))
    }
}

impl Signature {
    pub(super) fn make(text: &str, key: &SigningKey) -> Signature {
        let verifier = key.verifier();
        let bytes = [&verifier.hash()[..], &key.sign(text.as_bytes())[..]].concat();
        Signature { name: verifier.name().to_owned(), bytes }
    }

    /// Reads the line, without a newline; `None` if it has another form.
    pub fn parse(line: &str) -> Option<Signature> {
        let (name, base64) = line.strip_prefix(DASH)?.split_once(' ')?;
        let bytes = STANDARD.decode(base64).ok().filter(|bytes| bytes.len() > 4)?;
        let named = !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '+');
        named.then(|| Signature { name: name.to_owned(), bytes })
    }
}

/// Checks that exactly one of the signatures is of this key, and that it is over this text.
pub(super) fn verify(signatures: &[Signature], text: &str, key: &VerifierKey) -> Result<(), SignatureError> {
    let hash = key.hash();
    let mut of_key = signatures.iter().filter(|signature| key.is_of(signature));
    let signature = match (of_key.next(), of_key.next()) {
        _ if signatures.is_empty() => return Err(SignatureError::Unsigned),
        (None, _) => return Err(SignatureError::OtherKey),
        (Some(_), Some(_)) => return Err(SignatureError::Twice),
        (Some(signature), None) => signature,
    };
    let bytes: Option<&[u8; 64]> = signature.bytes.get(hash.len()..).and_then(|bytes| bytes.try_into().ok());
    match bytes.is_some_and(|bytes| key.has_signed(text.as_bytes(), bytes)) {
        true => Ok(()),
        false => Err(SignatureError::Wrong),
    }
}
