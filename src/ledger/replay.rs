//! Everything folded again from the leaves, on every core: each takes the participants of its share.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use memchr::memmem::Finder;

use crate::event::leaf::decode;
use crate::event::{BodyId, Day, Entry, Index, Size, StatusId};
use crate::log::{Entries, LeafBlock, LogEngine};
use crate::query::{BodyView, Charters, CheckpointRef, Material};

use super::LedgerError;

/// How many participants certainly have which status, by body.
pub type Tally = BTreeMap<BodyId, BTreeMap<StatusId, u64>>;

/// The log is read in blocks of this many bytes of leaves.
const BLOCK_BYTES: usize = 1 << 20;
/// So many blocks may wait for a core.
const WAITING: usize = 4;

/// Folds the first `size` leaves into the statuses of a day, telling `progress` how many were read.
///
/// # Errors
/// [`LedgerError`].
pub fn replay(
    log: &Entries,
    size: Size,
    on: Day,
    progress: &mut dyn FnMut(u64),
) -> Result<Tally, LedgerError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    match shares(log, size, on, cores, progress)? {
        Some(tally) => Ok(tally),
        // A rectification moves an entry from one participant to another: both must be in one share.
        None => Ok(shares(log, size, on, 1, progress)?.unwrap_or_default()),
    }
}

/// `None` where the record cannot be parted by participant.
fn shares(
    log: &Entries,
    size: Size,
    on: Day,
    count: usize,
    progress: &mut dyn FnMut(u64),
) -> Result<Option<Tally>, LedgerError> {
    std::thread::scope(|scope| {
        let mut senders = Vec::with_capacity(count);
        let mut workers = Vec::with_capacity(count);
        for number in 0..count {
            let (sender, blocks) = sync_channel::<Arc<LeafBlock>>(WAITING);
            senders.push(sender);
            workers.push(scope.spawn(move || Share { number, count }.fold(&blocks, size, on)));
        }
        let mut at = 0;
        while at < size.0 {
            let block = Arc::new(log.read(at, BLOCK_BYTES)?);
            at += block.len() as u64;
            // A share that failed hears no more; its error is read below.
            let heard = senders.iter().filter(|sender| sender.send(Arc::clone(&block)).is_ok()).count();
            if block.is_empty() || heard < count {
                break;
            }
            progress(at.min(size.0));
        }
        drop(senders);
        let mut tally = Some(Tally::new());
        for worker in workers {
            let part = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            tally = tally.zip(part).map(|(tally, part)| add(tally, part));
        }
        Ok(tally)
    })
}

fn add(mut tally: Tally, part: Tally) -> Tally {
    for (body, statuses) in part {
        let of_body = tally.entry(body).or_default();
        for (status, count) in statuses {
            *of_body.entry(status).or_default() += count;
        }
    }
    tally
}

/// Some of the participants.
struct Share {
    number: usize,
    count: usize,
}

impl Share {
    fn holds(&self, participant: &[u8]) -> bool {
        let mut hasher = DefaultHasher::new();
        participant.hash(&mut hasher);
        hasher.finish() as usize % self.count == self.number
    }

    fn fold(
        &self,
        blocks: &Receiver<Arc<LeafBlock>>,
        size: Size,
        on: Day,
    ) -> Result<Option<Tally>, LedgerError> {
        let keys = Keys::default();
        let mut bodies: HashMap<BodyId, Vec<Entry>> = HashMap::new();
        let mut moves = false;
        for block in blocks {
            for (at, leaf, _) in block.iter().take_while(|(at, ..)| size.holds(Index(*at))) {
                if self.count > 1 && !keys.bears(leaf, self) {
                    continue;
                }
                let index = Index(at);
                let entry = decode(leaf, index).map_err(|source| LedgerError::Entry { index, source })?;
                moves |= entry.event.moves_another();
                match bodies.get_mut(&entry.event.body) {
                    Some(entries) => entries.push(entry),
                    None => _ = bodies.insert(entry.event.body.clone(), vec![entry]),
                }
            }
        }
        if moves && self.count > 1 {
            return Ok(None);
        }
        let charters = Charters::default();
        let mut tally = Tally::new();
        for (body, entries) in bodies {
            let checkpoint = CheckpointRef { size, root: String::new() };
            let material = Material { entries: &entries, checkpoint, charters: &charters };
            // Without a charter there is nothing to fold.
            let Ok(view) = BodyView::new(&material, &body, size, Day::FUTURE) else { continue };
            let of_body = tally.entry(body).or_default();
            for (participant, pair) in &view.pairs {
                if self.count > 1 && !self.holds(participant.as_str().as_bytes()) {
                    continue;
                }
                let reading = pair.history(&view.charter).on(on);
                if let Some(status) = reading.status().filter(|status| !status.is_none()) {
                    *of_body.entry(status.clone()).or_default() += 1;
                }
            }
        }
        Ok(Some(tally))
    }
}

/// What of a leaf's bytes says whose act it is. No quote stands unescaped inside a text, so these are keys.
struct Keys {
    participant: Finder<'static>,
    about: Finder<'static>,
    corrections: [Finder<'static>; 2],
}

impl Default for Keys {
    fn default() -> Keys {
        Keys {
            participant: Finder::new(b"\"participant\":\""),
            about: Finder::new(b"\"about\":\""),
            corrections: [
                Finder::new(b"\"act\":\"record-corrected\""),
                Finder::new(b"\"act\":\"entry-retracted\""),
            ],
        }
    }
}

impl Keys {
    /// Acts of bodies alone and corrections bear on every share, other acts on that of whom they name.
    fn bears(&self, leaf: &[u8], share: &Share) -> bool {
        let value = |key: &Finder<'_>| {
            let rest = leaf.get(key.find(leaf)? + key.needle().len()..)?;
            rest.split(|byte| *byte == b'"').next()
        };
        let Some(participant) = value(&self.participant) else { return true };
        share.holds(participant)
            || value(&self.about).is_some_and(|about| share.holds(about))
            || self.corrections.iter().any(|key| key.find(leaf).is_some())
    }
}
