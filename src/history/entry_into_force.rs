//! Entry into force: of a treaty in general, for one participant, and by an accession treaty's own clause.

use std::collections::{BTreeMap, BTreeSet};

use crate::charter::{Accession, Charter, Clause, EffectBy, LateFrom, Rule, Ruled, Version};
use crate::event::{Act, ActKind, BodyId, Day, Edtf, Grade, Index, ParticipantId, Register, Role};

use super::consent::{consent_date, consents};
use super::influence::Derived;
use super::pair::{PairView, Pairs};
use super::quorum::{Consent, Poll, Trigger, in_force_on};
use super::standing::Standing;

/// The day of entry into force of each treaty for which a clause waits.
pub type Elsewhere = BTreeMap<BodyId, Day>;

/// Returns the members just before the act of that sequence on that day; without a sequence, at the end of the day.
pub type Members<'m> = &'m dyn Fn(Day, Option<u16>) -> BTreeSet<ParticipantId>;

/// The entry into force of the treaty, or the constitutive instrument, of a body.
#[derive(Clone, Debug)]
pub struct EntryIntoForce {
    /// The day that the clause computes from the acts recorded; `None` while its condition is not met.
    pub computed: Option<Edtf>,
    /// The consent that met the condition.
    pub trigger: Option<Trigger>,
    /// The day on which the condition was met.
    pub met: Option<Edtf>,
    /// The day that the depositary, or an act of entry into force, certifies, and the index of that entry.
    pub certified: Option<(Edtf, Index)>,
    /// True if the certificate prevails over the clause: it is the depositary's, and no survey declares the record complete on its
    /// day. A depositary knows every deposit (VCLT 77(1)(f)); with a partial record the clause appears to be met late.
    pub certificate_holds: bool,
    /// The entry that contains the clause.
    pub rule: Index,
    /// True if the record leaves out former participants: their consents may have met the clause earlier, so the computed day is
    /// the latest possible.
    pub survivors_only: bool,
}

/// The result of the clause of entry into force over all consents.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ConsentsMet {
    /// The day that the clause computes; `None` while its condition is not met, or if there is no clause.
    pub computed: Option<Edtf>,
    /// The day on which the condition was met.
    pub met: Option<Edtf>,
    /// The consent that met the condition.
    pub trigger: Option<Trigger>,
}

impl EntryIntoForce {
    /// The result of the clause over all consents.
    pub fn consents(&self) -> ConsentsMet {
        ConsentsMet { computed: self.computed.clone(), met: self.met.clone(), trigger: self.trigger.clone() }
    }

    /// The day: as computed, otherwise as certified; as certified if the certificate prevails, or if the record is too incomplete
    /// for the computation.
    pub fn on(&self) -> Option<Edtf> {
        let certified = self.certified.as_ref().map(|(on, _)| on);
        match &self.computed {
            Some(latest) if self.survivors_only => {
                Some(certified.cloned().unwrap_or_else(|| Edtf::one_of(Day::PAST, latest.latest())))
            }
            _ if self.certificate_holds => certified.cloned(),
            computed => computed.as_ref().or(certified).cloned(),
        }
    }
}

/// Evaluates the clause of a body; `None` if it has no clause. `given` is the result over all consents, needed if `pairs` and
/// `alone` cover only some participants.
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
        certified: certified_in(charter, alone),
        certificate_holds: holds(charter, alone),
        rule: clause.entry,
        survivors_only: survivors_only(alone),
    })
}

/// True if the newest survey of a record covered only the present participants.
fn survivors_only(alone: &[Standing]) -> bool {
    let surveys = alone.iter().rev().filter_map(|act| match &act.event.act {
        Act::RecordSurveyed(survey) => Some(survey.survivors_only),
        _ => None,
    });
    surveys.into_iter().next().unwrap_or(false)
}

/// The first act among these that certifies an entry into force, with its day.
pub fn certified<'s>(acts: impl IntoIterator<Item = &'s Standing>) -> Option<(Edtf, Index)> {
    certificate(acts).map(|(on, act)| (on.clone(), act.index))
}

/// The day on which a treaty, or a constitutive instrument, entered into force as an act of the body certifies it, otherwise as the
/// charter states it; with the entry of that act or charter.
pub fn certified_in(charter: &Charter, alone: &[Standing]) -> Option<(Edtf, Index)> {
    let stated = || charter.latest().clauses.in_force_since.as_ref();
    certified(alone).or_else(|| stated().map(|since| (since.rule.clone(), since.entry)))
}

fn certificate<'s>(acts: impl IntoIterator<Item = &'s Standing>) -> Option<(&'s Edtf, &'s Standing)> {
    let certifies = |act: &&Standing| act.event.act.kind() == ActKind::TreatyEnteredIntoForce;
    let dated = acts.into_iter().filter(certifies).filter_map(|act| Some((act.event.effect()?, act)));
    dated.min_by_key(|(on, act)| (on.earliest(), act.index))
}

