//! Reads the charters, and judges each entry again under the charter as it was recorded then.

use std::collections::{BTreeMap, HashMap};

use crate::charter::{Charter, CharterError, CharterText, Texts, refuse};
use crate::event::{Act, ActKind, BodyId, Entry, Event, EventId, Instant, Role, Size, Subject};
use crate::history::{Standing, charter_acts, standing};

use super::STEP;
use super::fault;
use super::record::{Record, corrects};
use super::report::Findings;

/// The charters of a record, by body.
pub(super) type Rules = BTreeMap<BodyId, Charter>;

/// Reads every charter text and folds those that are valid.
pub(super) fn charters(entries: &[Entry], record: &Record<'_>, found: &mut Findings) -> Rules {
    for entry in entries {
        let Some(text) = entry.event.act.charter_text() else { continue };
        found.counted("charters", 1);
        if let Err(error) = CharterText::parse(text) {
            found.at(fault::CHARTER_UNREADABLE, entry.index, error.to_string());
        }
    }
    let acts = record.acts_of(&rules_of);
    let (mut rules, read) = (Rules::new(), Texts::default());
    let mut bodies: Vec<&BodyId> =
        acts.iter().filter(|a| a.event.act.charter_text().is_some()).map(|a| &a.event.body).collect();
    bodies.sort();
    bodies.dedup();
    for body in bodies {
        match fold(body, &acts, &read) {
            Ok(Some(charter)) => {
                undefined(&charter, found);
                rules.insert(body.clone(), charter);
            }
            Err(error @ CharterError::AmendsNothing { entry }) => {
                found.at(fault::AMENDS_NOTHING, entry, error.to_string());
            }
            // A text that cannot be read is already a finding.
            Ok(None) | Err(CharterError::Text { .. }) => {}
        }
    }
    rules
}

/// True if an act makes rules, by itself or together with another of these kinds.
pub(super) fn rules_of(act: ActKind) -> bool {
    use ActKind as K;
    matches!(act, K::CharterAdopted | K::CharterAmended | K::CorrectionProposed | K::CorrectionEffected)
}

/// The charter that a body's valid acts make.
pub(super) fn fold(body: &BodyId, acts: &[Standing], read: &Texts) -> Result<Option<Charter>, CharterError> {
    Charter::fold_with(body, &charter_acts(acts, body), read)
}

/// Reports the statuses that a charter would give but does not define.
fn undefined(charter: &Charter, found: &mut Findings) {
    for (entry, status) in crate::charter::undefined(charter) {
        let what = format!("the charter of {} leads to {status}, which it does not define", charter.body);
        found.at(fault::UNDEFINED_STATUS, entry, what);
    }
}

/// Judges every entry under the rules that were recorded before it.
pub(super) fn verdicts(entries: &[Entry], found: &mut Findings, progress: &dyn Fn(u64, u64)) {
    let mut rules = RulesInTime::new(entries);
    found.counted("verdicts", entries.len() as u64);
    for entry in entries {
        let event = &entry.event;
        if entry.index.0.is_multiple_of(STEP) {
            progress(entry.index.0, entries.len() as u64);
        }
        if let Err(what) = form(event) {
            found.at(fault::INCOMPLETE_ACT, entry.index, what);
        }
        let of_ledger = event.act.kind().is_of_ledger();
        if of_ledger != event.body.is_ledger() {
            let what = format!("{} in {}", event.act.kind(), event.body);
            found.at(fault::RESERVED_BODY, entry.index, what);
        } else if !of_ledger && !matches!(event.act, Act::CharterAdopted(_) | Act::CharterAmended(_)) {
            match rules.charter(&event.body) {
                Some(charter) => judged(charter, entry, found),
                None => {
                    let what = format!("no charter of {} was recorded before it", event.body);
                    found.at(fault::NO_CHARTER, entry.index, what);
                }
            }
        }
        rules.pass(entry);
    }
}

/// The charters as they were recorded at each entry, while the log is read.
pub(super) struct RulesInTime {
    /// For each entry still to come, true if it changes rules.
    ruling: std::vec::IntoIter<bool>,
    rules: RulesSoFar,
    known: HashMap<BodyId, Option<Charter>>,
}

impl RulesInTime {
    pub(super) fn new(entries: &[Entry]) -> RulesInTime {
        let ruling = ruling(entries).into_iter();
        RulesInTime { ruling, rules: RulesSoFar::default(), known: HashMap::new() }
    }

