//! The parts that asking a witness by file and by HTTP share.

use crate::event::Instant;

/// The largest request, in bytes: 63 hashes, and a checkpoint with its lines.
pub(crate) const REQUEST_BYTES_MAX: u64 = 1 << 16;

/// An instant as whole seconds since 1970.
pub(crate) fn seconds(at: Instant) -> u64 {
    u64::try_from(at.micros() / 1_000_000).unwrap_or_default()
}

/// The instant of a cosignature, from its seconds since 1970.
pub(crate) fn instant(seconds: u64) -> Instant {
    Instant::from_micros(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000_000))
}
