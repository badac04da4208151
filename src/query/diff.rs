//! What changed in the world between two days, or what we learnt between two states of the record or of knowledge.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::event::{Act, ActKind, BodyId, Day, Edtf, Entry, Index, ParticipantId, Size, StatusId};
use crate::history::{Certainty, History, Reading, Standing, overlays};

use super::answer::{CheckpointRef, act, settled};
use super::body::{BodyView, Material, QueryError};
use super::conflicts::DaySpan;
use super::pending::{PendingItem, pending};
use super::{Axes, PairView};

/// The two things that are compared, on one of the three axes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Between {
    /// Two days of the world; [`Day::PAST`] and [`Day::FUTURE`] are its ends.
    On(Day, Day),
    /// What was known by two days.
    Known(Day, Day),
    /// The first so many entries of this ledger.
    Recorded(Size, Size),
}

/// What differs.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Diff {
    /// What was asked.
    pub question: DiffEcho,
    /// By body, then by participant.
    pub changes: Vec<DiffItem>,
    /// Procedures that were opened, closed or carried on.
    pub procedures: Vec<ProcedureChange>,
    /// The acts in between that bear on the changes, in the order of the log.
    pub entries: Vec<DiffEntry>,
    /// What a reader must know besides.
    pub notes: Vec<String>,
    /// The head of the record that was read.
    pub checkpoint: CheckpointRef,
}

/// The question, as it was understood.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct DiffEcho {
    /// `diff`.
    pub kind: &'static str,
    /// In which organisation or treaty; left out for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<BodyId>,
    /// Of whom; left out for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub participant: Option<ParticipantId>,
    /// `on`, `as-known` or `as-recorded`.
    pub axis: &'static str,
    /// Compared from; `null` from the beginning.
    pub from: Option<String>,
    /// Compared to; `null` to the end.
    pub to: Option<String>,
    /// The day asked about, where the axis is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// What the world could know by then, where the axis is another.
    pub as_known: Option<Edtf>,
    /// How many entries were read.
    pub as_recorded: Size,
    /// Whose account of a dispute was followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub view: Option<String>,
}

/// What differs for one participant in one body.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct DiffItem {
    /// Who.
    pub participant: ParticipantId,
    /// In which organisation or treaty.
    pub body: BodyId,
    /// Of two days: `joined`, `left`, `moved` or `unsettled`; of what we learnt: `learnt`.
    pub change: &'static str,
    /// What is answered at the first.
    pub before: State,
    /// What is answered at the second.
    pub after: State,
    /// The entries in between that bear on it.
    pub because: Vec<Index>,
    /// The days between the two on which the answer is another than at the first; or every day whose answer changed.
    pub spans: Vec<ChangedSpan>,
}

/// What is answered for a day.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct State {
    /// The status, `none` for no status; `null` where it is not settled.
    pub status: Option<StatusId>,
    /// How far it can be relied on.
    pub certainty: Certainty,
    /// Every status that is possible.
    pub possible: Vec<StatusId>,
    /// What lies over it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overlays: Vec<&'static str>,
}

/// Days on which one answer took the place of another. Of two days of the world, `until` is `null` where it goes on at
/// the second.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ChangedSpan {
    /// Which days.
    #[serde(flatten)]
    pub days: DaySpan,
    /// What is answered at the first.
    pub before: State,
    /// What is answered at the second.
    pub after: State,
}

/// A procedure that is open at only one of the two, or at another stage.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ProcedureChange {
    /// `opened`, `closed` or `carried-on`.
    pub change: &'static str,
    /// In which organisation or treaty.
    pub body: BodyId,
    /// The procedure: as it is at the second; one that was closed, as it was at the first.
    #[serde(flatten)]
    pub item: PendingItem,
}

/// An act in between.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct DiffEntry {
    /// Its place in the log.
    pub index: Index,
    /// What happened.
    #[serde(serialize_with = "act")]
    pub act: ActKind,
    /// In which organisation or treaty.
    pub body: BodyId,
    /// Of whom.
    pub participant: Option<ParticipantId>,
    /// When.
    pub date: Option<Edtf>,
}

