//! How far a question about one body reaches: where its rules make one status rest on acts of others, or on another treaty,
//! their entries bear on it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::charter::Charter;
use crate::event::{BodyId, Scope};

/// What bears on a question about one body.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reach {
    /// What bears on it in the body itself: the participant asked about with the acts of the body alone, or all of it.
    pub scope: Scope,
    /// The treaties for which the clauses of the body wait, those for which theirs wait, and the charters that any
    /// extends: each whole.
    pub besides: BTreeSet<BodyId>,
}

impl Reach {
    /// The reach of a question of a scope in a body. `charter` gives the rules of a body with every amendment recorded;
    /// `None` where there are none.
    pub fn of(
        scope: &Scope,
        body: &BodyId,
        charter: &mut dyn FnMut(&BodyId) -> Option<Arc<Charter>>,
    ) -> Reach {
        let joins =
            scope.participant.is_none() || charter(body).is_some_and(|rules| rules.joins_participants());
        let scope = if joins { Scope::of_body(body.clone()) } else { scope.clone() };
        Reach { scope, besides: waits_for(body, charter) }
    }
}

/// The treaties for which the clauses of a body wait, those for which theirs wait, and the charters that any extends.
pub fn waits_for(
    body: &BodyId,
    charter: &mut dyn FnMut(&BodyId) -> Option<Arc<Charter>>,
) -> BTreeSet<BodyId> {
    let mut found = BTreeSet::new();
    let mut open = vec![body.clone()];
    while let Some(next) = open.pop() {
        let Some(charter) = charter(&next) else { continue };
        let others = charter.waits_for().iter().chain(&charter.extends).cloned();
        open.extend(others.filter(|other| found.insert(other.clone())));
    }
    found.remove(body);
    found
}
