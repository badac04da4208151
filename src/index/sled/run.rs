//! A run: consecutive entries under one key, in two values: the data from which a status may follow, and the words.
//!
//! Texts that a run repeats (names, dates, ids of imports) are listed once at the front; events refer to them by number. Acts
//! with a payload of their own are few and large: they are kept as their canonical JSON, with their words.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use bincode::{BorrowDecode, Encode};
use uuid::Uuid;

use crate::event::leaf::{decode_draft, encode_event};
use crate::event::{
    Act, ActKind, BodyId, Edtf, Entry, Event, EventId, Form, Index, Instant, ParticipantId, Rival, Role,
    StatusId,
};

use super::value::{decode, decode_first, encode, packed, seal, unpacked, unseal};
use super::words::StoredWords;

/// The largest number of entries in a run.
pub(super) const RUN_ENTRIES: usize = 1024;
/// Runs of up to this size are soon written again, joined: they are not worth compressing.
const PLAIN_ENTRIES: usize = 64;
const ID_BYTES: usize = 16;

/// The data of a run's entries from which a status may follow.
#[derive(Clone, PartialEq, Debug, Default, Encode, BorrowDecode)]
struct StoredRun<'a> {
    /// The texts that events refer to by number.
    texts: Vec<&'a str>,
    /// The ids that events refer to by number.
    named: Vec<[u8; ID_BYTES]>,
    /// The first bytes of the ids of all entries, then the second ones, and so on: ids of one time begin alike.
    ids: Cow<'a, [u8]>,
    /// The recorded time of each entry less that of the one before it, in microseconds, modulo 2^64.
    times: Vec<u64>,
    events: Vec<StoredEvent<'a>>,
}

/// An event without its id.
#[derive(Clone, PartialEq, Debug, Encode, BorrowDecode)]
enum StoredEvent<'a> {
    Flat(Flat),
    Json(Cow<'a, str>),
}

/// An act without a payload, as numbers of texts and ids.
#[derive(Clone, PartialEq, Debug, Encode, BorrowDecode)]
struct Flat {
    act: u16,
    form: Option<u16>,
    body: u16,
    participant: Option<u16>,
    dates: Vec<(u8, u16)>,
    toward: Option<u16>,
    about: Option<u16>,
    status: Option<u16>,
    to: Option<u16>,
    sequence: Option<u16>,
    rival: Option<u16>,
    known_from: Option<u16>,
    import: Option<u16>,
}

/// Assigns numbers to texts and ids while a run is built. 16 bits are enough: an entry has at most 17 of each.
#[derive(Default)]
struct Numbers<'a> {
    texts: HashMap<&'a str, u16>,
    ids: HashMap<EventId, u16>,
    run: StoredRun<'a>,
}

impl<'a> Numbers<'a> {
    fn text(&mut self, text: &'a str) -> u16 {
        *self.texts.entry(text).or_insert_with(|| {
            self.run.texts.push(text);
            (self.run.texts.len() - 1) as u16
        })
    }

    fn id(&mut self, id: EventId) -> u16 {
        *self.ids.entry(id).or_insert_with(|| {
            self.run.named.push(*id.0.as_bytes());
            (self.run.named.len() - 1) as u16
        })
    }

    fn event(&mut self, event: &'a Event, rival: Option<&'a str>) -> StoredEvent<'a> {
        let form = match &event.act {
            Act::InstrumentDeposited(form) => *form,
            act if is_flat(act) => None,
            _ => {
                // The event was encoded before it was recorded, so this cannot fail.
                let json = encode_event(event).unwrap_or_default();
                return StoredEvent::Json(Cow::Owned(String::from_utf8(json).unwrap_or_default()));
            }
        };
        let name = |form: Form| Form::ALL.iter().find(|(f, _)| *f == form).map(|(_, name)| *name);
        StoredEvent::Flat(Flat {
            act: self.text(event.act.kind().name()),
            form: form.and_then(name).map(|form| self.text(form)),
            body: self.text(event.body.as_str()),
            participant: event.participant.as_ref().map(|id| self.text(id.as_str())),
            dates: event.dates.iter().map(|(role, date)| (role as u8, self.text(date.as_str()))).collect(),
            toward: event.toward.as_ref().map(|id| self.text(id.as_str())),
            about: event.about.as_ref().map(|id| self.text(id.as_str())),
            status: event.status.as_ref().map(|id| self.text(id.as_str())),
            to: event.to.map(|id| self.id(id)),
            sequence: event.sequence,
            rival: rival.map(|rival| self.text(rival)),
            known_from: event.known_from.as_ref().map(|date| self.text(date.as_str())),
            import: event.import.map(|id| self.id(id)),
        })
    }
}

