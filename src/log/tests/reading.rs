//! Leaves and hashes read by their index are those that were appended, for any number of them and any reader.

use proptest::prelude::*;

use super::super::proof::LeafHashes;
use super::super::{Entries, Frontier, Hash, LogError, leaf_hash};
use super::{Folder, Xorshift, add, flip, leaf, leaves, sealed};

fn is_shared<T: Send + Sync>(_: &T) {}

/// The offset of every leaf's record in its segment of frames.
fn places(log: &Entries, all: &[Vec<u8>]) -> Vec<Option<u32>> {
    let mut found = vec![None; all.len()];
    for (first, path) in super::super::segment::list(log.folder()).unwrap() {
        let bytes = std::fs::read(path).unwrap();
        if super::super::segment::is_sealed(&bytes) {
            continue;
        }
        for (index, leaf) in all.iter().enumerate().skip(first as usize) {
            let at = bytes.windows(leaf.len()).position(|window| window == leaf);
            found[index] = at.map(|at| at as u32 - 36);
        }
    }
    found
}

/// Logs of either form, each with its leaves.
fn logs() -> [(Folder, Vec<Vec<u8>>); 2] {
    [sealed::log(false), sealed::log(true)]
}

/// A rising choice of some of the first `size` indexes.
fn choose(size: usize, count: usize, random: &mut Xorshift) -> Vec<u64> {
    let mut indexes: Vec<u64> = (0..count).map(|_| random.below(size) as u64).collect();
    indexes.sort_unstable();
    indexes.dedup();
    indexes
}

#[test]
fn one_log_can_be_shared_by_threads() {
    let folder = Folder::created();
    is_shared(&folder.reader());
    is_shared(&folder.writer());
}

#[test]
fn leaves_at_any_indexes_are_those_that_were_appended() {
    let mut random = Xorshift(0x1EAF);
    for (folder, all) in logs() {
        let right = places(&folder.reader(), &all);
        let log = folder.reader();
        for count in [0, 1, 2, 31, 33, 100, all.len() / 3, all.len() * 4] {
            let indexes = choose(all.len(), count, &mut random);
            let expected: Vec<_> = indexes.iter().map(|at| (*at, all[*at as usize].clone())).collect();
            let nowhere = random.next() as u32;
            assert!(log.leaves(&indexes, &|_| None).unwrap() == expected, "{count}");
            assert!(log.leaves(&indexes, &|at| right[at as usize]).unwrap() == expected, "{count}");
            assert!(log.leaves(&indexes, &|at| Some(at as u32 * 7)).unwrap() == expected, "{count}");
            assert!(folder.reader().leaves(&indexes, &|_| Some(nowhere)).unwrap() == expected, "{count}");
            let lengths = log.map_leaves(&indexes, &|_| None, &|_, leaf, _| leaf.len()).unwrap();
            assert!(lengths.into_iter().eq(expected.iter().map(|(_, leaf)| leaf.len())), "{count}");
        }
        let any: Vec<u64> = (0..200).map(|_| random.below(all.len()) as u64).collect();
        let expected: Vec<_> = any.iter().map(|at| (*at, all[*at as usize].clone())).collect();
        assert!(log.leaves(&any, &|_| None).unwrap() == expected, "not in their order, and some twice");
        let beyond = log.leaves(&[3, all.len() as u64], &|_| None).unwrap_err();
        assert!(matches!(beyond, LogError::Beyond { asked, .. } if asked == all.len() as u64));
    }
}

#[test]
fn hashes_by_index_are_those_of_the_leaves() {
    for (folder, all) in logs() {
        let right = places(&folder.reader(), &all);
        let expected: Vec<Hash> = all.iter().map(|leaf| leaf_hash(leaf)).collect();
        let log = folder.reader();
        let mut random = Xorshift(0x4A54);
        assert!(log.hashes(0..all.len() as u64, &|_| None).unwrap() == expected);
        for _ in 0..200 {
            let from = random.below(all.len());
            let to = (from + random.below(100)).min(all.len());
            let range = from as u64..to as u64;
            assert!(log.hashes(range, &|at| right[at as usize]).unwrap() == expected[from..to]);
            assert_eq!(log.hash_of(from as u64, &|_| None).unwrap(), expected[from]);
        }
        let size = all.len() as u64;
        assert!(matches!(log.hash_of(size, &|_| None), Err(LogError::Beyond { .. })));
        assert!(matches!(log.hashes(size - 1..size + 1, &|_| None), Err(LogError::Beyond { .. })));
    }
}

