//! What an audit says.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::event::{Index, Size};

/// A check by its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// What it makes sure of, in a line.
    pub what: &'static str,
}

/// Every check, in the order in which they are made.
pub const CHECKS: [Check; 10] = [
    Check {
        name: "frames",
        what: "every segment and frame is as written, every leaf has its stored hash, none is missing",
    },
    Check {
        name: "canonical",
        what: "every leaf is of a known version and is the one canonical form of what it says",
    },
    Check { name: "ids", what: "an id names one event" },
    Check { name: "clock", what: "recorded times rise strictly" },
    Check { name: "tree", what: "the leaves give the root that each segment states of those before it" },
    Check {
        name: "checkpoint",
        what: "the log begins with what its checkpoint, and each one given, covers; they are signed with its key",
    },
    Check {
        name: "links",
        what: "answers and corrections name earlier entries, rows an import; a rectification fits its entry",
    },
    Check { name: "charters", what: "every charter can be read, and leads only to statuses that it defines" },
    Check { name: "verdicts", what: "every entry is admissible under the charter as it was recorded then" },
    Check {
        name: "projections",
        what: "two ways of deriving every status agree; the first entries alone give what they gave",
    },
];

/// What a check made of the record.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CheckResult {
    /// Its name.
    pub name: &'static str,
    /// How many things it looked at.
    pub count: u64,
    /// How many findings it made.
    pub findings: usize,
    /// Why it could not be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<&'static str>,
}

/// A fault of integrity or of re-derivation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Finding {
    /// Which check found it.
    pub check: &'static str,
    /// What kind of fault, in a word or two.
    pub code: &'static str,
    /// The entry concerned.
    pub entry: Option<Index>,
    /// The file and the byte in it.
    pub place: Option<String>,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

/// A departure from a charter, or a claim that differs from it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct RemarkItem {
    /// The entry.
    pub entry: Index,
    /// What departs from what.
    pub what: String,
    /// The article.
    pub rule: Option<String>,
}

/// What an audit found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Report {
    /// The log's name; empty where nothing gives it any more.
    pub origin: String,
    /// How many entries were read.
    pub size: Size,
    /// The RFC 6962 root over them, computed from their bytes; base64.
    pub root: String,
    /// Every check with what it looked at.
    pub checks: Vec<CheckResult>,
    /// Everything that is wrong.
    pub findings: Vec<Finding>,
    /// Departures from the charters, where they were asked for. They change no verdict.
    pub remarks: Vec<RemarkItem>,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

/// What is found while checks are made.
#[derive(Default)]
pub(super) struct Findings {
    counts: BTreeMap<&'static str, u64>,
    left_out: BTreeMap<&'static str, &'static str>,
    found: Vec<Finding>,
}

impl Findings {
    pub(super) fn counted(&mut self, check: &'static str, count: u64) {
        *self.counts.entry(check).or_default() += count;
    }

    pub(super) fn left_out(&mut self, check: &'static str, why: &'static str) {
        self.left_out.insert(check, why);
    }

    pub(super) fn add(&mut self, finding: Finding) {
        self.found.push(finding);
    }

    /// A fault of an entry.
    pub(super) fn at(
        &mut self,
        check: &'static str,
        code: &'static str,
        entry: Index,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let (what, remedy) = (what.into(), remedy.into());
        self.found.push(Finding { check, code, entry: Some(entry), place: None, what, remedy });
    }

    /// Every check's result and every finding, in the order of [`CHECKS`].
    pub(super) fn finish(mut self) -> (Vec<CheckResult>, Vec<Finding>) {
        let order = |name: &str| CHECKS.iter().position(|c| c.name == name);
        self.found.sort_by_key(|f| order(f.check));
        let result = |check: &Check| CheckResult {
            name: check.name,
            count: self.counts.get(check.name).copied().unwrap_or(0),
            findings: self.found.iter().filter(|f| f.check == check.name).count(),
            left_out: self.left_out.get(check.name).copied(),
        };
        (CHECKS.iter().map(result).collect(), self.found)
    }
}
