//! Rival chains side by side: if they agree the answer is certain, if they disagree it is contested.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use smol_str::SmolStr;

use crate::charter::Charter;
use crate::event::{Day, Edtf, Index, Rival, StatusId};

use super::influence::Influence;
use super::spell::{Course, World, course};
use super::standing::Standing;

/// The reliability of an answer, given the acts that are recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// Every reading of the record gives it.
    Certain,
    /// A partial date, or an order that is not known, leaves several statuses open.
    Possible,
    /// Chains of a dispute give different answers.
    Contested,
}

impl Certainty {
    /// The word used in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Certainty::Certain => "certain",
            Certainty::Possible => "possible",
            Certainty::Contested => "contested",
        }
    }
}

/// The course on one choice of chains.
#[derive(Clone, Debug)]
pub struct Account {
    /// The chains followed, one for each dispute that it takes a side in.
    pub chains: Vec<Rival>,
    /// The course without the acts of other chains.
    pub course: Course,
}

/// A participant's status in a body through all of time, on every choice of rival chains.
#[derive(Clone, Debug)]
pub struct History {
    /// One account if nothing is disputed.
    pub accounts: Vec<Account>,
}

/// The possible statuses of one day, and how certain they are.
#[derive(Clone, PartialEq, Debug)]
pub struct StatusReading {
    /// The reliability of the reading.
    pub certainty: Certainty,
    /// The worlds of each account, by its place in [`History::accounts`].
    pub worlds: Vec<(usize, World)>,
}

impl StatusReading {
    /// The statuses that are possible, each once, in the order of their ids.
    pub fn statuses(&self) -> BTreeSet<&StatusId> {
        self.worlds.iter().map(|(_, world)| &world.status).collect()
    }

    /// The status, if only one is possible.
    pub fn status(&self) -> Option<&StatusId> {
        let first = self.worlds.first().map(|(_, world)| &world.status);
        first.filter(|first| self.worlds.iter().all(|(_, world)| world.status == **first))
    }
}

/// An unbroken span of days with one reading.
#[derive(Clone, PartialEq, Debug)]
pub struct Spell {
    /// Its first day.
    pub from: Day,
    /// The first day that is no longer part of it.
    pub until: Day,
    /// The reading of each of its days.
    pub reading: StatusReading,
}

/// The largest number of combinations of chains that are followed; the disputes beyond are left out of every account.
const ACCOUNTS_MAX: usize = 64;

impl History {
    /// Folds the [`Standing`] acts of one participant in one body, given in the order of the log, with the influence of other
    /// participants' acts.
    pub fn fold(charter: &Charter, acts: &[Standing], influence: &Influence) -> History {
        // Two sources of one fact make one event: it happens once.
        let once = super::fact::once(acts);
        let acts = once.as_deref().unwrap_or(acts);
        let choices = choices(acts);
        let disputed: BTreeSet<&SmolStr> =
            acts.iter().filter_map(|a| a.event.rival.as_ref()).map(|r| &r.dispute).collect();
        let account = |chains: Vec<Rival>| {
            let follows = |act: &&Standing| match &act.event.rival {
                Some(rival) => !disputed.contains(&rival.dispute) || chains.contains(rival),
                None => true,
            };
            let followed: Vec<&Standing> = acts.iter().filter(follows).collect();
            Account { course: course(charter, &followed, influence), chains }
        };
        History { accounts: choices.into_iter().map(account).collect() }
    }

    /// Keeps only the accounts that follow the chosen chains. A chain that no account follows has no effect.
    #[must_use]
    pub fn settled_by(mut self, chosen: &[Rival]) -> History {
        for chain in chosen {
            if self.accounts.iter().any(|account| account.chains.contains(chain)) {
                self.accounts.retain(|account| account.chains.contains(chain));
            }
        }
        self
    }

    /// True if the chains of one dispute leave different statuses possible on a day, for some choice in the other disputes.
    pub fn differs(&self, dispute: &str, day: Day) -> bool {
        let mut alike: BTreeMap<Vec<&Rival>, BTreeSet<&StatusId>> = BTreeMap::new();
        self.accounts.iter().any(|account| {
            let others = account.chains.iter().filter(|chain| chain.dispute != dispute).collect();
            let here: BTreeSet<&StatusId> = account.course.on(day).iter().map(|w| &w.status).collect();
            let first = alike.entry(others).or_insert_with(|| here.clone());
            *first != here
        })
    }

