//! One body with all its participants: how the acts of some change the status of others.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use crate::charter::{BodyKind, Charter, EffectBy};
use crate::event::{ActKind, Day, Edtf, Index, Moment, ParticipantId, Register, Role, StatusId};

use super::consent::{TakenBack, consent_date, consents, given_date, takes_back};
use super::entry_into_force::{
    AccessionInForce, ConsentsMet, Elsewhere, EntryIntoForce, accessions, after, certified_for, certified_in,
    entry_into_force, for_participant, is_own_consent,
};
use super::influence::{Derived, Effects, Given, Influence};
use super::notice;
use super::pair::{PairView, Pairs};
use super::rival::History;
use super::standing::Standing;

/// The participants of a body side by side: clauses that count them, lines that join them. Threads may share it: a history that
/// one thread folded is read by the others.
#[derive(Debug, Default)]
pub struct Board {
    /// When the treaty, or the constitutive instrument, entered into force; `None` without a clause.
    pub entry_into_force: Option<EntryIntoForce>,
    /// When the treaties for which its clauses wait entered into force.
    pub elsewhere: Elsewhere,
    /// The certified day of entry into force, used if no clause is known.
    certified: Option<Edtf>,
    when: Arc<Effects>,
    taken_back: Arc<HashMap<Index, TakenBack>>,
    /// The acts that end the treaty for all its parties.
    ended: Vec<Standing>,
    /// The statuses that the clauses of accession treaties give, by participant.
    pub accessions: BTreeMap<ParticipantId, AccessionInForce>,
    moment: Option<Moment>,
    /// The histories folded so far; never locked during a fold.
    folded: Mutex<HashMap<ParticipantId, Arc<History>>>,
}

impl Clone for Board {
    fn clone(&self) -> Board {
        Board {
            entry_into_force: self.entry_into_force.clone(),
            elsewhere: self.elsewhere.clone(),
            certified: self.certified.clone(),
            when: Arc::clone(&self.when),
            taken_back: Arc::clone(&self.taken_back),
            ended: self.ended.clone(),
            accessions: self.accessions.clone(),
            moment: self.moment.clone(),
            folded: Mutex::new(self.folded.lock().unwrap_or_else(PoisonError::into_inner).clone()),
        }
    }
}

impl Board {
    /// Evaluates the clauses of a body over its [`Standing`] acts. With `moment`, acts that state an instant come before or after
    /// it. `alone` are the acts of the body itself. `given` is the result of the clause of entry into force over all consents,
    /// needed if `pairs` are only some of the participants.
    pub fn new(
        charter: &Charter,
        pairs: &Pairs,
        alone: &[Standing],
        moment: Option<&Moment>,
        elsewhere: Elsewhere,
        given: Option<&ConsentsMet>,
    ) -> Board {
        let mut board = Board { moment: moment.cloned(), elsewhere, ..Board::default() };
        board.entry_into_force = entry_into_force(charter, pairs, alone, &board.elsewhere, given);
        board.certified = certified_in(charter, alone).map(|(on, _)| on);
        board.ended = alone.iter().filter(|act| ends_for_all(act)).cloned().collect();
        let (mut when, mut taken_back) = (Effects::new(), HashMap::new());
        for pair in pairs.values().filter(|_| charter.computes_effects()) {
            for act in &pair.own {
                board.evaluate(charter, pair, act, &mut when);
            }
            take_back(charter, &pair.own, &mut when, &mut taken_back);
        }
        (board.when, board.taken_back) = (Arc::new(when), Arc::new(taken_back));
        let members = |on: Day, before: Option<u16>| board.members(charter, pairs, on, before);
        let accessions = accessions(charter, pairs, &members, &board.elsewhere);
        board.accessions = accessions;
        // These histories were folded without the statuses that the clauses of accession treaties give.
        board.folded.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
        board
    }

    /// The day of effect that a clause computes for an act: `None` if no clause applies to it, `Some(None)` if the condition of
    /// the clause is not met, or the act never has that effect.
    pub fn computed(&self, entry: Index, by: EffectBy) -> Option<Option<&Edtf>> {
        self.when.get(&(entry, by)).map(Option::as_ref)
    }

    /// The entry that took a consent back before it had effect, if one did.
    pub fn taken_back(&self, consent: Index) -> Option<(Index, &TakenBack)> {
        let (entry, taken_back) =
            self.taken_back.iter().find(|(_, taken_back)| taken_back.consent == consent)?;
        Some((*entry, taken_back))
    }

