//! How an entry came into the ledger, for `show`: the time, the recorder, the import with its file, the key.

use std::path::Path;

use serde::Serialize;

use crate::event::{Act, Entry, Index, StatedDigest};
use crate::ledger::Reading;
use crate::log::verifier_key;

use crate::cli::error::Failure;
use crate::cli::record::documents;

/// The custody of an entry.
#[derive(Serialize)]
pub(crate) struct Custody {
    /// The time at which it was recorded, by the operator's own clock.
    recorded_at: String,
    /// The recorder that the entry names, if it names one.
    recorder: Option<String>,
    /// The signatures of recorders; empty if the entry has none.
    signatures: Vec<Signature>,
    /// The import that brought it; `None` if a command recorded it.
    import: Option<Import>,
    /// The verifier key of the head that covers it; `None` if no head is signed.
    key: Option<String>,
    /// The documents attached to it.
    documents: Vec<Document>,
}

/// A recorder's signature, checked with the register as it was before the entry.
#[derive(Serialize)]
struct Signature {
    recorder: String,
    /// The key with which the recorder was enrolled; `None` if it was not enrolled.
    key: Option<String>,
    /// The entry that enrolled the recorder.
    enrolled: Option<Index>,
    /// True if the signature verifies with that key.
    verified: bool,
}

/// The import that brought an entry.
#[derive(Serialize)]
struct Import {
    /// The id of the import, which every row of it names.
    id: String,
    /// The entry that records the import; `None` if the import was cut short.
    entry: Option<Index>,
    /// The name of the file, without its folder.
    file: Option<String>,
    /// The SHA-256 of the file's bytes.
    sha256: Option<String>,
    /// The program and version that read the file.
    importer: Option<String>,
}

/// A document that an entry names.
#[derive(Serialize)]
struct Document {
    sha256: String,
    /// True if the document is in the ledger's folder; otherwise it was redacted or lost.
    held: bool,
}

impl Signature {
    fn said(&self) -> String {
        let Signature { recorder, key, enrolled, verified } = self;
        match (key, enrolled) {
            (Some(key), Some(entry)) if *verified => {
                format!("{recorder}, verified with the key of entry {entry}: {key}")
            }
            (Some(key), Some(entry)) => {
                format!("{recorder}, NOT VERIFIED with the key of entry {entry}: {key}")
            }
            _ => format!("{recorder}, NOT ENROLLED before it"),
        }
    }
}

impl Custody {
    /// Reads the custody of an entry from the entry, its import, its signatures and the ledger's folder.
    ///
    /// # Errors
    /// [`Failure`] if the ledger cannot be read.
    pub(crate) fn of(entry: &Entry, reading: &Reading, folder: &Path) -> Result<Custody, Failure> {
        let event = &entry.event;
        let signatures = reading.attested(entry.index)?.into_iter().map(|attested| {
            let (key, enrolled) = attested.key.unzip();
            let (recorder, verified) = (attested.recorder.to_string(), attested.verified);
            Signature { recorder, key, enrolled, verified }
        });
        let signatures = signatures.collect();
        let import = match event.import {
            Some(id) => {
                let place = reading.find(id)?;
                let own = place.map(|place| reading.entry(place)).transpose()?;
                let receipt = own.as_ref().and_then(|own| match &own.event.act {
                    Act::ImportRecorded(receipt) => Some(receipt),
                    _ => None,
                });
                Some(Import {
                    id: id.to_string(),
                    entry: place,
                    file: receipt.map(|r| r.file.clone()),
                    sha256: receipt.map(|r| r.sha256.clone()),
                    importer: receipt.map(|r| r.importer.clone()),
                })
            }
            None => None,
        };
        let named = event.evidence.iter().filter_map(|evidence| evidence.sha256.clone());
        let held = |sha256: &StatedDigest| {
            sha256.digest().is_ok_and(|digest| documents::place(folder, digest).is_file())
        };
        let documents = named.map(|sha256| Document { held: held(&sha256), sha256: sha256.to_string() });
        let documents = documents.collect();
        let recorder = event.recorder.clone();
        let key = verifier_key(folder).ok().flatten().map(|key| key.to_string());
        let recorded_at = entry.recorded_at.canonical();
        Ok(Custody { recorded_at, recorder, signatures, import, key, documents })
    }

    /// The same facts in lines, each with its label.
    pub(crate) fn lines(&self) -> Vec<(&'static str, String)> {
        let clock = format!("at {}, by the operator's own clock", self.recorded_at);
        let by = self.recorder.clone().unwrap_or_else(|| "not said".into());
        let mut lines = vec![("recorded", clock), ("recorder", by)];
        lines.extend(self.signatures.iter().map(|signature| ("signed by", signature.said())));
        lines.push(("brought by", self.brought()));
        lines.push(("key", self.key.clone().unwrap_or_else(|| "none: the head is unsigned".into())));
        lines.extend(self.documents.iter().map(|document| {
            let held = if document.held { "held" } else { "not held: redacted or lost" };
            ("document", format!("{}, {held}", document.sha256))
        }));
        lines
    }

    fn brought(&self) -> String {
        match &self.import {
            None => "a command, from no imported file".into(),
            Some(Import { entry: Some(entry), file: Some(file), sha256: Some(sha256), importer, .. }) => {
                let importer = importer.as_deref().unwrap_or_default();
                format!("the import of entry {entry}: {file}, SHA-256 {sha256}, read by {importer}")
            }
            Some(import) => format!("import {}, which was cut short: it has no entry", import.id),
        }
    }
}
