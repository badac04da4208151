//! The acts of one body that count for a question, by participant, with the charter under which they are judged.

use std::collections::BTreeSet;
use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::charter::{Charter, CharterAct, CharterError, Texts};
use crate::event::{
    Act, BodyId, Day, Edtf, Entry, Index, Instant, Moment, ParticipantId, Scope, Size, StatusId, Survey,
};
use crate::history::{
    Board, ConsentsMet, Elsewhere, EntryIntoForce, History, PairView, Pairs, Standing, Withheld,
    certified_in, charter_acts, next_representation, standing, withhold,
};

use super::Axes;
use super::answer::{CheckpointRef, Coverage, end_of_record};
use super::policy::Policy;

/// The reason why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The record has no charter of the body.
    #[error("no organisation or treaty called {0} in this ledger")]
    NoBody(BodyId),
    /// A charter in the record cannot be read.
    #[error("{0}")]
    Charter(#[from] CharterError),
}

/// The entries that bear on a question, in the order of the log, and the head of the record from which they were read.
/// It is cheap to clone, since clones share the entries.
#[derive(Clone)]
pub struct Material {
    /// The entries in the scope of the question.
    pub entries: Arc<Vec<Entry>>,
    /// The head at `Axes::as_recorded`.
    pub checkpoint: CheckpointRef,
    /// The charters folded and the bodies evaluated so far.
    pub charters: Arc<Charters>,
    /// The scope of the look-up: a count of participants needs the whole body.
    pub scope: Scope,
    /// The result of the clause of entry into force over all consents to the body of the scope. It is needed if only
    /// the acts of one participant were looked up although the consents of others bear on its status.
    pub given: Option<Arc<ConsentsMet>>,
}

/// The charters folded and the bodies evaluated so far, cached for the next question that reads the same entries,
/// within a limit. Threads share them.
pub struct Charters {
    folded: Cache<CharterKey, Arc<Charter>>,
    views: Cache<ViewKey, Arc<BodyView>, ViewWeight>,
    /// The charter texts that were parsed for them.
    pub texts: Texts,
}

/// A body, and the adoptions and amendments that make its rules.
type CharterKey = (BodyId, Vec<CharterActKey>);

/// The parts of an adoption or amendment on which the rules depend: its index, a flag that is true if it is inherited
/// from the body that this one extends, the effective date that replaces its own, the day from which it is known, and
/// its title. A rectification can change these while the entry stays the same.
type CharterActKey = (Index, bool, Option<Edtf>, Day, Option<String>);

/// The key of an evaluated body: the address of the material's entries, which the cached view keeps alive; the body;
/// the number of entries read; the limit of knowledge; and a flag: true if only one participant was looked up.
type ViewKey = (usize, BodyId, usize, Instant, bool);

/// The largest number of charters in the cache.
const CHARTERS: usize = 1 << 14;
/// The default capacity for evaluated bodies, in entries.
const ROOM: u64 = 1 << 14;

/// The weight of an evaluated body: its entries, and 16 for the view itself.
#[derive(Clone)]
struct ViewWeight;

impl Weighter<ViewKey, Arc<BodyView>> for ViewWeight {
    fn weight(&self, _: &ViewKey, view: &Arc<BodyView>) -> u64 {
        view.entries.len() as u64 + 16
    }
}

impl Default for Charters {
    fn default() -> Charters {
        Charters::with_room(ROOM)
    }
}

impl Charters {
    /// An empty cache for evaluated bodies with this number of entries together.
    pub fn with_room(entries: u64) -> Charters {
        let bodies = usize::try_from(entries / 64).unwrap_or(usize::MAX).max(16);
        Charters {
            folded: Cache::new(CHARTERS),
            views: Cache::with_weighter(bodies, entries, ViewWeight),
            texts: Texts::default(),
        }
    }

    /// An empty cache over charter texts that other caches share.
    pub fn reading(texts: Texts) -> Charters {
        Charters { texts, ..Charters::default() }
    }

