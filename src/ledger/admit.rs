//! What an event must be before it is recorded. Practice breaks ladders, so only the impossible and the unintelligible
//! are kept out.

use std::collections::HashMap;
use std::sync::Arc;

use crate::charter::{Charter, CharterText, NamedSet, WeightTable, check_names, check_sound, refuse};
use crate::event::leaf::encode_event;
use crate::event::{
    Act, ActKind, BodyId, Changes, Event, EventId, Evidence, Index, Instant, Role, Size, StatusId, Subject,
};
use crate::history::{Standing, charter_acts, charter_acts_with, proposals, standing};

use super::{LedgerError, RecorderError, Recorders, Writer};

/// An event that may be recorded.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The event.
    pub event: Arc<Event>,
    /// Its canonical bytes.
    pub bytes: Vec<u8>,
    /// Where it is recorded already, with the same content.
    pub recorded: Option<Index>,
    /// How many signatures it still lacks; none where it is written.
    pub lacking: usize,
}

/// Whether an event changes the rules under which others are judged.
pub(super) fn touches_rules(event: &Event) -> bool {
    use ActKind as K;
    matches!(
        event.act.kind(),
        K::CharterAdopted
            | K::CharterAmended
            | K::CorrectionProposed
            | K::CorrectionEffected
            | K::RecordCorrected
            | K::EntryRetracted
    )
}

/// Whether others can only be judged when this one is recorded: it changes rules, what was said, or who may record.
pub(super) fn changes_judgement(event: &Event) -> bool {
    touches_rules(event) || event.act.kind().is_of_ledger() || event.body.is_ledger()
}

impl Writer {
    /// Checks events that are to be recorded together, in order.
    ///
    /// # Errors
    /// [`LedgerError`], [`LedgerError::InBatch`] where there are several.
    pub fn admit(&mut self, events: Vec<Event>) -> Result<Vec<Draft>, LedgerError> {
        let many = events.len() > 1;
        let located = |(at, draft): (usize, Result<Draft, LedgerError>)| {
            draft.map_err(|source| match many {
                true => LedgerError::InBatch { at: at + 1, source: Box::new(source) },
                false => source,
            })
        };
        let events = events.into_iter().map(|event| (Arc::new(event), None)).collect();
        self.sift(events)?.into_iter().enumerate().map(located).collect()
    }

    /// Checks events one by one, in order: what is not admitted is left out, with its reason, and the others are judged
    /// without it. Canonical bytes that are at hand are not made again.
    ///
    /// # Errors
    /// [`LedgerError`] where the ledger cannot be read.
    pub(crate) fn sift(
        &mut self,
        events: Vec<(Arc<Event>, Option<Vec<u8>>)>,
    ) -> Result<Vec<Result<Draft, LedgerError>>, LedgerError> {
        let ids: Vec<EventId> = events.iter().map(|(event, _)| event.id).collect();
        let known = self.record.find_each(&ids)?;
        let mut batch = Batch { events: HashMap::with_capacity(events.len()), ..Batch::default() };
        let each = events.into_iter().zip(known);
        Ok(each
            .map(|((event, bytes), recorded)| {
                let bytes = bytes.map_or_else(|| encode_event(&event).map_err(LedgerError::Leaf), Ok)?;
                self.admit_one(event, bytes, recorded, &mut batch)
            })
            .collect())
    }

    fn admit_one(
        &mut self,
        event: Arc<Event>,
        bytes: Vec<u8>,
        recorded: Option<Index>,
        batch: &mut Batch,
    ) -> Result<Draft, LedgerError> {
        if let Some(index) = recorded {
            let entry = self.record.entry(index)?;
            let same = encode_event(&entry.event).is_ok_and(|first| first == bytes);
            return match same {
                true => Ok(Draft { event, bytes, recorded, lacking: 0 }),
                false => Err(LedgerError::IdTaken { id: event.id, index }),
            };
        }
        if batch.events.contains_key(&event.id) {
            return Err(LedgerError::IdTwice(event.id));
        }
        let lacking = self.check_recorders(&event, &bytes, batch)?;
        let of_ledger = event.act.kind().is_of_ledger();
        if of_ledger != event.body.is_ledger() {
            return Err(match of_ledger {
                true => RecorderError::OfLedger(event.act.kind()).into(),
                false => RecorderError::Reserved.into(),
            });
        }
        let adopts = matches!(event.act, Act::CharterAdopted(_) | Act::CharterAmended(_));
        let corrects = matches!(event.act, Act::CorrectionProposed(_) | Act::CorrectionEffected(_));
        if corrects {
            self.check_content(&event, batch)?;
            self.check_correction(&event, batch)?;
        }
        if of_ledger {
            check_form(&event)?;
            self.check_rotation(&event, Index(self.size().0 + batch.events.len() as u64))?;
            self.register_in(&event, batch)?;
        } else if adopts || corrects {
            check_form(&event)?;
            check_text(&event)?;
            self.check_pattern(&event, batch)?;
            batch.adopted(&event);
            if let Err(error) = self.check_rules(&event, batch) {
                batch.charters.pop();
                return Err(error);
            }
        } else {
            self.check_content(&event, batch)?;
        }
        self.check_target(&event, batch)?;
        batch.events.insert(event.id, Arc::clone(&event));
        Ok(Draft { event, bytes, recorded: None, lacking })
    }