    /// The first act that ends the treaty for all its parties, with its day.
    pub fn ended(&self) -> Option<(&Edtf, Index)> {
        let ends = self.ended.iter().filter_map(|act| Some((act.event.effect()?, act.index)));
        ends.min_by_key(|(on, index)| (on.earliest(), *index))
    }

    /// Evaluates the same acts under other rules.
    pub fn under(&self, charter: &Charter, pairs: &Pairs, alone: &[Standing]) -> Board {
        Board::new(charter, pairs, alone, self.moment.as_ref(), self.elsewhere.clone(), None)
    }

    fn evaluate(&self, charter: &Charter, pair: &PairView, act: &Standing, when: &mut Effects) {
        for effect in charter.effects(act.event.act.kind()) {
            let on = match effect {
                EffectBy::EntryIntoForce if certified_for(act, &pair.own).is_some() => {
                    certified_for(act, &pair.own)
                }
                EffectBy::EntryIntoForce => match &self.entry_into_force {
                    Some(general) => for_participant(charter, general, act),
                    // The clause is unknown: an effect begins only on a certified day, or on one that the act itself states.
                    None if charter.about.kind == BodyKind::Treaty => match &self.certified {
                        Some(on) => Some(after(charter, on, None, act)),
                        None => act.event.dates.get(Role::Effective).cloned(),
                    },
                    None => continue,
                },
                EffectBy::Withdrawal => notice::ends(charter, act, &pair.own),
                EffectBy::Accession => continue,
            };
            when.insert((act.index, effect), on);
        }
    }

    /// The status of a participant through all of time; a participant with no act has no status.
    pub fn history(&self, charter: &Charter, pairs: &Pairs, who: &ParticipantId) -> Arc<History> {
        let folded = || self.folded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = folded().get(who) {
            return Arc::clone(known);
        }
        let history = Arc::new(self.fold(charter, pairs, who, &BTreeSet::new()));
        // The history of a participant that the record does not mention is not cached.
        if !pairs.contains_key(who) && !self.accessions.contains_key(who) {
            return history;
        }
        // If another thread folded the same history meanwhile, the first one is kept.
        Arc::clone(folded().entry(who.clone()).or_insert(history))
    }

    /// The status that a clause gives to a participant, unless an act certifies it.
    fn derived(&self, who: &ParticipantId) -> Option<Derived> {
        let accession = self.accessions.get(who).filter(|accession| !accession.certified)?;
        Some(accession.derived.clone())
    }

    /// Folds one participant; `open` are the participants whose fold waits for this one.
    fn fold(
        &self,
        charter: &Charter,
        pairs: &Pairs,
        who: &ParticipantId,
        open: &BTreeSet<ParticipantId>,
    ) -> History {
        let mut influence = Influence {
            when: Arc::clone(&self.when),
            taken_back: Arc::clone(&self.taken_back),
            derived: self.derived(who).into_iter().chain(extinction(charter, pairs, who)).collect(),
            moment: self.moment.clone(),
            ..Influence::default()
        };
        let Some(pair) = pairs.get(who) else { return History::fold(charter, &[], &influence) };
        if !pair.own.iter().chain(&pair.about).any(continues) {
            if self.ended.is_empty() {
                return History::fold(charter, &pair.own, &influence);
            }
            let acts = [pair.own.as_slice(), &self.ended].concat();
            return History::fold(charter, &acts, &influence);
        }
        let inner: BTreeSet<ParticipantId> = open.iter().chain([who]).cloned().collect();
        self.inherit(charter, pairs, pair, &inner, &mut influence);
        let mut acts = pair.own.clone();
        for act in pair.about.iter().filter(|act| continues(act)) {
            let Some(by) = act.event.participant.as_ref() else { continue };
            if pair.own.is_empty() && !inner.contains(by) {
                // Nothing is recorded under the old name: the earlier acts of the continuing state count as those of this
                // participant.
                acts.extend(pairs.get(by).into_iter().flat_map(|by| by.own.iter().cloned()));
                acts.retain(|own| own.index != act.index);
            }
            acts.push(act.clone());
            let clause = format!("continued by {by}");
            let ends = given(charter, act, StatusId::none(), clause, Vec::new());
            influence.gives.insert(act.index, Some(ends));
        }
        acts.extend_from_slice(&self.ended);
        History::fold(charter, &acts, &influence)
    }

