use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::log::{Checkpoint, Claim, ProofError, ProofText, SignedCheckpoint, VerifierKey};

use crate::cli::context::{Context, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::prove::certificate;
use crate::cli::prove::cosign::Line;
use crate::cli::prove::given::{checkpoint, verifier_key};
use crate::cli::prove::seen::{Outcome, Trust};
use crate::cli::render::{Page, clean, strong, warn};

/// Verify a proof, an answer certificate or a checkpoint; needs no ledger, only the verifier key
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery verify entry-52.tlog-proof --key sco.vkey
  chancery verify belarus.json --key sco.vkey
  chancery verify growth.txt --key sco.vkey --since 2026-11-24.checkpoint
  chancery verify entry-52.tlog-proof --key sco.vkey --policy policy
  chancery verify one.checkpoint other.checkpoint --key sco.vkey

Exit 0 where everything holds, 1 where something does not: the first thing
that fails is named. The key is one that you already hold, never one that came
with the proof. docs/verify.py does the same with Python alone.

The last head that was verified of each log is remembered. A smaller one is
refused, and so is one that shows another history; both are then kept.")]
pub(crate) struct Args {
    /// The proof, the certificate, or a signed checkpoint; - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Another of the same log: whether both are of one history
    #[arg(value_name = "OTHER", conflicts_with_all = ["leaf", "since"])]
    other: Option<PathBuf>,
    /// The verifier key: the line that `chancery key show` prints, or a file that holds it
    #[arg(long, value_name = "VKEY")]
    key: String,
    /// The leaf, where the proof does not hold it: what `chancery show ENTRY --leaf` prints
    #[arg(long, value_name = "FILE")]
    leaf: Option<PathBuf>,
    /// A checkpoint kept from before: a proof of consistency must start from it
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
    #[command(flatten)]
    seen: crate::cli::prove::seen::SeenArgs,
}

/// The largest proof, in bytes: the largest leaf in base64, and a few thousand bytes more.
const BYTES_MAX: u64 = 1 << 18;

#[derive(Serialize)]
struct Verdict {
    verified: bool,
    /// The statement that is proved, or the first check that failed.
    what: String,
    origin: Option<String>,
    size: Option<u64>,
    root: Option<String>,
    index: Option<u64>,
    old_size: Option<u64>,
    leaf: Option<String>,
    /// The witnesses of the policy that cosigned the checkpoint.
    cosigned: Vec<Line>,
    /// A property that is not shown, and the command that would show it.
    remark: Option<String>,
}

/// The verdict on a file with its head, and with its proof if it contains one.
struct Proven {
    verdict: Verdict,
    checkpoint: SignedCheckpoint,
    proof: Option<ProofText>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let key = verifier_key(&args.key)?;
    let bytes = read(&args.file)?;
    if let Ok(text) = std::str::from_utf8(&bytes)
        && certificate::is_certificate(text)
    {
        if args.leaf.is_some() || args.since.is_some() || args.other.is_some() {
            let what = "--leaf, --since and OTHER are for proofs, this is an answer certificate";
            return Err(Failure::usage(what).help("leave them out: a certificate holds its leaves"));
        }
        return certificate::verify(text, &args.seen.read(&key, context)?, context);
    }
    let verdict = match judge(args, &bytes, &key, context) {
        Ok(verdict) => verdict,
        Err(Unproven::NoLeaf) => {
            return Err(Failure::usage(ProofError::NoLeaf)
                .help("give it: --leaf FILE, the line that chancery show ENTRY --leaf prints"));
        }
        Err(Unproven::NoConsistency) => {
            return Err(Failure::usage("--since needs a proof of consistency")
                .help("make one: chancery prove consistency OLD NEW, OLD the size of the checkpoint"));
        }
        Err(Unproven::Failure(failure)) => return Err(failure),
        Err(Unproven::Fails(what)) => Verdict {
            verified: false,
            what,
            origin: None,
            size: None,
            root: None,
            index: None,
            old_size: None,
            leaf: None,
            cosigned: Vec::new(),
            remark: None,
        },
    };
    let columns =
        &["verified", "what", "origin", "size", "root", "index", "old_size", "leaf", "cosigned", "remark"];
    context.answer(&verdict, Shape { list: None, columns }, |page| text(page, &verdict))?;
    Ok(if verdict.verified { Exit::Done } else { Exit::No })
}

/// The reason why a file is not verified.
enum Unproven {
    NoLeaf,
    NoConsistency,
    Fails(String),
    Failure(Failure),
}

impl From<Failure> for Unproven {
    fn from(failure: Failure) -> Unproven {
        Unproven::Failure(failure)
    }
}

impl From<ProofError> for Unproven {
    fn from(error: ProofError) -> Unproven {
        match error {
            ProofError::NoLeaf => Unproven::NoLeaf,
            other => Unproven::Fails(other.to_string()),
        }
    }
}

/// Verifies the file, or both files, and checks that the heads are believed.
fn judge(args: &Args, bytes: &[u8], key: &VerifierKey, context: &Context) -> Result<Verdict, Unproven> {
    let leaf = args.leaf.as_deref().map(leaf).transpose()?;
    let since = args.since.as_deref().map(checkpoint).transpose()?;
    let trust = args.seen.read(key, context)?;
    let one = verify(bytes, key, leaf.as_deref(), since.as_ref().map(|s| &s.head))?;
    if let Some(path) = &args.other {
        return pair([one, verify(&read(path)?, key, None, None)?], &trust);
    }
    let outcome = trust.check(&one.checkpoint, one.proof.as_ref())?.map_err(Unproven::Fails)?;
    Ok(one.verdict.with(outcome))
}

/// Verifies that two heads belong to one history.
fn pair(both: [Proven; 2], trust: &Trust) -> Result<Verdict, Unproven> {
    let heads = both.each_ref().map(|one| &one.checkpoint);
    let outcome = trust.check_pair(heads, both.each_ref().map(|one| one.proof.as_ref()));
    let outcome = outcome?.map_err(Unproven::Fails)?;
    let [smaller, larger] = heads.map(|signed| signed.head.size);
    let (smaller, larger) = (smaller.min(larger), smaller.max(larger));
    let [one, other] = both;
    let mut verdict = if one.checkpoint.head.size == larger { one.verdict } else { other.verdict };
    verdict.what = match smaller == larger {
        true => format!("both are of one history, under one head of {larger} entries"),
        false => {
            format!("both are of one history: the first {larger} entries begin with the first {smaller}")
        }
    };
    (verdict.index, verdict.leaf, verdict.old_size) = (None, None, Some(smaller));
    Ok(verdict.with(outcome))
}

impl Verdict {
    fn with(self, outcome: Outcome) -> Verdict {
        Verdict { cosigned: outcome.cosigned, remark: outcome.remark, ..self }
    }
}

fn verify(
    bytes: &[u8],
    key: &VerifierKey,
    leaf: Option<&[u8]>,
    since: Option<&Checkpoint>,
) -> Result<Proven, Unproven> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(Unproven::Fails("the file is not text".into()));
    };
    let malformed = |(line, what): (usize, &str)| Unproven::Fails(format!("line {line}: {what}"));
    // The name of a log never contains an @; the first line of every proof does.
    if !text.lines().next().unwrap_or_default().contains('@') {
        if since.is_some() {
            return Err(Unproven::NoConsistency);
        }
        let signed = SignedCheckpoint::parse(text).map_err(malformed)?;
        signed.verify(key).map_err(ProofError::from)?;
        let verdict = shown(&signed.head, None, None);
        return Ok(Proven { verdict, checkpoint: signed, proof: None });
    }
    let proof = ProofText::parse(text).map_err(malformed)?;
    if let Some(since) = since {
        let Claim::Consistency { old, root } = &proof.claim else { return Err(Unproven::NoConsistency) };
        if (since.origin.as_str(), since.size, since.root) != (key.name(), *old, *root) {
            let what = "the proof does not start from the checkpoint kept from before";
            return Err(Unproven::Fails(what.into()));
        }
    }
    proof.verify(key, leaf)?;
    let held = match &proof.claim {
        Claim::Inclusion { leaf: Some(held), .. } => Some(held.as_slice()),
        _ => leaf,
    };
    let verdict = shown(&proof.checkpoint.head, Some(&proof.claim), held);
    Ok(Proven { verdict, checkpoint: proof.checkpoint.clone(), proof: Some(proof) })
}

