//! The sealed form of segments: every way of reading gives the same leaves, and every change of the form is found.

use std::fs::File;
use std::path::Path;

use proptest::prelude::*;

use super::super::sealed::{BLOCK_LEAVES, Encoder, Sealed};
use super::super::segment;
use super::super::tree::{Frontier, leaf_hash};
use super::super::{Compacted, Disk, Entries, LEAF_BYTES_MAX, LogError, salvage, stated};
use super::{Folder, ORIGIN, Xorshift, add, cases, evidence, flip, leaf, read_all, read_from, restore};

/// A tree of `size` leaves.
fn tree(size: u64) -> Frontier {
    let mut tree = Frontier::default();
    (0..size).for_each(|number| tree.push(leaf_hash(&leaf(number, 20))));
    tree
}

/// The bytes of a sealed segment of these leaves, with the trees before and after.
fn encoded(before: &Frontier, leaves: &[Vec<u8>]) -> (Vec<u8>, Frontier) {
    let mut encoder = Encoder::new().unwrap();
    let mut after = before.clone();
    for leaf in leaves {
        encoder.push(leaf, leaf_hash(leaf)).unwrap();
        after.push(leaf_hash(leaf));
    }
    (encoder.finish(ORIGIN, before, &after).unwrap(), after)
}

fn open(path: &Path, first: u64) -> Result<Sealed, LogError> {
    Sealed::open(File::open(path).unwrap(), path, first, ORIGIN)
}

fn come_back(before: u64, leaves: &[Vec<u8>]) {
    let folder = Folder::created();
    let path = folder.segment(before);
    let (bytes, after) = encoded(&tree(before), leaves);
    std::fs::write(&path, &bytes).unwrap();
    let sealed = open(&path, before).unwrap();
    let mut found = Vec::new();
    let visit = |index, leaf: &[u8], hash| {
        assert_eq!((index, hash), (before + found.len() as u64, leaf_hash(leaf)));
        found.push(leaf.to_vec());
    };
    sealed.visit(0, visit).unwrap();
    assert!(found == leaves, "{} of {} leaves", found.len(), leaves.len());
    assert_eq!(sealed.tree(u64::MAX).unwrap(), (after.clone(), leaves.last().map(|leaf| leaf_hash(leaf))));
    assert_eq!(sealed.root(), after.root());
}

#[test]
fn as_many_leaves_as_fill_blocks_exactly_and_one_more_or_less_come_back() {
    let block = u64::from(BLOCK_LEAVES);
    for count in [1, 2, block - 1, block, block + 1, 2 * block - 1, 2 * block, 2 * block + 1] {
        let leaves: Vec<_> = (0..count).map(|number| leaf(number, 10 + number as usize)).collect();
        come_back(0, &leaves);
        come_back(7, &leaves);
    }
}

#[test]
fn the_longest_leaves_and_empty_ones_come_back() {
    let mut leaves: Vec<_> = (0..u64::from(BLOCK_LEAVES) + 3).map(|n| leaf(n, LEAF_BYTES_MAX)).collect();
    assert!(leaves.iter().all(|leaf| leaf.len() == LEAF_BYTES_MAX));
    leaves.insert(5, Vec::new());
    leaves.push(vec![0; LEAF_BYTES_MAX]);
    come_back(3, &leaves);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(20, 200) as u32, ..ProptestConfig::default() })]

    #[test]
    fn any_leaves_come_back(
        before in 0u64..40,
        leaves in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..600), 1..200),
    ) {
        come_back(before, &leaves);
    }
}

/// A log of several segments with its leaves; if `sealed`, all segments but the last are sealed.
pub(super) fn log(sealed: bool) -> (Folder, Vec<Vec<u8>>) {
    let folder = Folder::created();
    let writer = folder.writer();
    let held = writer.sealer().unwrap().0.turn.clone();
    let held = (!sealed).then(|| held.lock().unwrap());
    let mut random = Xorshift(0x5EA1_ED00);
    let all: Vec<_> = (0..900).map(|number| leaf(number, 50 + random.below(2400))).collect();
    all.chunks(7).for_each(|batch| _ = add(&writer, batch));
    writer.write_checkpoint().unwrap();
    let copy = Folder::new();
    match held {
        // As the writer would leave it if the process ended here.
        Some(held) => {
            restore(&copy.path, &evidence(&folder.path));
            drop(held);
            (copy, all)
        }
        None => {
            drop(writer);
            (folder, all)
        }
    }
}

