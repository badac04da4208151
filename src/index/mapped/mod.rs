//! The tables in a published file: immutable, read block by block as needed, without a lock.
//!
//! The file is a B+-tree of blocks of 4 KiB, written once from sorted pairs. A block that names another contains its SHA-256;
//! the header names the root and is signed by the log's key. So a reader accepts only blocks that were signed. The file can
//! be made anew from the log at any time.

mod block;
mod folder;
mod header;
mod merge;
mod read;
mod write;

pub use folder::{index_files, is_named_by};
pub use merge::Publication;
pub(super) use read::Mapped;
