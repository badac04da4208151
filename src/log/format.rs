//! The file `FORMAT` marks a folder as a ledger, with the version of the format and the name of the log. Written last, once.

use std::path::Path;

use super::disk::Disk;
use super::error::LogError;
use super::regular;

const MAGIC: &str = "chancery ledger";
const VERSION: &str = "1";

/// The parts of a folder that belong to one ledger alone. No ledger can be made in a folder that has one of them.
pub(super) const PARTS: [&str; 10] = [
    "FORMAT",
    "entries",
    "checkpoint",
    "completeness",
    "cosigned",
    "key",
    "key.next",
    "key.pub",
    "sled",
    "snapshot",
];
/// Other parts of a ledger, which may be there before it is made.
pub(super) const ASIDE: [&str; 3] = ["LOCK", "UPKEEP", "CITATION.toml"];

/// The path of the file in a ledger's folder.
pub(super) fn path(ledger: &Path) -> std::path::PathBuf {
    ledger.join("FORMAT")
}

fn text(origin: &str) -> String {
    let body = format!("{MAGIC}\nformat {VERSION}\norigin {origin}\n");
    let sum = crc32c::crc32c(body.as_bytes());
    format!("{body}crc32c {sum:08x}\n")
}

/// Checks that a name can be a log's: a name that C2SP signed notes allow, of characters that are easy to type.
pub(super) fn check_origin(origin: &str) -> Result<(), LogError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '/' | '_' | ':');
    if origin.is_empty() || origin.len() > 200 || !origin.chars().all(allowed) {
        return Err(LogError::Origin(origin.chars().take(200).collect()));
    }
    Ok(())
}

pub(super) fn write(ledger: &Path, origin: &str, disk: &Disk) -> Result<(), LogError> {
    let path = path(ledger);
    disk.replace(&path, text(origin).as_bytes()).map_err(LogError::io(&path, "cannot be written"))
}

/// Reads the log's name. A folder that has parts of a ledger but no `FORMAT` is damaged, never new.
///
/// # Errors
/// [`LogError::Absent`] if there is no ledger, [`LogError::Version`] if a later program wrote it, [`LogError::Damaged`] if
/// the file is missing or not sound, [`LogError::Io`] if it cannot be read.
pub fn read(ledger: &Path) -> Result<String, LogError> {
    let path = path(ledger);
    let bytes = match regular::read(&path, regular::TEXT_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let parts = ["entries", "checkpoint", "sled"];
            return Err(match parts.iter().find(|part| ledger.join(part).exists()) {
                Some(part) => LogError::damaged(
                    &path,
                    0,
                    format!(
                        "the file is missing, and {part} is there: restore it from a backup, or `chancery repair --from`"
                    ),
                ),
                None => LogError::Absent(ledger.to_owned()),
            });
        }
        Err(e) => return Err(LogError::io(&path, "cannot be read")(e)),
    };
    let damaged = |offset: usize, what: &str| {
        let what = format!("{what}: restore the file from a backup, or `chancery repair --from`");
        LogError::damaged(&path, offset as u64, what)
    };
    let found = std::str::from_utf8(&bytes).map_err(|e| damaged(e.valid_up_to(), "not text"))?;
    let mut lines = found.lines();
    if lines.next() != Some(MAGIC) {
        return Err(damaged(0, "it does not begin with the magic line"));
    }
    let version = lines.next().and_then(|line| line.strip_prefix("format ")).unwrap_or("");
    let origin = lines.next().and_then(|line| line.strip_prefix("origin ")).unwrap_or("");
    if text(origin) == found {
        return Ok(origin.to_owned());
    }
    let sound = found.rsplit_once("crc32c ").is_some_and(|(body, sum)| {
        u32::from_str_radix(sum.trim_end(), 16).is_ok_and(|sum| sum == crc32c::crc32c(body.as_bytes()))
    });
    if sound && version != VERSION {
        return Err(LogError::Version { path: path.clone(), found: version.to_owned() });
    }
    Err(damaged(MAGIC.len() + 1, "its checksum does not match"))
}
