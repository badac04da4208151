//! Reservations, declarations and objections in a body, with the periods for objections (VCLT 19-23).

use serde::Serialize;

use crate::event::{Act, ActKind, BodyId, Day, Edtf, Index, ParticipantId, Quote};
use crate::history::{
    Objection, Reserved, Standing, is_withdrawn, objection_period_ends, reserved, takes_effect,
};

use super::Axes;
use super::answer::{CheckpointRef, Coverage, QuestionEcho};
use super::body::{BodyView, Material, QueryError};
use super::status::span;

/// The reservations and declarations made in a body up to a day.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Reservations {
    /// The question, as it was understood.
    pub question: QuestionEcho,
    /// The reservations and declarations, by the day on which they were made.
    pub reservations: Vec<ReservationItem>,
    /// Notes for the reader, such as a late objection or a reservation that is not notified.
    pub notes: Vec<String>,
    /// The span of the record that was searched; `null` without a survey.
    pub coverage: Option<Coverage>,
    /// The head of the record that was read.
    pub checkpoint: CheckpointRef,
}

/// A reservation or a declaration.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ReservationItem {
    /// The kind: `reservation` or `declaration`.
    pub kind: &'static str,
    /// The participant that made it.
    pub participant: ParticipantId,
    /// The index of its entry.
    pub index: Index,
    /// The date on which it was made.
    pub date: Edtf,
    /// The provisions that it concerns.
    pub provisions: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// Its text, as quoted.
    pub text: Option<String>,
    /// A remark of the recorder or the source.
    pub note: Option<String>,
    /// The date on which the depositary notified it.
    pub notified: Option<Edtf>,
    /// The last day for an objection by a participant that was bound before its notification; `null` for a declaration,
    /// and while it is not notified.
    pub objection_period_ends: Option<Edtf>,
    /// The date from which it has effect: its own `effective` date, else the day since which its maker is bound; `null`
    /// while its maker is not bound.
    pub in_effect_from: Option<Edtf>,
    /// The first day on which it no longer applies, if it states one.
    pub until: Option<Edtf>,
    /// Its withdrawal, up to the day asked about.
    pub withdrawn: Option<WithdrawalItem>,
    /// The objections up to the day asked about.
    pub objections: Vec<ObjectionItem>,
}

/// A withdrawal.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct WithdrawalItem {
    /// The date from which the withdrawal has effect (VCLT 22(3)).
    pub on: Edtf,
    /// The index of its entry.
    pub index: Index,
}

/// An objection.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ObjectionItem {
    /// The participant that objected.
    pub participant: ParticipantId,
    /// The index of its entry.
    pub index: Index,
    /// The date on which it was made.
    pub date: Edtf,
    /// The timing: `in-time`, `late` (without effect, VCLT 20(5)) or `unsettled`.
    pub timing: &'static str,
    /// The last day on which this participant could object; `null` while the reservation is not notified, or this
    /// participant has not consented to be bound.
    pub period_ends: Option<Edtf>,
    /// True if it opposes the entry into force of the treaty between the two (VCLT 20(4)(b)).
    pub precludes: bool,
    /// Its withdrawal, up to the day asked about.
    pub withdrawn: Option<WithdrawalItem>,
}

/// Lists the reservations and declarations in a body; with `only`, those of one participant.
///
/// # Errors
/// [`QueryError`] if the body has no charter in the record, or its charter cannot be read.
pub fn reservations(
    material: &Material,
    body: &BodyId,
    only: Option<&ParticipantId>,
    axes: &Axes,
) -> Result<Reservations, QueryError> {
    let view = BodyView::of(material, body, axes)?;
    let acts: Vec<&Standing> = view.acts().collect();
    let found = reserved(&acts);
    let items: Vec<ReservationItem> = found
        .iter()
        .filter(|r| only.is_none_or(|only| r.act.event.participant.as_ref() == Some(only)))
        .filter_map(|r| item(&view, r, axes.on))
        .collect();
    let mut notes: Vec<String> = view.end_of_record(axes.on).into_iter().collect();
    notes.extend(view.withheld_by(only, axes.on));
    let of = |kind: &'static str, index: Index| format!("{kind} of entry {index}");
    for item in items.iter().filter(|i| i.kind == "reservation" && i.notified.is_none()) {
        let what = of(item.kind, item.index);
        notes.push(format!("the {what} is not notified: no period to object has begun (VCLT 20(5))"));
    }
    for (item, objection) in items.iter().flat_map(|i| i.objections.iter().map(move |o| (i, o))) {
        if objection.timing == "late" {
            notes.push(format!(
                "the objection of entry {} to the {} is late: it was accepted by then (VCLT 20(5))",
                objection.index,
                of(item.kind, item.index)
            ));
        }
    }
    Ok(Reservations {
        question: QuestionEcho::new("reservations", only, Some(body), axes),
        reservations: items,
        notes,
        coverage: view.coverage(axes.on),
        checkpoint: material.checkpoint.clone(),
    })
}

