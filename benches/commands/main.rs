//! What a user waits for: whole processes, from the command that is typed to its exit, in turn with its peers.
//!
//! `cargo bench --bench commands`, or the groups whose name has a word in it: `cargo bench --bench commands -- portfolio`.
//! docs/PERFORMANCE.md says what a column means and which variables make it smaller.
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
