//! A verifiable, ordered log of opaque leaves: it can be checked without knowing the vocabulary of events.
//!
//! [`Entries`] keeps leaves in append-only segments of frames. [`Frontier`] is the RFC 6962 tree over every leaf,
//! [`Checkpoint`] its head in the C2SP text form, [`SignedCheckpoint`] that head with an Ed25519 signature, [`ProofText`] a
//! self-contained proof under it; [`CosignerKey`] verifies that a witness cosigned the head, and when.
//!
//! Positions are an *index* (from 0); a *size* counts leaves. The bytes are described in `docs/FORMAT.md`.

mod append;
mod audit;
mod block;
mod blocks;
mod checkpoint;
mod cosignature;
mod disk;
mod durable;
mod entries;
mod error;
mod follow;
mod format;
mod frame;
mod hashes;
mod key;
mod key_file;
mod leaf_block;
mod leaves;
mod listed;
mod lock;
mod making;
mod mark;
mod member;
mod multiproof;
mod open;
mod opened;
mod proof;
mod proof_text;
pub(crate) mod regular;
mod rotation;
mod salvage;
mod scan;
mod seal;
mod sealed;
mod segment;
mod signature;
mod state;
mod tail;
mod tree;
mod watermark;
mod writer;

#[cfg(test)]
pub(crate) mod tests;

pub use append::Append;
pub use audit::Damage;
pub use checkpoint::{Checkpoint, SignedCheckpoint};
pub(crate) use checkpoint::{SIGNATURES_MAX, number};
pub use cosignature::{CosignerKey, CosigningKey};
pub(crate) use disk::Beside;
pub use disk::{Disk, DiskFile, Operation};
pub use entries::Entries;
pub use error::LogError;
pub use follow::Growth;
pub use format::read as origin;
pub use hashes::{Nodes, Places};
pub use key::{KeyTextError, SigningKey, VerifierKey};
pub(crate) use key_file::read_private;
pub use key_file::{KeyError, read_recorder_key, verifier_key, write_recorder_key};
pub use leaf_block::LeafBlock;
pub use lock::{Holder, Lock, ServerAddress};
pub use making::Making;
pub use mark::Mark;
pub use member::{Lookup, Member, ShownMembers, members_root, places_of, prove_members};
pub use multiproof::{prove_many, root_of_many};
pub(crate) use proof::extends;
pub use proof::{LeafHashes, prove_consistency, prove_inclusion};
pub use proof_text::{Claim, ProofError, ProofText};
pub use rotation::{Rotation, RotationError};
pub use salvage::{Remains, Salvaged, salvage, stated};
pub use seal::Compacted;
pub use signature::{Signature, SignatureError};
pub use tail::TornTail;
pub(crate) use tree::node_hash;
pub use tree::{Frontier, Hash, leaf_hash};

/// The largest size of a leaf, in bytes: a C2SP entry bundle writes its length in 16 bits.
pub const LEAF_BYTES_MAX: usize = 65_535;
