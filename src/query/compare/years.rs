//! Compares statuses by year, as another panel states them, with those that our record gives.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Datelike;

use super::candidate::{self, Likeness, hashed};
use super::family::in_words;
use super::{Case, Class, Comparison, Difference, Within};
use crate::event::{Day, Index, ParticipantId, Role, StatusId};
use crate::history::line;
use crate::query::body::BodyView;
use crate::query::panel::{Fold, OUTSIDE, in_year};
use crate::query::spells::{UNKNOWN, listed};

/// A status in one year, as another panel states it.
#[derive(Clone, PartialEq, Debug)]
pub struct TheirYear {
    /// The line of the file, from 1.
    pub line: u64,
    /// The participant as it is named there.
    pub named: String,
    /// The participant to which this name resolves.
    pub participant: ParticipantId,
    /// The year.
    pub year: i32,
    /// The status, by its id in the charter, or `none`, `unknown` or `outside-coverage`.
    pub status: String,
}

/// The word for no status.
const NONE: &str = "none";

/// Compares the years that another panel states for one body with those of its view. Consecutive years with the same
/// difference are one difference.
pub fn compare_years(
    view: &BodyView,
    theirs: &[TheirYear],
    within: &Within,
    fold: Fold,
    on: Day,
) -> Comparison {
    let panel = Panel { view, fold, on };
    let mut sorted: Vec<&TheirYear> = theirs.iter().collect();
    sorted.sort_by_key(|t| (&t.participant, t.year, t.line));
    let candidates = panel.candidates(&sorted);
    let mut out = Comparison::default();
    let mut runs: Vec<Run<'_>> = Vec::new();
    for theirs in &sorted {
        let who = candidates.get(&theirs.participant).map_or(&theirs.participant, |(who, _)| who);
        let ours = panel.ours(who, theirs.year);
        if ours.status == theirs.status && *who == theirs.participant {
            out.same += 1;
            continue;
        }
        let next = |run: &Run<'_>| {
            let follows = run.last + 1 == theirs.year && run.first_of.participant == theirs.participant;
            follows && run.ours == ours && run.first_of.status == theirs.status
        };
        match runs.last_mut().filter(|run| next(run)) {
            Some(run) => run.last = theirs.year,
            None => runs.push(Run { first_of: theirs, last: theirs.year, ours }),
        }
    }
    for run in &runs {
        let difference = match candidates.get(&run.first_of.participant) {
            Some((_, words)) if run.ours.status == run.first_of.status => {
                Difference::new(Class::Naming, None, words.clone())
            }
            _ => panel.differs(run),
        };
        out.differences.push(run.told(view, difference));
    }
    panel.missing_there(&sorted, &candidates, within, &mut out);
    out.sort();
    out
}

/// Consecutive years with one status there and another here.
struct Run<'t> {
    first_of: &'t TheirYear,
    last: i32,
    ours: Ours,
}

/// Our status of a participant in a year.
#[derive(Clone, PartialEq, Eq)]
struct Ours {
    who: ParticipantId,
    status: String,
    possible: Vec<StatusId>,
}

impl Run<'_> {
    fn told(&self, view: &BodyView, difference: Difference) -> Difference {
        let first = self.first_of;
        let years = match self.last == first.year {
            true => first.year.to_string(),
            false => format!("{}..{}", first.year, self.last),
        };
        Difference {
            participant: Some(difference.participant.clone().unwrap_or_else(|| self.ours.who.clone())),
            named: Some(first.named.clone()),
            body: Some(view.charter.body.clone()),
            line: Some(first.line),
            statements: u64::from(self.last.abs_diff(first.year)) + 1,
            what: Some(first.status.clone()),
            theirs: Some(format!("{} {years}", first.status)),
            ours: difference.ours.clone().or_else(|| Some(self.ours.status.clone())),
            ..difference
        }
    }
}

struct Panel<'a> {
    view: &'a BodyView,
    fold: Fold,
    on: Day,
}

