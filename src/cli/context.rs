//! The context that every command gets: the ledger's folder, the form of the output, the clock.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use anstream::{AutoStream, ColorChoice};
use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::Value;

use crate::event::{Event, EventId, Index, Instant};
use crate::ledger::{Reading, Writer};
use crate::log::{Disk, Holder, VerifierKey, regular};

use crate::cli::ask::trust;
use crate::cli::error::Failure;
use crate::cli::output::csv_of;
use crate::cli::render::{Page, count};
use crate::cli::safe;

/// Options that every command has
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct GlobalArgs {
    /// The ledger's folder
    #[arg(
        long,
        global = true,
        env = "CHANCERY_LEDGER",
        default_value = "./chancery.ledger",
        value_name = "PATH"
    )]
    pub(crate) ledger: PathBuf,
    /// The form of the output: for people, one document, one object a line, rows
    #[arg(long, global = true, value_enum, default_value_t = Format::Text, value_name = "FORM")]
    pub(crate) format: Format,
    /// No progress and no remarks, only results and errors
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// When to use colour; auto: on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,
    /// The verifier keys that a question gives, as they are written
    #[arg(skip)]
    pub(crate) keys: Vec<String>,
}

/// The form of the output.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Format {
    Text,
    Json,
    Jsonl,
    Csv,
}

/// When to use colour.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

/// The way in which an answer becomes lines and rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// The list whose items become the lines; without one, the whole answer is one line.
    pub(crate) list: Option<&'static str>,
    /// The columns of a CSV: paths into a line, with dots between the keys.
    pub(crate) columns: &'static [&'static str],
}

/// The context of a command: its global options, the terminal and the clock.
#[derive(Clone)]
pub(crate) struct Context {
    /// The ledger's folder.
    pub(crate) ledger: PathBuf,
    /// The form of the output.
    pub(crate) format: Format,
    /// True if only results and errors are printed.
    pub(crate) quiet: bool,
    /// The width and character set that text is laid out for.
    pub(crate) page: Page,
    /// The time at which the command began, from the clock.
    pub(crate) now: Instant,
    color: Color,
    /// The verifier keys of which one must have signed the head that an answer rests on; if there are none, `key.pub` decides.
    keys: Vec<VerifierKey>,
    supposed: Option<Supposed>,
}

/// Events that answers suppose although they are not recorded, and the indexes that they would have.
#[derive(Clone)]
struct Supposed {
    events: Vec<Event>,
    places: RefCell<Vec<Index>>,
}

/// An answer with the indexes of the events that it supposes.
#[derive(Serialize)]
struct Marked<'a, T: Serialize> {
    supposed: &'a [Index],
    #[serde(flatten)]
    answer: &'a T,
}

