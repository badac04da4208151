//! Legal processes as data: the statuses of a body, the transitions between them by acts, the steps of its procedures, each with
//! its article.
//!
//! Adopting or amending a charter is an *event*. A [`Charter`] is the result of these events: a sequence of [`Version`]s, each in
//! force from its first day, so that a question about the past is answered under the rules of its day.

mod clause;
mod clause_text;
mod clause_words;
mod clauses;
mod judge;
mod lint;
mod open_class;
mod signers;
mod sound;
mod tables;
mod template;
mod text;
mod texts;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::event::{Act, ActKind, BodyId, Day, Edtf, Event, EventId, Index, Role, StatusId};

pub use clause::{
    Bound, Clause, ClauseError, ClauseTime, Condition, Delay, Floor, LateFrom, NoticeEnd, Proportion, Rule,
    SetRef,
};
pub use clauses::{Accession, Clauses, StatedClause, check_names, unknown_names};
pub use judge::{Judgement, Motion, Move, Refusal, Remark, judge, judge_meanwhile, motion, refuse};
pub use lint::{CharterFault, lint, undefined};
pub use signers::Signers;
pub use sound::check_sound;
pub use tables::with_tables;
pub use template::{TEMPLATES, Template};
pub use text::{
    AccessionClause, ActName, BodyKind, CharterText, CharterTextError, ClauseKey, EffectBy, Merger, NamedSet,
    Procedure, Status, Step, StepBy, Transition, WeightTable,
};
pub use texts::Texts;

/// The rules of a body through time.
#[derive(Clone, PartialEq, Debug)]
pub struct Charter {
    /// The body that has these rules.
    pub body: BodyId,
    /// The particulars of the body, from its adoption.
    pub about: About,
    /// The body whose charter it extends.
    pub extends: Option<BodyId>,
    /// The versions, oldest first; never empty.
    versions: Vec<Version>,
    /// The acts that its rules cover, under any version.
    spoken: Spoken,
}

/// The acts that the rules of a charter cover. Every fold looks them up for every act.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Spoken {
    /// Acts that have some effect at once.
    at_once: BTreeSet<ActKind>,
    /// Acts whose effect a clause computes.
    computed: BTreeSet<(ActKind, EffectBy)>,
    /// Acts that give a status until their effect begins.
    meanwhile: BTreeSet<(ActKind, EffectBy)>,
    /// Treaties for whose entry into force clauses wait.
    waits: BTreeSet<BodyId>,
}

impl Spoken {
    fn of(body: &BodyId, versions: &[Version]) -> Spoken {
        let mut spoken = Spoken { waits: sound::waits_for(body, versions), ..Spoken::default() };
        for rule in versions.iter().flat_map(|v| &v.transitions).map(|t| &t.rule) {
            spoken
                .meanwhile
                .extend(rule.effect.filter(|_| rule.meanwhile.is_some()).map(|e| (rule.act.0, e)));
            match rule.effect {
                None => _ = spoken.at_once.insert(rule.act.0),
                Some(effect) => _ = spoken.computed.insert((rule.act.0, effect)),
            }
        }
        spoken
    }
}

/// The particulars of a body beside its rules.
#[derive(Clone, PartialEq, Debug)]
pub struct About {
    /// Its name.
    pub title: String,
    /// A shorter name.
    pub short: String,
    /// True if the short name takes no article.
    pub bare_name: bool,
    /// The kind: organisation or treaty.
    pub kind: BodyKind,
    /// The date of signature or adoption of its constitutive instrument, if known.
    pub began: Option<Edtf>,
    /// The organ that decides on a status.
    pub decider: Option<String>,
}

/// The rules from one adoption or amendment to the next.
#[derive(Clone, PartialEq, Debug)]
pub struct Version {
    /// The entry of the adoption or amendment.
    pub entry: Index,
    /// The first day on which it is in force; `None` if it is in force from the beginning.
    pub effective: Option<Edtf>,
    /// True for a version of the pattern that the charter extends: its rules apply if the treaty is silent, or is not yet read.
    pub inherited: bool,
    /// The day from which the world could know of it.
    pub known: Day,
    /// The instrument or decision.
    pub instrument: Option<String>,
    /// A caveat, repeated in every answer that rests on this version.
    pub note: Option<String>,
    /// The statuses that exist, the highest first.
    pub statuses: Vec<Ruled<Status>>,
    /// The transitions: which act leads to which status.
    pub transitions: Vec<Ruled<Transition>>,
    /// The procedures that lead to a status.
    pub procedures: Vec<Ruled<Procedure>>,
    /// The clauses on entry into force and on withdrawal.
    pub clauses: Clauses,
    /// The number of recorders that must sign an act, by the act.
    pub recorders: BTreeMap<ActName, Signers>,
    /// The mergers that this version itself makes.
    pub mergers: Vec<Merger>,
    /// Every merger so far: old status and new status.
    pub merged: Vec<(StatusId, StatusId)>,
}

