//! The first block of a part.

use crate::log::{Frontier, Hash, Mark};

use super::map::BLOCK_BYTES;

const MAGIC: [u8; 8] = *b"CHANCSNP";
const VERSION: u32 = 1;
/// How many sections a part has.
pub(super) const SECTIONS: usize = 10;

/// Where a section lies: its first byte and its length.
pub(super) type Span = (usize, usize);

/// What a part is of, and where its sections lie.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Header {
    pub(super) origin: String,
    /// The index of its first entry.
    pub(super) first: u64,
    /// The root of the tree before that.
    pub(super) before: Hash,
    /// The end of the log that it reaches.
    pub(super) mark: Mark,
    pub(super) sections: [Span; SECTIONS],
    /// Where the blocks end and their checksums begin.
    pub(super) blocks_end: usize,
    /// The CRC-32C of the checksums.
    pub(super) sum: u32,
}

impl Header {
    /// One block; `None` for a name that does not fit.
    pub(super) fn encode(&self) -> Option<Vec<u8>> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        for number in [self.first, self.mark.tree.size(), self.mark.segment, self.mark.offset] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(&self.before.0);
        bytes.extend_from_slice(&self.mark.last.map_or([0; 32], |hash| hash.0));
        for (at, length) in self.sections {
            bytes.extend_from_slice(&(at as u64).to_le_bytes());
            bytes.extend_from_slice(&(length as u64).to_le_bytes());
        }
        bytes.extend_from_slice(&(self.blocks_end as u64).to_le_bytes());
        bytes.extend_from_slice(&self.sum.to_le_bytes());
        bytes.push(self.mark.tree.roots().len() as u8);
        self.mark.tree.roots().iter().for_each(|root| bytes.extend_from_slice(&root.0));
        bytes.extend_from_slice(&u16::try_from(self.origin.len()).ok()?.to_le_bytes());
        bytes.extend_from_slice(self.origin.as_bytes());
        if bytes.len() > BLOCK_BYTES - 4 {
            return None;
        }
        bytes.resize(BLOCK_BYTES - 4, 0);
        bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
        Some(bytes)
    }

    /// `None` for a block that is no header of this version, or not sound.
    pub(super) fn decode(block: &[u8]) -> Option<Header> {
        let (body, sum) = block.split_at_checked(BLOCK_BYTES - 4)?;
        if sum != crc32c::crc32c(body).to_le_bytes() {
            return None;
        }
        let mut rest = Bytes(body);
        if rest.take::<8>()? != MAGIC || u32::from_le_bytes(rest.take()?) != VERSION {
            return None;
        }
        let [first, size, segment, offset] = [rest.number()?, rest.number()?, rest.number()?, rest.number()?];
        if first > size {
            return None;
        }
        let before = Hash(rest.take()?);
        let last = Some(Hash(rest.take()?)).filter(|_| size > 0);
        let mut sections = [(0, 0); SECTIONS];
        for section in &mut sections {
            *section = (usize::try_from(rest.number()?).ok()?, usize::try_from(rest.number()?).ok()?);
        }
        let blocks_end = usize::try_from(rest.number()?).ok()?;
        let sum = u32::from_le_bytes(rest.take()?);
        let [roots] = rest.take::<1>()?;
        let roots: Option<Vec<Hash>> = (0..roots).map(|_| rest.take().map(Hash)).collect();
        let tree = Frontier::from_roots(size, roots?)?;
        let length = usize::from(u16::from_le_bytes(rest.take()?));
        let origin = String::from_utf8(rest.0.get(..length)?.to_vec()).ok()?;
        let mark = Mark { tree, last, segment, offset };
        Some(Header { origin, first, before, mark, sections, blocks_end, sum })
    }
}

struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn number(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }
}
