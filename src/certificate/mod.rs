//! Answer certificates: an answer with the entries that it rests on, the proof that they stand in the log, and the proof
//! that no other recorded entry bears on it. Anyone can derive the answer again, offline.
//!
//! A [`CompletenessMap`] files every entry under *headings* (a participant in a body, a body alone, an import). Its root is
//! an extension line of the checkpoint, so that the same signature covers it, and the audit computes it anew from the
//! leaves. Which headings a question needs is in `query/needs.rs`; [`make`] writes a certificate, [`verify`] checks one. The
//! text is described in `docs/PROOF.md`.

mod asked;
mod error;
mod make;
mod map;
mod text;
mod verify;

pub use asked::CertifiedQuestion;
pub use error::CertificateError;
pub use make::{CertificateEvidence, make};
pub use map::CompletenessMap;
pub use verify::{Verified, verify};

/// What a certificate says of itself, and what it cannot say.
pub const NEUTRALITY: &str = "Recording an act implies no judgement on the status of any state, territory or participant; \
                              the ledger attributes.";
