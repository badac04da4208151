//! Judges acts under the rules of their day: the status that an act gives, the remarks on it, and the refusals.

use crate::event::{Act, ActKind, Edtf, Event, Index, Reply, StatusId};

use super::{Charter, EffectBy, Ruled, Transition, Version};

/// The effect of an act on its participant's status under one version of the rules, with remarks.
#[derive(Clone, PartialEq, Debug)]
pub struct Judgement {
    /// The change of status, or `None` if the act changes none.
    pub moves: Option<Move>,
    /// Departures from the rules, and claims that differ from them; an act with remarks is still recorded.
    pub remarks: Vec<Remark>,
}

/// A change of status.
#[derive(Clone, PartialEq, Debug)]
pub struct Move {
    /// The status after it.
    pub to: StatusId,
    /// The adoption or amendment that made the rule; `None` if the source's claim is followed (`attested`).
    pub rule: Option<Index>,
    /// The rule with its article, in one line.
    pub clause: String,
}

/// A departure from the charter, or a claim that differs from it. A remark never refuses an act and is never a finding of an audit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Remark {
    /// The rules do not foresee the act from the participant's status before it.
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
        /// The status that the source claims.
        claimed: StatusId,
        /// The status that follows from the rules.
        derived: StatusId,
    },
    /// No rule covers the act, so the source's claim is followed.
    Attested {
        /// The status that the source claims.
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

/// Judges an act of a participant whose status before it is `from`: by the rules that give the act effect at once, otherwise by
/// those whose clause computes the day of effect.
pub fn judge(version: &Version, from: &StatusId, event: &Event) -> Judgement {
    let kind = event.act.kind();
    let of_act = || version.transitions.iter().filter(|t| t.rule.act.0 == kind).map(|t| t.rule.effect);
    let computed = of_act().find(|effect| effect.is_some()).flatten();
    let at_once = of_act().any(|effect| effect.is_none());
    judge_effect(version, from, event, computed.filter(|_| !at_once))
}

/// A change of status without its texts, which are made only when they are asked for.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Motion<'v> {
    /// The status after it.
    pub to: &'v StatusId,
    /// The rule that makes the change; `None` if the source's claim is followed.
    by: Option<&'v Ruled<Transition>>,
}

impl Motion<'_> {
    /// The adoption or amendment that made the rule; `None` if the source's claim is followed.
    pub fn rule(&self) -> Option<Index> {
        self.by.map(|by| by.entry)
    }

    /// The rule with its article, in one line.
    pub fn clause(&self) -> String {
        match self.by {
            Some(by) => line(&by.rule),
            None => "attested by the source; the charter has no rule for it".to_owned(),
        }
    }
}

/// The rule of an act under one version of the rules.
enum Ruling<'v> {
    /// The act changes no status of its participant.
    Moot,
    /// No rule covers the act.
    Silent,
    /// This rule covers the act.
    By(&'v Ruled<Transition>),
}

fn ruling<'v>(version: &'v Version, from: &StatusId, event: &Event, effect: Option<EffectBy>) -> Ruling<'v> {
    let kind = event.act.kind();
    // A deferral leaves the procedure open; only a rejection ends it.
    let deferred =
        matches!(event.act, Act::ApplicationDeferredOrRejected(reply) if reply != Some(Reply::Rejected));
    if event.for_another().is_some() || deferred {
        return Ruling::Moot;
    }
    let rules = || version.transitions.iter().filter(|t| t.rule.act.0 == kind && t.rule.effect == effect);
    let meant = || rules().filter(|t| is_meant(&t.rule, version, event));
    let foreseen = |t: &&Ruled<Transition>| t.rule.from.is_empty() || t.rule.from.contains(from);
    // If no rule matches the event, and the event names no status sought, any rule of its act applies.
    let found = match meant().next() {
        Some(first) => meant().find(foreseen).or(Some(first)),
        // A grant gives only the status that it names.
        None if kind == ActKind::StatusGranted && event.status.is_some() => None,
        None if event.toward.is_none() => rules().find(foreseen).or_else(|| rules().next()),
        None => None,
    };
    found.map_or(Ruling::Silent, Ruling::By)
}

/// True if a rule would take a consent back: a participant that has consented does not lose its consent by signing.
fn takes_back(version: &Version, from: &StatusId, event: &Event, rule: &Transition) -> bool {
    signs(event.act.kind()) && rank(version, from) > rank(version, &rule.to)
}

/// False for an act that can only concern a status which the participant does not have: a notice is revoked before it takes effect
/// (VCLT 68), and the end of a treaty ends nothing for a state outside it.
fn has_ground(from: &StatusId, event: &Event, rule: &Transition) -> bool {
    let needs_ground = matches!(event.act.kind(), ActKind::WithdrawalRevoked | ActKind::TreatyTerminated);
    !needs_ground || rule.from.is_empty() || rule.from.contains(from)
}