    /// Takes an act of the ledger itself into the register that the rest of the batch is judged by.
    fn register_in(&mut self, event: &Event, batch: &mut Batch) -> Result<(), LedgerError> {
        let at = Index(self.size().0 + batch.events.len() as u64);
        let mut register = match batch.register.take() {
            Some(register) => register,
            None => self.register()?,
        };
        let fits = register.check(event);
        if fits.is_ok() {
            Arc::make_mut(&mut register).learn(at, event);
        }
        batch.register = Some(register);
        Ok(fits?)
    }

    /// What an act says of itself: its form, statuses that the rules know, nothing impossible.
    fn check_content(&mut self, event: &Event, batch: &Batch) -> Result<(), LedgerError> {
        check_form(event)?;
        let rules = self.rules(&event.body, batch)?;
        for status in [&event.toward, &event.status].into_iter().flatten() {
            known_status(&rules, status, event)?;
        }
        Ok(refuse(&rules, event)?)
    }

    /// The charter that an adoption extends must be recorded, and must itself extend none.
    fn check_pattern(&mut self, event: &Event, batch: &Batch) -> Result<(), LedgerError> {
        let Act::CharterAdopted(text) = &event.act else { return Ok(()) };
        let Some(pattern) = CharterText::extended(text) else { return Ok(()) };
        let body = event.body.clone();
        match self.rules(&pattern, batch) {
            Ok(charter) if charter.extends.is_none() && pattern != body => Ok(()),
            Ok(_) => Err(LedgerError::ExtendsTwice { body, pattern }),
            Err(LedgerError::NoBody(_)) => Err(LedgerError::ExtendsNothing { body, pattern }),
            Err(error) => Err(error),
        }
    }

    /// What a text makes of the rules must be sound; of a proposal, what it would make: nothing is circulated that could
    /// not be effected.
    fn check_rules(&mut self, event: &Event, batch: &Batch) -> Result<(), LedgerError> {
        let (charter, text) = self.rules_with(&event.body, batch, Some(event))?;
        let entry = Index(self.size().0 + batch.charters.len() as u64 - 1);
        if let Some((text, version)) = text.as_ref().zip(charter.version_of(entry)) {
            check_sound(text, &charter, version)?;
        }
        match event.act.charter_text() {
            Some(text) if event.act.kind() != ActKind::CharterAdopted => known_names(text, &charter),
            _ => Ok(()),
        }
    }

    /// The rules of a body as this ledger and the batch know them.
    pub(super) fn rules(&mut self, body: &BodyId, batch: &Batch) -> Result<Arc<Charter>, LedgerError> {
        if !batch.makes_rules() {
            return self.charter(body);
        }
        if !batch.rules(body) {
            let known = self.charter(body);
            let pattern = known.as_ref().ok().and_then(|charter| charter.extends.clone());
            if pattern.is_none_or(|pattern| !batch.rules(&pattern)) {
                return known;
            }
        }
        Ok(self.rules_with(body, batch, None)?.0)
    }

