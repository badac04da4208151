//! The difference for one participant in one body.

use serde::Serialize;

use crate::event::{BodyId, Day, Index, Instant, ParticipantId, Size, StatusId};
use crate::history::Certainty;

use super::conflicts::DaySpan;

/// The two ends of a comparison, on one of the three axes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Between {
    /// Two days of the world; [`Day::PAST`] and [`Day::FUTURE`] are the open ends.
    On(Day, Day),
    /// The knowledge of two moments, inclusive; [`Instant::PAST`] and [`Instant::FUTURE`] are the open ends.
    Known(Instant, Instant),
    /// This ledger at two sizes.
    Recorded(Size, Size),
}

/// The difference for one participant in one body.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct DiffItem {
    /// The participant.
    pub participant: ParticipantId,
    /// The organisation or treaty.
    pub body: BodyId,
    /// The kind of change. Between two days: `joined`, `left`, `moved`, `overlay`, `settled` or `unsettled`; between
    /// two states of knowledge or of the record: `learnt`.
    pub change: &'static str,
    /// The answer at the first end.
    pub before: State,
    /// The answer at the second end.
    pub after: State,
    /// The indexes of the entries in between that bear on the change.
    pub because: Vec<Index>,
    /// For two days of the world: the days between them on which the answer differs from that at the first. Otherwise:
    /// every day whose answer changed.
    pub spans: Vec<ChangedSpan>,
}

/// The answer for one day.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct State {
    /// The status, `none` for no status; `null` if it is not settled.
    pub status: Option<StatusId>,
    /// The certainty of the status.
    pub certainty: Certainty,
    /// Every status that is possible.
    pub possible: Vec<StatusId>,
    /// The overlays on the status.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overlays: Vec<&'static str>,
}

/// Days on which one answer took the place of another. In a comparison of two days of the world, `until` is `null` if
/// the new answer still applies on the second.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ChangedSpan {
    /// The days.
    #[serde(flatten)]
    pub days: DaySpan,
    /// The answer at the first end.
    pub before: State,
    /// The answer at the second end.
    pub after: State,
}
