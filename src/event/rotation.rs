//! The announcement that the log has another key.

use serde::{Deserialize, Serialize};

/// The payload of `log-key-rotated`: both keys, and the signature of each. The log makes the text that they sign.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRotation {
    /// The new verifier key: that of the log from this entry on.
    pub new: String,
    /// The signature of the new key, in base64.
    pub new_signature: String,
    /// The old verifier key: that of the log up to this entry.
    pub old: String,
    /// The signature of the old key, in base64.
    pub old_signature: String,
    /// The number of entries before this one.
    pub size: u64,
}
