//! The entries that are not retracted, with their corrected content, for a state of record and of knowledge.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::event::{Act, ActKind, Cause, Changes, Edtf, Entry, Event, EventId, Index, Instant, Known, Size};

/// An act of the record that is not retracted, read with its rectifications. If nothing corrected it, it shares the event of its
/// entry.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Its index in the log.
    pub index: Index,
    /// Its present content.
    pub event: Arc<Event>,
    /// The day since when the world could know it.
    pub known: Known,
    /// The rectifications that changed it, oldest first.
    pub corrected_by: Vec<Index>,
}

/// The acts that are not retracted in the first `recorded` entries, by knowledge that was public by `known`, in the order of the
/// log.
///
/// A correction is read only if it is not itself retracted, so that a retraction of a retraction restores, and a rectification of
/// a rectification replaces the content that it set. One with dated evidence counts from its known day; a slip of our own at
/// every day. Record-keeping acts are known at once. Entries must be in the order of the log; a correction is passed over if its
/// target is not among them, or not before it.
pub fn standing(entries: &[Entry], recorded: Size, known: Instant) -> Vec<Standing> {
    let held = entries.partition_point(|e| recorded.holds(e.index));
    let entries = &entries[..held];
    let corrections = corrections(entries, known);
    let mut acts = Vec::with_capacity(entries.len());
    for (at, entry) in entries.iter().enumerate() {
        if corrections.withdraws(at, entry) || is_correction(entry) {
            continue;
        }
        let (event, corrected_by) = corrections.read(at, &entry.event);
        let when = event.known();
        if event.act.kind().is_record_keeping() || when.from <= known {
            acts.push(Standing { index: entry.index, event, known: when, corrected_by });
        }
    }
    acts
}

/// The acts that their source took back by then (a retraction for `source-changed`), as they were recorded, in the order of the
/// log; each with the retraction among `corrected_by`. An act that was taken back and restored is not among them.
pub fn taken_back(entries: &[Entry], recorded: Size, known: Instant) -> Vec<Standing> {
    let held = entries.partition_point(|e| recorded.holds(e.index));
    let entries = &entries[..held];
    let by_source = |entry: &&Entry| {
        matches!(&entry.event.act, Act::EntryRetracted(r) if r.cause == Cause::SourceChanged)
            && correction_known(&entry.event) <= known
    };
    let retractions: HashMap<EventId, Index> =
        entries.iter().filter(by_source).filter_map(|e| Some((e.event.to?, e.index))).collect();
    if retractions.is_empty() {
        return Vec::new();
    }
    let stands: HashSet<Index> = standing(entries, recorded, known).iter().map(|act| act.index).collect();
    let back = |entry: &'_ Entry| {
        retractions.get(&entry.event.id).filter(|_| !stands.contains(&entry.index)).copied()
    };
    let acts = entries.iter().filter_map(|entry| {
        let (by, when) = (back(entry)?, entry.event.known());
        let event = Arc::clone(&entry.event);
        (when.from <= known).then(|| Standing {
            index: entry.index,
            event,
            known: when,
            corrected_by: vec![by],
        })
    });
    acts.collect()
}

fn is_correction(entry: &Entry) -> bool {
    matches!(entry.event.act.kind(), ActKind::RecordCorrected | ActKind::EntryRetracted)
}

/// The moment from which a correction counts: that of its dated evidence, or the beginning for a slip of the ledger's own keeper.
pub fn correction_known(event: &Event) -> Instant {
    let cause = match &event.act {
        Act::RecordCorrected(correction) => correction.cause,
        Act::EntryRetracted(retraction) => retraction.cause,
        _ => return event.known().from,
    };
    if cause == Cause::Clerical {
        return Instant::PAST;
    }
    let stated = event.known();
    if stated.from > Instant::PAST {
        return stated.from;
    }
    let published = event.evidence.iter().filter_map(|e| e.published.as_ref()).map(Edtf::last_moment);
    published.min().unwrap_or(Instant::PAST)
}

