//! The published file: its content, its bytes, and that a reader accepts nothing else.

use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::*;
use crate::import::hex;
use crate::log::{Disk, Mark, SigningKey};

const ORIGIN: &str = "x.org/l";

fn key() -> SigningKey {
    SigningKey::from_seed(ORIGIN, &[9; 32])
}

fn publication<'k>(tables: &Tables, key: Option<&'k SigningKey>) -> Publication<'k> {
    let size = tables.size().0;
    let last = size.checked_sub(1).map(|at| leaf(Index(at)));
    let mark = Mark { tree: tables.tree().clone(), last, segment: size / 3, offset: 4_400 };
    Publication { origin: ORIGIN, mark, places: (0, Vec::new()), key, rows: MadeRows::default() }
}

pub(in crate::index) fn publish(tables: &Tables, ledger: &Path) -> Tables {
    tables.publish(ledger, &publication(tables, None), &hash, &Disk::default()).unwrap();
    let published = Tables::published(ledger, ORIGIN, None).unwrap();
    assert_eq!((published.tail_entries(), published.mark()), (0, Some(&publication(tables, None).mark)));
    published
}

fn bytes(ledger: &Path) -> Vec<u8> {
    let files = index_files(ledger);
    assert_eq!(files.len(), 1);
    fs::read(&files[0]).unwrap()
}

/// Keys with their values.
type Listed = Vec<(Vec<u8>, Vec<u8>)>;

fn pairs(tables: &Tables) -> Result<Listed, IndexError> {
    let mut pairs = Vec::new();
    tables.range(&[], &mut |key, parts| {
        pairs.push((key.to_vec(), parts.list()));
        ControlFlow::Continue(())
    })?;
    Ok(pairs)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_file_and_a_file_merged_with_a_tail_say_what_a_search_of_all_entries_says(
        seeds in prop::collection::vec(seed(), 1..200),
        parts in prop::collection::vec(0..120usize, 1..4),
    ) {
        let entries = record(&seeds);
        let (dir, anew) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut tables = Tables::default();
        for part in parts {
            let size = (tables.size().0 as usize + part).min(entries.len());
            push_up_to(&mut tables, &entries, size);
            check(&tables, &entries[..size]);
            // The published tables may have grown meanwhile.
            tables.part_tail();
            let published = publish(&tables.clone(), dir.path());
            let size = (size + 3).min(entries.len());
            push_up_to(&mut tables, &entries, size);
            tables.rest_on(published);
            assert!(tables.tail_entries() <= 3);
            check(&tables, &entries[..size]);
        }
        push_up_to(&mut tables, &entries, entries.len());
        check(&tables, &entries);
        check(&publish(&tables, dir.path()), &entries);
        let mut whole = Tables::default();
        push_up_to(&mut whole, &entries, entries.len());
        publish(&whole, anew.path());
        prop_assert!(bytes(dir.path()) == bytes(anew.path()));
    }
}

#[test]
fn a_heading_of_thousands_of_entries_has_blocks_of_its_own_and_grows() {
    let entries = record(&record::plain(5_000));
    let dir = tempfile::tempdir().unwrap();
    let mut tables = Tables::default();
    for size in [400, 3_000, 5_000] {
        push_up_to(&mut tables, &entries, size);
        tables = publish(&tables, dir.path());
        let under = tables.entries_under(&Heading::named("sco", "BLR")).unwrap();
        assert!(under.iter().eq(&indexes(entries[..size].iter())));
        assert!(pairs(&tables).unwrap().is_sorted());
    }
    for size in [1, 63, 64, 1_000, 4_097, 4_999] {
        let expected = apply::edge_of(leaves(&entries[..size]));
        assert_eq!(tables.tree_at(Size(size as u64), &hash).unwrap(), expected);
    }
    assert_eq!(tables.naming(id(17)).unwrap(), []);
    assert!((0..5_000).all(|n| tables.candidates(id(n)).unwrap().contains(&Index(n as u64))));
}

