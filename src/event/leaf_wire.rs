//! The wire form of an event.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::correction::{Correction, Retraction};
use super::date::Edtf;
use super::event::Dates;
use super::evidence::Evidence;
use super::ids::{BodyId, EventId, StatusId};
use super::participant::ParticipantId;
use super::payload::{Finding, Form, ImportReceipt, Reply};
use super::recorder::{Enrolment, Limitation, Revocation};
use super::rotation::KeyRotation;

/// The frozen wire form of an event, in formats 1 and 2.
#[derive(Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct EventV1<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) about: Option<ParticipantId>,
    #[serde(borrow)]
    pub(super) act: Cow<'a, str>,
    pub(super) body: Option<BodyId>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub(super) charter: Option<Cow<'a, str>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub(super) claims: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) correction: Option<Correction>,
    #[serde(skip_serializing_if = "Dates::is_empty", default, with = "super::leaf_dates")]
    pub(super) dates: Cow<'a, Dates>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) enrolment: Option<Box<Enrolment>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty", default)]
    pub(super) evidence: Cow<'a, [Evidence]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) finding: Option<Finding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) form: Option<Form>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<EventId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) import: Option<EventId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) imported: Option<ImportReceipt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) known_from: Option<Edtf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) limitation: Option<Box<Limitation>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) participant: Option<ParticipantId>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub(super) place: Option<Cow<'a, str>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub(super) recorder: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reply: Option<Reply>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) retraction: Option<Retraction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) revocation: Option<Revocation>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub(super) rival: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rotation: Option<Box<KeyRotation>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub(super) scope: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sequence: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<StatusId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) surveyed: Option<Edtf>,
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub(super) survivors: bool,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub(super) title: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) to: Option<EventId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) toward: Option<StatusId>,
}
