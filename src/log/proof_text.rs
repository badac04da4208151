//! A self-contained proof as text: the hashes, the claim that they prove, and the signed checkpoint under which it is valid.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::checkpoint::{Checkpoint, SignedCheckpoint, number};
use super::key::VerifierKey;
use super::signature::SignatureError;
use super::tree::{Hash, leaf_hash};
use super::{LEAF_BYTES_MAX, proof};

const INCLUSION: &str = "c2sp.org/tlog-proof@v1";
const CONSISTENCY: &str = "chancery/tlog-consistency@v1";
/// The largest number of hashes: more than the proof of any tree has.
const HASHES_MAX: usize = 128;

/// The claim that a proof proves about the log under its checkpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Claim {
    /// The log contains a leaf.
    Inclusion {
        /// The index of the leaf.
        index: u64,
        /// The leaf, unless it is handed over separately.
        leaf: Option<Vec<u8>>,
    },
    /// The log begins with an earlier log of this size and root.
    Consistency {
        /// The size of the earlier log, at least 1.
        old: u64,
        /// The root of the earlier log.
        root: Hash,
    },
}

/// A proof that can be verified with the verifier key alone.
///
/// The text of an inclusion proof is that of C2SP tlog-proof, with the leaf as its `extra` data; the text of a consistency
/// proof has the same shape. Both have one spelling only.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProofText {
    /// The claim to be proven.
    pub claim: Claim,
    /// The hashes of RFC 6962, §2.1.1 or §2.1.2.
    pub hashes: Vec<Hash>,
    /// The head under which the proof is valid.
    pub checkpoint: SignedCheckpoint,
}

/// The first check of a proof that fails.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The leaf is neither in the proof nor given.
    #[error("the proof does not hold its leaf, and none is given")]
    NoLeaf,
    /// The leaf given is not that of the proof.
    #[error("the leaf given is not the one in the proof")]
    OtherLeaf,
    /// The index is not below the size.
    #[error("the proof speaks of entry {index}, its checkpoint covers {size} entries")]
    Beyond {
        /// The index.
        index: u64,
        /// The size.
        size: u64,
    },
    /// The earlier log is larger.
    #[error("the proof speaks of the first {old} entries, its checkpoint covers {size}")]
    Larger {
        /// The size of the earlier log.
        old: u64,
        /// The size.
        size: u64,
    },
    /// The leaf is not under the root.
    #[error("the hashes do not lead from the leaf to the root in the checkpoint")]
    Inclusion,
    /// The earlier log is not the beginning of the log.
    #[error("the hashes do not lead from the earlier root to the root in the checkpoint")]
    Consistency,
    /// The checkpoint does not have a valid signature of the key.
    #[error("{0}")]
    Signature(#[from] SignatureError),
}

impl fmt::Display for ProofText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.claim {
            Claim::Inclusion { index, leaf } => {
                writeln!(f, "{INCLUSION}")?;
                if let Some(leaf) = leaf {
                    writeln!(f, "extra {}", STANDARD.encode(leaf))?;
                }
                writeln!(f, "index {index}")?;
            }
            Claim::Consistency { old, root } => writeln!(f, "{CONSISTENCY}\nold {old} {root}")?,
        }
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl ProofText {
    /// Reads the text.
    ///
    /// # Errors
    /// The number of the faulty line (from 1) and a description of the fault.
    pub fn parse(text: &str) -> Result<ProofText, (usize, &'static str)> {
        let (proof, checkpoint) = text.split_once("\n\n").ok_or((1, "no empty line before a checkpoint"))?;
        let mut lines = proof.split('\n').zip(1..).peekable();
        let claim = match lines.next() {
            Some((INCLUSION, _)) => {
                let leaf = lines.next_if(|(line, _)| line.starts_with("extra "));
                let leaf = leaf.map(|(line, at)| extra(line).ok_or((at, "the leaf is not base64")));
                let (line, at) = lines.next().ok_or((2, "no index"))?;
                let index = line.strip_prefix("index ").and_then(number).ok_or((at, "no index"))?;
                Claim::Inclusion { index, leaf: leaf.transpose()? }
            }
            Some((CONSISTENCY, _)) => {
                let line = lines.next().and_then(|(line, _)| line.strip_prefix("old "));
                let (old, root) = line.and_then(|line| line.split_once(' ')).ok_or((2, "no earlier log"))?;
                let old = number(old).filter(|old| *old > 0).ok_or((2, "no earlier size"))?;
                let root =
                    Hash::from_base64(root).ok_or((2, "the earlier root is not 32 bytes of base64"))?;
                Claim::Consistency { old, root }
            }
            _ => return Err((1, "it does not begin as a proof")),
        };
        let mut hashes = Vec::new();
        for (line, at) in lines {
            if hashes.len() == HASHES_MAX {
                return Err((at, "more hashes than any proof has"));
            }
            hashes.push(Hash::from_base64(line).ok_or((at, "the hash is not 32 bytes of base64"))?);
        }
        let before = proof.split('\n').count() + 1;
        let checkpoint = SignedCheckpoint::parse(checkpoint).map_err(|(line, what)| (before + line, what))?;
        Ok(ProofText { claim, hashes, checkpoint })
    }

    /// Checks the proof with this key; `leaf` must be given if the proof does not contain it. The signature is checked last,
    /// since the other checks are cheaper.
    ///
    /// # Errors
    /// [`ProofError`] for the first check that fails.
    pub fn verify(&self, key: &VerifierKey, leaf: Option<&[u8]>) -> Result<(), ProofError> {
        let Checkpoint { origin, size, root, .. } = &self.checkpoint.head;
        if origin != key.name() {
            let (origin, name) = (origin.clone(), key.name().to_owned());
            return Err(SignatureError::OtherLog { origin, name }.into());
        }
        match &self.claim {
            Claim::Inclusion { index, leaf: held } => {
                let leaf = match (held.as_deref(), leaf) {
                    (None, None) => return Err(ProofError::NoLeaf),
                    (Some(held), Some(given)) if held != given => return Err(ProofError::OtherLeaf),
                    (Some(leaf), _) | (None, Some(leaf)) => leaf_hash(leaf),
                };
                if index >= size {
                    return Err(ProofError::Beyond { index: *index, size: *size });
                }
                if !proof::includes(&self.hashes, *index, leaf, *size, *root) {
                    return Err(ProofError::Inclusion);
                }
            }
            Claim::Consistency { old, root: before } => {
                if old > size {
                    return Err(ProofError::Larger { old: *old, size: *size });
                }
                if !proof::extends(&self.hashes, (*old, *before), (*size, *root)) {
                    return Err(ProofError::Consistency);
                }
            }
        }
        Ok(self.checkpoint.verify(key)?)
    }
}

fn extra(line: &str) -> Option<Vec<u8>> {
    let leaf = STANDARD.decode(line.strip_prefix("extra ")?).ok()?;
    (leaf.len() <= LEAF_BYTES_MAX).then_some(leaf)
}
