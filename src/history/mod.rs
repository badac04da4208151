//! The fold over the three time axes: pure, without input or output, without a clock.
//!
//! [`standing`] says which entries stand for what was recorded and known; [`course`] makes of them the status of one
//! participant in one body through all of time; [`History`] sets rival chains side by side; [`lifecycles`] follows
//! procedures; [`overlays`] what lies over a status without changing it; [`trigger`] when the condition of a clause first held.

mod board;
mod entry_into_force;
mod influence;
mod notice;
mod overlay;
mod procedure;
mod quorum;
mod rival;
mod spell;
mod standing;

#[cfg(test)]
mod tests;

pub use board::{Board, PairView, Pairs};
pub use entry_into_force::{Electorate, EntryIntoForce, accession, certified, is_reio, line};
pub use influence::{Derived, Effects, Given, Influence};
pub use notice::foreseen;
pub use overlay::{Overlay, overlays};
pub use procedure::{Closing, Lifecycle, Snapshot, StepState, lifecycles};
pub use quorum::{Consent, Count, Deposit, Measure, Poll, Trigger, count_on, in_force_on, trigger};
pub use rival::{Account, Certainty, History, Reading, Spell};
pub use spell::{Cause, CauseId, Course, Slice, World, course};
pub use standing::{Standing, Stated, correction_known, standing};