    /// Folds the rules of a body from its adoptions and amendments; `None` if there are none.
    ///
    /// # Errors
    /// [`CharterError`] if a text cannot be read.
    pub fn fold(&self, body: &BodyId, acts: &[CharterAct<'_>]) -> Result<Option<Arc<Charter>>, CharterError> {
        let key = (body.clone(), acts.iter().map(act_key).collect::<Vec<_>>());
        if let Some(charter) = self.folded.get(&key) {
            return Ok(Some(charter));
        }
        // No lock is taken during the fold: several threads fold bodies at once.
        let Some(charter) = Charter::fold_with(body, acts, &self.texts)?.map(Arc::new) else {
            return Ok(None);
        };
        self.folded.insert(key, Arc::clone(&charter));
        Ok(Some(charter))
    }
}

fn act_key(act: &CharterAct<'_>) -> CharterActKey {
    (act.entry, act.inherited, act.effective.cloned(), act.event.known().day(), act.event.title.clone())
}

/// One body as a question sees it.
#[derive(Clone)]
pub struct BodyView {
    /// The rules of the body.
    pub charter: Arc<Charter>,
    /// The entries from which this view was evaluated.
    pub entries: Arc<Vec<Entry>>,
    /// The acts of each participant, and the acts about it.
    pub pairs: Pairs,
    /// Acts on record that do not count, because the depositary has not accepted their communication.
    pub withheld: Vec<Withheld>,
    /// The acts of the body alone.
    pub alone: Vec<Standing>,
    /// The acts of the body whose charter this one extends.
    pub pattern: Vec<Standing>,
    /// The span that was surveyed: from the earliest to the latest day of all surveys.
    pub surveyed: Option<Edtf>,
    /// The effects of the acts of some participants on the status of others.
    pub board: Board,
    /// True if every participant is among the entries, so that participants can be counted.
    pub whole: bool,
    /// The view that decides between rival accounts of a dispute.
    pub policy: Option<Arc<Policy>>,
}

impl BodyView {
    /// Evaluates the acts of a body that count in the first `recorded` entries, with the knowledge that was public by
    /// the moment `known`, inclusive. A body that was evaluated before from the same entries is shared.
    ///
    /// # Errors
    /// [`QueryError::NoBody`] if no charter of the body is recorded; [`QueryError::Charter`] if a text cannot be read.
    pub fn new(
        material: &Material,
        body: &BodyId,
        recorded: Size,
        known: Instant,
    ) -> Result<Arc<BodyView>, QueryError> {
        let read = material.entries.partition_point(|entry| recorded.holds(entry.index));
        let part = material.scope.participant.is_some();
        let key = (Arc::as_ptr(&material.entries) as usize, body.clone(), read, known, part);
        if let Some(view) = material.charters.views.get(&key) {
            return Ok(view);
        }
        let view = Arc::new(BodyView::at(material, body, recorded, known, None, &[])?);
        material.charters.views.insert(key, Arc::clone(&view));
        Ok(view)
    }

    /// Evaluates the body for the dates, and with the view, of a question.
    ///
    /// # Errors
    /// The errors of [`BodyView::new`].
    pub fn of(material: &Material, body: &BodyId, axes: &Axes) -> Result<Arc<BodyView>, QueryError> {
        BodyView::known_by(material, body, axes, axes.known())
    }

    /// Evaluates the body with everything that is known today. Returns `None` if the question has no limit of
    /// knowledge, or if today's knowledge leaves the body without readable rules; the question about that earlier
    /// knowledge has an answer all the same.
    pub fn today(material: &Material, body: &BodyId, axes: &Axes) -> Option<Arc<BodyView>> {
        axes.as_known.as_ref()?;
        BodyView::known_by(material, body, axes, Instant::FUTURE).ok()
    }

    fn known_by(
        material: &Material,
        body: &BodyId,
        axes: &Axes,
        known: Instant,
    ) -> Result<Arc<BodyView>, QueryError> {
        let view = match &axes.at {
            // The order of acts that state an instant depends on the moment asked about.
            Some(moment) => {
                Arc::new(BodyView::at(material, body, axes.as_recorded, known, Some(moment), &[])?)
            }
            None => BodyView::new(material, body, axes.as_recorded, known)?,
        };
        Ok(view.with_view(axes))
    }

    fn at(
        material: &Material,
        body: &BodyId,
        recorded: Size,
        known: Instant,
        moment: Option<&Moment>,
        open: &[&BodyId],
    ) -> Result<BodyView, QueryError> {
        let acts = standing(&material.entries, recorded, known);
        let charter = charter(material, body, recorded, &acts)?;
        let (acts, mut withheld) = withhold(acts);
        withheld.retain(|held| held.act.event.body == *body);
        let mut pairs: Pairs = Pairs::new();
        let mut alone = Vec::new();
        let mut surveyed: Option<Edtf> = None;
        let mut pattern = Vec::new();
        for act in acts {
            if act.event.body != *body {
                if charter.extends.as_ref() == Some(&act.event.body) {
                    pattern.push(act);
                }
                continue;
            }
            if let Act::RecordSurveyed(Survey { span, .. }) = &act.event.act {
                surveyed = Some(surveyed.map_or_else(|| span.clone(), |s| widest(&s, span)));
            }
            if let Some(about) =
                act.event.about.clone().filter(|id| Some(id) != act.event.participant.as_ref())
            {
                pairs.entry(about).or_default().about.push(act.clone());
            }
            match &act.event.participant {
                Some(participant) => match pairs.get_mut(participant) {
                    Some(pair) => pair.own.push(act),
                    None => {
                        let participant = participant.clone();
                        pairs.entry(participant).or_default().own.push(act);
                    }
                },
                None => alone.push(act),
            }
        }
        let elsewhere = elsewhere_of(material, &charter, recorded, known, open);
        let given = material.given.as_deref().filter(|_| material.scope.body.as_ref() == Some(body));
        let board = Board::new(&charter, &pairs, &alone, moment, elsewhere, given);
        let whole = material.scope.participant.is_none();
        let entries = Arc::clone(&material.entries);
        let policy = None;
        Ok(BodyView { charter, entries, pairs, withheld, alone, pattern, surveyed, board, whole, policy })
    }

