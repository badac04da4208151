use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::OnceLock;

use crate::audit::{
    AuditOptions, CHECKS, PublishedError, Report, SampledAnswer, SampledPair, Since, SinceError,
    audit_asking, audit_published,
};
use crate::ledger::Reading;
use crate::log::SignedCheckpoint;
use crate::publish::TreeSource;
use crate::query::{Question, StatusAnswer};

use crate::cli::check::audit_lines::{checks, findings, remarks};
use crate::cli::check::audit_report::{self, Filing};
use crate::cli::context::{Context, Format, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::render::{Page, count, one_of};

/// Verify the evidence and derive everything again; silent where all is well, exit 1 with findings
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery audit --report 2026-11.json
  chancery audit --since 2026-10.json        (a report filed earlier)
  chancery audit --since ../backup.ledger    (an older copy names each change)
  chancery audit --policy witnesses --report 2026-11.json
  chancery audit --skip projections
  chancery audit --from https://example.org/sco --key sco.vkey

Needs entries/ and checkpoint only, takes no lock, writes nothing: it also
works on a read-only copy and beside a running writer.

--since takes what was kept elsewhere. A checkpoint shows that something
changed; more of them, or a report in JSON, show among which entries; a
ledger's folder, a published tree or a file of `chancery export leaves` names
every entry with what it was and what it is.

--from looks at a published tree instead (chancery publish), from outside, with
the verifier key and nothing of the ledger: every entry, every tile, the root,
the signature, then the same checks of the entries. The key is one that you
hold, never one that came with the tree.

A finding is a fault of integrity or of re-derivation; docs/AUDIT.md lists
every check and code. A departure from the charter is a remark, and so is an
act before or after every list of states in the ledger knows who acts, and an
attachment that is not in this copy: --conformity lists them, and they never
change the exit code.

--report files a result even where all is well: the program and its SHA-256,
the log, its size and root, every check with its count, findings, begin and
end. A file that ends in .json, or --format json, makes it JSON.")]
pub(crate) struct Args {
    /// What was kept elsewhere: a checkpoint, a report, a file of leaves, an older copy's folder or that of a published
    /// tree; the log must still begin with it; may be repeated
    #[arg(long, value_name = "FILE|FOLDER")]
    since: Vec<PathBuf>,
    /// Audit a published tree, in a folder or at an address that begins with http:// or https://; needs --key
    #[arg(long, value_name = "DIR|URL")]
    from: Option<String>,
    /// The verifier key, or a file that holds it; default: key.pub in the ledger's folder
    #[arg(long, value_name = "VKEY")]
    key: Option<String>,
    /// Witnesses must have cosigned a head of the log as the policy in this file asks (C2SP tlog-policy)
    #[arg(long, value_name = "POLICY", conflicts_with = "from")]
    policy: Option<PathBuf>,
    /// Leave out a check, by its name; may be repeated
    #[arg(long, value_name = "CHECK", value_parser = check)]
    skip: Vec<&'static str>,
    /// Make this check and no other; may be repeated
    #[arg(long, value_name = "CHECK", value_parser = check, conflicts_with = "skip")]
    only: Vec<&'static str>,
    /// Write a report that can be filed; one that is there is replaced
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// List departures from the charters, differing claims, and attachments that are not in this copy
    #[arg(long)]
    conformity: bool,
    /// Show every check with what it looked at
    #[arg(long)]
    checks: bool,
}

/// Reads the name of a check.
fn check(word: &str) -> Result<&'static str, String> {
    let names = CHECKS.map(|check| check.name);
    names.into_iter().find(|name| *name == word).ok_or_else(|| {
        let known = names.join(", ");
        format!("there is no check called {word:?}: the checks are {known}")
    })
}

