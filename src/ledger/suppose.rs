//! Events that are not recorded, for the answers of one reading only.

use std::sync::Arc;

use crate::event::{Entry, Event, Heading, Index, Instant};
use crate::log::Hash;
use crate::query::Need;

use super::record::Record;
use super::{Draft, LedgerError, Reading, Writer};

impl Writer {
    /// Judges from now on as if these events had been recorded after everything else. They are admitted as an append would admit
    /// them, and nothing is written. Returns the indexes that they would have; events that are already recorded are left out.
    ///
    /// # Errors
    /// [`LedgerError`], as for an append.
    pub(crate) fn suppose(&mut self, events: Vec<Event>) -> Result<Vec<Index>, LedgerError> {
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
        self.record.suppose(entries);
        self.rules.clear();
        self.register = None;
        Ok(indexes)
    }
}

impl Reading {
    /// The same record with supposed events after everything recorded, and the indexes that they would have; events that are
    /// already recorded are left out.
    ///
    /// # Errors
    /// Those of an append of the events.
    pub fn supposing(&self, events: Vec<Event>) -> Result<(Reading, Vec<Index>), LedgerError> {
        let mut writer = Writer::of_record(self.record().clone(), Arc::clone(self.stores()).into());
        let places = writer.suppose(events)?;
        Ok((writer.reading(self.now()), places))
    }
}

impl Record {
    /// Adds the supposed entries that are filed under a need, and the recorded entries that they cause to be filed there.
    pub(super) fn add_supposed(&self, need: &Need, entries: &mut Vec<Entry>) -> Result<(), LedgerError> {
        if self.supposed().is_empty() {
            return Ok(());
        }
        let filed = self.supposed_filings()?;
        for (heading, entry) in filed {
            let here = match need {
                Need::Group(body) => heading.group() == body.as_str(),
                Need::Heading(wanted) => *wanted == heading,
            };
            if here {
                entries.push(entry);
            }
        }
        entries.sort_by_key(|entry| entry.index);
        entries.dedup_by_key(|entry| entry.index);
        Ok(())
    }

    /// The filings that supposed entries add: each heading with an entry newly filed there.
    fn supposed_filings(&self) -> Result<Vec<(Heading, Entry)>, LedgerError> {
        let mut tables = self.tables().clone();
        let known = |index: Index| self.entry(index);
        let size = self.size();
        for entry in self.supposed() {
            // A supposed entry gets no leaf hash: nothing reads the tree of these tables.
            tables.push(entry, Hash([0; 32]), &known)?;
        }
        let mut filed = Vec::new();
        for (heading, indexes) in tables.filed_since(size)? {
            for index in indexes {
                filed.push((heading.clone(), self.entry(index)?));
            }
        }
        Ok(filed)
    }
}
