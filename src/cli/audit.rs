use std::path::PathBuf;

use crate::audit::{Options, Report, audit};
use crate::log::SignedCheckpoint;

use super::context::{Context, Format, Shape};
use super::error::{Exit, Failure};
use super::render::{Page, clean, count, faint, warn};

/// Verify the evidence and derive everything again; silent where all is well, exit 1 with findings
#[derive(clap::Args, Debug)]
#[command(after_help = "Needs entries/ and checkpoint only, takes no lock, writes nothing: it also
works on a read-only copy and beside a running writer. Signatures are verified
with the key given, else with key.pub beside the log: only a key that you got
another way shows that nobody rewrote the whole folder.

A finding is a fault of integrity or of re-derivation. A departure from the
charter is a remark, and so is an act before or after every list of states in
the ledger knows who acts: --conformity lists them, and they never change the
exit code.")]
pub(super) struct Args {
    /// A checkpoint kept elsewhere: the log must still begin with what it covers; may be repeated
    #[arg(long, value_name = "FILE")]
    since: Vec<PathBuf>,
    /// The verifier key, or a file that holds it; default: key.pub in the ledger's folder
    #[arg(long, value_name = "VKEY")]
    key: Option<String>,
    /// List departures from the charters and differing claims
    #[arg(long)]
    conformity: bool,
    /// Show every check with what it looked at
    #[arg(long)]
    checks: bool,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let since = args.since.iter().map(|path| checkpoint(path)).collect::<Result<_, _>>()?;
    let key = args.key.as_deref().map(super::verify::verifier_key).transpose()?;
    let options = Options { conformity: args.conformity, since, key };
    let report = report(context, &options)?;
    let list = if args.conformity {
        "remarks"
    } else if args.checks {
        "checks"
    } else {
        "findings"
    };
    let columns: &[&str] = match list {
        "remarks" => &["entry", "what", "rule"],
        "checks" => &["name", "count", "findings", "left_out"],
        _ => &["check", "code", "entry", "place", "what", "remedy"],
    };
    if context.format == Format::Text {
        context.print(&text(&context.page, &report, args))?;
    } else {
        context.answer(&report, Shape { list: Some(list), columns }, |_| String::new())?;
    }
    if report.is_clean() && context.shows_progress() {
        context.remark(&verdict(&report));
    }
    Ok(if report.is_clean() { Exit::Done } else { Exit::No })
}

/// Audits the ledger with a progress bar.
///
/// # Errors
/// [`Failure`] where there is no ledger to audit.
pub(super) fn report(context: &Context, options: &Options) -> Result<Report, Failure> {
    let bar = context.bar(0, "entries");
    let report = audit(&context.ledger, options, &mut |at, of| {
        bar.set_length(of);
        bar.set_position(at);
    });
    bar.finish_and_clear();
    Ok(report?)
}

/// A checkpoint that someone kept, signed or not.
///
/// # Errors
/// [`Failure`] of usage.
pub(super) fn checkpoint(path: &std::path::Path) -> Result<SignedCheckpoint, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| Failure::file(path, &e))?;
    SignedCheckpoint::parse(&text).map_err(|(line, what)| {
        Failure::usage(format!("{}, line {line}: {what}: not a checkpoint", path.display()))
    })
}

/// What an audit says when nothing is wrong.
pub(super) fn verdict(report: &Report) -> String {
    let entries = count(report.size.0, "entry", "entries");
    format!("{entries}, no finding. Times are this machine's own claim: no witness.")
}

fn text(page: &Page, report: &Report, args: &Args) -> String {
    let mut out = String::new();
    for finding in &report.findings {
        let entry = finding.entry.map(|e| format!("entry {e}: ")).unwrap_or_default();
        let place = finding.place.as_deref().map(|p| format!("   {}", faint(p))).unwrap_or_default();
        let head = format!("{}  ", warn(&format!("{}: {}", finding.check, finding.code)));
        out.push_str(&page.wrap_to(&head, "    ", &format!("{entry}{}{place}", clean(&finding.what))));
        out.push_str(&page.wrap("    ", &clean(&finding.remedy)));
    }
    if !report.findings.is_empty() {
        let n = count(report.findings.len() as u64, "finding", "findings");
        out.push_str(&format!("{n} in {}\n", count(report.size.0, "entry", "entries")));
    }
    if args.checks {
        let row = |c: &crate::audit::CheckResult| {
            let what = crate::audit::CHECKS.iter().find(|k| k.name == c.name).map_or("", |k| k.what);
            let what = c.left_out.map_or_else(|| what.to_owned(), |why| format!("left out: {why}"));
            vec![c.name.to_owned(), c.count.to_string(), c.findings.to_string(), what]
        };
        let rows: Vec<Vec<String>> = report.checks.iter().map(row).collect();
        out.push_str(&page.table(&["check", "looked at", "findings", "makes sure that"], &rows));
    }
    if args.conformity {
        for remark in &report.remarks {
            let rule = remark.rule.as_deref().filter(|rule| !remark.what.contains(rule));
            let rule = rule.map(|r| format!("  ({r})")).unwrap_or_default();
            out.push_str(
                &page.wrap(&format!("entry {:<5} ", remark.entry), &clean(&format!("{}{rule}", remark.what))),
            );
        }
        out.push_str(&format!("{}\n", count(report.remarks.len() as u64, "remark", "remarks")));
    }
    out
}