#[test]
fn places_are_those_that_were_published_last() {
    let entries = record(&record::plain(200));
    let dir = tempfile::tempdir().unwrap();
    let mut tables = Tables::default();
    for size in [70, 130, 200] {
        push_up_to(&mut tables, &entries, size);
        let mut publication = publication(&tables, None);
        let offsets = (0..60).map(|n| 4_172 + n * 300).collect();
        publication.places = (size as u64 - 60, offsets);
        tables.publish(dir.path(), &publication, &hash, &Disk::default()).unwrap();
        tables = Tables::published(dir.path(), ORIGIN, None).unwrap();
        for n in 0..size as u64 + 70 {
            let offset = n.checked_sub(size as u64 - 60).filter(|n| *n < 60).map(|n| 4_172 + n as u32 * 300);
            assert_eq!(tables.place(Index(n)).unwrap(), offset, "{n} of {size}");
        }
    }
}

#[test]
fn a_file_of_another_log_or_without_the_signature_of_its_key_is_not_opened() {
    let entries = record(&record::plain(70));
    let dir = tempfile::tempdir().unwrap();
    let mut tables = Tables::default();
    push_up_to(&mut tables, &entries, 70);
    let (own, other) = (key(), SigningKey::from_seed(ORIGIN, &[8; 32]));
    let opens = |key| Tables::published(dir.path(), ORIGIN, key).is_some();
    for (signed, expected) in [(None, [true, false, false]), (Some(&own), [true, true, false])] {
        tables.publish(dir.path(), &publication(&tables, signed), &hash, &Disk::default()).unwrap();
        assert_eq!([opens(None), opens(Some(own.verifier())), opens(Some(other.verifier()))], expected);
    }
    let refused = |origin, key| Tables::open_file(&index_files(dir.path())[0], origin, key).err().unwrap();
    assert!(refused("y.org/l", None).to_string().contains("another log, x.org/l"));
    assert!(refused(ORIGIN, Some(other.verifier())).to_string().contains("not signed"));
    let mut short = publication(&tables, None);
    short.mark.tree = apply::edge_of(leaves(&entries[..69]));
    assert!(tables.publish(dir.path(), &short, &hash, &Disk::default()).is_err());
}

#[test]
fn the_largest_file_that_can_be_read_is_opened_and_older_ones_are_removed() {
    let entries = record(&record::plain(30));
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut tables = Tables::default();
    push_up_to(&mut tables, &entries, 10);
    publish(&tables, dir.path());
    push_up_to(&mut tables, &entries, 20);
    publish(&tables, other.path());
    let (small, large) = (index_files(dir.path()).remove(0), index_files(other.path()).remove(0));
    let copied = dir.path().join("snapshot").join(large.file_name().unwrap());
    fs::copy(&large, &copied).unwrap();
    assert_eq!(index_files(dir.path()), [copied.clone(), small.clone()]);
    assert_eq!(Tables::published(dir.path(), ORIGIN, None).unwrap().size(), Size(20));
    fs::write(&copied, b"CHANCIDX").unwrap();
    assert_eq!(Tables::published(dir.path(), ORIGIN, None).unwrap().size(), Size(10));
    for name in ["1.part", "2.tmp", "kept.txt"] {
        fs::write(dir.path().join("snapshot").join(name), b"").unwrap();
    }
    push_up_to(&mut tables, &entries, 30);
    publish(&tables, dir.path());
    let names = fs::read_dir(dir.path().join("snapshot")).unwrap().map(|file| file.unwrap().file_name());
    let names: BTreeSet<_> = names.map(|name| name.into_string().unwrap()).collect();
    let own = index_files(dir.path()).remove(0);
    let own = own.file_name().unwrap().to_str().unwrap().to_owned();
    assert!(own.starts_with("00000000000000000030-") && own.ends_with(".index"), "{own}");
    assert_eq!(names, BTreeSet::from([own, "kept.txt".to_owned()]));
}

/// Few enough entries to change each byte of their file in turn.
const FEW: usize = 1_300;

/// A file of a few blocks: leaves, an inner block, a long value.
fn few_blocks(ledger: &Path) -> Vec<(Vec<u8>, Vec<u8>)> {
    let entries = record(&record::plain(FEW));
    let mut tables = Tables::default();
    push_up_to(&mut tables, &entries, entries.len());
    let mut publication = publication(&tables, None);
    let signing = key();
    publication.key = Some(&signing);
    tables.publish(ledger, &publication, &hash, &Disk::default()).unwrap();
    pairs(&Tables::published(ledger, ORIGIN, None).unwrap()).unwrap()
}