    /// The rules of a body with the texts of the batch; with the last of them as if it were in force, and the text that
    /// it brings, where `last` is given.
    fn rules_with(
        &mut self,
        body: &BodyId,
        batch: &Batch,
        last: Option<&Event>,
    ) -> Result<(Arc<Charter>, Option<String>), LedgerError> {
        let own = batch.charters.iter().filter(|event| event.body == *body);
        let brought: Vec<&str> = own.filter_map(|event| event.act.charter_text()).collect();
        let entries = self.record.rule_entries(body, &brought)?;
        let acts = standing(&entries, Size(u64::MAX), Instant::FUTURE);
        let size = self.size().0;
        let new = batch.charters.iter().enumerate().map(|(at, event)| Standing {
            index: Index(size + at as u64),
            event: Arc::clone(event),
            known: event.known(),
            corrected_by: Vec::new(),
        });
        let acts: Vec<Standing> = acts.into_iter().chain(new).collect();
        let last = last.and_then(|event| acts.iter().find(|a| a.event.id == event.id));
        let proposed = last.filter(|act| act.event.act.kind() == ActKind::CorrectionProposed);
        let texts = proposed.and_then(|proposal| charter_acts_with(&acts, body, proposal));
        let texts = texts.unwrap_or_else(|| charter_acts(&acts, body));
        let brought = last.and_then(|last| texts.iter().find(|t| t.entry == last.index));
        let brought = brought.map(|t| t.text.to_owned());
        let charter = Charter::fold_with(body, &texts, &self.record.charters().texts)?.map(Arc::new);
        Ok((charter.ok_or_else(|| LedgerError::NoBody(body.clone()))?, brought))
    }

    /// The rules of a body, as everything recorded gives them.
    ///
    /// # Errors
    /// [`LedgerError::NoBody`] where no charter of it stands.
    pub fn charter(&mut self, body: &BodyId) -> Result<Arc<Charter>, LedgerError> {
        if let Some(charter) = self.rules.get(body) {
            return Ok(Arc::clone(charter));
        }
        let charter = self.record.charter(body)?;
        self.rules.insert(body.clone(), Arc::clone(&charter));
        Ok(charter)
    }

    /// An answer or correction must name an event that is recorded before it; a rectification must fit it.
    fn check_target(&mut self, event: &Event, batch: &Batch) -> Result<(), LedgerError> {
        let act = event.act.kind();
        let Some(id) = event.to else {
            let corrects = matches!(act, ActKind::RecordCorrected | ActKind::EntryRetracted);
            return if corrects { Err(LedgerError::TargetNeeded(act)) } else { Ok(()) };
        };
        let target = match batch.events.get(&id) {
            Some(event) => Arc::clone(event),
            None => match self.find(id)? {
                Some(index) => self.entry(index)?.event,
                None => return Err(LedgerError::NoTarget { act, id }),
            },
        };
        if target.body.is_ledger() && matches!(act, ActKind::RecordCorrected | ActKind::EntryRetracted) {
            return Err(RecorderError::NotCorrected.into());
        }
        if let Act::RecordCorrected(correction) = &event.act {
            let base = self.record.underlying(&batch.events, target)?;
            let said = self.record.as_it_stands(&base)?;
            let twice = batch.events.values().any(|e| matches!(e.act, Act::RecordCorrected(_)));
            check_was(&said, &correction.was).or_else(|error| if twice { Ok(()) } else { Err(error) })?;
            let mut corrected = Arc::unwrap_or_clone(said);
            for (field, value) in &correction.now {
                field.0.write(&mut corrected, value)?;
            }
            if !matches!(corrected.act, Act::CharterAdopted(_) | Act::CharterAmended(_)) {
                self.check_content(&corrected, batch)?;
            }
        }
        Ok(())
    }

    /// An effected correction names a proposal that met no objection in its time (VCLT 79(2)), and says when it was
    /// decided: known from its effect it would be known before it was thought of.
    fn check_correction(&mut self, event: &Event, batch: &Batch) -> Result<(), LedgerError> {
        let act = event.act.kind();
        if act != ActKind::CorrectionEffected {
            return Ok(());
        }
        if event.dates.get(Role::Decided).or_else(|| event.dates.get(Role::Notified)).is_none() {
            return Err(LedgerError::DateNeeded { act, roles: vec![Role::Decided, Role::Notified] });
        }
        let id = event.to.ok_or(LedgerError::TargetNeeded(act))?;
        let entries = self.record.needs(&event.body, None)?.entries;
        let size = self.size().0;
        let held = standing(&entries, Size(u64::MAX), Instant::FUTURE);
        let new = batch.events.values().map(|event| Standing {
            index: Index(size),
            event: Arc::clone(event),
            known: event.known(),
            corrected_by: Vec::new(),
        });
        let acts: Vec<Standing> = held.into_iter().chain(new).collect();
        let listed: Vec<&Standing> = acts.iter().collect();
        let found = proposals(&listed, &event.body);
        let proposal = found.iter().find(|p| p.act.event.id == id).ok_or(LedgerError::NoProposal(id))?;
        match proposal.objections.first() {
            Some(objection) => Err(LedgerError::Objected {
                participant: objection.event.participant.clone(),
                on: objection.event.date().cloned(),
            }),
            None => Ok(()),
        }
    }
}

