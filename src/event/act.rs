//! What happened: an act of diplomatic practice with what only this act carries.

use smol_str::SmolStr;

use super::act_kind::ActKind;
use super::correction::{Correction, Retraction};
use super::payload::{Finding, Form, ImportReceipt, Reply, Survey};
use super::recorder::{Enrolment, Limitation, Revocation};
use super::rotation::KeyRotation;
use super::vocabulary::vocabulary;

macro_rules! acts {
    ($($group:literal { $($variant:ident $(($payload:ty))? $name:literal $subject:ident [$($role:ident)*] $what:literal, $law:literal;)+ })+) => {
        /// An act of diplomatic practice, with what only this act carries.
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub enum Act { $($(#[doc = concat!($what, " (", $law, ")")] $variant $(($payload))?,)+)+ }

        impl Act {
            /// The act without its payload.
            pub const fn kind(&self) -> ActKind {
                match self { $($(acts!(@pattern $variant $($payload)?) => ActKind::$variant,)+)+ }
            }

            /// The act of a kind that carries nothing of its own, or `None` where the kind needs a payload.
            pub const fn plain(kind: ActKind) -> Option<Act> {
                match kind { $($(ActKind::$variant => acts!(@plain $variant $($payload)?),)+)+ }
            }
        }
    };
    (@pattern $variant:ident) => { Act::$variant };
    (@pattern $variant:ident $payload:ty) => { Act::$variant(_) };
    (@plain $variant:ident) => { Some(Act::$variant) };
    (@plain $variant:ident $payload:ty) => { None };
}

vocabulary!(acts);

impl Act {
    /// Which rights, provisions or territories it speaks of; of an objection, what it precludes.
    pub fn scope(&self) -> Option<&SmolStr> {
        match self {
            Act::RightsSuspended(scope)
            | Act::MembershipSuspended(scope)
            | Act::ReservationMade(scope)
            | Act::DeclarationMade(scope)
            | Act::ObjectionMade(scope)
            | Act::TerritorialApplicationDeclared(scope) => scope.as_ref(),
            _ => None,
        }
    }

    /// The TOML of the rules that it carries.
    pub fn charter_text(&self) -> Option<&str> {
        match self {
            Act::CharterAdopted(text) | Act::CharterAmended(text) => Some(text),
            Act::CorrectionProposed(text) | Act::CorrectionEffected(text) => text.as_deref(),
            _ => None,
        }
    }

    /// The act of a kind that `scope` belongs to, with that scope; `None` where it belongs to another.
    pub fn scoped(kind: ActKind, scope: Option<SmolStr>) -> Option<Act> {
        match kind {
            ActKind::RightsSuspended => Some(Act::RightsSuspended(scope)),
            ActKind::MembershipSuspended => Some(Act::MembershipSuspended(scope)),
            ActKind::ReservationMade => Some(Act::ReservationMade(scope)),
            ActKind::DeclarationMade => Some(Act::DeclarationMade(scope)),
            ActKind::ObjectionMade => Some(Act::ObjectionMade(scope)),
            ActKind::TerritorialApplicationDeclared => Some(Act::TerritorialApplicationDeclared(scope)),
            _ => None,
        }
    }

    /// The act of a kind with nothing said of its payload; `None` where the payload is needed.
    pub const fn bare(kind: ActKind) -> Option<Act> {
        match kind {
            ActKind::InstrumentDeposited => Some(Act::InstrumentDeposited(None)),
            ActKind::RightsSuspended => Some(Act::RightsSuspended(None)),
            ActKind::MembershipSuspended => Some(Act::MembershipSuspended(None)),
            ActKind::ApplicationDeferredOrRejected => Some(Act::ApplicationDeferredOrRejected(None)),
            ActKind::ReservationMade => Some(Act::ReservationMade(None)),
            ActKind::DeclarationMade => Some(Act::DeclarationMade(None)),
            ActKind::ObjectionMade => Some(Act::ObjectionMade(None)),
            ActKind::TerritorialApplicationDeclared => Some(Act::TerritorialApplicationDeclared(None)),
            ActKind::CorrectionProposed => Some(Act::CorrectionProposed(None)),
            ActKind::CorrectionEffected => Some(Act::CorrectionEffected(None)),
            ActKind::ClaimRecorded => Some(Act::ClaimRecorded(None)),
            kind => Act::plain(kind),
        }
    }
}
