//! The register of recorders: their keys, and the limits within which each may record. It is folded from the entries of the ledger
//! itself alone; no correction changes it.

use std::collections::BTreeMap;

use crate::event::{Act, Enrolment, Entry, Event, Index, Limits, RecorderId};
use crate::log::VerifierKey;

use super::RecorderError;

/// The recorders at an index of the log.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Recorders {
    /// The entry from which on every entry must be signed.
    pub required: Option<Index>,
    /// The last enrolment of each recorder.
    recorders: BTreeMap<RecorderId, Recorder>,
    /// Every key that was ever enrolled.
    keys: Vec<(VerifierKey, RecorderId, Index)>,
}

/// A recorder in the register.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recorder {
    /// The key that verifies its signatures.
    pub key: VerifierKey,
    /// The limits within which it may record.
    pub limits: Limits,
    /// The entry that enrolled it.
    pub enrolled: Index,
    /// The entry that last changed its limits.
    pub limited: Option<Index>,
    /// The entry that revoked it.
    pub revoked: Option<Index>,
}

impl Recorders {
    /// Folds the entries of the ledger itself, in order; other entries are passed over.
    pub fn of<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> Recorders {
        let mut register = Recorders::default();
        entries.into_iter().for_each(|entry| register.learn(entry.index, &entry.event));
        register
    }

    /// Every recorder, by name, including the revoked ones.
    pub fn recorders(&self) -> impl Iterator<Item = (&RecorderId, &Recorder)> {
        self.recorders.iter()
    }

    /// A recorder by its name.
    pub fn get(&self, id: &RecorderId) -> Option<&Recorder> {
        self.recorders.get(id)
    }

    /// True if no recorder was ever enrolled.
    pub fn is_empty(&self) -> bool {
        self.recorders.is_empty()
    }

    /// A recorder that may record now.
    ///
    /// # Errors
    /// [`RecorderError::Unknown`], [`RecorderError::Revoked`].
    pub fn standing(&self, id: &RecorderId) -> Result<&Recorder, RecorderError> {
        let recorder = self.get(id).ok_or_else(|| RecorderError::Unknown(id.clone()))?;
        match recorder.revoked {
            Some(entry) => Err(RecorderError::Revoked { recorder: id.clone(), entry }),
            None => Ok(recorder),
        }
    }

    /// Checks that an event of the ledger itself may be recorded.
    ///
    /// # Errors
    /// [`RecorderError`].
    pub fn check(&self, event: &Event) -> Result<(), RecorderError> {
        match &event.act {
            Act::RecordersRequired => match self.required {
                Some(entry) => Err(RecorderError::Required(entry)),
                None if self.registrars(None).next().is_none() => Err(RecorderError::NoRegistrar),
                None => Ok(()),
            },
            Act::RecorderEnrolled(enrolment) => self.fresh(enrolment).map(|_| ()),
            Act::RecorderLimited(limitation) => {
                self.standing(&limitation.recorder)?;
                match limitation.limits.registrar {
                    true => Ok(()),
                    false => self.spare(&limitation.recorder),
                }
            }
            Act::RecorderRevoked(revocation) => {
                self.standing(&revocation.recorder)?;
                self.spare(&revocation.recorder)
            }
            _ => Ok(()),
        }
    }

    /// Adds an event to the register. An event that could never have been admitted changes nothing.
    pub fn learn(&mut self, index: Index, event: &Event) {
        match &event.act {
            Act::RecordersRequired => self.required = self.required.or(Some(index)),
            Act::RecorderEnrolled(enrolment) => {
                let Ok((id, key)) = self.fresh(enrolment) else { return };
                self.keys.push((key.clone(), id.clone(), index));
                let limits = enrolment.limits.clone();
                let recorder = Recorder { key, limits, enrolled: index, limited: None, revoked: None };
                self.recorders.insert(id, recorder);
            }
            Act::RecorderLimited(limitation) => {
                if let Some(recorder) = self.changing(&limitation.recorder) {
                    recorder.limits = limitation.limits.clone();
                    recorder.limited = Some(index);
                }
            }
            Act::RecorderRevoked(revocation) => {
                if let Some(recorder) = self.changing(&revocation.recorder) {
                    recorder.revoked = Some(index);
                }
            }
            _ => {}
        }
    }

    fn changing(&mut self, id: &RecorderId) -> Option<&mut Recorder> {
        self.recorders.get_mut(id).filter(|recorder| recorder.revoked.is_none())
    }

    /// The name and the key of an enrolment that is allowed.
    fn fresh(&self, enrolment: &Enrolment) -> Result<(RecorderId, VerifierKey), RecorderError> {
        let key = VerifierKey::parse(&enrolment.key)?;
        let id = recorder_name(&key)?;
        if let Some(held) = self.get(&id).filter(|held| held.revoked.is_none()) {
            return Err(RecorderError::Enrolled { recorder: id, entry: held.enrolled });
        }
        match self.keys.iter().find(|(known, ..)| known.has_key_of(&key)) {
            Some((_, recorder, entry)) => {
                Err(RecorderError::KeyTaken { recorder: recorder.clone(), entry: *entry })
            }
            None => Ok((id, key)),
        }
    }

    /// The recorders that may keep the register, except `but`.
    fn registrars<'r>(&'r self, but: Option<&'r RecorderId>) -> impl Iterator<Item = &'r RecorderId> {
        let keeps = move |(id, held): &(&RecorderId, &Recorder)| {
            held.limits.registrar && held.revoked.is_none() && but != Some(*id)
        };
        self.recorders.iter().filter(keeps).map(|(id, _)| id)
    }

    /// Checks, if recorders are required, that another recorder who can enrol them is left.
    fn spare(&self, id: &RecorderId) -> Result<(), RecorderError> {
        match self.required.is_none() || self.registrars(Some(id)).next().is_some() {
            true => Ok(()),
            false => Err(RecorderError::LastRegistrar(id.clone())),
        }
    }
}

/// The recorder that a key belongs to, by the name of the key.
///
/// # Errors
/// [`RecorderError::Name`] for a name that no recorder can have.
pub fn recorder_name(key: &VerifierKey) -> Result<RecorderId, RecorderError> {
    let id = RecorderId::parse(key.name()).ok().filter(|id| id.as_str() == key.name());
    id.ok_or_else(|| RecorderError::Name(key.name().to_owned()))
}
