//! One pass over the log: on which pairs each entry bears, what corrects what, and the entries of each body, packed.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use smol_str::SmolStr;

use crate::event::leaf::decode_for_status;
use crate::event::{ActKind, Entry, Event, EventId, Index};
use crate::ledger::LedgerError;
use crate::log::{Entries, LeafBlock};
use crate::snapshot::{Draft, PairKey};

use super::make::BLOCK_BYTES;
use super::packed::{Packed, Packer};

/// What was gathered of the log.
pub(super) struct Gathered<'l> {
    log: &'l Entries,
    /// The postings so far.
    pub(super) draft: Draft,
    /// The entries of each body, packed.
    bodies: BTreeMap<SmolStr, Packed>,
    /// The corrections, in the order of the log.
    corrections: Vec<Correction>,
    /// What corrections name: where each is.
    places: HashMap<EventId, u32>,
}

/// The body, the participant and whom it is about.
type Key = (SmolStr, Option<SmolStr>, Option<SmolStr>);

struct Correction {
    index: u32,
    to: Option<EventId>,
    body: SmolStr,
    moves: bool,
}

/// What one thread gathered: any blocks of the log, in rising order.
#[derive(Default)]
struct Share {
    bodies: HashMap<SmolStr, Packed>,
    /// The entries that correct nothing, by the pairs that they bear on.
    posted: HashMap<Key, Vec<u32>>,
    ids: Vec<(EventId, u32)>,
    corrections: Vec<Correction>,
    imports: Vec<u32>,
    packer: Packer,
}

/// What the corrections of a record come to.
pub(super) struct Roots {
    /// Entries that bear on every question, in the order of the log.
    pub(super) extra: Vec<u32>,
    /// Corrections recorded under another body than what they correct: by that body.
    strayed: BTreeMap<SmolStr, Vec<u32>>,
    /// Imports that are corrected, beside what corrects each.
    pub(super) imports: Vec<(u32, u32)>,
    /// Where the imports are that are corrected.
    corrected: HashMap<EventId, u32>,
}

impl Share {
    /// Takes in an entry, of which no more is read than what a status may follow from.
    fn add(&mut self, entry: &Entry) -> Result<(), LedgerError> {
        let index = entry.index.0 as u32;
        let event = &entry.event;
        self.ids.push((event.id, index));
        if event.corrects() {
            let (to, moves) = (event.to, event.moves_another());
            self.corrections.push(Correction { index, to, body: body_of(event), moves });
        } else {
            self.posted.entry(key_of(event)).or_default().push(index);
            if is_import(event) {
                self.imports.push(index);
            }
        }
        match self.bodies.get_mut(event.body.as_str()) {
            Some(packed) => packed.add(entry, &mut self.packer),
            None => self.bodies.entry(body_of(event)).or_default().add(entry, &mut self.packer),
        }
    }
}

/// Reads a log of so many entries, on every core.
///
/// # Errors
/// [`LedgerError`].
pub(super) fn gather(log: &Entries, size: u64) -> Result<(Gathered<'_>, Roots), LedgerError> {
    let next = Mutex::new(0);
    let work = || {
        let mut share = Share::default();
        while let Some(block) = read_next(log, &next, size)? {
            for (at, leaf, _) in block.iter() {
                let index = Index(at);
                let entry = decode_for_status(leaf, index);
                share.add(&entry.map_err(|source| LedgerError::Entry { index, source })?)?;
            }
        }
        Ok::<Share, LedgerError>(share)
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let shares: Vec<Share> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..cores).map(|_| scope.spawn(work)).collect();
        let mut shares = vec![work()?];
        for other in others {
            shares.push(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        Ok::<Vec<Share>, LedgerError>(shares)
    })?;
    Ok(Gathered::of(log, shares))
}

/// The next block of a log that nobody has read yet.
fn read_next(log: &Entries, next: &Mutex<u64>, size: u64) -> Result<Option<LeafBlock>, LedgerError> {
    let mut at = next.lock().unwrap_or_else(PoisonError::into_inner);
    if *at >= size {
        return Ok(None);
    }
    let block = log.read(*at, BLOCK_BYTES)?;
    *at = if block.is_empty() { size } else { *at + block.len() as u64 };
    Ok(Some(block))
}

impl<'l> Gathered<'l> {
    /// Of what each thread gathered.
    fn of(log: &'l Entries, shares: Vec<Share>) -> (Gathered<'l>, Roots) {
        let mut gathered = Gathered {
            log,
            draft: Draft::default(),
            bodies: BTreeMap::new(),
            corrections: Vec::new(),
            places: HashMap::new(),
        };
        let (mut imports, mut ids) = (Vec::new(), Vec::new());
        let mut posted: HashMap<Key, Vec<u32>> = HashMap::new();
        for share in shares {
            for (body, packed) in share.bodies {
                gathered.bodies.entry(body).or_default().join(packed);
            }
            for (key, entries) in share.posted {
                posted.entry(key).or_default().extend(entries);
            }
            gathered.corrections.extend(share.corrections);
            imports.extend(share.imports);
            ids.push(share.ids);
        }
        gathered.corrections.sort_unstable_by_key(|correction| correction.index);
        imports.sort_unstable();
        let named: HashSet<EventId> = gathered.corrections.iter().filter_map(|c| c.to).collect();
        for (id, index) in ids.into_iter().flatten() {
            gathered.draft.name(id, Index(u64::from(index)));
            if named.contains(&id) {
                gathered.places.insert(id, index);
            }
        }
        let roots = gathered.settle(&imports, &posted);
        for (key, entries) in posted {
            pairs_of(&key).iter().for_each(|pair| gathered.draft.post_all(pair, &entries));
        }
        (gathered, roots)
    }

