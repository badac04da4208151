//! What questions have read before: the runs themselves, and where the acts of each participant of a body are.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use crate::event::{BodyId, Entry, Index, ParticipantId};

use super::events::EventsRun;
use super::run::RunMeta;
use super::{EventIndex, IndexError};

/// So many runs are kept; about 300 KB each.
const RUNS_KEPT: usize = 128;

/// Kept between questions, and forgotten when runs change.
#[derive(Default)]
pub(super) struct Lookup {
    runs: RefCell<HashMap<u64, Arc<EventsRun>>>,
    bodies: RefCell<HashMap<BodyId, Arc<BodyActs>>>,
}

/// The acts of one body that correct nothing.
#[derive(Default)]
pub(super) struct BodyActs {
    /// Those of the body alone, its charter among them: every question reads them.
    pub(super) alone: Vec<Entry>,
    /// Where the others are, by participant, acting or acted on.
    of: HashMap<String, Vec<Index>>,
}

impl BodyActs {
    /// Where the acts are that bear on a participant.
    pub(super) fn of(&self, participant: &ParticipantId) -> &[Index] {
        self.of.get(participant.as_str()).map_or(&[], Vec::as_slice)
    }
}

impl Lookup {
    /// Forgets what changed: runs from some first entries on are others now, and bodies have more acts.
    pub(super) fn forget(&mut self, changed: impl IntoIterator<Item = u64>) {
        let runs = self.runs.get_mut();
        changed.into_iter().for_each(|first| _ = runs.remove(&first));
        self.bodies.get_mut().clear();
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

    /// What a body's runs hold, gathered for the first question about it.
    pub(super) fn body_acts(&self, body: &BodyId) -> Result<Arc<BodyActs>, IndexError> {
        if let Some(acts) = self.lookup.bodies.borrow().get(body) {
            return Ok(Arc::clone(acts));
        }
        let mut acts = BodyActs::default();
        for meta in &self.runs {
            for (place, key) in self.postings(meta)?.acts_of(body.as_str()) {
                let index = Index(meta.first + place as u64);
                let about = key.about.filter(|about| Some(*about) != key.participant);
                for who in [key.participant, about].into_iter().flatten() {
                    acts.of.entry(who.to_owned()).or_default().push(index);
                }
                if key.participant.is_none() {
                    acts.alone.extend(self.entry(index)?);
                }
            }
        }
        let acts = Arc::new(acts);
        self.lookup.bodies.borrow_mut().insert(body.clone(), Arc::clone(&acts));
        Ok(acts)
    }
}
