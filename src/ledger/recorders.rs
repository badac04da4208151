//! Signatures of the events that are appended, and the check that their signers may record them.

use std::collections::HashMap;
use std::sync::Arc;

use memchr::memmem::Finder;

use crate::event::leaf::{LeafError, decode, decode_signed};
use crate::event::{
    Act, ActKind, BodyId, Entry, Event, EventId, EventSignature, Index, Limits, Reach, RecorderId, Sides,
    Size, signed_text,
};
use crate::log::SigningKey;

use super::admit::Batch;
use super::record::Record;
use super::register::{Recorder, recorder_name};
use super::{LedgerError, Reading, RecorderError, Recorders, Writer};

/// A signature beside an entry, under the register as it was when the entry was recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attested {
    /// The recorder that it names.
    pub recorder: RecorderId,
    /// The verifier key with which that recorder was enrolled, and the index of the enrolment; `None` if the name was not enrolled.
    pub key: Option<(String, Index)>,
    /// True if the signature verifies with that key.
    pub verified: bool,
}

impl Writer {
    /// Signs every event appended from now on with these keys, in addition to the signatures that events come with.
    pub fn sign_with(&mut self, keys: Vec<SigningKey>) {
        self.signers = keys;
    }

    /// Keeps the signatures with which an event comes until it is appended.
    pub fn offer(&mut self, id: EventId, signatures: Vec<EventSignature>) {
        self.offered.insert(id, signatures);
    }

    /// Signs an event with the writer's keys, in addition to the signatures that it came with; nothing is recorded.
    ///
    /// # Errors
    /// [`LedgerError::Recorder`] for a key whose name no recorder can have.
    pub fn signatures(&self, event: EventId, bytes: &[u8]) -> Result<Vec<EventSignature>, LedgerError> {
        let mut signatures = self.offered.get(&event).cloned().unwrap_or_default();
        for key in &self.signers {
            let recorder = recorder_name(key.verifier())?;
            if signatures.iter().all(|signature| signature.recorder != recorder) {
                let signature = key.sign(&signed_text(self.origin(), bytes));
                signatures.push(EventSignature { recorder, signature });
            }
        }
        signatures.sort_by(|a, b| a.recorder.cmp(&b.recorder));
        Ok(signatures)
    }

    /// Checks, before many events are appended, that there is a signing key if signatures are required, and that every key belongs
    /// to a recorder who may record acts of these kinds.
    ///
    /// # Errors
    /// [`LedgerError::Recorder`].
    pub fn check_signers(&mut self, acts: &[ActKind]) -> Result<(), LedgerError> {
        let register = self.register()?;
        if let (Some(act), true) = (acts.first(), self.demands && self.signers.is_empty())
            && register.required.is_some()
        {
            return Err(RecorderError::Unsigned { act: *act }.into());
        }
        let reach = Reach { acts: acts.iter().copied().collect(), ..Reach::default() };
        for key in &self.signers {
            let (recorder, held) = signer(&register, key)?;
            if let Some(excess) = held.limits.excess(&reach) {
                return Err(RecorderError::OutOfScope { recorder, excess }.into());
            }
        }
        Ok(())
    }

