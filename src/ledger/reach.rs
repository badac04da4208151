//! How far a question reaches: where the rules of a body make one status rest on acts of others, or on another treaty,
//! their entries are looked up with it.

use crate::event::{ActKind, BodyId, Entry, ParticipantId, Scope};
use crate::query::{Reach, waits_for};

use super::load::Loaded;
use super::{Ledger, LedgerError};

impl Ledger {
    /// The entries that bear on a scope, with those that their corrections name. Where the rules of a body make the
    /// status of one participant rest on acts of others, those are among them.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn load(&mut self, scope: &Scope) -> Result<Loaded, LedgerError> {
        if let Some(body) = &scope.body {
            let Reach { scope, besides } = Reach::of(scope, body, &mut |body| self.charter(body).ok());
            return match besides.is_empty() {
                true => self.load_only(&scope),
                false => self.load_with(&scope, besides),
            };
        }
        if scope.participant.is_none() {
            return self.load_only(scope);
        }
        let own = self.load_only(scope)?;
        let mut bodies: Vec<BodyId> = own.entries().iter().map(|e| e.event.body.clone()).collect();
        bodies.sort();
        bodies.dedup();
        let joined: Vec<BodyId> =
            bodies.iter().filter(|body| self.joins_participants(body)).cloned().collect();
        let waits: Vec<BodyId> =
            bodies.iter().flat_map(|body| waits_for(body, &mut |of| self.charter(of).ok())).collect();
        match joined.is_empty() && waits.is_empty() {
            true => Ok(own),
            false => self.load_with(scope, joined.into_iter().chain(waits)),
        }
    }

    fn joins_participants(&mut self, body: &BodyId) -> bool {
        self.charter(body).is_ok_and(|charter| charter.joins_participants())
    }

    /// The entries from which a question about one body is answered: those that bear on its scope, or on the whole body
    /// where the answer counts participants or says how a proposed correction stands.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn load_asked(
        &mut self,
        body: &BodyId,
        participant: Option<&ParticipantId>,
    ) -> Result<Loaded, LedgerError> {
        let whole = Scope::of_body(body.clone());
        // Whether enough others have acted is asked of the whole body.
        let counts = self.charter(body)?.counts_participants();
        let Some(participant) = participant.filter(|_| !counts) else { return self.load(&whole) };
        let loaded = self.load(&Scope::of_pair(participant.clone(), body.clone()))?;
        // Whether a proposed correction stands is for every participant to say (VCLT 79(2)).
        let proposed = |entry: &Entry| entry.event.act.kind() == ActKind::CorrectionProposed;
        if loaded.entries().iter().any(proposed) { self.load(&whole) } else { Ok(loaded) }
    }

    /// The entries of a scope and of whole bodies besides.
    fn load_with(
        &mut self,
        scope: &Scope,
        bodies: impl IntoIterator<Item = BodyId>,
    ) -> Result<Loaded, LedgerError> {
        let mut entries = self.load_only(scope)?.entries().to_vec();
        for body in bodies {
            entries.extend(self.load_only(&Scope::of_body(body))?.entries().iter().cloned());
        }
        entries.sort_by_key(|e| e.index);
        entries.dedup_by_key(|e| e.index);
        Ok(Loaded::of(entries, scope.clone()))
    }
}
