//! The payloads of acts: a span that was searched, the form of an instrument, a reply, a finding, the receipt of an import.

use serde::{Deserialize, Serialize};

use super::date::Edtf;

/// The part of a body's record that was searched.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Survey {
    /// The days that the search covers.
    pub span: Edtf,
    /// True if the search found only participants that still exist: a table of today leaves out states that no longer exist.
    pub survivors_only: bool,
}

/// The form of an instrument of consent to be bound (VCLT 2(1)(b), 11).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the words of VCLT 11 and 14-16 are their own definition")]
pub enum Form {
    Ratification,
    Acceptance,
    Approval,
    Accession,
    FormalConfirmation,
    Succession,
    DefinitiveSignature,
    SimplifiedProcedure,
    ConsentToBeBound,
}

impl Form {
    /// Every form with its name in leaves and options.
    pub const ALL: [(Form, &'static str); 9] = [
        (Form::Ratification, "ratification"),
        (Form::Acceptance, "acceptance"),
        (Form::Approval, "approval"),
        (Form::Accession, "accession"),
        (Form::FormalConfirmation, "formal-confirmation"),
        (Form::Succession, "succession"),
        (Form::DefinitiveSignature, "definitive-signature"),
        (Form::SimplifiedProcedure, "simplified-procedure"),
        (Form::ConsentToBeBound, "consent-to-be-bound"),
    ];

    /// The form of that name.
    pub fn from_name(name: &str) -> Option<Form> {
        Form::ALL.into_iter().find(|(_, n)| *n == name).map(|(form, _)| form)
    }
}

/// The answer of a deciding body to an application that it does not grant.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// Put off, or not adopted: the procedure stays open.
    Deferred,
    /// Turned down: the procedure is closed.
    Rejected,
}

/// The finding of a depositary about a communication (VCLT 77(1)(d)).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// In due and proper form.
    Accepted,
    /// Brought to the attention of the sender.
    Queried,
    /// Sent back.
    Returned,
}

impl Finding {
    /// The word used in leaves and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Finding::Accepted => "accepted",
            Finding::Queried => "queried",
            Finding::Returned => "returned",
        }
    }
}

/// The payload of `import-recorded`: the file, and the counts of its rows that were recorded and left out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportReceipt {
    /// The file's name, without its folder.
    pub file: String,
    /// The program and version that read it.
    pub importer: String,
    /// Rows left out, each with line and reason in the report.
    pub refused: u64,
    /// SHA-256 of the file's bytes, 64 hex digits.
    pub sha256: String,
    /// Rows recorded.
    pub taken: u64,
}
