//! The bytes on disk, fixed for ever: files of earlier programs must be read.

use sha2::{Digest, Sha256};

use super::super::checkpoint::Checkpoint;
use super::super::frame::{self, Found};
use super::super::segment;
use super::super::tree::{Frontier, Hash, leaf_hash};
use super::super::watermark::Watermark;
use super::super::{Disk, Entries, LogError};
use super::{Folder, ORIGIN, add, flip, read_all};

fn hex(bytes: &[u8]) -> String {
    let lines = bytes.chunks(32).map(|line| line.iter().map(|b| format!("{b:02x}")).collect::<String>());
    lines.collect::<Vec<_>>().join("\n")
}

fn rfc6962_leaf(leaf: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update([0]).chain_update(leaf).finalize().into()
}

fn rfc6962_node(left: [u8; 32], right: [u8; 32]) -> [u8; 32] {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

fn sum(bytes: &[u8]) -> [u8; 4] {
    crc32c::crc32c(bytes).to_le_bytes()
}

const LEAVES: [&[u8]; 2] = [br#"{"v":1}"#, br#"{"event":{"act":"accede"},"v":1}"#];

#[test]
fn a_frame_of_two_leaves_has_these_bytes() {
    let (bytes, hashes) = frame::encode(7, 4096, &LEAVES);
    insta::assert_snapshot!(hex(&bytes), @"
    43484631070000000000000002000000a00000000010000000000000a630422b
    070000000fe7f04cd9688fb996eea9ae1248cbe83b4d04805413f35ab25ad9de
    b5a3cb327b2276223a317d2000000081a448cb7688ed448456e4f206bd551e5a
    bb4d3ce31f599c0b0285f6b78b03327b226576656e74223a7b22616374223a22
    616363656465227d2c2276223a317dffffffffffffffffffffffffffcab81265
    ");
    let mut expected = b"CHF1\x07\0\0\0\0\0\0\0\x02\0\0\0\xA0\0\0\0\0\x10\0\0\0\0\0\0".to_vec();
    expected.extend(sum(&expected));
    for leaf in LEAVES {
        expected.extend([leaf.len() as u8, 0, 0, 0]);
        expected.extend(rfc6962_leaf(leaf));
        expected.extend(leaf);
    }
    expected.resize(156, 0xFF);
    expected.extend(sum(&expected));
    assert_eq!(bytes, expected);
    assert_eq!(hashes, LEAVES.map(|leaf| Hash(rfc6962_leaf(leaf))));
}

#[test]
fn a_frame_is_read_back_and_only_at_its_index() {
    let (bytes, hashes) = frame::encode(7, 4096, &LEAVES);
    let Found::Frame(header) = frame::find(&bytes, 7) else { panic!("{:?}", frame::find(&bytes, 7)) };
    assert_eq!((header.first, header.count, header.bytes, header.acknowledged), (7, 2, 160, 4096));
    let back: Vec<_> = frame::leaves(&bytes, &header).collect();
    assert_eq!(back, [(LEAVES[0], hashes[0]), (LEAVES[1], hashes[1])]);
    assert!(matches!(frame::find(&bytes, 8), Found::Broken(Some(_), _)));
}

#[test]
fn no_aligned_piece_of_a_frame_is_zero() {
    for length in 0..100 {
        let leaf = vec![b' '; length];
        let (bytes, _) = frame::encode(0, 0, &[&leaf, &leaf]);
        assert!(bytes.len().is_multiple_of(16));
        assert!(bytes.chunks(16).all(|piece| piece.iter().any(|byte| *byte != 0)), "{length}");
    }
}

#[test]
fn every_flipped_bit_of_a_frame_is_noticed() {
    let (bytes, _) = frame::encode(7, 4096, &LEAVES);
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(matches!(frame::find(&flipped, 7), Found::Broken(..)), "bit {bit}");
    }
}

#[test]
fn the_header_of_a_segment_has_these_bytes() {
    let mut before = Frontier::default();
    let hashes = [b"a", b"b", b"c"].map(|leaf| rfc6962_leaf(leaf));
    hashes.iter().for_each(|hash| before.push(Hash(*hash)));
    let bytes = segment::encode(ORIGIN, &before, 131_072);
    assert_eq!(bytes.len(), 4096);
    let written = bytes.len() - 4 - bytes.iter().rev().skip(4).position(|b| *b != 0).unwrap();
    insta::assert_snapshot!(hex(&bytes[..written]), @"
    4348414e43534547010000000300000000000000000002000000000014000265
    78616d706c652e6f72672f6368616e63657279b137985ff484fb600db93107c7
    7b0365c80d78f5b429ded0fd97361d077999eb597fcb31282d34654c200d3418
    fca5705c648ebf326ec73d8ddef11841f876d8
    ");
    insta::assert_snapshot!(hex(&bytes[4092..]), @"47e1c656");
    let mut expected = b"CHANCSEG\x01\0\0\0\x03\0\0\0\0\0\0\0\0\0\x02\0\0\0\0\0\x14\0\x02".to_vec();
    expected.extend(b"example.org/chancery");
    expected.extend(rfc6962_node(hashes[0], hashes[1]));
    expected.extend(hashes[2]);
    expected.resize(4092, 0);
    expected.extend(sum(&expected));
    assert_eq!(bytes, expected);
}

#[test]
fn the_header_of_a_segment_is_read_back_and_only_in_its_place() {
    let mut before = Frontier::default();
    [b"a", b"b", b"c"].iter().for_each(|leaf| before.push(leaf_hash(*leaf)));
    let folder = Folder::created();
    let path = folder.segment(3);
    std::fs::write(&path, segment::encode(ORIGIN, &before, 131_072)).unwrap();
    let read = segment::open(&path, 3, ORIGIN).unwrap();
    assert_eq!((read.first, read.capacity, &read.before), (3, 131_072, &before));
    for (first, origin) in [(4, ORIGIN), (3, "example.org/other"), (3, "example.org/chancer")] {
        let error = segment::open(&path, first, origin).unwrap_err();
        assert!(matches!(error, LogError::Damaged { offset: 0, .. }), "{error}");
    }
    for at in [0, 8, 12, 20, 28, 30, 40, 100, 2000, 4095] {
        flip(&path, at, 1);
        assert!(matches!(segment::open(&path, 3, ORIGIN), Err(LogError::Damaged { .. })), "byte {at}");
        flip(&path, at, 1);
    }
}

#[test]
fn the_acknowledged_watermark_has_these_bytes() {
    let watermark = Watermark { size: 9, offset: 4240 };
    let bytes = watermark.bytes();
    insta::assert_snapshot!(hex(&bytes), @"4348414e4341434b09000000000000009010000000000000b5eb3304");
    let mut expected = b"CHANCACK\x09\0\0\0\0\0\0\0\x90\x10\0\0\0\0\0\0".to_vec();
    expected.extend(sum(&expected));
    assert_eq!(bytes, expected);
}

#[test]
fn the_acknowledged_watermark_follows_every_append() {
    let folder = Folder::created();
    let read = || Watermark::read(&folder.path).unwrap();
    assert_eq!(read(), Watermark { size: 0, offset: 4096 });
    let log = folder.writer();
    add(&log, &LEAVES.map(<[u8]>::to_vec));
    assert_eq!(read(), Watermark { size: 2, offset: 4096 + 160 });
    std::fs::remove_file(folder.file("entries/acknowledged")).unwrap();
    assert!(matches!(Watermark::read(&folder.path), Err(LogError::Damaged { .. })));
}

#[test]
fn format_is_this_text() {
    let folder = Folder::created();
    let text = std::fs::read_to_string(folder.file("FORMAT")).unwrap();
    insta::assert_snapshot!(text, @"
    chancery ledger
    format 1
    origin example.org/chancery
    crc32c c267ffd9
    ");
    let body = "chancery ledger\nformat 1\norigin example.org/chancery\n";
    assert_eq!(text, format!("{body}crc32c {:08x}\n", crc32c::crc32c(body.as_bytes())));
    assert_eq!(folder.reader().origin(), ORIGIN);
}

#[test]
fn a_later_format_is_named_and_not_called_damage() {
    let folder = Folder::created();
    let body = "chancery ledger\nformat 2\norigin example.org/chancery\nmore of it\n";
    let text = format!("{body}crc32c {:08x}\n", crc32c::crc32c(body.as_bytes()));
    std::fs::write(folder.file("FORMAT"), &text).unwrap();
    let error = Entries::open_reader(&folder.path).map(|_| ()).unwrap_err();
    assert!(matches!(&error, LogError::Version { found, .. } if found == "2"), "{error}");
    std::fs::write(folder.file("FORMAT"), text.replace("format 2", "format 3")).unwrap();
    let error = Entries::open_reader(&folder.path).map(|_| ()).unwrap_err();
    assert!(matches!(error, LogError::Damaged { .. }), "{error}");
}

#[test]
fn a_checkpoint_is_this_text() {
    let root = Hash(rfc6962_node(rfc6962_leaf(b"a"), rfc6962_leaf(b"b")));
    let checkpoint = Checkpoint::new(ORIGIN, 2, root);
    insta::assert_snapshot!(checkpoint.to_string(), @"
    example.org/chancery
    2
    sTeYX/SE+2ANuTEHx3sDZcgNePW0Kd7Q/Zc2HQd5mes=
    ");
    assert_eq!(Checkpoint::parse(&checkpoint.to_string()), Ok(checkpoint));
}

#[test]
fn a_checkpoint_has_one_spelling_only() {
    let sound = Checkpoint::new(ORIGIN, 2, leaf_hash(b"a")).to_string();
    let root = sound.lines().nth(2).unwrap();
    let wrong = [
        (1, String::new()),
        (1, format!("\n2\n{root}\n")),
        (2, ORIGIN.to_owned()),
        (2, format!("{ORIGIN}\n+2\n{root}\n")),
        (2, format!("{ORIGIN}\n02\n{root}\n")),
        (2, format!("{ORIGIN}\n18446744073709551616\n{root}\n")),
        (3, format!("{ORIGIN}\n2")),
        (3, format!("{ORIGIN}\n2\n{}\n", &root[1..])),
        (4, format!("{ORIGIN}\n2\n{root}")),
        (4, format!("{sound}more")),
        (4, format!("{sound}\u{2014} example.org/chancery AAAAAAA=\n")),
        (5, format!("{sound}more\n\n")),
        (4, format!("{sound}\n")),
    ];
    for (line, text) in wrong {
        assert_eq!(Checkpoint::parse(&text).map_err(|e| e.0), Err(line), "{text:?}");
    }
}

#[test]
fn extension_lines_are_kept_and_one_of_them_is_the_completeness_root() {
    let plain = Checkpoint::new(ORIGIN, 2, leaf_hash(b"a"));
    let root = leaf_hash(b"map");
    let stated = plain.clone().with_completeness(7, root);
    let text = stated.to_string();
    assert_eq!(text, format!("{plain}completeness 7 {root}\n"));
    assert_eq!(Checkpoint::parse(&text).unwrap(), stated);
    assert_eq!((plain.completeness(), stated.completeness()), (None, Some((7, root))));
    let twice = format!("{text}completeness 7 {root}\n");
    assert_eq!(Checkpoint::parse(&twice).unwrap().completeness(), None);
    let foreign = format!("{plain}another line\ncompleteness 7 {root}\n");
    assert_eq!(Checkpoint::parse(&foreign).unwrap().completeness(), Some((7, root)));
    assert_eq!(Checkpoint::parse(&foreign).unwrap().to_string(), foreign);
}

#[test]
fn a_ledger_made_of_golden_bytes_is_read() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.file("entries")).unwrap();
    let body = "chancery ledger\nformat 1\norigin example.org/chancery\n";
    let text = format!("{body}crc32c {:08x}\n", crc32c::crc32c(body.as_bytes()));
    std::fs::write(folder.file("FORMAT"), text).unwrap();
    let mut bytes = segment::encode(ORIGIN, &Frontier::default(), 8192);
    bytes.extend(frame::encode(0, 4096, &LEAVES).0);
    bytes.resize(8192, 0);
    std::fs::write(folder.file("entries/00000000000000000000.seg"), bytes).unwrap();
    std::fs::write(folder.file("entries/acknowledged"), Watermark { size: 2, offset: 4256 }.bytes()).unwrap();
    let root = Hash(rfc6962_node(rfc6962_leaf(LEAVES[0]), rfc6962_leaf(LEAVES[1])));
    let head = Checkpoint::new(ORIGIN, 2, root);
    std::fs::write(folder.file("checkpoint"), head.to_string()).unwrap();
    assert_eq!(read_all(&folder.reader()).unwrap(), LEAVES.map(<[u8]>::to_vec));
    assert_eq!(folder.reader().checkpoint(), head);
    assert_eq!(Entries::verify(&folder.path).unwrap().0, []);
}

#[test]
fn a_name_that_cannot_be_typed_is_refused() {
    for origin in ["", "two words", "a+b", "name\n", "Zürich", &"x".repeat(201)] {
        let folder = Folder::new();
        let refused = Entries::create(&folder.path, origin, &Disk::default()).unwrap_err();
        assert!(matches!(refused, LogError::Origin(_)), "{origin:?}");
        assert!(!folder.path.exists());
    }
}
