//! Another key for the log: announced by an entry that both keys sign, then put in the place of the one before.
//!
//! The new secret is durable in `key.next` before the entry is; the old one is gone only when a head over that entry is
//! written that both signed. Whatever is cut short in between is ended when the next writer closes the ledger.

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
    /// What it announces.
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

    /// The change that was announced, where the files are not as it has them.
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

    /// Signs a head: with the log's key; with the one before too, while an announced key has not taken its place.
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
    /// Gives the log another key, made from 32 bytes of chance, and closes the ledger. A change that was cut short after
    /// its entry is ended instead, and no other is begun; then the second is true.
    ///
    /// # Errors
    /// [`LedgerError`]. Where the entry is recorded, the next writer ends what is left.
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

    /// Puts the new key in the place of the old one. An index that the old one signed is no longer read, and goes first, so that
    /// none is taken for damage; the next that is published takes its place.
    fn adopt_key(&self, rotation: &Rotation) -> Result<(), LedgerError> {
        let (disk, superseded) = (self.log().disk()?, index_files(self.path()));
        for path in &superseded {
            // Whoever makes the indexes meanwhile may have removed it.
            let _ = disk.remove(path);
        }
        if let Some(folder) = superseded.first().and_then(|path| path.parent()) {
            // Before the key is there, so that a power cut brings none back.
            disk.sync_dir(folder).map_err(LogError::io(folder, "cannot be synced"))?;
        }
        Ok(self.log().adopt_key(rotation)?)
    }

    /// Writes the head, signed; a head that is there with a signature of the log's key stays, with whatever else is under
    /// it. Then a change of the key that was announced is ended.
    pub(super) fn write_head(&self, head: Checkpoint) -> Result<(), LedgerError> {
        let begun = self.record.begun()?;
        if let Some(begun) = &begun {
            // Where the secret has changed and the verifier key beside it has not, that alone is left.
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

    /// A change of the key stands where it says, follows on the log's key, and its secret is kept here.
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
