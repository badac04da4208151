//! Acts of diplomatic practice, each with the payload that only this act has.

use smol_str::SmolStr;

use super::act_kind::ActKind;
use super::correction::{Correction, Retraction};
use super::payload::{Finding, Form, ImportReceipt, Reply, Survey};
use super::recorder::{Enrolment, Limitation, Revocation};
use super::rotation::KeyRotation;
use super::vocabulary::vocabulary;

macro_rules! acts {
    ($($group:literal { $($variant:ident $(($payload:ty))? $name:literal $subject:ident [$($role:ident)*] $what:literal, $law:literal;)+ })+) => {
        /// An act of diplomatic practice, with the payload that only this act has.
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub enum Act { $($(#[doc = concat!($what, " (", $law, ")")] $variant $(($payload))?,)+)+ }

        impl Act {
            /// The act without its payload.
            pub const fn kind(&self) -> ActKind {
                match self { $($(acts!(@pattern $variant $($payload)?) => ActKind::$variant,)+)+ }
            }

            /// Returns the act of a kind that has no payload, or `None` if acts of this kind have one.
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
    /// The rights, provisions or territories that the act concerns; of an objection, the effect that it precludes.
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

    /// The charter text (TOML) in the act: the rules that it adopts or amends, or a corrected text. `None` if there is none.
    pub fn charter_text(&self) -> Option<&str> {
        match self {
            Act::CharterAdopted(text) | Act::CharterAmended(text) => Some(text),
            Act::CorrectionProposed(text) | Act::CorrectionEffected(text) => text.as_deref(),
            _ => None,
        }
    }

    /// Returns the act of a kind whose payload is a scope, with `scope` as its payload; `None` if this kind of act has no scope.
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

    /// Returns the act of a kind without a payload or with an empty one; `None` if the payload is required.
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
