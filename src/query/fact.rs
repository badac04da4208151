//! When two acts of a record are one fact: what two sources tell is one event with two pieces of evidence.

use crate::event::{ActKind, Event};

/// Whether two acts that stand state the same fact: the same participant did the same in the same body, about the same
/// participant, on the same legal date, in the same form. Acts on different chains of a dispute exclude one another.
pub(super) fn same(a: &Event, b: &Event) -> bool {
    alike(a, b) && a.rival == b.rival && a.date().is_some() && a.date() == b.date()
}

/// Whether two acts are the same but for their dates and the chain that they stand on.
pub(super) fn alike(a: &Event, b: &Event) -> bool {
    let meant = match (&a.toward, &b.toward) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    };
    meant
        && a.act == b.act
        && a.body == b.body
        && a.participant == b.participant
        && a.about == b.about
        && !repeats(a.act.kind())
}

/// Acts that may lawfully come twice, of which nobody can say by their dates whether they are one.
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
