//! The participants that have rows in a panel, and the one of a line that has its number in a list of states.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::event::{Day, ParticipantId, Register, StateList, StateNumbers};

/// The participants that have rows in a panel.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Universe {
    /// Every participant with an act on record in one of the bodies.
    Recorded,
    /// Every member of the United Nations, in the years of its membership, by the record of the body `un`.
    Un,
    /// Every state that the Correlates of War count, in those years, by the record of the body `state-system-cow`.
    Cow,
    /// Every state that Gleditsch and Ward count, in those years, by the record of the body `state-system-gw`.
    Gw,
}

impl Universe {
    /// The body whose record decides which participants are included; `None` if the bodies of the panel do.
    pub const fn body(self) -> Option<&'static str> {
        match self {
            Universe::Recorded => None,
            Universe::Un => Some("un"),
            Universe::Cow => Some("state-system-cow"),
            Universe::Gw => Some("state-system-gw"),
        }
    }

    /// The participant under which a member has its row: the one that has the member's number on `day`, the last day of
    /// the year on which it is a member.
    pub(super) fn stands_for(self, member: &ParticipantId, day: Day) -> ParticipantId {
        let numbers = StateNumbers::builtin();
        match self {
            Universe::Recorded | Universe::Un => member.clone(),
            Universe::Cow => numbers.stands_for(StateList::Cow, member, day).clone(),
            Universe::Gw => numbers.stands_for(StateList::Gw, member, day).clone(),
        }
    }
}

/// The participants that are one state to a researcher who joins data by number, under the last one of the line.
pub(super) struct Lines(BTreeMap<ParticipantId, BTreeSet<ParticipantId>>);

impl Lines {
    /// The lines of these participants, with every participant in them that has a number.
    pub(super) fn of<'a>(participants: impl Iterator<Item = &'a ParticipantId>) -> Lines {
        let mut lines: BTreeMap<ParticipantId, BTreeSet<ParticipantId>> = BTreeMap::new();
        let numbered = StateNumbers::builtin().participants();
        for id in numbered.chain(participants) {
            lines.entry(end(id)).or_default().insert(id.clone());
        }
        Lines(lines)
    }

    /// The participants in the line of a participant, by id.
    pub(super) fn with(&self, id: &ParticipantId) -> impl Iterator<Item = &ParticipantId> {
        self.0.get(&end(id)).into_iter().flatten()
    }

    /// The number of a line in a list on a day, with the participant that has it.
    fn number(&self, list: StateList, id: &ParticipantId, day: Day) -> Option<(u16, &ParticipantId)> {
        self.with(id).find_map(|who| Some((StateNumbers::builtin().on(list, who, day)?, who)))
    }

    /// The numbers of a line on a day: in the Correlates of War, and after Gleditsch and Ward.
    pub(super) fn numbers(&self, id: &ParticipantId, day: Day) -> (Option<u16>, Option<u16>) {
        let number = |list| self.number(list, id, day).map(|(number, _)| number);
        (number(StateList::Cow), number(StateList::Gw))
    }

    /// The participant of a line that has its numbers on a day; if none has, the last one of the line.
    pub(super) fn holder(&self, id: &ParticipantId, day: Day) -> ParticipantId {
        let holder = |list| self.number(list, id, day).map(|(_, who)| who.clone());
        holder(StateList::Cow).or_else(|| holder(StateList::Gw)).unwrap_or_else(|| end(id))
    }
}

/// The last participant of the line.
fn end(id: &ParticipantId) -> ParticipantId {
    StateNumbers::builtin().end_of_line(Register::builtin(), id).clone()
}

/// The participant that represents a line in a year: the one that has its number, unless only another has a status. The
/// seat of the Soviet Union in the United Nations, for example, is recorded under Russia.
pub(super) fn bearer<'a>(
    holder: &ParticipantId,
    statuses: impl Iterator<Item = (&'a ParticipantId, bool)>,
) -> Option<&'a ParticipantId> {
    let mut found: Option<(u8, &ParticipantId)> = None;
    for (who, has_status) in statuses {
        let place = match (who == holder, has_status) {
            (true, true) => 0,
            (false, true) => 1,
            (true, false) => 2,
            (false, false) => 3,
        };
        if found.is_none_or(|(best, _)| place < best) {
            found = Some((place, who));
        }
    }
    found.map(|(_, who)| who)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_the_number_stands_for_the_line_unless_only_another_has_a_status() {
        let [sun, rus] = ["SUN", "RUS"].map(|id| ParticipantId::parse(id).unwrap());
        let chosen = |sun_has, rus_has| {
            bearer(&sun, [(&rus, rus_has), (&sun, sun_has)].into_iter()).map(|id| id.to_string())
        };
        assert_eq!(chosen(true, true).as_deref(), Some("SUN"));
        assert_eq!(chosen(false, true).as_deref(), Some("RUS"));
        assert_eq!(chosen(false, false).as_deref(), Some("SUN"));
        assert_eq!(bearer(&sun, [(&rus, false)].into_iter()), Some(&rus));
        assert_eq!(bearer(&sun, std::iter::empty()), None);
    }
}
