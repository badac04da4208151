//! The content of sled, used only in sled's own thread. A transaction is written completely or not at all.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use crate::event::Entry;
use crate::index::joined;

use super::guard::Fault;
use super::head::Head;
use super::page::{Page, pages};
use super::run::{self, RUN_ENTRIES};
use super::value::{seal, unseal};

/// The key of the head.
pub(super) const HEAD: &[u8] = b"head";
const CACHE_BYTES: u64 = 32 << 20;
/// A value larger than a quarter of a segment has a file of its own, which is removed when the value is replaced. In a
/// segment it would stay until half of that is replaced: with larger segments sled takes up half as much again as its
/// content.
pub(super) const SEGMENT_BYTES: usize = 64 << 10;
/// The number of runs of one size class that are joined into one.
const FAN: usize = 8;

/// Pairs of the tables, in the order of their keys.
pub(super) type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// An open sled database.
pub(super) struct Store {
    pub(super) db: ::sled::Db,
    /// For each run, the data from which a status may follow, under the index of its first entry.
    events: ::sled::Tree,
    /// For each run, the words, under the index of its first entry.
    words: ::sled::Tree,
    /// For each level of the tables, its pages, under the number of the level and the first key of the page.
    tables: ::sled::Tree,
    meta: ::sled::Tree,
    /// The head, if there is one.
    pub(super) head: Option<Head>,
    /// The number of entries of each run that the head does not count yet.
    ahead: Vec<u16>,
}

/// The changes of one transaction.
#[derive(Default)]
struct Batch {
    runs: Vec<(u64, Vec<u8>, Vec<u8>)>,
    gone_runs: Vec<u64>,
    pages: Vec<(Vec<u8>, Vec<u8>)>,
    gone_pages: Vec<Vec<u8>>,
}

impl Store {
    /// Opens the database in a folder, or makes one.
    pub(super) fn open(folder: &Path) -> Result<Store, Fault> {
        let config = ::sled::Config::new().path(folder).segment_size(SEGMENT_BYTES);
        let db = config.cache_capacity(CACHE_BYTES).flush_every_ms(None).open()?;
        let meta = db.open_tree("meta")?;
        let head = meta.get(HEAD)?.map(|value| Head::decode(&value)).transpose()?;
        let store = Store {
            events: db.open_tree("events")?,
            words: db.open_tree("words")?,
            tables: db.open_tree("tables")?,
            meta,
            head,
            ahead: Vec::new(),
            db,
        };
        store.drop_ahead()?;
        Ok(store)
    }

    /// Removes runs of a writer that stopped before the head counted them.
    fn drop_ahead(&self) -> Result<(), Fault> {
        let size = self.head.as_ref().map_or(0, |head| head.size).to_be_bytes();
        for tree in [&self.events, &self.words] {
            for key in tree.range(size..).keys() {
                tree.remove(key?)?;
            }
        }
        Ok(())
    }

    /// Writes whole runs of entries before [`Store::put`] moves the head.
    pub(super) fn put_ahead(&mut self, entries: &[Entry]) -> Result<(), Fault> {
        let mut batch = Batch::default();
        batch.add_runs(entries);
        self.write(&batch, None)?;
        self.ahead.extend(counts(entries));
        Ok(())
    }

    /// The first entry and the number of entries of each run, including runs that the head does not count yet.
    pub(super) fn spans(&self) -> Vec<(u64, u64)> {
        let runs = self.head.as_ref().map(|head| head.runs.as_slice()).unwrap_or_default();
        spans(runs.iter().chain(&self.ahead))
    }

    /// Adds entries and their pairs of the tables, and moves the head, in one transaction.
    pub(super) fn put(&mut self, entries: Vec<Entry>, added: Pairs, mut head: Head) -> Result<(), Fault> {
        if let Some(before) = &self.head {
            (head.runs, head.levels) = (before.runs.clone(), before.levels.clone());
        }
        head.runs.extend_from_slice(&self.ahead);
        let mut batch = Batch::default();
        self.add_runs(entries, &mut head, &mut batch)?;
        self.add_level(added, &mut head, &mut batch)?;
        self.write(&batch, Some(&head.encode()))?;
        self.head = Some(head);
        self.ahead.clear();
        Ok(())
    }