/// Returns the change of status by an act of a participant whose status before it is `from`, under the rules of one effect only.
/// `None` selects the rules whose effect is immediate.
pub fn motion<'v>(
    version: &'v Version,
    from: &StatusId,
    event: &'v Event,
    effect: Option<EffectBy>,
) -> Option<Motion<'v>> {
    match ruling(version, from, event, effect) {
        Ruling::Moot => None,
        Ruling::Silent => attested(event, version).map(|to| Motion { to, by: None }),
        Ruling::By(by) => {
            let moves = !takes_back(version, from, event, &by.rule) && has_ground(from, event, &by.rule);
            moves.then_some(Motion { to: &by.rule.to, by: Some(by) })
        }
    }
}

/// Judges by the rules of one effect only; `None` selects those whose effect is immediate.
fn judge_effect(version: &Version, from: &StatusId, event: &Event, effect: Option<EffectBy>) -> Judgement {
    let mut remarks = Vec::new();
    if let Some(toward) = &event.toward
        && version.status(toward).is_none()
        && !toward.is_none()
        && !version.merged.iter().any(|(old, _)| old == toward)
    {
        remarks.push(Remark::NoSuchStatusYet { toward: toward.clone() });
    }
    match ruling(version, from, event, effect) {
        Ruling::Moot => {}
        Ruling::Silent if attested(event, version).is_some() => {
            remarks.extend(event.status.clone().map(|claimed| Remark::Attested { claimed }));
        }
        Ruling::Silent => {}
        Ruling::By(Ruled { rule, .. }) => {
            if !rule.from.is_empty() && !rule.from.contains(from) && rule.to != *from {
                remarks.push(Remark::OutOfOrder { from: from.clone(), article: rule.article.clone() });
            }
            claim(event, &rule.to, &mut remarks);
        }
    }
    let moves = motion(version, from, event, effect).map(|motion| Move {
        to: motion.to.clone(),
        rule: motion.rule(),
        clause: motion.clause(),
    });
    Judgement { moves, remarks }
}

/// Writes a rule with its article, in one line.
fn line(rule: &Transition) -> String {
    [rule.rule.as_str(), " (", rule.article.as_str(), ")"].concat()
}

fn signs(act: ActKind) -> bool {
    matches!(act, ActKind::TreatySigned | ActKind::SignatureAdReferendum)
}

fn rank(version: &Version, status: &StatusId) -> u8 {
    version.status(status).map_or(0, |status| status.rank)
}

/// Returns the status that an act gives until the effect that a clause computes. It is given only from a status from which the
/// rules foresee the act, so that a participant that consents twice does not fall back.
pub fn judge_meanwhile<'v>(
    version: &'v Version,
    from: &StatusId,
    event: &Event,
    effect: EffectBy,
) -> Option<Motion<'v>> {
    let rules = || version.transitions.iter().filter(|t| t.rule.act.0 == event.act.kind());
    let foreseen = |t: &Transition| t.from.is_empty() || t.from.contains(from);
    let of_effect = |t: &Transition| t.effect == Some(effect) && foreseen(t) && is_meant(t, version, event);
    let by = rules().find(|t| of_effect(&t.rule) && event.for_another().is_none())?;
    Some(Motion { to: by.rule.meanwhile.as_ref()?, by: Some(by) })
}

/// True if an event falls under a rule: by the status sought if the rule names one, otherwise by the status to which the rule
/// leads.
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

/// The result that the source claims, if the act may change a status and the rules do not cover the act, or the status that it
/// grants.
fn attested<'v>(event: &'v Event, version: &'v Version) -> Option<&'v StatusId> {
    let kind = event.act.kind();
    let claimed = event.status.as_ref().filter(|_| kind.may_move_status())?;
    let is_ruled = version.transitions.iter().any(|t| t.rule.act.0 == kind);
    (!is_ruled || kind == ActKind::StatusGranted).then(|| version.current_name(claimed))
}

fn claim(event: &Event, derived: &StatusId, remarks: &mut Vec<Remark>) {
    if let Some(claimed) = &event.status
        && claimed != derived
    {
        remarks.push(Remark::ClaimDiffers { claimed: claimed.clone(), derived: derived.clone() });
    }
}

/// An act that cannot have happened, and is not recorded.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// The act is earlier than the beginning of the body.
    #[error("{act} of {date} lies before {title} began ({began}): an act cannot be older than its body")]
    BeforeBody {
        /// The act.
        act: ActKind,
        /// Its date.
        date: Edtf,
        /// The body's name.
        title: String,
        /// The day on which it began.
        began: Edtf,
    },
    /// The effect is earlier than the act.
    #[error("{act} of {date} cannot have had effect on {effect}, before it was done")]
    EffectBeforeAct {
        /// The act.
        act: ActKind,
        /// Its date.
        date: Edtf,
        /// The date of its effect.
        effect: Edtf,
    },
}

/// Refuses only impossible acts: an act (not a claim) before its body began, and an effect whose latest day comes before the act's
/// earliest, unless the vocabulary calls the act retroactive.
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