fn segments(folder: &Folder) -> Vec<(u64, bool)> {
    let listed = segment::list(&folder.path).unwrap();
    listed.iter().map(|(first, path)| (*first, segment::is_sealed(&std::fs::read(path).unwrap()))).collect()
}

/// Checks that every way of reading a log gives these leaves.
fn holds(log: &Entries, all: &[Vec<u8>]) {
    let mut random = Xorshift(0xA11);
    assert!(read_all(log).unwrap() == all);
    let mut tree = Frontier::default();
    for (index, leaf) in (0..).zip(all) {
        assert_eq!(log.root(index).unwrap(), tree.root(), "size {index}");
        tree.push(leaf_hash(leaf));
    }
    assert!(log.leaf_hashes().unwrap().iter().copied().eq(all.iter().map(|leaf| leaf_hash(leaf))));
    for _ in 0..300 {
        let from = random.below(all.len());
        assert_eq!(log.leaf(from as u64).unwrap(), (all[from].clone(), leaf_hash(&all[from])));
    }
    for _ in 0..20 {
        let from = random.below(all.len());
        assert!(read_from(log, from as u64, 1 + random.below(40_000)).unwrap() == all[from..], "from {from}");
        let mut scanned = Vec::new();
        log.scan(from as u64, |index, leaf, hash| {
            assert_eq!((index, hash), ((from + scanned.len()) as u64, leaf_hash(leaf)));
            scanned.push(leaf.to_vec());
        })
        .unwrap();
        assert!(scanned == all[from..], "from {from}");
    }
    let size = all.len() as u64;
    assert!(matches!(log.leaf(size), Err(LogError::Beyond { asked, .. }) if asked == size));
}

#[test]
fn a_writer_seals_every_segment_but_the_last_and_all_leaves_are_as_they_were() {
    let (folder, all) = log(true);
    let made = segments(&folder);
    assert!(made.len() > 3, "{made:?}");
    assert!(made.iter().rev().skip(1).all(|(_, sealed)| *sealed) && !made[made.len() - 1].1, "{made:?}");
    holds(&folder.reader(), &all);
    holds(&folder.writer(), &all);
    let mut visited = Vec::new();
    let (damage, tree) =
        Entries::verify_with(&folder.path, &|at, leaf, hash| (at, leaf.to_vec(), hash), &mut |part| {
            visited.extend(part);
        })
        .unwrap();
    assert_eq!((damage, tree), (Vec::new(), folder.reader().frontier()));
    assert!(visited.iter().all(|(_, leaf, hash)| *hash == leaf_hash(leaf)));
    let visited: Vec<_> = visited.into_iter().map(|(at, leaf, _)| (at, leaf)).collect();
    assert!(visited.iter().map(|(_, leaf)| leaf).eq(&all));
    let mut saved = Vec::new();
    let remains = salvage(&folder.path, |found| {
        assert!(found.intact);
        saved.push((found.index, found.leaf.to_vec()));
    });
    assert!(saved == visited);
    let remains = remains.unwrap();
    assert_eq!((remains.extent, remains.origin.as_deref()), (all.len() as u64, Some(ORIGIN)));
    assert!(remains.heads.len() > made.len() - 1);
    let told = stated(&folder.path).unwrap();
    assert_eq!((told.heads, told.origin, told.extent), (remains.heads, remains.origin, all.len() as u64));
}

#[test]
fn segments_of_frames_are_read_leaf_by_leaf_too() {
    let (folder, all) = log(false);
    assert!(segments(&folder).iter().all(|(_, sealed)| !sealed));
    holds(&folder.reader(), &all);
}