/// A node of a tree over `size` leaves, if it is full.
fn node(tree: &LeafHashes, level: u8, number: u64) -> Option<Hash> {
    let size = 1 << level;
    ((number + 1) * size <= tree.size()).then(|| tree.part(number * size, size)).flatten()
}

#[test]
fn the_root_of_every_size_follows_from_full_nodes_and_fewer_than_64_hashes() {
    for (folder, all) in logs() {
        let tree = LeafHashes::new(all.iter().map(|leaf| leaf_hash(leaf)).collect());
        let log = folder.reader();
        for size in 0..=all.len() as u64 {
            let known = |level: u8, number: u64| {
                assert!(level >= 6);
                Some(node(&tree, level, number).unwrap())
            };
            assert_eq!(log.root_of(size, &known, &|_| None).unwrap(), log.root(size).unwrap(), "{size}");
        }
        let size = all.len() as u64 + 1;
        assert!(matches!(log.root_of(size, &|_, _| None, &|_| None), Err(LogError::Beyond { .. })));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn roots_follow_from_whichever_nodes_there_are(
        count in 1usize..900,
        sizes in prop::collection::vec(0u64..900, 20),
        missing in any::<u64>(),
    ) {
        let folder = Folder::created();
        let log = folder.writer();
        let all: Vec<_> = (0..count as u64).map(|number| leaf(number, 90)).collect();
        all.chunks(37).for_each(|batch| { add(&log, batch); });
        let tree = LeafHashes::new(all.iter().map(|leaf| leaf_hash(leaf)).collect());
        let some = |level: u8, number: u64| {
            node(&tree, level, number).filter(|_| missing >> ((number * 7 + u64::from(level)) % 64) & 1 == 0)
        };
        for size in sizes.into_iter().filter(|size| *size <= count as u64) {
            let mut by_hand = Frontier::default();
            all[..size as usize].iter().for_each(|leaf| by_hand.push(leaf_hash(leaf)));
            prop_assert_eq!(log.root_of(size, &some, &|_| None).unwrap(), by_hand.root());
        }
    }
}

#[test]
fn a_changed_hash_gives_no_root_and_no_leaf() {
    let (folder, all) = sealed::log(true);
    let tree = LeafHashes::new(all.iter().map(|leaf| leaf_hash(leaf)).collect());
    let known = |level: u8, number: u64| node(&tree, level, number);
    let segments = super::super::segment::list(&folder.path).unwrap();
    let (first, path) = &segments[1];
    let changed = first.next_multiple_of(64) + 5;
    flip(path, 4096 + 32 * (changed - first) as usize, 4);
    let log = folder.reader();
    let wrong = log.root_of(changed + 1, &known, &|_| None);
    assert!(matches!(wrong, Err(LogError::Damaged { .. })), "{wrong:?}");
    assert!(matches!(log.leaf(changed), Err(LogError::Damaged { .. })));
    assert!(matches!(log.leaves(&[changed], &|_| None), Err(LogError::Damaged { .. })));
    // The last 64 leaves have no node for comparison, but the end of the log.
    let (folder, all) = (Folder::created(), leaves(0..100));
    let log = folder.writer();
    add(&log, &all);
    let tree = LeafHashes::new(all.iter().map(|leaf| leaf_hash(leaf)).collect());
    let known = |level: u8, number: u64| node(&tree, level, number);
    let place = places(&log, &all)[70].unwrap() as usize;
    flip(&folder.segment(0), place + 4, 1);
    let wrong = log.root_of(80, &known, &|_| None);
    assert!(matches!(wrong, Err(LogError::Damaged { .. })), "{wrong:?}");
}

#[test]
fn threads_read_the_same_leaves_while_more_are_appended_and_segments_sealed() {
    let folder = Folder::created();
    let log = folder.writer();
    let all: Vec<_> = (0..900).map(|number| leaf(number, 600)).collect();
    add(&log, &all[..10]);
    std::thread::scope(|scope| {
        for seed in 1..9 {
            let (log, all) = (&log, &all);
            scope.spawn(move || {
                let mut random = Xorshift(seed);
                loop {
                    let size = log.size() as usize;
                    let indexes = choose(size, 1 + random.below(60), &mut random);
                    for (index, leaf) in log.leaves(&indexes, &|_| None).unwrap() {
                        assert!(leaf == all[index as usize]);
                    }
                    let one = random.below(size);
                    assert!(log.leaf(one as u64).unwrap().0 == all[one]);
                    let root = log.root_of(one as u64, &|_, _| None, &|_| None).unwrap();
                    assert_eq!(root, log.root(one as u64).unwrap());
                    if size == all.len() {
                        break;
                    }
                }
            });
        }
        for batch in all[10..].chunks(5) {
            add(&log, batch);
        }
    });
}
