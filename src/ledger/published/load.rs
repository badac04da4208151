//! The entries of a question, found by the snapshot, with those that came after it.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::charter::CharterText;
use crate::event::leaf::decode;
use crate::event::{BodyId, Entry, EventId, Index, ParticipantId, Scope};
use crate::ledger::LedgerError;
use crate::ledger::places::Met;
use crate::log::Entries;
use crate::snapshot::{Part, Snapshot};

use super::gather::is_import;
use super::make;

/// A snapshot with the entries that came after it.
pub(in crate::ledger) struct ReadModel {
    pub(super) snapshot: Snapshot,
    pub(super) tail: Vec<Entry>,
    /// The corrections in the tail that were there when it was opened.
    pub(super) read: Vec<usize>,
    /// Where each of them is in the tail.
    places: HashMap<EventId, usize>,
    /// The participants and bodies that entries after the base are of.
    pub(super) touched: HashSet<(BodyId, Option<ParticipantId>)>,
}

impl ReadModel {
    /// The read model of a log that was opened at the mark of the snapshot; `None` where the entries after it reach further
    /// than it can say.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(in crate::ledger) fn open(
        snapshot: Snapshot,
        log: &Entries,
    ) -> Result<Option<ReadModel>, LedgerError> {
        let size = log.frontier().size();
        if snapshot.size() > size {
            return Ok(None);
        }
        let mut model = ReadModel {
            snapshot,
            tail: Vec::new(),
            read: Vec::new(),
            places: HashMap::new(),
            touched: HashSet::new(),
        };
        for at in model.snapshot.size()..size {
            let entry = log_entry(log, Index(at))?;
            if !model.add(entry, &Met::default(), log)? {
                return Ok(None);
            }
        }
        let tail = model.tail.iter().enumerate();
        model.read = tail.filter(|(_, entry)| entry.event.corrects()).map(|(at, _)| at).collect();
        Ok(Some(model))
    }

    /// Takes in entries that were just appended; false where it can no longer be asked: where they reach further than it can
    /// say, or are many.
    pub(in crate::ledger) fn take(&mut self, entries: &[Entry], met: &Met, log: &Entries) -> bool {
        self.tail.len() + entries.len() <= TAIL_MAX
            && entries.iter().all(|entry| self.add(entry.clone(), met, log).unwrap_or(false))
    }

    fn add(&mut self, entry: Entry, met: &Met, log: &Entries) -> Result<bool, LedgerError> {
        if entry.event.corrects() && self.reaches_further(log, met, &entry)? {
            return Ok(false);
        }
        for who in entry.event.participant.iter().chain(&entry.event.about) {
            self.touched.insert((entry.event.body.clone(), Some(who.clone())));
        }
        if entry.event.participant.is_none() {
            self.touched.insert((entry.event.body.clone(), None));
        }
        self.places.insert(entry.event.id, self.tail.len());
        self.tail.push(entry);
        Ok(true)
    }

    /// Whether a correction moves what it corrects, or corrects an import.
    fn reaches_further(&mut self, log: &Entries, met: &Met, entry: &Entry) -> Result<bool, LedgerError> {
        let mut event = entry.event.clone();
        while event.corrects() {
            if event.moves_another() {
                return Ok(true);
            }
            let Some(to) = event.to else { return Ok(false) };
            event = match met.get(to) {
                Some(found) => found.event.clone(),
                None => match self.entry_of(log, to)? {
                    Some(found) => found.event,
                    None => return Ok(false),
                },
            };
        }
        let whose = event.participant.iter().chain(&event.about).cloned().map(Some);
        let alone = event.participant.is_none().then_some(None);
        self.touched.extend(whose.chain(alone).map(|who| (event.body.clone(), who)));
        Ok(is_import(&event))
    }

    /// An entry by its id.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(in crate::ledger) fn entry_of(
        &self,
        log: &Entries,
        id: EventId,
    ) -> Result<Option<Entry>, LedgerError> {
        match self.places.get(&id).and_then(|at| self.tail.get(*at)) {
            Some(entry) => Ok(Some(entry.clone())),
            None => make::find(log, &self.snapshot, id),
        }
    }

    /// Where the record of an entry begins in its segment, where that is known.
    pub(in crate::ledger) fn place(&self, log: &Entries, index: Index) -> Option<u32> {
        match index.0 < self.snapshot.size() {
            true => self.snapshot.place(index.0).ok().flatten(),
            false => passed(log, index),
        }
    }

    /// The entries that can change the answer to a question of a scope, in the order of the log, as
    /// [`EventIndex::load_bearing`](crate::index::EventIndex::load_bearing) gives them; `None` for the whole record.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(in crate::ledger) fn load(
        &self,
        log: &Entries,
        scope: &Scope,
    ) -> Result<Option<Vec<Entry>>, LedgerError> {
        if *scope == Scope::ALL {
            return Ok(None);
        }
        let places = self.places_of(scope)?;
        let mut entries = Vec::with_capacity(places.len() + self.tail.len());
        for at in places {
            entries.push(make::entry(log, &self.snapshot, Index(u64::from(at)))?);
        }
        self.completed(log, scope, entries).map(Some)
    }

    /// Where the entries of a scope are that the snapshot covers, in the order of the log.
    pub(super) fn places_of(&self, scope: &Scope) -> Result<BTreeSet<u32>, LedgerError> {
        let mut places: BTreeSet<u32> = BTreeSet::new();
        for part in self.snapshot.parts() {
            places.extend(part.extra()?);
            places.extend(bearing(part, scope)?);
        }
        Ok(places)
    }

    /// The entries of a scope with the imports that bear on them, and with what came after the snapshot.
    pub(super) fn completed(
        &self,
        log: &Entries,
        scope: &Scope,
        mut entries: Vec<Entry>,
    ) -> Result<Vec<Entry>, LedgerError> {
        self.add_imports(log, &mut entries)?;
        entries.extend(self.tail.iter().filter(|entry| scope.admits(&entry.event)).cloned());
        Ok(entries)
    }

    /// The entries that make the rules of a body, of what its charter extends, and what may correct them.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(in crate::ledger) fn rules_of(
        &self,
        log: &Entries,
        body: &BodyId,
    ) -> Result<Vec<Entry>, LedgerError> {
        let nobody = super::super::load::rules_scope().participant;
        let alone = |body: &BodyId| {
            let scope = Scope { body: Some(body.clone()), participant: nobody.clone() };
            Ok::<Vec<Entry>, LedgerError>(self.load(log, &scope)?.unwrap_or_default())
        };
        let mut entries = alone(body)?;
        let own = entries.iter().filter(|entry| entry.event.body == *body);
        let pattern = own.filter_map(|entry| entry.event.act.charter_text()).find_map(CharterText::extended);
        if let Some(pattern) = pattern {
            entries.extend(alone(&pattern)?);
            entries.sort_by_key(|entry| entry.index);
            entries.dedup_by_key(|entry| entry.index);
        }
        Ok(entries)
    }

    /// Imports that brought some of the entries and that a correction names, with what corrects them.
    fn add_imports(&self, log: &Entries, entries: &mut Vec<Entry>) -> Result<(), LedgerError> {
        let mut corrected = Vec::new();
        for part in self.snapshot.parts() {
            corrected.extend(part.imports()?);
        }
        if corrected.is_empty() {
            return Ok(());
        }
        let brought: HashSet<EventId> = entries.iter().filter_map(|entry| entry.event.import).collect();
        let mut others = Vec::new();
        for (import, at) in corrected {
            let import = make::entry(log, &self.snapshot, Index(u64::from(import)))?;
            if brought.contains(&import.event.id) {
                others.push(make::entry(log, &self.snapshot, Index(u64::from(at)))?);
            }
        }
        entries.extend(others);
        entries.sort_by_key(|entry| entry.index);
        entries.dedup_by_key(|entry| entry.index);
        Ok(())
    }
}