impl Context {
    /// Reads the clock, and the width and the character set of the terminal. `CHANCERY_NOW` replaces the clock, so that output can
    /// be reproduced.
    ///
    /// # Errors
    /// [`Failure`] if `CHANCERY_NOW` is not an instant.
    pub(crate) fn new(args: &GlobalArgs) -> Result<Context, Failure> {
        let now = clock()?;
        let asked = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
        let seen = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        let width = asked.or_else(seen).unwrap_or(80).clamp(40, 120);
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|key| std::env::var(key).ok());
        let unicode = locale.is_some_and(|l| {
            let l = l.to_ascii_lowercase();
            l.contains("utf-8") || l.contains("utf8")
        });
        let page = Page { width, unicode };
        let GlobalArgs { ledger, format, quiet, color, keys } = args.clone();
        let keys = trust::read(&keys)?;
        Ok(Context { ledger, format, quiet, page, now, color, keys, supposed: None })
    }

    /// The same context, in which one of these keys must have signed the head that an answer rests on.
    ///
    /// # Errors
    /// [`Failure`] of usage for a text that is not a key.
    pub(crate) fn trusting(mut self, keys: &[String]) -> Result<Context, Failure> {
        self.keys.extend(trust::read(keys)?);
        Ok(self)
    }

    /// Reads the clock again, for a report that states when it ended. The result is never before the start of the command.
    ///
    /// # Errors
    /// [`Failure`] if `CHANCERY_NOW` is not an instant.
    pub(crate) fn later(&self) -> Result<Instant, Failure> {
        Ok(clock()?.max(self.now))
    }

    /// Opens the ledger for questions.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) fn reading(&self) -> Result<Reading, Failure> {
        self.check_url()?;
        let reading = Reading::open_trusting(&self.ledger, &self.keys, self.now)?;
        if let left_out @ 1.. = reading.log().left_out() {
            let behind = count(left_out, "entry", "entries");
            self.remark(&format!(
                "{behind} behind the last head signed with that key: left out until a writer signs the next head"
            ));
        }
        let Some(supposed) = &self.supposed else { return Ok(reading) };
        let (reading, places) = reading.supposing(supposed.events.clone())?;
        *supposed.places.borrow_mut() = places;
        Ok(reading)
    }

    /// True if answers suppose events that are not recorded.
    pub(crate) fn supposes(&self) -> bool {
        self.supposed.is_some()
    }

    /// The same context, except that every answer supposes these events.
    pub(crate) fn supposing(mut self, events: Vec<Event>) -> Context {
        self.supposed = Some(Supposed { events, places: RefCell::default() });
        self
    }

    /// The options that every command has, as words that can be parsed again.
    pub(crate) fn options(&self) -> Vec<OsString> {
        let value = |value: Option<clap::builder::PossibleValue>| {
            OsString::from(value.map(|v| v.get_name().to_owned()).unwrap_or_default())
        };
        let mut options = vec!["--ledger".into(), self.ledger.clone().into_os_string()];
        options.extend(["--format".into(), value(self.format.to_possible_value())]);
        options.extend(["--color".into(), value(self.color.to_possible_value())]);
        options.extend(self.quiet.then(|| "--quiet".into()));
        options
    }

    /// Opens the ledger for appending.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) fn writer(&self, command: &str) -> Result<Writer, Failure> {
        self.check_url()?;
        self.opened(Writer::open(&self.ledger, &self.holder(command), Disk::default())?)
    }

    /// Opens the ledger for appending even if no head covers its entries: the user vouches for every entry that is there.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) fn writer_unheaded(&self, command: &str) -> Result<Writer, Failure> {
        self.check_url()?;
        self.opened(Writer::open_unheaded(&self.ledger, &self.holder(command), Disk::default())?)
    }

    /// Warns if opening cleared an append that was cut short, or if the clock is far ahead of the last entry.
    fn opened(&self, mut writer: Writer) -> Result<Writer, Failure> {
        if let Some(torn) = writer.recovered().filter(|_| !self.quiet) {
            self.remark(&format!(
                "an append that was never acknowledged was cut short at byte {} of {}; its {} bytes were cleared",
                torn.offset,
                torn.path.display(),
                torn.bytes
            ));
        }
        if writer.clock_far_ahead(self.clock_now())? {
            let now = self.clock_now().canonical();
            self.remark(&format!(
                "the clock says {now}: if that is wrong, end this and set the clock, since no later entry can be stamped \
                 with an earlier time"
            ));
        }
        Ok(writer)
    }

    /// Reads the clock again. The command may have waited for input or for the lock, and meanwhile other processes may have
    /// recorded entries.
    pub(crate) fn clock_now(&self) -> Instant {
        clock().unwrap_or(self.now)
    }

    /// Opens the ledger for a dry run.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) fn dry_run(&self) -> Result<Writer, Failure> {
        self.check_url()?;
        Ok(Writer::dry_run(&self.ledger)?)
    }

    /// Closes the writer. Acknowledged entries are durable without a checkpoint, so a checkpoint that cannot be written is only a
    /// remark.
    pub(crate) fn close(&self, writer: Writer) {
        let has_recorded = writer.has_recorded();
        if let Err(error) = writer.close() {
            let recorded = if has_recorded { "recorded, but " } else { "" };
            self.remark(&format!("{recorded}the head of the log is not up to date: {error}"));
        }
    }

    /// The holder of the lock while a command writes.
    pub(crate) fn holder(&self, command: &str) -> Holder {
        Holder {
            pid: std::process::id().to_string(),
            command: format!("chancery {command}"),
            since: self.now.canonical().get(11..16).unwrap_or_default().to_owned(),
            address: None,
        }
    }

    fn check_url(&self) -> Result<(), Failure> {
        let text = self.ledger.to_string_lossy();
        match text.contains("://") {
            true => Err(Failure::usage(format!("{text}: this program opens folders, not addresses"))
                .help("give the folder of a ledger: --ledger PATH")),
            false => Ok(()),
        }
    }

    /// A new id for an event, a UUID of version 7, so that ids sort by time.
    pub(crate) fn new_id(&self) -> EventId {
        let micros = u64::try_from(self.now.micros()).unwrap_or_default();
        let nanos = u32::try_from(micros % 1_000_000 * 1_000).unwrap_or_default();
        let at = uuid::Timestamp::from_unix(uuid::NoContext, micros / 1_000_000, nanos);
        EventId(uuid::Uuid::new_v7(at))
    }

    /// 32 bytes that nobody can guess: two UUIDs of version 4 have 244 random bits.
    pub(crate) fn salt() -> [u8; 32] {
        let mut salt = [0; 32];
        for half in salt.chunks_mut(16) {
            half.copy_from_slice(uuid::Uuid::new_v4().as_bytes());
        }
        salt
    }

    /// Writes an answer in the form that the user chose.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) fn answer(
        &self,
        answer: &impl Serialize,
        shape: Shape,
        text: impl FnOnce(&Page) -> String,
    ) -> Result<(), Failure> {
        let supposed = self.supposed.as_ref().map(|supposed| supposed.places.borrow());
        match self.format {
            Format::Text => {
                let mark = supposed.map(|places| self.page.notes(&[supposition(&places)]));
                self.print(&format!("{}{}", mark.unwrap_or_default(), text(&self.page)))
            }
            Format::Json => {
                let json = match &supposed {
                    Some(places) => serde_json::to_string_pretty(&Marked { supposed: places, answer })?,
                    None => serde_json::to_string_pretty(answer)?,
                };
                self.print_json(&format!("{json}\n"))
            }
            Format::Jsonl | Format::Csv => {
                let mut whole = serde_json::to_value(answer)?;
                let mut columns = shape.columns.to_vec();
                if let Some(places) = &supposed {
                    mark(&mut whole, shape.list, places);
                    columns.push("supposed");
                }
                let lines: Vec<&Value> = match shape.list.map(|key| &whole[key]) {
                    Some(Value::Array(items)) => items.iter().collect(),
                    _ => match &whole {
                        Value::Array(items) => items.iter().collect(),
                        one => vec![one],
                    },
                };
                match self.format {
                    Format::Jsonl => {
                        let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
                        self.print_json(&lines)
                    }
                    _ => self.print_verbatim(&csv_of(&lines, &columns)?),
                }
            }
        }
    }

    /// Writes the lines of several answers, as JSON Lines or under the columns of a CSV.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) fn rows(&self, rows: &[Value], columns: &[&'static str]) -> Result<(), Failure> {
        let mut rows = rows.to_vec();
        let mut columns = columns.to_vec();
        if let Some(supposed) = &self.supposed {
            let places: Vec<u64> = supposed.places.borrow().iter().map(|place| place.0).collect();
            rows.iter_mut().for_each(|row| row["supposed"] = places.clone().into());
            columns.push("supposed");
        }
        match self.format {
            Format::Csv => self.print_verbatim(&csv_of(&rows.iter().collect::<Vec<_>>(), &columns)?),
            _ => self.print_json(&rows.iter().map(|row| format!("{row}\n")).collect::<String>()),
        }
    }

    /// Writes a page for people to standard output, without any character that acts on a terminal.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) fn print(&self, text: &str) -> Result<(), Failure> {
        let mut out = AutoStream::new(std::io::stdout().lock(), self.choice(&std::io::stdout()));
        written(out.write_all(safe::page(text).as_bytes()).and_then(|()| out.flush()))
    }

    /// Writes JSON to standard output. On a terminal more characters are JSON escapes, which does not change the value.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) fn print_json(&self, text: &str) -> Result<(), Failure> {
        let text = safe::without_secrets(text);
        self.print_bytes(&if self.is_shown() { safe::json(&text) } else { Cow::Borrowed(&*text) })
    }

    /// Writes rows, or the text of a file, to standard output: byte for byte, except that characters which act on a terminal are
    /// written out on one.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) fn print_verbatim(&self, text: &str) -> Result<(), Failure> {
        self.print_bytes(&if self.is_shown() { safe::verbatim(text) } else { text.into() })
    }

    fn print_bytes(&self, text: &str) -> Result<(), Failure> {
        let mut out = std::io::stdout().lock();
        written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
    }

    /// True if a terminal shows standard output, now or, since the user wants colours, later.
    pub(crate) fn is_shown(&self) -> bool {
        use std::io::IsTerminal;
        self.color == Color::Always || std::io::stdout().is_terminal()
    }

    /// Writes a remark to standard error, unless `--quiet` is set.
    pub(crate) fn remark(&self, text: &str) {
        if !self.quiet {
            let mut err = AutoStream::new(std::io::stderr().lock(), self.choice(&std::io::stderr()));
            // A remark that nobody can read is no reason to fail.
            let _ = writeln!(err, "chancery: {}", safe::clean(text));
        }
    }

    fn choice(&self, stream: &impl anstream::stream::RawStream) -> ColorChoice {
        match self.color {
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
            Color::Auto => AutoStream::choice(stream),
        }
    }

    /// True if progress can be shown.
    pub(crate) fn shows_progress(&self) -> bool {
        use std::io::IsTerminal;
        !self.quiet && std::io::stderr().is_terminal()
    }

    /// A progress bar of `length` steps, hidden if progress cannot be shown.
    pub(crate) fn bar(&self, length: u64, label: &str) -> indicatif::ProgressBar {
        if !self.shows_progress() {
            return indicatif::ProgressBar::hidden();
        }
        let bar = indicatif::ProgressBar::new(length);
        let style =
            indicatif::ProgressStyle::with_template("  {msg:10} {pos:>7} of {len:7} {bar:40}  {elapsed}");
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("## "));
        }
        bar.set_message(label.to_owned());
        bar
    }
}

