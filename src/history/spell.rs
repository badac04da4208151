//! The course of one participant's status in one body: which statuses are possible on which days, by which acts.
//!
//! A partial date means "one of these days". The course is computed over every choice at once: a *world* is a status
//! with the act that gave it, and the course is the set of worlds that remain possible from each day on. It equals what
//! trying every combination of days would give; a property test holds it against exactly that.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::charter::{Charter, EffectBy, Merger, Version, judge_effect, judge_meanwhile};
use crate::event::{Day, Edtf, Index, StatusId};

use super::influence::{Derived, Given, Influence};

use super::standing::Standing;

/// A status that is possible, with what gave it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct World {
    /// The status.
    pub status: StatusId,
    /// What gave it; `None` for no status from the beginning.
    pub cause: Option<CauseId>,
}

/// A place in [`Course::causes`].
pub type CauseId = usize;

/// What gave a status.
#[derive(Clone, Debug)]
pub struct Cause {
    /// The entry of the act, or of the charter amendment that merged statuses.
    pub entry: Index,
    /// When it had effect.
    pub date: Edtf,
    /// The adoption or amendment whose rule moved it; `None` for an attested claim.
    pub rule: Option<Index>,
    /// The rule in a line, with its article.
    pub clause: String,
    /// A merger rests on whatever gave the status before it.
    pub previous: Option<CauseId>,
    /// Acts of others that it rests on besides.
    pub also: Vec<Index>,
}

/// The worlds that are possible from a day until the next slice begins.
#[derive(Clone, Debug)]
pub struct Slice {
    /// The first day.
    pub from: Day,
    /// What is possible, without repetition.
    pub worlds: Vec<World>,
}

/// A participant's status in a body through all of time.
#[derive(Clone, Debug, Default)]
pub struct Course {
    /// By first day; the first begins at [`Day::PAST`].
    pub slices: Vec<Slice>,
    /// What the worlds name.
    pub causes: Vec<Cause>,
}

impl Course {
    /// The worlds possible on a day.
    pub fn on(&self, day: Day) -> &[World] {
        let after = self.slices.partition_point(|s| s.from <= day);
        after.checked_sub(1).and_then(|at| self.slices.get(at)).map_or(&[], |s| &s.worlds)
    }

    /// A cause with those that it rests on, the nearest first.
    pub fn chain(&self, cause: Option<CauseId>) -> Vec<&Cause> {
        let next = |c: &&Cause| c.previous.and_then(|id| self.causes.get(id));
        std::iter::successors(cause.and_then(|id| self.causes.get(id)), next).collect()
    }
}

/// Something that may change the status on one of the days from `earliest` to `latest`.
struct Mover<'a> {
    earliest: Day,
    latest: Day,
    order: DayOrder,
    date: Edtf,
    entry: Index,
    what: What<'a>,
}

/// What is known of the order among movers of one day.
#[derive(Clone, Copy)]
struct DayOrder {
    /// As the record gives it, smaller first.
    sequence: Option<u16>,
    /// As the vocabulary gives it, smaller first; 0 comes before everything.
    precedence: u8,
    /// Its place in the log, which decides where too many are open to try every order.
    entry: Index,
    /// Set where too many are open.
    crowded: bool,
    /// Among the effects of one act, the one that it has at once comes before the one that a clause computes.
    computed: bool,
}

impl DayOrder {
    /// Whether it comes first on a day that both share; false both ways where the order is open.
    ///
    /// Every comparison agrees with one line of all movers (mergers; acts with a sequence, by it; the others by the
    /// vocabulary; the log), so that the first of any is always free to come.
    fn before(self, other: DayOrder) -> bool {
        if self.entry == other.entry && self.computed != other.computed {
            return other.computed;
        }
        if self.crowded || other.crowded {
            return self.place() < other.place();
        }
        match (self.sequence, other.sequence) {
            _ if (self.precedence == 0) != (other.precedence == 0) => self.precedence == 0,
            (Some(a), Some(b)) => a < b,
            (None, None) => self.precedence < other.precedence,
            _ => false,
        }
    }

