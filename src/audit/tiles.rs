//! The files of a published tree, fetched and compared with one another and with the signed root.
//!
//! If the entries give the signed root, each tile that differs from them is at fault. If they do not, the root vouches for tiles
//! from the top downwards, and those show which entries are at fault.

use crate::event::Index;
use crate::log::{Checkpoint, Frontier, Hash, leaf_hash};
use crate::publish::{Fetched, Part, SourceError, TreeSource, WIDTH, split_leaves};

use super::fault::{self, Fault};
use super::leaf::Leaf;
use super::report::Findings;

/// After this number of missing files, no further file is requested: a head that nobody signed can state any size.
const MISSING_MAX: usize = 64;

/// The hashes of a tile, or of the entries of a bundle.
type Row = Vec<Hash>;

/// The files fetched.
pub(super) struct Tree {
    size: u64,
    leaves: Vec<Leaf>,
    /// For each bundle, the hashes of its entries; `None` if it is missing or damaged.
    bundles: Vec<Option<Row>>,
    /// Bundles that do not end as they should: the bundle, the byte of the fault, and the hashes of the entries that could be read.
    broken: Vec<(Part, usize, Row)>,
    /// The tiles of each level; `None` if one is missing or damaged.
    tiles: Vec<Vec<Option<Row>>>,
    missing: usize,
}

/// The root of a full tree over these hashes.
fn subtree(hashes: &[Hash]) -> Hash {
    let mut tree = Frontier::default();
    hashes.iter().for_each(|hash| tree.push(*hash));
    tree.root()
}

