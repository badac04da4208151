//! Compares acts with their dates, as another data set states them, with the acts that are recorded here.

use std::collections::BTreeMap;

use crate::charter::refuse;
use crate::event::{ActKind, Edtf, ParticipantId, Role};
use crate::history::{Standing, line};

use super::candidate::{self, Likeness};
use super::date::{Side, apart, side};
use super::family::{begins, ends, form, in_words, kin, same_act};
use super::{Class, Comparison, Difference, Family, TheirAct, Within, families};
use crate::query::body::BodyView;

/// Compares the statements of another data set about one body with the acts that count in the view of that body.
///
/// A statement is matched first with an act of the same participant, kind and date; then with one that differs in name,
/// in precision, in the role of its date, or in its day, in this order. Statements and acts without a match are missing
/// on one side. The entry into force of a treaty, and the beginning or end of a membership, may also match the day that
/// our record derives. Their `effective` date is compared with the day that the clause computes for the participant,
/// and with the recorded date if there is no clause.
pub fn compare_acts(view: &BodyView, theirs: &[TheirAct], within: &Within) -> Comparison {
    let mut groups: BTreeMap<ParticipantId, Group<'_>> = BTreeMap::new();
    for act in theirs {
        let Some((role, date)) = act.event.dated() else { continue };
        let Some(who) = act.event.participant.as_ref().filter(|_| date.earliest() <= within.until) else {
            continue;
        };
        let stated = Stated { act, who, role, date, settled: false, pair: None };
        groups.entry(line(who)).or_default().theirs.push(stated);
    }
    for (who, pair) in &view.pairs {
        let dated = pair.own.iter().filter(|act| !act.event.act.kind().is_record_keeping());
        let dated = dated.filter_map(|act| Some((act, act.event.dated()?)));
        let dated = dated.filter(|(_, (_, date))| date.earliest() <= within.until);
        for (act, (role, date)) in dated {
            let own = Recorded { act, who, role, date, covered: false, told: false };
            groups.entry(line(who)).or_default().ours.push(own);
        }
    }
    let mut out = Comparison::default();
    for group in groups.values_mut().filter(|group| !group.theirs.is_empty()) {
        group.settle(view, &mut out);
    }
    suggest(&mut groups, view, &mut out);
    for group in groups.values() {
        group.further(view, &mut out);
        group.missing(view, within, &mut out);
    }
    out.sort();
    out
}

/// An act that the other data set states.
pub(super) struct Stated<'t> {
    pub(super) act: &'t TheirAct,
    pub(super) who: &'t ParticipantId,
    pub(super) role: Role,
    pub(super) date: &'t Edtf,
    /// True if it is already counted.
    settled: bool,
    /// The position in `ours` of the recorded act with which it is compared.
    pub(super) pair: Option<usize>,
}

/// An act that is recorded here.
pub(super) struct Recorded<'v> {
    pub(super) act: &'v Standing,
    pub(super) who: &'v ParticipantId,
    role: Role,
    date: &'v Edtf,
    /// True if the other data set has it, with or without differences.
    covered: bool,
    /// True if it explains a statement about another act.
    told: bool,
}

impl Recorded<'_> {
    pub(super) fn kind(&self) -> ActKind {
        self.act.event.act.kind()
    }

    /// The date of the act in a role, else its own date.
    fn dated_as(&self, role: Role) -> &Edtf {
        self.act.event.dates.get(role).unwrap_or(self.date)
    }
}

