//! Files of keys: the secret, which only its owner may read, and beside it, with `.pub` after its name, the line that
//! verifiers need. A log's are `key` and `key.pub` in its folder; a recorder keeps its own in any place.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::disk::Disk;
use super::error::LogError;
use super::key::{KeyTextError, SigningKey, VerifierKey};
use super::regular;

/// There is no key to sign or verify with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The log has a verifier key, and its signing key is not here.
    #[error("{}: the log's signing key is not here", .0.display())]
    Missing(PathBuf),
    /// The log has a key already, and a key is never overwritten.
    #[error("{}: the log has a signing key already", .0.display())]
    Present(PathBuf),
    /// The log has a key and entries, and no head signed with the key: a signature now would vouch for entries that nobody
    /// signed.
    #[error("{}: the log has a key and no signed head that says which entries were signed", .0.display())]
    Unheaded(PathBuf),
    /// Another file is in the place of a recorder's key.
    #[error("{}: there is such a file already, and a key is never overwritten", .0.display())]
    Occupied(PathBuf),
    /// Others than its owner may have copied the key.
    #[error("{}: others than its owner can read or change the signing key (mode {mode:03o})", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// The permissions of the file.
        mode: u32,
    },
    /// The key is that of another log.
    #[error("{}: the key is that of {name}, this log is {origin}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The name of the key.
        name: String,
        /// The log's name.
        origin: String,
    },
    /// The two files do not belong to one key.
    #[error("{}: it is not the verifier key of the signing key beside it", .0.display())]
    Unlike(PathBuf),
    /// The file does not contain a key.
    #[error("{}: {source}", path.display())]
    Text {
        /// The file.
        path: PathBuf,
        /// The fault of its text.
        source: KeyTextError,
    },
}

fn secret_path(ledger: &Path) -> PathBuf {
    ledger.join("key")
}

/// The secret of the next key, until an entry announces it and the head with that entry is written.
fn next_path(ledger: &Path) -> PathBuf {
    ledger.join("key.next")
}

fn public_path(ledger: &Path) -> PathBuf {
    ledger.join("key.pub")
}

fn text(path: &Path) -> Result<Option<String>, LogError> {
    match regular::read_text(path, regular::TEXT_BYTES_MAX) {
        Ok(text) => Ok(Some(text)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) if e.kind() == ErrorKind::InvalidData => Ok(Some(String::new())),
        Err(e) => Err(LogError::io(path, "cannot be read")(e)),
    }
}

/// Puts a new secret in place. [`write_public`] follows once a head is signed with it: otherwise `key.pub` would promise
/// signatures that nobody made.
pub(super) fn create(ledger: &Path, key: &SigningKey, disk: &Disk) -> Result<(), LogError> {
    place_secret(&secret_path(ledger), &public_path(ledger), key, disk, KeyError::Present)
}

/// Puts the key of a recorder in place, and its verifier key beside it: `FILE` and `FILE.pub`.
///
/// # Errors
/// [`KeyError::Occupied`] if either file exists, [`LogError::Io`] if one cannot be written.
pub fn write_recorder_key(path: &Path, key: &SigningKey, disk: &Disk) -> Result<(), LogError> {
    let mut public = path.as_os_str().to_owned();
    public.push(".pub");
    place(path, Path::new(&public), key, disk, KeyError::Occupied)
}

/// Reads the key of a recorder.
///
/// # Errors
/// [`KeyError::Exposed`] if others can read or change the file, [`KeyError::Text`] if it does not contain a key,
/// [`LogError::Io`] if it cannot be read.
pub fn read_recorder_key(path: &Path) -> Result<SigningKey, LogError> {
    let absent = || LogError::io(path, "cannot be read")(ErrorKind::NotFound.into());
    let text = read_private(path)?.ok_or_else(absent)?;
    Ok(SigningKey::parse(&text).map_err(|source| KeyError::Text { path: path.to_owned(), source })?)
}

fn place(
    secret: &Path,
    public: &Path,
    key: &SigningKey,
    disk: &Disk,
    present: fn(PathBuf) -> KeyError,
) -> Result<(), LogError> {
    place_secret(secret, public, key, disk, present)?;
    let line = format!("{}\n", key.verifier());
    disk.replace(public, line.as_bytes()).map_err(LogError::io(public, "cannot be written"))
}

