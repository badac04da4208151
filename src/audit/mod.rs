//! The audit: everything is derived again from the raw leaves and compared with what the ledger says of itself.
//!
//! It shares nothing with `ledger` and `index`: it reads `entries/` and `checkpoint`, opens nothing for writing and takes
//! no lock. A *finding* is a fault of integrity or of re-derivation. A *remark* is a departure from a charter or a claim
//! that differs from what the charter gives; remarks are listed on demand and never change the verdict. [`repair`] brings
//! missing or damaged evidence back into a new folder. [`audit_published`] looks at a published tree instead, from outside.

mod check;
mod clause;
mod completeness;
mod difference;
mod entry;
mod evidence;
mod fault;
mod keys;
mod leaf;
mod link;
mod projection;
mod published;
mod record;
mod recorders;
mod remark;
mod repair;
mod report;
mod since;
mod snapshot;
mod tiles;
mod verdict;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::ScopedJoinHandle;

use crate::event::{Entry, EventSignature, Size};
use crate::log::{LogError, VerifierKey};

pub use check::{CHECKS, Check};
pub use fault::{FAULTS, Fault};
pub use published::{PublishedError, audit_published};
pub use repair::{RepairError, Repaired, repair};
pub use report::{AuditFinding, CheckResult, RemarkItem, Report};
pub use since::{Kept, Since, SinceError};

use evidence::Evidence;
use projection::Places;
use report::Findings;
use snapshot::Published;
use verdict::Rules;

/// What an audit does beside its checks.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AuditOptions {
    /// List departures from the charters.
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
    let mut found = Findings::skipping(options.skip.clone());
    // Before the entries, so that a running writer cannot publish more than those read.
    let published = (!found.skips("snapshot")).then(|| Published::read(path, &mut found));
    let sizes = published.iter().flat_map(Published::sizes);
    let mut evidence = evidence::gather(path, options, sizes, &mut |at, of| progress("frames", at, of))?;
    let published = published.map(|published| published.of_log(&evidence, &mut found));
    evidence.frames(&mut found);
    let decoded = decoded(&mut evidence, options, &mut found, progress);
    evidence.follow_keys(&decoded.entries, &mut found);
    evidence.tree(&mut found);
    evidence.checkpoint(&mut found);
    conclude(evidence, decoded, (options, published), found, progress)
}

/// What the leaves say.
struct Decoded {
    /// Every entry that can be read.
    entries: Vec<Entry>,
    /// The signatures of each.
    signatures: Vec<Vec<EventSignature>>,
    /// Whether all can be read.
    readable: bool,
}

