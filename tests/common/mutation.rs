//! Changes of the files of a ledger: by chance, and by somebody who makes every checksum and hash anew but has no key.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::env::{Rng, files};
use crate::forge::{Log, Published, segments};

/// The files of a ledger by their names in it, each with its permissions.
pub(crate) type Folder = BTreeMap<PathBuf, (Vec<u8>, u32)>;

/// Reads a folder.
pub(crate) fn folder(path: &Path) -> Folder {
    let named = |(file, bytes): (PathBuf, Vec<u8>)| {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        (file.strip_prefix(path).unwrap().to_owned(), (bytes, mode))
    };
    files(path).into_iter().map(named).collect()
}

/// Writes a folder, in the place of whatever is there.
pub(crate) fn put(folder: &Folder, path: &Path) {
    let _ = std::fs::remove_dir_all(path);
    for (name, (bytes, mode)) in folder {
        let file = path.join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, bytes).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(*mode)).unwrap();
    }
}

/// What of a ledger is changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    Snapshot,
    Sled,
    Entries,
    Heads,
}

impl Part {
    fn has(self, name: &Path) -> bool {
        let text = name.to_str().unwrap();
        match self {
            Part::Snapshot => text.starts_with("snapshot/"),
            Part::Sled => text.starts_with("sled/"),
            Part::Entries => text.ends_with(".seg"),
            Part::Heads => {
                ["checkpoint", "completeness", "entries/acknowledged", "FORMAT", "LOCK"].contains(&text)
            }
        }
    }
}

fn one<'a, T>(rng: &mut Rng, of: &'a [T]) -> &'a T {
    &of[rng.below(of.len() as u64) as usize]
}

fn at(rng: &mut Rng, bytes: &[u8]) -> usize {
    // Space that was reserved and not written is hardly worth a change.
    let used = bytes.iter().rposition(|byte| *byte != 0).map_or(1, |last| last + 1);
    let to = if rng.below(12) == 0 { bytes.len() } else { used };
    rng.below(to.max(1) as u64) as usize
}

fn span(rng: &mut Rng, bytes: &[u8]) -> std::ops::Range<usize> {
    let from = at(rng, bytes);
    let length = [1, 4, 32, 64, 512, 4096][rng.below(6) as usize];
    from..(from + length).min(bytes.len())
}

/// Changes one file, or two, of a part by chance, without making anything anew. Says how.
pub(crate) fn by_chance(rng: &mut Rng, ledger: &mut Folder, part: Part, others: &[Folder]) -> String {
    let names: Vec<PathBuf> = ledger
        .iter()
        .filter(|(name, (bytes, _))| part.has(name) && !bytes.is_empty())
        .map(|f| f.0.clone())
        .collect();
    let name = one(rng, &names).clone();
    let shown = name.display().to_string();
    let kind = rng.below(12);
    let mode = ledger[&name].1;
    match kind {
        7 => {
            let other = one(rng, others);
            let alike: Vec<&PathBuf> = other.keys().filter(|other| part.has(other)).collect();
            let same = alike.iter().find(|other| ***other == name).filter(|_| rng.below(3) > 0);
            let taken = (*same.unwrap_or_else(|| one(rng, &alike))).clone();
            let bytes = other[&taken].0.clone();
            ledger.insert(name, (bytes, mode));
            return format!("{shown}: {} of another ledger in its place", taken.display());
        }
        8 => {
            ledger.remove(&name);
            return format!("{shown}: removed");
        }
        9 => {
            let to = one(rng, &names).clone();
            let moved = ledger.remove(&name).unwrap();
            ledger.insert(to.clone(), moved);
            return format!("{shown}: moved to {}", to.display());
        }
        10 => {
            let number = rng.below(700);
            let to = match part {
                Part::Entries => format!("entries/{number:020}.seg"),
                Part::Snapshot => format!("snapshot/{number:020}-0011223344556677.index"),
                Part::Sled => format!("sled/{number:06}/{}", name.file_name().unwrap().display()),
                Part::Heads => format!("entries/{number:020}.seg"),
            };
            let moved = ledger.remove(&name).unwrap();
            ledger.insert(to.clone().into(), moved);
            return format!("{shown}: moved to {to}");
        }
        _ => {}
    }
    let bytes = &mut ledger.get_mut(&name).unwrap().0;
    let change = change(rng, kind, bytes);
    format!("{shown}: {change}")
}

