//! Both ends of a comparison: the answer for a participant at each end, and the acts in between.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::event::{Act, BodyId, Day, Edtf, Entry, Index, ParticipantId, StatusId};
use crate::history::{Certainty, History, PairView, Standing, StatusReading, moves_overlays, overlays};

use super::Axes;
use super::answer::settled;
use super::body::{BodyView, Material};
use super::conflicts::DaySpan;
use super::diff_item::{Between, ChangedSpan, DiffItem, State};

/// One body at both ends.
pub(super) struct DiffEnds<'a> {
    pub(super) material: &'a Material,
    pub(super) before: Option<&'a BodyView>,
    pub(super) after: Option<&'a BodyView>,
    pub(super) between: Between,
    pub(super) axes: &'a Axes,
}

/// One participant at one end.
struct Side<'a> {
    history: Option<Arc<History>>,
    pair: Option<&'a PairView>,
}

impl<'a> Side<'a> {
    fn of(view: Option<&'a BodyView>, participant: &ParticipantId) -> Side<'a> {
        Side {
            history: view.map(|view| view.history(participant)),
            pair: view.and_then(|view| view.pairs.get(participant)),
        }
    }

    fn state(&self, order: &BodyView, on: Day) -> State {
        let none = || StatusReading { certainty: Certainty::Certain, worlds: Vec::new() };
        let reading = self.history.as_ref().map_or_else(none, |history| history.on(on));
        let mut possible = order.in_order(reading.statuses());
        if possible.is_empty() {
            possible.push(StatusId::none());
        }
        let both = self.pair.zip(self.history.as_ref());
        let over = both.map(|(pair, history)| overlays(&pair.own, history, on)).unwrap_or_default();
        State {
            status: settled(reading.certainty, &possible),
            certainty: reading.certainty,
            possible,
            overlays: over.into_iter().map(|o| o.kind).collect(),
        }
    }

    /// The days from which the answer may change.
    fn days(&self) -> BTreeSet<Day> {
        let spells = self.history.iter().flat_map(|history| history.spells());
        let mut days: BTreeSet<Day> = spells.map(|spell| spell.from).collect();
        for act in self.pair.into_iter().flat_map(|pair| &pair.own) {
            let until = act.event.dates.get(crate::event::Role::Until);
            days.extend(act.event.effect().into_iter().flat_map(|d| [d.earliest(), d.latest()]));
            days.extend(until.map(Edtf::latest));
        }
        days
    }

    fn acts(&self) -> impl Iterator<Item = &'a Standing> {
        self.pair.into_iter().flat_map(|pair| pair.own.iter().chain(&pair.about))
    }
}

/// The result of comparing one participant.
pub(super) enum Found {
    Nothing,
    /// The answer changed in between and is the same at both ends.
    Returned(String),
    Change(Box<DiffItem>),
}

