//! Rows: what is kept of each body and of each participant in it, so that a question about many bodies reads no acts.
//!
//! A row is made by the fold and says what the fold would say. It holds for a question about everything that was recorded
//! of the body and is known today, of one whole day, without the view of a source. Of a participant only what is plain has
//! a row: every spell where no act is withheld, and the present where nothing is to come, disputed or counted. Every other
//! question is answered by the fold.

use crate::charter::{BodyKind, Version};
use crate::event::{Act, BodyId, Day, Edtf, Index, ParticipantId, Size, StatusId};
use crate::history::{Certainty, PairView, Standing};

use super::Axes;
use super::answer::{CheckpointRef, Coverage, ProcedureItem, QuestionEcho, end_of_record, settled};
use super::body::{BodyView, Material};
use super::portfolio::{InPortfolio, PortfolioItem};
use super::row_bytes::Words;
use super::status::in_view;
use super::timeline::{SpellItem, Timeline, spells_in};

/// Names the rules by which this program folds: rows that a program with others made are not read.
pub const FOLD_RULES: u64 = match u64::from_str_radix(env!("CHANCERY_FOLD_RULES"), 16) {
    Ok(rules) => rules,
    Err(_) => 0,
};

/// What is kept of a body.
#[derive(Clone, PartialEq, Debug)]
pub struct BodyRow {
    /// So many entries must be read for it to hold: the index behind the last one that bears on the body.
    pub size: Size,
    /// The other groups of headings whose entries bear on the body: bodies, and imports as `import:` and an id.
    pub beside: Vec<String>,
    /// What its charter makes of it; `None` where no charter stands, or it cannot be read.
    pub ruled: Option<RuledBody>,
}

/// A body that has a charter.
#[derive(Clone, PartialEq, Debug)]
pub struct RuledBody {
    /// What it is.
    pub kind: BodyKind,
    /// Its full name.
    pub title: String,
    /// Its name as it stands in a sentence.
    pub short: String,
    /// Whether an adoption of its charter stands: it may be known by amendments alone.
    pub is_adopted: bool,
    /// The body whose charter it extends.
    pub extends: Option<BodyId>,
    /// How many participants have acts in it, or acts about them.
    pub participants: u64,
    /// The span that was surveyed.
    pub surveyed: Option<Edtf>,
    /// What rows of its participants name by number: statuses, clauses, acts.
    pub(super) words: Vec<String>,
}

/// What is kept of a participant in a body.
#[derive(Clone, PartialEq, Debug)]
pub struct PairRow {
    /// Every spell, as a timeline has it, the body left out.
    pub(super) spells: Vec<RowSpell>,
    /// The present, where nothing is to come.
    pub(super) present: Option<Present>,
}

/// A spell of a row; it ends where the next one begins.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct RowSpell {
    pub(super) from: Day,
    pub(super) certainty: Certainty,
    pub(super) possible: Vec<StatusId>,
    pub(super) entries: Vec<Index>,
    pub(super) clause: Option<String>,
}

/// What holds from a day on, as long as nothing more is recorded.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Present {
    pub(super) from: Day,
    pub(super) status: Option<StatusId>,
    pub(super) since: Option<Edtf>,
    pub(super) procedures: Vec<ProcedureItem>,
}

/// The rows of one body as they are stored.
#[derive(Clone, PartialEq, Debug)]
pub struct StoredRows {
    /// The [`BodyRow`].
    pub body: Vec<u8>,
    /// The [`PairRow`]s, by participant.
    pub pairs: Vec<(ParticipantId, Vec<u8>)>,
}

/// Whether rows may answer a question on these axes. How much of the record it reads, each row must allow.
pub fn may_read_rows(axes: &Axes) -> bool {
    axes.at.is_none() && axes.view.is_none() && axes.as_known.is_none()
}

/// The rows of a body, from everything that bears on it. `beside` are the groups in which that was found besides its own.
pub fn rows(material: &Material, body: &BodyId, beside: Vec<String>) -> StoredRows {
    let size = material.entries.last().map_or(Size(0), |last| Size(last.index.0 + 1));
    let Ok(view) = BodyView::new(material, body, size, Day::FUTURE) else {
        let body = BodyRow { size, beside, ruled: None }.encode();
        return StoredRows { body, pairs: Vec::new() };
    };
    let mut words = Words::default();
    let changed = last_change(&view);
    let mut pairs = Vec::with_capacity(view.pairs.len());
    for who in view.pairs.keys() {
        let row = pair_row(material, &view, body, who, changed);
        pairs.extend(row.map(|row| (who.clone(), row.encode(&mut words))));
    }
    let ruled = RuledBody { words: words.into_list(), ..RuledBody::of(&view) };
    StoredRows { body: BodyRow { size, beside, ruled: Some(ruled) }.encode(), pairs }
}

/// The last day that the acts of a body alone and its rules name: what depends on the day asked has changed by then.
fn last_change(view: &BodyView) -> Day {
    let about = view.charter.about.began.iter().map(Edtf::latest);
    let versions = view.charter.versions().iter().map(Version::from);
    let alone = view.alone.iter().flat_map(|act| act.event.dates.iter().map(|(_, date)| date.latest()));
    about.chain(versions).chain(alone).max().unwrap_or(Day::PAST)
}

