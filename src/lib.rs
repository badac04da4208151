//! Chancery: an event-sourced diplomatic ledger.

pub mod event;
pub mod log;