/// The corrections of the entries before them; positions count in the slice that was read.
#[derive(Default)]
struct Corrections<'e> {
    /// By position: one more than the index of its effect, or 0 if nothing corrects it; empty if nothing is corrected.
    numbers: Vec<u32>,
    effects: Vec<Effect<'e>>,
    retracted_imports: HashSet<EventId>,
}

/// The corrections of one entry.
#[derive(Default)]
struct Effect<'e> {
    retracted: bool,
    /// The fields that rectifications set, oldest first.
    changes: Vec<(Index, Cow<'e, Changes>)>,
}

impl<'e> Corrections<'e> {
    fn of(&self, at: usize) -> Option<&Effect<'e>> {
        let number = self.numbers.get(at)?.checked_sub(1)?;
        self.effects.get(number as usize)
    }

    fn of_mut(&mut self, at: usize) -> &mut Effect<'e> {
        if self.numbers[at] == 0 {
            self.effects.push(Effect::default());
            self.numbers[at] = self.effects.len() as u32;
        }
        &mut self.effects[self.numbers[at] as usize - 1]
    }

    fn withdraws(&self, at: usize, entry: &Entry) -> bool {
        self.of(at).is_some_and(|effect| effect.retracted)
            || entry.event.import.is_some_and(|id| self.retracted_imports.contains(&id))
    }

    fn read(&self, at: usize, event: &Arc<Event>) -> (Arc<Event>, Vec<Index>) {
        let changes = self.of(at).map_or(&[][..], |effect| &effect.changes);
        if changes.is_empty() {
            return (Arc::clone(event), Vec::new());
        }
        let mut corrected = Event::clone(event);
        for (_, change) in changes {
            for (field, value) in change.iter() {
                // `Writer` admits no correction whose value the field cannot take; a damaged one changes nothing.
                let _ = field.0.write(&mut corrected, value);
            }
        }
        (Arc::new(corrected), changes.iter().map(|(index, _)| *index).collect())
    }
}

/// Reads from the newest entry back: a correction is settled before its target is read.
fn corrections<'e>(entries: &'e [Entry], known: Instant) -> Corrections<'e> {
    let mut found = Corrections::default();
    // Only entries that a correction names are looked up.
    let named = entries.iter().filter(|entry| is_correction(entry)).filter_map(|entry| entry.event.to);
    let mut places: HashMap<EventId, usize> = named.map(|id| (id, usize::MAX)).collect();
    if places.is_empty() {
        return found;
    }
    for (at, entry) in entries.iter().enumerate() {
        if let Some(place) = places.get_mut(&entry.event.id) {
            *place = at;
        }
    }
    found.numbers = vec![0; entries.len()];
    for (at, entry) in entries.iter().enumerate().rev() {
        let counts = is_correction(entry) && correction_known(&entry.event) <= known;
        if !counts || found.withdraws(at, entry) {
            continue;
        }
        let target = entry.event.to.and_then(|id| places.get(&id)).copied().filter(|target| *target < at);
        let Some(target) = target else { continue };
        match &entry.event.act {
            Act::EntryRetracted(_) => {
                found.of_mut(target).retracted = true;
                if entries[target].event.act.kind() == ActKind::ImportRecorded {
                    found.retracted_imports.insert(entries[target].event.id);
                }
            }
            Act::RecordCorrected(correction) => {
                let mut now = Cow::Borrowed(&correction.now);
                let later = found.numbers[at].checked_sub(1).and_then(|n| found.effects.get_mut(n as usize));
                for (_, later) in
                    later.map(|effect| std::mem::take(&mut effect.changes)).into_iter().flatten()
                {
                    now.to_mut().extend(later.into_owned());
                }
                found.of_mut(target).changes.insert(0, (entry.index, now));
            }
            _ => {}
        }
    }
    found
}