/// True if the depositary certified the entry into force, by an act or as the charter states, and no survey of all participants
/// declares the record complete on that day.
fn holds(charter: &Charter, alone: &[Standing]) -> bool {
    let is_complete_on = |day: Day| {
        alone.iter().any(|act| match &act.event.act {
            Act::RecordSurveyed(survey) => {
                !survey.survivors_only && survey.span.earliest() <= day && day <= survey.span.latest()
            }
            _ => false,
        })
    };
    let is_certified = certificate(alone).is_none_or(|(_, act)| is_official(act));
    is_certified && certified_in(charter, alone).is_some_and(|(on, _)| !is_complete_on(on.latest()))
}

/// True if the depositary, the organisation or the state itself attests an act.
fn is_official(act: &Standing) -> bool {
    act.event.evidence.iter().any(|evidence| evidence.grade == Some(Grade::Official))
}

/// The day on which the depositary certifies that the treaty entered into force for the participant of a consent.
pub(super) fn certified_for(consent: &Standing, own: &[Standing]) -> Option<Edtf> {
    let date = consent_date(consent)?;
    let certifies = |act: &&Standing| {
        act.event.act.kind() == ActKind::EnteredIntoForceForParticipant
            && act.event.rival.is_none()
            && is_official(act)
    };
    let days = own.iter().filter(certifies).filter_map(|act| act.event.effect());
    days.filter(|day| date.earliest() <= day.latest()).min_by_key(|day| day.earliest()).cloned()
}

/// The day on which an act of consent has effect for its participant: the general entry into force if the consent helped to bring
/// it about, else the later of that day and the end of the delay after the consent (VCLT 24(3)).
pub(super) fn for_participant(charter: &Charter, general: &EntryIntoForce, act: &Standing) -> Option<Edtf> {
    consent_date(act)?;
    general.on().map(|on| after(charter, &on, general.met.as_ref(), act))
}

/// The same for a known day of entry into force. If the day on which its condition was met is unknown, every consent until the
/// entry into force counts as having helped.
pub(super) fn after(charter: &Charter, on: &Edtf, met: Option<&Edtf>, act: &Standing) -> Edtf {
    let own = consent_date(act).unwrap_or(on);
    let own = match act.event.act.kind() {
        ActKind::SuccessionNotified => &succession_date(act, on, own),
        _ => own,
    };
    let version = charter.on(own.latest());
    let ruled = version.clauses.for_participant.as_ref().map(|c| &c.rule.rule);
    let is_succession = act.event.act.kind() == ActKind::SuccessionNotified;
    let (delay, late_from) = match ruled.filter(|_| !is_succession) {
        Some(Rule::After { delay, late_from }) => (Some(delay), *late_from),
        _ => (None, Some(LateFrom::Condition)),
    };
    let met = met.unwrap_or(on);
    let from = |late_from: LateFrom| {
        let one = |general: Day, met: Day, own: Day| {
            let is_late = match late_from {
                LateFrom::Condition => own > met.min(general),
                LateFrom::EntryIntoForce => own >= general,
            };
            let delayed = || delay.map_or(own, |delay| delay.from(own));
            if is_late { delayed().max(general) } else { general }
        };
        let first = one(on.earliest(), met.earliest(), own.earliest());
        (first, one(on.latest(), met.latest(), own.latest()))
    };
    let (first, last) = match late_from {
        Some(late_from) => from(late_from),
        // The clause does not say which: the treaty may be in force for it on either day.
        None => {
            let (early, late) = (from(LateFrom::EntryIntoForce), from(LateFrom::Condition));
            (early.0.min(late.0), early.1.max(late.1))
        }
    };
    Edtf::one_of(first, last)
}

/// The day from which a succession has effect: as notified, otherwise the day of the succession by the register, otherwise some day
/// from the entry into force to the notification (VCSST 1978, art. 17, 22, 34).
fn succession_date(act: &Standing, general: &Edtf, notified: &Edtf) -> Edtf {
    let by_register = || {
        let participant = Register::builtin().get(act.event.participant.as_ref()?)?;
        participant.succeeded.filter(|day| *day <= notified.latest()).map(Edtf::day)
    };
    let stated = act.event.dates.get(Role::Effective).cloned();
    stated.or_else(by_register).unwrap_or_else(|| {
        let first = general.earliest().min(notified.earliest());
        Edtf::one_of(first, notified.latest())
    })
}

/// The participants that may consent to an instrument, and the day of each consent.
pub struct Electorate {
    /// First consents: one list with the earliest day that each date may mean, one with the latest.
    consents: [Vec<Consent>; 2],
    /// The signatories, each with the day of its first signature.
    signatories: Vec<(ParticipantId, Day)>,
}