/// The result of writing to standard output. If the reader of a pipe has closed it, the program exits without a message.
fn written(done: std::io::Result<()>) -> Result<(), Failure> {
    match done {
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        done => Ok(done?),
    }
}

/// The instant in `CHANCERY_NOW`, otherwise the machine's clock.
///
/// # Errors
/// [`Failure`] if `CHANCERY_NOW` is not an instant.
pub(crate) fn clock() -> Result<Instant, Failure> {
    match std::env::var("CHANCERY_NOW") {
        Ok(text) => Instant::parse(&text).map_err(|e| Failure::usage(format!("CHANCERY_NOW: {e}"))),
        Err(_) => Ok(Instant::from_micros(chrono::Utc::now().timestamp_micros())),
    }
}

/// `supposed: 2 events that are not recorded (entries 128 129)`.
fn supposition(places: &[Index]) -> String {
    let listed: Vec<String> = places.iter().map(ToString::to_string).collect();
    match places {
        [] => "supposed: nothing; every event of the file is recorded".to_owned(),
        [one] => format!("supposed: 1 event that is not recorded (it would be entry {one})"),
        some => format!(
            "supposed: {} events that are not recorded (they would be entries {})",
            some.len(),
            listed.join(" ")
        ),
    }
}

/// Adds the indexes of the supposed events to each line of an answer.
fn mark(whole: &mut Value, list: Option<&str>, places: &[Index]) {
    let places: Vec<u64> = places.iter().map(|place| place.0).collect();
    let lines = match list {
        Some(list) => &mut whole[list],
        None => whole,
    };
    match lines {
        Value::Array(lines) => lines.iter_mut().for_each(|line| line["supposed"] = places.clone().into()),
        one => one["supposed"] = places.into(),
    }
}

/// The name of an input file in messages: its path, or `standard input` for `-`.
pub(crate) fn input_name(path: &Path) -> String {
    match path == Path::new("-") {
        true => "standard input".to_owned(),
        false => path.display().to_string(),
    }
}

/// Reads a file that the user names, or standard input for `-`.
///
/// # Errors
/// [`Failure`].
pub(crate) fn read_input(path: &Path) -> Result<Vec<u8>, Failure> {
    let read = match path == Path::new("-") {
        true => regular::read_bounded(std::io::stdin().lock(), regular::GIVEN_BYTES_MAX),
        false => regular::read_given(path),
    };
    read.map_err(|e| Failure::file(path, &e))
}