impl Stated<'_> {
    pub(super) fn kind(&self) -> ActKind {
        self.act.event.act.kind()
    }

    /// True if both state the same act, whatever its date.
    fn is_act_of(&self, ours: &Recorded<'_>) -> bool {
        same_act(&self.act.event.act, &ours.act.event.act) && self.fits(ours)
    }

    /// True if both may state one act under two names.
    fn is_kin_of(&self, ours: &Recorded<'_>) -> bool {
        kin(self.kind(), ours.kind()) && self.fits(ours)
    }

    /// True unless each names a status and the two differ.
    fn fits(&self, ours: &Recorded<'_>) -> bool {
        let of = |event: &crate::event::Event| event.status.clone().or_else(|| event.toward.clone());
        match (of(&self.act.event), of(&ours.act.event)) {
            (Some(theirs), Some(ours)) => theirs == ours,
            _ => true,
        }
    }

    /// Adds this statement to a difference, with nothing from our side.
    pub(super) fn tells(&self, view: &BodyView, difference: Difference) -> Difference {
        Difference {
            participant: Some(self.who.clone()),
            named: Some(self.act.named.clone()),
            body: Some(view.charter.body.clone()),
            line: Some(self.act.line),
            what: Some(in_words(&self.act.event.act)),
            role: Some(self.role.name()),
            theirs: Some(self.date.to_string()),
            ..difference
        }
    }
}

/// The acts of one line of participants on both sides.
#[derive(Default)]
pub(super) struct Group<'a> {
    pub(super) theirs: Vec<Stated<'a>>,
    pub(super) ours: Vec<Recorded<'a>>,
}

/// A step of the comparison; it settles some statements and leaves others open.
type Step<'a> = fn(&mut Group<'a>, usize, &BodyView) -> Option<Difference>;

