//! Corrections, which are only ever appended: the content of a rectification and of a retraction.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::date::DateError;
use super::ids::IdError;
use super::participant::ParticipantIdError;
use super::role::Role;

/// The reason why the record was wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// A slip of the person who keeps the ledger: the record was never right. The correction applies whatever the day of knowledge
    /// of a question.
    Clerical,
    /// The source itself has changed its statement.
    SourceChanged,
    /// Better evidence was found.
    NewEvidence,
    /// The law now classifies the act in another way.
    Law,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Cause; 4] = [Cause::Clerical, Cause::SourceChanged, Cause::NewEvidence, Cause::Law];

    /// The name used in leaves and options.
    pub const fn name(self) -> &'static str {
        match self {
            Cause::Clerical => "clerical",
            Cause::SourceChanged => "source-changed",
            Cause::NewEvidence => "new-evidence",
            Cause::Law => "law",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A part of an event that a rectification may set.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Field {
    /// The participant that acted.
    Participant,
    /// The organisation or treaty.
    Body,
    /// The act; it can be changed only if neither the old nor the new act has a payload.
    Act,
    /// The status applied for or decided.
    Toward,
    /// The other participant: the one whose accession or exit the act concerns, or the other one in an act that joins or separates
    /// lines.
    About,
    /// The status that the source claims as the result.
    Status,
    /// The title of the instrument.
    Title,
    /// The place.
    Place,
    /// The order within a day.
    Sequence,
    /// The dispute and the chain.
    Rival,
    /// The day from which the world could know of the act.
    KnownFrom,
    /// A remark.
    Note,
    /// A date.
    Date(Role),
}

const PLAIN_FIELDS: [(&str, Field); 12] = [
    ("about", Field::About),
    ("act", Field::Act),
    ("body", Field::Body),
    ("known-from", Field::KnownFrom),
    ("note", Field::Note),
    ("participant", Field::Participant),
    ("place", Field::Place),
    ("rival", Field::Rival),
    ("sequence", Field::Sequence),
    ("status", Field::Status),
    ("title", Field::Title),
    ("toward", Field::Toward),
];

impl Field {
    /// The name used in leaves and in `--set`.
    pub fn name(self) -> &'static str {
        if let Field::Date(role) = self {
            return role.name();
        }
        PLAIN_FIELDS.iter().find(|(_, field)| *field == self).map_or("", |(name, _)| name)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Field {
    type Err = ChangeError;

    fn from_str(name: &str) -> Result<Field, ChangeError> {
        let folded = name.trim().to_ascii_lowercase().replace('_', "-");
        Role::from_name(&folded)
            .map(Field::Date)
            .or_else(|| PLAIN_FIELDS.iter().find(|(n, _)| *n == folded).map(|(_, field)| *field))
            .ok_or_else(|| ChangeError::UnknownField(name.into()))
    }
}

impl Serialize for Field {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Field, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Values by the name of their field, sorted by name, as in a leaf. An empty value removes the value that was there.
pub type Changes = BTreeMap<FieldName, String>;

/// A [`Field`] ordered by its name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FieldName(pub Field);

impl Ord for FieldName {
    fn cmp(&self, other: &FieldName) -> std::cmp::Ordering {
        self.0.name().cmp(other.0.name())
    }
}

impl PartialOrd for FieldName {
    fn partial_cmp(&self, other: &FieldName) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The payload of `record-corrected`: the values before the correction, the values after it, and the cause. It has effect *ab
/// initio*: the entry is read as if it had always had the new values, while `--as-recorded` still shows the old ones.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// The reason why the record was wrong.
    pub cause: Cause,
    /// The values after the correction.
    pub now: Changes,
    /// The values before the correction; empty if the field had none.
    pub was: Changes,
}

/// The payload of `entry-retracted`. Retracting an `import-recorded` retracts every entry of that import.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retraction {
    /// The reason why the record was wrong.
    pub cause: Cause,
}

/// An error of a change that cannot be made.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ChangeError {
    /// No such field.
    #[error(
        "no field called {0:?}: use participant, body, act, toward, about, status, title, place, sequence, rival, \
         known-from, note or a date (adopted decided signed done received deposited effective planned notified until)"
    )]
    UnknownField(String),
    /// The value is no date.
    #[error("{field}: {source}")]
    Date {
        /// The field.
        field: Field,
        /// The fault of the date.
        source: DateError,
    },
    /// The value is no id.
    #[error("{0}")]
    Id(#[from] IdError),
    /// The value is no participant.
    #[error("{0}")]
    Participant(#[from] ParticipantIdError),
    /// The value is no whole number.
    #[error("sequence: {0:?} is not a whole number from 0 to 65535")]
    Sequence(String),
    /// The value is no `DISPUTE:CHAIN`.
    #[error("rival: {0:?} is not of the form DISPUTE:CHAIN")]
    Rival(String),
    /// A rectification cannot give the event this act: one of the two acts has a payload, or no act has this name.
    #[error(
        "{0}: an act with a payload of its own is not rectified into or from another: retract it and append anew"
    )]
    Act(String),
    /// Every event has a body.
    #[error("an event cannot be without its {0}")]
    Needed(Field),
}