/// The row of a participant; `None` where a timeline would say more than spells.
fn pair_row(
    material: &Material,
    view: &BodyView,
    body: &BodyId,
    who: &ParticipantId,
    changed: Day,
) -> Option<PairRow> {
    let pair = view.pairs.get(who)?;
    if view.withheld.iter().any(|held| held.act.event.participant.as_ref() == Some(who)) {
        return None;
    }
    let spell = |item: SpellItem| RowSpell {
        from: item.from.as_ref().map_or(Day::PAST, Edtf::earliest),
        certainty: item.certainty,
        possible: item.possible,
        entries: item.entries,
        clause: item.clause,
    };
    let spells = spells_in(view, who, body).into_iter().map(spell).collect();
    Some(PairRow { spells, present: present(material, view, body, who, pair, changed) })
}

/// The present of a participant of whom nothing is to come, disputed, counted or said beside it.
fn present(
    material: &Material,
    view: &BodyView,
    body: &BodyId,
    who: &ParticipantId,
    pair: &PairView,
    changed: Day,
) -> Option<Present> {
    if pair.own.is_empty() || !pair.about.is_empty() || view.board.accessions.contains_key(who) {
        return None;
    }
    let history = view.history(who);
    let slices = history.accounts.iter().flat_map(|account| &account.course.slices).map(|slice| slice.from);
    let dates = pair.own.iter().flat_map(|act| act.event.dates.iter().map(|(_, date)| date.latest()));
    let from = slices.chain(dates).fold(changed, Day::max).next();
    let axes = Axes::on_day(from, None, material.checkpoint.size);
    let answer = in_view(material, view, view, who, body, &axes);
    let is_plain = answer.overlays.is_empty()
        && answer.scheduled.is_empty()
        && answer.on_the_day.is_empty()
        && answer.afterwards.is_empty()
        && answer.conflicts.is_empty()
        && answer.corrections.is_empty()
        && answer.until.is_none()
        && answer.procedures.iter().all(|open| open.quorum.is_none() && open.outcome.is_none())
        && answer.notes.iter().eq(view.end_of_record(from).iter());
    (is_plain && from < Day::FUTURE).then_some(Present {
        from,
        status: answer.status,
        since: answer.since,
        procedures: answer.procedures,
    })
}

impl RuledBody {
    /// What a body that is set out says of itself.
    pub fn of(view: &BodyView) -> RuledBody {
        let about = &view.charter.about;
        let adopted = |act: &Standing| matches!(act.event.act, Act::CharterAdopted(_));
        RuledBody {
            kind: about.kind,
            title: about.title.clone(),
            short: about.in_short(),
            is_adopted: view.alone.iter().any(adopted),
            extends: view.charter.extends.clone(),
            participants: view.pairs.len() as u64,
            surveyed: view.surveyed.clone(),
            words: Vec::new(),
        }
    }

    /// The span that was surveyed, and whether a day lies in it.
    pub fn coverage(&self, on: Day) -> Option<Coverage> {
        Coverage::of(self.surveyed.as_ref(), on)
    }
}

impl PairRow {
    /// What a portfolio says of the participant in the body; `None` on a day of which only the fold can say it.
    pub fn in_portfolio(&self, body: &BodyId, ruled: &RuledBody, on: Day) -> Option<InPortfolio> {
        let present = self.present.as_ref().filter(|present| present.from <= on)?;
        let last = self.spells.last()?;
        let item = PortfolioItem {
            body: body.clone(),
            status: present.status.clone(),
            certainty: last.certainty,
            possible: last.possible.clone(),
            since: present.since.clone(),
            until: None,
            overlays: Vec::new(),
            scheduled: Vec::new(),
            procedures: present.procedures.clone(),
        };
        let notes = end_of_record(&ruled.short, ruled.surveyed.as_ref(), on).into_iter().collect();
        Some(InPortfolio { item, notes })
    }

    /// What a timeline says of the participant in the body.
    pub fn timeline(
        &self,
        participant: &ParticipantId,
        (body, ruled): (&BodyId, &RuledBody),
        axes: &Axes,
        checkpoint: &CheckpointRef,
    ) -> Timeline {
        let limit = |day: Day| day.date().map(|_| Edtf::day(day));
        let ends = self.spells.iter().skip(1).map(|next| next.from).chain([Day::FUTURE]);
        let item = |(spell, until): (&RowSpell, Day)| SpellItem {
            body: body.clone(),
            status: settled(spell.certainty, &spell.possible),
            certainty: spell.certainty,
            possible: spell.possible.clone(),
            from: limit(spell.from),
            until: limit(until),
            entries: spell.entries.clone(),
            clause: spell.clause.clone(),
        };
        Timeline {
            question: QuestionEcho::new("timeline", Some(participant), Some(body), axes),
            spells: self.spells.iter().zip(ends).map(item).collect(),
            notes: end_of_record(&ruled.short, ruled.surveyed.as_ref(), axes.on).into_iter().collect(),
            checkpoint: checkpoint.clone(),
        }
    }
}