impl Panel<'_> {
    fn ours(&self, who: &ParticipantId, year: i32) -> Ours {
        let spells = self.view.history(who).spells();
        let (status, possible) = match in_year(self.view, who, &spells, year, self.fold, self.on) {
            Some((row, possible)) => (row.status, possible),
            None => (OUTSIDE.to_owned(), Vec::new()),
        };
        // Only an unsettled year needs its possible statuses; without them, settled years with one status join into one
        // run.
        let possible = if status == UNKNOWN { possible } else { Vec::new() };
        Ours { who: who.clone(), status, possible }
    }

    fn differs(&self, run: &Run<'_>) -> Difference {
        let (theirs, ours) = (run.first_of.status.as_str(), run.ours.status.as_str());
        if let Some(other) = self.renamed(run) {
            let words = format!("{} there, {other} here: one line under two names", run.first_of.participant);
            let told = Difference::new(Class::Naming, None, words);
            return Difference { participant: Some(other), ours: Some(theirs.to_owned()), ..told };
        }
        if let Some(words) = self.impossible(run) {
            return Difference::impossible(words);
        }
        match (theirs, ours) {
            (_, OUTSIDE) => Difference::missing_here("our record was not searched for these years"),
            (OUTSIDE, _) => Difference::missing_there("outside the coverage there"),
            (UNKNOWN, _) => Difference::new(Class::Precision, None, "theirs is not settled, ours is"),
            (_, UNKNOWN) => {
                let possible: Vec<&str> = run.ours.possible.iter().map(StatusId::as_str).collect();
                let words = format!("ours is not settled: {}", possible.join(" or "));
                match possible.contains(&theirs) {
                    true => Difference::new(Class::Precision, None, words),
                    false => Difference::contradicts(format!("{theirs} there; {words}")),
                }
            }
            _ => self.settled(run),
        }
    }

    /// The difference between two settled statuses.
    fn settled(&self, run: &Run<'_>) -> Difference {
        let (theirs, ours) = (run.first_of.status.as_str(), run.ours.status.as_str());
        if let Some((role, act, entry)) = self.role_of(run) {
            let words = format!("they change it in the year that we have as {role} ({act}, entry {entry})");
            return Difference { entry: Some(entry), ..Difference::new(Class::DateRole, None, words) };
        }
        match (theirs, ours) {
            (NONE, _) => Difference::missing_there(format!("no status there, {ours} here")),
            (_, NONE) => Difference::missing_here(format!("no status here, {theirs} there")),
            _ => Difference::contradicts(format!("{theirs} there, {ours} here")),
        }
    }

    /// The participant of the same line that has the status under another name.
    fn renamed(&self, run: &Run<'_>) -> Option<ParticipantId> {
        let of_line = line(&run.first_of.participant);
        let others = listed(self.view).filter(|who| **who != run.first_of.participant);
        let mut others = others.filter(|who| line(who) == of_line && run.first_of.status != NONE);
        let holds = |who: &&ParticipantId| {
            (run.first_of.year..=run.last).all(|year| self.ours(who, year).status == run.first_of.status)
        };
        others.find(|who| holds(who)).cloned()
    }

    fn impossible(&self, run: &Run<'_>) -> Option<String> {
        let status = run.first_of.status.as_str();
        if [NONE, UNKNOWN, OUTSIDE].contains(&status) {
            return None;
        }
        if StatusId::parse(status).ok().is_none_or(|id| self.view.charter.status(&id).is_none()) {
            let title = self.view.charter.about.in_short();
            return Some(format!("{status:?} is no status of {title}: chancery charter show"));
        }
        let began = self.view.charter.about.began.as_ref()?;
        let early = began.earliest().date().is_some_and(|day| run.last < day.year());
        early.then(|| format!("it lies before the body, which began on {began}"))
    }

    /// The act of ours, with the role of its date, that lies in the year in which their status changes and ours does
    /// not: the first year of the run, or the first after it.
    fn role_of(&self, run: &Run<'_>) -> Option<(Role, String, Index)> {
        let acts = &self.view.pairs.get(&run.ours.who)?.own;
        // They change early, in the first year of the run, if our status after it equals theirs; late, in the year
        // after it, if our status before it equals theirs.
        let before = self.ours(&run.ours.who, run.first_of.year - 1).status;
        let after = self.ours(&run.ours.who, run.last + 1).status;
        let early = (after == run.first_of.status).then_some(run.first_of.year);
        let late = (before == run.first_of.status).then_some(run.last + 1);
        let lies = |year: i32, day: Day| day.date().is_some_and(|date| date.year() == year);
        [early, late].into_iter().flatten().find_map(|year| {
            acts.iter().find_map(|act| {
                let dates = act.event.dates.iter();
                let mut dates = dates.filter(|(_, on)| lies(year, on.earliest()) && lies(year, on.latest()));
                let (role, _) = dates.next()?;
                Some((role, in_words(&act.event.act), act.index))
            })
        })
    }

    /// Suggests names for participants that only one side has: the participant with the same statuses in the same
    /// years.
    fn candidates(&self, theirs: &[&TheirYear]) -> BTreeMap<ParticipantId, (ParticipantId, String)> {
        let mut marks: BTreeMap<&ParticipantId, BTreeSet<u64>> = BTreeMap::new();
        let mut years: BTreeSet<i32> = BTreeSet::new();
        for year in theirs {
            years.insert(year.year);
            let own = marks.entry(&year.participant).or_default();
            if year.status != NONE && year.status != OUTSIDE {
                own.insert(hashed(&(year.year, &year.status)));
            }
        }
        let held: BTreeSet<ParticipantId> = listed(self.view).map(line).collect();
        let named: BTreeSet<ParticipantId> = marks.keys().map(|who| line(who)).collect();
        let unknown =
            marks.into_iter().filter(|(who, marks)| !held.contains(&line(who)) && !marks.is_empty());
        let unknown: Vec<Likeness> =
            unknown.map(|(who, marks)| Likeness { who: who.clone(), marks }).collect();
        if unknown.is_empty() {
            return BTreeMap::new();
        }
        let free = listed(self.view).filter(|who| !named.contains(&line(who)));
        let mark = |who: &ParticipantId, year: i32| hashed(&(year, &self.ours(who, year).status));
        let free: Vec<Likeness> = free
            .map(|who| Likeness {
                who: who.clone(),
                marks: years.iter().map(|year| mark(who, *year)).collect(),
            })
            .collect();
        let found = candidate::participants(&unknown, &free);
        found.into_iter().map(|(they, we, words)| (they, (we, words))).collect()
    }

    /// Reports the years in which we have a status, between their first and last year, and which they leave out.
    fn missing_there(
        &self,
        theirs: &[&TheirYear],
        candidates: &BTreeMap<ParticipantId, (ParticipantId, String)>,
        within: &Within,
        out: &mut Comparison,
    ) {
        let years = theirs.iter().map(|theirs| theirs.year);
        let Some((first, last)) = years.clone().min().zip(years.max()) else { return };
        let mut told: BTreeSet<(ParticipantId, i32)> = BTreeSet::new();
        for theirs in theirs {
            told.insert((line(&theirs.participant), theirs.year));
            told.extend(candidates.get(&theirs.participant).map(|(who, _)| (line(who), theirs.year)));
        }
        for who in listed(self.view).filter(|who| within.covers_line(who)) {
            let mut open: Option<(i32, String)> = None;
            for year in first..=last.saturating_add(1) {
                let status = Some(self.ours(who, year).status)
                    .filter(|status| ![NONE, UNKNOWN, OUTSIDE].contains(&status.as_str()))
                    .filter(|_| year <= last && !told.contains(&(line(who), year)));
                if open.as_ref().map(|(_, held)| held) == status.as_ref() {
                    continue;
                }
                if let Some((from, held)) = open.take() {
                    let span =
                        if from == year - 1 { from.to_string() } else { format!("{from}..{}", year - 1) };
                    out.differences.push(Difference {
                        participant: Some(who.clone()),
                        body: Some(self.view.charter.body.clone()),
                        case: Some(Case::MissingThere),
                        statements: u64::from((year - 1).abs_diff(from)) + 1,
                        what: Some(held.clone()),
                        ours: Some(format!("{held} {span}")),
                        ..Difference::missing_there("not in the file, which covers both")
                    });
                }
                open = status.map(|status| (year, status));
            }
        }
    }
}
