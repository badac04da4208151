//! The content of a depositary's notification about an act: heading, date, instrument, text, period for objections.

use serde::Serialize;

use crate::event::{
    Act, ActKind, Day, Edtf, Event, Field, Form, Index, ParticipantId, Quote, Register, Role,
};
use crate::history::{OBJECTION_DAYS, Standing, proposals};

use super::body::BodyView;

/// The content of a notification about an act.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Particulars {
    /// The heading: `FRANCE: RATIFICATION`.
    pub heading: String,
    /// The participant that acted; `null` for an act of the treaty, or of its depositary, alone.
    pub participant: Option<ParticipantId>,
    /// The name of the participant on the day of the notification.
    pub state: Option<String>,
    /// The form of an instrument of consent.
    pub form: Option<&'static str>,
    /// The participant whose accession the act concerns, or which it continues or succeeds.
    pub about: Option<ParticipantId>,
    /// The act's own legal date; for an entry into force, the day on which its condition was met.
    pub date: Option<Edtf>,
    /// The index of the entry that the act answers: the reservation to which it objects, the text that it corrects.
    pub to: Option<Index>,
    /// The provisions, rights or territories that the act concerns.
    pub provisions: Option<String>,
    /// The title of the instrument.
    pub instrument: Option<String>,
    /// The text of the act, as quoted.
    pub text: Option<String>,
    /// The period for objections, with its article; `null` if no objection is possible.
    pub objection_period: Option<String>,
    /// The first day on which an objection is too late, if the record already determines it.
    pub objections_before: Option<Edtf>,
}

/// A change that a corrigendum makes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Change {
    /// The field of the act.
    pub field: String,
    /// The value that was circulated; empty if there was none.
    pub was: String,
    /// The value as it should read.
    pub now: String,
}

impl Particulars {
    /// The particulars of an act, on the day of the notification.
    pub(super) fn of(view: &BodyView, act: &Standing, on: Day) -> Particulars {
        let event = &*act.event;
        let name = |who: &ParticipantId| Register::builtin().name_on(who, on).to_owned();
        let state = event.participant.as_ref().map(name);
        let answered = event.to.and_then(|to| view.acts().find(|other| other.event.id == to));
        let what = what(&event.act);
        let whose = event.about.as_ref().map(|about| match event.act.kind() {
            ActKind::ContinuationDeclared | ActKind::SuccessionNotified => format!(" ({})", name(about)),
            _ => format!(" (accession of {})", name(about)),
        });
        let what = format!("{what}{}", whose.unwrap_or_default());
        let heading = state.as_ref().map_or_else(|| what.clone(), |state| format!("{state}: {what}"));
        let period = match event.act.kind() {
            ActKind::ReservationMade => Some("twelve months from this notification (VCLT 20(5))".to_owned()),
            ActKind::CorrectionProposed => {
                Some(format!("{OBJECTION_DAYS} days from this notification (VCLT 79(2))"))
            }
            _ => None,
        };
        Particulars {
            heading: heading.to_uppercase(),
            participant: event.participant.clone(),
            state,
            form: form(&event.act),
            about: event.about.clone(),
            date: event.date().cloned(),
            to: answered.map(|other| other.index),
            provisions: event.act.scope().map(ToString::to_string),
            instrument: event.title.clone(),
            text: event.evidence.iter().find_map(|evidence| match &evidence.quote {
                Some(Quote::Text(text)) => Some(text.clone()),
                _ => None,
            }),
            objection_period: period,
            objections_before: objections_before(view, act),
        }
    }

    /// The particulars of a treaty's entry into force; `met` is the day on which its condition was met.
    pub(super) fn of_entry_into_force(met: Option<Edtf>) -> Particulars {
        Particulars { heading: "ENTRY INTO FORCE".into(), date: met, ..Particulars::default() }
    }
}

/// The first day on which it is too late to object to a proposed correction.
fn objections_before(view: &BodyView, act: &Standing) -> Option<Edtf> {
    if act.event.act.kind() != ActKind::CorrectionProposed {
        return None;
    }
    let acts: Vec<&Standing> = view.acts().collect();
    let found = proposals(&acts, &view.charter.body);
    let until = found.iter().find(|proposal| proposal.act.index == act.index)?.until;
    until.map(Edtf::day)
}

