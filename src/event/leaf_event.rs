//! Makes an event from its wire form: each payload belongs to one act.

use std::borrow::Cow;

use smol_str::SmolStr;

use super::act::Act;
use super::act_kind::ActKind;
use super::event::{Event, Rival};
use super::ids::EventId;
use super::leaf_error::LeafError;
use super::leaf_wire::EventV1;
use super::payload::Survey;

/// Returns the event that a wire form states; if it has no id, its id is `fallback`.
pub(super) fn event(wire: &mut EventV1<'_>, fallback: Option<EventId>) -> Result<Event, LeafError> {
    let kind: ActKind = wire.act.parse()?;
    let act = act(kind, wire)?;
    let stray = [
        wire.charter.is_some(),
        wire.claims.is_some(),
        wire.correction.is_some(),
        wire.enrolment.is_some(),
        wire.finding.is_some(),
        wire.form.is_some(),
        wire.imported.is_some(),
        wire.limitation.is_some(),
        wire.reply.is_some(),
        wire.retraction.is_some(),
        wire.revocation.is_some(),
        wire.rotation.is_some(),
        wire.scope.is_some(),
        wire.surveyed.is_some(),
        wire.survivors,
    ];
    if stray.contains(&true) {
        return Err(LeafError::Payload { act: kind, what: "it carries a field of another act" });
    }
    let body = wire.body.take().ok_or(LeafError::Payload { act: kind, what: "it names no body" })?;
    let rival = |text: Cow<'_, str>| Rival::parse(&text).ok_or_else(|| LeafError::Rival(text.into_owned()));
    Ok(Event {
        id: wire.id.or(fallback).ok_or(LeafError::NoId)?,
        act,
        body,
        participant: wire.participant.take(),
        dates: std::mem::take(&mut wire.dates).into_owned(),
        toward: wire.toward.take(),
        about: wire.about.take(),
        status: wire.status.take(),
        to: wire.to,
        title: wire.title.take().map(Cow::into_owned),
        place: wire.place.take().map(Cow::into_owned),
        sequence: wire.sequence,
        rival: wire.rival.take().map(rival).transpose()?,
        known_from: wire.known_from.take(),
        import: wire.import,
        evidence: std::mem::take(&mut wire.evidence).into_owned(),
        note: wire.note.take().map(Cow::into_owned),
        recorder: wire.recorder.take().map(Cow::into_owned),
    })
}

/// Takes the payload of an act out of the wire form.
fn act(kind: ActKind, wire: &mut EventV1<'_>) -> Result<Act, LeafError> {
    let missing = |what| LeafError::Payload { act: kind, what };
    let text = |said: Option<Cow<'_, str>>| said.map(|text| SmolStr::new(&text));
    if Act::scoped(kind, None).is_some() {
        let scope = text(wire.scope.take());
        return Act::scoped(kind, scope).ok_or(missing("it carries no scope"));
    }
    let charter =
        |wire: &mut EventV1<'_>| text(wire.charter.take()).ok_or(missing("it carries no charter text"));
    Ok(match kind {
        ActKind::ApplicationDeferredOrRejected => Act::ApplicationDeferredOrRejected(wire.reply.take()),
        ActKind::InstrumentDeposited => Act::InstrumentDeposited(wire.form.take()),
        ActKind::ClaimRecorded => {
            Act::ClaimRecorded(wire.claims.take().map(|name| name.parse::<ActKind>()).transpose()?)
        }
        ActKind::CommunicationExamined => {
            Act::CommunicationExamined(wire.finding.take().ok_or(missing("it carries no finding"))?)
        }
        ActKind::CharterAdopted => Act::CharterAdopted(charter(wire)?),
        ActKind::CharterAmended => Act::CharterAmended(charter(wire)?),
        ActKind::CorrectionProposed => Act::CorrectionProposed(text(wire.charter.take())),
        ActKind::CorrectionEffected => Act::CorrectionEffected(text(wire.charter.take())),
        ActKind::RecordSurveyed => {
            let span = wire.surveyed.take().ok_or(missing("it carries no span surveyed"))?;
            let survivors_only = std::mem::take(&mut wire.survivors);
            Act::RecordSurveyed(Survey { span, survivors_only })
        }
        ActKind::ImportRecorded => {
            Act::ImportRecorded(wire.imported.take().ok_or(missing("it carries no import receipt"))?)
        }
        ActKind::RecordCorrected => {
            Act::RecordCorrected(wire.correction.take().ok_or(missing("it carries no correction"))?)
        }
        ActKind::EntryRetracted => {
            Act::EntryRetracted(wire.retraction.take().ok_or(missing("it carries no retraction"))?)
        }
        ActKind::LogKeyRotated => {
            Act::LogKeyRotated(wire.rotation.take().ok_or(missing("it carries no keys"))?)
        }
        ActKind::RecorderEnrolled => {
            Act::RecorderEnrolled(wire.enrolment.take().ok_or(missing("it carries no enrolment"))?)
        }
        ActKind::RecorderLimited => {
            Act::RecorderLimited(wire.limitation.take().ok_or(missing("it carries no limits"))?)
        }
        ActKind::RecorderRevoked => {
            Act::RecorderRevoked(wire.revocation.take().ok_or(missing("it names no recorder"))?)
        }
        plain => Act::plain(plain).ok_or(missing("it carries no payload"))?,
    })
}
