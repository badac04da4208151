//! Bitemporal history: every spell as it was answered at each state of the record and of knowledge.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::event::{Act, ActKind, BodyId, Entry, Instant, KnownBy, ParticipantId, Size};
use crate::history::correction_known;

use super::Axes;
use super::answer::{CheckpointRef, QuestionEcho};
use super::body::{BodyView, Material, QueryError};
use super::timeline::{SpellItem, spells_in};

/// The spells of a participant in every revision.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Revisions {
    /// The question, as it was understood; `on` plays no part.
    pub question: QuestionEcho,
    /// The revisions, by body; first those by size of this ledger, then those by knowledge of the world.
    pub revisions: Vec<Revision>,
    /// Notes for the reader.
    pub notes: Vec<String>,
    /// The head of the record that was read.
    pub checkpoint: CheckpointRef,
}

/// The spells that were the answer over a stretch of recorded time, or of knowledge. Each of the two lists is complete
/// for the other dates of the question: the one by size for the knowledge asked for, the one by knowledge for the
/// entries asked for.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Revision {
    /// The organisation or treaty.
    pub body: BodyId,
    /// The first `--as-recorded` size that gives these spells; `null` on the axis of knowledge.
    pub recorded_from: Option<Size>,
    /// The first size that gives other spells; `null` if none does.
    pub recorded_until: Option<Size>,
    /// The first `--as-known` that gives these spells; `null` on the axis of the record, and if they have no beginning.
    pub known_from: Option<KnownBy>,
    /// The first that gives other spells; `null` if none does.
    pub known_until: Option<KnownBy>,
    /// The spells.
    pub spells: Vec<SpellItem>,
}

/// Finds the revisions of one participant in one body.
///
/// # Errors
/// [`QueryError::Charter`] if a charter cannot be read. A body without a charter has no revisions.
pub fn revisions(
    material: &Material,
    participant: &ParticipantId,
    body: &BodyId,
    axes: &Axes,
) -> Result<Revisions, QueryError> {
    let pair = Pair { material, participant, body };
    let mut revisions = pair.by_size(axes)?;
    revisions.extend(pair.by_knowledge(axes)?);
    let question = QuestionEcho::new("timeline", Some(participant), Some(body), axes);
    Ok(Revisions { question, revisions, notes: Vec::new(), checkpoint: material.checkpoint.clone() })
}

impl Revisions {
    /// Joins the answers for several bodies.
    pub fn joined(parts: Vec<Revisions>, question: QuestionEcho, checkpoint: CheckpointRef) -> Revisions {
        let revisions = parts.into_iter().flat_map(|part| part.revisions).collect();
        Revisions { question, revisions, notes: Vec::new(), checkpoint }
    }
}

/// One participant in one body.
struct Pair<'a> {
    material: &'a Material,
    participant: &'a ParticipantId,
    body: &'a BodyId,
}

impl Pair<'_> {
    /// True if the spells may change when the entry is recorded, or becomes known.
    fn bears(&self, entry: &Entry) -> bool {
        let event = &entry.event;
        match &event.act {
            Act::RecordCorrected(_)
            | Act::EntryRetracted(_)
            | Act::CharterAdopted(_)
            | Act::CharterAmended(_) => true,
            act if act.kind().is_record_keeping() => false,
            _ => event.body == *self.body && event.participant.as_ref() == Some(self.participant),
        }
    }

    fn entries(&self, axes: &Axes) -> impl Iterator<Item = &Entry> {
        let recorded = axes.as_recorded;
        self.material.entries.iter().filter(move |e| recorded.holds(e.index) && self.bears(e))
    }

    /// The spells at a state of the record and of knowledge; `None` if the body had no charter yet.
    fn spells(&self, axes: &Axes, size: Size, known: Instant) -> Result<Option<Vec<SpellItem>>, QueryError> {
        match BodyView::new(self.material, self.body, size, known) {
            Ok(view) => Ok(Some(spells_in(&view.with_view(axes), self.participant, self.body))),
            Err(QueryError::NoBody(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn by_size(&self, axes: &Axes) -> Result<Vec<Revision>, QueryError> {
        let sizes: Vec<Size> = self.entries(axes).map(|e| Size(e.index.0 + 1)).collect();
        let mut found: Vec<Revision> = Vec::new();
        for size in sizes {
            let spells = self.spells(axes, size, axes.known())?.unwrap_or_default();
            if is_news(found.last(), &spells) {
                if let Some(last) = found.last_mut() {
                    last.recorded_until = Some(size);
                }
                found.push(self.revision(Some(size), None, spells));
            }
        }
        Ok(found)
    }

    fn by_knowledge(&self, axes: &Axes) -> Result<Vec<Revision>, QueryError> {
        let known = |e: &Entry| match e.event.act.kind() {
            ActKind::RecordCorrected | ActKind::EntryRetracted => correction_known(&e.event),
            _ => e.event.known().from,
        };
        // A rectification may change when its target was known, so the rectified acts count too.
        let size = axes.as_recorded;
        let standing = crate::history::standing(&self.material.entries, size, Instant::FUTURE);
        let moments: BTreeSet<Instant> = self
            .entries(axes)
            .map(known)
            .chain(standing.iter().filter(|a| a.event.body == *self.body).map(|a| a.known.from))
            .filter(|moment| *moment <= axes.known())
            .collect();
        let mut found: Vec<Revision> = Vec::new();
        for moment in moments {
            let spells = self.spells(axes, size, moment)?.unwrap_or_default();
            if is_news(found.last(), &spells) {
                if let Some(last) = found.last_mut() {
                    last.known_until = Some(KnownBy::moment(moment));
                }
                let from = (moment > Instant::PAST).then(|| KnownBy::moment(moment));
                found.push(self.revision(None, from, spells));
            }
        }
        Ok(found)
    }

    fn revision(&self, recorded: Option<Size>, known: Option<KnownBy>, spells: Vec<SpellItem>) -> Revision {
        Revision {
            body: self.body.clone(),
            recorded_from: recorded,
            recorded_until: None,
            known_from: known,
            known_until: None,
            spells,
        }
    }
}

/// True if the spells differ from those of the revision before; before the first revision there is no status.
fn is_news(last: Option<&Revision>, spells: &[SpellItem]) -> bool {
    match last {
        Some(last) => last.spells != spells,
        None => spells.iter().any(|s| s.possible.iter().any(|id| !id.is_none())),
    }
}
