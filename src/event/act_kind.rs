//! Acts without their payload, and the fixed properties of each: name, subject, roles of date, law, order within a day.

use std::fmt;

use super::role::Role;
use super::vocabulary::vocabulary;

/// The kind of actor that an event names beside its body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
    /// A participant in a body.
    Participant,
    /// The body alone; a participant is refused.
    Body,
    /// The body, or one participant if the act concerns it or is evidence about it.
    Either,
}

macro_rules! kinds {
    ($($group:literal { $($variant:ident $(($payload:ty))? $name:literal $subject:ident [$($role:ident)*] $what:literal, $law:literal;)+ })+) => {
        /// An act without its payload, as charters, filters and tables name it.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum ActKind { $($(#[doc = concat!($what, " (", $law, ")")] $variant,)+)+ }

        impl ActKind {
            /// Every act, in the order of the vocabulary.
            pub const ALL: &'static [ActKind] = &[$($(ActKind::$variant,)+)+];

            /// The line of the vocabulary for this act.
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
    /// The title of the group in which the act is listed.
    pub group: &'static str,
    /// The subject that an event of this act names beside its body.
    pub subject: Subject,
    /// The roles of its dates; the first is that of its own legal date.
    pub roles: &'static [Role],
    /// The act in one line, as `chancery acts` prints it.
    pub what: &'static str,
    /// The article or practice behind it.
    pub law: &'static str,
}

impl ActKind {
    /// The kebab-case id, `application-filed`.
    pub const fn name(self) -> &'static str {
        self.entry().name
    }

    /// The roles of its dates; the first is that of the act's own legal date.
    pub const fn roles(self) -> &'static [Role] {
        self.entry().roles
    }

    /// True if the effect may come before the act itself: succession, confirmed signature, resumption, continuation, correction.
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

    /// True if the act itself fixes the day of its effect ("granted with effect from"), so that `effective` is a part of the act;
    /// for every other act `effective` is a claim of its source.
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

    /// True if the act may change a status in practice: then the result that a source claims is followed if the charter has no rule
    /// for the act.
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

    /// True if the act joins or separates the lines of participants. Then `about` names the other participant, and the act still
    /// concerns its own participant. For every other act `about` names the participant whose accession or exit the act concerns.
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

    /// True if the act concerns the record and not the world: it is known at once, and no charter judges it.
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

    /// True if the act concerns the ledger itself and is recorded in the body [`BodyId::ledger`](super::BodyId::ledger): no charter
    /// has rules for it, and no correction may change it.
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

    /// True if only a participant can do or undergo the act: it cannot be recorded of a body alone.
    pub fn needs_participant(self) -> bool {
        self.entry().subject == Subject::Participant
    }

    /// The order of acts that have effect on the same day, if no `sequence` gives it: entry into force before signatures,
    /// signatures before consents and decisions, decisions before exits. The smaller number comes first; acts with the same number
    /// are unordered.
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
