//! Behaviour through the command line: one binary, a hermetic environment for every test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

#[path = "common/env.rs"]
mod env;
#[path = "common/five.rs"]
mod five;
#[path = "common/forge.rs"]
mod forge;
#[path = "common/mutation.rs"]
mod mutation;
#[path = "common/sets.rs"]
mod sets;

mod acceptance;
mod amendment;
mod attachments;
mod attack;
mod audit;
mod axes;
mod bad_charters;
mod certificate;
mod charters;
mod clauses;
mod compact;
mod compare;
mod compare_sets;
mod containers;
mod counted;
mod depositary;
mod diff;
mod docs;
mod events;
mod export;
mod faults;
mod figures;
mod foreseen;
mod harmless;
mod import;
mod input;
mod kill;
mod killed;
mod law;
mod mapped;
mod model;
mod mutations;
mod notify;
mod old_ledgers;
mod patterns;
mod proof;
mod publish;
mod quality;
mod questions;
mod record;
mod recorders;
mod redact;
mod reservations;
mod rivals;
mod rotate;
mod screens;
mod snapshots;
mod states;
mod tidy;
mod treaties;
mod trusted;
mod wipo;
mod witness;
