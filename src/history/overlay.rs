//! What lies over a status without changing it: suspension, dormancy, provisional application.

use crate::event::{Act, ActKind, Day, Edtf, Index, Role};

use super::standing::Standing;

/// Something that lies over a participant's status.
#[derive(Clone, PartialEq, Debug)]
pub struct Overlay {
    /// `suspended`, `dormant`, `frozen` or `provisional-application`.
    pub kind: &'static str,
    /// Which rights, as the decision says.
    pub scope: Option<String>,
    /// Its first day.
    pub since: Edtf,
    /// The act.
    pub entry: Index,
}

/// The overlays in effect on a day, oldest first. A suspended member is a member *and* suspended.
pub fn overlays(acts: &[Standing<'_>], on: Day) -> Vec<Overlay> {
    let mut dated: Vec<(Day, &Standing<'_>)> = acts
        .iter()
        .filter_map(|a| Some((a.event.effect()?.earliest(), a)))
        .filter(|(day, _)| *day <= on)
        .collect();
    dated.sort_by_key(|(day, act)| (*day, act.index));
    let mut open: Vec<Overlay> = Vec::new();
    for (_, act) in dated {
        let over = act.event.dates.get(Role::Until).is_some_and(|until| until.latest() <= on);
        let begins = match &act.event.act {
            Act::RightsSuspended(scope) | Act::MembershipSuspended(scope) => {
                Some(("suspended", scope.as_ref().map(ToString::to_string)))
            }
            Act::ParticipationLapsed => Some(("dormant", None)),
            Act::ParticipationFrozen => Some(("frozen", None)),
            Act::ProvisionalApplicationBegan => Some(("provisional-application", None)),
            _ => None,
        };
        let ends: &[&str] = match act.event.act.kind() {
            ActKind::SuspensionLifted => &["suspended"],
            ActKind::ParticipationResumed => &["dormant", "frozen"],
            ActKind::ProvisionalApplicationEnded | ActKind::EnteredIntoForceForParticipant => {
                &["provisional-application"]
            }
            ActKind::Expelled | ActKind::CeasedMembership | ActKind::WithdrawalEffective => {
                &["suspended", "dormant", "frozen"]
            }
            _ => &[],
        };
        open.retain(|overlay| !ends.contains(&overlay.kind));
        if let (Some((kind, scope)), Some(since), false) = (begins, act.event.effect(), over) {
            open.retain(|overlay| overlay.kind != kind || overlay.scope != scope);
            open.push(Overlay { kind, scope, since: since.clone(), entry: act.index });
        }
    }
    open
}
