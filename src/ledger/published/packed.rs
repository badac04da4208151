//! The entries of a body while a base is made: packed one after another, and compressed in chunks.

use zstd::bulk::{Compressor, Decompressor};

use crate::event::{Entry, Index};
use crate::index::{pack_into, unpack};
use crate::ledger::LedgerError;

/// A chunk is compressed once it has so many bytes.
const CHUNK_BYTES: usize = 16 << 10;
/// How hard Zstandard tries.
const LEVEL: i32 = 1;
/// What stands before an entry: its index and its length.
const AROUND: usize = 8;

/// The entries of a body.
#[derive(Default)]
pub(super) struct Packed {
    /// How many they are.
    pub(super) count: usize,
    /// Chunks with the length that each has when it is decompressed, and the index of its first entry.
    chunks: Vec<Chunk>,
    /// The last chunk, not compressed yet.
    open: Vec<u8>,
}

struct Chunk {
    first: u32,
    length: usize,
    bytes: Box<[u8]>,
}

/// What compresses.
#[derive(Default)]
pub(super) struct Packer(Option<Compressor<'static>>);

impl Packer {
    fn compress(&mut self, plain: &[u8]) -> std::io::Result<Vec<u8>> {
        match &mut self.0 {
            Some(compressor) => compressor.compress(plain),
            none => none.insert(Compressor::new(LEVEL)?).compress(plain),
        }
    }
}

impl Packed {
    /// Adds an entry.
    ///
    /// # Errors
    /// [`LedgerError::Packed`].
    pub(super) fn add(&mut self, entry: &Entry, packer: &mut Packer) -> Result<(), LedgerError> {
        self.count += 1;
        self.open.extend_from_slice(&(entry.index.0 as u32).to_le_bytes());
        let length_at = self.open.len();
        self.open.extend_from_slice(&[0; 4]);
        pack_into(entry, &mut self.open);
        let length = (self.open.len() - length_at - 4) as u32;
        self.open[length_at..length_at + 4].copy_from_slice(&length.to_le_bytes());
        match self.open.len() < CHUNK_BYTES {
            true => Ok(()),
            false => self.close(packer),
        }
    }

    fn close(&mut self, packer: &mut Packer) -> Result<(), LedgerError> {
        let first = self.open.first_chunk().copied().map_or(0, u32::from_le_bytes);
        let compressed = packer.compress(&self.open).map_err(|error| broken(first, &error))?;
        self.chunks.push(Chunk { first, length: self.open.len(), bytes: compressed.into() });
        self.open.clear();
        Ok(())
    }

    /// Takes over entries of the same body.
    pub(super) fn join(&mut self, other: Packed) {
        self.count += other.count;
        self.chunks.extend(other.chunks);
        self.open.extend_from_slice(&other.open);
    }

    /// Adds all of them to `entries`, in any order.
    ///
    /// # Errors
    /// [`LedgerError::Packed`].
    pub(super) fn unpack(&self, entries: &mut Vec<Entry>) -> Result<(), LedgerError> {
        if !self.chunks.is_empty() {
            let mut unpacker = Decompressor::new().map_err(|error| broken(0, &error))?;
            for Chunk { first, length, bytes } in &self.chunks {
                let plain = unpacker.decompress(bytes, *length).map_err(|error| broken(*first, &error))?;
                unpack_all(&plain, entries)?;
            }
        }
        unpack_all(&self.open, entries)
    }
}

fn broken(first: u32, error: &std::io::Error) -> LedgerError {
    LedgerError::Packed { index: Index(u64::from(first)), what: error.to_string() }
}

fn unpack_all(mut plain: &[u8], entries: &mut Vec<Entry>) -> Result<(), LedgerError> {
    while let Some((around, rest)) = plain.split_first_chunk::<AROUND>() {
        let [a, b, c, d, lengths @ ..] = *around;
        let index = Index(u64::from(u32::from_le_bytes([a, b, c, d])));
        let length = u32::from_le_bytes(lengths) as usize;
        let cut = || LedgerError::Packed { index, what: "an entry is cut short".into() };
        let (bytes, after) = rest.split_at_checked(length).ok_or_else(cut)?;
        entries.push(unpack(bytes, index).map_err(|what| LedgerError::Packed { index, what })?);
        plain = after;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::{Act, Event, Evidence, Instant};
    use crate::fixture::{body, id};

    fn entry(at: usize, words: usize) -> Entry {
        let mut event = Event::new(id(at as u128), Act::StatusGranted, body("sco"));
        event.title = Some("word ".repeat(words));
        event.evidence = vec![Evidence::citing(format!("source {at}"), None)];
        Entry { index: Index(at as u64), recorded_at: Instant::from_micros(at as i64), event: event.into() }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn what_was_packed_by_two_is_unpacked_whole(lengths in prop::collection::vec(0usize..4_000, 0..60)) {
            let entries: Vec<Entry> = lengths.iter().enumerate().map(|(at, words)| entry(at, *words)).collect();
            let mut packed = [Packed::default(), Packed::default()];
            let mut packer = Packer::default();
            for entry in &entries {
                packed[(entry.index.0 % 2) as usize].add(entry, &mut packer).unwrap();
            }
            let [mut all, other] = packed;
            all.join(other);
            let mut found = Vec::new();
            all.unpack(&mut found).unwrap();
            found.sort_by_key(|entry| entry.index);
            prop_assert_eq!(all.count, entries.len());
            prop_assert_eq!(found, entries);
        }
    }

    #[test]
    fn many_entries_of_a_body_take_less_than_half_of_their_bytes() {
        let (mut packed, mut packer) = (Packed::default(), Packer::default());
        (0..5_000).for_each(|at| packed.add(&entry(at, 4), &mut packer).unwrap());
        let plain: usize = packed.chunks.iter().map(|chunk| chunk.length).sum();
        let kept: usize = packed.chunks.iter().map(|chunk| chunk.bytes.len()).sum();
        assert!(!packed.chunks.is_empty() && packed.open.len() < CHUNK_BYTES);
        assert!(kept * 2 < plain, "{kept} of {plain}");
    }
}
