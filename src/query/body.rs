//! The acts of one body that stand for a question, by participant, with the rules they are judged under.

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

/// The entries that bear on a question, in the order of the log, and the head of the record they were read from. Cheap to
/// clone, since clones share the entries.
#[derive(Clone)]
pub struct Material {
    /// Entries of the question's scope.
    pub entries: Arc<Vec<Entry>>,
    /// The head at `Axes::as_recorded`.
    pub checkpoint: CheckpointRef,
    /// Charters already folded.
    pub charters: Arc<Charters>,
    /// What was looked up: a count of participants needs the whole body.
    pub scope: Scope,
    /// What the consents of everybody make of the entry into force of the body of the scope, where only the acts of one
    /// participant were looked up although others bear on its status.
    pub given: Option<Arc<ConsentsMet>>,
}

/// Folded charters and evaluated bodies, kept for the next question that reads the same entries: as many as there is room
/// for. Threads share them.
pub struct Charters {
    folded: Cache<CharterKey, Arc<Charter>>,
    views: Cache<ViewKey, Arc<BodyView>, ViewWeight>,
    /// The texts that were read for them.
    pub texts: Texts,
}

/// A body and the adoptions and amendments that make its rules.
type CharterKey = (BodyId, Vec<CharterActKey>);

/// What of an adoption or amendment makes the rules: rectified, the same entry says something else, or is of the body that
/// extended it.
type CharterActKey = (Index, bool, Option<Edtf>, Day, Option<String>);

/// The entries of a material by their address, which a kept view holds on to; the body; how many of the entries are read,
/// and by which day they were known; and whether only a part of the body was looked up.
type ViewKey = (usize, BodyId, usize, Instant, bool);

/// The most charters that are kept.
const CHARTERS: usize = 1 << 14;
/// The room for evaluated bodies if nothing is said, in entries.
const ROOM: u64 = 1 << 14;

