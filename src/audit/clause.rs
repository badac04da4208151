//! Compares the days that clauses compute with those that the record certifies or claims.

use crate::charter::{Charter, EffectBy, Step};
use crate::event::{ActKind, Day, Edtf, ParticipantId, Role};
use crate::history::{PairView, Standing};

use super::derivation::Derivation;
use super::report::RemarkItem;

/// Adds the remarks on entries into force, on effects and on notices.
pub(super) fn clauses(charter: &Charter, derived: &Derivation, remarks: &mut Vec<RemarkItem>) {
    of_the_treaty(charter, derived, remarks);
    for (who, pair) in &derived.pairs {
        for act in &pair.own {
            let kind = act.event.act.kind();
            if kind == ActKind::TreatyEnteredIntoForce && act.event.for_another().is_none() {
                accession(charter, derived, who, pair, act, remarks);
            }
            effect(charter, derived, act, remarks);
            extension(charter, act, remarks);
        }
    }
}

/// Compares the entry into force that the body's own acts certify with the one that its clause computes.
fn of_the_treaty(charter: &Charter, derived: &Derivation, remarks: &mut Vec<RemarkItem>) {
    let Some(general) = &derived.board.entry_into_force else { return };
    let Some((certified, entry)) = &general.certified else { return };
    let what = match &general.computed {
        None => "in force as certified; its clause is not met by the consents recorded".to_owned(),
        Some(computed) if apart(computed, certified) => {
            format!("in force from {certified} as certified, from {computed} by its clause")
        }
        Some(_) => return,
    };
    let rule = charter.latest().clauses.entry_into_force.as_ref().map(|clause| clause.rule.to_string());
    remarks.push(RemarkItem { entry: *entry, what, rule });
}

/// Remarks on an accession that is certified although not all the consents that it needs are recorded.
fn accession(
    charter: &Charter,
    derived: &Derivation,
    who: &ParticipantId,
    pair: &PairView,
    act: &Standing,
    remarks: &mut Vec<RemarkItem>,
) {
    let Some(on) = act.event.effect() else { return };
    // Only accessions by a treaty of their own count: the founders' accession waits for the founders.
    if !pair.own.iter().any(|act| act.event.act.kind() == ActKind::AccessionTreatySigned) {
        return;
    }
    let version = charter.on(on.latest());
    let procedure = version.highest().and_then(|status| version.procedure(status));
    let Some(procedure) = procedure else { return };
    let Some(step) = procedure.rule.steps.iter().find(|step| step.by.is_some()) else { return };
    // Participants that accede on the same day do not wait for each other, unless the record gives the order of that day.
    let day = if act.event.sequence.is_some() { on.latest() } else { on.earliest().previous() };
    let mut electorate = derived.board.members(charter, &derived.pairs, day, act.event.sequence);
    electorate.remove(who);
    let counted = electorate.iter().filter(|member| accepted(pair, member, step, on.latest())).count();
    if counted < electorate.len() {
        let what = format!(
            "in force for {who} as certified; the quorum is not computed: {counted} of {} recorded ({})",
            electorate.len(),
            step.act.0
        );
        let rule = Some(step.article.clone().unwrap_or_else(|| procedure.rule.article.clone()));
        remarks.push(RemarkItem { entry: act.index, what, rule });
    }
}

fn accepted(pair: &PairView, member: &ParticipantId, step: &Step, on: Day) -> bool {
    let by_day = |act: &Standing| act.event.date().is_some_and(|date| date.latest() <= on);
    let of_step = |act: &Standing| act.event.act.kind() == step.act.0 && by_day(act);
    pair.about.iter().any(|act| act.event.participant.as_ref() == Some(member) && of_step(act))
}

/// Remarks on a source's day of effect if a clause computes another day.
fn effect(charter: &Charter, derived: &Derivation, act: &Standing, remarks: &mut Vec<RemarkItem>) {
    let Some(stated) = act.event.dates.get(Role::Effective) else { return };
    for by in [EffectBy::EntryIntoForce, EffectBy::Withdrawal] {
        let Some(computed) = derived.board.computed(act.index, by) else { continue };
        let clauses = &charter.latest().clauses;
        let clause = match by {
            EffectBy::Withdrawal => &clauses.withdrawal,
            _ => &clauses.entry_into_force,
        };
        let rule = clause.as_ref().map(|clause| clause.rule.to_string());
        let what = match computed {
            Some(computed) if apart(computed, stated) => {
                format!("the source gives effect on {stated}, the clause on {computed}")
            }
            None if by == EffectBy::EntryIntoForce => {
                format!("the source gives effect on {stated}; the clause is not met by the consents recorded")
            }
            _ => continue,
        };
        remarks.push(RemarkItem { entry: act.index, what, rule });
    }
}

/// Remarks on a notice period that was extended although the clause does not allow it.
fn extension(charter: &Charter, act: &Standing, remarks: &mut Vec<RemarkItem>) {
    if act.event.act.kind() != ActKind::WithdrawalPeriodExtended {
        return;
    }
    let day = act.event.date().map_or(Day::FUTURE, Edtf::latest);
    let clause = charter.on(day).clauses.withdrawal.as_ref();
    let extendable = clause.is_some_and(|clause| {
        matches!(clause.rule.rule, crate::charter::Rule::Notice { extendable: true, .. })
    });
    if !extendable {
        let what = "the notice period is extended; the clause knows no extension".to_owned();
        let rule = clause.map(|clause| clause.rule.to_string());
        remarks.push(RemarkItem { entry: act.index, what, rule });
    }
}

fn apart(a: &Edtf, b: &Edtf) -> bool {
    a.latest() < b.earliest() || b.latest() < a.earliest()
}
