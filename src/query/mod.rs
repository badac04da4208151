//! Questions and their answers. Every answer names its three dates, what it rests on, and the checkpoint of the record
//! that it was read from; its `serde` form is the JSON contract.
//!
//! Questions are pure: they are given the entries ([`Material`]) and fold them.

mod answer;
mod body;
mod clock;
mod communications;
mod correction;
mod explain;
mod in_force;
mod line;
mod pending;
mod quorum;
mod relations;
mod reservations;
mod roster;
mod scheduled;
mod status;
mod timeline;

#[cfg(test)]
mod tests;

pub use answer::{
    Afterwards, Because, CheckpointRef, ConflictSide, Coverage, DayAct, OutcomeItem, OverlayItem,
    ProcedureItem, QuestionEcho, QuorumItem, ScheduledItem,
};
pub use body::{BodyView, Charters, Material, QueryError};
pub use communications::{CommunicationItem, Communications, FindingItem, OutcomeAct, communications};
pub use correction::{CorrectedReading, CorrectionItem, corrections};
pub use explain::{Explanation, MissingStep, ProcedureTrail, RuleItem, TrailStep, explain};
pub use in_force::{Certified, InForce, Part, TriggerItem, in_force};
pub use pending::{Pending, PendingItem, pending};
pub use relations::{DeclarationItem, RelationItem, Relations, relations};
pub use reservations::{ObjectionItem, ReservationItem, Reservations, WithdrawalItem, reservations};
pub use roster::{Count, Roster, RosterItem, roster};
pub use status::{StatusAnswer, status};
pub use timeline::{SpellItem, Timeline, timeline};

use crate::event::{Day, Edtf, Moment, Size};

/// The three dates of a question, each naming a whole day, inclusive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Axes {
    /// The day asked about (valid time).
    pub on: Day,
    /// The moment of that day, where one is asked about.
    pub at: Option<Moment>,
    /// What the world could know by then; `None` is everything.
    pub as_known: Option<Edtf>,
    /// The first so many entries of this ledger (transaction time).
    pub as_recorded: Size,
}

impl Axes {
    /// A question about one whole day.
    pub fn on_day(on: Day, as_known: Option<Edtf>, as_recorded: Size) -> Axes {
        Axes { on, at: None, as_known, as_recorded }
    }

    /// The last day whose knowledge counts.
    pub fn known(&self) -> Day {
        self.as_known.as_ref().map_or(Day::FUTURE, Edtf::latest)
    }
}