/// A rectification states what it replaces; what it states must be what the record says.
fn check_was(said: &Event, was: &Changes) -> Result<(), LedgerError> {
    for (field, stated) in was {
        let mut event = said.clone();
        field.0.write(&mut event, stated)?;
        let (stated, said) = (field.0.read(&event), field.0.read(said));
        if stated != said {
            return Err(LedgerError::Was { field: field.0, stated, said });
        }
    }
    Ok(())
}

/// The events of a batch that were admitted so far.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) events: HashMap<EventId, Arc<Event>>,
    charters: Vec<Arc<Event>>,
    /// With the acts of the batch, where it has any of the ledger itself.
    pub(super) register: Option<Arc<Recorders>>,
}

impl Batch {
    fn adopted(&mut self, event: &Arc<Event>) {
        self.charters.push(Arc::clone(event));
    }

    /// Whether it has texts of any body.
    pub(super) fn makes_rules(&self) -> bool {
        !self.charters.is_empty()
    }

    /// Whether some of its texts are of a body.
    pub(super) fn rules(&self, body: &BodyId) -> bool {
        self.charters.iter().any(|event| event.body == *body)
    }
}

/// The rules that an act carries can be read, and a correction is of its own body.
fn check_text(event: &Event) -> Result<(), LedgerError> {
    let Some(text) = event.act.charter_text() else { return Ok(()) };
    if event.act.kind() == ActKind::CharterAdopted {
        CharterText::parse_adoption(text)?;
        return Ok(());
    }
    let said = CharterText::parse(text)?;
    if said.id != event.body && event.act.kind() != ActKind::CharterAmended {
        return Err(LedgerError::TextOfAnother { text: said.id, body: event.body.clone() });
    }
    Ok(())
}

/// What the vocabulary asks of the act: its participant, its own date.
fn check_form(event: &Event) -> Result<(), LedgerError> {
    event.evidence.iter().try_for_each(Evidence::check_digests)?;
    let act = event.act.kind();
    match (act.entry().subject, &event.participant) {
        (Subject::Participant, None) => return Err(LedgerError::ParticipantNeeded(act)),
        (Subject::Body, Some(participant)) => {
            return Err(LedgerError::ParticipantStray { act, participant: participant.clone() });
        }
        _ => {}
    }
    let optional =
        act.is_record_keeping() || matches!(act, ActKind::CharterAdopted | ActKind::CharterAmended);
    let dated = event.dates.iter().any(|(role, _)| !matches!(role, Role::Planned | Role::Until));
    if !optional && !dated {
        let counts = |role: &&Role| !matches!(**role, Role::Planned | Role::Until);
        let own: Vec<Role> = act.roles().iter().filter(counts).copied().collect();
        let effect = |role: &Role| *role != Role::Effective || own.len() == 1;
        return Err(LedgerError::DateNeeded {
            act,
            roles: own.iter().filter(|r| effect(r)).copied().take(1).collect(),
        });
    }
    Ok(())
}

fn known_status(rules: &Charter, status: &StatusId, event: &Event) -> Result<(), LedgerError> {
    if status.is_none() || rules.status(status).is_some() {
        return Ok(());
    }
    let list: Vec<&str> = rules.statuses().iter().map(|s| s.id.as_str()).collect();
    Err(LedgerError::NoStatus { body: event.body.clone(), status: status.clone(), known: list.join(", ") })
}

/// The clauses of an amendment may name what any text of the charter defines; [`lint`](crate::charter::lint) says which
/// version lacks it.
fn known_names(text: &str, rules: &Charter) -> Result<(), LedgerError> {
    let clauses = || rules.versions().iter().map(|version| &version.clauses);
    let sets: Vec<NamedSet> = clauses().flat_map(|c| c.sets.clone()).collect();
    let weights: Vec<WeightTable> = clauses().flat_map(|c| c.weights.clone()).collect();
    Ok(check_names(text, &sets, &weights)?)
}
