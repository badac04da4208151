//! The first fault of a certificate.

use crate::event::leaf::LeafError;
use crate::event::{Heading, Index, Size};
use crate::log::SignatureError;
use crate::query::QueryError;

/// The first fault of a certificate, or the reason for which none can be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The text is not that of a certificate.
    #[error("the certificate cannot be read: {0}")]
    Text(String),
    /// The text is another spelling of the same content.
    #[error("the certificate is not in its one form from byte {0} on")]
    Form(usize),
    /// The certificate is of a later version, or the text is something else.
    #[error(
        "it says it is {0:?}, this program knows \"chancery/answer-certificate@v1\": use a later program"
    )]
    Kind(String),
    /// The checkpoint in the certificate cannot be read.
    #[error("line {0} of the checkpoint: {1}")]
    Checkpoint(usize, &'static str),
    /// The checkpoint has no valid signature of the key.
    #[error("{0}")]
    Signature(#[from] SignatureError),
    /// The checkpoint was made by a program from before certificates.
    #[error("the checkpoint states no completeness map: nothing shows that no entry was left out")]
    NoMap,
    /// The entries are not in the order of the log, each once, and below the size.
    #[error("entry {0} is out of order, or beyond the checkpoint")]
    Order(Index),
    /// A leaf or its hash was changed.
    #[error("entry {0} does not have its hash: the entry or the hash was changed")]
    Leaf(Index),
    /// A leaf cannot be read.
    #[error("entry {index} cannot be read: {source}")]
    Entry {
        /// The index of the entry.
        index: Index,
        /// Why it cannot be read.
        source: LeafError,
    },
    /// An entry is not in the log, or a hash differs.
    #[error(
        "the entries and the hashes do not lead to the root in the checkpoint: an entry with its hash, or a hash between \
         them, was changed"
    )]
    Log,
    /// The groups do not give the root of the map.
    #[error("the groups do not lead to the root of the completeness map: a group or a hash was changed")]
    Groups,
    /// The headings do not give the root of their group.
    #[error(
        "the headings of {0:?} do not lead to its root: an entry was left out, or a heading or a hash was changed"
    )]
    Headings(String),
    /// An entry is filed under a heading that the answer needs, but is not in the certificate.
    #[error("entry {index} is filed under {}, and is not in the certificate", said(heading))]
    LeftOut {
        /// The heading.
        heading: Heading,
        /// The index of the entry.
        index: Index,
    },
    /// The answer may depend on a heading that the certificate does not have.
    #[error(
        "the certificate was made by an older rule that left out what is filed under {}, on which the answer may rest: ask for \
         it anew",
        said(.0)
    )]
    NotShown(Heading),
    /// The answer cannot depend on an entry in the certificate.
    #[error("entry {0} is in the certificate, and the answer cannot rest on it")]
    Spare(Index),
    /// The question cannot be read.
    #[error("the question cannot be asked again: {0}")]
    Question(String),
    /// The question reads another number of entries than the checkpoint covers.
    #[error("the question is about the first {asked} entries, the checkpoint covers {size}")]
    Size {
        /// The number of entries that the question reads.
        asked: Size,
        /// The number of entries that the checkpoint covers.
        size: Size,
    },
    /// The question has no answer.
    #[error("{0}")]
    Query(#[from] QueryError),
    /// The entries give another answer.
    #[error(
        "the answer does not follow from the entries: {place} is {said} in the certificate, {gives} by the entries{by}"
    )]
    Answer {
        /// The part that differs, as a JSON pointer.
        place: String,
        /// Its value in the certificate.
        said: String,
        /// Its value according to the entries.
        gives: String,
        /// The other program that wrote it; empty if it was this one.
        by: String,
    },
    /// The fixed words on neutrality were changed.
    #[error("the words on neutrality were changed")]
    Neutrality,
    /// The name of the program, or the digest itself, was changed.
    #[error("what it says of the program that wrote it, or its digest, was changed")]
    Digest,
}

fn said(heading: &Heading) -> String {
    match (heading.name(), heading.group()) {
        ("", group) => group.to_owned(),
        (name, group) => format!("{name} in {group}"),
    }
}