#[test]
fn leaves_appended_after_a_leaf_was_read_are_found_too() {
    let folder = Folder::created();
    let writer = folder.writer();
    for number in 0..400 {
        let appended = leaf(number, 700);
        add(&writer, std::slice::from_ref(&appended));
        assert_eq!(writer.leaf(number).unwrap().0, appended);
        assert_eq!(writer.leaf(number / 2).unwrap().0, leaf(number / 2, 700));
    }
}

#[test]
fn compacting_seals_what_is_not_sealed_and_nothing_twice() {
    let (folder, all) = log(false);
    let before = segments(&folder);
    let readers_before = folder.reader();
    let writer = folder.writer();
    let mut told = Vec::new();
    let done = writer.compact(&mut |entries| told.push(entries)).unwrap();
    let last = before[before.len() - 1].0;
    assert_eq!((done.segments, done.entries, done.sealed_before), (before.len() as u64 - 1, last, 0));
    assert!(done.bytes_after < done.bytes_before);
    assert_eq!(told, before[1..].iter().map(|(first, _)| *first).collect::<Vec<_>>());
    let files = evidence(&folder.path);
    let again = writer.compact(&mut |_| {}).unwrap();
    assert_eq!(again, Compacted { sealed_before: before.len() as u64 - 1, ..Compacted::default() });
    assert!(evidence(&folder.path) == files);
    drop(writer);
    holds(&readers_before, &all);
    holds(&folder.reader(), &all);
    assert_eq!(Entries::verify(&folder.path).unwrap().0, []);
    assert!(matches!(folder.reader().compact(&mut |_| {}), Err(LogError::ReadOnly)));
}

#[test]
fn a_segment_that_is_not_sound_is_never_sealed() {
    let (folder, _) = log(false);
    let second = folder.segment(segments(&folder)[1].0);
    flip(&second, 5000, 4);
    let damaged = std::fs::read(&second).unwrap();
    let refused = folder.writer().compact(&mut |_| {}).unwrap_err();
    assert!(matches!(&refused, LogError::Damaged { path, .. } if *path == second), "{refused}");
    assert!(std::fs::read(&second).unwrap() == damaged);
    assert!(!second.with_extension("tmp").exists());
}

#[test]
fn a_leaf_that_does_not_have_its_hash_in_a_sound_frame_is_never_sealed() {
    let (folder, _) = log(false);
    let (first, path) = (0, folder.segment(0));
    let mut bytes = std::fs::read(&path).unwrap();
    let header = super::super::frame::header(&bytes[4096..]).unwrap();
    bytes[4096 + 32 + 36 + 6] ^= 1;
    let end = 4096 + header.bytes;
    let sum = crc32c::crc32c(&bytes[4096..end - 4]).to_le_bytes();
    bytes[end - 4..end].copy_from_slice(&sum);
    std::fs::write(&path, &bytes).unwrap();
    let refused = folder.writer().compact(&mut |_| {}).unwrap_err();
    assert!(refused.to_string().contains("entry 0 does not have its stored hash"), "{refused}");
    assert!(std::fs::read(&path).unwrap() == bytes);
    let beside = std::fs::read_dir(path.parent().unwrap()).unwrap().map(|file| file.unwrap().path());
    assert_eq!(beside.filter(|file| file.extension().is_some_and(|e| e == "tmp")).count(), 0, "{first}");
}

#[test]
fn what_a_writer_left_beside_its_segments_is_removed_by_the_next() {
    let (folder, all) = log(true);
    let beside = folder.segment(0).with_extension("tmp");
    std::fs::write(&beside, b"half").unwrap();
    drop(folder.reader());
    assert!(beside.exists());
    holds(&folder.writer(), &all);
    assert!(!beside.exists());
}

#[test]
fn a_disk_that_is_full_leaves_segments_as_they_are_and_appends_go_on() {
    let (folder, all) = log(false);
    let before = segments(&folder);
    let log = folder.writer_on(Disk::failing_at(12, 28)).unwrap();
    let refused = log.compact(&mut |_| {}).unwrap_err();
    assert!(matches!(refused, LogError::Io { .. }), "{refused}");
    drop(log);
    assert!(segments(&folder).iter().map(|(first, _)| first).eq(before.iter().map(|(first, _)| first)));
    holds(&folder.writer(), &all);
}

