//! The visitor of pairs of keys and values.

use std::ops::ControlFlow;

/// A function that is called with each pair of a range, until it breaks.
pub(super) type Visit<'v> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'v;
