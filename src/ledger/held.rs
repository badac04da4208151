//! The events that are already recorded in a body, so that the rows of a file that is imported again are recognised.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use crate::event::{ActKind, BodyId, Day, Entry, Event, EventId, Size};
use crate::history::standing;

use super::{LedgerError, Writer};

/// The events that the ledger has in a body, by id.
#[derive(Clone, Debug)]
pub struct RecordedRows {
    /// The import that brought each event, if one did.
    imports: HashMap<EventId, Option<EventId>>,
    /// The events that are not retracted, neither alone nor with their import. An event that its own source retracted is included,
    /// because the file still states it; so is that retraction.
    standing: HashSet<EventId>,
}

impl RecordedRows {
    /// The id under which an event is recorded, or may be: an event that was retracted is recorded anew under another id.
    #[must_use]
    pub fn name(&self, mut id: EventId) -> EventId {
        while self.imports.contains_key(&id) && !self.standing.contains(&id) {
            id = EventId(Uuid::new_v5(&id.0, b"again"));
        }
        id
    }

    /// Gives an event its id; if an earlier file already brought the same row, also the import of that row.
    pub fn meet(&self, event: &mut Event) {
        event.id = self.name(event.id);
        if let Some(import) = self.imports.get(&event.id) {
            event.import = *import;
        }
    }
}

impl Writer {
    /// The events already recorded in a body.
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
