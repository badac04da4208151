//! The head of the log in the text form of C2SP tlog-checkpoint: origin, size and root, one a line, then the signatures.

use std::fmt;
use std::path::Path;

use super::disk::Disk;
use super::error::LogError;
use super::key::{SigningKey, VerifierKey};
use super::key_file::verifier_key;
use super::regular;
use super::signature::{self, Signature, SignatureError};
use super::tree::Hash;

const REMEDY: &str = "put it back from a backup; or, where `chancery audit` finds nothing else, move it aside, and \
                      `chancery compact --sign-unheaded` writes it anew";

/// The largest number of signatures: more than a log and its witnesses make.
pub(crate) const SIGNATURES_MAX: usize = 64;

/// The largest number of extension lines: more than any log writes.
const EXTENSIONS_MAX: usize = 16;

/// The prefix of the extension line for the completeness map.
const COMPLETENESS: &str = "completeness ";

/// The head of a log: its name, its size, and the RFC 6962 root over its leaves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: String,
    /// The number of leaves.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// The other lines that the same signature covers, none of them empty (C2SP tlog-checkpoint, extension lines).
    pub extensions: Vec<String>,
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, self.root)?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// A head with the signatures under it: a C2SP signed note. Ledgers without a key write it without signatures.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedCheckpoint {
    /// The signed head.
    pub head: Checkpoint,
    signatures: Vec<Signature>,
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.head)?;
        if self.is_signed() {
            writeln!(f)?;
        }
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

/// Parses a number that has no sign and no leading zeros.
pub(crate) fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

impl Checkpoint {
    /// A head without extension lines.
    pub fn new(origin: &str, size: u64, root: Hash) -> Checkpoint {
        Checkpoint { origin: origin.to_owned(), size, root, extensions: Vec::new() }
    }

    /// The same head with a line for the completeness map over its leaves: the number of its groups, and its root.
    #[must_use]
    pub fn with_completeness(mut self, groups: u64, root: Hash) -> Checkpoint {
        self.extensions.retain(|line| !line.starts_with(COMPLETENESS));
        self.extensions.push(format!("{COMPLETENESS}{groups} {root}"));
        self
    }

    /// The number of groups in the completeness map and its root, if the head has exactly one line for it.
    pub fn completeness(&self) -> Option<(u64, Hash)> {
        let mut stated = self.extensions.iter().filter_map(|line| line.strip_prefix(COMPLETENESS));
        match (stated.next(), stated.next()) {
            (Some(map), None) => {
                let (groups, root) = map.split_once(' ')?;
                Some((number(groups)?, Hash::from_base64(root)?))
            }
            _ => None,
        }
    }

    /// Reads the text form, with or without signatures under it.
    ///
    /// # Errors
    /// The number of the faulty line (from 1) and a description of the fault.
    pub fn parse(text: &str) -> Result<Checkpoint, (usize, &'static str)> {
        SignedCheckpoint::parse(text).map(|signed| signed.head)
    }

    /// Reads the file; `None` if there is none.
    ///
    /// # Errors
    /// [`LogError::Damaged`] with the byte offset of the faulty line; [`LogError::Io`] if it cannot be read.
    pub fn read(path: &Path) -> Result<Option<Checkpoint>, LogError> {
        Ok(SignedCheckpoint::read(path)?.map(|signed| signed.head))
    }
}

impl SignedCheckpoint {
    /// Signs a head.
    pub fn sign(head: Checkpoint, key: &SigningKey) -> SignedCheckpoint {
        let signatures = vec![Signature::make(&head.to_string(), key)];
        SignedCheckpoint { head, signatures }
    }

    /// Adds the signature of another key.
    #[must_use]
    pub fn and_sign(mut self, key: &SigningKey) -> SignedCheckpoint {
        self.signatures.push(Signature::make(&self.head.to_string(), key));
        self
    }

    /// A head without signatures.
    pub fn unsigned(head: Checkpoint) -> SignedCheckpoint {
        SignedCheckpoint { head, signatures: Vec::new() }
    }

    /// True if there is a signature under it, of any key.
    pub fn is_signed(&self) -> bool {
        !self.signatures.is_empty()
    }

    /// Every signature line under the head, verified or not.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Adds a line under the head, unless it is there already.
    pub fn add(&mut self, line: Signature) {
        if !self.signatures.contains(&line) {
            self.signatures.push(line);
        }
    }

    /// The same head with only the lines for which `keep` returns true.
    #[must_use]
    pub fn with_only(mut self, keep: impl FnMut(&Signature) -> bool) -> SignedCheckpoint {
        self.signatures.retain(keep);
        self
    }

