//! The first block of the file: the log's name, the end of the log that the file covers, the root of the pairs, the
//! signature.

use sha2::{Digest, Sha256};

use crate::log::{Frontier, Hash, Mark, SigningKey, VerifierKey};

use super::block::{BLOCK_BYTES, Link};

const MAGIC: [u8; 8] = *b"CHANCIDX";
const VERSION: u32 = 2;
const SIGNATURE_BYTES: usize = 64;
/// The number of bytes that are hashed and signed.
const CONTENT_BYTES: usize = BLOCK_BYTES - 32 - SIGNATURE_BYTES;
/// The prefix of the signed bytes, so that no other signed text can pass for a header.
const SIGNED: &[u8] = b"chancery index header\n";

/// The content of the first block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Header {
    /// The name of the log.
    pub(super) origin: String,
    /// The number of blocks of the file, including this one.
    pub(super) blocks: u32,
    /// The block from which all others are reached.
    pub(super) root: Link,
    /// The end of the log that the file covers.
    pub(super) mark: Mark,
}

/// A header is not accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unfit {
    /// It is damaged, or of another version.
    Form,
    /// It lacks the key's signature.
    Signature,
}

impl Header {
    /// Encodes the block; `None` if the name of the log is too long.
    pub(super) fn encode(&self, key: Option<&SigningKey>) -> Option<Vec<u8>> {
        let mut bytes = MAGIC.to_vec();
        for number in [VERSION, self.blocks, self.root.number] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(&self.root.sum);
        let mark = &self.mark;
        for number in [mark.tree.size(), mark.segment, mark.offset] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(&mark.last.map_or([0; 32], |hash| hash.0));
        bytes.push(mark.tree.roots().len() as u8);
        mark.tree.roots().iter().for_each(|root| bytes.extend_from_slice(&root.0));
        bytes.extend_from_slice(&u16::try_from(self.origin.len()).ok()?.to_le_bytes());
        bytes.extend_from_slice(self.origin.as_bytes());
        if bytes.len() > CONTENT_BYTES {
            return None;
        }
        bytes.resize(CONTENT_BYTES, 0);
        let sum: [u8; 32] = Sha256::digest(&bytes).into();
        bytes.extend_from_slice(&sum);
        bytes.extend_from_slice(&key.map_or([0; SIGNATURE_BYTES], |key| key.sign(&signed(&sum))));
        Some(bytes)
    }

    /// Decodes the block. If a key is given, its signature must be there.
    pub(super) fn decode(block: &[u8], key: Option<&VerifierKey>) -> Result<Header, Unfit> {
        let (content, rest) = block.split_at_checked(CONTENT_BYTES).ok_or(Unfit::Form)?;
        let (sum, rest) = rest.split_first_chunk::<32>().ok_or(Unfit::Form)?;
        let signature = rest.first_chunk::<SIGNATURE_BYTES>().ok_or(Unfit::Form)?;
        let is_sound = *sum == <[u8; 32]>::from(Sha256::digest(content));
        let header = Header::read(content).filter(|_| is_sound).ok_or(Unfit::Form)?;
        if key.is_some_and(|key| !key.has_signed(&signed(sum), signature)) {
            return Err(Unfit::Signature);
        }
        Ok(header)
    }

    fn read(content: &[u8]) -> Option<Header> {
        let mut rest = Bytes(content);
        if rest.take::<8>()? != MAGIC || rest.number()? != VERSION {
            return None;
        }
        let blocks = rest.number()?;
        let root = Link { number: rest.number()?, sum: rest.take()? };
        let [size, segment, offset] = [rest.long()?, rest.long()?, rest.long()?];
        let last = Some(Hash(rest.take()?)).filter(|_| size > 0);
        let [roots] = rest.take::<1>()?;
        let roots: Option<Vec<Hash>> = (0..roots).map(|_| rest.take().map(Hash)).collect();
        let tree = Frontier::from_roots(size, roots?)?;
        let length = usize::from(u16::from_le_bytes(rest.take()?));
        let origin = String::from_utf8(rest.0.get(..length)?.to_vec()).ok()?;
        if root.number >= blocks || segment > size {
            return None;
        }
        Some(Header { origin, blocks, root, mark: Mark { tree, last, segment, offset } })
    }
}

fn signed(sum: &[u8; 32]) -> Vec<u8> {
    [SIGNED, sum].concat()
}

struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn number(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn long(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }
}
