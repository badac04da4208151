//! Imports a file of any size in the neutral form, or one that a map reads as such: line by line, a part at a time.
//!
//! Each part is durable before the next is recorded, so an import that is cut short is completed by running it again: ids are
//! derived from the content of the lines, so no line is recorded twice.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::charter::{Template, charter_event};
use crate::event::{
    Act, ActKind, BodyId, Edtf, Event, EventId, Evidence, Grade, ImportReceipt, Index, Role, Survey,
};
use crate::ledger::{AppendOptions, Draft, LedgerError, RecordedRows, Writer};

use super::csv::hex;
use super::events_error::EventsError;
use super::map::Map;
use super::neutral::Line;
use super::reader::{AHEAD, Item, Part, Reader};
use super::stream::Stream;

/// The size of the left-out lines that are kept for the report, in bytes. If more of a file is left out, it is probably the wrong
/// file, or a compressed one that expands without end.
const LEFT_BYTES_MAX: usize = 64 << 20;

/// The number of rows whose acts a dry run shows.
const SHOWN: usize = 3;

/// The namespaces of the ids of imports, and of charters that an import adopts.
const IMPORTS: Uuid = Uuid::from_u128(0x6368_616e_6365_7279_8000_696d_706f_7275);
const CHARTERS: Uuid = Uuid::from_u128(0x6368_616e_6365_7279_8000_6368_6172_7401);

/// A file of the neutral form.
pub struct EventsFile<'a> {
    /// The name of the file, without its folder.
    pub name: &'a str,
    /// Opens it at its beginning. It is read twice, once for its hash.
    pub open: &'a dyn Fn() -> io::Result<Box<dyn Read + Send>>,
    /// The span of days for which the file is surveyed.
    pub surveyed: Option<Edtf>,
    /// True if the file leaves out former participants.
    pub survivors_only: bool,
    /// If true, nothing is recorded.
    pub dry_run: bool,
    /// If true, events that are not recorded are kept, for a report on them.
    pub keep: bool,
    /// The map that reads its rows; `None` if the file has lines of the neutral form.
    pub map: Option<&'a Map>,
    /// The note of the import's own entry, which names the map.
    pub note: Option<String>,
}

/// A remark on a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// The number of the line, from 1.
    pub line: u64,
    /// The reason for which it was not taken, or the way in which it was understood.
    pub what: String,
}

/// A line, or an act of a row, that was left out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Left {
    /// The number of the line, from 1; of a row, the line on which it begins.
    pub line: u64,
    /// The reason.
    pub why: String,
    /// The whole line, or the row cell by cell; byte for byte.
    pub cells: Arc<Vec<Vec<u8>>>,
}

/// The result of an import.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ImportReport {
    /// The number of lines read.
    pub lines: u64,
    /// The number of lines, or acts of rows, recorded now.
    pub taken: u64,
    /// The number that were already recorded.
    pub known: u64,
    /// The first and the last entry of this import.
    pub entries: Option<(Index, Index)>,
    /// Charters adopted for bodies that had none.
    pub charters: Vec<BodyId>,
    /// Lines and acts left out, in their order.
    pub rejected: Vec<Left>,
    /// Lines that were taken although something in them is not clear.
    pub doubts: Vec<Told>,
    /// The import's own entry.
    pub entry: Option<Index>,
    /// Its id.
    pub import: Option<EventId>,
    /// If kept, the content of lines that are not recorded: those that the ledger refused, and those of a dry run.
    pub unrecorded: Vec<(u64, Arc<Event>)>,
    /// The number of rows without an act: they give no date.
    pub without_act: u64,
    /// The acts of the first rows, each with its line, if this is a dry run.
    pub shown: Vec<(u64, Event)>,
    /// The text above the rows of a file of cells, byte for byte: the lines before the header, and the header.
    pub head: (Vec<u8>, Vec<Vec<u8>>),
}

