//! The material of the rules on the quality of a record, and a finding of one of them.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::event::{ActKind, Edtf, Index};
use crate::history::Standing;

use super::answer::act;

/// The kinds of finding that a researcher should check.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum QualityKind {
    /// A signature dated after the instrument of consent that should follow it (VCLT 12, 14).
    SignatureAfterConsent,
    /// In force for a participant before its instrument was deposited (VCLT 24).
    ForceBeforeConsent,
    /// In force for a participant after it had ended for it.
    ForceAfterEnd,
    /// An act, or the registration (UN Charter 102), dated before the treaty was adopted (VCLT 9).
    BeforeAdoption,
    /// Two expressions of consent to be bound, and no withdrawal between them.
    SecondConsent,
    /// One act under two dates: of two sources, or of one that changed it.
    RivalDates,
    /// One fact stated by more than one entry.
    SameFact,
    /// Several rows of a source about one participant in one body.
    RepeatedRow,
    /// One participant under two names.
    Renamed,
}

impl QualityKind {
    /// Every kind, with its name in options and answers, and its title.
    pub const ALL: [(QualityKind, &'static str, &'static str); 9] = [
        (QualityKind::SignatureAfterConsent, "signature-after-consent", "signed after the instrument"),
        (QualityKind::ForceBeforeConsent, "force-before-consent", "in force before the consent"),
        (QualityKind::ForceAfterEnd, "force-after-end", "in force after its end"),
        (QualityKind::BeforeAdoption, "before-adoption", "before the text was adopted"),
        (QualityKind::SecondConsent, "second-consent", "consent given twice"),
        (QualityKind::RivalDates, "rival-dates", "one act, two dates"),
        (QualityKind::SameFact, "same-fact", "one fact, several entries"),
        (QualityKind::RepeatedRow, "repeated-row", "rows on one participant"),
        (QualityKind::Renamed, "renamed", "one participant, two names"),
    ];

    /// The name in options and answers.
    pub fn name(self) -> &'static str {
        QualityKind::ALL.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, name, _)| name)
    }

    /// The title of the kind, in a few words.
    pub fn title(self) -> &'static str {
        QualityKind::ALL.iter().find(|(kind, ..)| *kind == self).map_or("", |(.., title)| title)
    }

    /// The kind with that name.
    pub fn from_name(name: &str) -> Option<QualityKind> {
        QualityKind::ALL.into_iter().find(|(_, known, _)| *known == name).map(|(kind, ..)| kind)
    }
}

/// An act with the date that a finding is about.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FindingDate {
    /// The kind of the act.
    #[serde(serialize_with = "act")]
    pub act: ActKind,
    /// The date of the act, as its source states it.
    pub date: Edtf,
}

/// A statement that its source took back.
pub(super) struct TakenBack<'a> {
    /// The act as it was stated.
    pub(super) act: Standing,
    /// The date from which the world could know that it was taken back.
    pub(super) known_from: Option<&'a Edtf>,
}

/// The record of one participant in one body.
#[derive(Default)]
pub(super) struct Record<'a> {
    /// The acts that count.
    pub(super) own: Vec<Standing>,
    /// The acts that were taken back.
    pub(super) taken_back: Vec<TakenBack<'a>>,
}

impl<'a> Record<'a> {
    /// Every act that was ever stated, taken back or not.
    pub(super) fn stated(&self) -> impl Iterator<Item = &Standing> {
        self.own.iter().chain(self.taken_back.iter().map(|taken| &taken.act))
    }
}

/// The finding of a rule, before its body and participant are added.
pub(super) struct Found {
    pub(super) kind: QualityKind,
    pub(super) what: String,
    pub(super) dates: Vec<FindingDate>,
    pub(super) rows: BTreeSet<String>,
    pub(super) places: Vec<Index>,
}
