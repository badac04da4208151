//! Chancery's side of the questions, in one place: whatever answers them is put in here.

use std::path::Path;

use chancery::event::{BodyId, ParticipantId, StatusId};
use chancery::ledger::{BodyRoster, Ledger, Placed};
use chancery::query::Axes;

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
    let said = ledger.status_on(participant, body, axes).unwrap();
    match &*said.reading.statuses {
        [only] => Some(only.clone()),
        _ => None,
    }
}

/// Whoever may have a status in a body, by id, with what may be said of it.
pub(crate) fn roster_of(ledger: &mut Ledger, body: &BodyId, axes: &Axes) -> Vec<Placed> {
    ledger.roster_on(body, axes).unwrap()
}

/// The roster of every body in which anybody has a status.
pub(crate) fn board_of(ledger: &mut Ledger, axes: &Axes) -> Vec<BodyRoster> {
    ledger.board_on(axes).unwrap()
}
