//! How two heads of one log stand to each other.

use crate::log::{Checkpoint, Claim, ProofText};

/// How two heads of one log stand to each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Relation {
    /// The same entries.
    Same,
    /// The larger begins with the smaller.
    Grown,
    /// Two histories: no log has both heads.
    Forked,
    /// Nothing that was given shows it.
    NotShown,
}

/// How two heads of one log stand to each other, by proofs of growth that were verified. A proof under the larger head
/// that starts from another root of the smaller size shows two histories, as two roots of one size do, or two completeness
/// maps.
pub fn relate(one: &Checkpoint, other: &Checkpoint, proofs: &[ProofText]) -> Relation {
    let (smaller, larger) = if one.size <= other.size { (one, other) } else { (other, one) };
    if smaller.size == larger.size {
        // The map follows from the entries: a head that states none is of an earlier program.
        let maps = [smaller, larger].map(Checkpoint::completeness);
        let same = smaller.root == larger.root && !matches!(maps, [Some(one), Some(other)] if one != other);
        return if same { Relation::Same } else { Relation::Forked };
    }
    if smaller.size == 0 {
        return Relation::Grown;
    }
    let roots: Vec<_> = proofs
        .iter()
        .filter(|proof| {
            (proof.checkpoint.head.size, proof.checkpoint.head.root) == (larger.size, larger.root)
        })
        .filter_map(|proof| match proof.claim {
            Claim::Consistency { old, root } if old == smaller.size => Some(root),
            _ => None,
        })
        .collect();
    if roots.iter().any(|root| *root != smaller.root) {
        return Relation::Forked;
    }
    if roots.is_empty() { Relation::NotShown } else { Relation::Grown }
}

/// Whether a head states a completeness map over the entries for which another of the same size states none. The other
/// never takes its place in a memory: a second map over these entries could not be recognised any more.
pub(super) fn states_more(head: &Checkpoint, other: &Checkpoint) -> bool {
    head.size == other.size && head.completeness().is_some() && other.completeness().is_none()
}