/// An evaluated body takes the room of its entries, and some for itself.
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
    /// Empty, with room for evaluated bodies of this number of entries together.
    pub fn with_room(entries: u64) -> Charters {
        let bodies = usize::try_from(entries / 64).unwrap_or(usize::MAX).max(16);
        Charters {
            folded: Cache::new(CHARTERS),
            views: Cache::with_weighter(bodies, entries, ViewWeight),
            texts: Texts::default(),
        }
    }

    /// None yet, over texts that others read as well.
    pub fn reading(texts: Texts) -> Charters {
        Charters { texts, ..Charters::default() }
    }

    /// The rules of a body that these acts make; `None` where there are none.
    ///
    /// # Errors
    /// [`CharterError`] where a text cannot be read.
    pub fn fold(&self, body: &BodyId, acts: &[CharterAct<'_>]) -> Result<Option<Arc<Charter>>, CharterError> {
        let key = (body.clone(), acts.iter().map(act_key).collect::<Vec<_>>());
        if let Some(charter) = self.folded.get(&key) {
            return Ok(Some(charter));
        }
        // Folded without a lock: bodies are folded on several threads at once.
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
    /// Its rules.
    pub charter: Arc<Charter>,
    /// The entries that it was set out from.
    pub entries: Arc<Vec<Entry>>,
    /// What is recorded of each participant.
    pub pairs: Pairs,
    /// Acts on record that do not count: what the depositary has not accepted.
    pub withheld: Vec<Withheld>,
    /// Acts of the body alone.
    pub alone: Vec<Standing>,
    /// Acts of the body whose charter this one extends.
    pub pattern: Vec<Standing>,
    /// The span that was surveyed; the union of all surveys' ends.
    pub surveyed: Option<Edtf>,
    /// What the acts of some make of the status of others.
    pub board: Board,
    /// Whether every participant is among the entries, so that they can be counted.
    pub whole: bool,
    /// Whose account of a dispute is followed.
    pub policy: Option<Arc<Policy>>,
}

impl BodyView {
    /// Sets out the acts of a body that stand in the first `recorded` entries for who knows what was public by `known`. A
    /// body that was set out before of the same entries is shared.
    ///
    /// # Errors
    /// [`QueryError::NoBody`] where no charter of it is recorded.
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

    /// The same for the dates of a question.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn of(material: &Material, body: &BodyId, axes: &Axes) -> Result<Arc<BodyView>, QueryError> {
        BodyView::known_by(material, body, axes, axes.known())
    }

    /// The same with everything that is known today; `None` if the question knows it already, or if by what is known today no
    /// rules of the body stand: what was known then has its answer all the same.
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
            // Acts that state an instant lie otherwise to every moment.
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

    /// The status of a participant through all of time; of one with no act, no status.
    pub fn history(&self, participant: &ParticipantId) -> Arc<History> {
        self.viewed(participant, self.undecided(participant))
    }

    /// The same on every choice of rival chains, whatever view is taken of them.
    pub fn undecided(&self, participant: &ParticipantId) -> Arc<History> {
        self.board.history(&self.charter, &self.pairs, participant)
    }

    /// Those of whom acts of their own are recorded; a line counts once, under the name that its acts stand under.
    pub fn participants(&self) -> impl Iterator<Item = &ParticipantId> {
        self.pairs.iter().filter(|(_, pair)| !pair.own.is_empty()).map(|(who, _)| who)
    }

    /// Those who certainly have the highest status at the end of a day.
    pub fn members(&self, on: Day) -> BTreeSet<ParticipantId> {
        self.board.members(&self.charter, &self.pairs, on, None)
    }

    /// The act at a place in the log, whosoever it is.
    pub fn act(&self, entry: Index) -> Option<&Standing> {
        // Mostly it is still that of the participant for whom it was recorded; a correction may have moved it.
        let at = self.entries.binary_search_by_key(&entry, |entry| entry.index).ok();
        let recorded = at.and_then(|at| self.entries.get(at)?.event.participant.as_ref());
        let first = recorded.and_then(|who| own_act(self.pairs.get(who)?, entry));
        first.or_else(|| self.pairs.values().find_map(|pair| own_act(pair, entry)))
    }

    /// The same acts under other rules.
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

    /// Every act that counts: of each participant, then of the body alone.
    pub fn acts(&self) -> impl Iterator<Item = &Standing> {
        self.pairs.values().flat_map(|pair| &pair.own).chain(&self.alone)
    }

    /// The highest status that the rules of a day know: party, or full member.
    pub fn full_status(&self, on: Day) -> Option<&StatusId> {
        self.charter.on(on).highest()
    }

    /// The line that says that another government spoke for a participant on a day, where a later act changed it.
    pub fn represented_until(&self, participant: &ParticipantId, on: Day) -> Option<String> {
        let change = next_representation(&self.pairs.get(participant)?.own, on)?;
        let until = change.event.effect()?;
        let title = change.event.title.as_deref().map(|title| format!(": {title}")).unwrap_or_default();
        Some(format!("represented by another government until {until}{title} (entry {})", change.index))
    }

    /// Why acts on record up to a day do not count: of one participant, or of everybody.
    pub fn withheld_by(&self, participant: Option<&ParticipantId>, on: Day) -> Vec<String> {
        let whose =
            |held: &&Withheld| participant.is_none_or(|who| held.act.event.participant.as_ref() == Some(who));
        let dated = self.withheld.iter().filter(whose).filter(|held| held.is_dated_by(on));
        dated.map(Withheld::why).collect()
    }

    /// The end of the record: whether `on` lies in the span surveyed; `None` without a survey.
    pub fn coverage(&self, on: Day) -> Option<Coverage> {
        Coverage::of(self.surveyed.as_ref(), on)
    }

    /// The line that says where the record ends, where `on` lies outside it.
    pub fn end_of_record(&self, on: Day) -> Option<String> {
        end_of_record(&self.charter.about.in_short(), self.surveyed.as_ref(), on)
    }

    /// Statuses in the order in which the rules name them, `none` first.
    pub fn in_order<'s>(&self, statuses: impl IntoIterator<Item = &'s StatusId>) -> Vec<StatusId> {
        let mut listed: Vec<StatusId> = statuses.into_iter().cloned().collect();
        // One has no order; mostly there is one.
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

/// The act of a participant itself at a place in the log.
fn own_act(pair: &PairView, entry: Index) -> Option<&Standing> {
    let at = pair.own.binary_search_by_key(&entry, |act| act.index).ok()?;
    pair.own.get(at)
}

/// When the treaties for which the clauses of a charter wait entered into force, as far as their entries were looked up.
pub fn elsewhere(material: &Material, charter: &Charter, recorded: Size, known: Instant) -> Elsewhere {
    elsewhere_of(material, charter, recorded, known, &[])
}

/// Two treaties that wait for each other never enter into force: `open` are those that are being asked already.
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

/// The rules that a question is read by, with every amendment recorded by then, whatever was known: statuses and names of any
/// time may be asked for. Where none stand for who knows everything, or they cannot be read, those that stood for who knew as
/// much as the question, else the adoption alone; `None` where the record held no charter of the body.
///
/// # Errors
/// [`CharterError`] where no rules can be read.
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

/// The rules known by the question's day; a body whose charter was not yet known is still called by its name, so its
/// adoption is read whatever was known.
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
