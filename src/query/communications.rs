//! The communications that reached a depositary, and its findings on them (VCLT 77(1)(c), (d)): receipt is not
//! acceptance.

use serde::Serialize;

use crate::event::{ActKind, BodyId, Day, Edtf, Finding, Index, ParticipantId};
use crate::history::{Standing, comes_of_a_communication, findings};

use super::Axes;
use super::answer::{CheckpointRef, QuestionEcho, act};
use super::body::{BodyView, Material, QueryError};

/// The communications of a body up to a day.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Communications {
    /// The question, as it was understood.
    pub question: QuestionEcho,
    /// The communications, by the day of receipt.
    pub communications: Vec<CommunicationItem>,
    /// The note on the end of the record, if the day asked about lies outside it.
    pub notes: Vec<String>,
    /// The head of the record that was read.
    pub checkpoint: CheckpointRef,
}

/// One communication.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct CommunicationItem {
    /// The participant that sent the communication.
    pub participant: ParticipantId,
    /// The index of the entry that records its receipt.
    pub index: Index,
    /// The last finding up to the day asked about: `received` (not yet examined), `accepted`, `queried` or `returned`.
    pub state: &'static str,
    /// The date since which it is in that state.
    pub since: Edtf,
    /// The date of receipt.
    pub received: Edtf,
    /// The title of the communication.
    pub title: Option<String>,
    /// Every finding up to the day asked about, the latest last.
    pub examined: Vec<FindingItem>,
    /// The number of days from receipt to the day asked about; `null` once the communication is accepted or returned.
    pub waits_days: Option<i64>,
    /// The acts that resulted from the communication.
    pub acts: Vec<OutcomeAct>,
}

/// A finding of the depositary on a communication.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct FindingItem {
    /// The finding: `accepted`, `queried` or `returned`.
    pub finding: Finding,
    /// The date of the finding.
    pub on: Edtf,
    /// The index of the entry that records it.
    pub index: Index,
}

/// An act that answers a communication.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct OutcomeAct {
    /// The kind of the act.
    #[serde(serialize_with = "act")]
    pub act: ActKind,
    /// The act's own legal date.
    pub date: Edtf,
    /// The index of its entry.
    pub index: Index,
    /// True if the act counts: with everything that the question may know, the communication is accepted.
    pub counts: bool,
}

/// Lists the communications of a body up to the day asked about.
///
/// # Errors
/// [`QueryError`] if the body has no charter in the record, or its charter cannot be read.
pub fn communications(material: &Material, body: &BodyId, axes: &Axes) -> Result<Communications, QueryError> {
    let view = BodyView::of(material, body, axes)?;
    let received = view.acts().filter(|a| a.event.act.kind() == ActKind::CommunicationReceived);
    let mut items: Vec<CommunicationItem> = received.filter_map(|a| item(&view, a, axes.on)).collect();
    items.sort_by_key(|item| (item.received.earliest(), item.index));
    Ok(Communications {
        question: QuestionEcho::new("communications", None, Some(body), axes),
        communications: items,
        notes: view.end_of_record(axes.on).into_iter().collect(),
        checkpoint: material.checkpoint.clone(),
    })
}

fn item(view: &BodyView, received: &Standing, on: Day) -> Option<CommunicationItem> {
    let date = received.event.date().filter(|date| date.earliest() <= on)?;
    let examined: Vec<FindingItem> = findings(view.acts(), received.event.id)
        .into_iter()
        .filter(|(_, day, _)| day.earliest() <= on)
        .map(|(finding, day, index)| FindingItem { finding, on: day.clone(), index })
        .collect();
    let last = examined.last().map(|e| e.finding);
    let settled = matches!(last, Some(Finding::Accepted | Finding::Returned));
    let waits = on.date().zip(date.earliest().date()).map(|(on, since)| (on - since).num_days());
    let answers =
        |a: &&Standing| a.event.to == Some(received.event.id) && comes_of_a_communication(a.event.act.kind());
    let outcome = |a: &Standing, counts: bool| {
        let date = a.event.date()?.clone();
        Some(OutcomeAct { act: a.event.act.kind(), date, index: a.index, counts })
    };
    let withheld = view.withheld.iter().map(|held| &held.act).filter(answers);
    let mut acts: Vec<OutcomeAct> = view.acts().filter(answers).filter_map(|a| outcome(a, true)).collect();
    acts.extend(withheld.filter_map(|a| outcome(a, false)));
    acts.sort_by_key(|a| a.index);
    Some(CommunicationItem {
        participant: received.event.participant.clone()?,
        index: received.index,
        state: last.map_or("received", Finding::name),
        since: examined.last().map_or(date, |e| &e.on).clone(),
        received: date.clone(),
        title: received.event.title.clone(),
        examined,
        waits_days: waits.filter(|_| !settled),
        acts,
    })
}