/// True if an act has no payload, and nothing follows from its words.
fn is_flat(act: &Act) -> bool {
    let kind = act.kind();
    let proposes = matches!(kind, ActKind::CorrectionProposed | ActKind::CorrectionEffected);
    !proposes && Act::bare(kind).as_ref() == Some(act)
}

/// The two values of a run of at most [`RUN_ENTRIES`] entries: the data from which a status may follow, and the words.
pub(super) fn build(entries: &[Entry]) -> (Vec<u8>, Vec<u8>) {
    let rival = |entry: &Entry| entry.event.rival.as_ref().map(ToString::to_string);
    let rivals: Vec<Option<String>> = entries.iter().map(rival).collect();
    let mut numbers = Numbers::default();
    for (entry, rival) in entries.iter().zip(&rivals) {
        let event = numbers.event(&entry.event, rival.as_deref());
        numbers.run.events.push(event);
    }
    let column = |at: usize| entries.iter().map(move |entry| entry.event.id.0.as_bytes()[at]);
    let mut run = numbers.run;
    run.ids = Cow::Owned((0..ID_BYTES).flat_map(column).collect());
    let mut before = 0u64;
    run.times.extend(entries.iter().map(|entry| {
        let time = entry.recorded_at.micros() as u64;
        time.wrapping_sub(std::mem::replace(&mut before, time))
    }));
    let beside = |(entry, event): (&'_ Entry, &StoredEvent<'_>)| match event {
        StoredEvent::Flat(_) => encode(&StoredWords::of(&entry.event)),
        StoredEvent::Json(_) => encode(&StoredWords::default()),
    };
    let words: Vec<u8> = entries.iter().zip(&run.events).flat_map(beside).collect();
    let compress = entries.len() > PLAIN_ENTRIES;
    (seal(&packed(&encode(&run), compress)), seal(&packed(&words, compress)))
}

/// The entries of a run that begins with the entry `first`, from its first value; with their words if the second is given.
///
/// # Errors
/// A description of the damage if a value cannot be read or the two do not fit each other.
pub(super) fn read(first: u64, events: &[u8], words: Option<&[u8]>) -> Result<Vec<Entry>, String> {
    let plain = unpacked(unseal(events)?)?;
    let run: StoredRun<'_> = decode(&plain)?;
    let count = run.events.len();
    if run.times.len() != count || run.ids.len() != count * ID_BYTES {
        return Err("the events of a run are not as many as their ids".into());
    }
    let mut ids = vec![[0; ID_BYTES]; count];
    for (at, column) in run.ids.chunks(count.max(1)).enumerate() {
        column.iter().zip(&mut ids).for_each(|(byte, id)| id[at] = *byte);
    }
    let words = words.map(|words| unpacked(unseal(words)?)).transpose()?;
    let mut rest = words.as_deref();
    let mut texts = Texts::of(run.texts, run.named);
    let mut entries = Vec::with_capacity(count);
    let mut time = 0u64;
    for (((event, id), passed), at) in run.events.into_iter().zip(ids).zip(run.times).zip(first..) {
        time = time.wrapping_add(passed);
        let flat = matches!(event, StoredEvent::Flat(_));
        let mut event = texts.event(event, EventId(Uuid::from_bytes(id)))?;
        if let Some(words) = &mut rest {
            let own: StoredWords<'_> = decode_first(words)?;
            if flat {
                own.give(&mut event)?;
            }
        }
        let recorded_at = Instant::from_micros(time as i64);
        entries.push(Entry { index: Index(at), recorded_at, event: Arc::new(event) });
    }
    if rest.is_some_and(|rest| !rest.is_empty()) {
        return Err("the words of a run are more than its events".into());
    }
    Ok(entries)
}

