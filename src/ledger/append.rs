//! Makes events durable: they are judged, written as one frame and synced once; then the tables in memory take them in, and the
//! indexes follow.

use std::sync::Arc;

use crate::charter::Charter;
use crate::event::leaf;
use crate::event::{ActKind, Entry, Event, EventId, Index, Instant, Size};
use crate::log::{Append, Frontier, Hash};

use super::{AppendOptions, Consequences, Draft, LedgerError, Receipt, Writer, admit};

/// How far behind its last entry a clock may be before an append is refused, in microseconds.
const CLOCK_TOLERANCE: i64 = 1_000_000;

/// The last moment that a stamp can name, in microseconds: the end of the year 9999. RFC 3339 has four digits for a year.
const LAST_STAMP: i64 = 253_402_300_799_999_999;

/// A clock that is further ahead of the last entry is probably wrong, and no later entry could be stamped with the true time.
const FAR_AHEAD: i64 = 10 * 366 * 86_400 * 1_000_000;
/// The same for a ledger without entries: the end of the year 2099.
const FAR_FROM_NOTHING: i64 = 4_102_444_800_000_000;

/// Entries that are to be made durable together, with their leaves.
#[derive(Default)]
pub(super) struct Frame {
    pub(super) entries: Vec<Entry>,
    pub(super) leaves: Vec<Vec<u8>>,
}

/// The id of one event that a caller appends, and the index of its entry if it is already recorded.
pub(super) type Asked = (EventId, Option<Index>);

/// The result of judging a batch without appending it.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The events, in their order, ready to be recorded; events that are already recorded are included.
    pub drafts: Vec<Draft>,
    /// The changes that the new events would make, and the remarks of the rules on them.
    pub consequences: Consequences,
}

impl Writer {
    /// Appends events: all of them or none, each durable before this returns.
    ///
    /// An event that is already recorded with the same content is a retry, and gets its first receipt again.
    ///
    /// # Errors
    /// [`LedgerError`]; nothing is recorded then, except possibly after [`LedgerError::Unsettled`].
    pub fn append(
        &mut self,
        events: Vec<Event>,
        options: AppendOptions,
    ) -> Result<Vec<Receipt>, LedgerError> {
        let drafts = self.admit(events)?;
        self.append_drafts(drafts, options)
    }

    /// Judges events as [`Writer::append`] does, and returns the changes that they would make. Nothing is written;
    /// [`Writer::append_drafts`] can append the drafts of the trial.
    ///
    /// # Errors
    /// Those of [`Writer::append`] for events that cannot be recorded.
    pub fn try_batch(&mut self, events: Vec<Event>) -> Result<Trial, LedgerError> {
        let drafts = self.admit(events)?;
        let fresh: Vec<Arc<Event>> = drafts
            .iter()
            .filter(|draft| draft.recorded.is_none())
            .map(|draft| Arc::clone(&draft.event))
            .collect();
        let consequences = self.consequences(&fresh)?;
        Ok(Trial { drafts, consequences })
    }

    /// Checks that no rule makes [`Writer::append`] refuse these events; nothing is written. Files that belong beside the log are
    /// written after this check and before the append.
    ///
    /// # Errors
    /// Those of [`Writer::append`] for events that cannot be recorded.
    pub fn rehearse(&mut self, events: Vec<Event>, options: &AppendOptions) -> Result<(), LedgerError> {
        let drafts = self.admit(events)?;
        self.prepare(drafts, options, &mut Frame::default()).map(drop)
    }

    /// Appends events that were judged since the last append, as [`Writer::append`] does.
    ///
    /// # Errors
    /// Those of [`Writer::append`].
    pub fn append_drafts(
        &mut self,
        drafts: Vec<Draft>,
        options: AppendOptions,
    ) -> Result<Vec<Receipt>, LedgerError> {
        let mut tree = self.log().frontier();
        let mut frame = Frame::default();
        let asked = self.prepare(drafts, &options, &mut frame)?;
        let made = self.write(frame)?;
        let receipts = self.receipts(&asked, &mut made.into_iter(), &mut tree)?;
        self.sign_if_due();
        Ok(receipts)
    }

