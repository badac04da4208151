//! What a witness that is asked by a file and one that is asked by HTTP have in common.

use crate::event::Instant;

/// A request is smaller: 63 hashes, a checkpoint with its lines.
pub(crate) const REQUEST_BYTES_MAX: u64 = 1 << 16;

/// Whole seconds since 1970.
pub(crate) fn seconds(at: Instant) -> u64 {
    u64::try_from(at.micros() / 1_000_000).unwrap_or_default()
}

/// A cosignature's time.
pub(crate) fn instant(seconds: u64) -> Instant {
    Instant::from_micros(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000_000))
}