impl DiffEnds<'_> {
    /// Compares one participant; `order` gives the order of the statuses.
    pub(super) fn item(&self, order: &BodyView, participant: &ParticipantId, body: &BodyId) -> Found {
        let (first, second) = (Side::of(self.before, participant), Side::of(self.after, participant));
        let (a, b) = match self.between {
            Between::On(a, b) => (a, b),
            _ => (self.axes.on, self.axes.on),
        };
        let (before, after) = (first.state(order, a), second.state(order, b));
        let spans = match self.between {
            Between::On(from, to) => moved(&first, order, &before, from, to),
            _ => learnt(&first, &second, order),
        };
        match (self.between, spans.first()) {
            (_, None) if before == after => return Found::Nothing,
            (Between::On(..), Some(span)) if before == after => return returned(participant, body, span),
            _ => {}
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
            (_, Some(_), Some(_)) if before.status == after.status => "overlay",
            (_, Some(_), Some(_)) => "moved",
            (_, None, Some(_)) => "settled",
            (_, _, None) => "unsettled",
        };
        let (participant, body) = (participant.clone(), body.clone());
        Found::Change(Box::new(DiffItem { participant, body, change, before, after, because, spans }))
    }

    /// Every act of a participant in between, also acts that move no status.
    pub(super) fn acts(&self, who: &ParticipantId) -> Vec<Index> {
        let (first, second) = (Side::of(self.before, who), Side::of(self.after, who));
        let Between::On(from, to) = self.between else { return self.news(&first, &second) };
        let inside = |act: &&Standing| {
            let done = act.event.date().map(Edtf::latest);
            done.is_some_and(|day| from < day && day <= to)
        };
        second.acts().filter(inside).map(|act| act.index).collect()
    }

    /// The indexes of the entries that moved the status or an overlay on a day after `from`, up to `to`, inclusive.
    fn between_days(&self, view: &BodyView, who: &ParticipantId, from: Day, to: Day) -> Vec<Index> {
        let Some(pair) = view.pairs.get(who) else { return Vec::new() };
        let history = view.history(who);
        let inside = |day: Day| from < day && day <= to;
        let held = view.basis(&history, &history.on(from));
        let held: BTreeSet<Index> = held.into_iter().map(|ground| ground.entry).collect();
        let mut found: BTreeSet<Index> = BTreeSet::new();
        for spell in history.spells().into_iter().filter(|spell| inside(spell.from)) {
            let basis = view.basis(&history, &spell.reading).into_iter().map(|ground| ground.entry);
            found.extend(basis.filter(|index| !held.contains(index)));
        }
        let over = |on: Day| -> BTreeSet<Index> {
            overlays(&pair.own, &history, on).into_iter().map(|overlay| overlay.entry).collect()
        };
        if over(to) != over(from) {
            let turns = |act: &&Standing| {
                moves_overlays(&act.event) && act.event.effect().is_some_and(|d| inside(d.latest()))
            };
            found.extend(pair.own.iter().filter(turns).map(|act| act.index));
        }
        found.into_iter().collect()
    }

    /// The indexes of the entries that are read at one end only, or with other corrections, and of those corrections.
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
        let versions = |view: Option<&BodyView>| -> BTreeSet<Index> {
            view.into_iter().flat_map(|v| v.charter.versions().iter().map(|v| v.entry)).collect()
        };
        let (before, after) = (versions(self.before), versions(self.after));
        if !before.is_empty() {
            found.extend(after.symmetric_difference(&before));
        }
        found.into_iter().collect()
    }

    /// The retractions of an entry, and the rectifications that moved it to another body or participant; the entry
    /// itself if there is none.
    fn withdrawn_by(&self, index: Index) -> Vec<Index> {
        let entries = &self.material.entries;
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

fn returned(participant: &ParticipantId, body: &BodyId, span: &ChangedSpan) -> Found {
    let day = |day: &Option<Edtf>| day.as_ref().map(ToString::to_string).unwrap_or_default();
    let (from, until) = (day(&span.days.from), day(&span.days.until));
    Found::Returned(format!(
        "{participant} in {body}: another answer from {from} until {until}, and the same at both ends"
    ))
}

/// True if the participant has a status; `None` if that is not settled.
fn has(state: &State) -> Option<bool> {
    state.status.as_ref().map(|status| !status.is_none())
}

/// The days after `from`, up to `to`, inclusive, on which the answer differs from that on `from`.
fn moved(side: &Side<'_>, order: &BodyView, before: &State, from: Day, to: Day) -> Vec<ChangedSpan> {
    let days: Vec<Day> = side.days().into_iter().filter(|day| from < *day && *day <= to).collect();
    let mut spans = Vec::new();
    for (at, day) in days.iter().copied().enumerate() {
        let until = days.get(at + 1).copied().unwrap_or(Day::FUTURE);
        push(&mut spans, day, until, before.clone(), side.state(order, day));
    }
    finish(spans)
}

/// The days whose answer differs between the two ends.
fn learnt(first: &Side<'_>, second: &Side<'_>, order: &BodyView) -> Vec<ChangedSpan> {
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

/// A span of compared days, before spans without a difference are dropped.
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