/// Compares in the bodies given; with `only`, for one participant.
///
/// # Errors
/// [`QueryError`].
pub fn diff(
    material: &Material<'_>,
    bodies: &[BodyId],
    only: Option<&ParticipantId>,
    between: Between,
    axes: &Axes,
) -> Result<Diff, QueryError> {
    let mut answer = Diff {
        question: echo(bodies, only, between, axes),
        changes: Vec::new(),
        procedures: Vec::new(),
        entries: Vec::new(),
        notes: Vec::new(),
        checkpoint: material.checkpoint.clone(),
    };
    let (first, second) = ends(between, axes);
    let wanted = |id: &ParticipantId| only.is_none_or(|only| only == id);
    for body in bodies {
        let (before, after) = (at(material, body, &first)?, at(material, body, &second)?);
        let Some(any) = after.as_ref().or(before.as_ref()) else { continue };
        let sides = Sides { material, before: before.as_ref(), after: after.as_ref(), between, axes };
        let mut names: BTreeSet<&ParticipantId> = any.pairs.keys().collect();
        names.extend(before.iter().flat_map(|view| view.pairs.keys()));
        let changed = names.into_iter().filter(|id| wanted(id));
        answer.changes.extend(changed.filter_map(|id| sides.item(any, id, body)));
        for axes in [&first, &second] {
            let line = any.end_of_record(axes.on).filter(|_| axes.on.date().is_some());
            answer.notes.extend(line.filter(|line| !answer.notes.contains(line)));
        }
        let open = |view: &Option<BodyView<'_>>, axes| match view {
            Some(_) => pending(material, body, axes).map(|pending| pending.procedures),
            None => Ok(Vec::new()),
        };
        let (then, now) = (open(&before, &first)?, open(&after, &second)?);
        let kept = procedures(any, second.on, then, now).into_iter().filter(|p| wanted(&p.item.participant));
        answer.procedures.extend(kept);
    }
    let told: BTreeSet<Index> = answer
        .changes
        .iter()
        .flat_map(|change| change.because.iter().copied())
        .chain(answer.procedures.iter().flat_map(|p| p.item.procedure.entries.iter().copied()))
        .collect();
    answer.entries = material.entries.iter().filter(|e| told.contains(&e.index)).map(brief).collect();
    Ok(answer)
}

