//! Differences in the world between two days, or between two states of the record or of knowledge.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use crate::event::{ActKind, BodyId, Day, Edtf, Entry, Index, Instant, KnownBy, ParticipantId, Size};

use super::Axes;
use super::answer::{CheckpointRef, act};
use super::body::{BodyView, Material, QueryError};
use super::diff_item::{Between, DiffItem};
use super::pending::{PendingItem, pending};
use super::sides::{DiffEnds, Found};

/// The differences.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Diff {
    /// The question, as it was understood.
    pub question: DiffEcho,
    /// The two ends that are compared.
    #[serde(skip)]
    pub between: Between,
    /// The changed statuses, by body, then by participant.
    pub changes: Vec<DiffItem>,
    /// Procedures that were opened, closed or carried on.
    pub procedures: Vec<ProcedureChange>,
    /// The acts in between that bear on the changes, in the order of the log.
    pub entries: Vec<DiffEntry>,
    /// Notes for the reader: statuses that changed and returned, and the ends of records.
    pub notes: Vec<String>,
    /// Those of the notes that report the end of a body's record.
    #[serde(skip)]
    ends_of_records: Vec<String>,
    /// The head of the record that was read.
    pub checkpoint: CheckpointRef,
}

/// The question, as it was understood.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct DiffEcho {
    /// `diff`.
    pub kind: &'static str,
    /// The organisation or treaty; left out if there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<BodyId>,
    /// The participant; left out if the question is about all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub participant: Option<ParticipantId>,
    /// The axis of the comparison: `on`, `as-known` or `as-recorded`.
    pub axis: &'static str,
    /// The first end; `null` if it has no limit.
    pub from: Option<String>,
    /// The second end; `null` if it has no limit.
    pub to: Option<String>,
    /// The day asked about, unless the axis is `on`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// The limit of knowledge, unless the axis is `as-known`; `null` counts every act.
    pub as_known: Option<KnownBy>,
    /// The number of entries that were read.
    pub as_recorded: Size,
    /// The view that decides between rival accounts of a dispute: its name, or the file that it was read from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub view: Option<String>,
}

/// A procedure that is open at only one of the two ends, or at another stage.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ProcedureChange {
    /// `opened`, `closed` or `carried-on`.
    pub change: &'static str,
    /// The organisation or treaty.
    pub body: BodyId,
    /// The procedure as it is at the second end; if it was closed, as it was at the first.
    #[serde(flatten)]
    pub item: PendingItem,
}

/// An act in between.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct DiffEntry {
    /// The index of its entry.
    pub index: Index,
    /// The kind of the act.
    #[serde(serialize_with = "act")]
    pub act: ActKind,
    /// The organisation or treaty.
    pub body: BodyId,
    /// The participant.
    pub participant: Option<ParticipantId>,
    /// The date of the act.
    pub date: Option<Edtf>,
}

/// Compares one body at two ends; with `only`, one participant in it.
///
/// # Errors
/// [`QueryError::Charter`] if a charter cannot be read. A body without a charter at both ends has no difference.
pub fn diff(
    material: &Material,
    body: &BodyId,
    only: Option<&ParticipantId>,
    between: Between,
    axes: &Axes,
) -> Result<Diff, QueryError> {
    let mut answer = Diff::of(std::slice::from_ref(body), only, between, axes, material.checkpoint.clone());
    let (first, second) = ends(between, axes);
    let (before, after) = (at(material, body, &first)?, at(material, body, &second)?);
    let Some(any) = after.as_ref().or(before.as_ref()) else { return Ok(answer) };
    let sides = DiffEnds { material, before: before.as_deref(), after: after.as_deref(), between, axes };
    let mut bearing: BTreeSet<Index> = BTreeSet::new();
    let mut names: BTreeSet<&ParticipantId> = any.pairs.keys().collect();
    names.extend(before.iter().flat_map(|view| view.pairs.keys()));
    let mut concerned: BTreeSet<ParticipantId> = BTreeSet::new();
    let is_asked = |id: &ParticipantId| only.is_none_or(|only| only == id);
    for id in names.into_iter().filter(|id| is_asked(id)) {
        match sides.item(any, id, body) {
            Found::Change(item) => {
                bearing.extend(item.because.iter().copied());
                concerned.insert(id.clone());
                answer.changes.push(*item);
            }
            Found::Returned(note) => answer.notes.push(note),
            Found::Nothing => {}
        }
    }
    for axes in [&first, &second] {
        let line = any.end_of_record(axes.on).filter(|_| axes.on.date().is_some());
        answer.ends_of_records.extend(line.filter(|line| !answer.ends_of_records.contains(line)));
    }
    let open = |view: &Option<Arc<BodyView>>, axes| match view {
        Some(_) => pending(material, body, axes).map(|pending| pending.procedures),
        None => Ok(Vec::new()),
    };
    let (then, now) = (open(&before, &first)?, open(&after, &second)?);
    let kept = procedures(any, second.on, then, now).into_iter().filter(|p| is_asked(&p.item.participant));
    let kept: Vec<ProcedureChange> = kept.collect();
    concerned.extend(kept.iter().map(|p| p.item.participant.clone()));
    answer.procedures.extend(kept);
    bearing.extend(concerned.iter().flat_map(|id| sides.acts(id)));
    answer.entries = material.entries.iter().filter(|e| bearing.contains(&e.index)).map(brief).collect();
    answer.notes.extend(answer.ends_of_records.iter().cloned());
    Ok(answer)
}

