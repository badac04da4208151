//! Where each event is recorded, by its id: what this handle appended is known, what was there before is looked up.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::Arc;

use memchr::memmem;

use crate::event::leaf::decode;
use crate::event::{Entry, EventId, Index, Size};
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
}

impl Known {
    /// Of a log of so many entries.
    pub(super) fn since(before: Size) -> Known {
        Known { before, older: OnceCell::new(), newer: HashMap::new() }
    }

    /// Takes in what was appended.
    pub(super) fn add(&mut self, entries: &[Entry]) {
        self.newer.extend(entries.iter().map(|entry| (entry.event.id, entry.index)));
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
