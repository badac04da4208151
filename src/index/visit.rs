//! How pairs of keys and values are shown.

use std::ops::ControlFlow;

/// What is shown the pairs of a range, until it has seen enough.
pub(super) type Visit<'v> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'v;
