//! When a snapshot is made, of what, and put in place.

use std::collections::HashMap;

use crate::event::leaf::{decode, decode_for_status};
use crate::event::{Entry, Event, EventId, Index, Size};
use crate::ledger::source::decode_block;
use crate::ledger::{Ledger, LedgerError};
use crate::log::{Entries, Hash};
use crate::snapshot::{Draft, Snapshot, publish};

use super::gather::{gather, is_import, key_of, post};
use super::rows;

/// The log is read in blocks of this many bytes of leaves.
pub(super) const BLOCK_BYTES: usize = 1 << 20;
/// Fewer entries than this beyond a snapshot are read from the log with each question.
pub(in crate::ledger) const TAIL_ENTRIES: u64 = 256;
/// The base is made anew when what follows it is more than one part in so many of it.
const DELTA_SHARE: u64 = 16;

impl Ledger {
    /// Publishes what was recorded since the last snapshot, where it is worth it, telling `progress` how many entries were
    /// folded. It is written after the checkpoint that covers it. Nothing depends on it: where it fails, questions read
    /// what they read before.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn publish_snapshot(&mut self, progress: &mut dyn FnMut(u64)) -> Result<(), LedgerError> {
        let size = self.log().frontier().size();
        let Some(known) = Snapshot::open(self.path()).filter(|known| known.size() <= size) else {
            return if size < TAIL_ENTRIES { Ok(()) } else { self.publish_base(progress) };
        };
        let moved = known.mark().is_none_or(|mark| mark.segment != self.log().mark().segment);
        if size - known.size() < TAIL_ENTRIES && !moved {
            return Ok(());
        }
        let base = known.base().map_or(0, |base| base.size());
        match (size - base).checked_mul(DELTA_SHARE) {
            Some(share) if share <= base && self.publish_after(&known, base)? => Ok(()),
            _ => self.publish_base(progress),
        }
    }

    /// Publishes what follows the base; false where only a new base can say it.
    fn publish_after(&self, known: &Snapshot, base: u64) -> Result<bool, LedgerError> {
        let before = known.base().map_or(Hash([0; 32]), |base| base.mark().tree.root());
        match delta(self.log(), known, base)? {
            Some(draft) => self.put(draft, before).map(|()| true),
            None => Ok(false),
        }
    }

    #[cfg(test)]
    pub(crate) fn publish_delta(&self) -> Result<bool, LedgerError> {
        match Snapshot::open(self.path()) {
            Some(known) => {
                let base = known.base().map_or(0, |base| base.size());
                self.publish_after(&known, base)
            }
            None => Ok(false),
        }
    }

    /// Publishes a snapshot of everything recorded.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn publish_base(&mut self, progress: &mut dyn FnMut(u64)) -> Result<(), LedgerError> {
        let draft = base(self.log(), progress)?;
        self.put(draft, crate::log::Frontier::default().root())
    }

    fn put(&self, mut draft: Draft, before: Hash) -> Result<(), LedgerError> {
        let (first, mark) = (draft.first, self.log().mark());
        let (from, places) = self.log().last_places()?;
        draft.places = match first.checked_sub(from).and_then(|skip| usize::try_from(skip).ok()) {
            Some(skip) => places.get(skip..).unwrap_or_default().to_vec(),
            None => places,
        };
        let bytes = draft.encode(self.origin(), before, mark.clone())?;
        Ok(publish(self.path(), first, &mark, &bytes, self.log().disk()?)?)
    }
}

/// Everything from the first entry on.
fn base(log: &Entries, progress: &mut dyn FnMut(u64)) -> Result<Draft, LedgerError> {
    let size = log.frontier().size();
    let (gathered, roots) = gather(log, size)?;
    let stated = rows::fold(&gathered, &roots, Size(size), progress)?;
    let mut draft = gathered.draft;
    stated.into_iter().for_each(|stated| stated.put(&mut draft));
    (draft.extra, draft.imports) = (roots.extra, roots.imports);
    Ok(draft)
}

/// What follows the base, without rows; `None` where a correction reaches further than a delta can say.
fn delta(log: &Entries, known: &Snapshot, from: u64) -> Result<Option<Draft>, LedgerError> {
    let size = log.frontier().size();
    let mut draft = Draft::default();
    draft.first = from;
    let mut fresh: HashMap<EventId, Event> = HashMap::new();
    let mut at = from;
    while at < size {
        let block = log.read(at, BLOCK_BYTES)?;
        if block.is_empty() {
            break;
        }
        at += block.len() as u64;
        for entry in decode_block(&block, decode_for_status)? {
            draft.name(entry.event.id, entry.index);
            if entry.event.corrects() {
                let Some(root) = root(log, known, &fresh, &entry)? else { continue };
                if entry.event.moves_another() || is_import(&root) {
                    return Ok(None);
                }
                post(&mut draft, &key_of(&root), entry.index);
            } else {
                post(&mut draft, &key_of(&entry.event), entry.index);
            }
            fresh.insert(entry.event.id, entry.event);
        }
    }
    Ok(Some(draft))
}

/// What a correction is about in the end; `None` where it names nothing that is recorded.
fn root(
    log: &Entries,
    known: &Snapshot,
    fresh: &HashMap<EventId, Event>,
    correction: &Entry,
) -> Result<Option<Event>, LedgerError> {
    let mut event = correction.event.clone();
    while event.corrects() {
        let Some(to) = event.to else { return Ok(None) };
        event = match fresh.get(&to) {
            Some(event) => event.clone(),
            None => match find(log, known, to)? {
                Some(entry) => entry.event,
                None => return Ok(None),
            },
        };
    }
    Ok(Some(event))
}

/// The entry of an id that a snapshot covers.
///
/// # Errors
/// [`LedgerError`].
pub(super) fn find(log: &Entries, known: &Snapshot, id: EventId) -> Result<Option<Entry>, LedgerError> {
    for index in known.candidates(id)? {
        let entry = entry(log, known, index)?;
        if entry.event.id == id {
            return Ok(Some(entry));
        }
    }
    Ok(None)
}

/// An entry that a snapshot covers.
///
/// # Errors
/// [`LedgerError`].
pub(super) fn entry(log: &Entries, known: &Snapshot, index: Index) -> Result<Entry, LedgerError> {
    let leaf = log.leaf_near(index.0, known.place(index.0)?)?;
    decode(&leaf, index).map_err(|source| LedgerError::Entry { index, source })
}
