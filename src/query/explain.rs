//! The explanation of a status: the rules, the acts, their evidence, and every step of the procedures.

use serde::Serialize;

use crate::event::{ActKind, BodyId, Day, Edtf, Index, ParticipantId, StatusId};
use crate::history::{PairView, Standing, StepState};

use super::Axes;
use super::answer::{Afterwards, OutcomeItem, QuorumItem, act};
use super::body::{BodyView, Material, QueryError};
use super::quorum::quorum;
use super::status::{StatusAnswer, in_view, item};

/// A status answer with the rules, acts and procedures behind it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Explanation {
    /// The answer.
    #[serde(flatten)]
    pub answer: StatusAnswer,
    /// The adoptions and amendments whose rules moved the status.
    pub rules: Vec<RuleItem>,
    /// The act that ended the status, if one is recorded.
    pub ended_by: Option<Afterwards>,
    /// The procedures that were open on the day asked about, step by step.
    pub trails: Vec<ProcedureTrail>,
    /// The steps that are lacking, procedure by procedure, each with its article.
    pub missing: Vec<MissingStep>,
}

/// A step that is lacking.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct MissingStep {
    /// The status sought.
    pub toward: Option<StatusId>,
    /// The act that takes the step.
    #[serde(serialize_with = "act")]
    pub act: ActKind,
    /// The title of the step, in a word or two.
    pub title: String,
    /// True for the first lacking step of the procedure.
    pub next: bool,
    /// The article that requires the step.
    pub article: String,
    /// The index of the adoption or amendment that contains the procedure.
    pub rule: Index,
    /// For a step that others must take: the count of those who must and those who have.
    pub quorum: Option<QuorumItem>,
    /// The clause that determines when the step has effect, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
}

/// The rule by which an act moved the status.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct RuleItem {
    /// The index of the adoption or amendment.
    pub index: Index,
    /// The instrument or decision.
    pub instrument: Option<String>,
    /// The first day of that version of the rules.
    pub effective: Option<Edtf>,
    /// The rule with its article.
    pub clause: String,
}

/// A procedure, step by step.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ProcedureTrail {
    /// The status sought.
    pub toward: Option<StatusId>,
    /// The date of its first act.
    pub opened: Edtf,
    /// The steps that the rules of the day foresee.
    pub steps: Vec<TrailStep>,
    /// The end of the procedure, with everything known today.
    pub outcome: Option<OutcomeItem>,
}

/// A step, taken or missing.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct TrailStep {
    /// The act that takes the step.
    #[serde(serialize_with = "act")]
    pub act: ActKind,
    /// The title of the step, in a word or two.
    pub title: String,
    /// True if the step may be left out.
    pub optional: bool,
    /// The acts of this step up to the day asked about.
    pub taken: Vec<Afterwards>,
    /// The acts of this step after that day.
    pub later: Vec<Afterwards>,
    /// Acts at home, which count for nothing until they are notified.
    pub at_home: Vec<Afterwards>,
    /// For a step that others must take: the count of those who must and those who have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quorum: Option<QuorumItem>,
}

/// Explains the status of one participant.
///
/// # Errors
/// [`QueryError`] if the body has no charter in the record, or its charter cannot be read.
pub fn explain(
    material: &Material,
    participant: &ParticipantId,
    body: &BodyId,
    axes: &Axes,
) -> Result<Explanation, QueryError> {
    let view = BodyView::of(material, body, axes)?;
    let later = BodyView::today(material, body, axes);
    let today = later.as_ref().unwrap_or(&view);
    let mut answer = in_view(material, &view, today, participant, body, axes);
    answer.question.kind = "explain";
    let rules = rules(&view, &answer);
    let nothing = PairView::default();
    let pair = view.pairs.get(participant).unwrap_or(&nothing);
    let ended_by = ended_by(&view, participant, &answer);
    let trails = trails(&view, participant, pair, today, axes.on);
    let missing = missing(&view, participant, pair, axes.on);
    Ok(Explanation { answer, rules, ended_by, trails, missing })
}

