//! Questions: the status of a participant, past or present, and the reasons for it.

#[allow(clippy::module_inception, reason = "the command that the room is named for")]
pub(crate) mod ask;
pub(crate) mod axes;
pub(crate) mod communications;
pub(crate) mod conflicts;
pub(crate) mod count;
pub(crate) mod diff;
pub(crate) mod explain;
pub(crate) mod in_force;
pub(crate) mod pending;
pub(crate) mod portfolio;
pub(crate) mod question;
pub(crate) mod questions;
pub(crate) mod relations;
pub(crate) mod reservations;
pub(crate) mod roster;
pub(crate) mod several;
pub(crate) mod status;
pub(crate) mod timeline;
pub(crate) mod trust;
pub(crate) mod what_if;
pub(crate) mod when;
