//! The files of a published tree, their paths, and the bytes of an entry bundle.

use std::ops::Range;

use tlog_tiles::Tile;

/// The base-2 logarithm of [`WIDTH`].
const HEIGHT: u8 = 8;

/// The number of hashes or entries in a full file.
pub const WIDTH: u64 = 1 << HEIGHT;

/// The file of the signed head.
pub const CHECKPOINT: &str = "checkpoint";

/// A file of a published tree beside its checkpoint: a tile of hashes, or a bundle of entries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part(Tile);

impl Part {
    /// The tiles of a level, from left to right, in the tree of `size` entries; the last may be partial.
    pub fn tiles(size: u64, level: u8) -> impl Iterator<Item = Part> {
        let full = hashes(size, level) / WIDTH;
        (0..full).map(move |number| Part::full_tile(level, number)).chain(Part::partial_tile(size, level))
    }

    pub(super) fn full_tile(level: u8, number: u64) -> Part {
        Part(Tile::new(HEIGHT, level, number, 1 << HEIGHT, false))
    }

    /// The partial tile of a level in the tree of `size` entries, if there is one.
    pub fn partial_tile(size: u64, level: u8) -> Option<Part> {
        let hashes = hashes(size, level);
        let width = u32::try_from(hashes % WIDTH).ok().filter(|width| *width > 0)?;
        Some(Part(Tile::new(HEIGHT, level, hashes / WIDTH, width, false)))
    }

    /// The number of levels of tiles in the tree of `size` entries.
    pub fn levels(size: u64) -> u8 {
        u8::try_from((u64::BITS - size.leading_zeros()).div_ceil(u32::from(HEIGHT))).unwrap_or(0)
    }

    /// The entry bundles, from left to right, of the tree of `size` entries.
    pub fn bundles(size: u64) -> impl Iterator<Item = Part> {
        Part::tiles(size, 0).map(Part::bundle)
    }

    /// The position of the tile or bundle in its level, from 0.
    pub fn number(self) -> u64 {
        self.0.level_index()
    }

    /// The number of its hashes or entries.
    pub fn width(self) -> usize {
        self.0.width() as usize
    }

    /// True if it is full; then it is never written again.
    pub fn is_full(self) -> bool {
        self.0.width() == 1 << HEIGHT
    }

    /// True if it was already full in the tree of `size` entries.
    pub(super) fn is_full_in(self, size: u64) -> bool {
        self.is_full() && self.number() < hashes(size, self.0.level()) / WIDTH
    }

    /// The bundle of the entries whose hashes are in this tile of level 0.
    #[must_use]
    pub fn bundle(self) -> Part {
        let mut tile = self.0;
        tile.set_is_data();
        Part(tile)
    }

    /// The full file at the same position; a tree that has grown may have only that one.
    #[must_use]
    pub fn full(self) -> Part {
        let tile = self.0;
        Part(Tile::new(HEIGHT, tile.level(), tile.level_index(), 1 << HEIGHT, tile.is_data()))
    }

    /// The number of the tile that contains its hash, and the position of the hash in that tile.
    pub fn parent(self) -> (u64, usize) {
        let at = self.number() % WIDTH;
        (self.number() / WIDTH, usize::try_from(at).unwrap_or(0))
    }

    /// Its path below the tree's folder or address, with slashes.
    pub fn path(self) -> String {
        let path = self.0.path();
        match path.strip_prefix("tile/8/data/") {
            Some(rest) => format!("tile/entries/{rest}"),
            None => path.replacen("tile/8/", "tile/", 1),
        }
    }

    /// The largest size that it may have, in bytes.
    pub fn bytes_max(self) -> u64 {
        let item = if self.0.is_data() { LENGTH_BYTES + crate::log::LEAF_BYTES_MAX } else { HASH_BYTES };
        (self.width() * item) as u64
    }
}

/// The number of hashes of a level in the tree of `size` entries.
fn hashes(size: u64, level: u8) -> u64 {
    size.checked_shr(u32::from(level) * u32::from(HEIGHT)).unwrap_or(0)
}

const HASH_BYTES: usize = 32;
const LENGTH_BYTES: usize = 2;

/// Adds a leaf to a bundle: its length in two bytes, the higher one first, then the leaf.
pub fn push_leaf(bundle: &mut Vec<u8>, leaf: &[u8]) {
    let length = u16::try_from(leaf.len()).unwrap_or(u16::MAX);
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(leaf);
}

/// The byte ranges of the leaves in a bundle, and the byte at which an incomplete leaf begins, if there is one.
pub fn split_leaves(bundle: &[u8]) -> (Vec<Range<usize>>, Option<usize>) {
    let mut found = Vec::new();
    let mut at = 0;
    while at < bundle.len() {
        let length = bundle.get(at..at + LENGTH_BYTES).and_then(|bytes| <[u8; 2]>::try_from(bytes).ok());
        let start = at + LENGTH_BYTES;
        let end = length.map(|length| start + usize::from(u16::from_be_bytes(length)));
        let Some(end) = end.filter(|end| *end <= bundle.len()) else { return (found, Some(at)) };
        found.push(start..end);
        at = end;
    }
    (found, None)
}
