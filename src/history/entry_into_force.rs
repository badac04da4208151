//! When a treaty enters into force, in general, for one participant, and by an accession treaty's own clause.

use std::collections::{BTreeMap, BTreeSet};

use crate::charter::{Accession, Charter, Clause, EffectBy, Rule, Ruled, Version};
use crate::event::{Act, ActKind, BodyId, Day, Edtf, Index, ParticipantId, Register, Role};

use super::influence::Derived;
use super::pair::Pairs;
use super::quorum::{Consent, Poll, Trigger, in_force_on};
use super::standing::Standing;

/// The day on which each treaty for which a clause waits entered into force.
pub type Elsewhere = BTreeMap<BodyId, Day>;

/// Who is a member just before the act of that sequence on that day; without one, at the end of the day.
pub type Members<'m> = &'m dyn Fn(Day, Option<u16>) -> BTreeSet<ParticipantId>;

/// When the treaty, or the constitutive instrument, of a body entered into force.
#[derive(Clone, Debug)]
pub struct EntryIntoForce {
    /// The day that the clause computes from the acts recorded; `None` while its condition is not met.
    pub computed: Option<Edtf>,
    /// The consent that met it.
    pub trigger: Option<Trigger>,
    /// The day on which its condition was met.
    pub met: Option<Edtf>,
    /// The day that the depositary, or an act of entry into force, certifies, with its entry.
    pub certified: Option<(Edtf, Index)>,
    /// The entry that holds the clause.
    pub rule: Index,
    /// Whether the record leaves out those who are no more: their consents may have met the clause before, so that the
    /// day computed is the latest that it can be.
    pub survivors_only: bool,
}

/// What the consents of everybody make of the clause of entry into force.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ConsentsMet {
    /// The day that the clause computes; `None` while its condition is not met, and without a clause.
    pub computed: Option<Edtf>,
    /// The day on which its condition was met.
    pub met: Option<Edtf>,
    /// The consent that met it.
    pub trigger: Option<Trigger>,
}

impl EntryIntoForce {
    /// What the consents made of the clause.
    pub fn consents(&self) -> ConsentsMet {
        ConsentsMet { computed: self.computed.clone(), met: self.met.clone(), trigger: self.trigger.clone() }
    }

    /// The day: as computed, else as certified. Where the record cannot bear the computation, the certificate settles it.
    pub fn on(&self) -> Option<Edtf> {
        let certified = self.certified.as_ref().map(|(on, _)| on);
        match &self.computed {
            Some(latest) if self.survivors_only => {
                Some(certified.cloned().unwrap_or_else(|| Edtf::one_of(Day::PAST, latest.latest())))
            }
            computed => computed.as_ref().or(certified).cloned(),
        }
    }
}

/// Evaluates the clause of a body; `None` where it has none. `given` is what the consents of everybody make of it, where only
/// the acts of some are at hand.
pub(super) fn entry_into_force(
    charter: &Charter,
    pairs: &Pairs,
    alone: &[Standing],
    elsewhere: &Elsewhere,
    given: Option<&ConsentsMet>,
) -> Option<EntryIntoForce> {
    let version = charter.latest();
    let clause = version.clauses.entry_into_force.as_ref()?;
    let consents = given.cloned().unwrap_or_else(|| {
        let electorate = Electorate::of_treaty(charter, pairs);
        let found = electorate.evaluate(version, &clause.rule, &|_, _| BTreeSet::new(), elsewhere);
        let met = |[first, last]: &[Trigger; 2]| Edtf::one_of(first.on.min(last.on), last.on.max(first.on));
        ConsentsMet {
            computed: found.as_ref().map(|(on, _)| on.clone()),
            met: found.as_ref().map(|(_, triggers)| met(triggers)),
            trigger: found.map(|(_, [_, last])| last),
        }
    });
    Some(EntryIntoForce {
        computed: consents.computed,
        met: consents.met,
        trigger: consents.trigger,
        certified: certified(alone),
        rule: clause.entry,
        survivors_only: survivors_only(alone),
    })
}

/// Whether the newest survey of a record found only those who are still there.
fn survivors_only(alone: &[Standing]) -> bool {
    let surveys = alone.iter().rev().filter_map(|act| match &act.event.act {
        Act::RecordSurveyed(survey) => Some(survey.survivors_only),
        _ => None,
    });
    surveys.into_iter().next().unwrap_or(false)
}

/// The first act among these that certifies an entry into force, with its day.
pub fn certified<'s>(acts: impl IntoIterator<Item = &'s Standing>) -> Option<(Edtf, Index)> {
    let certifies = |act: &&Standing| act.event.act.kind() == ActKind::TreatyEnteredIntoForce;
    let dated = acts.into_iter().filter(certifies);
    let dated = dated.filter_map(|act| Some((act.event.effect()?.clone(), act.index)));
    dated.min_by_key(|(on, index)| (on.earliest(), *index))
}

