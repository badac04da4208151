//! The TOML of a charter: the text of one adoption or amendment.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::signers::Signers;
use crate::event::{ActKind, BodyId, Edtf, Evidence, ParticipantId, StatusId};

/// The content of one adoption or amendment. An adoption states the whole process. An amendment states only additions, replacements
/// and mergers; the rest does not change.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CharterText {
    /// The body that has these rules.
    pub id: BodyId,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// A shorter name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short: Option<String>,
    /// True if the short name has no article in a sentence: NATO, not "the NATO".
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bare_name: bool,
    /// The kind: organisation or treaty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<BodyKind>,
    /// The body whose charter this adoption extends: a pattern that states the rules common to many treaties.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extends: Option<BodyId>,
    /// The date of signature or adoption of its constitutive instrument: no act can be earlier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub began: Option<Edtf>,
    /// The organ that decides on a status.
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
    /// The first day on which it is in force; without one it is in force from the beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective: Option<Edtf>,
    /// The instrument or decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instrument: Option<String>,
    /// The place of the decision, adoption or signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// A caveat, repeated in every answer that rests on this text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The evidence for the text.
    #[serde(default, rename = "source", skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Evidence>,
    /// The clause on the entry into force of the treaty, or of the constitutive instrument.
    #[serde(alias = "entry_into_force", skip_serializing_if = "Option::is_none")]
    pub entry_into_force: Option<String>,
    /// The day on which the treaty, or the constitutive instrument, entered into force, as the depositary certified it. It serves a
    /// record without the consents that brought the entry into force about.
    #[serde(alias = "in_force_since", skip_serializing_if = "Option::is_none")]
    pub in_force_since: Option<Edtf>,
    /// The clause on the entry into force for one participant, after the treaty is in force.
    #[serde(alias = "entry_into_force_for_participant", skip_serializing_if = "Option::is_none")]
    pub entry_into_force_for_participant: Option<String>,
    /// The clause on the effect of a withdrawal after its notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawal: Option<String>,
    /// The article of each clause, by the key that states the clause.
    #[serde(default, rename = "article", skip_serializing_if = "BTreeMap::is_empty")]
    pub articles: BTreeMap<ClauseKey, String>,
    /// The way in which each clause is known, if its article was not read.
    #[serde(default, rename = "basis", skip_serializing_if = "BTreeMap::is_empty")]
    pub bases: BTreeMap<ClauseKey, String>,
    /// The named sets of participants in which clauses count.
    #[serde(default, rename = "set", skip_serializing_if = "Vec::is_empty")]
    pub sets: Vec<NamedSet>,
    /// The tables of shares by which clauses weigh.
    #[serde(default, rename = "weight", skip_serializing_if = "Vec::is_empty")]
    pub weights: Vec<WeightTable>,
    /// The clauses of single accession treaties or protocols.
    #[serde(default, rename = "accession", skip_serializing_if = "Vec::is_empty")]
    pub accessions: Vec<AccessionClause>,
    /// The number of different recorders that must sign an act, by the act.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub recorders: BTreeMap<ActName, Signers>,
    /// The statuses that it creates, the highest first.
    #[serde(default, rename = "status", skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<Status>,
    /// The transitions: which act leads to which status.
    #[serde(default, rename = "transition", skip_serializing_if = "Vec::is_empty")]
    pub transitions: Vec<Transition>,
    /// The procedures: the way to a status, in steps.
    #[serde(default, rename = "procedure", skip_serializing_if = "Vec::is_empty")]
    pub procedures: Vec<Procedure>,
    /// The mergers: statuses that become another for every participant that has them.
    #[serde(default, rename = "merger", skip_serializing_if = "Vec::is_empty")]
    pub mergers: Vec<Merger>,
}

impl super::About {
    /// Its short name as used in a sentence: `the SCO`, `NATO`.
    pub fn in_short(&self) -> String {
        with_article(&self.short, self.bare_name)
    }

    /// Its full name as used in a sentence: `the European Union`. If the short name is also the full one and takes no article,
    /// neither does this.
    pub fn in_full(&self) -> String {
        with_article(&self.title, self.bare_name && self.title == self.short)
    }

    /// A participant's status with the name of the body: `observer of the SCO`, but `party to the Covenant`.
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

/// The kind of a body.
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
    /// The word for one participant that has it.
    pub title: String,
    /// The word for several participants.
    pub plural: String,
    /// The rank: a participant with a higher status no longer seeks a lower one. 0 for the end of a status.
    #[serde(default)]
    pub rank: u8,
}

