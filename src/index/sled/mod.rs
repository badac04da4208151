//! The index in sled: the entries themselves in bincode, and the tables. Writers open it; questions never do.
//!
//! Entries are kept in *runs* of up to 1,024, each in two values: the data from which a status may follow, and the words. The
//! tables are kept in *levels* of pages: each batch becomes a level and absorbs the last levels that are not much larger, so
//! that a table of any size grows at little cost. A value is the values of its key in all levels, one after another. The head
//! records the number of entries in each run and the number of levels: sled is known to lose its tail in silence, and a hole
//! shows that. An index that is old but whole is merely behind. The evidence is `entries/`, so sled is flushed but never
//! relied on to be durable.

mod folder;
mod guard;
mod head;
mod page;
mod run;
pub(super) mod shelf;
mod store;
#[cfg(test)]
mod tests;
mod value;
mod words;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::event::{Entry, Index, Size};
use crate::log::Hash;

use super::container::Stored;
use super::{IndexError, Tables};

pub use folder::Stated;

use guard::{Asked, Guarded};
use head::Head;
use run::RUN_ENTRIES;
use shelf::Shelf;
use store::Store;

/// The number of entries put into sled at once during a long fill.
const BATCH_ENTRIES: usize = 4 * RUN_ENTRIES;
/// During a long fill the tables are put into sled once per this number of entries.
const LEVEL_ENTRIES: u64 = 1 << 16;
/// The number of batches after which sled is asked to write out, since it keeps the rest in memory.
const UNFLUSHED_MAX: usize = 8;

/// The index of a record in sled, in one generation, with the last entries in memory until they are put there.
pub struct SledIndex {
    store: Arc<Guarded<Store>>,
    ledger: PathBuf,
    tables: Tables,
    /// The entries in the tail of the tables that sled does not have yet.
    pending: Vec<Entry>,
    last: Option<Hash>,
    head: Head,
    /// The last transaction, until its result is known.
    writing: Mutex<Option<Asked<()>>>,
    /// The number of batches with tables since sled was last asked to write out.
    unflushed: usize,
    is_complete: bool,
}

impl SledIndex {
    /// Opens the newest complete generation under `<ledger>/sled`; never makes one.
    ///
    /// # Errors
    /// [`IndexError`]: `Absent` if there is none, `Busy` if another process has it open, `Damaged` also if it is of another
    /// log or an earlier schema, `TimedOut` if sled does not answer, `ReadOnly` if the folder cannot be written to.
    pub fn open(ledger: &Path, origin: &str, deadline: Duration) -> Result<SledIndex, IndexError> {
        let folder = folder::newest(ledger).ok_or_else(|| IndexError::Absent(ledger.join("sled")))?;
        let store = start(&folder, deadline)?;
        let head = store.run(|store| Ok(store.head.clone()))?;
        let head = head.ok_or_else(|| store.damaged("it has no head".into()))?;
        if head.origin != origin {
            return Err(store.damaged(format!("it is of another log, {}", head.origin)));
        }
        SledIndex::of(store, ledger, head, true)
    }

    /// Begins a new, empty generation. It replaces older ones when it is [complete](Self::complete).
    ///
    /// # Errors
    /// [`IndexError::ReadOnly`] if no folder can be made; the errors of opening sled.
    pub fn create(ledger: &Path, origin: &str, deadline: Duration) -> Result<SledIndex, IndexError> {
        let made = folder::make_next(ledger);
        let folder =
            made.map_err(|e| IndexError::ReadOnly { path: ledger.join("sled"), said: e.to_string() })?;
        let begun = start(&folder, deadline)
            .and_then(|store| SledIndex::of(store, ledger, Head::empty(origin), false));
        if begun.is_err() {
            // A generation that could not be begun is useless.
            let _ = std::fs::remove_dir_all(&folder);
        }
        begun
    }

    fn of(
        store: Guarded<Store>,
        ledger: &Path,
        head: Head,
        is_complete: bool,
    ) -> Result<SledIndex, IndexError> {
        let tree = head.tree().ok_or_else(|| store.damaged("its tree does not fit its size".into()))?;
        let store = Arc::new(store);
        let shelf = Shelf { store: Arc::clone(&store), tree };
        Ok(SledIndex {
            store,
            ledger: ledger.to_owned(),
            tables: Tables::over(Stored::Sled(Arc::new(shelf))),
            pending: Vec::new(),
            last: head.last.map(Hash),
            head,
            writing: Mutex::new(None),
            unflushed: 0,
            is_complete,
        })
    }

    /// The size and last leaf of the newest complete generation, read from the file `head` without opening sled.
    pub fn stated(ledger: &Path, origin: &str) -> Stated {
        folder::stated(ledger, origin)
    }

    /// The tables over all its entries. Use them only beside the index: lookups in a clone fail once more entries were put
    /// into sled.
    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    /// The number of entries that it covers, including those that are not in sled yet.
    pub fn size(&self) -> Size {
        self.tables.size()
    }

    /// The RFC 6962 hash of its last leaf.
    pub fn last_leaf_hash(&self) -> Option<Hash> {
        self.last
    }

    /// Adds the next entry, with the hash of its leaf. `read` returns earlier entries: those that a correction is about. The
    /// entry stays in memory until there are many; the next writer brings an index that is behind up to date from the log.
    ///
    /// # Errors
    /// Those of [`Tables::push`]; an error of sled, possibly from an earlier call.
    pub fn push<E: From<IndexError>>(
        &mut self,
        entry: &Entry,
        leaf: Hash,
        read: &dyn Fn(Index) -> Result<Entry, E>,
    ) -> Result<(), E> {
        self.tables.push(entry, leaf, read)?;
        self.pending.push(entry.clone());
        self.last = Some(leaf);
        if self.tables.tail_entries() >= LEVEL_ENTRIES {
            self.put()?;
        } else if self.pending.len() >= BATCH_ENTRIES {
            self.put_ahead()?;
        }
        Ok(())
    }