fn echo(bodies: &[BodyId], only: Option<&ParticipantId>, between: Between, axes: &Axes) -> DiffEcho {
    let day = |day: Day| day.date().map(|_| day.to_string());
    let (axis, from, to) = match between {
        Between::On(a, b) => ("on", day(a), day(b)),
        Between::Known(a, b) => ("as-known", day(a), day(b)),
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

/// The questions at both ends.
fn ends(between: Between, axes: &Axes) -> (Axes, Axes) {
    let (mut first, mut second) = (axes.clone(), axes.clone());
    match between {
        Between::On(a, b) => (first.on, second.on) = (a, b),
        Between::Known(a, b) => {
            let known = |day: Day| (day < Day::FUTURE).then(|| Edtf::one_of(day, day));
            (first.as_known, second.as_known) = (known(a), known(b));
        }
        Between::Recorded(a, b) => (first.as_recorded, second.as_recorded) = (a, b),
    }
    (first, second)
}

/// A body as it was; `None` where its charter was not recorded yet.
fn at<'a>(material: &Material<'a>, body: &BodyId, axes: &Axes) -> Result<Option<BodyView<'a>>, QueryError> {
    match BodyView::new(material, body, axes.as_recorded, axes.known()) {
        Ok(view) => Ok(Some(view.with_view(axes))),
        Err(QueryError::NoBody(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Both ends of a body.
struct Sides<'a> {
    material: &'a Material<'a>,
    before: Option<&'a BodyView<'a>>,
    after: Option<&'a BodyView<'a>>,
    between: Between,
    axes: &'a Axes,
}

/// One participant at one end.
struct Side<'a> {
    history: Option<History>,
    pair: Option<&'a PairView<'a>>,
}

impl<'a> Side<'a> {
    fn of(view: Option<&'a BodyView<'a>>, participant: &ParticipantId) -> Side<'a> {
        Side {
            history: view.map(|view| view.history(participant)),
            pair: view.and_then(|view| view.pairs.get(participant)),
        }
    }

    fn state(&self, order: &BodyView<'_>, on: Day) -> State {
        let none = || Reading { certainty: Certainty::Certain, worlds: Vec::new() };
        let reading = self.history.as_ref().map_or_else(none, |history| history.on(on));
        let mut possible = order.in_order(reading.statuses());
        if possible.is_empty() {
            possible.push(StatusId::none());
        }
        let over = self.pair.map(|pair| overlays(&pair.own, on)).unwrap_or_default();
        State {
            status: settled(reading.certainty, &possible),
            certainty: reading.certainty,
            possible,
            overlays: over.into_iter().map(|o| o.kind).collect(),
        }
    }

    /// The days from which its answer may be another.
    fn days(&self) -> BTreeSet<Day> {
        let spells = self.history.iter().flat_map(History::spells);
        let mut days: BTreeSet<Day> = spells.map(|spell| spell.from).collect();
        for act in self.pair.into_iter().flat_map(|pair| &pair.own) {
            let until = act.event.dates.get(crate::event::Role::Until);
            days.extend(act.event.effect().into_iter().map(Edtf::earliest));
            days.extend(until.map(Edtf::latest));
        }
        days
    }

    fn acts(&self) -> impl Iterator<Item = &'a Standing<'a>> {
        self.pair.into_iter().flat_map(|pair| pair.own.iter().chain(&pair.about))
    }
}

impl Sides<'_> {
    fn item(&self, order: &BodyView<'_>, participant: &ParticipantId, body: &BodyId) -> Option<DiffItem> {
        let (first, second) = (Side::of(self.before, participant), Side::of(self.after, participant));
        let (a, b) = match self.between {
            Between::On(a, b) => (a, b),
            _ => (self.axes.on, self.axes.on),
        };
        let (before, after) = (first.state(order, a), second.state(order, b));
        let spans = match self.between {
            Between::On(from, to) if before != after => moved(&first, order, &before, from, to),
            Between::On(..) => Vec::new(),
            _ => learnt(&first, &second, order),
        };
        if spans.is_empty() && before == after {
            return None;
        }
        let because = match self.between {
            Between::On(from, to) => self.between_days(order, participant, from, to),
            _ => self.news(&first, &second),
        };
        let (was, is) = (has(&before), has(&after));
        let change = match (self.between, was, is) {
            (Between::Known(..) | Between::Recorded(..), ..) => "learnt",
            (_, Some(false), Some(true)) => "joined",
            (_, Some(true), Some(false)) => "left",
            (_, Some(_), Some(_)) => "moved",
            _ => "unsettled",
        };
        let (participant, body) = (participant.clone(), body.clone());
        Some(DiffItem { participant, body, change, before, after, because, spans })
    }

    /// The entries that moved the status or an overlay on a day after `from`, up to `to`.
    fn between_days(&self, view: &BodyView<'_>, who: &ParticipantId, from: Day, to: Day) -> Vec<Index> {
        let Some(pair) = view.pairs.get(who) else { return Vec::new() };
        let history = view.history(who);
        let inside = |day: Day| from < day && day <= to;
        let held = pair.because(&view.charter, self.material.entries, &history, &history.on(from));
        let held: BTreeSet<Index> = held.into_iter().map(|b| b.index).collect();
        let mut found: BTreeSet<Index> = BTreeSet::new();
        for spell in history.spells().into_iter().filter(|spell| inside(spell.from)) {
            let because = pair.because(&view.charter, self.material.entries, &history, &spell.reading);
            found.extend(because.into_iter().map(|b| b.index).filter(|index| !held.contains(index)));
        }
        let over = |on: Day| -> BTreeSet<Index> {
            overlays(&pair.own, on).into_iter().map(|overlay| overlay.entry).collect()
        };
        found.extend(over(to).difference(&over(from)));
        found.into_iter().collect()
    }

    /// The entries that are read at one end only, or otherwise, with what corrects them.
    fn news(&self, first: &Side<'_>, second: &Side<'_>) -> Vec<Index> {
        let read = |side: &Side<'_>| -> BTreeMap<Index, Vec<Index>> {
            side.acts().map(|act| (act.index, act.corrected_by.clone())).collect()
        };
        let (was, is) = (read(first), read(second));
        let mut found: BTreeSet<Index> = BTreeSet::new();
        for (index, by) in &is {
            match was.get(index) {
                None => found.extend([*index]),
                Some(before) => found.extend(by.iter().filter(|entry| !before.contains(entry))),
            }
        }
        for (index, by) in &was {
            match is.get(index) {
                None => found.extend(self.withdrawn_by(*index)),
                Some(now) => found.extend(by.iter().filter(|entry| !now.contains(entry))),
            }
        }
        let versions = |view: Option<&BodyView<'_>>| -> BTreeSet<Index> {
            view.into_iter().flat_map(|v| v.charter.versions().iter().map(|v| v.entry)).collect()
        };
        let (before, after) = (versions(self.before), versions(self.after));
        if !before.is_empty() {
            found.extend(after.symmetric_difference(&before));
        }
        found.into_iter().collect()
    }

    /// The retractions of an entry, and the rectifications that moved it elsewhere; itself where there is none.
    fn withdrawn_by(&self, index: Index) -> Vec<Index> {
        let entries = self.material.entries;
        let Some(entry) = entries.iter().find(|e| e.index == index) else { return vec![index] };
        let names = |e: &&Entry| {
            let corrects = matches!(e.event.act, Act::EntryRetracted(_) | Act::RecordCorrected(_));
            corrects && e.event.to.is_some_and(|to| to == entry.event.id || Some(to) == entry.event.import)
        };
        let read = |e: &&Entry| self.axes.as_recorded.holds(e.index);
        let found: Vec<Index> = entries.iter().filter(read).filter(names).map(|e| e.index).collect();
        if found.is_empty() { vec![index] } else { found }
    }
}