impl<'a> Group<'a> {
    fn settle(&mut self, view: &BodyView, out: &mut Comparison) {
        for at in 0..self.theirs.len() {
            out.same += u64::from(self.same(at, view));
        }
        let steps: [(Step<'a>, bool); 6] = [
            (Group::renamed, false),
            (Group::impossible, false),
            (Group::precision, false),
            (Group::of_another_role, false),
            (Group::of_another_status, false),
            (Group::contradicted, true),
        ];
        for (step, by_nearness) in steps {
            for at in self.in_order(by_nearness) {
                if self.theirs[at].settled {
                    continue;
                }
                if let Some(difference) = step(self, at, view) {
                    self.theirs[at].settled = true;
                    out.differences.push(difference);
                }
            }
        }
    }

    /// The order in which a step takes the statements: as they were read; or, in the search for the recorded act whose
    /// day differs, those nearest to one first.
    fn in_order(&self, by_nearness: bool) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.theirs.len()).collect();
        if by_nearness {
            order.sort_by_key(|at| self.nearest(*at).map_or(i64::MAX, |(_, days)| days));
        }
        order
    }

    fn same(&mut self, at: usize, view: &BodyView) -> bool {
        let theirs = &self.theirs[at];
        let equal = |ours: &Recorded<'_>| {
            let date = ours.act.event.dates.get(theirs.role);
            ours.who == theirs.who
                && theirs.is_act_of(ours)
                && date.is_some_and(|date| side(theirs.date, date) == Side::Equal)
        };
        let exact = |ours: &Recorded<'_>| form(&ours.act.event.act) == form(&theirs.act.event.act);
        let found: Vec<usize> = (0..self.ours.len()).filter(|at| equal(&self.ours[*at])).collect();
        let best = found.iter().copied().find(|at| exact(&self.ours[*at])).or(found.first().copied());
        let derived = || {
            let days = self.derived(theirs.kind(), view);
            days.iter().find(|(_, on)| side(theirs.date, on) == Side::Equal).map(|(at, _)| *at)
        };
        let Some(pair) = best.or_else(derived) else { return false };
        // A fact that is recorded twice is one fact, and this statement covers both entries.
        found.iter().for_each(|at| self.ours[*at].covered = true);
        self.explain(at, pair);
        self.theirs[at].settled = true;
        self.theirs[at].pair = Some(pair);
        true
    }

    /// The same day under another name: of the participant within its line, or of the form of the instrument.
    fn renamed(&mut self, at: usize, view: &BodyView) -> Option<Difference> {
        let theirs = &self.theirs[at];
        let equal = |ours: &Recorded<'_>| {
            theirs.is_kin_of(ours) && side(theirs.date, ours.dated_as(theirs.role)) == Side::Equal
        };
        let rank = |at: &usize| {
            let ours = &self.ours[*at];
            (ours.covered, !theirs.is_act_of(ours), ours.who != theirs.who)
        };
        let found = (0..self.ours.len()).filter(|at| equal(&self.ours[*at])).min_by_key(rank)?;
        let ours = &self.ours[found];
        let who = (ours.who != theirs.who)
            .then(|| format!("{} there, {} here: one line under two names", theirs.who, ours.who));
        let (t, o) = (in_words(&theirs.act.event.act), in_words(&ours.act.event.act));
        let act = (t != o).then(|| format!("{t} there, {o} here, on the same day"));
        let role = || format!("given as {} there, as {} here, on the same day", theirs.role, ours.role);
        let words = [who, act].into_iter().flatten().collect::<Vec<_>>().join("; ");
        let class = if words.is_empty() { Class::DateRole } else { Class::Naming };
        let words = if words.is_empty() { role() } else { words };
        Some(self.set_against(at, found, view, Difference::new(class, None, words)))
    }

    fn impossible(&mut self, at: usize, view: &BodyView) -> Option<Difference> {
        let theirs = &self.theirs[at];
        let refused = refuse(&view.charter, &theirs.act.event).err().map(|refusal| refusal.to_string());
        let words = refused.or_else(|| self.ends_first(at))?;
        let difference = Difference { statements: stated(theirs), ..Difference::impossible(words) };
        let Some((ours, _)) = self.nearest(at) else { return Some(self.theirs[at].tells(view, difference)) };
        let told = self.set_against(at, ours, view, difference);
        // The difference covers all dates of the statement, so none is compared further.
        self.theirs[at].pair = None;
        Some(told)
    }

    /// The message for an end that lies before every beginning that they state themselves.
    fn ends_first(&self, at: usize) -> Option<String> {
        let theirs = &self.theirs[at];
        let begun = self.theirs.iter().filter(|other| begins(other.kind()));
        let first = begun.min_by_key(|other| other.date.earliest())?;
        let ended = ends(theirs.kind()) && theirs.date.latest() < first.date.earliest();
        ended.then(|| {
            let began = in_words(&first.act.event.act);
            format!("it ends before it begins: their {began} is of {}, line {}", first.date, first.act.line)
        })
    }

    fn precision(&mut self, at: usize, view: &BodyView) -> Option<Difference> {
        let theirs = &self.theirs[at];
        let open = (0..self.ours.len()).filter(|at| !self.ours[*at].covered);
        let near = open.filter_map(|at| {
            let ours = &self.ours[at];
            let words = side(theirs.date, ours.dated_as(theirs.role)).precision()?;
            theirs.is_kin_of(ours).then_some((at, words))
        });
        let rank = |at: usize| (!theirs.is_act_of(&self.ours[at]), self.ours[at].who != theirs.who);
        if let Some((ours, words)) = near.min_by_key(|(at, _)| rank(*at)) {
            return Some(self.set_against(at, ours, view, Difference::new(Class::Precision, None, words)));
        }
        let days = self.derived(theirs.kind(), view);
        let (ours, on, words) = days
            .into_iter()
            .find_map(|(at, on)| side(theirs.date, &on).precision().map(|words| (at, on, words)))?;
        self.explain(at, ours);
        Some(self.beside(at, ours, &on, view, Difference::new(Class::Precision, None, words)))
    }

    /// Marks a recorded act as explained if its day of effect matches a statement of the same kind, so that it is not
    /// reported missing there.
    fn explain(&mut self, at: usize, ours: usize) {
        let kin = self.theirs[at].is_kin_of(&self.ours[ours]);
        self.ours[ours].told |= kin;
    }

    /// The same day in another role: of the same recorded act, or of another one.
    fn of_another_role(&mut self, at: usize, view: &BodyView) -> Option<Difference> {
        let theirs = &self.theirs[at];
        let nearest = self.nearest(at).map(|(ours, _)| ours);
        let (found, role, on, computed) = self.role_of(theirs, theirs.role, theirs.date, nearest, view)?;
        let ours = &self.ours[found];
        let words = part(theirs.role, ours, role, computed);
        self.ours[found].told = true;
        if let Some(nearest) = nearest {
            self.ours[nearest].covered = true;
            self.theirs[at].pair = Some(nearest);
        }
        Some(self.beside(at, found, on, view, Difference::new(Class::DateRole, None, words)))
    }

    /// The recorded act that has this day in another role. The act with which the statement is compared is searched
    /// before the others.
    pub(super) fn role_of<'v>(
        &self,
        theirs: &Stated<'_>,
        role: Role,
        date: &Edtf,
        first: Option<usize>,
        view: &'v BodyView,
    ) -> Option<(usize, Role, &'v Edtf, bool)>
    where
        'a: 'v,
    {
        let order = first.into_iter().chain((0..self.ours.len()).filter(|at| Some(*at) != first));
        let stated = order.into_iter().find_map(|at| {
            let ours = &self.ours[at];
            let act: &'v Standing = ours.act;
            let other = |other: Role| other != role || !theirs.is_kin_of(ours);
            let (found, on) =
                act.event.dates.iter().find(|(r, on)| other(*r) && side(date, on) == Side::Equal)?;
            Some((at, found, on, false))
        });
        let in_force = role == Role::Effective;
        let effects = || self.effects(view).into_iter().filter(|_| !in_force);
        let computed = || effects().find(|(_, on)| side(date, on) == Side::Equal);
        stated.or_else(|| computed().map(|(at, on)| (at, Role::Effective, on, true)))
    }

    /// An act of the same kind and day that gives another status.
    fn of_another_status(&mut self, at: usize, view: &BodyView) -> Option<Difference> {
        let theirs = &self.theirs[at];
        let equal = |ours: &Recorded<'_>| {
            !ours.covered
                && ours.kind() == theirs.kind()
                && side(theirs.date, ours.dated_as(theirs.role)) == Side::Equal
        };
        let found = self.ours.iter().position(equal)?;
        let status = |event: &crate::event::Event| event.status.as_ref().map(ToString::to_string);
        let (theirs, ours) = (status(&theirs.act.event)?, status(&self.ours[found].act.event)?);
        let words = format!("{theirs} there, {ours} here, on the same day");
        Some(self.set_against(at, found, view, Difference::contradicts(words)))
    }

    /// The nearest unmatched recorded act that may be theirs, with the number of days between the two.
    fn nearest(&self, at: usize) -> Option<(usize, i64)> {
        let theirs = &self.theirs[at];
        let fits = |ours: &Recorded<'_>| {
            !ours.covered && theirs.is_kin_of(ours) && theirs.kind() != ActKind::ClaimRecorded
        };
        let open = (0..self.ours.len()).filter(|at| fits(&self.ours[*at]));
        let days = |at: &usize| match side(theirs.date, self.ours[*at].dated_as(theirs.role)) {
            Side::Apart(days) => days,
            _ => 0,
        };
        let rank = |at: &usize| (!theirs.is_act_of(&self.ours[*at]), days(at));
        open.min_by_key(rank).map(|at| (at, days(&at)))
    }

    fn contradicted(&mut self, at: usize, view: &BodyView) -> Option<Difference> {
        if let Some((ours, days)) = self.nearest(at) {
            let disputed = self.ours[ours].act.event.rival.is_some();
            let open = if disputed { "; ours stands on one side of a dispute" } else { "" };
            let words = format!("{}{open}", apart(days));
            return Some(self.set_against(at, ours, view, Difference::contradicts(words)));
        }
        let theirs = &self.theirs[at];
        let apart_from = |on: &Edtf| match side(theirs.date, on) {
            Side::Apart(days) => days,
            _ => 0,
        };
        let days = self.derived(theirs.kind(), view);
        let (ours, on) = days.into_iter().min_by_key(|(_, on)| apart_from(on))?;
        let words = format!("that follows here on {on}: {}", apart(apart_from(&on)));
        self.explain(at, ours);
        Some(self.beside(at, ours, &on, view, Difference::contradicts(words)))
    }

    /// The difference between a statement and the recorded act that it matches.
    fn set_against(&mut self, at: usize, ours: usize, view: &BodyView, difference: Difference) -> Difference {
        self.ours[ours].covered = true;
        let on = self.ours[ours].dated_as(self.theirs[at].role).clone();
        self.beside(at, ours, &on, view, difference)
    }

    /// The difference between a statement and a recorded act, with `on` as our date.
    fn beside(
        &mut self,
        at: usize,
        ours: usize,
        on: &Edtf,
        view: &BodyView,
        difference: Difference,
    ) -> Difference {
        let told = Difference { ours: Some(on.to_string()), ..difference };
        let told = self.theirs[at].tells(view, told);
        self.theirs[at].pair.get_or_insert(ours);
        let ours = &self.ours[ours];
        Difference { participant: Some(ours.who.clone()), entry: Some(ours.act.index), ..told }
    }

    /// Reports the statements and recorded acts without a match.
    fn missing(&self, view: &BodyView, within: &Within, out: &mut Comparison) {
        for theirs in self.theirs.iter().filter(|theirs| !theirs.settled) {
            let words = "not in this ledger";
            let difference = Difference { statements: stated(theirs), ..Difference::missing_here(words) };
            out.differences.push(theirs.tells(view, difference));
        }
        let left =
            self.ours.iter().filter(|ours| !ours.covered && !ours.told && within.covers_line(ours.who));
        for ours in left.filter(|ours| within.covers(&ours.act.event) && !self.states_effect(ours)) {
            out.differences.push(Difference {
                participant: Some(ours.who.clone()),
                body: Some(view.charter.body.clone()),
                what: Some(in_words(&ours.act.event.act)),
                role: Some(ours.role.name()),
                ours: Some(ours.date.to_string()),
                entry: Some(ours.act.index),
                ..Difference::missing_there("not in the file, which covers both")
            });
        }
    }

    /// True if our entry into force may be the day that they state as `effective` of another act.
    fn states_effect(&self, ours: &Recorded<'_>) -> bool {
        families(ours.kind()).any(|family| family == Family::Effect)
            && self.theirs.iter().any(|theirs| theirs.act.event.dates.get(Role::Effective).is_some())
    }
}

