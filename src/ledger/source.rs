//! Where a ledger looks entries up: the index where it can be had, else the entries themselves.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::event::leaf::{LeafError, decode};
use crate::event::{Entry, EventId, Index, Size};
use crate::index::{EventIndex, FiledUnder, IndexError, Stated};
use crate::log::{Entries, Hash, LeafBlock};

use super::behind::Behind;
use super::published::TAIL_ENTRIES;
use super::{INDEX_DEADLINE, LedgerError};

/// Where a ledger looks entries up.
pub(super) enum Source {
    /// Nothing was looked up yet.
    Unopened,
    /// The index.
    Index(Box<EventIndex>),
    /// The index of a writer, which follows it.
    Behind(Behind),
    /// The entries alone: a writer runs, the copy is read-only, or the index is damaged.
    Entries,
}

/// Entries are handed to the index in blocks of this many bytes of leaves.
const BLOCK_BYTES: usize = 1 << 20;

impl Source {
    /// Opens the index for a writer, which does not wait for it: only that it is this log's is made sure of first.
    ///
    /// # Errors
    /// [`LedgerError::Index`] where the index holds more than the evidence: then one of them is not this ledger's.
    pub(super) fn for_writer(ledger: &Path, entries: &Arc<Entries>) -> Result<Source, LedgerError> {
        let stated = EventIndex::stated(ledger, entries.origin());
        let held = Held::of(entries);
        if let Stated::Head { size, last } = stated {
            check_stated(size, last, held, entries)?;
        }
        // The index holds nothing that a power cut could still undo.
        entries.make_durable()?;
        let Some(behind) = Behind::start(ledger, Arc::clone(entries), held) else {
            return Ok(Source::Entries);
        };
        if matches!(stated, Stated::Unknown) {
            behind.ask(|_| Ok(()))?;
        }
        Ok(Source::Behind(behind))
    }

    /// What a question is answered from: the entries themselves where they are too few for a snapshot, since they are read
    /// before sled and its threads are open; else the index.
    ///
    /// # Errors
    /// [`LedgerError::Index`] where the index is not this log's.
    pub(super) fn for_question(ledger: &Path, entries: &Entries) -> Result<Source, LedgerError> {
        let held = Held::of(entries);
        if held.size.0 < TAIL_ENTRIES
            && let Stated::Head { size, last } = EventIndex::stated(ledger, entries.origin())
            && size <= held.size
        {
            check_stated(size, last, held, entries)?;
            return Ok(Source::Entries);
        }
        Source::of_index(ledger, entries)
    }

    /// Opens the index for a question; whatever is wrong with it, the entries are read instead, unless it holds more
    /// than they do.
    ///
    /// # Errors
    /// As of [`Source::for_question`].
    pub(super) fn of_index(ledger: &Path, entries: &Entries) -> Result<Source, LedgerError> {
        if crate::log::Lock::is_held(ledger) {
            return Ok(Source::Entries);
        }
        let Ok(index) = EventIndex::open(ledger, entries.origin(), INDEX_DEADLINE) else {
            return Ok(Source::Entries);
        };
        // A writer may have come and gone since the entries were opened: only what they hold by now is compared.
        if index.size() > Size(entries.frontier().size()) {
            let now = Entries::open_reader(ledger)?;
            check_against(&index, Held::of(&now), &now)?;
            return Ok(Source::Entries);
        }
        check_against(&index, Held::of(entries), entries)?;
        let current = index.size() == Size(entries.frontier().size());
        Ok(if current { Source::Index(Box::new(index)) } else { Source::Entries })
    }

    /// Adds what was just made durable, with the hashes of its leaves, and what was read while it was judged. An index that
    /// fails is left behind: the next writer makes it anew.
    pub(super) fn take(
        &mut self,
        entries: Vec<Entry>,
        hashes: Vec<Hash>,
        met: HashMap<EventId, Entry>,
        log: &Entries,
    ) {
        match self {
            Source::Behind(behind) => behind.take(entries, hashes, met),
            Source::Index(index) => {
                let first = entries.first().map_or(0, |entry| entry.index.0);
                let leaf = |at| leaf_hash_in(log, first, &hashes, at);
                if index.apply_knowing(entries, &met, &leaf).is_err() {
                    index.condemn();
                    *self = Source::Entries;
                }
            }
            Source::Unopened | Source::Entries => {}
        }
    }

