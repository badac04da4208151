//! The events of a run, and their ids, which a tree of their own holds: they are looked for without the events.

use std::sync::Arc;

use uuid::Uuid;

use crate::event::{Entry, EventId, Index, Instant};

use super::run::{
    PLAIN_ENTRIES, borrow_bare, decode_first, encode_bare, encode_bare_into, packed, seal, unpacked, unseal,
};
use super::stored::StoredEvent;

/// Most events have fewer bytes.
const USUAL_BYTES: usize = 256;
const ID_BYTES: usize = 16;

/// The entries of a run, each event encoded by itself, so that one is read without the others.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct EventsRun {
    ids: IdsRun,
    /// When each was recorded, in microseconds.
    times: Vec<i64>,
    /// Where the bytes of each end.
    ends: Vec<usize>,
    bytes: Vec<u8>,
}

impl EventsRun {
    /// An empty run with room for so many entries.
    pub(super) fn with_capacity(count: usize) -> EventsRun {
        EventsRun {
            ids: IdsRun(Vec::with_capacity(count)),
            times: Vec::with_capacity(count),
            ends: Vec::with_capacity(count),
            bytes: Vec::with_capacity(count * USUAL_BYTES),
        }
    }

    pub(super) fn push(&mut self, entry: &Entry) {
        self.ids.0.push(*entry.event.id.0.as_bytes());
        self.times.push(entry.recorded_at.micros());
        encode_bare_into(&StoredEvent::of(&entry.event), &mut self.bytes);
        self.ends.push(self.bytes.len());
    }

    pub(super) fn count(&self) -> usize {
        self.ends.len()
    }

    /// The ids of its events.
    pub(super) fn ids(&self) -> &IdsRun {
        &self.ids
    }

    pub(super) fn entry(&self, at: usize, first: u64) -> Result<Entry, String> {
        let missing = "an event is missing";
        let end = self.ends.get(at).copied().ok_or(missing)?;
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let bytes = self.bytes.get(start..end).ok_or("an event lies outside its run")?;
        let id = self.ids.0.get(at).ok_or(missing)?;
        let event = borrow_bare::<StoredEvent<'_>>(bytes)?.event(EventId(Uuid::from_bytes(*id)))?;
        let recorded_at = Instant::from_micros(self.times.get(at).copied().ok_or(missing)?);
        Ok(Entry { index: Index(first + at as u64), recorded_at, event: Arc::new(event) })
    }

    /// Its value without the ids.
    pub(super) fn encode(&self) -> Vec<u8> {
        let lengths: Vec<u64> = differences(self.ends.iter().map(|end| *end as u64)).collect();
        let times: Vec<u64> = differences(self.times.iter().map(|time| *time as u64)).collect();
        let mut plain = encode_bare(&(lengths, times));
        plain.extend_from_slice(&self.bytes);
        seal(&packed(&plain, self.count() > PLAIN_ENTRIES))
    }

    /// From its value and the ids.
    pub(super) fn decode(value: &[u8], ids: IdsRun) -> Result<EventsRun, String> {
        let plain = unpacked(unseal(value)?)?;
        let ((lengths, times), bytes): ((Vec<u64>, Vec<u64>), _) = decode_first(&plain)?;
        if [times.len(), ids.0.len()] != [lengths.len(); 2] {
            return Err("the events of a run are not as many as their ids".into());
        }
        let times = sums(times).map(|time| time as i64).collect();
        let ends = sums(lengths).map(|end| usize::try_from(end).unwrap_or(usize::MAX)).collect();
        Ok(EventsRun { ids, times, ends, bytes: bytes.to_vec() })
    }
}

/// Each number less the one before it; where one is smaller the difference goes round.
pub(super) fn differences(numbers: impl Iterator<Item = u64>) -> impl Iterator<Item = u64> {
    numbers.scan(0, |before: &mut u64, number| Some(number.wrapping_sub(std::mem::replace(before, number))))
}

/// The numbers of which these are the differences.
pub(super) fn sums(differences: Vec<u64>) -> impl Iterator<Item = u64> {
    differences.into_iter().scan(0, |sum: &mut u64, difference| {
        *sum = sum.wrapping_add(difference);
        Some(*sum)
    })
}

/// The ids of a run, in the order of its entries.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct IdsRun(Vec<[u8; ID_BYTES]>);

impl IdsRun {
    pub(super) fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// Each id with its index, where the first entry of the run has this one.
    pub(super) fn iter(&self, first: u64) -> impl Iterator<Item = (EventId, Index)> {
        (first..).zip(&self.0).map(|(index, id)| (EventId(Uuid::from_bytes(*id)), Index(index)))
    }

    /// The first bytes of all of them, then the second ones, and so on: ids of one time begin alike.
    pub(super) fn encode(&self) -> Vec<u8> {
        let columns = (0..ID_BYTES).flat_map(|at| self.0.iter().map(move |id| id[at]));
        seal(&packed(&columns.collect::<Vec<u8>>(), self.0.len() > PLAIN_ENTRIES))
    }

    pub(super) fn decode(value: &[u8]) -> Result<IdsRun, String> {
        let columns = unpacked(unseal(value)?)?;
        if !columns.len().is_multiple_of(ID_BYTES) {
            return Err("an id is cut short".into());
        }
        let mut ids = vec![[0; ID_BYTES]; columns.len() / ID_BYTES];
        for (at, column) in columns.chunks(ids.len().max(1)).enumerate() {
            column.iter().zip(&mut ids).for_each(|(byte, id)| id[at] = *byte);
        }
        Ok(IdsRun(ids))
    }
}
