use crate::event::{Act, ActKind, Event, Index, Quote};

use crate::cli::context::Context;
use crate::cli::error::{Exit, Failure};
use crate::cli::record::rectify::{CorrectionArgs, append, correction, open};
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
    // Recorded first: what is cut short after it is finished by running it again.
    let done = match before.is_empty() {
        true => {
            let event = correction(&args.common, context, Act::EvidenceRedacted, &entry.event, source)?;
            append(&args.common, context, writer, event)?
        }
        false => Exit::Done,
    };
    if args.common.mode().records() {
        let removed = committed.iter().map(|quote| remove(&context.ledger, quote));
        let removed: Vec<bool> = removed.collect::<Result<_, _>>()?;
        let said = if removed.contains(&true) { "removed" } else { "not in this copy" };
        context.remark(&format!("the words of entry {index}: {said}"));
    }
    Ok(done)
}

/// The commitments of an entry.
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
