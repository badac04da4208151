//! The movers of a participant's status, and their days: acts, statuses that clauses give, mergers of statuses.

use crate::charter::{Charter, EffectBy, Merger, Version};
use crate::event::{Day, Edtf, Index, StatusId};

use super::consent::{TakenBack, consent_date, given_date};
use super::influence::{self, Derived, Influence};
use super::standing::Standing;

/// Something that may change the status on one of the days from `earliest` to `latest`.
pub(super) struct Mover<'a> {
    pub(super) earliest: Day,
    pub(super) latest: Day,
    pub(super) order: DayOrder,
    pub(super) date: Edtf,
    pub(super) entry: Index,
    pub(super) what: What<'a>,
}

/// The order, as far as known, among movers of one day.
#[derive(Clone, Copy)]
pub(super) struct DayOrder {
    /// The sequence given by the record, smaller first.
    sequence: Option<u16>,
    /// The precedence given by the vocabulary, smaller first; 0 comes before everything.
    precedence: u8,
    /// Its index in the log, which decides if too many are open to try every order.
    entry: Index,
    /// Set if too many are open.
    crowded: bool,
    /// Among the effects of one act, the immediate one comes before the one that a clause computes.
    computed: bool,
    /// For an effect that a clause computes: the day on which its act was given, if that is known to the day.
    given: Option<Given>,
}

/// The day on which an act was given whose effect a clause computes: effects of one day come in the order of their acts.
#[derive(Clone, Copy)]
struct Given {
    on: Day,
    sequence: Option<u16>,
    /// A participant can only leave before it comes back: of acts of one day without a sequence, an end comes first.
    ends: bool,
}

impl Given {
    fn of(act: &Standing, effect: EffectBy) -> Option<Given> {
        let date = if effect == EffectBy::Withdrawal { given_date(act) } else { consent_date(act) }?;
        let on = date.earliest();
        let ends = effect == EffectBy::Withdrawal;
        (on == date.latest()).then_some(Given { on, sequence: act.event.sequence, ends })
    }

    fn before(self, other: Given) -> bool {
        if self.on != other.on {
            return self.on < other.on;
        }
        match (self.sequence, other.sequence) {
            (Some(one), Some(another)) => one < another,
            _ => self.ends && !other.ends,
        }
    }

    /// Its place in one line of all acts that agrees with the order.
    fn place(self) -> (Day, u8, Option<u16>) {
        let class = match self.sequence {
            Some(_) => 1,
            None if self.ends => 0,
            None => 2,
        };
        (self.on, class, self.sequence)
    }
}

impl DayOrder {
    /// True if it comes first on a day that both share; false both ways if the order is open.
    ///
    /// Every comparison agrees with one line of all movers (mergers; acts with a sequence, by it; the others by the
    /// vocabulary; the log), so that the first of any is always free to come.
    pub(super) fn before(self, other: DayOrder) -> bool {
        if self.entry == other.entry && self.computed != other.computed {
            return other.computed;
        }
        if self.crowded || other.crowded {
            return self.place() < other.place();
        }
        match (self.sequence, other.sequence) {
            _ if (self.precedence == 0) != (other.precedence == 0) => self.precedence == 0,
            (Some(a), Some(b)) => a < b,
            (None, None) if self.precedence == other.precedence => {
                self.given.zip(other.given).is_some_and(|(one, another)| one.before(another))
            }
            (None, None) => self.precedence < other.precedence,
            _ => false,
        }
    }

    fn place(self) -> impl Ord {
        let precedence = if self.sequence.is_some() { 0 } else { self.precedence };
        let given = self.given.map(Given::place);
        (
            self.precedence != 0,
            self.sequence.is_none(),
            self.sequence,
            precedence,
            given,
            self.entry,
            self.computed,
        )
    }
}