fn form(act: &Act) -> Option<&'static str> {
    let form = match act {
        Act::InstrumentDeposited(form) => (*form)?,
        Act::DefinitiveSignature => Form::DefinitiveSignature,
        Act::SuccessionNotified => Form::Succession,
        _ => return None,
    };
    Form::ALL.iter().find(|(other, _)| *other == form).map(|(_, name)| *name)
}

/// The name of an act in the heading of a notification.
fn what(act: &Act) -> String {
    use ActKind as K;
    let said = match act.kind() {
        K::TreatySigned | K::Founded => "signature",
        K::SignatureConfirmed => "confirmation of signature",
        K::InstrumentDeposited => match form(act) {
            Some(form) => return form.replace('-', " "),
            None => "deposit of an instrument of consent to be bound",
        },
        K::AccessionTreatySigned => "signature of a treaty of accession",
        K::MembershipRatified => "completion of procedures for an admission",
        K::InstrumentRejectedOrWithdrawn => "withdrawal of an instrument",
        K::ProvisionalApplicationBegan => "provisional application",
        K::ProvisionalApplicationEnded => "end of provisional application",
        K::TreatyEnteredIntoForce | K::EnteredIntoForceForParticipant => "entry into force",
        K::TreatyDenounced => "denunciation",
        K::TreatyTerminated => "termination",
        K::TreatyOperationSuspended => "suspension of the operation of the treaty",
        K::AmendmentAdopted => "adoption of an amendment",
        K::AmendmentAccepted => "acceptance of an amendment",
        K::AmendmentInForce => "entry into force of an amendment",
        K::WithdrawalNotified => "withdrawal",
        K::WithdrawalPeriodExtended => "extension of the period of notice",
        K::WithdrawalRevoked => "withdrawal of a notice of withdrawal",
        K::WithdrawalEffective => "effect of a withdrawal",
        K::SuccessionNotified => "succession",
        K::ContinuationDeclared => "continuation",
        K::SeparateMembershipResumed => "resumption of separate participation",
        K::ReservationMade => "reservation",
        K::ReservationWithdrawn => "withdrawal of reservation",
        K::DeclarationMade => "declaration",
        K::ObjectionMade => "objection",
        K::ObjectionWithdrawn => "withdrawal of objection",
        K::TerritorialApplicationDeclared => "territorial application",
        K::DepositaryChanged => "change of depositary",
        K::CorrectionProposed => "proposed correction",
        K::CorrectionEffected => "correction",
        other => return other.name().replace('-', " "),
    };
    said.to_owned()
}

/// The place and the date of the treaty's adoption: those of the act of adoption, else of the adoption of its charter;
/// the date may also be the beginning of the body.
pub(super) fn adoption(view: &BodyView) -> (Option<String>, Option<Edtf>) {
    let said =
        |kind: ActKind| view.alone.iter().find(|act| act.event.act.kind() == kind).map(|act| &*act.event);
    let dated =
        |event: &Event| [Role::Adopted, Role::Signed].iter().find_map(|role| event.dates.get(*role)).cloned();
    let adopted = said(ActKind::TreatyAdopted).or_else(|| said(ActKind::CharterAdopted));
    let on = adopted.and_then(dated).or_else(|| view.charter.about.began.clone());
    (adopted.and_then(|event| event.place.clone()), on)
}

/// The fields that a notification shows and that differ between the event as circulated and as it is now.
pub(super) fn changes(told: &Event, now: &Event) -> Vec<Change> {
    let own = now.dated().map(|(role, _)| role);
    let roles = Role::ALL.into_iter().filter(|role| *role != Role::Notified || own == Some(Role::Notified));
    let fields = [Field::Act, Field::Body, Field::Participant, Field::About, Field::Title, Field::Place];
    let all = fields.into_iter().chain(roles.map(Field::Date));
    let change =
        |field: Field| Change { field: field.name().to_owned(), was: field.read(told), now: field.read(now) };
    all.map(change).filter(|change| change.was != change.now).collect()
}