    /// True if every signer may record an act in a body.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn signers_may(&mut self, body: &BodyId, act: ActKind) -> Result<bool, LedgerError> {
        let register = self.register()?;
        let reach = Reach { bodies: [body.clone()].into(), acts: [act].into(), ..Reach::default() };
        for key in &self.signers {
            if signer(&register, key)?.1.limits.excess(&reach).is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The register of recorders after everything recorded.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn register(&mut self) -> Result<Arc<Recorders>, LedgerError> {
        if let Some(register) = &self.register {
            return Ok(Arc::clone(register));
        }
        let register = Arc::new(self.record.register_at(self.size())?);
        self.register = Some(Arc::clone(&register));
        Ok(register)
    }

    /// Checks that every signature is of a recorder who may record this event and, if it is to be written, that there are as many
    /// as the ledger and the charters ask for. A caller that does not write may add signatures later: the number still lacking is
    /// returned.
    pub(super) fn check_recorders(
        &mut self,
        event: &Event,
        bytes: &[u8],
        batch: &Batch,
    ) -> Result<usize, LedgerError> {
        let register = match &batch.register {
            Some(register) => Arc::clone(register),
            None => self.register()?,
        };
        let plain = !Sides::is_correction(event);
        if plain && self.signers.is_empty() && !self.offered.contains_key(&event.id) {
            // The event has no signature and bears only on its own body: most imported events are of this kind.
            let act = event.act.kind();
            return self.lacking(&register, [(&event.body, act)], Some(act), batch, 0);
        }
        let reach = self.reach(event, batch)?;
        if Sides::is_correction(event) && reach.bodies.iter().any(BodyId::is_ledger) {
            return Err(RecorderError::NotCorrected.into());
        }
        let signatures = self.offered.get(&event.id).cloned().unwrap_or_default();
        let mut signed: Vec<RecorderId> = Vec::new();
        let text = match signatures.is_empty() {
            true => Vec::new(),
            false => signed_text(self.origin(), bytes),
        };
        for EventSignature { recorder, signature } in &signatures {
            let held = register.standing(recorder)?;
            check_limits(recorder, &held.limits, event, &reach)?;
            if !held.key.has_signed(&text, signature) {
                return Err(RecorderError::WrongSignature(recorder.clone()).into());
            }
            signed.push(recorder.clone());
        }
        for key in &self.signers {
            let (recorder, held) = signer(&register, key)?;
            check_limits(&recorder, &held.limits, event, &reach)?;
            signed.push(recorder);
        }
        signed.sort();
        signed.dedup();
        let ruled = reach.ruled.iter().map(|(body, act)| (body, *act));
        self.lacking(&register, ruled, reach.acts.first().copied(), batch, signed.len())
    }

    /// The number of signatures that are still lacking; an error if the event is to be written.
    fn lacking<'e>(
        &mut self,
        register: &Recorders,
        ruled: impl IntoIterator<Item = (&'e BodyId, ActKind)>,
        act: Option<ActKind>,
        batch: &Batch,
        signed: usize,
    ) -> Result<usize, LedgerError> {
        match self.needed(register, ruled, act, batch, signed)? {
            Some((_, error)) if self.demands => Err(error.into()),
            lacking => Ok(lacking.map_or(0, |(needed, _)| needed - signed)),
        }
    }

    /// The number of signatures asked for, and the error to report if that is more than there are.
    fn needed<'e>(
        &mut self,
        register: &Recorders,
        ruled: impl IntoIterator<Item = (&'e BodyId, ActKind)>,
        act: Option<ActKind>,
        batch: &Batch,
        signed: usize,
    ) -> Result<Option<(usize, RecorderError)>, LedgerError> {
        let mut most: Option<(usize, RecorderError)> = None;
        for (body, act) in ruled {
            // Thousands of charters may be adopted at once, so nothing is folded for a body that has no charter.
            let folded = !batch.makes_rules() && self.rules.contains_key(body);
            if !folded && !batch.rules(body) && !self.record.has_acts_alone(body)? {
                continue;
            }
            let needed = match self.rules(body, batch) {
                Ok(charter) => charter.latest().signers(act),
                // The checks of the event's content report any fault in the body's rules.
                Err(LedgerError::NoBody(_) | LedgerError::Charter(_)) => 0,
                Err(error) => return Err(error),
            };
            if needed > signed && most.as_ref().is_none_or(|(most, _)| needed > *most) {
                let body = body.clone();
                most = Some((needed, RecorderError::TooFew { body, act, needed, signed }));
            }
        }
        if most.is_none() && register.required.is_some() && signed == 0 {
            most = act.map(|act| (1, RecorderError::Unsigned { act }));
        }
        Ok(most)
    }

    /// Everything that an event bears on.
    fn reach(&mut self, event: &Event, batch: &Batch) -> Result<Reach, LedgerError> {
        let mut reach = Reach::of(event);
        if !Sides::is_correction(event) {
            return Ok(reach);
        }
        let mut sides = Sides::default();
        sides.corrected(event);
        let mut next = event.to;
        let mut base = None;
        while let Some(id) = next {
            // The check of the event's target reports a missing entry.
            let Some(found) = self.named(id, batch)? else { break };
            sides.corrected(&found);
            next = found.to.filter(|_| Sides::is_correction(&found));
            base = Some(found);
        }
        if let Some(base) = base {
            let stands = self.record.as_it_stands(&base)?;
            sides.corrected(&stands);
            let withdraws = event.act.kind() == ActKind::EntryRetracted;
            if withdraws && base.act.kind() == ActKind::ImportRecorded {
                self.rows(&base, batch)?.values().for_each(|row| reach.cover(row));
            }
        }
        reach.cover(&sides);
        Ok(reach)
    }

    fn named(&self, id: EventId, batch: &Batch) -> Result<Option<Arc<Event>>, LedgerError> {
        match batch.events.get(&id) {
            Some(event) => Ok(Some(Arc::clone(event))),
            None => self.find(id)?.map(|index| Ok(self.entry(index)?.event)).transpose(),
        }
    }

    /// Every row of an import, with the changes that corrections made to it.
    fn rows(&self, import: &Event, batch: &Batch) -> Result<HashMap<EventId, Sides>, LedgerError> {
        let mut rows = Rows { import: import.id, sides: HashMap::new(), row_of: HashMap::new() };
        let keys = [format!("\"import\":\"{}\"", import.id), "\"act\":\"record-corrected\"".to_owned()];
        let keys = keys.each_ref().map(|key| Finder::new(key.as_bytes()));
        let mut failed = None;
        self.log().scan(0, |at, leaf, _| {
            if keys.iter().any(|key| key.find(leaf).is_some()) {
                match decode(leaf, Index(at)) {
                    Ok(Entry { event, .. }) => rows.take(&event),
                    Err(source) => failed = Some(LedgerError::Entry { index: Index(at), source }),
                }
            }
        })?;
        batch.events.values().for_each(|event| rows.take(event));
        failed.map_or(Ok(rows.sides), Err)
    }
}

impl Reading {
    /// The recorders when the ledger had its first `size` entries.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn register_at(&self, size: Size) -> Result<Recorders, LedgerError> {
        self.record().register_at(size)
    }

