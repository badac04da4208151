//! The report of an audit, for filing: the checks, the program that made them, the time, and the findings.

use std::path::Path;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::audit::{AuditFinding, AuditOptions, CHECKS, CheckResult, RemarkItem, Report};
use crate::event::{Instant, Size};

use crate::cli::check::audit_lines::{checks, findings, remarks};
use crate::cli::context::{Context, Format};
use crate::cli::error::Failure;
use crate::cli::output::write_output;
use crate::cli::render::{Page, clean, count};
use crate::cli::safe;

/// The statement of whose clock the times of the report come from.
const CLOCK: &str = "began, ended and every recorded_at are the operator's own clock";

/// The text for the key, if no key vouches for the root.
const UNSIGNED: &str = "none: the head is unsigned";

/// The contents of a report.
pub(crate) struct Filing<'a> {
    /// The results of the audit.
    pub(crate) report: &'a Report,
    /// The options that the audit ran with.
    pub(crate) options: &'a AuditOptions,
    /// True if remarks are listed, false if they are only counted.
    pub(crate) listed: bool,
    /// The statement of the witnesses about the time, if a policy names them.
    pub(crate) witnessed: Option<String>,
    /// The time at which the audit ended.
    pub(crate) ended: Instant,
}

impl Filing<'_> {
    /// States whose clock the times come from.
    fn clock(&self) -> String {
        match &self.witnessed {
            None => format!("{CLOCK}: no witness cosigned"),
            Some(witnessed) => format!("{CLOCK}; {witnessed}"),
        }
    }
}

/// Writes a report, completely or not at all; an existing file is replaced.
///
/// # Errors
/// [`Failure`] if the file cannot be written, or is in the ledger that is audited.
pub(crate) fn file(path: &Path, filing: &Filing<'_>, context: &Context) -> Result<(), Failure> {
    let failed = |e: std::io::Error| Failure::file(path, &e);
    let whole = std::path::absolute(path).map_err(failed)?;
    let folder = whole.parent().unwrap_or(&whole).canonicalize().map_err(failed)?;
    if context.ledger.canonicalize().is_ok_and(|ledger| folder.starts_with(ledger)) {
        let what = format!("{}: a report cannot lie in the ledger that it is about", path.display());
        return Err(Failure::usage(what).help("name a file in another folder"));
    }
    let json = context.format != Format::Text || path.extension().is_some_and(|e| e == "json");
    let program = program().map_err(failed)?;
    let text = match json {
        true => format!("{}\n", serde_json::to_string_pretty(&document(filing, &program, context))?),
        false => anstream::adapter::strip_str(&safe::page(&page(filing, &program, context))).to_string(),
    };
    write_output(&whole, text.as_bytes())
}

/// The SHA-256 of the program file that is running.
fn program() -> std::io::Result<String> {
    let bytes = std::fs::read(std::env::current_exe()?)?;
    Ok(format!("{:x}", Sha256::digest(bytes)))
}

/// A report as JSON. `--since` reads its origin and heads.
#[derive(Serialize)]
struct Document<'a> {
    report: &'static str,
    program: Program<'a>,
    origin: &'a str,
    size: Size,
    root: &'a str,
    key: Option<&'a str>,
    began: String,
    ended: String,
    clock: String,
    since: Vec<&'a str>,
    checks: Vec<Made<'a>>,
    findings: &'a [AuditFinding],
    /// The number of remarks.
    remarks: usize,
    /// The remarks, if they are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    departures: Option<&'a [RemarkItem]>,
    heads: Vec<Head>,
}

/// The program that made the audit.
#[derive(Serialize)]
struct Program<'a> {
    name: &'static str,
    version: &'static str,
    sha256: &'a str,
}

/// A check with the property that it verifies.
#[derive(Serialize)]
struct Made<'a> {
    #[serde(flatten)]
    result: &'a CheckResult,
    what: &'static str,
}

/// The head of the log at a size.
#[derive(Serialize)]
struct Head {
    size: u64,
    root: String,
}

fn document<'a>(filing: &Filing<'a>, program: &'a str, context: &Context) -> Document<'a> {
    let Filing { report, options, listed, ended, .. } = *filing;
    let what = |name: &str| CHECKS.iter().find(|check| check.name == name).map_or("", |check| check.what);
    Document {
        report: "chancery audit",
        program: Program { name: "chancery", version: env!("CARGO_PKG_VERSION"), sha256: program },
        origin: &report.origin,
        size: report.size,
        root: &report.root,
        key: report.key.as_deref(),
        began: context.now.canonical(),
        ended: ended.canonical(),
        clock: filing.clock(),
        since: options.since.iter().map(|kept| kept.name.as_str()).collect(),
        checks: report.checks.iter().map(|result| Made { result, what: what(result.name) }).collect(),
        findings: &report.findings,
        remarks: report.remarks.len(),
        departures: listed.then_some(&report.remarks),
        heads: report.heads.iter().map(|h| Head { size: h.size, root: h.root.to_string() }).collect(),
    }
}

fn page(filing: &Filing<'_>, program: &str, context: &Context) -> String {
    let Filing { report, options, listed, ended, .. } = filing;
    let page = Page { width: 80, ..context.page };
    let mut out = "Report of an audit by chancery\n\n".to_owned();
    let mut field =
        |label: &str, text: &str| out.push_str(&page.wrap(&format!("  {label:<11}"), &clean(text)));
    field("program", &format!("chancery {}, SHA-256 {program}", env!("CARGO_PKG_VERSION")));
    field("log", &report.origin);
    field("size", &count(report.size.0, "entry", "entries"));
    field("root", &report.root);
    field("key", report.key.as_deref().unwrap_or(UNSIGNED));
    field("began", &context.now.canonical());
    field("ended", &ended.canonical());
    field("times", &filing.clock());
    let since: Vec<&str> = options.since.iter().map(|kept| kept.name.as_str()).collect();
    field(
        "since",
        if since.is_empty() { "compared with nothing kept elsewhere".into() } else { since.join(", ") }
            .as_str(),
    );
    let found = report.findings.len() as u64;
    let result = match found {
        0 => "no finding".to_owned(),
        n => count(n, "finding", "findings"),
    };
    field("result", &result);
    let remarked = count(report.remarks.len() as u64, "departure", "departures");
    field("remarks", &format!("{remarked} from the charters; they are no findings"));
    out.push_str("\nChecks\n\n");
    out.push_str(&checks(&page, &report.checks));
    out.push_str("\nFindings\n\n");
    out.push_str(&if found == 0 { "none\n".to_owned() } else { findings(&page, &report.findings) });
    if *listed {
        out.push_str("\nRemarks\n\n");
        out.push_str(&remarks(&page, &report.remarks));
    }
    out
}
