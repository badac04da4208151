//! Communications to the depositary: receipt is not acceptance (VCLT 77(1)(c), (d)).
//!
//! The rule: an act that names no communication counts. An act that answers a communication counts, from its own legal date, if
//! the last finding on that communication is `accepted`; while the communication is not examined, queried or returned, the act is
//! on record and moves nothing. Findings are acts, so the day on which a deposit began to count depends on the day of knowledge:
//! with `--as-known` the day before the finding, it does not count.

use std::collections::HashMap;

use crate::event::{Act, ActKind, Day, Edtf, EventId, Finding, Index};

use super::standing::Standing;

/// An act that is recorded but does not count, because of the communication that it answers.
#[derive(Clone, Debug)]
pub struct Withheld {
    /// The act.
    pub act: Standing,
    /// The communication.
    pub communication: Index,
    /// The last finding, its date and its entry; `None` while the communication is not examined.
    pub finding: Option<(Finding, Edtf, Index)>,
}

/// The findings on a communication in the order of their days, then of their sequence.
pub fn findings<'s>(
    acts: impl IntoIterator<Item = &'s Standing>,
    communication: EventId,
) -> Vec<(Finding, &'s Edtf, Index)> {
    let of = |a: &'s Standing| match &a.event.act {
        Act::CommunicationExamined(finding) if a.event.to == Some(communication) => {
            Some((a.event.sequence, *finding, a.event.date()?, a.index))
        }
        _ => None,
    };
    let mut found: Vec<_> = acts.into_iter().filter_map(of).collect();
    found.sort_by_key(|(sequence, _, date, index)| (date.latest(), *sequence, *index));
    found.into_iter().map(|(_, finding, date, index)| (finding, date, index)).collect()
}

/// True if an act of this kind can result from a communication; the depositary's own handling of it cannot.
pub fn comes_of_a_communication(act: ActKind) -> bool {
    !matches!(
        act,
        ActKind::CommunicationReceived | ActKind::CommunicationExamined | ActKind::DepositaryNotified
    )
}

/// Parts the acts that count from those that are withheld.
pub fn withhold(acts: Vec<Standing>) -> (Vec<Standing>, Vec<Withheld>) {
    let received: HashMap<EventId, Index> = acts
        .iter()
        .filter(|a| a.event.act.kind() == ActKind::CommunicationReceived)
        .map(|a| (a.event.id, a.index))
        .collect();
    if received.is_empty() {
        return (acts, Vec::new());
    }
    let last: HashMap<EventId, (Finding, Edtf, Index)> = received
        .keys()
        .filter_map(|id| findings(&acts, *id).pop().map(|(f, date, by)| (*id, (f, date.clone(), by))))
        .collect();
    let mut counting = Vec::with_capacity(acts.len());
    let mut withheld = Vec::new();
    for act in acts {
        let answers = act.event.to.filter(|_| comes_of_a_communication(act.event.act.kind()));
        let found = answers.and_then(|id| Some((*received.get(&id)?, last.get(&id))));
        match found {
            None | Some((_, Some((Finding::Accepted, ..)))) => counting.push(act),
            Some((communication, finding)) => {
                withheld.push(Withheld { act, communication, finding: finding.cloned() });
            }
        }
    }
    (counting, withheld)
}

impl Withheld {
    /// The reason why it does not count, in a line.
    pub fn why(&self) -> String {
        let entry = format!("entry {}, {}, is not counted", self.act.index, self.act.event.act.kind());
        match &self.finding {
            None => format!(
                "{entry}: the communication (entry {}) is received and not examined (VCLT 77(1)(d))",
                self.communication
            ),
            Some((finding, on, by)) => format!(
                "{entry}: the communication (entry {}) was {} on {on} (entry {by})",
                self.communication,
                finding.name()
            ),
        }
    }

    /// True if the act is undated, or may have happened by that day.
    pub fn is_dated_by(&self, on: Day) -> bool {
        self.act.event.date().is_none_or(|date| date.earliest() <= on)
    }
}
