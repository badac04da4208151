//! Everything folded again, body by body on every core: from the entries in sled, or from the leaves.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use crate::charter::CharterText;
use crate::event::leaf::decode_for_status;
use crate::event::{ActKind, BodyId, Day, Entry, EventId, Index, Instant, Scope, Size, StatusId, reaching};
use crate::index::SledIndex;
use crate::log::Entries;
use crate::query::{BodyView, Charters, CheckpointRef, Material};

use super::LedgerError;

/// How many participants certainly have which status, by body.
pub type Tally = BTreeMap<BodyId, Statuses>;

/// How many have which status in one body.
type Statuses = BTreeMap<StatusId, u64>;

/// A body with more participants than this is folded by every core together.
const MANY: usize = 256;

/// The first `size` entries without the words from which no status follows, from the leaves.
///
/// # Errors
/// [`LedgerError::Entry`], the first leaf that cannot be read; [`LedgerError::Log`].
pub fn entries_of_leaves(log: &Entries, size: Size) -> Result<Vec<Entry>, LedgerError> {
    let read = log.read_each(size.0, &|leaves| {
        let decode = |(index, leaf, _): (u64, &[u8], _)| {
            let index = Index(index);
            decode_for_status(leaf, index).map_err(|source| LedgerError::Entry { index, source })
        };
        leaves.iter().map(decode).collect::<Result<Vec<Entry>, LedgerError>>()
    })?;
    joined(read)
}

/// All entries without the words from which no status follows, from sled.
///
/// # Errors
/// [`LedgerError::Index`].
pub(super) fn entries_of_sled(index: &SledIndex) -> Result<Vec<Entry>, LedgerError> {
    let read = index.runs()?.into_par_iter().map(|run| Ok(index.status_entries(run)?));
    let mut entries = joined(read.collect())?;
    entries.extend_from_slice(index.pending());
    Ok(entries)
}

fn joined(parts: Vec<Result<Vec<Entry>, LedgerError>>) -> Result<Vec<Entry>, LedgerError> {
    let mut entries = Vec::with_capacity(parts.iter().flatten().map(Vec::len).sum());
    for part in parts {
        entries.append(&mut part?);
    }
    Ok(entries)
}

/// Folds entries, in the order of the log, into the statuses of a day, telling `progress` how many were folded.
pub fn replay(entries: &[Entry], on: Day, progress: &(dyn Fn(u64) + Sync)) -> Tally {
    let size = Size(entries.last().map_or(0, |last| last.index.0 + 1));
    let record = Record { entries, bodies: by_body(entries), size, on, charters: Arc::default() };
    let others = || reaching(entries).into_iter().filter_map(|place| entries.get(place).cloned()).collect();
    let folded = record.pass(None, progress).or_else(|| record.pass(Some(others()), progress));
    let (mut tally, waiting) = folded.unwrap_or_default();
    if waiting.is_empty() {
        return tally;
    }
    let all = Arc::new(entries.to_vec());
    for body in waiting {
        if let Folded::Statuses(statuses) = record.fold(body, Arc::clone(&all), true) {
            tally.insert(body.clone(), statuses);
        }
    }
    tally
}

/// The places of the entries of every body, in rising order.
fn by_body(entries: &[Entry]) -> HashMap<&BodyId, Vec<usize>> {
    let mut bodies: HashMap<&BodyId, Vec<usize>> = HashMap::new();
    for (at, entry) in entries.iter().enumerate() {
        bodies.entry(&entry.event.body).or_default().push(at);
    }
    bodies
}

/// A record by body, and what is asked of it.
struct Record<'a> {
    entries: &'a [Entry],
    bodies: HashMap<&'a BodyId, Vec<usize>>,
    size: Size,
    on: Day,
    charters: Arc<Charters>,
}

