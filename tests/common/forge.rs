//! What somebody who can write to the folder of a ledger, and has no key, can make of it: files of today's format with every
//! checksum, hash and node made anew, written from `docs/FORMAT.md` and not with the code that is tested.

use std::path::{Path, PathBuf};

use chancery::log::{Frontier, Hash, SigningKey, leaf_hash};
use sha2::{Digest, Sha256};

const HEADER: usize = 4096;

/// The entries of a ledger with the shape of the segments that hold them.
#[derive(Clone)]
pub(crate) struct Log {
    pub(crate) origin: String,
    pub(crate) leaves: Vec<Vec<u8>>,
    shapes: Vec<Shape>,
}

/// A segment: whether it is sealed, the bytes of its file, how many leaves each of its frames has.
#[derive(Clone)]
struct Shape {
    is_sealed: bool,
    capacity: usize,
    frames: Vec<usize>,
}

fn number(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}

/// The segments of a ledger, in their order.
pub(crate) fn segments(ledger: &Path) -> Vec<PathBuf> {
    let listed = std::fs::read_dir(ledger.join("entries")).unwrap().map(|file| file.unwrap().path());
    let mut segments: Vec<PathBuf> =
        listed.filter(|path| path.extension().is_some_and(|own| own == "seg")).collect();
    segments.sort();
    segments
}

fn with_sum(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = crc32c::crc32c(&bytes).to_le_bytes();
    bytes.extend_from_slice(&sum);
    bytes
}

impl Log {
    pub(crate) fn read(ledger: &Path) -> Log {
        let format = std::fs::read_to_string(ledger.join("FORMAT")).unwrap();
        let origin = format.lines().nth(2).unwrap().strip_prefix("origin ").unwrap().to_owned();
        let mut log = Log { origin, leaves: Vec::new(), shapes: Vec::new() };
        for path in segments(ledger) {
            let bytes = std::fs::read(path).unwrap();
            match number(&bytes, 8) {
                1 => log.read_frames(&bytes),
                _ => log.read_sealed(&bytes),
            }
        }
        log
    }

    fn read_frames(&mut self, bytes: &[u8]) {
        let (mut at, mut frames) = (HEADER, Vec::new());
        while bytes.get(at..at + 4) == Some(b"CHF1") {
            let (count, length) = (number(bytes, at + 12), number(bytes, at + 16));
            let mut record = at + 32;
            for _ in 0..count {
                let end = record + 36 + number(bytes, record);
                self.leaves.push(bytes[record + 36..end].to_vec());
                record = end;
            }
            frames.push(count);
            at += length;
        }
        self.shapes.push(Shape { is_sealed: false, capacity: bytes.len(), frames });
    }

    fn read_sealed(&mut self, bytes: &[u8]) {
        let (count, each) = (number(bytes, 4040), number(bytes, 4048));
        let list = HEADER + 32 * count + 4;
        let blocks = count.div_ceil(each);
        let first = list + 12 * blocks + 4;
        let mut start = first;
        for block in 0..blocks {
            let end = first + number(bytes, list + 12 * block);
            let text =
                zstd::bulk::decompress(&bytes[start..end], number(bytes, list + 12 * block + 4)).unwrap();
            let here = each.min(count - block * each);
            let mut at = 2 * here;
            for leaf in 0..here {
                let length = usize::from(u16::from_le_bytes([text[2 * leaf], text[2 * leaf + 1]]));
                self.leaves.push(text[at..at + length].to_vec());
                at += length;
            }
            start = end;
        }
        self.shapes.push(Shape { is_sealed: true, capacity: 0, frames: vec![count] });
    }

    /// The tree over the leaves.
    pub(crate) fn tree(&self) -> Frontier {
        tree(&self.leaves)
    }

