//! sled: the event log in bincode with its lookups. Everything in it can be rebuilt from the log.
//!
//! Entries are kept in *runs*: consecutive entries under one key. Three trees hold the same runs — the events, their
//! postings (whose acts they are, in which body), their ids — and `meta` the head. Runs must join without a gap from 0 to
//! the size in the head: sled is known to lose its tail in silence, and a hole is how that is noticed. An index that is
//! old but whole is merely behind. The evidence is `entries/`, so sled is flushed but never relied on to be durable.

mod bearing;
mod error;
mod events;
mod filed;
mod guard;
mod lookup;
mod places;
mod postings;
mod run;
mod store;
mod stored;

#[cfg(test)]
mod tests;

use std::cell::OnceCell;
use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::event::{Entry, EventId, Index, Scope, Size};
use crate::log::Hash;

pub use error::IndexError;
pub use filed::FiledUnder;
pub use places::Places;
#[cfg(test)]
pub(crate) use store::SEGMENT_BYTES;
pub(crate) use stored::{pack_into, unpack};

use bearing::Corrections;
use events::{EventsRun, IdsRun};
use filed::{Groups, Known, Pair};
use guard::{Asked, Guarded};
use lookup::Lookup;
use postings::joined;
use run::{Head, PostingsRun, RunMeta, merge_span};
use store::{HEAD, NewRun, Store};

/// The event log in sled, of one generation.
pub struct EventIndex {
    store: Guarded<Store>,
    folder: PathBuf,
    ledger: PathBuf,
    /// What it holds, with the entries that are not in sled yet.
    head: Head,
    runs: Vec<RunMeta>,
    /// The last entries, fewer than a run: one transaction for many appends.
    pending: Vec<Entry>,
    /// Where the events are that were in sled when the first one was looked for; shared with whoever judges appends.
    ids: OnceCell<Places>,
    /// Where those are that were put into sled since.
    newer: HashMap<EventId, Index>,
    /// What each correction corrects; gathered for the first question.
    corrections: OnceCell<Corrections>,
    lookup: Lookup,
    /// What is filed.
    groups: Groups,
    /// How many transactions sled was not asked to write out.
    unflushed: usize,
    /// The last transaction, until it is known what became of it.
    writing: Option<Asked<()>>,
    complete: bool,
}

/// sled keeps in memory what it was not asked to write out.
const UNFLUSHED_MAX: usize = 32;

/// What an index says of itself before it is opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stated {
    /// There is none.
    Nothing,
    /// It has to be opened.
    Unknown,
    /// What it held when it was last written.
    Head {
        /// How many entries.
        size: Size,
        /// The RFC 6962 hash of the last leaf.
        last: Option<[u8; 32]>,
    },
}

/// What says that a generation holds everything that it was made for.
const COMPLETE: &str = "complete";
/// A copy of the head beside the files of sled, so that it is known before they are opened.
const HEAD_FILE: &str = "head";

impl EventIndex {
    /// Opens the newest complete generation under `<ledger>/sled`; never makes one.
    ///
    /// # Errors
    /// [`IndexError`]: `Absent`, `Busy` where another process has it, `Damaged`, `TimedOut`, `ReadOnly`.
    pub fn open(ledger: &Path, origin: &str, deadline: Duration) -> Result<EventIndex, IndexError> {
        let newest = generations(ledger).into_iter().rev().find(|folder| folder.join(COMPLETE).exists());
        let folder = newest.ok_or_else(|| IndexError::Absent(ledger.join("sled")))?;
        let store = start(&folder, deadline)?;
        let (head, postings) = store.run(|store| {
            let head = store.meta.get(HEAD)?.map(|v| v.to_vec());
            let runs = store.postings.iter().map(|pair| pair.map(|(k, v)| (k.to_vec(), v.to_vec())));
            Ok::<_, sled::Error>((head, runs.collect::<Result<Vec<Pair>, _>>()?))
        })?;
        let damaged = |what: String| IndexError::Damaged { path: folder.clone(), what };
        let head = head.ok_or_else(|| damaged("it has no head".into()))?;
        let head = Head::decode(&head).map_err(damaged)?;
        if head.origin != origin {
            return Err(damaged(format!("it is of another log, {}", head.origin)));
        }
        let runs = joined(postings, head.size).map_err(damaged)?;
        Ok(EventIndex::of(store, folder, ledger, head, runs, true))
    }

