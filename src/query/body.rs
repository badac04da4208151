//! The acts of one body that stand for a question, by participant, with the rules they are judged under.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use crate::charter::{Charter, CharterAct, CharterError};
use crate::event::{Act, BodyId, Day, Edtf, Entry, Index, ParticipantId, Role, Size, StatusId};
use crate::history::{Cause, Course, History, Lifecycle, Reading, Standing, lifecycles, standing};

use super::answer::{Because, CheckpointRef, Coverage};
use super::policy::Policy;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The record holds no charter of the body.
    #[error("no organisation or treaty called {0} in this ledger")]
    NoBody(BodyId),
    /// A charter that the record holds cannot be read.
    #[error("{0}")]
    Charter(#[from] CharterError),
}

/// The entries that bear on a question, in the order of the log, and the head of the record they were read from.
pub struct Material<'a> {
    /// Entries of the question's scope.
    pub entries: &'a [Entry],
    /// The head at `Axes::as_recorded`.
    pub checkpoint: CheckpointRef,
    /// Charters already folded.
    pub charters: &'a Charters,
}

/// Folded charters by body and the entries that make them: the same texts are parsed once.
#[derive(Default)]
pub struct Charters(Mutex<HashMap<CharterKey, Arc<Charter>>>);

/// A body and the adoptions and amendments that make its rules.
type CharterKey = (BodyId, Vec<CharterActKey>);

/// What of an adoption or amendment makes the rules: rectified, the same entry says something else.
type CharterActKey = (Index, Option<Edtf>, Day, Option<String>);

impl Charters {
    /// The rules of a body that these acts make; `None` where there are none.
    ///
    /// # Errors
    /// [`CharterError`] where a text cannot be read.
    pub fn fold(&self, body: &BodyId, acts: &[CharterAct<'_>]) -> Result<Option<Arc<Charter>>, CharterError> {
        let key = (body.clone(), acts.iter().map(act_key).collect::<Vec<_>>());
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(charter) = known().get(&key) {
            return Ok(Some(Arc::clone(charter)));
        }
        // Folded without the lock: bodies are folded on several threads at once.
        let Some(charter) = Charter::fold(body, acts)?.map(Arc::new) else { return Ok(None) };
        known().insert(key, Arc::clone(&charter));
        Ok(Some(charter))
    }
}

fn act_key(act: &CharterAct<'_>) -> CharterActKey {
    let effective = act.event.dates.get(Role::Effective).cloned();
    (act.entry, effective, act.event.known().day, act.event.title.clone())
}

/// One body as a question sees it.
pub struct BodyView<'a> {
    /// Its rules.
    pub charter: Arc<Charter>,
    /// What is recorded of each participant.
    pub pairs: BTreeMap<ParticipantId, PairView<'a>>,
    /// The span that was surveyed; the union of all surveys' ends.
    pub surveyed: Option<Edtf>,
    /// Whose account of a dispute is followed.
    pub policy: Option<Arc<Policy>>,
}

/// One participant in one body.
#[derive(Default)]
pub struct PairView<'a> {
    /// Its own acts.
    pub own: Vec<Standing<'a>>,
    /// Acts of others about it.
    pub about: Vec<Standing<'a>>,
}

