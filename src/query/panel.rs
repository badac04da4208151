//! Statuses by participant and year.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use serde::Serialize;

use crate::charter::Charter;
use crate::event::{BodyId, Day, ParticipantId, StatusId};
use crate::history::{Certainty, Spell, StatusReading};

use super::Axes;
use super::answer::{CheckpointRef, Coverage, QuestionEcho, settled};
use super::body::{BodyView, Material, QueryError};
use super::spells::{UNKNOWN, listed, present_name};
use super::universe::{Lines, Universe, bearer};

/// The word for a year that the record does not cover.
pub const OUTSIDE: &str = "outside-coverage";

/// The rule by which the days of a year become one status.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fold {
    /// The status on 31 December.
    Dec31,
    /// The highest status of any day.
    Any,
    /// The status of most days; of two with equally many days, the later one.
    Majority,
}

/// The years, the rule and the participants of a panel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PanelSpan {
    /// The first year; `None` for the year in which a status first changes.
    pub from: Option<i32>,
    /// The last year, inclusive; `None` for the last year that is over on the day of the question.
    pub to: Option<i32>,
    /// The rule by which the days of a year become one status.
    pub fold: Fold,
    /// The participants that have rows.
    pub universe: Universe,
}

/// Statuses by body, participant and year.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Panel {
    /// The question, as it was understood; days after `on` are outside the coverage.
    pub question: QuestionEcho,
    /// The first year.
    pub from: i32,
    /// The last year, inclusive.
    pub to: i32,
    /// The rule by which the days of a year become one status.
    pub fold: Fold,
    /// The participants that have rows.
    pub universe: Universe,
    /// The rows, by body, then by participant, then by year.
    pub rows: Vec<PanelRow>,
    /// Notes for the reader: rulings of the view, bodies without a survey, and withheld acts.
    pub notes: Vec<String>,
    /// The span of each body's record that was searched; `null` without a survey.
    pub coverage: BTreeMap<BodyId, Option<Coverage>>,
    /// The head of the record that was read.
    pub checkpoint: CheckpointRef,
}

/// One participant in one body in one year.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct PanelRow {
    /// The participant.
    pub iso3c: ParticipantId,
    /// Its number in the Correlates of War; `null` if the register has none for it in that year, or if another row of
    /// the same year and body has the number: a number is in one row only.
    pub ccode: Option<u16>,
    /// Its number after Gleditsch and Ward; `null` in the same cases.
    pub gwcode: Option<u16>,
    /// Its present name, the same in every row.
    pub state: String,
    /// The year.
    pub year: i32,
    /// The organisation or treaty.
    pub body: BodyId,
    /// The status: `none` for no status, `unknown` if it is not settled, `outside-coverage` if the record does not
    /// cover the year.
    pub status: String,
    /// The certainty of the status; `null` outside the coverage.
    pub certainty: Option<Certainty>,
}

/// A body of a panel, with its entries.
pub type PanelBody = (BodyId, Material);

