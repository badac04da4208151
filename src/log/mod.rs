//! A verifiable, ordered log of opaque leaves.
