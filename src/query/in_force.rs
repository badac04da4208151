//! The entry into force of a treaty, or of the accession of one participant: the clause, the consent that met it, and
//! the consents still missing.

use serde::{Serialize, Serializer};

use crate::charter::{ClauseKey, ClauseTime, Condition, Delay, Rule, SetRef, StepBy, Version};
use crate::event::{ActKind, BodyId, Day, Edtf, Index, ParticipantId};
use crate::history::{
    Certainty, Electorate, EntryIntoForce, Measure, Members, Poll, QuorumCount, StepState, Trigger,
    certified, certified_in, count_on, in_force_on,
};

use super::Axes;
use super::answer::{CheckpointRef, Coverage, QuestionEcho};
use super::body::{BodyView, Material, QueryError};
use super::correction::{corrections, proposed};
use super::counted::{CountedIn, counted_in};
use super::quorum::quorum;

/// The state of a treaty or an accession on a day, in force or not, and the condition of its clause.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct InForce {
    /// The question, as it was understood.
    pub question: QuestionEcho,
    /// True if it is in force on the day; `null` if no clause is known and no act certifies it.
    pub in_force: Option<bool>,
    /// Its first day in force: a certificate that prevails over the clause, else the day that the clause computes, else
    /// the certified day; `null` while the condition is not met.
    pub on: Option<Edtf>,
    /// The certainty of `in_force` and `on`.
    pub certainty: Certainty,
    /// The clause, in its canonical form; `null` if none is known.
    pub clause: Option<String>,
    /// The index of the adoption or amendment that contains the clause.
    pub rule: Option<Index>,
    /// The article of the clause.
    pub article: Option<String>,
    /// The way in which the clause is known, if not by reading the article.
    pub basis: Option<String>,
    /// The consent that met the condition.
    pub trigger: Option<TriggerItem>,
    /// The unit of `count` and `needed`: `participants`, `percent` or `treaties`.
    pub measure: Option<&'static str>,
    /// The amount reached when the condition was met or certified, else on the day asked about. Percents have up to
    /// three decimals.
    #[serde(serialize_with = "some_amount")]
    pub count: Option<f64>,
    /// The amount that the condition needs.
    #[serde(serialize_with = "some_amount")]
    pub needed: Option<f64>,
    /// The participants of a closed set that have not consented.
    pub missing: Vec<ParticipantId>,
    /// The participants that approved at home, but of which no deposit is attested.
    pub unattested: Vec<ParticipantId>,
    /// The parts of the condition, each with its own state.
    pub parts: Vec<ClausePart>,
    /// The sets and tables over which the condition counts.
    pub tables: Vec<CountedIn>,
    /// The day in force that the depositary, or an act of entry into force, certifies.
    pub certified: Option<Certified>,
    /// The first day on which the treaty is no longer in force for any participant, with the act that ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Certified>,
    /// Notes for the reader, such as a certificate that differs from the clause.
    pub notes: Vec<String>,
    /// The span of the record that was searched; `null` without a survey.
    pub coverage: Option<Coverage>,
    /// The head of the record that was read.
    pub checkpoint: CheckpointRef,
}

/// The consent that met a condition.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct TriggerItem {
    /// The participant that gave the consent; `null` if several consents of one day are unordered.
    pub participant: Option<ParticipantId>,
    /// The day on which the condition was met; a span if a date is partial.
    pub on: Edtf,
    /// Every consent that may have been the last one needed.
    pub among: Vec<ParticipantId>,
    /// The indexes of these consents.
    pub entries: Vec<Index>,
}

/// A part of a condition.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ClausePart {
    /// The condition, in the language of clauses.
    pub condition: String,
    /// True if the condition was met by the day to which `count` refers.
    pub met: bool,
    /// The day on which it was first met; `null` while it is not.
    pub since: Option<Edtf>,
    /// The amount reached.
    #[serde(serialize_with = "amount")]
    pub count: f64,
    /// The amount needed.
    #[serde(serialize_with = "amount")]
    pub needed: f64,
}

/// Participants are counted in whole numbers: `35`, not `35.0`.
fn amount<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
    let whole = value.round() as u32;
    match f64::from(whole) == *value {
        true => to.serialize_u32(whole),
        false => to.serialize_f64(*value),
    }
}

fn some_amount<S: Serializer>(value: &Option<f64>, to: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => amount(value, to),
        None => to.serialize_none(),
    }
}

/// A day that an act gives for the beginning, or for the end, of the time in force.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Certified {
    /// The first day in force; for the end, the first day on which it is no longer in force.
    pub on: Edtf,
    /// The index of the act.
    pub index: Index,
}

