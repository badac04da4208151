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
mod link;
mod projection;
mod published;
mod record;
mod recorders;
mod remark;
mod repair;
mod report;
mod since;
mod tiles;
mod verdict;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::Path;

use crate::event::{Entry, EventSignature, Size};
use crate::log::{LogError, VerifierKey};

pub use check::{CHECKS, Check};
pub use fault::{FAULTS, Fault};
pub use published::{PublishedError, audit_published};
pub use repair::{RepairError, Repaired, repair};
pub use report::{CheckResult, Finding, RemarkItem, Report};
pub use since::{Kept, Since, SinceError};

use evidence::Evidence;
use report::Findings;

/// What an audit does beside its checks.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Options {
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
    options: &Options,
    progress: &mut dyn FnMut(&'static str, u64, u64),
) -> Result<Report, LogError> {
    let mut evidence = evidence::gather(path, options, &mut |at, of| progress("frames", at, of))?;
    let mut found = Findings::skipping(options.skip.clone());
    evidence.frames(&mut found);
    let (entries, signatures, readable) = one_by_one(&evidence, &mut found, progress);
    evidence.follow_keys(&entries, &mut found);
    evidence.tree(&mut found);
    evidence.checkpoint(&mut found);
    conclude(evidence, (&entries, &signatures, readable), options, found, progress)
}

/// Entries, the signatures of each, and whether all can be read.
type Decoded = (Vec<Entry>, Vec<Vec<EventSignature>>, bool);

/// The checks of entries one by one, and of each against those before it.
fn one_by_one(
    evidence: &Evidence,
    found: &mut Findings,
    progress: &mut dyn FnMut(&'static str, u64, u64),
) -> Decoded {
    let (entries, signatures, readable) = decoded(evidence, found, progress);
    entry::ids(&entries, found);
    entry::clock(&entries, found);
    (entries, signatures, readable)
}

/// The checks that come last, and the report.
fn conclude(
    evidence: Evidence,
    (entries, signatures, readable): (&[Entry], &[Vec<EventSignature>], bool),
    options: &Options,
    mut found: Findings,
    progress: &mut dyn FnMut(&'static str, u64, u64),
) -> Result<Report, LogError> {
    evidence.since(&options.since, &mut found)?;
    let remarks = match readable && !evidence.incomplete {
        true => {
            if !found.skips("completeness") {
                completeness::completeness(
                    entries,
                    &evidence.hashes,
                    &evidence.stating(&options.since),
                    &mut found,
                );
            }
            if !found.skips("recorders") {
                let origin = evidence.origin.as_deref().unwrap_or_default();
                let mut told = |at, of| progress("recorders", at, of);
                recorders::recorders(origin, entries, signatures, &mut found, &mut told);
            }
            whole_record(entries, options.conformity, &mut found, progress)
        }
        false => {
            for check in ["completeness", "links", "recorders", "charters", "verdicts", "projections"] {
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

/// How often progress is told.
const STEP: u64 = 1024;

/// So many leaves are read between two tellings of progress, on every core.
const LEAVES_AT_A_TIME: usize = 32 * 1024;

/// Every entry that can be read with its signatures, and whether all can.
fn decoded(
    evidence: &Evidence,
    found: &mut Findings,
    progress: &mut dyn FnMut(&'static str, u64, u64),
) -> Decoded {
    let count = evidence.leaves.len();
    let mut entries = Vec::with_capacity(count);
    let mut signatures = Vec::with_capacity(count);
    for leaves in evidence.leaves.chunks(LEAVES_AT_A_TIME) {
        progress("canonical", (entries.len() as u64).min(count as u64), count as u64);
        for (read, faults) in on_every_core(leaves, &read_all) {
            for (entry, signed) in read {
                entries.push(entry);
                signatures.push(signed);
            }
            found.absorb(faults);
        }
    }
    found.counted("canonical", count as u64);
    let readable = entries.len() == count;
    (entries, signatures, readable)
}

fn read_all(leaves: &[evidence::Leaf]) -> (Vec<(Entry, Vec<EventSignature>)>, Findings) {
    let mut found = Findings::default();
    let read = leaves.iter().filter_map(|leaf| entry::canonical(leaf, &mut found)).collect();
    (read, found)
}

/// What `work` makes of the parts of a whole, in their order; each part is for one core.
fn on_every_core<'t, T: Sync, R: Send>(whole: &'t [T], work: &(dyn Fn(&'t [T]) -> R + Sync)) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = whole.len().div_ceil(cores).max(1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = whole.chunks(share).map(|part| scope.spawn(move || work(part))).collect();
        let joined = workers.into_iter().map(|worker| worker.join());
        joined.map(|made| made.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

/// The checks that mean something only where no entry is missing.
fn whole_record(
    entries: &[Entry],
    conformity: bool,
    found: &mut Findings,
    progress: &mut dyn FnMut(&'static str, u64, u64),
) -> Vec<RemarkItem> {
    let charters = std::thread::scope(|scope| {
        // Links rest on nothing that the other checks make.
        let linked = (!found.skips("links")).then(|| scope.spawn(|| link::links(entries)));
        // What follows rests on the charters, whether or not their own faults are told.
        let charters = verdict::charters(entries, found);
        if !found.skips("verdicts") {
            verdict::verdicts(entries, found, &mut |at, of| progress("verdicts", at, of));
        }
        if let Some(linked) = linked {
            found.absorb(linked.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        charters
    });
    if !found.skips("projections") {
        let of = charters.len() as u64;
        projection::projections(entries, &charters, found, &mut |at| progress("projections", at, of));
    }
    if conformity { remark::conformity(entries, &charters) } else { Vec::new() }
}
