use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::log::LogError;

use crate::cli::context::Context;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::write_output_by;
use crate::cli::safe;
use crate::cli::share::{panel, spells, table};

/// Take the record elsewhere: its leaves, its spells, a panel by year, a table "as at"
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Command {
    Leaves(LeavesArgs),
    Spells(spells::Args),
    Panel(panel::Args),
    Table(table::Args),
}

/// Every leaf, one a line: the line is the leaf, byte for byte
#[derive(clap::Args, Debug)]
pub(crate) struct LeavesArgs {
    /// Where to; default: standard output
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// From this entry on
    #[arg(long, value_name = "ENTRY", default_value_t = 0)]
    from: u64,
}

pub(crate) fn run(command: &Command, context: &Context) -> Result<Exit, Failure> {
    match command {
        Command::Leaves(args) => leaves(args, context),
        Command::Spells(args) => spells::run(args, context),
        Command::Panel(args) => panel::run(args, context),
        Command::Table(args) => table::run(args, context),
    }
}

fn leaves(args: &LeavesArgs, context: &Context) -> Result<Exit, Failure> {
    let reading = context.reading()?;
    let size = reading.size().0;
    if args.from > size {
        return Err(crate::cli::error::beyond(reading.size()));
    }
    let bar = context.bar(size - args.from, "leaves");
    // The bytes are exact, except on a terminal.
    let shown = args.out.is_none() && context.is_shown();
    let write = |sink: &mut dyn Write| -> Result<std::io::Result<()>, LogError> {
        let mut out = BufWriter::new(sink);
        let mut failed = None;
        reading.log().scan(args.from, |_, leaf, _| {
            if failed.is_none() {
                let harmless = shown.then(|| safe::json(&String::from_utf8_lossy(leaf)).into_owned());
                let leaf = harmless.as_deref().map_or(leaf, str::as_bytes);
                failed = out.write_all(leaf).and_then(|()| out.write_all(b"\n")).err();
                bar.inc(1);
            }
        })?;
        Ok(failed.map_or_else(|| out.flush(), Err))
    };
    match &args.out {
        // An error of the log is reported as such, not as a fault of the file.
        Some(path) => {
            let mut of_log = Ok(());
            write_output_by(path, |mut file| match write(&mut file) {
                Ok(written) => written,
                Err(error) => {
                    of_log = Err(error);
                    Err(std::io::ErrorKind::Other.into())
                }
            })
            .or_else(|failure| of_log.map_or_else(|error| Err(error.into()), |()| Err(failure)))?;
        }
        None => match write(&mut std::io::stdout().lock())? {
            Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => {}
            written => written.map_err(|e| Failure::file(Path::new("standard output"), &e))?,
        },
    }
    bar.finish_and_clear();
    Ok(Exit::Done)
}