/// The entries of a part that bear on a scope, beside those that bear on every one.
fn bearing(part: &Part, scope: &Scope) -> Result<Vec<u32>, LedgerError> {
    let pairs = match (&scope.body, &scope.participant) {
        (Some(body), Some(who)) => {
            let alone = part.pair(body, None)?;
            alone.into_iter().chain(part.pair(body, Some(who))?).collect()
        }
        (Some(body), None) => part.of_body(body)?,
        (None, Some(who)) => part.of_participant(who)?,
        (None, None) => return Ok(Vec::new()),
    };
    let mut found = Vec::new();
    for pair in &pairs {
        found.extend(part.entries(pair)?);
    }
    Ok(found)
}

/// Where the record of an entry begins that was passed when the end of the log was looked for.
fn passed(log: &Entries, index: Index) -> Option<u32> {
    let (first, places) = log.passed();
    let at = index.0.checked_sub(first).and_then(|at| usize::try_from(at).ok());
    at.and_then(|at| places.get(at)).copied()
}

/// An entry after the snapshot.
fn log_entry(log: &Entries, index: Index) -> Result<Entry, LedgerError> {
    let leaf = log.leaf_near(index.0, passed(log, index))?;
    decode(&leaf, index).map_err(|source| LedgerError::Entry { index, source })
}

/// A writer that has appended more asks the index.
const TAIL_MAX: usize = 4096;
