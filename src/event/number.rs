//! The numbers that lists of states give to participants, for joining a record with other data.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use serde::Serialize;

use super::date::Day;
use super::participant::{ParticipantId, Register};

/// A list of states that numbers them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StateList {
    /// Correlates of War, State System Membership List, version of 2016.
    Cow,
    /// Gleditsch and Ward, Revised List of Independent States since 1816, with its microstates.
    Gw,
}

/// A number in a list, with the days on which it is the participant's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StateNumber {
    /// The list.
    pub list: StateList,
    /// The number.
    pub number: u16,
    /// The first day on which it is the participant's; `None` if it was from the beginning.
    pub from: Option<Day>,
    /// The first day on which it is no longer the participant's; `None` if it still is.
    pub until: Option<Day>,
}

impl StateNumber {
    fn holds(&self, list: StateList, day: Day) -> bool {
        self.list == list
            && self.from.is_none_or(|from| from <= day)
            && self.until.is_none_or(|until| day < until)
    }
}

/// Every number of both lists. When a state is on a list is not stated here: a ledger records that.
pub struct StateNumbers {
    of: BTreeMap<ParticipantId, Vec<StateNumber>>,
    holders: HashMap<(StateList, u16), Vec<ParticipantId>>,
}

impl StateNumbers {
    /// The numbers that come with the program.
    pub fn builtin() -> &'static StateNumbers {
        static BUILTIN: LazyLock<StateNumbers> =
            LazyLock::new(|| StateNumbers::read(include_str!("numbers.txt")));
        &BUILTIN
    }

    /// Reads the lines of the file. Lines of any other form are skipped; a test shows that there are none.
    fn read(text: &str) -> StateNumbers {
        let of: BTreeMap<_, _> = text.lines().filter_map(read_line).collect();
        let mut holders: HashMap<_, Vec<ParticipantId>> = HashMap::new();
        for (id, numbers) in &of {
            for number in numbers {
                let all = holders.entry((number.list, number.number)).or_default();
                if all.last() != Some(id) {
                    all.push(id.clone());
                }
            }
        }
        StateNumbers { of, holders }
    }

    /// The numbers of a participant: those of the Correlates of War first, and each list in the order of its days.
    pub fn of(&self, id: &ParticipantId) -> &[StateNumber] {
        self.of.get(id).map_or(&[], Vec::as_slice)
    }

    /// Every participant that has or had a number, by id.
    pub fn participants(&self) -> impl Iterator<Item = &ParticipantId> {
        self.of.keys()
    }

    /// The number of a participant in a list on a day.
    pub fn on(&self, list: StateList, id: &ParticipantId, day: Day) -> Option<u16> {
        self.of(id).iter().find(|n| n.holds(list, day)).map(|n| n.number)
    }

    /// Every participant that has or had this number in a list, by id.
    pub fn holders(&self, list: StateList, number: u16) -> &[ParticipantId] {
        self.holders.get(&(list, number)).map_or(&[], Vec::as_slice)
    }

    /// Returns the participant that has, on a day, the number under which `id` is or was last in a list: in the Correlates of War,
    /// Yugoslavia's number is Serbia's today. Returns `id` itself if it has no number, or if nobody has the number that day.
    pub fn stands_for<'a>(&'a self, list: StateList, id: &'a ParticipantId, day: Day) -> &'a ParticipantId {
        if self.on(list, id, day).is_some() {
            return id;
        }
        let Some(last) = self.of(id).iter().rfind(|n| n.list == list) else { return id };
        let here = |other: &&ParticipantId| self.on(list, other, day) == Some(last.number);
        self.holders(list, last.number).iter().find(here).unwrap_or(id)
    }

    /// Returns the last participant that continues this one: along its line, or through a single successor that has its number. The
    /// result is the same for all participants that are one state to researchers who join data by number.
    pub fn end_of_line<'a>(&self, register: &'a Register, id: &'a ParticipantId) -> &'a ParticipantId {
        let shared = |a: &ParticipantId, b: &ParticipantId| {
            self.of(a).iter().any(|n| self.of(b).iter().any(|m| (n.list, n.number) == (m.list, m.number)))
        };
        let mut end = id;
        while let Some(participant) = register.get(end) {
            let sole = match participant.successors.as_slice() {
                [one] if shared(end, one) => Some(one),
                _ => None,
            };
            match participant.line.as_ref().or(sole) {
                Some(next) if next != end => end = next,
                _ => break,
            }
        }
        end
    }
}

