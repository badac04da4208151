use serde_json::json;

use crate::log::Compacted;

use crate::cli::context::{Context, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::render::{Page, count};

/// Compress the parts of the log that are full; no entry, no hash and no proof changes
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  chancery compact

The log lies in segments. A writer compresses each one that is full while
it goes on with the next; this does it for those of earlier versions, or of
a writer that was interrupted. Each is written beside its place, read back,
every entry held against its hash, and only then put in place of the old
one: whenever it is interrupted nothing is lost, and a second run goes on
where the first ended. Questions and audits go on meanwhile; appends wait.

It also publishes the read model of everything recorded anew, in snapshot/,
from which questions are answered; that folder may be removed at any time.")]
pub(crate) struct Args {
    /// Sign a head although none is there that says which entries were signed before: you vouch for every entry that lies here,
    /// also for one that somebody changed, and give up what the lost head would have shown
    #[arg(long)]
    sign_unheaded: bool,
}

const SHAPE: Shape =
    Shape { list: None, columns: &["segments", "entries", "sealed_before", "bytes_before", "bytes_after"] };

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let mut writer = match args.sign_unheaded {
        true => context.writer_unheaded("compact")?,
        false => context.writer("compact")?,
    };
    let bar = context.bar(writer.size().0, "entries");
    let done = writer.log().compact(&mut |entries| bar.set_position(entries));
    bar.finish_and_clear();
    let done = done?;
    writer.publish_anew()?;
    context.close(writer);
    let answer = json!({
        "segments": done.segments,
        "entries": done.entries,
        "sealed_before": done.sealed_before,
        "bytes_before": done.bytes_before,
        "bytes_after": done.bytes_after,
    });
    context.answer(&answer, SHAPE, |page| text(page, &done))?;
    Ok(Exit::Done)
}

fn text(page: &Page, done: &Compacted) -> String {
    let before = match done.sealed_before {
        0 => String::new(),
        sealed => format!("; {} before", count(sealed, "segment", "segments")),
    };
    if done.segments == 0 {
        return page.wrap("", &format!("nothing to compress: every full segment is compressed{before}"));
    }
    let segments = count(done.segments, "segment", "segments");
    let entries = count(done.entries, "entry", "entries");
    let kib = |bytes: u64| bytes.div_ceil(1024);
    page.wrap("", &format!("{segments} of {entries} compressed{before}"))
        + &page
            .wrap("  ", &format!("{} KiB before, {} KiB now", kib(done.bytes_before), kib(done.bytes_after)))
}
