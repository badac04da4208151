//! Joins all parts of a ledger: a [`Writer`] admits entries, makes them durable and indexes them; a [`Reading`] answers questions.

mod admit;
mod answers;
mod append;
mod batch;
mod certify;
mod consequence;
mod error;
mod filler;
mod follower;
mod group_commit;
mod head;
mod held;
mod kept_map;
mod lookup;
mod prove;
mod proven;
mod publish;
mod publishing;
mod reading;
mod recent;
mod record;
mod recorder_error;
mod recorders;
mod register;
mod replay;
mod rotate;
mod rows;
mod sled;
mod suppose;
mod upkeep;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use crate::charter::Charter;
use crate::event::{BodyId, Entry, EventId, EventSignature, Index, Instant, Size};
use crate::index::Tables;
use crate::log::{Disk, Entries, Hash, Holder, SigningKey, TornTail, VerifierKey, leaf_hash, verifier_key};

pub use admit::Draft;
pub use append::Trial;
pub use consequence::{Consequences, Said, StatusChange};
pub use error::LedgerError;
pub use follower::Follower;
pub use group_commit::GroupCommit;
pub use held::RecordedRows;
pub use reading::Reading;
pub use recorder_error::RecorderError;
pub use recorders::Attested;
pub use register::{Recorder, Recorders, recorder_name};
pub use replay::{Tally, entries_of_leaves, replay};
pub use rotate::Rotated;

use filler::Filling;
use head::Pace;
use publishing::Publishing;
use reading::Stores;
use record::Record;

/// A ledger, open for appending: events are admitted, made durable, and indexed. The writer has the lock until it is dropped or
/// closed. [`Writer::reading`] gives the recorded entries to read.
pub struct Writer {
    record: Record,
    /// The stores that readings of this writer share, made for the first reading.
    stores: OnceLock<Arc<Stores>>,
    /// The rules of bodies; the rules of a body are removed when an entry that may change them is appended.
    rules: HashMap<BodyId, Arc<Charter>>,
    last_recorded: Option<Instant>,
    register: Option<Arc<Recorders>>,
    /// The keys that sign every event appended.
    signers: Vec<SigningKey>,
    /// Signatures that came with events.
    offered: HashMap<EventId, Vec<EventSignature>>,
    /// True if required signatures must be present; false in a dry run.
    demands: bool,
    /// The number of entries that this writer has recorded.
    appended: u64,
    filling: Filling,
    publishing: Option<Publishing>,
    pace: Pace,
}

/// Proof that an entry is recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// The index of the entry.
    pub index: Index,
    /// The size of the log up to and including the entry.
    pub size: Size,
    /// The id of the event.
    pub id: EventId,
    /// The time stamp of the entry.
    pub recorded_at: Instant,
    /// The RFC 6962 hash of the leaf.
    pub leaf_hash: Hash,
    /// The RFC 6962 root over the first `size` entries, so that a retry gives the same one.
    pub root: Hash,
    /// True if the event had already been recorded: a retry.
    pub repeated: bool,
}

/// Options of an append.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AppendOptions {
    /// The time on the machine's clock.
    pub now: Instant,
    /// If given, the append is refused unless the log has exactly this size.
    pub expect_size: Option<Size>,
    /// If true, the append is made although the clock is behind the last entry.
    pub accept_clock: bool,
}

impl Writer {
    /// Makes an empty ledger in the folder `path`; `origin` is the name of its log.
    ///
    /// # Errors
    /// [`LedgerError::Log`].
    pub fn create(path: &Path, origin: &str, disk: &Disk) -> Result<(), LedgerError> {
        Ok(Entries::create(path, origin, disk)?)
    }

    /// Opens a ledger for appending.
    ///
    /// # Errors
    /// [`LedgerError`]; [`LedgerError::Log`] with [`KeyError::Unheaded`](crate::log::KeyError::Unheaded) if the log has a key and
    /// entries, and no head signed with that key: signing a new head would vouch for every entry in the folder.
    pub fn open(path: &Path, holder: &Holder, disk: Disk) -> Result<Writer, LedgerError> {
        let writer = Writer::open_unheaded(path, holder, disk)?;
        writer.record.check_headed()?;
        Ok(writer)
    }