impl<'a> Record<'a> {
    /// Folds every body from its own entries and those of its pattern, as far as that is enough, and from `others`, which
    /// bear on every body; beside the tally the bodies whose clauses wait for all entries. `None` where there are no
    /// `others`, but a correction reaches out of some body.
    fn pass(
        &self,
        others: Option<Vec<Entry>>,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Option<(Tally, Vec<&'a BodyId>)> {
        let mut bodies: Vec<(&BodyId, &[usize])> =
            self.bodies.iter().map(|(body, places)| (*body, places.as_slice())).collect();
        // The largest first, so that no core is left with one at the end.
        bodies.sort_by_key(|(body, places)| (std::cmp::Reverse(places.len()), *body));
        let done = AtomicU64::new(0);
        let folded = bodies.into_par_iter().with_max_len(1).map(|(body, places)| {
            let folded = self.fold_body(body, places, others.as_deref())?;
            let more = places.len() as u64;
            progress(done.fetch_add(more, Ordering::Relaxed) + more);
            Some((body, folded))
        });
        let folded: Vec<(&BodyId, Folded)> = folded.collect::<Option<_>>()?;
        let (mut tally, mut waiting) = (Tally::new(), Vec::new());
        for (body, folded) in folded {
            match folded {
                Folded::Statuses(statuses) => _ = tally.insert(body.clone(), statuses),
                Folded::NoCharter => {}
                Folded::Waits => waiting.push(body),
            }
        }
        Some((tally, waiting))
    }

    /// Folds one body; `None` where it takes more than is there.
    fn fold_body(&self, body: &BodyId, places: &[usize], others: Option<&[Entry]>) -> Option<Folded> {
        let mut entries = self.at(places);
        match others {
            None if reaches_out(&entries) => return None,
            None => {}
            Some(others) => entries.extend_from_slice(others),
        }
        let patterns = self.patterns(&entries);
        if !patterns.is_empty() || others.is_some() {
            entries.extend(patterns);
            entries.sort_by_key(|entry| entry.index);
            entries.dedup_by_key(|entry| entry.index);
        }
        Some(self.fold(body, Arc::new(entries), false))
    }

    fn at(&self, places: &[usize]) -> Vec<Entry> {
        places.iter().filter_map(|at| self.entries.get(*at).cloned()).collect()
    }

    /// The entries of the bodies whose charters one of these charter texts extends.
    fn patterns(&self, entries: &[Entry]) -> Vec<Entry> {
        let texts = entries.iter().filter_map(|entry| entry.event.act.charter_text());
        let extended: BTreeSet<BodyId> = texts.filter_map(CharterText::extended).collect();
        let places = extended.iter().filter_map(|body| self.bodies.get(body));
        places.flat_map(|places| self.at(places)).collect()
    }

    /// Folds a body from these entries: `all` of the record, or only what bears on it where its clauses wait for no other.
    fn fold(&self, body: &BodyId, entries: Arc<Vec<Entry>>, all: bool) -> Folded {
        let checkpoint = CheckpointRef { size: self.size, root: String::new() };
        let charters = Arc::clone(&self.charters);
        let material = Material { entries, checkpoint, charters, scope: Scope::ALL, given: None };
        let Ok(view) = BodyView::new(&material, body, self.size, Instant::FUTURE) else {
            return Folded::NoCharter;
        };
        if !all && !view.charter.waits_for().is_empty() {
            return Folded::Waits;
        }
        let status = |who| view.history(who).settled_on(self.on).filter(|status| !status.is_none()).cloned();
        let participants: Vec<_> = view.participants().collect();
        let mut statuses = Statuses::new();
        let mut count = |status: StatusId| *statuses.entry(status).or_default() += 1;
        match participants.len() > MANY {
            true => {
                let all: Vec<StatusId> = participants.into_par_iter().filter_map(status).collect();
                all.into_iter().for_each(count);
            }
            false => participants.into_iter().filter_map(status).for_each(&mut count),
        }
        Folded::Statuses(statuses)
    }
}

/// What became of a body.
enum Folded {
    Statuses(Statuses),
    /// Without a charter there is nothing to fold.
    NoCharter,
    /// A clause waits for another treaty.
    Waits,
}

/// Whether some correction among the entries of one body may reach out of it: it moves an entry to another body, names
/// none of this one, or withdraws an import, whose rows may be of several bodies.
fn reaches_out(entries: &[Entry]) -> bool {
    let corrections = || entries.iter().map(|entry| &entry.event).filter(|event| event.corrects());
    let mut missing: HashSet<EventId> = corrections().filter_map(|event| event.to).collect();
    if missing.is_empty() {
        return false;
    }
    let import = |entry: &Entry| entry.event.act.kind() == ActKind::ImportRecorded;
    let imports = entries.iter().any(|entry| missing.remove(&entry.event.id) && import(entry));
    imports || !missing.is_empty() || corrections().any(|event| event.moves_to_another_body())
}
