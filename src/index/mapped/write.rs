//! Writes the file: pairs arrive in the order of their keys, and each block is written once, from the leaves up.

use std::io;

use crate::log::DiskFile;

use super::block::{BLOCK_BYTES, Beside, Filling, INLINE_MAX, KEY_MAX, Link, long_blocks, sum_of};

/// The number of bytes written at once.
const BUFFER_BYTES: usize = 1 << 20;

/// A file that is being written, after the room for its header.
pub(super) struct Writer {
    file: DiskFile,
    buffer: Vec<u8>,
    /// The number of blocks handed to the operating system.
    written: u32,
    /// The blocks that are being filled: the leaf, and the inner blocks above it.
    levels: Vec<Filling>,
}

impl Writer {
    /// Begins an empty file.
    pub(super) fn new(file: DiskFile) -> Writer {
        let buffer = Vec::with_capacity(BUFFER_BYTES + BLOCK_BYTES);
        let mut writer = Writer { file, buffer, written: 0, levels: vec![Filling::new(true)] };
        writer.buffer.resize(BLOCK_BYTES, 0);
        writer
    }

    /// Adds a pair, whose key must be greater than those before it.
    pub(super) fn push(&mut self, key: &[u8], value: &[u8]) -> io::Result<()> {
        if key.len() > KEY_MAX {
            return Err(io::Error::other("a key is longer than any name"));
        }
        if value.len() <= INLINE_MAX {
            return self.put(0, key, Beside::Value(value));
        }
        let blocks = long_blocks(value);
        let mut first = None;
        for block in &blocks {
            let number = self.write(block)?;
            first.get_or_insert(Link { number, sum: [0; 32] });
        }
        let (Some(mut first), Some(block)) = (first, blocks.first()) else { return Ok(()) };
        first.sum = sum_of(block);
        self.put(0, key, Beside::Long(value.len() as u64, first))
    }

    /// Adds a pair to the block of a level; a full block is written and becomes a pair of the level above.
    fn put(&mut self, level: usize, key: &[u8], beside: Beside<'_>) -> io::Result<()> {
        if self.levels[level].push(key, beside) {
            return Ok(());
        }
        self.close(level)?;
        match self.levels[level].begin(key, beside) {
            true => Ok(()),
            false => Err(io::Error::other("a pair is larger than a block")),
        }
    }

    /// Writes the block of a level and adds a pair for it to the level above.
    fn close(&mut self, level: usize) -> io::Result<()> {
        let (block, separator) = self.levels[level].finish();
        let link = Link { sum: sum_of(&block), number: self.write(&block)? };
        if self.levels.len() == level + 1 {
            self.levels.push(Filling::new(false));
        }
        self.put(level + 1, &separator, Beside::Child(link))
    }

    /// Writes a block; returns its number.
    fn write(&mut self, block: &[u8]) -> io::Result<u32> {
        let number = self.written + (self.buffer.len() / BLOCK_BYTES) as u32;
        self.buffer.extend_from_slice(block);
        if self.buffer.len() >= BUFFER_BYTES {
            self.flush()?;
        }
        Ok(number)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.write_at(u64::from(self.written) * BLOCK_BYTES as u64, &self.buffer)?;
        self.written += (self.buffer.len() / BLOCK_BYTES) as u32;
        self.buffer.clear();
        Ok(())
    }

    /// Writes the remaining blocks; returns the number of blocks and the root. [`Writer::begin_with`] writes the header.
    pub(super) fn finish(&mut self) -> io::Result<(u32, Link)> {
        let mut level = 0;
        loop {
            if self.levels.len() == level + 1 {
                let (block, _) = self.levels[level].finish();
                let root = Link { sum: sum_of(&block), number: self.write(&block)? };
                self.flush()?;
                return Ok((self.written, root));
            }
            self.close(level)?;
            level += 1;
        }
    }

    /// Writes the header before the blocks, and makes all durable: a file of which a power cut left a part would end every
    /// question in an error until it is made anew.
    pub(super) fn begin_with(&self, header: &[u8]) -> io::Result<()> {
        self.file.write_at(0, header)?;
        self.file.sync()
    }
}
