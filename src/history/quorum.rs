//! Tests if the condition of a clause is met on a day, which participants are lacking, and whose consent first met it.

use std::collections::{BTreeMap, BTreeSet};

use crate::charter::{Bound, Condition, Floor, NamedSet, Proportion, Rule, SetRef, WeightTable};
use crate::event::{BodyId, Day, Index, ParticipantId};

/// A consent to be bound.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Consent {
    /// The participant that consented.
    pub participant: ParticipantId,
    /// The day of deposit.
    pub on: Day,
    /// Its place within the day, if the evidence gives one.
    pub sequence: Option<u16>,
    /// The entry of the act.
    pub entry: Index,
    /// The day from which it no longer counts: withdrawn, rejected, or the participant's line has ended.
    pub undone: Option<Day>,
}

/// Everything that a condition is evaluated against.
pub struct Poll<'a> {
    /// The consents of each participant, in any order; no two of one participant overlap.
    pub consents: &'a [Consent],
    /// The signatories, each with the day of its first signature.
    pub signatories: &'a [(ParticipantId, Day)],
    /// Returns the members just before the act of that sequence on that day; without a sequence, at the end of the day.
    pub members: &'a dyn Fn(Day, Option<u16>) -> BTreeSet<ParticipantId>,
    /// The sets of the charter.
    pub sets: &'a [NamedSet],
    /// The weight tables of the charter.
    pub weights: &'a [WeightTable],
    /// The participant that represents a line: the same for SUN and RUS, whose consent counts once.
    pub line: &'a dyn Fn(&ParticipantId) -> ParticipantId,
    /// True if a participant is a regional organisation (REIO).
    pub is_reio: &'a dyn Fn(&ParticipantId) -> bool,
    /// The day since when another treaty is in force.
    pub in_force: &'a dyn Fn(&BodyId) -> Option<Day>,
}

/// How far a condition is met. Of parts joined by `and` it reports the first that is not met; of those joined by `or` the first
/// that is met; else one that counts in a closed set, because that can name the missing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QuorumCount {
    /// The unit of `needed` and `count`.
    pub measure: Measure,
    /// The amount needed; of a `weight(… > …)`, more than this.
    pub needed: u32,
    /// The amount reached, rounded down to a thousandth of a percent.
    pub count: u32,
    /// The participants that count: those that consented, by id; of a closed set its own members, in the set's order.
    pub counted: Vec<ParticipantId>,
    /// The members of a closed set that have not consented.
    pub missing: Vec<ParticipantId>,
    /// True if the whole condition is met.
    pub met: bool,
}

/// The unit of a count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Measure {
    /// Participants.
    Participants,
    /// Thousandths of a percent of a table.
    MilliPercent,
    /// Treaties in force: 0 or 1.
    Treaties,
}

/// The moment at which a condition was first met.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trigger {
    /// The day.
    pub on: Day,
    /// The consent that met the condition; several if those of that day are unordered and each may have been the last one needed;
    /// none if it was met by the entry into force of another treaty, or by a new set or table.
    pub by: Vec<Deposit>,
}

/// A consent, by its act.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deposit {
    /// The participant that consented.
    pub participant: ParticipantId,
    /// The entry of the act.
    pub entry: Index,
}

impl Trigger {
    /// The one consent that met the condition, if it is known which.
    pub fn deposit(&self) -> Option<&Deposit> {
        self.by.first().filter(|_| self.by.len() == 1)
    }
}

/// How far a condition is met at the end of a day.
pub fn count_on(condition: &Condition, poll: &Poll<'_>, day: Day) -> QuorumCount {
    let given = poll.consents.iter().filter(|c| c.on <= day);
    Moment::of(poll, day, None, given).count(condition)
}

