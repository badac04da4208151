//! Rows: the stored results of the fold for each body and each participant in it, so that a question about many bodies
//! reads no acts.
//!
//! A row is made by the fold and agrees with it. It answers only a question about everything recorded of the body and
//! known today, on a whole day, without a view. The spells of a participant have a row if none of its acts is withheld;
//! its present status has one if no change is scheduled, disputed or counted. The fold answers every other question.

use crate::charter::{BodyKind, Version};
use crate::event::{Act, ActKind, BodyId, Day, Edtf, Index, ParticipantId, Size, StatusId};
use crate::history::{Certainty, ConsentsMet, EntryIntoForce, Standing};

use super::Axes;
use super::answer::{CheckpointRef, Coverage, ProcedureItem, QuestionEcho, end_of_record, settled};
use super::body::BodyView;
use super::portfolio::{InPortfolio, PortfolioItem};
use super::timeline::{SpellItem, Timeline};

/// Identifies the rules by which this program folds. The program does not read rows that were made under other rules.
pub const FOLD_RULES: u64 = match u64::from_str_radix(env!("CHANCERY_FOLD_RULES"), 16) {
    Ok(rules) => rules,
    Err(_) => 0,
};

/// The row of a body.
#[derive(Clone, PartialEq, Debug)]
pub struct BodyRow {
    /// The smallest size of a record that includes every entry on which the row rests: one more than the index of the
    /// last entry that bears on the body.
    pub size: Size,
    /// The other groups of headings with entries that bear on the body: names of bodies, and imports as `import:` and
    /// an id.
    pub beside: Vec<String>,
    /// The facts that its charter gives; `None` if no charter is in effect, or it cannot be read.
    pub ruled: Option<RuledBody>,
}

/// The facts of a body that has a charter.
#[derive(Clone, PartialEq, Debug)]
pub struct RuledBody {
    /// The kind of body: organisation or treaty.
    pub kind: BodyKind,
    /// The full name of the body.
    pub title: String,
    /// The name of the body as it is used in a sentence.
    pub short: String,
    /// True if an adoption of the charter is on record and not retracted; otherwise the body is known by amendments
    /// alone.
    pub is_adopted: bool,
    /// The body whose charter this one extends.
    pub extends: Option<BodyId>,
    /// The number of participants with acts in the body, or acts about them.
    pub participants: u64,
    /// The span of the record that was surveyed.
    pub surveyed: Option<Edtf>,
    /// The earliest day of a participant's act; `None` if no act has one.
    pub(super) first_act: Option<Day>,
    /// The result of the clause of entry into force over all consents, if the status of each participant follows from
    /// this result, its own acts and those of the body; `None` if the acts of one participant bear on the status of
    /// another in some other way.
    pub(super) separable: Option<ConsentsMet>,
    /// The statuses and clauses that the rows of participants refer to by number.
    pub(super) words: Vec<String>,
}

/// The row of a participant in a body.
#[derive(Clone, PartialEq, Debug)]
pub struct PairRow {
    /// Every spell, as in a timeline, without the body.
    pub(super) spells: Vec<RowSpell>,
    /// The present status, if it is stored and no change is scheduled.
    pub(super) present: Option<Present>,
}

/// A spell of a row; it ends on the day on which the next one begins.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct RowSpell {
    pub(super) from: Day,
    pub(super) certainty: Certainty,
    pub(super) possible: Vec<StatusId>,
    pub(super) entries: Vec<Index>,
    pub(super) clause: Option<String>,
}

/// The status from a day on, as long as nothing more is recorded.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Present {
    pub(super) from: Day,
    pub(super) since: Option<Edtf>,
    pub(super) procedures: Vec<ProcedureItem>,
}

/// True if rows may answer a question on these axes. The caller must also check that the record that is read includes
/// the entries of each row ([`BodyRow::size`]).
pub fn may_read_rows(axes: &Axes) -> bool {
    axes.at.is_none() && axes.view.is_none() && axes.as_known.is_none()
}

impl RuledBody {
    /// The facts of an evaluated body.
    pub fn of(view: &BodyView) -> RuledBody {
        let about = &view.charter.about;
        let adopted = |act: &Standing| {
            act.event.body == view.charter.body && matches!(act.event.act, Act::CharterAdopted(_))
        };
        // A correction may have given the adoption a participant, so the acts of participants are searched as well.
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

    /// The result of the clause of entry into force over all consents, if the acts of one participant bear on the
    /// status of another in no other way.
    pub fn separable(&self) -> Option<&ConsentsMet> {
        self.separable.as_ref()
    }

    /// The span that was surveyed; `covers` is true if the day `on` lies in it. Returns `None` without a survey.
    pub fn coverage(&self, on: Day) -> Option<Coverage> {
        Coverage::of(self.surveyed.as_ref(), on)
    }
}

/// The earliest day of a participant's act, among acts with a date that has a first day.
pub(super) fn first_act(view: &BodyView) -> Option<Day> {
    let dates = view.pairs.values().flat_map(|pair| &pair.own).filter_map(|act| act.event.date());
    dates.map(Edtf::earliest).filter(|day| *day > Day::PAST).min()
}

/// The result of the clause of entry into force over all consents, if the acts of one participant bear on the status of
/// another only through it: no accession treaty counts members, no step is for others to take, no participant continues
/// another, no clause waits for a treaty, no correction of the text was proposed, and no act is withheld.
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
    /// The item of a portfolio for the participant in the body; `None` on a day that only the fold can answer for.
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

    /// The first days of the spells, each with the certainty of a status from that day on; `None` if the participant
    /// does not have it.
    pub(super) fn holding(&self, status: &StatusId) -> Vec<(Day, Option<Certainty>)> {
        let held =
            |spell: &RowSpell| (spell.from, spell.possible.contains(status).then_some(spell.certainty));
        std::iter::once((Day::PAST, None)).chain(self.spells.iter().map(held)).collect()
    }

    /// The timeline of the participant in the body.
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
