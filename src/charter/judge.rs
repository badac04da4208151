//! What an act does under the rules of its day; what is remarked; what is refused.

use crate::event::{Act, ActKind, Edtf, Event, Index, Reply, StatusId};

use super::{Charter, EffectBy, Transition, Version};

/// What an act does to its participant's status under one version of the rules.
#[derive(Clone, PartialEq, Debug)]
pub struct Judgement {
    /// The move, or `None` where the act moves nothing.
    pub moves: Option<Move>,
    /// Departures from the rules and differing claims; none of them keeps the act from the record.
    pub remarks: Vec<Remark>,
}

/// A status that begins.
#[derive(Clone, PartialEq, Debug)]
pub struct Move {
    /// The status after it.
    pub to: StatusId,
    /// The adoption or amendment whose rule moves it; `None` where the source's claim stands (`attested`).
    pub rule: Option<Index>,
    /// The rule with its article, in a line.
    pub clause: String,
}

/// A departure from the charter, or a claim that differs from it. Remarks never refuse and never fail an audit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Remark {
    /// The status before is not one from which the rules foresee the act.
    OutOfOrder {
        /// Its status before.
        from: StatusId,
        /// The article.
        article: String,
    },
    /// The status sought did not exist on the day of the act.
    NoSuchStatusYet {
        /// The status.
        toward: StatusId,
    },
    /// The source gives another result than the rules.
    ClaimDiffers {
        /// What the source says.
        claimed: StatusId,
        /// What the rules say.
        derived: StatusId,
    },
    /// No rule speaks of the act: the source's claim stands.
    Attested {
        /// What the source says.
        claimed: StatusId,
    },
}

impl std::fmt::Display for Remark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Remark::OutOfOrder { from, article } => {
                write!(f, "out of order: not foreseen from {from} ({article})")
            }
            Remark::NoSuchStatusYet { toward } => write!(f, "there was no status {toward} on that day"),
            Remark::ClaimDiffers { claimed, derived } => {
                write!(f, "the source gives {claimed}, the charter {derived}")
            }
            Remark::Attested { claimed } => {
                write!(f, "attested: no rule of the charter speaks of it, the source gives {claimed}")
            }
        }
    }
}

/// Judges an act of a participant whose status before it is `from`: by the rules that give it effect at once, else by
/// those whose clause computes the day.
pub fn judge(version: &Version, from: &StatusId, event: &Event) -> Judgement {
    let kind = event.act.kind();
    let of_act = || version.transitions.iter().filter(|t| t.rule.act.0 == kind).map(|t| t.rule.effect);
    let computed = of_act().find(|effect| effect.is_some()).flatten();
    let at_once = of_act().any(|effect| effect.is_none());
    judge_effect(version, from, event, computed.filter(|_| !at_once))
}

/// Judges by the rules of one effect only: `None` are those that the act has at once.
pub fn judge_effect(
    version: &Version,
    from: &StatusId,
    event: &Event,
    effect: Option<EffectBy>,
) -> Judgement {
    let kind = event.act.kind();
    let mut remarks = Vec::new();
    if let Some(toward) = &event.toward
        && version.status(toward).is_none()
        && !toward.is_none()
        && !version.merged.iter().any(|(old, _)| old == toward)
    {
        remarks.push(Remark::NoSuchStatusYet { toward: toward.clone() });
    }
    // A deferral leaves everything open; only a rejection ends what the application began.
    let deferred =
        matches!(event.act, Act::ApplicationDeferredOrRejected(reply) if reply != Some(Reply::Rejected));
    if event.for_another().is_some() || deferred {
        return Judgement { moves: None, remarks };
    }
    let rules = || version.transitions.iter().filter(|t| t.rule.act.0 == kind && t.rule.effect == effect);
    let meant = || rules().filter(|t| is_meant(&t.rule, version, event));
    let foreseen = |t: &&super::Ruled<Transition>| t.rule.from.is_empty() || t.rule.from.contains(from);
    // Where no rule is the one meant, and the event does not say what it is toward, any of its act is.
    let found = match meant().next() {
        Some(first) => meant().find(foreseen).or(Some(first)),
        None if event.toward.is_none() => rules().find(foreseen).or_else(|| rules().next()),
        None => None,
    };
    let Some(transition) = found else {
        let moves = attested(kind, event, version, &mut remarks);
        return Judgement { moves, remarks };
    };
    let rule = &transition.rule;
    if !rule.from.is_empty() && !rule.from.contains(from) && rule.to != *from {
        remarks.push(Remark::OutOfOrder { from: from.clone(), article: rule.article.clone() });
    }
    claim(event, &rule.to, &mut remarks);
    if signs(kind) && rank(version, from) > rank(version, &rule.to) {
        // Whoever has consented does not cease to by signing.
        return Judgement { moves: None, remarks };
    }
    let clause = line(rule);
    let moves = Some(Move { to: rule.to.clone(), rule: Some(transition.entry), clause });
    Judgement { moves, remarks }
}

