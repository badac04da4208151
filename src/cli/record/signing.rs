//! The keys that sign the events of a command, and drafts for others to sign.

use std::path::{Path, PathBuf};

use crate::event::leaf::{encode_event, encode_offer};
use crate::event::{Event, EventSignature};
use crate::ledger::{Draft, Writer};
use crate::log::{Disk, KeyError, LogError, SigningKey, read_recorder_key};

use crate::cli::context::Context;
use crate::cli::error::{Exit, Failure};

/// The keys that sign
#[derive(clap::Args, Debug, Default)]
pub(crate) struct SignArgs {
    /// Sign with the recorder's key in this file; may be repeated
    #[arg(long, value_name = "KEYFILE", env = "CHANCERY_RECORDER_KEY", help_heading = "Who records it")]
    pub(crate) sign: Vec<PathBuf>,
}

/// The keys that sign, and what is left for others to sign
#[derive(clap::Args, Debug)]
pub(crate) struct SigningArgs {
    #[command(flatten)]
    keys: SignArgs,
    /// Record nothing: write it to this file, with the signatures, for others to sign and append --from
    #[arg(long, value_name = "FILE", help_heading = "Who records it")]
    draft: Option<PathBuf>,
}

/// The mode of a command that makes events.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode<'a> {
    /// Records the events.
    Record,
    /// Only reports the changes that the events would make.
    DryRun,
    /// Writes the events to this file, for others to sign.
    Draft(&'a Path),
}

impl Mode<'_> {
    /// True if the command writes to the ledger.
    pub(crate) fn records(self) -> bool {
        self == Mode::Record
    }
}

impl SignArgs {
    /// Opens the ledger for a command that writes. For a dry run or a draft of it, no lock and no right to write are needed.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) fn open(&self, context: &Context, command: &str, mode: Mode<'_>) -> Result<Writer, Failure> {
        let keys: Vec<SigningKey> = self.sign.iter().map(|path| key(path)).collect::<Result<_, _>>()?;
        let mut writer = match mode {
            Mode::Record => context.writer(command)?,
            Mode::DryRun | Mode::Draft(_) => context.dry_run()?,
        };
        writer.sign_with(keys);
        Ok(writer)
    }
}

impl SigningArgs {
    /// The mode that the options give.
    pub(crate) fn mode(&self, dry_run: bool) -> Mode<'_> {
        match (&self.draft, dry_run) {
            (_, true) => Mode::DryRun,
            (Some(file), false) => Mode::Draft(file),
            (None, false) => Mode::Record,
        }
    }

    /// Opens the ledger as [`SignArgs::open`] does.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) fn open(&self, context: &Context, command: &str, mode: Mode<'_>) -> Result<Writer, Failure> {
        self.keys.open(context, command, mode)
    }

    /// True if events are only drafted.
    pub(crate) fn drafts(&self) -> bool {
        self.draft.is_some()
    }
}

fn key(path: &Path) -> Result<SigningKey, Failure> {
    read_recorder_key(path).map_err(|error| match error {
        LogError::Io { source, .. } => Failure::file(path, &source),
        LogError::Key(KeyError::Text { .. }) => Failure::usage(error)
            .help("it is the file that chancery recorder generate makes, not the one beside it"),
        other => other.into(),
    })
}

/// Writes drafts to a file, each in one line with its signatures, and returns the signatures of each.
///
/// # Errors
/// [`Failure`].
pub(crate) fn write_drafts(
    writer: &Writer,
    drafts: &[Draft],
    file: &Path,
) -> Result<Vec<Vec<EventSignature>>, Failure> {
    let mut lines: Vec<u8> = Vec::new();
    let mut signed = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let signatures = writer.signatures(draft.event.id, &draft.bytes)?;
        lines.extend(line(&draft.event, signatures.clone()).map_err(Failure::usage)?);
        lines.push(b'\n');
        signed.push(signatures);
    }
    let written = Disk::default().replace(file, &lines);
    written.map_err(|e| Failure::new(Exit::Unavailable, format!("{}: {e}", file.display())))?;
    Ok(signed)
}

fn line(event: &Event, signatures: Vec<EventSignature>) -> Result<Vec<u8>, crate::event::leaf::LeafError> {
    match signatures.is_empty() {
        true => encode_event(event),
        false => encode_offer(event, signatures),
    }
}
