//! The entries that a question depends on, and what else is looked up in the record.

use std::sync::Arc;

use crate::event::{ActKind, BodyId, Entry, Index, ParticipantId, Scope, Size};
use crate::query::Material;

use super::{Ledger, LedgerError};

/// The entries of a scope, in the order of the log.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub(super) entries: Arc<Vec<Entry>>,
    pub(super) scope: Scope,
}

impl Loaded {
    /// The entries, in the order of the log.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

impl Ledger {
    /// The entries that questions about a body depend on.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn load(&self, body: &BodyId) -> Result<Loaded, LedgerError> {
        let needs = self.record.needs(body, None)?;
        Ok(Loaded { entries: needs.entries, scope: needs.scope })
    }

    /// What loaded entries give to a question, up to `size`.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn material(&self, loaded: &Loaded, size: Size) -> Result<Material, LedgerError> {
        Ok(Material {
            entries: Arc::clone(&loaded.entries),
            checkpoint: self.head(size)?,
            charters: Arc::clone(self.record.charters()),
            scope: loaded.scope.clone(),
        })
    }

    /// Every body of which the record has acts, with a charter or without, by id.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn every_body(&self) -> Result<Vec<BodyId>, LedgerError> {
        self.record.groups()
    }

    /// Reads every entry from an index on.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn scan(&self, from: Index, mut visit: impl FnMut(Entry)) -> Result<(), LedgerError> {
        let mut failed = None;
        self.log().scan(from.0.min(self.size().0), |at, leaf, _| {
            if failed.is_none() {
                failed = super::record::decoded(leaf, Index(at)).map(&mut visit).err();
            }
        })?;
        failed.map_or(Ok(()), Err)
    }

    /// Entries that may themselves say a body, a participant, or both, in the order of the log: those that are filed under
    /// the headings, and corrections that say it of themselves. `None` if every entry may.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn saying(
        &self,
        body: Option<&BodyId>,
        participant: Option<&ParticipantId>,
    ) -> Result<Option<Vec<Entry>>, LedgerError> {
        self.record.saying(body, participant)
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
        let later = self.record.naming(entry.event.id)?.into_iter().filter(|other| other.index > entry.index);
        Ok(later.filter(|other| wanted(other.event.act.kind())).map(|other| other.index).collect())
    }
}
