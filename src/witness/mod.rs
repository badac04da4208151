//! Checks by others that a log shows only one history and never goes back behind a head that it has shown.
//!
//! A witness keeps the last head of each log that it cosigned, and cosigns only a head that continues it ([`Witness`], [`decide`];
//! C2SP tlog-witness). A [`WitnessPolicy`] states whose cosignatures are enough (C2SP tlog-policy). A client's [`HeadMemory`] keeps
//! the last head that it verified, and refuses a smaller or forked one.
//!
//! Times are in seconds since 1970 and given by the caller.

mod decision;
mod evidence;
mod folder;
mod memory;
mod policy;
mod relation;
mod request;

#[cfg(test)]
mod tests;

pub use decision::{WitnessRefusal, decide};
pub use folder::{Cosigned, Witness, WitnessError};
pub use memory::{HeadMemory, Meeting, MemoryError, Seen};
pub use policy::{PolicyWitness, WitnessJudgement, WitnessPolicy, WitnessPolicyError};
pub use relation::{Relation, relate};
pub use request::Request;
