//! Reading ahead: the next parts of a file are read and named while the ones before are judged and made durable.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use uuid::Uuid;

use crate::event::leaf::encode_event;
use crate::event::{Act, Cause, Dates, EventId, Retraction};

use super::lines::LineError;
use super::neutral::Line;
use super::stream::{Said, Stream};

/// Lines are recorded so many at a time: each such part is whole or absent.
const LINES_AT_A_TIME: usize = 4_096;

/// How many parts are read ahead.
pub(super) const AHEAD: usize = 2;

/// The namespace of the ids of lines.
const LINES: Uuid = Uuid::from_u128(0x6368_616e_6365_7279_8000_6c69_6e65_7301);

/// An act of a line or row, or why there is none.
pub(super) struct Item {
    /// From 1; of a row, the line on which it begins.
    pub(super) line: u64,
    /// The line whole, or the row cell by cell.
    pub(super) cells: Arc<Vec<Vec<u8>>>,
    pub(super) act: Result<Line, String>,
}

/// What is recorded at once.
#[derive(Default)]
pub(super) struct Part {
    pub(super) items: Vec<Item>,
    /// How many lines were read until its end.
    pub(super) lines: u64,
    /// How many of its rows hold no act.
    pub(super) without_act: u64,
}

/// Gives acts their ids, in the order of the file.
pub(super) struct Reader {
    /// The import to which they belong.
    import: EventId,
    /// How often the same line was met.
    seen: HashMap<Uuid, u32>,
    /// What a dated snapshot states, by what tells it apart: a later line may take it back.
    stated: HashMap<String, Vec<EventId>>,
}

impl Reader {
    pub(super) fn new(import: EventId) -> Reader {
        Reader { import, seen: HashMap::new(), stated: HashMap::new() }
    }

    /// Sends part after part, until the end, a line that cannot be read, or a receiver that wants no more.
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
                    // Whoever wants no more does not want the error either.
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
            let act = act.and_then(|mut act| self.settle(&mut act).map(|()| act));
            part.items.push(Item { line, cells: Arc::clone(&cells), act });
        }
    }

    /// Gives an act its id, and makes a retraction of a line that takes back an earlier one.
    fn settle(&mut self, line: &mut Line) -> Result<(), String> {
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
        let again = self.seen.entry(name).and_modify(|n| *n += 1).or_insert(0);
        line.event.id = EventId(match *again {
            0 => name,
            n => Uuid::new_v5(&name, &n.to_be_bytes()),
        });
        line.event.import = Some(self.import);
        if dated && !line.retracts {
            self.stated.entry(line.key.clone()).or_default().push(line.event.id);
        }
        Ok(())
    }
}
