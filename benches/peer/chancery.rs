//! Chancery's side of the questions, in one place, asked as any program asks them.

use std::path::Path;

use chancery::event::{BodyId, Instant, ParticipantId, StatusId};
use chancery::query::{Axes, Roster};
use chancery::{Question, Reading, StatusAnswer};

use crate::synthetic::TODAY;
use crate::written::RECORDED;

/// Opens a ledger for questions.
pub(crate) fn open(path: &Path) -> Reading {
    Reading::open(path, Instant::from_micros(RECORDED)).unwrap()
}

/// The axes of today, with everything recorded and known.
pub(crate) fn today(reading: &Reading) -> Axes {
    Axes::on_day(TODAY, None, reading.size())
}

/// The status of a pair; `None` if the record leaves more than one possible.
pub(crate) fn status_of(
    reading: &Reading,
    (participant, body): &(ParticipantId, BodyId),
    axes: &Axes,
) -> Option<StatusId> {
    let question = at(Question::status(participant.as_str(), body.as_str()), axes);
    StatusAnswer::try_from(reading.ask(&question).unwrap()).unwrap().status
}

/// The participants that have, or may have, a status in a body.
pub(crate) fn roster_of(reading: &Reading, body: &BodyId, axes: &Axes) -> Roster {
    let question = at(Question::roster(body.as_str()), axes);
    Roster::try_from(reading.ask(&question).unwrap()).unwrap()
}

/// The question with its three dates.
fn at(question: Question, axes: &Axes) -> Question {
    let question = question.on(axes.on.to_string()).as_recorded(axes.as_recorded);
    match &axes.as_known {
        Some(known) => question.as_known(known.as_str()),
        None => question,
    }
}
