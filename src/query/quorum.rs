//! How many of those who must act have done so, over the membership of the moment.

use crate::charter::StepBy;
use crate::event::{ActKind, Day, ParticipantId};
use crate::history::{Standing, StepState};

use super::answer::QuorumItem;
use super::body::BodyView;

/// The count of a step that others must take, at the end of a day; `None` for a step of the applicant's own, and
/// where not every participant was looked up.
///
/// Approval at home counts for nothing until the instrument is deposited or the completion notified (VCLT 14 to 16).
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
