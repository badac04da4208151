//! What is looked up in a record beside the entries that a question depends on.

use std::collections::HashMap;
use std::sync::Arc;

use crate::event::{
    Act, ActKind, BodyId, Entry, Event, EventId, Heading, Index, Instant, ParticipantId, Size,
};
use crate::history::standing;

use super::record::{Record, decoded};
use super::{LedgerError, Reading};

impl Reading {
    /// The bytes of an entry, as recorded.
    ///
    /// # Errors
    /// [`LedgerError::NoEntry`] past the end.
    pub fn leaf(&self, index: Index) -> Result<Vec<u8>, LedgerError> {
        if !self.record().size().holds(index) {
            return Err(LedgerError::NoEntry { index, size: self.size() });
        }
        self.record().leaf(index)
    }

    /// The place of an event.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn find(&self, id: EventId) -> Result<Option<Index>, LedgerError> {
        self.record().find(id)
    }

    /// Every body of which the record has acts, with a charter or without, by id.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn every_body(&self) -> Result<Vec<BodyId>, LedgerError> {
        self.record().groups()
    }

    /// Reads every recorded entry from an index on.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn scan(&self, from: Index, mut visit: impl FnMut(Entry)) -> Result<(), LedgerError> {
        let size = self.record().size();
        let mut failed = None;
        self.log().scan(from.0.min(size.0), |at, leaf, _| {
            // The log may have grown since.
            if failed.is_none() && size.holds(Index(at)) {
                failed = decoded(leaf, Index(at)).map(&mut visit).err();
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
        self.record().saying(body, participant)
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
        let later =
            self.record().naming(entry.event.id)?.into_iter().filter(|other| other.index > entry.index);
        Ok(later.filter(|other| wanted(other.event.act.kind())).map(|other| other.index).collect())
    }

    /// What the record says of an event with every correction that stands; the event itself if it is withdrawn.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn as_it_stands(&self, event: &Arc<Event>) -> Result<Arc<Event>, LedgerError> {
        self.record().as_it_stands(event)
    }
}

impl Record {
    /// The entries whose `to` names an event, in the order of the log.
    ///
    /// # Errors
    /// [`LedgerError`].
    fn naming(&self, id: EventId) -> Result<Vec<Entry>, LedgerError> {
        let mut entries = self.entries(&self.tables().naming(id)?)?;
        entries.retain(|entry| entry.event.to == Some(id));
        Ok(entries)
    }

    /// An event that corrects nothing with the corrections of it and of its import, and theirs, in the order of the log: the
    /// entries that decide how it stands.
    ///
    /// # Errors
    /// [`LedgerError`].
    fn family(&self, base: &Event) -> Result<Vec<Entry>, LedgerError> {
        let Some(at) = self.find(base.id)? else { return Ok(Vec::new()) };
        let mut family = std::collections::BTreeMap::from([(at, self.entry(at)?)]);
        let mut open = vec![base.id];
        if let Some(import) = base.import
            && self.tables().has_corrections_of(import)?
            && let Some(at) = self.find(import)?
        {
            family.insert(at, self.entry(at)?);
            open.push(import);
        }
        while let Some(id) = open.pop() {
            for entry in self.naming(id)?.into_iter().filter(|entry| entry.event.corrects()) {
                let id = entry.event.id;
                if family.insert(entry.index, entry).is_none() {
                    open.push(id);
                }
            }
        }
        Ok(family.into_values().collect())
    }

    /// Entries that may themselves say a body, a participant, or both, in the order of the log; `None` if every entry may.
    ///
    /// # Errors
    /// [`LedgerError`].
    fn saying(
        &self,
        body: Option<&BodyId>,
        participant: Option<&ParticipantId>,
    ) -> Result<Option<Vec<Entry>>, LedgerError> {
        let tables = self.tables();
        let mut indexes = match (body, participant) {
            (None, None) => return Ok(None),
            (Some(body), None) => tables.entries_in_group(body.as_str())?,
            (Some(body), Some(one)) => tables.entries_under(&Heading::of_pair(body, one))?,
            (None, Some(one)) => {
                let mut indexes = Vec::new();
                for group in tables.groups_of(one.as_str())? {
                    indexes.extend(tables.entries_under(&Heading::named(&group, one.as_str()))?);
                }
                indexes
            }
        };
        indexes.extend(tables.aside(body.map(BodyId::as_str), participant.map(ParticipantId::as_str))?);
        indexes.sort_unstable();
        indexes.dedup();
        self.entries(&indexes).map(Some)
    }

    /// What a rectification of rectifications corrects in the end; `fresh` are events that are not recorded yet.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn underlying(
        &self,
        fresh: &HashMap<EventId, Arc<Event>>,
        mut event: Arc<Event>,
    ) -> Result<Arc<Event>, LedgerError> {
        while let (Act::RecordCorrected(_), Some(to)) = (&event.act, event.to) {
            event = match (fresh.get(&to), self.find(to)?) {
                (Some(event), _) => Arc::clone(event),
                (None, Some(index)) => self.entry(index)?.event,
                (None, None) => break,
            };
        }
        Ok(event)
    }

    /// What the record says of an event with every correction that stands; the event itself if it is withdrawn.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn as_it_stands(&self, event: &Arc<Event>) -> Result<Arc<Event>, LedgerError> {
        let base = self.underlying(&HashMap::new(), Arc::clone(event))?;
        let family = self.family(&base)?;
        let acts = standing(&family, Size(u64::MAX), Instant::FUTURE);
        let stands = acts.into_iter().find(|a| a.event.id == base.id).map(|a| a.event);
        Ok(stands.unwrap_or(base))
    }
}
