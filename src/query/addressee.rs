//! The addressees of a depositary's notifications: parties, contracting states, signatories, and those entitled to
//! become parties (VCLT 77(1)(e)), as far as they are recorded.

use serde::Serialize;

use crate::event::{Day, ParticipantId, ParticipantKind, Register, StatusId};

use super::body::BodyView;

/// The addressees of a notification.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Addressees {
    /// The number of addressees.
    pub count: usize,
    /// The participants with a status on the day, the highest status first; a participant that may have several is
    /// listed under the highest.
    pub by_status: Vec<AddresseeGroup>,
    /// Other participants with an act or a communication on record: if the treaty is open to them, they are entitled to
    /// become parties.
    pub others: Vec<ParticipantId>,
}

/// The addressees with one status.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct AddresseeGroup {
    /// The status.
    pub status: StatusId,
    /// The plural title of the status.
    pub title: String,
    /// The participants that have the status.
    pub participants: Vec<ParticipantId>,
}

/// The addressees of a body on a day. States that no longer exist receive nothing.
pub(super) fn addressees(view: &BodyView, on: Day) -> Addressees {
    let statuses = view.charter.statuses();
    let mut groups: Vec<AddresseeGroup> = statuses
        .iter()
        .filter(|status| status.rank > 0)
        .map(|status| AddresseeGroup {
            status: status.id.clone(),
            title: status.plural.clone(),
            participants: Vec::new(),
        })
        .collect();
    let mut others: Vec<ParticipantId> = Vec::new();
    let withheld = view.withheld.iter().filter_map(|held| held.act.event.participant.as_ref());
    for who in view.participants().chain(withheld) {
        if is_no_more(who) || view.board.continued_by(&view.pairs, who).is_some() {
            continue;
        }
        let history = view.history(who);
        let reading = history.on(on);
        let possible = reading.statuses();
        match groups.iter_mut().find(|group| possible.contains(&&group.status)) {
            Some(group) => group.participants.push(who.clone()),
            None => others.push(who.clone()),
        }
    }
    groups.retain(|group| !group.participants.is_empty());
    for list in groups.iter_mut().map(|group| &mut group.participants).chain([&mut others]) {
        list.sort();
        list.dedup();
    }
    let count = groups.iter().map(|group| group.participants.len()).sum::<usize>() + others.len();
    Addressees { count, by_status: groups, others }
}

fn is_no_more(who: &ParticipantId) -> bool {
    Register::builtin().get(who).is_some_and(|known| known.kind == ParticipantKind::FormerState)
}
