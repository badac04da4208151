//! The whole record, and which of its entries bear on a body.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::charter::{Charter, CharterAct, Texts};
use crate::event::{BodyId, Day, Entry, Index};
use crate::query::Need;

use super::filing::Filings;

/// The entries of each body, and those that bear on other bodies than their own.
pub(super) struct Places {
    /// In the order of the log.
    entries: Arc<Vec<Entry>>,
    /// The places of those of each body, which rise.
    own: HashMap<BodyId, Vec<u32>>,
    across: Vec<usize>,
    filings: Filings,
    /// The charter texts that were read.
    texts: Texts,
    /// The last entry of all: its place, and the day on which it was recorded.
    pub(super) last: Option<(Index, Day)>,
}

impl Places {
    /// Sets out the whole record; `across` are the places of the entries that bear on other bodies than their own.
    pub(super) fn new(entries: Vec<Entry>, filings: Filings, across: Vec<usize>) -> Places {
        let last = entries.last().map(|last| (last.index, last.recorded_at.day()));
        let mut own: HashMap<BodyId, Vec<u32>> = HashMap::new();
        for (entry, at) in entries.iter().zip(0..) {
            let body = &entry.event.body;
            match own.get_mut(body) {
                Some(places) => places.push(at),
                None => _ = own.insert(body.clone(), vec![at]),
            }
        }
        Places { entries: Arc::new(entries), own, across, filings, texts: Texts::default(), last }
    }

    /// The entries that bear on a body: its own, those of every charter that any of its texts extends, and whatever is
    /// corrected across bodies, wherever that belongs; all of them if a text waits for other treaties.
    pub(super) fn of(&self, body: &BodyId) -> Arc<Vec<Entry>> {
        let own = |of: &BodyId| self.own.get(of).into_iter().flatten().map(|at| *at as usize);
        let mut places: Vec<usize> = own(body).chain(self.across.iter().copied()).collect();
        let mut extended: BTreeSet<BodyId> = BTreeSet::new();
        for entry in places.iter().filter_map(|at| self.entries.get(*at)) {
            let Some(charter) = charter_alone(body, entry, &self.texts) else { continue };
            if !charter.waits_for().is_empty() {
                return Arc::clone(&self.entries);
            }
            extended.extend(charter.extends);
        }
        places.extend(extended.iter().flat_map(own));
        // Those of the body alone rise already.
        if !extended.is_empty() || !self.across.is_empty() {
            places.sort_unstable();
            places.dedup();
        }
        Arc::new(self.at(places))
    }

    /// The entries under the headings that a question needs, as the audit files them.
    pub(super) fn under(&self, need: &Need) -> Vec<Entry> {
        self.at(match need {
            Need::Heading(heading) => self.filings.under(heading.group(), heading.name()),
            Need::Group(body) => self.filings.in_group(body.as_str()),
        })
    }

    fn at(&self, places: Vec<usize>) -> Vec<Entry> {
        places.into_iter().filter_map(|at| self.entries.get(at)).cloned().collect()
    }
}

/// The rules that the text of one entry would give a body by itself.
fn charter_alone(body: &BodyId, entry: &Entry, texts: &Texts) -> Option<Charter> {
    let text = entry.event.act.charter_text()?;
    let act = CharterAct { entry: entry.index, event: &entry.event, text, effective: None, inherited: false };
    Charter::fold_with(body, &[act], texts).ok().flatten()
}
