//! What others hold against a log that would show two histories, or go back behind one it has shown.
//!
//! A witness keeps the last head of each log that it cosigned, and cosigns only what continues it ([`Witness`],
//! [`decide`]; C2SP tlog-witness). A [`Policy`] says whose cosignatures are enough (C2SP tlog-policy). A client's
//! [`Memory`] keeps the last head that it verified, and refuses a smaller or forked one.
//!
//! Times are seconds since 1970 and given by the caller.

mod decision;
mod evidence;
mod folder;
mod memory;
mod policy;
mod relation;
mod request;

#[cfg(test)]
mod tests;

pub use decision::{Refusal, decide};
pub use folder::{Cosigned, Witness, WitnessError};
pub use memory::{Meeting, Memory, MemoryError, Seen};
pub use policy::{Judgement, Policy, PolicyError, PolicyWitness};
pub use relation::{Relation, relate};
pub use request::Request;
