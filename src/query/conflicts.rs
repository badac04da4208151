//! Conflicts between sources, and facts that the record has more than once.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::charter::{Remark, judge};
use crate::event::{ActKind, BodyId, Day, Edtf, Evidence, Index, ParticipantId, StatusId};
use crate::history::{History, PairView, Standing, alike, same_fact, taken_back};

use super::Axes;
use super::answer::{CheckpointRef, Coverage, QuestionEcho, act, known};
use super::body::{BodyView, Material, QueryError};

/// The conflicts in a record: disputed claims, differing dates and statuses, and facts recorded more than once.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Conflicts {
    /// The question, as it was understood.
    pub question: QuestionEcho,
    /// The conflicts, by body, then by kind, then by participant.
    pub conflicts: Vec<Conflict>,
    /// Notes for the reader: the end of the record, and the rulings of the view.
    pub notes: Vec<String>,
    /// The span of the record that was searched; `null` without a survey, or for several bodies.
    pub coverage: Option<Coverage>,
    /// The head of the record that was read.
    pub checkpoint: CheckpointRef,
}

/// The kind of a conflict.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConflictKind {
    /// The chains of a dispute exclude one another.
    Rival,
    /// Two acts that may be one have different dates, at most 60 days apart.
    Dates,
    /// A source stated one date of an act, and later another in its place; the source's last statement is the one that
    /// counts.
    Record,
    /// The status that a source states is not the one that the charter gives.
    Claim,
    /// No conflict: one fact is recorded more than once, and counts once.
    SameFact,
}

/// One fact on which sources conflict, or which the record has more than once.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Conflict {
    /// The kind of the conflict.
    pub kind: ConflictKind,
    /// The organisation or treaty.
    pub body: BodyId,
    /// The participant.
    pub participant: ParticipantId,
    /// The name of the dispute; only for rival claims.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dispute: Option<String>,
    /// True if the conflict leaves the status on the day asked about open.
    pub contested_on_day: bool,
    /// The chain that the view of the question follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_view: Option<String>,
    /// The days on which the chains give different statuses, or the days between the dates.
    pub spans: Vec<DaySpan>,
    /// The sides of the conflict, each with its statuses and entries.
    pub chains: Vec<ChainItem>,
    /// The indexes of all its entries.
    pub entries: Vec<Index>,
}

/// An unbroken span of days; `until` is the first day after it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct DaySpan {
    /// The first day; `null` if the span has no beginning.
    pub from: Option<Edtf>,
    /// The first day after the span; `null` if no recorded act ends it.
    pub until: Option<Edtf>,
}

impl DaySpan {
    /// The span from a day to the day before `until`.
    pub fn new(from: Day, until: Day) -> DaySpan {
        let limit = |day: Day| day.date().map(|_| Edtf::day(day));
        DaySpan { from: limit(from), until: limit(until) }
    }
}

/// One side of a conflict: a chain of a dispute, one of several dates, the source or the charter.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ChainItem {
    /// The name of the side: a chain, a date, `source` or `charter`. It is `null` for the record without the only chain
    /// of a dispute, and for the entries of one repeated fact.
    pub chain: Option<String>,
    /// The statuses that are possible under the chain on the day asked about, or the status that the source or the
    /// charter gives.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub possible: Vec<StatusId>,
    /// The acts of this side.
    pub entries: Vec<ChainEntry>,
}

/// An act on one side.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ChainEntry {
    /// The index of its entry.
    pub index: Index,
    /// The kind of the act.
    #[serde(serialize_with = "act")]
    pub act: ActKind,
    /// The date of the act.
    pub date: Option<Edtf>,
    /// The status that its source states.
    pub status: Option<StatusId>,
    /// The day from which the world could know of the act; `null` if that has no limit.
    #[serde(serialize_with = "known")]
    pub known: Day,
    /// The index of the retraction by which its source took it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken_back_by: Option<Index>,
    /// The sources on which it rests.
    pub evidence: Vec<Evidence>,
}

