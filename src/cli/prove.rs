use std::path::{Path, PathBuf};

use crate::event::{Index, Size};
use crate::log::{Claim, ProofText};

use super::context::Context;
use super::error::{Exit, Failure};

/// Write a proof that others verify without this ledger: of an entry, of growth
#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    Inclusion(InclusionArgs),
    Consistency(ConsistencyArgs),
}

/// That an entry stands in the log, as its bytes say
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery prove inclusion 52 --out entry-52.tlog-proof
  chancery verify entry-52.tlog-proof --key sco.vkey

The form is C2SP tlog-proof: the leaf, its place, the hashes of RFC 6962, the
signed checkpoint. docs/PROOF.md describes every line; docs/verify.py verifies
it with Python alone.")]
pub(super) struct InclusionArgs {
    /// Which entry, counting from 0
    #[arg(value_name = "ENTRY")]
    entry: u64,
    /// Among the first N entries; default: all of them
    #[arg(long, value_name = "N")]
    size: Option<u64>,
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
pub(super) struct ConsistencyArgs {
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

pub(super) fn run(command: &Command, context: &Context) -> Result<Exit, Failure> {
    let ledger = context.reader()?;
    match command {
        Command::Inclusion(args) => {
            let size = args.size.map_or(ledger.size(), Size);
            let mut proof = ledger.prove_inclusion(Index(args.entry), size)?;
            if let Claim::Inclusion { leaf, .. } = &mut proof.claim
                && args.without_leaf
            {
                *leaf = None;
            }
            write(&proof, args.out.as_deref(), context)
        }
        Command::Consistency(args) => {
            if args.old > args.new {
                return Err(Failure::usage(format!("{} is later than {}", args.old, args.new))
                    .help(format!("the earlier size comes first: {} {}", args.new, args.old)));
            }
            let proof = ledger.prove_consistency(Size(args.old), Size(args.new))?;
            write(&proof, args.out.as_deref(), context)
        }
    }
}

fn write(proof: &ProofText, out: Option<&Path>, context: &Context) -> Result<Exit, Failure> {
    match out {
        Some(path) => std::fs::write(path, proof.to_string()).map_err(|e| Failure::file(path, &e))?,
        None => context.print(&proof.to_string())?,
    }
    Ok(Exit::Done)
}