/// Finds the entry into force of the treaty or constitutive instrument of a body; with `about`, that of the accession
/// of one participant.
///
/// # Errors
/// [`QueryError`] if the body has no charter in the record, or its charter cannot be read.
pub fn in_force(
    material: &Material,
    body: &BodyId,
    about: Option<&ParticipantId>,
    axes: &Axes,
) -> Result<InForce, QueryError> {
    let view = BodyView::of(material, body, axes)?;
    let mut answer = under(&view, material, about, axes);
    let items = corrections(material, &view, None, axes.on);
    for (item, other) in proposed(&view, &items) {
        let reading = under(&other, material, about, axes);
        let line = super::correction::line(item);
        answer.notes.push(format!("{line}; under the corrected text: {}", in_words(&reading)));
    }
    Ok(answer)
}

/// The state and the first day in force, in a line.
fn in_words(answer: &InForce) -> String {
    let from = answer.on.as_ref().map(|on| format!(" from {on}")).unwrap_or_default();
    match (answer.in_force, answer.on.is_some()) {
        (None, _) => "not settled".into(),
        (Some(true), _) => format!("in force{from}"),
        (Some(false), true) => format!("in force only{from}"),
        (Some(false), false) => "not in force".into(),
    }
}

/// The answer under the rules of a view.
fn under(view: &BodyView, material: &Material, about: Option<&ParticipantId>, axes: &Axes) -> InForce {
    let question = QuestionEcho::new("in-force", about, Some(&view.charter.body), axes);
    let mut answer = InForce {
        in_force: None,
        on: None,
        certainty: Certainty::Certain,
        clause: None,
        rule: None,
        article: None,
        basis: None,
        trigger: None,
        measure: None,
        count: None,
        needed: None,
        missing: Vec::new(),
        unattested: Vec::new(),
        parts: Vec::new(),
        tables: Vec::new(),
        certified: None,
        ended: None,
        notes: view.end_of_record(axes.on).into_iter().collect(),
        coverage: view.coverage(axes.on),
        checkpoint: material.checkpoint.clone(),
        question,
    };
    match about {
        None => of_treaty(view, axes.on, &mut answer),
        Some(applicant) => of_accession(view, applicant, axes.on, &mut answer),
    }
    let holds = about.is_none()
        && view.board.entry_into_force.as_ref().is_some_and(|general| general.certificate_holds);
    conclude(&mut answer, axes.on, holds);
    if about.is_none() {
        leave_open(&mut answer, view);
    }
    answer
}

fn of_treaty(view: &BodyView, on: Day, answer: &mut InForce) {
    let version = view.charter.on(on.max(view.charter.latest().from()));
    let acts = view.pairs.values().flat_map(|pair| &pair.own);
    // Acts that name a participant certify its own treaty of accession if the constitutive instrument has a clause.
    let named = || certified(acts.filter(|_| version.clauses.entry_into_force.is_none()));
    let certified = certified_in(&view.charter, &view.alone).or_else(named);
    answer.certified = certified.map(|(on, index)| Certified { on, index });
    answer.ended = view.board.ended().map(|(on, index)| Certified { on: on.clone(), index });
    let Some(clause) = &version.clauses.entry_into_force else {
        let short = &view.charter.about.short;
        answer
            .notes
            .push(format!("the clause is unknown: the charter of {short} states no entry-into-force"));
        return;
    };
    (answer.clause, answer.rule) = (Some(clause.rule.to_string()), Some(clause.entry));
    answer.article = version.clauses.articles.get(&ClauseKey::EntryIntoForce).cloned();
    answer.basis = version.clauses.bases.get(&ClauseKey::EntryIntoForce).cloned();
    let electorate = Electorate::of_treaty(&view.charter, &view.pairs);
    let members = |day: Day, before: Option<u16>| view.board.members(&view.charter, &view.pairs, day, before);
    let waits = Waits { members: &members, in_force: &|body| view.board.elsewhere.get(body).copied() };
    evaluate(&clause.rule.rule, &electorate, version, &waits, on, answer);
    if view.board.entry_into_force.as_ref().is_some_and(|general| general.survivors_only) {
        bound(view, answer);
    }
}

/// If the record lists only present participants, the computed day is the latest possible one: a former participant may
/// have met the clause earlier.
fn bound(view: &BodyView, answer: &mut InForce) {
    let name = view.charter.about.in_short();
    let general = view.board.entry_into_force.as_ref();
    let told = match (&answer.on, &answer.certified) {
        (Some(latest), None) => format!(": {latest} is the latest that it can be"),
        (None, None) => ": it may be in force by consents that are not among them".to_owned(),
        (_, Some(_)) => String::new(),
    };
    answer.notes.push(format!(
        "the record of {name} lists only those who are still there; consents of others may have counted{told}"
    ));
    answer.on = general.and_then(EntryIntoForce::on);
    if answer.certified.is_none() {
        answer.certainty = Certainty::Possible;
    }
    if answer.on.is_some() && answer.certified.is_none() {
        answer.trigger = None;
        answer.missing.clear();
    }
}

