//! The TOML of a charter: what one adoption or amendment says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::signers::Signers;
use crate::event::{ActKind, BodyId, Edtf, Evidence, ParticipantId, StatusId};

/// What the text of one adoption or amendment says. An adoption states the whole process; an amendment states what it
/// adds, replaces or merges, and leaves the rest as it was.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CharterText {
    /// The body whose rules these are.
    pub id: BodyId,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its name where space is short.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short: Option<String>,
    /// Whether that name stands in a sentence without an article: NATO, not "the NATO".
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bare_name: bool,
    /// Organisation or treaty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<BodyKind>,
    /// The body whose charter this adoption starts from: a pattern that states the rules common to many treaties.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extends: Option<BodyId>,
    /// Signature or adoption of its constitutive instrument: no act can be older.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub began: Option<Edtf>,
    /// Who decides on a status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decider: Option<String>,
    /// The day of the decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided: Option<Edtf>,
    /// The day of adoption.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adopted: Option<Edtf>,
    /// The day of signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed: Option<Edtf>,
    /// The first day on which it holds; without one it holds from the beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective: Option<Edtf>,
    /// The instrument or decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instrument: Option<String>,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// A caveat that every answer resting on it repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What the text rests on.
    #[serde(default, rename = "source", skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Evidence>,
    /// When the treaty, or the constitutive instrument, enters into force.
    #[serde(alias = "entry_into_force", skip_serializing_if = "Option::is_none")]
    pub entry_into_force: Option<String>,
    /// The day on which the treaty, or the constitutive instrument, entered into force, as the depositary certified it: for a record
    /// that does not have the consents which brought it about.
    #[serde(alias = "in_force_since", skip_serializing_if = "Option::is_none")]
    pub in_force_since: Option<Edtf>,
    /// When it enters into force for one participant, after it is in force.
    #[serde(alias = "entry_into_force_for_participant", skip_serializing_if = "Option::is_none")]
    pub entry_into_force_for_participant: Option<String>,
    /// When a withdrawal has effect after its notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawal: Option<String>,
    /// Where each clause stands, by the key that states it.
    #[serde(default, rename = "article", skip_serializing_if = "BTreeMap::is_empty")]
    pub articles: BTreeMap<ClauseKey, String>,
    /// How each clause is known, where not by reading the article.
    #[serde(default, rename = "basis", skip_serializing_if = "BTreeMap::is_empty")]
    pub bases: BTreeMap<ClauseKey, String>,
    /// Named sets of participants that clauses count in.
    #[serde(default, rename = "set", skip_serializing_if = "Vec::is_empty")]
    pub sets: Vec<NamedSet>,
    /// Tables of shares that clauses weigh by.
    #[serde(default, rename = "weight", skip_serializing_if = "Vec::is_empty")]
    pub weights: Vec<WeightTable>,
    /// Clauses of single accession treaties or protocols.
    #[serde(default, rename = "accession", skip_serializing_if = "Vec::is_empty")]
    pub accessions: Vec<AccessionClause>,
    /// How many different recorders must sign an act, by the act.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub recorders: BTreeMap<ActName, Signers>,
    /// Statuses that it creates, the highest first.
    #[serde(default, rename = "status", skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<Status>,
    /// Which act moves what.
    #[serde(default, rename = "transition", skip_serializing_if = "Vec::is_empty")]
    pub transitions: Vec<Transition>,
    /// The way to a status, in steps.
    #[serde(default, rename = "procedure", skip_serializing_if = "Vec::is_empty")]
    pub procedures: Vec<Procedure>,
    /// Statuses that become another for every holder.
    #[serde(default, rename = "merger", skip_serializing_if = "Vec::is_empty")]
    pub mergers: Vec<Merger>,
}

impl super::About {
    /// Its short name as it stands in a sentence: `the SCO`, `NATO`.
    pub fn in_short(&self) -> String {
        with_article(&self.short, self.bare_name)
    }

    /// Its name as it stands in a sentence: `the European Union`; where it is called by its short name alone, that one.
    pub fn in_full(&self) -> String {
        with_article(&self.title, self.bare_name && self.title == self.short)
    }

    /// A holder's status with the name: `observer of the SCO`, but `party to the Covenant`.
    pub fn held(&self, status: &str) -> String {
        let of = match self.kind {
            BodyKind::Organisation => "of",
            BodyKind::Treaty => "to",
        };
        format!("{status} {of} {}", self.in_full())
    }
}

fn with_article(name: &str, bare: bool) -> String {
    match bare || name.starts_with("The ") || name.starts_with("the ") {
        true => name.to_owned(),
        false => format!("the {name}"),
    }
}

/// What a body is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BodyKind {
    /// An organisation.
    Organisation,
    /// A treaty.
    Treaty,
}

/// A status of a body.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Status {
    /// Its id.
    pub id: StatusId,
    /// For one holder.
    pub title: String,
    /// For several.
    pub plural: String,
    /// How high it stands: whoever holds a higher one no longer seeks a lower. 0 for the end of a status.
    #[serde(default)]
    pub rank: u8,
}