    fn write(&self, batch: &Batch, head: Option<&[u8]>) -> Result<(), Fault> {
        use ::sled::Transactional;
        let trees = (&self.events, &self.words, &self.tables, &self.meta);
        let done = trees.transaction(|(events, words, tables, meta)| {
            for first in &batch.gone_runs {
                events.remove(&first.to_be_bytes())?;
                words.remove(&first.to_be_bytes())?;
            }
            for key in &batch.gone_pages {
                tables.remove(key.as_slice())?;
            }
            for (first, status, rest) in &batch.runs {
                events.insert(&first.to_be_bytes(), status.as_slice())?;
                words.insert(&first.to_be_bytes(), rest.as_slice())?;
            }
            for (key, page) in &batch.pages {
                tables.insert(key.as_slice(), page.as_slice())?;
            }
            if let Some(head) = head {
                meta.insert(HEAD, head)?;
            }
            Ok::<(), ::sled::transaction::ConflictableTransactionError<()>>(())
        });
        done.map_err(|error| match error {
            ::sled::transaction::TransactionError::Storage(error) => Fault::Sled(error),
            ::sled::transaction::TransactionError::Abort(()) => Fault::from("a transaction was aborted"),
        })
    }

    /// Makes runs of new entries; joins small runs at the end into one once there are many.
    fn add_runs(&self, mut entries: Vec<Entry>, head: &mut Head, batch: &mut Batch) -> Result<(), Fault> {
        let before = head.runs.len();
        head.runs.extend(counts(&entries));
        if let Some(span) = merge_span(&head.runs) {
            let first = span.start.min(before);
            let mut joined = Vec::new();
            for (at, count) in &spans(&head.runs)[first..before] {
                joined.append(&mut self.run(*at, *count)?);
                batch.gone_runs.push(*at);
            }
            joined.append(&mut entries);
            entries = joined;
            head.runs.splice(first.., counts(&entries));
        }
        batch.add_runs(&entries);
        Ok(())
    }

    /// Adds a level of the tables, which absorbs the last levels that are at most twice its size.
    fn add_level(&self, mut added: Pairs, head: &mut Head, batch: &mut Batch) -> Result<(), Fault> {
        let mut bytes = size_of(&added);
        while head.levels.pop_if(|last| *last <= 2 * bytes).is_some() {
            let mut all = Pairs::new();
            let mut later = added.into_iter().peekable();
            self.pages(head.levels.len(), &[], &mut |key, page| {
                batch.gone_pages.push(key.to_vec());
                page.each(|key, value| {
                    all.extend(std::iter::from_fn(|| later.next_if(|(own, _)| own.as_slice() < key)));
                    all.push(match later.next_if(|(own, _)| own == key) {
                        Some((own, later)) => (own, joined(key, value.to_vec(), &later)),
                        None => (key.to_vec(), value.to_vec()),
                    });
                    true
                })?;
                Some(true)
            })?;
            all.extend(later);
            added = all;
            bytes = size_of(&added);
        }
        let level = u8::try_from(head.levels.len()).map_err(|_| "the tables have too many levels")?;
        head.levels.push(bytes);
        let pairs = added.iter().map(|(key, value)| (key.as_slice(), value.as_slice()));
        for (first, page) in pages(pairs) {
            batch.pages.push(([&[level], first.as_slice()].concat(), seal(&page)));
        }
        // A page that is written anew must not be removed.
        batch.gone_pages.retain(|gone| batch.pages.binary_search_by(|(key, _)| key.cmp(gone)).is_err());
        Ok(())
    }

    /// Calls `see` for the pages of a level, beginning with the one that `from` belongs to, until it returns `Some(false)`;
    /// `None` means that the pairs of the page are malformed.
    fn pages(
        &self,
        level: usize,
        from: &[u8],
        see: &mut dyn FnMut(&[u8], &Page<'_>) -> Option<bool>,
    ) -> Result<(), Fault> {
        let missing = || Fault::from(format!("a page of level {level} is missing"));
        let level = level as u8;
        let place = [&[level], from].concat();
        let first = self.tables.range(..=place.as_slice()).next_back().ok_or_else(missing)??.0;
        let mut expected: Option<Vec<u8>> = None;
        for pair in self.tables.range(first..) {
            let (key, value) = pair?;
            let own = key.strip_prefix(&[level]).ok_or_else(missing)?;
            let page = Page::of(unseal(&value)?).ok_or("a page is cut short")?;
            let fits = match &expected {
                Some(expected) => own == expected.as_slice(),
                None => page.next.is_none_or(|next| from < next),
            };
            if !fits {
                return Err(missing());
            }
            let goes_on = see(&key, &page).ok_or("a page is cut short")?;
            let Some(next) = page.next.filter(|_| goes_on) else { return Ok(()) };
            expected = Some(next.to_vec());
        }
        Err(missing())
    }

    /// The value of a key, over all levels.
    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let mut all: Option<Vec<u8>> = None;
        for level in 0..self.levels() {
            self.pages(level, key, &mut |_, page| {
                page.each(|own, value| {
                    if own == key {
                        all = Some(joined(key, all.take().unwrap_or_default(), value));
                    }
                    own < key
                })?;
                Some(false)
            })?;
        }
        Ok(all)
    }