    /// The status of a participant through all of time, under the view of the question; a participant with no act has
    /// no status.
    pub fn history(&self, participant: &ParticipantId) -> Arc<History> {
        self.viewed(participant, self.undecided(participant))
    }

    /// The status of a participant under every choice of rival chains, without regard to a view.
    pub fn undecided(&self, participant: &ParticipantId) -> Arc<History> {
        self.board.history(&self.charter, &self.pairs, participant)
    }

    /// The participants with acts of their own on record. Participants of one line count once, under the name under
    /// which the acts are recorded.
    pub fn participants(&self) -> impl Iterator<Item = &ParticipantId> {
        self.pairs.iter().filter(|(_, pair)| !pair.own.is_empty()).map(|(who, _)| who)
    }

    /// The participants that certainly have the highest status at the end of a day.
    pub fn members(&self, on: Day) -> BTreeSet<ParticipantId> {
        self.board.members(&self.charter, &self.pairs, on, None)
    }

    /// The act at an index of the log, of any participant; acts of the body alone are not searched.
    pub fn act(&self, entry: Index) -> Option<&Standing> {
        // The act usually still belongs to the participant for which it was recorded; a correction may have moved it.
        let at = self.entries.binary_search_by_key(&entry, |entry| entry.index).ok();
        let recorded = at.and_then(|at| self.entries.get(at)?.event.participant.as_ref());
        let first = recorded.and_then(|who| own_act(self.pairs.get(who)?, entry));
        first.or_else(|| self.pairs.values().find_map(|pair| own_act(pair, entry)))
    }

    /// Evaluates the same acts under other rules.
    pub fn under(&self, charter: Arc<Charter>) -> BodyView {
        BodyView {
            board: self.board.under(&charter, &self.pairs, &self.alone),
            charter,
            entries: Arc::clone(&self.entries),
            pairs: self.pairs.clone(),
            withheld: self.withheld.clone(),
            alone: self.alone.clone(),
            pattern: self.pattern.clone(),
            surveyed: self.surveyed.clone(),
            whole: self.whole,
            policy: self.policy.clone(),
        }
    }

    /// Every act that counts: those of each participant, then those of the body alone.
    pub fn acts(&self) -> impl Iterator<Item = &Standing> {
        self.pairs.values().flat_map(|pair| &pair.own).chain(&self.alone)
    }

    /// The highest status that the rules of a day define: party, or full member.
    pub fn full_status(&self, on: Day) -> Option<&StatusId> {
        self.charter.on(on).highest()
    }

    /// The line that says that another government represented a participant on a day, if a later act changed that.
    pub fn represented_until(&self, participant: &ParticipantId, on: Day) -> Option<String> {
        let change = next_representation(&self.pairs.get(participant)?.own, on)?;
        let until = change.event.effect()?;
        let title = change.event.title.as_deref().map(|title| format!(": {title}")).unwrap_or_default();
        Some(format!("represented by another government until {until}{title} (entry {})", change.index))
    }

    /// The reasons why acts on record up to a day do not count, for one participant, or for all.
    pub fn withheld_by(&self, participant: Option<&ParticipantId>, on: Day) -> Vec<String> {
        let whose =
            |held: &&Withheld| participant.is_none_or(|who| held.act.event.participant.as_ref() == Some(who));
        let dated = self.withheld.iter().filter(whose).filter(|held| held.is_dated_by(on));
        dated.map(Withheld::why).collect()
    }

    /// The span of the record that was surveyed; `covers` is true if the day `on` lies in it. Returns `None` without a
    /// survey.
    pub fn coverage(&self, on: Day) -> Option<Coverage> {
        Coverage::of(self.surveyed.as_ref(), on)
    }

    /// The line that says where the record ends, if `on` lies outside it or no span was surveyed.
    pub fn end_of_record(&self, on: Day) -> Option<String> {
        end_of_record(&self.charter.about.in_short(), self.surveyed.as_ref(), on)
    }

