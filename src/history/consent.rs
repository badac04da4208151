//! Consents to be bound, and the acts that take them back: one derivation for counts, statuses and tables.
//!
//! A notice binds parties for its period (VCLT 54, 56). Given before the treaty is in force for its state, whatever the act
//! is called, it takes the consent back on receipt; a signature stays (VCLT 18).

use crate::event::{ActKind, Day, Edtf, Index, Role, StatusId};

use super::standing::Standing;

/// A consent of one participant, from its date to the act by which the participant first left.
#[derive(Clone, Copy, Debug)]
pub struct GivenConsent<'s> {
    /// The act.
    pub act: &'s Standing,
    /// Its legal date.
    pub date: &'s Edtf,
    /// The first act of leaving after it.
    pub left: Option<Leaving<'s>>,
}

/// An act by which a participant leaves, or takes its consent back.
#[derive(Clone, Copy, Debug)]
pub struct Leaving<'s> {
    /// The act.
    pub act: &'s Standing,
    /// The day on which it was given: for a notice the day of its receipt, for a certified end the day of the end.
    pub given: &'s Edtf,
}

/// A consent that was taken back before it had effect.
#[derive(Clone, PartialEq, Debug)]
pub struct TakenBack {
    /// The entry of the consent.
    pub consent: Index,
    /// The day on which it was taken back.
    pub on: Edtf,
    /// The status that the participant keeps: that of its signature, or none.
    pub keeps: StatusId,
}

/// The legal date of a consent to be bound: the deposit (VCLT 16), otherwise the act's own date.
pub fn consent_date(act: &Standing) -> Option<&Edtf> {
    act.event.dates.get(Role::Deposited).or_else(|| act.event.date())
}

/// The consents of a participant in the order of their dates, without those of rival chains. A deposit before the participant has
/// left is not a new consent. If the acts of one day have no sequence, their order is the one that is possible: a participant must
/// have consented before it leaves, and have left before it consents anew.
pub fn consents<'s>(own: &'s [Standing], consents: impl Fn(&Standing) -> bool) -> Vec<GivenConsent<'s>> {
    let mut steps: Vec<(Day, Option<u16>, Step<'s>)> = Vec::new();
    for act in own.iter().filter(|act| act.event.rival.is_none()) {
        if consents(act) {
            let step = consent_date(act).map(|date| Step::Consents(act, date));
            steps.extend(step.map(|step| (step.date().latest(), act.event.sequence, step)));
        } else if let Some(given) = leaving_date(act) {
            steps.push((given.latest(), act.event.sequence, Step::Leaves(Leaving { act, given })));
        }
    }
    steps.sort_by_key(|(day, sequence, step)| (*day, *sequence, step.entry()));
    let mut given: Vec<GivenConsent<'s>> = Vec::new();
    let mut rest = steps.as_mut_slice();
    while let Some((day, sequence, _)) = rest.first() {
        let (day, sequence) = (*day, *sequence);
        let alike = rest.iter().take_while(|(on, place, _)| (*on, *place) == (day, sequence)).count();
        let (group, later) = rest.split_at_mut(alike);
        let is_bound = given.last().is_some_and(|consent| consent.left.is_none());
        group.sort_by_key(|(_, _, step)| (step.is_leaving() != is_bound, step.entry()));
        group.iter().for_each(|(_, _, step)| step.apply(&mut given));
        rest = later;
    }
    given
}

/// One step of a participant towards the treaty or away from it.
#[derive(Clone, Copy)]
enum Step<'s> {
    Consents(&'s Standing, &'s Edtf),
    Leaves(Leaving<'s>),
}

impl<'s> Step<'s> {
    fn date(&self) -> &'s Edtf {
        match self {
            Step::Consents(_, date) => date,
            Step::Leaves(leaving) => leaving.given,
        }
    }

    fn entry(&self) -> Index {
        match self {
            Step::Consents(act, _) => act.index,
            Step::Leaves(leaving) => leaving.act.index,
        }
    }

    fn is_leaving(&self) -> bool {
        matches!(self, Step::Leaves(_))
    }

    fn apply(&self, given: &mut Vec<GivenConsent<'s>>) {
        let open = given.last_mut().filter(|consent| consent.left.is_none());
        match (self, open) {
            (Step::Consents(act, date), None) => given.push(GivenConsent { act, date, left: None }),
            (Step::Leaves(leaving), Some(consent)) => consent.left = Some(*leaving),
            (Step::Consents(..), Some(_)) | (Step::Leaves(_), None) => {}
        }
    }
}

impl GivenConsent<'_> {
    /// The act that took this consent back before it had effect on `effect`, if one did for certain.
    pub fn taken_back_before(&self, effect: Option<&Edtf>) -> Option<Leaving<'_>> {
        self.left.filter(|leaving| {
            takes_back(leaving.act.event.act.kind())
                && effect.is_none_or(|effect| leaving.given.latest() < effect.earliest())
        })
    }
}

/// True for an act that takes a consent back if the treaty is not yet in force for the participant.
pub const fn takes_back(act: ActKind) -> bool {
    matches!(
        act,
        ActKind::InstrumentRejectedOrWithdrawn | ActKind::TreatyDenounced | ActKind::WithdrawalNotified
    )
}

/// The day on which a participant gave a notice of leaving, or left; `None` for any other act.
fn leaving_date(act: &Standing) -> Option<&Edtf> {
    match act.event.act.kind() {
        ActKind::WithdrawalEffective | ActKind::CeasedToExist => act.event.effect(),
        kind if takes_back(kind) => given_date(act),
        _ => None,
    }
}

/// The date on which an act was given: received, otherwise done, notified or decided, otherwise its own date.
pub(super) fn given_date(act: &Standing) -> Option<&Edtf> {
    let roles = [Role::Received, Role::Done, Role::Notified, Role::Decided];
    roles.iter().find_map(|role| act.event.dates.get(*role)).or_else(|| act.event.date())
}
