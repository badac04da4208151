//! What differs for one participant in one body.

use serde::Serialize;

use crate::event::{BodyId, Day, Index, Instant, ParticipantId, Size, StatusId};
use crate::history::Certainty;

use super::conflicts::DaySpan;

/// The two things that are compared, on one of the three axes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Between {
    /// Two days of the world; [`Day::PAST`] and [`Day::FUTURE`] are its ends.
    On(Day, Day),
    /// What was known by two moments; [`Instant::PAST`] and [`Instant::FUTURE`] are its ends.
    Known(Instant, Instant),
    /// The first entries of this ledger, at two sizes.
    Recorded(Size, Size),
}

/// What differs for one participant in one body.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct DiffItem {
    /// Who.
    pub participant: ParticipantId,
    /// In which organisation or treaty.
    pub body: BodyId,
    /// Of two days: `joined`, `left`, `moved`, `overlay`, `settled` or `unsettled`; of what we learnt: `learnt`.
    pub change: &'static str,
    /// What is answered at the first.
    pub before: State,
    /// What is answered at the second.
    pub after: State,
    /// The entries in between that bear on it.
    pub because: Vec<Index>,
    /// The days between the two on which the answer is another than at the first; or every day whose answer changed.
    pub spans: Vec<ChangedSpan>,
}

/// What is answered for a day.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct State {
    /// The status, `none` for no status; `null` where it is not settled.
    pub status: Option<StatusId>,
    /// How far it can be relied on.
    pub certainty: Certainty,
    /// Every status that is possible.
    pub possible: Vec<StatusId>,
    /// What lies over it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overlays: Vec<&'static str>,
}

/// Days on which one answer took the place of another. Of two days of the world, `until` is `null` where it goes on at
/// the second.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ChangedSpan {
    /// Which days.
    #[serde(flatten)]
    pub days: DaySpan,
    /// What is answered at the first.
    pub before: State,
    /// What is answered at the second.
    pub after: State,
}