#[test]
fn without_the_segment_behind_it_a_sealed_one_is_damage() {
    let (folder, _) = log(true);
    let made = segments(&folder);
    let (last, _) = made[made.len() - 1];
    std::fs::remove_file(folder.segment(last)).unwrap();
    std::fs::remove_file(folder.file("checkpoint")).unwrap();
    let error = Entries::open_reader(&folder.path).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains(&format!("the segment from entry {last} on is missing")), "{error}");
    let (damage, _) = Entries::verify(&folder.path).unwrap();
    assert!(damage.iter().any(|d| d.what.starts_with("the segment that follows is missing")), "{damage:?}");
}

/// Damages a sealed segment in one way: reading is right or reports the damage, and the audit finds it.
fn is_found(folder: &Folder, all: &[Vec<u8>], path: &Path, changed: &[u8], what: &str) {
    std::fs::write(path, changed).unwrap();
    let named = |error: LogError| match error {
        LogError::Damaged { path: blamed, .. } => assert_eq!(blamed, path, "{what}"),
        other => panic!("{what}: {other}"),
    };
    match Entries::open_reader(&folder.path) {
        Err(error) => named(error),
        Ok(log) => {
            match read_all(&log) {
                Ok(leaves) => assert!(leaves == all, "{what}"),
                Err(error) => named(error),
            }
            for index in (0..all.len()).step_by(29) {
                match log.leaf(index as u64) {
                    Ok((leaf, _)) => assert!(leaf == all[index], "{what}"),
                    Err(error) => named(error),
                }
            }
        }
    }
    let keep = |index, leaf: &[u8], _| assert!(leaf == all[index as usize], "{what}: leaf {index}");
    let (damage, _) = Entries::verify_with(&folder.path, &keep, &mut |_| {}).unwrap();
    assert!(damage.iter().any(|d| d.path == path), "{what}: {damage:?}");
}

#[test]
fn every_flipped_bit_and_every_cut_of_a_sealed_segment_is_found() {
    let (folder, all) = log(true);
    let mut random = Xorshift(0xF11B);
    let path = folder.segment(segments(&folder)[1].0);
    let bytes = std::fs::read(&path).unwrap();
    for _ in 0..cases(60, 600) {
        let bit = random.below(bytes.len() * 8);
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        is_found(&folder, &all, &path, &changed, &format!("bit {bit}"));
    }
    for _ in 0..cases(10, 100) {
        let length = random.below(bytes.len());
        is_found(&folder, &all, &path, &bytes[..length], &format!("cut to {length}"));
    }
    is_found(&folder, &all, &path, &[&bytes[..], &[0]].concat(), "a byte more");
}

#[test]
fn of_a_sealed_segment_everything_is_saved_that_one_damage_leaves_whole() {
    let (folder, all) = log(true);
    let made = segments(&folder);
    let (first, next) = (made[1].0, made[2].0);
    let path = folder.segment(first);
    let bytes = std::fs::read(&path).unwrap();
    let list_at = 4096 + 32 * (next - first) as usize + 4;
    let saved = |what: &str, changed: &[u8]| {
        std::fs::write(&path, changed).unwrap();
        let mut intact = std::collections::BTreeSet::new();
        let remains = salvage(&folder.path, |found| {
            if found.intact {
                assert!(found.leaf == all[found.index as usize], "{what}");
                intact.insert(found.index);
            }
        });
        assert_eq!(remains.unwrap().extent, all.len() as u64, "{what}");
        all.len() - intact.len()
    };
    let flipped = |at: usize| {
        let mut changed = bytes.clone();
        changed[at] ^= 0x10;
        changed
    };
    for (what, at) in [
        ("the magic", 3),
        ("the version", 8),
        ("the origin", 35),
        ("the count", 4040),
        ("the leaves of a block", 4048),
        ("the root", 4060),
        ("the checksum of the header", 4093),
        ("the list of blocks", list_at + 5),
    ] {
        assert_eq!(saved(what, &flipped(at)), 0, "{what}");
    }
    let mut headless = bytes.clone();
    headless[..4096].fill(0xAA);
    assert_eq!(saved("the whole header", &headless), 0);
    assert_eq!(saved("a hash", &flipped(4096 + 70)), 1);
    assert_eq!(
        saved("a block", &flipped(bytes.len() - 1)),
        ((next - first - 1) % u64::from(BLOCK_LEAVES)) as usize + 1
    );
    assert_eq!(saved("nothing", &bytes), 0);
}

