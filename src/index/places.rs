//! Where each event is, by its id.

use std::collections::HashMap;
use std::sync::Arc;

use crate::event::{EventId, Index};

use super::events::IdsRun;
use super::{EventIndex, IndexError};

/// Where events are, by id.
pub type Places = Arc<HashMap<EventId, Index>>;

impl EventIndex {
    /// Where an event is.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn find(&self, id: EventId) -> Result<Option<Index>, IndexError> {
        if let Some(entry) = self.pending.iter().rev().find(|entry| entry.event.id == id) {
            return Ok(Some(entry.index));
        }
        if let Some(index) = self.newer.get(&id) {
            return Ok(Some(*index));
        }
        Ok(self.places()?.get(&id).copied())
    }

    /// Where events are, in the order asked.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn find_all(&self, ids: &[EventId]) -> Result<Vec<Option<Index>>, IndexError> {
        ids.iter().map(|id| self.find(*id)).collect()
    }

    /// Where the events are that were here when the first one was looked for: shared, so that nobody reads them twice.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn places(&self) -> Result<&Places, IndexError> {
        match self.ids.get() {
            Some(ids) => Ok(ids),
            None => {
                let ids = Arc::new(self.read_ids()?);
                Ok(self.ids.get_or_init(|| ids))
            }
        }
    }

    fn read_ids(&self) -> Result<HashMap<EventId, Index>, IndexError> {
        let values = self.store.run(|store| store.ids.iter().collect::<Result<Vec<_>, _>>())?;
        let mut ids = HashMap::with_capacity(usize::try_from(self.head.size).unwrap_or(0));
        let mut next = 0;
        for (key, value) in &values {
            let first = key.as_ref().try_into().map(u64::from_be_bytes).unwrap_or(u64::MAX);
            let run = IdsRun::decode(value).map_err(|what| self.damaged(what))?;
            if first != next {
                return Err(self.damaged(format!("the ids from entry {next} on are missing")));
            }
            next += run.count();
            ids.extend(run.iter(first));
        }
        let stored = self.stored();
        if next != stored {
            return Err(self.damaged(format!("it holds {next} ids of {stored}")));
        }
        ids.extend(self.pending.iter().map(|entry| (entry.event.id, entry.index)));
        Ok(ids)
    }
}
