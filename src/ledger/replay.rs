//! Everything folded again from the leaves, body by body on every core: each leaf is decoded once, just before it is folded.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;

use crate::charter::CharterText;
use crate::event::leaf::{body_of, decode_for_status};
use crate::event::{Act, ActKind, BodyId, Day, Entry, EventId, Index, Scope, Size, StatusId, reaching};
use crate::log::{Entries, LeafBlock};
use crate::query::{BodyView, Charters, CheckpointRef, Material};

use super::LedgerError;

/// How many participants certainly have which status, by body.
pub type Tally = BTreeMap<BodyId, BTreeMap<StatusId, u64>>;

/// So many leaves are looked at together.
const AT_A_TIME: usize = 16;

/// Folds the first `size` leaves into the statuses of a day, telling `progress` how many were folded.
///
/// # Errors
/// [`LedgerError`].
pub fn replay(
    log: &Entries,
    size: Size,
    on: Day,
    progress: &mut dyn FnMut(u64),
) -> Result<Tally, LedgerError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let read = log.read_each(size.0, &|leaves| (places(&leaves), leaves))?;
    let (found, segments): (Vec<_>, Vec<LeafBlock>) = read.into_iter().unzip();
    let found: Vec<Places> = found.into_iter().collect::<Result<_, _>>()?;
    let mut bodies: Vec<Body<'_>> = by_body(&segments, found).into_iter().collect();
    // The largest first, so that no core is left with one at the end.
    bodies.sort_by_key(|(_, leaves)| std::cmp::Reverse(leaves.len()));
    let places = bodies.iter().enumerate().map(|(at, (body, _))| (body, at)).collect();
    let record = Record { bodies: &bodies, places, size, on, charters: Arc::default() };
    record.tally(cores, progress)
}

/// A leaf with its place in the log.
type Leaf<'a> = (Index, &'a [u8]);

/// A body with its leaves, in the order of the log.
type Body<'a> = (BodyId, Vec<Leaf<'a>>);

/// Where the leaves of every body stand in a segment, in rising order.
type Places = HashMap<BodyId, Vec<u32>>;

/// Where the leaves of every body stand in a segment.
///
/// # Errors
/// [`LedgerError::Entry`], the first leaf that cannot be read.
fn places(leaves: &LeafBlock) -> Result<Places, LedgerError> {
    let mut places = Places::new();
    for (at, (index, leaf, _)) in (0..).zip(leaves.iter()) {
        let index = Index(index);
        let body = body_of(leaf, index).map_err(|source| LedgerError::Entry { index, source })?;
        match places.get_mut(&body) {
            Some(places) => places.push(at),
            None => _ = places.insert(body, vec![at]),
        }
    }
    Ok(places)
}

/// The leaves of every body.
fn by_body<'a>(segments: &'a [LeafBlock], places: Vec<Places>) -> HashMap<BodyId, Vec<Leaf<'a>>> {
    let mut bodies: HashMap<BodyId, Vec<Leaf<'a>>> = HashMap::new();
    for (segment, places) in segments.iter().zip(places) {
        for (body, places) in places {
            let leaves = places
                .into_iter()
                .filter_map(|at| Some((Index(segment.first() + u64::from(at)), segment.leaf(at as usize)?)));
            bodies.entry(body).or_default().extend(leaves);
        }
    }
    bodies
}

/// Decodes leaves.
fn decode(leaves: &[Leaf<'_>]) -> Result<Vec<Entry>, LedgerError> {
    let mut entries = Vec::with_capacity(leaves.len());
    for leaves in leaves.chunks(AT_A_TIME) {
        // The leaves of a body lie far apart. Where several are touched together, memory is waited for once.
        let lines = leaves.iter().flat_map(|(_, leaf)| leaf.iter().step_by(64));
        std::hint::black_box(lines.fold(0, |all, byte| all ^ byte));
        for (index, leaf) in leaves {
            let entry = decode_for_status(leaf, *index);
            entries.push(entry.map_err(|source| LedgerError::Entry { index: *index, source })?);
        }
    }
    Ok(entries)
}

/// A record by body, and what is asked of it.
struct Record<'a> {
    bodies: &'a [Body<'a>],
    /// Where each body stands.
    places: HashMap<&'a BodyId, usize>,
    size: Size,
    on: Day,
    charters: Arc<Charters>,
}

