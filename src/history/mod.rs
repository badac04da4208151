//! The fold over the three time axes: pure, without input or output, without a clock.
//!
//! [`standing`] says which entries stand for what was recorded and known; [`course`] makes of them the status of one
//! participant in one body through all of time; [`History`] sets rival chains side by side; [`lifecycles`] follows
//! procedures; [`overlays`] what lies over a status without changing it.

mod fact;
mod overlay;
mod procedure;
mod rival;
mod spell;
mod standing;

#[cfg(test)]
mod tests;

pub use fact::{alike, same_fact};
pub use overlay::{Overlay, overlays};
pub use procedure::{Closing, Lifecycle, Snapshot, StepState, lifecycles};
pub use rival::{Account, Certainty, History, Reading, Spell};
pub use spell::{Cause, CauseId, Course, Slice, World, course};
pub use standing::{Standing, Stated, correction_known, standing};