    /// The signatures beside an entry, each checked against the register as it was before that entry.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn attested(&self, index: Index) -> Result<Vec<Attested>, LedgerError> {
        let unread = |source: LeafError| LedgerError::Entry { index, source };
        let (entry, signatures) = decode_signed(&self.leaf(index)?, index).map_err(unread)?;
        if signatures.is_empty() {
            return Ok(Vec::new());
        }
        let register = self.register_at(Size(index.0))?;
        let bytes = crate::event::leaf::encode_event(&entry.event).map_err(LedgerError::Leaf)?;
        let text = signed_text(self.origin(), &bytes);
        let attested = |EventSignature { recorder, signature }| {
            let held = register.get(&recorder);
            let verified = held.is_some_and(|held| held.key.has_signed(&text, &signature));
            let key = held.map(|held| (held.key.to_string(), held.enrolled));
            Attested { recorder, key, verified }
        };
        Ok(signatures.into_iter().map(attested).collect())
    }
}

impl Record {
    /// The recorders when the ledger had its first `size` entries.
    ///
    /// # Errors
    /// [`LedgerError`].
    fn register_at(&self, size: Size) -> Result<Recorders, LedgerError> {
        let ledger = BodyId::ledger();
        let entries = self.rule_entries(&ledger, &[])?;
        let own = entries.iter().filter(|entry| entry.event.body == ledger);
        Ok(Recorders::of(own.filter(|entry| size.holds(entry.index))))
    }
}

/// The rows of an import, collected while the log is read: a correction comes after the entry that it corrects.
struct Rows {
    import: EventId,
    sides: HashMap<EventId, Sides>,
    /// The row that each correction bears on.
    row_of: HashMap<EventId, EventId>,
}

impl Rows {
    fn take(&mut self, event: &Event) {
        if event.import == Some(self.import) {
            self.sides.insert(event.id, Sides::of(event));
        }
        let Some(to) = event.to.filter(|_| matches!(event.act, Act::RecordCorrected(_))) else { return };
        let row = self.row_of.get(&to).copied().unwrap_or(to);
        if let Some(sides) = self.sides.get_mut(&row) {
            sides.corrected(event);
            self.row_of.insert(event.id, row);
        }
    }
}

/// The enrolled recorder that has this signing key.
fn signer<'r>(
    register: &'r Recorders,
    key: &SigningKey,
) -> Result<(RecorderId, &'r Recorder), RecorderError> {
    let id = recorder_name(key.verifier())?;
    let held = register.standing(&id)?;
    if held.key == *key.verifier() { Ok((id, held)) } else { Err(RecorderError::OtherKey(id)) }
}

/// Checks that a recorder may record everything that an event bears on, and gives no more than it has.
fn check_limits(id: &RecorderId, own: &Limits, event: &Event, reach: &Reach) -> Result<(), RecorderError> {
    if let Some(excess) = own.excess(reach) {
        return Err(RecorderError::OutOfScope { recorder: id.clone(), excess });
    }
    let given = match &event.act {
        Act::RecorderEnrolled(enrolment) => &enrolment.limits,
        Act::RecorderLimited(limitation) => &limitation.limits,
        _ => return Ok(()),
    };
    if given.are_within(own) { Ok(()) } else { Err(RecorderError::GivesMore(id.clone())) }
}
