//! Why bytes are no leaf.

use super::act_kind::ActKind;
use super::act_name::UnknownAct;
use super::date::DateError;

/// The most bytes a leaf may have: a C2SP entry bundle writes its length in 16 bits.
pub const LEAF_BYTES_MAX: usize = 65_535;

/// Why bytes are no leaf, or an event fits in none.
#[derive(Debug, thiserror::Error)]
pub enum LeafError {
    /// Larger than [`LEAF_BYTES_MAX`].
    #[error(
        "the entry has {bytes} bytes, the limit is {LEAF_BYTES_MAX}: shorten the quote or note, or attach a document"
    )]
    TooLarge {
        /// Its size.
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
        /// What is wrong.
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
    /// An entry must name itself.
    #[error("the event has no id")]
    NoId,
    /// Signatures that have another form than that of format 2.
    #[error("sig: signatures stand in the order of their recorders, one of each, and at least one")]
    Signatures,
    /// The bytes are not the canonical form of what they say.
    #[error("the bytes are not RFC 8785 canonical JSON")]
    NotCanonical,
}