/// Makes the panel of the bodies given, in that order; `seats` is the record of [`Universe::body`].
///
/// # Errors
/// [`QueryError`] if a body has no charter in the record, or its charter cannot be read.
pub fn panel(
    bodies: &[PanelBody],
    seats: Option<&PanelBody>,
    asked: PanelSpan,
    axes: &Axes,
    checkpoint: CheckpointRef,
) -> Result<Panel, QueryError> {
    let views: Vec<Arc<BodyView>> =
        bodies.iter().map(|(body, material)| BodyView::of(material, body, axes)).collect::<Result<_, _>>()?;
    let seats = seats.map(|(body, material)| BodyView::of(material, body, axes)).transpose()?;
    let to = asked.to.unwrap_or_else(|| last_full_year(axes.on));
    let from =
        asked.from.or_else(|| views.iter().filter_map(|view| first_year(view)).min()).unwrap_or(to).min(to);
    let recorded: BTreeSet<ParticipantId> = views.iter().flat_map(|view| listed(view)).cloned().collect();
    let lines = Lines::of(recorded.iter().chain(seats.iter().flat_map(|seat| listed(seat))));
    let mut years: Vec<(Year, Seats)> =
        (from..=to).filter_map(Year::new).map(|year| (year, Seats::new())).collect();
    match &seats {
        Some(seats) => seat(seats, &mut years, asked),
        None => years.iter_mut().for_each(|(year, all)| {
            all.extend(recorded.iter().map(|id| (id.clone(), year.last)));
        }),
    }
    let mut rows = Vec::new();
    let mut notes = Vec::new();
    for view in &views {
        let table = Table { view, lines: &lines, fold: asked.fold, on: axes.on };
        let of_body = if seats.is_some() { table.seated(&years) } else { table.recorded(&years) };
        let mut heard: BTreeSet<&ParticipantId> = BTreeSet::new();
        for row in of_body.iter().filter(|row| heard.insert(&row.iso3c)) {
            notes.extend(
                view.every_ruling(&row.iso3c).into_iter().map(|line| format!("{}: {line}", row.iso3c)),
            );
        }
        rows.extend(of_body);
        let unsurveyed = view.surveyed.is_none().then(|| view.end_of_record(axes.on)).flatten();
        notes.extend(unsurveyed.map(|line| format!("{line}: none may be an act that was not found")));
        notes.extend(view.withheld_by(None, Day::FUTURE));
    }
    let one = match bodies {
        [(only, _)] => Some(only),
        _ => None,
    };
    Ok(Panel {
        question: QuestionEcho::new("panel", None, one, axes),
        from,
        to,
        fold: asked.fold,
        universe: asked.universe,
        rows,
        notes,
        coverage: views.iter().map(|v| (v.charter.body.clone(), v.coverage(axes.on))).collect(),
        checkpoint,
    })
}

/// The participants that have a row in a year, each with the day of the year on which its numbers are looked up.
type Seats = BTreeMap<ParticipantId, Day>;

/// The rows of one body.
struct Table<'v> {
    view: &'v BodyView,
    lines: &'v Lines,
    fold: Fold,
    on: Day,
}

impl Table<'_> {
    /// A row for every participant in every year. Of the participants in one line, one row has the numbers.
    fn recorded(&self, years: &[(Year, Seats)]) -> Vec<PanelRow> {
        let mut spells = Histories::default();
        let mut rows: BTreeMap<(ParticipantId, i32), PanelRow> = BTreeMap::new();
        for (year, seats) in years {
            let mut of_year: BTreeMap<&ParticipantId, PanelRow> =
                seats.keys().map(|who| (who, self.row(*year, who, &mut spells))).collect();
            for (who, day) in seats {
                let line = self.lines.with(who).filter_map(|id| Some((id, !of_year.get(id)?.is_none())));
                if bearer(&self.lines.holder(who, *day), line) == Some(who)
                    && let Some(row) = of_year.get_mut(who)
                {
                    (row.ccode, row.gwcode) = self.lines.numbers(who, *day);
                }
            }
            rows.extend(of_year.into_iter().map(|(who, row)| ((who.clone(), year.number), row)));
        }
        rows.into_values().collect()
    }

    /// A row for every seat: for the participant of the line that occupies it, or for the one of the line that alone
    /// has a status.
    fn seated(&self, years: &[(Year, Seats)]) -> Vec<PanelRow> {
        let mut spells = Histories::default();
        let mut rows: BTreeMap<(ParticipantId, i32), PanelRow> = BTreeMap::new();
        for (year, seats) in years {
            for (holder, day) in seats {
                let free = |id: &&ParticipantId| *id == holder || !seats.contains_key(*id);
                let line: Vec<(&ParticipantId, PanelRow)> = self
                    .lines
                    .with(holder)
                    .filter(free)
                    .map(|who| (who, self.row(*year, who, &mut spells)))
                    .collect();
                let chosen = bearer(holder, line.iter().map(|(who, row)| (*who, !row.is_none()))).cloned();
                let Some((_, mut row)) = line.into_iter().find(|(who, _)| Some(*who) == chosen.as_ref())
                else {
                    continue;
                };
                (row.ccode, row.gwcode) = self.lines.numbers(holder, *day);
                rows.insert((row.iso3c.clone(), year.number), row);
            }
        }
        rows.into_values().collect()
    }

    fn row(&self, year: Year, who: &ParticipantId, spells: &mut Histories) -> PanelRow {
        let spells = spells.0.entry(who.clone()).or_insert_with(|| self.view.history(who).spells());
        year.row(self.view, who, spells, self.fold, self.on)
    }
}

/// The spells of the participants of a body, each folded once.
#[derive(Default)]
struct Histories(BTreeMap<ParticipantId, Vec<Spell>>);

