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
    /// The command that asks it: `status`, `roster`, `timeline` and so on.
    pub kind: &'static str,
    /// Of whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub participant: Option<ParticipantId>,
    /// With whom, of a question about two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<ParticipantId>,
    /// In which organisation or treaty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<BodyId>,
    /// The day asked about.
    #[serde(serialize_with = "day")]
    pub on: Day,
    /// The moment of that day, as it was written.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "moment")]
    pub at: Option<Moment>,
    /// What the world could know by then; `null` is everything.
    pub as_known: Option<KnownBy>,
    /// How many entries were read.
    pub as_recorded: Size,
    /// Whose account of a dispute was followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub view: Option<String>,
}

impl QuestionEcho {
    /// The echo of a question.
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

    /// The moment asked about as it was written, else the day: what tells two questions apart in a row.
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

/// Writes a known day; one without limit is `null`.
pub(super) fn known<S: Serializer>(known: &Day, serializer: S) -> Result<S::Ok, S::Error> {
    match known.date() {
        Some(_) => serializer.collect_str(known),
        None => serializer.serialize_none(),
    }
}

/// An entry on which an answer rests.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Because {
    /// Its place in the log.
    pub index: Index,
    /// Its name.
    pub id: EventId,
    /// What happened.
    #[serde(serialize_with = "act")]
    pub act: ActKind,
    /// When it had effect.
    pub date: Edtf,
    /// Since when the world could know it; `null` where that has no limit.
    #[serde(serialize_with = "known")]
    pub known: Day,
    /// Whether that is only inferred from the act's own date.
    pub known_assumed: bool,
    /// The rule that made it move the status, with its article.
    pub clause: String,
    /// The adoption or amendment that holds the rule; `null` where a source's claim stands.
    pub rule: Option<Index>,
    /// The instrument or decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The entries that rectified it, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub corrected_by: Vec<Index>,
    /// Other entries that record the same fact; their evidence is among this one's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub same_fact: Vec<Index>,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
}

/// Something that lies over the status.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct OverlayItem {
    /// `suspended`, `dormant`, `frozen`, `provisional-application`, `operation-suspended`, `territorial-scope` or
    /// `representation`.
    pub overlay: &'static str,
    /// Which rights or territories; of a representation, who speaks.
    pub scope: Option<String>,
    /// Its first day.
    pub since: Edtf,
    /// When it ends, where an act says so that counts on the day asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Edtf>,
    /// The act.
    pub index: Index,
}

/// A change that is decided and has not taken effect.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ScheduledItem {
    /// The status to come.
    pub status: StatusId,
    /// From when.
    pub on: Edtf,
    /// By which entries.
    pub because: Vec<Index>,
}

/// An open procedure.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ProcedureItem {
    /// The status sought; `null` where no source says which.
    pub toward: Option<StatusId>,
    /// The furthest step taken.
    #[serde(serialize_with = "act")]
    pub stage: ActKind,
    /// When it was taken.
    pub since: Edtf,
    /// The first act of the procedure.
    pub opened: Edtf,
    /// The entries of the stage.
    pub entries: Vec<Index>,
    /// Whether it is known from reports only.
    pub reported: bool,
    /// The steps that are still to be taken.
    #[serde(serialize_with = "acts")]
    pub missing: Vec<ActKind>,
    /// How many of those who must act have done so; `null` where no step is for others to take.
    pub quorum: Option<QuorumItem>,
    /// How it ended, by what is known today; `null` while it is open.
    pub outcome: Option<OutcomeItem>,
}

/// How many of those who must act have done so, at the end of the day asked: over the membership of that moment.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct QuorumItem {
    /// What each must do.
    #[serde(serialize_with = "act")]
    pub act: ActKind,
    /// How many must.
    pub needed: u32,
    /// How many did.
    pub count: u32,
    /// Who did.
    pub counted: Vec<ParticipantId>,
    /// Who did not, and of whom no approval at home is recorded either.
    pub missing: Vec<ParticipantId>,
    /// Approved at home; no deposit is attested, and only the deposit counts.
    pub unattested: Vec<ParticipantId>,
}

/// How a procedure ended.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct OutcomeItem {
    /// The status attained; `null` where the procedure was withdrawn, declined or rejected.
    pub status: Option<StatusId>,
    /// `attained`, `withdrawn`, `declined` or `rejected`.
    pub how: &'static str,
    /// When.
    pub on: Edtf,
    /// By which entry.
    pub index: Index,
}

/// An act after the day asked.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Afterwards {
    /// What happened.
    #[serde(serialize_with = "act")]
    pub act: ActKind,
    /// When.
    pub date: Edtf,
    /// Its place in the log.
    pub index: Index,
}

/// An act of the very day asked about.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct DayAct {
    /// Who acted, or on whom it bears.
    pub participant: Option<ParticipantId>,
    /// What happened.
    #[serde(serialize_with = "act")]
    pub act: ActKind,
    /// Whose accession or exit it concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<ParticipantId>,
    /// When.
    pub date: Edtf,
    /// Its place within the day, where the evidence gives one; without, the order is not known.
    pub sequence: Option<u16>,
    /// Its place in the log.
    pub index: Index,
}

/// What one side of a dispute holds.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ConflictSide {
    /// The chains it follows, `DISPUTE:CHAIN`.
    pub chains: Vec<String>,
    /// The statuses that it leaves possible.
    pub possible: Vec<StatusId>,
    /// What it rests on.
    pub because: Vec<Because>,
    /// Every act on these chains, also those that move nothing.
    pub entries: Vec<Index>,
}

/// The span of a body's record that was searched.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Coverage {
    /// Its beginning.
    pub from: String,
    /// Its end.
    pub to: String,
    /// Whether the day asked lies in it.
    pub covers: bool,
}

impl Coverage {
    /// The span that was surveyed, and whether a day lies in it; `None` without a survey.
    pub(super) fn of(surveyed: Option<&Edtf>, on: Day) -> Option<Coverage> {
        let span = surveyed?;
        let (from, to) = span.as_str().split_once('/').unwrap_or((span.as_str(), span.as_str()));
        let covers = span.earliest() <= on && on <= span.latest();
        Some(Coverage { from: from.into(), to: to.into(), covers })
    }
}

/// The line that says where the record of a body ends, where a day lies outside it. `name` is that of the body as it stands
/// in a sentence.
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
    /// How many entries.
    pub size: Size,
    /// The RFC 6962 root over them, base64.
    pub root: String,
}

/// The statuses of a reading with their certainty: one status, or `null` where it is not settled.
pub(super) fn settled(certainty: Certainty, possible: &[StatusId]) -> Option<StatusId> {
    match (certainty, possible) {
        (Certainty::Certain, [only]) => Some(only.clone()),
        _ => None,
    }
}
