//! Gives the log another key: an entry signed by both keys announces it, then it replaces the old key.
//!
//! The new secret is durable in `key.next` before the entry is; the old secret is removed only after a head over that entry, signed
//! by both keys, is written. If the change is cut short in between, the next writer completes it when it closes the ledger.

use crate::event::{Act, BodyId, Entry, Event, EventId, Evidence, Heading, Index, KeyRotation};
use crate::index::index_files;
use crate::log::{Checkpoint, KeyError, LogError, Rotation, RotationError, SignedCheckpoint};

use crate::query::Need;

use super::record::Record;
use super::{AppendOptions, LedgerError, Reading, Writer};

/// An entry that announces another key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rotated {
    /// The entry.
    pub entry: Index,
    /// The change that it announces.
    pub rotation: Rotation,
}

fn rotation_of(said: &KeyRotation) -> Result<Rotation, RotationError> {
    Rotation::verified(said.size, (&said.old, &said.old_signature), (&said.new, &said.new_signature))
}

impl Reading {
    /// Every change of the log's key, the oldest first.
    ///
    /// # Errors
    /// [`LedgerError`]; [`LedgerError::Rotation`] for one that both keys did not sign.
    pub fn rotations(&self) -> Result<Vec<Rotated>, LedgerError> {
        self.record().rotations()
    }
}

impl Record {
    /// Every change of the log's key, the oldest first.
    ///
    /// # Errors
    /// [`LedgerError`]; [`LedgerError::Rotation`] for one that both keys did not sign.
    fn rotations(&self) -> Result<Vec<Rotated>, LedgerError> {
        let alone = Need::Heading(Heading::of_body(&BodyId::ledger()));
        let mut rotations = Vec::new();
        for Entry { index, event, .. } in self.under(&alone)? {
            if let Act::LogKeyRotated(said) = &event.act {
                rotations.push(Rotated { entry: index, rotation: rotation_of(said)? });
            }
        }
        Ok(rotations)
    }

    /// The announced change, if the key files do not agree with it yet.
    fn begun(&self) -> Result<Option<Rotated>, LedgerError> {
        if !self.log().is_key_unsettled() {
            return Ok(None);
        }
        let Some(last) = self.rotations()?.pop() else { return Ok(None) };
        let unlike = matches!(self.log().signing_key(), Err(LogError::Key(KeyError::Unlike(_))));
        let next = self.log().next_key()?;
        let announced = next.is_some_and(|key| *key.verifier() == last.rotation.new);
        Ok((announced || unlike).then_some(last))
    }

    /// Signs a head with the log's key; and also with the key before it, until the announced key has replaced that one.
    pub(super) fn sign_head(&self, head: Checkpoint) -> Result<SignedCheckpoint, LedgerError> {
        let key = self.key()?;
        let next = self.log().next_key()?;
        let announced = match &next {
            Some(next) => {
                self.begun()?.filter(|b| b.rotation.new == *next.verifier() && b.entry.0 < head.size)
            }
            None => None,
        };
        Ok(match (announced, next) {
            (Some(_), Some(next)) => SignedCheckpoint::sign(head, &next).and_sign(&key),
            _ => SignedCheckpoint::sign(head, &key),
        })
    }
}

impl Writer {
    /// Gives the log another key, made from 32 random bytes, and closes the ledger. If an earlier change was cut short after its
    /// entry, that one is completed and no other is begun; the second value is then true.
    ///
    /// # Errors
    /// [`LedgerError`]. If the entry is recorded, the next writer completes the change.
    pub fn rotate_key(
        mut self,
        seed: &[u8; 32],
        (id, evidence): (EventId, Vec<Evidence>),
        options: AppendOptions,
    ) -> Result<(Rotated, bool), LedgerError> {
        if let Some(begun) = self.record.begun()? {
            self.close()?;
            return Ok((begun, true));
        }
        let old = self.record.key()?;
        let new = self.log().prepare_key(seed)?;
        let size = self.log().frontier().size();
        let rotation = Rotation { size, old: old.verifier().clone(), new: new.verifier().clone() };
        let said = KeyRotation {
            new: rotation.new.to_string(),
            new_signature: rotation.sign(&new),
            old: rotation.old.to_string(),
            old_signature: rotation.sign(&old),
            size,
        };
        let mut event = Event::new(id, Act::LogKeyRotated(Box::new(said)), BodyId::ledger());
        event.evidence = evidence;
        let entry = self.append(vec![event], options)?.first().map_or(Index(size), |receipt| receipt.index);
        let closed = self.close();
        closed.map_err(|source| LedgerError::RecordedWithoutHead { entry, source: Box::new(source) })?;
        Ok((Rotated { entry, rotation }, false))
    }

    /// Puts the new key in the place of the old one. An index that the old key signed can no longer be read; it is removed first,
    /// so that it is not taken for damage. The next published index replaces it.
    fn adopt_key(&self, rotation: &Rotation) -> Result<(), LedgerError> {
        let (disk, superseded) = (self.log().disk()?, index_files(self.path()));
        for path in &superseded {
            // A process that makes the indexes meanwhile may already have removed it.
            let _ = disk.remove(path);
        }
        if let Some(folder) = superseded.first().and_then(|path| path.parent()) {
            // Synced before the new key is written, so that a power cut brings no old index back.
            disk.sync_dir(folder).map_err(LogError::io(folder, "cannot be synced"))?;
        }
        Ok(self.log().adopt_key(rotation)?)
    }

    /// Writes the signed head; a head of the same content that already has a signature of the log's key stays, with its other
    /// signatures. Then completes a change of the key that was announced.
    pub(super) fn write_head(&self, head: Checkpoint) -> Result<(), LedgerError> {
        let begun = self.record.begun()?;
        if let Some(begun) = &begun {
            // If the secret was replaced but the verifier key beside it was not, only that step is left.
            match self.record.key() {
                Err(LogError::Key(KeyError::Unlike(_))) => self.adopt_key(&begun.rotation)?,
                _ => {
                    self.log().write_signed(&self.record.sign_head(head)?)?;
                    return self.adopt_key(&begun.rotation);
                }
            }
        }
        let signed = match self.log().signing_key()? {
            Some(key) => {
                let stored = SignedCheckpoint::read(&self.path().join("checkpoint"))?;
                let same =
                    |stored: &SignedCheckpoint| stored.head == head && stored.verify(key.verifier()).is_ok();
                if stored.is_some_and(|stored| same(&stored)) {
                    return Ok(());
                }
                SignedCheckpoint::sign(head, &key)
            }
            None => SignedCheckpoint::unsigned(head),
        };
        Ok(self.log().write_signed_lazily(&signed)?)
    }

    /// Checks that a change of the key is at the index that it states, follows on the log's key, and that its secret is kept here.
    pub(super) fn check_rotation(&self, event: &Event, at: Index) -> Result<(), LedgerError> {
        let Act::LogKeyRotated(said) = &event.act else { return Ok(()) };
        let rotation = rotation_of(said)?;
        if rotation.size != at.0 || rotation.old != *self.record.key()?.verifier() {
            return Err(LedgerError::RotationElsewhere);
        }
        let next = self.log().next_key()?;
        match next.is_some_and(|key| *key.verifier() == rotation.new) {
            true => Ok(()),
            false => Err(LedgerError::RotationElsewhere),
        }
    }
}