/// Finds when a condition was first met: after the first consent with which it is, in the order of day and sequence, or with the
/// entry into force of another treaty, or on the first day of a dated set or table. Consents undone by then do not count; one
/// undone later changes nothing. A change of the membership alone triggers nothing: it is seen at the next consent.
///
/// If one consent of a day has no sequence, or two have the same, all of that day are unordered and are counted together, among
/// the members of the end of the day.
pub fn trigger(condition: &Condition, poll: &Poll<'_>) -> Option<Trigger> {
    let mut ordered: Vec<&Consent> = poll.consents.iter().collect();
    ordered.sort_by_key(|c| (c.on, c.sequence, c.entry));
    let mut days: BTreeSet<Day> = ordered.iter().map(|c| c.on).collect();
    let changes = changes(condition, poll);
    days.extend(&changes);
    let mut begin = 0;
    for on in days {
        let end = begin + ordered.iter().skip(begin).take_while(|c| c.on == on).count();
        let moment = |sequence, end| Moment::of(poll, on, sequence, ordered.iter().take(end).copied());
        if changes.contains(&on) && moment(None, begin).count(condition).met {
            return Some(Trigger { on, by: Vec::new() });
        }
        let groups = groups(ordered.get(begin..end).unwrap_or_default());
        for group in groups {
            let sequence = group.first().filter(|_| group.len() == 1).and_then(|c| c.sequence);
            if moment(sequence, begin + group.len()).count(condition).met {
                let before = moment(sequence, begin);
                return Some(Trigger { on, by: last_needed(condition, &before, group) });
            }
            begin += group.len();
        }
    }
    None
}

/// The day on which a rule brings a treaty into force, with its trigger; `None` while it does not, and for a rule that does not
/// count from a condition.
pub fn in_force_on(rule: &Rule, poll: &Poll<'_>) -> Option<(Day, Trigger)> {
    match rule {
        Rule::WhenMet { trigger: condition, then, not_before } => {
            let trigger = trigger(condition, poll)?;
            let floor = match not_before {
                None => Day::PAST,
                Some(Floor::Day(day)) => *day,
                Some(Floor::InForce(treaty)) => (poll.in_force)(treaty)?,
            };
            Some((then.from(trigger.on)?.max(floor), trigger))
        }
        Rule::Fixed { on, provided, otherwise } => {
            let trigger = trigger(provided, poll)?;
            let day = if trigger.on < *on { *on } else { otherwise.as_ref()?.from(trigger.on) };
            Some((day, trigger))
        }
        Rule::Notice { .. } | Rule::Stated | Rule::NoRight | Rule::After { .. } => None,
    }
}

/// Groups of one if each consent of a day has a place of its own, else one group of all.
fn groups<'b, 'a>(of_day: &'b [&'a Consent]) -> Vec<&'b [&'a Consent]> {
    let places: BTreeSet<u16> = of_day.iter().filter_map(|c| c.sequence).collect();
    match of_day {
        [] => Vec::new(),
        _ if places.len() == of_day.len() => of_day.chunks(1).collect(),
        _ => vec![of_day],
    }
}

/// The days on which a condition may be met without a consent: another treaty enters into force, a dated set or table takes the
/// place of an older one.
fn changes(condition: &Condition, poll: &Poll<'_>) -> BTreeSet<Day> {
    let of_set = |name: &str| -> BTreeSet<Day> {
        poll.sets.iter().filter(|set| set.is_called(name)).map(NamedSet::from).collect()
    };
    let mut days = match condition {
        Condition::InForce(body) => (poll.in_force)(body).into_iter().collect(),
        Condition::Count { of: Some(SetRef::Named(name)), .. }
        | Condition::Share { of: SetRef::Named(name), .. }
        | Condition::All(SetRef::Named(name)) => of_set(name),
        Condition::Weight { table, of, .. } => {
            let tables = poll.weights.iter().filter(|weight| weight.is_called(table)).map(WeightTable::from);
            tables.chain(of.iter().flat_map(|name| of_set(name))).collect()
        }
        Condition::And(parts) | Condition::Or(parts) => {
            parts.iter().flat_map(|part| changes(part, poll)).collect()
        }
        _ => BTreeSet::new(),
    };
    // A set or table from the beginning is no change.
    days.remove(&Day::PAST);
    days
}

/// The participants of an unordered day that may have been the last one needed.
fn last_needed(condition: &Condition, before: &Moment<'_, '_>, group: &[&Consent]) -> Vec<Deposit> {
    let valid = group.iter().filter(|c| before.counts(c));
    let deposit = |c: &&Consent| Deposit { participant: c.participant.clone(), entry: c.entry };
    let (needed, idle): (Vec<_>, Vec<_>) =
        valid.copied().partition(|c| before.bears(condition, &c.participant));
    // A change of the membership may have met it, together with a consent that alone would not have.
    let by = if needed.is_empty() { &idle } else { &needed };
    by.iter().map(deposit).collect()
}

/// A moment with the consents that count at it.
struct Moment<'p, 'a> {
    poll: &'p Poll<'a>,
    day: Day,
    sequence: Option<u16>,
    /// The participants that have consented, by line.
    given: BTreeMap<ParticipantId, &'p ParticipantId>,
}

