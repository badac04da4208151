//! The frozen form of an entry in the index: flat, of text and numbers.

use bincode::{Decode, Encode};
use uuid::Uuid;

use crate::event::leaf::{decode_draft, encode_event};
use crate::event::{
    Act, ActKind, BodyId, Edtf, Entry, Event, EventId, Evidence, Form, Grade, Index, Instant, ParticipantId,
    Quote, Rival, Role, StatusId,
};

/// An entry without its index, which is its place in the run.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub(super) struct StoredEntry {
    recorded_at: i64,
    event: StoredEvent,
}

/// Acts with a payload of their own are few and large: they are kept as their canonical JSON.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
enum StoredEvent {
    Flat(Box<Flat>),
    Json(String),
}

#[derive(Clone, PartialEq, Debug, Encode, Decode)]
struct Flat {
    id: [u8; 16],
    act: String,
    form: Option<String>,
    body: String,
    participant: Option<String>,
    dates: Vec<(u8, String)>,
    toward: Option<String>,
    about: Option<String>,
    status: Option<String>,
    to: Option<[u8; 16]>,
    title: Option<String>,
    place: Option<String>,
    sequence: Option<u16>,
    rival: Option<String>,
    known_from: Option<String>,
    import: Option<[u8; 16]>,
    evidence: Vec<StoredEvidence>,
    note: Option<String>,
    recorder: Option<String>,
}

#[derive(Clone, PartialEq, Debug, Encode, Decode)]
struct StoredEvidence {
    cite: String,
    grade: Option<String>,
    published: Option<String>,
    quote: Option<(bool, String)>,
    retrieved: Option<String>,
    sha256: Option<String>,
    url: Option<String>,
}

fn text<T: ToString>(value: Option<&T>) -> Option<String> {
    value.map(ToString::to_string)
}

impl StoredEntry {
    pub(super) fn of(entry: &Entry) -> StoredEntry {
        StoredEntry { recorded_at: entry.recorded_at.micros(), event: StoredEvent::of(&entry.event) }
    }

    pub(super) fn entry(self, index: Index) -> Result<Entry, String> {
        let event = match self.event {
            StoredEvent::Flat(flat) => flat.event()?,
            StoredEvent::Json(json) => {
                decode_draft(json.as_bytes(), EventId(Uuid::nil())).map_err(|e| e.to_string())?
            }
        };
        Ok(Entry { index, recorded_at: Instant::from_micros(self.recorded_at), event })
    }
}

impl StoredEvent {
    fn of(event: &Event) -> StoredEvent {
        let form = match &event.act {
            Act::InstrumentDeposited(form) => *form,
            act if Act::bare(act.kind()).as_ref() == Some(act) => None,
            _ => {
                // An event that is recorded has been encoded before.
                let json = encode_event(event).unwrap_or_default();
                return StoredEvent::Json(String::from_utf8(json).unwrap_or_default());
            }
        };
        let name =
            |form: Form| Form::ALL.iter().find(|(f, _)| *f == form).map(|(_, name)| (*name).to_owned());
        StoredEvent::Flat(Box::new(Flat {
            id: *event.id.0.as_bytes(),
            act: event.act.kind().name().to_owned(),
            form: form.and_then(name),
            body: event.body.to_string(),
            participant: text(event.participant.as_ref()),
            dates: event.dates.iter().map(|(role, date)| (role as u8, date.to_string())).collect(),
            toward: text(event.toward.as_ref()),
            about: text(event.about.as_ref()),
            status: text(event.status.as_ref()),
            to: event.to.map(|id| *id.0.as_bytes()),
            title: event.title.clone(),
            place: event.place.clone(),
            sequence: event.sequence,
            rival: text(event.rival.as_ref()),
            known_from: text(event.known_from.as_ref()),
            import: event.import.map(|id| *id.0.as_bytes()),
            evidence: event.evidence.iter().map(StoredEvidence::of).collect(),
            note: event.note.clone(),
            recorder: event.recorder.clone(),
        }))
    }
}

fn said<E: ToString>(error: E) -> String {
    error.to_string()
}

fn date(text: Option<String>) -> Result<Option<Edtf>, String> {
    text.map(|t| Edtf::parse(&t)).transpose().map_err(said)
}

impl Flat {
    fn event(self) -> Result<Event, String> {
        let kind: ActKind = self.act.parse().map_err(said)?;
        let act = match kind {
            ActKind::InstrumentDeposited => {
                Act::InstrumentDeposited(self.form.as_deref().and_then(Form::from_name))
            }
            kind => Act::bare(kind).ok_or("an act lacks its payload")?,
        };
        let participant =
            |id: Option<String>| id.map(|id| ParticipantId::parse(&id)).transpose().map_err(said);
        let status = |id: Option<String>| id.map(|id| StatusId::parse(&id)).transpose().map_err(said);
        let mut event =
            Event::new(EventId(Uuid::from_bytes(self.id)), act, BodyId::parse(&self.body).map_err(said)?);
        event.participant = participant(self.participant)?;
        event.about = participant(self.about)?;
        for (role, text) in self.dates {
            let role = Role::ALL.get(usize::from(role)).copied().ok_or("a date has no role")?;
            event.dates.set(role, Edtf::parse(&text).map_err(said)?);
        }
        event.toward = status(self.toward)?;
        event.status = status(self.status)?;
        event.to = self.to.map(|id| EventId(Uuid::from_bytes(id)));
        event.title = self.title;
        event.place = self.place;
        event.sequence = self.sequence;
        event.rival = self.rival.map(|r| Rival::parse(&r).ok_or("a rival has no chain")).transpose()?;
        event.known_from = date(self.known_from)?;
        event.import = self.import.map(|id| EventId(Uuid::from_bytes(id)));
        event.evidence = self.evidence.into_iter().map(StoredEvidence::evidence).collect::<Result<_, _>>()?;
        event.note = self.note;
        event.recorder = self.recorder;
        Ok(event)
    }
}

impl StoredEvidence {
    fn of(evidence: &Evidence) -> StoredEvidence {
        StoredEvidence {
            cite: evidence.cite.clone(),
            grade: evidence.grade.map(|g| g.name().to_owned()),
            published: text(evidence.published.as_ref()),
            quote: evidence.quote.as_ref().map(|quote| match quote {
                Quote::Text(text) => (false, text.clone()),
                Quote::Salted { salted_sha256 } => (true, salted_sha256.clone()),
            }),
            retrieved: text(evidence.retrieved.as_ref()),
            sha256: evidence.sha256.clone(),
            url: evidence.url.clone(),
        }
    }

    fn evidence(self) -> Result<Evidence, String> {
        let grade = |name: String| Grade::ALL.into_iter().find(|g| g.name() == name);
        Ok(Evidence {
            cite: self.cite,
            grade: self.grade.and_then(grade),
            published: date(self.published)?,
            quote: self.quote.map(|(salted, text)| match salted {
                true => Quote::Salted { salted_sha256: text },
                false => Quote::Text(text),
            }),
            retrieved: date(self.retrieved)?,
            sha256: self.sha256,
            url: self.url,
        })
    }
}