impl PanelRow {
    /// True if the participant certainly has no status.
    fn is_none(&self) -> bool {
        self.status == NONE
    }
}

/// The word for no status.
const NONE: &str = "none";

/// The row of one participant in one year, with every status that is possible on some day of it; `None` for a year
/// outside the calendar.
pub(super) fn in_year(
    view: &BodyView,
    who: &ParticipantId,
    spells: &[Spell],
    year: i32,
    fold: Fold,
    on: Day,
) -> Option<(PanelRow, Vec<StatusId>)> {
    let year = Year::new(year)?;
    let first = if fold == Fold::Dec31 { year.last } else { year.first };
    let days = stretches(spells, first, year.last);
    let possible = view.in_order(days.iter().flat_map(|stretch| stretch.reading.statuses()));
    Some((year.row(view, who, spells, fold, on), possible))
}

/// The last year that is over at the end of a day.
fn last_full_year(on: Day) -> i32 {
    use chrono::Datelike;
    let year = |day: Day| day.date().map_or(0, |date| date.year());
    if year(on.next()) > year(on) { year(on) } else { year(on) - 1 }
}

/// The year of the first change of a status.
fn first_year(view: &BodyView) -> Option<i32> {
    use chrono::Datelike;
    let firsts = listed(view).filter_map(|who| view.history(who).spells().get(1).map(|spell| spell.from));
    firsts.min()?.date().map(|date| date.year())
}

/// The status of a year, from all its days.
#[derive(Clone, PartialEq, Debug)]
enum Folded {
    Settled(StatusId),
    Unknown(Certainty),
    Outside,
}

/// A year with its first and last day, inclusive.
#[derive(Clone, Copy)]
struct Year {
    number: i32,
    first: Day,
    last: Day,
}

/// A part of a year with one reading, and its length in days.
struct Stretch<'s> {
    reading: &'s StatusReading,
    days: i64,
}

impl Year {
    fn new(number: i32) -> Option<Year> {
        let day = |month, day| NaiveDate::from_ymd_opt(number, month, day).map(Day::from_date);
        Some(Year { number, first: day(1, 1)?, last: day(12, 31)? })
    }

    fn row(self, view: &BodyView, who: &ParticipantId, spells: &[Spell], fold: Fold, on: Day) -> PanelRow {
        let span = view.surveyed.as_ref();
        let (from, to) = span.map_or((Day::PAST, Day::FUTURE), |s| (s.earliest(), s.latest()));
        let folded = self.fold(&view.charter, spells, fold, (from, to.min(on)));
        let (status, certainty) = match folded {
            Folded::Settled(status) => (status.to_string(), Some(Certainty::Certain)),
            Folded::Unknown(certainty) => (UNKNOWN.to_owned(), Some(certainty)),
            Folded::Outside => (OUTSIDE.to_owned(), None),
        };
        PanelRow {
            iso3c: who.clone(),
            ccode: None,
            gwcode: None,
            state: present_name(who),
            year: self.number,
            body: view.charter.body.clone(),
            status,
            certainty,
        }
    }

    fn fold(self, charter: &Charter, spells: &[Spell], fold: Fold, covered: (Day, Day)) -> Folded {
        if fold == Fold::Dec31 {
            let covers = covered.0 <= self.last && self.last <= covered.1;
            return match reading(spells, self.last).filter(|_| covers) {
                Some(reading) => of_one(reading),
                None => Folded::Outside,
            };
        }
        let (first, last) = (self.first.max(covered.0), self.last.min(covered.1));
        if first > last {
            return Folded::Outside;
        }
        let stretches = stretches(spells, first, last);
        let unseen = days(self.first, self.last) - days(first, last);
        match fold {
            Fold::Any => highest(charter, &stretches, unseen),
            _ => majority(&stretches, unseen),
        }
    }
}

/// Gives a seat to every participant that is, or may be, a full member of a body in a year, under the participant that
/// has its number, with its last day as a member in that year.
fn seat(view: &BodyView, years: &mut [(Year, Seats)], asked: PanelSpan) {
    for who in listed(view) {
        let spells = view.history(who).spells();
        for (year, seats) in &mut *years {
            let first = if asked.fold == Fold::Dec31 { year.last } else { year.first };
            let Some(member) = view.full_status(year.last) else { continue };
            let here = spells.iter().filter(|s| s.from <= year.last && first < s.until);
            let held = here.filter(|s| s.reading.statuses().contains(member)).map(|s| s.until).max();
            let Some(until) = held else { continue };
            let day = if until > year.last { year.last } else { until.previous() };
            let last = seats.entry(asked.universe.stands_for(who, day)).or_insert(day);
            *last = day.max(*last);
        }
    }
}