    /// Writes the segments and the watermark, in the place of those that are there.
    pub(crate) fn write(&self, ledger: &Path) {
        segments(ledger).iter().for_each(|path| std::fs::remove_file(path).unwrap());
        let (mut before, mut rest) = (Frontier::default(), &self.leaves[..]);
        let mut end = HEADER;
        for (at, shape) in self.shapes.iter().enumerate() {
            let is_last = at + 1 == self.shapes.len();
            let stated = shape.frames.iter().sum::<usize>();
            let count = if is_last { rest.len() } else { stated.min(rest.len()) };
            let (leaves, later) = rest.split_at(count);
            let bytes = match shape.is_sealed && !leaves.is_empty() {
                true => sealed(&self.origin, &before, leaves),
                false => {
                    let (bytes, written) = framed(&self.origin, &before, leaves, shape);
                    end = written;
                    bytes
                }
            };
            std::fs::write(ledger.join("entries").join(format!("{:020}.seg", before.size())), bytes).unwrap();
            leaves.iter().for_each(|leaf| before.push(leaf_hash(leaf)));
            rest = later;
        }
        let mut mark = b"CHANCACK".to_vec();
        mark.extend_from_slice(&before.size().to_le_bytes());
        mark.extend_from_slice(&(end as u64).to_le_bytes());
        std::fs::write(ledger.join("entries/acknowledged"), with_sum(mark)).unwrap();
    }

    /// States the size and the root of these leaves in `checkpoint`. The signature stays as it was, so that it is false.
    pub(crate) fn state_head(&self, ledger: &Path) {
        let text = std::fs::read_to_string(ledger.join("checkpoint")).unwrap();
        let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
        (lines[1], lines[2]) = (self.leaves.len().to_string(), self.tree().root().to_string());
        std::fs::write(ledger.join("checkpoint"), lines.join("\n")).unwrap();
    }
}

/// The tree over leaves.
pub(crate) fn tree(leaves: &[Vec<u8>]) -> Frontier {
    let mut tree = Frontier::default();
    leaves.iter().for_each(|leaf| tree.push(leaf_hash(leaf)));
    tree
}

fn header(origin: &str, before: &Frontier, version: u32, capacity: u64) -> Vec<u8> {
    let mut bytes = b"CHANCSEG".to_vec();
    bytes.extend_from_slice(&version.to_le_bytes());
    bytes.extend_from_slice(&before.size().to_le_bytes());
    bytes.extend_from_slice(&capacity.to_le_bytes());
    bytes.extend_from_slice(&(origin.len() as u16).to_le_bytes());
    bytes.push(before.roots().len() as u8);
    bytes.extend_from_slice(origin.as_bytes());
    before.roots().iter().for_each(|root| bytes.extend_from_slice(&root.0));
    bytes
}

/// A segment of frames, and where the last of them ends.
fn framed(origin: &str, before: &Frontier, leaves: &[Vec<u8>], shape: &Shape) -> (Vec<u8>, usize) {
    let (mut frames, mut rest, mut first) = (Vec::new(), leaves, before.size());
    let counts = shape.frames.iter().copied().chain(std::iter::once(usize::MAX));
    for count in counts {
        let (own, later) = rest.split_at(count.min(rest.len()));
        if !own.is_empty() {
            frames.extend(frame(first, HEADER + frames.len(), own));
        }
        first += own.len() as u64;
        rest = later;
    }
    let end = HEADER + frames.len();
    let capacity = shape.capacity.max(end.next_multiple_of(HEADER));
    let mut bytes = header(origin, before, 1, capacity as u64);
    bytes.resize(HEADER - 4, 0);
    let mut bytes = with_sum(bytes);
    bytes.extend(frames);
    bytes.resize(capacity, 0);
    (bytes, end)
}