    fn of(
        store: Guarded<Store>,
        folder: PathBuf,
        ledger: &Path,
        head: Head,
        runs: Vec<RunMeta>,
        complete: bool,
    ) -> EventIndex {
        EventIndex {
            store,
            folder,
            ledger: ledger.to_owned(),
            groups: Groups::of(head.filed),
            head,
            runs,
            pending: Vec::new(),
            ids: OnceCell::new(),
            newer: HashMap::new(),
            corrections: OnceCell::new(),
            lookup: Lookup::default(),
            unflushed: 0,
            writing: None,
            complete,
        }
    }

    /// Begins a new, empty generation. It takes the place of older ones when it is [complete](Self::complete).
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn create(ledger: &Path, origin: &str, deadline: Duration) -> Result<EventIndex, IndexError> {
        let last = generations(ledger).last().and_then(|p| p.file_name()?.to_str()?.parse::<u64>().ok());
        let folder = ledger.join("sled").join(format!("{:06}", last.unwrap_or(0) + 1));
        std::fs::create_dir_all(&folder)
            .map_err(|e| IndexError::ReadOnly { path: folder.clone(), said: e.to_string() })?;
        let store = start(&folder, deadline)?;
        let head = Head { origin: origin.to_owned(), size: 0, last: None, filed: 0 };
        Ok(EventIndex::of(store, folder, ledger, head, Vec::new(), false))
    }

    /// How many entries it holds.
    pub fn size(&self) -> Size {
        Size(self.head.size)
    }

    /// The RFC 6962 hash of its last leaf.
    pub fn last_leaf_hash(&self) -> Option<[u8; 32]> {
        self.head.last
    }

    /// What the newest complete generation holds, as it stands beside it: nothing is opened.
    pub fn stated(ledger: &Path, origin: &str) -> Stated {
        let newest = generations(ledger).into_iter().rev().find(|folder| folder.join(COMPLETE).exists());
        let Some(folder) = newest else { return Stated::Nothing };
        let head = std::fs::read(folder.join(HEAD_FILE)).ok().and_then(|head| Head::decode(&head).ok());
        match head.filter(|head| head.origin == origin) {
            Some(head) => Stated::Head { size: Size(head.size), last: head.last },
            None => Stated::Unknown,
        }
    }

    /// Adds entries, which must follow on those it holds; `leaf` gives the RFC 6962 hash of any leaf up to the last of them.
    ///
    /// # Errors
    /// [`IndexError::Gap`] where they do not; what sled says, which may be said of an earlier call.
    pub fn apply(
        &mut self,
        entries: Vec<Entry>,
        leaf: &dyn Fn(Index) -> Option<Hash>,
    ) -> Result<(), IndexError> {
        self.apply_knowing(entries, &HashMap::new(), leaf)
    }

    /// The same where some recorded entries are at hand, by id: what they name need not be read again.
    ///
    /// # Errors
    /// As of [`EventIndex::apply`].
    pub fn apply_knowing(
        &mut self,
        entries: Vec<Entry>,
        known: &HashMap<EventId, Entry>,
        leaf: &dyn Fn(Index) -> Option<Hash>,
    ) -> Result<(), IndexError> {
        for (expected, entry) in (self.head.size..).zip(&entries) {
            if entry.index.0 != expected {
                return Err(IndexError::Gap { expected: Size(expected), found: entry.index });
            }
        }
        self.file_the_rest(leaf)?;
        let Some(last) = entries.last().map(|entry| entry.index) else { return Ok(()) };
        if entries.iter().any(|entry| entry.event.corrects()) {
            self.corrections()?;
        }
        let from = self.pending.len();
        match from {
            // Entries are large: where nothing waits they stay where they are.
            0 => self.pending = entries,
            _ => self.pending.extend(entries),
        }
        self.head.size = last.0 + 1;
        self.head.last = leaf(last).map(|hash| hash.0);
        let pending = std::mem::take(&mut self.pending);
        let filed = pending[from..].iter().try_for_each(|entry| {
            self.file(entry, &Known { known, pending: &pending }, leaf)?;
            if let Some(corrections) = self.corrections.get_mut() {
                corrections.add(entry);
            }
            Ok(())
        });
        self.pending = pending;
        filed?;
        // Whole runs alone, so that none of them has to be joined. Until then they are in memory, which loses nothing: the
        // evidence is in the log, and who opens an index that is behind catches it up.
        let count = self.pending.len() / run::RUN_ENTRIES * run::RUN_ENTRIES;
        let last = count.checked_sub(1).and_then(|at| self.pending.get(at)).and_then(|last| leaf(last.index));
        self.put_first(count, last.map(|hash| hash.0))
    }

