//! The frozen form of an entry in the index: flat, of text and numbers.

use std::borrow::Cow;
use std::sync::Arc;

use bincode::{BorrowDecode, Encode};
use uuid::Uuid;

use crate::event::leaf::{decode_draft, encode_event};
use crate::event::{
    Act, ActKind, BodyId, Edtf, Entry, Event, EventId, Evidence, Form, Grade, Index, Instant, ParticipantId,
    Quote, Rival, Role, StatusId,
};

/// An entry without its index.
#[derive(Clone, PartialEq, Debug, Encode, BorrowDecode)]
struct StoredEntry<'a> {
    recorded_at: i64,
    id: [u8; 16],
    event: StoredEvent<'a>,
}

/// An event without its id, which a run keeps apart. Acts with a payload of their own are few and large: they are kept as
/// their canonical JSON.
#[derive(Clone, PartialEq, Debug, Encode, BorrowDecode)]
pub(super) enum StoredEvent<'a> {
    Flat(Box<Flat<'a>>),
    Json(Cow<'a, str>),
}

#[derive(Clone, PartialEq, Debug, Encode, BorrowDecode)]
pub(super) struct Flat<'a> {
    act: &'a str,
    form: Option<&'a str>,
    body: &'a str,
    participant: Option<&'a str>,
    dates: Vec<(u8, &'a str)>,
    toward: Option<&'a str>,
    about: Option<&'a str>,
    status: Option<&'a str>,
    to: Option<[u8; 16]>,
    title: Option<&'a str>,
    place: Option<&'a str>,
    sequence: Option<u16>,
    rival: Option<Cow<'a, str>>,
    known_from: Option<&'a str>,
    import: Option<[u8; 16]>,
    evidence: Vec<StoredEvidence<'a>>,
    note: Option<&'a str>,
    recorder: Option<&'a str>,
}

#[derive(Clone, PartialEq, Debug, Encode, BorrowDecode)]
struct StoredEvidence<'a> {
    cite: &'a str,
    grade: Option<&'a str>,
    published: Option<&'a str>,
    quote: Option<(bool, &'a str)>,
    retrieved: Option<&'a str>,
    sha256: Option<&'a str>,
    url: Option<&'a str>,
}

/// Adds an entry without its index to bytes, as short as the index keeps it.
pub(crate) fn pack_into(entry: &Entry, bytes: &mut Vec<u8>) {
    let stored = StoredEntry {
        recorded_at: entry.recorded_at.micros(),
        id: *entry.event.id.0.as_bytes(),
        event: StoredEvent::of(&entry.event),
    };
    super::run::encode_bare_into(&stored, bytes);
}

/// An entry that was packed.
///
/// # Errors
/// What is wrong with the bytes.
pub(crate) fn unpack(bytes: &[u8], index: Index) -> Result<Entry, String> {
    let stored = super::run::borrow_bare::<StoredEntry<'_>>(bytes)?;
    let event = stored.event.event(EventId(Uuid::from_bytes(stored.id)))?;
    let recorded_at = Instant::from_micros(stored.recorded_at);
    Ok(Entry { index, recorded_at, event: Arc::new(event) })
}

impl<'a> StoredEvent<'a> {
    pub(super) fn of(event: &'a Event) -> StoredEvent<'a> {
        let form = match &event.act {
            Act::InstrumentDeposited(form) => *form,
            act if Act::bare(act.kind()).as_ref() == Some(act) => None,
            _ => {
                // An event that is recorded has been encoded before.
                let json = encode_event(event).unwrap_or_default();
                return StoredEvent::Json(Cow::Owned(String::from_utf8(json).unwrap_or_default()));
            }
        };
        let name = |form: Form| Form::ALL.iter().find(|(f, _)| *f == form).map(|(_, name)| *name);
        StoredEvent::Flat(Box::new(Flat {
            act: event.act.kind().name(),
            form: form.and_then(name),
            body: event.body.as_str(),
            participant: event.participant.as_ref().map(ParticipantId::as_str),
            dates: event.dates.iter().map(|(role, date)| (role as u8, date.as_str())).collect(),
            toward: event.toward.as_ref().map(StatusId::as_str),
            about: event.about.as_ref().map(ParticipantId::as_str),
            status: event.status.as_ref().map(StatusId::as_str),
            to: event.to.map(|id| *id.0.as_bytes()),
            title: event.title.as_deref(),
            place: event.place.as_deref(),
            sequence: event.sequence,
            rival: event.rival.as_ref().map(|rival| Cow::Owned(rival.to_string())),
            known_from: event.known_from.as_ref().map(Edtf::as_str),
            import: event.import.map(|id| *id.0.as_bytes()),
            evidence: event.evidence.iter().map(StoredEvidence::of).collect(),
            note: event.note.as_deref(),
            recorder: event.recorder.as_deref(),
        }))
    }

    /// The event, which has this id.
    pub(super) fn event(self, id: EventId) -> Result<Event, String> {
        match self {
            StoredEvent::Flat(flat) => flat.event(id),
            StoredEvent::Json(json) => {
                let event = decode_draft(json.as_bytes(), id).map_err(said)?;
                if event.id == id { Ok(event) } else { Err("an event has another id than its entry".into()) }
            }
        }
    }
}

fn said<E: ToString>(error: E) -> String {
    error.to_string()
}

fn date(text: Option<&str>) -> Result<Option<Edtf>, String> {
    text.map(Edtf::parse).transpose().map_err(said)
}

impl Flat<'_> {
    fn event(self, id: EventId) -> Result<Event, String> {
        let kind: ActKind = self.act.parse().map_err(said)?;
        let act = match kind {
            ActKind::InstrumentDeposited => Act::InstrumentDeposited(self.form.and_then(Form::from_name)),
            kind => Act::bare(kind).ok_or("an act lacks its payload")?,
        };
        let participant = |id: Option<&str>| id.map(ParticipantId::parse).transpose().map_err(said);
        let status = |id: Option<&str>| id.map(StatusId::parse).transpose().map_err(said);
        let mut event = Event::new(id, act, BodyId::parse(self.body).map_err(said)?);
        event.participant = participant(self.participant)?;
        event.about = participant(self.about)?;
        for (role, text) in self.dates {
            let role = Role::ALL.get(usize::from(role)).copied().ok_or("a date has no role")?;
            event.dates.set(role, Edtf::parse(text).map_err(said)?);
        }
        event.toward = status(self.toward)?;
        event.status = status(self.status)?;
        event.to = self.to.map(|id| EventId(Uuid::from_bytes(id)));
        event.title = self.title.map(str::to_owned);
        event.place = self.place.map(str::to_owned);
        event.sequence = self.sequence;
        event.rival = self.rival.map(|r| Rival::parse(&r).ok_or("a rival has no chain")).transpose()?;
        event.known_from = date(self.known_from)?;
        event.import = self.import.map(|id| EventId(Uuid::from_bytes(id)));
        event.evidence = self.evidence.into_iter().map(StoredEvidence::evidence).collect::<Result<_, _>>()?;
        event.note = self.note.map(str::to_owned);
        event.recorder = self.recorder.map(str::to_owned);
        Ok(event)
    }
}

impl<'a> StoredEvidence<'a> {
    fn of(evidence: &'a Evidence) -> StoredEvidence<'a> {
        StoredEvidence {
            cite: &evidence.cite,
            grade: evidence.grade.map(Grade::name),
            published: evidence.published.as_ref().map(Edtf::as_str),
            quote: evidence.quote.as_ref().map(|quote| match quote {
                Quote::Text(text) => (false, text.as_str()),
                Quote::Salted { salted_sha256 } => (true, salted_sha256.as_str()),
            }),
            retrieved: evidence.retrieved.as_ref().map(Edtf::as_str),
            sha256: evidence.sha256.as_deref(),
            url: evidence.url.as_deref(),
        }
    }

    fn evidence(self) -> Result<Evidence, String> {
        let grade = |name: &str| Grade::ALL.into_iter().find(|g| g.name() == name);
        Ok(Evidence {
            cite: self.cite.to_owned(),
            grade: self.grade.and_then(grade),
            published: date(self.published)?,
            quote: self.quote.map(|(salted, text)| match salted {
                true => Quote::Salted { salted_sha256: text.to_owned() },
                false => Quote::Text(text.to_owned()),
            }),
            retrieved: date(self.retrieved)?,
            sha256: self.sha256.map(str::to_owned),
            url: self.url.map(str::to_owned),
        })
    }
}
