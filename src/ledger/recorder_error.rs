//! The reasons for which the register of recorders, or a rule about who may record, refuses.

use crate::event::{ActKind, BodyId, Excess, Index, RecorderId};
use crate::log::KeyTextError;

/// Why the register of recorders, or a rule about who may record, refuses.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecorderError {
    /// The key cannot be enrolled.
    #[error("{0}")]
    Key(#[from] KeyTextError),
    /// The name of the key is not one that a recorder can have.
    #[error("a recorder is called by 1 to 64 lower-case letters, digits and hyphens, not {0:?}")]
    Name(String),
    /// The name is already enrolled.
    #[error(
        "{recorder} is enrolled already, by entry {entry}: revoke it first, or enrol the key by another name"
    )]
    Enrolled {
        /// The recorder with this name.
        recorder: RecorderId,
        /// The index of the enrolment.
        entry: Index,
    },
    /// The key was enrolled before; a revoked key cannot be enrolled again.
    #[error("this key was enrolled as {recorder} by entry {entry}: each recorder has a key of its own")]
    KeyTaken {
        /// The recorder that has, or had, this key.
        recorder: RecorderId,
        /// The index of the enrolment.
        entry: Index,
    },
    /// No recorder has this name.
    #[error("no recorder called {0} is enrolled in this ledger")]
    Unknown(RecorderId),
    /// The recorder was already revoked.
    #[error("{recorder} was revoked by entry {entry}: it may record no more")]
    Revoked {
        /// The recorder.
        recorder: RecorderId,
        /// The index of the revocation.
        entry: Index,
    },
    /// An act is outside the limits of the recorder.
    #[error("{recorder} may not record {excess}")]
    OutOfScope {
        /// The recorder.
        recorder: RecorderId,
        /// The part of the act that is outside its limits.
        excess: Excess,
    },
    /// An enrolment gives more than its signer may record.
    #[error("{0} gives more than it may record itself")]
    GivesMore(RecorderId),
    /// The signature is not over this event.
    #[error(
        "the signature is not {0}'s over this event: it was changed after it was signed, or signed for another ledger"
    )]
    WrongSignature(RecorderId),
    /// The signing key is not the one enrolled.
    #[error("the key given is not the one with which {0} is enrolled")]
    OtherKey(RecorderId),
    /// The event has no signature, and one is required.
    #[error("{act}: this ledger records only what its recorders sign")]
    Unsigned {
        /// The act.
        act: ActKind,
    },
    /// The event has fewer signatures than a charter asks for.
    #[error("the charter of {body} asks for the signatures of {needed} recorders for {act}: it has {signed}")]
    TooFew {
        /// The body of the charter.
        body: BodyId,
        /// The act.
        act: ActKind,
        /// The number of signatures that it asks for.
        needed: usize,
        /// The number of recorders that signed.
        signed: usize,
    },
    /// No registrar would be left to keep the register.
    #[error("without {0} nobody could enrol a recorder: enrol another registrar first")]
    LastRegistrar(RecorderId),
    /// No registrar is enrolled to keep the register.
    #[error(
        "recorders cannot be required before a registrar is enrolled: chancery recorder enrol VKEY --registrar"
    )]
    NoRegistrar,
    /// Recorders are already required.
    #[error("recorders are required already, since entry {0}")]
    Required(Index),
    /// An act of the ledger itself is in another body.
    #[error("{0} is an act of the ledger itself: its body is ledger")]
    OfLedger(ActKind),
    /// Another act, or a charter, is in the ledger's own name.
    #[error("ledger is the name of the ledger itself: no organisation or treaty is called so")]
    Reserved,
    /// Entries of the ledger itself cannot be corrected.
    #[error("what is recorded of the ledger itself is not corrected: enrol, limit or revoke anew")]
    NotCorrected,
}
