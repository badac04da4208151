//! Looks things up: entries, acts, bodies, participants, charters.

pub(crate) mod acts;
pub(crate) mod bodies;
pub(crate) mod charter;
pub(crate) mod custody;
pub(crate) mod log;
pub(crate) mod participants;
pub(crate) mod show;
