//! What the rules make of everything recorded and known, as rows: the plain fold, body by body.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use smol_str::SmolStr;

use crate::event::{BodyId, Day, Entry, Index, ParticipantId, Scope, Size, StatusId};
use crate::history::{History, Spell, correction_known};
use crate::ledger::LedgerError;
use crate::query::{BodyView, Charters, CheckpointRef, Material, QueryError};
use crate::snapshot::{Draft, PairKey, RowDraft, StoredReading};

use super::gather::{Gathered, Roots};

/// What is said of one pair.
pub(super) struct Stated {
    pair: PairKey,
    rows: Vec<RowDraft>,
    known_through: Day,
    recorded_through: Index,
    joined: bool,
}

impl Stated {
    pub(super) fn put(self, draft: &mut Draft) {
        draft.state(&self.pair, self.rows, self.known_through, self.recorded_through, self.joined);
    }
}

/// Folds every body, on every core.
///
/// # Errors
/// [`LedgerError`].
pub(super) fn fold(
    gathered: &Gathered<'_>,
    roots: &Roots,
    size: Size,
    progress: &mut dyn FnMut(u64),
) -> Result<Vec<Stated>, LedgerError> {
    let bodies = gathered.bodies();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let charters = Arc::new(Charters::default());
    let work = |tell: &mut dyn FnMut(u64)| {
        let (mut stated, mut readings) = (Vec::new(), Readings::default());
        while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
            stated.extend(of_body(gathered, roots, body, (size, &charters), &mut readings)?);
            tell(gathered.count(body) as u64);
        }
        Ok::<Vec<Stated>, LedgerError>(stated)
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..cores).map(|_| scope.spawn(|| work(&mut |_| {}))).collect();
        let mut stated = work(progress)?;
        for other in others {
            stated.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        Ok(stated)
    })
}

fn of_body(
    gathered: &Gathered<'_>,
    roots: &Roots,
    name: &SmolStr,
    (size, charters): (Size, &Arc<Charters>),
    readings: &mut Readings,
) -> Result<Vec<Stated>, LedgerError> {
    let Ok(body) = BodyId::parse(name) else { return Ok(Vec::new()) };
    let mut entries = gathered.entries_of(std::slice::from_ref(name), roots)?;
    let others = reach(gathered, roots, (&body, &entries), size, charters)?;
    let joined = !others.is_empty();
    if joined {
        let all: Vec<SmolStr> =
            std::iter::once(name.clone()).chain(others.iter().map(|b| SmolStr::new(b.as_str()))).collect();
        entries = gathered.entries_of(&all, roots)?;
    }
    let checkpoint = CheckpointRef { size, root: String::new() };
    let scope = Scope::of_body(body.clone());
    let entries = Arc::new(entries);
    let (shared, charters) = (Arc::clone(&entries), Arc::clone(charters));
    let material = Material { entries: shared, checkpoint, charters, scope };
    let view = match BodyView::new(&material, &body, size, Day::FUTURE) {
        Ok(view) => view,
        // Without a charter there is nothing to fold; with one that cannot be read every question says so.
        Err(QueryError::NoBody(_) | QueryError::Charter(_)) => return Ok(Vec::new()),
    };
    let whole = joined || view.charter.joins_participants();
    let everywhere = |e: &&Entry| {
        whole || e.event.participant.is_none() || roots.extra.binary_search(&(e.index.0 as u32)).is_ok()
    };
    let through = Through::of(entries.iter().filter(everywhere));
    // Also of whom nothing stands any more: something did, at an earlier size or to who knew less.
    let posted = gathered.draft.pairs_of(name).filter_map(|pair| ParticipantId::parse(pair.1.as_ref()?).ok());
    let everyone: BTreeSet<ParticipantId> = posted.chain(view.pairs.keys().cloned()).collect();
    let mut stated = Vec::with_capacity(everyone.len() + 1);
    for who in &everyone {
        let pair = (name.clone(), Some(SmolStr::new(who.as_str())));
        let posted = gathered.draft.entries_of(&pair).iter();
        let place = |at: &u32| entries.binary_search_by_key(&Index(u64::from(*at)), |e| e.index).ok();
        let own = Through::of(posted.filter_map(|at| entries.get(place(at)?))).with(through);
        // What a rectification says of an act may be known later than either.
        let acts = view.pairs.get(who).into_iter().flat_map(|acts| acts.own.iter().chain(&acts.about));
        let said = acts.map(|act| act.known.day).max();
        let history = view.history(who);
        let spells = history.spells();
        let mut rows = Vec::with_capacity(spells.len());
        rows.extend(spells.into_iter().map(|spell| readings.shared(row(&history, spell))));
        let recorded_through = own.last.unwrap_or(Index(0));
        let known_through = own.known.max(said.unwrap_or(Day::PAST));
        stated.push(Stated { pair, rows, known_through, recorded_through, joined: whole });
    }
    let last = through.last.unwrap_or(Index(0));
    let alone = (name.clone(), None);
    stated.push(Stated {
        pair: alone,
        rows: Vec::new(),
        known_through: through.known,
        recorded_through: last,
        joined: whole,
    });
    Ok(stated)
}

