use std::path::PathBuf;

use crate::event::{
    Act, ActKind, BodyId, Edtf, Enrolment, Event, EventId, Evidence, Limitation, Limits, RecorderId,
    Revocation, Role, Size,
};
use crate::ledger::{AppendOptions, recorder_name};
use crate::log::{Disk, SigningKey, write_recorder_key};

use crate::cli::context::{Context, Format, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::prove::given::verifier_key;
use crate::cli::prove::key::seed;
use crate::cli::record::append::{SourceArgs, offers};
use crate::cli::record::receipt;
use crate::cli::record::recorder_list::{self, ListArgs};
use crate::cli::record::signing::{Mode, SigningArgs};

/// Who may record: generate, enrol, limit, revoke, require, sign, list
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Command {
    Generate(GenerateArgs),
    Enrol(EnrolArgs),
    Limit(LimitArgs),
    Revoke(RevokeArgs),
    Require(RequireArgs),
    Sign(AddArgs),
    List(ListArgs),
}

/// Make a recorder's key: FILE, for its owner only, and FILE.pub, for everyone
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  chancery recorder generate treaty-section.key --name treaty-section

Hand FILE.pub to whoever keeps the register; FILE never leaves its owner. No
ledger is needed. The form is Ed25519, C2SP signed-note.")]
pub(crate) struct GenerateArgs {
    /// Where the key is to be
    file: PathBuf,
    /// What the recorder is called: lower-case letters, digits, hyphens
    #[arg(long)]
    name: RecorderId,
}

/// Enrol a recorder by its verifier key
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery recorder enrol desk.key.pub --bodies sco,nato --cite \"order 12\" \\
    --sign registry.key
  chancery recorder enrol deputy.key.pub --registrar --cite \"order 13\" \\
    --sign registry.key

Without --bodies and --acts every act in every organisation and treaty is open;
the register of recorders is open to registrars only. Nobody gives more than
they have.")]
pub(crate) struct EnrolArgs {
    /// The verifier key: the line, or a file that holds it
    #[arg(value_name = "VKEY")]
    key: String,
    #[command(flatten)]
    limits: LimitsArgs,
    #[command(flatten)]
    common: RegisterArgs,
}

/// Say anew what a recorder may record, in place of all that was said before
#[derive(clap::Args, Debug)]
pub(crate) struct LimitArgs {
    /// Which recorder
    recorder: RecorderId,
    #[command(flatten)]
    limits: LimitsArgs,
    #[command(flatten)]
    common: RegisterArgs,
}

/// Revoke a recorder: what it recorded stands, nothing more is taken of it
#[derive(clap::Args, Debug)]
pub(crate) struct RevokeArgs {
    /// Which recorder
    recorder: RecorderId,
    #[command(flatten)]
    common: RegisterArgs,
}

/// Require from here on that every entry is signed; it cannot be undone
#[derive(clap::Args, Debug)]
pub(crate) struct RequireArgs {
    #[command(flatten)]
    common: RegisterArgs,
}

/// Add a signature to events that were drafted with --draft
#[derive(clap::Args, Debug)]
#[command(after_help = "Example, for an act that needs two recorders:
  chancery append membership-ratified -p KAZ --in sco --about BLR \\
    --deposited 2024-05-02 --cite \"…\" --sign one.key --draft act.jsonl
  chancery recorder sign act.jsonl --sign two.key
  chancery append --from act.jsonl

Read the file before you sign it. The signature is over the event and the name
of the ledger: whoever changes either makes it void.")]
pub(crate) struct AddArgs {
    /// The drafted events; the file is written anew with the signature
    file: PathBuf,
    #[command(flatten)]
    keys: crate::cli::record::signing::SignArgs,
}

/// What a recorder may record
#[derive(clap::Args, Debug)]
struct LimitsArgs {
    /// Only in these organisations and treaties, separated by commas
    #[arg(long, value_name = "BODIES", value_delimiter = ',')]
    bodies: Vec<BodyId>,
    /// Only these acts, separated by commas
    #[arg(long, value_name = "ACTS", value_delimiter = ',', value_parser = str::parse::<ActKind>)]
    acts: Vec<ActKind>,
    /// It may also enrol, limit and revoke recorders
    #[arg(long)]
    registrar: bool,
}

impl LimitsArgs {
    fn limits(&self) -> Result<Limits, Failure> {
        if self.bodies.iter().any(BodyId::is_ledger) || self.acts.iter().any(|act| act.is_of_ledger()) {
            return Err(Failure::usage(
                "what is of the ledger itself is open to registrars only: --registrar",
            ));
        }
        let acts = (!self.acts.is_empty()).then(|| self.acts.iter().copied().collect());
        let bodies = (!self.bodies.is_empty()).then(|| self.bodies.iter().cloned().collect());
        Ok(Limits { acts, bodies, registrar: self.registrar })
    }
}

/// What every act of the register has
#[derive(clap::Args, Debug)]
struct RegisterArgs {
    /// When it was ordered
    #[arg(long, value_name = "DATE")]
    done: Option<Edtf>,
    /// A remark
    #[arg(long)]
    note: Option<String>,
    /// The event's id, chosen by you: running the same again records it once
    #[arg(long, value_name = "UUID", value_parser = EventId::parse)]
    id: Option<EventId>,
    /// Refuse unless the ledger has exactly this many entries
    #[arg(long, value_name = "N")]
    expect_size: Option<u64>,
    /// Say what would be recorded, record nothing
    #[arg(long)]
    dry_run: bool,
    /// Go on although the clock is behind the last entry
    #[arg(long)]
    accept_clock: bool,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    signing: SigningArgs,
}

pub(crate) fn run(command: &Command, context: &Context) -> Result<Exit, Failure> {
    match command {
        Command::Generate(args) => generate(args, context),
        Command::Enrol(args) => {
            let key = verifier_key(&args.key)?;
            let limits = args.limits.limits()?;
            let enrolment = Enrolment { key: key.to_string(), limits };
            record(&args.common, Act::RecorderEnrolled(Box::new(enrolment)), "recorder enrol", context)
        }
        Command::Limit(args) => {
            let limitation = Limitation { limits: args.limits.limits()?, recorder: args.recorder.clone() };
            record(&args.common, Act::RecorderLimited(Box::new(limitation)), "recorder limit", context)
        }
        Command::Revoke(args) => {
            let revocation = Revocation { recorder: args.recorder.clone() };
            record(&args.common, Act::RecorderRevoked(revocation), "recorder revoke", context)
        }
        Command::Require(args) => record(&args.common, Act::RecordersRequired, "recorder require", context),
        Command::Sign(args) => sign(args, context),
        Command::List(args) => recorder_list::run(args, context),
    }
}

fn generate(args: &GenerateArgs, context: &Context) -> Result<Exit, Failure> {
    let key = SigningKey::from_seed(args.name.as_str(), &seed(args.name.as_str(), context)?);
    write_recorder_key(&args.file, &key, &Disk::default())?;
    let line = key.verifier().to_string();
    if context.format == Format::Text {
        context.print_verbatim(&format!("{line}\n"))?;
    } else {
        let answer = serde_json::json!({"recorder": args.name, "verifier_key": line});
        let columns = &["recorder", "verifier_key"];
        context.answer(&answer, Shape { list: None, columns }, |_| String::new())?;
    }
    context.remark(&format!(
        "the secret is in {0}, for its owner only; what others need is {0}.pub",
        args.file.display()
    ));
    Ok(Exit::Done)
}

/// Records an act of the register.
fn record(args: &RegisterArgs, act: Act, command: &str, context: &Context) -> Result<Exit, Failure> {
    let (evidence, document) = args.source.evidence()?;
    if evidence.is_empty() {
        return Err(Failure::usage("--cite is needed: who may record is ordered somewhere"));
    }
    let mut event = of_ledger(args.id.unwrap_or_else(|| context.new_id()), act, evidence);
    if let Some(done) = &args.done {
        event.dates.set(Role::Done, done.clone());
    }
    event.note.clone_from(&args.note);
    let mode = args.signing.mode(args.dry_run);
    let mut writer = args.signing.open(context, command, mode)?;
    let options = AppendOptions {
        now: context.clock_now(),
        expect_size: args.expect_size.map(Size),
        accept_clock: args.accept_clock,
    };
    if let Some(bytes) = document.filter(|_| mode.records()) {
        writer.rehearse(vec![event.clone()], &options)?;
        crate::cli::record::documents::keep_document(&context.ledger, &bytes)?;
    }
    let done = receipt::append(context, &mut writer, vec![event], options, mode);
    if mode.records() {
        context.close(writer);
    }
    done.map(|()| Exit::Done)
}

/// An act about the ledger itself.
fn of_ledger(id: EventId, act: Act, evidence: Vec<Evidence>) -> Event {
    let mut event = Event::new(id, act, BodyId::ledger());
    event.evidence = evidence;
    event
}

/// The first entries of the register: they enrol its first recorders, with every right, and require every later entry to be signed.
///
/// # Errors
/// [`Failure`] for a key that is not a recorder's key.
pub(crate) fn founding(keys: &[String], context: &Context) -> Result<Vec<Event>, Failure> {
    let evidence = || vec![Evidence::citing("chancery init --recorders required", None)];
    let mut events = Vec::with_capacity(keys.len() + 1);
    for key in keys {
        let key = verifier_key(key)?;
        recorder_name(&key).map_err(Failure::usage)?;
        let limits = Limits { registrar: true, ..Limits::default() };
        let enrolment = Enrolment { key: key.to_string(), limits };
        events.push(of_ledger(context.new_id(), Act::RecorderEnrolled(Box::new(enrolment)), evidence()));
    }
    events.push(of_ledger(context.new_id(), Act::RecordersRequired, evidence()));
    Ok(events)
}

fn sign(args: &AddArgs, context: &Context) -> Result<Exit, Failure> {
    if args.keys.sign.is_empty() {
        return Err(Failure::usage("which key signs? --sign KEYFILE"));
    }
    let offers = offers(&args.file, context)?;
    let mode = Mode::Draft(&args.file);
    let mut writer = args.keys.open(context, "recorder sign", mode)?;
    let mut events = Vec::with_capacity(offers.len());
    for (event, signatures) in offers {
        writer.offer(event.id, signatures);
        events.push(event);
    }
    let options = AppendOptions { now: context.clock_now(), expect_size: None, accept_clock: false };
    receipt::append(context, &mut writer, events, options, mode)?;
    Ok(Exit::Done)
}
