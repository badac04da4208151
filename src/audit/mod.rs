//! The audit: derives everything again from the raw leaves, and compares it with the statements of the ledger.
//!
//! Everything is derived from `entries/` and the signed heads, above all `checkpoint`; the published index and the files beside the
//! log are then compared with it. The audit shares no code with `ledger`, and of `index` uses only the reading of the published
//! file. It opens nothing for writing and takes no lock. A *finding* is a fault of integrity or of re-derivation. A *remark* is a
//! departure from a charter, a claim that differs from the result of the charter, or an attachment that is not in this copy;
//! remarks are listed on demand and never change the verdict. [`repair`] restores missing or damaged evidence into a new folder.
//! [`audit_published`] audits a published tree instead, from outside.

mod attachments;
mod check;
mod clause;
mod completeness;
mod derivation;
mod difference;
mod entry;
mod evidence;
mod fault;
mod filing;
mod keys;
mod leaf;
mod link;
mod place;
mod projection;
mod published;
mod reach;
mod record;
mod recorders;
mod remark;
mod repair;
mod report;
mod rows;
mod sample;
mod since;
mod snapshot;
mod tiles;
mod verdict;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::mpsc::channel;
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

use crate::event::{BodyId, Day, Entry, EventSignature, ParticipantId, Size, StatusId};
use crate::history::Certainty;
use crate::log::{LogError, VerifierKey};

pub use check::{CHECKS, Check};
pub use fault::{FAULTS, Fault};
pub use published::{PublishedError, audit_published};
pub use repair::{RepairError, Repaired, repair};
pub use report::{AuditFinding, CheckResult, RemarkItem, Report};
pub use since::{Kept, Since, SinceError};

use attachments::{Attachments, StatedHashes};
use evidence::Evidence;
use filing::Filings;
use place::Places;
use reach::Reach;
use record::Record;
use report::Findings;
use rows::PublishedRows;
use snapshot::Published;
use verdict::Rules;

/// Options of an audit, besides its checks.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AuditOptions {
    /// List departures from the charters, and attachments that are not in this copy.
    pub conformity: bool,
    /// Heads, reports or copies of this log kept elsewhere: the log must still begin with them.
    pub since: Vec<Since>,
    /// The key with which the heads must be signed; if it is not given, the verifier key in the folder.
    pub key: Option<VerifierKey>,
    /// Checks that are not made, by name.
    pub skip: BTreeSet<&'static str>,
}

