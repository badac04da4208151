use std::path::{Path, PathBuf};

use crate::event::{Index, Size};
use crate::ledger::Reading;
use crate::log::{Claim, SignedCheckpoint};
use crate::witness::Request;

use crate::cli::context::Context;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::write_output;

/// Write a proof that others verify without this ledger: of an entry, of growth; ask a witness by file
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Command {
    Inclusion(InclusionArgs),
    Consistency(ConsistencyArgs),
    Request(RequestArgs),
}

/// That an entry stands in the log, as its bytes say
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery prove inclusion 52 --out entry-52.tlog-proof
  chancery verify entry-52.tlog-proof --key sco.vkey

The form is C2SP tlog-proof: the leaf, its place, the hashes of RFC 6962, the
signed checkpoint. docs/PROOF.md describes every line; docs/verify.py verifies
it with Python alone.")]
pub(crate) struct InclusionArgs {
    /// Which entry, counting from 0
    #[arg(value_name = "ENTRY")]
    entry: u64,
    /// Among the first N entries; default: all of them
    #[arg(long, value_name = "N")]
    size: Option<u64>,
    /// Under the head that witnesses cosigned last (`chancery checkpoint --cosign`)
    #[arg(long, conflicts_with = "size")]
    cosigned: bool,
    /// Leave the leaf out: it is handed over apart (`chancery show ENTRY --leaf`)
    #[arg(long)]
    without_leaf: bool,
    /// Write the proof there
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// That the log of a later size begins with the log of an earlier one
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery prove consistency 100 128 --out growth.txt
  chancery verify growth.txt --key sco.vkey --since 2026-11-24.checkpoint

Who holds the checkpoint of the earlier size sees with this that nothing in it
was changed, removed or put in between.")]
pub(crate) struct ConsistencyArgs {
    /// The earlier size, at least 1
    #[arg(value_name = "OLD", value_parser = clap::value_parser!(u64).range(1..))]
    old: u64,
    /// The later size
    #[arg(value_name = "NEW")]
    new: u64,
    /// Write the proof there
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What a witness is asked by file: to cosign a head that continues the one it cosigned last
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery prove request 100 --out request
  chancery witness cosign ~/witness request > lines    (where the witness is)
  chancery checkpoint --cosign policy --lines lines

OLD is how many entries the witness cosigned last, 0 for none; a witness that is
asked from another size says its own. Witnesses that serve are asked by
`chancery checkpoint --cosign` itself. The form is the body of add-checkpoint in
C2SP tlog-witness.")]
pub(crate) struct RequestArgs {
    /// How many entries the witness cosigned last
    #[arg(value_name = "OLD")]
    old: u64,
    /// The head of the first N entries; default: all of them
    #[arg(long, value_name = "N")]
    size: Option<u64>,
    /// Write the request there
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// A request that a witness cosign a head which continues the head of the first `old` entries.
///
/// # Errors
/// [`Failure`] if the ledger has fewer entries.
pub(crate) fn request(reading: &Reading, old: u64, size: Size) -> Result<Request, Failure> {
    Ok(match old {
        0 => Request { old, proof: Vec::new(), checkpoint: reading.signed_head(size)? },
        _ => {
            let proof = reading.prove_consistency(Size(old), size)?;
            Request { old, proof: proof.hashes, checkpoint: proof.checkpoint }
        }
    })
}

pub(crate) fn run(command: &Command, context: &Context) -> Result<Exit, Failure> {
    let reading = context.reading()?;
    match command {
        Command::Inclusion(args) => {
            let size = match args.cosigned {
                true => Size(cosigned(&reading)?.head.size),
                false => args.size.map_or(reading.size(), Size),
            };
            let mut proof = reading.prove_inclusion(Index(args.entry), size)?;
            if let Claim::Inclusion { leaf, .. } = &mut proof.claim
                && args.without_leaf
            {
                *leaf = None;
            }
            write(&proof.to_string(), args.out.as_deref(), context)
        }
        Command::Consistency(args) => {
            if args.old > args.new {
                return Err(Failure::usage(format!("{} is later than {}", args.old, args.new))
                    .help(format!("the earlier size comes first: {} {}", args.new, args.old)));
            }
            let proof = reading.prove_consistency(Size(args.old), Size(args.new))?;
            write(&proof.to_string(), args.out.as_deref(), context)
        }
        Command::Request(args) => {
            let size = args.size.map_or(reading.size(), Size);
            if args.old > size.0 {
                return Err(Failure::usage(format!(
                    "the witness cosigned {} entries, this head has {size}",
                    args.old
                ))
                .help("a witness that has seen more than this ledger holds: it may be an older copy"));
            }
            write(&request(&reading, args.old, size)?.to_string(), args.out.as_deref(), context)
        }
    }
}

fn cosigned(reading: &Reading) -> Result<SignedCheckpoint, Failure> {
    reading.cosigned()?.ok_or_else(|| {
        Failure::new(Exit::Refused, "no witnesses have cosigned a head of this ledger")
            .help("ask them: chancery checkpoint --cosign POLICY")
    })
}

fn write(text: &str, out: Option<&Path>, context: &Context) -> Result<Exit, Failure> {
    match out {
        Some(path) => write_output(path, text.as_bytes())?,
        None => context.print_verbatim(text)?,
    }
    Ok(Exit::Done)
}
