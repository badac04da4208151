use std::path::PathBuf;

use serde_json::json;

use crate::audit::{RepairError, repair};
use crate::log::Disk;

use crate::cli::context::{Context, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::render::count;

/// Restore missing or damaged evidence from a copy into a new folder; the damaged ledger is left as it is
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  chancery repair --from ../backup.ledger --into ./restored.ledger

Every entry that is intact is kept; one that is not is taken from the copy, if a hash or a
head of the damaged ledger shows that it is the one that was lost. Then: chancery audit")]
pub(crate) struct Args {
    /// A good copy: a ledger's folder, or a file made by `chancery export leaves`
    #[arg(long, value_name = "FOLDER|FILE")]
    from: PathBuf,
    /// The new folder
    #[arg(long, value_name = "FOLDER")]
    into: PathBuf,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let done = repair(&context.ledger, &args.from, &args.into, &Disk::default()).map_err(failed)?;
    let answer = json!({"into": args.into, "size": done.size, "root": done.root.to_string(), "restored": done.restored});
    context.answer(
        &answer,
        Shape { list: None, columns: &["into", "size", "root", "restored"] },
        |page| {
            let mut out = format!(
                "{} in {}, root {}\n",
                count(done.size.0, "entry", "entries"),
                args.into.display(),
                done.root
            );
            let restored: Vec<String> = done.restored.iter().map(ToString::to_string).collect();
            match restored.is_empty() {
                true => out.push_str("  every entry was intact\n"),
                false => out.push_str(&page.wrap("  from the copy: ", &restored.join(" "))),
            }
            out.push_str(&page.wrap(
                "  ",
                &format!(
                    "documents are not copied; check it: chancery audit --ledger {}",
                    args.into.display()
                ),
            ));
            out
        },
    )?;
    Ok(Exit::Done)
}

fn failed(error: RepairError) -> Failure {
    match error {
        RepairError::Log(error) => error.into(),
        RepairError::Copy { .. } => Failure::usage(error),
        other => Failure::new(Exit::Refused, other),
    }
}