impl Diff {
    /// The answer to a comparison before any difference is added.
    pub fn of(
        bodies: &[BodyId],
        only: Option<&ParticipantId>,
        between: Between,
        axes: &Axes,
        checkpoint: CheckpointRef,
    ) -> Diff {
        Diff {
            question: echo(bodies, only, between, axes),
            between,
            changes: Vec::new(),
            procedures: Vec::new(),
            entries: Vec::new(),
            notes: Vec::new(),
            ends_of_records: Vec::new(),
            checkpoint,
        }
    }

    /// Joins the answers for several bodies; a note on the end of a record appears once.
    #[must_use]
    pub fn joined(mut self, parts: Vec<Diff>) -> Diff {
        let mut entries: BTreeMap<Index, DiffEntry> = BTreeMap::new();
        let mut stated: BTreeSet<String> = BTreeSet::new();
        for part in parts {
            for note in part.notes {
                if !part.ends_of_records.contains(&note) || stated.insert(note.clone()) {
                    self.notes.push(note);
                }
            }
            self.changes.extend(part.changes);
            self.procedures.extend(part.procedures);
            entries.extend(part.entries.into_iter().map(|entry| (entry.index, entry)));
        }
        self.entries = entries.into_values().collect();
        self
    }
}

fn echo(bodies: &[BodyId], only: Option<&ParticipantId>, between: Between, axes: &Axes) -> DiffEcho {
    let day = |day: Day| day.date().map(|_| day.to_string());
    let is_bounded = |at: &Instant| ![Instant::PAST, Instant::FUTURE].contains(at);
    let known_by = |at: Instant| Some(at).filter(is_bounded).map(|at| KnownBy::moment(at).to_string());
    let (axis, from, to) = match between {
        Between::On(a, b) => ("on", day(a), day(b)),
        Between::Known(a, b) => ("as-known", known_by(a), known_by(b)),
        Between::Recorded(a, b) => ("as-recorded", Some(a.to_string()), Some(b.to_string())),
    };
    DiffEcho {
        kind: "diff",
        body: (bodies.len() == 1).then(|| bodies.first().cloned()).flatten(),
        participant: only.cloned(),
        axis,
        from,
        to,
        on: Some(axes.on.to_string()).filter(|_| axis != "on"),
        as_known: axes.as_known.clone().filter(|_| axis != "as-known"),
        as_recorded: axes.as_recorded,
        view: axes.view.as_ref().map(|view| view.label().to_owned()),
    }
}

/// The axes of the question at each end.
fn ends(between: Between, axes: &Axes) -> (Axes, Axes) {
    let (mut first, mut second) = (axes.clone(), axes.clone());
    match between {
        Between::On(a, b) => (first.on, second.on) = (a, b),
        Between::Known(a, b) => {
            let known = |at: Instant| (at < Instant::FUTURE).then(|| KnownBy::moment(at));
            (first.as_known, second.as_known) = (known(a), known(b));
        }
        Between::Recorded(a, b) => (first.as_recorded, second.as_recorded) = (a, b),
    }
    (first, second)
}

/// The body at one end; `None` if its charter was not recorded yet.
fn at(material: &Material, body: &BodyId, axes: &Axes) -> Result<Option<Arc<BodyView>>, QueryError> {
    match BodyView::new(material, body, axes.as_recorded, axes.known()) {
        Ok(view) => Ok(Some(view.with_view(axes))),
        Err(QueryError::NoBody(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn procedures(
    view: &BodyView,
    on: Day,
    then: Vec<PendingItem>,
    now: Vec<PendingItem>,
) -> Vec<ProcedureChange> {
    let body = &view.charter.body;
    // A procedure toward a status that was merged meanwhile continues under the new name of that status.
    let version = view.charter.on(on);
    let sought =
        |item: &PendingItem| item.procedure.toward.as_ref().map(|id| version.current_name(id).clone());
    let same = |a: &PendingItem, b: &PendingItem| {
        a.participant == b.participant && sought(a) == sought(b) && a.procedure.opened == b.procedure.opened
    };
    let change =
        |change, item: &PendingItem| ProcedureChange { change, body: body.clone(), item: item.clone() };
    let mut found: Vec<ProcedureChange> = Vec::new();
    for item in &now {
        match then.iter().find(|old| same(old, item)) {
            None => found.push(change("opened", item)),
            Some(old) if old.procedure.stage != item.procedure.stage => {
                found.push(change("carried-on", item))
            }
            Some(_) => {}
        }
    }
    found.extend(
        then.iter().filter(|old| !now.iter().any(|item| same(old, item))).map(|old| change("closed", old)),
    );
    found.sort_by(|a, b| (&a.item.participant, a.change).cmp(&(&b.item.participant, b.change)));
    found
}

fn brief(entry: &Entry) -> DiffEntry {
    DiffEntry {
        index: entry.index,
        act: entry.event.act.kind(),
        body: entry.event.body.clone(),
        participant: entry.event.participant.clone(),
        date: entry.event.date().cloned(),
    }
}
