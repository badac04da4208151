//! Objections to an accession: some treaties let a party keep an accession from having effect between the two (Convention on the
//! Apostille 1961, art. 12; other conventions of the Hague Conference).

use chrono::Months;

use crate::event::{Act, ActKind, Day, Edtf, Form, ParticipantId, Role};

use super::reservation::{Objection, Timing, objection_to};
use super::standing::Standing;

/// The months that a party has to object from the receipt of the notification of an accession.
const MONTHS_TO_OBJECT: u32 = 6;
/// The months after the deposit within which a notification is received, if its day is not recorded.
const MONTHS_TO_NOTIFY: u32 = 6;

/// An objection of one party to the consent of another.
#[derive(Clone, Debug)]
pub struct ObjectionToConsent<'s> {
    /// The consent that it objects to.
    pub consent: &'s Standing,
    /// The objection.
    pub objection: Objection<'s>,
    /// The reason why it has no effect; `None` for an objection to an accession, in time.
    pub void: Option<&'static str>,
    /// The time of the objection: before or after the end of its period.
    pub timing: Timing,
}

/// The objections of one participant to consents of another, by their days.
pub fn objections_to_consent<'s>(
    acts: &[&'s Standing],
    by: &ParticipantId,
    of: &ParticipantId,
) -> Vec<ObjectionToConsent<'s>> {
    let has_signed = acts_of(acts, of)
        .any(|act| matches!(act.event.act.kind(), ActKind::TreatySigned | ActKind::SignatureAdReferendum));
    let mut objections = Vec::new();
    for consent in acts_of(acts, of) {
        let Act::InstrumentDeposited(form) = &consent.event.act else { continue };
        let is_accession = matches!(form, Some(Form::Accession)) || (form.is_none() && !has_signed);
        let own = acts_of(acts, by).filter(|act| {
            act.event.act.kind() == ActKind::ObjectionMade && act.event.to == Some(consent.event.id)
        });
        for act in own {
            let objection = objection_to(acts, act);
            let timing = objection.timing(period_ends(acts, consent).as_ref());
            let void = match timing {
                _ if !is_accession => Some("a ratification cannot be objected to"),
                Timing::Late => Some("it came more than six months after the notification"),
                Timing::InTime | Timing::Unsettled => None,
            };
            objections.push(ObjectionToConsent { consent, objection, void, timing });
        }
    }
    objections.sort_by_key(|o| (o.objection.act.event.date().map(Edtf::earliest), o.objection.act.index));
    objections
}

fn acts_of<'a, 's>(
    acts: &'a [&'s Standing],
    who: &'a ParticipantId,
) -> impl Iterator<Item = &'s Standing> + 'a {
    acts.iter().copied().filter(move |act| act.event.participant.as_ref() == Some(who))
}

/// The last day for an objection: six months after the notification. If the day of the notification is not recorded, the
/// notification came at most six months after the deposit.
fn period_ends(acts: &[&Standing], consent: &Standing) -> Option<Edtf> {
    let is_notice = |act: &&&Standing| {
        act.event.act.kind() == ActKind::DepositaryNotified && act.event.to == Some(consent.event.id)
    };
    let notice = || acts.iter().find(is_notice).and_then(|act| act.event.date());
    if let Some(notified) = consent.event.dates.get(Role::Notified).or_else(notice) {
        let end = |day| after(day, MONTHS_TO_OBJECT);
        return Some(Edtf::one_of(end(notified.earliest())?, end(notified.latest())?));
    }
    let deposited = consent.event.dates.get(Role::Deposited).or_else(|| consent.event.date())?;
    let last = after(deposited.latest(), MONTHS_TO_NOTIFY + MONTHS_TO_OBJECT)?;
    Some(Edtf::day(last))
}

fn after(day: Day, months: u32) -> Option<Day> {
    day.date()?.checked_add_months(Months::new(months)).map(Day::from_date)
}
