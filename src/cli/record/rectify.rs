use crate::event::{
    Act, Cause, Changes, Correction, Edtf, Event, EventId, Evidence, Field, FieldName, Index, Register, Role,
    Size,
};
use crate::ledger::{AppendOptions, Writer};

use crate::cli::context::Context;
use crate::cli::error::{Exit, Failure};
use crate::cli::record::append::SourceArgs;
use crate::cli::record::receipt;
use crate::cli::record::signing::{Mode, SigningArgs};

/// Correct an entry of this ledger by a new one; the old answer stays askable
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  chancery rectify 93 --set signed=2023-05-05 --cause new-evidence --cite \"…\"

Fields: participant, body, act, toward, about, status, title, place, sequence,
rival, known-from, note, and the dates by role. An empty value removes: note=
The correction holds from the beginning (ab initio); --as-recorded still shows
what the ledger said before. An error in a treaty's own text is an act:
correction-proposed, correction-effected (VCLT 79).")]
pub(crate) struct Args {
    /// Which entry
    entry: u64,
    /// What it says now: FIELD=VALUE; may be repeated
    #[arg(long, value_name = "FIELD=VALUE", required = true)]
    set: Vec<String>,
    /// Why the record was wrong: clerical, source-changed, new-evidence or law
    #[arg(long, value_parser = cause)]
    cause: Cause,
    #[command(flatten)]
    common: CorrectionArgs,
}

/// What rectifications and retractions share
#[derive(clap::Args, Debug)]
pub(crate) struct CorrectionArgs {
    /// The day from which the world could know of the error; default: the source's publication
    #[arg(long, value_name = "DATE")]
    pub(crate) known_from: Option<Edtf>,
    /// When it was found
    #[arg(long, value_name = "DATE")]
    pub(crate) done: Option<Edtf>,
    /// A remark
    #[arg(long)]
    pub(crate) note: Option<String>,
    /// The event's id, chosen by you
    #[arg(long, value_name = "UUID", value_parser = EventId::parse)]
    pub(crate) id: Option<EventId>,
    /// Refuse unless the ledger has exactly this many entries
    #[arg(long, value_name = "N")]
    pub(crate) expect_size: Option<u64>,
    /// Say what would change, record nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Go on although the clock is behind the last entry
    #[arg(long)]
    pub(crate) accept_clock: bool,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    signing: SigningArgs,
}

impl CorrectionArgs {
    /// The mode that the options of the correction give.
    pub(crate) fn mode(&self) -> Mode<'_> {
        self.signing.mode(self.dry_run)
    }
}

/// Reads a cause by its name.
pub(crate) fn cause(text: &str) -> Result<Cause, String> {
    let names = Cause::ALL.map(Cause::name);
    let found = Cause::ALL.into_iter().find(|c| c.name() == text);
    found.ok_or_else(|| format!("{text:?} is no cause: use {}", names.join(", ")))
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let (writer, source) = open(&args.common, context, "rectify")?;
    let target = writer.entry(Index(args.entry))?.event;
    let mut now = Changes::new();
    for set in &args.set {
        let (field, value) =
            set.split_once('=').ok_or_else(|| Failure::usage(format!("--set {set:?} is not FIELD=VALUE")))?;
        let field: Field = field.parse().map_err(Failure::usage)?;
        now.insert(FieldName(field), resolved(field, value.trim())?);
    }
    let said = writer.reading(context.now).as_it_stands(&target)?;
    let was: Changes = now.keys().map(|field| (*field, field.0.read(&said))).collect();
    if was == now {
        return Err(Failure::new(Exit::Refused, format!("entry {} says so already", args.entry)));
    }
    let act = Act::RecordCorrected(Correction { cause: args.cause, now, was });
    let corrected = correction(&args.common, context, act, &target, source)?;
    append(&args.common, context, writer, corrected)
}

/// A leaf names participants by their ids, whichever name the user typed.
fn resolved(field: Field, value: &str) -> Result<String, Failure> {
    match field {
        Field::Participant | Field::About if !value.is_empty() => {
            let found = Register::builtin().resolve(value).map_err(Failure::usage)?;
            Ok(found.id.to_string())
        }
        _ => Ok(value.to_owned()),
    }
}

/// The evidence of a correction, and the bytes of the attached document.
pub(crate) type Source = (Vec<Evidence>, Option<Vec<u8>>);

/// Opens the ledger for a correction; for reading only, if nothing will be recorded. The document is read first, because it may
/// come slowly through a pipe.
///
/// # Errors
/// [`Failure`].
pub(crate) fn open(
    args: &CorrectionArgs,
    context: &Context,
    command: &str,
) -> Result<(Writer, Source), Failure> {
    let source = args.source.evidence()?;
    Ok((args.signing.open(context, command, args.mode())?, source))
}

/// The event that corrects a target, with the document to be written beside the log.
///
/// # Errors
/// [`Failure`] if the correction has no source.
pub(crate) fn correction(
    args: &CorrectionArgs,
    context: &Context,
    act: Act,
    target: &Event,
    (evidence, document): Source,
) -> Result<(Event, Option<Vec<u8>>), Failure> {
    let mut event = Event::new(args.id.unwrap_or_else(|| context.new_id()), act, target.body.clone());
    event.participant = target.participant.clone();
    event.to = Some(target.id);
    event.known_from = args.known_from.clone();
    if let Some(done) = &args.done {
        event.dates.set(Role::Done, done.clone());
    }
    event.note = args.note.clone();
    if evidence.is_empty() {
        return Err(Failure::usage("--cite is needed: a correction carries its source"));
    }
    if matches!(args.mode(), Mode::Draft(_)) && document.is_some() {
        return Err(Failure::usage("--draft takes no --attach: it is kept beside the ledger"));
    }
    event.evidence = evidence;
    Ok((event, document))
}

/// Appends a correction, with its document, and prints its receipt.
///
/// # Errors
/// [`Failure`].
pub(crate) fn append(
    args: &CorrectionArgs,
    context: &Context,
    writer: Writer,
    corrected: (Event, Option<Vec<u8>>),
) -> Result<Exit, Failure> {
    append_then(args, context, writer, corrected, || Ok(()))
}

/// Does the same, and calls `then` after the correction is recorded and before its receipt is printed.
///
/// # Errors
/// [`Failure`].
pub(crate) fn append_then(
    args: &CorrectionArgs,
    context: &Context,
    mut writer: Writer,
    (event, document): (Event, Option<Vec<u8>>),
    then: impl FnOnce() -> Result<(), Failure>,
) -> Result<Exit, Failure> {
    let options = AppendOptions {
        now: context.clock_now(),
        expect_size: args.expect_size.map(Size),
        accept_clock: args.accept_clock,
    };
    if let Some(bytes) = document.filter(|_| args.mode().records()) {
        // A correction that is refused must leave no file that no entry names.
        writer.rehearse(vec![event.clone()], &options)?;
        crate::cli::record::documents::keep_document(&context.ledger, &bytes)?;
    }
    let done = receipt::append_then(context, &mut writer, vec![event], options, args.mode(), then);
    if args.mode().records() {
        context.close(writer);
    }
    done.map(|()| Exit::Done)
}
