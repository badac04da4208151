//! The count of those who must act and those who have, among the members of the moment.

use crate::charter::StepBy;
use crate::event::{ActKind, Day, ParticipantId};
use crate::history::{Standing, StepState};

use super::answer::QuorumItem;
use super::body::BodyView;

/// The count for a step that others must take, at the end of a day; `None` for a step of the applicant's own, and if
/// not every participant was looked up.
///
/// Approval at home does not count until the instrument is deposited or the completion of procedures is notified (VCLT
/// 14 to 16).
pub(super) fn quorum(
    view: &BodyView,
    applicant: &ParticipantId,
    step: &StepState<'_>,
    on: Day,
) -> Option<QuorumItem> {
    let by = step.by.filter(|_| view.whole)?;
    let mut electorate = view.members(on);
    electorate.remove(applicant);
    if by == StepBy::EveryMemberAndApplicant {
        electorate.insert(applicant.clone());
    }
    let pair = view.pairs.get(applicant)?;
    let did = |who: &ParticipantId, kind: ActKind| {
        let own = pair.own.iter().filter(|_| who == applicant);
        let mut acts = own.chain(&pair.about);
        let by_day = |act: &Standing| act.event.date().is_some_and(|date| date.latest() <= on);
        acts.any(|a| a.event.participant.as_ref() == Some(who) && a.event.act.kind() == kind && by_day(a))
    };
    let (counted, others): (Vec<_>, Vec<_>) = electorate.into_iter().partition(|who| did(who, step.act));
    let (unattested, missing): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|who| did(who, ActKind::DomesticApproval));
    let size = |list: &[ParticipantId]| u32::try_from(list.len()).unwrap_or(u32::MAX);
    Some(QuorumItem {
        act: step.act,
        needed: size(&counted) + size(&unattested) + size(&missing),
        count: size(&counted),
        counted,
        missing,
        unattested,
    })
}
