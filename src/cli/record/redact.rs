use crate::event::{Act, ActKind, Event, Index, Quote};

use crate::cli::context::Context;
use crate::cli::error::{Exit, Failure};
use crate::cli::record::rectify::{CorrectionArgs, append_then, correction, open};
use crate::cli::record::words::{Kept, kept, remove};

/// Remove the words of a source that stand beside the log; the entry, its hash and every proof of it stay
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  chancery redact 140 --cite \"decision of the data protection officer, 2026-11-20\"

Only words that were recorded with --redactable can be removed: the log holds a
salted hash of them, which says nothing without the salt, and the salt goes with
the words. Words in the log itself cannot be taken back. Copies of the ledger
keep theirs until they are redacted too: run the same command there. That it was
done, and why, is an entry of the log.")]
pub(crate) struct Args {
    /// Which entry
    entry: u64,
    #[command(flatten)]
    common: CorrectionArgs,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let (writer, source) = open(&args.common, context, "redact")?;
    let index = Index(args.entry);
    let entry = writer.entry(index)?;
    let committed = redactable(&entry.event, index)?;
    let before = writer.reading(context.now).answers_to(&entry, ActKind::EvidenceRedacted)?;
    let here = committed.iter().any(|quote| !matches!(kept(&context.ledger, quote), Kept::Absent));
    if let (Some(by), false) = (before.first(), here) {
        context.print(&format!("entry {index} is redacted already: entry {by}\n"))?;
        return Ok(Exit::Done);
    }
    // The redaction is recorded first: if the removal is then cut short, running the command again finishes it. The words are
    // removed before anything is printed, because standard output may be a closed pipe or on a full disk.
    let mut removed = None;
    let mut take = || {
        let each = committed.iter().map(|quote| remove(&context.ledger, quote));
        let each: Vec<bool> = each.collect::<Result<_, Failure>>().map_err(|failure| {
            failure.help(format!("the words of entry {index} may still be here: run the same command again"))
        })?;
        removed = Some(each.contains(&true));
        Ok(())
    };
    let done = match before.is_empty() {
        true => {
            let corrected = correction(&args.common, context, Act::EvidenceRedacted, &entry.event, source)?;
            append_then(&args.common, context, writer, corrected, take)
        }
        false if args.common.mode().records() => take().map(|()| Exit::Done),
        false => Ok(Exit::Done),
    };
    let Some(any) = removed else { return done };
    let said = if any { "removed" } else { "not in this copy" };
    context.remark(&format!("the words of entry {index}: {said}"));
    done.map_err(|failure| {
        failure.help(format!(
            "only the output failed: the redaction is recorded, the words of entry {index} are {said}"
        ))
    })
}

/// The commitments in an entry to words beside the log.
fn redactable(event: &Event, index: Index) -> Result<Vec<Quote>, Failure> {
    let quotes = event.evidence.iter().filter_map(|evidence| evidence.quote.clone());
    let (committed, in_clear): (Vec<Quote>, Vec<Quote>) =
        quotes.partition(|quote| matches!(quote, Quote::Salted { .. }));
    if !committed.is_empty() {
        return Ok(committed);
    }
    let what = match in_clear.is_empty() {
        true => format!("entry {index} quotes nothing"),
        false => format!("the words of entry {index} are part of the log, and cannot be removed"),
    };
    Err(Failure::usage(what)
        .help("what may have to be removed is recorded with: append … --quote \"…\" --redactable"))
}
