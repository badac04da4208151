//! The fold over the three time axes: pure, without input or output, without a clock.
//!
//! [`standing`] says which entries stand for what was recorded and known; [`course`] makes of them the status of one
//! participant in one body through all of time; [`History`] sets rival chains side by side; [`lifecycles`] follows
//! procedures; [`overlays`] what lies over a status without changing it; [`withhold`] keeps apart what the depositary
//! has not accepted.

mod communication;
mod correction;
mod overlay;
mod procedure;
mod reservation;
mod rival;
mod spell;
mod standing;

#[cfg(test)]
mod tests;

pub use communication::{Withheld, comes_of_a_communication, findings, withhold};
pub use correction::{Proposal, charter_acts, charter_acts_with, proposals};
pub use overlay::{Overlay, next_representation, overlays};
pub use procedure::{Closing, Lifecycle, Snapshot, StepState, lifecycles};
pub use reservation::{
    Objection, Reserved, Timing, is_withdrawn, objection_period_ends, reserved, takes_effect,
};
pub use rival::{Account, Certainty, History, Reading, Spell};
pub use spell::{Cause, CauseId, Course, Slice, World, course};
pub use standing::{Standing, Stated, correction_known, standing};
