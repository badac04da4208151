//! The one place where all parts meet: entries are admitted, made durable, indexed, and asked.

mod admit;
mod certify;
mod consequence;
mod error;
mod held;
mod load;
mod parts;
mod prove;
mod published;
mod reach;
mod recorder_error;
mod recorders;
mod register;
mod replay;
mod rotate;
mod rules;
mod source;
mod suppose;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::charter::Charter;
use crate::event::leaf::{self, LeafError};
use crate::event::{ActKind, BodyId, Entry, Event, EventId, EventSignature, Index, Instant, Scope, Size};
use crate::index::EventIndex;
use crate::log::{Append, Disk, Entries, Hash, Holder, LogEngine, SigningKey, TornTail, leaf_hash};
use crate::query::{Charters, CheckpointRef, Material};
use crate::snapshot::Snapshot;

pub use admit::Draft;
pub use certify::Certifier;
pub use consequence::{Change, Consequences, Said};
pub use error::LedgerError;
pub use held::Held;
pub use load::Loaded;
pub use parts::Part;
pub use published::Placed;
pub use recorder_error::RecorderError;
pub use recorders::Attested;
pub use register::{Recorder, Register, recorder_name};
pub use replay::{Tally, replay};
pub use rotate::Rotated;

/// A ledger, open for reading or for writing.
///
/// Readers take no lock and need no right to write. A writer holds the lock until it is dropped or closed.
pub struct Ledger {
    path: PathBuf,
    entries: Entries,
    index: source::Source,
    /// The snapshot at whose mark the log was opened, until the first question.
    snapshot: Option<Snapshot>,
    charters: Charters,
    rules: HashMap<BodyId, Arc<Charter>>,
    rule_entries: Option<rules::RuleEntries>,
    loaded: std::cell::RefCell<HashMap<Scope, Arc<Vec<Entry>>>>,
    ids: Option<HashMap<EventId, Index>>,
    last_recorded: Option<Instant>,
    supposed: Vec<Entry>,
    register: Option<Arc<Register>>,
    /// Who signs what is appended.
    signers: Vec<SigningKey>,
    /// Signatures that came with events.
    offered: HashMap<EventId, Vec<EventSignature>>,
    /// Whether signatures that are asked for must be there: for whoever writes.
    demands: bool,
}

/// Proof that an entry is recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// Its place in the log.
    pub index: Index,
    /// The size of the log with it.
    pub size: Size,
    /// Its name.
    pub id: EventId,
    /// When it was recorded.
    pub recorded_at: Instant,
    /// The RFC 6962 hash of its leaf.
    pub leaf_hash: Hash,
    /// The RFC 6962 root over the first `size` entries, so that a retry gives the same one.
    pub root: Hash,
    /// Whether it had been recorded before: a retry.
    pub repeated: bool,
}

/// How an append is to be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AppendOptions {
    /// The machine's clock.
    pub now: Instant,
    /// Refuse unless the log has exactly this size.
    pub expect_size: Option<Size>,
    /// Go on although the clock is behind the last entry.
    pub accept_clock: bool,
}

/// What `--as-recorded` names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Recorded {
    /// Everything.
    All,
    /// The first so many entries.
    Size(Size),
    /// The entries stamped then or earlier.
    Time(Instant),
}

/// How long opening or reading the index may take before the entries are read instead.
const INDEX_DEADLINE: Duration = Duration::from_secs(5);

/// How far behind its last entry a clock may be before an append is refused, in microseconds.
const CLOCK_TOLERANCE: i64 = 1_000_000;

impl Ledger {
    /// Makes an empty ledger in a folder.
    ///
    /// # Errors
    /// [`LedgerError::Log`].
    pub fn create(path: &Path, origin: &str, disk: &Disk) -> Result<(), LedgerError> {
        Ok(Entries::create(path, origin, disk)?)
    }