fn change(rng: &mut Rng, kind: u64, bytes: &mut Vec<u8>) -> String {
    let range = span(rng, bytes);
    let shown = format!("{range:?}");
    match kind {
        0 | 1 => {
            let at = range.start;
            bytes[at] ^= 1 << rng.below(8);
            format!("a bit flipped at {at}")
        }
        2 => {
            bytes[range].iter_mut().for_each(|byte| *byte = rng.next() as u8);
            format!("{shown} overwritten")
        }
        3 => {
            bytes[range].fill(0);
            format!("{shown} zeroed")
        }
        4 => {
            bytes.truncate(range.start);
            format!("cut at {}", range.start)
        }
        5 => {
            let more = 1 + rng.below(5_000) as usize;
            let filler = [0, rng.next() as u8][rng.below(2) as usize];
            bytes.resize(bytes.len() + more, filler);
            format!("{more} bytes of {filler} added")
        }
        6 => {
            let (length, from) = (range.len(), at(rng, bytes).min(bytes.len() - range.len()));
            let (one, other) = (range.start, from);
            for offset in 0..length {
                bytes.swap(one + offset, other + offset);
            }
            format!("{shown} changed places with {other}")
        }
        _ => {
            let from = at(rng, bytes).min(bytes.len() - range.len());
            bytes.copy_within(from..from + range.len(), range.start);
            format!("{shown} is a copy of what is at {from}")
        }
    }
}

/// Changes a part of the ledger that lies in a folder and makes every checksum, hash and node anew, but for signatures. Says
/// how.
pub(crate) fn by_insider(rng: &mut Rng, ledger: &Path, part: Part, others: &[Folder]) -> String {
    match part {
        Part::Entries => in_entries(rng, ledger),
        Part::Snapshot => in_snapshot(rng, ledger),
        Part::Sled => in_sled(rng, ledger),
        Part::Heads => in_heads(rng, ledger, others),
    }
}

const TEXTS: [(&str, &str); 8] = [
    ("\"KAZ\"", "\"MNG\""),
    ("\"BLR\"", "\"LKA\""),
    ("\"FRA\"", "\"NOR\""),
    ("status-granted", "status-decided"),
    ("ratification", "accession"),
    ("20", "19"),
    ("-07-", "-11-"),
    ("observer", "member"),
];

/// Changes the leaves of a log. Says how.
pub(crate) fn in_leaves(rng: &mut Rng, leaves: &mut Vec<Vec<u8>>) -> String {
    let count = leaves.len() as u64;
    let (one, other) = (rng.below(count) as usize, rng.below(count) as usize);
    match rng.below(6) {
        0 | 1 => {
            let text = String::from_utf8(leaves[one].clone()).unwrap();
            let (from, to) = TEXTS[rng.below(TEXTS.len() as u64) as usize];
            let changed = match text.contains(from) {
                true => text.replacen(from, to, 1),
                false => text.replacen("\"cite\":\"", "\"cite\":\"not ", 1),
            };
            leaves[one] = changed.into_bytes();
            format!("entry {one} changed")
        }
        2 => {
            leaves.swap(one, other);
            format!("entries {one} and {other} changed places")
        }
        3 => {
            leaves.remove(one);
            format!("entry {one} removed")
        }
        4 => {
            let leaf = leaves[other].clone();
            leaves.insert(one, leaf);
            format!("entry {other} inserted again at {one}")
        }
        _ => {
            leaves[one] = leaves[other].clone();
            format!("entry {other} in the place of {one} too")
        }
    }
}

fn in_entries(rng: &mut Rng, ledger: &Path) -> String {
    let sound: Vec<(PathBuf, Vec<u8>)> =
        segments(ledger).into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
    let mut log = Log::read(ledger);
    let true_leaves = log.leaves.clone();
    let mut change = in_leaves(rng, &mut log.leaves);
    log.write(ledger);
    match rng.below(3) {
        // The other segments are left as they are: no header but that of the changed one states another tree.
        0 if log.leaves.len() == true_leaves.len() => {
            let differs = log.leaves.iter().zip(&true_leaves).position(|(one, other)| one != other);
            let first = |path: &Path| path.file_stem().unwrap().to_str().unwrap().parse::<usize>().unwrap();
            let touched = sound.iter().rposition(|(path, _)| differs.is_some_and(|at| first(path) <= at));
            for (at, (path, bytes)) in sound.iter().enumerate() {
                if Some(at) != touched {
                    std::fs::write(path, bytes).unwrap();
                }
            }
            change += ", in its segment alone";
        }
        1 => {
            log.state_head(ledger);
            change += ", and stated in the head";
        }
        _ => {}
    }
    if rng.below(2) == 0 {
        let _ = std::fs::remove_dir_all(ledger.join("snapshot"));
        change += ", no index";
    }
    change
}

fn in_snapshot(rng: &mut Rng, ledger: &Path) -> String {
    let path = Published::path(ledger);
    let mut index = Published::read(ledger);
    let change = in_index(rng, &mut index);
    index.reseal(None);
    if rng.below(4) == 0 {
        index.bytes[4032..4096].fill(0);
    }
    std::fs::write(path, &index.bytes).unwrap();
    change
}

