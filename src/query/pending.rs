//! Unfinished procedures: those that are open, those decided and not in effect, and the end of each.

use serde::Serialize;

use crate::event::{Act, ActKind, BodyId, ParticipantId};
use crate::history::{PairView, Standing};

use super::Axes;
use super::answer::{CheckpointRef, Coverage, ProcedureItem, QuestionEcho};
use super::body::{BodyView, Material, QueryError};
use super::status::{Hindsight, item, procedures};

/// The open procedures of a body on a day.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Pending {
    /// The question, as it was understood.
    pub question: QuestionEcho,
    /// Procedures that are open under every account of the record: by status sought, then by stage, then by
    /// participant.
    pub procedures: Vec<PendingItem>,
    /// Procedures that are open on one chain of a dispute but not on another.
    pub contested: Vec<PendingItem>,
    /// Notes for the reader: the end of the record, and the rulings of the view.
    pub notes: Vec<String>,
    /// The span of the record that was searched; `null` without a survey.
    pub coverage: Option<Coverage>,
    /// The head of the record that was read.
    pub checkpoint: CheckpointRef,
}

/// An open procedure with its participant.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct PendingItem {
    /// The participant that seeks the status.
    pub participant: ParticipantId,
    /// The procedure and its stage.
    #[serde(flatten)]
    pub procedure: ProcedureItem,
}

struct Items {
    open: Vec<PendingItem>,
    contested: Vec<PendingItem>,
}

/// The open procedures of a body on a day that are decided and await their condition.
///
/// # Errors
/// [`QueryError`] if the body has no charter in the record, or its charter cannot be read.
pub(super) fn waiting(
    material: &Material,
    view: &BodyView,
    body: &BodyId,
    axes: &Axes,
) -> Result<Vec<PendingItem>, QueryError> {
    // A procedure reaches a stage by an act of its kind, or by a claim of one; most participants have neither.
    let decided = |act: &Standing| match &act.event.act {
        Act::ClaimRecorded(Some(claimed)) => *claimed == ActKind::StatusDecided,
        own => own.kind() == ActKind::StatusDecided,
    };
    let may_wait = |pair: &PairView| pair.own.iter().chain(&pair.about).any(decided);
    let mut open = items(material, view, body, axes, &may_wait)?.open;
    open.retain(|item| item.procedure.stage == ActKind::StatusDecided);
    Ok(open)
}

/// Lists the open procedures of a body.
///
/// # Errors
/// [`QueryError`] if the body has no charter in the record, or its charter cannot be read.
pub fn pending(material: &Material, body: &BodyId, axes: &Axes) -> Result<Pending, QueryError> {
    let view = BodyView::of(material, body, axes)?;
    let items = items(material, &view, body, axes, &|_| true)?;
    let ruled = |id: &ParticipantId| {
        let lines = view.every_ruling(id).into_iter();
        lines.map(|line| format!("{id}: {line}")).collect::<Vec<_>>()
    };
    let rulings: Vec<String> = view.pairs.keys().flat_map(ruled).collect();
    Ok(Pending {
        question: QuestionEcho::new("pending", None, Some(body), axes),
        procedures: items.open,
        contested: items.contested,
        notes: view.end_of_record(axes.on).into_iter().chain(rulings).collect(),
        coverage: view.coverage(axes.on),
        checkpoint: material.checkpoint.clone(),
    })
}

/// The procedures of the participants that `asked` selects.
fn items(
    material: &Material,
    view: &BodyView,
    body: &BodyId,
    axes: &Axes,
    asked: &dyn Fn(&PairView) -> bool,
) -> Result<Items, QueryError> {
    let later = BodyView::today(material, body, axes);
    let today = later.as_deref().unwrap_or(view);
    let nothing = PairView::default();
    let mut found = Items { open: Vec::new(), contested: Vec::new() };
    for (participant, pair) in view.pairs.iter().filter(|(_, pair)| asked(pair)) {
        let then = today.pairs.get(participant).unwrap_or(&nothing);
        let history = view.history(participant);
        let hindsight = Hindsight { view: today, pair: then, history: today.history(participant) };
        let open = procedures(view, participant, pair, &history, &hindsight, axes.on);
        if history.accounts.len() > 1 {
            let some_account = (0..history.accounts.len()).flat_map(|account| {
                pair.lifecycles(&view.charter, &history, account)
                    .iter()
                    .filter(|life| life.is_open(axes.on))
                    .filter_map(|life| item(view, participant, life, &[], axes.on))
                    .collect::<Vec<_>>()
            });
            for procedure in some_account {
                let settled = open.iter().any(|o| o.entries == procedure.entries);
                let listed = found.contested.iter().any(|c| c.procedure == procedure);
                if !settled && !listed {
                    found.contested.push(PendingItem { participant: participant.clone(), procedure });
                }
            }
        }
        let named = |procedure| PendingItem { participant: participant.clone(), procedure };
        found.open.extend(open.into_iter().map(named));
    }
    let rank = |item: &PendingItem| {
        let toward = item.procedure.toward.as_ref();
        let status = toward.and_then(|id| view.charter.status(id));
        let steps = toward.and_then(|id| view.charter.on(axes.on).procedure(id)).map(|p| &p.rule.steps);
        let stage = steps.and_then(|steps| steps.iter().position(|s| s.act.0 == item.procedure.stage));
        (
            std::cmp::Reverse(status.map(|s| s.rank)),
            toward.cloned(),
            std::cmp::Reverse(stage),
            item.procedure.since.earliest(),
            item.participant.clone(),
        )
    };
    found.open.sort_by_key(rank);
    Ok(found)
}
