//! Changes to come, as they were foreseen by the acts up to a day.

use crate::charter::EffectBy;
use crate::event::{ActKind, Day, Edtf, ParticipantId, Role, StatusId};
use crate::history::{History, PairView, SpellCause, Standing, foreseen, moves_overlays};

use super::answer::ScheduledItem;
use super::body::BodyView;

/// Changes after `on` that acts of that day or earlier bring about, and days that such acts foresee.
pub(super) fn scheduled(
    view: &BodyView,
    who: &ParticipantId,
    pair: &PairView,
    history: &History,
    on: Day,
) -> Vec<ScheduledItem> {
    let mut found: Vec<ScheduledItem> = Vec::new();
    for account in &history.accounts {
        let slices = account.course.slices.iter().filter(|s| s.from > on).flat_map(|s| &s.worlds);
        for world in slices {
            let Some(cause) = world.cause.and_then(|id| account.course.causes.get(id)) else { continue };
            if cause.date.earliest() > on && is_decided(view, cause, on) {
                let because = vec![cause.entry];
                found.push(ScheduledItem { status: world.status.clone(), on: cause.date.clone(), because });
            }
        }
    }
    // If the condition of an accession is met and its day is fixed, the change is scheduled even before an act
    // certifies it.
    let accession = view.board.accessions.get(who).filter(|accession| accession.met <= on);
    if let Some(derived) = accession.map(|a| &a.derived).filter(|derived| derived.on.earliest() > on) {
        let because = vec![derived.entry];
        found.push(ScheduledItem { status: derived.to.clone(), on: derived.on.clone(), because });
    }
    let stated = |act: &&Standing| act.event.date().is_some_and(|d| d.latest() <= on);
    for act in pair.own.iter().filter(stated) {
        found.extend(notice_running(view, pair, history, act, on));
        found.extend(planned(pair, act, on));
    }
    found.sort_by(|a, b| (a.on.earliest(), &a.because).cmp(&(b.on.earliest(), &b.because)));
    found.dedup();
    found
}

/// True if every act on which a change rests was done by a day. The effect of a notice is left to [`notice_running`],
/// which foresees it from the acts of that day.
fn is_decided(view: &BodyView, cause: &SpellCause, on: Day) -> bool {
    let Some(act) = view.act(cause.entry) else {
        return view.charter.version_of(cause.entry).is_some_and(|version| version.known <= on);
    };
    let kind = act.event.act.kind();
    let computed = |by: EffectBy| {
        let rules = view.charter.versions().iter().flat_map(|v| &v.transitions);
        rules.filter(|t| t.rule.act.0 == kind).any(|t| t.rule.effect == Some(by))
    };
    let in_force = view.board.entry_into_force.as_ref().and_then(|e| e.trigger.as_ref());
    let done = act.event.date().is_some_and(|date| date.latest() <= on);
    done && !computed(EffectBy::Withdrawal)
        && (!computed(EffectBy::EntryIntoForce) || in_force.is_none_or(|trigger| trigger.on <= on))
}

/// The end of a notice period, as foreseen on a day.
fn notice_running(
    view: &BodyView,
    pair: &PairView,
    history: &History,
    notice: &Standing,
    on: Day,
) -> Option<ScheduledItem> {
    let kind = notice.event.act.kind();
    let rules = &view.charter.on(on).transitions;
    let rule = rules.iter().find(|t| t.rule.act.0 == kind && t.rule.effect == Some(EffectBy::Withdrawal))?;
    let end = foreseen(&view.charter, notice, &pair.own, on).filter(|end| end.earliest() > on)?;
    let left = history.on(on).statuses().contains(&rule.rule.to);
    let moved = |act: &&Standing| {
        let extends = act.event.act.kind() == ActKind::WithdrawalPeriodExtended;
        extends && act.event.date().is_some_and(|date| date.latest() <= on)
    };
    let mut because = vec![notice.index];
    because.extend(pair.own.iter().filter(moved).map(|act| act.index));
    (!left).then(|| ScheduledItem { status: rule.rule.to.clone(), on: end, because })
}

/// The day that an act plans for the status toward which it leads, unless that was declined or withdrawn since.
fn planned(pair: &PairView, act: &Standing, on: Day) -> Option<ScheduledItem> {
    let planned = act.event.dates.get(Role::Planned).filter(|planned| planned.earliest() > on)?;
    let toward: &StatusId = act.event.toward.as_ref()?;
    let began = act.event.date().map(Edtf::earliest);
    let closes = |other: &Standing| {
        let closing = [ActKind::InvitationDeclined, ActKind::ApplicationWithdrawn];
        let date = other.event.date();
        closing.contains(&other.event.act.kind())
            && date.is_some_and(|d| d.latest() <= on && Some(d.latest()) >= began)
    };
    let open = !pair.own.iter().any(closes);
    open.then(|| ScheduledItem { status: toward.clone(), on: planned.clone(), because: vec![act.index] })
}

/// The lines on acts that begin or end an overlay, done by a day and in effect only after it.
pub(super) fn overlays_to_come(pair: &PairView, on: Day) -> Vec<String> {
    let line = |act: &Standing| {
        let kind = act.event.act.kind();
        // A change of representation has a line of its own, and an act that moves a status is scheduled.
        let tells = moves_overlays(&act.event) && kind != ActKind::RepresentationChanged;
        let done = act.event.dates.iter().any(|(role, date)| role != Role::Effective && date.latest() <= on);
        let effect = act.event.effect().filter(|effect| effect.earliest() > on)?;
        let scope = act.event.act.scope().map(|scope| format!(" ({scope})")).unwrap_or_default();
        (tells && done && !kind.may_move_status())
            .then(|| format!("decided, not yet in effect: {kind}{scope} from {effect} (entry {})", act.index))
    };
    pair.own.iter().filter_map(line).collect()
}
