//! Every participant of a body by status.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::charter::Charter;
use crate::event::{ActKind, BodyId, Day, Edtf, ParticipantId, StatusId};
use crate::history::{Certainty, History, PairView, StatusReading};

use super::Axes;
use super::answer::{CheckpointRef, Coverage, OverlayItem, QuestionEcho, end_of_record, settled};
use super::body::{BodyView, Material, QueryError};
use super::pending::{PendingItem, waiting};
use super::row::{PairRow, RuledBody};
use super::status::{overlay_items, span};

/// The participants of a body on a day, by status.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Roster {
    /// The question, as it was understood.
    pub question: QuestionEcho,
    /// The number of participants by status: those that certainly have it, and those that may have it.
    pub counts: BTreeMap<StatusId, Count>,
    /// Every participant that has or may have a status, by status, then by id.
    pub participants: Vec<RosterItem>,
    /// Procedures that are decided and not yet in effect.
    pub waiting: Vec<PendingItem>,
    /// Notes for the reader, such as the end of the record or a withheld act.
    pub notes: Vec<String>,
    /// The span of the record that was searched; `null` without a survey.
    pub coverage: Option<Coverage>,
    /// The head of the record that was read.
    pub checkpoint: CheckpointRef,
}

/// The number of participants that have a status.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Count {
    /// Participants that certainly have it.
    pub certain: u64,
    /// Participants that certainly or possibly have it.
    pub at_most: u64,
}

/// One line of a roster.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct RosterItem {
    /// The participant.
    pub participant: ParticipantId,
    /// The status; `null` if it is not settled.
    pub status: Option<StatusId>,
    /// The certainty of the status.
    pub certainty: Certainty,
    /// Every status that is possible.
    pub possible: Vec<StatusId>,
    /// The date since which the participant has the status.
    pub since: Option<Edtf>,
    /// The overlays on the status.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overlays: Vec<OverlayItem>,
}

/// Lists the participants of a body by status; with `only`, those that have or may have that one status.
///
/// # Errors
/// [`QueryError`] if the body has no charter in the record, or its charter cannot be read.
pub fn roster(
    material: &Material,
    body: &BodyId,
    only: Option<&StatusId>,
    axes: &Axes,
) -> Result<Roster, QueryError> {
    let view = BodyView::of(material, body, axes)?;
    let lines = view.pairs.iter().filter_map(|(id, pair)| line(&view, id, pair, axes.on)).collect();
    let (counts, participants) = counted(&view.charter, lines, only, axes.on);
    let waiting = waiting(material, &view, body, axes)?;
    Ok(Roster {
        question: QuestionEcho::new("roster", None, Some(body), axes),
        notes: notes(material, &view, only, &participants, axes.on),
        counts,
        participants,
        waiting,
        coverage: view.coverage(axes.on),
        checkpoint: material.checkpoint.clone(),
    })
}

/// The roster from the rows of every participant of a body, under today's `charter`; `None` on a day that only the fold
/// can answer for.
pub fn roster_of_rows(
    charter: &Charter,
    ruled: &RuledBody,
    rows: &[(ParticipantId, PairRow)],
    only: Option<&StatusId>,
    axes: &Axes,
    checkpoint: &CheckpointRef,
) -> Option<Roster> {
    let on = axes.on;
    let is_complete = ruled.separable.is_some() && rows.len() as u64 == ruled.participants;
    let lines = is_complete
        .then(|| rows.iter().map(|(who, row)| row.in_roster(who, on)).collect::<Option<Vec<_>>>())??;
    let (counts, participants) = counted(charter, lines.into_iter().flatten().collect(), only, on);
    let mut notes: Vec<String> =
        end_of_record(&ruled.short, ruled.surveyed.as_ref(), on).into_iter().collect();
    notes.extend(only.and_then(|status| super::timeline::absent(charter, status, on)));
    notes.extend(merged(charter, &participants, on));
    Some(Roster {
        question: QuestionEcho::new("roster", None, Some(&charter.body), axes),
        counts,
        participants,
        waiting: Vec::new(),
        notes,
        coverage: ruled.coverage(on),
        checkpoint: checkpoint.clone(),
    })
}

