//! Chancery: an event-sourced diplomatic ledger.
//!
//! It keeps an append-only record of diplomatic acts and folds it into answers: which status a state had in an
//! organisation or treaty *on* a day, *as known* by a day, *as recorded* in this ledger; by which acts, under which rule,
//! on whose evidence. The command `chancery` is this library with a command line.
//!
//! # Asking
//! A [`Reading`] is the record at one size: immutable, shared by threads, cheap to clone. It answers a [`Question`], which is
//! a value made of words as a user would type them.
//! ```no_run
//! use chancery::event::Instant;
//! use chancery::{Question, Reading};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let now = Instant::parse("2026-11-24T09:00:00Z")?;
//! let reading = Reading::open("./chancery.ledger".as_ref(), now)?;
//! let answer = reading.ask(&Question::status("Belarus", "sco").on("2023-07-01").as_known("2023-07-05"))?;
//! println!("{}", serde_json::to_string_pretty(&answer)?);
//! # Ok(()) }
//! ```
//!
//! # The map
//! A module imports only the modules to its right; `audit`, `import`, `publish` and `witness` are beside `ledger`:
//!
//! `cli → ledger → certificate → {query → history → charter → event} + {index} + {log}`
//!
//! | module | contents |
//! |---|---|
//! | [`event`] | the vocabulary: acts, dates (EDTF), participants, evidence, the leaf that records them, and the headings under which they are filed |
//! | [`charter`] | legal processes as data: statuses, transitions, procedures, and the judgement of an act |
//! | [`log`] | a verifiable, ordered log of opaque leaves: segments, frames, the RFC 6962 tree, the checkpoint |
//! | [`index`] | the entries under each heading, in three containers; can be rebuilt from the log at any time |
//! | [`history`] | the fold: which entries count, which statuses are possible on which days, procedures, overlays |
//! | [`query`] | questions and answers, and which headings a question needs; answers serialise to the JSON contract |
//! | [`ledger`] | the writer and the readings, which join all parts: open, append, ask |
//! | [`certificate`] | answers with the proof that no entry was left out |
//! | [`audit`] | everything derived again from raw leaves, by named checks; repair from a copy |
//! | [`publish`] | the log as static files, C2SP tlog-tiles; fetching such a tree |
//! | [`witness`] | heads compared with a log: witnesses, policies, the heads that a client has seen |
//! | [`import`] | the records of others: one file for each source format |
//! | [`cli`] | the commands, in seven rooms |
//!
//! `docs/ARCHITECTURE.md` follows an entry, a question and an audit through these; `docs/FORMAT.md` has the bytes.
//!
//! # Recording
//! A [`Writer`] appends, and gives a [`Reading`] of everything recorded by then. This program makes a ledger with the charter
//! of the Shanghai Cooperation Organisation and one act, and asks it for a status:
//! ```
//! use chancery::charter::{Template, charter_event};
//! use chancery::event::{Act, BodyId, Edtf, Event, EventId, Evidence, Instant, ParticipantId, Role};
//! use chancery::log::{Disk, Holder};
//! use chancery::{AppendOptions, Question, StatusAnswer, Writer};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("example.ledger");
//! Writer::create(&path, "example.org/sco", &Disk::default())?;
//! let mut writer = Writer::open(&path, &Holder::default(), Disk::default())?;
//! let now = Instant::parse("2026-11-24T09:00:00Z")?;
//! let options = AppendOptions { now, expect_size: None, accept_clock: false };
//!
//! // An adoption and its amendments are events like any other; an id names one event for ever.
//! let mut charter = Vec::new();
//! for (at, text) in Template::find("sco").ok_or("no such charter")?.texts.iter().enumerate() {
//!     let id = EventId::parse(&format!("00000000-0000-4000-8000-{at:012}"))?;
//!     charter.push(charter_event(text, at > 0, id)?);
//! }
//! writer.append(charter, options)?;
//!
//! let id = EventId::parse("0192a6c0-0000-7000-8000-000000000001")?;
//! let mut act = Event::new(id, Act::StatusGranted, BodyId::parse("sco")?);
//! act.participant = Some(ParticipantId::parse("BLR")?);
//! act.dates.set(Role::Decided, Edtf::parse("2015-07-10")?);
//! act.evidence.push(Evidence::citing("gazeta.uz 2016-04-16", None));
//! let receipt = writer.append(vec![act], options)?.remove(0);
//! assert_eq!((receipt.index.0, receipt.size.0), (7, 8));
//!
//! let question = Question::status("BLR", "sco").on("2023-07-01");
//! let answer = StatusAnswer::try_from(writer.reading(now).ask(&question)?)?;
//! assert_eq!(answer.status.map(|s| s.to_string()).as_deref(), Some("observer"));
//! assert_eq!(answer.because[0].index, receipt.index);
//! writer.close()?;
//! # Ok(()) }
//! ```

pub mod audit;
pub mod certificate;
pub mod charter;
pub mod cli;
pub mod event;
#[cfg(test)]
mod fixture;
pub mod history;
pub mod import;
pub mod index;
pub mod ledger;
pub mod log;
pub mod publish;
pub mod query;
pub mod witness;

pub use ledger::{AppendOptions, Follower, LedgerError, Reading, Receipt, Writer};
pub use query::{Answer, Question, StatusAnswer};
