//! A verifiable, ordered log of opaque leaves: anyone can check it without our vocabulary.
//!
//! [`LogEngine`] is the one trait; [`Entries`] keeps leaves in append-only segments of frames, [`Memory`] in memory with
//! named failures. [`Frontier`] is the RFC 6962 tree over every leaf, [`Checkpoint`] its head in the C2SP text form.
//! Positions are an *index* (from 0); a *size* counts leaves. The bytes are described in `docs/FORMAT.md`.

mod audit;
mod checkpoint;
mod disk;
mod engine;
mod entries;
mod error;
mod format;
mod frame;
mod lock;
mod memory;
mod proof;
mod salvage;
mod segment;
mod tail;
mod tree;
mod watermark;

#[cfg(test)]
mod tests;

pub use audit::Damage;
pub use checkpoint::Checkpoint;
pub use disk::{Disk, DiskFile, Operation};
pub use engine::{Append, LeafBlock, LogEngine};
pub use entries::Entries;
pub use error::LogError;
pub use lock::{Holder, Lock};
pub use memory::{Failure, Memory};
pub use proof::{LeafHashes, prove_consistency, prove_inclusion};
pub use salvage::{Remains, Salvaged, salvage};
pub use tail::TornTail;
pub use tree::{Frontier, Hash, leaf_hash};

/// The most bytes a leaf may have: a C2SP entry bundle writes its length in 16 bits.
pub const LEAF_BYTES_MAX: usize = 65_535;