impl PairRow {
    /// The line of the participant in the roster of a day, if it has or may have a status; `None` on a day that only
    /// the fold can answer for, or if a decision awaits its effect.
    fn in_roster(&self, who: &ParticipantId, on: Day) -> Option<Option<RosterItem>> {
        let present = self.present.as_ref().filter(|present| present.from <= on)?;
        if present.procedures.iter().any(|open| open.stage == ActKind::StatusDecided) {
            return None;
        }
        let last = self.spells.last()?;
        let item = || {
            let status = settled(last.certainty, &last.possible);
            RosterItem {
                participant: who.clone(),
                since: present.since.clone().filter(|_| status.is_some()),
                status,
                certainty: last.certainty,
                possible: last.possible.clone(),
                overlays: Vec::new(),
            }
        };
        Some((!last.possible.iter().all(StatusId::is_none)).then(item))
    }
}

/// Selects and sorts the lines of a roster, and counts them by status.
fn counted(
    charter: &Charter,
    mut lines: Vec<RosterItem>,
    only: Option<&StatusId>,
    on: Day,
) -> (BTreeMap<StatusId, Count>, Vec<RosterItem>) {
    lines.retain(|item| only.is_none_or(|status| item.possible.contains(status)));
    let order = charter.statuses();
    lines.sort_by_cached_key(|item| {
        let highest = item.possible.iter().find(|id| !id.is_none());
        (highest.and_then(|id| order.iter().position(|s| s.id == *id)), item.participant.clone())
    });
    let mut counts: BTreeMap<StatusId, Count> = BTreeMap::new();
    for status in &charter.on(on).statuses {
        if only.map_or(status.rule.rank > 0, |only| *only == status.rule.id) {
            counts.entry(status.rule.id.clone()).or_default();
        }
    }
    for item in &lines {
        for status in item.possible.iter().filter(|id| !id.is_none() && only.is_none_or(|only| only == *id)) {
            let count = counts.entry(status.clone()).or_default();
            count.at_most += 1;
            count.certain += u64::from(item.status.is_some());
        }
    }
    (counts, lines)
}

/// The participants that may have a line in a [`roster`], each with its status through all of time, by id.
pub fn histories(view: &BodyView) -> impl Iterator<Item = (&ParticipantId, Arc<History>)> {
    view.pairs.iter().filter_map(|(id, pair)| history(view, id, pair).map(|history| (id, history)))
}

fn history(view: &BodyView, participant: &ParticipantId, pair: &PairView) -> Option<Arc<History>> {
    // One line of participants counts once: its acts are recorded under the name that continues it.
    let continued = pair.own.is_empty() && view.board.continued_by(&view.pairs, participant).is_some();
    (!continued).then(|| view.history(participant))
}

/// The reading of a participant that has or may have a status.
struct Read {
    history: Arc<History>,
    reading: StatusReading,
    possible: Vec<StatusId>,
}

fn read(view: &BodyView, participant: &ParticipantId, pair: &PairView, on: Day) -> Option<Read> {
    let history = history(view, participant, pair)?;
    let reading = history.on(on);
    let possible = view.in_order(reading.statuses());
    let some = !possible.iter().all(StatusId::is_none);
    some.then_some(Read { history, reading, possible })
}

fn line(view: &BodyView, participant: &ParticipantId, pair: &PairView, on: Day) -> Option<RosterItem> {
    let Read { history, reading, possible } = read(view, participant, pair, on)?;
    let status = settled(reading.certainty, &possible);
    let since = span(&history, &reading, on).0.filter(|_| status.is_some());
    Some(RosterItem {
        participant: participant.clone(),
        status,
        certainty: reading.certainty,
        possible,
        since,
        overlays: overlay_items(view, pair, &history, on),
    })
}

fn notes(
    material: &Material,
    view: &BodyView,
    only: Option<&StatusId>,
    participants: &[RosterItem],
    on: Day,
) -> Vec<String> {
    let mut notes: Vec<String> = view.end_of_record(on).into_iter().collect();
    notes.extend(view.withheld_by(None, on));
    notes.extend(super::correction::notes(&super::corrections(material, view, None, on)));
    if let Some(note) = only.and_then(|status| super::timeline::absent(&view.charter, status, on)) {
        notes.push(note);
    }
    for participant in view.pairs.keys() {
        let ruled = view.rulings_on(participant, on).into_iter();
        notes.extend(ruled.map(|line| format!("{participant}: {line}")));
    }
    notes.extend(merged(&view.charter, participants, on));
    notes
}

/// The note of the day's charter on a status into which others were merged, if a participant has that status.
fn merged(charter: &Charter, participants: &[RosterItem], on: Day) -> Option<String> {
    let version = charter.on(on);
    let merged =
        version.merged.iter().any(|(_, new)| participants.iter().any(|p| p.status.as_ref() == Some(new)));
    version.note.clone().filter(|_| merged)
}
