//! The effect of an act by the rules of its body, as a depositary's notification states it: its day, the clause, and
//! the article of the clause.

use serde::Serialize;

use crate::charter::{ClauseKey, EffectBy, Ruled, Transition};
use crate::event::{ActKind, BodyId, Day, Edtf, Index, ParticipantId, Role, StatusId};
use crate::history::{EntryIntoForce, Standing, World, foreseen};

use super::Axes;
use super::body::{BodyView, Material, QueryError};
use super::in_force::{InForce, in_force};

/// The effect of an act.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Effect {
    /// The subject of the effect.
    pub of: EffectOf,
    /// The way in which its day is known.
    pub basis: EffectBasis,
    /// The first day of the effect; `null` if the day is unknown or the condition is not met.
    pub on: Option<Edtf>,
    /// The clause, in the language of clauses, or the rule in a line.
    pub clause: Option<String>,
    /// The article of the clause or rule.
    pub article: Option<String>,
    /// The index of the adoption or amendment that contains it; for a certified day, of the certifying entry.
    pub rule: Option<Index>,
    /// The status that the effect brings, if a rule names it.
    pub status: Option<StatusId>,
    /// The participants for which the treaty enters into force by its own clause; empty for any other effect.
    #[serde(rename = "for")]
    pub whom: Vec<ParticipantId>,
    /// The number of consents, if a clause counts them and is not met.
    pub count: Option<f64>,
    /// The number of consents that the clause needs.
    pub needed: Option<f64>,
}

/// The subject of an effect.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EffectOf {
    /// The entry into force of the treaty, in general or for one participant.
    EntryIntoForce,
    /// The effect of a notice of withdrawal.
    Withdrawal,
    /// A status that a rule gives.
    Status,
    /// The act itself.
    Act,
}

/// The way in which the day of an effect is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EffectBasis {
    /// A clause computes it.
    Computed,
    /// The act itself states it.
    Stated,
    /// An act of the record certifies the treaty's entry into force.
    Certified,
    /// The acts on record do not meet the condition of the clause.
    NotMet,
    /// The notice has no day of effect: it was revoked before that day, or the clause gives it none.
    Revoked,
    /// The record has no clause for it.
    Unknown,
}

impl Effect {
    fn of(of: EffectOf, basis: EffectBasis, on: Option<Edtf>) -> Effect {
        Effect {
            of,
            basis,
            on,
            clause: None,
            article: None,
            rule: None,
            status: None,
            whom: Vec::new(),
            count: None,
            needed: None,
        }
    }

    /// The indexes of the entries on which the effect rests, besides the act.
    pub(super) fn entries(&self) -> impl Iterator<Item = Index> {
        self.rule.into_iter()
    }
}

/// The rules of one body, for the acts of all its participants.
pub(super) struct Effects<'e> {
    view: &'e BodyView,
    force: InForce,
}

