//! The fold over the three time axes: pure, without input or output, without a clock.
//!
//! [`standing`] selects the entries that are not retracted among those recorded and known; [`course`] makes of them the status of
//! one participant in one body through all of time; [`History`] sets rival chains side by side; [`lifecycles`] follows procedures;
//! [`overlays`] lists suspensions and other conditions that add to a status without changing it; [`trigger`] finds when the
//! condition of a clause was first met; [`withhold`] separates the acts that the depositary has not accepted.

mod accession;
mod board;
mod circulation;
mod communication;
mod consent;
mod correction;
mod entry_into_force;
mod fact;
mod influence;
mod mover;
mod notice;
mod overlay;
mod pair;
mod procedure;
mod quorum;
mod reservation;
mod rival;
mod spell;
mod standing;

#[cfg(test)]
mod tests;

pub use accession::{ObjectionToConsent, objections_to_consent};
pub use board::Board;
pub use circulation::{Circulated, Circulation, is_communicated};
pub use communication::{Withheld, comes_of_a_communication, findings, withhold};
pub use consent::{GivenConsent, Leaving, TakenBack, consent_date, consents, takes_back};
pub use correction::{OBJECTION_DAYS, Proposal, charter_acts, charter_acts_with, proposals};
pub use entry_into_force::{
    AccessionInForce, ConsentsMet, Electorate, Elsewhere, EntryIntoForce, Members, certified, certified_in,
    is_own_consent, is_reio, line,
};
pub use fact::{alike, same_fact};
pub use influence::{Derived, Effects, Given, Influence};
pub use notice::foreseen;
pub use overlay::{Overlay, moves_overlays, next_representation, overlays};
pub use pair::{PairView, Pairs};
pub use procedure::{Closing, Lifecycle, Snapshot, StepState, lifecycles};
pub use quorum::{Consent, Deposit, Measure, Poll, QuorumCount, Trigger, count_on, in_force_on, trigger};
pub use reservation::{
    Objection, Reserved, Timing, is_withdrawn, objection_period_ends, reserved, takes_effect,
};
pub use rival::{Account, Certainty, History, Spell, StatusReading};
pub use spell::{CauseId, Course, Slice, SpellCause, World, course};
pub use standing::{Standing, correction_known, standing, taken_back};
