//! The text of a certificate: canonical JSON (RFC 8785) on one line, whose last member is a digest of all text before it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::event::Index;
use crate::log::Hash;

use super::error::CertificateError;

/// The kind that a certificate states.
pub(super) const KIND: &str = "chancery/answer-certificate@v1";

/// The text before the digest, which covers everything up to here.
const BEFORE_DIGEST: &str = ",\"sha256\":\"";

/// The byte at which the answer, the first member, begins.
const ANSWER_AT: usize = "{\"answer\":".len();

/// A certificate as written. The fields are in the order of their names, which makes the text canonical.
#[derive(Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct Text<'a> {
    #[serde(borrow)]
    pub(super) answer: &'a RawValue,
    pub(super) certificate: String,
    pub(super) checkpoint: String,
    #[serde(borrow)]
    pub(super) entries: Vec<Leaf<'a>>,
    pub(super) filed: FiledText,
    #[serde(with = "hashes")]
    pub(super) hashes: Vec<Hash>,
    pub(super) neutrality: String,
    pub(super) program: String,
    pub(super) sha256: String,
}

/// An entry as recorded, with the hash of its leaf, which distinguishes a change of the entry from a change elsewhere.
#[derive(Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct Leaf<'a> {
    #[serde(with = "hash")]
    pub(super) hash: Hash,
    pub(super) index: Index,
    #[serde(borrow)]
    pub(super) leaf: &'a RawValue,
}

/// The groups of the completeness map that are shown, and the hashes that lead from them to its root.
#[derive(Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct FiledText {
    pub(super) groups: Vec<GroupText>,
    #[serde(with = "hashes")]
    pub(super) hashes: Vec<Hash>,
}

/// A group. A group that is opened has headings and hashes; one that only shows that a name is absent has its root.
#[derive(Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupText {
    pub(super) at: u64,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "maybe_hashes")]
    pub(super) hashes: Option<Vec<Hash>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) headings: Option<Vec<HeadingText>>,
    pub(super) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "maybe_hash")]
    pub(super) root: Option<Hash>,
    pub(super) size: u64,
}

/// A heading: its entries in the order of filing, or its size and root if it only shows that a name is absent.
#[derive(Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct HeadingText {
    pub(super) at: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) entries: Option<Vec<Index>>,
    pub(super) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "maybe_hash")]
    pub(super) root: Option<Hash>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<u64>,
}

impl Text<'_> {
    /// The text with its digest.
    pub(super) fn sealed(mut self) -> String {
        self.sha256 = String::new();
        let written = self.written();
        let body = written.rsplit_once(BEFORE_DIGEST).map_or(written.as_str(), |(body, _)| body);
        self.sha256 = digest(body);
        self.written()
    }

    fn written(&self) -> String {
        // The certificate is plain structs of text and numbers, so this cannot fail.
        let mut text = serde_json::to_string(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Reads a certificate, in its one form.
    ///
    /// # Errors
    /// [`CertificateError::Text`], [`CertificateError::Form`], [`CertificateError::Kind`].
    pub(super) fn parse(text: &str) -> Result<Text<'_>, CertificateError> {
        let line = text.strip_suffix('\n').unwrap_or(text);
        let parsed: Text<'_> =
            serde_json::from_str(line).map_err(|e| CertificateError::Text(e.to_string()))?;
        let written = parsed.written();
        if written != text {
            return Err(CertificateError::Form(same_bytes(&written, text)));
        }
        // The answer is kept as written: a repeated member, a space or an escape would be another spelling of it, and other readers
        // may take the first of two members. Leaves are bound by their hashes.
        let answer: Value =
            serde_json::from_str(parsed.answer.get()).map_err(|e| CertificateError::Text(e.to_string()))?;
        let spelt = answer.to_string();
        if spelt != parsed.answer.get() {
            return Err(CertificateError::Form(ANSWER_AT + same_bytes(&spelt, parsed.answer.get())));
        }
        if parsed.certificate != KIND {
            return Err(CertificateError::Kind(parsed.certificate));
        }
        Ok(parsed)
    }

    /// True if the digest at the end is that of all text before it.
    pub(super) fn has_digest(&self, text: &str) -> bool {
        text.rsplit_once(BEFORE_DIGEST).is_some_and(|(body, _)| digest(body) == self.sha256)
    }
}

/// The number of bytes at the beginning that two texts share.
fn same_bytes(one: &str, other: &str) -> usize {
    one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count()
}

fn digest(body: &str) -> String {
    Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}

mod hash {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::log::Hash;

    pub(super) fn serialize<S: Serializer>(hash: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(hash)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
        super::read(&String::deserialize(deserializer)?)
    }
}

mod maybe_hash {
    use serde::{Deserializer, Serializer};

    use crate::log::Hash;

    pub(super) fn serialize<S: Serializer>(hash: &Option<Hash>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&hash.map(|hash| hash.to_string()).unwrap_or_default())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Hash>, D::Error> {
        super::hash::deserialize(deserializer).map(Some)
    }
}

mod hashes {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::log::Hash;

    pub(super) fn serialize<S: Serializer>(hashes: &[Hash], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(hashes.iter().map(Hash::to_string))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Hash>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        texts.iter().map(|text| super::read(text)).collect()
    }
}

mod maybe_hashes {
    use serde::{Deserializer, Serializer};

    use crate::log::Hash;

    pub(super) fn serialize<S: Serializer>(
        hashes: &Option<Vec<Hash>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        super::hashes::serialize(hashes.as_deref().unwrap_or_default(), serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Vec<Hash>>, D::Error> {
        super::hashes::deserialize(deserializer).map(Some)
    }
}

fn read<E: serde::de::Error>(text: &str) -> Result<Hash, E> {
    Hash::from_base64(text).ok_or_else(|| E::custom(format!("{text:?} is not 32 bytes of base64")))
}
