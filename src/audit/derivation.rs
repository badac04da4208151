//! Derives one body for the audit.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::charter::{Charter, Texts};
use crate::event::{BodyId, Day, Entry, Instant, Scope, Size, StatusId};
use crate::history::{Board, Certainty, Elsewhere, History, Pairs, Standing, withhold};
use crate::query::{Charters, CheckpointRef, Material, elsewhere};

use super::record::Record;
use super::verdict::fold;

/// The certainty and the possible statuses of one participant on a day.
pub(super) type Line = (Certainty, BTreeSet<StatusId>);

/// One body, derived by the audit.
pub(super) struct Derivation {
    /// The acts that are not retracted, by participant.
    pub(super) pairs: Pairs,
    /// The clauses, evaluated over all participants: how the acts of some change the status of others.
    pub(super) board: Board,
}

impl Derivation {
    /// Derives a body under a charter that was already derived.
    pub(super) fn new(
        entries: &Arc<Vec<Entry>>,
        body: &BodyId,
        charter: &Charter,
        texts: &Texts,
    ) -> Derivation {
        Derivation::of_acts(Record::new(entries).acts(), entries, (body, charter), texts)
    }

    /// Derives a body and its charter from these entries alone; `None` if they have no charter of the body that can be read.
    pub(super) fn anew(
        entries: &Arc<Vec<Entry>>,
        body: &BodyId,
        texts: &Texts,
    ) -> Option<(Charter, Derivation)> {
        let acts = Record::new(entries).acts();
        let charter = fold(body, &acts, texts).ok()??;
        let derived = Derivation::of_acts(acts, entries, (body, &charter), texts);
        Some((charter, derived))
    }

    fn of_acts(
        acts: Vec<Standing>,
        entries: &Arc<Vec<Entry>>,
        (body, charter): (&BodyId, &Charter),
        texts: &Texts,
    ) -> Derivation {
        let (pairs, alone) = by_participant(acts, body);
        let waited = waited(entries, charter, texts);
        let board = Board::new(charter, &pairs, &alone, None, waited, None);
        Derivation { pairs, board }
    }
}

/// The acts in a body that are not retracted: by participant, and those of the body alone.
pub(super) fn acts(entries: &[Entry], body: &BodyId) -> (Pairs, Vec<Standing>) {
    by_participant(Record::new(entries).acts(), body)
}

fn by_participant(acts: Vec<Standing>, body: &BodyId) -> (Pairs, Vec<Standing>) {
    let mut pairs: Pairs = Pairs::new();
    let (acts, _) = withhold(acts);
    let mut alone = Vec::new();
    for act in acts.into_iter().filter(|act| act.event.body == *body) {
        let about = act.event.about.clone().filter(|id| Some(id) != act.event.participant.as_ref());
        if let Some(about) = about {
            pairs.entry(about).or_default().about.push(act.clone());
        }
        match act.event.participant.clone() {
            Some(participant) => pairs.entry(participant).or_default().own.push(act),
            None => alone.push(act),
        }
    }
    (pairs, alone)
}

/// The days on which the treaties for which a charter waits entered into force.
fn waited(entries: &Arc<Vec<Entry>>, charter: &Charter, texts: &Texts) -> Elsewhere {
    let size = entries.last().map_or(Size(0), |last| Size(last.index.0 + 1));
    elsewhere(&material(Arc::clone(entries), size, texts), charter, size, Instant::FUTURE)
}

pub(super) fn material(entries: Arc<Vec<Entry>>, size: Size, texts: &Texts) -> Material {
    let charters = Arc::new(Charters::reading(texts.clone()));
    let checkpoint = CheckpointRef { size, root: String::new() };
    Material { entries, checkpoint, charters, scope: Scope::ALL, given: None }
}

/// The certainty and statuses of a participant on a day; `None` if it certainly has no status.
pub(super) fn line(history: &History, day: Day) -> Option<Line> {
    let reading = history.on(day);
    let statuses: BTreeSet<StatusId> = reading.statuses().into_iter().cloned().collect();
    let some = statuses.iter().any(|id| !id.is_none());
    some.then_some((reading.certainty, statuses))
}

/// The statuses of a line in words.
pub(super) fn named(line: Option<&Line>) -> String {
    match line {
        None => "none".into(),
        Some((_, statuses)) => statuses.iter().map(StatusId::as_str).collect::<Vec<_>>().join(" or "),
    }
}
