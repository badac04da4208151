//! Where each event is recorded, by its id: what this handle appended is known, what was there before is looked up.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use memchr::memmem;

use crate::event::leaf::decode;
use crate::event::{Entry, Event, EventId, Index, Scope, Size};
use crate::index::Places;

use super::source::Source;
use super::{Ledger, LedgerError};

/// Where events are that were met.
pub(super) struct Known {
    /// How many entries there were when the handle was opened.
    before: Size,
    /// Where those are, once somebody asked for more than one.
    older: OnceCell<Places>,
    /// Where those are that this handle appended.
    newer: HashMap<EventId, Index>,
    /// The corrections by what they name, once somebody asked for those of before.
    corrections: Option<HashMap<EventId, Vec<Correction>>>,
}

/// Where a correction is, and its id.
type Correction = (Index, EventId);

impl Known {
    /// Of a log of so many entries.
    pub(super) fn since(before: Size) -> Known {
        let corrections = (before == Size(0)).then(HashMap::new);
        Known { before, older: OnceCell::new(), newer: HashMap::new(), corrections }
    }

    /// Takes in what was appended.
    pub(super) fn add(&mut self, entries: &[Entry]) {
        self.newer.extend(entries.iter().map(|entry| (entry.event.id, entry.index)));
        let Some(corrections) = &mut self.corrections else { return };
        for entry in entries.iter().filter(|entry| entry.event.corrects()) {
            if let Some(to) = entry.event.to {
                corrections.entry(to).or_default().push((entry.index, entry.event.id));
            }
        }
    }
}

impl Ledger {
    /// Where an event is recorded.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn find(&self, id: EventId) -> Result<Option<Index>, LedgerError> {
        if let Some(entry) = self.supposed.iter().find(|e| e.event.id == id) {
            return Ok(Some(entry.index));
        }
        self.find_recorded(id)
    }

    /// Where events are recorded, many at once.
    pub(super) fn find_all(&mut self, ids: &[EventId]) -> Result<Vec<Option<Index>>, LedgerError> {
        if let [id] = ids {
            return Ok(vec![self.find(*id)?]);
        }
        self.open_index()?;
        if self.model.is_none() {
            self.read_older()?;
        }
        ids.iter().map(|id| self.find_recorded(*id)).collect()
    }

    fn find_recorded(&self, id: EventId) -> Result<Option<Index>, LedgerError> {
        match self.places.newer.get(&id) {
            Some(index) => Ok(Some(*index)),
            None => self.find_older(id),
        }
    }

    /// An event that corrects nothing, with the corrections of it and of its import, in the order of the log: what decides
    /// how it stands.
    pub(super) fn family(&mut self, base: &Event) -> Result<Vec<Entry>, LedgerError> {
        self.open_index()?;
        if self.places.corrections.is_none() && self.model.is_none() {
            self.places.corrections = self.index.ask(|index| index.corrections_by_target())?;
        }
        let Some(corrections) = &self.places.corrections else {
            let scope = Scope { body: Some(base.body.clone()), participant: base.participant.clone() };
            return Ok(self.load(&scope)?.entries().to_vec());
        };
        let (mut open, mut found) = (vec![base.id], BTreeSet::new());
        if let Some(import) = base.import.filter(|import| corrections.contains_key(import)) {
            open.push(import);
            found.extend(self.find(import)?);
        }
        found.extend(self.find(base.id)?);
        while let Some(id) = open.pop() {
            for (index, id) in corrections.get(&id).map_or(&[][..], Vec::as_slice) {
                if found.insert(*index) {
                    open.push(*id);
                }
            }
        }
        found.into_iter().map(|index| self.entry(index)).collect()
    }

    /// Where an event is that was recorded before this handle was opened.
    fn find_older(&self, id: EventId) -> Result<Option<Index>, LedgerError> {
        if self.places.before == Size(0) {
            return Ok(None);
        }
        if let Some(found) = self.model.as_ref().and_then(|model| model.find(&self.entries, id).ok()) {
            return Ok(found);
        }
        // A writer is asked for one id after the other.
        if self.demands && self.places.older.get().is_none() {
            self.read_older()?;
        }
        if let Some(older) = self.places.older.get() {
            return Ok(older.get(&id).copied());
        }
        if let Source::Index(index) = &self.index
            && let Ok(found) = index.find(id)
        {
            return Ok(found);
        }
        let key = format!("\"id\":\"{id}\"");
        let key = memmem::Finder::new(key.as_bytes());
        let mut found = None;
        self.entries.scan(0, |at, leaf, _| {
            if found.is_none() && key.find(leaf).is_some() {
                let index = Index(at);
                found = decode(leaf, index).ok().filter(|e| e.event.id == id).map(|_| index);
            }
        })?;
        Ok(found)
    }

    /// Makes known where everything is that was recorded before this handle was opened.
    fn read_older(&self) -> Result<(), LedgerError> {
        if self.places.before == Size(0) || self.places.older.get().is_some() {
            return Ok(());
        }
        let of_index = match &self.index {
            Source::Behind(behind) => behind.ask(|index| index.places().cloned())?,
            Source::Index(index) => index.places().cloned().ok(),
            Source::Unopened | Source::Entries => None,
        };
        let places = match of_index {
            Some(places) => places,
            None => Arc::new(self.read_ids()?),
        };
        self.places.older.get_or_init(|| places);
        Ok(())
    }

    fn read_ids(&self) -> Result<HashMap<EventId, Index>, LedgerError> {
        let mut ids = HashMap::new();
        let mut failed = None;
        self.entries.scan(0, |at, leaf, _| match decode(leaf, Index(at)) {
            Ok(entry) => _ = ids.insert(entry.event.id, entry.index),
            Err(source) => failed = Some(LedgerError::Entry { index: Index(at), source }),
        })?;
        failed.map_or(Ok(ids), Err)
    }
}
