//! The circulars of a depositary, and the acts that they have notified (VCLT 77(1)(e), (f), 78).
//!
//! An act has been circulated if a `depositary-notified` answers it, or one of its corrections; or if the act itself states the
//! day on which it was notified. If `notified` is an act's own legal date (a succession, a proposed correction), it dates the act
//! and is no evidence of a circular.

use std::collections::HashMap;

use crate::event::{Act, ActKind, Edtf, Entry, Event, EventId, Index, Role};

use super::standing::Standing;

/// True if the parties and those entitled to become parties are informed of such an act (VCLT 77(1)(e), (f), 79).
pub fn is_communicated(act: ActKind) -> bool {
    use ActKind as K;
    matches!(
        act,
        K::Founded
            | K::AccessionTreatySigned
            | K::MembershipRatified
            | K::TreatySigned
            | K::SignatureAdReferendum
            | K::SignatureConfirmed
            | K::DefinitiveSignature
            | K::InstrumentDeposited
            | K::InstrumentRejectedOrWithdrawn
            | K::ProvisionalApplicationBegan
            | K::ProvisionalApplicationEnded
            | K::TreatyEnteredIntoForce
            | K::EnteredIntoForceForParticipant
            | K::TreatyDenounced
            | K::TreatyTerminated
            | K::TreatyOperationSuspended
            | K::AmendmentAdopted
            | K::AmendmentAccepted
            | K::AmendmentInForce
            | K::WithdrawalNotified
            | K::WithdrawalPeriodExtended
            | K::WithdrawalRevoked
            | K::WithdrawalEffective
            | K::SuccessionNotified
            | K::ContinuationDeclared
            | K::SeparateMembershipResumed
            | K::ReservationMade
            | K::ReservationWithdrawn
            | K::DeclarationMade
            | K::ObjectionMade
            | K::ObjectionWithdrawn
            | K::TerritorialApplicationDeclared
            | K::DepositaryChanged
            | K::CorrectionProposed
            | K::CorrectionEffected
    )
}

/// The circular that notified an act.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Circulated {
    /// The entry that records it; the act's own entry if the act itself states its notification.
    pub entry: Index,
    /// The day of the circular.
    pub on: Option<Edtf>,
    /// Its reference, as cited.
    pub cite: Option<String>,
}

/// The circulars and the corrections of a record.
#[derive(Debug, Default)]
pub struct Circulation {
    /// The last circular about each act, or about all of an import; by the id of the act or import.
    circulars: HashMap<EventId, Circulated>,
    /// The corrections of each act, or of all of an import, in the order of the log.
    corrections: HashMap<EventId, Vec<Index>>,
}

impl Circulation {
    /// Collects the circulars among [`Standing`] acts; `entries` are the entries from which those were read, with every
    /// correction.
    pub fn of<'s>(entries: &[Entry], acts: impl IntoIterator<Item = &'s Standing>) -> Circulation {
        let corrected: HashMap<EventId, EventId> = entries
            .iter()
            .filter(|entry| corrects(&entry.event))
            .filter_map(|entry| Some((entry.event.id, entry.event.to?)))
            .collect();
        let mut found = Circulation::default();
        for entry in entries.iter().filter(|entry| corrects(&entry.event)) {
            let target = root(&corrected, entry.event.id);
            found.corrections.entry(target).or_default().push(entry.index);
        }
        for act in acts.into_iter().filter(|act| act.event.act.kind() == ActKind::DepositaryNotified) {
            let Some(to) = act.event.to else { continue };
            let circular = Circulated {
                entry: act.index,
                on: act.event.date().cloned(),
                cite: act.event.evidence.first().map(|evidence| evidence.cite.clone()),
            };
            let last = found.circulars.entry(root(&corrected, to)).or_insert_with(|| circular.clone());
            if last.entry < circular.entry {
                *last = circular;
            }
        }
        found
    }

    /// The last circular about an act; `index` is the act's own.
    pub fn of_act(&self, index: Index, event: &Event) -> Option<Circulated> {
        let named = [Some(event.id), event.import];
        let answers = named.into_iter().flatten().filter_map(|id| self.circulars.get(&id));
        let by_circular = answers.max_by_key(|circular| circular.entry).cloned();
        let by_itself = || {
            let on = event.dates.get(Role::Notified)?;
            let (own, _) = event.dated()?;
            (own != Role::Notified).then(|| Circulated { entry: index, on: Some(on.clone()), cite: None })
        };
        by_circular.or_else(by_itself)
    }

    /// The last correction of an act, or of the import that brought it, among the entries from index `size` on.
    pub fn corrected_since(&self, event: &Event, size: u64) -> Option<Index> {
        let named = [Some(event.id), event.import];
        let all = named.into_iter().flatten().filter_map(|id| self.corrections.get(&id)).flatten();
        all.copied().filter(|index| index.0 >= size).max()
    }
}

fn corrects(event: &Event) -> bool {
    matches!(event.act, Act::RecordCorrected(_) | Act::EntryRetracted(_))
}

/// Follows a chain of corrections to the event that they correct; returns the id itself for any other event. A target comes
/// before the entry that names it, so the steps end.
fn root(corrected: &HashMap<EventId, EventId>, id: EventId) -> EventId {
    let mut found = id;
    for _ in 0..=corrected.len() {
        match corrected.get(&found) {
            Some(target) => found = *target,
            None => break,
        }
    }
    found
}
