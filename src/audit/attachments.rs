//! Compares the files beside the log, in `documents/` and `quotes/`, with the hashes that its entries state.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read, Result};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::event::{Event, Index, Quote};
use crate::log::{Lock, regular};

use super::fault::{self, Fault};
use super::report::{Findings, RemarkItem};

const CHECK: &str = "attachments";

/// A file in `quotes/` is smaller than this, in bytes: its words came from one argument of a command.
const WORDS_BYTES_MAX: u64 = 1 << 20;

/// A writer appends the entry that names a file within this time after it put the file in place.
const IN_FLIGHT: Duration = Duration::from_secs(10);

/// The kinds of files beside the log; each kind has a folder of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Kind {
    Document,
    Words,
}

impl Kind {
    const fn folder(self) -> &'static str {
        match self {
            Kind::Document => "documents",
            Kind::Words => "quotes",
        }
    }

    /// The hash in the name of a file; `None` if the name is no hash.
    fn hash_in(self, name: &str) -> Option<&str> {
        let hash = match self {
            Kind::Document => name,
            Kind::Words => name.strip_suffix(".json")?,
        };
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (hash.len() == 64 && hash.bytes().all(is_hex)).then_some(hash)
    }

    /// The hash of a file's content; `None` if it cannot be the content of such a file.
    fn hash_of(self, file: File) -> Result<Option<String>> {
        match self {
            Kind::Document => {
                let mut digest = Sha256::new();
                let mut file = file;
                std::io::copy(&mut file, &mut digest)?;
                Ok(Some(format!("{:x}", digest.finalize())))
            }
            Kind::Words => {
                let mut bytes = Vec::new();
                file.take(WORDS_BYTES_MAX + 1).read_to_end(&mut bytes)?;
                Ok((bytes.len() as u64 <= WORDS_BYTES_MAX).then(|| committed(&bytes)).flatten())
            }
        }
    }
}

/// A file in `quotes/`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    salt: String,
    words: String,
}

/// The commitment to the words in a file.
fn committed(bytes: &[u8]) -> Option<String> {
    let Words { salt, words } = serde_json::from_slice(bytes).ok()?;
    let mut digits = salt.as_bytes().chunks_exact(2).map(|two| {
        let two = std::str::from_utf8(two).ok().filter(|two| !two.starts_with('+'))?;
        u8::from_str_radix(two, 16).ok()
    });
    let bytes: Option<Vec<u8>> = digits.by_ref().collect();
    let salt: [u8; 32] = bytes.filter(|_| salt.len() == 64)?.try_into().ok()?;
    match Quote::salted(&salt, &words) {
        Quote::Salted { salted_sha256 } => Some(salted_sha256.to_string()),
        Quote::Text(_) => None,
    }
}

/// The kind of a file, by its folder, and the hash that names it.
type Name = (Kind, String);

/// The hashes that entries state, each with the first entry that states it.
#[derive(Default)]
pub(super) struct StatedHashes(BTreeMap<Name, Index>);

impl StatedHashes {
    /// Adds the hashes in an entry's evidence.
    pub(super) fn take(&mut self, index: Index, event: &Event) {
        for evidence in &event.evidence {
            if let Some(sha256) = &evidence.sha256 {
                self.0.entry((Kind::Document, sha256.to_string())).or_insert(index);
            }
            if let Some(Quote::Salted { salted_sha256 }) = &evidence.quote {
                self.0.entry((Kind::Words, salted_sha256.to_string())).or_insert(index);
            }
        }
    }

    /// Adds the hashes of later entries.
    pub(super) fn absorb(&mut self, later: StatedHashes) {
        later.0.into_iter().for_each(|(name, index)| _ = self.0.entry(name).or_insert(index));
    }
}

/// A file beside the log.
struct Attachment {
    path: PathBuf,
    /// Its kind and hash, if its name is a hash.
    name: Option<Name>,
    /// The fault of its content, with a description, if there is one.
    fault: Option<(Fault, String)>,
    /// True if a writer may be about to name it in an entry.
    is_in_flight: bool,
}

/// The files beside the log.
pub(super) struct Attachments {
    files: Vec<Attachment>,
    /// Folders that cannot be listed, each with the reason.
    unlisted: Vec<(PathBuf, String)>,
}