/// An act moves a participant to a status.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Transition {
    /// Which act.
    pub act: ActName,
    /// From which statuses the rules foresee it; any where none is named. Practice breaks ladders: an act from another
    /// status still moves, and is remarked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<StatusId>,
    /// To which status.
    pub to: StatusId,
    /// The status sought for which alone the rule holds: an invitation to membership, an application for partnership.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub toward: Option<StatusId>,
    /// Which clause computes the day of its effect, where the act does not fix it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<EffectBy>,
    /// The status from the act until that effect: of who has consented to a treaty that is not yet in force for it (VCLT
    /// 2(1)(f)).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meanwhile: Option<StatusId>,
    /// What the article says, in a line.
    pub rule: String,
    /// Where it stands.
    pub article: String,
    /// How the rule is known, where not by reading the article.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
}

/// The keys that state a clause.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClauseKey {
    /// When the treaty enters into force.
    #[serde(alias = "entry_into_force")]
    EntryIntoForce,
    /// When it enters into force for one participant.
    #[serde(alias = "entry_into_force_for_participant")]
    EntryIntoForceForParticipant,
    /// When a withdrawal has effect.
    Withdrawal,
}

/// Which clause computes the day of an act's effect.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EffectBy {
    /// The entry into force of the treaty for the participant.
    EntryIntoForce,
    /// The end of the notice period.
    Withdrawal,
    /// The entry into force of the participant's own accession treaty or protocol.
    Accession,
}

/// A set of participants by its name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NamedSet {
    /// Its name in clauses.
    pub id: String,
    /// Who belongs to it.
    pub members: Vec<ParticipantId>,
    /// The first day on which these belong to it; without one from the beginning. Of several texts of one set the one holds
    /// that began last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective: Option<Edtf>,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub article: Option<String>,
    /// How it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// What it rests on.
    #[serde(default, rename = "source", skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Evidence>,
}

/// Shares of participants, as decimals in text.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct WeightTable {
    /// Its name in clauses.
    pub id: String,
    /// Each share, in the table's own unit, as a decimal in text.
    pub shares: BTreeMap<ParticipantId, String>,
    /// What a share counts: gigagrams of carbon dioxide, votes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The first day on which these shares hold; without one from the beginning. Of several texts of one table the one holds
    /// that began last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective: Option<Edtf>,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub article: Option<String>,
    /// How it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// What it rests on.
    #[serde(default, rename = "source", skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Evidence>,
}

/// The clause of one accession treaty or protocol.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AccessionClause {
    /// Whose accession.
    pub participant: ParticipantId,
    /// When it enters into force.
    pub clause: String,
    /// Where it stands.
    pub article: String,
    /// How it is known, where not by reading the article.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
}

/// The way to a status.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Procedure {
    /// The status at its end.
    pub toward: StatusId,
    /// Where it stands.
    pub article: String,
    /// Its steps in order; the last one gives the status.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
}

/// A step of a procedure.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Step {
    /// The act that takes it.
    pub act: ActName,
    /// In a word or two.
    pub title: String,
    /// Whether it may be left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// The status that the act must name, where it may give several: a step on the way to another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<StatusId>,
    /// Whose act it is, where not the deciding body's or the applicant's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<StepBy>,
    /// Where it stands, where not in the procedure's article.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub article: Option<String>,
}

/// Whose acts complete a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepBy {
    /// Each member of the moment, with the applicant named in `about`.
    EveryMember,
    /// Each member of the moment and the applicant, with the applicant named in `about`.
    EveryMemberAndApplicant,
}

/// A class of statuses becomes another one for every holder at once. The merged statuses end, and with them the
/// transitions and procedures that lead to them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Merger {
    /// The statuses that end.
    pub from: Vec<StatusId>,
    /// The status that their holders have from then on.
    pub to: StatusId,
    /// What the article says, in a line.
    pub rule: String,
    /// Where it stands.
    pub article: String,
}

/// An act by its kebab-case name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ActName(pub ActKind);

impl Serialize for ActName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl<'de> Deserialize<'de> for ActName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<ActName, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(ActName).map_err(serde::de::Error::custom)
    }
}

/// Why a text is no charter, and where.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}, column {column}: {what}")]
pub struct CharterTextError {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What is wrong there.
    pub what: String,
}

impl CharterTextError {
    /// At a byte of the text.
    pub(super) fn at(text: &str, offset: usize, what: String) -> CharterTextError {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.rsplit('\n').next().unwrap_or_default();
        CharterTextError { line: before.matches('\n').count() + 1, column: line.chars().count() + 1, what }
    }

    pub(super) fn of_toml(text: &str, error: &toml::de::Error) -> CharterTextError {
        let offset = error.span().map_or(0, |span| span.start);
        CharterTextError::at(text, offset, error.message().replace('`', ""))
    }
}

impl CharterText {
    /// The body whose charter an adoption extends, where it names one. A text that cannot be read names none.
    pub fn extended(text: &str) -> Option<BodyId> {
        #[derive(Deserialize)]
        struct Extends {
            extends: Option<BodyId>,
        }
        // Most texts extend nothing, and are not read for it.
        let read = || toml::from_str::<Extends>(text).ok();
        text.contains("extends").then(read).flatten()?.extends
    }

    /// The beginning of its body that an adoption or amendment states. A text that cannot be read states none.
    pub fn beginning(text: &str) -> Option<Edtf> {
        #[derive(Deserialize)]
        struct Began {
            began: Option<Edtf>,
        }
        let read = || toml::from_str::<Began>(text).ok();
        text.contains("began").then(read).flatten()?.began
    }
}
