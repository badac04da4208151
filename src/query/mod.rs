//! Questions and their answers. Every answer names its three dates, what it rests on, and the checkpoint of the record
//! that it was read from; its `serde` form is the JSON contract.
//!
//! Questions are pure: they are given the entries ([`Material`]) and fold them.

mod answer;
mod body;
mod conflicts;
mod diff;
mod explain;
mod pending;
mod policy;
mod revision;
mod roster;
mod sides;
mod status;
mod timeline;

#[cfg(test)]
mod tests;

pub use answer::{
    Afterwards, Because, CheckpointRef, ConflictSide, Coverage, OutcomeItem, OverlayItem, ProcedureItem,
    QuestionEcho, ScheduledItem,
};
pub use body::{BodyView, Charters, Material, PairView, QueryError};
pub use conflicts::{ChainEntry, ChainItem, Conflict, ConflictKind, Conflicts, DaySpan, conflicts};
pub use diff::{Between, ChangedSpan, Diff, DiffEcho, DiffEntry, DiffItem, ProcedureChange, State, diff};
pub use explain::{Explanation, ProcedureTrail, RuleItem, TrailStep, explain};
pub use pending::{Pending, PendingItem, pending};
pub use policy::{Policy, PolicyError, Rank, Ruling};
pub use revision::{Revision, Revisions, revisions};
pub use roster::{Count, Roster, RosterItem, roster};
pub use status::{StatusAnswer, status};
pub use timeline::{SpellItem, Timeline, timeline};

use std::sync::Arc;

use crate::event::{Day, Edtf, Size};

/// The three dates of a question, each naming a whole day, inclusive; and whose account it follows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Axes {
    /// The day asked about (valid time).
    pub on: Day,
    /// What the world could know by then; `None` is everything.
    pub as_known: Option<Edtf>,
    /// The first so many entries of this ledger (transaction time).
    pub as_recorded: Size,
    /// Whose account of a dispute is followed; `None` leaves disputes open.
    pub view: Option<Arc<Policy>>,
}

impl Axes {
    /// A question about one whole day.
    pub fn on_day(on: Day, as_known: Option<Edtf>, as_recorded: Size) -> Axes {
        Axes { on, as_known, as_recorded, view: None }
    }

    /// The last day whose knowledge counts.
    pub fn known(&self) -> Day {
        self.as_known.as_ref().map_or(Day::FUTURE, Edtf::latest)
    }
}
