//! Corrections of a text (VCLT 79): proposed by the depositary, open to objection for a time, then effected; the corrected
//! text takes the place of the defective one *ab initio*, unless decided otherwise.
//!
//! [`charter_acts`] is the one place that decides which acts make the rules of a body; questions, admission and the audit all
//! fold its result.

use crate::charter::CharterAct;
use crate::event::{Act, ActKind, BodyId, Day, Edtf, EventId, Role};

use super::standing::Standing;

/// The time for objections, in days, if the proposal sets none: the practice of the United Nations.
pub const OBJECTION_DAYS: usize = 90;

/// The adoptions, amendments and effected corrections of a body, in the order of the log; with those of the body whose charter it
/// extends. That charter may not itself extend another.
///
/// An effected correction counts if its proposal is not retracted and one of the two carries the corrected text. It applies from
/// its own `effective` date, else from the first day of the text that it corrects, else from that of the body's first text.
pub fn charter_acts<'a>(acts: &'a [Standing], body: &BodyId) -> Vec<CharterAct<'a>> {
    let mut found = own_acts(acts, body);
    if let Some(pattern) = found.iter().find_map(CharterAct::extends).filter(|pattern| pattern != body) {
        found.extend(own_acts(acts, &pattern).into_iter().map(CharterAct::inherited));
        found.sort_by_key(|act| act.entry);
    }
    found
}

fn own_acts<'a>(acts: &'a [Standing], body: &BodyId) -> Vec<CharterAct<'a>> {
    let here = || acts.iter().filter(|a| a.event.body == *body);
    let mut found: Vec<CharterAct<'a>> = here().filter_map(|a| CharterAct::of(a.index, &a.event)).collect();
    if found.is_empty() {
        return found;
    }
    let effected = here().filter(|a| a.event.act.kind() == ActKind::CorrectionEffected);
    let corrections: Vec<CharterAct<'a>> = effected.filter_map(|a| corrected(acts, &found, a)).collect();
    found.extend(corrections);
    found.sort_by_key(|act| act.entry);
    found
}

/// The rules of a body as they would be if a proposal were effected; `None` if the proposal carries no text.
pub fn charter_acts_with<'a>(
    acts: &'a [Standing],
    body: &BodyId,
    proposal: &'a Standing,
) -> Option<Vec<CharterAct<'a>>> {
    let mut found = charter_acts(acts, body);
    let text = proposal.event.act.charter_text()?;
    let effective = holds_from(acts, &found, proposal, proposal);
    let (entry, event) = (proposal.index, &*proposal.event);
    found.push(CharterAct { entry, event, text, effective, inherited: false });
    Some(found)
}

fn corrected<'a>(
    acts: &'a [Standing],
    texts: &[CharterAct<'a>],
    effected: &'a Standing,
) -> Option<CharterAct<'a>> {
    let proposal = proposal_of(acts, effected)?;
    let text = effected.event.act.charter_text().or_else(|| proposal.event.act.charter_text())?;
    let effective = holds_from(acts, texts, effected, proposal);
    Some(CharterAct { entry: effected.index, event: &effected.event, text, effective, inherited: false })
}

fn named(acts: &[Standing], id: Option<EventId>) -> Option<&Standing> {
    id.and_then(|id| acts.iter().find(|a| a.event.id == id))
}

fn proposal_of<'a>(acts: &'a [Standing], effected: &Standing) -> Option<&'a Standing> {
    named(acts, effected.event.to).filter(|a| a.event.act.kind() == ActKind::CorrectionProposed)
}

/// The first day on which a correction applies: its own, else that of the text it corrects, else of the first text.
fn holds_from<'a>(
    acts: &'a [Standing],
    texts: &[CharterAct<'a>],
    correction: &'a Standing,
    proposal: &'a Standing,
) -> Option<&'a Edtf> {
    if let Some(stated) = correction.event.dates.get(Role::Effective) {
        return Some(stated);
    }
    let mut target = named(acts, proposal.event.to);
    // A correction may correct a correction: the walk to the text takes at most one step for each act.
    for _ in 0..acts.len() {
        let Some(act) = target else { break };
        match &act.event.act {
            Act::CharterAdopted(_) | Act::CharterAmended(_) => return act.event.dates.get(Role::Effective),
            Act::CorrectionEffected(_) if act.event.dates.get(Role::Effective).is_some() => {
                return act.event.dates.get(Role::Effective);
            }
            Act::CorrectionEffected(_) | Act::CorrectionProposed(_) => target = named(acts, act.event.to),
            _ => break,
        }
    }
    let first = texts.iter().min_by_key(|t| t.effective.map_or(Day::PAST, Edtf::earliest));
    first.and_then(|text| text.effective)
}

/// A proposed correction with its outcome.
#[derive(Clone, Debug)]
pub struct Proposal<'s> {
    /// The proposal.
    pub act: &'s Standing,
    /// The first day on which an objection is too late; `None` if the proposal was not notified and sets no time.
    pub until: Option<Day>,
    /// Objections in time that were not withdrawn.
    pub objections: Vec<&'s Standing>,
    /// The act that effected it.
    pub effected: Option<&'s Standing>,
}

impl Proposal<'_> {
    /// `effected`, `objected` or `proposed`.
    pub fn state(&self) -> &'static str {
        match (self.effected, self.objections.is_empty()) {
            (Some(_), _) => "effected",
            (None, false) => "objected",
            (None, true) => "proposed",
        }
    }
}

/// Every proposed correction of a body among these acts, in the order given.
pub fn proposals<'s>(acts: &[&'s Standing], body: &BodyId) -> Vec<Proposal<'s>> {
    let of_kind = |kind: ActKind| acts.iter().copied().filter(move |a| a.event.act.kind() == kind);
    let here = of_kind(ActKind::CorrectionProposed).filter(|a| a.event.body == *body);
    let proposal = |act: &'s Standing| {
        let until = window(act);
        let to_it = |a: &&'s Standing| a.event.to == Some(act.event.id);
        let in_time = |a: &&'s Standing| {
            until.is_none_or(|until| a.event.date().is_none_or(|date| date.earliest() < until))
        };
        let withdrawn =
            |a: &&'s Standing| of_kind(ActKind::ObjectionWithdrawn).any(|w| w.event.to == Some(a.event.id));
        let objections = of_kind(ActKind::ObjectionMade).filter(to_it).filter(in_time);
        Proposal {
            act,
            until,
            objections: objections.filter(|a| !withdrawn(a)).collect(),
            effected: of_kind(ActKind::CorrectionEffected).find(to_it),
        }
    };
    here.map(proposal).collect()
}

/// The first day on which an objection is too late: `until` or `planned` of the proposal, else the day after the
/// ninetieth from its notification.
fn window(proposal: &Standing) -> Option<Day> {
    let dates = &proposal.event.dates;
    if let Some(stated) = dates.get(Role::Until).or_else(|| dates.get(Role::Planned)) {
        return Some(stated.latest());
    }
    let notified = dates.get(Role::Notified)?.latest();
    Some((0..=OBJECTION_DAYS).fold(notified, |day, _| day.next()))
}
