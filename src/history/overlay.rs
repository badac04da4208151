//! Overlays, which add to a status without changing it: suspension, dormancy, provisional application, representation (the
//! government that speaks for the participant), territorial scope.

use crate::event::{Act, ActKind, Day, Edtf, Event, Index, Role};

use super::rival::History;
use super::standing::Standing;

/// A condition of a participant that adds to its status without changing it.
#[derive(Clone, PartialEq, Debug)]
pub struct Overlay {
    /// `suspended`, `dormant`, `frozen`, `provisional-application`, `operation-suspended`, `territorial-scope` or
    /// `representation`.
    pub kind: &'static str,
    /// The rights or territories, as the decision names them; of a representation, the government that speaks.
    pub scope: Option<String>,
    /// Its first day.
    pub since: Edtf,
    /// Its end, if an act known by then states one.
    pub until: Option<Edtf>,
    /// The act.
    pub entry: Index,
}

/// The overlays in effect on a day, oldest first. A suspended member is a member *and* suspended. An overlay whose end is known
/// to a month is shown to the last day of that month, with its end. A suspension ends when the member leaves.
pub fn overlays<'s>(
    acts: impl IntoIterator<Item = &'s Standing>,
    history: &History,
    on: Day,
) -> Vec<Overlay> {
    let acts: Vec<&Standing> = acts.into_iter().collect();
    let mut open = recorded(&acts, on);
    if open.is_empty() {
        return open;
    }
    let left: Vec<Day> = departures(&acts, history).into_iter().filter(|day| *day <= on).collect();
    let outlived = |overlay: &Overlay| {
        ENDED_BY_LEAVING.contains(&overlay.kind) && left.iter().any(|day| overlay.since.earliest() < *day)
    };
    open.retain(|overlay| !outlived(overlay));
    open
}

/// The days on which the participant had certainly left, by the acts that gave it no status or that of a former holder. For a
/// notice it is the day of its effect, which no act need certify.
fn departures(acts: &[&Standing], history: &History) -> Vec<Day> {
    let leaves = |entry: Index| {
        let act = acts.iter().find(|act| act.index == entry).map(|act| act.event.act.kind());
        act.is_some_and(is_departure)
    };
    let spells = history.spells().into_iter();
    spells
        .filter(|spell| {
            let mut worlds = spell.reading.worlds.iter();
            worlds.all(|(at, world)| {
                let course = history.accounts.get(*at).map(|account| &account.course);
                let cause = course.zip(world.cause).and_then(|(course, cause)| course.causes.get(cause));
                cause.is_some_and(|cause| leaves(cause.entry))
            })
        })
        .map(|spell| spell.from)
        .collect()
}

/// True if an act of this kind gives the status of having left.
const fn is_departure(act: ActKind) -> bool {
    matches!(
        act,
        ActKind::WithdrawalNotified
            | ActKind::WithdrawalEffective
            | ActKind::TreatyDenounced
            | ActKind::Expelled
            | ActKind::CeasedMembership
            | ActKind::StatusRevoked
            | ActKind::MergedInto
            | ActKind::CeasedToExist
    )
}

/// The overlays that only the holder of a status can be under.
const ENDED_BY_LEAVING: &[&str] =
    &["suspended", "dormant", "frozen", "operation-suspended", "territorial-scope"];

/// The overlays begun, and not ended, by acts up to a day.
fn recorded(acts: &[&Standing], on: Day) -> Vec<Overlay> {
    let mut dated: Vec<(Day, &Standing)> = acts
        .iter()
        .filter_map(|a| Some((a.event.effect()?.earliest(), *a)))
        .filter(|(day, _)| *day <= on)
        .collect();
    dated.sort_by_key(|(day, act)| (*day, act.index));
    let mut open: Vec<Overlay> = Vec::new();
    for (_, act) in dated {
        let Some(effect) = act.event.effect() else { continue };
        let over = act.event.dates.get(Role::Until).is_some_and(|until| until.latest() <= on);
        let ends = ends(act.event.act.kind());
        let is_ended =
            |overlay: &Overlay| ends.contains(&overlay.kind) || is_resumed(act.event.act.kind(), overlay);
        if effect.latest() <= on {
            open.retain(|overlay| !is_ended(overlay));
        }
        for overlay in open.iter_mut().filter(|overlay| is_ended(overlay)) {
            overlay.until = Some(effect.clone());
        }
        if let (Some((kind, scope)), false) = (begins(&act.event), over) {
            open.retain(|overlay| overlay.kind != kind || overlay.scope != scope);
            let until = act.event.dates.get(Role::Until).cloned();
            open.push(Overlay { kind, scope, since: effect.clone(), until, entry: act.index });
        }
    }
    open
}

/// True if an act begins or ends an overlay.
pub fn moves_overlays(event: &Event) -> bool {
    begins(event).is_some() || !ends(event.act.kind()).is_empty()
}

/// The overlay that an act begins, and its scope.
fn begins(event: &Event) -> Option<(&'static str, Option<String>)> {
    Some(match &event.act {
        Act::RightsSuspended(scope) | Act::MembershipSuspended(scope) => {
            ("suspended", scope.as_ref().map(ToString::to_string))
        }
        Act::ParticipationLapsed => ("dormant", None),
        Act::ParticipationFrozen => ("frozen", None),
        Act::ProvisionalApplicationBegan => ("provisional-application", None),
        Act::TreatyOperationSuspended => ("operation-suspended", event.title.clone()),
        Act::TerritorialApplicationDeclared(scope) => {
            let said = scope.as_ref().map(ToString::to_string);
            ("territorial-scope", said.or_else(|| event.title.clone()))
        }
        Act::RepresentationChanged => ("representation", event.title.clone()),
        _ => return None,
    })
}

/// The overlays that an act ends.
fn ends(act: ActKind) -> &'static [&'static str] {
    match act {
        ActKind::SuspensionLifted => &["suspended", "operation-suspended"],
        // One government speaks at a time, named by the latest act.
        ActKind::RepresentationChanged => &["representation"],
        ActKind::TreatyTerminated => &["provisional-application", "operation-suspended", "territorial-scope"],
        ActKind::ParticipationResumed => &["dormant", "frozen"],
        ActKind::ProvisionalApplicationEnded | ActKind::EnteredIntoForceForParticipant => {
            &["provisional-application"]
        }
        ActKind::Expelled | ActKind::CeasedMembership | ActKind::WithdrawalEffective => ENDED_BY_LEAVING,
        _ => &[],
    }
}

/// True for a suspension of participation that is lifted because the participation is resumed. A suspension of single rights
/// is lifted by the organ that suspended them.
fn is_resumed(act: ActKind, overlay: &Overlay) -> bool {
    let of_participation = |scope: &String| scope.to_lowercase().contains("participation");
    act == ActKind::ParticipationResumed
        && overlay.kind == "suspended"
        && overlay.scope.as_ref().is_none_or(of_participation)
}

/// The change of representation that was next after a day: until then another government spoke for the participant.
pub fn next_representation<'s>(
    acts: impl IntoIterator<Item = &'s Standing>,
    on: Day,
) -> Option<&'s Standing> {
    let changes = acts.into_iter().filter(|a| a.event.act.kind() == ActKind::RepresentationChanged);
    let later = changes.filter_map(|a| Some((a.event.effect()?.earliest(), a)));
    later.filter(|(day, _)| *day > on).min_by_key(|(day, act)| (*day, act.index)).map(|(_, act)| act)
}
