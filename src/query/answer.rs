//! The parts of answers, as the JSON contract names them.

use serde::{Serialize, Serializer};

use crate::event::{
    ActKind, BodyId, Day, Edtf, EventId, Evidence, Index, KnownBy, Moment, ParticipantId, Size, StatusId,
};
use crate::history::Certainty;

use super::Axes;

/// The question, as it was understood.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct QuestionEcho {
    /// The command that asks the question: `status`, `roster`, `timeline` and so on.
    pub kind: &'static str,
    /// The participant that the question is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub participant: Option<ParticipantId>,
    /// The second participant, if the question is about two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<ParticipantId>,
    /// The organisation or treaty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<BodyId>,
    /// The day asked about.
    #[serde(serialize_with = "day")]
    pub on: Day,
    /// The moment of that day, as it was written.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "moment")]
    pub at: Option<Moment>,
    /// The limit of knowledge: an act counts if the world could know of it by then, inclusive; `null` counts every act.
    pub as_known: Option<KnownBy>,
    /// The number of entries that were read.
    pub as_recorded: Size,
    /// The view that decides between rival accounts of a dispute: its name, or the file that it was read from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub view: Option<String>,
}

impl QuestionEcho {
    /// The echo of a question with these axes.
    pub fn new(
        kind: &'static str,
        participant: Option<&ParticipantId>,
        body: Option<&BodyId>,
        axes: &Axes,
    ) -> QuestionEcho {
        QuestionEcho {
            kind,
            participant: participant.cloned(),
            other: None,
            body: body.cloned(),
            on: axes.on,
            at: axes.at.clone(),
            as_known: axes.as_known.clone(),
            as_recorded: axes.as_recorded,
            view: axes.view.as_ref().map(|view| view.label().to_owned()),
        }
    }

    /// The moment asked about as it was written, else the day: this distinguishes the questions of a list.
    pub fn when(&self) -> String {
        self.at.as_ref().map_or_else(|| self.on.to_string(), |moment| moment.as_str().to_owned())
    }
}

/// Writes a day as EDTF.
pub(super) fn day<S: Serializer>(day: &Day, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(day)
}

fn moment<S: Serializer>(moment: &Option<Moment>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(moment.as_ref().map_or("", Moment::as_str))
}

/// Writes an act by its name.
pub(super) fn act<S: Serializer>(act: &ActKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(act.name())
}

/// Writes acts by their names.
pub(super) fn acts<S: Serializer>(acts: &[ActKind], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(acts.iter().map(|act| act.name()))
}

/// Writes the day since which an act is known as EDTF; a day without limit is `null`.
pub(super) fn known<S: Serializer>(known: &Day, serializer: S) -> Result<S::Ok, S::Error> {
    match known.date() {
        Some(_) => serializer.collect_str(known),
        None => serializer.serialize_none(),
    }
}

/// An entry on which an answer rests.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Because {
    /// The index of the entry.
    pub index: Index,
    /// The id of the event.
    pub id: EventId,
    /// The kind of the act.
    #[serde(serialize_with = "act")]
    pub act: ActKind,
    /// The date on which the act had effect.
    pub date: Edtf,
    /// The day from which the world could know of the act; `null` if that has no limit.
    #[serde(serialize_with = "known")]
    pub known: Day,
    /// True if that day is only inferred from the act's own date.
    pub known_assumed: bool,
    /// The rule by which the act moved the status, with its article.
    pub clause: String,
    /// The index of the adoption or amendment that contains the rule; `null` if the status rests on a source's claim.
    pub rule: Option<Index>,
    /// The title of the instrument or decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The place of the act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The indexes of the entries that rectified this one, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub corrected_by: Vec<Index>,
    /// The indexes of other entries that record the same fact; their evidence is part of the evidence here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub same_fact: Vec<Index>,
    /// The sources on which the entry rests.
    pub evidence: Vec<Evidence>,
}

/// An overlay: a condition beside the status, which does not change it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct OverlayItem {
    /// The kind: `suspended`, `dormant`, `frozen`, `provisional-application`, `operation-suspended`,
    /// `territorial-scope` or `representation`.
    pub overlay: &'static str,
    /// The rights or territories that it concerns; for a representation, the government that speaks.
    pub scope: Option<String>,
    /// The first day of the overlay.
    pub since: Edtf,
    /// The first day after the overlay, if an act that counts on the day asked about states one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Edtf>,
    /// The index of the act that brought it.
    pub index: Index,
}

/// A change that is decided and has not taken effect.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ScheduledItem {
    /// The status to come.
    pub status: StatusId,
    /// The date from which it has effect.
    pub on: Edtf,
    /// The indexes of the entries on which the change rests.
    pub because: Vec<Index>,
}