impl<'a> BodyView<'a> {
    /// Sets out the acts of a body that stand in the first `recorded` entries for who knows what was public by `known`.
    ///
    /// # Errors
    /// [`QueryError::NoBody`] where no charter of it is recorded.
    pub fn new(
        material: &Material<'a>,
        body: &BodyId,
        recorded: Size,
        known: Day,
    ) -> Result<BodyView<'a>, QueryError> {
        let acts = standing(material.entries, recorded, known);
        let charter = charter(material, body, recorded, &acts)?;
        let mut pairs: BTreeMap<ParticipantId, PairView<'a>> = BTreeMap::new();
        let mut surveyed: Option<Edtf> = None;
        for act in acts.into_iter().filter(|a| a.event.body == *body) {
            if let Act::RecordSurveyed(span) = &act.event.act {
                surveyed = Some(surveyed.map_or_else(|| span.clone(), |s| widest(&s, span)));
            }
            if let Some(about) =
                act.event.about.clone().filter(|id| Some(id) != act.event.participant.as_ref())
            {
                pairs.entry(about).or_default().about.push(act.clone());
            }
            if let Some(participant) = act.event.participant.clone() {
                pairs.entry(participant).or_default().own.push(act);
            }
        }
        Ok(BodyView { charter, pairs, surveyed, policy: None })
    }

    /// The status of a participant through all of time; of one with no act, no status.
    pub fn history(&self, participant: &ParticipantId) -> History {
        self.viewed(participant, self.undecided(participant))
    }

    /// The same on every choice of rival chains, whatever view is taken of them.
    pub fn undecided(&self, participant: &ParticipantId) -> History {
        match self.pairs.get(participant) {
            Some(pair) => pair.history(&self.charter),
            None => PairView::default().history(&self.charter),
        }
    }

    /// The end of the record: whether `on` lies in the span surveyed; `None` without a survey.
    pub fn coverage(&self, on: Day) -> Option<Coverage> {
        let span = self.surveyed.as_ref()?;
        let (from, to) = span.as_str().split_once('/').unwrap_or((span.as_str(), span.as_str()));
        let covers = span.earliest() <= on && on <= span.latest();
        Some(Coverage { from: from.into(), to: to.into(), covers })
    }

    /// The line that says where the record ends, where `on` lies outside it.
    pub fn end_of_record(&self, on: Day) -> Option<String> {
        let short = &self.charter.about.short;
        match self.coverage(on) {
            None => {
                Some(format!("as far as recorded: no survey says which span of the {short} was searched"))
            }
            Some(c) if !c.covers => Some(format!(
                "as far as recorded: the {short} was surveyed from {} to {}, {on} lies outside",
                c.from, c.to
            )),
            Some(_) => None,
        }
    }

    /// Statuses in the order in which the rules name them, `none` first.
    pub fn in_order<'s>(&self, statuses: impl IntoIterator<Item = &'s StatusId>) -> Vec<StatusId> {
        let order = self.charter.statuses();
        let place = |id: &StatusId| match id.is_none() {
            true => 0,
            false => 1 + order.iter().position(|s| s.id == *id).unwrap_or(order.len()),
        };
        let mut listed: Vec<StatusId> = statuses.into_iter().cloned().collect();
        listed.sort_by_key(|id| (place(id), id.clone()));
        listed.dedup();
        listed
    }
}

fn widest(a: &Edtf, b: &Edtf) -> Edtf {
    let (a_from, a_to) = a.as_str().split_once('/').unwrap_or((a.as_str(), a.as_str()));
    let (b_from, b_to) = b.as_str().split_once('/').unwrap_or((b.as_str(), b.as_str()));
    let from = if a.earliest() <= b.earliest() { a_from } else { b_from };
    let to = if a.latest() >= b.latest() { a_to } else { b_to };
    Edtf::parse(&format!("{from}/{to}")).unwrap_or_else(|_| a.clone())
}

