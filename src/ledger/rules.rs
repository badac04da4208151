//! Which entries make the rules of a body.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::charter::CharterText;
use crate::event::{ActKind, BodyId, Entry, EventId};

/// The entries that make rules, found by the body whose rules they make: thousands of treaties may have a charter.
pub(super) struct RuleEntries {
    entries: Arc<Vec<Entry>>,
    /// Places of entries by their body.
    of: HashMap<BodyId, Vec<usize>>,
    /// Places of what may bear on any body: corrections, what they correct (a rectification may move an entry from another
    /// body into this one), imports that can be retracted whole.
    others: Vec<usize>,
}

impl RuleEntries {
    pub(super) fn new(entries: Arc<Vec<Entry>>) -> RuleEntries {
        use ActKind as K;
        let corrects = |e: &Entry| matches!(e.event.act.kind(), K::RecordCorrected | K::EntryRetracted);
        let corrected: HashSet<EventId> =
            entries.iter().filter(|e| corrects(e)).filter_map(|e| e.event.to).collect();
        let mut of: HashMap<BodyId, Vec<usize>> = HashMap::new();
        let mut others = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            of.entry(entry.event.body.clone()).or_default().push(at);
            let import = entry.event.act.kind() == K::ImportRecorded;
            if corrects(entry) || import || corrected.contains(&entry.event.id) {
                others.push(at);
            }
        }
        RuleEntries { entries, of, others }
    }

    /// Whether it was made of these.
    pub(super) fn are(&self, entries: &Arc<Vec<Entry>>) -> bool {
        Arc::ptr_eq(&self.entries, entries)
    }

    /// Whether any of them can make the rules of a body.
    pub(super) fn may_rule(&self, body: &BodyId) -> bool {
        self.of.contains_key(body) || !self.others.is_empty()
    }

    /// Those of one body and no others.
    pub(super) fn own(&self, body: &BodyId) -> impl Iterator<Item = &Entry> {
        let places = self.of.get(body).map(Vec::as_slice).unwrap_or_default();
        places.iter().filter_map(|at| self.entries.get(*at))
    }

    /// Those of one body and of what its charter extends, with what may correct them. `brought` is a text of the body that
    /// is not recorded yet.
    pub(super) fn of(&self, body: &BodyId, brought: Option<&str>) -> Vec<Entry> {
        let places = |body: &BodyId| self.of.get(body).map(Vec::as_slice).unwrap_or_default();
        let own = places(body).iter().filter_map(|at| self.entries.get(*at)?.event.act.charter_text());
        let pattern = own.chain(brought).find_map(CharterText::extended);
        let inherited = pattern.as_ref().map(places).unwrap_or_default();
        let bear: BTreeSet<usize> =
            places(body).iter().chain(inherited).chain(&self.others).copied().collect();
        bear.into_iter().filter_map(|at| self.entries.get(at).cloned()).collect()
    }
}
