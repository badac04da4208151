//! The results of an audit.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::event::{Index, Size};
use crate::log::Checkpoint;

use super::check::{CHECKS, Check};
use super::fault::Fault;

/// The result of one check.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CheckResult {
    /// Its name.
    pub name: &'static str,
    /// The number of items that it checked.
    pub count: u64,
    /// The number of findings that it made.
    pub findings: usize,
    /// True if the caller asked to skip it.
    pub skipped: bool,
    /// The reason for which it could not be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<&'static str>,
}

/// A fault of integrity or of re-derivation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AuditFinding {
    /// The check that made it.
    pub check: &'static str,
    /// The kind of fault: with the check, one of [`FAULTS`](super::FAULTS).
    pub code: &'static str,
    /// The entry concerned.
    pub entry: Option<Index>,
    /// The file and the byte in it, or the entries among which the fault lies.
    pub place: Option<String>,
    /// The fault, described.
    pub what: String,
    /// The remedy.
    pub remedy: &'static str,
}

/// A departure from a charter, a claim that differs from it, or an attachment that is not in this copy.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct RemarkItem {
    /// The entry.
    pub entry: Index,
    /// The departure, and the rule or record from which it departs.
    pub what: String,
    /// The article of the charter.
    pub rule: Option<String>,
}

/// The report of an audit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Report {
    /// The log's name; empty if it can no longer be read.
    pub origin: String,
    /// The number of entries read.
    pub size: Size,
    /// The RFC 6962 root over them, computed from their bytes; base64.
    pub root: String,
    /// The verifier key with which heads must be signed; `None` if no key is known.
    pub key: Option<String>,
    /// The number of entries at the end of the log that no head signed with the key covers; left out if there are none, or no key
    /// is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsigned: Option<u64>,
    /// Every check with its result.
    pub checks: Vec<CheckResult>,
    /// Every finding.
    pub findings: Vec<AuditFinding>,
    /// Departures from the charters and missing attachments, if they were asked for. They change no verdict.
    pub remarks: Vec<RemarkItem>,
    /// Heads of the log as it was audited: at every 256th entry, and at each one after the last of those. Filed with a report, they
    /// show a later audit which entry is the first that changed.
    #[serde(skip)]
    pub heads: Vec<Checkpoint>,
}

impl Report {
    /// True if there is no finding.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

/// The findings collected while checks are made.
#[derive(Default)]
pub(super) struct Findings {
    published: bool,
    skip: BTreeSet<&'static str>,
    counts: BTreeMap<&'static str, u64>,
    left_out: BTreeMap<&'static str, &'static str>,
    found: Vec<AuditFinding>,
}

impl Findings {
    /// No findings yet; the checks named are not made.
    pub(super) fn skipping(skip: BTreeSet<&'static str>) -> Findings {
        Findings { skip, ..Findings::default() }
    }

    /// The same, for the checks of a published tree.
    pub(super) fn of_published(mut self) -> Findings {
        self.published = true;
        self
    }

    /// The number of findings of a check.
    pub(super) fn found_by(&self, check: &str) -> usize {
        self.found.iter().filter(|f| f.check == check).count()
    }

    pub(super) fn skips(&self, check: &str) -> bool {
        self.skip.contains(check)
    }

    pub(super) fn counted(&mut self, check: &'static str, count: u64) {
        *self.counts.entry(check).or_default() += count;
    }

    pub(super) fn left_out(&mut self, check: &'static str, why: &'static str) {
        self.left_out.insert(check, why);
    }

    /// Adds the findings of a part of a check after all earlier ones.
    pub(super) fn absorb(&mut self, part: Findings) {
        part.counts.into_iter().for_each(|(check, count)| self.counted(check, count));
        self.left_out.extend(part.left_out);
        let Findings { found, .. } = part;
        self.found.extend(found.into_iter().filter(|finding| !self.skip.contains(finding.check)));
    }

    /// Adds a fault of an entry.
    pub(super) fn at(&mut self, fault: Fault, entry: Index, what: impl Into<String>) {
        self.add(fault, Some(entry), None, what);
    }

    pub(super) fn add(
        &mut self,
        fault: Fault,
        entry: Option<Index>,
        place: Option<String>,
        what: impl Into<String>,
    ) {
        let Fault { check, code, remedy, .. } = fault;
        if !self.skips(check) {
            self.found.push(AuditFinding { check, code, entry, place, what: what.into(), remedy });
        }
    }

    /// The result of every check that is made, and every finding, in the order of [`CHECKS`].
    pub(super) fn finish(mut self) -> (Vec<CheckResult>, Vec<AuditFinding>) {
        let order = |name: &str| CHECKS.iter().position(|c| c.name == name);
        self.found.sort_by_key(|f| order(f.check));
        let result = |check: &Check| {
            let skipped = self.skips(check.name);
            let count = self.counts.get(check.name).filter(|_| !skipped);
            CheckResult {
                name: check.name,
                count: count.copied().unwrap_or(0),
                findings: self.found_by(check.name),
                skipped,
                left_out: self.left_out.get(check.name).copied().filter(|_| !skipped),
            }
        };
        let made = CHECKS.iter().filter(|check| check.is_made(self.published));
        (made.map(result).collect(), self.found)
    }
}