/// What may be said, each once: there is little of it, and most rows say the same.
#[derive(Default)]
pub(super) struct Readings(HashSet<Arc<[StatusId]>>);

impl Readings {
    pub(super) fn shared(&mut self, mut row: RowDraft) -> RowDraft {
        match self.0.get(&row.reading.statuses) {
            Some(known) => row.reading.statuses = Arc::clone(known),
            None => _ = self.0.insert(Arc::clone(&row.reading.statuses)),
        }
        row
    }
}

/// The other bodies on whose acts the statuses in a body rest.
fn reach(
    gathered: &Gathered<'_>,
    roots: &Roots,
    (body, own): (&BodyId, &[Entry]),
    size: Size,
    charters: &Arc<Charters>,
) -> Result<BTreeSet<BodyId>, LedgerError> {
    let mut failed = None;
    let mut charter = |of: &BodyId| {
        let others = match of == body {
            true => Ok(Vec::new()),
            false => gathered.entries_of(&[SmolStr::new(of.as_str())], roots),
        };
        let others = match others {
            Ok(entries) => entries,
            Err(error) => {
                failed = Some(error);
                return None;
            }
        };
        let entries = if of == body { own } else { &others };
        let alone: Vec<Entry> = entries.iter().filter(|e| e.event.participant.is_none()).cloned().collect();
        let checkpoint = CheckpointRef { size, root: String::new() };
        let scope = Scope::of_body(of.clone());
        let (entries, charters) = (Arc::new(alone), Arc::clone(charters));
        let material = Material { entries, checkpoint, charters, scope };
        BodyView::new(&material, of, size, Day::FUTURE).ok().map(|view| view.charter)
    };
    let others = waits_for(body, &mut charter);
    failed.map_or(Ok(others), Err)
}

/// How far what bears on something goes.
#[derive(Clone, Copy)]
struct Through {
    known: Day,
    last: Option<Index>,
}

impl Through {
    fn of<'e>(entries: impl Iterator<Item = &'e Entry>) -> Through {
        let mut through = Through { known: Day::PAST, last: None };
        entries.for_each(|entry| through.add(entry));
        through
    }

    fn add(&mut self, entry: &Entry) {
        let known = entry.event.known().day.max(correction_known(&entry.event));
        self.known = self.known.max(known);
        self.last = self.last.max(Some(entry.index));
    }

    fn with(self, other: Through) -> Through {
        Through { known: self.known.max(other.known), last: self.last.max(other.last) }
    }
}

/// A spell as a row.
pub(super) fn row(history: &History, spell: Spell) -> RowDraft {
    let statuses = match spell.reading.worlds.as_slice() {
        // Nearly always one is possible.
        [(_, world)] => [world.status.clone()].into(),
        _ => spell.reading.statuses().into_iter().cloned().collect(),
    };
    let reading = StoredReading { certainty: spell.reading.certainty, statuses };
    let entries = spell.reading.worlds.iter().filter_map(|(account, world)| {
        let course = &history.accounts.get(*account)?.course;
        course.causes.get(world.cause?).map(|cause| cause.entry)
    });
    RowDraft { from: spell.from, reading, entry: entries.min() }
}

/// The treaties for which the clauses of a body wait, those for which theirs wait, and the charters that any extends.
fn waits_for(
    body: &BodyId,
    charter: &mut dyn FnMut(&BodyId) -> Option<std::sync::Arc<crate::charter::Charter>>,
) -> BTreeSet<BodyId> {
    let mut found = BTreeSet::new();
    let mut open = vec![body.clone()];
    while let Some(next) = open.pop() {
        let Some(charter) = charter(&next) else { continue };
        let others = charter.waits_for().iter().chain(&charter.extends).cloned();
        open.extend(others.filter(|other| found.insert(other.clone())));
    }
    found.remove(body);
    found
}
