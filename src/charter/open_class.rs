//! Finds clauses that count signatories without stating the last day on which a state could sign.

use super::clause::{Condition, Rule, SetRef};

impl Rule {
    /// True if the rule counts signatories while their class may still grow. A state that signs later would have to be counted as
    /// well, so it is only possible that the condition is met (VCLT 24(2) counts the negotiating states).
    pub fn counts_open_class(&self) -> bool {
        match self {
            Rule::WhenMet { trigger: condition, .. } | Rule::Fixed { provided: condition, .. } => {
                is_open(condition)
            }
            Rule::Notice { .. } | Rule::Stated | Rule::NoRight | Rule::After { .. } => false,
        }
    }
}

fn is_open(condition: &Condition) -> bool {
    let is_open_set = |set: &SetRef| matches!(set, SetRef::Signatories { until: None });
    match condition {
        Condition::And(parts) | Condition::Or(parts) => parts.iter().any(is_open),
        Condition::All(set) | Condition::Share { of: set, .. } | Condition::Count { of: Some(set), .. } => {
            is_open_set(set)
        }
        Condition::Count { of: None, .. }
        | Condition::AllOf(_)
        | Condition::Weight { .. }
        | Condition::InForce(_) => false,
    }
}
