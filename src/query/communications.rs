//! What reached the depositary, and what it found (VCLT 77(1)(c), (d)): receipt is not acceptance.

use serde::Serialize;

use crate::event::{ActKind, BodyId, Day, Edtf, Finding, Index, ParticipantId};
use crate::history::{Standing, comes_of_a_communication, findings};

use super::Axes;
use super::answer::{CheckpointRef, QuestionEcho, act};
use super::body::{BodyView, Material, QueryError};

/// The communications of a body up to a day.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Communications {
    /// What was asked.
    pub question: QuestionEcho,
    /// By the day of receipt.
    pub communications: Vec<CommunicationItem>,
    /// What a reader must know besides.
    pub notes: Vec<String>,
    /// The head of the record that was read.
    pub checkpoint: CheckpointRef,
}

/// One communication.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct CommunicationItem {
    /// Whose.
    pub participant: ParticipantId,
    /// Its place in the log.
    pub index: Index,
    /// `received`, `accepted`, `queried` or `returned`: the last finding up to the day asked.
    pub state: &'static str,
    /// Since when it is in that state.
    pub since: Edtf,
    /// When it was received.
    pub received: Edtf,
    /// What it is, as titled.
    pub title: Option<String>,
    /// Every finding up to the day asked, the last one last.
    pub examined: Vec<FindingItem>,
    /// How many days it had waited by the day asked; `null` once it is accepted or returned.
    pub waits_days: Option<i64>,
    /// What came of it.
    pub acts: Vec<OutcomeAct>,
}

/// What the depositary found.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct FindingItem {
    /// `accepted`, `queried` or `returned`.
    pub finding: Finding,
    /// When.
    pub on: Edtf,
    /// By which entry.
    pub index: Index,
}

/// An act that answers a communication.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct OutcomeAct {
    /// What happened.
    #[serde(serialize_with = "act")]
    pub act: ActKind,
    /// Its own legal date.
    pub date: Edtf,
    /// Its place in the log.
    pub index: Index,
    /// Whether it counts: the communication is accepted, by everything that the question may know.
    pub counts: bool,
}

/// Answers for a whole body.
///
/// # Errors
/// [`QueryError`].
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
