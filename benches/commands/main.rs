//! The times that a user waits: whole processes, from the command typed to its exit, in turn with other programs.
//!
//! `cargo bench --bench commands`, or only the groups whose name contains a word: `cargo bench --bench commands -- portfolio`.
//! docs/PERFORMANCE.md explains the columns, and the variables that make the measurement smaller.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a measurement that cannot be made has no result")]

mod asks;
mod growth;
mod line;
mod past;
mod record;
mod row;
#[path = "../peer/samples.rs"]
#[allow(dead_code, reason = "the other benches use the rest")]
mod samples;
#[path = "../ledger/synthetic.rs"]
#[allow(dead_code, reason = "only its charter and its random numbers are used here")]
mod shared;
mod sitting;
mod sqlite;
#[path = "../peer/synthetic.rs"]
#[allow(dead_code, reason = "only the plain ledger is measured here")]
mod synthetic;
mod whole;
mod wide;
mod writes;
#[path = "../peer/written.rs"]
#[allow(dead_code, reason = "the origin is for those who import")]
mod written;

use std::path::Path;

use sitting::Sitting;

fn main() {
    let wanted = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("commands");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let sitting = Sitting::new(&folder, wanted);
    sitting.print_heading();
    asks::start_up(&sitting);
    asks::statuses(&sitting);
    asks::questions(&sitting);
    asks::large(&sitting);
    whole::everything(&sitting);
    growth::rows(&sitting);
    past::rows(&sitting);
    whole::audits(&sitting);
    writes::imports(&sitting);
    writes::appends(&sitting);
    drop(sitting);
    let _ = std::fs::remove_dir_all(&folder);
}
