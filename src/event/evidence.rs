//! The evidence for an event: the citation of a source, its words, and its grade.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::date::Edtf;
use super::digest::{Digest, DigestError, StatedDigest};

/// The reliability of a source. The ledger attributes; it does not decide.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// A depositary, an organisation, or a state that speaks of its own act.
    Official,
    /// A news agency.
    Agency,
    /// Other press.
    Press,
    /// An encyclopaedia, a data set, a book about the act.
    Tertiary,
    /// Not checked against any source.
    Unverified,
}

impl Grade {
    /// Every grade, the best first.
    pub const ALL: [Grade; 5] =
        [Grade::Official, Grade::Agency, Grade::Press, Grade::Tertiary, Grade::Unverified];

    /// The name used in leaves and options.
    pub const fn name(self) -> &'static str {
        match self {
            Grade::Official => "official",
            Grade::Agency => "agency",
            Grade::Press => "press",
            Grade::Tertiary => "tertiary",
            Grade::Unverified => "unverified",
        }
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Words of a source: in clear, or as a salted hash that commits to a text kept beside the log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Quote {
    /// The words.
    Text(String),
    /// SHA-256, in hex, of a salt and the words.
    #[serde(rename_all = "snake_case")]
    Salted {
        /// The hash.
        salted_sha256: StatedDigest,
    },
}

impl Quote {
    /// Commits to words by a SHA-256 over a salt of 32 bytes and the words. Nobody can guess the words from the hash without the
    /// salt, or pass off other words for them.
    pub fn salted(salt: &[u8; 32], words: &str) -> Quote {
        let hash = Sha256::new().chain_update(salt).chain_update(words).finalize();
        Quote::Salted { salted_sha256: Digest::of_hash(hash.into()).into() }
    }
}

/// One piece of evidence. The fields are in the order of their names, which is their order in a leaf.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The citation, in a form by which a reader would look for the source.
    pub cite: String,
    /// The reliability of the source.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub grade: Option<Grade>,
    /// The date on which the source appeared. It does not date the knowledge of the act.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub published: Option<Edtf>,
    /// The words of the source.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub quote: Option<Quote>,
    /// The date on which the source was consulted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub retrieved: Option<Edtf>,
    /// SHA-256 of the attached document.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sha256: Option<StatedDigest>,
    /// The address (URL) of the source.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub url: Option<String>,
}

impl Evidence {
    /// Makes evidence that has only a citation and a grade.
    pub fn citing(cite: impl Into<String>, grade: Option<Grade>) -> Evidence {
        let cite = cite.into();
        Evidence { cite, grade, published: None, quote: None, retrieved: None, sha256: None, url: None }
    }

    /// Checks that every SHA-256 that it states is well formed.
    ///
    /// # Errors
    /// [`DigestError`] with the first text that is not a SHA-256.
    pub fn check_digests(&self) -> Result<(), DigestError> {
        let quoted = self.quote.as_ref().and_then(|quote| match quote {
            Quote::Salted { salted_sha256 } => Some(salted_sha256),
            Quote::Text(_) => None,
        });
        let mut stated = self.sha256.iter().chain(quoted);
        stated.try_for_each(|stated| stated.digest().map(drop).map_err(Clone::clone))
    }

    /// The row of a file that the citation names, as `GGO_parties.csv:8708`, with the words before it: dates of one row belong to
    /// one participation. `None` if the citation names no row.
    pub fn source_row(&self) -> Option<&str> {
        let words = self.cite.split(' ').scan(0, |from, word| {
            let at = *from;
            *from += word.len() + 1;
            Some((at, word))
        });
        let names_a_row = |word: &str| {
            let (file, line) = word.rsplit_once(':')?;
            let numbered = !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit());
            (numbered && file.contains('.') && !file.contains('/')).then_some(())
        };
        let (at, word) = { words }.find(|(_, word)| names_a_row(word).is_some())?;
        self.cite.get(..at + word.len())
    }
}