    fn place(self) -> (bool, bool, Option<u16>, u8, Index, bool) {
        let precedence = if self.sequence.is_some() { 0 } else { self.precedence };
        (self.precedence != 0, self.sequence.is_none(), self.sequence, precedence, self.entry, self.computed)
    }
}

enum What<'a> {
    /// An act, judged under the rules of its day, by those of one effect.
    Act(&'a Standing<'a>, Option<EffectBy>),
    /// An act that gives a status until an effect that a clause computes.
    Meanwhile(&'a Standing<'a>, EffectBy),
    /// An act that gives what another participant had, or takes what another one takes over.
    Given(&'a Given),
    /// A status that a clause gives without an act of the participant's own.
    Derived(&'a Derived),
    /// An act on a chain of a dispute: it gives what its source claims, whatever the charter would derive.
    Claimed(&'a StatusId, &'a Standing<'a>),
    /// A class of statuses becomes another.
    Merger(&'a Merger, &'a Version),
}

/// How many movers of open order are followed in every order; the rest are taken on their last day, in the order of the
/// log.
const OPEN_MAX: usize = 6;

/// With more open movers than this, an order within a day is kept on the last day of the mover that comes first; with
/// fewer, on every day that both may share.
const ORDERED_MAX: usize = 5;

/// The open movers that a world has already applied, in rising order.
type Applied = Vec<usize>;

/// Every world that is possible, with the open movers that made it.
type Worlds = BTreeSet<(World, Applied)>;

/// The course under the rules of a body of the acts that stand, given in the order of the log, with what acts of others
/// make of them.
pub fn course(charter: &Charter, acts: &[&Standing<'_>], influence: &Influence) -> Course {
    unfold(charter, acts, influence, true)
}

/// The same; where it is not to be `short`, every day is gone through with a set of worlds, as only some need it.
pub(super) fn unfold(
    charter: &Charter,
    acts: &[&Standing<'_>],
    influence: &Influence,
    short: bool,
) -> Course {
    let movers = movers(charter, acts, influence);
    let days = days(charter, &movers);
    let mut sweep = Sweep { charter, movers: &movers, causes: Vec::new(), known: HashMap::new() };
    let mut open: Vec<usize> = Vec::new();
    let mut waiting = (0..movers.len()).peekable();
    // Nearly always one world is possible and one act of one day moves it: then there is no set of worlds to keep.
    let mut only = Some(World { status: StatusId::none(), cause: None });
    let mut worlds = Worlds::new();
    let mut slices: Vec<Slice> = Vec::with_capacity(days.len());
    let mut days = days.into_iter().peekable();
    while let Some(mut day) = days.next() {
        while let Some(next) = waiting.next_if(|at| movers[*at].earliest <= day) {
            open.push(next);
        }
        if let Some(world) = only.as_mut().filter(|_| short)
            && sweep.goes_on(day, &mut open, world, &mut slices)
        {
            continue;
        }
        worlds.extend(only.take().map(|world| (world, Applied::new())));
        loop {
            let (before, ordered, held) = (worlds.clone(), sweep.has_order(&open), open.len());
            worlds = sweep.apply(day, &open, worlds);
            if day == Day::PAST && sweep.has_order(&open) {
                // Before the first date there is no first day: every order has had its time.
                while let more = sweep.apply(day, &open, worlds.clone())
                    && more != worlds
                {
                    worlds = more;
                }
            }
            settle(&movers, &mut open, &mut worlds, day);
            let mut possible: Vec<World> = worlds.iter().map(|(world, _)| world.clone()).collect();
            possible.dedup();
            if slices.last().is_none_or(|last| last.worlds != possible) {
                slices.push(Slice { from: day, worlds: possible });
            }
            // Acts that must keep an order within a day may keep another over several.
            day = day.next();
            let over = day == Day::PAST || day == Day::FUTURE || days.peek().is_some_and(|next| *next <= day);
            if over || !ordered || (open.len() == held && worlds == before) {
                break;
            }
        }
        if open.is_empty() && worlds.len() == 1 {
            only = worlds.pop_first().map(|(world, _)| world);
        }
    }
    Course { slices, causes: sweep.causes }
}

/// The days on which something may change, in their order.
fn days(charter: &Charter, movers: &[Mover<'_>]) -> Vec<Day> {
    let mut days = Vec::with_capacity(2 * movers.len() + charter.versions().len() + 1);
    days.push(Day::PAST);
    days.extend(movers.iter().flat_map(|m| [m.earliest, m.latest]));
    days.extend(charter.versions().iter().map(Version::from));
    days.retain(|day| *day < Day::FUTURE);
    days.sort_unstable();
    days.dedup();
    days
}

/// Drops the worlds in which a mover whose last day this is has not come, and forgets such movers.
fn settle(movers: &[Mover<'_>], open: &mut Vec<usize>, worlds: &mut Worlds, day: Day) {
    let past = |at: &usize| movers[*at].latest <= day;
    let due = open.iter().filter(|at| past(at)).count();
    if due > 0 {
        let settled = |applied: &Applied| applied.iter().filter(|at| past(at)).count() == due;
        let kept = std::mem::take(worlds).into_iter().filter(|(_, applied)| settled(applied));
        *worlds = kept
            .map(|(world, applied)| (world, applied.into_iter().filter(|at| !past(at)).collect()))
            .collect();
        open.retain(|at| !past(at));
    }
}

fn movers<'a>(charter: &'a Charter, acts: &[&'a Standing<'a>], influence: &'a Influence) -> Vec<Mover<'a>> {
    let mut movers: Vec<Mover<'a>> = Vec::with_capacity(acts.len());
    for act in acts {
        moving(charter, act, influence, &mut |date, what| {
            let computed = matches!(what, What::Act(_, Some(_)));
            let order = DayOrder {
                sequence: act.event.sequence.filter(|_| !computed),
                precedence: act.event.act.kind().precedence(),
                entry: act.index,
                crowded: false,
                computed,
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
            };
            movers.push(Mover { earliest, latest, order, date: date.clone(), entry: version.entry, what });
        }
    }
    movers.sort_by_key(|m| (m.earliest, m.latest, m.entry));
    thin(&mut movers);
    movers
}

/// Tells `each` what an act may move, and when: at once, and on the day that a clause computes.
fn moving<'a>(
    charter: &'a Charter,
    act: &'a Standing<'a>,
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

struct Sweep<'a> {
    charter: &'a Charter,
    movers: &'a [Mover<'a>],
    causes: Vec<Cause>,
    known: HashMap<(usize, Option<CauseId>, StatusId), CauseId>,
}

impl Sweep<'_> {
    /// Goes through a day on which one world is possible and at most one mover of this one day is open; false where there
    /// is more to it.
    fn goes_on(
        &mut self,
        day: Day,
        open: &mut Vec<usize>,
        world: &mut World,
        slices: &mut Vec<Slice>,
    ) -> bool {
        match open.as_slice() {
            [] => {}
            [at] if self.movers[*at].latest == day => {
                *world = self.moved(*at, world, self.charter.on(day));
                open.clear();
            }
            _ => return false,
        }
        if slices.last().is_none_or(|last| last.worlds.first() != Some(world)) {
            slices.push(Slice { from: day, worlds: vec![world.clone()] });
        }
        true
    }

    /// Every world that can be reached on a day by applying open movers in an allowed order, none of them twice.
    fn apply(&mut self, day: Day, open: &[usize], worlds: Worlds) -> Worlds {
        let (movers, version) = (self.movers, self.charter.on(day));
        // One act on one day: there is nothing to order.
        if let ([at], Some((world, applied)), 1) = (open, worlds.first(), worlds.len())
            && applied.is_empty()
        {
            let next = (self.moved(*at, world, version), vec![*at]);
            return worlds.into_iter().chain([next]).collect();
        }
        let before = |a: usize, b: usize| movers[a].order.before(movers[b].order);
        // Only those that another must precede are remembered as movers of this day.
        let bound = |at: usize| open.len() <= ORDERED_MAX && open.iter().any(|other| before(*other, at));
        let mut queue: Vec<(World, Applied, Applied)> =
            worlds.iter().cloned().map(|(world, applied)| (world, applied, Applied::new())).collect();
        let mut seen: HashSet<(World, Applied, Applied)> = queue.iter().cloned().collect();
        let mut reached = worlds;
        while let Some((world, applied, today)) = queue.pop() {
            let due = |at: &usize| movers[*at].latest <= day && !applied.contains(at);
            let free = |at: &usize| {
                !applied.contains(at)
                    && !today.iter().any(|done| before(*at, *done))
                    && !open.iter().any(|other| due(other) && before(*other, *at))
            };
            for at in open.iter().copied().filter(free) {
                let with = |list: &Applied| {
                    let mut list = list.clone();
                    list.insert(list.partition_point(|other| *other < at), at);
                    list
                };
                let now = if bound(at) { with(&today) } else { today.clone() };
                let next = (self.moved(at, &world, version), with(&applied), now);
                if seen.insert(next.clone()) {
                    reached.insert((next.0.clone(), next.1.clone()));
                    queue.push(next);
                }
            }
        }
        reached
    }

    /// Whether some of the open movers must keep an order within a day that is followed on every day.
    fn has_order(&self, open: &[usize]) -> bool {
        let order = |at: &usize| self.movers[*at].order;
        open.len() <= ORDERED_MAX && open.iter().any(|a| open.iter().any(|b| order(a).before(order(b))))
    }

    fn moved(&mut self, at: usize, world: &World, version: &Version) -> World {
        let mover = &self.movers[at];
        let mut also: &[Index] = &[];
        let (to, rule, clause, previous) = match &mover.what {
            What::Act(act, effect) => match judge_effect(version, &world.status, &act.event, *effect).moves {
                Some(step) => (step.to, step.rule, step.clause, None),
                None => return world.clone(),
            },
            What::Meanwhile(act, effect) => {
                match judge_meanwhile(version, &world.status, &act.event, *effect) {
                    Some(step) => (step.to, step.rule, step.clause, None),
                    None => return world.clone(),
                }
            }
            What::Given(given) => {
                also = &given.also;
                (given.status.clone(), given.rule, given.clause.clone(), None)
            }
            What::Derived(derived) => {
                also = &derived.also;
                (derived.to.clone(), Some(derived.rule), derived.clause.clone(), None)
            }
            What::Claimed(status, act) => {
                let rival = act.event.rival.as_ref().map(ToString::to_string).unwrap_or_default();
                let status = version.current_name(status);
                (status.clone(), None, format!("what the source holds, on the chain {rival}"), None)
            }
            What::Merger(merger, version) if merger.from.contains(&world.status) => {
                let clause = format!("{} ({})", merger.rule, merger.article);
                (merger.to.clone(), Some(version.entry), clause, world.cause)
            }
            What::Merger(..) => return world.clone(),
        };
        if to == world.status {
            return world.clone();
        }
        let causes = &mut self.causes;
        let cause = *self.known.entry((at, previous, to.clone())).or_insert_with(|| {
            let (entry, date, also) = (mover.entry, mover.date.clone(), also.to_vec());
            causes.push(Cause { entry, date, rule, clause, previous, also });
            causes.len() - 1
        });
        World { status: to, cause: Some(cause) }
    }
}