impl<'e> Effects<'e> {
    /// Reads the rules of a body and its entry into force.
    ///
    /// # Errors
    /// [`QueryError`] if the body has no charter in the record, or its charter cannot be read.
    pub(super) fn of(
        view: &'e BodyView,
        material: &Material,
        body: &BodyId,
        axes: &Axes,
    ) -> Result<Effects<'e>, QueryError> {
        Ok(Effects { view, force: in_force(material, body, None, axes)? })
    }

    /// The notes that report a certificate, already circulated, with another day than the clause gives.
    pub(super) fn differing(&self) -> impl Iterator<Item = String> {
        self.force.notes.iter().filter(|note| note.starts_with("the clause gives")).cloned()
    }

    /// The effect of an act; `None` if the act by itself has none.
    pub(super) fn of_act(&self, act: &Standing) -> Option<Effect> {
        use ActKind as K;
        if act.event.for_another().is_some() {
            return None;
        }
        let kind = act.event.act.kind();
        let computed = |by: EffectBy| self.view.charter.effects(kind).any(|effect| effect == by);
        // An act that consists only of its effect, such as an entry into force, states it by its own date.
        let apart = act.event.dated().is_none_or(|(role, _)| role != Role::Effective);
        let stated = || act.event.dates.get(Role::Effective).filter(|_| apart).cloned();
        match kind {
            K::WithdrawalNotified | K::TreatyDenounced => Some(self.withdrawal(act)),
            _ if computed(EffectBy::EntryIntoForce) => Some(self.consent(act)),
            _ => self.at_once(act).or_else(|| match (kind, stated()) {
                (K::InstrumentDeposited | K::DefinitiveSignature, None) => {
                    Some(Effect::of(EffectOf::EntryIntoForce, EffectBasis::Unknown, None))
                }
                (_, stated) => stated.map(|on| Effect::of(EffectOf::Act, EffectBasis::Stated, Some(on))),
            }),
        }
    }

    /// The treaty's entry into force on a day that its clause computes.
    pub(super) fn general(&self, on: &Edtf) -> Effect {
        let whom = self.view.members(on.latest()).into_iter().collect();
        let effect = Effect::of(EffectOf::EntryIntoForce, EffectBasis::Computed, Some(on.clone()));
        Effect { whom, ..self.by_general_clause(effect) }
    }

    fn by_general_clause(&self, effect: Effect) -> Effect {
        let (clause, article) = (self.force.clause.clone(), self.force.article.clone());
        Effect { clause, article, rule: self.force.rule, ..effect }
    }

    /// The entry into force for one participant, by its consent.
    fn consent(&self, act: &Standing) -> Effect {
        let effect = |basis, on| Effect::of(EffectOf::EntryIntoForce, basis, on);
        let on = self.view.board.computed(act.index, EffectBy::EntryIntoForce).flatten().cloned();
        let general = self.view.board.entry_into_force.as_ref();
        match (general, on) {
            (Some(_), None) => {
                let (count, needed) = (self.force.count, self.force.needed);
                let unmet = self.by_general_clause(effect(EffectBasis::NotMet, None));
                Effect { count, needed, ..unmet }
            }
            (Some(general), Some(on)) => match is_with_treaty(general, &on) {
                true => self.by_general_clause(effect(EffectBasis::Computed, Some(on))),
                false => self.by_own_clause(act, effect(EffectBasis::Computed, Some(on))),
            },
            (None, Some(on)) if self.force.certified.is_some() => {
                let rule = self.force.certified.as_ref().map(|certified| certified.index);
                Effect { rule, ..effect(EffectBasis::Certified, Some(on)) }
            }
            (None, Some(on)) => effect(EffectBasis::Stated, Some(on)),
            (None, None) => effect(EffectBasis::Unknown, None),
        }
    }

    /// Adds the clause for a participant that consents after the condition was met; for a succession, the rule for that
    /// act.
    fn by_own_clause(&self, act: &Standing, effect: Effect) -> Effect {
        let day = act.event.date().map_or(Day::FUTURE, Edtf::latest);
        let version = self.view.charter.on(day);
        let kind = act.event.act.kind();
        let clause = version.clauses.for_participant.as_ref().filter(|_| kind != ActKind::SuccessionNotified);
        if let Some(clause) = clause {
            let article = version.clauses.articles.get(&ClauseKey::EntryIntoForceForParticipant).cloned();
            return Effect {
                clause: Some(clause.rule.to_string()),
                article,
                rule: Some(clause.entry),
                ..effect
            };
        }
        let rule = version.transitions.iter().find(|rule| rule.rule.act.0 == kind);
        match rule {
            Some(rule) => Effect {
                clause: Some(rule.rule.rule.clone()),
                article: Some(rule.rule.article.clone()),
                rule: Some(rule.entry),
                ..effect
            },
            None => effect,
        }
    }

    /// The effect of a notice of withdrawal, as foreseen with everything recorded.
    fn withdrawal(&self, act: &Standing) -> Effect {
        let event = &*act.event;
        let nobody = Vec::new();
        let own = event.participant.as_ref().and_then(|who| self.view.pairs.get(who));
        let own = own.map_or(&nobody, |pair| &pair.own);
        let end = foreseen(&self.view.charter, act, own, Day::FUTURE);
        let day = event.date().map_or(Day::FUTURE, Edtf::latest);
        let version = self.view.charter.on(day);
        let effect = |basis, on| Effect::of(EffectOf::Withdrawal, basis, on);
        let stated = [Role::Effective, Role::Planned].iter().any(|role| event.dates.get(*role).is_some());
        let clause = version.clauses.withdrawal.as_ref();
        let effect = match (end, clause) {
            (None, _) => effect(EffectBasis::Revoked, None),
            (end, Some(_)) => effect(EffectBasis::Computed, end),
            (end, None) if stated => effect(EffectBasis::Stated, end),
            (_, None) => effect(EffectBasis::Unknown, None),
        };
        Effect {
            clause: clause.map(|clause| clause.rule.to_string()),
            article: version.clauses.articles.get(&ClauseKey::Withdrawal).cloned(),
            rule: clause.map(|clause| clause.entry),
            ..effect
        }
    }

    /// A status that a rule gives on the day of the act's own effect.
    fn at_once(&self, act: &Standing) -> Option<Effect> {
        let on = act.event.effect()?;
        let version = self.view.charter.on(on.latest());
        let gives = |rule: &&Ruled<Transition>| {
            let toward = rule.rule.toward.as_ref().or(act.event.toward.as_ref());
            rule.rule.act.0 == act.event.act.kind()
                && rule.rule.effect.is_none()
                && toward == act.event.toward.as_ref()
        };
        let rule = version.transitions.iter().find(gives)?;
        // An act out of order may move nothing: a party does not cease to be bound by signing.
        let history = self.view.history(act.event.participant.as_ref()?);
        let moves = history.accounts.iter().any(|account| {
            let worlds = account.course.slices.iter().flat_map(|slice| &slice.worlds);
            let cause = |world: &World| account.course.causes.get(world.cause?).map(|cause| cause.entry);
            worlds.filter(|world| world.status == rule.rule.to).any(|world| cause(world) == Some(act.index))
        });
        if !moves {
            return None;
        }
        Some(Effect {
            clause: Some(rule.rule.rule.clone()),
            article: Some(rule.rule.article.clone()),
            rule: Some(rule.entry),
            status: Some(rule.rule.to.clone()),
            ..Effect::of(EffectOf::Status, EffectBasis::Computed, Some(on.clone()))
        })
    }
}

/// True if a consent has effect with the treaty, and not by the clause for those who consent later.
fn is_with_treaty(general: &EntryIntoForce, on: &Edtf) -> bool {
    general.on().is_some_and(|general| general == *on)
}
