//! The errors of reading and writing leaves.

use super::act_kind::ActKind;
use super::act_name::UnknownAct;
use super::date::DateError;

/// The largest size of a leaf, in bytes: a C2SP entry bundle writes its length in 16 bits.
pub const LEAF_BYTES_MAX: usize = 65_535;

/// The reason why bytes are not a leaf, or an event fits in no leaf.
#[derive(Debug, thiserror::Error)]
pub enum LeafError {
    /// Larger than [`LEAF_BYTES_MAX`].
    #[error(
        "the entry has {bytes} bytes, the limit is {LEAF_BYTES_MAX}: shorten the quote or note, or attach a document"
    )]
    TooLarge {
        /// The size of the leaf, in bytes.
        bytes: usize,
    },
    /// Written by a later program.
    #[error("format {0} is not known to this program (it reads formats 1 and 2): use a newer chancery")]
    Version(u64),
    /// Not the JSON of an event.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// A payload is missing, or belongs to another act.
    #[error("{act}: {what}")]
    Payload {
        /// The act.
        act: ActKind,
        /// The fault.
        what: &'static str,
    },
    /// No act of that name.
    #[error("{0}")]
    Act(#[from] UnknownAct),
    /// `recorded_at` is no instant.
    #[error("recorded_at: {0}")]
    Instant(#[from] DateError),
    /// `rival` is not `DISPUTE:CHAIN`.
    #[error("rival: {0:?} is not of the form DISPUTE:CHAIN")]
    Rival(String),
    /// The event has no id.
    #[error("the event has no id")]
    NoId,
    /// The signatures do not have the form of format 2.
    #[error("sig: signatures stand in the order of their recorders, one of each, and at least one")]
    Signatures,
    /// The bytes are not the canonical form of their content.
    #[error("the bytes are not RFC 8785 canonical JSON")]
    NotCanonical,
}