    /// Appends events that were admitted since the last append, as [`Writer::append`] does, without receipts. Returns the indexes
    /// of the first and the last new entry; `None` if all events were already recorded.
    ///
    /// # Errors
    /// Those of [`Writer::append`].
    pub fn record(
        &mut self,
        drafts: Vec<Draft>,
        options: AppendOptions,
    ) -> Result<Option<(Index, Index)>, LedgerError> {
        let mut frame = Frame::default();
        self.prepare(drafts, &options, &mut frame)?;
        let made = self.write(frame)?;
        self.sign_if_due();
        Ok(made.first().zip(made.last()).map(|((first, ..), (last, ..))| (*first, *last)))
    }

    /// Adds to a frame the drafts that are not yet recorded: all of them or none.
    pub(super) fn prepare(
        &mut self,
        drafts: Vec<Draft>,
        options: &AppendOptions,
        frame: &mut Frame,
    ) -> Result<Vec<Asked>, LedgerError> {
        let asked = drafts.iter().map(|draft| (draft.event.id, draft.recorded)).collect();
        let new: Vec<Draft> = drafts.into_iter().filter(|draft| draft.recorded.is_none()).collect();
        let size = Size(self.size().0 + frame.entries.len() as u64);
        if let Some(expected) = options.expect_size.filter(|expected| *expected != size && !new.is_empty()) {
            return Err(LedgerError::Size { expected, actual: size });
        }
        let last = match frame.entries.last() {
            Some(before) => Some(before.recorded_at),
            None => self.last_recorded()?,
        };
        let first = first_stamp(last, new.len(), options)?;
        let stamps = (0..).map(|n| Instant::from_micros(first + n));
        let mut leaves = Vec::with_capacity(new.len());
        for (draft, stamp) in new.iter().zip(stamps.clone()) {
            let signatures = self.signatures(draft.event.id, &draft.bytes)?;
            leaves.push(leaf::splice_signed(&draft.bytes, stamp, &signatures).map_err(LedgerError::Leaf)?);
        }
        let entry = |((draft, recorded_at), at): ((Draft, Instant), u64)| Entry {
            index: Index(size.0 + at),
            recorded_at,
            event: draft.event,
        };
        frame.entries.extend(new.into_iter().zip(stamps).zip(0..).map(entry));
        frame.leaves.append(&mut leaves);
        Ok(asked)
    }

    /// Makes a frame durable and adds its entries to the tables. Returns the index, time stamp and leaf hash of each entry.
    pub(super) fn write(&mut self, frame: Frame) -> Result<Vec<(Index, Instant, Hash)>, LedgerError> {
        let Some(first) = frame.entries.first().map(|entry| entry.index) else { return Ok(Vec::new()) };
        self.log().check_signable()?;
        let leaves: Vec<&[u8]> = frame.leaves.iter().map(Vec::as_slice).collect();
        match self.log().append(first.0, &leaves) {
            Append::Done { .. } => {}
            // The lock admits one writer, so another size means that this writer was bypassed.
            Append::Conflict { actual } => {
                return Err(LedgerError::Size { expected: Size(first.0), actual: Size(actual) });
            }
            Append::Unknown(source) => {
                let ids = frame.entries.iter().map(|entry| entry.event.id).collect();
                return Err(LedgerError::Unsettled { source, ids });
            }
            Append::Refused(error) => return Err(LedgerError::NotRecorded(error)),
        }
        let hashes = self.log().appended_hashes();
        let made = frame.entries.iter().zip(&hashes);
        let made = made.map(|(entry, hash)| (entry.index, entry.recorded_at, *hash)).collect();
        self.learn(frame.entries, hashes)?;
        Ok(made)
    }

    /// The receipts of a batch. `made` gives the new entries of the batch, in order; `tree` is the tree before them, and grows by
    /// them.
    pub(super) fn receipts(
        &self,
        asked: &[Asked],
        made: &mut dyn Iterator<Item = (Index, Instant, Hash)>,
        tree: &mut Frontier,
    ) -> Result<Vec<Receipt>, LedgerError> {
        let mut receipts = Vec::with_capacity(asked.len());
        for (id, recorded) in asked {
            if let Some(index) = recorded {
                receipts.push(self.first_receipt(*index, *id)?);
            } else if let Some((index, recorded_at, leaf_hash)) = made.next() {
                tree.push(leaf_hash);
                let (size, root) = (Size(index.0 + 1), tree.root());
                let id = *id;
                receipts.push(Receipt { index, size, id, recorded_at, leaf_hash, root, repeated: false });
            }
        }
        Ok(receipts)
    }

