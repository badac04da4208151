//! What lies over a status without changing it: suspension, dormancy, provisional application, who speaks for the
//! participant, which territories it binds.

use crate::event::{Act, ActKind, Day, Edtf, Index, Role};

use super::standing::Standing;

/// Something that lies over a participant's status.
#[derive(Clone, PartialEq, Debug)]
pub struct Overlay {
    /// `suspended`, `dormant`, `frozen`, `provisional-application`, `operation-suspended`, `territorial-scope` or
    /// `representation`.
    pub kind: &'static str,
    /// Which rights or territories, as the decision says; of a representation, who speaks.
    pub scope: Option<String>,
    /// Its first day.
    pub since: Edtf,
    /// The act.
    pub entry: Index,
}

/// The overlays in effect on a day, oldest first. A suspended member is a member *and* suspended.
pub fn overlays<'s>(acts: impl IntoIterator<Item = &'s Standing<'s>>, on: Day) -> Vec<Overlay> {
    let mut dated: Vec<(Day, &Standing<'_>)> = acts
        .into_iter()
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
            Act::TreatyOperationSuspended => Some(("operation-suspended", act.event.title.clone())),
            Act::TerritorialApplicationDeclared(scope) => {
                let said = scope.as_ref().map(ToString::to_string);
                Some(("territorial-scope", said.or_else(|| act.event.title.clone())))
            }
            Act::RepresentationChanged => Some(("representation", act.event.title.clone())),
            _ => None,
        };
        let ends: &[&str] = match act.event.act.kind() {
            ActKind::SuspensionLifted => &["suspended", "operation-suspended"],
            // One government speaks at a time; the later act says which.
            ActKind::RepresentationChanged => &["representation"],
            ActKind::TreatyTerminated => {
                &["provisional-application", "operation-suspended", "territorial-scope"]
            }
            ActKind::ParticipationResumed => &["dormant", "frozen"],
            ActKind::ProvisionalApplicationEnded | ActKind::EnteredIntoForceForParticipant => {
                &["provisional-application"]
            }
            ActKind::Expelled | ActKind::CeasedMembership | ActKind::WithdrawalEffective => {
                &["suspended", "dormant", "frozen", "operation-suspended", "territorial-scope"]
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

/// The change of representation that was next after a day: until then another government spoke for the participant.
pub fn next_representation<'s>(
    acts: impl IntoIterator<Item = &'s Standing<'s>>,
    on: Day,
) -> Option<&'s Standing<'s>> {
    let changes = acts.into_iter().filter(|a| a.event.act.kind() == ActKind::RepresentationChanged);
    let later = changes.filter_map(|a| Some((a.event.effect()?.earliest(), a)));
    later.filter(|(day, _)| *day > on).min_by_key(|(day, act)| (*day, act.index)).map(|(_, act)| act)
}
