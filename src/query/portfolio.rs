//! One participant in every organisation and treaty.

use serde::Serialize;

use crate::event::{BodyId, Edtf, ParticipantId, StatusId};
use crate::history::Certainty;

use super::Axes;
use super::answer::{CheckpointRef, OverlayItem, ProcedureItem, QuestionEcho, ScheduledItem};
use super::body::{BodyView, Material, QueryError};
use super::status::in_view;

/// The statuses of a participant in every body in which it has acted.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Portfolio {
    /// The question, as it was understood.
    pub question: QuestionEcho,
    /// The bodies, each with the status of the participant in it.
    pub bodies: Vec<PortfolioItem>,
    /// Notes for the reader, each with its body.
    pub notes: Vec<String>,
    /// The head of the record that was read.
    pub checkpoint: CheckpointRef,
}

/// One body of a portfolio.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct PortfolioItem {
    /// The organisation or treaty.
    pub body: BodyId,
    /// The status, `none` for no status; `null` if it is not settled.
    pub status: Option<StatusId>,
    /// The certainty of the status.
    pub certainty: Certainty,
    /// Every status that is possible.
    pub possible: Vec<StatusId>,
    /// The date since which the participant has the status.
    pub since: Option<Edtf>,
    /// The first day on which the participant no longer has the status; `null` if no recorded act ends it.
    pub until: Option<Edtf>,
    /// The overlays on the status.
    pub overlays: Vec<OverlayItem>,
    /// Changes that are decided and not yet in effect.
    pub scheduled: Vec<ScheduledItem>,
    /// Open procedures.
    pub procedures: Vec<ProcedureItem>,
}

impl PortfolioItem {
    /// The open procedure that has gone furthest: the one with the fewest steps left.
    pub fn furthest(&self) -> Option<&ProcedureItem> {
        self.procedures.iter().min_by_key(|p| p.missing.len())
    }
}

/// Derives the item of one participant in one body; `None` if it has no status, no open procedure and no act of its own
/// there.
///
/// # Errors
/// [`QueryError`] if the body has no charter in the record, or its charter cannot be read.
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

/// One body of a portfolio, with its notes.
#[derive(Clone, PartialEq, Debug)]
pub struct InPortfolio {
    /// The body, with the status of the participant in it.
    pub item: PortfolioItem,
    /// Notes for the reader.
    pub notes: Vec<String>,
}

impl Portfolio {
    /// Joins the answers for several bodies.
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
