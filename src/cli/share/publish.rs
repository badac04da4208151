use std::path::PathBuf;

use serde::Serialize;

use crate::event::Size;
use crate::log::Disk;
use crate::publish::publish;

use crate::cli::context::{Context, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::render::{Page, clean, count};

/// Write the log as static files that any web server, bucket or CDN serves
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery publish /srv/www/sco
  chancery audit --from https://example.org/sco --key sco.vkey

The files are C2SP tlog-tiles: hashes in tiles, entries in bundles of 256, and
the signed checkpoint, which is put in place last. Run it again after appends:
only what is new is written. A folder that holds the tree of another log, a
larger one, or one that this log does not begin with, is left as it is.

Takes no lock: it works beside a running writer. What is published are the
entries as they are recorded, for ever; neither key nor key.pub, nor attached
documents, nor words that can be redacted. docs/PUBLISH.md has the headers for
caches, and what a reader must check.")]
pub(crate) struct Args {
    /// The folder that is served; it is made where it is not there
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The first N entries only; default: all of them
    #[arg(long, value_name = "N")]
    size: Option<u64>,
}

/// The result of publishing, with the folder.
#[derive(Serialize)]
struct Answer {
    origin: String,
    size: u64,
    root: String,
    folder: String,
    /// The number of entries that were published there before.
    before: Option<u64>,
    written: u64,
    there: u64,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let reading = context.reading()?;
    let head = reading.signed_head(args.size.map_or(reading.size(), Size))?;
    let bar = context.bar(head.head.size, "entries");
    let published =
        publish(reading.log(), &head, &args.folder, &Disk::default(), &mut |at| bar.set_position(at));
    bar.finish_and_clear();
    let published = published?;
    let answer = Answer {
        origin: head.head.origin.clone(),
        size: published.size,
        root: published.root.to_string(),
        folder: args.folder.display().to_string(),
        before: published.before,
        written: published.written,
        there: published.there,
    };
    let columns = &["origin", "size", "root", "folder", "before", "written", "there"];
    context.answer(&answer, Shape { list: None, columns }, |page| text(page, &answer))?;
    Ok(Exit::Done)
}

fn text(page: &Page, answer: &Answer) -> String {
    let entries = count(answer.size, "entry", "entries");
    let before = match answer.before {
        Some(before) if before == answer.size => ", as before".to_owned(),
        Some(before) => format!(", {before} of them before"),
        None => String::new(),
    };
    let files = count(answer.written, "file", "files");
    page.wrap("published ", &clean(&format!("{entries} of {}{before}", answer.origin)))
        + &page.wrap("  root    ", &answer.root)
        + &page.wrap(
            "  folder  ",
            &clean(&format!("{}: {files} written, {} there", answer.folder, answer.there)),
        )
}
