//! Where a ledger looks entries up: the index where it can be had, else the entries themselves.

use std::path::Path;
use std::time::Duration;

use crate::event::leaf::decode;
use crate::event::{Entry, Index, Size};
use crate::index::{EventIndex, FiledUnder, IndexError};
use crate::log::{Entries, Hash, LeafBlock, LogEngine};

use super::{INDEX_DEADLINE, LedgerError};

/// Where a ledger looks entries up.
pub(super) enum Source {
    /// Nothing was looked up yet.
    Unopened,
    /// The index.
    Index(Box<EventIndex>),
    /// The entries alone: a writer runs, the copy is read-only, or the index is damaged.
    Entries,
}

/// Entries are handed to the index in blocks of this many bytes of leaves.
const BLOCK_BYTES: usize = 1 << 20;

impl Source {
    /// Opens the index for a writer: caught up where it is behind, made anew where it is damaged or missing.
    ///
    /// # Errors
    /// [`LedgerError::Index`] where the index holds more than the evidence: then one of them is not this ledger's.
    pub(super) fn for_writer(ledger: &Path, entries: &Entries) -> Result<Source, LedgerError> {
        match open_patiently(ledger, entries.origin()) {
            Ok(mut index) => {
                check_against(&index, entries)?;
                let filed = index.file_the_rest(&|at| leaf_hash_in(entries, u64::MAX, &[], at));
                if filed.is_ok() && fill(&mut index, entries, &mut |_| {}).is_ok() {
                    return Ok(Source::Index(Box::new(index)));
                }
                index.condemn();
            }
            Err(IndexError::Busy { .. }) => return Ok(Source::Entries),
            Err(_) => {}
        }
        let Ok(mut index) = EventIndex::create(ledger, entries.origin(), INDEX_DEADLINE) else {
            return Ok(Source::Entries);
        };
        let filled = fill(&mut index, entries, &mut |_| {}).and_then(|()| Ok(index.complete()?));
        match filled {
            Ok(()) => Ok(Source::Index(Box::new(index))),
            Err(_) => {
                index.discard();
                Ok(Source::Entries)
            }
        }
    }

    /// Opens the index for a question; whatever is wrong with it, the entries are read instead, unless it holds more
    /// than they do.
    pub(super) fn for_question(ledger: &Path, entries: &Entries) -> Result<Source, LedgerError> {
        if crate::log::Lock::is_held(ledger) {
            return Ok(Source::Entries);
        }
        let Ok(index) = EventIndex::open(ledger, entries.origin(), INDEX_DEADLINE) else {
            return Ok(Source::Entries);
        };
        // A writer may have come and gone since the entries were opened: only what they hold by now is compared.
        if index.size() > Size(entries.frontier().size()) {
            check_against(&index, &Entries::open_reader(ledger)?)?;
            return Ok(Source::Entries);
        }
        check_against(&index, entries)?;
        let current = index.size() == Size(entries.frontier().size());
        Ok(if current { Source::Index(Box::new(index)) } else { Source::Entries })
    }

    /// Adds what was just made durable. An index that fails is left behind: the next writer makes it anew.
    pub(super) fn apply(&mut self, entries: &[Entry], leaf: &dyn Fn(Index) -> Option<Hash>) {
        if let Source::Index(index) = self
            && index.apply(entries, leaf).is_err()
        {
            index.condemn();
            *self = Source::Entries;
        }
    }

    /// How many groups the completeness map over the first `size` entries has, and its root; `None` where the index cannot
    /// say.
    pub(super) fn completeness(&mut self, size: Size) -> Option<(u64, Hash)> {
        let Source::Index(index) = self else { return None };
        (index.size() == size).then(|| index.completeness().ok().flatten()).flatten()
    }

    /// Everything that is filed by the first `size` entries; `None` where the index cannot say.
    pub(super) fn filings(&mut self, size: Size) -> Option<Vec<FiledUnder>> {
        let Source::Index(index) = self else { return None };
        (index.size() == size).then(|| index.filings().ok().flatten()).flatten()
    }

    pub(super) fn flush(&mut self) {
        if let Source::Index(index) = self
            && index.flush().is_err()
        {
            *self = Source::Entries;
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

/// An index that is larger than the evidence, or ends in another leaf, is never legitimate; neither is trimmed.
fn check_against(index: &EventIndex, entries: &Entries) -> Result<(), LedgerError> {
    let (size, held) = (index.size(), Size(entries.frontier().size()));
    if size > held {
        return Err(IndexError::Ahead { index: size, entries: held }.into());
    }
    let last = match size.0.checked_sub(1) {
        None => return Ok(()),
        Some(_) if size == held => entries.last_leaf_hash(),
        Some(last) => Some(entries.leaf(last)?.1),
    };
    if index.last_leaf_hash() != last.map(|hash| hash.0) {
        return Err(IndexError::Other { size }.into());
    }
    Ok(())
}

/// Brings an index up to the entries.
pub(super) fn fill(
    index: &mut EventIndex,
    entries: &Entries,
    progress: &mut dyn FnMut(u64),
) -> Result<(), LedgerError> {
    let size = entries.frontier().size();
    while index.size().0 < size {
        let block = entries.read(index.size().0, BLOCK_BYTES)?;
        let hashes: Vec<Hash> = block.iter().map(|(_, _, hash)| hash).collect();
        if hashes.is_empty() {
            break;
        }
        let first = index.size().0;
        index.apply(&decode_block(&block)?, &|index| leaf_hash_in(entries, first, &hashes, index))?;
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

/// The entries of a block, decoded on every core, in order.
///
/// # Errors
/// [`LedgerError::Entry`], the first one that cannot be read.
fn decode_block(block: &LeafBlock) -> Result<Vec<Entry>, LedgerError> {
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