impl Args {
    fn skipped(&self) -> BTreeSet<&'static str> {
        let others = CHECKS.iter().map(|check| check.name).filter(|name| !self.only.contains(name));
        match self.only.is_empty() {
            true => self.skip.iter().copied().collect(),
            false => others.collect(),
        }
    }

    /// Refuses a check in `--only` that this kind of audit does not make, because such an audit would verify nothing.
    fn check_only(&self) -> Result<(), Failure> {
        let published = self.from.is_some();
        let mut checks = CHECKS.iter().filter(|check| self.only.contains(&check.name));
        match checks.find(|check| !check.is_made(published)) {
            Some(check) if published => {
                Err(Failure::usage(format!("a published tree has no {}", check.name))
                    .help("leave --only out, or audit the ledger itself"))
            }
            Some(check) => Err(Failure::usage(format!("{} is a check of a published tree", check.name))
                .help("name the tree: --from DIR|URL --key VKEY")),
            None => Ok(()),
        }
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    args.check_only()?;
    let since = args.since.iter().map(|path| Since::read(path)).collect::<Result<_, _>>().map_err(kept)?;
    // A report counts the remarks even if they are not listed.
    let conformity = args.conformity || args.report.is_some();
    let key = args.key.as_deref().map(crate::cli::prove::given::verifier_key).transpose()?;
    let options = AuditOptions { conformity, since, key, skip: args.skipped() };
    let witnessed = args.policy.as_deref().map(|policy| witnessed(policy, context)).transpose()?;
    let mut report = match &args.from {
        Some(from) => published(from, context, &options)?,
        None => report(context, &options)?,
    };
    if let Some(file) = &args.report {
        let listed = args.conformity;
        let ended = context.later()?;
        let witnessed = witnessed.clone();
        let filing = Filing { report: &report, options: &options, listed, witnessed, ended };
        audit_report::file(file, &filing, context)?;
    }
    if !args.conformity {
        report.remarks.clear();
    }
    show(&report, args, context)?;
    // A few unsigned entries are normal while a writer is open.
    if let Some(unsigned) = report.unsigned.filter(|unsigned| args.conformity || *unsigned > 256) {
        let entries = count(unsigned, "entry stands", "entries stand");
        context.remark(&format!(
            "the last {entries} under no signed head yet: nobody but who has the folder vouches for them until a writer ends"
        ));
    }
    let secret = context.ledger.join("key");
    // A user who names a key need not be the operator, and only the operator's own folder may contain the key file.
    if args.key.is_some() && args.from.is_none() && secret.exists() {
        context.remark(&format!(
            "{}: with this file anyone can sign in the log's name: a copy for others must not contain it",
            secret.display()
        ));
    }
    if report.is_clean() && context.shows_progress() {
        context.remark(&verdict(&report, witnessed.as_deref()));
    }
    Ok(if report.is_clean() { Exit::Done } else { Exit::No })
}

/// Judges the cosigned head by a policy, and returns the statement of its witnesses; the audit compares that head with the log.
///
/// # Errors
/// [`Failure`], with exit 1 if the quorum is not met.
fn witnessed(policy: &std::path::Path, context: &Context) -> Result<String, Failure> {
    let policy = crate::cli::prove::cosign::policy(policy)?;
    let path = context.ledger.join("cosigned");
    let lacks = |what: String| {
        Failure::new(Exit::No, format!("the quorum is not met: {what}"))
            .help("ask the witnesses: chancery checkpoint --cosign POLICY")
    };
    let Some(signed) = SignedCheckpoint::read(&path)? else {
        return Err(lacks("no head of this log is cosigned".into()));
    };
    let judged = policy.judge(&signed).map_err(|error| lacks(error.to_string()))?;
    if !judged.lacking.is_empty() {
        return Err(lacks(judged.lacking.join("; ")));
    }
    let lines: Vec<String> =
        crate::cli::prove::cosign::lines(&judged).iter().map(ToString::to_string).collect();
    let entries = count(signed.head.size, "entry", "entries");
    Ok(format!("the first {entries} were there when witnesses cosigned: {}", lines.join(", ")))
}