/// A rule with the entry that made it.
#[derive(Clone, PartialEq, Debug)]
pub struct Ruled<T> {
    /// The adoption or amendment.
    pub entry: Index,
    /// The rule.
    pub rule: T,
}

impl Version {
    /// The first day on which it is in force; [`Day::PAST`] if it is in force from the beginning.
    pub fn from(&self) -> Day {
        self.effective.as_ref().map_or(Day::PAST, Edtf::earliest)
    }

    /// Finds a status by its id.
    pub fn status(&self, id: &StatusId) -> Option<&Status> {
        self.statuses.iter().find(|s| s.rule.id == *id).map(|s| &s.rule)
    }

    /// Finds the procedure that leads to a status.
    pub fn procedure(&self, toward: &StatusId) -> Option<&Ruled<Procedure>> {
        self.procedures.iter().find(|p| p.rule.toward == *toward)
    }

    /// The status of full membership: the one with the highest rank.
    pub fn highest(&self) -> Option<&StatusId> {
        let ranked = self.statuses.iter().map(|s| &s.rule).filter(|s| s.rank > 0);
        ranked.max_by_key(|s| s.rank).map(|s| &s.id)
    }

    /// The status into which a status was merged, up to this version; the status itself if it was not merged.
    pub fn current_name<'a>(&'a self, id: &'a StatusId) -> &'a StatusId {
        self.merged.iter().fold(id, |id, (old, new)| if old == id { new } else { id })
    }
}

/// The reason why charter events make no charter.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum CharterError {
    /// A text cannot be read.
    #[error("entry {entry}: {source}")]
    Text {
        /// The adoption or amendment.
        entry: Index,
        /// The fault of the text.
        source: CharterTextError,
    },
    /// An amendment that would be in force before the charter is, so that the adoption would undo it.
    #[error(
        "the amendment of entry {entry} holds before the charter that it amends: give it its first day, effective = …"
    )]
    AmendsNothing {
        /// The amendment.
        entry: Index,
    },
}

/// An adoption, an amendment or an effected correction in the record.
#[derive(Clone, Copy, Debug)]
pub struct CharterAct<'a> {
    /// Its place in the log.
    pub entry: Index,
    /// The event.
    pub event: &'a Event,
    /// Its text, in TOML.
    pub text: &'a str,
    /// The first day on which it is in force; `None` if it is in force from the beginning.
    pub effective: Option<&'a Edtf>,
    /// True if it belongs to the body whose charter this one extends.
    pub inherited: bool,
}

impl<'a> CharterAct<'a> {
    /// Makes a charter act of an event that adopts or amends; `None` for any other event. For a correction, the text that it
    /// corrects determines from when it is in force: see `history::charter_acts`.
    pub fn of(entry: Index, event: &'a Event) -> Option<CharterAct<'a>> {
        let (Act::CharterAdopted(text) | Act::CharterAmended(text)) = &event.act else { return None };
        let effective = event.dates.get(Role::Effective);
        Some(CharterAct { entry, event, text, effective, inherited: false })
    }

    /// The same act as part of another charter, which extends it: all of a pattern is in force from the beginning.
    #[must_use]
    pub fn inherited(self) -> CharterAct<'a> {
        CharterAct { inherited: true, effective: None, ..self }
    }

    /// The body whose charter an adoption extends.
    pub fn extends(&self) -> Option<BodyId> {
        if self.amends() { None } else { CharterText::extended(self.text) }
    }

    /// True if it changes rules that another text adopts.
    fn amends(&self) -> bool {
        self.event.act.kind() != ActKind::CharterAdopted
    }
}

