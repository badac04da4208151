use std::time::Instant as Clock;

use serde_json::{Value, json};

use crate::event::{BodyId, Entry, Size};
use crate::ledger::{LedgerError, Writer, entries_of_leaves, replay};
use crate::log::LogError;
use crate::query::Axes;

use crate::cli::ask::axes::AxesArgs;
use crate::cli::context::{Context, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::render::{Page, count};

/// Rebuild the index from the log and fold everything again; with a date, fold without writing anything
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery replay
  chancery replay --until 100          (the first 100 entries, read only)
  chancery replay --until 2026-11-01")]
pub(crate) struct Args {
    /// Fold only the first N entries, or those recorded by a time; the index is left alone
    #[arg(long, value_name = "N|TIME")]
    until: Option<String>,
}

const SHAPE: Shape = Shape { list: Some("bodies"), columns: &["body", "counts"] };

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let began = Clock::now();
    let mut writer = match args.until {
        Some(_) => None,
        None => Some(context.writer("replay")?),
    };
    let mut reading = match &writer {
        Some(writer) => writer.reading(context.now),
        None => context.reading()?,
    };
    let axes = AxesArgs { as_recorded: args.until.clone(), ..AxesArgs::default() };
    let axes: Axes = axes.resolve(context, &reading)?;
    let bar = context.bar(axes.as_recorded.0, "entries");
    let (entries, source) = match &mut writer {
        None => (entries_of_leaves(reading.log(), axes.as_recorded)?, "leaves"),
        Some(writer) => {
            let rebuilt = rebuilt(writer, context)?;
            // The head is read from the index that was just rebuilt.
            reading = writer.reading(context.now);
            rebuilt
        }
    };
    let tally = replay(&entries, axes.on, &|at| bar.set_position(at));
    bar.finish_and_clear();
    let item = |(body, counts): (&BodyId, _)| json!({"body": body, "counts": counts});
    let bodies: Vec<Value> = tally.iter().map(item).collect();
    let head = reading.head(axes.as_recorded)?;
    if let Some(writer) = writer {
        context.close(writer);
    }
    let answer = json!({"size": axes.as_recorded, "root": head.root, "rebuilt": args.until.is_none(), "source": source,
                        "bodies": bodies, "seconds": began.elapsed().as_secs_f64()});
    context.answer(&answer, SHAPE, |page| text(page, axes.as_recorded, &head.root, &answer))?;
    Ok(Exit::Done)
}

/// Rebuilds the index and returns every entry with its source: sled, or the leaves if sled is not available.
fn rebuilt(writer: &mut Writer, context: &Context) -> Result<(Vec<Entry>, &'static str), Failure> {
    match writer.rebuild() {
        Ok(entries) => Ok((entries, "sled")),
        Err(error @ LedgerError::Log(LogError::IndexesLocked(_))) => Err(error.into()),
        Err(error) => {
            context.remark(&format!("the indexes could not be made anew by sled: {error}"));
            writer.publish_anew()?;
            Ok((entries_of_leaves(writer.log(), writer.size())?, "leaves"))
        }
    }
}

fn text(page: &Page, size: Size, root: &str, answer: &Value) -> String {
    let rebuilt = if answer["rebuilt"] == true { ", the index rebuilt" } else { "" };
    let source = answer["source"].as_str().unwrap_or_default();
    let replayed = count(size.0, "entry", "entries");
    let mut out = format!("{replayed} replayed from {source}{rebuilt}, root {root}\n");
    for body in answer["bodies"].as_array().into_iter().flatten() {
        let counts = body["counts"].as_object().into_iter().flatten();
        let counts: Vec<String> = counts.map(|(id, n)| format!("{n} {id}")).collect();
        out.push_str(
            &page.wrap(&format!("  {}  ", body["body"].as_str().unwrap_or_default()), &counts.join(", ")),
        );
    }
    out
}
