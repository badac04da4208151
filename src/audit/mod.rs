//! The audit: everything is derived again from the raw leaves and compared with what the ledger says of itself.
//!
//! It shares nothing with `ledger` and `index`: it reads `entries/` and `checkpoint`, opens nothing for writing and takes
//! no lock. A *finding* is a fault of integrity or of re-derivation. A *remark* is a departure from a charter or a claim
//! that differs from what the charter gives; remarks are listed on demand and never change the verdict. [`repair`] brings
//! missing or damaged evidence back into a new folder.

mod clause;
mod entry;
mod evidence;
mod link;
mod projection;
mod record;
mod remark;
mod repair;
mod report;
mod verdict;

#[cfg(test)]
mod tests;

use std::path::Path;

use crate::event::{Entry, Size};
use crate::log::{LogError, SignedCheckpoint, VerifierKey};

pub use repair::{RepairError, Repaired, repair};
pub use report::{CHECKS, Check, CheckResult, Finding, RemarkItem, Report};

use evidence::Evidence;
use report::Findings;

/// What an audit does beside its checks.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// List departures from the charters.
    pub conformity: bool,
    /// Heads of this log kept elsewhere: it must still begin with them.
    pub since: Vec<SignedCheckpoint>,
    /// What the heads must be signed with; where it is not given, the verifier key in the folder.
    pub key: Option<VerifierKey>,
}

/// Audits a ledger, telling `progress` how many entries are read, of how many.
///
/// Damage that can be named is a finding.
///
/// # Errors
/// [`LogError::Absent`] where there is no ledger, [`LogError::Version`] for a later format, [`LogError::Io`] where files
/// cannot be read.
pub fn audit(path: &Path, options: &Options, progress: &mut dyn FnMut(u64, u64)) -> Result<Report, LogError> {
    let evidence = evidence::gather(path, options, progress)?;
    let mut found = Findings::default();
    evidence.frames(&mut found);
    let mut entries = Vec::with_capacity(evidence.leaves.len());
    let mut readable = true;
    for leaf in &evidence.leaves {
        match entry::canonical(leaf, &mut found) {
            Some(entry) => entries.push(entry),
            None => readable = false,
        }
    }
    found.counted("canonical", evidence.leaves.len() as u64);
    entry::ids(&entries, &mut found);
    entry::clock(&entries, &mut found);
    evidence.tree(&mut found);
    evidence.checkpoint(&mut found);
    let remarks = whole_record(&evidence, readable, &entries, options.conformity, &mut found);
    let (checks, findings) = found.finish();
    Ok(Report {
        origin: evidence.origin.unwrap_or_default(),
        size: Size(evidence.frontier.size()),
        root: evidence.frontier.root().to_string(),
        checks,
        findings,
        remarks,
    })
}

/// The checks that mean something only where no entry is missing.
fn whole_record(
    evidence: &Evidence,
    readable: bool,
    entries: &[Entry],
    conformity: bool,
    found: &mut Findings,
) -> Vec<RemarkItem> {
    if !readable || evidence.incomplete {
        for check in ["links", "charters", "verdicts", "projections"] {
            found.left_out(check, "entries are missing or unreadable: repair, then audit again");
        }
        return Vec::new();
    }
    link::links(entries, found);
    let charters = verdict::charters(entries, found);
    verdict::verdicts(entries, found);
    projection::projections(entries, &charters, found);
    if conformity { remark::conformity(entries, &charters) } else { Vec::new() }
}
