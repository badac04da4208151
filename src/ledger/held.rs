//! What is recorded of a body already: so that a file which is imported again meets its own rows.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use crate::event::{ActKind, BodyId, Day, Entry, Event, EventId, Size};
use crate::history::standing;

use super::{LedgerError, Writer};

/// What the ledger holds of a body, by id.
#[derive(Clone, Debug)]
pub struct RecordedRows {
    /// With which import each event came.
    imports: HashMap<EventId, Option<EventId>>,
    /// Those that stand: not withdrawn, alone or with their import. What its own source took back stands as what a file
    /// says, and so does the taking back.
    standing: HashSet<EventId>,
}

impl RecordedRows {
    /// The id under which it stands, or may be recorded: what was withdrawn is recorded anew under another one.
    #[must_use]
    pub fn name(&self, mut id: EventId) -> EventId {
        while self.imports.contains_key(&id) && !self.standing.contains(&id) {
            id = EventId(Uuid::new_v5(&id.0, b"again"));
        }
        id
    }

    /// A row is what it says: one that an earlier file brought is the row recorded then.
    pub fn meet(&self, event: &mut Event) {
        event.id = self.name(event.id);
        if let Some(import) = self.imports.get(&event.id) {
            event.import = *import;
        }
    }
}

impl Writer {
    /// What is recorded of a body already.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn held(&self, body: &BodyId) -> Result<RecordedRows, LedgerError> {
        let entries = self.record.needs(body, None)?.entries;
        let (of_sources, ours): (Vec<Entry>, Vec<Entry>) = entries.iter().cloned().partition(|entry| {
            entry.event.import.is_some() && entry.event.act.kind() == ActKind::EntryRetracted
        });
        let acts = standing(&ours, Size(u64::MAX), Day::FUTURE);
        let mut stands: HashSet<EventId> = acts.iter().map(|act| act.event.id).collect();
        let imports: HashMap<EventId, Option<EventId>> =
            entries.iter().map(|e| (e.event.id, e.event.import)).collect();
        let whole = |import: &EventId| !imports.contains_key(import) || stands.contains(import);
        let kept = of_sources.iter().filter(|entry| entry.event.import.as_ref().is_some_and(whole));
        let kept: Vec<EventId> = kept.map(|entry| entry.event.id).collect();
        stands.extend(kept);
        Ok(RecordedRows { imports, standing: stands })
    }
}
