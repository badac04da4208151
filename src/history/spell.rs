//! The course of one participant's status in one body: which statuses are possible on which days, by which acts.
//!
//! A partial date means "one of these days". The course is computed over every choice at once: a *world* is a status with the act
//! that gave it, and the course is the set of worlds that remain possible from each day on. The result is the same as from trying
//! every combination of days; a property test compares the two.

use std::collections::{BTreeSet, HashSet};

use crate::charter::{Charter, Merger, Motion, Version, judge_meanwhile, motion};
use crate::event::{Day, Edtf, Index, StatusId};

use super::influence::{Derived, Given, Influence};
use super::mover::{Mover, What, movers};
use super::standing::Standing;

/// A possible status, with its cause.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct World {
    /// The status.
    pub status: StatusId,
    /// Its cause; `None` for no status from the beginning.
    pub cause: Option<CauseId>,
}

/// An index into [`Course::causes`].
pub type CauseId = usize;

/// The cause of a status.
#[derive(Clone, Debug)]
pub struct SpellCause {
    /// The entry of the act, or of the charter amendment that merged statuses.
    pub entry: Index,
    /// The date of its effect.
    pub date: Edtf,
    /// The adoption or amendment whose rule moved it; `None` for an attested claim.
    pub rule: Option<Index>,
    /// The rule in a line, with its article.
    pub clause: String,
    /// A merger rests on the cause of the status before it.
    pub previous: Option<CauseId>,
    /// Other acts that it rests on.
    pub also: Vec<Index>,
}

/// The worlds that are possible from a day until the next slice begins.
#[derive(Clone, Debug)]
pub struct Slice {
    /// The first day.
    pub from: Day,
    /// The possible worlds, without repetition.
    pub worlds: Vec<World>,
}

/// A participant's status in a body through all of time.
#[derive(Clone, Debug, Default)]
pub struct Course {
    /// By first day; the first begins at [`Day::PAST`].
    pub slices: Vec<Slice>,
    /// The causes that the worlds name.
    pub causes: Vec<SpellCause>,
}

impl Course {
    /// The worlds possible on a day.
    pub fn on(&self, day: Day) -> &[World] {
        let after = self.slices.partition_point(|s| s.from <= day);
        after.checked_sub(1).and_then(|at| self.slices.get(at)).map_or(&[], |s| &s.worlds)
    }

    /// A cause with those that it rests on, the nearest first.
    pub fn chain(&self, cause: Option<CauseId>) -> Vec<&SpellCause> {
        let next = |c: &&SpellCause| c.previous.and_then(|id| self.causes.get(id));
        std::iter::successors(cause.and_then(|id| self.causes.get(id)), next).collect()
    }
}

/// With more open movers than this, an order within a day is kept on the last day of the mover that comes first; with
/// fewer, on every day that both may share.
const ORDERED_MAX: usize = 5;

/// The open movers that a world has already applied, in rising order.
type Applied = Vec<usize>;

/// Every world that is possible, with the open movers that made it.
type Worlds = BTreeSet<(World, Applied)>;

/// The course of the given [`Standing`] acts under the rules of a body. The acts come in the order of the log; `influence` has
/// the effects of other participants' acts.
pub fn course(charter: &Charter, acts: &[&Standing], influence: &Influence) -> Course {
    unfold(charter, acts, influence, true)
}

/// The same; if not `short`, every day is followed with a set of worlds, which only some days need.
pub(super) fn unfold(charter: &Charter, acts: &[&Standing], influence: &Influence, short: bool) -> Course {
    let movers = movers(charter, acts, influence);
    let days = days(charter, &movers);
    let mut sweep =
        Sweep { charter, movers: &movers, causes: Vec::new(), made: Vec::new(), last: Vec::new() };
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
        let quiet = |until: &Day| waiting.peek().is_none_or(|at| movers[*at].earliest > *until);
        let next = days.peek().copied().filter(quiet);
        if let Some(world) = only.as_mut().filter(|_| short)
            && sweep.goes_on(day, next, &mut open, world, &mut slices)
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

struct Sweep<'a> {
    charter: &'a Charter,
    movers: &'a [Mover<'a>],
    causes: Vec<SpellCause>,
    /// The status that each cause gives, and the cause that the same mover made before it.
    made: Vec<(StatusId, Option<CauseId>)>,
    /// The last cause that each mover made.
    last: Vec<Option<CauseId>>,
}

