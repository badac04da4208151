//! The scope of a question: the entries that may affect its answer.

use super::act::Act;
use super::correction::{Field, FieldName};
use super::event::Event;
use super::ids::BodyId;
use super::participant::ParticipantId;

/// The entries that may affect an answer: those of one body, of one participant, of one participant in one body, or all.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Scope {
    /// Only this organisation or treaty.
    pub body: Option<BodyId>,
    /// Only this participant, and the acts of bodies alone.
    pub participant: Option<ParticipantId>,
}

impl Scope {
    /// Every entry.
    pub const ALL: Scope = Scope { body: None, participant: None };

    /// Every entry of a body.
    pub fn of_body(body: BodyId) -> Scope {
        Scope { body: Some(body), participant: None }
    }

    /// The entries that affect one participant in one body.
    pub fn of_pair(participant: ParticipantId, body: BodyId) -> Scope {
        Scope { body: Some(body), participant: Some(participant) }
    }

    /// True if an event may affect the answer: an event of the body and the participant, an act about the participant, an act of
    /// the body alone, or a correction. Every correction counts, because a correction of a correction may undo a move of an entry
    /// to this body or participant, whatever participant and body it names itself. The entry that such a correction moves is
    /// fetched by its id.
    pub fn admits(&self, event: &Event) -> bool {
        if event.corrects() {
            return true;
        }
        let body = self.body.as_ref().is_none_or(|body| event.body == *body);
        let participant = self.participant.as_ref().is_none_or(|participant| {
            event.participant.is_none()
                || [&event.participant, &event.about].into_iter().flatten().any(|named| named == participant)
        });
        body && participant
    }
}

impl Event {
    /// True if the event corrects this ledger's record: a rectification or a retraction.
    pub fn corrects(&self) -> bool {
        matches!(self.act, Act::RecordCorrected(_) | Act::EntryRetracted(_))
    }

    /// True for a rectification that gives another entry another body or participant.
    pub fn moves_another(&self) -> bool {
        let moves = |field| matches!(field, Field::Body | Field::Participant | Field::About);
        matches!(&self.act, Act::RecordCorrected(c) if c.now.keys().any(|FieldName(field)| moves(*field)))
    }
}