impl<'p, 'a> Moment<'p, 'a> {
    fn of(
        poll: &'p Poll<'a>,
        day: Day,
        sequence: Option<u16>,
        consents: impl Iterator<Item = &'p Consent>,
    ) -> Moment<'p, 'a> {
        let mut moment = Moment { poll, day, sequence, given: BTreeMap::new() };
        for consent in consents.filter(|c| counts_on(c, day)) {
            moment.given.entry((poll.line)(&consent.participant)).or_insert(&consent.participant);
        }
        moment
    }

    fn counts(&self, consent: &Consent) -> bool {
        counts_on(consent, self.day)
    }

    fn has(&self, participant: &ParticipantId) -> bool {
        self.given.contains_key(&(self.poll.line)(participant))
    }

    fn set(&self, set: &SetRef) -> Vec<ParticipantId> {
        match set {
            SetRef::Signatories { until } => {
                let last = until.unwrap_or(self.day);
                let signed = self.poll.signatories.iter().filter(|(_, day)| *day <= last);
                signed.map(|(participant, _)| participant.clone()).collect()
            }
            SetRef::Members => (self.poll.members)(self.day, self.sequence).into_iter().collect(),
            SetRef::Named(name) => self.named(name),
        }
    }

    fn named(&self, name: &str) -> Vec<ParticipantId> {
        NamedSet::find(self.poll.sets, name, self.day).map(|set| set.members.clone()).unwrap_or_default()
    }

    fn count(&self, condition: &Condition) -> QuorumCount {
        match condition {
            Condition::Count { needed, of: None, exclude_reio } => {
                let counted = self.given.values().filter(|p| !exclude_reio || !(self.poll.is_reio)(p));
                let mut counted: Vec<ParticipantId> = counted.map(|p| (*p).clone()).collect();
                counted.sort();
                QuorumCount::among(*needed, counted, Vec::new())
            }
            Condition::Count { needed, of: Some(set), exclude_reio } => {
                let mut set = self.set(set);
                set.retain(|p| !exclude_reio || !(self.poll.is_reio)(p));
                self.closed(*needed, set)
            }
            Condition::Share { of, bound, numerator, denominator } => {
                let set = self.set(of);
                self.closed(part_of(set.len(), *bound, *numerator, *denominator), set)
            }
            Condition::All(set) => {
                let set = self.set(set);
                self.closed(number(set.len()).max(1), set)
            }
            Condition::AllOf(named) => self.closed(number(named.len()), named.clone()),
            Condition::Weight { table, bound, part, of, rounding } => {
                let shares = self.shares(table, of.as_deref());
                self.weigh(&shares, *bound, *part, *rounding)
            }
            Condition::InForce(body) => {
                let met = (self.poll.in_force)(body).is_some_and(|since| since <= self.day);
                let (counted, missing) = (Vec::new(), Vec::new());
                QuorumCount {
                    measure: Measure::Treaties,
                    needed: 1,
                    count: met.into(),
                    counted,
                    missing,
                    met,
                }
            }
            Condition::And(parts) => self.pick(parts, false),
            Condition::Or(parts) => self.pick(parts, true),
        }
    }

    /// The part that decides, else one that can name the missing, else the first.
    fn pick(&self, parts: &[Condition], decides: bool) -> QuorumCount {
        let mut counts: Vec<QuorumCount> = parts.iter().map(|part| self.count(part)).collect();
        let closed = || parts.iter().position(is_closed);
        let at = counts.iter().position(|c| c.met == decides).or_else(closed).unwrap_or(0);
        match at < counts.len() {
            true => counts.swap_remove(at),
            false => QuorumCount::among(1, Vec::new(), Vec::new()),
        }
    }

    fn closed(&self, needed: u32, set: Vec<ParticipantId>) -> QuorumCount {
        let (counted, missing) = set.into_iter().partition(|p| self.has(p));
        QuorumCount::among(needed, counted, missing)
    }

    /// The shares of a table, limited to the members of a set if one is given.
    fn shares(&self, table: &str, of: Option<&str>) -> Vec<(ParticipantId, u128)> {
        let Some(table) = WeightTable::find(self.poll.weights, table, self.day) else { return Vec::new() };
        let set: Option<BTreeSet<ParticipantId>> =
            of.map(|name| self.named(name).iter().map(self.poll.line).collect());
        let within = |p: &ParticipantId| set.as_ref().is_none_or(|set| set.contains(&(self.poll.line)(p)));
        table.exact().filter(|(p, _)| within(p)).map(|(p, share)| (p.clone(), share)).collect()
    }