fn at(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

impl Tree {
    /// Fetches every file of the tree of `size` entries.
    ///
    /// # Errors
    /// [`SourceError`]. A file that is missing or has another length is a finding.
    pub(super) fn fetch(
        source: &TreeSource,
        size: u64,
        found: &mut Findings,
        progress: &mut dyn FnMut(&'static str, u64),
    ) -> Result<Tree, SourceError> {
        let (leaves, broken) = (Vec::new(), Vec::new());
        let mut tree = Tree { size, leaves, bundles: Vec::new(), broken, tiles: Vec::new(), missing: 0 };
        let faults = (fault::BUNDLE_MISSING, fault::BUNDLE_DAMAGED);
        let mut parts = Part::bundles(size);
        while let Some(got) = tree.next(source, &mut parts)? {
            for (part, got) in got {
                progress("bundles", part.number() * WIDTH);
                let bytes = tree.there(source, part, got, faults, found);
                let row = bytes.and_then(|(whole, bytes)| tree.bundle(part, whole, &bytes));
                tree.bundles.push(row);
            }
        }
        let faults = (fault::TILE_MISSING, fault::TILE_DAMAGED);
        for level in 0..Part::levels(size) {
            let (mut row, mut parts) = (Vec::new(), Part::tiles(size, level));
            while let Some(got) = tree.next(source, &mut parts)? {
                for (part, got) in got {
                    progress("tiles", part.number() * WIDTH);
                    let bytes = tree.there(source, part, got, faults, found);
                    row.push(bytes.and_then(|(whole, bytes)| tile(source, part, whole, &bytes, found)));
                    found.counted("tiles", 1);
                }
            }
            tree.tiles.push(row);
        }
        found.counted("bundles", tree.leaves.len() as u64);
        Ok(tree)
    }

    /// The next few files, fetched side by side; `None` after the last, or if too many are missing.
    fn next(
        &self,
        source: &TreeSource,
        parts: &mut impl Iterator<Item = Part>,
    ) -> Result<Option<Vec<(Part, Got)>>, SourceError> {
        if self.missing > MISSING_MAX {
            return Ok(None);
        }
        let parts: Vec<Part> = parts.take(source.at_once()).collect();
        let got: Vec<Result<Got, SourceError>> = match parts.as_slice() {
            [] => return Ok(None),
            [one] => vec![get(source, *one)],
            several => std::thread::scope(|scope| {
                let begun: Vec<_> = several.iter().map(|part| scope.spawn(|| get(source, *part))).collect();
                let end = |thread: std::thread::ScopedJoinHandle<'_, _>| {
                    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                };
                begun.into_iter().map(end).collect()
            }),
        };
        let got: Result<Vec<Got>, SourceError> = got.into_iter().collect();
        Ok(Some(parts.into_iter().zip(got?).collect()))
    }

    /// The bytes of a file, and the file from which they come; a missing file is a finding.
    fn there(
        &mut self,
        source: &TreeSource,
        part: Part,
        got: Got,
        (missing, damaged): (Fault, Fault),
        found: &mut Findings,
    ) -> Option<(Part, Vec<u8>)> {
        match got {
            Got::Whole(whole, bytes) => return Some((whole, bytes)),
            Got::TooLarge(whole) => {
                let what = format!("it has more than {} bytes", whole.bytes_max());
                found.add(damaged, None, Some(source.place(&whole.path())), what);
            }
            Got::Missing => {
                self.missing += 1;
                let many = self.missing > MISSING_MAX;
                let rest = if many { ", nor are many others: the rest was not asked for" } else { "" };
                let what = format!("it is not there{rest}");
                found.add(missing, None, Some(source.place(&part.path())), what);
            }
        }
        None
    }

    /// Takes the entries of a bundle; the file may be the full bundle, of which the tree has only the first entries.
    fn bundle(&mut self, part: Part, whole: Part, bytes: &[u8]) -> Option<Row> {
        let (ranges, end) = split_leaves(bytes);
        let leaf = |range: &std::ops::Range<usize>| bytes.get(range.clone()).unwrap_or(&[]);
        let row: Row = ranges.iter().map(|range| leaf_hash(leaf(range))).take(part.width()).collect();
        if end.is_some() || ranges.len() != whole.width() {
            let end = end.or(ranges.get(whole.width()).map(|range| range.start)).unwrap_or(bytes.len());
            self.broken.push((whole, end, row));
            return None;
        }
        let first = part.number() * WIDTH;
        let leaves = ranges.iter().take(part.width()).zip(first..);
        self.leaves.extend(leaves.map(|(range, index)| Leaf::new(index, leaf(range))));
        Some(row)
    }

    /// The leaves read, and true if others are missing.
    pub(super) fn into_leaves(self) -> (Vec<Leaf>, bool) {
        let incomplete = self.leaves.len() as u64 != self.size;
        (self.leaves, incomplete)
    }

    /// Names every file and every entry that does not fit the root in the checkpoint.
    pub(super) fn judge(&self, source: &TreeSource, head: &Checkpoint, found: &mut Findings) {
        self.name_broken(source, found);
        let whole: Option<Vec<&Row>> = self.bundles.iter().map(Option::as_ref).collect();
        let whole = whole.filter(|rows| rows.iter().map(|row| row.len() as u64).sum::<u64>() == self.size);
        let root = whole.map(|rows| {
            let mut tree = Frontier::default();
            rows.into_iter().flatten().for_each(|hash| tree.push(*hash));
            tree.root()
        });
        if root == Some(head.root) {
            return self.against_entries(source, found);
        }
        self.downwards(source, head, root, found);
        // If no fault was named because that check was skipped, a differing root still shows one.
        let named = ["bundles", "tiles", "checkpoint"];
        if let Some(root) = root.filter(|_| named.iter().all(|check| found.found_by(check) == 0)) {
            let what = format!("the first {} entries give the root {root}, not {}", self.size, head.root);
            found.add(fault::CHECKPOINT_OTHER_ROOT, None, Some(source.name()), what);
        }
    }

    fn tile(&self, level: u8, number: u64) -> Option<&Row> {
        self.tiles.get(usize::from(level))?.get(at(number))?.as_ref()
    }

    fn name_broken(&self, source: &TreeSource, found: &mut Findings) {
        for (part, end, row) in &self.broken {
            let tile = self.tile(0, part.number());
            let same = |tile: &Row| row.iter().zip(tile).take_while(|(a, b)| a == b).count();
            let entry = tile.map(|tile| Index(part.number() * WIDTH + same(tile) as u64));
            let entry = entry.filter(|entry| entry.0 < self.size);
            let place = format!("{}, byte {end}", source.place(&part.path()));
            let what = format!("it does not hold {} entries and nothing else", part.width());
            found.add(fault::BUNDLE_DAMAGED, entry, Some(place), what);
        }
    }

    /// Reports the tiles that differ from the entries, which give the signed root.
    fn against_entries(&self, source: &TreeSource, found: &mut Findings) {
        let mut wanted: Vec<Row> = self.bundles.iter().flatten().cloned().collect();
        for level in 0..Part::levels(self.size) {
            for (part, want) in Part::tiles(self.size, level).zip(&wanted) {
                let Some(have) = self.tile(level, part.number()) else { continue };
                let Some(wrong) = have.iter().zip(want).position(|(have, want)| have != want) else {
                    continue;
                };
                let entry = (level == 0).then(|| Index(part.number() * WIDTH + wrong as u64));
                let what = format!("its hash {wrong}, counting from 0, is not that of what is below it");
                found.add(fault::TILE_OTHER_HASH, entry, Some(source.place(&part.path())), what);
            }
            let full = wanted.iter().filter(|row| row.len() as u64 == WIDTH);
            let above: Row = full.map(|row| subtree(row)).collect();
            wanted = above.chunks(at(WIDTH)).map(<[Hash]>::to_vec).collect();
        }
    }

    /// Checks from the top: the root vouches for the right edge of the tree, each tile for those below it, the lowest for the
    /// entries.
    fn downwards(&self, source: &TreeSource, head: &Checkpoint, root: Option<Hash>, found: &mut Findings) {
        let edge = self.edge();
        let sound = edge == Some(head.root);
        if let Some(edge) = edge.filter(|_| !sound) {
            let what = match root {
                Some(root) => {
                    format!("the first {} entries give the root {root}, not {}", self.size, head.root)
                }
                None => format!("the tiles give the root {edge}, not {}", head.root),
            };
            found.add(fault::CHECKPOINT_OTHER_ROOT, None, Some(source.name()), what);
        }
        let mut above: Vec<bool> = Vec::new();
        for level in (0..Part::levels(self.size)).rev() {
            let mut vouched = Vec::new();
            for part in Part::tiles(self.size, level) {
                if part.number() >= self.tiles.get(usize::from(level)).map_or(0, |row| row.len() as u64) {
                    break;
                }
                let (number, place) = part.parent();
                let parent = self.tile(level + 1, number).filter(|_| above.get(at(number)) == Some(&true));
                let stated = parent.and_then(|row| row.get(place)).filter(|_| part.is_full()).copied();
                let have = self.tile(level, part.number());
                let good = have.is_some_and(|row| match part.is_full() {
                    true => stated == Some(subtree(row)),
                    false => sound,
                });
                if have.is_some_and(|row| !good && (stated.is_some() || !self.fits(level, part, row))) {
                    let what = "it does not fit what is above and below it";
                    found.add(fault::TILE_OTHER_HASH, None, Some(source.place(&part.path())), what);
                }
                if level == 0 {
                    self.entries(source, part, have.filter(|_| good), stated, found);
                }
                vouched.push(good);
            }
            above = vouched;
        }
    }

    /// The root that the partial tiles give; `None` if one is missing.
    fn edge(&self) -> Option<Hash> {
        let mut roots = Vec::new();
        for level in (0..Part::levels(self.size)).rev() {
            let Some(part) = Part::partial_tile(self.size, level) else { continue };
            let mut tree = Frontier::default();
            self.tile(level, part.number())?.iter().for_each(|hash| tree.push(*hash));
            roots.extend_from_slice(tree.roots());
        }
        Some(Frontier::from_roots(self.size, roots)?.root())
    }

    /// True if a tile has the hashes of the level below it, as far as those are present.
    fn fits(&self, level: u8, part: Part, row: &Row) -> bool {
        let Some(below) = level.checked_sub(1) else {
            let entries = self.bundles.get(at(part.number())).and_then(Option::as_ref);
            return entries.is_none_or(|entries| entries == row);
        };
        let children = row.iter().zip(part.number() * WIDTH..);
        children
            .into_iter()
            .all(|(hash, number)| self.tile(below, number).is_none_or(|row| subtree(row) == *hash))
    }

    /// Compares entries with their tile if it is vouched for; otherwise with the hash over all of them.
    fn entries(
        &self,
        source: &TreeSource,
        part: Part,
        tile: Option<&Row>,
        over: Option<Hash>,
        found: &mut Findings,
    ) {
        let Some(entries) = self.bundles.get(at(part.number())).and_then(Option::as_ref) else { return };
        let place = || Some(source.place(&part.bundle().path()));
        let Some(tile) = tile else {
            if over.is_some_and(|over| over != subtree(entries)) {
                let what = "its entries do not give the hash that the tree holds over them";
                found.add(fault::ENTRY_OTHER_HASH, None, place(), what);
            }
            return;
        };
        for ((have, want), index) in entries.iter().zip(tile).zip(part.number() * WIDTH..) {
            if have != want {
                let what = format!("its bytes have the hash {have}; the tree holds {want} for it");
                found.add(fault::ENTRY_OTHER_HASH, Some(Index(index)), place(), what);
            }
        }
    }
}

/// The result of fetching a file.
enum Got {
    /// The file that was fetched, and its bytes.
    Whole(Part, Vec<u8>),
    TooLarge(Part),
    Missing,
}

/// Fetches a file. If a partial file is missing, fetches the full one instead: a tree that has grown may have only that.
fn get(source: &TreeSource, part: Part) -> Result<Got, SourceError> {
    let candidates = [Some(part), (!part.is_full()).then(|| part.full())];
    for candidate in candidates.into_iter().flatten() {
        match source.fetch(&candidate.path(), candidate.bytes_max())? {
            Fetched::Bytes(bytes) => return Ok(Got::Whole(candidate, bytes)),
            Fetched::TooLarge => return Ok(Got::TooLarge(candidate)),
            Fetched::Missing => {}
        }
    }
    Ok(Got::Missing)
}

/// The hashes of a tile; the file may be the full tile, of which the tree has only the first hashes.
fn tile(source: &TreeSource, part: Part, whole: Part, bytes: &[u8], found: &mut Findings) -> Option<Row> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    if hashes.len() == whole.width() && rest.is_empty() {
        return Some(hashes.iter().map(|hash| Hash(*hash)).take(part.width()).collect());
    }
    let what = format!("it has {} bytes, not {}", bytes.len(), whole.bytes_max());
    found.add(fault::TILE_DAMAGED, None, Some(source.place(&whole.path())), what);
    None
}
