//! Any bit of any file of the evidence may flip, and any file may be cut short: the answer is right, or reports the damage.

use super::super::frame;
use super::super::watermark::{self, Watermark};
use super::super::{Entries, LogError};
use super::{Folder, Xorshift, add, cases, evidence, leaf, read_all};

/// A small ledger of two segments with a checkpoint.
fn ledger() -> (Folder, Vec<Vec<u8>>) {
    let folder = Folder::created();
    let log = folder.writer();
    let all: Vec<_> = (0..60).map(|n| leaf(n, 1500)).collect();
    all.chunks(3).for_each(|batch| {
        add(&log, batch);
    });
    log.write_checkpoint().unwrap();
    (folder, all)
}

/// The end of the last byte that is not zero: the rest is reserved space.
fn used(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1)
}

fn read(folder: &Folder) -> Result<Vec<Vec<u8>>, LogError> {
    read_all(&Entries::open_reader(&folder.path)?)
}

#[test]
fn a_flipped_bit_or_a_cut_off_end_never_gives_wrong_or_fewer_leaves() {
    let (folder, all) = ledger();
    let whole = evidence(&folder.path);
    assert_eq!(whole.len(), 5, "{:?}", whole.keys());
    let mut random = Xorshift(88_172_645_463_325_252);
    let (flips, cuts) = (cases(20, 200), cases(10, 100));
    let (mut right, mut named) = (0, 0);
    for (name, bytes) in &whole {
        for case in 0..flips + cuts {
            let mut changed = bytes.clone();
            let what = if case < flips {
                // The reserved space is most of a segment, and the least important part.
                let among = if case % 4 == 0 { bytes.len() } else { used(bytes) };
                let bit = random.below(among * 8);
                changed[bit / 8] ^= 1 << (bit % 8);
                format!("{}: bit {bit}", name.display())
            } else {
                let among = if case % 2 == 0 { bytes.len() } else { used(bytes) };
                changed.truncate(random.below(among));
                format!("{}: cut to {}", name.display(), changed.len())
            };
            std::fs::write(folder.file(name.to_str().unwrap()), &changed).unwrap();
            match read(&folder) {
                Ok(leaves) => {
                    assert!(leaves == all, "{what}: {} leaves", leaves.len());
                    right += 1;
                }
                Err(LogError::Damaged { path, offset, what: said }) => {
                    // A checkpoint of a larger size than the log's is accepted: then entries are missing.
                    let blamed = path == folder.path.join(name) || name.ends_with("checkpoint");
                    assert!(blamed, "{what}: {} at {offset}: {said}", path.display());
                    named += 1;
                }
                Err(other) => panic!("{what}: {other}"),
            }
            let after = std::fs::read(folder.path.join(name)).unwrap();
            assert!(after == changed, "{what}: reading changed it");
            std::fs::write(folder.path.join(name), bytes).unwrap();
        }
    }
    assert!(evidence(&folder.path) == whole);
    assert!(right > 0 && named > 10 * right.min(5), "{right} right, {named} named");
}

#[test]
fn the_audit_finds_every_flipped_bit_of_what_was_written() {
    let (folder, _) = ledger();
    let whole = evidence(&folder.path);
    let mut random = Xorshift(362_436_069);
    for (name, bytes) in whole.iter().filter(|(name, _)| !name.ends_with("FORMAT")) {
        for _ in 0..cases(20, 200) {
            let mut changed = bytes.clone();
            let bit = random.below(used(bytes) * 8);
            changed[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(folder.path.join(name), &changed).unwrap();
            let (damage, _) = Entries::verify(&folder.path).unwrap();
            assert!(!damage.is_empty(), "{}: bit {bit}", name.display());
            std::fs::write(folder.path.join(name), bytes).unwrap();
        }
    }
    assert_eq!(Entries::verify(&folder.path).unwrap().0, []);
}

#[test]
fn entries_that_are_gone_without_a_trace_in_their_segment_are_missed() {
    let (folder, all) = ledger();
    let whole = evidence(&folder.path);
    let log = folder.reader();
    let end = Watermark::read(&folder.path).unwrap().offset as usize;
    let last = (0..60).rev().map(|first| folder.segment(first)).find(|path| path.exists()).unwrap();
    let bytes = std::fs::read(&last).unwrap();
    let frame = frame::frame_bytes(&[&all[57], &all[58], &all[59]]);
    let mut shorter = bytes.clone();
    shorter[end - frame..].fill(0);
    std::fs::write(&last, shorter).unwrap();
    let missed = |what: &str| match read(&folder) {
        Err(LogError::Damaged { path, offset, .. }) => {
            assert_eq!((path, offset), (last.clone(), (end - frame) as u64), "{what}");
        }
        other => panic!("{what}: {other:?}"),
    };
    missed("by watermark and checkpoint");
    std::fs::write(watermark::path(&folder.path), Watermark { size: 0, offset: 4096 }.bytes()).unwrap();
    missed("by the checkpoint");
    std::fs::write(watermark::path(&folder.path), &whole[std::path::Path::new("entries/acknowledged")])
        .unwrap();
    std::fs::remove_file(folder.file("checkpoint")).unwrap();
    missed("by the watermark");
    assert_eq!(log.checkpoint().size, 60);
}