/// The accession treaty or protocol of one participant: by its own clause, else on acceptance by every member.
fn of_accession(view: &BodyView, applicant: &ParticipantId, on: Day, answer: &mut InForce) {
    let version = view.charter.latest();
    let pair = view.pairs.get(applicant);
    let certifies = |act: &&crate::history::Standing| {
        act.event.act.kind() == ActKind::TreatyEnteredIntoForce && act.event.for_another().is_none()
    };
    let certified = pair.and_then(|pair| pair.own.iter().find(certifies));
    answer.certified =
        certified.and_then(|a| Some(Certified { on: a.event.effect()?.clone(), index: a.index }));
    let procedures = version.highest().and_then(|status| version.procedure(status));
    let step = procedures.and_then(|p| Some((p.entry, p.rule.steps.iter().find(|s| s.by.is_some())?)));
    let (rule, entry) = match (version.clauses.accession(applicant), step) {
        (Some(stated), _) => (stated.rule.clause.rule.clone(), stated.entry),
        (None, Some((entry, step))) => (by_everybody(step.by, applicant), entry),
        (None, None) => {
            answer
                .notes
                .push(format!("the clause is unknown: no accession clause for {applicant} is stated"));
            return;
        }
    };
    (answer.clause, answer.rule) = (Some(rule.to_string()), Some(entry));
    let stated = version.clauses.accession(applicant).map(|a| (a.rule.article.clone(), a.rule.basis.clone()));
    let foreseen =
        || procedures.zip(step).map(|(p, (_, s))| s.article.clone().unwrap_or(p.rule.article.clone()));
    (answer.article, answer.basis) = match stated {
        Some((article, basis)) => (Some(article), basis),
        None => (foreseen(), None),
    };
    let electorate = Electorate::of_accession(&view.pairs, applicant);
    let members = |day: Day, before: Option<u16>| {
        let mut members = view.board.members(&view.charter, &view.pairs, day, before);
        members.remove(applicant);
        members
    };
    let waits = Waits { members: &members, in_force: &|body| view.board.elsewhere.get(body).copied() };
    evaluate(&rule, &electorate, version, &waits, on, answer);
    if let Some((_, step)) = step {
        let state = StepState::of(step);
        let until = answer.certified.as_ref().map(|c| c.on.latest()).filter(|day| *day <= on).unwrap_or(on);
        if let Some(quorum) = quorum(view, applicant, &state, until).filter(|_| answer.trigger.is_none()) {
            (answer.missing, answer.unattested) = (quorum.missing, quorum.unattested);
        }
    }
}

/// The rule that follows from a procedure if no clause is stated: acceptance by every member.
fn by_everybody(by: Option<StepBy>, applicant: &ParticipantId) -> Rule {
    let all = Condition::All(SetRef::Members);
    let trigger = match by {
        Some(StepBy::EveryMemberAndApplicant) => {
            Condition::And(vec![all, Condition::AllOf(vec![applicant.clone()])])
        }
        _ => all,
    };
    Rule::WhenMet { trigger, then: ClauseTime::Delay(Delay::Instant), not_before: None }
}

/// The facts besides consents for which a clause may wait: the members at a moment, and the entry into force of other
/// treaties.
struct Waits<'w> {
    members: Members<'w>,
    in_force: &'w dyn Fn(&BodyId) -> Option<Day>,
}

fn evaluate(
    rule: &Rule,
    electorate: &Electorate,
    version: &Version,
    waits: &Waits<'_>,
    on: Day,
    answer: &mut InForce,
) {
    let (Rule::WhenMet { trigger: condition, .. } | Rule::Fixed { provided: condition, .. }) = rule else {
        answer.notes.push(format!("the clause does not wait for consents: {rule}"));
        return;
    };
    let [earliest, latest] = electorate.polls(version, waits.members, waits.in_force);
    let computed = in_force_on(rule, &earliest).zip(in_force_on(rule, &latest));
    answer.on =
        computed.as_ref().map(|((first, _), (last, _))| Edtf::one_of(*first.min(last), *last.max(first)));
    let triggers = met(condition, &earliest).zip(met(condition, &latest));
    // The counts are those of the day on which the condition was met, or was certified to be met.
    let certified = answer.certified.as_ref().map(|c| c.on.latest());
    let settled = triggers.as_ref().map(|(_, last)| last.on).or(certified);
    let until = settled.filter(|day| *day <= on).unwrap_or(on);
    let counted = count_on(condition, &latest, until);
    if let Some((first, last)) = triggers {
        answer.trigger = Some(trigger_item(&first, &last));
    }
    (answer.measure, answer.count, answer.needed) = amounts(&counted);
    answer.missing = counted.missing;
    let parts = match condition {
        Condition::And(parts) | Condition::Or(parts) => parts.as_slice(),
        one => std::slice::from_ref(one),
    };
    answer.parts = parts.iter().map(|part| self::part(part, &earliest, &latest, until)).collect();
    answer.tables = counted_in(condition, version, until);
    if let Some(treaty) = rule.waits_for().filter(|treaty| (waits.in_force)(treaty).is_none()) {
        answer.notes.push(format!("it waits for {treaty}, which is not in force by this record"));
    }
}