/// The texts and ids of a run, each parsed once for each type that uses it.
struct Texts<'a> {
    texts: Vec<&'a str>,
    named: Vec<[u8; ID_BYTES]>,
    acts: Vec<Option<ActKind>>,
    bodies: Vec<Option<BodyId>>,
    participants: Vec<Option<ParticipantId>>,
    statuses: Vec<Option<StatusId>>,
    dates: Vec<Option<Edtf>>,
}

/// Parses a text, or returns the result of the first time that it was parsed.
fn once<T: Clone, E: ToString>(
    known: &mut [Option<T>],
    texts: &[&str],
    number: u16,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<T, String> {
    let place = known.get_mut(usize::from(number)).ok_or("a text is missing")?;
    if let Some(known) = place {
        return Ok(known.clone());
    }
    let value = parse(texts[usize::from(number)]).map_err(|e| e.to_string())?;
    Ok(place.insert(value).clone())
}

impl<'a> Texts<'a> {
    fn of(texts: Vec<&'a str>, named: Vec<[u8; ID_BYTES]>) -> Texts<'a> {
        let count = texts.len();
        Texts {
            texts,
            named,
            acts: vec![None; count],
            bodies: vec![None; count],
            participants: vec![None; count],
            statuses: vec![None; count],
            dates: vec![None; count],
        }
    }

    fn text(&self, number: u16) -> Result<&'a str, String> {
        self.texts.get(usize::from(number)).copied().ok_or_else(|| "a text is missing".into())
    }

    fn id(&self, number: u16) -> Result<EventId, String> {
        let id = self.named.get(usize::from(number)).ok_or("an id is missing")?;
        Ok(EventId(Uuid::from_bytes(*id)))
    }

    fn participant(&mut self, number: u16) -> Result<ParticipantId, String> {
        once(&mut self.participants, &self.texts, number, ParticipantId::parse)
    }

    fn status(&mut self, number: u16) -> Result<StatusId, String> {
        once(&mut self.statuses, &self.texts, number, StatusId::parse)
    }

    fn date(&mut self, number: u16) -> Result<Edtf, String> {
        once(&mut self.dates, &self.texts, number, Edtf::parse)
    }

    /// Decodes an event, which must have this id.
    fn event(&mut self, stored: StoredEvent<'_>, id: EventId) -> Result<Event, String> {
        let flat = match stored {
            StoredEvent::Flat(flat) => flat,
            StoredEvent::Json(json) => {
                let event = decode_draft(json.as_bytes(), id).map_err(|e| e.to_string())?;
                return if event.id == id {
                    Ok(event)
                } else {
                    Err("an event has another id than its entry".into())
                };
            }
        };
        let kind = once(&mut self.acts, &self.texts, flat.act, str::parse)?;
        let form = flat.form.map(|form| self.text(form)).transpose()?;
        let act = match kind {
            ActKind::InstrumentDeposited => Act::InstrumentDeposited(form.and_then(Form::from_name)),
            kind => Act::bare(kind).ok_or("an act lacks its payload")?,
        };
        let mut event = Event::new(id, act, once(&mut self.bodies, &self.texts, flat.body, BodyId::parse)?);
        event.participant = flat.participant.map(|number| self.participant(number)).transpose()?;
        event.about = flat.about.map(|number| self.participant(number)).transpose()?;
        for (role, date) in flat.dates {
            let role = Role::ALL.get(usize::from(role)).copied().ok_or("a date has no role")?;
            event.dates.set(role, self.date(date)?);
        }
        event.toward = flat.toward.map(|number| self.status(number)).transpose()?;
        event.status = flat.status.map(|number| self.status(number)).transpose()?;
        event.to = flat.to.map(|number| self.id(number)).transpose()?;
        event.sequence = flat.sequence;
        let rival = flat.rival.map(|number| self.text(number)).transpose()?;
        event.rival = rival.map(|text| Rival::parse(text).ok_or("a rival has no chain")).transpose()?;
        event.known_from = flat.known_from.map(|number| self.date(number)).transpose()?;
        event.import = flat.import.map(|number| self.id(number)).transpose()?;
        Ok(event)
    }
}