/// The checks of each entry against those before it and of the record as a whole, and the report.
fn conclude(
    evidence: Evidence,
    decoded: Decoded,
    (options, published): (&AuditOptions, Option<Published>),
    mut found: Findings,
    progress: &mut dyn FnMut(&'static str, u64, u64),
) -> Result<Report, LogError> {
    evidence.since(&options.since, &mut found)?;
    let whole = decoded.readable && !evidence.incomplete;
    let published = published.filter(|_| whole);
    let asked = Asked { options, whole, published: published.as_ref() };
    let charters = side_by_side(&evidence, &decoded, &asked, &mut found, progress);
    let Decoded { entries, signatures, .. } = decoded;
    drop(signatures);
    let remarks = match whole {
        true => derived(entries, &charters, &asked, &mut found, progress),
        false => {
            for check in REST_ON_ALL {
                found.left_out(check, "entries are missing or unreadable: repair, then audit again");
            }
            Vec::new()
        }
    };
    let (checks, findings) = found.finish();
    Ok(Report {
        origin: evidence.origin.unwrap_or_default(),
        size: Size(evidence.frontier.size()),
        root: evidence.frontier.root().to_string(),
        key: evidence.key.ok().flatten().map(|key| key.to_string()),
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
}

/// Tells which check is being made, how far it is, and of how many.
type Told<'t> = &'t (dyn Fn(&'static str, u64, u64) + Sync);

/// A check, or some that rest on one another.
type Task<'t> = Box<dyn FnOnce(Told<'_>) -> Findings + Send + 't>;

/// The checks that rest on nothing but the entries in their order, each on whichever core is free; the charters of the
/// record, where it is `whole`.
fn side_by_side(
    evidence: &Evidence,
    Decoded { entries, signatures, .. }: &Decoded,
    asked: &Asked<'_>,
    found: &mut Findings,
    progress: &mut dyn FnMut(&'static str, u64, u64),
) -> Rules {
    let mut charters = Rules::new();
    let (options, skip) = (asked.options, &asked.options.skip);
    let mut tasks: Vec<Task<'_>> = Vec::new();
    if asked.whole {
        // What takes longest comes first.
        if !skip.contains("completeness") {
            let heads = evidence.stating(&options.since);
            tasks.push(Box::new(move |_| completeness::completeness(entries, &evidence.hashes, &heads)));
        }
        let charters = &mut charters;
        tasks.push(Box::new(move |told| {
            let mut found = Findings::default();
            // What follows rests on the charters, whether or not their own faults are told.
            *charters = verdict::charters(entries, &mut found);
            if !skip.contains("verdicts") {
                verdict::verdicts(entries, &mut found, &|at, of| told("verdicts", at, of));
            }
            found
        }));
        if let Some(published) = asked.published {
            tasks.push(Box::new(|_| published.entries(entries)));
        }
        if !skip.contains("links") {
            tasks.push(Box::new(|_| link::links(entries)));
        }
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
    charters
}

/// Makes checks, the next one on whichever core is free; what each found, in their order.
fn make_all(tasks: Vec<Task<'_>>, progress: &mut dyn FnMut(&'static str, u64, u64)) -> Vec<Findings> {
    let waiting = Mutex::new(tasks.into_iter().enumerate());
    let (telling, told) = channel();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores())
            .map(|_| {
                let (waiting, telling) = (&waiting, telling.clone());
                scope.spawn(move || {
                    let mut made: Vec<(usize, Findings)> = Vec::new();
                    let tell = |check, at, of| _ = telling.send((check, at, of));
                    loop {
                        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
                        let Some((number, task)) = next else { return made };
                        made.push((number, task(&tell)));
                    }
                })
            })
            .collect();
        drop(telling);
        told.into_iter().for_each(|(check, at, of)| progress(check, at, of));
        let mut made: Vec<(usize, Findings)> = workers.into_iter().flat_map(joined).collect();
        made.sort_by_key(|(number, _)| *number);
        made.into_iter().map(|(_, found)| found).collect()
    })
}

fn joined<T>(worker: ScopedJoinHandle<'_, T>) -> T {
    worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
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
    let share = count.div_ceil(cores()).max(1);
    let keep = Keep { bytes: !options.since.is_empty(), evidence: options.conformity };
    let (telling, told) = channel();
    let mut parts = std::thread::scope(|scope| {
        let mut workers = Vec::new();
        for (part, leaves) in evidence.leaves.chunks_mut(share).enumerate() {
            let telling = telling.clone();
            // There is room for all others behind the first part.
            let room = if part == 0 { count } else { share };
            workers.push(scope.spawn(move || read_all(leaves, keep, room, &telling)));
        }
        drop(telling);
        let mut done = 0;
        for more in told {
            done += more;
            progress("canonical", done, count as u64);
        }
        workers.into_iter().map(joined).collect::<Vec<_>>().into_iter()
    });
    let (mut entries, mut signatures, faults) = parts.next().unwrap_or_default();
    found.absorb(faults);
    for (mut more, mut signed, faults) in parts {
        entries.append(&mut more);
        signatures.append(&mut signed);
        found.absorb(faults);
    }
    found.counted("canonical", count as u64);
    let readable = entries.len() == count;
    Decoded { entries, signatures, readable }
}

/// The entries of some leaves, the signatures of each, and what is wrong with the leaves.
type ReadPart = (Vec<Entry>, Vec<Vec<EventSignature>>, Findings);

fn read_all(leaves: &mut [leaf::Leaf], keep: Keep, room: usize, telling: &Sender<u64>) -> ReadPart {
    let (mut entries, mut signatures) = (Vec::with_capacity(room), Vec::with_capacity(room));
    let mut found = Findings::default();
    for leaves in leaves.chunks_mut(STEP as usize) {
        for leaf in leaves.iter_mut() {
            let read = entry::canonical(leaf, &mut found);
            if !keep.bytes {
                leaf.bytes = Box::default();
            }
            let Some((mut entry, signed)) = read else { continue };
            // Of most of what is recorded nothing follows from where it was found.
            if !keep.evidence && signed.is_empty() && !entry::rests_on_its_evidence(&entry.event) {
                Arc::make_mut(&mut entry.event).evidence = Vec::new();
            }
            entries.push(entry);
            signatures.push(signed);
        }
        // Nobody who no longer listens needs to be told.
        let _ = telling.send(leaves.len() as u64);
    }
    (entries, signatures, found)
}

/// What `work` makes of the parts of a whole, in their order; each part is for one core.
fn on_every_core<'t, T: Sync, R: Send>(whole: &'t [T], work: &(dyn Fn(&'t [T]) -> R + Sync)) -> Vec<R> {
    let share = whole.len().div_ceil(cores()).max(1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = whole.chunks(share).map(|part| scope.spawn(move || work(part))).collect();
        workers.into_iter().map(joined).collect()
    })
}

/// The checks of what is derived from entries body by body, and the remarks.
fn derived(
    entries: Vec<Entry>,
    charters: &Rules,
    asked: &Asked<'_>,
    found: &mut Findings,
    progress: &mut dyn FnMut(&'static str, u64, u64),
) -> Vec<RemarkItem> {
    let projected = !found.skips("projections");
    let conformity = asked.options.conformity;
    if !projected && !conformity {
        return Vec::new();
    }
    let places = Places::new(entries);
    if projected {
        let of = charters.len() as u64;
        projection::projections(&places, charters, &projection::What { projected }, found, &mut |at| {
            progress("projections", at, of);
        });
    }
    if conformity { remark::conformity(&places, charters) } else { Vec::new() }
}
