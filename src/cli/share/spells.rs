use crate::event::BodyId;
use crate::query::{QueryError, Spells};

use crate::cli::ask::axes::AxesArgs;
use crate::cli::context::{Context, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::share::rows::{bodies, in_rows};

/// Every spell of every participant: who had which status from when until when
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery export spells sco > spells.csv
  chancery export spells --all --as-recorded 127 --format jsonl

Rows by body, code and first day; those of one participant in one body never
overlap, and a day without a row is a day without a status. `until` is the
first day on which it no longer held; empty, nothing recorded ends it, up to
`surveyed_to`. A beginning that a source gives as a month or a year is bounded
by `from_earliest` and `from_latest`, and the days between stand in a row of
their own: status `unknown`, with every status that is possible. What was known
is --as-known; --on plays no part.")]
pub(crate) struct Args {
    /// Organisations or treaties; may be left out where the ledger has only one
    #[arg(value_name = "BODY")]
    bodies: Vec<BodyId>,
    /// Every organisation and treaty
    #[arg(long, conflicts_with = "bodies")]
    all: bool,
    #[command(flatten)]
    axes: AxesArgs,
}

const SHAPE: Shape = Shape {
    list: Some("spells"),
    columns: &[
        "iso3c",
        "state",
        "body",
        "status",
        "certainty",
        "possible",
        "from",
        "until",
        "from_earliest",
        "from_latest",
        "until_earliest",
        "until_latest",
        "from_stated",
        "surveyed_from",
        "surveyed_to",
        "entries",
    ],
};

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let reading = context.reading()?;
    let axes = args.axes.resolve(context, &reading)?;
    let bodies =
        if args.all { reading.bodies(axes.as_recorded)? } else { bodies(&args.bodies, &reading, &axes)? };
    let one = match bodies.as_slice() {
        [only] => Some(only),
        _ => None,
    };
    let mut answer = Spells::new(one, &axes, reading.head(axes.as_recorded)?);
    let pass = reading.passing();
    for body in &bodies {
        match answer.add(&pass.material(body, None, axes.as_recorded)?, body, &axes) {
            // A body whose charter was adopted later was not part of the record then.
            Err(QueryError::NoBody(_)) if args.all => {}
            added => added?,
        }
    }
    answer.notes.iter().for_each(|note| context.remark(note));
    in_rows(context).answer(&answer, SHAPE, |_| String::new())?;
    Ok(Exit::Done)
}