    /// Opens for questions and audits; also on a read-only copy and beside a writer.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn open_reader(path: &Path) -> Result<Ledger, LedgerError> {
        let snapshot = Snapshot::open(path);
        let entries = Entries::open_reader_at(path, snapshot.as_ref().and_then(Snapshot::mark))?;
        let mut ledger = Ledger::with(path, entries)?;
        ledger.snapshot = snapshot.filter(|known| ledger.entries.opened_at() == Some(known.size()));
        Ok(ledger)
    }

    /// Opens for appending.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn open_writer(path: &Path, holder: &Holder, disk: Disk) -> Result<Ledger, LedgerError> {
        let mut ledger = Ledger::with(path, Entries::open_writer(path, holder, disk)?)?;
        ledger.index = source::Source::for_writer(path, &ledger.entries)?;
        ledger.demands = true;
        Ok(ledger)
    }

    fn with(path: &Path, entries: Entries) -> Result<Ledger, LedgerError> {
        Ok(Ledger {
            path: path.to_owned(),
            entries,
            index: source::Source::Unopened,
            snapshot: None,
            charters: Charters::default(),
            rules: HashMap::new(),
            rule_entries: None,
            loaded: std::cell::RefCell::default(),
            ids: None,
            last_recorded: None,
            supposed: Vec::new(),
            register: None,
            signers: Vec::new(),
            offered: HashMap::new(),
            demands: false,
        })
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The log's name.
    pub fn origin(&self) -> &str {
        self.entries.origin()
    }

    /// How many entries it holds, those that are only supposed among them.
    pub fn size(&self) -> Size {
        Size(self.entries.frontier().size() + self.supposed.len() as u64)
    }

    /// The log itself.
    pub fn log(&self) -> &Entries {
        &self.entries
    }

    /// An append that a crash had cut short and that opening cleared.
    pub fn recovered(&self) -> Option<&TornTail> {
        self.entries.recovered()
    }

    /// The head of the first `size` entries; of what is supposed there is none.
    ///
    /// # Errors
    /// [`LedgerError::Log`] for a size beyond the log.
    pub fn head(&self, size: Size) -> Result<CheckpointRef, LedgerError> {
        let size = self.recorded_of(size);
        Ok(CheckpointRef { size, root: self.entries.root(size.0)?.to_string() })
    }

    /// What the entries of a scope give to a question, up to `size`.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn material<'a>(&'a self, loaded: &'a Loaded, size: Size) -> Result<Material<'a>, LedgerError> {
        Ok(Material {
            entries: loaded.entries(),
            checkpoint: self.head(size)?,
            charters: &self.charters,
            scope: loaded.scope().clone(),
        })
    }

    /// How many entries `--as-recorded` names.
    ///
    /// # Errors
    /// [`LedgerError::Log`] for a size beyond the log.
    pub fn recorded(&self, recorded: Recorded) -> Result<Size, LedgerError> {
        let size = self.size();
        match recorded {
            Recorded::All => Ok(size),
            Recorded::Size(asked) if asked <= size => Ok(asked),
            Recorded::Size(asked) => Err(LedgerError::BeyondSize { asked, size }),
            Recorded::Time(until) => self.size_at(until),
        }
    }

    /// Appends events: all of them or none, each durable before this returns.
    ///
    /// An event that is recorded already, with the same content, is a retry: it gives its first receipt again.
    ///
    /// # Errors
    /// [`LedgerError`]; nothing is recorded then, but for [`LedgerError::Unsettled`].
    pub fn append(
        &mut self,
        events: Vec<Event>,
        options: AppendOptions,
    ) -> Result<Vec<Receipt>, LedgerError> {
        let drafts = self.admit(events)?;
        let asked: Vec<(EventId, Option<Index>)> = drafts.iter().map(|d| (d.event.id, d.recorded)).collect();
        let mut tree = self.entries.frontier();
        let mut fresh = self.write_drafts(drafts, options)?.into_iter();
        let mut receipts = Vec::with_capacity(asked.len());
        for (id, recorded) in asked {
            if let Some(index) = recorded {
                receipts.push(self.first_receipt(index, id)?);
                continue;
            }
            let Some((index, recorded_at, leaf)) = fresh.next() else { continue };
            let leaf_hash = leaf_hash(&leaf);
            tree.push(leaf_hash);
            let (size, root) = (Size(index.0 + 1), tree.root());
            receipts.push(Receipt { index, size, id, recorded_at, leaf_hash, root, repeated: false });
        }
        Ok(receipts)
    }

    /// Appends events that were admitted since the last append, as [`Ledger::append`] does, without receipts. Gives the
    /// first and the last entry made; `None` where all were recorded before.
    ///
    /// # Errors
    /// As of [`Ledger::append`].
    pub fn record(
        &mut self,
        drafts: Vec<Draft>,
        options: AppendOptions,
    ) -> Result<Option<(Index, Index)>, LedgerError> {
        let written = self.write_drafts(drafts, options)?;
        Ok(written.first().zip(written.last()).map(|((first, ..), (last, ..))| (*first, *last)))
    }

    /// Makes the drafts durable that are not recorded yet, and learns them.
    fn write_drafts(
        &mut self,
        drafts: Vec<Draft>,
        options: AppendOptions,
    ) -> Result<Vec<(Index, Instant, Vec<u8>)>, LedgerError> {
        let new: Vec<Draft> = drafts.into_iter().filter(|d| d.recorded.is_none()).collect();
        let size = self.size();
        if let Some(expected) = options.expect_size.filter(|expected| *expected != size && !new.is_empty()) {
            return Err(LedgerError::Size { expected, actual: size });
        }
        let stamps = self.stamps(new.len(), &options)?;
        let mut leaves = Vec::with_capacity(new.len());
        for (draft, stamp) in new.iter().zip(&stamps) {
            let signatures = self.signatures(draft.event.id, &draft.bytes)?;
            leaves.push(leaf::splice_signed(&draft.bytes, *stamp, &signatures).map_err(LedgerError::Leaf)?);
        }
        let written: Vec<&[u8]> = leaves.iter().map(Vec::as_slice).collect();
        self.write(size, &written, new.iter().map(|draft| draft.event.id).collect())?;
        let entry = |((draft, stamp), at): ((Draft, &Instant), u64)| Entry {
            index: Index(size.0 + at),
            recorded_at: *stamp,
            event: Arc::unwrap_or_clone(draft.event),
        };
        let appended: Vec<Entry> = new.into_iter().zip(&stamps).zip(0..).map(entry).collect();
        self.learn(&appended);
        let made = appended.iter().zip(leaves);
        Ok(made.map(|(entry, leaf)| (entry.index, entry.recorded_at, leaf)).collect())
    }

    /// Stamps strictly after the last entry's. A clock that went back is refused, not followed.
    fn stamps(&mut self, count: usize, options: &AppendOptions) -> Result<Vec<Instant>, LedgerError> {
        let last = match self.last_recorded {
            Some(last) => Some(last),
            None => self.last_stamp()?,
        };
        if let Some(last) = last
            && options.now.micros() < last.micros() - CLOCK_TOLERANCE
            && !options.accept_clock
            && count > 0
        {
            return Err(LedgerError::Clock { now: options.now, last });
        }
        let first = last.map_or(options.now.micros(), |last| options.now.micros().max(last.micros() + 1));
        Ok((0..count as i64).map(|n| Instant::from_micros(first + n)).collect())
    }

    fn write(&self, size: Size, leaves: &[&[u8]], ids: Vec<EventId>) -> Result<(), LedgerError> {
        match self.entries.append(size.0, leaves) {
            Append::Done { .. } => Ok(()),
            // The lock admits one writer, so another size means that this handle was bypassed.
            Append::Conflict { actual } => Err(LedgerError::Size { expected: size, actual: Size(actual) }),
            Append::Unknown(source) => Err(LedgerError::Unsettled { source, ids }),
            Append::Refused(error) => Err(LedgerError::Log(error)),
        }
    }

    /// Keeps in memory and in the index what was just made durable.
    fn learn(&mut self, entries: &[Entry]) {
        let Some(last) = entries.last() else { return };
        self.last_recorded = Some(last.recorded_at);
        self.keep_rules(entries);
        if let Some(register) = &mut self.register {
            for entry in entries.iter().filter(|e| e.event.body.is_ledger()) {
                Arc::make_mut(register).learn(entry.index, &entry.event);
            }
        }
        if let Some(ids) = &mut self.ids {
            ids.extend(entries.iter().map(|e| (e.event.id, e.index)));
        }
        for entry in entries.iter().filter(|e| admit::touches_rules(&e.event)) {
            let body = &entry.event.body;
            let extended = |charter: &Arc<Charter>| charter.extends.as_ref() == Some(body);
            // An adoption bears on its own body alone, and on those that extend it.
            match entry.event.act.kind() {
                ActKind::CharterAdopted if !self.rules.values().any(extended) => {
                    self.rules.remove(body);
                }
                _ => self.rules.clear(),
            }
        }
        let (log, first, hashes) =
            (&self.entries, entries.first().map_or(0, |e| e.index.0), self.entries.appended_hashes());
        self.index.apply(entries, &|index| source::leaf_hash_in(log, first, &hashes, index));
    }

    /// The receipt of an entry that was recorded before.
    fn first_receipt(&self, index: Index, id: EventId) -> Result<Receipt, LedgerError> {
        let leaf = self.leaf(index)?;
        let entry = leaf::decode(&leaf, index).map_err(|source| LedgerError::Entry { index, source })?;
        let size = Size(index.0 + 1);
        Ok(Receipt {
            index,
            size,
            id,
            recorded_at: entry.recorded_at,
            leaf_hash: leaf_hash(&leaf),
            root: self.entries.root(size.0)?,
            repeated: true,
        })
    }

    /// The bytes of an entry, as recorded.
    ///
    /// # Errors
    /// [`LedgerError::NoEntry`] past the end.
    pub fn leaf(&self, index: Index) -> Result<Vec<u8>, LedgerError> {
        if !self.recorded_of(self.size()).holds(index) {
            return Err(LedgerError::NoEntry { index, size: self.size() });
        }
        let place = match &self.index {
            source::Source::Model(model) => model.place(index),
            _ => None,
        };
        Ok(self.entries.leaf_near(index.0, place)?)
    }

    /// An entry, decoded.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn entry(&self, index: Index) -> Result<Entry, LedgerError> {
        if let Some(entry) = self.supposed.iter().find(|e| e.index == index) {
            return Ok(entry.clone());
        }
        leaf::decode(&self.leaf(index)?, index)
            .map_err(|source: LeafError| LedgerError::Entry { index, source })
    }

    /// Writes the head of the log and brings the index to disk. Dropping a ledger without it loses nothing.
    ///
    /// # Errors
    /// [`LedgerError::Log`] where the head cannot be written.
    pub fn close(mut self) -> Result<(), LedgerError> {
        let size = Size(self.entries.frontier().size());
        let head = match self.index.completeness(size) {
            Some((groups, root)) => self.entries.head(size.0)?.with_completeness(groups, root),
            None => self.full_head(size)?,
        };
        self.index.flush();
        self.write_head(head)?;
        // Nothing depends on a snapshot: where none can be put in place, questions read what they read before.
        let _ = self.publish_snapshot(&mut |_| {});
        Ok(())
    }

    /// Builds the index anew from the entries, telling `progress` how many are in it.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn rebuild(&mut self, progress: &mut dyn FnMut(u64)) -> Result<Size, LedgerError> {
        let mut index = EventIndex::create(&self.path, self.origin(), INDEX_DEADLINE)?;
        source::fill(&mut index, &self.entries, progress)?;
        index.complete()?;
        self.index = source::Source::Index(Box::new(index));
        Ok(self.size())
    }
}
