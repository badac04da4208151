//! Where each event is recorded, by its id: what this handle appended is known, what was there before is looked up.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use memchr::memmem;

use crate::event::leaf::decode;
use crate::event::{Entry, Event, EventId, Index, Scope, Size};
use crate::index::Places;

use super::published::ReadModel;
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
    /// The corrections by what they name: those that this handle appended.
    corrections: HashMap<EventId, Vec<Correction>>,
    /// Whether those of before are among them, because there were none or somebody asked for them.
    all: bool,
    /// What was published before, once too much was appended for questions to be asked of it: it still finds.
    published: Option<Box<ReadModel>>,
}

/// Entries that were read while events were judged that name them, so that nobody reads them twice for the same append.
#[derive(Default)]
pub(super) struct Met {
    entries: HashMap<EventId, Entry>,
    ids: HashMap<Index, EventId>,
}

/// So many are kept.
const MET_MAX: usize = 4_096;

impl Met {
    /// The one of an id.
    pub(super) fn get(&self, id: EventId) -> Option<&Entry> {
        self.entries.get(&id)
    }

    /// The one at a place.
    pub(super) fn at(&self, index: Index) -> Option<&Entry> {
        self.get(*self.ids.get(&index)?)
    }

    /// All of them, by id.
    pub(super) fn into_entries(self) -> HashMap<EventId, Entry> {
        self.entries
    }
}

/// Where a correction is, and its id.
type Correction = (Index, EventId);

impl Known {
    /// Of a log of so many entries.
    pub(super) fn since(before: Size) -> Known {
        let (newer, corrections) = (HashMap::new(), HashMap::new());
        Known { before, older: OnceCell::new(), newer, corrections, all: before == Size(0), published: None }
    }

    /// Keeps what was published, to find by it.
    pub(super) fn keep(&mut self, published: Box<ReadModel>) {
        self.published = Some(published);
    }

    /// Takes in what was appended.
    pub(super) fn add(&mut self, entries: &[Entry]) {
        self.newer.extend(entries.iter().map(|entry| (entry.event.id, entry.index)));
        for entry in entries.iter().filter(|entry| entry.event.corrects()) {
            if let Some(to) = entry.event.to {
                self.corrections.entry(to).or_default().push((entry.index, entry.event.id));
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
        // Where something is published, an event is found by it, and sled is not waited for.
        self.open_index()?;
        if self.published().is_none() && ids.len() > 1 {
            self.read_older()?;
        }
        ids.iter().map(|id| self.find_recorded(*id)).collect()
    }

    /// What was published, with which entries are found that were recorded before this handle was opened.
    fn published(&self) -> Option<&ReadModel> {
        self.model.as_deref().or(self.places.published.as_deref())
    }

    /// Keeps an entry that was read, for a writer.
    pub(super) fn meet(&self, entry: &Entry) {
        if !self.demands {
            return;
        }
        let mut met = self.met.borrow_mut();
        if met.entries.len() >= MET_MAX {
            *met = Met::default();
        }
        met.ids.insert(entry.index, entry.event.id);
        met.entries.insert(entry.event.id, entry.clone());
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
        let published = self.published().is_some();
        let known = &mut self.places;
        if !known.all
            && !published
            && let Some(older) = self.index.ask(|index| index.corrections_by_target())?
        {
            // Answered when the index has everything: those that this handle appended are among them.
            (known.corrections, known.all) = (older, true);
        }
        let Some(at) = self.find(base.id)? else { return Ok(Vec::new()) };
        let Some(older) = self.older_corrections(base, at)? else {
            let scope = Scope { body: Some(base.body.clone()), participant: base.participant.clone() };
            return Ok(self.load(&scope)?.entries().to_vec());
        };
        let mut before: HashMap<EventId, Vec<Correction>> = HashMap::new();
        for entry in older {
            if let Some(to) = entry.event.to {
                before.entry(to).or_default().push((entry.index, entry.event.id));
            }
            self.meet(&entry);
        }
        let corrections = |id: &EventId| {
            let of = |known: &HashMap<EventId, Vec<Correction>>| known.get(id).cloned().unwrap_or_default();
            [of(&before), of(&self.places.corrections)].concat()
        };
        let (mut open, mut found) = (vec![base.id], BTreeSet::from([at]));
        if let Some(import) = base.import.filter(|import| !corrections(import).is_empty()) {
            open.push(import);
            found.extend(self.find(import)?);
        }
        while let Some(id) = open.pop() {
            for (index, id) in corrections(&id) {
                if found.insert(index) {
                    open.push(id);
                }
            }
        }
        found.into_iter().map(|index| self.entry(index)).collect()
    }

    /// The corrections of an event, or of its import, that were recorded before this handle was opened and are not known by
    /// what they name; others may be among them. `None` where only the entries of its pair tell.
    fn older_corrections(&self, base: &Event, at: Index) -> Result<Option<Vec<Entry>>, LedgerError> {
        if self.places.all || at.0 >= self.places.before.0 && base.import.is_none() {
            return Ok(Some(Vec::new()));
        }
        let Some(model) = self.published() else { return Ok(None) };
        // What corrects a correction is posted to the pair of what that is about in the end.
        let mut root = Arc::new(base.clone());
        while root.corrects() {
            let found = root.to.map(|to| self.find(to)).transpose()?.flatten();
            let Some(found) = found else { return Ok(None) };
            root = self.entry(found)?.event;
        }
        let import = base.import.map(|id| self.find(id)).transpose()?.flatten();
        Ok(model.corrections(&self.entries, &root, at, import).ok())
    }

    /// Where an event is that was recorded before this handle was opened.
    fn find_older(&self, id: EventId) -> Result<Option<Index>, LedgerError> {
        if self.places.before == Size(0) {
            return Ok(None);
        }
        if let Some(met) = self.met.borrow().get(id) {
            return Ok(Some(met.index));
        }
        if let Some(found) = self.published().and_then(|model| model.entry_of(&self.entries, id).ok()) {
            found.iter().for_each(|entry| self.meet(entry));
            return Ok(found.map(|entry| entry.index));
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
