//! The part of the record on which a question depends: this file alone decides it.
//!
//! A question about one body depends on the acts of the body alone, on the acts of the participant or of all
//! participants, on the whole of every treaty for which the clauses wait and of every charter that is extended, and on
//! the imports that brought any of these entries. The charter texts decide which of them apply. All texts ever recorded
//! for a body are read, also those that were later retracted or rectified, and those that were only proposed: a
//! question about the past is answered under the rules of its day, and acts that today's rules leave out may bear on
//! it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::charter::{Charter, CharterAct, Texts};
use crate::event::{ActKind, BodyId, Entry, Heading, Index, ParticipantId, Register, Scope};

/// A part of the record, named by the headings under which its entries are filed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Need {
    /// The entries under one heading.
    Heading(Heading),
    /// The entries under every heading of a body.
    Group(BodyId),
}

/// The entries that a question about one body depends on.
#[derive(Clone, Debug)]
pub struct Needs {
    /// The entries, in the order of the log, each once.
    pub entries: Arc<Vec<Entry>>,
    /// The parts of the record that were searched for them.
    pub parts: BTreeSet<Need>,
    /// The participant in the body; or the whole body, if its rules count or join participants.
    pub scope: Scope,
}

impl Needs {
    /// The groups other than the body's own in which its entries were searched, by name: other bodies, and imports.
    pub fn beside(&self, body: &BodyId) -> Vec<String> {
        let group = |part: &Need| match part {
            Need::Heading(heading) => heading.group().to_owned(),
            Need::Group(other) => other.to_string(),
        };
        let groups: BTreeSet<String> = self.parts.iter().map(group).collect();
        groups.into_iter().filter(|group| group != body.as_str()).collect()
    }
}

/// Gathers the entries on which a question about `body`, and about one participant or all participants in it, depends.
/// `read` returns the entries under a need, in any order, and is called once for each need. If `read` also returns
/// supposed events, their charter texts count as well. `texts` keeps the charter texts that were parsed.
///
/// # Errors
/// The first error of `read`.
pub fn needs<E>(
    scope: &Scope,
    body: &BodyId,
    texts: &Texts,
    read: &mut dyn FnMut(&Need) -> Result<Vec<Entry>, E>,
) -> Result<Needs, E> {
    let mut gathering = Gathering { texts, read, entries: BTreeMap::new(), parts: BTreeSet::new() };
    let rules = gathering.rules(body)?;
    let mut scope = scope.clone();
    if rules.joins || rules.counts {
        scope.participant = None;
    }
    match &scope.participant {
        Some(participant) => gathering.add(Need::Heading(Heading::of_pair(body, participant)))?,
        None => gathering.add(Need::Group(body.clone()))?,
    }
    for other in rules.besides {
        gathering.add(Need::Group(other))?;
    }
    // Every participant may object to a proposed correction, so the acts of all are needed (VCLT 79(2)).
    let proposed = |entry: &Entry| entry.event.act.kind() == ActKind::CorrectionProposed;
    if scope.participant.is_some() && gathering.entries.values().any(proposed) {
        scope.participant = None;
        gathering.add(Need::Group(body.clone()))?;
    }
    let entries = Arc::new(gathering.entries.into_values().collect());
    Ok(Needs { entries, parts: gathering.parts, scope })
}

/// Gathers the entries for one participant of a body in which only the entry into force depends on the acts of others,
/// and its day is already known. The acts of the participant's predecessors are looked up as well, because the answer
/// reports the outcome of their status.
///
/// # Errors
/// The first error of `read`.
pub fn needs_of_one<E>(
    body: &BodyId,
    participant: &ParticipantId,
    texts: &Texts,
    read: &mut dyn FnMut(&Need) -> Result<Vec<Entry>, E>,
) -> Result<Needs, E> {
    let mut gathering = Gathering { texts, read, entries: BTreeMap::new(), parts: BTreeSet::new() };
    let rules = gathering.rules(body)?;
    let before = Register::builtin().get(participant).map(|one| one.predecessors.as_slice());
    for who in before.unwrap_or_default().iter().chain([participant]) {
        gathering.add(Need::Heading(Heading::of_pair(body, who)))?;
    }
    for other in rules.besides {
        gathering.add(Need::Group(other))?;
    }
    let scope = Scope { body: Some(body.clone()), participant: Some(participant.clone()) };
    let entries = Arc::new(gathering.entries.into_values().collect());
    Ok(Needs { entries, parts: gathering.parts, scope })
}

