use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::event::Instant;
use crate::log::Disk;
use crate::witness::{Witness, WitnessRefusal};

use crate::cli::context::{Context, Format, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::prove::witness_request::{REQUEST_BYTES_MAX, instant, seconds};
use crate::cli::render::count;

/// Be a witness of other ledgers: cosign their heads, each only where it continues the last
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Command {
    Init(InitArgs),
    Trust(TrustArgs),
    Show(ShowArgs),
    Cosign(CosignArgs),
    #[cfg(feature = "serve")]
    Serve(crate::cli::prove::witness_serve::Args),
}

/// Begin a witness: makes its key, prints its verifier key
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery witness init ~/witness --name university.example/witness
  chancery witness trust ~/witness sco.vkey
  chancery witness serve ~/witness --listen 127.0.0.1:8080

The line it prints goes into the policies of those who rely on it. The folder is
never restored from a backup: a witness that forgot what it cosigned could
cosign another history. docs/WITNESS.md says how to run one.")]
pub(crate) struct InitArgs {
    /// The witness's folder
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Its name, as an address without http://
    #[arg(long, value_name = "NAME")]
    name: String,
}

/// Follow a log: cosign its heads from now on
#[derive(clap::Args, Debug)]
pub(crate) struct TrustArgs {
    /// The witness's folder
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The log's verifier key: the line that `chancery key show` prints, or a file that holds it
    #[arg(value_name = "VKEY")]
    key: String,
}

/// The witness's verifier key, and what it cosigned last of each log
#[derive(clap::Args, Debug)]
pub(crate) struct ShowArgs {
    /// The witness's folder
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Cosign by file: a request in, the cosignature out
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery witness cosign ~/witness request > lines

The request is what `chancery prove request` writes, the body of add-checkpoint
in C2SP tlog-witness. A witness cosigns a head only where it is shown to begin
with the one it cosigned last. Heads that contradict each other are kept in
DIR/evidence.")]
pub(crate) struct CosignArgs {
    /// The witness's folder
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The request; `-` for standard input
    #[arg(value_name = "REQUEST")]
    request: PathBuf,
}

pub(crate) fn run(command: &Command, context: &Context) -> Result<Exit, Failure> {
    match command {
        Command::Init(args) => {
            let seed = crate::cli::prove::key::seed(&format!("witness {}", args.name), context)?;
            let witness = Witness::create(&args.folder, &args.name, &seed, Disk::default())?;
            context.print_verbatim(&format!("{}\n", witness.cosigner()))?;
            Ok(Exit::Done)
        }
        Command::Trust(args) => {
            let witness = Witness::open(&args.folder, Disk::default())?;
            let key = crate::cli::prove::given::verifier_key(&args.key)?;
            witness.trust(&key)?;
            let last = match witness.last(key.name())?.head.size {
                0 => "nothing of it is cosigned yet".to_owned(),
                last => format!("its first {} cosigned", count(last, "entry is", "entries are")),
            };
            context.print(&format!("follows {}: {last}\n", key.name()))?;
            Ok(Exit::Done)
        }
        Command::Show(args) => show(&Witness::open(&args.folder, Disk::default())?, context),
        Command::Cosign(args) => cosign(args, context),
        #[cfg(feature = "serve")]
        Command::Serve(args) => crate::cli::prove::witness_serve::run(args),
    }
}

fn show(witness: &Witness, context: &Context) -> Result<Exit, Failure> {
    let mut logs = Vec::new();
    let mut text = format!("{}\n", witness.cosigner());
    for key in witness.logs()? {
        let last = witness.last(key.name())?;
        let time = witness.cosigner().cosigned(&last).ok().flatten().map(instant);
        let head = &last.head;
        text.push_str(&match &time {
            Some(time) => {
                format!("  {}  {}, cosigned {time}\n", head.origin, count(head.size, "entry", "entries"))
            }
            None => format!("  {}  nothing cosigned yet\n", head.origin),
        });
        let time = time.map(Instant::canonical);
        let root = head.root.to_string();
        logs.push(json!({"origin": head.origin, "size": head.size, "root": root, "cosigned": time}));
    }
    let answer = json!({"verifier_key": witness.cosigner().to_string(), "logs": logs});
    let columns = &["origin", "size", "root", "cosigned"];
    context.answer(&answer, Shape { list: Some("logs"), columns }, |_| text)?;
    Ok(Exit::Done)
}

fn cosign(args: &CosignArgs, context: &Context) -> Result<Exit, Failure> {
    let witness = Witness::open(&args.folder, Disk::default())?;
    let body = request(&args.request)?;
    let cosigned = witness.add_checkpoint(&body, seconds(context.now))?;
    let cosigned = cosigned.map_err(|refusal| refused(&refusal, &args.folder))?;
    match context.format {
        Format::Text => context.print_verbatim(&format!("{}\n", cosigned.line))?,
        _ => {
            let (origin, size, line) = (&cosigned.head.origin, cosigned.head.size, cosigned.line.to_string());
            let answer = json!({"origin": origin, "size": size, "cosignature": line});
            let columns = &["origin", "size", "cosignature"];
            context.answer(&answer, Shape { list: None, columns }, |_| String::new())?;
        }
    }
    Ok(Exit::Done)
}

fn refused(refusal: &WitnessRefusal, folder: &Path) -> Failure {
    let failure = match refusal {
        WitnessRefusal::Malformed { .. } | WitnessRefusal::Backwards { .. } => Failure::usage(refusal),
        _ => Failure::new(Exit::Refused, refusal),
    };
    match refusal {
        WitnessRefusal::Unknown(_) => failure.help("follow it: chancery witness trust DIR VKEY"),
        WitnessRefusal::Conflict { size } => failure.help(format!("make it so: chancery prove request {size}")),
        WitnessRefusal::Forked { .. } | WitnessRefusal::OtherMap { .. } => {
            failure.help(format!("both heads are kept in {}: show them to others", folder.join("evidence").display()))
        }
        WitnessRefusal::Unproven { old, size } => failure.help(format!(
            "the request was made wrongly, or the log shows two histories: both heads are kept in {}; ask the log for \
             chancery prove consistency {old} {size}",
            folder.join("evidence").display()
        )),
        _ => failure,
    }
}

fn request(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let failed = |error: std::io::Error| Failure::file(path, &error);
    let source: Box<dyn Read> = match path.to_str() {
        Some("-") => Box::new(std::io::stdin()),
        _ => Box::new(std::fs::File::open(path).map_err(failed)?),
    };
    source.take(REQUEST_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    match bytes.len() as u64 > REQUEST_BYTES_MAX {
        true => Err(Failure::usage(format!("{}: larger than any request", path.display()))),
        false => Ok(bytes),
    }
}