    /// Asks the index; `None` where there is none, or where it fails, and then there is none any more.
    ///
    /// # Errors
    /// [`LedgerError::Index`] where it is not this log's.
    pub(super) fn ask<T: Send + 'static>(
        &mut self,
        ask: impl FnOnce(&mut EventIndex) -> Result<T, IndexError> + Send + 'static,
    ) -> Result<Option<T>, LedgerError> {
        match self {
            Source::Behind(behind) => behind.ask(ask),
            Source::Index(index) => match ask(index) {
                Ok(answer) => Ok(Some(answer)),
                Err(_) => {
                    index.condemn();
                    *self = Source::Entries;
                    Ok(None)
                }
            },
            Source::Unopened | Source::Entries => Ok(None),
        }
    }

    /// That the index is this log's, as far as it is known by now.
    ///
    /// # Errors
    /// [`LedgerError::Index`].
    pub(super) fn check(&self) -> Result<(), LedgerError> {
        match self {
            Source::Behind(behind) => behind.check(),
            _ => Ok(()),
        }
    }

    /// How many groups the completeness map over the first `size` entries has, and its root; `None` where the index cannot
    /// say.
    ///
    /// # Errors
    /// As of [`Source::ask`].
    pub(super) fn completeness(&mut self, size: Size) -> Result<Option<(u64, Hash)>, LedgerError> {
        let asked = self.ask(move |index| match index.size() == size {
            true => index.completeness(),
            false => Ok(None),
        });
        Ok(asked?.flatten())
    }

    /// Everything that is filed by the first `size` entries; `None` where the index cannot say.
    ///
    /// # Errors
    /// As of [`Source::ask`].
    pub(super) fn filings(&mut self, size: Size) -> Result<Option<Vec<FiledUnder>>, LedgerError> {
        let asked = self.ask(move |index| match index.size() == size {
            true => index.filings(),
            false => Ok(None),
        });
        Ok(asked?.flatten())
    }
}

/// Opens the index for a writer: caught up where it is behind, made anew where it is damaged or missing; `None` where
/// there is none to be had.
///
/// # Errors
/// [`LedgerError::Index`] where the index holds more than the evidence: then one of them is not this ledger's.
pub(super) fn for_writer(
    ledger: &Path,
    entries: &Entries,
    held: Held,
) -> Result<Option<EventIndex>, LedgerError> {
    match open_patiently(ledger, entries.origin()) {
        Ok(mut index) => {
            check_against(&index, held, entries)?;
            let filed = index.file_the_rest(&|at| leaf_hash_in(entries, u64::MAX, &[], at));
            if filed.is_ok() && fill(&mut index, entries, held.size, &mut |_| {}).is_ok() {
                return Ok(Some(index));
            }
            index.condemn();
        }
        Err(IndexError::Busy { .. }) => return Ok(None),
        Err(_) => {}
    }
    let Ok(mut index) = EventIndex::create(ledger, entries.origin(), INDEX_DEADLINE) else {
        return Ok(None);
    };
    let filled = fill(&mut index, entries, held.size, &mut |_| {}).and_then(|()| Ok(index.complete()?));
    match filled {
        Ok(()) => Ok(Some(index)),
        Err(_) => {
            index.discard();
            Ok(None)
        }
    }
}

/// A question that is being answered holds the index for an instant; a writer tries this long before it goes without.
const PATIENCE: Duration = Duration::from_millis(300);

fn open_patiently(ledger: &Path, origin: &str) -> Result<EventIndex, IndexError> {
    let started = std::time::Instant::now();
    loop {
        match EventIndex::open(ledger, origin, INDEX_DEADLINE) {
            Err(IndexError::Busy { .. }) if started.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(10));
            }
            opened => return opened,
        }
    }
}