pub(super) enum What<'a> {
    /// An act, judged under the rules of its day, by those of one effect.
    Act(&'a Standing, Option<EffectBy>),
    /// An act that gives a status until an effect that a clause computes.
    Meanwhile(&'a Standing, EffectBy),
    /// An act by which a participant receives the status that another had, or loses the one that another takes over.
    Given(&'a influence::Given),
    /// An act that takes back a consent before it had effect.
    TakenBack(&'a TakenBack),
    /// A status that a clause gives without an act of the participant's own.
    Derived(&'a Derived),
    /// An act on a chain of a dispute: it gives the status that its source claims, even if the charter would derive another.
    Claimed(&'a StatusId, &'a Standing),
    /// A class of statuses becomes another.
    Merger(&'a Merger, &'a Version),
}

/// The number of movers of open order that are followed in every order; the others are taken on their last day, in the order of
/// the log.
const OPEN_MAX: usize = 6;

/// Everything that may move a status, by first day, by last day, by entry.
pub(super) fn movers<'a>(
    charter: &'a Charter,
    acts: &[&'a Standing],
    influence: &'a Influence,
) -> Vec<Mover<'a>> {
    let mut movers: Vec<Mover<'a>> = Vec::with_capacity(acts.len());
    for act in acts {
        moving(charter, act, influence, &mut |date, what| {
            let clause = match what {
                What::Act(_, clause) => clause,
                _ => None,
            };
            let computed = clause.is_some();
            let order = DayOrder {
                sequence: act.event.sequence.filter(|_| !computed),
                precedence: act.event.act.kind().precedence(),
                entry: act.index,
                crowded: false,
                computed,
                given: clause.and_then(|clause| Given::of(act, clause)),
            };
            let (earliest, latest) = influence.span(&date);
            movers.push(Mover { earliest, latest, order, date, entry: act.index, what });
        });
    }
    for derived in &influence.derived {
        let order = DayOrder {
            sequence: None,
            precedence: derived.precedence,
            entry: derived.entry,
            crowded: false,
            computed: true,
            given: None,
        };
        let date = derived.on.clone();
        let (earliest, latest) = influence.span(&date);
        movers.push(Mover {
            earliest,
            latest,
            order,
            date,
            entry: derived.entry,
            what: What::Derived(derived),
        });
    }
    for version in charter.versions() {
        let date = version.effective.clone().unwrap_or_else(|| Edtf::one_of(Day::PAST, Day::PAST));
        for merger in &version.mergers {
            let (earliest, latest) = (date.earliest(), date.latest());
            let what = What::Merger(merger, version);
            let order = DayOrder {
                sequence: None,
                precedence: 0,
                entry: version.entry,
                crowded: false,
                computed: false,
                given: None,
            };
            movers.push(Mover { earliest, latest, order, date: date.clone(), entry: version.entry, what });
        }
    }
    movers.sort_by_key(|m| (m.earliest, m.latest, m.entry));
    thin(&mut movers);
    movers
}

/// Calls `each` with every effect of an act and its date: the immediate one, and those on a day that a clause computes.
fn moving<'a>(
    charter: &'a Charter,
    act: &'a Standing,
    influence: &'a Influence,
    each: &mut dyn FnMut(Edtf, What<'a>),
) {
    let event = &*act.event;
    if let Some(given) = influence.gives.get(&act.index) {
        if let Some((given, date)) = given.as_ref().zip(event.effect()) {
            each(date.clone(), What::Given(given));
        }
        return;
    }
    if event.rival.is_some() {
        let stated = event.dates.get(crate::event::Role::Effective).or_else(|| event.effect());
        if let Some((status, date)) = event.status.as_ref().zip(stated) {
            each(date.clone(), What::Claimed(status, act));
        }
        return;
    }
    let kind = event.act.kind();
    if let Some(taken_back) = influence.taken_back.get(&act.index) {
        each(taken_back.on.clone(), What::TakenBack(taken_back));
    }
    let at_once = charter.moves_at_once(kind);
    let mut effects = charter.effects(kind).peekable();
    let attested = || event.status.is_some() && kind.may_move_status();
    if (at_once || (effects.peek().is_none() && attested()))
        && let Some(date) = event.effect()
    {
        each(date.clone(), What::Act(act, None));
    }
    for effect in effects {
        if let Some(date) = event.date().filter(|_| charter.gives_meanwhile(kind, effect)) {
            each(date.clone(), What::Meanwhile(act, effect));
        }
        if let Some(date) = influence.effect(act, effect) {
            each(date, What::Act(act, Some(effect)));
        }
    }
}

/// Keeps the number of movers that are open at once within [`OPEN_MAX`].
fn thin(movers: &mut [Mover<'_>]) {
    let mut open: Vec<Day> = Vec::new();
    let mut crowded = false;
    for mover in &mut *movers {
        open.retain(|latest| *latest >= mover.earliest);
        if open.len() >= OPEN_MAX {
            mover.earliest = mover.latest;
            mover.order.crowded = true;
            crowded = true;
        } else {
            open.push(mover.latest);
        }
    }
    if crowded {
        movers.sort_by_key(|m| (m.earliest, m.latest, m.entry));
    }
}
