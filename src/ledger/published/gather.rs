//! One pass over the log: on which pairs each entry bears, what corrects what, and the entries of each body, packed.

use std::collections::{BTreeMap, HashMap};

use smol_str::SmolStr;

use crate::event::{ActKind, Entry, Event, EventId, Index};
use crate::index::{pack, unpack};
use crate::ledger::LedgerError;
use crate::snapshot::{Draft, PairKey};

/// What was gathered of a span of the log.
#[derive(Default)]
pub(super) struct Gathered {
    /// The postings so far.
    pub(super) draft: Draft,
    /// The entries of each body, packed.
    bodies: BTreeMap<SmolStr, Vec<Packed>>,
    /// On which pairs the entries bear that correct nothing, by index: the number of the key.
    keys: Vec<u32>,
    known_keys: HashMap<Key, u32>,
    all_keys: Vec<Key>,
    ids: HashMap<EventId, u32>,
    corrections: Vec<Correction>,
    imports: Vec<u32>,
}

/// The body, the participant and whom it is about.
type Key = (SmolStr, Option<SmolStr>, Option<SmolStr>);

/// Of an entry that corrects another.
const NO_KEY: u32 = u32::MAX;

struct Packed {
    index: u32,
    bytes: Box<[u8]>,
}

struct Correction {
    index: u32,
    to: Option<EventId>,
    body: SmolStr,
    moves: bool,
}

/// What the corrections of a record come to.
pub(super) struct Roots {
    /// Entries that bear on every question, in the order of the log.
    pub(super) extra: Vec<u32>,
    /// Corrections recorded under another body than what they correct: by that body.
    strayed: BTreeMap<SmolStr, Vec<u32>>,
    /// Imports that are corrected, beside what corrects each.
    pub(super) imports: Vec<(u32, u32)>,
}

impl Gathered {
    /// Takes in the next entry, of which no more is read than what a status may follow from.
    pub(super) fn add(&mut self, entry: Entry) {
        let index = entry.index.0 as u32;
        let event = &entry.event;
        self.draft.name(event.id, entry.index);
        self.ids.insert(event.id, index);
        if event.corrects() {
            let (to, moves) = (event.to, event.moves_another());
            self.corrections.push(Correction { index, to, body: body_of(event), moves });
        } else {
            let key = key_of(event);
            post(&mut self.draft, &key, entry.index);
            let next = self.all_keys.len() as u32;
            let number = *self.known_keys.entry(key.clone()).or_insert(next);
            if number == next {
                self.all_keys.push(key);
            }
            self.keys.resize(index as usize, NO_KEY);
            self.keys.push(number);
            if is_import(event) {
                self.imports.push(index);
            }
        }
        let bytes = pack(&entry).into_boxed_slice();
        match self.bodies.get_mut(entry.event.body.as_str()) {
            Some(entries) => entries.push(Packed { index, bytes }),
            None => _ = self.bodies.insert(body_of(&entry.event), vec![Packed { index, bytes }]),
        }
    }

    /// Follows each correction to the entry that it is about in the end, and posts it to the pairs of that one.
    pub(super) fn settle(&mut self) -> Roots {
        let by_index: HashMap<u32, usize> =
            self.corrections.iter().enumerate().map(|(at, c)| (c.index, at)).collect();
        let root = |correction: &Correction| {
            let mut at = *self.ids.get(&correction.to?)?;
            // A record that names itself in a circle is damaged; no chain is longer than there are corrections.
            for _ in 0..=self.corrections.len() {
                match by_index.get(&at) {
                    None => return Some(at),
                    Some(next) => at = *self.ids.get(&self.corrections.get(*next)?.to?)?,
                }
            }
            None
        };
        let roots: Vec<(&Correction, u32)> =
            self.corrections.iter().filter_map(|c| Some((c, root(c)?))).collect();
        let moved: Vec<u32> = roots.iter().filter(|(c, _)| c.moves).map(|(_, root)| *root).collect();
        let mut found = Roots { extra: moved.clone(), strayed: BTreeMap::new(), imports: Vec::new() };
        for (correction, root) in roots {
            if moved.contains(&root) {
                found.extra.push(correction.index);
            }
            if self.imports.binary_search(&root).is_ok() {
                found.imports.extend([(root, root), (root, correction.index)]);
            }
            let number = self.keys.get(root as usize).copied().unwrap_or(NO_KEY);
            let Some(key) = self.all_keys.get(number as usize) else { continue };
            post(&mut self.draft, key, Index(u64::from(correction.index)));
            if key.0 != correction.body {
                found.strayed.entry(key.0.clone()).or_default().push(correction.index);
            }
        }
        found.extra.sort_unstable();
        found.extra.dedup();
        found.imports.sort_unstable();
        found.imports.dedup();
        found
    }

    /// The bodies of which anything is recorded.
    pub(super) fn bodies(&self) -> Vec<SmolStr> {
        self.bodies.keys().cloned().collect()
    }

    /// How many entries are recorded under a body.
    pub(super) fn count(&self, body: &SmolStr) -> usize {
        self.bodies.get(body).map_or(0, Vec::len)
    }

    /// The entries of some bodies with what bears on them from elsewhere, in the order of the log.
    ///
    /// # Errors
    /// [`LedgerError::Packed`].
    pub(super) fn entries_of(&self, bodies: &[SmolStr], roots: &Roots) -> Result<Vec<Entry>, LedgerError> {
        let mut entries = Vec::new();
        for packed in bodies.iter().filter_map(|body| self.bodies.get(body)).flatten() {
            entries.push(packed.entry()?);
        }
        let strayed = bodies.iter().filter_map(|body| roots.strayed.get(body)).flatten();
        let mut others: Vec<u32> = roots.extra.iter().chain(strayed).copied().collect();
        let import = |entry: &Entry| self.ids.get(&entry.event.import?).copied();
        if !roots.imports.is_empty() {
            let brought: std::collections::BTreeSet<u32> = entries.iter().filter_map(import).collect();
            others.extend(roots.imports.iter().filter(|(i, _)| brought.contains(i)).map(|(_, entry)| entry));
        }
        for index in others {
            entries.extend(self.find(index)?);
        }
        entries.sort_by_key(|entry| entry.index);
        entries.dedup_by_key(|entry| entry.index);
        Ok(entries)
    }

    fn find(&self, index: u32) -> Result<Option<Entry>, LedgerError> {
        let found = self.bodies.values().find_map(|entries| {
            let at = entries.binary_search_by_key(&index, |packed| packed.index).ok()?;
            entries.get(at)
        });
        found.map(Packed::entry).transpose()
    }
}

impl Packed {
    fn entry(&self) -> Result<Entry, LedgerError> {
        let index = Index(u64::from(self.index));
        unpack(&self.bytes, index).map_err(|what| LedgerError::Packed { index, what })
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
    let (body, participant, about) = key;
    let pairs: Vec<PairKey> = match participant {
        None => vec![(body.clone(), None)],
        Some(who) => std::iter::once(who)
            .chain(about.iter().filter(|about| *about != who))
            .map(|who| (body.clone(), Some(who.clone())))
            .collect(),
    };
    pairs.iter().for_each(|pair| draft.post(pair, entry));
    if let (None, Some(about)) = (participant, about) {
        draft.post(&(body.clone(), Some(about.clone())), entry);
    }
}

/// Whether an act is the record of an import.
pub(super) fn is_import(event: &Event) -> bool {
    event.act.kind() == ActKind::ImportRecorded
}
