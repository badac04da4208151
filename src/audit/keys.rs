//! The keys of the log, one after another, as its entries announce them.

use crate::event::{Act, Entry};
use crate::log::{Rotation, SignatureError, SignedCheckpoint, VerifierKey};

use super::fault;
use super::report::Findings;

/// A key with the first size at which heads are signed with it.
pub(super) struct Reign {
    from: u64,
    key: VerifierKey,
}

/// The keys of a log, the oldest first, as far as each is signed by the one before and by itself. Empty if the log never had
/// another key.
pub(super) fn chain(entries: &[Entry], origin: &str, found: &mut Findings) -> Vec<Reign> {
    let mut chain: Vec<Reign> = Vec::new();
    for entry in entries {
        let Act::LogKeyRotated(said) = &entry.event.act else { continue };
        found.counted("keys", 1);
        let (old, new) = (
            (said.old.as_str(), said.old_signature.as_str()),
            (said.new.as_str(), said.new_signature.as_str()),
        );
        let rotation = match Rotation::verified(said.size, old, new) {
            Ok(rotation) => rotation,
            Err(error) => {
                found.at(fault::KEY_SIGNATURE, entry.index, error.to_string());
                continue;
            }
        };
        if rotation.size != entry.index.0 || rotation.old.name() != origin {
            let what = format!("it was made for {} at {} entries", rotation.old.name(), rotation.size);
            found.at(fault::KEY_ELSEWHERE, entry.index, what);
            continue;
        }
        if chain.last().is_some_and(|last| last.key != rotation.old) {
            let what = format!("the key before it is not {}", rotation.old);
            found.at(fault::KEY_ELSEWHERE, entry.index, what);
            continue;
        }
        if chain.is_empty() {
            chain.push(Reign { from: 0, key: rotation.old });
        }
        chain.push(Reign { from: rotation.size + 1, key: rotation.new });
    }
    chain
}

/// Checks that a head is signed with the key of its size, or a later one, if the reader's key is in the chain; otherwise, that it
/// is signed with the reader's key.
pub(super) fn vouched(
    chain: &[Reign],
    key: &VerifierKey,
    signed: &SignedCheckpoint,
) -> Result<(), SignatureError> {
    let known = chain.iter().any(|reign| reign.key == *key);
    let of_size = chain.iter().rposition(|reign| reign.from <= signed.head.size);
    let Some(reigns) = of_size.filter(|_| known).and_then(|at| chain.get(at..)) else {
        return signed.verify(key);
    };
    let mut tried = reigns.iter().map(|reign| signed.verify(&reign.key));
    let first = tried.next().unwrap_or(Err(SignatureError::OtherKey));
    if tried.any(|tried| tried.is_ok()) { Ok(()) } else { first }
}
