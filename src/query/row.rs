//! Rows: what is kept of each body and of each participant in it, so that a question about many bodies reads no acts.
//!
//! A row is made by the fold and says what the fold would say. It holds for a question about everything that was recorded
//! of the body and is known today, of one whole day, without the view of a source. Of a participant only what is plain has
//! a row: every spell where no act is withheld, and the present where nothing is to come, disputed or counted. Every other
//! question is answered by the fold.

use crate::charter::{BodyKind, Version};
use crate::event::{Act, ActKind, BodyId, Day, Edtf, Index, ParticipantId, Size, StatusId};
use crate::history::{Certainty, ConsentsMet, EntryIntoForce, Standing};

use super::Axes;
use super::answer::{CheckpointRef, Coverage, ProcedureItem, QuestionEcho, end_of_record, settled};
use super::body::BodyView;
use super::portfolio::{InPortfolio, PortfolioItem};
use super::timeline::{SpellItem, Timeline};

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
    /// The first day of an act of a participant.
    pub(super) first_act: Option<Day>,
    /// What the consents of everybody make of its entry into force, where the status of each participant follows from this,
    /// its own acts and those of the body; `None` where the acts of one bear otherwise on the status of another.
    pub(super) separable: Option<ConsentsMet>,
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
    pub(super) since: Option<Edtf>,
    pub(super) procedures: Vec<ProcedureItem>,
}

/// Whether rows may answer a question on these axes. How much of the record it reads, each row must allow.
pub fn may_read_rows(axes: &Axes) -> bool {
    axes.at.is_none() && axes.view.is_none() && axes.as_known.is_none()
}

impl RuledBody {
    /// What a body that is set out says of itself.
    pub fn of(view: &BodyView) -> RuledBody {
        let about = &view.charter.about;
        let adopted = |act: &Standing| {
            act.event.body == view.charter.body && matches!(act.event.act, Act::CharterAdopted(_))
        };
        // A correction may have given the adoption a participant.
        let mut acts = view.acts().chain(view.withheld.iter().map(|held| &held.act));
        RuledBody {
            kind: about.kind,
            title: about.title.clone(),
            short: about.in_short(),
            is_adopted: acts.any(adopted),
            extends: view.charter.extends.clone(),
            participants: view.pairs.len() as u64,
            surveyed: view.surveyed.clone(),
            first_act: first_act(view),
            separable: separable(view),
            words: Vec::new(),
        }
    }

    /// What the consents of everybody make of the entry into force, where nothing else of the acts of one bears on the status
    /// of another.
    pub fn separable(&self) -> Option<&ConsentsMet> {
        self.separable.as_ref()
    }

    /// The span that was surveyed, and whether a day lies in it.
    pub fn coverage(&self, on: Day) -> Option<Coverage> {
        Coverage::of(self.surveyed.as_ref(), on)
    }
}

/// The first day of an act that has one.
pub(super) fn first_act(view: &BodyView) -> Option<Day> {
    let dates = view.pairs.values().flat_map(|pair| &pair.own).filter_map(|act| act.event.date());
    dates.map(Edtf::earliest).filter(|day| *day > Day::PAST).min()
}

/// What the consents make of the entry into force of a body in which the acts of one bear on the status of another by nothing
/// else: no accession treaty counts members, no step is for others to take, nobody continues another, no treaty is waited for,
/// and neither a correction of the text nor an act that does not count needs the word of others.
fn separable(view: &BodyView) -> Option<ConsentsMet> {
    let counts = |version: &Version| {
        let mut steps = version.procedures.iter().flat_map(|procedure| &procedure.rule.steps);
        !version.clauses.accessions.is_empty() || steps.any(|step| step.by.is_some())
    };
    let joins = |act: &Standing| {
        matches!(act.event.act.kind(), ActKind::ContinuationDeclared | ActKind::CorrectionProposed)
    };
    let is_joined = view.charter.versions().iter().any(counts)
        || !view.charter.waits_for().is_empty()
        || !view.withheld.is_empty()
        || view.acts().any(joins);
    let general = view.board.entry_into_force.as_ref();
    (!is_joined).then(|| general.map(EntryIntoForce::consents).unwrap_or_default())
}

impl PairRow {
    /// What a portfolio says of the participant in the body; `None` on a day of which only the fold can say it.
    pub fn in_portfolio(&self, body: &BodyId, ruled: &RuledBody, on: Day) -> Option<InPortfolio> {
        let present = self.present.as_ref().filter(|present| present.from <= on)?;
        let last = self.spells.last()?;
        let item = PortfolioItem {
            body: body.clone(),
            status: settled(last.certainty, &last.possible),
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

    /// The days on which another spell begins, each with how surely the participant has a status from then on; `None` where it
    /// does not.
    pub(super) fn holding(&self, status: &StatusId) -> Vec<(Day, Option<Certainty>)> {
        let held =
            |spell: &RowSpell| (spell.from, spell.possible.contains(status).then_some(spell.certainty));
        std::iter::once((Day::PAST, None)).chain(self.spells.iter().map(held)).collect()
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
