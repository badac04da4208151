use std::path::PathBuf;

use serde_json::json;

use crate::event::Size;

use crate::cli::context::{Context, Format, Shape};
use crate::cli::error::{Exit, Failure};

/// The signed head of the log: its name, its size, its root, and the signature
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery checkpoint > 2026-11-24.checkpoint
  chancery audit --since 2026-11-24.checkpoint
  chancery checkpoint --cosign policy

Keep one elsewhere, or hand it to someone: a log that was rewritten can never
again begin with what it covers. The form is C2SP tlog-checkpoint, signed with
Ed25519 (C2SP signed-note). A copy of a ledger without its key shows the head
that was signed last.

--cosign asks every witness of a policy (C2SP tlog-policy) that has an address
there. Where enough have cosigned, the head is kept with their lines in the
ledger's folder, and proofs under it carry them; otherwise exit 1 says what is
lacking. docs/WITNESS.md has an example.")]
pub(crate) struct Args {
    /// The head of the first N entries; default: all of them
    #[arg(long, value_name = "N")]
    size: Option<u64>,
    /// Ask the witnesses of this policy to cosign it
    #[arg(long, value_name = "POLICY")]
    cosign: Option<PathBuf>,
    /// Cosignatures that were got another way (`chancery witness cosign`); may be repeated
    #[arg(long, value_name = "FILE", requires = "cosign")]
    lines: Vec<PathBuf>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let reading = context.reading()?;
    let size = args.size.map_or(reading.size(), Size);
    if let Some(policy) = &args.cosign {
        return crate::cli::prove::cosign::run(
            &reading,
            size,
            &crate::cli::prove::cosign::policy(policy)?,
            &args.lines,
            context,
        );
    }
    let signed = reading.signed_head(size)?;
    if context.format == Format::Text {
        context.print_verbatim(&signed.to_string())?;
        return Ok(Exit::Done);
    }
    let head = &signed.head;
    let (root, note) = (head.root.to_string(), signed.to_string());
    let answer = json!({"origin": head.origin, "size": head.size, "root": root, "note": note});
    let columns = &["origin", "size", "root", "note"];
    context.answer(&answer, Shape { list: None, columns }, |_| String::new())?;
    Ok(Exit::Done)
}