/// How many have which status in one body.
type Statuses = BTreeMap<StatusId, u64>;

/// What bears on a body beside its own entries.
enum Others<'a> {
    /// Nothing but the body whose charter it extends, unless a correction reaches out of some body.
    Pattern,
    /// These entries, which bear on every body, and the body whose charter it extends.
    Reaching(&'a [Entry]),
}

impl Record<'_> {
    /// Folds every body from its own entries and those of its pattern, as far as that is enough.
    fn tally(&self, cores: usize, progress: &mut dyn FnMut(u64)) -> Result<Tally, LedgerError> {
        let (mut tally, waiting) = match self.pass(cores, &Others::Pattern, progress)? {
            Some(folded) => folded,
            None => {
                let all = self.all()?;
                let places = reaching(&all).into_iter();
                let reaching: Vec<Entry> = places.filter_map(|place| all.get(place).cloned()).collect();
                self.pass(cores, &Others::Reaching(&reaching), progress)?.unwrap_or_default()
            }
        };
        if waiting.is_empty() {
            return Ok(tally);
        }
        let all = Arc::new(self.all()?);
        for body in waiting {
            if let Folded::Statuses(statuses) = self.fold(body, Arc::clone(&all), true, (0, 1)) {
                tally.insert(body.clone(), statuses);
            }
        }
        Ok(tally)
    }

    /// Folds every body, the next one on whichever core is free; beside the tally the bodies that cannot be folded without
    /// all others. `None` where a correction reaches out of some body.
    fn pass<'r>(
        &'r self,
        cores: usize,
        others: &Others<'_>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Option<(Tally, Vec<&'r BodyId>)>, LedgerError> {
        let all: usize = self.bodies.iter().map(|(_, leaves)| leaves.len()).sum();
        // The bodies stand by size. One that is much of the record is folded by every core together.
        let (large, small) =
            self.bodies.split_at(self.bodies.partition_point(|(_, leaves)| leaves.len() * cores * 2 > all));
        let next = AtomicUsize::new(0);
        let (done, results) = channel();
        std::thread::scope(|scope| {
            let (mut passed, mut read) = (Passed::default(), 0);
            let mut take = |(body, leaves): &'r Body<'_>, folded: Result<Folded, LedgerError>| {
                read += leaves.len() as u64;
                progress(read);
                Ok::<_, LedgerError>(passed.take(body, folded?))
            };
            for body in large {
                if !take(body, self.fold_large(body, others, cores))? {
                    return Ok(None);
                }
            }
            for _ in 0..cores {
                let (done, next) = (done.clone(), &next);
                scope.spawn(move || {
                    while let Some(body) = small.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let folded = self.fold_body(body, others);
                        // Nobody listens any more where it all begins anew.
                        if done.send((body, folded)).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(done);
            for (body, folded) in results {
                if !take(body, folded)? {
                    return Ok(None);
                }
            }
            Ok(Some((passed.tally, passed.waiting)))
        })
    }

    /// Folds a body on every core: each decodes a part of its leaves and folds some of its participants.
    fn fold_large(
        &self,
        (body, leaves): &Body<'_>,
        others: &Others<'_>,
        cores: usize,
    ) -> Result<Folded, LedgerError> {
        let share = leaves.len().div_ceil(cores).max(1);
        let mut entries = std::thread::scope(|scope| {
            let parts = leaves.chunks(share).map(|leaves| scope.spawn(move || decode(leaves)));
            let parts: Vec<_> = parts.collect();
            let mut entries = Vec::with_capacity(leaves.len());
            for part in parts {
                entries.append(&mut part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
            }
            Ok::<_, LedgerError>(entries)
        })?;
        if !self.complete(&mut entries, others)? {
            return Ok(Folded::ReachedInto);
        }
        let entries = Arc::new(entries);
        std::thread::scope(|scope| {
            let one = |number| {
                let entries = Arc::clone(&entries);
                scope.spawn(move || self.fold(body, entries, false, (number, cores)))
            };
            let parts: Vec<_> = (0..cores).map(one).collect();
            let mut all = Statuses::new();
            for part in parts {
                match part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)) {
                    Folded::Statuses(part) => {
                        part.into_iter().for_each(|(status, count)| *all.entry(status).or_default() += count);
                    }
                    other => return Ok(other),
                }
            }
            Ok(Folded::Statuses(all))
        })
    }

    /// Folds one body.
    fn fold_body(&self, (body, leaves): &Body<'_>, others: &Others<'_>) -> Result<Folded, LedgerError> {
        let mut entries = decode(leaves)?;
        match self.complete(&mut entries, others)? {
            true => Ok(self.fold(body, Arc::new(entries), false, (0, 1))),
            false => Ok(Folded::ReachedInto),
        }
    }

    /// Adds to the entries of a body what bears on it beside them; false where that is not known yet.
    fn complete(&self, entries: &mut Vec<Entry>, others: &Others<'_>) -> Result<bool, LedgerError> {
        match others {
            Others::Pattern if reaches_out(entries) => return Ok(false),
            Others::Pattern => {}
            Others::Reaching(reaching) => entries.extend_from_slice(reaching),
        }
        let mut pattern = self.pattern(entries).map(decode).transpose()?.unwrap_or_default();
        if !(pattern.is_empty() && matches!(others, Others::Pattern)) {
            entries.append(&mut pattern);
            entries.sort_by_key(|entry| entry.index);
            entries.dedup_by_key(|entry| entry.index);
        }
        Ok(true)
    }

    /// Every entry, in the order of the log.
    fn all(&self) -> Result<Vec<Entry>, LedgerError> {
        let mut leaves: Vec<Leaf<'_>> = self.bodies.iter().flat_map(|(_, leaves)| leaves).copied().collect();
        leaves.sort_by_key(|(index, _)| *index);
        decode(&leaves)
    }

    /// The leaves of the body whose charter one of these adoptions extends.
    fn pattern(&self, entries: &[Entry]) -> Option<&[Leaf<'_>]> {
        let body = entries.iter().find_map(|entry| match &entry.event.act {
            Act::CharterAdopted(text) => CharterText::extended(text),
            _ => None,
        })?;
        self.bodies.get(*self.places.get(&body)?).map(|(_, leaves)| leaves.as_slice())
    }

    /// Folds a body from these entries: `all` of the record, or only what bears on it where its clauses wait for no other.
    /// Of its participants only those of one share are counted: its number, of how many.
    fn fold(
        &self,
        body: &BodyId,
        entries: Arc<Vec<Entry>>,
        all: bool,
        (number, shares): (usize, usize),
    ) -> Folded {
        let checkpoint = CheckpointRef { size: self.size, root: String::new() };
        let charters = Arc::clone(&self.charters);
        let material = Material { entries, checkpoint, charters, scope: Scope::ALL };
        let Ok(view) = BodyView::new(&material, body, self.size, Day::FUTURE) else {
            return Folded::NoCharter;
        };
        if !all && !view.charter.waits_for().is_empty() {
            return Folded::Waits;
        }
        let mut statuses = Statuses::new();
        for who in view.participants().skip(number).step_by(shares) {
            let history = view.history(who);
            let Some(status) = history.settled_on(self.on).filter(|status| !status.is_none()) else {
                continue;
            };
            match statuses.get_mut(status) {
                Some(count) => *count += 1,
                None => _ = statuses.insert(status.clone(), 1),
            }
        }
        Folded::Statuses(statuses)
    }
}

/// The bodies that were folded.
#[derive(Default)]
struct Passed<'r> {
    tally: Tally,
    /// Those whose clauses wait for other treaties.
    waiting: Vec<&'r BodyId>,
}

impl<'r> Passed<'r> {
    /// Takes what became of a body; false where everything is to be folded anew.
    fn take(&mut self, body: &'r BodyId, folded: Folded) -> bool {
        match folded {
            Folded::Statuses(statuses) => _ = self.tally.insert(body.clone(), statuses),
            Folded::NoCharter => {}
            Folded::Waits => self.waiting.push(body),
            Folded::ReachedInto => return false,
        }
        true
    }
}

/// What became of a body.
enum Folded {
    Statuses(Statuses),
    /// Without a charter there is nothing to fold.
    NoCharter,
    /// A clause waits for another treaty.
    Waits,
    /// A correction reaches from it into another body.
    ReachedInto,
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
