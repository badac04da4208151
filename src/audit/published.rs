//! A published tree, looked at from outside: with the verifier key, and nothing of the ledger.

use crate::event::Size;
use crate::log::{Frontier, LogError, SignedCheckpoint, VerifierKey};
use crate::publish::{CHECKPOINT, Fetched, SourceError, TreeSource};

use super::evidence::Evidence;
use super::fault;
use super::report::Findings;
use super::tiles::Tree;
use super::{AuditOptions, Beside, Report, conclude, decoded};

/// Why a published tree cannot be audited.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishedError {
    /// It cannot be fetched.
    #[error("{0}")]
    Source(#[from] SourceError),
    /// A copy that it is compared with cannot be read.
    #[error("{0}")]
    Log(#[from] LogError),
}

/// A checkpoint is smaller than this: a head, and the signatures of a log and its witnesses.
const CHECKPOINT_MAX: u64 = 1 << 16;

/// Audits a published tree, telling `progress` which check is being made, how far it is, and of how many.
///
/// # Errors
/// [`PublishedError`] where there is no tree, or no answer. What is wrong with the tree is a finding.
pub fn audit_published(
    source: &TreeSource,
    key: &VerifierKey,
    options: &AuditOptions,
    progress: &mut dyn FnMut(&'static str, u64, u64),
) -> Result<Report, PublishedError> {
    let mut found = Findings::skipping(options.skip.clone()).of_published();
    let Some(signed) = head(source, &mut found)? else { return Ok(unread(key, found)) };
    let size = signed.head.size;
    let tree = Tree::fetch(source, size, &mut found, &mut |check, at| progress(check, at, size))?;
    tree.judge(source, &signed.head, &mut found);
    let head = (signed.clone(), source.place(CHECKPOINT));
    let mut evidence = Evidence::of_published(tree.into_leaves(), head, key.clone(), &options.since);
    let decoded = decoded(&mut evidence, options, &mut found, progress);
    evidence.follow_keys(&decoded.entries, &mut found);
    found.counted("checkpoint", 1);
    evidence.signature(&signed, &source.place(CHECKPOINT), &mut found);
    Ok(conclude(evidence, decoded, (options, Beside::default(), None), found, progress)?)
}

/// The head as it was fetched; none where it says nothing.
fn head(source: &TreeSource, found: &mut Findings) -> Result<Option<SignedCheckpoint>, SourceError> {
    let fetched = match source.fetch(CHECKPOINT, CHECKPOINT_MAX)? {
        Fetched::Bytes(bytes) => String::from_utf8(bytes).map_err(|_| "it is not text".to_owned()),
        Fetched::TooLarge => Err("it is larger than any checkpoint".to_owned()),
        Fetched::Missing => return Err(SourceError::NoTree(source.name())),
    };
    let parsed = fetched.and_then(|text| {
        SignedCheckpoint::parse(&text).map_err(|(line, what)| format!("the checkpoint's line {line}: {what}"))
    });
    match parsed {
        Ok(signed) => Ok(Some(signed)),
        Err(what) => {
            found.add(fault::CHECKPOINT_DAMAGED, None, Some(source.place(CHECKPOINT)), what);
            Ok(None)
        }
    }
}

/// Without a head nothing says how large the tree is.
fn unread(key: &VerifierKey, mut found: Findings) -> Report {
    for check in super::CHECKS.iter().filter(|check| check.name != "checkpoint") {
        found.left_out(check.name, "the checkpoint cannot be read");
    }
    let (checks, findings) = found.finish();
    Report {
        origin: String::new(),
        size: Size(0),
        root: Frontier::default().root().to_string(),
        key: Some(key.to_string()),
        unsigned: None,
        checks,
        findings,
        remarks: Vec::new(),
        heads: Vec::new(),
    }
}
