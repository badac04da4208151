//! The relation between two heads of one log.

use crate::log::{Checkpoint, Claim, ProofText};

/// The relation between two heads of one log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Relation {
    /// Both have the same entries.
    Same,
    /// The entries of the larger head begin with those of the smaller.
    Grown,
    /// Two histories: no log has both heads.
    Forked,
    /// No proof that was given shows their relation.
    NotShown,
}

/// Finds the relation between two heads of one log, by verified proofs of growth. A proof under the larger head that starts from
/// another root of the smaller size shows two histories; so do two roots of one size, or two completeness maps.
pub fn relate(one: &Checkpoint, other: &Checkpoint, proofs: &[ProofText]) -> Relation {
    let (smaller, larger) = if one.size <= other.size { (one, other) } else { (other, one) };
    if smaller.size == larger.size {
        // The map follows from the entries; a head without a map was made by an earlier program.
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

/// True if a head states a completeness map over the entries for which another head of the same size states none. The head without
/// a map never replaces the other in a memory: otherwise a second map over these entries could no longer be recognised.
pub(super) fn states_more(head: &Checkpoint, other: &Checkpoint) -> bool {
    head.size == other.size && head.completeness().is_some() && other.completeness().is_none()
}
