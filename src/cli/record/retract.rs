use crate::event::{Act, ActKind, Cause, EventId, Index, Retraction};

use crate::cli::context::Context;
use crate::cli::error::{Exit, Failure};
use crate::cli::record::rectify::{CorrectionArgs, append, cause, correction, open};

/// Withdraw an entry, or a whole import, from this ledger's record; the old answer stays askable
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery retract 93 --cause clerical --cite \"typed twice\"
  chancery retract --import 125 --cause new-evidence --cite \"…\"

A retraction can itself be retracted: its target then stands again.")]
pub(crate) struct Args {
    /// Which entry
    #[arg(required_unless_present = "import", conflicts_with = "import")]
    entry: Option<u64>,
    /// A whole import: its entry, or its id
    #[arg(long, value_name = "ENTRY|ID")]
    import: Option<String>,
    /// Why the record was wrong: clerical, source-changed, new-evidence or law
    #[arg(long, value_parser = cause)]
    cause: Cause,
    #[command(flatten)]
    common: CorrectionArgs,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let (writer, source) = open(&args.common, context, "retract")?;
    let index = match (&args.entry, &args.import) {
        (Some(entry), _) => Index(*entry),
        (None, Some(word)) => match (word.parse(), EventId::parse(word)) {
            (Ok(index), _) => Index(index),
            (_, Ok(id)) => {
                writer.find(id)?.ok_or_else(|| Failure::usage(format!("no entry has the id {id}")))?
            }
            _ => return Err(Failure::usage(format!("--import {word:?} is neither an entry nor an id"))),
        },
        (None, None) => return Err(Failure::usage("say which entry")),
    };
    let target = writer.entry(index)?.event;
    let is_import = target.act.kind() == ActKind::ImportRecorded;
    if args.import.is_some() && !is_import {
        return Err(Failure::usage(format!("entry {index} is no import: it is {}", target.act.kind()))
            .help("list them: chancery log --act import-recorded"));
    }
    if args.import.is_none() && is_import {
        return Err(Failure::usage(format!("entry {index} is an import: every entry it brought would go"))
            .help(format!("if so: chancery retract --import {index} …")));
    }
    let act = Act::EntryRetracted(Retraction { cause: args.cause });
    let corrected = correction(&args.common, context, act, &target, source)?;
    append(&args.common, context, writer, corrected)
}