    /// How many entries sled has, or is about to have.
    fn stored(&self) -> u64 {
        self.runs.last().map_or(0, |run| run.first + run.count)
    }

    /// Puts all of the last entries into sled.
    fn put_pending(&mut self) -> Result<(), IndexError> {
        self.put_first(self.pending.len(), self.head.last)
    }

    /// Puts so many of the last entries into sled; `last` is the hash of the last of these.
    fn put_first(&mut self, count: usize, last: Option<[u8; 32]>) -> Result<(), IndexError> {
        if count == 0 {
            return Ok(());
        }
        let size = self.head.size - (self.pending.len() - count) as u64;
        let head = Head { size, last, ..self.head.clone() };
        let mut metas = self.runs.clone();
        let mut gone = Vec::new();
        let mut new: Vec<EventsRun> = Vec::new();
        for part in self.pending[..count].chunks(run::RUN_ENTRIES) {
            let (events, postings) = run::build(part);
            metas.push(RunMeta::of(part.first().map_or(0, |e| e.index.0), &postings));
            new.push(events);
        }
        let mut first_new = self.runs.len();
        if let Some(span) = merge_span(&metas) {
            let (meta, events) = self.merged(&metas, span.clone(), &new)?;
            gone.extend(metas[span.clone()].iter().map(|m| m.first));
            new.truncate(span.start.saturating_sub(first_new));
            new.push(events);
            first_new = first_new.min(span.start);
            metas.splice(span, [meta]);
        }
        let stored = |(meta, events): (&RunMeta, &EventsRun)| NewRun {
            first: meta.first,
            events: events.encode(),
            postings: meta.postings.bytes().to_vec(),
            ids: events.ids().encode(),
        };
        let runs: Vec<NewRun> = metas[first_new..].iter().zip(&new).map(stored).collect();
        let bytes = head.encode();
        self.settle()?;
        self.state(&bytes);
        self.lookup.forget(gone.iter().copied().chain(runs.iter().map(|run| run.first)));
        self.unflushed += 1;
        let flush = self.unflushed >= UNFLUSHED_MAX;
        // Nobody waits for sled: whatever is asked later is answered after it, and what became of it is asked before the next.
        self.writing = Some(self.store.begin(move |store| {
            store.put(&runs, &gone, &bytes)?;
            if flush { store.db.flush().map(|_| ()) } else { Ok(()) }
        })?);
        if flush {
            self.unflushed = 0;
        }
        self.runs = metas;
        let gone = self.pending.drain(..count);
        if self.ids.get().is_some() {
            self.newer.extend(gone.map(|entry| (entry.event.id, entry.index)));
        }
        Ok(())
    }

    /// Waits for the last transaction.
    fn settle(&mut self) -> Result<(), IndexError> {
        self.writing.take().map_or(Ok(()), |asked| self.store.end(asked))
    }

    /// Says beside sled what its head says. Where that cannot be written, who opens the index waits for sled.
    fn state(&self, head: &[u8]) {
        let _ = std::fs::write(self.folder.join(HEAD_FILE), head);
    }

    /// Joins the runs of a span, some of which are not in sled yet.
    fn merged(
        &self,
        metas: &[RunMeta],
        span: Range<usize>,
        new: &[EventsRun],
    ) -> Result<(RunMeta, EventsRun), IndexError> {
        let mut entries = Vec::new();
        for (at, meta) in metas.iter().enumerate().take(span.end).skip(span.start) {
            match at.checked_sub(self.runs.len()).and_then(|at| new.get(at)) {
                Some(events) => entries.extend(self.decode(events, meta.first, |_| true)?),
                None => entries.extend(self.decode(&self.events(meta)?, meta.first, |_| true)?),
            }
        }
        let (events, postings) = run::build(&entries);
        Ok((RunMeta::of(entries.first().map_or(0, |e| e.index.0), &postings), events))
    }

    /// Hands what was applied to the operating system.
    ///
    /// # Errors
    /// What sled says.
    pub fn flush(&mut self) -> Result<(), IndexError> {
        self.put_pending()?;
        self.put_groups()?;
        self.settle()?;
        self.unflushed = 0;
        // Not a promise of durability: sled 0.34 only asks for it with sync_file_range. The evidence is elsewhere.
        self.store.run(|store| store.db.flush().map(|_| ()))
    }

