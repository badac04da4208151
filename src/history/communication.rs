//! Communications to the depositary: receipt is not acceptance (VCLT 77(1)(c), (d)).
//!
//! The rule: an act that names no communication counts. One that answers a communication counts, from its own legal
//! date, while the last finding on that communication is `accepted`; while it is not examined, queried or returned, the
//! act is on record and moves nothing. Findings are acts, so *when* a deposit began to count is a question of what was
//! known: `--as-known` the day before the finding, it does not.

use std::collections::HashMap;

use crate::event::{Act, ActKind, Day, Edtf, EventId, Finding, Index};

use super::standing::Standing;

/// An act on record that does not count, because of the communication that it answers.
#[derive(Clone, Debug)]
pub struct Withheld {
    /// The act.
    pub act: Standing,
    /// The communication.
    pub communication: Index,
    /// What was found last, when and by which entry; `None` while it is not examined.
    pub finding: Option<(Finding, Edtf, Index)>,
}

/// The findings on a communication by their days, the last one last.
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

/// Whether an act can be what came of a communication; what the depositary does with it is not.
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
    /// Why it does not count, in a line.
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

    /// Whether it bears on an answer about a day.
    pub fn is_dated_by(&self, on: Day) -> bool {
        self.act.event.date().is_none_or(|date| date.earliest() <= on)
    }
}
