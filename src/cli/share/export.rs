use std::io::{BufWriter, Write};
use std::path::PathBuf;

use crate::event::BodyId;
use crate::ledger::Ledger;

use crate::cli::context::{Context, Format};
use crate::cli::error::{Exit, Failure};
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

/// The bodies of an export, sorted, each once: those named, or the only one there is.
///
/// # Errors
/// [`Failure`] for one that the ledger does not hold, or where there are several and none is named.
pub(crate) fn bodies(given: &[BodyId], ledger: &mut Ledger) -> Result<Vec<BodyId>, Failure> {
    if given.is_empty() {
        return match ledger.bodies()?.as_slice() {
            several @ [_, _, ..] => {
                let ids: Vec<&str> = several.iter().map(BodyId::as_str).collect();
                Err(Failure::usage("name one organisation or treaty, or several")
                    .help(format!("they are: {}", ids.join(", "))))
            }
            _ => Ok(vec![crate::cli::ask::question::body_or_only(None, ledger)?]),
        };
    }
    let mut bodies = given.to_vec();
    bodies.sort();
    bodies.dedup();
    for body in &bodies {
        ledger.charter(body)?;
    }
    Ok(bodies)
}

/// The surroundings of an export: rows, unless another form is asked for.
pub(crate) fn in_rows(context: &Context) -> Context {
    let mut context = context.clone();
    if context.format == Format::Text {
        context.format = Format::Csv;
    }
    context
}

fn leaves(args: &LeavesArgs, context: &Context) -> Result<Exit, Failure> {
    let ledger = context.reader()?;
    let size = ledger.size().0;
    if args.from > size {
        return Err(crate::cli::error::beyond(ledger.size()));
    }
    let sink: Box<dyn Write> = match &args.out {
        Some(path) => Box::new(std::fs::File::create(path).map_err(|e| Failure::file(path, &e))?),
        None => Box::new(std::io::stdout().lock()),
    };
    let mut out = BufWriter::new(sink);
    let bar = context.bar(size - args.from, "leaves");
    let mut failed = None;
    ledger.log().scan(args.from, |_, leaf, _| {
        if failed.is_none() {
            failed = out.write_all(leaf).and_then(|()| out.write_all(b"\n")).err();
            bar.inc(1);
        }
    })?;
    bar.finish_and_clear();
    match failed.map_or_else(|| out.flush(), Err) {
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(Exit::Done),
        done => {
            let place = args.out.clone().unwrap_or_else(|| PathBuf::from("standard output"));
            done.map(|()| Exit::Done).map_err(|e| Failure::file(&place, &e))
        }
    }
}
