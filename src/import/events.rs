//! Taking in a file of the neutral form: line by line, a part at a time, whatever its size.
//!
//! Each part is durable before the next is read, so an import that is cut short is finished by running it again: ids are
//! derived from what the lines state, and what is recorded is recorded once.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read};

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::charter::{Template, charter_event};
use crate::event::leaf::encode_event;
use crate::event::{
    Act, BodyId, Cause, Edtf, Event, EventId, Evidence, Grade, ImportReceipt, Index, Retraction, Role, Survey,
};
use crate::ledger::{AppendOptions, Draft, Held, Ledger, LedgerError};

use super::csv::hex;
use super::lines::{LineError, lines};
use super::neutral::{Line, read_line};

/// Lines are recorded so many at a time: each such part is whole or absent.
const LINES_AT_A_TIME: usize = 4_096;

/// The namespaces of the ids of imports, of lines, and of charters that an import adopts.
const IMPORTS: Uuid = Uuid::from_u128(0x6368_616e_6365_7279_8000_696d_706f_7275);
const LINES: Uuid = Uuid::from_u128(0x6368_616e_6365_7279_8000_6c69_6e65_7301);
const CHARTERS: Uuid = Uuid::from_u128(0x6368_616e_6365_7279_8000_6368_6172_7401);

/// A file of the neutral form.
pub struct EventsFile<'a> {
    /// Its name, without its folder.
    pub name: &'a str,
    /// Reads it from the beginning: it is read twice, once for its hash.
    pub open: &'a dyn Fn() -> io::Result<Box<dyn Read>>,
    /// The span that it covers.
    pub surveyed: Option<Edtf>,
    /// Whether it leaves out those who are no more.
    pub survivors_only: bool,
    /// Record nothing.
    pub dry_run: bool,
    /// Keep in a dry run the events that would be recorded, for a report on them.
    pub keep: bool,
}

/// A line with what is said of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// From 1.
    pub line: u64,
    /// Why it was not taken, or what was done with it.
    pub what: String,
}

/// What became of a file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// Lines read.
    pub lines: u64,
    /// Lines recorded now.
    pub taken: u64,
    /// Lines that were recorded before.
    pub known: u64,
    /// The first and the last entry made.
    pub entries: Option<(Index, Index)>,
    /// Charters adopted for bodies that had none.
    pub charters: Vec<BodyId>,
    /// Lines left out, each with its reason and its text.
    pub rejected: Vec<(Told, String)>,
    /// Lines taken with something that is not plain.
    pub doubts: Vec<Told>,
    /// The import's own entry.
    pub entry: Option<Index>,
    /// Its id.
    pub import: Option<EventId>,
    /// What lines state that are not recorded: of those the ledger refused, and, where kept, of a dry run.
    pub unrecorded: Vec<(u64, Event)>,
}

/// Why a file was not taken in to its end. What was recorded before stays.
#[derive(Debug, thiserror::Error)]
pub enum EventsError {
    /// The file cannot be opened or read.
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
    /// No more lines can be read; how many were recorded before.
    #[error("{source}; {taken} lines are recorded: mend the file and run the same command again")]
    Line {
        /// Why.
        source: LineError,
        /// Recorded now or before.
        taken: u64,
    },
    /// The ledger refuses, or cannot be written.
    #[error("{0}")]
    Ledger(#[from] LedgerError),
}

/// Imports a file, then the import itself, then its surveys.
///
/// # Errors
/// [`EventsError`]; lines that cannot be taken are no error.
pub fn import_events(
    ledger: &mut Ledger,
    file: &EventsFile<'_>,
    options: AppendOptions,
    progress: &dyn Fn(u64),
) -> Result<Report, EventsError> {
    let mut digest = Sha256::new();
    io::copy(&mut (file.open)()?, &mut digest)?;
    let sha256 = digest.finalize();
    let mut import = EventId(Uuid::new_v5(&IMPORTS, &sha256));
    if let Some(index) = ledger.find(import)? {
        let body = ledger.entry(index)?.event.body;
        import = ledger.held(&body)?.name(import);
    }
    let mut intake = Intake {
        ledger,
        options,
        dry_run: file.dry_run,
        keep: file.dry_run && file.keep,
        import,
        held: HashMap::new(),
        report: Report { import: Some(import), ..Report::default() },
        bodies: BTreeMap::new(),
        seen: HashMap::new(),
        stated: HashMap::new(),
    };
    let mut lines = lines((file.open)()?)?;
    let mut text = Vec::new();
    let mut part: Vec<(u64, String, Line)> = Vec::with_capacity(LINES_AT_A_TIME);
    loop {
        let read = lines.next(&mut text);
        let ended = !matches!(read, Ok(Some(_)));
        if part.len() == LINES_AT_A_TIME || (ended && !part.is_empty()) {
            intake.record(std::mem::take(&mut part))?;
            progress(intake.report.lines);
        }
        match read {
            Ok(None) => break,
            Ok(Some(line)) => part.extend(intake.read(line, &text)),
            Err(source) => {
                return Err(EventsError::Line { source, taken: intake.report.taken + intake.report.known });
            }
        }
    }
    intake.conclude(file, hex(&sha256))?;
    Ok(intake.report)
}

/// An import that is under way.
struct Intake<'l> {
    ledger: &'l mut Ledger,
    options: AppendOptions,
    dry_run: bool,
    keep: bool,
    import: EventId,
    report: Report,
    /// Every body met, with whether it has a charter by now.
    bodies: BTreeMap<BodyId, bool>,
    /// What was recorded of the bodies met before this import.
    held: HashMap<BodyId, Held>,
    /// How often the same line was met.
    seen: HashMap<Uuid, u32>,
    /// What a dated snapshot states, by what tells it apart: a later line may take it back.
    stated: HashMap<String, Vec<EventId>>,
}

