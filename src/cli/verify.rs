use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::log::{Checkpoint, Claim, ProofError, ProofText, SignedCheckpoint, VerifierKey};

use super::certificate;
use super::context::{Context, Shape};
use super::error::{Exit, Failure};
use super::render::{Page, clean, strong, warn};

/// Verify a proof, an answer certificate or a checkpoint; needs no ledger, only the verifier key
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery verify entry-52.tlog-proof --key sco.vkey
  chancery verify belarus.json --key sco.vkey
  chancery verify growth.txt --key sco.vkey --since 2026-11-24.checkpoint

Exit 0 where everything holds, 1 where something does not: the first thing
that fails is named. The key is one that you already hold, never one that came
with the proof. docs/verify.py does the same with Python alone.")]
pub(super) struct Args {
    /// The proof, the certificate, or a signed checkpoint
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The verifier key: the line that `chancery key show` prints, or a file that holds it
    #[arg(long, value_name = "VKEY")]
    key: String,
    /// The leaf, where the proof does not hold it: what `chancery show ENTRY --leaf` prints
    #[arg(long, value_name = "FILE")]
    leaf: Option<PathBuf>,
    /// A checkpoint kept from before: a proof of consistency must start from it
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
}

/// A proof is smaller than this: the largest leaf in base64, and a few thousand bytes.
const BYTES_MAX: u64 = 1 << 18;

#[derive(Serialize)]
struct Verdict {
    verified: bool,
    /// What is shown, or the first thing that fails.
    what: String,
    origin: Option<String>,
    size: Option<u64>,
    root: Option<String>,
    index: Option<u64>,
    old_size: Option<u64>,
    leaf: Option<String>,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let key = verifier_key(&args.key)?;
    let leaf = args.leaf.as_deref().map(leaf).transpose()?;
    let since = args.since.as_deref().map(super::audit::checkpoint).transpose()?;
    let bytes = read(&args.file)?;
    if let Ok(text) = std::str::from_utf8(&bytes)
        && certificate::is_certificate(text)
    {
        if leaf.is_some() || since.is_some() {
            return Err(Failure::usage("--leaf and --since are for proofs, this is an answer certificate")
                .help("leave them out: a certificate holds its leaves"));
        }
        return certificate::verify(text, &key, context);
    }
    let verdict = match verify(&bytes, &key, leaf.as_deref(), since.as_ref().map(|s| &s.head)) {
        Ok(verdict) => verdict,
        Err(Unproven::NoLeaf) => {
            return Err(Failure::usage(ProofError::NoLeaf)
                .help("give it: --leaf FILE, the line that chancery show ENTRY --leaf prints"));
        }
        Err(Unproven::NoConsistency) => {
            return Err(Failure::usage("--since needs a proof of consistency")
                .help("make one: chancery prove consistency OLD NEW, OLD the size of the checkpoint"));
        }
        Err(Unproven::Fails(what)) => Verdict {
            verified: false,
            what,
            origin: None,
            size: None,
            root: None,
            index: None,
            old_size: None,
            leaf: None,
        },
    };
    let columns = &["verified", "what", "origin", "size", "root", "index", "old_size", "leaf"];
    context.answer(&verdict, Shape { list: None, columns }, |page| text(page, &verdict))?;
    Ok(if verdict.verified { Exit::Done } else { Exit::No })
}

/// Why a file is not verified.
enum Unproven {
    NoLeaf,
    NoConsistency,
    Fails(String),
}

impl From<ProofError> for Unproven {
    fn from(error: ProofError) -> Unproven {
        match error {
            ProofError::NoLeaf => Unproven::NoLeaf,
            other => Unproven::Fails(other.to_string()),
        }
    }
}

fn verify(
    bytes: &[u8],
    key: &VerifierKey,
    leaf: Option<&[u8]>,
    since: Option<&Checkpoint>,
) -> Result<Verdict, Unproven> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(Unproven::Fails("the file is not text".into()));
    };
    let malformed = |(line, what): (usize, &str)| Unproven::Fails(format!("line {line}: {what}"));
    // No log's name has an @; the first line of every proof has.
    if !text.lines().next().unwrap_or_default().contains('@') {
        if since.is_some() {
            return Err(Unproven::NoConsistency);
        }
        let signed = SignedCheckpoint::parse(text).map_err(malformed)?;
        signed.verify(key).map_err(ProofError::from)?;
        return Ok(shown(&signed.head, None, None));
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
    Ok(shown(&proof.checkpoint.head, Some(&proof.claim), held))
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
    out
}

/// A verifier key: the line itself, or a file that holds it and nothing else.
///
/// # Errors
/// [`Failure`] of usage.
pub(super) fn verifier_key(given: &str) -> Result<VerifierKey, Failure> {
    let path = Path::new(given);
    let line = match path.is_file() {
        true => std::fs::read_to_string(path).map_err(|e| Failure::file(path, &e))?,
        false => given.to_owned(),
    };
    VerifierKey::parse(line.strip_suffix('\n').unwrap_or(&line)).map_err(|error| {
        let error = if path.is_file() { format!("{given}: {error}") } else { error.to_string() };
        Failure::usage(error).help("it is the line that chancery key show prints, or a file that holds it")
    })
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let file = std::fs::File::open(path).map_err(|e| Failure::file(path, &e))?;
    let mut bytes = Vec::new();
    let most = if certificate::begins(path) { certificate::BYTES_MAX } else { BYTES_MAX };
    file.take(most + 1).read_to_end(&mut bytes).map_err(|e| Failure::file(path, &e))?;
    if bytes.len() as u64 > most {
        return Err(Failure::usage(format!("{}: larger than any proof", path.display())));
    }
    Ok(bytes)
}

/// The bytes of a leaf; the newline behind it is the line's, not the leaf's.
fn leaf(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = read(path)?;
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    Ok(bytes)
}