impl Attachments {
    /// Reads both folders, before the entries are read: a file put there later is not part of this audit.
    pub(super) fn read(ledger: &Path, progress: &mut dyn FnMut(u64)) -> Attachments {
        let (mut files, mut unlisted) = (Vec::new(), Vec::new());
        for kind in [Kind::Document, Kind::Words] {
            let folder = ledger.join(kind.folder());
            match std::fs::read_dir(&folder).and_then(Iterator::collect::<Result<Vec<_>>>) {
                Ok(mut listed) => {
                    listed.sort_by_key(std::fs::DirEntry::file_name);
                    for item in listed {
                        files.extend(attachment(kind, item.path(), ledger));
                        progress(files.len() as u64);
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => unlisted.push((folder, error.to_string())),
            }
        }
        Attachments { files, unlisted }
    }

    /// Compares the files with the hashes that the entries state; `whole` is true if no entry is missing.
    pub(super) fn compare(&self, stated: &StatedHashes, whole: bool, found: &mut Findings) {
        found.counted(CHECK, self.files.len() as u64);
        for (folder, error) in &self.unlisted {
            add(found, fault::ATTACHMENT_OTHER_NAME, None, folder, format!("it cannot be read: {error}"));
        }
        for file in &self.files {
            let entry = file.name.as_ref().and_then(|name| stated.0.get(name)).copied();
            if let Some((fault, what)) = &file.fault {
                // A file that a writer is about to rename has a temporary name.
                if !(file.is_in_flight && *fault == fault::ATTACHMENT_OTHER_NAME) {
                    add(found, *fault, entry, &file.path, what.clone());
                }
            } else if entry.is_none() && whole && !file.is_in_flight {
                let what = "no entry names this file".to_owned();
                add(found, fault::ATTACHMENT_UNNAMED, None, &file.path, what);
            }
        }
    }

    /// Returns a remark for each file that an entry names and that is missing. A file may be removed without changing a hash, so
    /// this is no fault.
    pub(super) fn missing(&self, stated: &StatedHashes) -> Vec<RemarkItem> {
        let here: BTreeSet<&Name> = self.files.iter().filter_map(|file| file.name.as_ref()).collect();
        let missing = stated.0.iter().filter(|(name, _)| !here.contains(name));
        let remark = |((kind, hash), index): (&Name, &Index)| {
            let what = match kind {
                Kind::Document => format!("its document {hash} is not in this copy"),
                Kind::Words => format!("the words that it commits to by {hash} are not in this copy"),
            };
            RemarkItem { entry: *index, what, rule: None }
        };
        missing.map(remark).collect()
    }
}

/// Reads a file; `None` if it was removed meanwhile, as redacted words are.
fn attachment(kind: Kind, path: PathBuf, ledger: &Path) -> Option<Attachment> {
    let metadata = std::fs::symlink_metadata(&path).ok()?;
    let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| kind.hash_in(name));
    let name = name.map(|hash| (kind, hash.to_owned()));
    let age = metadata.modified().ok().and_then(|at| at.elapsed().ok());
    // A writer that released its lock before this has already appended the entry, and the entries are read after this.
    let is_in_flight = metadata.is_file() && age.is_some_and(|age| age < IN_FLIGHT) && Lock::is_held(ledger);
    let fault = match &name {
        // Reading a pipe or a device might never end, and a link leads out of the ledger.
        _ if !metadata.is_file() => {
            Some((fault::ATTACHMENT_OTHER_NAME, "it is not a regular file".to_owned()))
        }
        None => Some((fault::ATTACHMENT_OTHER_NAME, "its name is not the hash of a file".to_owned())),
        Some((_, hash)) => match regular::open(&path).and_then(|file| kind.hash_of(file)) {
            Ok(Some(content)) if content == *hash => None,
            Ok(Some(content)) => {
                Some((fault::ATTACHMENT_OTHER_HASH, format!("its content has the hash {content}")))
            }
            Ok(None) => {
                let what = "it does not hold words with the salt of their hash".to_owned();
                Some((fault::ATTACHMENT_OTHER_HASH, what))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
            Err(error) => Some((fault::ATTACHMENT_OTHER_HASH, format!("it cannot be read: {error}"))),
        },
    };
    Some(Attachment { path, name, fault, is_in_flight })
}

fn add(found: &mut Findings, fault: Fault, entry: Option<Index>, path: &Path, what: String) {
    found.add(fault, entry, Some(path.display().to_string()), what);
}
