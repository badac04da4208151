//! A block of the file: pairs with rising keys, each key without the prefix that it shares with the one before it.
//!
//! A block is one byte for its kind, the number of its pairs in two bytes, and the pairs. Numbers within pairs have seven
//! bits a byte, as in lists; those of fixed size are little-endian. A pair is: the number of bytes that its key shares, the
//! number that follow, and these bytes; in a *leaf*, twice the length of the value, and the value; for a value that is too
//! long, twice its length and one, the number of the first of its own blocks and the SHA-256 of that; in an *inner* block,
//! the number and the SHA-256 of the child that has the keys from this one on. A block of a long value is its kind, the
//! SHA-256 of the next (zeros in the last), and bytes of the value; these blocks follow one another.

use sha2::{Digest, Sha256};

use crate::index::list;

/// The size of a block, in bytes.
pub(super) const BLOCK_BYTES: usize = 4096;
/// A value with more bytes has blocks of its own.
pub(super) const INLINE_MAX: usize = 1024;
/// The length of the kind and the hash before the bytes of a long value, in bytes.
const LONG_HEAD: usize = 1 + 32;
/// The number of bytes of a long value in one block.
pub(super) const LONG_BYTES: usize = BLOCK_BYTES - LONG_HEAD;
/// The length of the kind and the count before the pairs of other blocks, in bytes.
const PAIRS_HEAD: usize = 1 + 2;
/// The longest key: two names of at most 64 bytes, or an import's, and two more.
pub(super) const KEY_MAX: usize = 1024;

const LEAF: u8 = 1;
const INNER: u8 = 2;
const LONG: u8 = 3;

/// A SHA-256.
pub(super) type Sum = [u8; 32];

/// The SHA-256 of a block.
pub(super) fn sum_of(block: &[u8]) -> Sum {
    Sha256::digest(block).into()
}

/// The number of a block, and its SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Link {
    pub(super) number: u32,
    pub(super) sum: Sum,
}

/// The value or child beside a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Beside<'b> {
    /// A value.
    Value(&'b [u8]),
    /// The length of a value in bytes, and its first block.
    Long(u64, Link),
    /// The block that has the keys from this one on.
    Child(Link),
}

/// A block that is being filled.
pub(super) struct Filling {
    bytes: Vec<u8>,
    count: u16,
    last: Vec<u8>,
    separator: Vec<u8>,
}

impl Filling {
    /// An empty leaf block, or an empty inner one.
    pub(super) fn new(is_leaf: bool) -> Filling {
        let mut bytes = Vec::with_capacity(BLOCK_BYTES);
        bytes.extend_from_slice(&[if is_leaf { LEAF } else { INNER }, 0, 0]);
        Filling { bytes, count: 0, last: Vec::new(), separator: Vec::new() }
    }

    /// Adds a pair; returns false if the block has no room for it.
    pub(super) fn push(&mut self, key: &[u8], beside: Beside<'_>) -> bool {
        let before = self.bytes.len();
        let shared = if self.count == 0 { 0 } else { common(&self.last, key) };
        list::push(&mut self.bytes, shared as u64);
        list::push(&mut self.bytes, (key.len() - shared) as u64);
        self.bytes.extend_from_slice(&key[shared..]);
        match beside {
            Beside::Value(value) => {
                list::push(&mut self.bytes, 2 * value.len() as u64);
                self.bytes.extend_from_slice(value);
            }
            Beside::Long(length, first) => {
                list::push(&mut self.bytes, 2 * length + 1);
                self.link(first);
            }
            Beside::Child(child) => self.link(child),
        }
        if self.bytes.len() > BLOCK_BYTES {
            self.bytes.truncate(before);
            return false;
        }
        self.count += 1;
        self.last.truncate(shared);
        self.last.extend_from_slice(&key[shared..]);
        true
    }

    fn link(&mut self, link: Link) {
        self.bytes.extend_from_slice(&link.number.to_le_bytes());
        self.bytes.extend_from_slice(&link.sum);
    }

    /// Returns the whole block and its separator: a key above all keys of the block before it, and not above any of its own.
    /// Then the block is empty again, for later keys.
    pub(super) fn finish(&mut self) -> (Vec<u8>, Vec<u8>) {
        let begun = self.bytes[..PAIRS_HEAD].to_vec();
        let mut block = std::mem::replace(&mut self.bytes, begun);
        block[1..PAIRS_HEAD].copy_from_slice(&self.count.to_le_bytes());
        block.resize(BLOCK_BYTES, 0);
        self.count = 0;
        (block, std::mem::take(&mut self.separator))
    }

    /// Adds the first pair after [`Filling::finish`]. The separator of a leaf is the shortest key that parts it from the
    /// block before.
    pub(super) fn begin(&mut self, key: &[u8], beside: Beside<'_>) -> bool {
        let parts = key.len().min(common(&self.last, key) + 1);
        self.separator.extend_from_slice(if self.bytes[0] == LEAF { &key[..parts] } else { key });
        self.push(key, beside)
    }
}

/// The length of the common prefix of two keys.
fn common(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(a, b)| a == b).count()
}

/// The pairs of a block, one after another.
pub(super) struct Pairs<'b> {
    rest: &'b [u8],
    left: u16,
    is_leaf: bool,
    key: Vec<u8>,
}

