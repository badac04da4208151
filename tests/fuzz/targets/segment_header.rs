#![no_main]
//! Headers of segments, with what follows: two bytes of the input say how many more begin the header, 44 are what a sealed
//! segment says of itself, the rest follows the header. The checksum is written anew, as who forges a header would.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::LazyLock;

use chancery::log::{Disk, Entries, leaf_hash, salvage};
use libfuzzer_sys::fuzz_target;

const HEADER: usize = 4096;
const SEAL_AT: usize = 4040;
const SEAL_BYTES: usize = 44;
const ORIGIN: &str = "example.org/fuzz";

/// Where the segment lies while it is written.
const ASIDE: &str = "segment";

/// A ledger without a segment, and the file of the one that it gets.
static LEDGER: LazyLock<(PathBuf, File)> = LazyLock::new(|| {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target/segment_header.ledger"));
    let _ = std::fs::remove_dir_all(&path);
    Entries::create(&path, ORIGIN, &Disk::default()).expect("a new ledger");
    std::fs::rename(path.join("entries/00000000000000000000.seg"), path.join(ASIDE)).expect("its segment");
    let file = File::options().write(true).open(path.join(ASIDE)).expect("its segment");
    (path, file)
});

fuzz_target!(|input: &[u8]| {
    let Some((length, rest)) = input.split_first_chunk::<2>() else { return };
    let length = usize::from(u16::from_le_bytes(*length)).min(SEAL_AT);
    let Some((head, rest)) = rest.split_at_checked(length) else { return };
    let Some((seal, body)) = rest.split_at_checked(SEAL_BYTES) else { return };
    let mut bytes = head.to_vec();
    bytes.resize(SEAL_AT, 0);
    bytes.extend_from_slice(seal);
    bytes.resize(HEADER - 4, 0);
    bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
    let first = u64::from_le_bytes(bytes[12..20].try_into().expect("eight bytes"));

    // The file is written in place and renamed: one that is made anew each time takes longer than all the rest.
    let (ledger, file) = &*LEDGER;
    let path = ledger.join(format!("entries/{first:020}.seg"));
    file.write_all_at(&[&bytes, body].concat(), 0).expect("the segment is written");
    file.set_len((HEADER + body.len()) as u64).expect("the segment ends");
    std::fs::rename(ledger.join(ASIDE), &path).expect("the segment is put in its place");
    let remains = salvage(ledger, |leaf| assert_eq!(leaf.intact, leaf_hash(leaf.leaf) == leaf.stored));
    std::fs::rename(&path, ledger.join(ASIDE)).expect("the segment is put aside");
    let remains = remains.expect("whatever a segment holds, the rest can be read");
    if let [head] = &remains.heads[..] {
        // Each byte of a header that is taken says something, and the roots lead to the head.
        let version = if bytes[8] == 2 { 2u32 } else { 1 };
        let mut says = b"CHANCSEG".to_vec();
        says.extend_from_slice(&version.to_le_bytes());
        says.extend_from_slice(&bytes[12..28]);
        says.extend_from_slice(&(ORIGIN.len() as u16).to_le_bytes());
        says.push(first.count_ones() as u8);
        says.extend_from_slice(ORIGIN.as_bytes());
        let roots = says.len() + 32 * first.count_ones() as usize;
        says.extend_from_slice(&bytes[says.len()..roots]);
        says.resize(SEAL_AT, 0);
        says.extend_from_slice(if version == 2 { seal } else { &[0; SEAL_BYTES] });
        says.resize(HEADER - 4, 0);
        assert!(bytes.starts_with(&says), "a header that holds more than it says is taken");
        assert_eq!((head.size, head.origin.as_str()), (first, ORIGIN));
    }
});
