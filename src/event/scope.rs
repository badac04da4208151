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
    /// and every correction, since a correction of a correction may undo what moved an entry here, whatever participant
    /// and body it names itself. The entry that such a correction moves is fetched by its id.
    pub fn admits(&self, event: &Event) -> bool {
        self.admits_key(&ScopeKey::of(event))
    }

    /// The same, for what an index keeps of an event.
    pub fn admits_key(&self, key: &ScopeKey<'_>) -> bool {
        if key.corrects {
            return true;
        }
        let body = self.body.as_ref().is_none_or(|body| key.body == body.as_str());
        let participant = self.participant.as_ref().is_none_or(|participant| {
            key.participant.is_none() || [key.participant, key.about].contains(&Some(participant.as_str()))
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
    /// Whether it corrects another entry.
    pub corrects: bool,
}

impl<'a> ScopeKey<'a> {
    /// Of an event.
    pub fn of(event: &'a Event) -> ScopeKey<'a> {
        ScopeKey {
            body: event.body.as_str(),
            participant: event.participant.as_ref().map(ParticipantId::as_str),
            about: event.about.as_ref().map(ParticipantId::as_str),
            corrects: event.corrects(),
        }
    }
}

impl Event {
    /// Whether it corrects this ledger's record: a rectification or a retraction.
    pub fn corrects(&self) -> bool {
        matches!(self.act, Act::RecordCorrected(_) | Act::EntryRetracted(_))
    }

    /// Whether it is a rectification that gives another entry another body or participant.
    pub fn moves_another(&self) -> bool {
        let moves = |field| matches!(field, Field::Body | Field::Participant | Field::About);
        matches!(&self.act, Act::RecordCorrected(c) if c.now.keys().any(|FieldName(field)| moves(*field)))
    }
}
