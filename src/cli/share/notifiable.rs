//! The options of `notify`, and the notifications that are still to be circulated.

use std::path::PathBuf;

use crate::event::{BodyId, Edtf, Size};
use crate::ledger::Reading;
use crate::query::{Axes, Notifications, notifications};

use crate::cli::ask::axes::{AxesArgs, recorded_by};
use crate::cli::error::Failure;
use crate::cli::record::append::SourceArgs;
use crate::cli::record::signing::SigningArgs;

/// Draft what a depositary has to circulate, or record that it has gone out (VCLT 77, 78)
///
/// One notification for each signature, instrument, reservation, objection, withdrawal, entry into force and correction
/// of a text that was recorded since a size, a time or a checkpoint, and of which no circular is recorded. The effect is
/// computed by the clauses of the treaty's charter. What was circulated and corrected since in this record gives a
/// corrigendum. A draft's reference lacks its number.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery notify untc-4-4 --since 120
  chancery notify --since last.checkpoint --out drafts
  chancery notify --circulated 123 --notified 2026-11-26 \\
    --cite \"C.N.123.2026.TREATIES-IV.4\"
  chancery notify --circulated untc-4-4 --since 120 --notified 2026-11-26 \\
    --cite \"C.N.123 to 130.2026\"

An act has been circulated where a depositary-notified answers it, or one of
its corrections, and where it says itself on which day it was notified.
--circulated records a depositary-notified for each draft; for an entry into
force it records treaty-entered-into-force, which is what the depositary
certifies by it. --on is the day of the notification: it settles the
addressees and the year.")]
pub(crate) struct Args {
    /// Organisations or treaties; left out: every one. With --circulated, entries instead: those that have gone out
    #[arg(value_name = "BODY|ENTRY")]
    pub(crate) what: Vec<String>,
    /// What was recorded from there on: a size, a time or a checkpoint file
    #[arg(long, value_name = "N|TIME|FILE")]
    pub(crate) since: Option<String>,
    /// Who the depositary is, as the notification names it; default: it is not named
    #[arg(long, value_name = "NAME")]
    pub(crate) depositary: Option<String>,
    /// Write each draft into this folder, one text file each
    #[arg(long, short, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) gone: CirculatedArgs,
    #[command(flatten)]
    pub(crate) axes: AxesArgs,
}

/// What has gone out
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "What has gone out")]
pub(crate) struct CirculatedArgs {
    /// Record that notifications have gone out
    #[arg(long, requires = "notified", conflicts_with_all = ["out", "depositary"])]
    pub(crate) circulated: bool,
    /// The day on which they were circulated
    #[arg(long, value_name = "DATE", visible_aliases = ["done", "on-day"], requires = "circulated")]
    pub(crate) notified: Option<Edtf>,
    /// Of an entry that also met the condition of the entry into force: the notification of that
    #[arg(long, requires = "circulated")]
    pub(crate) entry_into_force: bool,
    /// Refuse unless the ledger has exactly this many entries
    #[arg(long, value_name = "N", requires = "circulated")]
    pub(crate) expect_size: Option<u64>,
    /// Say what would be recorded, record nothing
    #[arg(long, requires = "circulated")]
    pub(crate) dry_run: bool,
    /// Go on although the clock is behind the last entry
    #[arg(long, requires = "circulated")]
    pub(crate) accept_clock: bool,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) signing: SigningArgs,
}

/// The size from which on entries are notified.
///
/// # Errors
/// [`Failure`] if the user gives none, or if it is beyond the entries that are read.
pub(crate) fn since(args: &Args, reading: &Reading, axes: &Axes) -> Result<Size, Failure> {
    let text = args.since.as_deref().ok_or_else(|| {
        Failure::usage("notify needs --since: a size, a time or a checkpoint file")
            .help("everything that is recorded: --since 0")
    })?;
    let since = recorded_by("--since", text, reading)?;
    match since <= axes.as_recorded {
        true => Ok(since),
        false => Err(Failure::usage(format!(
            "--since {since} comes after --as-recorded {}: nothing lies between",
            axes.as_recorded
        ))),
    }
}

/// The bodies that the user names, each once, or every body.
///
/// # Errors
/// [`Failure`] for a body that the ledger does not have.
pub(crate) fn bodies(words: &[String], reading: &Reading, axes: &Axes) -> Result<Vec<BodyId>, Failure> {
    let mut found = Vec::with_capacity(words.len());
    for word in words {
        let body = BodyId::parse(word).map_err(Failure::usage)?;
        reading.charter(&body, axes)?;
        found.push(body);
    }
    if found.is_empty() {
        found = reading.bodies(axes.as_recorded)?;
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// The notifications of some bodies that are still to be circulated.
///
/// # Errors
/// [`Failure`].
pub(crate) fn drafts(
    reading: &Reading,
    bodies: &[BodyId],
    since: Size,
    axes: &Axes,
) -> Result<Notifications, Failure> {
    let each = reading.over(bodies, |pass, body| {
        let material = pass.material(body, None, axes.as_recorded)?;
        Ok(notifications(&material, body, since, axes)?)
    })?;
    Ok(Notifications::joined(since, axes, reading.head(axes.as_recorded)?, each))
}
