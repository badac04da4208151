//! The entries that a question depends on, gathered heading by heading.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::event::{BodyId, Entry, Index, ParticipantId, Scope, filings};
use crate::query::{Need, Needs, needs};

use super::load::Loaded;
use super::{Ledger, LedgerError};

impl Ledger {
    /// The entries that bear on a scope. Of a body, those that [`needs`] names: the others on whose acts the status of a
    /// participant rests are among them.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn load(&mut self, scope: &Scope) -> Result<Loaded, LedgerError> {
        let Some(body) = &scope.body else { return self.load_participant(scope) };
        let texts = self.charters.texts.clone();
        let mut read: BTreeMap<Index, Entry> = BTreeMap::new();
        let Needs { entries, scope, .. } = needs(scope, body, &texts, &mut |need| {
            let scope = match need {
                Need::Heading(heading) => heading_scope(heading.group(), heading.name()),
                Need::Group(body) => Some(Scope::of_body(body.clone())),
            };
            if let Some(scope) = scope {
                let loaded = self.load_only(&scope)?;
                read.extend(loaded.entries().iter().map(|entry| (entry.index, entry.clone())));
            }
            Ok::<_, LedgerError>(under(need, &read))
        })?;
        Ok(Loaded::of(Arc::unwrap_or_clone(entries), scope))
    }

    /// The entries of one participant in every body, with those of the bodies whose rules make its status rest on others.
    fn load_participant(&mut self, scope: &Scope) -> Result<Loaded, LedgerError> {
        let own = self.load_only(scope)?;
        if scope.participant.is_none() {
            return Ok(own);
        }
        let mut bodies: Vec<BodyId> = own.entries().iter().map(|entry| entry.event.body.clone()).collect();
        bodies.sort();
        bodies.dedup();
        let mut entries: BTreeMap<Index, Entry> =
            own.entries().iter().map(|entry| (entry.index, entry.clone())).collect();
        for body in bodies {
            let of_body = Scope { body: Some(body), participant: scope.participant.clone() };
            let loaded = self.load(&of_body)?;
            entries.extend(loaded.entries().iter().map(|entry| (entry.index, entry.clone())));
        }
        Ok(Loaded::of(entries.into_values().collect(), scope.clone()))
    }

    /// The entries that a question about one body, or one participant in it, depends on.
    ///
    /// # Errors
    /// [`LedgerError`], with [`LedgerError::NoBody`] if no charter of the body is recorded.
    pub fn load_asked(
        &mut self,
        body: &BodyId,
        participant: Option<&ParticipantId>,
    ) -> Result<Loaded, LedgerError> {
        self.charter(body)?;
        self.load(&Scope { body: Some(body.clone()), participant: participant.cloned() })
    }
}

/// What is looked up for a heading; nothing for an import, whose entries come with those that it brought.
fn heading_scope(group: &str, name: &str) -> Option<Scope> {
    let body = BodyId::parse(group).ok()?;
    let nobody = || super::load::rules_scope().participant;
    let participant = if name.is_empty() { nobody() } else { ParticipantId::parse(name).ok() };
    Some(Scope { body: Some(body), participant })
}

/// The entries that are filed under a need, of those read so far.
fn under(need: &Need, read: &BTreeMap<Index, Entry>) -> Vec<Entry> {
    let entries: Vec<Entry> = read.values().cloned().collect();
    let filed = filings(&entries);
    let wanted = filed.iter().filter(|(heading, _)| match need {
        Need::Heading(wanted) => wanted == *heading,
        Need::Group(body) => heading.group() == body.as_str(),
    });
    let mut indexes: Vec<Index> = wanted.flat_map(|(_, indexes)| indexes.iter().copied()).collect();
    indexes.sort_unstable();
    indexes.dedup();
    indexes.iter().filter_map(|index| read.get(index)).cloned().collect()
}