    /// The charter of a body, if one was recorded before the next entry.
    pub(super) fn charter(&mut self, body: &BodyId) -> Option<&Charter> {
        let RulesInTime { rules, known, .. } = self;
        if !known.contains_key(body) {
            known.insert(body.clone(), rules.fold(body));
        }
        known.get(body)?.as_ref()
    }

    /// Takes the next entry, and goes on to the one after it.
    pub(super) fn pass(&mut self, entry: &Entry) {
        if self.ruling.next() != Some(true) {
            return;
        }
        let event = &entry.event;
        self.rules.add(entry);
        let extended = |charter: &Charter| charter.extends.as_ref() == Some(&event.body);
        match !rules_of(event.act.kind()) || self.known.values().flatten().any(extended) {
            true => self.known.clear(),
            false => _ = self.known.remove(&event.body),
        }
    }
}

/// The entries that make rules, among those read so far.
#[derive(Default)]
struct RulesSoFar {
    /// Adoptions, amendments and corrections of texts, by body.
    texts: HashMap<BodyId, Vec<Entry>>,
    /// The entries that may withdraw or rectify any of these.
    others: Vec<Entry>,
    /// The charter texts read so far.
    read: Texts,
}

impl RulesSoFar {
    fn add(&mut self, entry: &Entry) {
        match rules_of(entry.event.act.kind()) {
            true => self.texts.entry(entry.event.body.clone()).or_default().push(entry.clone()),
            false => self.others.push(entry.clone()),
        }
    }

    fn fold(&self, body: &BodyId) -> Option<Charter> {
        let own = self.texts.get(body)?;
        let pattern = own.iter().find_map(|e| e.event.act.charter_text().and_then(CharterText::extended));
        let inherited = pattern.and_then(|pattern| self.texts.get(&pattern));
        let mut entries: Vec<Entry> =
            own.iter().chain(inherited.into_iter().flatten()).chain(&self.others).cloned().collect();
        entries.sort_by_key(|entry| entry.index);
        let acts = standing(&entries, Size(u64::MAX), Instant::FUTURE);
        fold(body, &acts, &self.read).ok().flatten()
    }
}

/// For each entry, true if it changes the rules for later entries: charters, imports (which can be retracted whole), and every
/// correction of one of these.
fn ruling(entries: &[Entry]) -> Vec<bool> {
    let named = entries.iter().filter(|entry| corrects(&entry.event)).filter_map(|entry| entry.event.to);
    // For each entry that a correction names, once it was passed: true if it changes rules.
    let mut places: HashMap<EventId, Option<bool>> = named.map(|id| (id, None)).collect();
    let mut ruling = Vec::with_capacity(entries.len());
    for entry in entries {
        let event = &entry.event;
        let own = matches!(
            event.act.kind(),
            ActKind::CharterAdopted
                | ActKind::CharterAmended
                | ActKind::CorrectionProposed
                | ActKind::CorrectionEffected
                | ActKind::ImportRecorded
        );
        let target = event.to.filter(|_| corrects(event)).and_then(|id| places.get(&id).copied().flatten());
        let rules = own || target == Some(true);
        if let Some(place) = places.get_mut(&event.id) {
            place.get_or_insert(rules);
        }
        ruling.push(rules);
    }
    ruling
}

fn judged(charter: &Charter, entry: &Entry, found: &mut Findings) {
    let event = &entry.event;
    for status in [&event.toward, &event.status].into_iter().flatten() {
        if !status.is_none() && charter.status(status).is_none() {
            let what = format!("{} had no status {status}", charter.body);
            found.at(fault::UNKNOWN_STATUS, entry.index, what);
        }
    }
    if let Err(refusal) = refuse(charter, event) {
        found.at(fault::IMPOSSIBLE_ACT, entry.index, refusal.to_string());
    }
}

/// Checks the form that the vocabulary asks of an act: its participant, its own date.
fn form(event: &Event) -> Result<(), String> {
    let act = event.act.kind();
    match (act.entry().subject, &event.participant) {
        (Subject::Participant, None) => return Err(format!("{act} names no participant")),
        (Subject::Body, Some(participant)) => {
            return Err(format!("{act} is an act of the body alone, and names {participant}"));
        }
        _ => {}
    }
    let optional =
        act.is_record_keeping() || matches!(act, ActKind::CharterAdopted | ActKind::CharterAmended);
    let dated = event.dates.iter().any(|(role, _)| !matches!(role, Role::Planned | Role::Until));
    if optional || dated { Ok(()) } else { Err(format!("{act} has no date")) }
}