fn show(report: &Report, args: &Args, context: &Context) -> Result<(), Failure> {
    let list = if args.conformity {
        "remarks"
    } else if args.checks {
        "checks"
    } else {
        "findings"
    };
    let columns: &[&str] = match list {
        "remarks" => &["entry", "what", "rule"],
        "checks" => &["name", "count", "findings", "skipped", "left_out"],
        _ => &["check", "code", "entry", "place", "what", "remedy"],
    };
    match context.format {
        Format::Text => context.print(&text(&context.page, report, args)),
        _ => context.answer(report, Shape { list: Some(list), columns }, |_| String::new()),
    }
}

/// Audits the ledger with a progress bar.
///
/// # Errors
/// [`Failure`] if there is no ledger to audit.
pub(crate) fn report(context: &Context, options: &AuditOptions) -> Result<Report, Failure> {
    let bar = context.bar(0, "entries");
    // The reading is opened for the first question, when the audit has read the entries: if a writer is at work, the reading must
    // not end before them.
    let reading = OnceLock::new();
    let (ledger, now) = (&context.ledger, context.now);
    let open = || reading.get_or_init(|| Reading::open(ledger, now).ok()).as_ref();
    let ask = |pair: SampledPair<'_>| Some(answered(open()?, pair));
    let report = audit_asking(&context.ledger, options, Some(&ask), &mut |check, at, of| {
        bar.set_message(check);
        bar.set_length(of);
        bar.set_position(at);
    });
    bar.finish_and_clear();
    Ok(report?)
}

/// The status of a pair as `chancery status` gives it.
fn answered(reading: &Reading, pair: SampledPair<'_>) -> SampledAnswer {
    let SampledPair { participant, body, on, as_recorded } = pair;
    let question = Question::status(participant.as_str(), body.as_str()).on(on.to_string());
    let answer = reading.ask(&question.as_recorded(as_recorded)).map_err(|error| error.to_string())?;
    let answer = StatusAnswer::try_from(answer).map_err(|error| error.to_string())?;
    Ok((answer.certainty, answer.possible.into_iter().collect()))
}

/// Audits a published tree with a progress bar.
fn published(from: &str, context: &Context, options: &AuditOptions) -> Result<Report, Failure> {
    let source = TreeSource::new(from)?;
    let key = options.key.as_ref().ok_or_else(|| {
        Failure::usage("--from needs --key: a published tree is verified with a key that you hold").help(
            "it is the line that chancery key show prints, or a file that holds it: ask its publisher for it",
        )
    })?;
    let bar = context.bar(0, "entries");
    let report = audit_published(&source, key, options, &mut |check, at, of| {
        bar.set_message(check);
        bar.set_length(of);
        bar.set_position(at);
    });
    bar.finish_and_clear();
    report.map_err(|error| match error {
        PublishedError::Source(error) => error.into(),
        PublishedError::Log(error) => error.into(),
    })
}

fn kept(error: SinceError) -> Failure {
    match error {
        SinceError::Unreadable { path, source } => Failure::file(&path, &source),
        other => Failure::usage(other),
    }
}

/// The summary of an audit that found nothing wrong.
pub(crate) fn verdict(report: &Report, witnessed: Option<&str>) -> String {
    let entries = count(report.size.0, "entry", "entries");
    let skipped: Vec<&str> = report.checks.iter().filter(|c| c.skipped).map(|c| c.name).collect();
    let but = match skipped.is_empty() {
        true => String::new(),
        false => format!(" {} was not checked.", one_of(&skipped)),
    };
    let times = witnessed.map_or("no witness".to_owned(), |said| format!("but {said}"));
    format!("{entries}, no finding.{but} Times are this machine's own claim: {times}.")
}

fn text(page: &Page, report: &Report, args: &Args) -> String {
    let mut out = findings(page, &report.findings);
    if !report.findings.is_empty() {
        let n = count(report.findings.len() as u64, "finding", "findings");
        out.push_str(&format!("{n} in {}\n", count(report.size.0, "entry", "entries")));
    }
    if args.checks {
        out.push_str(&checks(page, &report.checks));
    }
    if args.conformity {
        out.push_str(&remarks(page, &report.remarks));
        out.push_str(&format!("{}\n", count(report.remarks.len() as u64, "remark", "remarks")));
    }
    out
}
