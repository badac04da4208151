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

/// Answers for one participant in one body; nothing where it has no status, nothing open and no act of its own.
///
/// # Errors
/// [`QueryError`].
pub fn portfolio(
    material: &Material,
    participant: &ParticipantId,
    body: &BodyId,
    axes: &Axes,
) -> Result<Option<InPortfolio>, QueryError> {
    let view = BodyView::of(material, body, axes)?;
    let later = BodyView::today(material, body, axes);
    let answer = in_view(material, &view, later.as_ref().unwrap_or(&view), participant, body, axes);
    let acted = view.participants().any(|who| who == participant)
        || view.board.continued_by(&view.pairs, participant).is_some();
    let idle = answer.status.as_ref().is_some_and(StatusId::is_none);
    if idle && !acted && answer.procedures.is_empty() {
        return Ok(None);
    }
    let item = PortfolioItem {
        body: body.clone(),
        status: answer.status,
        certainty: answer.certainty,
        possible: answer.possible,
        since: answer.since,
        until: answer.until,
        overlays: answer.overlays,
        scheduled: answer.scheduled,
        procedures: answer.procedures,
    };
    Ok(Some(InPortfolio { item, notes: answer.notes }))
}

/// One body of a portfolio with what a reader must know of it.
#[derive(Clone, PartialEq, Debug)]
pub struct InPortfolio {
    /// The body.
    pub item: PortfolioItem,
    /// What a reader must know besides.
    pub notes: Vec<String>,
}

impl Portfolio {
    /// One answer of those in several bodies.
    pub fn joined(
        parts: Vec<Option<InPortfolio>>,
        question: QuestionEcho,
        checkpoint: CheckpointRef,
    ) -> Portfolio {
        let mut answer = Portfolio { question, bodies: Vec::new(), notes: Vec::new(), checkpoint };
        for InPortfolio { item, notes } in parts.into_iter().flatten() {
            answer.notes.extend(notes.iter().map(|note| format!("{}: {note}", item.body)));
            answer.bodies.push(item);
        }
        answer
    }
}