/// Changes what an index says, without its hashes. Says how.
pub(crate) fn in_index(rng: &mut Rng, index: &mut Published) -> String {
    let keys = index.keys();
    let (block, key) = one(rng, &keys).clone();
    let shown = String::from_utf8_lossy(&key).into_owned();
    match rng.below(4) {
        0 => {
            index.change(block, &key, |value| {
                if let Some(at) = value.len().checked_sub(1) {
                    let at = rng.below(at as u64 + 1) as usize;
                    value[at] ^= 1 << rng.below(7);
                }
            });
            format!("the value of {shown:?} changed")
        }
        1 => {
            index.change(block, &key, Vec::clear);
            format!("the value of {shown:?} emptied")
        }
        2 => {
            let alike: Vec<_> = keys.iter().filter(|(_, other)| other[0] == key[0]).collect();
            let (from, other) = (*one(rng, &alike)).clone();
            let mut taken = Vec::new();
            index.clone().change(from, &other, |value| taken = value.clone());
            index.change(block, &key, |value| *value = taken);
            format!("the value of {shown:?} is that of {:?}", String::from_utf8_lossy(&other))
        }
        _ => {
            let at = 52 + rng.below(200) as usize;
            index.bytes[at] ^= 1 << rng.below(8);
            format!("its header changed at {at}")
        }
    }
}

/// Changes what sled holds, with its own hands, and the checksum of the value.
fn in_sled(rng: &mut Rng, ledger: &Path) -> String {
    let generation = std::fs::read_dir(ledger.join("sled")).unwrap().next().unwrap().unwrap().path();
    let db = sled::Config::new().path(&generation).segment_size(64 << 10).open().unwrap();
    let names = ["events", "words", "tables", "meta"];
    let name = names[rng.below(4) as usize];
    let tree = db.open_tree(name).unwrap();
    let pairs: Vec<_> = tree.iter().map(Result::unwrap).collect();
    if pairs.is_empty() {
        return format!("nothing in {name}");
    }
    let ((key, value), (_, other)) = (one(rng, &pairs), one(rng, &pairs));
    let change = match rng.below(4) {
        0 => {
            tree.remove(key).unwrap();
            "removed"
        }
        1 => {
            tree.insert(key, other).unwrap();
            "that of another key"
        }
        _ => {
            let mut bytes = value.to_vec();
            if bytes.len() > 8 {
                let at = 7 + rng.below(bytes.len() as u64 - 7) as usize;
                bytes[at] ^= 1 << rng.below(8);
                let sum = crc32c::crc32c(&bytes[7..]).to_be_bytes();
                bytes[3..7].copy_from_slice(&sum);
            }
            tree.insert(key, bytes).unwrap();
            "changed"
        }
    };
    db.flush().unwrap();
    if rng.below(2) == 0 {
        let head = generation.join("head");
        let mut bytes = std::fs::read(&head).unwrap();
        let at = 7 + rng.below(bytes.len() as u64 - 7) as usize;
        bytes[at] ^= 1 << rng.below(8);
        let sum = crc32c::crc32c(&bytes[7..]).to_be_bytes();
        bytes[3..7].copy_from_slice(&sum);
        std::fs::write(head, bytes).unwrap();
    }
    format!("a value of {name}: {change}")
}

fn in_heads(rng: &mut Rng, ledger: &Path, others: &[Folder]) -> String {
    let path = ledger.join("checkpoint");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let size: usize = lines[1].parse().unwrap();
    let log = Log::read(ledger);
    let change = match rng.below(6) {
        0 => {
            let fewer = rng.below(size as u64) as usize;
            lines[1] = fewer.to_string();
            lines[2] = crate::forge::root(&log.leaves[..fewer]).to_string();
            "the head of fewer entries, with the signature of another"
        }
        1 => {
            lines.truncate(4);
            lines.push(String::new());
            "without its signature"
        }
        2 => {
            lines.remove(3);
            "without its map"
        }
        3 => {
            let other = String::from_utf8(one(rng, others)[Path::new("checkpoint")].0.clone()).unwrap();
            lines[3] = other.split('\n').nth(3).unwrap().to_owned();
            "with the map of another"
        }
        4 => {
            let map = ledger.join("completeness");
            let mut bytes = std::fs::read(&map).unwrap();
            let end = bytes.len() - 4;
            let at = rng.below(end as u64) as usize;
            bytes[at] ^= 1 << rng.below(8);
            let sum = crc32c::crc32c(&bytes[..end]).to_le_bytes();
            bytes[end..].copy_from_slice(&sum);
            std::fs::write(map, bytes).unwrap();
            return format!("the kept map changed at {at}");
        }
        _ => {
            let mark = ledger.join("entries/acknowledged");
            let mut bytes = std::fs::read(&mark).unwrap();
            let at = 8 + rng.below(16) as usize;
            bytes[at] ^= 1 << rng.below(8);
            let sum = crc32c::crc32c(&bytes[..24]).to_le_bytes();
            bytes[24..].copy_from_slice(&sum);
            std::fs::write(mark, bytes).unwrap();
            return format!("the watermark changed at {at}");
        }
    };
    std::fs::write(path, lines.join("\n")).unwrap();
    format!("checkpoint: {change}")
}