/// Imports the lines of a file, then the import itself, then its surveys.
///
/// # Errors
/// [`EventsError`]; lines that cannot be taken are no error.
pub fn import_events(
    writer: &mut Writer,
    file: &EventsFile<'_>,
    options: AppendOptions,
    progress: &dyn Fn(u64),
) -> Result<ImportReport, EventsError> {
    let mut digest = Sha256::new();
    io::copy(&mut (file.open)()?, &mut digest)?;
    let sha256 = digest.finalize();
    let stream = Stream::open((file.open)()?, file.map)?;
    let by = file.map.map_or("", |map| &map.canonical);
    let mut import = EventId(Uuid::new_v5(&IMPORTS, &[&sha256, by.as_bytes()].concat()));
    if let Some(index) = writer.find(import)? {
        let body = writer.entry(index)?.event.body.clone();
        import = writer.held(&body)?.name(import);
    }
    let mut intake = Intake {
        writer,
        options,
        dry_run: file.dry_run,
        keep: file.keep,
        import,
        held: HashMap::new(),
        report: ImportReport { import: Some(import), ..ImportReport::default() },
        bodies: BTreeMap::new(),
        taken_in: BTreeSet::new(),
        left_bytes: 0,
    };
    if let Stream::Rows(rows) = &stream {
        intake.report.head = (rows.preamble.clone(), rows.header.clone());
    }
    let what = stream.noun();
    std::thread::scope(|scope| {
        let (sender, parts) = sync_channel(AHEAD);
        scope.spawn(move || Reader::new(import).read(stream, &sender));
        for part in parts {
            let part = part.map_err(|source| {
                let taken = intake.report.taken + intake.report.known;
                EventsError::Line { source, taken, what }
            })?;
            intake.record(part)?;
            progress(intake.report.lines);
        }
        Ok::<(), EventsError>(())
    })?;
    intake.conclude(file, hex(&sha256))?;
    Ok(intake.report)
}

/// An import in progress.
struct Intake<'l> {
    writer: &'l mut Writer,
    options: AppendOptions,
    dry_run: bool,
    keep: bool,
    import: EventId,
    report: ImportReport,
    /// Every body in the lines so far, and true if it has a charter by now.
    bodies: BTreeMap<BodyId, bool>,
    /// The bodies of the lines that were taken.
    taken_in: BTreeSet<BodyId>,
    /// The events recorded in those bodies before this import.
    held: HashMap<BodyId, RecordedRows>,
    /// The size of the left-out lines that are kept, in bytes.
    left_bytes: usize,
}

