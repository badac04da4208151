//! Reads ahead: the next parts of a file are read and get their ids while the parts before are judged and made durable.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use memchr::memmem;
use uuid::Uuid;

use crate::event::leaf::{LEAF_BYTES_MAX, encode_event};
use crate::event::{Act, Cause, Dates, EventId, Retraction};

use super::lines::LineError;
use super::mapped::Said;
use super::neutral::Line;
use super::stream::Stream;

/// The number of lines recorded at a time: each such part is recorded whole, or not at all.
const LINES_AT_A_TIME: usize = 1_024;

/// The number of parts that are read ahead.
pub(super) const AHEAD: usize = 2;

/// The namespace of the ids of lines.
const LINES: Uuid = Uuid::from_u128(0x6368_616e_6365_7279_8000_6c69_6e65_7301);

/// An act of a line or row, or the reason for which there is none.
pub(super) struct Item {
    /// The number of the line, from 1; of a row, the line on which it begins.
    pub(super) line: u64,
    /// The line whole, or the row cell by cell.
    pub(super) cells: Arc<Vec<Vec<u8>>>,
    /// The act with the canonical bytes of its event.
    pub(super) act: Result<(Line, Vec<u8>), String>,
}

/// The lines that are recorded together.
#[derive(Default)]
pub(super) struct Part {
    pub(super) items: Vec<Item>,
    /// The number of lines read up to its end.
    pub(super) lines: u64,
    /// The number of its rows without an act.
    pub(super) without_act: u64,
}

/// Gives acts their ids, in the order of the file.
pub(super) struct Reader {
    /// The import to which the acts belong.
    import: EventId,
    /// The lines read so far, by the id that follows from their content.
    seen: HashSet<Uuid>,
    /// For each line that is repeated, the number of repetitions so far.
    again: HashMap<Uuid, u32>,
    /// The acts of a dated snapshot, by key: a later line may take one back.
    stated: HashMap<String, Vec<EventId>>,
}

impl Reader {
    pub(super) fn new(import: EventId) -> Reader {
        Reader { import, seen: HashSet::new(), again: HashMap::new(), stated: HashMap::new() }
    }

    /// Sends part after part, until the end, a line that cannot be read, or a receiver that is closed.
    pub(super) fn read(mut self, mut stream: Stream<'_>, parts: &SyncSender<Result<Part, LineError>>) {
        let mut part = Part::default();
        loop {
            let read = stream.next();
            let ended = !matches!(read, Ok(Some(_)));
            if part.items.len() >= LINES_AT_A_TIME || ended {
                let lines = part.lines;
                let whole = std::mem::replace(&mut part, Part { lines, ..Part::default() });
                if parts.send(Ok(whole)).is_err() {
                    return;
                }
            }
            match read {
                Ok(None) => return,
                Ok(Some(said)) => self.take(said, &mut part),
                Err(error) => {
                    // A closed receiver does not need the error either.
                    let _ = parts.send(Err(error));
                    return;
                }
            }
        }
    }

    fn take(&mut self, said: Said, part: &mut Part) {
        part.lines = said.line;
        let (line, cells) = (said.line, Arc::new(said.cells));
        if said.acts.is_empty() {
            part.without_act += 1;
        }
        for act in said.acts {
            let act = act.and_then(|mut act| self.settle(&mut act).map(|bytes| (act, bytes)));
            part.items.push(Item { line, cells: Arc::clone(&cells), act });
        }
    }

    /// Gives an act its id, and makes a retraction of a line that takes back an earlier one. Returns the canonical bytes.
    fn settle(&mut self, line: &mut Line) -> Result<Vec<u8>, String> {
        let dated = line.event.known_from.is_some();
        if line.retracts {
            let stated = self.stated.get_mut(&line.key).and_then(Vec::pop);
            let to = stated.ok_or("op retract: no earlier line states what it takes back")?;
            line.event.act = Act::EntryRetracted(Retraction { cause: Cause::SourceChanged });
            line.event.dates = Dates::default();
            (line.event.status, line.event.note, line.event.to) = (None, None, Some(to));
        }
        let stated = encode_event(&line.event).map_err(|e| e.to_string())?;
        let name = Uuid::new_v5(&LINES, &stated);
        line.event.id = EventId(match self.seen.insert(name) {
            true => name,
            false => {
                let again = self.again.entry(name).or_default();
                *again += 1;
                Uuid::new_v5(&name, &again.to_be_bytes())
            }
        });
        line.event.import = Some(self.import);
        if dated && !line.retracts {
            self.stated.entry(line.key.clone()).or_default().push(line.event.id);
        }
        match renamed(&stated, line.event.id, self.import) {
            Some(bytes) => Ok(bytes),
            None => encode_event(&line.event).map_err(|e| e.to_string()),
        }
    }
}

/// The canonical bytes of an event without an id or an import, once it has both; `None` if it already had one, or would be too
/// large. Quotes are escaped inside a text, so only the id itself can match.
fn renamed(stated: &[u8], id: EventId, import: EventId) -> Option<Vec<u8>> {
    const NO_ID: &[u8] = br#""id":"00000000-0000-0000-0000-000000000000""#;
    let at = memmem::find(stated, NO_ID)?;
    let (before, after) = (stated.get(..at)?, stated.get(at + NO_ID.len()..)?);
    if after.starts_with(br#","import":"#) {
        return None;
    }
    let named = format!(r#""id":"{id}","import":"{import}""#);
    let bytes = [before, named.as_bytes(), after].concat();
    (bytes.len() + NO_ID.len() * 2 < LEAF_BYTES_MAX).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{BodyId, Event, ImportReceipt};

    #[test]
    fn an_event_that_is_given_its_id_has_the_bytes_of_one_that_had_it() {
        let receipt = ImportReceipt {
            file: r#""id":"00000000-0000-0000-0000-000000000000""#.into(),
            importer: "i".into(),
            refused: 1,
            sha256: "s".into(),
            taken: 2,
        };
        let acts = [
            Act::TreatySigned,
            Act::InstrumentDeposited(Some(crate::event::Form::Accession)),
            Act::RightsSuspended(Some(r#"says "id":"00000000-0000-0000-0000-000000000000""#.into())),
            Act::EntryRetracted(Retraction { cause: Cause::SourceChanged }),
            Act::ImportRecorded(receipt),
        ];
        let (id, import) = (EventId(Uuid::from_u128(7)), EventId(Uuid::from_u128(8)));
        for act in acts {
            let mut event = Event::new(EventId(Uuid::nil()), act, BodyId::parse("sco").unwrap());
            event.note = Some(r#""id":"00000000-0000-0000-0000-000000000000" \ "#.into());
            event.to = Some(EventId(Uuid::nil()));
            let stated = encode_event(&event).unwrap();
            (event.id, event.import) = (id, Some(import));
            assert_eq!(renamed(&stated, id, import), Some(encode_event(&event).unwrap()));
            let named = encode_event(&event).unwrap();
            assert_eq!(renamed(&named, id, import), None);
        }
    }

    #[test]
    fn an_event_that_grows_too_large_with_its_id_is_encoded_anew() {
        let mut event = Event::new(EventId(Uuid::nil()), Act::TreatySigned, BodyId::parse("sco").unwrap());
        event.note = Some("x".repeat(LEAF_BYTES_MAX - 200));
        let stated = encode_event(&event).unwrap();
        assert_eq!(renamed(&stated, EventId(Uuid::from_u128(7)), EventId(Uuid::from_u128(8))), None);
    }
}
