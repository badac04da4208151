//! Which entries a question needs.

use super::act::Act;
use super::correction::{Field, FieldName};
use super::event::Event;
use super::ids::BodyId;
use super::participant::ParticipantId;

/// The entries that can bear on a question: of one body, of one participant, of one in the other, or all.
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

    /// What bears on one participant in one body.
    pub fn of_pair(participant: ParticipantId, body: BodyId) -> Scope {
        Scope { body: Some(body), participant: Some(participant) }
    }

    /// Whether an event bears on it: its own body and participant, acts about the participant, acts of the body alone,
    /// and corrections that move another entry here. The entry that a correction names is fetched by its id.
    pub fn admits(&self, event: &Event) -> bool {
        self.admits_key(&ScopeKey::of(event))
    }

    /// The same, for what an index keeps of an event.
    pub fn admits_key(&self, key: &ScopeKey<'_>) -> bool {
        let body = self
            .body
            .as_ref()
            .is_none_or(|body| [Some(key.body), key.moved_body].contains(&Some(body.as_str())));
        let participant = self.participant.as_ref().is_none_or(|participant| {
            let named = [key.participant, key.about, key.moved_participant, key.moved_about];
            key.participant.is_none() || named.contains(&Some(participant.as_str()))
        });
        body && participant
    }
}

/// What of an event decides whether it bears on a scope.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ScopeKey<'a> {
    /// Its body.
    pub body: &'a str,
    /// Its participant.
    pub participant: Option<&'a str>,
    /// Whom it is about.
    pub about: Option<&'a str>,
    /// The body to which a rectification moves another entry.
    pub moved_body: Option<&'a str>,
    /// The participant to whom a rectification moves another entry.
    pub moved_participant: Option<&'a str>,
    /// Whom another entry is about by a rectification.
    pub moved_about: Option<&'a str>,
}

impl<'a> ScopeKey<'a> {
    /// Of an event.
    pub fn of(event: &'a Event) -> ScopeKey<'a> {
        let moved_to = |field: Field| match &event.act {
            Act::RecordCorrected(c) => c.now.get(&FieldName(field)).map(String::as_str),
            _ => None,
        };
        ScopeKey {
            body: event.body.as_str(),
            participant: event.participant.as_ref().map(ParticipantId::as_str),
            about: event.about.as_ref().map(ParticipantId::as_str),
            moved_body: moved_to(Field::Body),
            moved_participant: moved_to(Field::Participant),
            moved_about: moved_to(Field::About),
        }
    }
}