/// When an act of consent has effect for its participant: with the general entry into force where it helped to bring it
/// about, else the later of that and the delay after it (VCLT 24(3)).
pub(super) fn for_participant(charter: &Charter, general: &EntryIntoForce, act: &Standing) -> Option<Edtf> {
    consent_date(act)?;
    general.on().map(|on| after(charter, &on, general.met.as_ref(), act))
}

/// The same where the treaty entered into force on a known day; where it is not known when the condition for that was
/// met, every consent until then is held to have helped.
pub(super) fn after(charter: &Charter, on: &Edtf, met: Option<&Edtf>, act: &Standing) -> Edtf {
    let own = consent_date(act).unwrap_or(on);
    let own = match act.event.act.kind() {
        // A succession has effect from the day of independence (VCSST 23).
        ActKind::SuccessionNotified => act.event.effect().unwrap_or(own),
        _ => own,
    };
    let version = charter.on(own.latest());
    let delayed = |day: Day| match version.clauses.for_participant.as_ref().map(|c| &c.rule.rule) {
        Some(Rule::After(delay)) if act.event.act.kind() != ActKind::SuccessionNotified => delay.from(day),
        _ => day,
    };
    let later = |general: Day, met: Day, own: Day| match own <= met.min(general) {
        true => general,
        false => delayed(own).max(general),
    };
    let met = met.unwrap_or(on);
    Edtf::one_of(
        later(on.earliest(), met.earliest(), own.earliest()),
        later(on.latest(), met.latest(), own.latest()),
    )
}

/// The legal date of a consent to be bound: the deposit (VCLT 16), else the act's own.
fn consent_date(act: &Standing) -> Option<&Edtf> {
    act.event.dates.get(Role::Deposited).or_else(|| act.event.date())
}

/// Those who may consent to an instrument, and when each did.
pub struct Electorate {
    /// Consents, by the earliest day that each may mean, and by the latest.
    consents: [Vec<Consent>; 2],
    signatories: Vec<ParticipantId>,
}

impl Electorate {
    /// Those of the treaty, or of the constitutive instrument, itself.
    pub fn of_treaty(charter: &Charter, pairs: &Pairs) -> Electorate {
        let rules = || charter.versions().iter().flat_map(|v| &v.transitions).map(|t| &t.rule);
        let by_clause = |kind| rules().any(|t| t.act.0 == kind && t.effect == Some(EffectBy::EntryIntoForce));
        let consents = |act: &Standing| {
            act.event.for_another().is_none()
                && (by_clause(act.event.act.kind()) || is_consent(&act.event.act))
        };
        let signs = |act: &Standing| {
            use ActKind as K;
            let kind = act.event.act.kind();
            let signs = [K::TreatySigned, K::SignatureAdReferendum, K::DefinitiveSignature, K::Founded];
            signs.contains(&kind) && act.event.for_another().is_none()
        };
        let signatories = pairs.iter().filter(|(_, pair)| pair.own.iter().any(signs));
        Electorate {
            consents: consents_given(pairs, consents),
            signatories: signatories.map(|(who, _)| who.clone()).collect(),
        }
    }

    /// Those of the accession treaty or protocol of one participant: deposits that name it in `about`, and its own.
    pub fn of_accession(pairs: &Pairs, applicant: &ParticipantId) -> Electorate {
        let consents = |act: &Standing| {
            let own = act.event.participant.as_ref() == Some(applicant) && act.event.about.is_none();
            is_consent(&act.event.act) && (own || act.event.about.as_ref() == Some(applicant))
        };
        Electorate { consents: consents_given(pairs, consents), signatories: Vec::new() }
    }

    /// Polls over the earliest and over the latest days of the consents.
    pub fn polls<'a>(
        &'a self,
        version: &'a Version,
        members: Members<'a>,
        in_force: &'a dyn Fn(&BodyId) -> Option<Day>,
    ) -> [Poll<'a>; 2] {
        self.consents.each_ref().map(|consents| Poll {
            consents,
            signatories: &self.signatories,
            members,
            sets: &version.clauses.sets,
            weights: &version.clauses.weights,
            line: &line,
            is_reio: &is_reio,
            in_force,
        })
    }

    /// The day, and what met the condition by the earliest days of the consents and by the latest.
    fn evaluate(
        &self,
        version: &Version,
        clause: &Clause,
        members: Members<'_>,
        elsewhere: &Elsewhere,
    ) -> Option<(Edtf, [Trigger; 2])> {
        let in_force = |body: &BodyId| elsewhere.get(body).copied();
        let [earliest, latest] = self.polls(version, members, &in_force);
        let (first, by_first) = in_force_on(&clause.rule, &earliest)?;
        let (last, by_last) = in_force_on(&clause.rule, &latest)?;
        Some((Edtf::one_of(first.min(last), last.max(first)), [by_first, by_last]))
    }
}