fn item(view: &BodyView, made: &Reserved<'_>, on: Day) -> Option<ReservationItem> {
    let event = &made.act.event;
    let participant = event.participant.clone()?;
    let date = event.date().filter(|date| date.earliest() <= on)?.clone();
    let is_reservation = matches!(event.act, Act::ReservationMade(_));
    let ends = objection_period_ends(made.notified, None).filter(|_| is_reservation);
    let stated = event.dates.get(crate::event::Role::Effective).cloned();
    Some(ReservationItem {
        kind: if is_reservation { "reservation" } else { "declaration" },
        index: made.act.index,
        date,
        provisions: event.act.scope().map(ToString::to_string),
        title: event.title.clone(),
        text: words(made.act),
        note: event.note.clone(),
        notified: made.notified.cloned(),
        objection_period_ends: ends,
        in_effect_from: stated.or_else(|| bound_since(view, &participant, on)),
        until: event.dates.get(crate::event::Role::Until).cloned(),
        withdrawn: withdrawal(made.withdrawal, on),
        objections: made.objections.iter().filter_map(|o| objection(view, made, o, on)).collect(),
        participant,
    })
}

fn objection(
    view: &BodyView,
    made: &Reserved<'_>,
    objection: &Objection<'_>,
    on: Day,
) -> Option<ObjectionItem> {
    let participant = objection.act.event.participant.clone()?;
    let date = objection.act.event.date().filter(|date| date.earliest() <= on)?.clone();
    let ends = period(view, made, &participant, on);
    Some(ObjectionItem {
        index: objection.act.index,
        date,
        timing: objection.timing(ends.as_ref()).name(),
        period_ends: ends,
        precludes: objection.precludes(),
        withdrawn: withdrawal(objection.withdrawal, on),
        participant,
    })
}

/// The last day on which a participant may object. There is none for a declaration, and none yet for a participant that
/// has not consented to be bound (VCLT 20(5)).
pub(super) fn period(view: &BodyView, made: &Reserved<'_>, other: &ParticipantId, on: Day) -> Option<Edtf> {
    let reservation = matches!(made.act.event.act, Act::ReservationMade(_));
    let consented = consented(view, other).or_else(|| bound_since(view, other, on))?;
    objection_period_ends(made.notified, Some(&consented)).filter(|_| reservation)
}

fn withdrawal(act: Option<&Standing>, on: Day) -> Option<WithdrawalItem> {
    let act = act.filter(|_| is_withdrawn(act, on))?;
    Some(WithdrawalItem { on: takes_effect(act)?.clone(), index: act.index })
}

/// The quoted words of an act.
fn words(act: &Standing) -> Option<String> {
    act.event.evidence.iter().find_map(|evidence| match &evidence.quote {
        Some(Quote::Text(text)) => Some(text.clone()),
        _ => None,
    })
}

/// The date on which a participant first expressed its consent to be bound (VCLT 11).
fn consented(view: &BodyView, participant: &ParticipantId) -> Option<Edtf> {
    use ActKind as K;
    let consents = |act: ActKind| {
        matches!(
            act,
            K::InstrumentDeposited | K::DefinitiveSignature | K::SignatureConfirmed | K::SuccessionNotified
        )
    };
    let own = view.pairs.get(participant)?.own.iter();
    let dates = own.filter(|a| consents(a.event.act.kind())).filter_map(|a| a.event.date());
    dates.min_by_key(|date| (date.earliest(), date.latest())).cloned()
}

/// The date since which a participant has the highest status, if it certainly has it on a day.
pub(super) fn bound_since(view: &BodyView, participant: &ParticipantId, on: Day) -> Option<Edtf> {
    let history = view.history(participant);
    let reading = history.on(on);
    let full = view.full_status(on)?;
    (reading.status() == Some(full)).then(|| span(&history, &reading, on).0).flatten()
}
