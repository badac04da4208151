use crate::charter::{Template, charter_event};
use crate::event::{Event, EventId};
use crate::ledger::{AppendOptions, Writer};
use crate::log::{Disk, Making};

use crate::cli::context::Context;
use crate::cli::error::{Exit, Failure};
use crate::cli::prove::citation::Publication;
use crate::cli::render::count;

/// Make a new, empty ledger with a signing key; adopt the charters named
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery init --charter sco --ledger ./sco.ledger
  chancery init --title \"The SCO, 1996-2025\" --licence CC-BY-4.0
  chancery init --charter sco --recorders required --recorder registry.key.pub

Title, publisher and licence are kept in CITATION.toml in the ledger's folder,
for `chancery cite`. They are no evidence: change the file at any time.

The heads of the log are signed with the key in the file key, which only its
owner can read; chancery key show prints what others verify with.")]
pub(crate) struct Args {
    /// A shipped charter to adopt: `chancery charter list` names them; may be repeated
    #[arg(long, value_name = "CHARTER")]
    charter: Vec<String>,
    /// The log's name, as checkpoints bear it: letters, digits, dots, hyphens, slashes
    #[arg(long, value_name = "NAME")]
    origin: Option<String>,
    /// The record's title, as citations give it
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Who publishes the record
    #[arg(long, value_name = "TEXT")]
    publisher: Option<String>,
    /// On which terms it may be used, such as CC-BY-4.0
    #[arg(long, value_name = "TEXT", alias = "license")]
    licence: Option<String>,
    /// Whether every entry must be signed by enrolled recorders
    #[arg(long, value_enum, default_value_t = Recorders::Off, value_name = "WHETHER")]
    recorders: Recorders,
    /// With --recorders required: the verifier key of a first recorder, which may record everything and enrol others; the
    /// line, or a file that holds it; may be repeated
    #[arg(long, value_name = "VKEY")]
    recorder: Vec<String>,
}

/// Whether entries must be signed.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
enum Recorders {
    /// Anyone who can write to the folder records.
    Off,
    /// Enrolled recorders alone record.
    Required,
}

/// The namespace of the ids of charter events.
const CHARTERS: uuid::Uuid = uuid::Uuid::from_u128(0x6368_616e_6365_7279_8000_6368_6172_7400);

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let templates: Vec<&Template> =
        args.charter.iter().map(|name| template(name)).collect::<Result<_, _>>()?;
    let founding = founding(args, context)?;
    let origin = args.origin.clone().unwrap_or_else(|| format!("chancery/{}", context.new_id()));
    let making = Making::begin(&context.ledger)?;
    Writer::create(&context.ledger, &origin, &Disk::default())?;
    let publication = Publication {
        title: args.title.clone(),
        publisher: args.publisher.clone(),
        licence: args.licence.clone(),
    };
    publication.write(&context.ledger)?;
    let mut writer = context.writer("init")?;
    crate::cli::prove::key::create(&writer, context)?;
    let options = AppendOptions { now: context.clock_now(), expect_size: None, accept_clock: false };
    for template in templates {
        writer.append(template_events(template)?, options)?;
    }
    if !founding.is_empty() {
        writer.append(founding, options)?;
    }
    let size = writer.size();
    making.finish();
    context.close(writer);
    context.print(&format!(
        "a ledger at {}: {}, origin {origin}\n",
        context.ledger.display(),
        count(size.0, "entry", "entries")
    ))?;
    Ok(Exit::Done)
}

/// The events that require recorders; empty if recorders are not required.
fn founding(args: &Args, context: &Context) -> Result<Vec<Event>, Failure> {
    match (args.recorders, args.recorder.as_slice()) {
        (Recorders::Off, []) => Ok(Vec::new()),
        (Recorders::Off, _) => Err(Failure::usage("--recorder belongs to --recorders required")),
        (Recorders::Required, []) => {
            Err(Failure::usage("--recorders required needs a first recorder: --recorder VKEY")
                .help("make its key: chancery recorder generate FILE --name NAME"))
        }
        (Recorders::Required, keys) => crate::cli::record::recorder::founding(keys, context),
    }
}

/// A shipped charter by its name.
///
/// # Errors
/// [`Failure`] that names the shipped charters.
pub(crate) fn template(name: &str) -> Result<&'static Template, Failure> {
    Template::find(name).ok_or_else(|| {
        let ids: Vec<&str> = crate::charter::TEMPLATES.iter().map(|t| t.id).collect();
        Failure::usage(format!("no charter called {name:?} comes with this program"))
            .help(format!("there is: {}; another: chancery charter adopt FILE", ids.join(", ")))
    })
}

/// The adoption and the amendments of a shipped charter.
///
/// # Errors
/// [`Failure`] if a text cannot be read.
pub(crate) fn template_events(template: &Template) -> Result<Vec<Event>, Failure> {
    let event = |(at, text): (usize, &&str)| Ok(charter_event(text, at > 0, charter_id(text))?);
    template.texts.iter().enumerate().map(event).collect()
}

/// The id of a charter event, derived from its text: the same text is the same event.
pub(crate) fn charter_id(text: &str) -> EventId {
    EventId(uuid::Uuid::new_v5(&CHARTERS, text.as_bytes()))
}