fn days(first: Day, last: Day) -> i64 {
    i64::from(last.days()) - i64::from(first.days()) + 1
}

fn reading(spells: &[Spell], day: Day) -> Option<&StatusReading> {
    spells.iter().find(|s| s.from <= day && day < s.until).map(|s| &s.reading)
}

fn stretches(spells: &[Spell], first: Day, last: Day) -> Vec<Stretch<'_>> {
    let here = spells.iter().filter(|s| s.from <= last && first < s.until);
    let stretch = |s: &'_ Spell| (first.max(s.from), if s.until > last { last } else { s.until.previous() });
    here.map(|s| (s, stretch(s)))
        .map(|(s, (from, to))| Stretch { reading: &s.reading, days: days(from, to) })
        .collect()
}

fn of_one(reading: &StatusReading) -> Folded {
    let possible: Vec<StatusId> = reading.statuses().into_iter().cloned().collect();
    match settled(reading.certainty, &possible) {
        Some(status) => Folded::Settled(status),
        None => Folded::Unknown(reading.certainty),
    }
}

/// The certainty of a status that is not settled: contested if it is contested on any day.
fn doubt(stretches: &[Stretch<'_>]) -> Certainty {
    let contested = stretches.iter().any(|s| s.reading.certainty == Certainty::Contested);
    if contested { Certainty::Contested } else { Certainty::Possible }
}

/// The highest status of any day, if no day that is open could give another of the same or a higher rank, and no day
/// that is not covered a higher one.
fn highest(charter: &Charter, stretches: &[Stretch<'_>], unseen: i64) -> Folded {
    let height = |id: &StatusId| (charter.status(id).map_or(0, |s| s.rank), !id.is_none());
    let mut best: Option<&StatusId> = None;
    for status in stretches.iter().filter_map(|s| s.reading.status()) {
        if best.is_none_or(|best| height(best) <= height(status)) {
            best = Some(status);
        }
    }
    let open =
        || stretches.iter().filter(|s| s.reading.status().is_none()).flat_map(|s| s.reading.statuses());
    let rivals = |best: &StatusId| open().any(|id| id != best && height(id) >= height(best));
    let top = charter.statuses().iter().map(|s| s.rank).max().unwrap_or(0);
    match best {
        Some(best) if unseen > 0 && height(best).0 < top => Folded::Outside,
        None if unseen > 0 => Folded::Outside,
        Some(best) if !rivals(best) => Folded::Settled(best.clone()),
        _ => Folded::Unknown(doubt(stretches)),
    }
}

/// The status of most days, if days that are open or not covered could not give another.
fn majority(stretches: &[Stretch<'_>], unseen: i64) -> Folded {
    let mut sure: Vec<(&StatusId, i64)> = Vec::new();
    let mut at_most: BTreeMap<&StatusId, i64> = BTreeMap::new();
    for stretch in stretches {
        for status in stretch.reading.statuses() {
            *at_most.entry(status).or_default() += stretch.days;
        }
        let Some(status) = stretch.reading.status() else { continue };
        // The status of the latest day is last in the list; of equals, `max_by_key` takes the last.
        let before = sure.iter().position(|(id, _)| *id == status).map(|at| sure.remove(at).1);
        sure.push((status, before.unwrap_or_default() + stretch.days));
    }
    let winner = sure.iter().max_by_key(|(_, days)| *days);
    let all_sure = unseen == 0 && stretches.iter().all(|s| s.reading.status().is_some());
    let beaten = |winner: &StatusId, days: i64| {
        let rival = at_most.iter().filter(|(id, _)| **id != winner).map(|(_, n)| *n).max().unwrap_or(0);
        days > rival + unseen
    };
    match winner {
        Some((status, days)) if all_sure || beaten(status, *days) => Folded::Settled((*status).clone()),
        _ if unseen > 0 => Folded::Outside,
        _ => Folded::Unknown(doubt(stretches)),
    }
}
