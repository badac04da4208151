//! Reservations, declarations and objections (VCLT 19-23): they act between two, and never give a status.

use chrono::Months;

use crate::event::{Act, ActKind, Day, Edtf, Role};

use super::standing::Standing;

/// The months that a state has to object from the notification of a reservation (VCLT 20(5)).
const MONTHS_TO_OBJECT: u32 = 12;

/// A reservation or declaration with the acts that concern it, none of them retracted.
#[derive(Clone, Debug)]
pub struct Reserved<'s> {
    /// The reservation or declaration.
    pub act: &'s Standing,
    /// The date of its notification, stated by itself or by a `depositary-notified` that answers it.
    pub notified: Option<&'s Edtf>,
    /// The act that withdrew it.
    pub withdrawal: Option<&'s Standing>,
    /// Objections to it, by their days.
    pub objections: Vec<Objection<'s>>,
}

/// An objection.
#[derive(Clone, Debug)]
pub struct Objection<'s> {
    /// The act.
    pub act: &'s Standing,
    /// The act that withdrew it.
    pub withdrawal: Option<&'s Standing>,
}

/// The time of an objection: in time or late.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Timing {
    /// On the last day of the period or before.
    InTime,
    /// After it: the reservation was accepted by then (VCLT 20(5)).
    Late,
    /// A partial date straddles the end.
    Unsettled,
}

impl Timing {
    /// The word used in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Timing::InTime => "in-time",
            Timing::Late => "late",
            Timing::Unsettled => "unsettled",
        }
    }
}

/// Every reservation and declaration among these acts, by their days.
pub fn reserved<'s>(acts: &[&'s Standing]) -> Vec<Reserved<'s>> {
    let of_kind = |kind: ActKind| acts.iter().copied().filter(move |a| a.event.act.kind() == kind);
    let answers = |kind: ActKind, act: &Standing| {
        let id = act.event.id;
        of_kind(kind).filter(move |a| a.event.to == Some(id))
    };
    let made = acts
        .iter()
        .copied()
        .filter(|a| matches!(a.event.act, Act::ReservationMade(_) | Act::DeclarationMade(_)));
    let mut found: Vec<Reserved<'s>> = made
        .map(|act| {
            let own = act.event.dates.get(Role::Notified);
            let by_notice = || answers(ActKind::DepositaryNotified, act).find_map(|a| a.event.date());
            let mut objections: Vec<Objection<'s>> =
                answers(ActKind::ObjectionMade, act).map(|act| objection_to(acts, act)).collect();
            objections.sort_by_key(|o| (o.act.event.date().map(Edtf::earliest), o.act.index));
            Reserved {
                act,
                notified: own.or_else(by_notice),
                withdrawal: answers(ActKind::ReservationWithdrawn, act).next(),
                objections,
            }
        })
        .collect();
    found.sort_by_key(|r| (r.act.event.date().map(Edtf::earliest), r.act.index));
    found
}

/// An objection with the act that withdrew it.
pub(super) fn objection_to<'s>(acts: &[&'s Standing], act: &'s Standing) -> Objection<'s> {
    let withdraws = |other: &&Standing| {
        other.event.act.kind() == ActKind::ObjectionWithdrawn && other.event.to == Some(act.event.id)
    };
    Objection { act, withdrawal: acts.iter().copied().find(withdraws) }
}

/// The first day of effect of an act that may name it itself: `effective`, else its own date.
pub fn takes_effect(act: &Standing) -> Option<&Edtf> {
    act.event.dates.get(Role::Effective).or_else(|| act.event.date())
}

/// True if the act was withdrawn by a day: a withdrawal has effect from the notice, or from the day it names (VCLT 22(3)).
pub fn is_withdrawn(withdrawal: Option<&Standing>, on: Day) -> bool {
    withdrawal.and_then(takes_effect).is_some_and(|date| date.latest() <= on)
}

/// The last day on which a state may object: twelve months after it was notified, or the day on which it consented to
/// be bound, whichever is later (VCLT 20(5)); `None` while the reservation is not notified.
pub fn objection_period_ends(notified: Option<&Edtf>, consented: Option<&Edtf>) -> Option<Edtf> {
    let notified = notified?;
    let (first, last) = (year_after(notified.earliest())?, year_after(notified.latest())?);
    Some(match consented {
        None => Edtf::one_of(first, last),
        Some(day) => Edtf::one_of(first.max(day.earliest()), last.max(day.latest())),
    })
}

fn year_after(day: Day) -> Option<Day> {
    day.date()?.checked_add_months(Months::new(MONTHS_TO_OBJECT)).map(Day::from_date)
}

impl Objection<'_> {
    /// Compares its date with the end of its period; an undated one is in time.
    pub fn timing(&self, ends: Option<&Edtf>) -> Timing {
        let (Some(date), Some(ends)) = (self.act.event.date(), ends) else { return Timing::InTime };
        if date.latest() <= ends.earliest() {
            Timing::InTime
        } else if date.earliest() > ends.latest() {
            Timing::Late
        } else {
            Timing::Unsettled
        }
    }

    /// True if it definitely opposes the entry into force of the treaty between the two (VCLT 20(4)(b)).
    pub fn precludes(&self) -> bool {
        let Act::ObjectionMade(Some(scope)) = &self.act.event.act else { return false };
        let said = scope.to_ascii_lowercase().replace(['_', '-'], " ").replace(" the ", " ");
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        // "does not preclude" is common, and is the opposite.
        ["precludes", "preclude", "precluding"]
            .iter()
            .any(|word| said.strip_prefix(word).is_some_and(|rest| rest.starts_with(" entry into force")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(notified: &str, consented: Option<&str>) -> String {
        let consented = consented.map(|d| Edtf::parse(d).unwrap());
        let notified = Edtf::parse(notified).unwrap();
        objection_period_ends(Some(&notified), consented.as_ref()).unwrap().to_string()
    }

    #[test]
    fn only_words_that_oppose_entry_into_force_preclude_it_vclt_20_4_b() {
        let says = |scope: Option<&str>| {
            let id = crate::event::EventId(uuid::Uuid::nil());
            let body = crate::event::BodyId::parse("x").unwrap();
            let event = crate::event::Event::new(id, Act::ObjectionMade(scope.map(Into::into)), body);
            let known = event.known();
            let event = std::sync::Arc::new(event);
            let act = Standing { index: crate::event::Index(0), event, known, corrected_by: Vec::new() };
            Objection { act: &act, withdrawal: None }.precludes()
        };
        assert!(says(Some("precludes-entry-into-force")));
        assert!(says(Some("Precludes the entry into force between the two")));
        assert!(!says(Some("does not preclude the entry into force")));
        assert!(!says(Some("art. 66")));
        assert!(!says(None));
    }

    #[test]
    fn twelve_months_run_from_the_notification_or_to_the_later_consent_vclt_20_5() {
        assert_eq!(ends("2020-03-15", None), "2021-03-15");
        assert_eq!(ends("2020-03-15", Some("2019-01-01")), "2021-03-15");
        assert_eq!(ends("2020-03-15", Some("2022-06-01")), "2022-06-01");
        assert_eq!(ends("2020-02-29", None), "2021-02-28");
        assert_eq!(ends("2020-03", None), "[2021-03-01..2021-03-31]");
        assert_eq!(objection_period_ends(None, None), None);
    }
}