/// A frame that begins at an offset of its segment.
pub(crate) fn frame(first: u64, at: usize, leaves: &[Vec<u8>]) -> Vec<u8> {
    let records: usize = leaves.iter().map(|leaf| 36 + leaf.len()).sum();
    let length = (32 + records + 4).next_multiple_of(16);
    let mut bytes = b"CHF1".to_vec();
    bytes.extend_from_slice(&first.to_le_bytes());
    bytes.extend_from_slice(&(leaves.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&(length as u32).to_le_bytes());
    bytes.extend_from_slice(&(at as u64).to_le_bytes());
    let mut bytes = with_sum(bytes);
    leaves.iter().for_each(|leaf| bytes.extend(record(leaf)));
    bytes.resize(length - 4, 0xFF);
    with_sum(bytes)
}

/// A leaf as it stands in a frame.
pub(crate) fn record(leaf: &[u8]) -> Vec<u8> {
    [&(leaf.len() as u32).to_le_bytes()[..], &leaf_hash(leaf).0, leaf].concat()
}

fn sealed(origin: &str, before: &Frontier, leaves: &[Vec<u8>]) -> Vec<u8> {
    let mut after = before.clone();
    let (mut hashes, mut list, mut blocks) = (Vec::new(), Vec::new(), Vec::new());
    for block in leaves.chunks(64) {
        let mut text: Vec<u8> = block.iter().flat_map(|leaf| (leaf.len() as u16).to_le_bytes()).collect();
        block.iter().for_each(|leaf| text.extend_from_slice(leaf));
        let packed = zstd::bulk::compress(&text, 1).unwrap();
        blocks.extend_from_slice(&packed);
        list.extend_from_slice(&(blocks.len() as u32).to_le_bytes());
        list.extend_from_slice(&(text.len() as u32).to_le_bytes());
        list.extend_from_slice(&crc32c::crc32c(&packed).to_le_bytes());
    }
    for leaf in leaves {
        after.push(leaf_hash(leaf));
        hashes.extend_from_slice(&leaf_hash(leaf).0);
    }
    let (hashes, list) = (with_sum(hashes), with_sum(list));
    let whole = HEADER + hashes.len() + list.len() + blocks.len();
    let mut bytes = header(origin, before, 2, whole as u64);
    bytes.resize(4040, 0);
    bytes.extend_from_slice(&(leaves.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&64u32.to_le_bytes());
    bytes.extend_from_slice(&after.root().0);
    bytes.resize(HEADER - 4, 0);
    [with_sum(bytes), hashes, list, blocks].concat()
}

/// A published index.
#[derive(Clone)]
pub(crate) struct Published {
    pub(crate) bytes: Vec<u8>,
}

/// A pair of a block: its key, and what stands behind it.
#[derive(Clone)]
struct Pair {
    key: Vec<u8>,
    /// The value, or the length and the first block of one that has blocks of its own, or a block below; as they stand there.
    beside: Vec<u8>,
    /// Where in `beside` a SHA-256 stands, and the first block that it is of, with how many blocks that is.
    link: Option<(usize, usize, usize)>,
}

fn put_number(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take_number(bytes: &[u8], at: &mut usize) -> Option<usize> {
    let mut number = 0;
    for shift in (0..63).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        number |= usize::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

fn sum(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

impl Published {
    /// The only one of a ledger.
    pub(crate) fn path(ledger: &Path) -> PathBuf {
        std::fs::read_dir(ledger.join("snapshot")).unwrap().next().unwrap().unwrap().path()
    }

    pub(crate) fn read(ledger: &Path) -> Published {
        Published { bytes: std::fs::read(Published::path(ledger)).unwrap() }
    }

    fn blocks(&self) -> usize {
        self.bytes.len() / HEADER
    }

    fn block(&self, number: usize) -> &[u8] {
        &self.bytes[number * HEADER..(number + 1) * HEADER]
    }

    /// The pairs of a block, as far as they can be read; nothing of a block that has none.
    fn pairs(&self, block: usize) -> Vec<Pair> {
        let bytes = self.block(block);
        let (mut pairs, mut at, mut key) = (Vec::new(), 3, Vec::new());
        if ![1, 2].contains(&bytes[0]) {
            return pairs;
        }
        for _ in 0..u16::from_le_bytes([bytes[1], bytes[2]]) {
            let Some(pair) = pair(bytes, &mut at, &mut key) else { return pairs };
            pairs.push(pair);
        }
        pairs
    }

    fn write_pairs(&mut self, block: usize, pairs: &[Pair]) {
        let mut bytes = vec![self.block(block)[0]];
        bytes.extend_from_slice(&(pairs.len() as u16).to_le_bytes());
        let mut before: &[u8] = &[];
        for pair in pairs {
            let shared = before.iter().zip(&pair.key).take_while(|(one, other)| one == other).count();
            put_number(&mut bytes, shared);
            put_number(&mut bytes, pair.key.len() - shared);
            bytes.extend_from_slice(&pair.key[shared..]);
            bytes.extend_from_slice(&pair.beside);
            before = &pair.key;
        }
        bytes.resize(HEADER, 0);
        self.bytes[block * HEADER..(block + 1) * HEADER].copy_from_slice(&bytes);
    }

    /// Every key that has a value in its block, with that block.
    pub(crate) fn keys(&self) -> Vec<(usize, Vec<u8>)> {
        let leaves = (1..self.blocks()).filter(|block| self.block(*block)[0] == 1);
        leaves.flat_map(|block| self.pairs(block).into_iter().map(move |pair| (block, pair))).fold(
            Vec::new(),
            |mut keys, (block, pair)| {
                if pair.link.is_none() {
                    keys.push((block, pair.key));
                }
                keys
            },
        )
    }

    /// Changes the value of a key; one that no longer fits in its block stays as it is.
    pub(crate) fn change(&mut self, block: usize, key: &[u8], change: impl FnOnce(&mut Vec<u8>)) {
        let mut pairs = self.pairs(block);
        let pair = pairs.iter_mut().find(|pair| pair.key == key).unwrap();
        let mut at = 0;
        take_number(&pair.beside, &mut at).unwrap();
        let mut value = pair.beside.split_off(at);
        change(&mut value);
        pair.beside.clear();
        put_number(&mut pair.beside, 2 * value.len());
        pair.beside.extend(value);
        let bytes: usize = pairs.iter().map(|pair| 4 + pair.key.len() + pair.beside.len()).sum();
        if bytes < HEADER {
            self.write_pairs(block, &pairs);
        }
    }

    /// Makes every hash anew, up to the one in the header; with a key also the signature, else it stays and is false.
    pub(crate) fn reseal(&mut self, key: Option<&SigningKey>) {
        for block in 1..self.blocks() {
            let mut pairs = self.pairs(block);
            let mut changed = false;
            for pair in &mut pairs {
                let Some((at, first, count)) = pair.link else { continue };
                if first + count > block {
                    continue;
                }
                // Each part of a long value has the hash of the next one; they are known from the last one on.
                for part in (first..first + count - 1).rev() {
                    let next = sum(self.block(part + 1));
                    self.bytes[part * HEADER + 1..part * HEADER + 33].copy_from_slice(&next);
                }
                pair.beside[at..at + 32].copy_from_slice(&sum(self.block(first)));
                changed = true;
            }
            if changed {
                self.write_pairs(block, &pairs);
            }
        }
        let root = number(&self.bytes, 16);
        if root < self.blocks() {
            let root = sum(self.block(root));
            self.bytes[20..52].copy_from_slice(&root);
        }
        let content = sum(&self.bytes[..4000]);
        self.bytes[4000..4032].copy_from_slice(&content);
        if let Some(key) = key {
            let signature = key.sign(&[&b"chancery index header\n"[..], &content].concat());
            self.bytes[4032..4096].copy_from_slice(&signature);
        }
    }
}

fn pair(bytes: &[u8], at: &mut usize, key: &mut Vec<u8>) -> Option<Pair> {
    let (shared, own) = (take_number(bytes, at)?, take_number(bytes, at)?);
    key.truncate(shared);
    key.extend_from_slice(bytes.get(*at..at.checked_add(own)?)?);
    *at += own;
    let start = *at;
    let link = |at: &mut usize, count: usize| {
        let first = number(bytes.get(*at..*at + 4)?, 0);
        *at += 36;
        Some((*at - 32 - start, first, count))
    };
    let found = match bytes[0] {
        2 => Some(link(at, 1)?),
        _ => {
            let length = take_number(bytes, at)?;
            match length & 1 {
                1 => Some(link(at, (length >> 1).div_ceil(HEADER - 33).max(1))?),
                _ => {
                    *at = at.checked_add(length >> 1)?;
                    None
                }
            }
        }
    };
    let beside = bytes.get(start..*at)?.to_vec();
    Some(Pair { key: key.clone(), beside, link: found })
}

/// The secret key of a ledger.
pub(crate) fn key(ledger: &Path) -> SigningKey {
    use base64::Engine;
    let text = std::fs::read_to_string(ledger.join("key")).unwrap();
    let parts: Vec<&str> = text.trim().splitn(5, '+').collect();
    let secret = base64::engine::general_purpose::STANDARD.decode(parts[4]).unwrap();
    SigningKey::from_seed(parts[2], secret[1..].try_into().unwrap())
}

/// The root over leaves, as a text.
pub(crate) fn root(leaves: &[Vec<u8>]) -> Hash {
    tree(leaves).root()
}
