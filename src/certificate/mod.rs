//! Answer certificates: an answer with the entries that it depends on, the proof that they are in the log, and the proof that no
//! other recorded entry bears on it. Anyone can derive the answer again, offline.
//!
//! A [`CompletenessMap`] files every entry under *headings* (a participant in a body, a body alone, an import). Its root is an
//! extension line of the checkpoint, so that the same signature covers it, and the audit computes it anew from the leaves.
//! `query/needs.rs` decides which headings a question needs; [`make`] writes a certificate, [`verify`] checks one. `docs/PROOF.md`
//! describes the text.

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

/// The statement of neutrality that every certificate contains: a certificate attributes acts, and judges no status.
pub const NEUTRALITY: &str = "Recording an act implies no judgement on the status of any state, territory or participant; \
                              the ledger attributes.";
