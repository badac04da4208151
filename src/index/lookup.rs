//! What questions have read before: the runs themselves, and which keys of which runs are of a participant in a body.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::event::{BodyId, Index, ParticipantId};

use super::run::{EventsRun, RunMeta};
use super::{EventIndex, IndexError};

/// So many runs are kept; about 300 KB each.
const RUNS_KEPT: usize = 128;

/// Kept between questions, and forgotten when runs change.
#[derive(Default)]
pub(super) struct Lookup {
    runs: RefCell<HashMap<u64, Arc<EventsRun>>>,
    bodies: RefCell<HashMap<BodyId, Arc<BodyKeys>>>,
}

/// By participant, acting or acted on: run and number of the key in it. Acts of the body alone stand under `None`.
type BodyKeys = HashMap<Option<String>, Vec<(usize, u16)>>;

impl Lookup {
    pub(super) fn forget(&mut self) {
        *self = Lookup::default();
    }
}

impl EventIndex {
    /// A run, read and checked once.
    pub(super) fn run(&self, meta: &RunMeta) -> Result<Arc<EventsRun>, IndexError> {
        if let Some(run) = self.lookup.runs.borrow().get(&meta.first) {
            return Ok(Arc::clone(run));
        }
        let run = Arc::new(self.events(meta)?);
        let mut kept = self.lookup.runs.borrow_mut();
        if kept.len() >= RUNS_KEPT {
            kept.clear();
        }
        kept.insert(meta.first, Arc::clone(&run));
        Ok(run)
    }

    /// Where the acts are that bear on one participant in one body by themselves: places in runs, by run.
    pub(super) fn places(&self, body: &BodyId, participant: &ParticipantId) -> BTreeMap<usize, Vec<usize>> {
        let keys = self.body_keys(body);
        let mut numbers: BTreeMap<usize, Vec<u16>> = BTreeMap::new();
        for who in [None, Some(participant.as_str().to_owned())] {
            for (run, number) in keys.get(&who).into_iter().flatten() {
                numbers.entry(*run).or_default().push(*number);
            }
        }
        let places = |(run, numbers): (usize, Vec<u16>)| {
            let meta = self.runs.get(run)?;
            Some((run, meta.postings.numbered(&numbers)))
        };
        numbers.into_iter().filter_map(places).collect()
    }

    fn body_keys(&self, body: &BodyId) -> Arc<BodyKeys> {
        if let Some(keys) = self.lookup.bodies.borrow().get(body) {
            return Arc::clone(keys);
        }
        let mut keys = BodyKeys::new();
        for (run, meta) in self.runs.iter().enumerate() {
            for (number, key) in meta.postings.keys_of(body.as_str()) {
                let mut note = |who: Option<&str>| {
                    keys.entry(who.map(str::to_owned)).or_default().push((run, number));
                };
                note(key.participant);
                if let Some(about) = key.about.filter(|about| Some(*about) != key.participant) {
                    note(Some(about));
                }
            }
        }
        let keys = Arc::new(keys);
        self.lookup.bodies.borrow_mut().insert(body.clone(), Arc::clone(&keys));
        keys
    }

    /// The index of the entry at a place of a run.
    pub(super) fn index_at(&self, run: usize, place: usize) -> Index {
        Index(self.runs.get(run).map_or(0, |meta| meta.first) + place as u64)
    }
}