/// Audits a ledger. Reports to `progress` the check being made, the number of items done, and the total.
///
/// Damage that can be named is a finding.
///
/// # Errors
/// [`LogError::Absent`] if there is no ledger, [`LogError::Version`] for a later format, [`LogError::Io`] if files of the ledger,
/// or of a copy that it is compared with, cannot be read.
pub fn audit(
    path: &Path,
    options: &AuditOptions,
    progress: &mut dyn FnMut(&'static str, u64, u64),
) -> Result<Report, LogError> {
    audit_asking(path, options, None, progress)
}

/// Audits a ledger as [`audit`] does, and compares the status of a few pairs of each body with the answers that users of the
/// program get. The audit has no index and no cache, so `ask` supplies these answers.
///
/// # Errors
/// Those of [`audit`].
pub fn audit_asking(
    path: &Path,
    options: &AuditOptions,
    ask: Option<Ask<'_>>,
    progress: &mut dyn FnMut(&'static str, u64, u64),
) -> Result<Report, LogError> {
    let mut found = Findings::skipping(options.skip.clone());
    // Read before the entries: a file that a running writer publishes later may cover entries that were not read.
    let published = (!found.skips("snapshot")).then(|| Published::read(path, &mut found));
    let attachments = (!found.skips("attachments"))
        .then(|| Attachments::read(path, &mut |read| progress("attachments", read, read)));
    let sizes = published.iter().flat_map(Published::sizes);
    let mut evidence = evidence::gather(path, options, sizes, &mut |at, of| progress("frames", at, of))?;
    let published = published.map(|published| published.of_log(&evidence, &mut found));
    let beside = Beside { published, attachments };
    evidence.frames(&mut found);
    let decoded = decoded(&mut evidence, options, &mut found, progress);
    evidence.follow_keys(&decoded.entries, &mut found);
    evidence.tree(&mut found);
    evidence.checkpoint(&mut found);
    evidence.headed(path, &mut found);
    conclude(evidence, decoded, (options, beside, ask), found, progress)
}

/// A question for a status: `on` a day, with everything known, among the first `as_recorded` entries.
#[derive(Clone, Copy, Debug)]
pub struct SampledPair<'q> {
    /// The participant.
    pub participant: &'q ParticipantId,
    /// The organisation or treaty.
    pub body: &'q BodyId,
    /// The day of the status.
    pub on: Day,
    /// The number of entries that the question reads.
    pub as_recorded: Size,
}

/// The answer to a question for a status: its certainty and every status that is possible, or the reason for which there is none.
pub type SampledAnswer = Result<(Certainty, BTreeSet<StatusId>), String>;

/// A function that answers a question for a status; it returns `None` if the ledger cannot be asked at all.
pub type Ask<'a> = &'a (dyn Fn(SampledPair<'_>) -> Option<SampledAnswer> + Sync);

/// The files beside the log in a ledger's folder, as far as they are checked.
#[derive(Default)]
struct Beside {
    published: Option<Published>,
    attachments: Option<Attachments>,
}

/// The content of the leaves.
struct Decoded {
    /// Every entry that can be read.
    entries: Vec<Entry>,
    /// The signatures of each entry.
    signatures: Vec<Vec<EventSignature>>,
    /// The hashes of files beside the log.
    stated: StatedHashes,
    /// True if every leaf can be read.
    readable: bool,
}

/// Checks each entry against those before it, and the record as a whole; makes the report.
fn conclude(
    evidence: Evidence,
    decoded: Decoded,
    (options, beside, ask): (&AuditOptions, Beside, Option<Ask<'_>>),
    mut found: Findings,
    progress: &mut dyn FnMut(&'static str, u64, u64),
) -> Result<Report, LogError> {
    evidence.since(&options.since, &mut found)?;
    let whole = decoded.readable && !evidence.incomplete;
    if let Some(attachments) = &beside.attachments {
        attachments.compare(&decoded.stated, whole, &mut found);
    }
    let published = beside.published.filter(|_| whole);
    let asked = Asked { options, whole, published: published.as_ref(), ask };
    let groundwork = side_by_side(&evidence, &decoded, &asked, &mut found, progress);
    let Decoded { entries, signatures, stated, .. } = decoded;
    drop(signatures);
    let mut remarks = match whole {
        true => {
            let rows = published.as_ref().map(|published| published.rows(&mut found)).unwrap_or_default();
            derived(entries, groundwork, (&asked, &rows), &mut found, progress)
        }
        false => {
            for check in REST_ON_ALL {
                found.left_out(check, "entries are missing or unreadable: repair, then audit again");
            }
            Vec::new()
        }
    };
    if let Some(attachments) = beside.attachments.filter(|_| whole && options.conformity) {
        remarks.extend(attachments.missing(&stated));
        remarks.sort_by_key(|remark| remark.entry);
    }
    let (checks, findings) = found.finish();
    Ok(Report {
        origin: evidence.origin.unwrap_or_default(),
        size: Size(evidence.frontier.size()),
        root: evidence.frontier.root().to_string(),
        key: evidence.key.ok().flatten().map(|key| key.to_string()),
        unsigned: evidence.unsigned,
        checks,
        findings,
        remarks,
        heads: evidence.filed,
    })
}

/// The checks that mean something only if no entry is missing.
const REST_ON_ALL: [&str; 7] =
    ["completeness", "links", "recorders", "charters", "verdicts", "projections", "snapshot"];

/// The checks that an audit makes.
struct Asked<'a> {
    options: &'a AuditOptions,
    /// True if no entry is missing.
    whole: bool,
    /// The published index, if it is to be checked and belongs to the log.
    published: Option<&'a Published>,
    /// The function that answers questions, if the answers are to be compared.
    ask: Option<Ask<'a>>,
}

/// Reports the check being made, the number of items done, and the total.
type Told<'t> = &'t (dyn Fn(&'static str, u64, u64) + Sync);

/// A check, or several that depend on one another.
type Task<'t> = Box<dyn FnOnce(Told<'_>) -> Findings + Send + 't>;

/// Results of checks of the whole record that later checks use; empty if entries are missing.
#[derive(Default)]
struct Groundwork {
    charters: Rules,
    filings: Filings,
    reach: Reach,
}

/// Makes the checks that need only the entries in their order, each on the next free core.
fn side_by_side(
    evidence: &Evidence,
    Decoded { entries, signatures, .. }: &Decoded,
    asked: &Asked<'_>,
    found: &mut Findings,
    progress: &mut dyn FnMut(&'static str, u64, u64),
) -> Groundwork {
    let mut groundwork = Groundwork::default();
    let Groundwork { charters, filings, reach } = &mut groundwork;
    let (options, skip) = (asked.options, &asked.options.skip);
    // The first check that needs the table of corrections makes it for all.
    let record = OnceLock::new();
    let record = || record.get_or_init(|| Record::new(entries));
    let mut tasks: Vec<Task<'_>> = Vec::new();
    if asked.whole {
        // The longest checks come first.
        if let Some(published) = asked.published {
            tasks.push(Box::new(|_| published.entries(entries)));
        }
        tasks.push(Box::new(move |_| {
            // The sampled questions are answered from these filings, even if no head states a map.
            *filings = Filings::new(entries);
            if skip.contains("completeness") {
                return Findings::default();
            }
            let heads = evidence.stating(&options.since);
            completeness::completeness(entries, filings, &evidence.hashes, &heads)
        }));
        tasks.push(Box::new(move |told| {
            let mut found = Findings::default();
            // The next checks need the charters, even if faults of the charters themselves are not reported.
            *charters = verdict::charters(entries, record(), &mut found);
            if !skip.contains("verdicts") {
                verdict::verdicts(entries, &mut found, &|at, of| told("verdicts", at, of));
            }
            found
        }));
        tasks.push(Box::new(move |_| {
            *reach = Reach::new(entries, record());
            if skip.contains("links") { Findings::default() } else { link::links(entries, record()) }
        }));
        if !skip.contains("recorders") {
            tasks.push(Box::new(|told| {
                let origin = evidence.origin.as_deref().unwrap_or_default();
                let mut found = Findings::default();
                let told = |at, of| told("recorders", at, of);
                recorders::recorders(origin, entries, signatures, &mut found, &told);
                found
            }));
        }
    }
    tasks.push(Box::new(|_| {
        let mut found = Findings::default();
        entry::ids(entries, &mut found);
        entry::clock(entries, &mut found);
        found
    }));
    make_all(tasks, progress).into_iter().for_each(|made| found.absorb(made));
    groundwork
}

/// Makes checks, the next one on whichever core is free; returns the findings of each, in their order.
fn make_all(tasks: Vec<Task<'_>>, progress: &mut dyn FnMut(&'static str, u64, u64)) -> Vec<Findings> {
    let (telling, told) = channel();
    let mut made: Vec<Findings> = tasks.iter().map(|_| Findings::default()).collect();
    rayon::in_place_scope(|scope| {
        for (task, made) in tasks.into_iter().zip(&mut made) {
            let telling = telling.clone();
            scope.spawn(move |_| *made = task(&|check, at, of| _ = telling.send((check, at, of))));
        }
        drop(telling);
        told.into_iter().for_each(|(check, at, of)| progress(check, at, of));
    });
    made
}

/// Calls `work` for each part, the next one on whichever core is free, and returns the results in order; reports the number done to
/// `progress`.
fn on_every_core<P: Send, R: Send>(
    parts: impl IndexedParallelIterator<Item = P>,
    work: impl Fn(P) -> R + Send + Sync,
    progress: &mut dyn FnMut(u64),
) -> Vec<R> {
    let (telling, told) = channel();
    let mut made = Vec::new();
    rayon::in_place_scope(|scope| {
        let made = &mut made;
        scope.spawn(move |_| {
            let done = |part| {
                let done = work(part);
                // Nobody needs the progress once the receiver is gone.
                let _ = telling.send(());
                done
            };
            // One part may take as long as thousands of others.
            parts.map(done).with_max_len(1).collect_into_vec(made);
        });
        told.into_iter().zip(1..).for_each(|((), done)| progress(done));
    });
    made
}

/// The number of items between two reports of progress.
const STEP: u64 = 1024;

/// The contents of leaves that are kept after reading.
#[derive(Clone, Copy)]
struct Keep {
    /// Their bytes, needed for a comparison with a copy.
    bytes: bool,
    /// The evidence of every entry, needed for remarks.
    evidence: bool,
}

/// Reads every leaf again.
fn decoded(
    evidence: &mut Evidence,
    options: &AuditOptions,
    found: &mut Findings,
    progress: &mut dyn FnMut(&'static str, u64, u64),
) -> Decoded {
    let count = evidence.leaves.len();
    let keep = Keep { bytes: !options.since.is_empty(), evidence: options.conformity };
    let (mut entries, mut signatures) = (Vec::with_capacity(count), Vec::with_capacity(count));
    let mut stated = StatedHashes::default();
    let steps = evidence.leaves.par_chunks_mut(STEP as usize);
    let told = &mut |done: u64| progress("canonical", (done * STEP).min(count as u64), count as u64);
    for mut part in on_every_core(steps, |leaves| read_all(leaves, keep), told) {
        entries.append(&mut part.entries);
        signatures.append(&mut part.signatures);
        stated.absorb(part.stated);
        found.absorb(part.found);
    }
    if !keep.bytes {
        evidence.leaves = Vec::new();
    }
    found.counted("canonical", count as u64);
    let readable = entries.len() == count;
    Decoded { entries, signatures, stated, readable }
}

/// The entries of some leaves, the signatures of each, the hashes that they state, and the faults of the leaves.
struct ReadPart {
    entries: Vec<Entry>,
    signatures: Vec<Vec<EventSignature>>,
    stated: StatedHashes,
    found: Findings,
}

fn read_all(leaves: &mut [leaf::Leaf], keep: Keep) -> ReadPart {
    let (mut entries, mut signatures) = (Vec::with_capacity(leaves.len()), Vec::with_capacity(leaves.len()));
    let (mut stated, mut found) = (StatedHashes::default(), Findings::default());
    for leaf in leaves {
        let read = entry::canonical(leaf, &mut found);
        if !keep.bytes {
            leaf.bytes = Box::default();
        }
        let Some((mut entry, signed)) = read else { continue };
        stated.take(entry.index, &entry.event);
        // The evidence of most entries decides nothing, so it is not kept.
        if !keep.evidence && signed.is_empty() && !entry::rests_on_its_evidence(&entry.event) {
            Arc::make_mut(&mut entry.event).evidence = Vec::new();
        }
        entries.push(entry);
        signatures.push(signed);
    }
    ReadPart { entries, signatures, stated, found }
}

/// Makes the checks of everything derived from entries body by body, and the remarks.
fn derived(
    entries: Vec<Entry>,
    Groundwork { charters, filings, reach }: Groundwork,
    (asked, rows): (&Asked<'_>, &[PublishedRows<'_>]),
    found: &mut Findings,
    progress: &mut dyn FnMut(&'static str, u64, u64),
) -> Vec<RemarkItem> {
    let projected = !found.skips("projections");
    let conformity = asked.options.conformity;
    if !projected && !conformity {
        return Vec::new();
    }
    let places = Places::new(entries, filings, reach);
    if projected {
        let of = charters.len() as u64;
        let told = &mut |at| progress("projections", at, of);
        projection::projections(&places, (&charters, rows, asked.ask), found, told);
    }
    let remarks = if conformity { remark::conformity(&places, &charters) } else { Vec::new() };
    places.free();
    remarks
}
