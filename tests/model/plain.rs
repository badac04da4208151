//! The model: what the documents say of a status, a roster and an entry into force, in the plainest program that says it.
//! It looks at every entry for every question, tries every day that a date may mean and every order that a day leaves open,
//! and shares with the program nothing but the names of acts, fields and dates.
//!
//! The subset: charters with statuses, transitions (`from`, `to`, `effect`, `meanwhile`), mergers, `extends`, the clauses
//! `count`, `all(signatories)`, `in_force`, `and`, `or` with a delay in days or months, the delay for a participant and the
//! period of a notice; signature, consent, certified entry into force, grants, admission, revocation, expulsion, notice,
//! revocation of a notice, withdrawal and acts that move nothing; rectification, retraction, import and its retraction.
//! Outside it: succession and lines, disputes, accession treaties, members that clauses count, weights and sets,
//! communications, corrections of a text, surveys, moments of a day.

use std::collections::{BTreeMap, BTreeSet};

use chancery::event::{ActKind, Field, Role};
use chrono::NaiveDate as Day;
use smol_str::SmolStr as Word;

use super::words::{Condition, Date, Delay, Effect, Entry, Event, InForce, Rule, Standing, Text};

/// The first entries of a record, to one who knows what was known by a day.
struct Record<'r> {
    entries: Vec<&'r Entry>,
    known: Day,
}

impl Record<'_> {
    /// The corrections that count among those that name an entry.
    fn corrections(&self, at: usize, kind: ActKind) -> impl Iterator<Item = usize> + '_ {
        let of = self.entries[at].1.id;
        let counts = move |e: &Event| e.act == kind && e.to == Some(of) && e.correction_known() <= self.known;
        (at + 1..self.entries.len())
            .filter(move |later| counts(&self.entries[*later].1) && self.stands(*later))
    }

    fn stands(&self, at: usize) -> bool {
        let import = self.entries[at].1.import;
        let with_import = import.and_then(|id| self.entries.iter().position(|(_, event)| event.id == id));
        let retracted = |at: usize| self.corrections(at, ActKind::EntryRetracted).next().is_some();
        !retracted(at) && !with_import.is_some_and(retracted)
    }

    /// What rectifications set, the oldest first; a rectification of a rectification replaces what that one set.
    fn changes(&self, at: usize) -> Vec<BTreeMap<Field, String>> {
        let each = self.corrections(at, ActKind::RecordCorrected);
        let with_later = |at: usize| {
            let mut now = self.entries[at].1.now.clone();
            self.changes(at).into_iter().for_each(|later| now.extend(later));
            now
        };
        each.map(with_later).collect()
    }

    fn acts(&self) -> Vec<Entry> {
        let mut acts: Vec<Entry> = Vec::new();
        let stated = self.entries.iter().enumerate().filter(|(_, (_, event))| !event.corrects());
        for (at, (index, event)) in stated {
            let mut event = event.clone();
            for (field, value) in self.changes(at).into_iter().flatten() {
                event.write(field, &value);
            }
            let known = event.act.is_record_keeping() || event.known() <= self.known;
            if known && self.stands(at) {
                acts.push((*index, event));
            }
        }
        acts
    }
}

/// The rules from a day on.
#[derive(Clone, Default)]
pub(super) struct Version {
    from: Day,
    pub(super) statuses: Vec<(&'static str, u8)>,
    rules: Vec<Rule>,
    mergers: Vec<(&'static str, &'static str)>,
    merged: Vec<(&'static str, &'static str)>,
    in_force: Option<(Condition, Delay)>,
    own: Option<Delay>,
    /// And whether it is a pattern's: then the day that a notice states goes first.
    notice: Option<(Delay, bool)>,
}

impl Version {
    fn after(before: &Version, from: Day, text: &Text, inherited: bool) -> Version {
        let mut next = Version { from, mergers: text.mergers.clone(), ..before.clone() };
        for (old, new) in &text.mergers {
            next.statuses.retain(|(id, _)| id != old);
            next.rules.retain(|rule| rule.to != *old);
            for rule in &mut next.rules {
                let named = rule.from.iter_mut().chain(&mut rule.meanwhile);
                named.filter(|id| *id == old).for_each(|id| *id = *new);
            }
            next.merged.push((old, new));
        }
        for status in &text.statuses {
            next.statuses.retain(|(id, _)| *id != status.0);
            next.statuses.push(*status);
        }
        for rule in &text.rules {
            let same = |old: &&mut Rule| (old.act, old.to, old.effect) == (rule.act, rule.to, rule.effect);
            match next.rules.iter_mut().find(same) {
                Some(old) => *old = rule.clone(),
                None => next.rules.push(rule.clone()),
            }
        }
        next.in_force = text.in_force.clone().or(next.in_force);
        next.own = text.own.or(next.own);
        next.notice = text.notice.map(|delay| (delay, inherited)).or(next.notice);
        next
    }

