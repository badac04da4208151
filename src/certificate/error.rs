//! The first thing about a certificate that fails.

use crate::event::leaf::LeafError;
use crate::event::{Heading, Index, Size};
use crate::log::SignatureError;
use crate::query::QueryError;

/// The first thing about a certificate that fails, or why none can be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// Not the text of a certificate.
    #[error("the certificate cannot be read: {0}")]
    Text(String),
    /// Another spelling of the same content.
    #[error("the certificate is not in its one form from byte {0} on")]
    Form(usize),
    /// Of a later version, or nothing of the kind.
    #[error(
        "it says it is {0:?}, this program knows \"chancery/answer-certificate@v1\": use a later program"
    )]
    Kind(String),
    /// The checkpoint in it.
    #[error("line {0} of the checkpoint: {1}")]
    Checkpoint(usize, &'static str),
    /// The checkpoint is not vouched for.
    #[error("{0}")]
    Signature(#[from] SignatureError),
    /// A checkpoint of a program before there were certificates.
    #[error("the checkpoint states no completeness map: nothing shows that no entry was left out")]
    NoMap,
    /// Entries stand in the order of the log, each once, and below the size.
    #[error("entry {0} is out of order, or beyond the checkpoint")]
    Order(Index),
    /// A leaf or its hash was changed.
    #[error("entry {0} does not have its hash: the entry or the hash was changed")]
    Leaf(Index),
    /// A leaf that cannot be read.
    #[error("entry {index} cannot be read: {source}")]
    Entry {
        /// Where.
        index: Index,
        /// What is wrong with it.
        source: LeafError,
    },
    /// An entry is not in the log, or a hash is another.
    #[error(
        "the entries and the hashes do not lead to the root in the checkpoint: an entry with its hash, or a hash between \
         them, was changed"
    )]
    Log,
    /// The groups do not lead to the root of the map.
    #[error("the groups do not lead to the root of the completeness map: a group or a hash was changed")]
    Groups,
    /// The headings do not lead to the root of their group.
    #[error(
        "the headings of {0:?} do not lead to its root: an entry was left out, or a heading or a hash was changed"
    )]
    Headings(String),
    /// An entry is filed, and not there.
    #[error("entry {index} is filed under {}, and is not in the certificate", said(heading))]
    LeftOut {
        /// Where it is filed.
        heading: Heading,
        /// Which.
        index: Index,
    },
    /// The answer may rest on it.
    #[error(
        "the certificate was made by an older rule that left out what is filed under {}, on which the answer may rest: ask for \
         it anew",
        said(.0)
    )]
    NotShown(Heading),
    /// Nothing asks for it.
    #[error("entry {0} is in the certificate, and the answer cannot rest on it")]
    Spare(Index),
    /// The question cannot be read.
    #[error("the question cannot be asked again: {0}")]
    Question(String),
    /// The question is about another record than the checkpoint.
    #[error("the question is about the first {asked} entries, the checkpoint covers {size}")]
    Size {
        /// What the question reads.
        asked: Size,
        /// What the checkpoint covers.
        size: Size,
    },
    /// The question has no answer.
    #[error("{0}")]
    Query(#[from] QueryError),
    /// Another answer follows from the entries.
    #[error(
        "the answer does not follow from the entries: {place} is {said} in the certificate, {gives} by the entries{by}"
    )]
    Answer {
        /// Which part, as a JSON pointer.
        place: String,
        /// What the certificate says.
        said: String,
        /// What the entries give.
        gives: String,
        /// Which other program wrote it; empty where it is this one.
        by: String,
    },
    /// The fixed words are others.
    #[error("the words on neutrality were changed")]
    Neutrality,
    /// What is left: the name of the program, or the digest itself.
    #[error("what it says of the program that wrote it, or its digest, was changed")]
    Digest,
}

fn said(heading: &Heading) -> String {
    match (heading.name(), heading.group()) {
        ("", group) => group.to_owned(),
        (name, group) => format!("{name} in {group}"),
    }
}
