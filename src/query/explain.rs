//! Why: the status, the rule, the acts, their evidence, and every step of the procedures.

use serde::Serialize;

use crate::event::{ActKind, BodyId, Day, Edtf, Index, ParticipantId, StatusId};
use crate::history::Standing;

use super::Axes;
use super::answer::{Afterwards, OutcomeItem, act};
use super::body::{BodyView, Material, PairView, QueryError};
use super::status::{StatusAnswer, in_view, item};

/// A status answer with everything behind it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Explanation {
    /// The answer.
    #[serde(flatten)]
    pub answer: StatusAnswer,
    /// The adoptions and amendments whose rules moved the status.
    pub rules: Vec<RuleItem>,
    /// The act that ended the status, where one is recorded.
    pub ended_by: Option<Afterwards>,
    /// The procedures that were open on the day, or opened before it and ended after it, step by step.
    pub trails: Vec<ProcedureTrail>,
}

/// The rule behind a move.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct RuleItem {
    /// The adoption or amendment.
    pub index: Index,
    /// The instrument or decision.
    pub instrument: Option<String>,
    /// Its first day.
    pub effective: Option<Edtf>,
    /// The rule with its article.
    pub clause: String,
}

/// A procedure, step by step.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ProcedureTrail {
    /// The status sought.
    pub toward: Option<StatusId>,
    /// Its first act.
    pub opened: Edtf,
    /// The steps that the rules of the day foresee.
    pub steps: Vec<TrailStep>,
    /// How it ended, by what is known today.
    pub outcome: Option<OutcomeItem>,
}

/// A step, taken or missing.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct TrailStep {
    /// Which act takes it.
    #[serde(serialize_with = "act")]
    pub act: ActKind,
    /// In a word or two.
    pub title: String,
    /// Whether it may be left out.
    pub optional: bool,
    /// Acts up to the day asked.
    pub taken: Vec<Afterwards>,
    /// Acts after it.
    pub later: Vec<Afterwards>,
    /// Acts at home, which count for nothing until they are notified.
    pub at_home: Vec<Afterwards>,
}

/// Explains a status.
///
/// # Errors
/// [`QueryError`].
pub fn explain(
    material: &Material<'_>,
    participant: &ParticipantId,
    body: &BodyId,
    axes: &Axes,
) -> Result<Explanation, QueryError> {
    let view = BodyView::new(material, body, axes.as_recorded, axes.known())?.with_view(axes);
    let later = match axes.as_known {
        Some(_) => Some(BodyView::new(material, body, axes.as_recorded, Day::FUTURE)?.with_view(axes)),
        None => None,
    };
    let today = later.as_ref().unwrap_or(&view);
    let mut answer = in_view(material, &view, today, participant, body, axes);
    answer.question.kind = "explain";
    let rules = rules(&view, &answer);
    let nothing = PairView::default();
    let pair = view.pairs.get(participant).unwrap_or(&nothing);
    let ended_by = ended_by(pair, &answer);
    let trails = trails(&view, participant, today, axes.on);
    Ok(Explanation { answer, rules, ended_by, trails })
}

fn rules(view: &BodyView<'_>, answer: &StatusAnswer) -> Vec<RuleItem> {
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

fn ended_by(pair: &PairView<'_>, answer: &StatusAnswer) -> Option<Afterwards> {
    let until = answer.until.as_ref()?;
    let ends = |a: &&Standing<'_>| a.event.effect() == Some(until) && a.event.act.kind().may_move_status();
    pair.own.iter().find(ends).and_then(brief)
}

fn brief(act: &Standing<'_>) -> Option<Afterwards> {
    Some(Afterwards { act: act.event.act.kind(), date: act.event.date()?.clone(), index: act.index })
}

fn trails(
    view: &BodyView<'_>,
    participant: &ParticipantId,
    today: &BodyView<'_>,
    on: Day,
) -> Vec<ProcedureTrail> {
    let nothing = PairView::default();
    let pair = view.pairs.get(participant).unwrap_or(&nothing);
    let later = today.pairs.get(participant).unwrap_or(&nothing);
    let history = view.history(participant);
    let all = today.history(participant);
    let ended: Vec<_> =
        (0..all.accounts.len()).flat_map(|a| later.lifecycles(&today.charter, &all, a)).collect();
    let mut trails: Vec<ProcedureTrail> = Vec::new();
    for life in pair.lifecycles(&view.charter, &history, 0).iter().filter(|life| life.is_open(on)) {
        let (Some(now), Some(item)) = (life.on(&view.charter, on), item(view, life, &ended, on)) else {
            continue;
        };
        // With hindsight the same procedure has acts that were not known on the day.
        let first = life.acts.first().map(|a| a.index);
        let known_now = ended.iter().find(|l| l.acts.first().map(|a| a.index) == first);
        let known_now = known_now.and_then(|l| l.on(&today.charter, on));
        let steps = now.steps.iter().map(|step| {
            let later = known_now.as_ref().and_then(|n| n.steps.iter().find(|s| s.act == step.act));
            let home = |a: &&&Standing<'_>| {
                step.act == ActKind::MembershipRatified && a.event.act.kind() == ActKind::DomesticApproval
            };
            TrailStep {
                act: step.act,
                title: step.title.clone(),
                optional: step.optional,
                taken: step.taken.iter().filter_map(|a| brief(a)).collect(),
                later: later.map_or(&step.later, |s| &s.later).iter().filter_map(|a| brief(a)).collect(),
                at_home: life.acts.iter().filter(home).filter_map(|a| brief(a)).collect(),
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
