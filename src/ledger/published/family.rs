//! What corrects an entry, as a snapshot has it.

use std::collections::BTreeSet;

use crate::event::{Entry, Event, Index};
use crate::ledger::LedgerError;
use crate::log::Entries;

use super::ReadModel;
use super::make;

impl ReadModel {
    /// The corrections that were recorded before this was opened and are about an event in the end that corrects nothing, or
    /// about its import; of those, the ones after `from` and those of the import. `import` is where that stands.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(in crate::ledger) fn corrections(
        &self,
        log: &Entries,
        event: &Event,
        from: Index,
        import: Option<Index>,
    ) -> Result<Vec<Entry>, LedgerError> {
        let mut places: BTreeSet<u32> = BTreeSet::new();
        for part in self.snapshot.parts() {
            if let Some(pair) = part.pair(&event.body, event.participant.as_ref())? {
                places.extend(part.entries(&pair)?.into_iter().filter(|at| u64::from(*at) > from.0));
            }
            if let Some(import) = import {
                let of_it = |(at, _): &(u32, u32)| u64::from(*at) == import.0;
                places.extend(part.imports()?.into_iter().filter(of_it).map(|(_, correction)| correction));
            }
        }
        let mut found = Vec::new();
        for at in places {
            let entry = make::entry(log, &self.snapshot, Index(u64::from(at)))?;
            found.extend(Some(entry).filter(|entry| entry.event.corrects()));
        }
        found.extend(self.read.iter().filter_map(|at| self.tail.get(*at)).cloned());
        Ok(found)
    }
}
