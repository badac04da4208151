//! Which corrections can change the answer to a question.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::event::{Entry, EventId, Index, Scope, ScopeKey};

use super::run::{StoredCorrection, bears};
use super::{EventIndex, IndexError};

/// Every correction by the event that it names.
#[derive(Default)]
pub(super) struct Corrections {
    known: HashMap<EventId, Option<EventId>>,
    of: HashMap<EventId, Vec<(Index, EventId)>>,
    /// Those that give another entry another body or participant.
    movers: Vec<EventId>,
}

impl Corrections {
    fn insert(&mut self, first: u64, correction: &StoredCorrection) {
        let (at, id, to, moves) = correction.parts();
        self.known.insert(id, to);
        if let Some(to) = to {
            self.of.entry(to).or_default().push((Index(first + at as u64), id));
        }
        if moves {
            self.movers.push(id);
        }
    }

    /// Takes in an entry that is not in sled yet, where it is a correction.
    pub(super) fn add(&mut self, entry: &Entry) {
        StoredCorrection::of(0, &entry.event).iter().for_each(|c| self.insert(entry.index.0, c));
    }

    /// The corrections that name an event.
    pub(super) fn of(&self, id: EventId) -> &[(Index, EventId)] {
        self.of.get(&id).map_or(&[], Vec::as_slice)
    }

    /// The event that a correction, or a correction of it, is about in the end.
    pub(super) fn root(&self, mut id: EventId) -> Option<EventId> {
        // A record that names itself in a circle is damaged; no chain is longer than there are corrections.
        for _ in 0..=self.known.len() {
            match self.known.get(&id) {
                Some(to) => id = (*to)?,
                None => return Some(id),
            }
        }
        None
    }
}

impl EventIndex {
    pub(super) fn corrections(&self) -> Result<&Corrections, IndexError> {
        if let Some(known) = self.corrections.get() {
            return Ok(known);
        }
        let mut all = Corrections::default();
        for meta in &self.runs {
            let postings = meta.postings.read(meta.count).map_err(|what| self.damaged(what))?;
            postings.corrections().iter().for_each(|c| all.insert(meta.first, c));
        }
        self.pending.iter().for_each(|entry| all.add(entry));
        Ok(self.corrections.get_or_init(|| all))
    }

    /// Every correction, by the event that it names: where it is, and its own id.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn corrections_by_target(&self) -> Result<HashMap<EventId, Vec<(Index, EventId)>>, IndexError> {
        Ok(self.corrections()?.of.clone())
    }

    /// The entries that can change the answer to a question of a scope, in the order of the log: those it admits that
    /// correct nothing, those that some correction moves, and every correction of either. [`load`](Self::load) gives all
    /// corrections of the ledger instead.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn load_bearing(&self, scope: &Scope) -> Result<Vec<Entry>, IndexError> {
        let corrections = self.corrections()?;
        let mut found: BTreeMap<Index, Entry> = BTreeMap::new();
        match (&scope.body, &scope.participant) {
            (Some(body), Some(participant)) => {
                let acts = self.body_acts(body)?;
                found.extend(acts.alone.iter().map(|entry| (entry.index, entry.clone())));
                for index in acts.of(participant) {
                    found.extend(self.entry(*index)?.map(|entry| (*index, entry)));
                }
            }
            _ => {
                for meta in &self.runs {
                    let wanted = self.postings(meta)?.bearing(scope);
                    if !wanted.is_empty() {
                        let run = self.run(meta)?;
                        let admitted = |at: usize| wanted.get(at).copied().unwrap_or(false);
                        let entries = self.decode(&run, meta.first, admitted)?;
                        found.extend(entries.into_iter().map(|e| (e.index, e)));
                    }
                }
            }
        }
        let pending = self.pending.iter().filter(|entry| bears(scope, &ScopeKey::of(&entry.event)));
        found.extend(pending.map(|entry| (entry.index, entry.clone())));
        for mover in &corrections.movers {
            if let Some(root) = corrections.root(*mover)
                && let Some(index) = self.find(root)?
                && !found.contains_key(&index)
            {
                found.extend(self.entry(index)?.map(|entry| (index, entry)));
            }
        }
        self.add_imports(&mut found)?;
        let mut ids: Vec<EventId> = found.values().map(|entry| entry.event.id).collect();
        let mut places: BTreeSet<Index> = BTreeSet::new();
        while let Some(id) = ids.pop() {
            for (index, id) in corrections.of(id) {
                if places.insert(*index) {
                    ids.push(*id);
                }
            }
        }
        for index in places {
            found.extend(self.entry(index)?.map(|entry| (index, entry)));
        }
        Ok(found.into_values().collect())
    }

    /// Imports that brought some of the entries and that a correction names: their retraction withdraws every row, also
    /// those in another body than the import's own.
    fn add_imports(&self, found: &mut BTreeMap<Index, Entry>) -> Result<(), IndexError> {
        let corrections = self.corrections()?;
        let named = |id: &EventId| corrections.of.contains_key(id);
        let imports: BTreeSet<EventId> =
            found.values().filter_map(|entry| entry.event.import).filter(named).collect();
        for id in imports {
            if let Some(index) = self.find(id)? {
                found.extend(self.entry(index)?.map(|entry| (index, entry)));
            }
        }
        Ok(())
    }

    /// One entry; `None` past the end.
    pub(super) fn entry(&self, index: Index) -> Result<Option<Entry>, IndexError> {
        if let Some(at) = index.0.checked_sub(self.stored()) {
            return Ok(self.pending.get(usize::try_from(at).unwrap_or(usize::MAX)).cloned());
        }
        let after = self.runs.partition_point(|meta| meta.first <= index.0);
        let Some(meta) = after.checked_sub(1).and_then(|at| self.runs.get(at)) else { return Ok(None) };
        let at = usize::try_from(index.0 - meta.first).unwrap_or(usize::MAX);
        let run = self.run(meta)?;
        if at >= run.count() {
            return Ok(None);
        }
        run.entry(at, meta.first).map(Some).map_err(|what| self.damaged(what))
    }
}
