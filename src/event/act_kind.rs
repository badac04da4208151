//! An act without its payload, and what is known of it before anything happens.

use std::fmt;

use super::role::Role;
use super::vocabulary::vocabulary;

/// Whose act it is: what an event must name beside its body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
    /// A participant in a body.
    Participant,
    /// The body alone; a participant is refused.
    Body,
    /// The body, or one participant as evidence or where the act concerns it.
    Either,
}

macro_rules! kinds {
    ($($group:literal { $($variant:ident $(($payload:ty))? $name:literal $subject:ident [$($role:ident)*] $what:literal, $law:literal;)+ })+) => {
        /// An act without its payload: what charters, filters and tables speak of.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum ActKind { $($(#[doc = concat!($what, " (", $law, ")")] $variant,)+)+ }

        impl ActKind {
            /// Every act, in the order of the vocabulary.
            pub const ALL: &'static [ActKind] = &[$($(ActKind::$variant,)+)+];

            /// What is known of the act before anything happens.
            pub const fn entry(self) -> &'static ActEntry {
                match self { $($(ActKind::$variant => &ActEntry {
                    name: $name, group: $group, subject: Subject::$subject, roles: &[$(Role::$role),*],
                    what: $what, law: $law,
                },)+)+ }
            }
        }
    };
}

vocabulary!(kinds);

/// One line of the vocabulary.
#[derive(Clone, Copy, Debug)]
pub struct ActEntry {
    /// The kebab-case id, `application-filed`.
    pub name: &'static str,
    /// The heading under which it is listed.
    pub group: &'static str,
    /// What it must name beside its body.
    pub subject: Subject,
    /// The roles of date that it carries; the first is its own legal date.
    pub roles: &'static [Role],
    /// What happened, in a line.
    pub what: &'static str,
    /// The article or practice behind it.
    pub law: &'static str,
}

impl ActKind {
    /// The kebab-case id, `application-filed`.
    pub const fn name(self) -> &'static str {
        self.entry().name
    }

    /// The roles of date that it carries; the first is the act's own legal date.
    pub const fn roles(self) -> &'static [Role] {
        self.entry().roles
    }

    /// Whether its effect may lie before it was done: succession, confirmed signature, resumption, continuation,
    /// correction.
    pub const fn is_retroactive(self) -> bool {
        use ActKind as K;
        matches!(
            self,
            K::SuccessionNotified
                | K::SignatureConfirmed
                | K::SeparateMembershipResumed
                | K::ParticipationResumed
                | K::ContinuationDeclared
                | K::CorrectionProposed
                | K::CorrectionEffected
                | K::RecordCorrected
        )
    }

    /// Whether the act itself fixes the day of its effect ("granted with effect from"), so that `effective` is a part
    /// of it; for every other act `effective` is its source's claim.
    pub const fn fixes_its_effect(self) -> bool {
        use ActKind as K;
        matches!(
            self,
            K::StatusDecided
                | K::StatusGranted
                | K::PartnershipMemorandumSigned
                | K::AdmissionDecided
                | K::MembershipEffective
                | K::Founded
                | K::Invited
                | K::RightsSuspended
                | K::MembershipSuspended
                | K::SuspensionLifted
                | K::StatusRevoked
                | K::Expelled
                | K::CeasedMembership
                | K::WithdrawalEffective
                | K::CharterAdopted
                | K::CharterAmended
        ) || self.is_retroactive()
            || matches!(self.roles(), [Role::Effective, ..])
    }

    /// Whether practice lets it change a status, so that a source's claimed result stands where a charter is silent.
    pub const fn may_move_status(self) -> bool {
        use ActKind as K;
        matches!(
            self,
            K::StatusGranted
                | K::PartnershipMemorandumSigned
                | K::AccessionTreatySigned
                | K::Invited
                | K::InvitationDeclined
                | K::AdmissionDecided
                | K::MembershipEffective
                | K::Founded
                | K::TreatySigned
                | K::DefinitiveSignature
                | K::InstrumentDeposited
                | K::TreatyEnteredIntoForce
                | K::EnteredIntoForceForParticipant
                | K::StatusRevoked
                | K::Expelled
                | K::CeasedMembership
                | K::WithdrawalEffective
                | K::SuccessionNotified
                | K::SeparateMembershipResumed
                | K::MergedInto
                | K::CeasedToExist
        )
    }

    /// Whether it joins or parts the lines of participants, so that `about` names the other one and the act still bears
    /// on its own participant. Of every other act `about` names whose accession or exit it concerns.
    pub const fn is_of_lines(self) -> bool {
        use ActKind as K;
        matches!(
            self,
            K::SuccessionNotified
                | K::ContinuationDeclared
                | K::MergedInto
                | K::Separated
                | K::CeasedToExist
                | K::SeparateMembershipResumed
        )
    }

    /// Whether it speaks of the record and not of the world: known at once, never judged by a charter.
    pub const fn is_record_keeping(self) -> bool {
        use ActKind as K;
        matches!(
            self,
            K::RecordSurveyed
                | K::ImportRecorded
                | K::RecordCorrected
                | K::EntryRetracted
                | K::EvidenceRedacted
        ) || self.is_of_ledger()
    }

    /// Whether it is of the ledger itself, in the body [`BodyId::ledger`](super::BodyId::ledger): no charter rules it, and
    /// no correction reaches it.
    pub const fn is_of_ledger(self) -> bool {
        use ActKind as K;
        matches!(
            self,
            K::LogKeyRotated
                | K::RecordersRequired
                | K::RecorderEnrolled
                | K::RecorderLimited
                | K::RecorderRevoked
        )
    }

    /// True for an act that only a participant can do or undergo: it cannot be recorded of a body alone.
    pub fn needs_participant(self) -> bool {
        self.entry().subject == Subject::Participant
    }

    /// Order among acts that have effect on one day, where no `sequence` gives it: entry into force before signatures,
    /// signatures before consents and decisions, decisions before exits. Smaller comes first; equal is unordered.
    pub const fn precedence(self) -> u8 {
        use ActKind as K;
        match self {
            K::CharterAdopted | K::CharterAmended => 0,
            K::TreatyEnteredIntoForce | K::AmendmentInForce => 1,
            K::EnteredIntoForceForParticipant => 2,
            K::TreatySigned | K::SignatureAdReferendum => 3,
            K::Expelled | K::CeasedMembership | K::WithdrawalEffective | K::StatusRevoked => 5,
            _ => 4,
        }
    }
}

impl fmt::Display for ActKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