fn met(condition: &Condition, poll: &Poll<'_>) -> Option<Trigger> {
    crate::history::trigger(condition, poll)
}

fn part(condition: &Condition, earliest: &Poll<'_>, latest: &Poll<'_>, until: Day) -> ClausePart {
    let counted = count_on(condition, latest, until);
    let since = met(condition, earliest).zip(met(condition, latest));
    let since = since.map(|(first, last)| Edtf::one_of(first.on.min(last.on), last.on.max(first.on)));
    let (_, count, needed) = amounts(&counted);
    ClausePart {
        condition: condition.to_string(),
        met: counted.met,
        since,
        count: count.unwrap_or_default(),
        needed: needed.unwrap_or_default(),
    }
}

fn trigger_item(first: &Trigger, last: &Trigger) -> TriggerItem {
    let only = last.deposit().filter(|_| first.by == last.by);
    TriggerItem {
        participant: only.map(|deposit| deposit.participant.clone()),
        on: Edtf::one_of(first.on.min(last.on), last.on.max(first.on)),
        among: last.by.iter().map(|deposit| deposit.participant.clone()).collect(),
        entries: last.by.iter().map(|deposit| deposit.entry).collect(),
    }
}

/// The unit of a count, the amount reached and the amount needed.
fn amounts(count: &QuorumCount) -> (Option<&'static str>, Option<f64>, Option<f64>) {
    let (name, scale) = match count.measure {
        Measure::Participants => ("participants", 1.0),
        Measure::MilliPercent => ("percent", 1000.0),
        Measure::Treaties => ("treaties", 1.0),
    };
    (Some(name), Some(f64::from(count.count) / scale), Some(f64::from(count.needed) / scale))
}

/// A treaty that is in force by a class of signatories which may still grow is possibly in force.
fn leave_open(answer: &mut InForce, view: &BodyView) {
    let clause = view.charter.latest().clauses.entry_into_force.as_ref();
    let is_open = clause.is_some_and(|clause| clause.rule.rule.counts_open_class());
    if is_open && answer.in_force == Some(true) && answer.certified.is_none() {
        answer.certainty = Certainty::Possible;
        answer.notes.push(
            "by those who had signed when the last of them consented: the charter does not say until when a state could \
             sign (VCLT 24(2))"
                .to_owned(),
        );
    }
}

/// Settles the day and the answer; `certificate_holds` whatever day the clause gives.
fn conclude(answer: &mut InForce, on: Day, certificate_holds: bool) {
    let certified = answer.certified.as_ref().map(|c| c.on.clone());
    if let Some((computed, certified)) = answer.on.as_ref().zip(answer.certified.as_ref()) {
        let apart =
            computed.latest() < certified.on.earliest() || certified.on.latest() < computed.earliest();
        if apart {
            answer.notes.push(format!(
                "the clause gives {computed}, entry {} certifies {}",
                certified.index, certified.on
            ));
        }
    }
    if let (None, Some(certified)) = (&answer.on, &answer.certified) {
        let needed = answer.needed.unwrap_or_default();
        let count = answer.count.unwrap_or_default();
        let entry = certified.index;
        if answer.clause.is_some() {
            answer.notes.push(format!(
                "as certified (entry {entry}): the condition is not computed, {count} of {needed} consents are \
                 recorded"
            ));
        }
    }
    answer.on = if certificate_holds { certified } else { answer.on.take().or(certified) };
    let Some(begins) = &answer.on else {
        answer.in_force = answer.clause.as_ref().map(|_| false);
        return;
    };
    answer.in_force = Some(begins.latest() <= on);
    if begins.earliest() <= on && on < begins.latest() {
        answer.certainty = Certainty::Possible;
    }
    if let Some(ended) = answer.ended.as_ref().map(|ended| &ended.on).filter(|end| end.earliest() <= on) {
        answer.in_force = Some(false);
        if on < ended.latest() {
            answer.certainty = Certainty::Possible;
        }
    }
}