fn is_consent(act: &Act) -> bool {
    use ActKind as K;
    matches!(act.kind(), K::InstrumentDeposited | K::DefinitiveSignature | K::SuccessionNotified)
}

/// The first consent of each participant, and each that it gives again after it has undone the one before.
fn consents_given(pairs: &Pairs, counts: impl Fn(&Standing) -> bool) -> [Vec<Consent>; 2] {
    let mut found = [Vec::new(), Vec::new()];
    for (who, pair) in pairs {
        let dated = pair.own.iter().filter(|act| counts(act) && act.event.rival.is_none());
        let mut dated: Vec<_> = dated.filter_map(|act| Some((consent_date(act)?, act))).collect();
        dated.sort_by_key(|(date, act)| (date.latest(), act.index));
        let mut bound_until = Some(Day::PAST);
        for (date, act) in dated {
            if bound_until.is_none_or(|until| date.latest() < until) {
                continue;
            }
            let undone = pair.own.iter().filter_map(|other| undone(other, date.latest())).min();
            for (list, on) in found.iter_mut().zip([date.earliest(), date.latest()]) {
                list.push(Consent {
                    participant: who.clone(),
                    on,
                    sequence: act.event.sequence,
                    entry: act.index,
                    undone,
                });
            }
            bound_until = undone;
        }
    }
    found
}

/// The day from which a consent given on `consented` no longer counts by this act.
fn undone(act: &Standing, consented: Day) -> Option<Day> {
    use ActKind as K;
    let undoes =
        [K::InstrumentRejectedOrWithdrawn, K::TreatyDenounced, K::WithdrawalEffective, K::CeasedToExist];
    let date = act.event.effect().filter(|_| undoes.contains(&act.event.act.kind()))?;
    (date.earliest() >= consented).then(|| date.earliest())
}

/// The participant that stands for a line: the one that continues all before it.
pub fn line(id: &ParticipantId) -> ParticipantId {
    match Register::builtin().get(id).and_then(|p| p.line.as_ref()) {
        Some(next) => line(next),
        None => id.clone(),
    }
}

/// Whether it is a regional integration organisation: its consent does not count beside those of its members.
pub fn is_reio(id: &ParticipantId) -> bool {
    let kind = Register::builtin().get(id).map(|p| p.kind);
    kind == Some(crate::event::ParticipantKind::Organisation)
}

/// What the clause of an accession treaty gives.
#[derive(Clone, Debug)]
pub struct AccessionInForce {
    /// The status that begins with it.
    pub derived: Derived,
    /// The day on which its condition was met.
    pub met: Day,
    /// Whether an act certifies it: then that act gives the status.
    pub certified: bool,
}

/// What the clauses of accession treaties give to those who have signed one.
pub(super) fn accessions(
    charter: &Charter,
    pairs: &Pairs,
    members: Members<'_>,
    elsewhere: &Elsewhere,
) -> BTreeMap<ParticipantId, AccessionInForce> {
    let version = charter.latest();
    let mut found = BTreeMap::new();
    for clause in &version.clauses.accessions {
        let participant = &clause.rule.participant;
        let Some(pair) = pairs.get(participant) else { continue };
        let did = |kind| pair.own.iter().any(|act| act.event.act.kind() == kind);
        if !did(ActKind::AccessionTreatySigned) {
            continue;
        }
        let Some((on, trigger)) = accession(charter, pairs, members, elsewhere, clause) else { continue };
        let Some(entry) = trigger.by.last().map(|deposit| deposit.entry) else { continue };
        let rules = &charter.on(on.latest()).transitions;
        let to = rules.iter().find(|t| t.rule.act.0 == ActKind::TreatyEnteredIntoForce).map(|t| &t.rule.to);
        let Some(to) = to.or_else(|| version.highest()).cloned() else { continue };
        let derived = Derived {
            to,
            on,
            entry,
            rule: clause.entry,
            clause: format!("{} ({})", clause.rule.clause, clause.rule.article),
            also: Vec::new(),
            precedence: ActKind::TreatyEnteredIntoForce.precedence(),
        };
        let certified = did(ActKind::TreatyEnteredIntoForce);
        found.insert(participant.clone(), AccessionInForce { derived, met: trigger.on, certified });
    }
    found
}

/// When the accession treaty of one participant enters into force by its own clause.
fn accession(
    charter: &Charter,
    pairs: &Pairs,
    members: Members<'_>,
    elsewhere: &Elsewhere,
    clause: &Ruled<Accession>,
) -> Option<(Edtf, Trigger)> {
    let participant = &clause.rule.participant;
    let electorate = Electorate::of_accession(pairs, participant);
    // The applicant is no member of those who must consent, whatever it became since.
    let others = |on: Day, before: Option<u16>| {
        let mut members = members(on, before);
        members.remove(participant);
        members
    };
    let found = electorate.evaluate(charter.latest(), &clause.rule.clause, &others, elsewhere);
    found.map(|(on, [_, last])| (on, last))
}
