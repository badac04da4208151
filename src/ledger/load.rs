//! Which entries a question needs, and where they come from: the index where it can be had, else the entries themselves,
//! with the same answer.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use memchr::memmem;

use crate::charter::Charter;
use crate::event::leaf::decode;
use crate::event::{Act, ActKind, BodyId, Day, Entry, EventId, Index, Instant, Scope, ScopeKey, Size};
use crate::history::{charter_acts, standing};

use super::published::ReadModel;
use super::rules::RuleEntries;
use super::source::Source;
use super::{Ledger, LedgerError};

/// The entries of a scope, in the order of the log.
#[derive(Clone, Debug)]
pub struct Loaded {
    entries: Arc<Vec<Entry>>,
    scope: Scope,
}

impl Loaded {
    /// The entries, in the order of the log.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The same, shared.
    pub(super) fn shared(&self) -> Arc<Vec<Entry>> {
        Arc::clone(&self.entries)
    }

    /// Entries that were put together, in the order of the log.
    pub(super) fn of(entries: Vec<Entry>, scope: Scope) -> Loaded {
        Loaded { entries: Arc::new(entries), scope }
    }

    /// What was looked up.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }
}

/// Leaves out corrections of entries that are not there, which no fold reads: a ledger may hold many.
fn drop_strays(entries: &mut Vec<Entry>) {
    let mut held: HashSet<EventId> = HashSet::with_capacity(entries.len());
    entries.retain(|entry| {
        let corrects = matches!(entry.event.act, Act::RecordCorrected(_) | Act::EntryRetracted(_));
        let kept = !corrects || entry.event.to.is_some_and(|to| held.contains(&to));
        if kept {
            held.insert(entry.event.id);
        }
        kept
    });
}

impl Ledger {
    /// Opens what is asked first: what was published, else the index.
    pub(super) fn open_index(&mut self) -> Result<(), LedgerError> {
        // Whatever is wrong with a snapshot, the question goes on without it.
        if let Some(snapshot) = self.snapshot.take()
            && let Ok(model) = ReadModel::open(snapshot, &self.entries)
        {
            self.model = model.map(Box::new);
        }
        match self.model {
            Some(_) => Ok(()),
            None => self.leave_model(),
        }
    }

    /// Goes on without what was published.
    pub(super) fn leave_model(&mut self) -> Result<(), LedgerError> {
        self.model = None;
        self.snapshot = None;
        if matches!(self.index, Source::Unopened) {
            self.index = Source::for_question(&self.path, &self.entries)?;
        }
        Ok(())
    }

    /// The entries that bear on exactly a scope.
    pub(super) fn load_only(&mut self, scope: &Scope) -> Result<Loaded, LedgerError> {
        if let Some(known) = self.loaded.borrow().get(scope) {
            return Ok(Loaded { entries: Arc::clone(known), scope: scope.clone() });
        }
        self.open_index()?;
        if let Some(model) = &self.model {
            match model.load(&self.entries, scope) {
                Ok(Some(entries)) => return self.loaded_now(entries, scope),
                _ => self.leave_model()?,
            }
        }
        let asked = scope.clone();
        let found = self.index.ask(move |index| match asked == Scope::ALL {
            true => index.load(&asked),
            false => index.load_bearing(&asked),
        })?;
        let entries = match found {
            Some(entries) => entries,
            None => {
                let mut entries = self.scan_for(scope)?;
                self.add_targets(&mut entries)?;
                entries
            }
        };
        self.loaded_now(entries, scope)
    }

    /// Keeps what was loaded of a scope, with what is supposed.
    pub(super) fn loaded_now(
        &mut self,
        mut entries: Vec<Entry>,
        scope: &Scope,
    ) -> Result<Loaded, LedgerError> {
        if self.supposes() {
            entries.extend(self.supposed.iter().filter(|e| scope.admits(&e.event)).cloned());
            self.add_targets(&mut entries)?;
        }
        if *scope != Scope::ALL {
            drop_strays(&mut entries);
        }
        let entries = Arc::new(entries);
        self.loaded.borrow_mut().insert(scope.clone(), Arc::clone(&entries));
        Ok(Loaded { entries, scope: scope.clone() })
    }

    /// Adoptions, amendments and whatever corrects them.
    pub(super) fn load_rules(&mut self) -> Result<Loaded, LedgerError> {
        self.load_only(&rules_scope())
    }