    /// Hands the last entries to sled, before their additions to the tables.
    fn put_ahead(&mut self) -> Result<(), IndexError> {
        self.settle()?;
        let entries = std::mem::take(&mut self.pending);
        let asked = self.store.begin(move |store| store.put_ahead(&entries))?;
        *self.writing.get_mut().unwrap_or_else(PoisonError::into_inner) = Some(asked);
        Ok(())
    }

    /// Hands the last entries and the tail of the tables to sled, which writes them in its own thread.
    fn put(&mut self) -> Result<(), IndexError> {
        if self.tables.tail_entries() == 0 {
            return Ok(());
        }
        self.settle()?;
        let head = self.head.at(self.tables.tree(), self.last);
        let added = self.tables.added(&[]).into_iter();
        let added = added.map(|(key, value)| (key.to_vec(), value.into_owned())).collect();
        let entries = std::mem::take(&mut self.pending);
        self.unflushed += 1;
        let flush = self.unflushed >= UNFLUSHED_MAX;
        if flush {
            self.unflushed = 0;
        }
        let (next, folder) = (head.clone(), self.store.path().to_owned());
        // The writer does not wait for sled: requests are answered in order, and this result is read before the next request.
        let asked = self.store.begin(move |store| {
            store.put(entries, added, next)?;
            if let Some(head) = &store.head {
                folder::state(&folder, head);
            }
            if flush { Ok(store.db.flush().map(|_| ())?) } else { Ok(()) }
        })?;
        *self.writing.get_mut().unwrap_or_else(PoisonError::into_inner) = Some(asked);
        self.head = head;
        let shelf = Shelf { store: Arc::clone(&self.store), tree: self.tables.tree().clone() };
        self.tables = Tables::over(Stored::Sled(Arc::new(shelf)));
        Ok(())
    }

    /// Waits for the last transaction.
    fn settle(&self) -> Result<(), IndexError> {
        let writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner).take();
        writing.map_or(Ok(()), |asked| self.store.end(asked))
    }

    /// Puts all entries into sled and hands them to the operating system.
    ///
    /// # Errors
    /// [`IndexError`] if sled fails.
    pub fn flush(&mut self) -> Result<(), IndexError> {
        self.put()?;
        self.settle()?;
        self.unflushed = 0;
        // This does not make the index durable: sled 0.34 only calls sync_file_range. The evidence is elsewhere.
        self.store.run(|store| Ok(store.db.flush().map(|_| ())?))
    }

    /// Declares the generation complete and removes older ones.
    ///
    /// # Errors
    /// [`IndexError`] if sled fails; [`IndexError::ReadOnly`] if the folder cannot be written to.
    pub fn complete(&mut self) -> Result<(), IndexError> {
        if self.is_complete {
            return Ok(());
        }
        if self.size() == Size(0) {
            let head = self.head.clone();
            self.store.run(move |store| store.put(Vec::new(), store::Pairs::new(), head))?;
        }
        self.flush()?;
        let folder = self.store.path();
        folder::complete(&self.ledger, folder)
            .map_err(|e| IndexError::ReadOnly { path: folder.to_owned(), said: e.to_string() })?;
        self.is_complete = true;
        Ok(())
    }

    /// Withdraws the mark "complete" from a generation that turned out to be damaged, so that it is not opened again and the
    /// next writer makes a new one.
    pub fn condemn(&self) {
        folder::condemn(self.store.path());
    }

    /// Removes this generation unless it is complete.
    pub fn discard(self) {
        let folder = self.store.path().to_owned();
        if !self.is_complete {
            drop(self);
            let _ = std::fs::remove_dir_all(folder);
        }
    }

    /// The first entry and the number of entries of each run in sled; [`SledIndex::status_entries`] reads one of them. The
    /// entries after the last run are [pending](SledIndex::pending).
    ///
    /// # Errors
    /// [`IndexError`] if sled fails.
    pub fn runs(&self) -> Result<Vec<(Index, u64)>, IndexError> {
        let spans = self.store.run(|store| Ok(store.spans()))?;
        Ok(spans.into_iter().map(|(first, count)| (Index(first), count)).collect())
    }

    /// The entries that are not in sled yet.
    pub fn pending(&self) -> &[Entry] {
        &self.pending
    }

    /// The entries of a run; acts without a payload lack their words: title, place, note, recorder and evidence. Several
    /// threads may ask at once; each decodes its own run.
    ///
    /// # Errors
    /// [`IndexError`] if sled fails or the run is damaged.
    pub fn status_entries(&self, run: (Index, u64)) -> Result<Vec<Entry>, IndexError> {
        let (Index(first), count) = run;
        let events = self.store.run(move |store| store.events(first))?;
        store::read_run(first, count, &events, None).map_err(|what| self.store.damaged(what))
    }
}

impl Drop for SledIndex {
    /// If this fails, the index is behind, and the next writer brings it up to date.
    fn drop(&mut self) {
        let _ = self.put().and_then(|()| self.settle());
    }
}

fn start(folder: &Path, deadline: Duration) -> Result<Guarded<Store>, IndexError> {
    // sled opens its files itself, and would wait for a pipe in the place of one.
    if let Some(path) = folder::irregular(folder) {
        return Err(IndexError::Damaged { path, what: "it is neither a file nor a folder".into() });
    }
    let path = folder.to_owned();
    Guarded::start(folder, deadline, move || Store::open(&path))
}
