#![no_main]
//! Frames: the input stands behind the header of a segment, its checksums written anew, as who forges frames would. Sound
//! frames give their leaves, and no leaf is called intact whose hash is another.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::LazyLock;

use chancery::log::{Disk, Entries, leaf_hash, salvage};
use libfuzzer_sys::fuzz_target;

const HEADER: usize = 32;
const HEADER_OF_SEGMENT: u64 = 4096;

/// A ledger without entries, and its segment.
static LEDGER: LazyLock<(PathBuf, File)> = LazyLock::new(|| {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target/frame.ledger"));
    let _ = std::fs::remove_dir_all(&path);
    Entries::create(&path, "example.org/fuzz", &Disk::default()).expect("a new ledger");
    let segment = path.join("entries/00000000000000000000.seg");
    let segment = File::options().write(true).open(segment).expect("its segment");
    (path, segment)
});

fn number(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes")) as usize
}

/// Writes checksums anew, frame by frame, and gives the leaves of the sound frames at the beginning by docs/FORMAT.md.
fn mend(bytes: &mut [u8]) -> Vec<Vec<u8>> {
    let (mut leaves, mut sound, mut at) = (Vec::new(), true, 0);
    while at + HEADER <= bytes.len() && bytes[at..].starts_with(b"CHF1") {
        let (count, length) = (number(bytes, at + 12), number(bytes, at + 16));
        let sum = crc32c::crc32c(&bytes[at..at + 28]).to_le_bytes();
        bytes[at + 28..at + HEADER].copy_from_slice(&sum);
        if length % 16 != 0 || length < 48 || at + length > bytes.len() {
            break;
        }
        let end = at + length - 4;
        let mut inside = Vec::new();
        let mut leaf = at + HEADER;
        while inside.len() < count && leaf + 36 <= end {
            let (start, bytes_of_leaf) = (leaf + 36, number(bytes, leaf));
            if bytes_of_leaf > 65_535 || start + bytes_of_leaf > end {
                break;
            }
            inside.push(bytes[start..start + bytes_of_leaf].to_vec());
            leaf = start + bytes_of_leaf;
        }
        let sum = crc32c::crc32c(&bytes[at..end]).to_le_bytes();
        bytes[end..end + 4].copy_from_slice(&sum);
        sound &= count > 0 && inside.len() == count;
        if sound {
            leaves.append(&mut inside);
        }
        at += length;
    }
    leaves
}

fuzz_target!(|body: &[u8]| {
    let (ledger, segment) = &*LEDGER;
    let mut body = body.to_vec();
    let sound = mend(&mut body);
    // In place: a file that is made anew each time takes longer than all the rest.
    segment.write_all_at(&body, HEADER_OF_SEGMENT).expect("the segment is written");
    segment.set_len(HEADER_OF_SEGMENT + body.len() as u64).expect("the segment ends");
    let mut given: Vec<Vec<u8>> = Vec::new();
    let remains = salvage(ledger, |leaf| {
        assert_eq!(leaf.intact, leaf_hash(leaf.leaf) == leaf.stored);
        given.push(leaf.leaf.to_vec());
    });
    assert!(remains.is_ok_and(|remains| remains.heads.len() == 1), "the header is sound");
    assert!(given.iter().map(Vec::len).sum::<usize>() <= body.len(), "more leaves than bytes");
    assert!(given.starts_with(&sound), "the leaves of sound frames are not given");
});
