//! Everything folded again from the leaves, on every core: each takes the participants of its share.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use memchr::memmem::Finder;

use crate::charter::CharterText;
use crate::event::leaf::decode;
use crate::event::{Act, ActKind, BodyId, Day, Entry, EventId, Index, ParticipantId, Scope, Size, StatusId};
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
    for parting in [Parting::Participants(cores), Parting::Bodies(cores)] {
        if let Some(tally) = shares(log, size, on, parting, progress)? {
            return Ok(tally);
        }
    }
    // Some act reaches from one body into another: every body is folded from the whole record.
    Ok(shares(log, size, on, Parting::Whole, progress)?.unwrap_or_default())
}

/// How the record is parted.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Parting {
    /// By participant, among so many cores.
    Participants(usize),
    /// By body, where clauses count participants: none can be folded without the others.
    Bodies(usize),
    /// Not at all: each body is folded from every entry.
    Whole,
}

/// `None` where the record cannot be parted so.
fn shares(
    log: &Entries,
    size: Size,
    on: Day,
    parting: Parting,
    progress: &mut dyn FnMut(u64),
) -> Result<Option<Tally>, LedgerError> {
    let count = match parting {
        Parting::Participants(count) | Parting::Bodies(count) => count.max(1),
        Parting::Whole => 1,
    };
    std::thread::scope(|scope| {
        let mut senders = Vec::with_capacity(count);
        let mut workers = Vec::with_capacity(count);
        for number in 0..count {
            let (sender, blocks) = sync_channel::<Arc<LeafBlock>>(WAITING);
            senders.push(sender);
            workers.push(scope.spawn(move || Share { number, count, parting }.fold(&blocks, size, on)));
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

/// Some of the participants, or of the bodies.
#[derive(Clone, Copy)]
pub(super) struct Share {
    /// Which one, from 0.
    pub(super) number: usize,
    /// Of how many.
    pub(super) count: usize,
    /// By what they are told apart.
    pub(super) parting: Parting,
}

impl Share {
    /// Whether an id falls to this share.
    pub(super) fn holds(&self, id: &[u8]) -> bool {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        self.count == 1 || hasher.finish() as usize % self.count == self.number
    }

    fn fold(
        &self,
        blocks: &Receiver<Arc<LeafBlock>>,
        size: Size,
        on: Day,
    ) -> Result<Option<Tally>, LedgerError> {
        let bodies = self.read(blocks, size)?;
        if self.parting != Parting::Whole && !can_be_parted(&bodies) {
            return Ok(None);
        }
        let charters = Charters::default();
        let mut tally = Tally::new();
        let mut apart = true;
        let mut fold = |body: &BodyId, entries: &[Entry]| {
            let checkpoint = CheckpointRef { size, root: String::new() };
            let material = Material { entries, checkpoint, charters: &charters, scope: Scope::ALL };
            // Without a charter there is nothing to fold.
            let Ok(view) = BodyView::new(&material, body, size, Day::FUTURE) else { return };
            apart &= match self.parting {
                Parting::Participants(_) => self.count == 1 || !view.charter.joins_participants(),
                Parting::Bodies(_) => view.charter.waits_for().is_empty(),
                Parting::Whole => true,
            };
            let of_body = tally.entry(body.clone()).or_default();
            let by_participant = matches!(self.parting, Parting::Participants(_));
            let here = |who: &ParticipantId| !by_participant || self.holds(who.as_str().as_bytes());
            for who in view.participants().filter(|who| apart && here(who)) {
                let reading = view.history(who).on(on);
                if let Some(status) = reading.status().filter(|status| !status.is_none()) {
                    *of_body.entry(status.clone()).or_default() += 1;
                }
            }
        };
        if self.parting != Parting::Whole {
            let by_body = matches!(self.parting, Parting::Bodies(_));
            for (body, entries) in &bodies {
                if by_body && !self.holds(body.as_str().as_bytes()) {
                    continue;
                }
                match pattern(entries).and_then(|pattern| bodies.get(&pattern)) {
                    None => fold(body, entries),
                    Some(pattern) => {
                        let mut entries: Vec<Entry> = pattern.iter().chain(entries).cloned().collect();
                        entries.sort_by_key(|entry| entry.index);
                        fold(body, &entries);
                    }
                }
            }
        } else {
            let names: Vec<BodyId> = bodies.keys().cloned().collect();
            let mut all: Vec<Entry> = bodies.into_values().flatten().collect();
            all.sort_by_key(|entry| entry.index);
            names.iter().for_each(|body| fold(body, &all));
        }
        Ok(apart.then_some(tally))
    }

    /// The entries of this share, by body, in the order of the log.
    fn read(&self, blocks: &Receiver<Arc<LeafBlock>>, size: Size) -> Result<Bodies, LedgerError> {
        let keys = Keys::default();
        let mut bodies = Bodies::new();
        for block in blocks {
            for (at, leaf, _) in block.iter().take_while(|(at, ..)| size.holds(Index(*at))) {
                if self.count > 1 && !keys.bears(leaf, self) {
                    continue;
                }
                let index = Index(at);
                let entry = decode(leaf, index).map_err(|source| LedgerError::Entry { index, source })?;
                match bodies.get_mut(&entry.event.body) {
                    Some(entries) => entries.push(entry),
                    None => _ = bodies.insert(entry.event.body.clone(), vec![entry]),
                }
            }
        }
        Ok(bodies)
    }
}

/// The body whose charter one of these adoptions extends.
fn pattern(entries: &[Entry]) -> Option<BodyId> {
    entries.iter().find_map(|entry| match &entry.event.act {
        Act::CharterAdopted(text) => CharterText::extended(text),
        _ => None,
    })
}

/// Entries by body.
type Bodies = HashMap<BodyId, Vec<Entry>>;

/// Whether every correction stays within its body and its participant: none moves an entry, none withdraws an import,
/// whose rows may be of several bodies.
fn can_be_parted(bodies: &Bodies) -> bool {
    let entries = || bodies.values().flatten();
    let corrected: HashMap<EventId, &BodyId> =
        entries().filter_map(|entry| Some((entry.event.to?, &entry.event.body))).collect();
    !entries().any(|entry| {
        let import = entry.event.act.kind() == ActKind::ImportRecorded;
        let crosses = corrected.get(&entry.event.id).is_some_and(|by| import || **by != entry.event.body);
        crosses || entry.event.moves_another()
    })
}

/// What of a leaf's bytes says whose act it is. No quote stands unescaped inside a text, so these are keys.
pub(super) struct Keys {
    body: Finder<'static>,
    participant: Finder<'static>,
    about: Finder<'static>,
    corrections: [Finder<'static>; 2],
}

impl Default for Keys {
    fn default() -> Keys {
        Keys {
            body: Finder::new(b"\"body\":\""),
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
    /// Acts of bodies alone and corrections bear on every share, other acts on that of whom they name, or of their body.
    pub(super) fn bears(&self, leaf: &[u8], share: &Share) -> bool {
        let value = |key: &Finder<'_>| {
            let rest = leaf.get(key.find(leaf)? + key.needle().len()..)?;
            rest.split(|byte| *byte == b'"').next()
        };
        let Some(participant) = value(&self.participant) else { return true };
        let holds = match share.parting {
            Parting::Bodies(_) => value(&self.body).is_some_and(|body| share.holds(body)),
            _ => share.holds(participant) || value(&self.about).is_some_and(|about| share.holds(about)),
        };
        holds || self.corrections.iter().any(|key| key.find(leaf).is_some())
    }
}