    /// Adds to `influence` the statuses that a participant takes over from those that it continues.
    fn inherit(
        &self,
        charter: &Charter,
        pairs: &Pairs,
        pair: &PairView,
        open: &BTreeSet<ParticipantId>,
        influence: &mut Influence,
    ) {
        for act in pair.own.iter().filter(|act| continues(act)) {
            let other = act.event.about.as_ref().filter(|other| !open.contains(*other));
            let Some((other, day)) = other.zip(act.event.effect()) else { continue };
            if pairs.get(other).is_none_or(|pair| pair.own.is_empty()) {
                continue;
            }
            let before = self.fold(charter, pairs, other, open);
            let reading = before.on(day.earliest().previous());
            // An unsettled status cannot be taken over; the rules then decide the effect of the act.
            let Some(status) = reading.status() else { continue };
            let taken = (!status.is_none()).then(|| {
                let clause = format!("continues the status of {other}");
                given(charter, act, status.clone(), clause, before.entries(&reading))
            });
            influence.gives.insert(act.index, taken);
        }
    }

    /// Returns the participant that declares that it continues this one, with the act that declares it. It serves a participant
    /// that has no acts under its own name.
    pub fn continued_by<'p>(
        &self,
        pairs: &'p Pairs,
        who: &ParticipantId,
    ) -> Option<(&'p ParticipantId, &'p Standing)> {
        let pair = pairs.get(who)?;
        let act = pair.about.iter().find(|act| continues(act))?;
        Some((act.event.participant.as_ref()?, act))
    }

    /// The participants that certainly have the highest status at the end of a day, or before the act with that
    /// sequence on it.
    pub fn members(
        &self,
        charter: &Charter,
        pairs: &Pairs,
        on: Day,
        before: Option<u16>,
    ) -> BTreeSet<ParticipantId> {
        let Some(highest) = charter.on(on).highest() else { return BTreeSet::new() };
        let holds = |who: &ParticipantId| {
            let history = self.history(charter, pairs, who);
            if history.on(on).status() != Some(highest) {
                return false;
            }
            let Some(before) = before else { return true };
            let already = history.on(on.previous()).status() == Some(highest);
            let sequence = |entry: &Index| pairs.get(who).and_then(|pair| pair.act(*entry)?.event.sequence);
            already || history.entries(&history.on(on)).iter().filter_map(sequence).any(|own| own < before)
        };
        let recorded = pairs.iter().filter(|(_, pair)| !pair.own.is_empty()).map(|(who, _)| who);
        recorded.filter(|who| holds(who)).cloned().collect()
    }
}

fn given(charter: &Charter, act: &Standing, status: StatusId, clause: String, also: Vec<Index>) -> Given {
    let day = act.event.effect().map_or(Day::FUTURE, Edtf::latest);
    let rules = &charter.on(day).transitions;
    let rule = rules.iter().find(|t| t.rule.act.0 == act.event.act.kind());
    let clause = match rule {
        Some(rule) => format!("{clause}: {} ({})", rule.rule.rule, rule.rule.article),
        None => clause,
    };
    Given { status, rule: rule.map(|rule| rule.entry), clause, also }
}

/// The end of every status of a state, by the register, on the first day on which it no longer exists (VCSST 1978, art. 34). An act
/// of the body that states how the state ended takes precedence. In a list of states only the list's own acts end a status.
fn extinction(charter: &Charter, pairs: &Pairs, who: &ParticipantId) -> Option<Derived> {
    let participant = Register::builtin().get(who).filter(|_| !charter.body.is_state_list())?;
    let on = participant.ended?;
    let pair = pairs.get(who)?;
    let is_end =
        |act: &Standing| matches!(act.event.act.kind(), ActKind::CeasedToExist | ActKind::MergedInto);
    if pair.own.iter().any(is_end) || pair.about.iter().any(continues) {
        return None;
    }
    let version = charter.on(on);
    let rule = version.transitions.iter().find(|t| t.rule.act.0 == ActKind::CeasedToExist);
    Some(Derived {
        to: rule.map_or_else(StatusId::none, |rule| rule.rule.to.clone()),
        on: Edtf::day(on),
        entry: version.entry,
        rule: rule.map_or(version.entry, |rule| rule.entry),
        clause: format!("{} was no more (the register; VCSST 1978 art. 34)", participant.name()),
        also: Vec::new(),
        precedence: ActKind::CeasedToExist.precedence(),
        ends: true,
    })
}

