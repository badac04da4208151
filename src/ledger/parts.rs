//! The record handed over in parts, each small enough to be held in memory, whatever the size of the whole.

use std::hash::{DefaultHasher, Hash, Hasher};

use memchr::memmem::Finder;

use crate::event::leaf::decode;
use crate::event::{BodyId, Entry, Index, Size};

use super::{Ledger, LedgerError};

/// A part holds about so many entries.
const ENTRIES_AT_A_TIME: u64 = 65_536;
/// The log is read in blocks of this many bytes of leaves.
const BLOCK_BYTES: usize = 1 << 20;

/// Some bodies of a record, each whole.
pub struct Part {
    /// Their entries in the order of the log; among them every correction and every act of a body alone, whosesoever.
    pub entries: Vec<Entry>,
    share: Share,
}

impl Part {
    /// Tells whether a body is one of this part.
    pub fn bodies(&self) -> impl Fn(&BodyId) -> bool + use<> {
        let share = self.share;
        move |body| share.holds(body.as_str().as_bytes())
    }
}

impl Ledger {
    /// Hands over the first `size` entries in parts, telling `progress` how many were read, of how many.
    ///
    /// A record in which a correction moves an entry from one body into another is handed over whole.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn parts(
        &self,
        size: Size,
        progress: &mut dyn FnMut(u64, u64),
        each: &mut dyn FnMut(Part),
    ) -> Result<(), LedgerError> {
        let mut count = usize::try_from(size.0 / ENTRIES_AT_A_TIME + 1).unwrap_or(usize::MAX);
        let mut number = 0;
        while number < count {
            let share = Share { number, count };
            let total = size.0.saturating_mul(count as u64);
            let before = size.0.saturating_mul(number as u64);
            let part = self.part(share, size, &mut |at| progress(before + at, total))?;
            // Every correction is in every part, so the first one tells.
            if number == 0 && count > 1 && part.entries.iter().any(|entry| entry.event.moves_another()) {
                count = 1;
                continue;
            }
            each(part);
            number += 1;
        }
        Ok(())
    }

    fn part(&self, share: Share, size: Size, progress: &mut dyn FnMut(u64)) -> Result<Part, LedgerError> {
        let keys = Keys::default();
        let mut entries = Vec::new();
        let mut at = 0;
        while at < size.0 {
            let block = self.log().read(at, BLOCK_BYTES)?;
            for (place, leaf, _) in block.iter().take_while(|(place, ..)| size.holds(Index(*place))) {
                if share.count == 1 || keys.bears(leaf, &share) {
                    let index = Index(place);
                    let entry = decode(leaf, index);
                    entries.push(entry.map_err(|source| LedgerError::Entry { index, source })?);
                }
            }
            at += block.len() as u64;
            progress(at.min(size.0));
            if block.is_empty() {
                break;
            }
        }
        Ok(Part { entries, share })
    }
}

/// Some of the bodies.
#[derive(Clone, Copy)]
struct Share {
    /// Which one, from 0.
    number: usize,
    /// Of how many.
    count: usize,
}

impl Share {
    /// Whether a body falls to this share.
    fn holds(&self, id: &[u8]) -> bool {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        self.count == 1 || hasher.finish() as usize % self.count == self.number
    }
}

/// What of a leaf's bytes says whose act it is. No quote stands unescaped inside a text, so these are keys.
struct Keys {
    body: Finder<'static>,
    participant: Finder<'static>,
    corrections: [Finder<'static>; 2],
}

impl Default for Keys {
    fn default() -> Keys {
        Keys {
            body: Finder::new(b"\"body\":\""),
            participant: Finder::new(b"\"participant\":\""),
            corrections: [
                Finder::new(b"\"act\":\"record-corrected\""),
                Finder::new(b"\"act\":\"entry-retracted\""),
            ],
        }
    }
}

impl Keys {
    /// Acts of bodies alone and corrections bear on every share, other acts on that of their body.
    fn bears(&self, leaf: &[u8], share: &Share) -> bool {
        let value = |key: &Finder<'_>| {
            let rest = leaf.get(key.find(leaf)? + key.needle().len()..)?;
            rest.split(|byte| *byte == b'"').next()
        };
        value(&self.body).is_some_and(|body| share.holds(body))
            || value(&self.participant).is_none()
            || self.corrections.iter().any(|key| key.find(leaf).is_some())
    }
}
