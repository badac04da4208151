//! The sets and tables over which a clause counts, as they were on a day, with their sources.

use serde::Serialize;

use crate::charter::{Condition, NamedSet, SetRef, Version, WeightTable};
use crate::event::{Day, Edtf, Evidence};

/// A set or a weight table of a charter.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct CountedIn {
    /// The name by which clauses refer to it.
    pub name: String,
    /// The number of participants in it.
    pub participants: usize,
    /// The sum of its shares, a decimal in the table's unit; `null` for a set.
    pub whole: Option<String>,
    /// The unit of the shares.
    pub unit: Option<String>,
    /// The first day on which it applies in this form; `null` if it applies from the beginning.
    pub effective: Option<Edtf>,
    /// The article that contains it.
    pub article: Option<String>,
    /// The way in which it is known, if not by reading the article.
    pub basis: Option<String>,
    /// The sources on which it rests.
    pub evidence: Vec<Evidence>,
}

/// The sets and tables that a condition names, each once, in the order of the text.
pub(super) fn counted_in(condition: &Condition, version: &Version, on: Day) -> Vec<CountedIn> {
    let mut found: Vec<CountedIn> = Vec::new();
    collect(condition, version, on, &mut found);
    found
}

fn collect(condition: &Condition, version: &Version, on: Day, found: &mut Vec<CountedIn>) {
    let (sets, weights) = (&version.clauses.sets, &version.clauses.weights);
    let mut add = |item: Option<CountedIn>| {
        found.extend(item.filter(|item| found.iter().all(|known| known.name != item.name)));
    };
    match condition {
        Condition::Count { of: Some(SetRef::Named(name)), .. }
        | Condition::Share { of: SetRef::Named(name), .. }
        | Condition::All(SetRef::Named(name)) => add(NamedSet::find(sets, name, on).map(set)),
        Condition::Weight { table: name, of, .. } => {
            add(WeightTable::find(weights, name, on).map(table));
            add(of.as_deref().and_then(|of| NamedSet::find(sets, of, on)).map(set));
        }
        Condition::And(parts) | Condition::Or(parts) => {
            parts.iter().for_each(|part| collect(part, version, on, found));
        }
        _ => {}
    }
}

fn set(set: &NamedSet) -> CountedIn {
    CountedIn {
        name: set.id.clone(),
        participants: set.members.len(),
        whole: None,
        unit: None,
        effective: set.effective.clone(),
        article: set.article.clone(),
        basis: set.basis.clone(),
        evidence: set.sources.clone(),
    }
}

fn table(table: &WeightTable) -> CountedIn {
    CountedIn {
        name: table.id.clone(),
        participants: table.shares.len(),
        whole: Some(decimal(table.exact().map(|(_, share)| share).sum())),
        unit: table.unit.clone(),
        effective: table.effective.clone(),
        article: table.article.clone(),
        basis: table.basis.clone(),
        evidence: table.sources.clone(),
    }
}

/// Billionths as a decimal without trailing zeros.
fn decimal(billionths: u128) -> String {
    let (whole, rest) = (billionths / 1_000_000_000, billionths % 1_000_000_000);
    match rest {
        0 => whole.to_string(),
        rest => format!("{whole}.{}", format!("{rest:09}").trim_end_matches('0')),
    }
}
