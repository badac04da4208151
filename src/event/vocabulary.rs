//! The whole vocabulary of diplomatic acts, one act a line.

/// Passes the vocabulary to another macro, which expands every line.
macro_rules! vocabulary {
    ($make:ident) => {
        $make! {
            // Variant (payload)  name  subject  [roles of date, the first is that of the act's own date]  description, law
            "admission" {
                ApplicationFiled "application-filed" Participant [Done Received] "the applicant asks for a status; opens a procedure", "SCO Reg. 2010 item 2.1; TEU 49; UN SC rules 58-60";
                ApplicationWithdrawn "application-withdrawn" Participant [Received Done Notified] "the applicant takes its application back; closes the procedure", "practice";
                ApplicationDeferredOrRejected(Option<Reply>) "application-deferred-or-rejected" Participant [Decided] "the deciding body puts an application off or turns it down", "practice";
                StatusRecommended "status-recommended" Participant [Decided] "a preparatory organ recommends a status; unlocks the next step", "UN Charter 4(2)";
                Invited "invited" Participant [Decided Received Planned Effective] "the organisation invites a state", "NAT 10";
                StatusDecided "status-decided" Participant [Decided Effective Planned] "the deciding body decides a status that waits for its condition", "SCO Charter 14";
                StatusGranted "status-granted" Participant [Decided Effective] "the deciding body grants a status by the decision itself", "practice";
                PartnershipMemorandumSigned "partnership-memorandum-signed" Participant [Signed Done Effective] "partner and organisation sign: the decided status takes effect", "SCO Reg. on dialogue partner 2008";
                AccessionProcedureLaunched "accession-procedure-launched" Participant [Decided] "the deciding body starts an accession procedure", "SCO Procedure 2014";
                MemorandumOfObligationsSigned "memorandum-of-obligations-signed" Participant [Signed Done Effective] "candidate, members and organisation sign the terms of accession; no status", "SCO Standard Memorandum 2014";
                MembershipRatified "membership-ratified" Participant [Deposited Notified] "a member, or the applicant, notifies that its procedures for an admission are complete", "SCO Standard Memorandum 2014";
                NegotiationsOpened "negotiations-opened" Participant [Done] "a conference opens accession negotiations", "TEU 49";
                ChapterOpened "chapter-opened" Participant [Done] "a chapter of the negotiations is opened", "TEU 49";
                ChapterClosed "chapter-closed" Participant [Done] "a chapter of the negotiations is closed", "TEU 49";
                AccessionTreatySigned "accession-treaty-signed" Participant [Signed Done] "the members and the applicant sign its treaty or protocol of accession", "NAT 10; TEU 49";
                AdmissionDecided "admission-decided" Participant [Decided Effective] "the competent organ admits the applicant", "UN GA rule 138";
                MembershipEffective "membership-effective" Participant [Effective Notified] "membership has begun, as certified or announced", "practice";
                InvitationDeclined "invitation-declined" Participant [Done Received] "the invitee declines", "practice";
                Founded "founded" Participant [Signed Effective] "a founding state signs the constitutive act", "VCLT 12";
            }
            "treaty" {
                TreatyAdopted "treaty-adopted" Body [Adopted] "a conference or organ adopts the text", "VCLT 9";
                TreatySigned "treaty-signed" Participant [Signed] "a representative signs; duty not to defeat object and purpose", "VCLT 7, 10-12, 18";
                SignatureAdReferendum "signature-ad-referendum" Participant [Signed] "a signature that awaits confirmation", "VCLT 12(2)(b)";
                SignatureConfirmed "signature-confirmed" Participant [Done Effective] "a signature ad referendum is confirmed, back to its day", "VCLT 12(2)(b)";
                DefinitiveSignature "definitive-signature" Participant [Signed Effective] "a signature that binds at once", "VCLT 12";
                DomesticApproval "domestic-approval" Participant [Decided Effective] "approval at home: nothing internationally", "VCLT 46";
                InstrumentDeposited(Option<Form>) "instrument-deposited" Participant [Deposited Done Notified Effective] "an instrument of consent is deposited", "VCLT 2(1)(b), 14-16, 77";
                InstrumentRejectedOrWithdrawn "instrument-rejected-or-withdrawn" Participant [Received Done] "a pending deposit is undone", "VCLT 77(1)(d)";
                ProvisionalApplicationBegan "provisional-application-began" Participant [Effective Notified Until] "a treaty is applied before it is in force", "VCLT 25";
                ProvisionalApplicationEnded "provisional-application-ended" Participant [Effective Notified] "provisional application ends", "VCLT 25";
                TreatyEnteredIntoForce "treaty-entered-into-force" Either [Effective Notified] "the treaty is in force, as the depositary certifies", "VCLT 24";
                EnteredIntoForceForParticipant "entered-into-force-for-participant" Participant [Effective Deposited Notified] "the treaty is in force for one participant, as certified", "VCLT 24(3)";
                TreatyDenounced "treaty-denounced" Participant [Notified Received Effective] "a party denounces the treaty", "VCLT 42-45, 56";
                TreatyTerminated "treaty-terminated" Either [Effective Notified] "the treaty ends", "VCLT 54-59";
                TreatyOperationSuspended "treaty-operation-suspended" Either [Effective Notified Until] "the operation of the treaty is suspended", "VCLT 57-62";
                AmendmentAdopted "amendment-adopted" Body [Adopted] "an amendment of the treaty is adopted", "VCLT 39-40";
                AmendmentAccepted "amendment-accepted" Participant [Deposited Notified] "a party accepts an amendment", "VCLT 40";
                AmendmentInForce "amendment-in-force" Either [Effective Notified] "an amendment is in force", "VCLT 40-41";
                RegisteredWithUn "registered-with-un" Body [Done] "the treaty is registered with the Secretariat", "UN Charter 102";
            }
            "sanction" {
                RightsSuspended(Option<SmolStr>) "rights-suspended" Participant [Decided Effective Until] "some rights of a member are suspended; the payload is their scope", "UN 5, 19; CoE 8; TEU 7";
                MembershipSuspended(Option<SmolStr>) "membership-suspended" Participant [Decided Effective Until] "a member is suspended and stays a member; the payload is the scope", "CoE 8; AU 30";
                SuspensionLifted "suspension-lifted" Participant [Decided Effective] "a suspension is lifted", "same organ";
                StatusRevoked "status-revoked" Participant [Decided Effective] "the deciding body takes a status away", "SCO observer regulation 2004";
                Expelled "expelled" Participant [Decided Effective] "a member is expelled", "UN 6; CoE 8";
                CeasedMembership "ceased-membership" Participant [Decided Effective] "an organ finds that a membership has ceased", "CoE 8";
            }
            "practice" {
                ParticipationLapsed "participation-lapsed" Participant [Effective] "participation is dormant without an act; the status stays", "practice";
                ParticipationFrozen "participation-frozen" Participant [Effective] "participation is frozen by the member or the organisation; the status stays", "practice";
                ParticipationResumed "participation-resumed" Participant [Effective Decided] "participation is taken up again", "practice";
            }
            "exit" {
                WithdrawalNotified "withdrawal-notified" Participant [Received Done Planned Notified Effective] "a member gives notice; the effect is scheduled", "VCLT 54, 56, 65-67; TEU 50";
                WithdrawalPeriodExtended "withdrawal-period-extended" Participant [Decided Planned] "the notice period is extended; the schedule moves", "TEU 50(3)";
                WithdrawalRevoked "withdrawal-revoked" Participant [Received Done] "a notice is revoked before its effect", "VCLT 68; CJEU C-621/18";
                WithdrawalEffective "withdrawal-effective" Participant [Effective Notified] "a withdrawal has taken effect, as certified", "VCLT 70";
            }
            "succession" {
                SuccessionNotified "succession-notified" Participant [Notified Received Effective] "a successor state notifies its succession, back to independence", "VCSST 1978";
                ContinuationDeclared "continuation-declared" Participant [Done Effective] "a state declares that it continues another: a new label of one line", "practice";
                MergedInto "merged-into" Participant [Effective] "a state merges into another", "VCSST 31";
                Separated "separated" Participant [Effective] "a state separates", "VCSST 34";
                CeasedToExist "ceased-to-exist" Participant [Effective] "a state ceases to exist", "VCSST 34";
                SeparateMembershipResumed "separate-membership-resumed" Participant [Notified Effective] "a member resumes its separate membership without admission", "practice (SYR 1961)";
                RepresentationChanged "representation-changed" Participant [Decided Effective] "another government speaks for a member", "UNGA 2758";
                NameChanged "name-changed" Participant [Notified Effective] "a participant changes its name", "practice";
                ProvisionalDesignation "provisional-designation" Participant [Decided Effective] "a participant is referred to provisionally under a designation", "practice";
            }
            "reservation" {
                ReservationMade(Option<SmolStr>) "reservation-made" Participant [Deposited Done Notified Effective] "a reservation is made; pairwise, never a status; the payload is the provisions it touches", "VCLT 19-23";
                ReservationWithdrawn "reservation-withdrawn" Participant [Notified Effective] "a reservation is withdrawn", "VCLT 22";
                DeclarationMade(Option<SmolStr>) "declaration-made" Participant [Deposited Effective Until] "an interpretative, optional or mandatory declaration; the payload is the provisions it touches", "Handbook 3.6";
                ObjectionMade(Option<SmolStr>) "objection-made" Participant [Received Done] "another party objects to a reservation, or to a proposed correction; the payload may be precludes-entry-into-force", "VCLT 20-21, 79(2)";
                ObjectionWithdrawn "objection-withdrawn" Participant [Notified Effective] "an objection is withdrawn", "VCLT 22";
                TerritorialApplicationDeclared(Option<SmolStr>) "territorial-application-declared" Participant [Received Effective] "the territories to which a treaty applies; the payload names them", "VCLT 29";
            }
            "depositary" {
                DepositaryNotified "depositary-notified" Either [Notified] "the depositary circulates: the world knows from here", "VCLT 77-78";
                DepositaryChanged "depositary-changed" Body [Effective Decided] "another depositary takes over", "VCLT 76";
                CommunicationReceived "communication-received" Participant [Received Done] "a note reaches the depositary; receipt is not acceptance", "VCLT 77(1)(c)";
                CommunicationExamined(Finding) "communication-examined" Participant [Done] "the depositary finds a communication accepted, queried or returned", "VCLT 77(1)(d)";
                CorrectionProposed(Option<SmolStr>) "correction-proposed" Body [Notified Decided Planned Until] "the depositary proposes to correct a text; the payload may be the TOML of the corrected rules", "VCLT 79";
                CorrectionEffected(Option<SmolStr>) "correction-effected" Body [Decided Notified Effective] "a text is corrected, from the beginning unless decided otherwise; the payload may be the TOML of the corrected rules", "VCLT 79";
            }
            "charter" {
                CharterAdopted(SmolStr) "charter-adopted" Body [Decided Adopted Signed Effective] "the rules of a body are adopted; the payload is their TOML", "constitutive instrument";
                CharterAmended(SmolStr) "charter-amended" Body [Decided Adopted Signed Effective] "the rules of a body are amended; the payload is their TOML", "constitutive instrument";
                StatusClassMerged "status-class-merged" Either [Decided Effective] "a class of statuses is merged: evidence of an amendment", "SCO 2025";
                StatusClassRenamed "status-class-renamed" Either [Decided Effective] "a class of statuses is renamed: evidence of an amendment", "practice";
            }
            "record" {
                ClaimRecorded(Option<ActKind>) "claim-recorded" Participant [Done Effective Planned] "a source says so: no act, no status by itself; the payload is the act it claims", "project rule";
                RecordSurveyed(Survey) "record-surveyed" Body [Done] "the span of a body's record that was searched; the payload is the span", "project rule";
                ImportRecorded(ImportReceipt) "import-recorded" Body [] "a file was imported; can be retracted whole", "project rule";
                RecordCorrected(Correction) "record-corrected" Either [Done Notified] "this ledger's record of an entry is corrected from the beginning", "modelled on VCLT 79";
                EntryRetracted(Retraction) "entry-retracted" Either [Done Notified] "an entry, or a whole import, is withdrawn from this ledger's record", "project rule";
                EvidenceRedacted "evidence-redacted" Either [Done Notified] "words beside the log are removed; the entry and its hash stay", "project rule";
            }
            "ledger" {
                LogKeyRotated(Box<KeyRotation>) "log-key-rotated" Body [Done] "the log has another key from here on; the payload is both keys, and what each signed", "project rule";
                RecordersRequired "recorders-required" Body [Done] "from here on every entry is signed by enrolled recorders", "project rule";
                RecorderEnrolled(Box<Enrolment>) "recorder-enrolled" Body [Done] "a recorder is enrolled; the payload is its key and what it may record", "project rule";
                RecorderLimited(Box<Limitation>) "recorder-limited" Body [Done] "what a recorder may record is said anew", "project rule";
                RecorderRevoked(Revocation) "recorder-revoked" Body [Done] "a recorder may record no more; what it recorded stands", "project rule";
            }
        }
    };
}

pub(super) use vocabulary;
