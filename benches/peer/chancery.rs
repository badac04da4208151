//! Chancery's side of the questions, in one place: whatever answers them is put in here.

use std::path::Path;

use chancery::event::{BodyId, ParticipantId, Scope, StatusId};
use chancery::ledger::Ledger;
use chancery::query::{Axes, BodyView, status};

use crate::synthetic::TODAY;

/// Opens a ledger for questions.
pub(crate) fn open(path: &Path) -> Ledger {
    Ledger::open_reader(path).unwrap()
}

/// Everything recorded and known, today.
pub(crate) fn today(ledger: &Ledger) -> Axes {
    Axes::on_day(TODAY, None, ledger.size())
}

/// The status of a pair; `None` where the record leaves more than one possible.
pub(crate) fn status_of(
    ledger: &mut Ledger,
    (participant, body): &(ParticipantId, BodyId),
    axes: &Axes,
) -> Option<StatusId> {
    let loaded = ledger.load(&Scope::of_pair(participant.clone(), body.clone())).unwrap();
    let material = ledger.material(&loaded, axes.as_recorded).unwrap();
    status(&material, participant, body, axes).unwrap().status
}

/// Whoever may have a status in a body, by id; `None` for a status that the record leaves open.
pub(crate) fn roster_of(
    ledger: &mut Ledger,
    body: &BodyId,
    axes: &Axes,
) -> Vec<(ParticipantId, Option<StatusId>)> {
    let loaded = ledger.load(&Scope::of_body(body.clone())).unwrap();
    let material = ledger.material(&loaded, axes.as_recorded).unwrap();
    let view = BodyView::of(&material, body, axes).unwrap();
    let mut rows: Vec<(ParticipantId, Option<StatusId>)> = view
        .participants()
        .map(|who| (who.clone(), view.history(who).on(axes.on).status().cloned()))
        .filter(|(_, status)| status.as_ref().is_none_or(|status| !status.is_none()))
        .collect();
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    rows
}

/// The roster of every body.
pub(crate) fn board_of(
    ledger: &mut Ledger,
    bodies: &[BodyId],
    axes: &Axes,
) -> Vec<Vec<(ParticipantId, Option<StatusId>)>> {
    bodies.iter().map(|body| roster_of(ledger, body, axes)).collect()
}
