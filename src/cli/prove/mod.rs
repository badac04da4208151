//! Proof: heads, keys, certificates, witnesses, citations.

pub(crate) mod certificate;
pub(crate) mod checkpoint;
pub(crate) mod citation;
pub(crate) mod cite;
#[cfg(feature = "serve")]
pub(crate) mod connections;
pub(crate) mod cosign;
pub(crate) mod given;
pub(crate) mod key;
#[allow(clippy::module_inception, reason = "the command that the room is named for")]
pub(crate) mod prove;
pub(crate) mod seen;
pub(crate) mod verify;
pub(crate) mod witness;
pub(crate) mod witness_request;
#[cfg(feature = "serve")]
pub(crate) mod witness_serve;
