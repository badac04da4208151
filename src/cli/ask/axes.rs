//! The three dates of a question.

use clap::Args;

use crate::event::{Day, Edtf, Instant, Moment, Size};
use crate::ledger::{Ledger, LedgerError, Recorded};
use crate::log::{Checkpoint, Hash};
use crate::query::Axes;

use crate::cli::context::Context;
use crate::cli::error::{Exit, Failure};

/// Every question takes three dates, all inclusive, UTC
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "The three dates, all inclusive")]
pub(crate) struct AxesArgs {
    /// The day asked about, or a moment of it: 2020-01-31T23:59+01:00; default: today
    #[arg(long, value_name = "DAY", alias = "valid-time")]
    pub(crate) on: Option<String>,
    /// What was public by then: a day, a month, an instant; default: all of it
    #[arg(long, value_name = "DATE")]
    pub(crate) as_known: Option<String>,
    /// The first N entries of this ledger, or those recorded by a time, or those under a checkpoint file; default: all
    #[arg(long, value_name = "N|TIME|FILE", alias = "system-time")]
    pub(crate) as_recorded: Option<String>,
    /// Short for --on DAY --as-known DAY: a table's "status as at"
    #[arg(long, value_name = "DAY", conflicts_with_all = ["on", "as_known"])]
    pub(crate) as_at: Option<String>,
    /// Follow that of the depositary, participant, organisation or press, or a view of your own; default: none, disputes
    /// stay open
    #[arg(long, value_name = "WHOSE|FILE.toml", help_heading = "Whose account of a dispute")]
    pub(crate) view: Option<String>,
    /// Can mean three things
    #[arg(long, hide = true, value_name = "DATE")]
    pub(crate) as_of: Option<String>,
}

impl AxesArgs {
    /// The dates, with their defaults.
    ///
    /// # Errors
    /// [`Failure`] for a text that is no date, or a size beyond the log.
    pub(crate) fn resolve(&self, context: &Context, ledger: &Ledger) -> Result<Axes, Failure> {
        if self.as_of.is_some() {
            return Err(Failure::usage("--as-of can mean three things")
                .help("--on DAY (status on that day)  --as-known DAY (public by then)")
                .help("--as-recorded N|TIME (held in this ledger then)"));
        }
        let at = self.on.as_deref().map(str::trim).filter(|text| text.contains('T'));
        let at = at.map(Moment::parse).transpose()?;
        let on = match (&at, self.on.as_ref().or(self.as_at.as_ref())) {
            (Some(moment), _) => moment.day(),
            (None, Some(text)) => day(text, context.now)?,
            (None, None) => context.now.day(),
        };
        let as_known = match self.as_known.as_ref().or(self.as_at.as_ref()) {
            Some(text) => Some(known(text, context.now)?),
            None => None,
        };
        let as_recorded = match &self.as_recorded {
            Some(text) => recorded(text, ledger)?,
            None => ledger.size(),
        };
        if as_recorded < ledger.size() && ledger.supposes() {
            return Err(Failure::usage(
                "what-if supposes its events behind everything recorded: an earlier --as-recorded leaves them out",
            )
            .help("leave --as-recorded out, or ask without what-if"));
        }
        let mut axes = Axes::on_day(on, as_known, as_recorded);
        axes.at = at;
        axes.view = self.view.as_deref().map(crate::cli::ask::view::policy).transpose()?;
        Ok(axes)
    }
}

/// One day; `today` is the clock's.
///
/// # Errors
/// [`Failure`].
pub(crate) fn day(text: &str, now: Instant) -> Result<Day, Failure> {
    if text.trim().eq_ignore_ascii_case("today") {
        return Ok(now.day());
    }
    let date = Edtf::parse(text.trim())?;
    match date.earliest() == date.latest() {
        true => Ok(date.earliest()),
        false => Err(crate::event::DateError::NotADay(text.into()).into()),
    }
}

/// The first and the last day of a year, a month, a day; `today` is the clock's.
///
/// # Errors
/// [`Failure`].
pub(crate) fn days(text: &str, now: Instant) -> Result<(Day, Day), Failure> {
    if text.trim().eq_ignore_ascii_case("today") {
        return Ok((now.day(), now.day()));
    }
    let date = Edtf::parse(text.trim())?;
    Ok((date.earliest(), date.latest()))
}

/// Knowledge by a day, a month or an instant.
///
/// # Errors
/// [`Failure`].
pub(crate) fn known(text: &str, now: Instant) -> Result<Edtf, Failure> {
    if text.trim().eq_ignore_ascii_case("today") {
        return Ok(Edtf::day(now.day()));
    }
    // What is known is known by whole days.
    match Instant::parse(text.trim()) {
        Ok(instant) => Ok(Edtf::day(instant.day())),
        Err(_) => Ok(Edtf::parse(text.trim())?),
    }
}

/// A size, a time or a checkpoint file.
///
/// # Errors
/// [`Failure`].
pub(crate) fn recorded(text: &str, ledger: &Ledger) -> Result<Size, Failure> {
    recorded_by("--as-recorded", text, ledger)
}

/// The same, as the value of an option of another name.
///
/// # Errors
/// [`Failure`].
pub(crate) fn recorded_by(option: &str, text: &str, ledger: &Ledger) -> Result<Size, Failure> {
    let text = text.trim();
    if let Ok(asked) = text.parse() {
        return ledger.recorded(Recorded::Size(Size(asked))).map_err(|error| match error {
            LedgerError::BeyondSize { asked, size } => {
                Failure::usage(format!("the ledger has {size} entries: there is no {option} {asked}"))
            }
            other => other.into(),
        });
    }
    if let Ok(instant) = Instant::parse(text) {
        return Ok(ledger.recorded(Recorded::Time(instant))?);
    }
    if let Ok(bytes) = std::fs::read_to_string(text) {
        return under(text, &bytes, ledger);
    }
    let date = Edtf::parse(text)
        .map_err(|e| Failure::usage(format!("{option} takes a size, a time or a checkpoint file: {e}")))?;
    Ok(ledger.recorded(Recorded::Time(Instant::end_of(date.latest())))?)
}

/// The size of a checkpoint, once it is shown to be of this ledger.
fn under(path: &str, text: &str, ledger: &Ledger) -> Result<Size, Failure> {
    let checkpoint = Checkpoint::parse(text)
        .map_err(|(line, what)| Failure::usage(format!("{path}, line {line}: {what}: not a checkpoint")))?;
    let size = ledger.recorded(Recorded::Size(Size(checkpoint.size)))?;
    let head = ledger.head(size)?;
    let same = Hash::from_base64(&head.root) == Some(checkpoint.root) && checkpoint.origin == ledger.origin();
    match same {
        true => Ok(size),
        false => Err(Failure::new(Exit::Refused, format!("{path} is not a checkpoint of this ledger"))
            .help(format!("at {size} entries this ledger is {} with root {}", ledger.origin(), head.root))),
    }
}