impl Charter {
    /// Folds adoptions and amendments, in the order of their first days, into the rules of a body; `None` if there are none.
    ///
    /// # Errors
    /// [`CharterError`] if a text cannot be read, or if an amendment comes before the adoption. [`lint`] finds all other faults.
    pub fn fold(body: &BodyId, acts: &[CharterAct<'_>]) -> Result<Option<Charter>, CharterError> {
        Charter::fold_with(body, acts, &Texts::default())
    }

    /// Folds as [`Charter::fold`] does, with a store of texts that may already be parsed.
    ///
    /// # Errors
    /// As of [`Charter::fold`].
    pub fn fold_with(
        body: &BodyId,
        acts: &[CharterAct<'_>],
        read: &Texts,
    ) -> Result<Option<Charter>, CharterError> {
        let mut texts = Vec::with_capacity(acts.len());
        for act in acts {
            let text =
                read.parse(act.text).map_err(|source| CharterError::Text { entry: act.entry, source })?;
            let amends = act.amends() || text.extends.is_some();
            texts.push((act.effective.cloned(), *act, text, amends));
        }
        texts.sort_by_key(|(effective, act, _, amends)| {
            let from = effective.as_ref().map_or(Day::PAST, Edtf::earliest);
            (!act.inherited, from, *amends, act.entry)
        });
        if let Some((_, first, ..)) = texts.first().filter(|(.., amends)| *amends)
            && texts.iter().any(|(.., amends)| !*amends)
        {
            return Err(CharterError::AmendsNothing { entry: first.entry });
        }
        let mut charter: Option<Charter> = None;
        for (effective, act, text, amends) in texts {
            let before = charter.as_ref().and_then(|c| c.versions.last()).filter(|_| amends);
            let version = version(before, &act, effective, &text);
            let charter = charter.get_or_insert_with(|| Charter {
                body: body.clone(),
                about: About::unknown(body),
                extends: None,
                versions: Vec::new(),
                spoken: Spoken::default(),
            });
            charter.about.learn(&text, act.inherited);
            charter.extends = text.extends.clone().or(charter.extends.take());
            charter.versions.push(version);
        }
        Ok(charter.map(|charter| Charter { spoken: Spoken::of(body, &charter.versions), ..charter }))
    }

    /// Every version, oldest first.
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// The rules of a day. Acts before the first dated version are judged under that version.
    pub fn on(&self, day: Day) -> &Version {
        let after = self.versions.partition_point(|v| v.from() <= day);
        let at = after.saturating_sub(1);
        // `fold` never makes a charter without a version.
        &self.versions[at.min(self.versions.len() - 1)]
    }

    /// The rules of the last version.
    pub fn latest(&self) -> &Version {
        self.on(Day::FUTURE)
    }

    /// The first day on which a status existed, if any version names it.
    pub fn status_began(&self, id: &StatusId) -> Option<Day> {
        self.versions.iter().find(|v| v.status(id).is_some()).map(Version::from)
    }

    /// The last day on which a status existed, if a merger ended it.
    pub fn status_ended(&self, id: &StatusId) -> Option<Day> {
        let last = self.versions.iter().rposition(|v| v.status(id).is_some())?;
        self.versions.get(last + 1).map(|v| v.from().previous())
    }

    /// True if a rule gives the act its effect at once.
    pub fn moves_at_once(&self, act: ActKind) -> bool {
        self.spoken.at_once.contains(&act)
    }

    /// The clauses by which rules give an act its effect.
    pub fn effects(&self, act: ActKind) -> impl Iterator<Item = EffectBy> + '_ {
        let every = [EffectBy::EntryIntoForce, EffectBy::Withdrawal, EffectBy::Accession];
        let some = !self.spoken.computed.is_empty();
        every.into_iter().filter(move |effect| some && self.spoken.computed.contains(&(act, *effect)))
    }

    /// True if a rule gives a status between the act and the effect that a clause computes.
    pub fn gives_meanwhile(&self, act: ActKind, effect: EffectBy) -> bool {
        self.spoken.meanwhile.contains(&(act, effect))
    }

    /// True if clauses compute the effect of any act.
    pub fn computes_effects(&self) -> bool {
        !self.spoken.computed.is_empty()
    }

    /// The version that an entry made.
    pub fn version_of(&self, entry: Index) -> Option<&Version> {
        self.versions.iter().find(|v| v.entry == entry)
    }

    /// True if a participant's status may depend on acts of others: by a clause that counts them, or by a line that joins two
    /// participants.
    pub fn joins_participants(&self) -> bool {
        self.versions.iter().any(|v| {
            let computed = |t: &Ruled<Transition>| {
                t.rule.effect == Some(EffectBy::EntryIntoForce)
                    || t.rule.act.0 == ActKind::ContinuationDeclared
            };
            !v.clauses.accessions.is_empty() || v.transitions.iter().any(computed)
        })
    }

    /// The treaties for whose entry into force its clauses wait.
    pub fn waits_for(&self) -> &BTreeSet<BodyId> {
        &self.spoken.waits
    }

    /// True if others than the applicant may have to take a step of a procedure, or if a participant's status may depend on acts of
    /// others.
    pub fn counts_participants(&self) -> bool {
        let steps = || self.versions.iter().flat_map(|v| &v.procedures).flat_map(|p| &p.rule.steps);
        self.joins_participants() || steps().any(|step| step.by.is_some())
    }

    /// Finds a status by its id, in the newest version that has it.
    pub fn status(&self, id: &StatusId) -> Option<&Status> {
        self.versions.iter().rev().find_map(|v| v.status(id))
    }

    /// Every status that any version names: those of the newest version first, and the highest first in each.
    pub fn statuses(&self) -> Vec<&Status> {
        let mut all: Vec<&Status> = Vec::new();
        for version in self.versions.iter().rev() {
            let mut statuses: Vec<&Status> = version.statuses.iter().map(|s| &s.rule).collect();
            statuses.sort_by_key(|s| std::cmp::Reverse(s.rank));
            for status in statuses {
                if !all.iter().any(|s| s.id == status.id) {
                    all.push(status);
                }
            }
        }
        all
    }
}

impl About {
    fn unknown(body: &BodyId) -> About {
        let name = body.as_str().to_owned();
        let (title, short) = (name.clone(), name);
        About { title, short, bare_name: true, kind: BodyKind::Organisation, began: None, decider: None }
    }

