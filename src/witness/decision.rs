//! Decides if a witness cosigns a head: a pure function of the head cosigned last and the keys that the witness trusts.

use crate::log::{Checkpoint, SignatureError, VerifierKey, extends};

use super::relation::{Relation, relate};
use super::request::Request;

/// Why a witness does not cosign.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WitnessRefusal {
    /// The request does not have the required form.
    #[error("the request's line {line}: {what}")]
    Malformed {
        /// The line, from 1.
        line: usize,
        /// The fault of the line.
        what: &'static str,
    },
    /// The request starts after the end of its checkpoint.
    #[error("the request starts from {old} entries, and its checkpoint covers {size}")]
    Backwards {
        /// The old size.
        old: u64,
        /// The size of the checkpoint.
        size: u64,
    },
    /// The log is not one that the witness follows.
    #[error("this witness does not follow {0}")]
    Unknown(String),
    /// The checkpoint is not signed by a trusted key.
    #[error("{0}")]
    Signature(#[from] SignatureError),
    /// The request starts from another size than the one cosigned last.
    #[error("this witness cosigned {size} entries last: the request must start from there")]
    Conflict {
        /// The size cosigned last.
        size: u64,
    },
    /// Another head of the same size was cosigned.
    #[error("the log has signed two heads of {size} entries with different roots: it shows two histories")]
    Forked {
        /// The size of both heads.
        size: u64,
    },
    /// Another completeness map over the same entries was cosigned.
    #[error(
        "the log has signed two completeness maps over the same {size} entries: one of them hides entries from its readers"
    )]
    OtherMap {
        /// The size of both heads.
        size: u64,
    },
    /// The proof fails: it is wrong, or the log has two histories.
    #[error("nothing shows that these {size} entries begin with the {old} that this witness cosigned last")]
    Unproven {
        /// The size cosigned last.
        old: u64,
        /// The size of the checkpoint.
        size: u64,
    },
}

impl WitnessRefusal {
    /// The HTTP status that C2SP tlog-witness gives it.
    pub const fn status(&self) -> u16 {
        match self {
            WitnessRefusal::Malformed { .. } | WitnessRefusal::Backwards { .. } => 400,
            WitnessRefusal::Signature(_) => 403,
            WitnessRefusal::Unknown(_) => 404,
            WitnessRefusal::Conflict { .. }
            | WitnessRefusal::Forked { .. }
            | WitnessRefusal::OtherMap { .. } => 409,
            WitnessRefusal::Unproven { .. } => 422,
        }
    }

    /// The size cosigned last, if the answer states it.
    pub const fn size(&self) -> Option<u64> {
        match self {
            WitnessRefusal::Conflict { size }
            | WitnessRefusal::Forked { size }
            | WitnessRefusal::OtherMap { size } => Some(*size),
            _ => None,
        }
    }

    /// True if the two heads are kept as evidence: they show, or may show, two histories.
    pub const fn is_evidence(&self) -> bool {
        matches!(
            self,
            WitnessRefusal::Forked { .. } | WitnessRefusal::OtherMap { .. } | WitnessRefusal::Unproven { .. }
        )
    }
}

/// Checks that the head of a request continues the one cosigned last. The keys are those trusted for its origin.
///
/// # Errors
/// [`WitnessRefusal`], in the order of C2SP tlog-witness.
pub fn decide(last: &Checkpoint, keys: &[VerifierKey], request: &Request) -> Result<(), WitnessRefusal> {
    let (old, head) = (request.old, &request.checkpoint.head);
    let mut failed = None;
    let trusted = keys.iter().any(|key| match request.checkpoint.verify(key) {
        Ok(()) => true,
        Err(error) => {
            failed.get_or_insert(error);
            false
        }
    });
    if !trusted {
        return Err(
            failed.map_or_else(|| WitnessRefusal::Unknown(head.origin.clone()), WitnessRefusal::Signature)
        );
    }
    if old > head.size {
        return Err(WitnessRefusal::Backwards { old, size: head.size });
    }
    if old != last.size {
        return Err(WitnessRefusal::Conflict { size: last.size });
    }
    // A client treats such a pair as two histories, so a witness that cosigned both would vouch for each.
    if old == head.size && relate(last, head, &[]) == Relation::Forked {
        let size = old;
        let is_one_tree = head.root == last.root;
        return Err(if is_one_tree {
            WitnessRefusal::OtherMap { size }
        } else {
            WitnessRefusal::Forked { size }
        });
    }
    let shown = match old {
        0 => request.proof.is_empty(),
        _ => extends(&request.proof, (old, last.root), (head.size, head.root)),
    };
    shown.then_some(()).ok_or(WitnessRefusal::Unproven { old, size: head.size })
}