    /// Checks that this key signed it.
    ///
    /// # Errors
    /// [`SignatureError`] if the head is of another log, has no signature or two of this key, or the signature does not
    /// verify.
    pub fn verify(&self, key: &VerifierKey) -> Result<(), SignatureError> {
        if self.head.origin != key.name() {
            let (origin, name) = (self.head.origin.clone(), key.name().to_owned());
            return Err(SignatureError::OtherLog { origin, name });
        }
        signature::verify(&self.signatures, &self.head.to_string(), key)
    }

    /// True if the log that has this origin made the head, and one of these keys signed it.
    pub fn is_signed_by(&self, keys: &[VerifierKey], origin: &str) -> bool {
        self.head.origin == origin && keys.iter().any(|key| self.verify(key).is_ok())
    }

    /// Checks the signature before a writer replaces the head in a ledger's folder: one that does not verify would be lost
    /// otherwise. Does nothing if the log has no verifier key.
    ///
    /// # Errors
    /// [`LogError::Damaged`] if the signature does not verify; [`LogError::Key`] if the verifier key cannot be read.
    pub(super) fn check_signature(&self, ledger: &Path) -> Result<(), LogError> {
        let Some(key) = verifier_key(ledger)? else { return Ok(()) };
        let offset = self.head.to_string().len() as u64;
        let damaged =
            |error| LogError::damaged(&ledger.join("checkpoint"), offset, format!("{error}; {REMEDY}"));
        self.verify(&key).map_err(damaged)
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// The number of the faulty line (from 1) and a description of the fault.
    pub fn parse(text: &str) -> Result<SignedCheckpoint, (usize, &'static str)> {
        let mut lines = text.split('\n');
        let origin = lines.next().filter(|line| !line.is_empty()).ok_or((1, "no origin"))?;
        let size = lines.next().ok_or((2, "no size"))?;
        let digits = size.parse::<u64>().is_ok();
        let size = number(size).ok_or((
            2,
            if digits { "the size has a sign or leading zeros" } else { "the size is no number" },
        ))?;
        let root = lines.next().ok_or((3, "no root"))?;
        let hash = Hash::from_base64(root).ok_or((3, "the root is not 32 bytes of base64"))?;
        let rest: Vec<&str> = lines.collect();
        let Some((&"", rest)) = rest.split_last() else { return Err((4, "the last line does not end")) };
        let end = rest.iter().position(|line| line.is_empty());
        let (extensions, lines) = rest.split_at(end.unwrap_or(rest.len()));
        if extensions.len() > EXTENSIONS_MAX || extensions.iter().any(|line| line.starts_with('\u{2014}')) {
            return Err((4, "there is something other than extension lines after the root"));
        }
        let before = 4 + extensions.len();
        let lines = match lines {
            [] => &[],
            ["", signatures @ ..] if (1..=SIGNATURES_MAX).contains(&signatures.len()) => signatures,
            _ => return Err((before, "there is something other than signatures after the empty line")),
        };
        let signature = |(line, at)| Signature::parse(line).ok_or((at, "it is not a signature"));
        let signatures = lines.iter().copied().zip(before + 1..).map(signature).collect::<Result<_, _>>()?;
        let extensions = extensions.iter().map(|line| (*line).to_owned()).collect();
        let head = Checkpoint { origin: origin.into(), size, root: hash, extensions };
        Ok(SignedCheckpoint { head, signatures })
    }

    /// Reads the file; `None` if there is none.
    ///
    /// # Errors
    /// [`LogError::Damaged`] with the byte offset of the faulty line; [`LogError::Io`] if it cannot be read.
    pub fn read(path: &Path) -> Result<Option<SignedCheckpoint>, LogError> {
        SignedCheckpoint::read_or(path, REMEDY)
    }

    /// Reads a file; `None` if there is none. If it is damaged, the error contains the remedy.
    ///
    /// # Errors
    /// [`LogError::Damaged`] with the byte offset of the faulty line; [`LogError::Io`] if it cannot be read.
    pub(crate) fn read_or(path: &Path, remedy: &str) -> Result<Option<SignedCheckpoint>, LogError> {
        let bytes = match regular::read(path, regular::TEXT_BYTES_MAX) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(LogError::io(path, "cannot be read")(e)),
        };
        let text = std::str::from_utf8(&bytes).map_err(|e| {
            LogError::damaged(path, e.valid_up_to() as u64, format!("the checkpoint is not text; {remedy}"))
        })?;
        SignedCheckpoint::parse(text).map(Some).map_err(|(line, what)| {
            let offset: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
            LogError::damaged(path, offset as u64, format!("the checkpoint's line {line}: {what}; {remedy}"))
        })
    }

    /// Puts the file in place, durably.
    ///
    /// # Errors
    /// [`LogError::Io`] if it cannot be written.
    pub fn write(&self, path: &Path, disk: &Disk) -> Result<(), LogError> {
        disk.replace(path, self.to_string().as_bytes()).map_err(LogError::io(path, "cannot be written"))
    }
}
