//! The two permanent containers of the tables: a published file, and sled.

use std::path::PathBuf;
use std::sync::Arc;

use crate::log::{Frontier, Mark};

use super::IndexError;
use super::mapped::Mapped;
use super::sled::shelf::Shelf;
use super::visit::Visit;

/// The tables of the first entries of a record.
#[derive(Clone)]
pub(super) enum Stored {
    /// In a published file.
    Mapped(Arc<Mapped>),
    /// In sled, opened by a writer.
    Sled(Arc<Shelf>),
}

impl Stored {
    /// The right edge of the tree over its entries.
    pub(super) fn tree(&self) -> &Frontier {
        match self {
            Stored::Mapped(mapped) => &mapped.mark().tree,
            Stored::Sled(shelf) => shelf.tree(),
        }
    }

    /// The end of the log that a published file covers; `None` in sled.
    pub(super) fn mark(&self) -> Option<&Mark> {
        match self {
            Stored::Mapped(mapped) => Some(mapped.mark()),
            Stored::Sled(_) => None,
        }
    }

    /// The path of the file, or of sled's folder.
    pub(super) fn path(&self) -> PathBuf {
        match self {
            Stored::Mapped(mapped) => mapped.path().to_owned(),
            Stored::Sled(shelf) => shelf.path().to_owned(),
        }
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        match self {
            Stored::Mapped(mapped) => mapped.get(key),
            Stored::Sled(shelf) => shelf.get(key),
        }
    }

    /// Calls `visit` for the pairs whose keys begin with a prefix, in the order of keys.
    pub(super) fn range(&self, prefix: &[u8], visit: &mut Visit<'_>) -> Result<(), IndexError> {
        match self {
            Stored::Mapped(mapped) => mapped.range(prefix, visit),
            Stored::Sled(shelf) => shelf.range(prefix, visit),
        }
    }
}
