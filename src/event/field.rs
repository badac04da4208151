//! Reads and sets the fields of an event; a rectification is made with them.

use super::act::Act;
use super::act_kind::ActKind;
use super::correction::{ChangeError, Field};
use super::date::Edtf;
use super::event::{Event, Rival};
use super::ids::{BodyId, StatusId};
use super::participant::ParticipantId;

impl Field {
    /// Returns the value of this field as text, empty if the event has none.
    pub fn read(self, event: &Event) -> String {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        match self {
            Field::Participant => event.participant.as_ref().map(ToString::to_string).unwrap_or_default(),
            Field::Body => event.body.to_string(),
            Field::Act => event.act.kind().to_string(),
            Field::Toward => event.toward.as_ref().map(ToString::to_string).unwrap_or_default(),
            Field::About => event.about.as_ref().map(ToString::to_string).unwrap_or_default(),
            Field::Status => event.status.as_ref().map(ToString::to_string).unwrap_or_default(),
            Field::Title => text(&event.title),
            Field::Place => text(&event.place),
            Field::Sequence => event.sequence.map(|n| n.to_string()).unwrap_or_default(),
            Field::Rival => event.rival.as_ref().map(ToString::to_string).unwrap_or_default(),
            Field::KnownFrom => event.known_from.as_ref().map(ToString::to_string).unwrap_or_default(),
            Field::Note => text(&event.note),
            Field::Date(role) => event.dates.get(role).map(ToString::to_string).unwrap_or_default(),
        }
    }

    /// Sets the field; an empty value removes it.
    ///
    /// # Errors
    /// [`ChangeError`] if this field cannot have the value.
    pub fn write(self, event: &mut Event, value: &str) -> Result<(), ChangeError> {
        let text = (!value.is_empty()).then(|| value.to_owned());
        let date =
            |value: &str| Edtf::parse(value).map_err(|source| ChangeError::Date { field: self, source });
        let given = (!value.is_empty()).then_some(value);
        match self {
            Field::Participant => event.participant = given.map(ParticipantId::parse).transpose()?,
            Field::About => event.about = given.map(ParticipantId::parse).transpose()?,
            Field::Body => event.body = BodyId::parse(given.ok_or(ChangeError::Needed(self))?)?,
            Field::Act => event.act = other_act(event, value)?,
            Field::Toward => event.toward = given.map(StatusId::parse).transpose()?,
            Field::Status => event.status = given.map(StatusId::parse).transpose()?,
            Field::Title => event.title = text,
            Field::Place => event.place = text,
            Field::Note => event.note = text,
            Field::Sequence => {
                event.sequence =
                    given.map(|v| v.parse().map_err(|_| ChangeError::Sequence(v.into()))).transpose()?;
            }
            Field::Rival => {
                let rival = |v: &str| Rival::parse(v).ok_or_else(|| ChangeError::Rival(v.into()));
                event.rival = given.map(rival).transpose()?;
            }
            Field::KnownFrom => event.known_from = given.map(date).transpose()?,
            Field::Date(role) => match given {
                Some(value) => event.dates.set(role, date(value)?),
                None => event.dates.remove(role),
            },
        }
        Ok(())
    }
}

fn other_act(event: &Event, value: &str) -> Result<Act, ChangeError> {
    let wrong = || ChangeError::Act(value.into());
    let kind: ActKind = value.parse().map_err(|_| wrong())?;
    if kind == event.act.kind() {
        return Ok(event.act.clone());
    }
    Act::plain(event.act.kind()).ok_or_else(wrong)?;
    Act::plain(kind).ok_or_else(wrong)
}
