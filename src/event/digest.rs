//! The SHA-256 that an event states. It names a file beside the log, so only a well-formed SHA-256 may become part of a path.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::Sha256;
use smol_str::SmolStr;

/// An error: the text is not a SHA-256.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0:?} is no SHA-256: use 64 hexadecimal digits, in lower case")]
pub struct DigestError(String);

/// A SHA-256 in 64 lower-case hexadecimal digits. It can name a file, and never a file outside its folder.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Digest(SmolStr);

impl Digest {
    /// Reads 64 lower-case hexadecimal digits.
    ///
    /// # Errors
    /// [`DigestError`] for any other text.
    pub fn parse(text: &str) -> Result<Digest, DigestError> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == 64 && text.bytes().all(is_digit) {
            Ok(Digest(SmolStr::new(text)))
        } else {
            Err(DigestError(text.chars().take(80).collect()))
        }
    }

    /// Computes the SHA-256 of the bytes.
    pub fn of(bytes: impl AsRef<[u8]>) -> Digest {
        Digest::of_hash(<Sha256 as sha2::Digest>::digest(bytes).into())
    }

    /// Takes a hash that is already computed.
    pub(crate) fn of_hash(hash: [u8; 32]) -> Digest {
        Digest(hash.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The SHA-256 as an entry states it. Version 0.1.0 recorded any text in its place, and such an entry must remain readable, so that
/// its hash can be checked. An event that states any other text is no longer recorded, and such a text never names a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StatedDigest {
    /// A SHA-256.
    Digest(Digest),
    /// Some other text, in an entry of version 0.1.0.
    Other(DigestError, SmolStr),
}

impl StatedDigest {
    /// Reads the text that an entry states, well formed or not.
    pub fn read(text: &str) -> StatedDigest {
        match Digest::parse(text) {
            Ok(digest) => StatedDigest::Digest(digest),
            Err(error) => StatedDigest::Other(error, SmolStr::new(text)),
        }
    }

    /// The SHA-256.
    ///
    /// # Errors
    /// [`DigestError`] if the entry has some other text in its place.
    pub fn digest(&self) -> Result<&Digest, &DigestError> {
        match self {
            StatedDigest::Digest(digest) => Ok(digest),
            StatedDigest::Other(error, _) => Err(error),
        }
    }

    /// The text, as it is recorded.
    pub fn as_str(&self) -> &str {
        match self {
            StatedDigest::Digest(digest) => digest.as_str(),
            StatedDigest::Other(_, text) => text,
        }
    }
}

impl From<Digest> for StatedDigest {
    fn from(digest: Digest) -> StatedDigest {
        StatedDigest::Digest(digest)
    }
}

impl fmt::Display for StatedDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for StatedDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for StatedDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<StatedDigest, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Ok(StatedDigest::read(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_64_lower_case_hexadecimal_digits_are_a_digest() {
        let digits = Digest::of(b"a document");
        assert_eq!(Digest::parse(digits.as_str()), Ok(digits.clone()));
        let upper = digits.as_str().to_uppercase();
        let long = format!("{digits}0");
        let path = format!("../{}", &digits.as_str()[..61]);
        for text in ["", "../key", "/etc/passwd", &upper, &long, &path, &"é".repeat(32)] {
            assert!(Digest::parse(text).is_err(), "{text}");
            assert_eq!(StatedDigest::read(text).as_str(), text);
        }
    }
}