/// The union of the rules of every text recorded for a body.
#[derive(Default)]
struct Rules {
    /// True if a clause counts participants, or a line joins two of them.
    joins: bool,
    /// True if a step of a procedure is for others to take.
    counts: bool,
    /// The bodies whose charters are extended, and the treaties for which the body or any of these waits.
    besides: BTreeSet<BodyId>,
}

struct Gathering<'a, E> {
    texts: &'a Texts,
    read: &'a mut dyn FnMut(&Need) -> Result<Vec<Entry>, E>,
    entries: BTreeMap<Index, Entry>,
    parts: BTreeSet<Need>,
}

impl<E> Gathering<'_, E> {
    fn add(&mut self, need: Need) -> Result<(), E> {
        self.entries_under(need).map(drop)
    }

    /// Reads the entries under a need that was not read before, and adds them to the gathered entries; also the
    /// headings of the imports that brought them, since the retraction of an import withdraws its rows in every body.
    fn entries_under(&mut self, need: Need) -> Result<Vec<Entry>, E> {
        if !self.parts.insert(need.clone()) {
            return Ok(Vec::new());
        }
        let entries = (self.read)(&need)?;
        let imports: BTreeSet<_> = entries.iter().filter_map(|entry| entry.event.import).collect();
        self.entries.extend(entries.iter().map(|entry| (entry.index, entry.clone())));
        for id in imports {
            self.add(Need::Heading(Heading::of_import(id)))?;
        }
        Ok(entries)
    }

    /// The union of the rules of a body over all its texts, including those of the bodies that any of them extends or
    /// waits for.
    fn rules(&mut self, body: &BodyId) -> Result<Rules, E> {
        let mut rules = Rules::default();
        let mut charters: BTreeMap<BodyId, Vec<Charter>> = BTreeMap::new();
        // The rules of an extended charter are rules of the body; the rules of a treaty for which a clause waits are
        // not.
        let mut open = vec![(body.clone(), true)];
        let mut seen: BTreeSet<(BodyId, bool)> = open.iter().cloned().collect();
        while let Some((next, applies)) = open.pop() {
            if !charters.contains_key(&next) {
                let entries = self.entries_under(Need::Heading(Heading::of_body(&next)))?;
                let stated = entries.iter().filter_map(|entry| charter_of(&next, entry, self.texts));
                charters.insert(next.clone(), stated.collect());
            }
            for charter in charters.get(&next).into_iter().flatten() {
                rules.joins |= applies && charter.joins_participants();
                rules.counts |= applies && charter.counts_participants();
                let extended = charter.extends.iter().map(|other| (other.clone(), applies));
                let waited = charter.waits_for().iter().map(|other| (other.clone(), false));
                open.extend(extended.chain(waited).filter(|other| seen.insert(other.clone())));
            }
        }
        rules.besides = seen.into_iter().map(|(other, _)| other).filter(|other| other != body).collect();
        Ok(rules)
    }
}

/// The charter that the text of one entry makes by itself; `None` for an entry without a text, and for a text that
/// cannot be read, which adds no rules.
fn charter_of(body: &BodyId, entry: &Entry, texts: &Texts) -> Option<Charter> {
    let text = entry.event.act.charter_text()?;
    let act = CharterAct { entry: entry.index, event: &entry.event, text, effective: None, inherited: false };
    Charter::fold_with(body, &[act], texts).ok().flatten()
}
