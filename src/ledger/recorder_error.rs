//! Why the register of recorders, or a rule about who records, refuses.

use crate::event::{ActKind, BodyId, Excess, Index, RecorderId};
use crate::log::KeyTextError;

/// Why the register of recorders, or a rule about who records, refuses.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecorderError {
    /// A key that cannot be enrolled.
    #[error("{0}")]
    Key(#[from] KeyTextError),
    /// A key whose name is no recorder's.
    #[error("a recorder is called by 1 to 64 lower-case letters, digits and hyphens, not {0:?}")]
    Name(String),
    /// The name is taken.
    #[error(
        "{recorder} is enrolled already, by entry {entry}: revoke it first, or enrol the key by another name"
    )]
    Enrolled {
        /// Whose name it is.
        recorder: RecorderId,
        /// The enrolment.
        entry: Index,
    },
    /// The key is taken; one that was revoked stays so.
    #[error("this key was enrolled as {recorder} by entry {entry}: each recorder has a key of its own")]
    KeyTaken {
        /// Whose key it is, or was.
        recorder: RecorderId,
        /// The enrolment.
        entry: Index,
    },
    /// Nobody of that name.
    #[error("no recorder called {0} is enrolled in this ledger")]
    Unknown(RecorderId),
    /// Revoked before.
    #[error("{recorder} was revoked by entry {entry}: it may record no more")]
    Revoked {
        /// Whom.
        recorder: RecorderId,
        /// The revocation.
        entry: Index,
    },
    /// Beyond what the recorder may record.
    #[error("{recorder} may not record {excess}")]
    OutOfScope {
        /// Whose limits.
        recorder: RecorderId,
        /// What lies outside them.
        excess: Excess,
    },
    /// An enrolment that gives more than its signer has.
    #[error("{0} gives more than it may record itself")]
    GivesMore(RecorderId),
    /// A signature that is not over this event.
    #[error(
        "the signature is not {0}'s over this event: it was changed after it was signed, or signed for another ledger"
    )]
    WrongSignature(RecorderId),
    /// A signing key that is not the one enrolled.
    #[error("the key given is not the one with which {0} is enrolled")]
    OtherKey(RecorderId),
    /// Nobody signed, and somebody must.
    #[error("{act}: this ledger records only what its recorders sign")]
    Unsigned {
        /// The act.
        act: ActKind,
    },
    /// Fewer signed than a charter asks for.
    #[error("the charter of {body} asks for the signatures of {needed} recorders for {act}: it has {signed}")]
    TooFew {
        /// Whose charter.
        body: BodyId,
        /// For which act.
        act: ActKind,
        /// How many it asks for.
        needed: usize,
        /// How many signed.
        signed: usize,
    },
    /// Nobody would be left to keep the register.
    #[error("without {0} nobody could enrol a recorder: enrol another registrar first")]
    LastRegistrar(RecorderId),
    /// Nobody could keep the register.
    #[error(
        "recorders cannot be required before a registrar is enrolled: chancery recorder enrol VKEY --registrar"
    )]
    NoRegistrar,
    /// Required before.
    #[error("recorders are required already, since entry {0}")]
    Required(Index),
    /// An act of the ledger itself in a body.
    #[error("{0} is an act of the ledger itself: its body is ledger")]
    OfLedger(ActKind),
    /// Another act, or a charter, in the ledger's own name.
    #[error("ledger is the name of the ledger itself: no organisation or treaty is called so")]
    Reserved,
    /// The register is never corrected.
    #[error("what is recorded of the ledger itself is not corrected: enrol, limit or revoke anew")]
    NotCorrected,
}