fn place_secret(
    secret: &Path,
    public: &Path,
    key: &SigningKey,
    disk: &Disk,
    present: fn(PathBuf) -> KeyError,
) -> Result<(), LogError> {
    if let Some(there) = [secret, public].into_iter().find(|path| path.exists()) {
        return Err(present(there.to_owned()).into());
    }
    let written = disk.place_private(secret, key.secret_text().as_bytes());
    written.map_err(LogError::io(secret, "cannot be written"))
}

/// Reads the file of a secret; `None` if there is none.
///
/// # Errors
/// [`KeyError::Exposed`] if others than its owner can read or change it; [`LogError::Io`] if it cannot be read.
pub(crate) fn read_private(path: &Path) -> Result<Option<String>, LogError> {
    let mode = match std::fs::metadata(path) {
        Ok(found) => found.mode() & 0o777,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(LogError::io(path, "cannot be read")(e)),
    };
    match mode & 0o077 {
        0 => text(path),
        _ => Err(KeyError::Exposed { path: path.to_owned(), mode }.into()),
    }
}

/// The signing key; `None` if the log never had one.
///
/// # Errors
/// [`KeyError::Missing`] if there is only `key.pub`; [`KeyError::Unlike`] if the two files do not belong to one key;
/// otherwise [`KeyError`] if one of them cannot be used.
pub(super) fn signing(ledger: &Path, origin: &str) -> Result<Option<SigningKey>, LogError> {
    let (key, public) = (secret(ledger, origin)?, verifier_key(ledger)?);
    match (&key, public) {
        (None, Some(_)) => Err(KeyError::Missing(secret_path(ledger)).into()),
        (Some(key), Some(public)) if public != *key.verifier() => {
            Err(KeyError::Unlike(public_path(ledger)).into())
        }
        _ => Ok(key),
    }
}

/// Checks that the secret of a log that has a verifier key is here, usable or not.
///
/// # Errors
/// [`KeyError::Missing`] if it is not here.
pub(super) fn check_here(ledger: &Path) -> Result<(), LogError> {
    let secret = secret_path(ledger);
    match !secret.exists() && public_path(ledger).exists() {
        true => Err(KeyError::Missing(secret).into()),
        false => Ok(()),
    }
}

/// The secret in the file `key`, regardless of `key.pub`.
pub(super) fn secret(ledger: &Path, origin: &str) -> Result<Option<SigningKey>, LogError> {
    read(secret_path(ledger), origin)
}

/// The secret of the log's next key.
pub(super) fn next(ledger: &Path, origin: &str) -> Result<Option<SigningKey>, LogError> {
    read(next_path(ledger), origin)
}

fn read(path: PathBuf, origin: &str) -> Result<Option<SigningKey>, LogError> {
    let Some(text) = read_private(&path)? else { return Ok(None) };
    let key = SigningKey::parse(&text).map_err(|source| KeyError::Text { path: path.clone(), source })?;
    if key.verifier().name() != origin {
        let name = key.verifier().name().to_owned();
        return Err(KeyError::Foreign { path, name, origin: origin.to_owned() }.into());
    }
    Ok(Some(key))
}

/// Writes the secret of the log's next key durably.
pub(super) fn prepare(ledger: &Path, key: &SigningKey, disk: &Disk) -> Result<(), LogError> {
    let path = next_path(ledger);
    let written = disk.place_private(&path, key.secret_text().as_bytes());
    written.map_err(LogError::io(&path, "cannot be written"))
}

/// Replaces the log's secret by the prepared one.
pub(super) fn adopt(ledger: &Path, disk: &Disk) -> Result<(), LogError> {
    let (from, to) = (next_path(ledger), secret_path(ledger));
    let renamed = disk.rename(&from, &to).and_then(|()| disk.sync_dir(ledger));
    renamed.map_err(LogError::io(&to, "cannot be replaced"))
}

/// Puts a verifier key in place.
pub(super) fn write_public(ledger: &Path, key: &VerifierKey, disk: &Disk) -> Result<(), LogError> {
    let path = public_path(ledger);
    let written = disk.replace(&path, format!("{key}\n").as_bytes());
    written.map_err(LogError::io(&path, "cannot be written"))
}

/// The verifier key beside the log; `None` if there is none.
///
/// # Errors
/// [`KeyError::Text`] if the file does not contain a verifier key, [`LogError::Io`] if it cannot be read.
pub fn verifier_key(ledger: &Path) -> Result<Option<VerifierKey>, LogError> {
    let path = public_path(ledger);
    let Some(text) = text(&path)? else { return Ok(None) };
    let key = VerifierKey::parse(text.trim_end_matches('\n'));
    Ok(Some(key.map_err(|source| KeyError::Text { path, source })?))
}
