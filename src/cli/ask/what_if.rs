use std::ffi::OsString;
use std::path::PathBuf;

use crate::cli::context::Context;
use crate::cli::error::{Exit, Failure};
use crate::cli::record::append::batch;

/// An answer with events that are not recorded; nothing is written
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery what-if --suppose signed.jsonl status LAO --in sco
  chancery what-if --suppose signed.jsonl diff sco --as-recorded 128..
  chancery --format json what-if --suppose - roster sco < signed.jsonl

The file holds events as `append --from` takes them, one a line. They are
checked as an append checks them (exit 3 where they are refused) and stand
behind everything that is recorded. The answer says that it supposes them: a
line in text, \"supposed\" in JSON, a column in CSV.")]
pub(crate) struct Args {
    /// JSON Lines of events, `-` for standard input
    #[arg(long, value_name = "FILE")]
    suppose: PathBuf,
    /// The question, as it is asked without this: status BLR --in sco --on 2023-07-01
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "QUESTION")]
    question: Vec<OsString>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let events = batch(&args.suppose, context)?;
    let mut words: Vec<OsString> = vec!["chancery".into()];
    words.extend(context.options());
    words.extend(args.question.iter().cloned());
    crate::cli::question(words, |context| context.supposing(events))
}