impl ChainEntry {
    fn of(act: &Standing) -> ChainEntry {
        ChainEntry {
            index: act.index,
            act: act.event.act.kind(),
            date: act.event.date().cloned(),
            status: act.event.status.clone(),
            known: act.known.day(),
            taken_back_by: None,
            evidence: act.event.evidence.clone(),
        }
    }
}

/// The largest distance, in days, between two dates of one act. Acts with dates further apart are two acts.
const NEAR: i64 = 60;

/// Lists the conflicts in one body; with `only`, those of one participant.
///
/// # Errors
/// [`QueryError`] if the body has no charter in the record, or its charter cannot be read.
pub fn conflicts(
    material: &Material,
    body: &BodyId,
    only: Option<&ParticipantId>,
    axes: &Axes,
) -> Result<Conflicts, QueryError> {
    let taken_back = taken_back(&material.entries, axes.as_recorded, axes.known());
    let view = BodyView::of(material, body, axes)?;
    let is_asked = |id: &ParticipantId| only.is_none_or(|only| only == id);
    let mut conflicts = Vec::new();
    for (participant, pair) in view.pairs.iter().filter(|(id, _)| is_asked(id)) {
        let side = Side { view: &view, pair, body, participant, on: axes.on };
        let own =
            |act: &&Standing| act.event.body == *body && act.event.participant.as_ref() == Some(participant);
        conflicts.extend(side.restated(&taken_back.iter().filter(own).collect::<Vec<_>>()));
        let history = view.undecided(participant);
        conflicts.extend(side.rivals(&history));
        conflicts.extend(side.dates());
        conflicts.extend(side.claims(&history));
        conflicts.extend(side.repeated());
    }
    conflicts.sort_by(|a, b| (a.kind, &a.participant, &a.entries).cmp(&(b.kind, &b.participant, &b.entries)));
    let mut notes: Vec<String> = view.end_of_record(axes.on).into_iter().collect();
    for participant in view.pairs.keys().filter(|id| is_asked(id)) {
        let lines = view.every_ruling(participant).into_iter();
        notes.extend(lines.map(|line| format!("{participant}: {line}")));
    }
    Ok(Conflicts {
        question: QuestionEcho::new("conflicts", only, Some(body), axes),
        conflicts,
        notes,
        coverage: view.coverage(axes.on),
        checkpoint: material.checkpoint.clone(),
    })
}

impl Conflicts {
    /// Joins the answers for several bodies.
    pub fn joined(parts: Vec<Conflicts>, question: QuestionEcho, checkpoint: CheckpointRef) -> Conflicts {
        let coverage = match parts.as_slice() {
            [only] => only.coverage.clone(),
            _ => None,
        };
        let mut answer =
            Conflicts { question, conflicts: Vec::new(), notes: Vec::new(), coverage, checkpoint };
        for part in parts {
            answer.conflicts.extend(part.conflicts);
            answer.notes.extend(part.notes);
        }
        answer
    }
}

/// One participant of a body, on the day asked about.
struct Side<'a> {
    view: &'a BodyView,
    pair: &'a PairView,
    body: &'a BodyId,
    participant: &'a ParticipantId,
    on: Day,
}