impl Intake<'_> {
    fn reject(&mut self, line: u64, why: String, cells: Arc<Vec<Vec<u8>>>) -> Result<(), EventsError> {
        let cell = |cell: &Vec<u8>| cell.len() + size_of::<Vec<u8>>();
        self.left_bytes += size_of::<Left>() + why.len() + cells.iter().map(cell).sum::<usize>();
        self.report.rejected.push(Left { line, why, cells });
        match self.left_bytes > LEFT_BYTES_MAX {
            true => Err(EventsError::TooMany { line }),
            false => Ok(()),
        }
    }

    /// Keeps the acts of the first rows, for a dry run to show.
    fn show(&mut self, line: u64, event: &Event) {
        let shown = &mut self.report.shown;
        let mut rows: Vec<u64> = shown.iter().map(|(line, _)| *line).collect();
        rows.dedup();
        if self.dry_run && (rows.len() < SHOWN || rows.contains(&line)) {
            shown.push((line, event.clone()));
        }
    }

    /// From now on the clock is not checked: it was compared with the entries before this import. The stamps of an import are a
    /// microsecond apart, so that those of a million entries run ahead of the clock by a second.
    const fn went_on(&mut self) {
        self.options.accept_clock = true;
    }

    /// Records a part: charters for bodies that have none, then its lines.
    fn record(&mut self, part: Part) -> Result<(), EventsError> {
        self.report.lines = part.lines;
        self.report.without_act += part.without_act;
        self.adopt(&part.items)?;
        let mut acts = Vec::with_capacity(part.items.len());
        let mut events: Vec<(Arc<Event>, Option<Vec<u8>>)> = Vec::with_capacity(part.items.len());
        for Item { line, cells, act } in part.items {
            let act = act.map(|(Line { mut event, doubts, .. }, bytes)| {
                let mut bytes = Some(bytes);
                if let Some(held) = self.held.get(&event.body) {
                    held.meet(&mut event);
                    event.to = event.to.map(|to| held.name(to));
                    bytes = None;
                }
                let event = Arc::new(event);
                events.push((Arc::clone(&event), bytes));
                (event, doubts)
            });
            acts.push((line, cells, act));
        }
        let mut sifted = self.writer.sift(events)?.into_iter();
        let mut drafts: Vec<Draft> = Vec::new();
        for (line, cells, act) in acts {
            let judged = match act {
                Ok(act) => sifted.next().map(|draft| (act, draft)),
                Err(why) => {
                    self.reject(line, why, cells)?;
                    continue;
                }
            };
            match judged {
                Some(((_, doubts), Ok(draft))) => {
                    match draft.recorded {
                        Some(_) => self.report.known += 1,
                        None => self.report.taken += 1,
                    }
                    self.report.doubts.extend(doubts.into_iter().map(|what| Told { line, what }));
                    self.show(line, &draft.event);
                    if !self.taken_in.contains(&draft.event.body) {
                        self.taken_in.insert(draft.event.body.clone());
                    }
                    if self.keep && self.dry_run && draft.recorded.is_none() {
                        self.report.unrecorded.push((line, Arc::clone(&draft.event)));
                    }
                    drafts.push(draft);
                }
                Some((_, Err(error @ (LedgerError::Log(_) | LedgerError::Entry { .. })))) => {
                    return Err(error.into());
                }
                Some(((event, _), Err(error))) => {
                    self.reject(line, error.to_string(), cells)?;
                    self.report.unrecorded.extend(self.keep.then_some((line, event)));
                }
                None => {}
            }
        }
        drafts.retain(|draft| draft.recorded.is_none());
        if self.dry_run || drafts.is_empty() {
            return Ok(());
        }
        if let Some((first, last)) = self.writer.record(drafts, self.options)? {
            self.report.entries = Some((self.report.entries.map_or(first, |(first, _)| first), last));
            self.went_on();
        }
        Ok(())
    }

    /// Adopts, for each body without a charter, one that extends the pattern of its kind.
    fn adopt(&mut self, part: &[Item]) -> Result<(), EventsError> {
        let mut fresh: Vec<Event> = Vec::new();
        for (line, _) in part.iter().filter_map(|item| item.act.as_ref().ok()) {
            let body = &line.event.body;
            // A body may not have the name of the ledger itself: each such line is refused on its own.
            if body.is_ledger() || self.bodies.contains_key(body) {
                continue;
            }
            // A signer who may not record in this body may not adopt its charter.
            if !self.writer.signers_may(body, ActKind::CharterAdopted)? && self.writer.charter(body).is_err()
            {
                continue;
            }
            let known = self.writer.charter(body).is_ok();
            self.bodies.insert(body.clone(), known);
            if known {
                self.held.insert(body.clone(), self.writer.held(body)?);
                continue;
            }
            let pattern = BodyId::parse(line.pattern).map_err(|e| io::Error::other(e.to_string()))?;
            if !self.bodies.contains_key(&pattern) {
                self.bodies.insert(pattern.clone(), true);
                if self.writer.charter(&pattern).is_err() {
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
            true => _ = self.writer.suppose(fresh)?,
            false => {
                self.writer.append(fresh, self.options)?;
                self.went_on();
            }
        }
        Ok(())
    }

    /// Records the import's own entry and its surveys, unless an earlier run did.
    fn conclude(&mut self, file: &EventsFile<'_>, sha256: String) -> Result<(), EventsError> {
        let counted = self.report.taken + self.report.known;
        let Some(body) = self.taken_in.first().filter(|_| counted > 0 && !self.dry_run).cloned() else {
            return Ok(());
        };
        let receipt = ImportReceipt {
            file: file.name.to_owned(),
            importer: format!("chancery {}", env!("CARGO_PKG_VERSION")),
            refused: self.report.rejected.len() as u64,
            sha256,
            taken: counted,
        };
        self.report.entry = self.writer.find(self.import)?;
        if self.report.entry.is_none() {
            let mut event = Event::new(self.import, Act::ImportRecorded(receipt), body);
            event.note.clone_from(&file.note);
            let receipts = self.writer.append(vec![event], self.options)?;
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
        let own = self.taken_in.iter().filter(|body| Template::find(body.as_str()).is_none());
        let surveys: Vec<Event> = own.map(survey).collect();
        let drafts: Vec<Draft> =
            self.writer.admit(surveys)?.into_iter().filter(|draft| draft.recorded.is_none()).collect();
        if !drafts.is_empty() {
            self.writer.record(drafts, self.options)?;
        }
        Ok(())
    }
}

/// The charter of a body of which only the name is known.
fn own_text(body: &BodyId, title: &str, pattern: &str) -> String {
    let title = title.replace('\\', "\\\\").replace('"', "\\\"");
    let title: String = title.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("id = \"{body}\"\ntitle = \"{title}\"\nextends = \"{pattern}\"\n")
}

fn charter(text: &str, amends: bool) -> Result<Event, EventsError> {
    let id = EventId(Uuid::new_v5(&CHARTERS, text.as_bytes()));
    charter_event(text, amends, id).map_err(|e| EventsError::Ledger(e.into()))
}