    /// Declares a generation complete and removes older ones.
    ///
    /// # Errors
    /// What sled or the file system says.
    pub fn complete(&mut self) -> Result<(), IndexError> {
        if self.complete {
            return Ok(());
        }
        self.put_pending()?;
        let bytes = self.head.encode();
        self.settle()?;
        self.state(&bytes);
        self.store.run(move |store| store.put(&[], &[], &bytes))?;
        self.flush()?;
        std::fs::write(self.folder.join(COMPLETE), b"")
            .map_err(|e| IndexError::ReadOnly { path: self.folder.clone(), said: e.to_string() })?;
        self.complete = true;
        for old in generations(&self.ledger).into_iter().filter(|folder| *folder < self.folder) {
            // An old generation that cannot be removed is in nobody's way: the newest complete one is opened.
            let _ = std::fs::remove_dir_all(old);
        }
        Ok(())
    }

    /// Takes the word "complete" from a generation that turned out to be damaged, so that nobody opens it again and the
    /// next writer makes a new one.
    pub(crate) fn condemn(&self) {
        // Where that is not allowed, it is found damaged again.
        let _ = std::fs::remove_file(self.folder.join(COMPLETE));
    }

    /// Removes a generation that could not be completed.
    pub(crate) fn discard(self) {
        let folder = self.folder.clone();
        if !self.complete {
            drop(self);
            let _ = std::fs::remove_dir_all(folder);
        }
    }

    /// The entries for which the scope admits the event, in the order of the log.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn load(&self, scope: &Scope) -> Result<Vec<Entry>, IndexError> {
        let mut found = Vec::new();
        for meta in &self.runs {
            let wanted = self.postings(meta)?.admitted(scope);
            if wanted.iter().any(|yes| *yes) {
                let admitted = |at: usize| wanted.get(at).copied().unwrap_or(false);
                found.extend(self.decode(&*self.run(meta)?, meta.first, admitted)?);
            }
        }
        found.extend(self.pending.iter().filter(|entry| scope.admits(&entry.event)).cloned());
        Ok(found)
    }

    fn events(&self, meta: &RunMeta) -> Result<EventsRun, IndexError> {
        let key = meta.first.to_be_bytes();
        let (events, ids) = self.store.run(move |store| Ok((store.events.get(key)?, store.ids.get(key)?)))?;
        let missing =
            |what: &str| self.damaged(format!("the {what} from entry {} on are missing", meta.first));
        let events = events.ok_or_else(|| missing("events"))?;
        let ids = ids.ok_or_else(|| missing("ids"))?;
        let run = IdsRun::decode(&ids).and_then(|ids| EventsRun::decode(&events, ids));
        let run = run.map_err(|what| self.damaged(what))?;
        if run.count() as u64 != meta.count {
            return Err(self
                .damaged(format!("the events from entry {} on are not those of its postings", meta.first)));
        }
        Ok(run)
    }

    fn postings<'m>(&self, meta: &'m RunMeta) -> Result<&'m PostingsRun, IndexError> {
        meta.postings.get(meta.count).map_err(|what| self.damaged(what))
    }

    fn decode(
        &self,
        run: &EventsRun,
        first: u64,
        wanted: impl Fn(usize) -> bool,
    ) -> Result<Vec<Entry>, IndexError> {
        let chosen = (0..run.count()).filter(|at| wanted(*at));
        chosen.map(|at| run.entry(at, first).map_err(|what| self.damaged(what))).collect()
    }

    fn damaged(&self, what: String) -> IndexError {
        IndexError::Damaged { path: self.folder.clone(), what }
    }
}

impl Drop for EventIndex {
    /// An index that could not be brought to sled is behind, and caught up by the next writer.
    fn drop(&mut self) {
        let _ = self.put_pending().and_then(|()| self.settle());
    }
}

fn start(folder: &Path, deadline: Duration) -> Result<Guarded<Store>, IndexError> {
    let path = folder.to_owned();
    Guarded::start(folder, deadline, move || Store::open(&path))
}

/// The folders of generations, oldest first.
fn generations(ledger: &Path) -> Vec<PathBuf> {
    let Ok(listed) = std::fs::read_dir(ledger.join("sled")) else { return Vec::new() };
    let named =
        |path: &PathBuf| path.file_name().and_then(|n| n.to_str()).is_some_and(|n| n.parse::<u64>().is_ok());
    let mut found: Vec<PathBuf> = listed.filter_map(|e| Some(e.ok()?.path())).filter(named).collect();
    found.sort();
    found
}
