//! The results of an audit in lines, for the terminal and for a report that is kept.

use crate::audit::{AuditFinding, CHECKS, CheckResult, RemarkItem};

use crate::cli::render::{Page, clean, faint, warn};

/// Findings, each with its remedy.
pub(crate) fn findings(page: &Page, found: &[AuditFinding]) -> String {
    let mut out = String::new();
    for finding in found {
        let entry = finding.entry.map(|e| format!("entry {e}: ")).unwrap_or_default();
        let place = finding.place.as_deref().map(|p| format!("   {}", faint(&clean(p)))).unwrap_or_default();
        let head = format!("{}  ", warn(&format!("{}: {}", finding.check, finding.code)));
        out.push_str(&page.wrap_to(&head, "    ", &format!("{entry}{}{place}", clean(&finding.what))));
        out.push_str(&page.wrap("    ", &clean(finding.remedy)));
    }
    out
}

/// Every check with the number of things it examined and the property that it verifies.
pub(crate) fn checks(page: &Page, made: &[CheckResult]) -> String {
    let row = |c: &CheckResult| {
        let what = CHECKS.iter().find(|k| k.name == c.name).map_or("", |k| k.what);
        let what = match c.left_out {
            _ if c.skipped => "skipped, as asked".to_owned(),
            Some(why) => format!("left out: {why}"),
            None => what.to_owned(),
        };
        vec![c.name.to_owned(), c.count.to_string(), c.findings.to_string(), what]
    };
    let rows: Vec<Vec<String>> = made.iter().map(row).collect();
    page.table(&["check", "looked at", "findings", "makes sure that"], &rows)
}

/// Remarks, one line each.
pub(crate) fn remarks(page: &Page, found: &[RemarkItem]) -> String {
    let mut out = String::new();
    for remark in found {
        let rule = remark.rule.as_deref().filter(|rule| !remark.what.contains(rule));
        let rule = rule.map(|r| format!("  ({r})")).unwrap_or_default();
        let what = format!("{}{rule}", remark.what);
        out.push_str(&page.wrap(&format!("entry {:<5} ", remark.entry), &clean(&what)));
    }
    out
}