    /// Computes in integers throughout: a share has at most 24 digits, so no product comes near the 38 digits of `u128`.
    fn weigh(
        &self,
        shares: &[(ParticipantId, u128)],
        bound: Bound,
        part: Proportion,
        rounding: Option<u8>,
    ) -> QuorumCount {
        let whole: u128 = shares.iter().map(|(_, share)| share).sum();
        let held = || shares.iter().filter(|(p, _)| self.has(p)).map(|(_, share)| *share);
        let (numerator, denominator) = part.fraction();
        let (numerator, denominator) = (u128::from(numerator), u128::from(denominator));
        // Both sides of the comparison, and the share reached, in thousandths of a percent.
        let (have, need, thousandths) = match rounding {
            _ if whole == 0 => (0, 1, 0),
            None => {
                let sum = held().sum::<u128>();
                (sum * denominator, numerator * whole, sum * 100_000 / whole)
            }
            Some(places) => {
                let scale = 10u128.pow(u32::from(places));
                let rounded = |share: u128| (share * 200 * scale + whole) / (2 * whole);
                let percents = held().map(rounded).sum::<u128>();
                (percents * denominator, numerator * 100 * scale, percents * 1000 / scale)
            }
        };
        let met = match bound {
            Bound::AtLeast => have >= need,
            Bound::MoreThan => have > need,
        };
        let everybody = shares.iter().filter(|(_, share)| *share > 0).map(|(p, _)| p.clone());
        let (counted, missing) = everybody.partition(|p| self.has(p));
        let count = u32::try_from(thousandths).unwrap_or(u32::MAX);
        let needed = part.thousandths();
        QuorumCount { measure: Measure::MilliPercent, needed, count, counted, missing, met }
    }

    /// True if the consent of a participant could still bring a condition nearer.
    fn bears(&self, condition: &Condition, participant: &ParticipantId) -> bool {
        if self.has(participant) || self.count(condition).met {
            return false;
        }
        let line = (self.poll.line)(participant);
        let named = |set: &[ParticipantId]| set.iter().any(|p| (self.poll.line)(p) == line);
        let reio = || (self.poll.is_reio)(participant);
        match condition {
            Condition::Count { of, exclude_reio, .. } => {
                of.as_ref().is_none_or(|set| named(&self.set(set))) && !(*exclude_reio && reio())
            }
            Condition::Share { of: set, .. } | Condition::All(set) => named(&self.set(set)),
            Condition::AllOf(list) => named(list),
            Condition::Weight { table, of, .. } => {
                let shares = self.shares(table, of.as_deref());
                shares.iter().any(|(p, share)| *share > 0 && (self.poll.line)(p) == line)
            }
            Condition::InForce(_) => false,
            Condition::And(parts) | Condition::Or(parts) => parts.iter().any(|p| self.bears(p, participant)),
        }
    }
}

fn counts_on(consent: &Consent, day: Day) -> bool {
    consent.undone.is_none_or(|from| day < from)
}

impl QuorumCount {
    fn among(needed: u32, counted: Vec<ParticipantId>, missing: Vec<ParticipantId>) -> QuorumCount {
        let count = number(counted.len());
        QuorumCount { measure: Measure::Participants, needed, count, counted, missing, met: count >= needed }
    }
}

fn is_closed(condition: &Condition) -> bool {
    match condition {
        Condition::Count { of, .. } => of.is_some(),
        Condition::Share { .. } | Condition::All(_) | Condition::AllOf(_) | Condition::Weight { .. } => true,
        Condition::InForce(_) => false,
        Condition::And(parts) | Condition::Or(parts) => parts.iter().any(is_closed),
    }
}

fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// The smallest number that is at least, or more than, that fraction of a whole; never 0, so that nothing follows from an empty
/// set.
fn part_of(whole: usize, bound: Bound, numerator: u32, denominator: u32) -> u32 {
    let above = u64::from(number(whole)) * u64::from(numerator);
    let below = u64::from(denominator.max(1));
    let needed = match bound {
        Bound::MoreThan => above / below + 1,
        Bound::AtLeast => above.div_ceil(below),
    };
    u32::try_from(needed).unwrap_or(u32::MAX).max(1)
}