/// A transition: an act that moves a participant to a status.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Transition {
    /// The act.
    pub act: ActName,
    /// The statuses from which the rules foresee the act; empty for any status. Practice does not always follow the steps: an act
    /// from another status still has its effect, with a remark.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<StatusId>,
    /// The status after the act.
    pub to: StatusId,
    /// The only status sought for which the rule applies: it separates an invitation to membership from an application for
    /// partnership.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub toward: Option<StatusId>,
    /// The clause that computes the day of effect, if the act does not fix it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<EffectBy>,
    /// The status between the act and that effect, for example of a state that has consented to a treaty that is not yet in force
    /// for it (VCLT 2(1)(f)).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meanwhile: Option<StatusId>,
    /// The content of the article, in one line.
    pub rule: String,
    /// The article.
    pub article: String,
    /// The way in which the rule is known, if the article was not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
}

/// The keys that state a clause.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClauseKey {
    /// The entry into force of the treaty.
    #[serde(alias = "entry_into_force")]
    EntryIntoForce,
    /// The entry into force for one participant.
    #[serde(alias = "entry_into_force_for_participant")]
    EntryIntoForceForParticipant,
    /// The effect of a withdrawal.
    Withdrawal,
}

/// The clause that computes the day of an act's effect.
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
    /// Its members.
    pub members: Vec<ParticipantId>,
    /// The first day on which these are its members; without one, from the beginning. If several texts state one set, the text that
    /// began last applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective: Option<Edtf>,
    /// The article.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub article: Option<String>,
    /// The way in which it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// The evidence for it.
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
    /// The unit of the shares: gigagrams of carbon dioxide, votes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The first day on which these shares apply; without one, from the beginning. If several texts state one table, the text that
    /// began last applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective: Option<Edtf>,
    /// The article.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub article: Option<String>,
    /// The way in which it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// The evidence for it.
    #[serde(default, rename = "source", skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Evidence>,
}

/// The clause of one accession treaty or protocol.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AccessionClause {
    /// The participant that accedes.
    pub participant: ParticipantId,
    /// The clause on its entry into force.
    pub clause: String,
    /// The article.
    pub article: String,
    /// The way in which it is known, if the article was not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
}

/// The way to a status.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Procedure {
    /// The status at its end.
    pub toward: StatusId,
    /// The article.
    pub article: String,
    /// Its steps in order; the last one gives the status.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
}

/// A step of a procedure.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Step {
    /// The act that completes the step.
    pub act: ActName,
    /// The title, in a word or two.
    pub title: String,
    /// True if the step may be left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// The status that the act must name, if it may give several: a step on the way to another status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<StatusId>,
    /// The participants whose acts these are, if not the deciding body's or the applicant's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<StepBy>,
    /// The article, if it is not the procedure's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub article: Option<String>,
}

/// The participants whose acts complete a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepBy {
    /// Each member at that moment; the act names the applicant in `about`.
    EveryMember,
    /// Each member at that moment, and the applicant; the act names the applicant in `about`.
    EveryMemberAndApplicant,
}

/// A merger: statuses become another one for every participant that has them, at once. The merged statuses end, and with them the
/// transitions and procedures that lead to them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Merger {
    /// The statuses that end.
    pub from: Vec<StatusId>,
    /// The status that these participants have from then on.
    pub to: StatusId,
    /// The content of the article, in one line.
    pub rule: String,
    /// The article.
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

/// The reason why a text is not a charter, and the place of the fault.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}, column {column}: {what}")]
pub struct CharterTextError {
    /// The line, from 1.
    pub line: usize,
    /// The column, in characters, from 1.
    pub column: usize,
    /// The fault.
    pub what: String,
}

impl CharterTextError {
    /// Makes an error at a byte offset of the text.
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
    /// The body whose charter an adoption extends, if it names one. A text that cannot be read names none.
    pub fn extended(text: &str) -> Option<BodyId> {
        #[derive(Deserialize)]
        struct Extends {
            extends: Option<BodyId>,
        }
        // Most texts extend nothing, and are not parsed for it.
        let read = || toml::from_str::<Extends>(text).ok();
        text.contains("extends").then(read).flatten()?.extends
    }

    /// The beginning of its body, as an adoption or amendment states it. A text that cannot be read states none.
    pub fn beginning(text: &str) -> Option<Edtf> {
        #[derive(Deserialize)]
        struct Began {
            began: Option<Edtf>,
        }
        let read = || toml::from_str::<Began>(text).ok();
        text.contains("began").then(read).flatten()?.began
    }
}
