//! Finds faults that make a charter unfit to be recorded: statuses that it does not define, rules that wait for themselves. Each
//! fault is reported at its place in the TOML.

use std::collections::BTreeSet;

use serde::Deserialize;
use toml::Spanned;

use crate::event::{BodyId, StatusId};

use super::clause::{Clause, Condition, Rule, SetRef};
use super::clauses::{first, inside};
use super::text::{CharterTextError, EffectBy};
use super::{Charter, Version};

/// The parts of a charter text that name statuses and bodies, with their places.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Placed {
    #[serde(alias = "entry_into_force")]
    entry_into_force: Option<Spanned<String>>,
    #[serde(default, rename = "transition")]
    transitions: Vec<PlacedTransition>,
    #[serde(default, rename = "procedure")]
    procedures: Vec<PlacedProcedure>,
    #[serde(default, rename = "merger")]
    mergers: Vec<PlacedMerger>,
    #[serde(default, rename = "accession")]
    accessions: Vec<PlacedAccession>,
}

#[derive(Deserialize)]
struct PlacedTransition {
    #[serde(default)]
    from: Vec<Spanned<String>>,
    to: Spanned<String>,
    toward: Option<Spanned<String>>,
    meanwhile: Option<Spanned<String>>,
}

#[derive(Deserialize)]
struct PlacedProcedure {
    toward: Spanned<String>,
    #[serde(default, rename = "step")]
    steps: Vec<PlacedStep>,
}

#[derive(Deserialize)]
struct PlacedStep {
    status: Option<Spanned<String>>,
}

#[derive(Deserialize)]
struct PlacedMerger {
    from: Vec<Spanned<String>>,
    to: Spanned<String>,
}

#[derive(Deserialize)]
struct PlacedAccession {
    clause: Spanned<String>,
}

/// Finds the first fault of a text that makes `version` of a charter.
///
/// # Errors
/// [`CharterTextError`] at the fault.
pub fn check_sound(text: &str, charter: &Charter, version: &Version) -> Result<(), CharterTextError> {
    let placed: Placed = toml::from_str(text).map_err(|e| CharterTextError::of_toml(text, &e))?;
    let mut faults = Vec::new();
    statuses(text, &placed, charter, version, &mut faults);
    mergers(text, &placed, &mut faults);
    waits(text, &placed, charter, version, &mut faults);
    first(text, faults)
}

/// Checks the statuses that the rules name. The status to which a rule leads must exist under this version. The status from which
/// it leads, and the status sought, must exist under some version.
fn statuses(
    text: &str,
    placed: &Placed,
    charter: &Charter,
    version: &Version,
    faults: &mut Vec<(usize, String)>,
) {
    let known: Vec<&str> = charter.statuses().iter().map(|s| s.id.as_str()).collect();
    let ever = |id: &StatusId| known.contains(&id.as_str());
    let now = |id: &StatusId| version.status(id).is_some();
    let mut look = |id: &Spanned<String>, exists: &dyn Fn(&StatusId) -> bool| {
        let Ok(status) = StatusId::parse(id.get_ref()) else { return };
        if status.is_none() || exists(&status) {
            return;
        }
        let likely = known.iter().map(|name| (strsim::jaro_winkler(name, status.as_str()), *name));
        let likely = likely.filter(|(score, _)| *score > 0.8).max_by(|a, b| a.0.total_cmp(&b.0));
        let remedy = match likely {
            Some((_, name)) if name != status.as_str() => format!("did you mean {name}?"),
            _ => format!("define it as [[status]] id = \"{status}\", or correct the name"),
        };
        faults.push((inside(text, id, 1), format!("there is no status {status}: {remedy}")));
    };
    for transition in &placed.transitions {
        transition.from.iter().chain(&transition.toward).for_each(|id| look(id, &ever));
        look(&transition.to, &now);
        transition.meanwhile.iter().for_each(|id| look(id, &now));
    }
    for merger in &placed.mergers {
        merger.from.iter().for_each(|id| look(id, &ever));
        look(&merger.to, &now);
    }
    for procedure in &placed.procedures {
        look(&procedure.toward, &now);
        procedure.steps.iter().filter_map(|step| step.status.as_ref()).for_each(|id| look(id, &now));
    }
}

