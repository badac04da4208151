//! Notes on participants in time: earlier names of a seat, continuations and successions.

use crate::event::{ActKind, Day, Edtf, ParticipantId, Register, StatusId};
use crate::history::Standing;

use super::body::BodyView;

/// The notes on the line of a participant on a day.
pub(super) fn lines(view: &BodyView, who: &ParticipantId, on: Day) -> Vec<String> {
    let mut notes = Vec::new();
    let Some(pair) = view.pairs.get(who) else { return successor(view, who, on) };
    let name = |id: &ParticipantId| format!("{} ({id})", Register::builtin().name_on(id, on));
    for act in pair.about.iter().filter(|a| a.event.act.kind() == ActKind::ContinuationDeclared) {
        let Some((by, date)) = act.event.participant.as_ref().zip(act.event.effect()) else { continue };
        let entry = act.index;
        notes.push(if date.latest() > on {
            format!("continued by {} from {date} (entry {entry}): one line, recorded under {by}", name(by))
        } else {
            format!("continued by {} since {date} (entry {entry}): ask for {by}", name(by))
        });
    }
    for act in &pair.own {
        let Some(date) = act.event.effect() else { continue };
        notes.extend(own(act, date, on, &name));
    }
    notes.extend(extinct(view, who, on));
    notes.extend(successor(view, who, on));
    notes
}

fn own(act: &Standing, date: &Edtf, on: Day, name: &dyn Fn(&ParticipantId) -> String) -> Option<String> {
    let entry = act.index;
    let other = act.event.about.as_ref();
    let after = date.latest() > on;
    match (act.event.act.kind(), other) {
        (ActKind::ContinuationDeclared, Some(other)) if after => Some(format!(
            "the seat was that of {}, continued by this one from {date} (entry {entry})",
            name(other)
        )),
        (ActKind::ContinuationDeclared, Some(other)) => Some(format!(
            "continues {} since {date} (entry {entry}): the same line, no admission",
            name(other)
        )),
        (ActKind::MergedInto, Some(other)) if !after => {
            Some(format!("merged into {} on {date} (entry {entry}), which continues as one", name(other)))
        }
        (ActKind::SeparateMembershipResumed, _) if !after => {
            Some(format!("separate membership resumed on {date} (entry {entry}), without a new admission"))
        }
        (ActKind::CeasedToExist, _) if !after => Some(format!("ceased to exist on {date} (entry {entry})")),
        (ActKind::ParticipationResumed, _)
            if date.earliest() <= on && act.event.date().is_some_and(|d| d.earliest() > on) =>
        {
            Some(format!("as declared later, the participation was never given up (entry {entry})"))
        }
        _ => None,
    }
}

/// That a state was no more on a day, by the register, if no act recorded here says so.
fn extinct(view: &BodyView, who: &ParticipantId, on: Day) -> Option<String> {
    let participant = Register::builtin().get(who).filter(|_| !view.charter.body.is_state_list())?;
    let ended = participant.ended.filter(|ended| *ended <= on)?;
    let is_end =
        |act: &Standing| matches!(act.event.act.kind(), ActKind::CeasedToExist | ActKind::MergedInto);
    let is_recorded = view.pairs.get(who).is_some_and(|pair| pair.own.iter().any(is_end));
    (!is_recorded)
        .then(|| format!("{} was no longer a state from {ended} (the register)", participant.name()))
}

/// A membership does not pass to successors by itself: who has no act of its own yet is told whom it followed.
fn successor(view: &BodyView, who: &ParticipantId, on: Day) -> Vec<String> {
    let Some(participant) = Register::builtin().get(who) else { return Vec::new() };
    if view.history(who).on(on).statuses().iter().any(|status| !status.is_none()) {
        return Vec::new();
    }
    let held = |before: &&ParticipantId| view.pairs.get(*before).is_some_and(|pair| !pair.own.is_empty());
    let line = |before: &ParticipantId| {
        let history = view.history(before);
        let reading = history.on(on);
        let now = match reading.status() {
            Some(status) if status.is_none() => "had no status any more".to_owned(),
            Some(status) => format!("was still {status}"),
            None => {
                let possible = view.in_order(reading.statuses());
                let names: Vec<&str> = possible.iter().map(StatusId::as_str).collect();
                format!("was {} ({})", names.join(" or "), reading.certainty.name())
            }
        };
        format!("a successor of {before}, which {now} on that day: a membership does not pass by itself")
    };
    participant.predecessors.iter().filter(held).map(line).collect()
}
