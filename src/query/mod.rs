//! Questions and their answers. Every answer names its three dates, the entries on which it rests, and the checkpoint
//! of the record from which it was read; its `serde` form is the JSON contract.
//!
//! Questions are pure functions: they take the entries ([`Material`]) and fold them.

mod addressee;
mod answer;
mod ask;
mod asked;
mod basis;
mod body;
mod clock;
mod communications;
mod compare;
mod conflicts;
mod correction;
mod count;
mod counted;
mod diff;
mod diff_item;
mod effect;
mod explain;
mod in_force;
mod layout;
mod lifetime;
mod line;
mod needs;
mod notification;
mod order;
mod panel;
mod particulars;
mod pending;
mod policy;
mod portfolio;
mod quality;
mod quality_rule;
mod question;
mod quorum;
mod relations;
mod renaming;
mod repetition;
mod reservations;
mod revision;
mod roster;
mod row;
mod row_bytes;
mod rows;
mod scheduled;
mod sides;
mod spells;
mod status;
mod table;
mod timeline;
mod universe;
mod upsurge;
mod viewed;
mod when;

#[cfg(test)]
mod tests;

pub use addressee::{AddresseeGroup, Addressees};
pub use answer::{
    Afterwards, Because, CheckpointRef, ConflictSide, Coverage, DayAct, OutcomeItem, OverlayItem,
    ProcedureItem, QuestionEcho, QuorumItem, ScheduledItem,
};
pub use ask::{Answer, Bodies, QuestionError};
pub use asked::{Asked, Ends, Recorded, day, days, known, participant, range, recorded};
pub use body::{BodyView, Charters, Material, QueryError, elsewhere, rules_by};
pub use communications::{CommunicationItem, Communications, FindingItem, OutcomeAct, communications};
pub use compare::{
    BodyIndex, Case, Class, Comparison, Difference, Family, Only, TheirAct, TheirSpell, TheirYear, Within,
    compare_acts, compare_spells, compare_years, families,
};
pub use conflicts::{ChainEntry, ChainItem, Conflict, ConflictKind, Conflicts, DaySpan, conflicts};
pub use correction::{CorrectedReading, CorrectionItem, corrections};
pub use count::{Counted, Period, PeriodItem, What, Window, count, count_of_rows};
pub use counted::CountedIn;
pub use diff::{Diff, DiffEcho, DiffEntry, ProcedureChange, diff};
pub use diff_item::{Between, ChangedSpan, DiffItem, State};
pub use effect::{Effect, EffectBasis, EffectOf};
pub use explain::{Explanation, MissingStep, ProcedureTrail, RuleItem, TrailStep, explain};
pub use in_force::{Certified, ClausePart, InForce, TriggerItem, in_force};
pub use layout::Layout;
pub use lifetime::{Lifetime, Lifetimes};
pub use needs::{Need, Needs, needs, needs_of_one};
pub use notification::{Corrected, Notification, NotificationKind, Notifications, notifications};
pub use panel::{Fold, OUTSIDE, Panel, PanelBody, PanelRow, PanelSpan, panel};
pub use particulars::{Change, Particulars};
pub use pending::{Pending, PendingItem, pending};
pub use policy::{Policy, PolicyError, Rank, Ruling};
pub use portfolio::{InPortfolio, Portfolio, PortfolioItem, portfolio};
pub use quality::{Examination, Examined, Quality, QualityCount, QualityFinding};
pub use quality_rule::{FindingDate, QualityKind};
pub use question::{Kind, Options, Question, Threshold, View};
pub use relations::{DeclarationItem, RelationItem, Relations, relations};
pub use reservations::{ObjectionItem, ReservationItem, Reservations, WithdrawalItem, reservations};
pub use revision::{Revision, Revisions, revisions};
pub use roster::{Count, Roster, RosterItem, histories, roster, roster_of_rows};
pub use row::{BodyRow, FOLD_RULES, PairRow, RuledBody, may_read_rows};
pub use rows::{StoredRows, rows};
pub use spells::{SpellRow, Spells, UNKNOWN};
pub use status::{StatusAnswer, status};
pub use table::{Registration, Table, TableInForce, TableRow, table};
pub use timeline::{SpellItem, Timeline, timeline};
pub use universe::Universe;
pub use upsurge::{Compared, Upsurge};
pub use when::{First, Sought, When, WhenSpan, when};

use std::sync::Arc;

use crate::event::{Day, Instant, KnownBy, Moment, Size};

/// The three dates of a question, each inclusive; and the view of disputes that it follows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Axes {
    /// The day asked about (valid time).
    pub on: Day,
    /// The moment of that day, if the question names one.
    pub at: Option<Moment>,
    /// The limit of knowledge: an act counts if the world could know of it by then; `None` counts every act.
    pub as_known: Option<KnownBy>,
    /// The size of the record that is read, from the first entry of this ledger (transaction time).
    pub as_recorded: Size,
    /// The view that decides between rival accounts of a dispute; `None` leaves disputes open.
    pub view: Option<Arc<Policy>>,
}

impl Axes {
    /// The axes of a question about one whole day, which leaves disputes open.
    pub fn on_day(on: Day, as_known: Option<KnownBy>, as_recorded: Size) -> Axes {
        Axes { on, at: None, as_known, as_recorded, view: None }
    }

    /// The last moment whose knowledge counts, inclusive; [`Instant::FUTURE`] if there is no limit.
    pub fn known(&self) -> Instant {
        self.as_known.as_ref().map_or(Instant::FUTURE, KnownBy::until)
    }
}
