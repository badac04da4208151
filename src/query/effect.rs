//! What follows from an act by the rules of its body, as a notification of a depositary states it: when, by which clause,
//! where that stands.

use serde::Serialize;

use crate::charter::{ClauseKey, EffectBy, Ruled, Transition};
use crate::event::{ActKind, BodyId, Day, Edtf, Index, ParticipantId, Role, StatusId};
use crate::history::{EntryIntoForce, Standing, World, foreseen};

use super::Axes;
use super::body::{BodyView, Material, QueryError};
use super::in_force::{InForce, in_force};

/// What follows from an act.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Effect {
    /// What it is that has effect.
    pub of: EffectOf,
    /// How its day is known.
    pub basis: EffectBasis,
    /// Its first day; `null` where it is not known, or not met.
    pub on: Option<Edtf>,
    /// The clause, in the language of clauses, or the rule in a line.
    pub clause: Option<String>,
    /// Where that stands.
    pub article: Option<String>,
    /// The adoption or amendment that states it.
    pub rule: Option<Index>,
    /// The status that it gives, where a rule names it.
    pub status: Option<StatusId>,
    /// For whom a treaty enters into force; empty of any other effect.
    #[serde(rename = "for")]
    pub whom: Vec<ParticipantId>,
    /// How many consents there are, where a clause counts them and is not met.
    pub count: Option<f64>,
    /// How many it needs.
    pub needed: Option<f64>,
}

/// What has effect.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EffectOf {
    /// The treaty, in general or for its participant.
    EntryIntoForce,
    /// A notice of withdrawal.
    Withdrawal,
    /// A status that a rule gives.
    Status,
    /// The act itself.
    Act,
}

/// How the day of an effect is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EffectBasis {
    /// A clause computes it.
    Computed,
    /// The act itself states it.
    Stated,
    /// An act of the record certifies the treaty's entry into force.
    Certified,
    /// The condition of the clause is not met by what is recorded.
    NotMet,
    /// It was taken back before.
    Revoked,
    /// The record holds no clause.
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

    /// The entries that it rests on beside the act.
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
    /// Of a body.
    ///
    /// # Errors
    /// [`QueryError`].
    pub(super) fn of(
        view: &'e BodyView,
        material: &Material,
        body: &BodyId,
        axes: &Axes,
    ) -> Result<Effects<'e>, QueryError> {
        Ok(Effects { view, force: in_force(material, body, None, axes)? })
    }

    /// Where a certificate, circulated already, and the clause give different days.
    pub(super) fn differing(&self) -> impl Iterator<Item = String> {
        self.force.notes.iter().filter(|note| note.starts_with("the clause gives")).cloned()
    }

    /// What follows from an act; `None` where nothing does by itself.
    pub(super) fn of_act(&self, act: &Standing) -> Option<Effect> {
        use ActKind as K;
        if act.event.for_another().is_some() {
            return None;
        }
        let kind = act.event.act.kind();
        let computed = |by: EffectBy| self.view.charter.effects(kind).any(|effect| effect == by);
        // What is nothing but its effect says so by its own date.
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

    /// By the clause for whoever consents after the condition was met; of a succession by the rule that speaks of it.
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

    /// When a notice has effect, as everything recorded foresees it.
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
        // Out of order an act may move nothing: nobody ceases to be bound by signing.
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
