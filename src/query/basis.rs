//! The basis of a status: the entries by which it came about, with the facts of each.

use crate::event::{Edtf, Event, Index};
use crate::history::{Course, History, SpellCause, Standing, StatusReading, same_fact};

use super::answer::Because;
use super::body::BodyView;

/// An entry on which a status rests.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// The index of the entry.
    pub entry: Index,
    /// The date on which the entry gives the status.
    pub date: &'a Edtf,
    event: &'a Event,
    act: Option<&'a Standing>,
    cause: &'a SpellCause,
}

impl Ground<'_> {
    /// True if a later entry of the same participant records the same fact again.
    fn tells(&self, later: &Ground<'_>) -> bool {
        self.act.is_some()
            && later.act.is_some_and(|act| act.event.participant == self.event.participant)
            && self.event.participant.is_some()
            && same_fact(self.event, later.event)
    }
}

impl BodyView {
    /// The entries on which the worlds of a reading rest, in the order of the log, each once. If a fact is recorded
    /// twice, only its first entry is listed.
    pub fn basis<'a>(&'a self, history: &'a History, reading: &StatusReading) -> Vec<Ground<'a>> {
        let mut found: Vec<Ground<'a>> = Vec::new();
        for (account, world) in &reading.worlds {
            let Some(account) = history.accounts.get(*account) else { continue };
            found.extend(self.grounds(&account.course, world.cause));
        }
        found.sort_by_key(|ground| ground.entry);
        found.dedup_by_key(|ground| ground.entry);
        let told_before: Vec<bool> =
            (0..found.len()).map(|at| found[..at].iter().any(|first| first.tells(&found[at]))).collect();
        let mut told_before = told_before.into_iter();
        found.retain(|_| !told_before.next().unwrap_or_default());
        found
    }

    /// The basis of a reading as parts of an answer, by index, each entry once; a fact that is recorded twice carries
    /// the evidence of both entries.
    pub fn because(&self, history: &History, reading: &StatusReading) -> Vec<Because> {
        self.basis(history, reading).iter().map(|ground| self.told(ground)).collect()
    }

    /// The entries on which one world rests, as parts of an answer.
    pub fn chain(&self, course: &Course, cause: Option<usize>) -> Vec<Because> {
        self.grounds(course, cause).map(|ground| self.told(&ground)).collect()
    }

    fn grounds<'a>(&'a self, course: &'a Course, cause: Option<usize>) -> impl Iterator<Item = Ground<'a>> {
        course.chain(cause).into_iter().flat_map(|cause| {
            let own = self.ground(cause, cause.entry, Some(&cause.date));
            let also = cause.also.iter().filter_map(|entry| self.ground(cause, *entry, None));
            own.into_iter().chain(also)
        })
    }

    fn ground<'a>(
        &'a self,
        cause: &'a SpellCause,
        entry: Index,
        date: Option<&'a Edtf>,
    ) -> Option<Ground<'a>> {
        let act = self.act(entry);
        let event = match act {
            Some(act) => &*act.event,
            None => {
                self.charter.version_of(entry)?;
                &*self.entries.iter().find(|e| e.index == entry)?.event
            }
        };
        Some(Ground { entry, event, act, cause, date: date.or_else(|| event.effect())? })
    }

    fn told(&self, ground: &Ground<'_>) -> Because {
        let Ground { entry, event, act, cause, date } = *ground;
        let known = event.known();
        let pair = event.participant.as_ref().and_then(|who| self.pairs.get(who));
        let own = |other: &&Standing| act.is_some() && other.index != entry && same_fact(event, &other.event);
        let same: Vec<&Standing> = pair.iter().flat_map(|pair| &pair.own).filter(own).collect();
        let mut evidence = event.evidence.clone();
        for piece in same.iter().flat_map(|act| &act.event.evidence) {
            if !evidence.contains(piece) {
                evidence.push(piece.clone());
            }
        }
        Because {
            index: entry,
            id: event.id,
            act: event.act.kind(),
            date: date.clone(),
            known: known.day(),
            known_assumed: known.assumed,
            clause: cause.clause.clone(),
            rule: cause.rule,
            title: event.title.clone(),
            place: event.place.clone(),
            corrected_by: act.map(|a| a.corrected_by.clone()).unwrap_or_default(),
            same_fact: same.iter().map(|act| act.index).collect(),
            evidence,
        }
    }
}