fn read_line(line: &str) -> Option<(ParticipantId, Vec<StateNumber>)> {
    if line.starts_with('#') {
        return None;
    }
    let mut cells = line.split('|').map(str::trim);
    let id = ParticipantId::parse(cells.next()?).ok()?;
    let mut numbers = Vec::new();
    for list in [StateList::Cow, StateList::Gw] {
        for part in cells.next()?.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let (rest, until) = match part.split_once(" until ") {
                Some((rest, day)) => (rest, Some(day.parse().ok()?)),
                None => (part, None),
            };
            let (number, from) = match rest.split_once(" from ") {
                Some((number, day)) => (number, Some(day.parse().ok()?)),
                None => (rest, None),
            };
            numbers.push(StateNumber { list, number: number.parse().ok()?, from, until });
        }
    }
    Some((id, numbers))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> ParticipantId {
        ParticipantId::parse(text).unwrap()
    }

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn every_line_is_read_and_names_a_participant_of_the_register_or_one_that_is_named_only() {
        let lines = include_str!("numbers.txt").lines().filter(|l| !l.starts_with('#')).count();
        let numbers = StateNumbers::builtin();
        assert_eq!(numbers.of.len(), lines);
        for id in numbers.of.keys() {
            assert!(id.is_named() || Register::builtin().get(id).is_some(), "{id}");
        }
    }

    #[test]
    fn no_two_have_one_number_on_one_day_and_no_line_has_two() {
        let numbers = StateNumbers::builtin();
        let end = |id| numbers.end_of_line(Register::builtin(), id);
        let edges = numbers.of.values().flatten().flat_map(|n| [n.from, n.until]).flatten();
        let days: Vec<Day> = edges.flat_map(|d| [d.previous(), d]).chain([Day::PAST, Day::FUTURE]).collect();
        for day in days {
            for list in [StateList::Cow, StateList::Gw] {
                let mut taken: HashMap<u16, &ParticipantId> = HashMap::new();
                let mut lines: HashMap<&ParticipantId, u16> = HashMap::new();
                for (id, own) in &numbers.of {
                    let here: Vec<u16> =
                        own.iter().filter(|n| n.holds(list, day)).map(|n| n.number).collect();
                    assert!(here.len() < 2, "{id} has {here:?} on {day}");
                    let before = here.first().and_then(|number| lines.insert(end(id), *number));
                    assert!(before.is_none(), "{id} has {here:?}, another of its line {before:?} on {day}");
                    for number in here {
                        let other = taken.insert(number, id);
                        assert!(other.is_none(), "{number} is {id} and {other:?} on {day}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_number_goes_through_the_participants_that_one_list_counts_as_one_state() {
        let numbers = StateNumbers::builtin();
        let stands = |list, who: &str, on: &str| numbers.stands_for(list, &id(who), day(on)).to_string();
        assert_eq!(stands(StateList::Cow, "RUS", "1950-12-31"), "SUN");
        assert_eq!(stands(StateList::Cow, "RUS", "1991-12-31"), "RUS");
        assert_eq!(stands(StateList::Cow, "YUG", "2000-12-31"), "SCG");
        assert_eq!(stands(StateList::Cow, "YUG", "2010-12-31"), "SRB");
        assert_eq!(stands(StateList::Gw, "YUG", "2010-12-31"), "YUG");
        assert_eq!(stands(StateList::Cow, "NOR", "2010-12-31"), "NOR");
        assert_eq!(stands(StateList::Cow, "ABW", "2010-12-31"), "ABW");
        let of = |list, who: &str, on: &str| numbers.on(list, &id(who), day(on));
        assert_eq!(of(StateList::Cow, "DEU", "1989-12-31"), Some(260));
        assert_eq!(of(StateList::Cow, "DEU", "1990-12-31"), Some(255));
        assert_eq!(of(StateList::Gw, "DEU", "1990-12-31"), Some(260));
        assert_eq!(of(StateList::Cow, "SUN", "1992-12-31"), None);
    }

    #[test]
    fn a_line_ends_with_who_continues_it_and_a_state_that_fell_apart_is_continued_by_nobody() {
        let numbers = StateNumbers::builtin();
        let end = |who: &str| numbers.end_of_line(Register::builtin(), &id(who)).to_string();
        assert_eq!(["SUN", "BUR", "SCG", "VDR"].map(end), ["RUS", "MMR", "SRB", "VNM"]);
        assert_eq!(["YUG", "CSK", "DDR", "YMD", "FRA"].map(end), ["YUG", "CSK", "DDR", "YMD", "FRA"]);
    }
}