    fn learn(&mut self, text: &CharterText, inherited: bool) {
        self.kind = text.kind.unwrap_or(self.kind);
        if inherited {
            return;
        }
        if let Some(title) = &text.title {
            self.title.clone_from(title);
            self.short.clone_from(text.short.as_ref().unwrap_or(title));
            self.bare_name = text.bare_name;
        }
        self.began = text.began.clone().or(self.began.take());
        self.decider = text.decider.clone().or(self.decider.take());
    }
}

fn version(
    before: Option<&Version>,
    act: &CharterAct<'_>,
    effective: Option<Edtf>,
    text: &CharterText,
) -> Version {
    let mut version = Version {
        entry: act.entry,
        effective,
        inherited: act.inherited,
        known: act.event.known().day(),
        instrument: act.event.title.clone(),
        note: text.note.clone(),
        statuses: before.map(|v| v.statuses.clone()).unwrap_or_default(),
        transitions: before.map(|v| v.transitions.clone()).unwrap_or_default(),
        procedures: before.map(|v| v.procedures.clone()).unwrap_or_default(),
        clauses: before.map(|v| v.clauses.clone()).unwrap_or_default(),
        recorders: before.map(|v| v.recorders.clone()).unwrap_or_default(),
        mergers: text.mergers.clone(),
        merged: before.map(|v| v.merged.clone()).unwrap_or_default(),
    };
    for merger in &text.mergers {
        let ends = |id: &StatusId| merger.from.contains(id);
        version.statuses.retain(|s| !ends(&s.rule.id));
        version.transitions.retain(|t| !ends(&t.rule.to));
        version.procedures.retain(|p| !ends(&p.rule.toward));
        for transition in &mut version.transitions {
            let mut from: Vec<StatusId> = Vec::new();
            for id in &transition.rule.from {
                let id = if ends(id) { &merger.to } else { id };
                if !from.contains(id) {
                    from.push(id.clone());
                }
            }
            transition.rule.from = from;
            if let Some(id) = transition.rule.meanwhile.as_mut().filter(|id| ends(id)) {
                id.clone_from(&merger.to);
            }
        }
        version.merged.extend(merger.from.iter().map(|old| (old.clone(), merger.to.clone())));
    }
    let entry = act.entry;
    replace(&mut version.statuses, &text.statuses, entry, |a, b| a.id == b.id);
    let same = |a: &Transition, b: &Transition| {
        (a.act, &a.to, &a.toward, a.effect) == (b.act, &b.to, &b.toward, b.effect)
    };
    replace(&mut version.transitions, &text.transitions, entry, same);
    replace(&mut version.procedures, &text.procedures, entry, |a, b| a.toward == b.toward);
    version.clauses.learn(text, entry);
    version.recorders.extend(&text.recorders);
    version
}

/// Replaces the rules that an amendment states again, and adds the others.
fn replace<T: Clone>(rules: &mut Vec<Ruled<T>>, stated: &[T], entry: Index, same: fn(&T, &T) -> bool) {
    for rule in stated {
        let new = Ruled { entry, rule: rule.clone() };
        match rules.iter_mut().find(|old| same(&old.rule, rule)) {
            Some(old) => *old = new,
            None => rules.push(new),
        }
    }
}

/// Makes the event that adopts or amends by a text. Its dates, instrument and sources are those that the text states.
///
/// # Errors
/// [`CharterTextError`] if the text cannot be read.
pub fn charter_event(text: &str, amends: bool, id: EventId) -> Result<Event, CharterTextError> {
    let said = if amends { CharterText::parse(text)? } else { CharterText::parse_adoption(text)? };
    let payload = smol_str::SmolStr::new(text);
    let act = if amends { Act::CharterAmended(payload) } else { Act::CharterAdopted(payload) };
    let mut event = Event::new(id, act, said.id);
    let dates = [
        (Role::Decided, said.decided),
        (Role::Adopted, said.adopted),
        (Role::Signed, said.signed),
        (Role::Effective, said.effective),
    ];
    for (role, date) in dates {
        if let Some(date) = date {
            event.dates.set(role, date);
        }
    }
    event.title = said.instrument;
    event.place = said.place;
    event.evidence = said.sources;
    event.note = said.note;
    Ok(event)
}