    fn current<'s>(&self, status: &'s str) -> &'s str {
        self.merged.iter().fold(status, |status, (old, new)| if *old == status { new } else { status })
    }

    /// The rules of one effect, and which of them an act means by the status that it names.
    fn meant(&self, act: &Event, effect: Option<Effect>) -> [Vec<&Rule>; 2] {
        let rules: Vec<&Rule> =
            self.rules.iter().filter(|r| r.act == act.act && r.effect == effect).collect();
        let named = act.toward.as_deref().or(act.status.as_deref()).map(|id| self.current(id));
        let meant = rules.iter().copied().filter(|rule| named.is_none_or(|id| id == rule.to)).collect();
        [rules, meant]
    }

    /// CHARTERS.md, "How an act is judged".
    fn moves(&self, status: &str, act: &Event, effect: Option<Effect>) -> Option<Word> {
        let [rules, mut meant] = self.meant(act, effect);
        if meant.is_empty() && act.toward.is_none() {
            meant = rules;
        }
        let rank =
            |status: &str| self.statuses.iter().find(|(id, _)| *id == status).map_or(0, |(_, rank)| *rank);
        match meant.iter().find(|rule| rule.foresees(status)).or(meant.first()) {
            Some(rule) if act.act == ActKind::TreatySigned && rank(status) > rank(rule.to) => None,
            Some(rule) => Some(rule.to.into()),
            None if self.rules.iter().any(|rule| rule.act == act.act) || !act.act.may_move_status() => None,
            None => act.status.as_deref().map(|claimed| self.current(claimed).into()),
        }
    }

    fn meanwhile(&self, status: &str, act: &Event, effect: Effect) -> Option<Word> {
        let [_, meant] = self.meant(act, Some(effect));
        meant.iter().find(|rule| rule.foresees(status))?.meanwhile.map(Word::from)
    }
}

/// The rules that texts make; nothing where there are none, an error where an amendment comes before what it amends.
fn rules(acts: &[Entry], body: &str) -> Option<Result<(Vec<Version>, bool), &'static str>> {
    let of = |body: &str| acts.iter().filter(|(_, e)| e.body == body && e.text.is_some()).collect::<Vec<_>>();
    let extends =
        |(_, e): &&Entry| e.text.as_ref()?.extends.clone().filter(|_| e.act == ActKind::CharterAdopted);
    let pattern = of(body).iter().find_map(extends).filter(|pattern| pattern != body);
    let place = |own: bool, (index, e): &Entry| {
        let from = e.dates.get(&Role::Effective).map_or(Day::MIN, |(first, _)| *first);
        let extends = e.text.as_ref().is_some_and(|text| text.extends.is_some());
        let amends = e.act == ActKind::CharterAmended || extends;
        (own, if own { from } else { Day::MIN }, amends, *index, e.clone())
    };
    let inherited = pattern.iter().flat_map(|pattern| of(pattern)).map(|text| place(false, text));
    let own = of(body).into_iter().map(|text| place(true, text));
    let mut texts: Vec<(bool, Day, bool, u64, Event)> = inherited.chain(own).collect();
    texts.sort_by_key(|(own, from, amends, index, _)| (*own, *from, *amends, *index));
    if texts.first()?.2 && texts.iter().any(|text| !text.2) {
        return Some(Err("an amendment comes before the adoption"));
    }
    let (mut versions, mut treaty): (Vec<Version>, bool) = (Vec::new(), false);
    for (own, from, amends, _, event) in texts {
        let text = event.text.unwrap();
        let before = versions.last().filter(|_| amends).cloned().unwrap_or_default();
        versions.push(Version::after(&before, from, &text, !own));
        treaty = text.treaty.unwrap_or(treaty);
    }
    Some(Ok((versions, treaty)))
}

/// One body, with everything that stands in it.
pub(super) struct Body {
    versions: Vec<Version>,
    treaty: bool,
    pub(super) acts: Vec<Entry>,
    /// The day on which the condition of the clause was met, and the day in force that follows.
    met: Option<(Day, Day)>,
    /// The days in force of the treaties that the clause names.
    others: BTreeMap<Word, Day>,
}