/// The number of dates in a statement.
fn stated(theirs: &Stated<'_>) -> u64 {
    theirs.act.event.dates.iter().count() as u64
}

/// The words that say which date of ours their day is.
pub(super) fn part(theirs: Role, ours: &Recorded<'_>, role: Role, computed: bool) -> String {
    let act = in_words(&ours.act.event.act);
    let by = if computed { ", by the clause" } else { "" };
    format!("they give as {theirs} what we have as {role}{by} ({act}, entry {})", ours.act.index)
}

/// Suggests names for participants that only one side has: the participant with the same acts on the same days.
fn suggest<'a>(groups: &mut BTreeMap<ParticipantId, Group<'a>>, view: &BodyView, out: &mut Comparison) {
    let mut theirs: Vec<Likeness> = Vec::new();
    let mut ours: Vec<Likeness> = Vec::new();
    for (who, group) in groups.iter() {
        match (group.theirs.is_empty(), group.ours.is_empty()) {
            (false, true) => theirs.push(Likeness {
                who: who.clone(),
                marks: group.theirs.iter().filter_map(|t| candidate::mark(t.kind(), t.date)).collect(),
            }),
            (true, false) => ours.push(Likeness {
                who: who.clone(),
                marks: group.ours.iter().filter_map(|o| candidate::mark(o.kind(), o.date)).collect(),
            }),
            _ => {}
        }
    }
    for (they, we, words) in candidate::participants(&theirs, &ours) {
        let Some(mut other) = groups.remove(&we) else { continue };
        let Some(group) = groups.get_mut(&they) else { continue };
        group.ours.append(&mut other.ours);
        for at in 0..group.theirs.len() {
            let theirs = &group.theirs[at];
            let equal = |ours: &Recorded<'_>| {
                theirs.is_kin_of(ours) && side(theirs.date, ours.dated_as(theirs.role)) == Side::Equal
            };
            let open = group.ours.iter().position(equal).filter(|_| !theirs.settled);
            let Some(found) = open else { continue };
            let difference = Difference::new(Class::Naming, None, words.clone());
            let told = group.set_against(at, found, view, difference);
            group.theirs[at].settled = true;
            out.differences.push(told);
        }
    }
}