/// What the evidence held when it was opened: a writer may have added to it since.
#[derive(Clone, Copy)]
pub(super) struct Held {
    size: Size,
    last: Option<Hash>,
}

impl Held {
    /// Of a log to which nobody adds meanwhile.
    fn of(entries: &Entries) -> Held {
        Held { size: Size(entries.frontier().size()), last: entries.last_leaf_hash() }
    }
}

/// An index that is larger than the evidence, or ends in another leaf, is never legitimate; neither is trimmed.
fn check_against(index: &EventIndex, held: Held, entries: &Entries) -> Result<(), LedgerError> {
    check_stated(index.size(), index.last_leaf_hash(), held, entries)
}

/// The same of what an index says of itself.
fn check_stated(
    size: Size,
    last_leaf: Option<[u8; 32]>,
    held: Held,
    entries: &Entries,
) -> Result<(), LedgerError> {
    if size > held.size {
        return Err(IndexError::Ahead { index: size, entries: held.size }.into());
    }
    let Some(last) = size.0.checked_sub(1) else { return Ok(()) };
    let hash = match size == held.size {
        true => held.last,
        false => Some(entries.leaf(last)?.1),
    };
    if last_leaf != hash.map(|hash| hash.0) {
        return Err(IndexError::Other { size }.into());
    }
    Ok(())
}

/// Brings an index up to the first `size` entries. What a writer adds meanwhile it hands over itself, with what it read.
pub(super) fn fill(
    index: &mut EventIndex,
    entries: &Entries,
    size: Size,
    progress: &mut dyn FnMut(u64),
) -> Result<(), LedgerError> {
    while index.size() < size {
        let block = entries.read(index.size().0, BLOCK_BYTES)?;
        let hashes: Vec<Hash> = block.iter().map(|(_, _, hash)| hash).collect();
        if hashes.is_empty() {
            break;
        }
        let first = index.size().0;
        index.apply(decode_block(&block, decode)?, &|index| leaf_hash_in(entries, first, &hashes, index))?;
        progress(index.size().0);
    }
    Ok(())
}

/// The hash of a leaf: among those from `first` on that are at hand, else as the log stores it.
pub(super) fn leaf_hash_in(entries: &Entries, first: u64, hashes: &[Hash], index: Index) -> Option<Hash> {
    match index.0.checked_sub(first) {
        Some(at) => hashes.get(usize::try_from(at).ok()?).copied(),
        None => entries.leaf(index.0).ok().map(|(_, hash)| hash),
    }
}

/// Blocks of fewer leaves are not worth a thread.
const WORTH_A_THREAD: usize = 256;

/// How a leaf is decoded.
pub(super) type Decoder = fn(&[u8], Index) -> Result<Entry, LeafError>;

/// The entries of a block, decoded on every core, in order.
///
/// # Errors
/// [`LedgerError::Entry`], the first one that cannot be read.
pub(super) fn decode_block(block: &LeafBlock, decode: Decoder) -> Result<Vec<Entry>, LedgerError> {
    let leaves: Vec<(Index, &[u8])> = block.iter().map(|(at, leaf, _)| (Index(at), leaf)).collect();
    let one = |(index, leaf): &(Index, &[u8])| {
        decode(leaf, *index).map_err(|source| LedgerError::Entry { index: *index, source })
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let part = leaves.len().div_ceil(cores).max(WORTH_A_THREAD);
    let Some((here, others)) = leaves.split_at_checked(part) else {
        return leaves.iter().map(one).collect();
    };
    std::thread::scope(|scope| {
        let parts: Vec<_> = others
            .chunks(part)
            .map(|part| scope.spawn(move || part.iter().map(one).collect::<Result<Vec<_>, _>>()))
            .collect();
        let mut entries: Vec<Entry> = here.iter().map(one).collect::<Result<_, _>>()?;
        for part in parts {
            entries.extend(part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        Ok(entries)
    })
}
