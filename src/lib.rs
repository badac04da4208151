//! Chancery: an event-sourced diplomatic ledger.

pub mod audit;
pub mod charter;
pub mod cli;
pub mod event;
#[cfg(test)]
mod fixture;
pub mod history;
pub mod import;
pub mod index;
pub mod ledger;
pub mod log;
pub mod query;