impl Intake<'_> {
    /// Reads a line; `None` where it cannot be taken, or is empty.
    fn read(&mut self, line: u64, text: &[u8]) -> Option<(u64, String, Line)> {
        self.report.lines = line;
        if text.iter().all(u8::is_ascii_whitespace) {
            return None;
        }
        let said =
            std::str::from_utf8(text).map_err(|e| format!("not UTF-8 at byte {}", e.valid_up_to() + 1));
        let read = said.and_then(|said| Ok((said.to_owned(), read_line(said)?)));
        let read = read.and_then(|(said, mut read)| {
            self.settle(&mut read)?;
            Ok((line, said, read))
        });
        match read {
            Ok(taken) => Some(taken),
            Err(what) => {
                self.reject(line, what, String::from_utf8_lossy(text).into_owned());
                None
            }
        }
    }

    fn reject(&mut self, line: u64, what: String, text: String) {
        self.report.rejected.push((Told { line, what }, text));
    }

    /// Gives an act its id, and makes a retraction of a line that takes back an earlier one.
    fn settle(&mut self, line: &mut Line) -> Result<(), String> {
        let dated = line.event.known_from.is_some();
        if line.retracts {
            let stated = self.stated.get_mut(&line.key).and_then(Vec::pop);
            let to = stated.ok_or("op retract: no earlier line states what it takes back")?;
            line.event.act = Act::EntryRetracted(Retraction { cause: Cause::SourceChanged });
            line.event.dates = crate::event::Dates::default();
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

    /// Records a part: charters for bodies that have none, then its lines.
    fn record(&mut self, mut part: Vec<(u64, String, Line)>) -> Result<(), EventsError> {
        self.adopt(&part)?;
        for (_, _, line) in &mut part {
            if let Some(held) = self.held.get(&line.event.body) {
                held.meet(&mut line.event);
                line.event.to = line.event.to.map(|to| held.name(to));
            }
        }
        let events: Vec<Event> = part.iter().map(|(_, _, line)| line.event.clone()).collect();
        let mut drafts: Vec<Draft> = Vec::with_capacity(events.len());
        for ((line, text, read), draft) in part.into_iter().zip(self.ledger.sift(events)?) {
            match draft {
                Ok(draft) => {
                    match draft.recorded {
                        Some(_) => self.report.known += 1,
                        None => self.report.taken += 1,
                    }
                    let doubts = read.doubts.into_iter().map(|what| Told { line, what });
                    self.report.doubts.extend(doubts);
                    if self.keep && draft.recorded.is_none() {
                        self.report.unrecorded.push((line, Event::clone(&draft.event)));
                    }
                    drafts.push(draft);
                }
                Err(error @ (LedgerError::Log(_) | LedgerError::Entry { .. })) => return Err(error.into()),
                Err(error) => {
                    self.reject(line, error.to_string(), text);
                    self.report.unrecorded.push((line, read.event));
                }
            }
        }
        drafts.retain(|draft| draft.recorded.is_none());
        if self.dry_run || drafts.is_empty() {
            return Ok(());
        }
        if let Some((first, last)) = self.ledger.record(drafts, self.options)? {
            self.report.entries = Some((self.report.entries.map_or(first, |(first, _)| first), last));
        }
        Ok(())
    }

    /// Adopts for each body without a charter one that extends the pattern of its kind.
    fn adopt(&mut self, part: &[(u64, String, Line)]) -> Result<(), EventsError> {
        let mut fresh: Vec<Event> = Vec::new();
        for (_, _, line) in part {
            let body = &line.event.body;
            if self.bodies.contains_key(body) {
                continue;
            }
            let known = self.ledger.charter(body).is_ok();
            self.bodies.insert(body.clone(), known);
            if known {
                self.held.insert(body.clone(), self.ledger.held(body)?);
                continue;
            }
            let pattern = BodyId::parse(line.pattern).map_err(|e| io::Error::other(e.to_string()))?;
            if !self.bodies.contains_key(&pattern) {
                self.bodies.insert(pattern.clone(), true);
                if self.ledger.charter(&pattern).is_err() {
                    let texts = Template::find(line.pattern).map_or(&[][..], |t| t.texts);
                    for (at, text) in texts.iter().enumerate() {
                        fresh.push(charter(text, at > 0)?);
                    }
                }
            }
            fresh.push(charter(&own_text(body, &line.title, line.pattern), false)?);
            self.report.charters.push(body.clone());
        }
        match self.dry_run {
            _ if fresh.is_empty() => {}
            true => _ = self.ledger.suppose(fresh)?,
            false => _ = self.ledger.append(fresh, self.options)?,
        }
        Ok(())
    }

    /// The import's own entry and its surveys, unless an earlier run made them.
    fn conclude(&mut self, file: &EventsFile<'_>, sha256: String) -> Result<(), EventsError> {
        let counted = self.report.taken + self.report.known;
        let Some(body) = self.bodies.keys().next().filter(|_| counted > 0 && !self.dry_run).cloned() else {
            return Ok(());
        };
        let receipt = ImportReceipt {
            file: file.name.to_owned(),
            importer: format!("chancery {}", env!("CARGO_PKG_VERSION")),
            refused: self.report.rejected.len() as u64,
            sha256,
            taken: counted,
        };
        self.report.entry = self.ledger.find(self.import)?;
        if self.report.entry.is_none() {
            let event = Event::new(self.import, Act::ImportRecorded(receipt), body);
            let receipts = self.ledger.append(vec![event], self.options)?;
            self.report.entry = receipts.first().map(|r| r.index);
        }
        let Some(span) = &file.surveyed else { return Ok(()) };
        let survey = |body: &BodyId| {
            let said = format!("{body}\n{span}\n{}", file.survivors_only);
            let id = EventId(Uuid::new_v5(&self.import.0, said.as_bytes()));
            let searched = Survey { span: span.clone(), survivors_only: file.survivors_only };
            let mut survey = Event::new(id, Act::RecordSurveyed(searched), body.clone());
            survey.dates.set(Role::Done, Edtf::day(self.options.now.day()));
            survey.evidence = vec![Evidence::citing(file.name, Some(Grade::Tertiary))];
            survey
        };
        let own = self.bodies.keys().filter(|body| Template::find(body.as_str()).is_none());
        let surveys: Vec<Event> = own.map(survey).collect();
        let drafts: Vec<Draft> =
            self.ledger.admit(surveys)?.into_iter().filter(|draft| draft.recorded.is_none()).collect();
        if !drafts.is_empty() {
            self.ledger.record(drafts, self.options)?;
        }
        Ok(())
    }
}

/// The charter of a body of which only its name is known.
fn own_text(body: &BodyId, title: &str, pattern: &str) -> String {
    let title = title.replace('\\', "\\\\").replace('"', "\\\"");
    let title: String = title.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("id = \"{body}\"\ntitle = \"{title}\"\nextends = \"{pattern}\"\n")
}

fn charter(text: &str, amends: bool) -> Result<Event, EventsError> {
    let id = EventId(Uuid::new_v5(&CHARTERS, text.as_bytes()));
    charter_event(text, amends, id).map_err(|e| EventsError::Ledger(e.into()))
}