    /// Opens a ledger for appending, for a caller that vouches for every entry in the folder, even if no head covers it.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn open_unheaded(path: &Path, holder: &Holder, disk: Disk) -> Result<Writer, LedgerError> {
        let published = published(path, &[])?;
        let mark = published.as_ref().and_then(Tables::mark);
        let log = Entries::open_writer_at(path, holder, disk, mark)?;
        sled::check(path, &log)?;
        let mut writer = Writer::of_record(Record::new(path, log, published)?, OnceLock::new());
        writer.demands = true;
        Ok(writer)
    }

    /// Opens a ledger for judging only: this takes no lock, needs no right to write, and requires no signatures. The writer
    /// reports the changes that an append would make; the append itself is refused.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn dry_run(path: &Path) -> Result<Writer, LedgerError> {
        Ok(Writer::of_record(Record::open(path, &[])?, OnceLock::new()))
    }

    fn of_record(record: Record, stores: OnceLock<Arc<Stores>>) -> Writer {
        Writer {
            record,
            stores,
            rules: HashMap::new(),
            last_recorded: None,
            register: None,
            signers: Vec::new(),
            offered: HashMap::new(),
            demands: false,
            appended: 0,
            filling: Filling::default(),
            publishing: None,
            pace: Pace::default(),
        }
    }

    /// The folder of the ledger.
    pub fn path(&self) -> &Path {
        self.record.path()
    }

    /// The name of the log.
    pub fn origin(&self) -> &str {
        self.log().origin()
    }

    /// The number of entries, including those that are only supposed.
    pub fn size(&self) -> Size {
        self.record.whole_size()
    }

    /// The log of the ledger.
    pub fn log(&self) -> &Entries {
        self.record.log()
    }

    /// The append that a crash had cut short and that opening cleared, if there was one.
    pub fn recovered(&self) -> Option<&TornTail> {
        self.log().recovered()
    }

    /// The receipt of an entry that was already recorded.
    fn first_receipt(&self, index: Index, id: EventId) -> Result<Receipt, LedgerError> {
        let leaf = self.record.leaf(index)?;
        let entry = record::decoded(&leaf, index)?;
        let size = Size(index.0 + 1);
        Ok(Receipt {
            index,
            size,
            id,
            recorded_at: entry.recorded_at,
            leaf_hash: leaf_hash(&leaf),
            root: self.record.root(size)?,
            repeated: true,
        })
    }

    /// An entry, decoded.
    ///
    /// # Errors
    /// [`LedgerError::NoEntry`] if the index is past the last entry.
    pub fn entry(&self, index: Index) -> Result<Entry, LedgerError> {
        self.record.entry(index)
    }

    /// The index of the entry that records an event; `None` if there is none.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn find(&self, id: EventId) -> Result<Option<Index>, LedgerError> {
        self.record.find(id)
    }

    /// Signs and writes the head of the log, and releases the lock. Then, if the indexes are many entries behind, brings them up
    /// to date, while another process may append. Dropping a writer without closing it loses no entry.
    ///
    /// # Errors
    /// [`LedgerError::Log`] if the head cannot be written.
    pub fn close(mut self) -> Result<(), LedgerError> {
        self.end_writing()?;
        self.keep_up();
        Ok(())
    }

    /// Signs and writes the head, and releases the lock.
    fn end_writing(&self) -> Result<(), LedgerError> {
        self.sign_while(&|| true)?;
        self.log().release();
        Ok(())
    }
}

impl Record {
    /// Opens a ledger for reading only: this takes no lock and writes nothing. If keys are given, only the entries under a head
    /// that one of them signed are read.
    ///
    /// # Errors
    /// [`LedgerError`]; [`LedgerError::Log`] with [`LogError::Untrusted`](crate::log::LogError::Untrusted) if keys are given and
    /// none of them signed the head.
    fn open(path: &Path, keys: &[VerifierKey]) -> Result<Record, LedgerError> {
        let published = published(path, keys)?;
        let log = Entries::open_reader_at(path, published.as_ref().and_then(Tables::mark), keys)?;
        sled::check(path, &log)?;
        Record::new(path, log, published)
    }
}

/// The published index of a ledger. If keys are given, one of them must have signed it; otherwise the log's key, if the log has
/// one.
///
/// # Errors
/// [`LedgerError::Log`] if the log's key is needed and cannot be read: an index whose signature was not verified decides no answer.
fn published(path: &Path, keys: &[VerifierKey]) -> Result<Option<Tables>, LedgerError> {
    let Ok(origin) = crate::log::origin(path) else { return Ok(None) };
    let signed_by = |key: &VerifierKey| Tables::published(path, &origin, Some(key));
    Ok(match keys {
        [] => Tables::published(path, &origin, verifier_key(path)?.as_ref()),
        keys => keys.iter().find_map(signed_by),
    })
}
