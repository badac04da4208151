//! Reads the parts of a log that a client has kept and trusts: a verifier key, a checkpoint.

use std::path::Path;

use crate::log::{SignedCheckpoint, VerifierKey};

use crate::cli::error::Failure;

/// Reads a checkpoint that the user kept, signed or not.
///
/// # Errors
/// [`Failure`] of usage.
pub(crate) fn checkpoint(path: &Path) -> Result<SignedCheckpoint, Failure> {
    let text = crate::log::regular::read_text_given(path).map_err(|e| Failure::file(path, &e))?;
    SignedCheckpoint::parse(&text).map_err(|(line, what)| {
        Failure::usage(format!("{}, line {line}: {what}: not a checkpoint", path.display()))
    })
}

/// Reads a verifier key: the line itself, or a file that contains only that line.
///
/// # Errors
/// [`Failure`] of usage.
pub(crate) fn verifier_key(given: &str) -> Result<VerifierKey, Failure> {
    let path = Path::new(given);
    let line = match path.is_file() {
        true => crate::log::regular::read_text_given(path).map_err(|e| Failure::file(path, &e))?,
        false => given.to_owned(),
    };
    VerifierKey::parse(line.strip_suffix('\n').unwrap_or(&line)).map_err(|error| {
        let error = if path.is_file() { format!("{given}: {error}") } else { error.to_string() };
        Failure::usage(error).help("it is the line that chancery key show prints, or a file that holds it")
    })
}
