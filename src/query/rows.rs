//! Makes the rows of a body and of every participant in it at once, by the fold.

use crate::charter::Version;
use crate::event::{BodyId, Day, Edtf, Instant, ParticipantId, Size};
use crate::history::PairView;

use super::Axes;
use super::body::{BodyView, Material};
use super::row::{BodyRow, PairRow, Present, RowSpell, RuledBody};
use super::row_bytes::Words;
use super::status::in_view;
use super::timeline::{SpellItem, spells_in};

/// The rows of one body, as bytes.
#[derive(Clone, PartialEq, Debug)]
pub struct StoredRows {
    /// The [`BodyRow`].
    pub body: Vec<u8>,
    /// The [`PairRow`]s, by participant.
    pub pairs: Vec<(ParticipantId, Vec<u8>)>,
}

/// Makes the rows of a body from every entry that bears on it. `beside` names the groups other than its own in which
/// those entries are filed.
pub fn rows(material: &Material, body: &BodyId, beside: Vec<String>) -> StoredRows {
    let size = material.entries.last().map_or(Size(0), |last| Size(last.index.0 + 1));
    let Ok(view) = BodyView::new(material, body, size, Instant::FUTURE) else {
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

/// The last day among the dates of the body's own acts and its rules: an answer that depends on these does not change
/// after it.
fn last_change(view: &BodyView) -> Day {
    let about = view.charter.about.began.iter().map(Edtf::latest);
    let versions = view.charter.versions().iter().map(Version::from);
    let alone = view.alone.iter().flat_map(|act| act.event.dates.iter().map(|(_, date)| date.latest()));
    about.chain(versions).chain(alone).max().unwrap_or(Day::PAST)
}

/// The row of a participant; `None` if one of its acts is withheld, since its timeline would then say more than its
/// spells.
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

/// The present status of a participant, if no change is scheduled, disputed or counted, and no note is added except
/// that on the end of the record.
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
        since: answer.since,
        procedures: answer.procedures,
    })
}