/// A rule with its article, in a line.
fn line(rule: &Transition) -> String {
    [rule.rule.as_str(), " (", rule.article.as_str(), ")"].concat()
}

fn signs(act: ActKind) -> bool {
    matches!(act, ActKind::TreatySigned | ActKind::SignatureAdReferendum)
}

fn rank(version: &Version, status: &StatusId) -> u8 {
    version.status(status).map_or(0, |status| status.rank)
}

/// What an act gives until the effect that a clause computes: only from a status from which the rules foresee the act, so
/// that who consents twice does not fall back.
pub fn judge_meanwhile(version: &Version, from: &StatusId, event: &Event, effect: EffectBy) -> Option<Move> {
    let rules = || version.transitions.iter().filter(|t| t.rule.act.0 == event.act.kind());
    let foreseen = |t: &Transition| t.from.is_empty() || t.from.contains(from);
    let of_effect = |t: &Transition| t.effect == Some(effect) && foreseen(t) && is_meant(t, version, event);
    let transition = rules().find(|t| of_effect(&t.rule) && event.for_another().is_none())?;
    let to = transition.rule.meanwhile.clone()?;
    let clause = line(&transition.rule);
    Some(Move { to, rule: Some(transition.entry), clause })
}

/// Whether a rule is the one that an event speaks of: by the status sought where the rule names one, else by the status
/// that it leads to.
fn is_meant(rule: &Transition, version: &Version, event: &Event) -> bool {
    let sought = event.toward.as_ref().map(|id| version.current_name(id));
    match &rule.toward {
        Some(toward) => sought.is_none_or(|sought| sought == version.current_name(toward)),
        None => {
            let claimed = || event.status.as_ref().map(|id| version.current_name(id));
            sought.or_else(claimed).is_none_or(|named| rule.to == *named)
        }
    }
}

/// A source's own result stands only where the rules are silent on an act that may change a status.
fn attested(kind: ActKind, event: &Event, version: &Version, remarks: &mut Vec<Remark>) -> Option<Move> {
    let claimed = event.status.as_ref().filter(|_| kind.may_move_status())?;
    if version.transitions.iter().any(|t| t.rule.act.0 == kind) {
        return None;
    }
    remarks.push(Remark::Attested { claimed: claimed.clone() });
    let clause = "attested by the source; the charter has no rule for it".to_owned();
    Some(Move { to: version.current_name(claimed).clone(), rule: None, clause })
}

fn claim(event: &Event, derived: &StatusId, remarks: &mut Vec<Remark>) {
    if let Some(claimed) = &event.status
        && claimed != derived
    {
        remarks.push(Remark::ClaimDiffers { claimed: claimed.clone(), derived: derived.clone() });
    }
}

/// What cannot have happened, and is kept out of the record.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// An act before the body began.
    #[error("{act} of {date} lies before {title} began ({began}): an act cannot be older than its body")]
    BeforeBody {
        /// The act.
        act: ActKind,
        /// Its date.
        date: Edtf,
        /// The body's name.
        title: String,
        /// When it began.
        began: Edtf,
    },
    /// An effect before the act.
    #[error("{act} of {date} cannot have had effect on {effect}, before it was done")]
    EffectBeforeAct {
        /// The act.
        act: ActKind,
        /// Its date.
        date: Edtf,
        /// Its effect.
        effect: Edtf,
    },
}

/// Refuses only the impossible: an act (not a claim) before its body began, an effect whose latest day lies before the
/// act's earliest, unless the vocabulary calls the act retroactive.
///
/// # Errors
/// [`Refusal`].
pub fn refuse(charter: &Charter, event: &Event) -> Result<(), Refusal> {
    let act = event.act.kind();
    let Some((role, date)) = event.dated() else { return Ok(()) };
    let is_act = act != ActKind::ClaimRecorded && !act.is_record_keeping();
    if let Some(began) = charter.about.began.as_ref().filter(|_| is_act)
        && date.latest() < began.earliest()
    {
        let title = charter.about.title.clone();
        return Err(Refusal::BeforeBody { act, date: date.clone(), title, began: began.clone() });
    }
    let effect = event.dates.get(crate::event::Role::Effective);
    if let Some(effect) = effect.filter(|_| is_act && role != crate::event::Role::Effective)
        && effect.latest() < date.earliest()
        && !act.is_retroactive()
    {
        return Err(Refusal::EffectBeforeAct { act, date: date.clone(), effect: effect.clone() });
    }
    Ok(())
}