fn shown(head: &Checkpoint, claim: Option<&Claim>, leaf: Option<&[u8]>) -> Verdict {
    let Checkpoint { origin, size, root, .. } = head;
    let (index, old_size, what) = match claim {
        None => (None, None, format!("{origin} has {size} entries")),
        Some(Claim::Inclusion { index, .. }) => {
            (Some(*index), None, format!("entry {index} is among the first {size} of {origin}"))
        }
        Some(Claim::Consistency { old, .. }) => {
            (None, Some(*old), format!("the first {size} entries of {origin} begin with its first {old}"))
        }
    };
    Verdict {
        verified: true,
        what,
        origin: Some(origin.clone()),
        size: Some(*size),
        root: Some(root.to_string()),
        index,
        old_size,
        leaf: leaf.filter(|_| index.is_some()).map(|leaf| String::from_utf8_lossy(leaf).into_owned()),
        cosigned: Vec::new(),
        remark: None,
    }
}

fn text(page: &Page, verdict: &Verdict) -> String {
    let head = match verdict.verified {
        true => strong("verified"),
        false => warn("not verified"),
    };
    let mut out = page.wrap(&format!("{head}: "), &clean(&verdict.what));
    if let Some(root) = &verdict.root {
        out.push_str(&format!("  root  {root}\n"));
    }
    if let Some(leaf) = &verdict.leaf {
        out.push_str(&page.wrap("  leaf  ", &clean(leaf)));
    }
    out.push_str(&crate::cli::prove::seen::said(page, &verdict.cosigned, verdict.remark.as_deref()));
    out
}

/// Reads a file, or standard input for `-`.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let source: Box<dyn Read> = match path.as_os_str() == "-" {
        true => Box::new(std::io::stdin().lock()),
        false => Box::new(std::fs::File::open(path).map_err(|e| Failure::file(path, &e))?),
    };
    let mut bytes = Vec::new();
    source.take(certificate::BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|e| Failure::file(path, &e))?;
    let most = if bytes.starts_with(b"{") { certificate::BYTES_MAX } else { BYTES_MAX };
    if bytes.len() as u64 > most {
        return Err(Failure::usage(format!("{}: larger than any proof", path.display())));
    }
    Ok(bytes)
}

/// Reads the bytes of a leaf. A newline at the end belongs to the line, not to the leaf.
fn leaf(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = read(path)?;
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    Ok(bytes)
}