#[test]
fn a_reader_sees_the_same_leaves_while_segments_are_sealed_under_it() {
    for _ in 0..cases(5, 50) {
        let (folder, all) = log(false);
        let old = folder.reader();
        std::thread::scope(|scope| {
            let writer = folder.writer();
            let sealing = scope.spawn(move || {
                writer.compact(&mut |_| {}).unwrap();
                drop(writer);
            });
            while !sealing.is_finished() {
                assert!(read_all(&folder.reader()).unwrap() == all);
                assert!(read_all(&old).unwrap() == all);
                assert_eq!(folder.reader().leaf(100).unwrap().0, all[100]);
            }
        });
        holds(&old, &all);
    }
}

#[test]
fn a_reader_that_was_opened_before_more_was_appended_and_sealed_sees_what_it_saw() {
    let folder = Folder::created();
    let writer = folder.writer();
    let all: Vec<_> = (0..600).map(|number| leaf(number, 1500)).collect();
    let mut readers = Vec::new();
    for (at, batch) in all.chunks(5).enumerate() {
        readers.push((folder.reader(), at * 5));
        add(&writer, batch);
    }
    drop(writer);
    assert!(segments(&folder).len() > 3);
    for (reader, size) in readers {
        assert_eq!(reader.size(), size as u64);
        assert!(read_all(&reader).unwrap() == all[..size], "{size}");
        assert_eq!(reader.leaf_hashes().unwrap().len(), size);
        if let Some(last) = size.checked_sub(1) {
            assert_eq!(reader.leaf(last as u64).unwrap().0, all[last]);
        }
    }
}

#[test]
fn a_sealed_segment_of_two_leaves_has_these_bytes() {
    let leaves = [br#"{"v":1}"#.to_vec(), br#"{"event":{"act":"accede"},"v":1}"#.to_vec()];
    let (bytes, after) = encoded(&tree(3), &leaves);
    let mut expected = b"CHANCSEG\x02\0\0\0\x03\0\0\0\0\0\0\0".to_vec();
    expected.extend((bytes.len() as u64).to_le_bytes());
    expected.extend(b"\x14\0\x02example.org/chancery");
    tree(3).roots().iter().for_each(|root| expected.extend(root.0));
    expected.resize(4040, 0);
    expected.extend(b"\x02\0\0\0\0\0\0\0\x40\0\0\0");
    expected.extend(after.root().0);
    expected.resize(4092, 0);
    expected.extend(crc32c::crc32c(&expected).to_le_bytes());
    let mut hashes: Vec<u8> = leaves.iter().flat_map(|leaf| leaf_hash(leaf).0).collect();
    hashes.extend(crc32c::crc32c(&hashes).to_le_bytes());
    expected.extend(hashes);
    // A later release of Zstandard may compress these 43 bytes in another way; this form must be read for ever.
    let raw = b"\x07\0\x20\0{\"v\":1}{\"event\":{\"act\":\"accede\"},\"v\":1}";
    let block = [&[0x28, 0xB5, 0x2F, 0xFD, 0x20, 0x2B, 0x59, 0x01, 0x00][..], raw].concat();
    let mut list = (block.len() as u32).to_le_bytes().to_vec();
    list.extend((raw.len() as u32).to_le_bytes());
    list.extend(crc32c::crc32c(&block).to_le_bytes());
    list.extend(crc32c::crc32c(&list).to_le_bytes());
    expected.extend(list);
    expected.extend(block);
    let folder = Folder::created();
    let path = folder.segment(3);
    std::fs::write(&path, &expected).unwrap();
    let mut found = Vec::new();
    open(&path, 3).unwrap().visit(3, |_, leaf, _| found.push(leaf.to_vec())).unwrap();
    assert_eq!(found, leaves);
    assert_eq!(bytes, expected);
}