    /// The time stamp of the last entry.
    pub(super) fn last_recorded(&mut self) -> Result<Option<Instant>, LedgerError> {
        if self.last_recorded.is_none() {
            let last = self.size().0.checked_sub(1).map(|last| self.entry(Index(last))).transpose()?;
            self.last_recorded = last.map(|entry| entry.recorded_at);
        }
        Ok(self.last_recorded)
    }

    /// True if the clock is so far ahead of the last entry that it is probably wrong: an entry recorded now would force all later
    /// entries to be stamped after that time.
    ///
    /// # Errors
    /// [`LedgerError`] if the last entry cannot be read.
    pub fn clock_far_ahead(&mut self, now: Instant) -> Result<bool, LedgerError> {
        let last = self.last_recorded()?;
        let bound = last.map_or(FAR_FROM_NOTHING, |last| last.micros().saturating_add(FAR_AHEAD));
        Ok(now.micros() > bound)
    }

    /// True if this writer has recorded an entry.
    pub fn has_recorded(&self) -> bool {
        self.appended > 0
    }

    /// Adds the entries that were just made durable to the tables.
    fn learn(&mut self, entries: Vec<Entry>, hashes: Vec<Hash>) -> Result<(), LedgerError> {
        let Some(last) = entries.last() else { return Ok(()) };
        self.last_recorded = Some(last.recorded_at);
        if let Some(register) = &mut self.register {
            for entry in entries.iter().filter(|e| e.event.body.is_ledger()) {
                Arc::make_mut(register).learn(entry.index, &entry.event);
            }
        }
        for entry in entries.iter().filter(|e| admit::touches_rules(&e.event)) {
            let body = &entry.event.body;
            let extended = |charter: &Arc<Charter>| charter.extends.as_ref() == Some(body);
            // An adoption bears only on its own body, and on the bodies whose charters extend its charter.
            match entry.event.act.kind() {
                ActKind::CharterAdopted if !self.rules.values().any(extended) => {
                    self.rules.remove(body);
                }
                ActKind::RecordCorrected | ActKind::EntryRetracted if !self.bears_on_rules(entry)? => {}
                _ => self.rules.clear(),
            }
        }
        self.fill_beside(&entries, &hashes);
        for (entry, hash) in entries.into_iter().zip(hashes) {
            self.record.add(entry, hash)?;
        }
        self.publish_if_large();
        Ok(())
    }

    /// True if a correction may change rules: it moves another entry, or corrects an act of a body alone.
    fn bears_on_rules(&self, correction: &Entry) -> Result<bool, LedgerError> {
        let mut event = Arc::clone(&correction.event);
        while event.corrects() {
            if event.moves_another() {
                return Ok(true);
            }
            match event.to.map(|to| self.find(to)).transpose()?.flatten() {
                Some(index) => event = self.entry(index)?.event,
                // The corrected entry is in the same batch.
                None => return Ok(true),
            }
        }
        Ok(event.participant.is_none())
    }
}

/// The stamp of the first of `count` entries, in microseconds, strictly after that of the last entry. If the clock went back by
/// more than the tolerance, the append is refused, unless the options accept the clock.
fn first_stamp(last: Option<Instant>, count: usize, options: &AppendOptions) -> Result<i64, LedgerError> {
    if let Some(last) = last
        && options.now.micros() < last.micros() - CLOCK_TOLERANCE
        && !options.accept_clock
        && count > 0
    {
        return Err(LedgerError::Clock { now: options.now, last });
    }
    let first = last.map_or(options.now.micros(), |last| options.now.micros().max(last.micros() + 1));
    let more = i64::try_from(count).unwrap_or(i64::MAX).saturating_sub(1);
    if count > 0 && first.saturating_add(more) > LAST_STAMP {
        return Err(LedgerError::ClockFull);
    }
    Ok(first)
}
