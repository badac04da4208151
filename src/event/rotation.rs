//! What announces that the log has another key.

use serde::{Deserialize, Serialize};

/// The payload of `log-key-rotated`: both keys, and what each signed. The text that they sign is made by the log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRotation {
    /// The verifier key from here on.
    pub new: String,
    /// Its signature, in base64.
    pub new_signature: String,
    /// The verifier key up to here.
    pub old: String,
    /// Its signature, in base64.
    pub old_signature: String,
    /// How many entries stand before it.
    pub size: u64,
}
