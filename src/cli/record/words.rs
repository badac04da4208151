//! The words of a source that can be removed later: the log commits to them by a salted hash, and the words are in a file beside
//! it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::event::{Digest, Event, Quote};
use crate::ledger::Writer;
use crate::log::{Disk, regular};

use crate::cli::error::{Exit, Failure};

/// Words with the salt of their hash, as in the file beside the log.
#[derive(Serialize, Deserialize)]
pub(crate) struct Words {
    /// 32 bytes in hex. Without a salt, the hash of a short text could be guessed.
    salt: String,
    words: String,
}

/// The state in this ledger's folder of words that the log commits to.
pub(crate) enum Kept {
    /// They are in the folder, and are the words that were recorded.
    Words(String),
    /// They are not in the folder: redacted, or never copied.
    Absent,
    /// The file in the folder does not contain the words that were recorded.
    Altered,
}

impl Words {
    pub(crate) fn new(salt: &[u8; 32], words: &str) -> Words {
        Words { salt: crate::import::hex(salt), words: words.to_owned() }
    }

    /// The commitment to the words; `None` if the salt is not 32 bytes in hex.
    pub(crate) fn quote(&self) -> Option<Quote> {
        let byte = |at: usize| u8::from_str_radix(self.salt.get(2 * at..2 * at + 2)?, 16).ok();
        let mut salt = [0; 32];
        for (at, to) in salt.iter_mut().enumerate() {
            *to = byte(at)?;
        }
        (self.salt.len() == 64).then(|| Quote::salted(&salt, &self.words))
    }
}

/// The hash that names the file of the words; `None` for words in clear, and for a commitment that is not a SHA-256.
fn commitment(quote: &Quote) -> Option<&Digest> {
    match quote {
        Quote::Salted { salted_sha256 } => salted_sha256.digest().ok(),
        Quote::Text(_) => None,
    }
}

fn place(ledger: &Path, salted_sha256: &Digest) -> PathBuf {
    ledger.join("quotes").join(format!("{salted_sha256}.json"))
}

/// Replaces the quotes of an event by commitments, and returns the words to store. An event that is recorded already keeps its
/// salt, so that a retry is the same event.
///
/// # Errors
/// [`Failure`].
pub(crate) fn commit(
    event: &mut Event,
    writer: &Writer,
    folder: &Path,
    salt: &dyn Fn() -> [u8; 32],
) -> Result<Vec<Words>, Failure> {
    let mut fresh = Vec::new();
    let before = writer.find(event.id)?.map(|index| writer.entry(index)).transpose()?;
    let quotes = event.evidence.iter_mut().enumerate();
    for (at, quote) in quotes.filter_map(|(at, evidence)| Some((at, evidence.quote.as_mut()?))) {
        let Quote::Text(text) = quote else { continue };
        let known = before.as_ref().and_then(|entry| entry.event.evidence.get(at)?.quote.clone());
        let again = known.filter(|known| matches!(kept(folder, known), Kept::Words(words) if words == *text));
        if let Some(known) = again {
            *quote = known;
            continue;
        }
        let words = Words::new(&salt(), text);
        let Some(committed) = words.quote() else { continue };
        *quote = committed;
        fresh.push(words);
    }
    Ok(fresh)
}

/// Writes words to a file beside the log, durably.
///
/// # Errors
/// [`Failure`].
pub(crate) fn keep(ledger: &Path, words: &Words) -> Result<(), Failure> {
    let quote = words.quote();
    let Some(digest) = quote.as_ref().and_then(commitment) else { return Ok(()) };
    let path = place(ledger, digest);
    let bytes = serde_json::to_vec(words)?;
    let write = || {
        std::fs::create_dir_all(ledger.join("quotes"))?;
        Disk::default().sync_dir(ledger)?;
        Disk::default().replace(&path, &bytes)
    };
    write().map_err(|e| Failure::new(Exit::Unavailable, format!("{}: {e}", path.display())))
}

/// The words that a commitment refers to, if they are beside the log.
pub(crate) fn kept(ledger: &Path, quote: &Quote) -> Kept {
    let Some(digest) = commitment(quote) else { return Kept::Absent };
    let Ok(bytes) = regular::read(&place(ledger, digest), regular::TEXT_BYTES_MAX) else {
        return Kept::Absent;
    };
    match serde_json::from_slice::<Words>(&bytes) {
        Ok(words) if words.quote().as_ref() == Some(quote) => Kept::Words(words.words),
        _ => Kept::Altered,
    }
}

/// Removes the words, durably, and returns true if there were any.
///
/// # Errors
/// [`Failure`].
pub(crate) fn remove(ledger: &Path, quote: &Quote) -> Result<bool, Failure> {
    let Some(digest) = commitment(quote) else { return Ok(false) };
    let path = place(ledger, digest);
    let failed = |e: std::io::Error| Failure::new(Exit::Unavailable, format!("{}: {e}", path.display()));
    match std::fs::remove_file(&path) {
        Ok(()) => Disk::default().sync_dir(&ledger.join("quotes")).map(|()| true).map_err(failed),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(failed(e)),
    }
}
