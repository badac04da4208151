//! What is recorded of a body already: so that a file which is imported again meets its own rows.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use crate::event::{ActKind, BodyId, Edtf, Entry, Event, EventId, Instant, Size};
use crate::history::standing;

use super::{LedgerError, Writer};

/// What the ledger holds of a body, by id.
#[derive(Clone, Debug)]
pub struct RecordedRows {
    /// The import with which each event came, and the date from which it states that the world could know it.
    rows: HashMap<EventId, (Option<EventId>, Option<Edtf>)>,
    /// Those that stand: not withdrawn, alone or with their import. What its own source took back stands as what a file
    /// says, and so does the taking back.
    standing: HashSet<EventId>,
}

impl RecordedRows {
    /// The id under which it stands, or may be recorded: what was withdrawn is recorded anew under another one.
    #[must_use]
    pub fn name(&self, mut id: EventId) -> EventId {
        while self.rows.contains_key(&id) && !self.standing.contains(&id) {
            id = EventId(Uuid::new_v5(&id.0, b"again"));
        }
        id
    }

    /// A row is what it says: one that an earlier file brought is the row recorded then.
    pub fn meet(&self, event: &mut Event) {
        event.id = self.name(event.id);
        let Some((import, known_from)) = self.rows.get(&event.id) else { return };
        event.import = *import;
        // An earlier version of the program kept the day of an instant only.
        let is_its_day = |day: &&Edtf| {
            day.instant().is_none()
                && event
                    .known_from
                    .as_ref()
                    .is_some_and(|at| at.instant().is_some_and(|at| at.day() == day.latest()))
        };
        if let Some(day) = known_from.as_ref().filter(is_its_day) {
            event.known_from = Some(day.clone());
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
        let acts = standing(&ours, Size(u64::MAX), Instant::FUTURE);
        let mut stands: HashSet<EventId> = acts.iter().map(|act| act.event.id).collect();
        let row = |e: &Entry| (e.event.id, (e.event.import, e.event.known_from.clone()));
        let rows: HashMap<_, _> = entries.iter().map(row).collect();
        let whole = |import: &EventId| !rows.contains_key(import) || stands.contains(import);
        let kept = of_sources.iter().filter(|entry| entry.event.import.as_ref().is_some_and(whole));
        let kept: Vec<EventId> = kept.map(|entry| entry.event.id).collect();
        stands.extend(kept);
        Ok(RecordedRows { rows, standing: stands })
    }
}