impl Electorate {
    /// The electorate of the treaty, or of the constitutive instrument, itself.
    pub fn of_treaty(charter: &Charter, pairs: &Pairs) -> Electorate {
        let consents = |act: &Standing| is_own_consent(charter, act);
        let signs = |act: &Standing| {
            use ActKind as K;
            let kind = act.event.act.kind();
            let signs = [K::TreatySigned, K::SignatureAdReferendum, K::DefinitiveSignature, K::Founded];
            signs.contains(&kind) && act.event.for_another().is_none()
        };
        let first = |pair: &PairView| {
            let signatures = pair.own.iter().filter(|act| signs(act));
            signatures.map(|act| act.event.date().map_or(Day::PAST, Edtf::latest)).min()
        };
        let signatories = pairs.iter().filter_map(|(who, pair)| Some((who.clone(), first(pair)?))).collect();
        Electorate { consents: consents_of_each(pairs, consents), signatories }
    }

    /// The electorate of one participant's accession treaty or protocol: deposits that name it in `about`, and its own.
    pub fn of_accession(pairs: &Pairs, applicant: &ParticipantId) -> Electorate {
        let consents = |act: &Standing| {
            let own = act.event.participant.as_ref() == Some(applicant) && act.event.about.is_none();
            is_consent(&act.event.act) && (own || act.event.about.as_ref() == Some(applicant))
        };
        Electorate { consents: consents_of_each(pairs, consents), signatories: Vec::new() }
    }

    /// Returns two polls: one over the earliest days of the consents, one over the latest.
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

    /// Computes the day, and the triggers of the condition by the earliest and by the latest days of the consents.
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

/// True for an act by which a participant consents for itself to the treaty, or the constitutive instrument, of a body.
pub fn is_own_consent(charter: &Charter, act: &Standing) -> bool {
    let by_clause = || charter.effects(act.event.act.kind()).any(|effect| effect == EffectBy::EntryIntoForce);
    act.event.for_another().is_none() && (is_consent(&act.event.act) || by_clause())
}

fn is_consent(act: &Act) -> bool {
    use ActKind as K;
    matches!(act.kind(), K::InstrumentDeposited | K::DefinitiveSignature | K::SuccessionNotified)
}

/// The consents of all participants, by the earliest day that each may mean, and by the latest. An act of leaving whose day is not
/// known exactly undoes a consent as late as possible among the first, and as early as possible among the second.
fn consents_of_each(pairs: &Pairs, counts: impl Fn(&Standing) -> bool) -> [Vec<Consent>; 2] {
    let mut polls = [Vec::new(), Vec::new()];
    for (who, pair) in pairs {
        for given in consents(&pair.own, &counts) {
            let date = given.date;
            let undone = given.left.map(|leaving| (leaving.given.earliest(), leaving.given.latest()));
            let [first, last] = [
                (date.earliest(), undone.map(|(_, latest)| latest)),
                (date.latest(), undone.map(|(earliest, _)| earliest)),
            ];
            for (list, (on, undone)) in polls.iter_mut().zip([first, last]) {
                list.push(Consent {
                    participant: who.clone(),
                    on,
                    sequence: given.act.event.sequence,
                    entry: given.act.index,
                    undone,
                });
            }
        }
    }
    polls
}

/// The participant that represents a line: the one that continues all before it.
pub fn line(id: &ParticipantId) -> ParticipantId {
    match Register::builtin().get(id).and_then(|p| p.line.as_ref()) {
        Some(next) => line(next),
        None => id.clone(),
    }
}

/// True for a regional integration organisation: its consent does not count beside those of its members.
pub fn is_reio(id: &ParticipantId) -> bool {
    let kind = Register::builtin().get(id).map(|p| p.kind);
    kind == Some(crate::event::ParticipantKind::Organisation)
}

/// The result of the clause of an accession treaty.
#[derive(Clone, Debug)]
pub struct AccessionInForce {
    /// The status that begins with it.
    pub derived: Derived,
    /// The day on which its condition was met.
    pub met: Day,
    /// True if an act certifies it: then that act gives the status.
    pub certified: bool,
}

/// The results of the accession clauses of the participants that have signed an accession treaty.
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
            ends: false,
            precedence: ActKind::TreatyEnteredIntoForce.precedence(),
        };
        let certified = did(ActKind::TreatyEnteredIntoForce);
        found.insert(participant.clone(), AccessionInForce { derived, met: trigger.on, certified });
    }
    found
}

/// The entry into force of one participant's accession treaty by its own clause.
fn accession(
    charter: &Charter,
    pairs: &Pairs,
    members: Members<'_>,
    elsewhere: &Elsewhere,
    clause: &Ruled<Accession>,
) -> Option<(Edtf, Trigger)> {
    let participant = &clause.rule.participant;
    let electorate = Electorate::of_accession(pairs, participant);
    // The applicant is not one of the members that must consent, even if it became a member since.
    let others = |on: Day, before: Option<u16>| {
        let mut members = members(on, before);
        members.remove(participant);
        members
    };
    let found = electorate.evaluate(charter.latest(), &clause.rule.clause, &others, elsewhere);
    found.map(|(on, [_, last])| (on, last))
}