impl Sweep<'_> {
    /// Goes through a day on which one world is possible and at most one mover is open, which may come on that day only, or on
    /// any day up to `next` with no other in between; false if the day needs the set of worlds.
    fn goes_on(
        &mut self,
        day: Day,
        next: Option<Day>,
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
            [at] if next.is_some_and(|next| self.settles(*at, day, next)) => {
                // It has come, or is yet to come: until its last day both are possible.
                let mut worlds = vec![world.clone(), self.moved(*at, world, self.charter.on(day))];
                worlds.sort();
                worlds.dedup();
                if slices.last().is_none_or(|last| last.worlds != worlds) {
                    slices.push(Slice { from: day, worlds });
                }
                return true;
            }
            _ => return false,
        }
        if slices.last().is_none_or(|last| last.worlds != [world.clone()]) {
            slices.push(Slice { from: day, worlds: vec![world.clone()] });
        }
        true
    }

    /// True if a mover that is open from `day` on must have come on `next`, under the same rules.
    fn settles(&self, at: usize, day: Day, next: Day) -> bool {
        self.movers[at].latest == next && std::ptr::eq(self.charter.on(day), self.charter.on(next))
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

    /// True if some of the open movers must keep an order within a day that is followed on every day.
    fn has_order(&self, open: &[usize]) -> bool {
        let order = |at: &usize| self.movers[*at].order;
        open.len() <= ORDERED_MAX && open.iter().any(|a| open.iter().any(|b| order(a).before(order(b))))
    }

    fn moved(&mut self, at: usize, world: &World, version: &Version) -> World {
        let mover = &self.movers[at];
        let (to, words, previous) = match &mover.what {
            What::Act(act, effect) => match motion(version, &world.status, &act.event, *effect) {
                Some(motion) => (motion.to, Words::Of(motion), None),
                None => return world.clone(),
            },
            What::Meanwhile(act, effect) => {
                match judge_meanwhile(version, &world.status, &act.event, *effect) {
                    Some(motion) => (motion.to, Words::Of(motion), None),
                    None => return world.clone(),
                }
            }
            What::TakenBack(taken_back) => {
                let by = world.cause.and_then(|cause| self.causes.get(cause)).map(|cause| cause.entry);
                if by != Some(taken_back.consent) {
                    return world.clone();
                }
                (&taken_back.keeps, Words::TakenBack, None)
            }
            What::Given(given) => (&given.status, Words::Given(given), None),
            What::Derived(derived) if derived.ends && outlives_its_holder(&world.status) => {
                return world.clone();
            }
            What::Derived(derived) => (&derived.to, Words::Derived(derived), None),
            What::Claimed(status, act) => (version.current_name(status), Words::Claimed(act), None),
            What::Merger(merger, version) if merger.from.contains(&world.status) => {
                (&merger.to, Words::Merged(merger, version), world.cause)
            }
            What::Merger(..) => return world.clone(),
        };
        if *to == world.status {
            return world.clone();
        }
        let cause = self.known(at, previous, to).unwrap_or_else(|| self.cause(at, previous, to, words));
        World { status: to.clone(), cause: Some(cause) }
    }

    /// The cause that this mover already made after the same previous cause, if it gave the same status.
    fn known(&self, at: usize, previous: Option<CauseId>, to: &StatusId) -> Option<CauseId> {
        let mut made = self.last.get(at).copied().flatten();
        while let Some(cause) = made {
            let (status, before) = self.made.get(cause)?;
            if status == to && self.causes.get(cause)?.previous == previous {
                return Some(cause);
            }
            made = *before;
        }
        None
    }

    fn cause(&mut self, at: usize, previous: Option<CauseId>, to: &StatusId, words: Words<'_>) -> CauseId {
        let (rule, clause, also) = words.said();
        let mover = &self.movers[at];
        let (entry, date, made) = (mover.entry, mover.date.clone(), self.causes.len());
        self.causes.push(SpellCause { entry, date, rule, clause, previous, also });
        self.last.resize(self.movers.len(), None);
        let before = self.last[at].replace(made);
        self.made.push((to.clone(), before));
        made
    }
}

/// True for a status that the end of its participant does not change: none, and that of a former party or member.
fn outlives_its_holder(status: &StatusId) -> bool {
    status.is_none() || status.as_str().starts_with("former")
}

/// The rule or claim behind a cause.
enum Words<'a> {
    Of(Motion<'a>),
    Given(&'a Given),
    TakenBack,
    Derived(&'a Derived),
    Claimed(&'a Standing),
    Merged(&'a Merger, &'a Version),
}

impl Words<'_> {
    /// The adoption or amendment that contains the rule, the rule in a line, and the other entries it rests on.
    fn said(self) -> (Option<Index>, String, Vec<Index>) {
        match self {
            Words::Of(motion) => (motion.rule(), motion.clause(), Vec::new()),
            Words::TakenBack => {
                let clause = "consent taken back before the treaty was in force for it (VCLT art. 18, 54)";
                (None, clause.to_owned(), Vec::new())
            }
            Words::Given(given) => (given.rule, given.clause.clone(), given.also.clone()),
            Words::Derived(derived) => (Some(derived.rule), derived.clause.clone(), derived.also.clone()),
            Words::Claimed(act) => {
                let rival = act.event.rival.as_ref().map(ToString::to_string).unwrap_or_default();
                (None, format!("what the source holds, on the chain {rival}"), Vec::new())
            }
            Words::Merged(merger, version) => {
                (Some(version.entry), format!("{} ({})", merger.rule, merger.article), Vec::new())
            }
        }
    }
}