    /// The same, found by body.
    pub(super) fn rule_entries(&mut self) -> Result<&RuleEntries, LedgerError> {
        let Loaded { entries, .. } = self.load_rules()?;
        let known = self.rule_entries.take().filter(|known| known.are(&entries));
        Ok(self.rule_entries.insert(known.unwrap_or_else(|| RuleEntries::new(entries))))
    }

    /// The entries that make the rules of a body.
    pub(super) fn rules_of(&mut self, body: &BodyId) -> Result<Vec<Entry>, LedgerError> {
        self.open_index()?;
        if let Some(model) = self.model.as_ref().filter(|_| !self.supposes()) {
            match model.rules_of(&self.entries, body) {
                Ok(entries) => return Ok(entries),
                Err(_) => self.leave_model()?,
            }
        }
        Ok(self.rule_entries()?.of(body, None))
    }

    /// Of what was loaded, only the rules outlive an append, together with what it adds to them. Says whether it adds
    /// anything to them.
    pub(super) fn keep_rules(&mut self, appended: &[Entry]) -> bool {
        let scope = rules_scope();
        let mut loaded = self.loaded.borrow_mut();
        loaded.retain(|known, _| *known == scope);
        let Some(rules) = loaded.get_mut(&scope) else { return true };
        // A correction may bring an entry into the scope that was not in it; one of an entry that is not in it, and is not
        // moved, adds nothing.
        let corrects = |e: &Entry| ScopeKey::of(&e.event).corrects;
        let mut added: Vec<&Entry> = Vec::new();
        for entry in appended {
            let corrected = |known: &&Entry| Some(known.event.id) == entry.event.to;
            match corrects(entry) {
                false if scope.admits(&entry.event) => added.push(entry),
                true if entry.event.moves_another() => {
                    loaded.clear();
                    self.rule_entries = None;
                    return true;
                }
                true if rules.iter().chain(added.iter().copied()).any(|known| corrected(&known)) => {
                    added.push(entry);
                }
                _ => {}
            }
        }
        if added.is_empty() {
            return false;
        }
        self.rule_entries = None;
        Arc::make_mut(rules).extend(added.into_iter().cloned());
        true
    }

    /// Reads the entries themselves. The canonical form lets a search of the bytes pass over most leaves undecoded.
    fn scan_for(&self, scope: &Scope) -> Result<Vec<Entry>, LedgerError> {
        let needle = |key: &str, value: &str| format!("\"{key}\":\"{value}\"").into_bytes();
        let body = scope.body.as_ref().map(|id| needle("body", id.as_str()));
        let who =
            scope.participant.as_ref().map(|id| ["participant", "about"].map(|key| needle(key, id.as_str())));
        let body = body.as_deref().map(memmem::Finder::new);
        let who = who.as_ref().map(|keys| keys.each_ref().map(memmem::Finder::new));
        let named = memmem::Finder::new(b"\"participant\":");
        let corrections = [&b"\"act\":\"record-corrected\""[..], b"\"act\":\"entry-retracted\""];
        let corrections = corrections.map(memmem::Finder::new);
        let mut found = Vec::new();
        let mut failed = None;
        self.entries.scan(0, |at, leaf, _| {
            let of_body = body.as_ref().is_none_or(|key| key.find(leaf).is_some());
            let of_who = who.as_ref().is_none_or(|keys| {
                keys.iter().any(|key| key.find(leaf).is_some()) || named.find(leaf).is_none()
            });
            let corrects = || corrections.iter().any(|key| key.find(leaf).is_some());
            if !((of_body && of_who) || corrects()) || failed.is_some() {
                return;
            }
            let index = Index(at);
            match decode(leaf, index) {
                Ok(entry) if scope.admits(&entry.event) => found.push(entry),
                Ok(_) => {}
                Err(source) => failed = Some(LedgerError::Entry { index, source }),
            }
        })?;
        failed.map_or(Ok(found), Err)
    }