impl<'b> Pairs<'b> {
    /// The pairs of a block; `None` for a block whose kind has none.
    pub(super) fn of(block: &'b [u8]) -> Option<Pairs<'b>> {
        let ([kind, low, high], rest) = block.split_first_chunk::<PAIRS_HEAD>()?;
        if ![LEAF, INNER].contains(kind) {
            return None;
        }
        let left = u16::from_le_bytes([*low, *high]);
        Some(Pairs { rest, left, is_leaf: *kind == LEAF, key: Vec::with_capacity(64) })
    }

    /// The key of the pair that [`Pairs::next`] returned last.
    pub(super) fn key(&self) -> &[u8] {
        &self.key
    }

    /// True if another pair follows.
    pub(super) fn has_next(&self) -> bool {
        self.left > 0
    }

    /// The value of the next key; `None` if the block is malformed.
    pub(super) fn next(&mut self) -> Option<Beside<'b>> {
        let (shared, own, beside) = self.next_part()?;
        if shared > self.key.len() {
            return None;
        }
        self.key.truncate(shared);
        self.key.extend_from_slice(own);
        Some(beside)
    }

    /// The next pair as written: the length of the prefix that its key shares with the key before it, the rest of the key,
    /// and the value; `None` if the block is malformed.
    fn next_part(&mut self) -> Option<(usize, &'b [u8], Beside<'b>)> {
        self.left = self.left.checked_sub(1)?;
        let shared = usize::try_from(list::take(&mut self.rest)?).ok()?;
        let own = usize::try_from(list::take(&mut self.rest)?).ok()?;
        let (own, rest) = self.rest.split_at_checked(own)?;
        self.rest = rest;
        Some((shared, own, self.beside()?))
    }

    /// Reads the value or child beside a key.
    fn beside(&mut self) -> Option<Beside<'b>> {
        if !self.is_leaf {
            return self.link().map(Beside::Child);
        }
        let length = list::take(&mut self.rest)?;
        if length & 1 == 1 {
            return Some(Beside::Long(length >> 1, self.link()?));
        }
        let (value, rest) = self.rest.split_at_checked(usize::try_from(length >> 1).ok()?)?;
        self.rest = rest;
        Some(Beside::Value(value))
    }

    fn link(&mut self) -> Option<Link> {
        let (number, rest) = self.rest.split_first_chunk::<4>()?;
        let (sum, rest) = rest.split_first_chunk::<32>()?;
        self.rest = rest;
        Some(Link { number: u32::from_le_bytes(*number), sum: *sum })
    }
}

/// The last pair of a block whose key does not follow `key`, if there is one, and true if it has exactly this key; `Err` if
/// the block is malformed. No key is assembled: one that shares more with the key before it than that one does with `key`
/// differs from `key` in the same byte.
pub(super) fn at_or_before<'b>(block: &'b [u8], key: &[u8]) -> Result<Option<(Beside<'b>, bool)>, Malformed> {
    let mut pairs = Pairs::of(block).ok_or(Malformed)?;
    let (mut before, mut length, mut alike) = (None, 0, 0);
    while pairs.has_next() {
        let (shared, own, beside) = pairs.next_part().ok_or(Malformed)?;
        if shared > length {
            return Err(Malformed);
        }
        length = shared + own.len();
        if shared <= alike {
            let rest = key.get(shared..).unwrap_or_default();
            let common = common(own, rest);
            alike = shared + common;
            match (own.get(common), rest.get(common)) {
                (None, None) => return Ok(Some((beside, true))),
                (Some(_), None) => break,
                (Some(next), Some(sought)) if next > sought => break,
                _ => {}
            }
        }
        before = Some((beside, false));
    }
    Ok(before)
}

/// A block is malformed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Malformed;

/// The blocks of a long value, from the first on.
pub(super) fn long_blocks(value: &[u8]) -> Vec<Vec<u8>> {
    let mut blocks = Vec::new();
    let mut next: Sum = [0; 32];
    for part in value.chunks(LONG_BYTES).rev() {
        let mut block = Vec::with_capacity(BLOCK_BYTES);
        block.push(LONG);
        block.extend_from_slice(&next);
        block.extend_from_slice(part);
        block.resize(BLOCK_BYTES, 0);
        next = sum_of(&block);
        blocks.push(block);
    }
    blocks.reverse();
    blocks
}

/// The SHA-256 of the next block of a long value, and the bytes in this one; `None` for a block of another kind.
pub(super) fn long_part(block: &[u8]) -> Option<(Sum, &[u8])> {
    let (kind, rest) = block.split_first()?;
    let (next, bytes) = rest.split_first_chunk::<32>()?;
    (*kind == LONG).then_some((*next, bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_search_of_a_block_gives_what_one_pair_after_another_gives(
            keys in prop::collection::btree_set(prop::collection::vec(0..3u8, 1..6), 0..40),
            sought in prop::collection::vec(0..3u8, 0..7),
        ) {
            let mut filling = Filling::new(true);
            keys.iter().for_each(|key| assert!(filling.push(key, Beside::Value(key))));
            let (block, _) = filling.finish();
            let before = keys.range(..=sought.clone()).next_back();
            let expected = before.map(|key| (Beside::Value(key.as_slice()), *key == sought));
            prop_assert_eq!(at_or_before(&block, &sought), Ok(expected));
        }
    }

    #[test]
    fn a_key_that_shares_more_than_the_one_before_it_has_is_malformed() {
        let mut filling = Filling::new(true);
        assert!(filling.push(b"ab", Beside::Value(b"")) && filling.push(b"ac", Beside::Value(b"")));
        let (mut block, _) = filling.finish();
        let shared = PAIRS_HEAD + 5;
        assert_eq!(block[shared], 1);
        block[shared] = 3;
        assert_eq!(at_or_before(&block, b"ad"), Err(Malformed));
    }
}
