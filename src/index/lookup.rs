//! What questions have read before: the runs themselves, and where the acts of each participant of a body are.

use std::cell::RefCell;
use std::collections::HashMap;
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
    bodies: RefCell<HashMap<BodyId, Arc<BodyPlaces>>>,
}

/// By participant, acting or acted on, where its acts are. Acts of the body alone stand under `None`.
type BodyPlaces = HashMap<Option<String>, Vec<Index>>;

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

    /// Where the acts are that bear on one participant in one body by themselves.
    pub(super) fn places(&self, body: &BodyId, participant: &ParticipantId) -> Vec<Index> {
        let places = self.body_places(body);
        let of = |who: Option<String>| places.get(&who).into_iter().flatten().copied();
        of(None).chain(of(Some(participant.as_str().to_owned()))).collect()
    }

    fn body_places(&self, body: &BodyId) -> Arc<BodyPlaces> {
        if let Some(places) = self.lookup.bodies.borrow().get(body) {
            return Arc::clone(places);
        }
        let mut places = BodyPlaces::new();
        for meta in &self.runs {
            for (place, key) in meta.postings.acts_of(body.as_str()) {
                let index = Index(meta.first + place as u64);
                let mut note = |who: Option<&str>| {
                    places.entry(who.map(str::to_owned)).or_default().push(index);
                };
                note(key.participant);
                if let Some(about) = key.about.filter(|about| Some(*about) != key.participant) {
                    note(Some(about));
                }
            }
        }
        let places = Arc::new(places);
        self.lookup.bodies.borrow_mut().insert(body.clone(), Arc::clone(&places));
        places
    }
}