/// An open procedure.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ProcedureItem {
    /// The status sought; `null` if no source names it.
    pub toward: Option<StatusId>,
    /// The furthest step taken.
    #[serde(serialize_with = "act")]
    pub stage: ActKind,
    /// The date of that step.
    pub since: Edtf,
    /// The date of the first act of the procedure.
    pub opened: Edtf,
    /// The indexes of the entries that record the stage.
    pub entries: Vec<Index>,
    /// True if the procedure is known from reports only.
    pub reported: bool,
    /// The steps that are still to be taken.
    #[serde(serialize_with = "acts")]
    pub missing: Vec<ActKind>,
    /// The count of those who must act and those who have; `null` if no step is for others to take.
    pub quorum: Option<QuorumItem>,
    /// The end of the procedure, by everything known today; `null` while it is open.
    pub outcome: Option<OutcomeItem>,
}

/// The count of those who must act and those who have, at the end of the day asked about, among the members of that
/// moment.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct QuorumItem {
    /// The act that each of them must do.
    #[serde(serialize_with = "act")]
    pub act: ActKind,
    /// The number of participants that must act.
    pub needed: u32,
    /// The number of participants that have acted.
    pub count: u32,
    /// The participants that have acted.
    pub counted: Vec<ParticipantId>,
    /// The participants that have not acted, and of which no approval at home is recorded either.
    pub missing: Vec<ParticipantId>,
    /// The participants that approved at home, but of which no deposit is attested; only the deposit counts.
    pub unattested: Vec<ParticipantId>,
}

/// The end of a procedure.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct OutcomeItem {
    /// The status attained; `null` if the procedure was withdrawn, declined or rejected.
    pub status: Option<StatusId>,
    /// The manner of the end: `attained`, `withdrawn`, `declined` or `rejected`.
    pub how: &'static str,
    /// The date of the end.
    pub on: Edtf,
    /// The index of the entry that ended it.
    pub index: Index,
}

/// An act after the day asked about.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Afterwards {
    /// The kind of the act.
    #[serde(serialize_with = "act")]
    pub act: ActKind,
    /// The date of the act.
    pub date: Edtf,
    /// The index of its entry.
    pub index: Index,
}

/// An act of the very day asked about.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct DayAct {
    /// The participant that acted, or on which the act bears.
    pub participant: Option<ParticipantId>,
    /// The kind of the act.
    #[serde(serialize_with = "act")]
    pub act: ActKind,
    /// The participant whose accession or exit the act concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<ParticipantId>,
    /// The date of the act.
    pub date: Edtf,
    /// The place of the act within the day, if the evidence gives one; otherwise the order within the day is unknown.
    pub sequence: Option<u16>,
    /// The index of its entry.
    pub index: Index,
}

/// The statuses and entries of one side of a dispute.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ConflictSide {
    /// The chains that this side follows, as `DISPUTE:CHAIN`.
    pub chains: Vec<String>,
    /// The statuses that are possible under these chains.
    pub possible: Vec<StatusId>,
    /// The entries on which these statuses rest.
    pub because: Vec<Because>,
    /// The index of every act on these chains, also of acts that move no status.
    pub entries: Vec<Index>,
}

/// The span of a body's record that was searched.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Coverage {
    /// The beginning of the span.
    pub from: String,
    /// The end of the span.
    pub to: String,
    /// True if the day asked about lies in the span.
    pub covers: bool,
}

impl Coverage {
    /// The span that was surveyed; `covers` is true if the day `on` lies in it. Returns `None` without a survey.
    pub(super) fn of(surveyed: Option<&Edtf>, on: Day) -> Option<Coverage> {
        let span = surveyed?;
        let (from, to) = span.as_str().split_once('/').unwrap_or((span.as_str(), span.as_str()));
        let covers = span.earliest() <= on && on <= span.latest();
        Some(Coverage { from: from.into(), to: to.into(), covers })
    }
}

/// The line that says where the record of a body ends, if a day lies outside it or no span was surveyed. `name` is the
/// name of the body as it is used in a sentence.
pub(super) fn end_of_record(name: &str, surveyed: Option<&Edtf>, on: Day) -> Option<String> {
    match Coverage::of(surveyed, on) {
        None => Some(format!("as far as recorded: no survey says which span of {name} was searched")),
        Some(c) if !c.covers => Some(format!(
            "as far as recorded: {name} was surveyed from {} to {}, {on} lies outside",
            c.from, c.to
        )),
        Some(_) => None,
    }
}

/// The head of the record that was read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CheckpointRef {
    /// The number of entries.
    pub size: Size,
    /// The RFC 6962 root hash over these entries, in base64.
    pub root: String,
}

/// The one status that is certain; `None` (`null` in JSON) if the reading does not settle it.
pub(super) fn settled(certainty: Certainty, possible: &[StatusId]) -> Option<StatusId> {
    match (certainty, possible) {
        (Certainty::Certain, [only]) => Some(only.clone()),
        _ => None,
    }
}
