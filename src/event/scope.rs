//! Which entries a question needs.

use super::act::Act;
use super::correction::{Field, FieldName};
use super::event::Event;
use super::ids::BodyId;
use super::participant::ParticipantId;

/// The entries that can bear on a question: of one body, of one participant, of one in the other, or all.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
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

    /// What bears on one participant in one body.
    pub fn of_pair(participant: ParticipantId, body: BodyId) -> Scope {
        Scope { body: Some(body), participant: Some(participant) }
    }

    /// Whether an event bears on it: its own body and participant, acts about the participant, acts of the body alone,
    /// and corrections that move another entry here. The entry that a correction names is fetched by its id.
    pub fn admits(&self, event: &Event) -> bool {
        let moved_to = |field: Field| match &event.act {
            Act::RecordCorrected(c) => c.now.get(&FieldName(field)).map(String::as_str),
            _ => None,
        };
        let body = self
            .body
            .as_ref()
            .is_none_or(|body| event.body == *body || moved_to(Field::Body) == Some(body.as_str()));
        let participant = self.participant.as_ref().is_none_or(|participant| {
            event.participant.is_none()
                || event.participant.as_ref() == Some(participant)
                || event.about.as_ref() == Some(participant)
                || moved_to(Field::Participant) == Some(participant.as_str())
                || moved_to(Field::About) == Some(participant.as_str())
        });
        body && participant
    }
}
