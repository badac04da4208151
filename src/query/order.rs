//! Dates in an impossible order: a signature after the instrument, entry into force before the instrument or after its
//! end, an act before the adoption of its treaty.

use std::collections::{BTreeMap, BTreeSet};

use crate::charter::CharterText;
use crate::event::{Act, ActKind, Edtf, Event, Evidence, Index, ParticipantId, Role};
use crate::history::Standing;

use super::quality_rule::{FindingDate, Found, QualityKind};

/// A date of one act.
#[derive(Clone, Copy)]
struct Dated<'a> {
    index: Index,
    act: ActKind,
    date: &'a Edtf,
}

/// The row of a source that states an event.
pub(super) fn row_of(event: &Event) -> Option<&str> {
    event.evidence.iter().find_map(Evidence::source_row)
}

/// Pairs of dates in one participation that are in an impossible order.
///
/// The dates of one row of a source belong to one participation. Acts whose evidence names no row are taken together:
/// such a participant may have withdrawn and returned, so its first acts are compared.
pub(super) fn impossible(own: &[Standing]) -> Vec<Found> {
    let mut rows: BTreeMap<Option<&str>, Vec<&Standing>> = BTreeMap::new();
    for act in own.iter().filter(|act| act.event.rival.is_none()) {
        rows.entry(row_of(&act.event)).or_default().push(act);
    }
    rows.into_iter().flat_map(|(row, acts)| Participation { row, acts }.impossible()).collect()
}

/// The acts of one participation.
struct Participation<'r> {
    row: Option<&'r str>,
    acts: Vec<&'r Standing>,
}

impl<'r> Participation<'r> {
    fn impossible(&self) -> Vec<Found> {
        use ActKind as K;
        let signatures = self.of(&[K::TreatySigned, K::SignatureAdReferendum]);
        let consents = self.of(&[K::InstrumentDeposited, K::DefinitiveSignature]);
        let ends = self.of(&[K::WithdrawalEffective, K::TreatyTerminated]);
        let effects = self.acts.iter().filter(|act| act.event.act.kind() == K::InstrumentDeposited);
        let effects = effects.filter_map(|act| Some(dated(act, act.event.dates.get(Role::Effective)?)));
        let mut force = self.of(&[K::EnteredIntoForceForParticipant]);
        force.extend(effects);
        let mut found = Vec::new();
        if let Some((late, early)) = inverted(&signatures, &consents) {
            let what = format!("signed {}, after the instrument of {}", late.date, early.date);
            found.push(self.found(QualityKind::SignatureAfterConsent, late, early, what));
        }
        // A succession has effect from a day before its notification.
        let succeeds = self.acts.iter().any(|act| act.event.act.kind().is_of_lines());
        if let Some((late, early)) = inverted(&consents, &force).filter(|_| !succeeds) {
            let what = format!("in force {}, before the instrument of {}", early.date, late.date);
            found.push(self.found(QualityKind::ForceBeforeConsent, late, early, what));
        }
        let returned = |late: Dated<'_>, early: Dated<'_>| {
            let between = |c: &Dated<'_>| {
                early.date.earliest() <= c.date.latest() && c.date.earliest() <= late.date.latest()
            };
            self.row.is_none() && consents.iter().any(between)
        };
        if let Some((late, early)) = inverted(&force, &ends).filter(|(late, early)| !returned(*late, *early))
        {
            let what = format!("in force {}, after its end on {}", late.date, early.date);
            found.push(self.found(QualityKind::ForceAfterEnd, late, early, what));
        }
        found
    }

    fn of(&self, kinds: &[ActKind]) -> Vec<Dated<'r>> {
        let acts = self.acts.iter().filter(|act| kinds.contains(&act.event.act.kind()));
        acts.filter_map(|act| Some(dated(act, act.event.date()?))).collect()
    }

    fn found(&self, kind: QualityKind, late: Dated<'_>, early: Dated<'_>, what: String) -> Found {
        let date = |dated: Dated<'_>| FindingDate { act: dated.act, date: dated.date.clone() };
        Found {
            kind,
            what,
            dates: vec![date(early), date(late)],
            rows: self.row.map(str::to_owned).into_iter().collect(),
            places: vec![early.index, late.index],
        }
    }
}

fn dated<'r>(act: &'r Standing, date: &'r Edtf) -> Dated<'r> {
    Dated { index: act.index, act: act.event.act.kind(), date }
}

/// The first of the dates that should come first and the first of those that should come later, if the former certainly
/// comes after the latter.
fn inverted<'r>(first: &[Dated<'r>], later: &[Dated<'r>]) -> Option<(Dated<'r>, Dated<'r>)> {
    let late = first.iter().min_by_key(|dated| dated.date.earliest())?;
    let early = later.iter().min_by_key(|dated| dated.date.latest())?;
    (late.date.earliest() > early.date.latest()).then_some((*late, *early))
}

/// Acts of a treaty, and its registration, dated before its adoption, which an entry states, or its charter as its
/// beginning.
pub(super) fn before_adoption<'r>(
    acts: impl Iterator<Item = &'r Standing>,
    alone: &'r [Standing],
) -> Vec<(Option<ParticipantId>, Found)> {
    use ActKind as K;
    let adopted = alone.iter().filter_map(|act| match &act.event.act {
        Act::TreatyAdopted => Some((act, act.event.date()?.clone())),
        Act::CharterAdopted(text) | Act::CharterAmended(text) => Some((act, CharterText::beginning(text)?)),
        _ => None,
    });
    // If several dates of adoption are stated, only an act before all of them is certainly too early.
    let Some((adoption, day)) = adopted.min_by_key(|(_, date)| date.earliest()) else { return Vec::new() };
    let concerned = |act: &&Standing| {
        matches!(
            act.event.act.kind(),
            K::TreatySigned
                | K::SignatureAdReferendum
                | K::DefinitiveSignature
                | K::InstrumentDeposited
                | K::ProvisionalApplicationBegan
                | K::EnteredIntoForceForParticipant
                | K::TreatyEnteredIntoForce
                | K::RegisteredWithUn
        )
    };
    let found = |act: &'r Standing| {
        let date = act.event.date().filter(|date| date.latest() < day.earliest())?;
        let kind = act.event.act.kind();
        let what = format!("{} {date}, before the adoption of {day}", kind.name().replace('-', " "));
        let dates = vec![
            FindingDate { act: kind, date: date.clone() },
            FindingDate { act: adoption.event.act.kind(), date: day.clone() },
        ];
        let rows: BTreeSet<String> = row_of(&act.event).map(str::to_owned).into_iter().collect();
        let places = vec![act.index, adoption.index];
        let found = Found { kind: QualityKind::BeforeAdoption, what, dates, rows, places };
        Some((act.event.participant.clone(), found))
    };
    acts.filter(concerned).filter_map(found).collect()
}