/// True for an act of a treaty alone that ends it for all its parties (VCLT 54, 59).
fn ends_for_all(act: &Standing) -> bool {
    act.event.act.kind() == ActKind::TreatyTerminated && act.event.participant.is_none()
}

/// Takes the effect from consents that their participant took back before they had any, and from notices of those who were
/// not bound: a period of notice binds parties (VCLT 54, 56).
fn take_back(
    charter: &Charter,
    own: &[Standing],
    when: &mut Effects,
    taken_back: &mut HashMap<Index, TakenBack>,
) {
    if !own.iter().any(|act| takes_back(act.event.act.kind())) {
        return;
    }
    let by_clause = |act: &Standing| (act.index, EffectBy::EntryIntoForce);
    let is_consent = |act: &Standing| is_own_consent(charter, act);
    let given = consents(own, is_consent);
    for (at, consent) in given.iter().enumerate() {
        let effect = when.get(&by_clause(consent.act)).cloned().flatten();
        let Some(leaving) = consent.taken_back_before(effect.as_ref()) else { continue };
        if own.iter().any(|act| !is_consent(act) && binds(act, leaving.given.latest())) {
            continue;
        }
        let next = given.get(at + 1).map(|next| next.act.index);
        let repeats = own.iter().filter(|act| is_consent(act) && Some(act.index) != next);
        let until = leaving.given.latest();
        for act in repeats.filter(|act| consent_date(act).is_some_and(|date| date.latest() <= until)) {
            when.entry(by_clause(act)).and_modify(|effect| *effect = None);
        }
        when.entry((leaving.act.index, EffectBy::Withdrawal)).and_modify(|effect| *effect = None);
        let keeps = signed_by(charter, own, until);
        let on = leaving.given.clone();
        taken_back.insert(leaving.act.index, TakenBack { consent: consent.act.index, on, keeps });
    }
    for notice in own.iter().filter(|act| takes_back(act.event.act.kind())) {
        if charter.about.kind == BodyKind::Treaty && !may_be_bound(charter, own, when, notice) {
            when.entry((notice.index, EffectBy::Withdrawal)).and_modify(|effect| *effect = None);
        }
    }
}

/// The status that a signature until a day gives; none without one.
fn signed_by(charter: &Charter, own: &[Standing], until: Day) -> StatusId {
    let signs = |act: &&Standing| is_signature(act.event.act.kind());
    let signed =
        own.iter().filter(signs).filter(|act| act.event.date().is_some_and(|date| date.latest() <= until));
    let rules = &charter.on(until).transitions;
    let rule = |act: &Standing| {
        rules.iter().find(|t| t.rule.act.0 == act.event.act.kind() && t.rule.effect.is_none())
    };
    signed.filter_map(rule).map(|t| t.rule.to.clone()).next_back().unwrap_or_else(StatusId::none)
}

/// True if the treaty may have been in force for a participant when it gave a notice. A notice beside which neither a
/// signature nor a consent is recorded is a sign that they are missing from the record.
fn may_be_bound(charter: &Charter, own: &[Standing], when: &Effects, notice: &Standing) -> bool {
    let Some(given) = given_date(notice) else { return true };
    let until = given.latest();
    let others = || own.iter().filter(|act| act.index != notice.index);
    let may_bind = |act: &Standing| {
        if is_own_consent(charter, act) {
            let effect = when.get(&(act.index, EffectBy::EntryIntoForce)).cloned().flatten();
            return effect.is_some_and(|effect| effect.earliest() <= until);
        }
        binds(act, until)
    };
    others().any(may_bind)
        || !others().any(|act| is_signature(act.event.act.kind()) || is_own_consent(charter, act))
}

/// True if an act that is no consent, as a certified entry into force, may have bound its participant by a day.
fn binds(act: &Standing, until: Day) -> bool {
    let kind = act.event.act.kind();
    let moves = !is_signature(kind) && !takes_back(kind) && kind.may_move_status();
    moves && act.event.effect().is_some_and(|effect| effect.earliest() <= until)
}

const fn is_signature(act: ActKind) -> bool {
    matches!(act, ActKind::TreatySigned | ActKind::SignatureAdReferendum | ActKind::SignatureConfirmed)
}

fn continues(act: &Standing) -> bool {
    act.event.act.kind() == ActKind::ContinuationDeclared
}
