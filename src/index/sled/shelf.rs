//! The tables in sled at one size, for reading.

use std::path::Path;
use std::sync::Arc;

use crate::index::IndexError;
use crate::index::visit::Visit;
use crate::log::Frontier;

use super::guard::{Fault, Guarded};
use super::store::Store;

/// The tables in sled at one size. Once they have grown, every lookup here fails.
pub(in crate::index) struct Shelf {
    pub(super) store: Arc<Guarded<Store>>,
    pub(super) tree: Frontier,
}

impl Shelf {
    /// The right edge of the tree over its entries.
    pub(in crate::index) fn tree(&self) -> &Frontier {
        &self.tree
    }

    /// Its folder.
    pub(in crate::index) fn path(&self) -> &Path {
        self.store.path()
    }

    /// The value of a key.
    pub(in crate::index) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        let (key, size) = (key.to_vec(), self.tree.size());
        self.store.run(move |store| at_size(store, size)?.get(&key))
    }

    /// Calls `visit` for the pairs whose keys begin with a prefix, in the order of keys.
    pub(in crate::index) fn range(&self, prefix: &[u8], visit: &mut Visit<'_>) -> Result<(), IndexError> {
        let (prefix, size) = (prefix.to_vec(), self.tree.size());
        let pairs = self.store.run(move |store| at_size(store, size)?.range(&prefix))?;
        let _ = pairs.iter().try_for_each(|(key, value)| visit(key, value));
        Ok(())
    }
}

fn at_size(store: &Store, size: u64) -> Result<&Store, Fault> {
    let holds = store.head.as_ref().map_or(0, |head| head.size);
    if holds == size { Ok(store) } else { Err(format!("it holds {holds} entries, not {size}").into()) }
}
