//! Events that are not recorded, for the answers of one handle only.

use crate::event::{Entry, Event, Index, Instant};

use super::{Draft, Ledger, LedgerError};

impl Ledger {
    /// Answers from now on as if events had been recorded behind everything that is. They are admitted as an append
    /// would admit them, and nothing is written. Gives the places they would have; those that are recorded already are
    /// left out.
    ///
    /// # Errors
    /// [`LedgerError`], as for an append.
    pub fn suppose(&mut self, events: Vec<Event>) -> Result<Vec<Index>, LedgerError> {
        let drafts = self.admit(events)?;
        let last = self.last_recorded()?.map_or(0, Instant::micros);
        let size = self.size().0;
        let fresh = drafts.into_iter().filter(|draft: &Draft| draft.recorded.is_none());
        let entries: Vec<Entry> = fresh
            .zip(0u64..)
            .map(|(draft, at)| Entry {
                index: Index(size + at),
                recorded_at: Instant::from_micros(last.saturating_add(1 + at.cast_signed())),
                event: draft.event,
            })
            .collect();
        let indexes = entries.iter().map(|entry| entry.index).collect();
        self.supposed.extend(entries);
        self.rules.clear();
        self.register = None;
        Ok(indexes)
    }

    /// Whether its answers rest on events that are not recorded.
    pub fn supposes(&self) -> bool {
        !self.supposed.is_empty()
    }
}