/// Opens a file that may be damaged and reads everything in it.
fn ask_all(path: &Path, sound: &[(Vec<u8>, Vec<u8>)]) -> Result<(), IndexError> {
    let tables = Tables::open_file(path, ORIGIN, None)?;
    let mark = publication(&tables, None).mark;
    assert_eq!((tables.size(), tables.mark()), (Size(FEW as u64), Some(&mark)));
    assert!(pairs(&tables)? == sound);
    for (key, value) in sound.iter().step_by(37) {
        assert_eq!(tables.get(key)?.as_ref(), Some(value));
    }
    Ok(())
}

#[test]
fn a_file_with_one_wrong_byte_gives_an_error_or_the_right_answer() {
    let dir = tempfile::tempdir().unwrap();
    let sound = few_blocks(dir.path());
    let path = index_files(dir.path()).remove(0);
    let whole = fs::read(&path).unwrap();
    assert!((5..14).contains(&(whole.len() / 4096)), "{} blocks", whole.len() / 4096);
    ask_all(&path, &sound).unwrap();
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    for at in 0..whole.len() {
        file.write_all_at(&[whole[at] ^ (1 << (at % 8))], at as u64).unwrap();
        let asked = ask_all(&path, &sound);
        // Without a key, only the signature may change.
        assert_eq!(asked.is_ok(), (4096 - 64..4096).contains(&at), "byte {at}: {asked:?}");
        if at < 4096 {
            assert!(Tables::open_file(&path, ORIGIN, Some(key().verifier())).is_err(), "byte {at}");
        }
        file.write_all_at(&whole[at..=at], at as u64).unwrap();
    }
    ask_all(&path, &sound).unwrap();
}

#[test]
fn a_file_that_was_cut_or_went_on_or_whose_blocks_were_swapped_gives_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let sound = few_blocks(dir.path());
    let path = index_files(dir.path()).remove(0);
    let whole = fs::read(&path).unwrap();
    for length in (0..whole.len()).step_by(509) {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(ask_all(&path, &sound).is_err(), "{length}");
    }
    fs::write(&path, [&whole[..], &[0; 4096]].concat()).unwrap();
    assert!(ask_all(&path, &sound).is_err());
    for at in 1..whole.len() / 4096 - 1 {
        let mut swapped = whole.clone();
        let (one, other) = swapped[at * 4096..].split_at_mut(4096);
        one.swap_with_slice(&mut other[..4096]);
        fs::write(&path, swapped).unwrap();
        assert!(ask_all(&path, &sound).is_err(), "blocks {at} and the next");
    }
    // The file shrinks while it is open.
    fs::write(&path, &whole).unwrap();
    let open = Tables::open_file(&path, ORIGIN, None).unwrap();
    fs::write(&path, &whole[..4096]).unwrap();
    assert!(pairs(&open).is_err());
}

#[test]
fn a_header_that_lies_gives_an_error() {
    use sha2::{Digest, Sha256};
    let dir = tempfile::tempdir().unwrap();
    let sound = few_blocks(dir.path());
    let path = index_files(dir.path()).remove(0);
    let whole = fs::read(&path).unwrap();
    for at in 8..160 {
        for value in [0, 1, 0x7F, 0xFF] {
            let mut lying = whole.clone();
            if lying[at] == value {
                continue;
            }
            lying[at] = value;
            let sum = Sha256::digest(&lying[..4000]);
            lying[4000..4032].copy_from_slice(&sum);
            fs::write(&path, &lying).unwrap();
            // The key did not sign any of these.
            assert!(Tables::open_file(&path, ORIGIN, Some(key().verifier())).is_err(), "byte {at}");
            if at < 52 {
                assert!(Tables::open_file(&path, ORIGIN, None).is_err(), "byte {at}");
            }
        }
    }
    fs::write(&path, &whole).unwrap();
    ask_all(&path, &sound).unwrap();
}

#[test]
fn a_file_has_the_bytes_that_the_format_states() {
    let entries = record(&record::plain(9));
    let dir = tempfile::tempdir().unwrap();
    let mut tables = Tables::default();
    push_up_to(&mut tables, &entries, 9);
    let signing = key();
    let mut publication = publication(&tables, Some(&signing));
    publication.places = (7, vec![4_172, 4_300]);
    publication.rows.rules = 0x1122_3344_5566_7788;
    let rows = (b"body".to_vec(), vec![("BLR".into(), b"pair".to_vec())]);
    publication.rows.made.insert("sco".into(), rows);
    tables.publish(dir.path(), &publication, &hash, &Disk::default()).unwrap();
    let bytes = bytes(dir.path());
    let shown = |range: std::ops::Range<usize>| {
        let block = &bytes[range];
        let end = block.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
        hex(&block[..end])
    };
    assert_eq!(bytes.len(), 2 * 4096);
    assert_eq!([shown(0..4000), shown(4000..4096), shown(4096..8192)], [HEADER, SIGNED, PAIRS]);
}