    /// The reading of a day.
    pub fn on(&self, day: Day) -> StatusReading {
        if let [account] = self.accounts.as_slice() {
            let here = account.course.on(day);
            let one = here.iter().all(|world| Some(&world.status) == here.first().map(|w| &w.status));
            let certainty = if one { Certainty::Certain } else { Certainty::Possible };
            return StatusReading { certainty, worlds: here.iter().map(|w| (0, w.clone())).collect() };
        }
        let mut worlds = Vec::new();
        let mut sets: Vec<BTreeSet<&StatusId>> = Vec::with_capacity(self.accounts.len());
        for (at, account) in self.accounts.iter().enumerate() {
            let here = account.course.on(day);
            sets.push(here.iter().map(|w| &w.status).collect());
            worlds.extend(here.iter().map(|w| (at, w.clone())));
        }
        let agree = sets.iter().all(|set| Some(set) == sets.first());
        let certainty = match sets.first() {
            _ if !agree => Certainty::Contested,
            Some(set) if set.len() > 1 => Certainty::Possible,
            _ => Certainty::Certain,
        };
        StatusReading { certainty, worlds }
    }

    /// The status of a day, if only one is possible: that of [`History::on`], without the rest of the reading.
    pub fn settled_on(&self, day: Day) -> Option<&StatusId> {
        let mut worlds = self.worlds_on(day);
        let first = &worlds.next()?.status;
        worlds.all(|world| world.status == *first).then_some(first)
    }

    /// The entries that the worlds of a reading rest on, in the order of the log, each once.
    pub fn entries(&self, reading: &StatusReading) -> Vec<Index> {
        let mut found = BTreeSet::new();
        for (account, world) in &reading.worlds {
            let Some(account) = self.accounts.get(*account) else { continue };
            for cause in account.course.chain(world.cause) {
                found.insert(cause.entry);
                found.extend(&cause.also);
            }
        }
        found.into_iter().collect()
    }

    /// The days on which something changes on some account, in their order; the first is [`Day::PAST`].
    fn days(&self) -> Vec<Day> {
        let slices = self.accounts.iter().flat_map(|account| &account.course.slices);
        let mut days: Vec<Day> = slices.map(|slice| slice.from).collect();
        days.sort_unstable();
        days.dedup();
        days
    }

    /// The worlds that are possible on a day on any account.
    fn worlds_on(&self, day: Day) -> impl Iterator<Item = &World> {
        self.accounts.iter().flat_map(move |account| account.course.on(day))
    }

    /// Every spell, oldest first; together they cover all of time.
    pub fn spells(&self) -> Vec<Spell> {
        let days = self.days();
        let mut spells: Vec<Spell> = Vec::with_capacity(days.len());
        for from in days {
            let reading = self.on(from);
            match spells.last_mut() {
                Some(last) if last.reading == reading => {}
                last => {
                    if let Some(last) = last {
                        last.until = from;
                    }
                    spells.push(Spell { from, until: Day::FUTURE, reading });
                }
            }
        }
        spells
    }

    /// The span of days around `on` on which `status` is possible: its beginning (the days on which it may have begun), and its
    /// end (the days on which it may have ended; `None` while nothing recorded ends it).
    pub fn span(&self, status: &StatusId, on: Day) -> (Edtf, Option<Edtf>) {
        let days = self.days();
        let from = |at: usize| days.get(at).copied().unwrap_or(Day::FUTURE);
        let held = |at: usize| self.worlds_on(from(at)).any(|world| world.status == *status);
        let only = |at: &usize| self.worlds_on(from(*at)).all(|world| world.status == *status);
        let here = days.partition_point(|from| *from <= on).saturating_sub(1);
        let first = (0..=here).rev().take_while(|at| held(*at)).last().unwrap_or(here);
        let last = (here..days.len()).take_while(|at| held(*at)).last().unwrap_or(here);
        let settled = from((first..=last).find(only).unwrap_or(first));
        let unsettled = from((first..=last).rev().find(only).unwrap_or(last) + 1);
        let since = Edtf::one_of(from(first), settled);
        let until = (from(last + 1) < Day::FUTURE).then(|| Edtf::one_of(unsettled, from(last + 1)));
        (since, until)
    }
}

/// One chain of each dispute; for a dispute with a single chain, the alternative is the record without it.
fn choices(acts: &[Standing]) -> Vec<Vec<Rival>> {
    let mut disputes: BTreeMap<SmolStr, BTreeSet<SmolStr>> = BTreeMap::new();
    for rival in acts.iter().filter_map(|a| a.event.rival.as_ref()) {
        disputes.entry(rival.dispute.clone()).or_default().insert(rival.chain.clone());
    }
    let mut choices: Vec<Vec<Rival>> = vec![Vec::new()];
    for (dispute, chains) in disputes {
        let alone = chains.len() == 1;
        let options: Vec<Option<SmolStr>> =
            chains.into_iter().map(Some).chain(alone.then_some(None)).collect();
        if choices.len() * options.len() > ACCOUNTS_MAX {
            break;
        }
        let with = |before: &Vec<Rival>, chain: &Option<SmolStr>| {
            let mut chosen = before.clone();
            chosen.extend(chain.clone().map(|chain| Rival { dispute: dispute.clone(), chain }));
            chosen
        };
        choices = choices.iter().flat_map(|b| options.iter().map(move |c| with(b, c))).collect();
    }
    choices
}