    /// The pairs whose keys begin with a prefix, over all levels.
    pub(super) fn range(&self, prefix: &[u8]) -> Result<Pairs, Fault> {
        let mut all: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        for level in 0..self.levels() {
            self.pages(level, prefix, &mut |_, page| {
                let mut is_past = false;
                page.each(|key, value| {
                    is_past = key > prefix && !key.starts_with(prefix);
                    if key.starts_with(prefix) {
                        match all.get_mut(key) {
                            Some(before) => *before = joined(key, std::mem::take(before), value),
                            None => _ = all.insert(key.to_vec(), value.to_vec()),
                        }
                    }
                    !is_past
                })?;
                Some(!is_past)
            })?;
        }
        Ok(all.into_iter().collect())
    }

    fn levels(&self) -> usize {
        self.head.as_ref().map_or(0, |head| head.levels.len())
    }

    /// The entries of a run, with their words.
    pub(super) fn run(&self, first: u64, count: u64) -> Result<Vec<Entry>, Fault> {
        let words = value_of(&self.words, first, "words")?;
        read_run(first, count, &self.events(first)?, Some(&words)).map_err(Fault::from)
    }

    /// The value of a run with the data from which a status may follow.
    pub(super) fn events(&self, first: u64) -> Result<::sled::IVec, Fault> {
        value_of(&self.events, first, "events")
    }
}

fn value_of(tree: &::sled::Tree, first: u64, what: &str) -> Result<::sled::IVec, Fault> {
    let missing = || Fault::from(format!("the {what} from entry {first} on are missing"));
    tree.get(first.to_be_bytes())?.ok_or_else(missing)
}

impl Batch {
    /// Adds the runs of consecutive entries.
    fn add_runs(&mut self, entries: &[Entry]) {
        for run in entries.chunks(RUN_ENTRIES) {
            let (status, words) = run::build(run);
            self.runs.push((run.first().map_or(0, |entry| entry.index.0), status, words));
        }
    }
}

/// The number of entries in each run of these entries.
fn counts(entries: &[Entry]) -> impl Iterator<Item = u16> {
    entries.chunks(RUN_ENTRIES).map(|run| run.len() as u16)
}

/// The first entry and the number of entries of each run.
fn spans<'c>(counts: impl IntoIterator<Item = &'c u16>) -> Vec<(u64, u64)> {
    let mut first = 0;
    let span = |count: &u16| {
        let count = u64::from(*count);
        first += count;
        (first - count, count)
    };
    counts.into_iter().map(span).collect()
}

/// The entries of a run, which must number `count`.
pub(super) fn read_run(
    first: u64,
    count: u64,
    events: &[u8],
    words: Option<&[u8]>,
) -> Result<Vec<Entry>, String> {
    let entries = run::read(first, events, words)?;
    if entries.len() as u64 == count {
        Ok(entries)
    } else {
        Err(format!("the run from entry {first} on has {} entries of {count}", entries.len()))
    }
}

fn size_of(pairs: &Pairs) -> u64 {
    pairs.iter().map(|(key, value)| (key.len() + value.len()) as u64).sum()
}

/// The runs at the end that should become one: the last runs up to a size class, if at least [`FAN`] of them fit into one
/// run.
fn merge_span(runs: &[u16]) -> Option<Range<usize>> {
    let mut found = None;
    for class in [1, 8, 64, 512] {
        let small = runs.iter().rev().take_while(|count| **count <= class).count();
        let span = runs.len() - small..runs.len();
        let entries: usize = runs[span.clone()].iter().map(|count| usize::from(*count)).sum();
        if small >= FAN && entries <= RUN_ENTRIES {
            found = Some(span);
        }
    }
    found
}
