//! Proposed corrections of a treaty's text (VCLT 79), and the status of a participant under the corrected text.

use std::sync::Arc;

use serde::Serialize;

use crate::charter::{Charter, CharterAct};
use crate::event::{ActKind, Day, Edtf, EventId, Index, ParticipantId, Role, StatusId};
use crate::history::{Certainty, Proposal, Standing, charter_acts, charter_acts_with, proposals};

use super::answer::settled;
use super::body::{BodyView, Material};

/// A proposed correction with its outcome.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct CorrectionItem {
    /// The index of the proposal.
    pub entry: Index,
    /// The index of the entry whose text it corrects.
    pub to: Option<Index>,
    /// The state of the proposal: `proposed`, `objected` or `effected`.
    pub state: &'static str,
    /// The date on which the proposal was notified.
    pub notified: Option<Edtf>,
    /// The first day on which an objection is too late.
    pub objections_until: Option<Edtf>,
    /// The indexes of the objections that were made in time and not withdrawn.
    pub objections: Vec<Index>,
    /// The index of the entry that effected it.
    pub effected: Option<Index>,
    /// The date from which the corrected text applies, or would apply; `null` if it applies from the beginning or the
    /// proposal carries no text.
    pub effective: Option<Edtf>,
    /// The title of the correction, else its note.
    pub what: Option<String>,
    /// The status under the corrected text, while the correction is proposed and if the proposal carries that text.
    pub reading: Option<CorrectedReading>,
}

/// The status of a participant as it would be under a corrected text.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct CorrectedReading {
    /// The status; `null` if it is not settled.
    pub status: Option<StatusId>,
    /// The certainty of the status.
    pub certainty: Certainty,
    /// Every status that is possible.
    pub possible: Vec<StatusId>,
}

/// The proposed corrections of a body, each with the status of `participant` under the corrected text if one is given.
pub fn corrections(
    material: &Material,
    view: &BodyView,
    participant: Option<&ParticipantId>,
    on: Day,
) -> Vec<CorrectionItem> {
    if !view.alone.iter().any(|a| a.event.act.kind() == ActKind::CorrectionProposed) {
        return Vec::new();
    }
    let acts: Vec<&Standing> = view.acts().collect();
    let ruling: Vec<Standing> = view.alone.iter().chain(&view.pattern).cloned().collect();
    let place = |id: Option<EventId>| material.entries.iter().find(|e| Some(e.event.id) == id);
    let item = |proposal: &Proposal<'_>| {
        let event = &proposal.act.event;
        let texts = match proposal.effected {
            Some(_) => Some(charter_acts(&ruling, &view.charter.body)),
            None => charter_acts_with(&ruling, &view.charter.body, proposal.act),
        };
        let at = proposal.effected.map_or(proposal.act.index, |act| act.index);
        let own = texts.iter().flatten().find(|text| text.entry == at);
        let state = proposal.state();
        let reading = participant.filter(|_| state == "proposed").zip(texts.as_ref());
        CorrectionItem {
            entry: proposal.act.index,
            to: place(event.to).map(|e| e.index),
            state,
            notified: event.dates.get(Role::Notified).cloned(),
            objections_until: proposal.until.map(Edtf::day),
            objections: proposal.objections.iter().map(|a| a.index).collect(),
            effected: proposal.effected.map(|a| a.index),
            effective: own.and_then(|text| text.effective.cloned()),
            what: event.title.clone().or_else(|| event.note.clone()),
            reading: reading.and_then(|(participant, texts)| read(view, texts, participant, on)),
        }
    };
    let mut items: Vec<CorrectionItem> = proposals(&acts, &view.charter.body).iter().map(item).collect();
    items.sort_by_key(|item| item.entry);
    items
}

/// The corrections still in the state `proposed` that carry a corrected text, each with the body under that text.
pub(super) fn proposed<'i>(
    view: &BodyView,
    items: &'i [CorrectionItem],
) -> Vec<(&'i CorrectionItem, BodyView)> {
    let other = |item: &'i CorrectionItem| {
        let act = view.alone.iter().find(|act| act.index == item.entry)?;
        let texts = charter_acts_with(&view.alone, &view.charter.body, act)?;
        let charter = Charter::fold(&view.charter.body, &texts).ok().flatten()?;
        Some((item, view.under(Arc::new(charter))))
    };
    items.iter().filter(|item| item.state == "proposed").filter_map(other).collect()
}

/// The status under other rules; `None` if the texts make no rules that can be read.
fn read(
    view: &BodyView,
    texts: &[CharterAct<'_>],
    participant: &ParticipantId,
    on: Day,
) -> Option<CorrectedReading> {
    let charter = Charter::fold(&view.charter.body, texts).ok().flatten()?;
    let other = view.under(Arc::new(charter));
    let reading = other.history(participant).on(on);
    let possible = other.in_order(reading.statuses());
    let status = settled(reading.certainty, &possible);
    Some(CorrectedReading { status, certainty: reading.certainty, possible })
}

/// The lines that say that a correction is proposed, with the status under the corrected text, so that the reader has
/// both readings until it is settled; and the lines on a correction that was effected although an objection had been
/// made in time, which was recorded too late to refuse it.
pub(super) fn notes(items: &[CorrectionItem]) -> Vec<String> {
    let read = |item: &CorrectionItem| {
        let read = item.reading.as_ref().map(|reading| {
            let said: Vec<&str> = reading.possible.iter().map(StatusId::as_str).collect();
            format!("; under the corrected text: {}", said.join(" or "))
        });
        format!("{}{}", line(item), read.unwrap_or_default())
    };
    let against = |item: &CorrectionItem| {
        let (effected, objection) = (item.effected?, item.objections.first()?);
        Some(format!(
            "the correction proposed by entry {} was effected (entry {effected}) although it was objected to in time \
             (entry {objection}): VCLT 79(2)",
            item.entry
        ))
    };
    let proposed = items.iter().filter(|item| item.state == "proposed").map(read);
    proposed.chain(items.iter().filter_map(against)).collect()
}

/// The line that says that a correction is proposed, and until which day objections may be made.
pub(super) fn line(item: &CorrectionItem) -> String {
    let of = item.to.map(|to| format!(" of entry {to}")).unwrap_or_default();
    let notified = item.notified.as_ref().map(|d| format!(", notified {d}")).unwrap_or_default();
    let until = item.objections_until.as_ref();
    let until = until.map(|d| format!(", objections before {d}")).unwrap_or_default();
    format!("a correction{of} is proposed (entry {}{notified}{until})", item.entry)
}