/// The steps that the rules of the day foresee and that have not been taken. If no procedure is open, no step is
/// lacking.
fn missing(view: &BodyView, who: &ParticipantId, pair: &PairView, on: Day) -> Vec<MissingStep> {
    let history = view.history(who);
    let mut found = Vec::new();
    for life in pair.lifecycles(&view.charter, &history, 0).iter().filter(|life| life.is_open(on)) {
        let Some(now) = life.on(&view.charter, on) else { continue };
        let version = view.charter.on(on);
        let Some(procedure) = now.toward.as_ref().and_then(|id| version.procedure(id)) else { continue };
        let mut next = true;
        for step in now.missing.iter().filter_map(|at| now.steps.get(*at)) {
            let quorum = quorum(view, who, step, on);
            if quorum.as_ref().is_some_and(|q| q.needed > 0 && q.count >= q.needed) {
                continue;
            }
            let in_force = step.act == ActKind::TreatyEnteredIntoForce;
            let accession = version.clauses.accession(who).filter(|_| in_force || step.by.is_some());
            found.push(MissingStep {
                toward: now.toward.clone(),
                act: step.act,
                title: step.title.clone(),
                next: std::mem::take(&mut next),
                article: step.article.clone().unwrap_or_else(|| procedure.rule.article.clone()),
                rule: procedure.entry,
                quorum,
                clause: accession.map(|a| format!("{} ({})", a.rule.clause, a.rule.article)),
            });
        }
    }
    found
}

fn rules(view: &BodyView, answer: &StatusAnswer) -> Vec<RuleItem> {
    let version = |index: Index| view.charter.versions().iter().find(|v| v.entry == index);
    let rule = |because: &super::Because| {
        let index = because.rule?;
        let version = version(index);
        Some(RuleItem {
            index,
            instrument: version.and_then(|v| v.instrument.clone()),
            effective: version.and_then(|v| v.effective.clone()),
            clause: because.clause.clone(),
        })
    };
    answer.because.iter().filter_map(rule).collect()
}

/// The act that gave the next status.
fn ended_by(view: &BodyView, who: &ParticipantId, answer: &StatusAnswer) -> Option<Afterwards> {
    let until = answer.until.as_ref()?;
    let history = view.history(who);
    let after = history.entries(&history.on(until.latest()));
    let new = after.into_iter().rev().find(|entry| answer.because.iter().all(|b| b.index != *entry))?;
    match view.act(new) {
        Some(act) => brief(act),
        None => {
            let version = view.charter.version_of(new)?;
            let date = version.effective.clone()?;
            Some(Afterwards { act: ActKind::CharterAmended, date, index: new })
        }
    }
}

fn brief(act: &Standing) -> Option<Afterwards> {
    Some(Afterwards { act: act.event.act.kind(), date: act.event.date()?.clone(), index: act.index })
}

fn trails(
    view: &BodyView,
    who: &ParticipantId,
    pair: &PairView,
    today: &BodyView,
    on: Day,
) -> Vec<ProcedureTrail> {
    let nothing = PairView::default();
    let later = today.pairs.get(who).unwrap_or(&nothing);
    let (history, all) = (view.history(who), today.history(who));
    let ended: Vec<_> =
        (0..all.accounts.len()).flat_map(|a| later.lifecycles(&today.charter, &all, a)).collect();
    let mut trails: Vec<ProcedureTrail> = Vec::new();
    for life in pair.lifecycles(&view.charter, &history, 0).iter().filter(|life| life.is_open(on)) {
        let (Some(now), Some(item)) = (life.on(&view.charter, on), item(view, who, life, &ended, on)) else {
            continue;
        };
        // With hindsight the same procedure has acts that were not known on the day.
        let first = life.acts.first().map(|a| a.index);
        let known_now = ended.iter().find(|l| l.acts.first().map(|a| a.index) == first);
        let known_now = known_now.and_then(|l| l.on(&today.charter, on));
        let steps = now.steps.iter().map(|step| {
            let same = |s: &&StepState<'_>| s.act == step.act && s.by == step.by;
            let later = known_now.as_ref().and_then(|n| n.steps.iter().find(same));
            let home = |a: &&&Standing| {
                step.act == ActKind::MembershipRatified && a.event.act.kind() == ActKind::DomesticApproval
            };
            TrailStep {
                act: step.act,
                title: step.title.clone(),
                optional: step.optional,
                taken: step.taken.iter().filter_map(|a| brief(a)).collect(),
                later: later.map_or(&step.later, |s| &s.later).iter().filter_map(|a| brief(a)).collect(),
                at_home: life.acts.iter().filter(home).filter_map(|a| brief(a)).collect(),
                quorum: quorum(view, who, step, on),
            }
        });
        trails.push(ProcedureTrail {
            toward: item.toward,
            opened: item.opened,
            steps: steps.collect(),
            outcome: item.outcome,
        });
    }
    trails
}