/// Something that may change a status on one of its days; its place in a day is its sequence, else that of the vocabulary.
struct Mover<'m> {
    date: Date,
    place: (Option<u16>, u8),
    entry: u64,
    computed: bool,
    gives: Gives<'m>,
}

enum Gives<'m> {
    Act(&'m Event, Option<Effect>),
    Meanwhile(&'m Event, Effect),
    Merger(&'m (&'static str, &'static str)),
}

impl Mover<'_> {
    /// Mergers first, and an act before what a clause computes from it.
    fn before(&self, other: &Mover<'_>) -> bool {
        if self.entry == other.entry && self.computed != other.computed {
            return other.computed;
        }
        match (self.place, other.place) {
            ((_, a), (_, b)) if (a == 0) != (b == 0) => a == 0,
            ((Some(a), _), (Some(b), _)) => a < b,
            ((None, a), (None, b)) => a < b,
            _ => false,
        }
    }

    fn moves(&self, status: &str, version: &Version) -> Option<Word> {
        match self.gives {
            Gives::Act(event, effect) => version.moves(status, event, effect),
            Gives::Meanwhile(event, effect) => version.meanwhile(status, event, effect),
            Gives::Merger((old, new)) => (status == *old).then(|| Word::from(*new)),
        }
    }
}

/// A status with the day that gave it.
type World = (Word, Option<Day>);

impl Body {
    /// The body as recorded and known; `open` are the treaties that wait for it, and two that wait for each other never begin.
    pub(super) fn read(
        entries: &[Entry],
        body: &str,
        size: u64,
        known: Day,
        open: &[&str],
    ) -> Result<Body, &'static str> {
        let recorded: Vec<&Entry> = entries.iter().filter(|(index, _)| *index < size).collect();
        let acts = Record { entries: recorded.clone(), known }.acts();
        // Where no rules were known yet the adoption is read all the same.
        let later = || {
            let mut acts = Record { entries: recorded, known: Day::MAX }.acts();
            acts.retain(|(_, event)| event.act == ActKind::CharterAdopted);
            rules(&acts, body)
        };
        let (versions, treaty) = rules(&acts, body).or_else(later).ok_or("no such body")??;
        let here = acts.into_iter().filter(|(_, event)| event.body == body && event.text.is_none());
        let mut acts: Vec<Entry> = Vec::new();
        for (index, event) in here {
            let says = |e: &Event| (e.act, e.who.clone(), e.date(), e.toward.clone(), e.sequence);
            let more = |e: &Event| (says(e), e.status.clone(), e.takes_effect());
            // What two sources say in the same words happened once.
            if event.date().is_none() || !acts.iter().any(|(_, first)| more(first) == more(&event)) {
                acts.push((index, event));
            }
        }
        let mut read = Body { versions, treaty, acts, met: None, others: BTreeMap::new() };
        if let Some((condition, delay)) = read.version(Day::MAX).in_force.clone() {
            let open: Vec<&str> = open.iter().copied().chain([body]).collect();
            for other in condition.treaties().into_iter().filter(|other| !open.contains(&other.as_str())) {
                let day =
                    Body::read(entries, other, size, known, &open).ok().and_then(|other| other.begins());
                read.others.extend(day.map(|day| (other.clone(), day)));
            }
            let days: BTreeSet<Day> =
                read.consents().map(|(_, on)| on).chain(read.others.values().copied()).collect();
            let met = days.into_iter().find(|day| read.holds(&condition, *day));
            read.met = met.map(|day| (day, delay.after(day)));
        }
        Ok(read)
    }

    pub(super) fn version(&self, day: Day) -> &Version {
        self.versions.iter().rev().find(|version| version.from <= day).unwrap_or(&self.versions[0])
    }

    fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.versions.iter().flat_map(|version| &version.rules)
    }

    fn of<'b>(&'b self, who: &'b str) -> impl Iterator<Item = &'b Entry> {
        self.acts.iter().filter(move |(_, event)| event.who.as_deref() == Some(who))
    }

    /// Every consent to be bound, by the day of its deposit.
    fn consents(&self) -> impl Iterator<Item = (&Event, Day)> {
        let by_rule = |act| self.rules().any(|rule| rule.act == act && rule.effect == Some(Effect::InForce));
        let consents = move |act| {
            matches!(act, ActKind::InstrumentDeposited | ActKind::DefinitiveSignature) || by_rule(act)
        };
        let acts =
            self.acts.iter().map(|(_, event)| event).filter(move |e| e.who.is_some() && consents(e.act));
        acts.filter_map(|event| Some((event, event.deposited()?)))
    }

    /// Who has consented by a day, and has not undone it by then.
    fn consented(&self, day: Day) -> BTreeSet<&Word> {
        let undoes = |act| matches!(act, ActKind::WithdrawalEffective | ActKind::TreatyDenounced);
        let undone = |who: &str, from: Day| {
            let mut exits = self.of(who).filter(|(_, e)| undoes(e.act)).filter_map(|(_, e)| e.takes_effect());
            exits.any(|(on, _)| from <= on && on <= day)
        };
        let given = self.consents().filter(|(_, on)| *on <= day);
        given.filter_map(|(event, on)| event.who.as_ref().filter(|who| !undone(who, on))).collect()
    }

    fn signatories(&self) -> BTreeSet<&Word> {
        let signs = [ActKind::TreatySigned, ActKind::DefinitiveSignature, ActKind::Founded];
        let signed = self.acts.iter().filter(|(_, event)| signs.contains(&event.act));
        signed.filter_map(|(_, event)| event.who.as_ref()).collect()
    }

    /// How many have consented of how many that are needed.
    fn count(&self, condition: &Condition, day: Day) -> Option<(usize, usize)> {
        let given = self.consented(day);
        match condition {
            Condition::Count(needed) => Some((given.len(), *needed)),
            Condition::AllSignatories => {
                let all = self.signatories();
                Some((all.intersection(&given).count(), all.len().max(1)))
            }
            _ => None,
        }
    }

    fn holds(&self, condition: &Condition, day: Day) -> bool {
        match condition {
            Condition::InForce(other) => self.others.get(other).is_some_and(|since| *since <= day),
            Condition::And(a, b) => self.holds(a, day) && self.holds(b, day),
            Condition::Or(a, b) => self.holds(a, day) || self.holds(b, day),
            counted => self.count(counted, day).is_some_and(|(count, needed)| count >= needed),
        }
    }

    /// The day that the depositary certifies for the treaty, or names for a participant.
    fn certified(&self, alone: bool) -> Option<Day> {
        let certifies = |e: &&Event| e.act == ActKind::TreatyEnteredIntoForce && e.who.is_none() == alone;
        let days = self.acts.iter().map(|(_, event)| event).filter(certifies).filter_map(Event::takes_effect);
        days.map(|(day, _)| day).min()
    }

    /// The first day in force: by the clause, else as certified.
    fn begins(&self) -> Option<Day> {
        self.met.map(|(_, day)| day).or_else(|| self.certified(true))
    }

    /// CHARTERS.md, "A clause beside a certificate": when a consent, or a notice, has its effect.
    fn computed(&self, event: &Event, effect: Effect) -> Option<Date> {
        let day = |day: Day| (day, day);
        if effect == Effect::Withdrawal {
            return self.ends(event).map(day);
        }
        let own = event.deposited()?;
        let stated = event.dates.get(&Role::Effective).copied();
        let clause = self.version(Day::MAX).in_force.is_some();
        if !clause && !self.treaty {
            return stated.or_else(|| event.takes_effect());
        }
        let Some(general) = self.begins() else { return stated.filter(|_| !clause) };
        // Who helped to bring it about is bound with everybody.
        let met = self.met.map_or(general, |(met, _)| met);
        let later = || self.version(own).own.map_or(own, |delay| delay.after(own)).max(general);
        Some(day(if own <= met.min(general) { general } else { later() }))
    }

    fn ends(&self, notice: &Event) -> Option<Day> {
        let given = |e: &Event| {
            let first = [Role::Received, Role::Done, Role::Notified, Role::Decided];
            e.of_roles(&first).or_else(|| e.date()).map_or(Day::MIN, |(_, last)| last)
        };
        let own = given(notice);
        let stated = notice.of_roles(&[Role::Effective, Role::Planned]).map(|(day, _)| day);
        let end = match self.version(own).notice {
            Some((_, true)) if stated.is_some() => stated?,
            Some((delay, _)) => stated.map_or(delay.after(own), |stated| stated.max(delay.after(own))),
            None => stated.unwrap_or(own),
        };
        let later =
            |act| self.of(notice.who.as_ref().unwrap()).filter(move |(_, e)| e.act == act && given(e) >= own);
        let revoked = later(ActKind::WithdrawalRevoked).any(|(_, e)| given(e) <= end);
        let certified = later(ActKind::WithdrawalEffective).next().is_some();
        (!revoked && !certified).then_some(end)
    }

    fn movers<'b>(&'b self, who: &'b str) -> Vec<Mover<'b>> {
        let mut movers = Vec::new();
        for (entry, event) in self.of(who) {
            let rules: Vec<&Rule> = self.rules().filter(|rule| rule.act == event.act).collect();
            let mut add = |date: Option<Date>, computed: bool, gives: Gives<'b>| {
                let place = (event.sequence.filter(|_| !computed), event.act.precedence());
                movers.extend(date.map(|date| Mover { date, place, entry: *entry, computed, gives }));
            };
            if rules.is_empty() || rules.iter().any(|rule| rule.effect.is_none()) {
                add(event.takes_effect(), false, Gives::Act(event, None));
            }
            for effect in [Effect::InForce, Effect::Withdrawal] {
                if rules.iter().any(|rule| rule.effect == Some(effect)) {
                    add(event.date(), false, Gives::Meanwhile(event, effect));
                    add(self.computed(event, effect), true, Gives::Act(event, Some(effect)));
                }
            }
        }
        for (version, merger) in self.versions.iter().flat_map(|v| v.mergers.iter().map(move |m| (v, m))) {
            let (date, gives) = ((version.from, version.from), Gives::Merger(merger));
            movers.push(Mover { date, place: (None, 0), entry: u64::MAX, computed: false, gives });
        }
        movers
    }

    /// Every status of the end of a day, with the day that gave it: each choice of days, in each order that is open.
    fn worlds(&self, movers: &[Mover<'_>], on: Day) -> BTreeSet<World> {
        let mut days: Vec<Vec<Day>> = vec![Vec::new()];
        for mover in movers {
            let each: Vec<Day> = mover.date.0.iter_days().take_while(|day| *day <= mover.date.1).collect();
            let with = |chosen: &Vec<Day>| {
                each.iter().map(|day| [&chosen[..], &[*day]].concat()).collect::<Vec<_>>()
            };
            days = days.iter().flat_map(with).collect();
        }
        let mut worlds = BTreeSet::new();
        for days in days {
            let left: Vec<usize> = (0..movers.len()).filter(|at| days[*at] <= on).collect();
            self.orders(movers, &days, &left, ("none".into(), None), &mut worlds);
        }
        worlds
    }

    fn orders(
        &self,
        movers: &[Mover<'_>],
        days: &[Day],
        left: &[usize],
        world: World,
        worlds: &mut BTreeSet<World>,
    ) {
        let Some(today) = left.iter().map(|at| days[*at]).min() else {
            worlds.insert(world);
            return;
        };
        let here: Vec<usize> = left.iter().copied().filter(|at| days[*at] == today).collect();
        for next in here.iter().filter(|at| !here.iter().any(|other| movers[*other].before(&movers[**at]))) {
            let moved = movers[*next].moves(&world.0, self.version(today)).filter(|to| *to != world.0);
            let world = moved.map_or_else(|| world.clone(), |to| (to, Some(today)));
            let rest: Vec<usize> = left.iter().copied().filter(|at| at != next).collect();
            self.orders(movers, days, &rest, world, worlds);
        }
    }

    pub(super) fn status(&self, who: &str, on: Day) -> Standing {
        let movers = self.movers(who);
        let worlds = self.worlds(&movers, on);
        let possible: BTreeSet<Word> = worlds.iter().map(|(status, _)| status.clone()).collect();
        let by_day = movers.iter().all(|mover| mover.date.0 == mover.date.1);
        let since = worlds.first().filter(|_| worlds.len() == 1 && by_day).map(|(_, since)| *since);
        let until = (by_day && possible.len() == 1).then(|| {
            let changes: BTreeSet<Day> = movers.iter().map(|m| m.date.0).filter(|day| *day > on).collect();
            let other =
                |day: &Day| self.worlds(&movers, *day).iter().any(|(status, _)| !possible.contains(status));
            changes.into_iter().find(other)
        });
        let settles =
            |day: Day| self.worlds(&movers, day).iter().all(|(status, _)| !possible.contains(status));
        let until = until.filter(|day| day.is_none_or(settles));
        Standing { possible, since, until }
    }

    pub(super) fn in_force(&self, on: Day) -> InForce {
        let clause = &self.version(Day::MAX).in_force;
        let certified = self.certified(true).or_else(|| self.certified(false).filter(|_| clause.is_none()));
        let begins = self.met.map(|(_, day)| day).or(certified);
        let settled = self.met.map(|(met, _)| met).or(certified).filter(|day| *day <= on);
        let count = clause.as_ref().and_then(|(condition, _)| self.count(condition, settled.unwrap_or(on)));
        let in_force = begins.map(|day| day <= on).or(clause.as_ref().map(|_| false));
        InForce { in_force, on: begins, met: self.met.map(|(met, _)| met), count }
    }
}