/// The rules known by the question's day; a body whose charter was not yet known is still called by its name, so its
/// adoption is read whatever was known.
fn charter(
    material: &Material<'_>,
    body: &BodyId,
    recorded: Size,
    acts: &[Standing<'_>],
) -> Result<Arc<Charter>, QueryError> {
    let texts = |acts: &[Standing<'_>]| -> Result<Option<Arc<Charter>>, CharterError> {
        let adoptions: Vec<CharterAct<'_>> = acts
            .iter()
            .filter(|a| a.event.body == *body)
            .filter_map(|a| match &a.event.act {
                Act::CharterAdopted(text) | Act::CharterAmended(text) => {
                    Some(CharterAct { entry: a.index, event: &a.event, text })
                }
                _ => None,
            })
            .collect();
        material.charters.fold(body, &adoptions)
    };
    if let Some(charter) = texts(acts)? {
        return Ok(charter);
    }
    let all = standing(material.entries, recorded, Day::FUTURE);
    let adopted: Vec<Standing<'_>> =
        all.into_iter().filter(|a| matches!(a.event.act, Act::CharterAdopted(_))).collect();
    texts(&adopted)?.ok_or_else(|| QueryError::NoBody(body.clone()))
}

impl PairView<'_> {
    /// The status through all of time, on every choice of rival chains.
    pub fn history(&self, charter: &Charter) -> History {
        History::fold(charter, &self.own)
    }

    /// The procedures on one account of the course.
    pub fn lifecycles<'s>(
        &'s self,
        charter: &Charter,
        history: &History,
        account: usize,
    ) -> Vec<Lifecycle<'s>> {
        let Some(account) = history.accounts.get(account) else { return Vec::new() };
        let follows = |act: &&Standing<'_>| match &act.event.rival {
            Some(rival) => account.chains.contains(rival),
            None => true,
        };
        lifecycles(charter, self.own.iter().chain(&self.about).filter(follows), &account.course)
    }

    /// The act at a place in the log.
    pub fn act(&self, entry: Index) -> Option<&Standing<'_>> {
        self.own.iter().chain(&self.about).find(|a| a.index == entry)
    }

    /// What the worlds of a reading rest on, by index, each once.
    pub fn because(
        &self,
        charter: &Charter,
        entries: &[Entry],
        history: &History,
        reading: &Reading,
    ) -> Vec<Because> {
        let mut found: Vec<Because> = Vec::new();
        for (account, world) in &reading.worlds {
            let Some(account) = history.accounts.get(*account) else { continue };
            found.extend(self.chain(charter, entries, &account.course, world.cause));
        }
        found.sort_by_key(|b| b.index);
        found.dedup_by_key(|b| b.index);
        // What is recorded twice is told once, with the evidence of both.
        let told: Vec<(Index, Index)> =
            found.iter().flat_map(|b| b.same_fact.iter().map(|other| (b.index, *other))).collect();
        found.retain(|b| !told.iter().any(|(first, other)| *other == b.index && first < other));
        found
    }

    /// What one world rests on.
    pub fn chain(
        &self,
        charter: &Charter,
        entries: &[Entry],
        course: &Course,
        cause: Option<usize>,
    ) -> Vec<Because> {
        course.chain(cause).into_iter().filter_map(|c| self.link(charter, entries, c)).collect()
    }

    fn link(&self, charter: &Charter, entries: &[Entry], cause: &Cause) -> Option<Because> {
        let act = self.act(cause.entry);
        let event = match act {
            Some(act) => &*act.event,
            None => {
                charter.versions().iter().find(|v| v.entry == cause.entry)?;
                &entries.iter().find(|e| e.index == cause.entry)?.event
            }
        };
        let known = event.known();
        let own = |other: &&Standing<'_>| {
            act.is_some() && other.index != cause.entry && crate::history::same_fact(event, &other.event)
        };
        let same: Vec<&Standing<'_>> = self.own.iter().filter(own).collect();
        let mut evidence = event.evidence.clone();
        for piece in same.iter().flat_map(|act| &act.event.evidence) {
            if !evidence.contains(piece) {
                evidence.push(piece.clone());
            }
        }
        Some(Because {
            index: cause.entry,
            id: event.id,
            act: event.act.kind(),
            date: cause.date.clone(),
            known: known.day,
            known_assumed: known.assumed,
            clause: cause.clause.clone(),
            rule: cause.rule,
            title: event.title.clone(),
            place: event.place.clone(),
            corrected_by: act.map(|a| a.corrected_by.clone()).unwrap_or_default(),
            same_fact: same.iter().map(|act| act.index).collect(),
            evidence,
        })
    }
}
