//! What holds the tables of the first entries of a record for good.

use std::ops::ControlFlow;

use crate::log::Frontier;

use super::IndexError;

/// What is shown the pairs of a range, until it has seen enough.
pub(super) type Visit<'v> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'v;

/// The tables of the first entries of a record, with every edge and every group's head.
#[derive(Clone)]
pub(super) enum Stored {}

impl Stored {
    /// The right edge of the tree over its entries.
    pub(super) fn tree(&self) -> &Frontier {
        match *self {}
    }

    /// The value of a key.
    pub(super) fn get(&self, _key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        match *self {}
    }

    /// Shows the pairs whose keys begin with a prefix, in their order.
    pub(super) fn range(&self, _prefix: &[u8], _visit: &mut Visit<'_>) -> Result<(), IndexError> {
        match *self {}
    }
}
