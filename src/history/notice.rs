//! Notices of withdrawal: the day of their effect, unless they are extended, revoked, or taken back from the beginning.

use crate::charter::{BodyKind, Charter, Delay, Rule};
use crate::event::{ActKind, Day, Edtf, Role};

use super::consent::given_date;
use super::standing::Standing;

/// The day on which a notice takes effect, by everything recorded; `None` if it never does: revoked in time, read later as no
/// withdrawal, or certified by an act of its own.
pub(super) fn ends(charter: &Charter, notice: &Standing, own: &[Standing]) -> Option<Edtf> {
    let certified =
        |act: &Standing| act.event.act.kind() == ActKind::WithdrawalEffective && given(act) >= given(notice);
    if own.iter().any(certified) {
        return None;
    }
    foreseen(charter, notice, own, Day::FUTURE)
}

/// The day on which a notice was to take effect, by the acts given up to and including `until` (VCLT 56, 65, 67, 68).
pub fn foreseen(charter: &Charter, notice: &Standing, own: &[Standing], until: Day) -> Option<Edtf> {
    let mut end = by_clause(charter, notice)?;
    let mut later: Vec<&Standing> =
        own.iter().filter(|act| given(act) >= given(notice) && given(act) <= until).collect();
    later.sort_by_key(|act| (given(act), act.event.sequence, act.index));
    for act in later {
        let effect = act.event.effect();
        match act.event.act.kind() {
            ActKind::WithdrawalPeriodExtended => {
                let to = [Role::Planned, Role::Until, Role::Effective];
                end = to.iter().find_map(|role| act.event.dates.get(*role)).cloned().unwrap_or(end);
            }
            ActKind::WithdrawalRevoked if given(act) <= end.latest() => return None,
            // Resumed from the very day, or before it: the absence was no withdrawal.
            ActKind::ParticipationResumed if effect.is_some_and(|on| on.latest() <= end.earliest()) => {
                return None;
            }
            _ => {}
        }
    }
    Some(end)
}

/// The last day on which an act may have been given.
fn given(act: &Standing) -> Day {
    given_date(act).map_or(Day::PAST, Edtf::latest)
}

fn by_clause(charter: &Charter, notice: &Standing) -> Option<Edtf> {
    let event = &*notice.event;
    let stated = || [Role::Effective, Role::Planned].iter().find_map(|role| event.dates.get(*role)).cloned();
    let own = [Role::Received, Role::Done, Role::Notified].iter().find_map(|role| event.dates.get(*role));
    let own = own.or_else(|| event.date())?;
    let ruled = charter.on(own.latest()).clauses.withdrawal.as_ref();
    let inherited = ruled.and_then(|ruled| charter.version_of(ruled.entry)).is_some_and(|v| v.inherited);
    match ruled.map(|ruled| &ruled.rule.rule) {
        // If the treaty's own clause is not known, the day that the notice itself states is better than a general one.
        _ if inherited && stated().is_some() => stated(),
        Some(Rule::Notice { then, .. }) => {
            let (first, last) = (then.from(own.earliest()), then.from(own.latest()));
            // A notice may state a later day than the one from which it could have effect.
            let asked = stated().filter(|day| day.earliest() > last);
            Some(asked.unwrap_or_else(|| Edtf::one_of(first, last)))
        }
        Some(Rule::NoRight) => None,
        Some(Rule::Stated) => stated(),
        // Nothing is known of a right to withdraw: at least twelve months after the notice, if ever (VCLT 56).
        None if charter.about.kind == BodyKind::Treaty => {
            stated().or_else(|| Some(Edtf::one_of(Delay::Months(12).from(own.earliest()), Day::FUTURE)))
        }
        _ => stated().or_else(|| Some(own.clone())),
    }
}
