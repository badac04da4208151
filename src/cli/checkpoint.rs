use serde_json::json;

use crate::event::Size;

use super::context::{Context, Format, Shape};
use super::error::{Exit, Failure};

/// The signed head of the log: its name, its size, its root, and the signature
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery checkpoint > 2026-11-24.checkpoint
  chancery audit --since 2026-11-24.checkpoint

Keep one elsewhere, or hand it to someone: a log that was rewritten can never
again begin with what it covers. The form is C2SP tlog-checkpoint, signed with
Ed25519 (C2SP signed-note). A copy of a ledger without its key shows the head
that was signed last.")]
pub(super) struct Args {
    /// The head of the first N entries; default: all of them
    #[arg(long, value_name = "N")]
    size: Option<u64>,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let ledger = context.reader()?;
    let signed = ledger.signed_head(args.size.map_or(ledger.size(), Size))?;
    if context.format == Format::Text {
        context.print(&signed.to_string())?;
        return Ok(Exit::Done);
    }
    let head = &signed.head;
    let (root, note) = (head.root.to_string(), signed.to_string());
    let answer = json!({"origin": head.origin, "size": head.size, "root": root, "note": note});
    let columns = &["origin", "size", "root", "note"];
    context.answer(&answer, Shape { list: None, columns }, |_| String::new())?;
    Ok(Exit::Done)
}
