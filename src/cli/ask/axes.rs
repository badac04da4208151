//! The three dates of a question.

use clap::Args;

use crate::event::Size;
use crate::ledger::{LedgerError, Reading};
use crate::log::{Checkpoint, Hash};
use crate::query::{Axes, Kind, Question, Recorded, View, range, recorded};

use crate::cli::ask::trust::TrustArgs;
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
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
}

impl AxesArgs {
    /// Writes the dates into a question. A checkpoint file is replaced by its size, a file with a view by its text.
    ///
    /// # Errors
    /// [`Failure`] if a file cannot be read.
    pub(crate) fn fill(&self, question: &mut Question, context: &Context) -> Result<(), Failure> {
        if self.as_of.is_some() {
            return Err(Failure::usage("--as-of can mean three things")
                .help("--on DAY (status on that day)  --as-known DAY (public by then)")
                .help("--as-recorded N|TIME (held in this ledger then)"));
        }
        question.on = self.on.clone().or_else(|| self.as_at.clone());
        question.as_known = self.as_known.clone().or_else(|| self.as_at.clone());
        let plain = |text: &str| checkpoint_size(text, context);
        question.as_recorded = match &self.as_recorded {
            None => None,
            Some(text) => Some(match range(text).filter(|_| question.kind == Kind::Diff) {
                Some((a, b)) => format!("{}..{}", plain(a)?, plain(b)?),
                None => plain(text)?,
            }),
        };
        question.view = self.view.as_deref().map(view).transpose()?;
        Ok(())
    }

    /// The dates, with their defaults, for a command that is not a question.
    ///
    /// # Errors
    /// [`Failure`] for a text that is not a date, or a size beyond the log.
    pub(crate) fn resolve(&self, context: &Context, reading: &Reading) -> Result<Axes, Failure> {
        let mut question = Question::new(Kind::Roster);
        self.fill(&mut question, context)?;
        Ok(reading.axes(&question.read(context.now)?)?)
    }
}

/// The name of a shipped view, or the text of the view in a file.
fn view(text: &str) -> Result<View, Failure> {
    if !text.ends_with(".toml") {
        return Ok(View::Named(text.to_owned()));
    }
    let written =
        crate::log::regular::read_text_given(text.as_ref()).map_err(|e| Failure::file(text.as_ref(), &e))?;
    Ok(View::Written { from: text.to_owned(), text: written })
}

/// The size under a checkpoint, if the text names a checkpoint file; otherwise the text unchanged.
fn checkpoint_size(text: &str, context: &Context) -> Result<String, Failure> {
    let text = text.trim();
    if text.is_empty() || recorded(text).is_ok() {
        return Ok(text.to_owned());
    }
    match crate::log::regular::read_text_given(text.as_ref()) {
        Ok(checkpoint) => Ok(under(text, &checkpoint, &context.reading()?)?.to_string()),
        Err(_) => Ok(text.to_owned()),
    }
}

/// The size that an option gives as a size, a time or a checkpoint file.
///
/// # Errors
/// [`Failure`].
pub(crate) fn recorded_by(option: &str, text: &str, reading: &Reading) -> Result<Size, Failure> {
    let by = match recorded(text) {
        Ok(by) => by,
        Err(error) => match crate::log::regular::read_text_given(text.trim().as_ref()) {
            Ok(checkpoint) => return under(text.trim(), &checkpoint, reading),
            Err(_) => return Err(Failure::usage(error.to_string().replacen("--as-recorded", option, 1))),
        },
    };
    reading.recorded(by).map_err(|error| match error {
        LedgerError::BeyondSize { asked, size } => {
            Failure::usage(format!("the ledger has {size} entries: there is no {option} {asked}"))
        }
        other => other.into(),
    })
}

/// The size of a checkpoint, after checking that it belongs to this ledger.
fn under(path: &str, text: &str, reading: &Reading) -> Result<Size, Failure> {
    let checkpoint = Checkpoint::parse(text)
        .map_err(|(line, what)| Failure::usage(format!("{path}, line {line}: {what}: not a checkpoint")))?;
    let size = reading.recorded(Recorded::Size(Size(checkpoint.size)))?;
    let head = reading.head(size)?;
    let same =
        Hash::from_base64(&head.root) == Some(checkpoint.root) && checkpoint.origin == reading.origin();
    match same {
        true => Ok(size),
        false => Err(Failure::new(Exit::Refused, format!("{path} is not a checkpoint of this ledger"))
            .help(format!("at {size} entries this ledger is {} with root {}", reading.origin(), head.root))),
    }
}
