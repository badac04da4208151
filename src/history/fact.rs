//! Tests if two acts of a record are one fact: two sources that state it make one event with two pieces of evidence.

use std::collections::HashMap;

use crate::event::{ActKind, Day, Event};

use super::standing::Standing;

/// True if two [`Standing`] acts state the same fact: the same participant did the same in the same body, about the same
/// participant, on the same legal date, in the same form. Acts on different chains of a dispute exclude one another.
pub fn same_fact(a: &Event, b: &Event) -> bool {
    alike(a, b) && a.rival == b.rival && a.date().is_some() && a.date() == b.date()
}

/// True if two acts are the same but for their dates and their chain of a dispute.
pub fn alike(a: &Event, b: &Event) -> bool {
    let meant = match (&a.toward, &b.toward) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    };
    a.act == b.act
        && meant
        && a.body == b.body
        && a.participant == b.participant
        && a.about == b.about
        && !repeats(a.act.kind())
}

/// The acts without those that repeat an earlier one in every field that the rules read; `None` if no act does.
pub(super) fn once(acts: &[Standing]) -> Option<Vec<Standing>> {
    let read = |e: &Event| (e.toward.clone(), e.status.clone(), e.sequence, e.effect().cloned());
    let says = |first: &Event, again: &Event| same_fact(first, again) && read(first) == read(again);
    // Only acts of one kind and day can repeat one another: mostly no two share both.
    let key = |act: &Standing| Some((act.event.act.kind(), act.event.date()?.earliest()));
    let mut keys: Vec<(ActKind, Day)> = acts.iter().filter_map(key).collect();
    keys.sort_unstable();
    if keys.windows(2).all(|pair| pair[0] != pair[1]) {
        return None;
    }
    let mut alike: HashMap<(ActKind, &str), Vec<usize>> = HashMap::with_capacity(acts.len());
    let mut again: Vec<usize> = Vec::new();
    for (at, act) in acts.iter().enumerate() {
        let Some(date) = act.event.date() else { continue };
        let before = alike.entry((act.event.act.kind(), date.as_str())).or_default();
        if before.iter().any(|first| says(&acts[*first].event, &act.event)) {
            again.push(at);
        }
        before.push(at);
    }
    if again.is_empty() {
        return None;
    }
    let fresh = acts.iter().enumerate().filter(|(at, _)| again.binary_search(at).is_err());
    Some(fresh.map(|(_, act)| act.clone()).collect())
}

/// True for acts that may lawfully come twice, so that equal dates do not show that two of them are one.
fn repeats(act: ActKind) -> bool {
    use ActKind as K;
    act.is_record_keeping()
        || matches!(
            act,
            K::ClaimRecorded
                | K::ChapterOpened
                | K::ChapterClosed
                | K::ReservationMade
                | K::ReservationWithdrawn
                | K::DeclarationMade
                | K::ObjectionMade
                | K::ObjectionWithdrawn
                | K::TerritorialApplicationDeclared
                | K::DepositaryNotified
                | K::CommunicationReceived
                | K::CommunicationExamined
                | K::RightsSuspended
                | K::WithdrawalPeriodExtended
        )
}