/// Whether a status is held; `None` where that is not settled.
fn has(state: &State) -> Option<bool> {
    state.status.as_ref().map(|status| !status.is_none())
}

/// The days after `from`, up to `to`, on which the answer is another than on `from`.
fn moved(side: &Side<'_>, order: &BodyView<'_>, before: &State, from: Day, to: Day) -> Vec<ChangedSpan> {
    let days: Vec<Day> = side.days().into_iter().filter(|day| from < *day && *day <= to).collect();
    let mut spans = Vec::new();
    for (at, day) in days.iter().copied().enumerate() {
        let until = days.get(at + 1).copied().unwrap_or(Day::FUTURE);
        push(&mut spans, day, until, before.clone(), side.state(order, day));
    }
    finish(spans)
}

/// The days whose answer at one end is another than at the other.
fn learnt(first: &Side<'_>, second: &Side<'_>, order: &BodyView<'_>) -> Vec<ChangedSpan> {
    let mut days = first.days();
    days.extend(second.days());
    days.insert(Day::PAST);
    let days: Vec<Day> = days.into_iter().collect();
    let mut spans = Vec::new();
    for (at, day) in days.iter().enumerate() {
        let until = days.get(at + 1).copied().unwrap_or(Day::FUTURE);
        push(&mut spans, *day, until, first.state(order, *day), second.state(order, *day));
    }
    finish(spans)
}

/// Days that are compared, before those without a difference are left out.
struct Compared {
    from: Day,
    until: Day,
    before: State,
    after: State,
}

fn push(spans: &mut Vec<Compared>, from: Day, until: Day, before: State, after: State) {
    match spans.last_mut() {
        Some(last) if last.before == before && last.after == after => last.until = until,
        _ => spans.push(Compared { from, until, before, after }),
    }
}

fn finish(spans: Vec<Compared>) -> Vec<ChangedSpan> {
    let changed = spans.into_iter().filter(|span| span.before != span.after);
    let span =
        |c: Compared| ChangedSpan { days: DaySpan::new(c.from, c.until), before: c.before, after: c.after };
    changed.map(span).collect()
}

fn procedures(
    view: &BodyView<'_>,
    on: Day,
    then: Vec<PendingItem>,
    now: Vec<PendingItem>,
) -> Vec<ProcedureChange> {
    let body = &view.charter.body;
    // A status that was merged meanwhile is sought under its new name.
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
