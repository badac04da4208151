//! The published read model of a ledger: made of its entries, and asked in place of sled.

mod ahead;
mod family;
mod gather;
mod load;
mod make;
mod on_day;
mod packed;
mod rows;

pub(super) use load::ReadModel;
pub(super) use make::TAIL_ENTRIES;
pub use on_day::{BodyRoster, Placed};
