//! A file mapped into memory, checked block by block when it is first touched.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use memmap2::Mmap;

use super::SnapshotError;

/// What one checksum covers.
pub(super) const BLOCK_BYTES: usize = 4096;

/// A mapped file of whole blocks, followed by the CRC-32C of each.
pub(super) struct Map {
    map: Mmap,
    path: PathBuf,
    /// How many bytes the blocks have together; the checksums begin there.
    blocks_end: usize,
    /// One bit for each block that was found sound.
    sound: Vec<AtomicU64>,
}

impl Map {
    /// Maps a file. Nothing of it is believed yet.
    pub(super) fn open(path: &Path) -> Result<Map, SnapshotError> {
        let unread = |source| SnapshotError::Io { path: path.to_owned(), source };
        let file = File::open(path).map_err(unread)?;
        // A snapshot is put in place whole and never changed: another one gets another name.
        #[allow(unsafe_code, reason = "the only map in the house, over files that nobody changes in place")]
        let map = unsafe { Mmap::map(&file) }.map_err(unread)?;
        Ok(Map { map, path: path.to_owned(), blocks_end: 0, sound: Vec::new() })
    }

    /// How many bytes the file has.
    pub(super) fn length(&self) -> usize {
        self.map.len()
    }

    /// The first block, not checked by a checksum of the table: it has its own.
    pub(super) fn first_block(&self) -> &[u8] {
        self.map.get(..BLOCK_BYTES).unwrap_or(&[])
    }

    /// Learns where the checksums are; false where they are not themselves sound.
    pub(super) fn trust_sums(&mut self, blocks_end: usize, sum: u32) -> bool {
        self.blocks_end = blocks_end;
        let blocks = blocks_end.div_ceil(BLOCK_BYTES);
        self.sound = (0..blocks.div_ceil(64)).map(|_| AtomicU64::new(0)).collect();
        let table = self.map.get(blocks_end..).unwrap_or(&[]);
        table.len() == blocks * 4 && crc32c::crc32c(table) == sum
    }

    /// Bytes of the blocks, found sound now or before.
    pub(super) fn bytes(&self, at: usize, length: usize) -> Result<&[u8], SnapshotError> {
        let end = at.checked_add(length).filter(|end| *end <= self.blocks_end);
        let Some(bytes) = end.and_then(|end| self.map.get(at..end)) else { return Err(self.damaged(at)) };
        if length > 0 {
            for block in at / BLOCK_BYTES..=(at + length - 1) / BLOCK_BYTES {
                self.check(block)?;
            }
        }
        Ok(bytes)
    }

    fn check(&self, block: usize) -> Result<(), SnapshotError> {
        let (word, bit) = (block / 64, 1u64 << (block % 64));
        let Some(sound) = self.sound.get(word) else { return Err(self.damaged(block * BLOCK_BYTES)) };
        if sound.load(Ordering::Relaxed) & bit != 0 {
            return Ok(());
        }
        let start = block * BLOCK_BYTES;
        let bytes = self.map.get(start..(start + BLOCK_BYTES).min(self.blocks_end));
        let sum = self.map.get(self.blocks_end + block * 4..).and_then(|rest| rest.first_chunk::<4>());
        match bytes.zip(sum) {
            Some((bytes, sum)) if crc32c::crc32c(bytes) == u32::from_le_bytes(*sum) => {
                sound.fetch_or(bit, Ordering::Relaxed);
                Ok(())
            }
            _ => Err(self.damaged(start)),
        }
    }

    pub(super) fn damaged(&self, at: usize) -> SnapshotError {
        SnapshotError::Damaged { path: self.path.clone(), offset: at as u64 }
    }
}

/// Blocks with their checksums behind them, and the CRC-32C of the checksums.
pub(super) fn with_sums(mut blocks: Vec<u8>) -> (Vec<u8>, u32) {
    blocks.resize(blocks.len().next_multiple_of(BLOCK_BYTES), 0);
    let sums: Vec<u8> =
        blocks.chunks(BLOCK_BYTES).flat_map(|block| crc32c::crc32c(block).to_le_bytes()).collect();
    let sum = crc32c::crc32c(&sums);
    blocks.extend_from_slice(&sums);
    (blocks, sum)
}