impl Side<'_> {
    fn conflict(&self, kind: ConflictKind, spans: Vec<DaySpan>, chains: Vec<ChainItem>) -> Conflict {
        let entries: BTreeSet<Index> =
            chains.iter().flat_map(|chain| chain.entries.iter().map(|entry| entry.index)).collect();
        Conflict {
            kind,
            body: self.body.clone(),
            participant: self.participant.clone(),
            dispute: None,
            contested_on_day: false,
            by_view: None,
            spans,
            chains,
            entries: entries.into_iter().collect(),
        }
    }

    /// The disputes with their chains; a dispute with a single chain is compared with the record without that chain.
    fn rivals(&self, history: &History) -> Vec<Conflict> {
        let own = &self.pair.own;
        let mut disputes: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for rival in own.iter().filter_map(|act| act.event.rival.as_ref()) {
            disputes.entry(&rival.dispute).or_default().insert(&rival.chain);
        }
        let policy = self.view.policy.as_ref();
        let chosen = policy.map(|policy| policy.chosen(own)).unwrap_or_default();
        let conflict = |(dispute, names): (&str, BTreeSet<&str>)| {
            let without = (names.len() == 1).then_some(None);
            let sides = names.into_iter().map(Some).chain(without);
            let chains = sides.map(|name| self.chain(history, dispute, name)).collect();
            let by_view = chosen.iter().find(|rival| rival.dispute == dispute);
            let spans = spans(history, dispute);
            let mut conflict = self.conflict(ConflictKind::Rival, spans, chains);
            conflict.dispute = Some(dispute.to_owned());
            conflict.contested_on_day = by_view.is_none() && history.differs(dispute, self.on);
            conflict.by_view = by_view.map(ToString::to_string);
            conflict
        };
        disputes.into_iter().map(conflict).collect()
    }

    fn chain(&self, history: &History, dispute: &str, name: Option<&str>) -> ChainItem {
        let follows = |account: &&crate::history::Account| {
            let taken = account.chains.iter().find(|chain| chain.dispute == dispute);
            taken.map(|chain| chain.chain.as_str()) == name
        };
        let worlds = history.accounts.iter().filter(follows).flat_map(|a| a.course.on(self.on));
        let of_chain = |act: &&Standing| {
            let rival = act.event.rival.as_ref().filter(|rival| rival.dispute == dispute);
            rival.is_some_and(|rival| Some(rival.chain.as_str()) == name)
        };
        ChainItem {
            chain: name.map(str::to_owned),
            possible: self.view.in_order(worlds.map(|world| &world.status)),
            entries: self.pair.own.iter().filter(of_chain).map(ChainEntry::of).collect(),
        }
    }

    /// Pairs of acts that may be one act but have different dates.
    fn dates(&self) -> Vec<Conflict> {
        let own: Vec<&Standing> = self.pair.own.iter().filter(|a| a.event.rival.is_none()).collect();
        let mut found = Vec::new();
        for (at, first) in own.iter().enumerate() {
            for second in &own[at + 1..] {
                let dates = first.event.date().zip(second.event.date());
                let Some((a, b)) = dates.filter(|(a, b)| a != b && gap(a, b) <= NEAR) else { continue };
                if !alike(&first.event, &second.event) {
                    continue;
                }
                let (from, until) = (a.earliest().min(b.earliest()), a.latest().max(b.latest()));
                let side = |date: &Edtf, act: &Standing| ChainItem {
                    chain: Some(date.to_string()),
                    possible: Vec::new(),
                    entries: vec![ChainEntry::of(act)],
                };
                let chains = vec![side(a, first), side(b, second)];
                found.push(self.conflict(ConflictKind::Dates, vec![DaySpan::new(from, until)], chains));
            }
        }
        found
    }

    /// Acts that a source took back, beside the same acts with the dates that it gave before or after.
    fn restated(&self, taken_back: &[&Standing]) -> Vec<Conflict> {
        let mut told: BTreeSet<Index> = BTreeSet::new();
        let mut found = Vec::new();
        for act in taken_back {
            if told.contains(&act.index) {
                continue;
            }
            let stated = taken_back.iter().copied().chain(&self.pair.own);
            let (mut from, mut until) = (Day::FUTURE, Day::PAST);
            let mut dates: BTreeMap<&str, Vec<ChainEntry>> = BTreeMap::new();
            for other in stated.filter(|other| alike(&act.event, &other.event)) {
                told.insert(other.index);
                let Some(date) = other.event.date() else { continue };
                (from, until) = (from.min(date.earliest()), until.max(date.latest()));
                let mut entry = ChainEntry::of(other);
                entry.taken_back_by = retractions(taken_back, other);
                dates.entry(date.as_str()).or_default().push(entry);
            }
            if dates.len() < 2 {
                continue;
            }
            let side = |(date, entries): (&str, Vec<ChainEntry>)| ChainItem {
                chain: Some(date.to_owned()),
                possible: Vec::new(),
                entries,
            };
            let chains = dates.into_iter().map(side).collect();
            found.push(self.conflict(ConflictKind::Record, vec![DaySpan::new(from, until)], chains));
        }
        found
    }

    /// Acts whose source states another status than the rules of their day give.
    fn claims(&self, history: &History) -> Vec<Conflict> {
        let claim = |act: &Standing| {
            let day = act.event.effect()?.latest();
            let eve = history.on(day.previous());
            let from = eve.status().cloned().unwrap_or_else(StatusId::none);
            let judged = judge(self.view.charter.on(day), &from, &act.event);
            let differs = |remark: Remark| match remark {
                Remark::ClaimDiffers { claimed, derived } => Some((claimed, derived)),
                _ => None,
            };
            let (claimed, derived) = judged.remarks.into_iter().find_map(differs)?;
            let side = |name: &str, status, entries| ChainItem {
                chain: Some(name.to_owned()),
                possible: vec![status],
                entries,
            };
            let source = side("source", claimed, vec![ChainEntry::of(act)]);
            let chains = vec![source, side("charter", derived, Vec::new())];
            Some(self.conflict(ConflictKind::Claim, Vec::new(), chains))
        };
        self.pair.own.iter().filter(|act| act.event.rival.is_none()).filter_map(claim).collect()
    }

    /// Facts that are recorded more than once.
    fn repeated(&self) -> Vec<Conflict> {
        let own = &self.pair.own;
        let mut told: BTreeSet<Index> = BTreeSet::new();
        let mut found = Vec::new();
        for (at, first) in own.iter().enumerate() {
            let again = own[at + 1..].iter().filter(|other| same_fact(&first.event, &other.event));
            let same: Vec<&Standing> = std::iter::once(first).chain(again).collect();
            if same.len() < 2 || told.contains(&first.index) {
                continue;
            }
            told.extend(same.iter().map(|act| act.index));
            let entries = same.into_iter().map(ChainEntry::of).collect();
            let chain = ChainItem { chain: None, possible: Vec::new(), entries };
            found.push(self.conflict(ConflictKind::SameFact, Vec::new(), vec![chain]));
        }
        found
    }
}

/// The retraction by which a source took an act back; `None` if it did not.
fn retractions(taken_back: &[&Standing], act: &Standing) -> Option<Index> {
    taken_back.iter().find(|other| other.index == act.index)?.corrected_by.first().copied()
}

/// The number of days between two dates; 0 if they may be the same day.
fn gap(a: &Edtf, b: &Edtf) -> i64 {
    let days = |from: Day, to: Day| i64::from(to.days()) - i64::from(from.days());
    days(a.latest(), b.earliest()).max(days(b.latest(), a.earliest())).max(0)
}

/// The days on which the chains of a dispute give different statuses.
fn spans(history: &History, dispute: &str) -> Vec<DaySpan> {
    let days: BTreeSet<Day> =
        history.accounts.iter().flat_map(|a| a.course.slices.iter().map(|s| s.from)).collect();
    let mut found: Vec<DaySpan> = Vec::new();
    let mut open: Option<Day> = None;
    for day in days {
        match (open, history.differs(dispute, day)) {
            (None, true) => open = Some(day),
            (Some(from), false) => {
                found.push(DaySpan::new(from, day));
                open = None;
            }
            _ => {}
        }
    }
    found.extend(open.map(|from| DaySpan::new(from, Day::FUTURE)));
    found
}
