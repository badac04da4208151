//! One participant in every organisation and treaty.

use serde::Serialize;

use crate::event::{BodyId, Edtf, ParticipantId, StatusId};
use crate::history::Certainty;

use super::Axes;
use super::answer::{CheckpointRef, OverlayItem, ProcedureItem, QuestionEcho, ScheduledItem};
use super::body::{BodyView, Material, QueryError};
use super::status::in_view;

/// What a participant is in every body in which it acted.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Portfolio {
    /// What was asked.
    pub question: QuestionEcho,
    /// By body.
    pub bodies: Vec<PortfolioItem>,
    /// What a reader must know besides, each with its body.
    pub notes: Vec<String>,
    /// The head of the record that was read.
    pub checkpoint: CheckpointRef,
}

/// One body of a portfolio.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct PortfolioItem {
    /// The organisation or treaty.
    pub body: BodyId,
    /// The status, `none` for no status; `null` where it is not settled.
    pub status: Option<StatusId>,
    /// How far it can be relied on.
    pub certainty: Certainty,
    /// Every status that is possible.
    pub possible: Vec<StatusId>,
    /// Since when.
    pub since: Option<Edtf>,
    /// The first day on which it no longer held.
    pub until: Option<Edtf>,
    /// What lies over it.
    pub overlays: Vec<OverlayItem>,
    /// Decided, not yet in effect.
    pub scheduled: Vec<ScheduledItem>,
    /// Open procedures.
    pub procedures: Vec<ProcedureItem>,
}

impl PortfolioItem {
    /// The open procedure that got furthest: the one with the fewest steps to take.
    pub fn furthest(&self) -> Option<&ProcedureItem> {
        self.procedures.iter().min_by_key(|p| p.missing.len())
    }
}

/// Answers for one participant in the bodies given, each with its own entries. A body in which it has no status, nothing
/// open and no act of its own is left out.
///
/// # Errors
/// [`QueryError`].
pub fn portfolio(
    parts: &[(BodyId, Material)],
    participant: &ParticipantId,
    axes: &Axes,
    checkpoint: CheckpointRef,
) -> Result<Portfolio, QueryError> {
    let mut bodies = Vec::new();
    let mut notes: Vec<String> = Vec::new();
    for (body, material) in parts {
        let view = BodyView::of(material, body, axes)?;
        let later = match axes.as_known {
            Some(_) => Some(BodyView::today(material, body, axes)?),
            None => None,
        };
        let answer = in_view(material, &view, later.as_ref().unwrap_or(&view), participant, body, axes);
        let acted = view.participants().any(|who| who == participant)
            || view.board.continued_by(&view.pairs, participant).is_some();
        let idle = answer.status.as_ref().is_some_and(StatusId::is_none);
        if idle && !acted && answer.procedures.is_empty() {
            continue;
        }
        notes.extend(answer.notes.iter().map(|note| format!("{body}: {note}")));
        bodies.push(PortfolioItem {
            body: body.clone(),
            status: answer.status,
            certainty: answer.certainty,
            possible: answer.possible,
            since: answer.since,
            until: answer.until,
            overlays: answer.overlays,
            scheduled: answer.scheduled,
            procedures: answer.procedures,
        });
    }
    let question = QuestionEcho::new("portfolio", Some(participant), None, axes);
    Ok(Portfolio { question, bodies, notes, checkpoint })
}