    /// Sorts statuses and removes duplicates: `none` first, then those of the newest version, the highest first, then
    /// those that only earlier versions have.
    pub fn in_order<'s>(&self, statuses: impl IntoIterator<Item = &'s StatusId>) -> Vec<StatusId> {
        let mut listed: Vec<StatusId> = statuses.into_iter().cloned().collect();
        // A single status, the usual case, needs no sorting.
        if listed.len() < 2 {
            return listed;
        }
        let order = self.charter.statuses();
        let place = |id: &StatusId| match id.is_none() {
            true => 0,
            false => 1 + order.iter().position(|s| s.id == *id).unwrap_or(order.len()),
        };
        listed.sort_by_key(|id| (place(id), id.clone()));
        listed.dedup();
        listed
    }
}

/// The participant's own act at an index of the log.
fn own_act(pair: &PairView, entry: Index) -> Option<&Standing> {
    let at = pair.own.binary_search_by_key(&entry, |act| act.index).ok()?;
    pair.own.get(at)
}

/// The days of entry into force of the treaties for which the clauses of a charter wait, as far as their entries were
/// looked up.
pub fn elsewhere(material: &Material, charter: &Charter, recorded: Size, known: Instant) -> Elsewhere {
    elsewhere_of(material, charter, recorded, known, &[])
}

/// Two treaties that wait for each other never enter into force: `open` are the bodies whose entry into force is
/// already being computed.
fn elsewhere_of(
    material: &Material,
    charter: &Charter,
    recorded: Size,
    known: Instant,
    open: &[&BodyId],
) -> Elsewhere {
    if charter.waits_for().is_empty() {
        return Elsewhere::new();
    }
    let open: Vec<&BodyId> = open.iter().copied().chain([&charter.body]).collect();
    let day = |body: &BodyId| {
        let view = BodyView::at(material, body, recorded, known, None, &open).ok()?;
        let certified = certified_in(&view.charter, &view.alone).map(|(on, _)| on);
        let computed = view.board.entry_into_force.as_ref().and_then(EntryIntoForce::on);
        computed.or(certified).map(|on| on.latest())
    };
    let asked = charter.waits_for().iter().filter(|body| !open.contains(body));
    asked.filter_map(|body| day(body).map(|on| (body.clone(), on))).collect()
}

fn widest(a: &Edtf, b: &Edtf) -> Edtf {
    let (a_from, a_to) = a.as_str().split_once('/').unwrap_or((a.as_str(), a.as_str()));
    let (b_from, b_to) = b.as_str().split_once('/').unwrap_or((b.as_str(), b.as_str()));
    let from = if a.earliest() <= b.earliest() { a_from } else { b_from };
    let to = if a.latest() >= b.latest() { a_to } else { b_to };
    Edtf::parse(&format!("{from}/{to}")).unwrap_or_else(|_| a.clone())
}

/// The rules by which a question is read. They include every amendment in the record that the question reads,
/// regardless of the limit of knowledge, because a question may name a status or a name of any time. If everything
/// known today gives no rules, or rules that cannot be read, they are those known by the question's limit of knowledge,
/// or else those of the adoption alone. Returns `None` if the record had no charter of the body.
///
/// # Errors
/// [`CharterError`] if no rules can be read.
pub fn rules_by(
    charters: &Charters,
    entries: &[Entry],
    body: &BodyId,
    axes: &Axes,
) -> Result<Option<Arc<Charter>>, CharterError> {
    let all = standing(entries, axes.as_recorded, Instant::FUTURE);
    let today = charters.fold(body, &charter_acts(&all, body));
    if let Ok(Some(charter)) = today {
        return Ok(Some(charter));
    }
    let then = standing(entries, axes.as_recorded, axes.known());
    for acts in [then, adoptions(all)] {
        if let Ok(Some(charter)) = charters.fold(body, &charter_acts(&acts, body)) {
            return Ok(Some(charter));
        }
    }
    today
}

fn adoptions(mut acts: Vec<Standing>) -> Vec<Standing> {
    acts.retain(|act| matches!(act.event.act, Act::CharterAdopted(_)));
    acts
}

/// The rules known by the question's limit of knowledge. A body whose charter was not yet known still has its name, so
/// in that case the adoption is read regardless of that limit.
fn charter(
    material: &Material,
    body: &BodyId,
    recorded: Size,
    acts: &[Standing],
) -> Result<Arc<Charter>, QueryError> {
    let texts = |acts: &[Standing]| material.charters.fold(body, &charter_acts(acts, body));
    if let Some(charter) = texts(acts)? {
        return Ok(charter);
    }
    let adopted = adoptions(standing(&material.entries, recorded, Instant::FUTURE));
    texts(&adopted)?.ok_or_else(|| QueryError::NoBody(body.clone()))
}