/// Finds mergers of one text that lead back to where they begin.
fn mergers(text: &str, placed: &Placed, faults: &mut Vec<(usize, String)>) {
    for merger in &placed.mergers {
        let mut reached = BTreeSet::from([merger.to.get_ref().as_str()]);
        loop {
            let onward =
                placed.mergers.iter().filter(|m| m.from.iter().any(|id| reached.contains(&**id.get_ref())));
            let before = reached.len();
            let more: Vec<&str> = onward.map(|m| m.to.get_ref().as_str()).collect();
            reached.extend(more);
            if reached.len() == before {
                break;
            }
        }
        if let Some(from) = merger.from.iter().find(|id| reached.contains(&**id.get_ref())) {
            let (from, to) = (from.get_ref(), merger.to.get_ref());
            let what =
                format!("a cycle: {from} is merged into {to}, and {to} leads back to {from}: leave one out");
            faults.push((inside(text, &merger.to, 1), what));
        }
    }
}

/// Finds clauses that wait for their own effect.
fn waits(
    text: &str,
    placed: &Placed,
    charter: &Charter,
    version: &Version,
    faults: &mut Vec<(usize, String)>,
) {
    let clauses = placed.entry_into_force.iter().chain(placed.accessions.iter().map(|a| &a.clause));
    for placed in clauses {
        let Ok(clause) = Clause::parse(placed.get_ref()) else { continue };
        let itself =
            |condition: &Condition| matches!(condition, Condition::InForce(body) if *body == charter.body);
        if names(&clause, &itself) || clause.rule.waits_for() == Some(&charter.body) {
            let what =
                format!("a cycle: it waits for {} itself to be in force: name another treaty", charter.body);
            faults.push((inside(text, placed, 1), what));
        }
    }
    let Some(placed) = &placed.entry_into_force else { return };
    let Ok(clause) = Clause::parse(placed.get_ref()) else { return };
    if names(&clause, &counts_members) && every_member_waits(version) {
        let what = "a cycle: it counts members, and nobody is a member before it is in force: count signatories, \
                    or a [[set]]";
        faults.push((inside(text, placed, 1), what.to_owned()));
    }
}

/// True if a part of the clause's condition satisfies `asked`.
fn names(clause: &Clause, asked: &dyn Fn(&Condition) -> bool) -> bool {
    fn any(condition: &Condition, asked: &dyn Fn(&Condition) -> bool) -> bool {
        match condition {
            Condition::And(parts) | Condition::Or(parts) => parts.iter().any(|part| any(part, asked)),
            one => asked(one),
        }
    }
    match &clause.rule {
        Rule::WhenMet { trigger, .. } => any(trigger, asked),
        Rule::Fixed { provided, .. } => any(provided, asked),
        Rule::Notice { .. } | Rule::Stated | Rule::NoRight | Rule::After { .. } => false,
    }
}

fn counts_members(condition: &Condition) -> bool {
    match condition {
        Condition::All(set) | Condition::Share { of: set, .. } | Condition::Count { of: Some(set), .. } => {
            *set == SetRef::Members
        }
        _ => false,
    }
}

fn every_member_waits(version: &Version) -> bool {
    let Some(highest) = version.highest() else { return false };
    let mut ways = version.transitions.iter().filter(|t| t.rule.to == *highest).peekable();
    ways.peek().is_some() && ways.all(|t| t.rule.effect == Some(EffectBy::EntryIntoForce))
}

/// The treaties for which the clauses of a body wait.
pub(super) fn waits_for(body: &BodyId, versions: &[Version]) -> BTreeSet<BodyId> {
    let mut found = BTreeSet::new();
    for version in versions {
        for super::StatedClause { clause, .. } in version.clauses.each() {
            found.extend(clause.rule.waits_for().cloned());
            let found = std::cell::RefCell::new(&mut found);
            names(clause, &|condition| {
                if let Condition::InForce(body) = condition {
                    found.borrow_mut().insert(body.clone());
                }
                false
            });
        }
    }
    found.remove(body);
    found
}