    /// A correction that moves an entry may move it into the scope from outside, or may be corrected to do so; an import
    /// may be recorded in another body than its rows.
    fn add_targets(&self, entries: &mut Vec<Entry>) -> Result<(), LedgerError> {
        let mut held: BTreeSet<EventId> = entries.iter().map(|e| e.event.id).collect();
        let mut wanted: Vec<EventId> =
            entries.iter().filter(|e| e.event.moves_another()).filter_map(|e| e.event.to).collect();
        // The retraction of an import withdraws its rows in every body, not only in the import's own.
        let corrected: BTreeSet<EventId> = entries.iter().filter_map(|e| e.event.to).collect();
        let imports: BTreeSet<EventId> = entries.iter().filter_map(|e| e.event.import).collect();
        wanted.extend(imports.intersection(&corrected));
        let before = entries.len();
        while let Some(id) = wanted.pop() {
            let place = entries.iter().position(|e| e.event.id == id);
            let entry = match place {
                Some(at) => entries[at].clone(),
                None => match self.find(id)? {
                    Some(index) => self.entry(index)?,
                    None => continue,
                },
            };
            let corrects = matches!(entry.event.act, Act::RecordCorrected(_));
            wanted.extend(entry.event.to.filter(|_| corrects));
            if held.insert(id) {
                entries.push(entry);
            }
        }
        if entries.len() > before {
            entries.sort_by_key(|e| e.index);
        }
        Ok(())
    }

    /// Reads every entry from an index on.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn scan(&self, from: Index, mut visit: impl FnMut(Entry)) -> Result<(), LedgerError> {
        let mut failed = None;
        self.entries.scan(from.0.min(self.size().0), |at, leaf, _| match decode(leaf, Index(at)) {
            Ok(entry) if failed.is_none() => visit(entry),
            Ok(_) => {}
            Err(source) => failed = failed.take().or(Some(LedgerError::Entry { index: Index(at), source })),
        })?;
        failed.map_or(Ok(()), Err)
    }

    /// The rectifications and retractions that name an entry, in the order of the log.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn corrections_of(&self, entry: &Entry) -> Result<Vec<Index>, LedgerError> {
        self.naming(entry, |act| matches!(act, ActKind::RecordCorrected | ActKind::EntryRetracted))
    }

    /// The acts of a kind that answer an entry, in the order of the log.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn answers_to(&self, entry: &Entry, act: ActKind) -> Result<Vec<Index>, LedgerError> {
        self.naming(entry, |other| other == act)
    }

    fn naming(&self, entry: &Entry, wanted: impl Fn(ActKind) -> bool) -> Result<Vec<Index>, LedgerError> {
        let key = format!("\"to\":\"{}\"", entry.event.id);
        let key = memmem::Finder::new(key.as_bytes());
        let names = |e: &Entry| wanted(e.event.act.kind()) && e.event.to == Some(entry.event.id);
        let mut found = Vec::new();
        self.entries.scan(entry.index.0 + 1, |at, leaf, _| {
            let named = key.find(leaf).and_then(|_| decode(leaf, Index(at)).ok());
            found.extend(named.filter(names).map(|e| e.index));
        })?;
        Ok(found)
    }

    /// The stamp of the last entry.
    pub(super) fn last_stamp(&self) -> Result<Option<Instant>, LedgerError> {
        match self.size().0.checked_sub(1) {
            Some(last) => Ok(Some(self.entry(Index(last))?.recorded_at)),
            None => Ok(None),
        }
    }

    /// How many entries were recorded by an instant: stamps rise strictly, so they are the first ones.
    pub(super) fn size_at(&self, until: Instant) -> Result<Size, LedgerError> {
        let (mut low, mut high) = (0, self.size().0);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.entry(Index(middle))?.recorded_at <= until {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        Ok(Size(low))
    }

    /// The bodies whose charter this ledger holds, by id, without those that are the pattern of others.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn bodies(&mut self) -> Result<Vec<BodyId>, LedgerError> {
        self.bodies_by(self.size())
    }

    /// The same as the first `size` entries have them: a body adopted later is none of them.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn bodies_by(&mut self, size: Size) -> Result<Vec<BodyId>, LedgerError> {
        let loaded = self.load_rules()?;
        let acts = standing(loaded.entries(), size, Day::FUTURE);
        let adopted = acts.iter().filter(|act| matches!(act.event.act, Act::CharterAdopted(_)));
        let bodies: BTreeSet<&BodyId> = adopted.map(|act| &act.event.body).collect();
        let fold = |body| self.charters.fold(body, &charter_acts(&acts, body)).ok().flatten();
        let charters: Vec<Arc<Charter>> = bodies.into_iter().filter_map(fold).collect();
        let patterns: BTreeSet<&BodyId> = charters.iter().filter_map(|c| c.extends.as_ref()).collect();
        let own = charters.iter().map(|c| &c.body).filter(|body| !patterns.contains(body));
        Ok(own.cloned().collect())
    }
}

/// What makes rules: acts of bodies alone, because no record can name this participant.
pub(super) fn rules_scope() -> Scope {
    Scope { body: None, participant: crate::event::ParticipantId::parse("NOBODY-AT-ALL").ok() }
}
