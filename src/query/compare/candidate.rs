//! Candidates for a participant or body whose name is unknown here: the one with the same acts on the same days. A
//! candidate is only named in a difference; it is never taken for the participant or body without one.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeSet, HashMap};
use std::hash::{Hash, Hasher};

use super::{Family, TheirAct, families};
use crate::event::{ActKind, BodyId, Edtf, ParticipantId};
use crate::history::line;
use crate::query::body::BodyView;

/// A participant with its distinctive acts.
pub(super) struct Likeness {
    /// The participant.
    pub(super) who: ParticipantId,
    /// Hashes of its acts and their days, to be compared with those of the other side.
    pub(super) marks: BTreeSet<u64>,
}

/// The hash of an act's family and day; `None` if the day is not known.
pub(super) fn mark(act: ActKind, on: &Edtf) -> Option<u64> {
    let family: Family = families(act).next()?;
    (on.earliest() == on.latest()).then(|| hashed(&(family, on.earliest())))
}

/// A hash that is the same for equal values.
pub(super) fn hashed(thing: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    thing.hash(&mut hasher);
    hasher.finish()
}

/// Finds a counterpart for each participant that has none, if one of the two is known by name only: the one with the
/// most marks in common. Returns theirs, ours and the reason in words. If two have equally many, neither is suggested.
pub(super) fn participants(
    theirs: &[Likeness],
    ours: &[Likeness],
) -> Vec<(ParticipantId, ParticipantId, String)> {
    let mut taken: BTreeSet<&ParticipantId> = BTreeSet::new();
    let mut found = Vec::new();
    for they in theirs {
        let open = ours.iter().filter(|we| they.who.is_named() || we.who.is_named());
        let open = open.filter(|we| !taken.contains(&we.who));
        let scored = open.map(|we| (they.marks.intersection(&we.marks).count(), we));
        let mut scored: Vec<(usize, &Likeness)> = scored.filter(|(score, _)| *score > 0).collect();
        scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        let (score, we) = match scored.as_slice() {
            [(best, we)] => (*best, *we),
            [(best, we), (second, _), ..] if best > second => (*best, *we),
            _ => continue,
        };
        taken.insert(&we.who);
        let of = they.marks.len();
        let named = if they.who.is_named() { "not known by that name" } else { "known here by name only" };
        let words = format!("{named}; it may be {}: {score} of {of} on the same days", we.who);
        found.push((they.who.clone(), we.who.clone(), words));
    }
    found
}

/// The acts of every body of the ledger, for comparison with those of a body under an unknown name.
#[derive(Default)]
pub struct BodyIndex {
    bodies: Vec<BodyId>,
    by_mark: HashMap<u64, Vec<u32>>,
}

/// The smallest number of equal acts for which a body is suggested.
const ALIKE_MIN: usize = 3;

impl BodyIndex {
    /// Adds the acts of a body.
    pub fn add(&mut self, view: &BodyView) {
        let Ok(at) = u32::try_from(self.bodies.len()) else { return };
        self.bodies.push(view.charter.body.clone());
        for (who, pair) in &view.pairs {
            let dated = pair.own.iter().filter_map(|act| mark(act.event.act.kind(), act.event.date()?));
            for mark in dated {
                let bodies = self.by_mark.entry(hashed(&(line(who), mark))).or_default();
                if bodies.last() != Some(&at) {
                    bodies.push(at);
                }
            }
        }
    }

    /// Finds the body with the most acts in common, if these are at least three and half of theirs, and no other body
    /// has as many. Returns the body, the number of acts in common, and the number of their acts.
    pub fn candidate(&self, theirs: &[TheirAct]) -> Option<(&BodyId, usize, usize)> {
        let dated = theirs.iter().filter_map(|act| {
            let mark = mark(act.event.act.kind(), act.event.date()?)?;
            Some(hashed(&(line(act.event.participant.as_ref()?), mark)))
        });
        let marks: BTreeSet<u64> = dated.collect();
        let mut votes: HashMap<u32, usize> = HashMap::new();
        for at in marks.iter().filter_map(|mark| self.by_mark.get(mark)).flatten() {
            *votes.entry(*at).or_default() += 1;
        }
        let (at, most) = votes.iter().max_by_key(|(at, n)| (**n, std::cmp::Reverse(**at)))?;
        let alone = votes.values().filter(|n| *n == most).count() == 1;
        let enough = *most >= ALIKE_MIN && most * 2 >= marks.len() && alone;
        let body = self.bodies.get(usize::try_from(*at).ok()?)?;
        enough.then_some((body, *most, marks.len()))
    }
}
