//! The whole record, and the entries that bear on each body.

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;

use crate::charter::{Charter, CharterAct, Texts};
use crate::event::{BodyId, Day, Entry, Index, Size};
use crate::query::Need;

use super::filing::Filings;
use super::reach::Reach;

/// The entries of each body, and those that bear on other bodies than their own.
pub(super) struct Places {
    /// In the order of the log.
    entries: Arc<Vec<Entry>>,
    reach: Reach,
    filings: Filings,
    /// The charter texts read so far.
    texts: Texts,
    /// The index of the last entry, and the day on which it was recorded.
    pub(super) last: Option<(Index, Day)>,
}

impl Places {
    /// Takes the whole record, the filings of its entries, and the bodies on which they bear.
    pub(super) fn new(entries: Vec<Entry>, filings: Filings, reach: Reach) -> Places {
        let last = entries.last().map(|last| (last.index, last.recorded_at.day()));
        Places { entries: Arc::new(entries), reach, filings, texts: Texts::default(), last }
    }

    /// The entries that bear on a body: its own, those of every charter that any of its texts extends, and every entry corrected
    /// across bodies; all entries if a text waits for other treaties.
    pub(super) fn of(&self, body: &BodyId) -> Arc<Vec<Entry>> {
        let own = |of: &BodyId| self.reach.own.get(of).into_iter().flatten().map(|at| *at as usize);
        let mut places: Vec<usize> = own(body).chain(self.reach.across.iter().copied()).collect();
        let mut extended: BTreeSet<BodyId> = BTreeSet::new();
        for entry in places.iter().filter_map(|at| self.entries.get(*at)) {
            let Some(charter) = charter_alone(body, entry, &self.texts) else { continue };
            if !charter.waits_for().is_empty() {
                return Arc::clone(&self.entries);
            }
            extended.extend(charter.extends);
        }
        places.extend(extended.iter().flat_map(own));
        // The indexes of the body's own entries already rise.
        if !extended.is_empty() || !self.reach.across.is_empty() {
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

    /// True if the record has exactly this number of entries.
    pub(super) fn are_all(&self, size: Size) -> bool {
        self.last.is_some_and(|(last, _)| Size(last.0 + 1) == size)
    }

    /// Frees the memory of all entries, on every core.
    pub(super) fn free(self) {
        if let Ok(entries) = Arc::try_unwrap(self.entries) {
            entries.into_par_iter().for_each(drop);
        }
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
