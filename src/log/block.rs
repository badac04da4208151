//! A block of a sealed segment: consecutive leaves, compressed together.

use std::io;

use zstd::bulk::Decompressor;

/// The number of bytes for the length of a leaf.
pub(super) const LENGTH_BYTES: usize = 2;

/// The leaves of a block, decompressed.
pub(super) struct Block {
    /// The index of its first leaf.
    pub(super) first: u64,
    raw: Vec<u8>,
    count: usize,
}

impl Block {
    /// Its leaves in order; fewer if the lengths do not add up.
    pub(super) fn leaves(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let (lengths, mut rest) = self.raw.split_at_checked(self.count * LENGTH_BYTES).unwrap_or_default();
        (self.first..).zip(lengths.as_chunks::<LENGTH_BYTES>().0).map_while(move |(index, length)| {
            let (leaf, others) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
            rest = others;
            Some((index, leaf))
        })
    }

    /// True if its leaves fill it.
    fn is_whole(&self) -> bool {
        let sum = |(bytes, count), (_, leaf): (u64, &[u8])| (bytes + leaf.len() + LENGTH_BYTES, count + 1);
        self.leaves().fold((0, 0), sum) == (self.raw.len(), self.count)
    }
}

/// Decompresses blocks.
pub(super) struct Unpacker {
    zstd: Decompressor<'static>,
    /// The buffer for the next block.
    raw: Vec<u8>,
}

impl Unpacker {
    /// # Errors
    /// An error of Zstandard if there is no memory.
    pub(super) fn new() -> io::Result<Unpacker> {
        Ok(Unpacker { zstd: Decompressor::new()?, raw: Vec::new() })
    }

    /// Makes the buffer of this block available to the next one.
    pub(super) fn reuse(&mut self, block: Block) {
        self.raw = block.raw;
    }

    /// Decompresses a block and checks it; the error is a description of the damage.
    pub(super) fn block(
        &mut self,
        bytes: &[u8],
        (raw, sum): (usize, u32),
        (first, count): (u64, usize),
    ) -> Result<Block, &'static str> {
        if crc32c::crc32c(bytes) != sum {
            return Err("the block does not match its checksum");
        }
        let mut into = std::mem::take(&mut self.raw);
        into.clear();
        into.reserve(raw);
        let unpacked = self.zstd.decompress_to_buffer(bytes, &mut into);
        // The buffer may be larger than the size stated for the block.
        unpacked.ok().filter(|unpacked| *unpacked <= raw).ok_or("the block cannot be decompressed")?;
        let block = Block { first, raw: into, count };
        if block.is_whole() { Ok(block) } else { Err("the block does not hold the leaves that it counts") }
    }
}
