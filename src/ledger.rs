//! The one place where all parts meet: entries are admitted, made durable, indexed, and asked.

mod admit;
mod append;
mod behind;
mod certify;
mod consequence;
mod desk;
mod error;
mod held;
mod load;
mod parts;
mod places;
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
use crate::event::{BodyId, Entry, EventId, EventSignature, Index, Instant, Scope, Size};
use crate::index::EventIndex;
use crate::log::{Disk, Entries, Hash, Holder, SigningKey, TornTail, leaf_hash};
use crate::query::{Charters, CheckpointRef, Material};
use crate::snapshot::Snapshot;

pub use admit::Draft;
pub use certify::Certifier;
pub use consequence::{Change, Consequences, Said};
pub use desk::Desk;
pub use error::LedgerError;
pub use held::Held;
pub use load::Loaded;
pub use parts::Part;
pub use published::{BodyRoster, Placed};
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
    entries: Arc<Entries>,
    index: source::Source,
    /// The snapshot at whose mark the log was opened, until the first question.
    snapshot: Option<Snapshot>,
    /// What was published, with the entries after it: asked before the index.
    model: Option<Box<published::ReadModel>>,
    charters: Arc<Charters>,
    rules: HashMap<BodyId, Arc<Charter>>,
    rule_entries: Option<rules::RuleEntries>,
    loaded: std::cell::RefCell<HashMap<Scope, Arc<Vec<Entry>>>>,
    places: places::Known,
    /// What was read while events were judged that name it.
    met: std::cell::RefCell<places::Met>,
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
        ledger.keep(snapshot);
        Ok(ledger)
    }

    /// Opens for appending.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn open_writer(path: &Path, holder: &Holder, disk: Disk) -> Result<Ledger, LedgerError> {
        let snapshot = Snapshot::open(path);
        let mark = snapshot.as_ref().and_then(Snapshot::mark);
        let mut ledger = Ledger::with(path, Entries::open_writer_at(path, holder, disk, mark)?)?;
        ledger.keep(snapshot);
        ledger.index = source::Source::for_writer(path, &ledger.entries)?;
        ledger.demands = true;
        Ok(ledger)
    }

    /// Keeps a snapshot for the first question, where the log was opened at its mark.
    fn keep(&mut self, snapshot: Option<Snapshot>) {
        self.snapshot = snapshot.filter(|known| self.entries.opened_at() == Some(known.size()));
    }

    fn with(path: &Path, entries: Entries) -> Result<Ledger, LedgerError> {
        let places = places::Known::since(Size(entries.frontier().size()));
        Ok(Ledger {
            path: path.to_owned(),
            entries: Arc::new(entries),
            index: source::Source::Unopened,
            snapshot: None,
            model: None,
            charters: Arc::default(),
            rules: HashMap::new(),
            rule_entries: None,
            loaded: std::cell::RefCell::default(),
            places,
            met: std::cell::RefCell::default(),
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
    pub fn material(&self, loaded: &Loaded, size: Size) -> Result<Material, LedgerError> {
        Ok(Material {
            entries: loaded.shared(),
            checkpoint: self.head(size)?,
            charters: Arc::clone(&self.charters),
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
        let place = self.model.as_ref().and_then(|model| model.place(&self.entries, index));
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
        if let Some(entry) = self.met.borrow().at(index) {
            return Ok(entry.clone());
        }
        let entry = leaf::decode(&self.leaf(index)?, index)
            .map_err(|source: LeafError| LedgerError::Entry { index, source })?;
        self.meet(&entry);
        Ok(entry)
    }

    /// Writes the head of the log and brings the index to disk. Dropping a ledger without it loses nothing.
    ///
    /// # Errors
    /// [`LedgerError::Log`] where the head cannot be written.
    pub fn close(mut self) -> Result<(), LedgerError> {
        let size = Size(self.entries.frontier().size());
        let head = match self.index.completeness(size)? {
            Some((groups, root)) => self.entries.head(size.0)?.with_completeness(groups, root),
            None => self.full_head(size)?,
        };
        self.index.ask(EventIndex::flush)?;
        self.write_head(head)?;
        self.let_go();
        // Nothing depends on a snapshot: where none can be put in place, questions read what they read before.
        let _ = self.publish_snapshot(&mut |_| {});
        Ok(())
    }

    /// Closes the index and forgets what appends are judged by, which may be much: a snapshot is made of the log alone.
    fn let_go(&mut self) {
        self.index = source::Source::Entries;
        self.places = places::Known::since(self.size());
        (self.model, self.rule_entries) = (None, None);
        self.rules.clear();
        self.loaded.borrow_mut().clear();
        self.met.take();
    }

    /// Builds the index anew from the entries, telling `progress` how many are in it.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn rebuild(&mut self, progress: &mut dyn FnMut(u64)) -> Result<Size, LedgerError> {
        self.index.check()?;
        // The one that follows this writer is closed before another takes its place.
        self.index = source::Source::Entries;
        let mut index = EventIndex::create(&self.path, self.origin(), INDEX_DEADLINE)?;
        source::fill(&mut index, &self.entries, Size(self.entries.frontier().size()), progress)?;
        index.complete()?;
        self.index = source::Source::Index(Box::new(index));
        Ok(self.size())
    }
}
