//! The audit: everything is derived again from the raw leaves and compared with what the ledger says of itself.
//!
//! It shares nothing with `ledger` and `index`: it reads `entries/` and `checkpoint`, opens nothing for writing and takes
//! no lock. A *finding* is a fault of integrity or of re-derivation. A *remark* is a departure from a charter, a claim
//! that differs from what the charter gives, or an attachment that is not in this copy; remarks are listed on demand and never
//! change the verdict. [`repair`] brings
//! missing or damaged evidence back into a new folder. [`audit_published`] looks at a published tree instead, from outside.

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

/// What an audit does beside its checks.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AuditOptions {
    /// List departures from the charters, and attachments that are not in this copy.
    pub conformity: bool,
    /// What was kept of this log elsewhere: it must still begin with it.
    pub since: Vec<Since>,
    /// What the heads must be signed with; where it is not given, the verifier key in the folder.
    pub key: Option<VerifierKey>,
    /// Checks that are not made, by name.
    pub skip: BTreeSet<&'static str>,
}

/// Audits a ledger, telling `progress` which check is being made, how far it is, and of how many.
///
/// Damage that can be named is a finding.
///
/// # Errors
/// [`LogError::Absent`] where there is no ledger, [`LogError::Version`] for a later format, [`LogError::Io`] where files
/// cannot be read, of the ledger or of a copy that it is compared with.
pub fn audit(
    path: &Path,
    options: &AuditOptions,
    progress: &mut dyn FnMut(&'static str, u64, u64),
) -> Result<Report, LogError> {
    audit_asking(path, options, None, progress)
}

/// The same, and compares the status of a few pairs of each body with the answer that the users of the program are given. The
/// audit has no index and no cache, so the caller brings the answers.
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
    // Before the entries, so that a running writer cannot publish more than those read.
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
    /// Of whom.
    pub participant: &'q ParticipantId,
    /// In which organisation or treaty.
    pub body: &'q BodyId,
    /// On which day.
    pub on: Day,
    /// The number of entries.
    pub as_recorded: Size,
}

/// The answer to a question for a status: its certainty and every status that is possible; or why there is none.
pub type SampledAnswer = Result<(Certainty, BTreeSet<StatusId>), String>;

/// Answers a question for a status; `None` if the ledger cannot be asked at all.
pub type Ask<'a> = &'a (dyn Fn(SampledPair<'_>) -> Option<SampledAnswer> + Sync);

/// What of a ledger's folder stands beside the log, as far as it is looked at.
#[derive(Default)]
struct Beside {
    published: Option<Published>,
    attachments: Option<Attachments>,
}

/// What the leaves say.
struct Decoded {
    /// Every entry that can be read.
    entries: Vec<Entry>,
    /// The signatures of each.
    signatures: Vec<Vec<EventSignature>>,
    /// The hashes of what stands beside the log.
    stated: StatedHashes,
    /// Whether all can be read.
    readable: bool,
}

/// The checks of each entry against those before it and of the record as a whole, and the report.
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

/// The checks that mean something only where no entry is missing.
const REST_ON_ALL: [&str; 7] =
    ["completeness", "links", "recorders", "charters", "verdicts", "projections", "snapshot"];

/// What is asked of an audit.
struct Asked<'a> {
    options: &'a AuditOptions,
    /// Whether no entry is missing.
    whole: bool,
    /// What is published, where it is to be looked at and belongs to the log.
    published: Option<&'a Published>,
    /// How questions are answered, if the answers are to be compared.
    ask: Option<Ask<'a>>,
}

/// Tells which check is being made, how far it is, and of how many.
type Told<'t> = &'t (dyn Fn(&'static str, u64, u64) + Sync);

/// A check, or some that rest on one another.
type Task<'t> = Box<dyn FnOnce(Told<'_>) -> Findings + Send + 't>;

/// What is derived from the whole record on the way; nothing where entries are missing.
#[derive(Default)]
struct Groundwork {
    charters: Rules,
    filings: Filings,
    reach: Reach,
}

/// The checks that rest on nothing but the entries in their order, each on whichever core is free.
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
    // Whichever check is first to ask who corrects whom makes the table for all.
    let record = OnceLock::new();
    let record = || record.get_or_init(|| Record::new(entries));
    let mut tasks: Vec<Task<'_>> = Vec::new();
    if asked.whole {
        // What takes longest comes first.
        if let Some(published) = asked.published {
            tasks.push(Box::new(|_| published.entries(entries)));
        }
        tasks.push(Box::new(move |_| {
            // Questions of the sample are answered from what is filed, whether or not any head states a map.
            *filings = Filings::new(entries);
            if skip.contains("completeness") {
                return Findings::default();
            }
            let heads = evidence.stating(&options.since);
            completeness::completeness(entries, filings, &evidence.hashes, &heads)
        }));
        tasks.push(Box::new(move |told| {
            let mut found = Findings::default();
            // What follows rests on the charters, whether or not their own faults are told.
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

/// Makes checks, the next one on whichever core is free; what each found, in their order.
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

/// What `work` makes of each part, the next one on whichever core is free, in their order; `progress` is told how many are
/// done.
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
                // Nobody who no longer listens needs to be told.
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

/// How often progress is told.
const STEP: u64 = 1024;

/// What of the leaves is needed once they were read.
#[derive(Clone, Copy)]
struct Keep {
    /// Their bytes, where they are compared with a copy.
    bytes: bool,
    /// The evidence of every entry, where remarks are made.
    evidence: bool,
}

/// Every leaf read again.
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

/// The entries of some leaves, the signatures of each, the hashes that they state, and what is wrong with the leaves.
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
        // Of most of what is recorded nothing follows from where it was found.
        if !keep.evidence && signed.is_empty() && !entry::rests_on_its_evidence(&entry.event) {
            Arc::make_mut(&mut entry.event).evidence = Vec::new();
        }
        entries.push(entry);
        signatures.push(signed);
    }
    ReadPart { entries, signatures, stated, found }
}

/// The checks of what is derived from entries body by body, and the remarks.
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