    /// Follows each correction to the entry that it is about in the end, and posts it to the pairs of that one.
    fn settle(&mut self, imports: &[u32], posted: &HashMap<Key, Vec<u32>>) -> Roots {
        let by_index: HashMap<u32, usize> =
            self.corrections.iter().enumerate().map(|(at, c)| (c.index, at)).collect();
        let root = |correction: &Correction| {
            let mut at = *self.places.get(&correction.to?)?;
            // A record that names itself in a circle is damaged; no chain is longer than there are corrections.
            for _ in 0..=self.corrections.len() {
                match by_index.get(&at) {
                    None => return Some(at),
                    Some(next) => at = *self.places.get(&self.corrections.get(*next)?.to?)?,
                }
            }
            None
        };
        let roots: Vec<(&Correction, u32)> =
            self.corrections.iter().filter_map(|c| Some((c, root(c)?))).collect();
        let wanted: HashSet<u32> = roots.iter().map(|(_, root)| *root).collect();
        let mut keys: HashMap<u32, &Key> = HashMap::with_capacity(wanted.len());
        for (key, entries) in posted {
            keys.extend(entries.iter().filter(|entry| wanted.contains(entry)).map(|entry| (*entry, key)));
        }
        let moved: HashSet<u32> = roots.iter().filter(|(c, _)| c.moves).map(|(_, root)| *root).collect();
        let mut found = Roots {
            extra: moved.iter().copied().collect(),
            strayed: BTreeMap::new(),
            imports: Vec::new(),
            corrected: HashMap::new(),
        };
        for (correction, root) in roots {
            if moved.contains(&root) {
                found.extra.push(correction.index);
            }
            if imports.binary_search(&root).is_ok() {
                found.imports.extend([(root, root), (root, correction.index)]);
            }
            let Some(key) = keys.get(&root) else { continue };
            post(&mut self.draft, key, Index(u64::from(correction.index)));
            if key.0 != correction.body {
                found.strayed.entry(key.0.clone()).or_default().push(correction.index);
            }
        }
        found.extra.sort_unstable();
        found.extra.dedup();
        found.imports.sort_unstable();
        found.imports.dedup();
        let corrected: HashSet<u32> = found.imports.iter().map(|(import, _)| *import).collect();
        let named = self.places.iter().filter(|(_, index)| corrected.contains(index));
        found.corrected = named.map(|(id, index)| (*id, *index)).collect();
        found
    }

    /// The bodies of which anything is recorded.
    pub(super) fn bodies(&self) -> Vec<SmolStr> {
        self.bodies.keys().cloned().collect()
    }

    /// How many entries are recorded under a body.
    pub(super) fn count(&self, body: &SmolStr) -> usize {
        self.bodies.get(body).map_or(0, |packed| packed.count)
    }

    /// The entries of some bodies with what bears on them from elsewhere, in the order of the log.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn entries_of(&self, bodies: &[SmolStr], roots: &Roots) -> Result<Vec<Entry>, LedgerError> {
        let own = || bodies.iter().filter_map(|body| self.bodies.get(body));
        let mut entries = Vec::with_capacity(own().map(|packed| packed.count).sum());
        own().try_for_each(|packed| packed.unpack(&mut entries))?;
        let strayed = bodies.iter().filter_map(|body| roots.strayed.get(body)).flatten();
        let mut others: Vec<u32> = roots.extra.iter().chain(strayed).copied().collect();
        let import = |entry: &Entry| roots.corrected.get(&entry.event.import?).copied();
        if !roots.imports.is_empty() {
            let brought: HashSet<u32> = entries.iter().filter_map(import).collect();
            others.extend(roots.imports.iter().filter(|(i, _)| brought.contains(i)).map(|(_, entry)| entry));
        }
        entries.sort_unstable_by_key(|entry| entry.index);
        entries.dedup_by_key(|entry| entry.index);
        others.sort_unstable();
        others.dedup();
        let missing =
            |at: &u32| entries.binary_search_by_key(&u64::from(*at), |entry| entry.index.0).is_err();
        others.retain(missing);
        if !others.is_empty() {
            for index in others {
                entries.push(self.find(Index(u64::from(index)))?);
            }
            entries.sort_unstable_by_key(|entry| entry.index);
        }
        Ok(entries)
    }

    fn find(&self, index: Index) -> Result<Entry, LedgerError> {
        let (leaf, _) = self.log.leaf(index.0)?;
        decode_for_status(&leaf, index).map_err(|source| LedgerError::Entry { index, source })
    }
}

fn body_of(event: &Event) -> SmolStr {
    SmolStr::new(event.body.as_str())
}

pub(super) fn key_of(event: &Event) -> Key {
    let name = |who: &crate::event::ParticipantId| SmolStr::new(who.as_str());
    (body_of(event), event.participant.as_ref().map(name), event.about.as_ref().map(name))
}

/// Posts an entry to the pairs that it bears on: of the actor and of whom it is about, or of the body alone.
pub(super) fn post(draft: &mut Draft, key: &Key, entry: Index) {
    pairs_of(key).iter().for_each(|pair| draft.post(pair, entry));
}

fn pairs_of((body, participant, about): &Key) -> Vec<PairKey> {
    let about = about.iter().filter(|about| Some(*about) != participant.as_ref());
    let about = about.map(|about| (body.clone(), Some(about.clone())));
    std::iter::once((body.clone(), participant.clone())).chain(about).collect()
}

/// Whether an act is the record of an import.
pub(super) fn is_import(event: &Event) -> bool {
    event.act.kind() == ActKind::ImportRecorded
}