const HEADER: &str = "\
    4348414e43494458020000000200000001000000d8a2009922b6501d9a61d23a30df491b6a9860db34345195e45b03df\
    64c401b20900000000000000030000000000000030110000000000000000000000000008070707070707070707070707\
    070707070707070707070707023bddff18e8dfe7e3a89a09b836865a286f5cab401e2bb61c1eef41791660acb8000000\
    00000000080707070707070707070707070707070707070707070707070700782e6f72672f6c";
const SIGNED: &str = "\
    b9d328433ab4404a7e5dd1d5d51f80be542af60003452dfd7be274cd8b8ea49ba11c6e411a2878d5b3376e3bebec1011\
    79ce38187d759c5c7892d8235ed52d869d5fc3927dc0ef9fc983152096f6262b3904bcf87354b35d79ceaf6a2d3afa0e";
const PAIRS: &str = "\
    01090000080173636f00424c521200010203040506070800080273636f00424c5280013bddff18e8dfe7e3a89a09b836\
    865a286f5cab401e2bb61c1eef41791660acb80000000000000008070707070707070707070707070707070707070707\
    07070700040373636f420143f27d8f693996d31e95434201be280309a3d77f1cf7c0c44ec5b9fd329d6720000804424c\
    520073636f08706169720003050000360000000001010002020003030004040005050006060007070008080005070000\
    00001000000000000003e800050b000000000a07cc20800100010c101122334455667788010373636f08626f6479";

/// The rows of a participant, and those of bodies.
fn listed_rows(tables: &Tables) -> [Vec<(String, Vec<u8>)>; 2] {
    let text = |(name, row): (smol_str::SmolStr, Vec<u8>)| (name.to_string(), row);
    let of_participant = tables.pair_rows("BLR").unwrap();
    [of_participant, tables.body_rows().unwrap()].map(|rows| rows.into_iter().map(text).collect())
}

#[test]
fn rows_are_taken_over_unless_they_are_stale_made_anew_or_by_other_rules() {
    let entries = record(&record::plain(90));
    let dir = tempfile::tempdir().unwrap();
    let mut tables = Tables::default();
    let mut publish = |size: usize, rows: MadeRows| {
        push_up_to(&mut tables, &entries, size);
        let publication = Publication { rows, ..publication(&tables, None) };
        tables.publish(dir.path(), &publication, &hash, &Disk::default()).unwrap();
        tables = Tables::published(dir.path(), ORIGIN, None).unwrap();
        (tables.row_rules().unwrap(), listed_rows(&tables))
    };
    let row = |n: u8| (vec![n], vec![("BLR".into(), vec![n, 1]), ("RUS".into(), vec![n, 2])]);
    let made = |groups: &[(&str, u8)]| groups.iter().map(|(group, n)| ((*group).into(), row(*n))).collect();
    let expected = |groups: &[(&str, u8)]| {
        let of = |bytes: &dyn Fn(u8) -> Vec<u8>| {
            groups.iter().map(|(group, n)| ((*group).to_owned(), bytes(*n))).collect()
        };
        [of(&|n| vec![n, 1]), of(&|n| vec![n])]
    };
    let first = MadeRows { rules: 7, made: made(&[("eu", 1), ("sco", 2), ("un", 3)]), ..MadeRows::default() };
    assert_eq!(publish(30, first), (Some(7), expected(&[("eu", 1), ("sco", 2), ("un", 3)])));
    let stale = ["eu".into(), "sco".into()].into();
    let second = MadeRows { rules: 7, stale, made: made(&[("sco", 4)]) };
    assert_eq!(publish(60, second), (Some(7), expected(&[("sco", 4), ("un", 3)])));
    let third = MadeRows { rules: 8, made: made(&[("eu", 5)]), ..MadeRows::default() };
    assert_eq!(publish(90, third), (Some(8), expected(&[("eu", 5)])));
}
