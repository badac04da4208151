//! Acts that may be one act to which two sources give different names.

use crate::event::{Act, ActKind, Form};

/// A class of acts with the same effect: a ratification and an accession both express consent, and "mean in each case
/// the international act so named" (VCLT 2(1)(b)).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Family {
    /// Consent to be bound (VCLT 11).
    Consent,
    /// A signature (VCLT 12).
    Signature,
    /// The beginning of being bound (VCLT 24).
    Effect,
    /// The end of being bound (VCLT 54).
    Exit,
    /// An act that belongs to no other family.
    Of(ActKind),
}

/// The families of an act; a definitive signature is both a signature and a consent.
pub fn families(act: ActKind) -> impl Iterator<Item = Family> {
    use ActKind as K;
    let (first, second) = match act {
        K::DefinitiveSignature => (Family::Signature, Some(Family::Consent)),
        K::InstrumentDeposited | K::SuccessionNotified => (Family::Consent, None),
        K::TreatySigned | K::SignatureAdReferendum => (Family::Signature, None),
        K::EnteredIntoForceForParticipant => (Family::Effect, None),
        K::WithdrawalEffective | K::TreatyDenounced | K::TreatyTerminated => (Family::Exit, None),
        other => (Family::Of(other), None),
    };
    std::iter::once(first).chain(second)
}

/// True if two acts may be one under different names.
pub(super) fn kin(a: ActKind, b: ActKind) -> bool {
    a == b || families(a).any(|family| families(b).any(|other| family == other))
}

/// True if an act expresses consent to be bound.
pub(super) fn is_consent(act: ActKind) -> bool {
    families(act).any(|family| family == Family::Consent)
}

/// The form of an instrument, if the act states it.
pub(super) fn form(act: &Act) -> Option<Form> {
    match act {
        Act::InstrumentDeposited(form) => *form,
        Act::SuccessionNotified => Some(Form::Succession),
        Act::DefinitiveSignature => Some(Form::DefinitiveSignature),
        _ => None,
    }
}

/// True if two acts are the same as far as both are specified; an instrument without a form matches any form.
pub(super) fn same_act(a: &Act, b: &Act) -> bool {
    match (a, b) {
        (Act::InstrumentDeposited(a), Act::InstrumentDeposited(b)) => a.is_none() || b.is_none() || a == b,
        (a, b) => a.kind() == b.kind(),
    }
}

/// The name of an act: the form of the instrument, else the kind of the act.
pub(super) fn in_words(act: &Act) -> String {
    let named = |form: Form| Form::ALL.iter().find(|(other, _)| *other == form).map(|(_, name)| *name);
    match form(act).and_then(named) {
        Some(name) => name.replace('-', " "),
        None => act.kind().name().replace('-', " "),
    }
}

/// True if a status, or being bound, may begin with an act.
pub(super) fn begins(act: ActKind) -> bool {
    use ActKind as K;
    let treaty = families(act).any(|family| matches!(family, Family::Consent | Family::Effect));
    treaty || matches!(act, K::MembershipEffective | K::StatusGranted | K::AdmissionDecided | K::Founded)
}

/// True if being bound, or a membership, ends with an act.
pub(super) fn ends(act: ActKind) -> bool {
    families(act).any(|family| family == Family::Exit)
}
