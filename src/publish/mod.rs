//! The log as files that any web server, bucket or CDN can serve: C2SP tlog-tiles.
//!
//! [`publish`] writes the tree of a signed head: hashes in tiles, leaves in bundles, then the checkpoint. [`TreeSource`] fetches
//! such a tree from a folder or over HTTP; its content must be verified before it is trusted. `docs/PUBLISH.md` describes it.

mod error;
mod part;
mod source;
mod tiles;
mod write;

#[cfg(test)]
mod tests;

pub use error::PublishError;
pub use part::{CHECKPOINT, Part, WIDTH, push_leaf, split_leaves};
pub use source::{Fetched, SourceError, TreeSource};
pub use write::{Published, publish};
