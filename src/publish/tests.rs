//! Compares the files of a tree with another computation of it, and tests a folder after a fault at every step.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::{Path, PathBuf};

use tlog_tiles::{HashReader, Tile};

use crate::log::{Append, Disk, Entries, Holder, Operation, SignedCheckpoint, SigningKey};

use super::part::{Part, split_leaves};
use super::tiles::Tiles;
use super::{PublishError, Published, publish};

const ORIGIN: &str = "example.org/chancery";

type Files = BTreeMap<String, Vec<u8>>;

fn leaf(index: u64) -> Vec<u8> {
    // Leaves of every length from 0 on, so that no leaf begins at the place of another.
    index.to_le_bytes().iter().copied().cycle().take(index as usize % 23).collect()
}

fn take(files: &mut Files) -> impl FnMut(Part, &[u8]) -> Result<(), Infallible> {
    |part, bytes| {
        let before = files.insert(part.path(), bytes.to_vec());
        assert_eq!(before, None, "{} is made twice", part.path());
        Ok(())
    }
}

/// The files of the trees of some sizes, the leaves added one after another.
fn trees(sizes: &[u64]) -> Vec<Files> {
    let (mut tiles, mut full, mut found) = (Tiles::default(), Files::new(), Vec::new());
    for index in 0..*sizes.last().unwrap() {
        tiles.push(&leaf(index), &mut take(&mut full)).unwrap();
        if sizes.contains(&(index + 1)) {
            let mut files = full.clone();
            tiles.finish(&mut take(&mut files)).unwrap();
            found.push(files);
        }
    }
    found
}

/// The hashes of a tree in the order in which `tlog_tiles` stores them.
struct Stored(Vec<tlog_tiles::Hash>);

impl HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        Ok(indexes.iter().map(|index| self.0[*index as usize]).collect())
    }
}

#[test]
fn the_files_of_a_tree_are_those_of_another_computation() {
    let sizes = [1, 2, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 65_800];
    let mut hashes = Stored(Vec::new());
    for index in 0..65_800 {
        hashes.0.extend(tlog_tiles::stored_hashes(index, &leaf(index), &hashes).unwrap());
    }
    for (size, files) in sizes.into_iter().zip(trees(&sizes)) {
        let mut wanted = Files::new();
        for mut tile in Tile::new_tiles(8, 0, size) {
            let path = tile.path().replacen("tile/8/", "tile/", 1);
            wanted.insert(path, tile.read_data(&hashes).unwrap());
            if tile.level() == 0 {
                let first = tile.level_index() * 256;
                let mut bundle = Vec::new();
                for index in first..first + u64::from(tile.width()) {
                    let leaf = leaf(index);
                    bundle.extend([0, leaf.len() as u8]);
                    bundle.extend(leaf);
                }
                tile.set_is_data();
                wanted.insert(tile.path().replacen("tile/8/data/", "tile/entries/", 1), bundle);
            }
        }
        assert!(files == wanted, "the files of the tree of {size} differ");
    }
}

#[test]
fn a_tree_of_70_000_entries_has_the_tiles_that_the_specification_counts() {
    let count = |level| {
        let full = Part::tiles(70_000, level).filter(|part| part.is_full()).count();
        (full, Part::partial_tile(70_000, level).map(Part::width))
    };
    assert_eq!([count(0), count(1), count(2)], [(273, Some(112)), (1, Some(17)), (0, Some(1))]);
    assert_eq!([0, 1, 255, 256, 65_536, u64::MAX].map(Part::levels), [0, 1, 1, 2, 3, 8]);
    let paths: Vec<String> = Part::tiles(256, 1).chain(Part::bundles(300)).map(Part::path).collect();
    assert_eq!(paths, ["tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/44"]);
    assert_eq!(Part::full_tile(0, 1_234_067).path(), "tile/0/x001/x234/067");
    assert_eq!(Part::full_tile(7, u64::MAX / 256).parent(), (u64::MAX / 65_536, 255));
}

#[test]
fn a_bundle_that_ends_within_an_entry_says_where() {
    let split = |bytes: &[u8]| {
        let (ranges, end) = split_leaves(bytes);
        (ranges.into_iter().map(|range| (range.start, range.end)).collect::<Vec<_>>(), end)
    };
    assert_eq!(split(&[0, 1, 7, 0, 0]), (vec![(2, 3), (5, 5)], None));
    assert_eq!(split(&[0, 1, 7, 0, 2, 9]), (vec![(2, 3)], Some(3)));
    assert_eq!(split(&[0]), (vec![], Some(0)));
}

/// A log in a folder of its own, and a folder beside it.
struct Log {
    dir: tempfile::TempDir,
    log: Entries,
}

impl Log {
    fn new(size: u64) -> Log {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("my.ledger");
        Entries::create(&path, ORIGIN, &Disk::default()).unwrap();
        let log = Entries::open_writer(&path, &Holder::default(), Disk::default()).unwrap();
        let leaves: Vec<Vec<u8>> = (0..size).map(leaf).collect();
        let leaves: Vec<&[u8]> = leaves.iter().map(Vec::as_slice).collect();
        assert!(matches!(log.append(0, &leaves), Append::Done { .. }));
        Log { dir, log }
    }

    fn site(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn publish(&self, size: u64, site: &Path, disk: &Disk) -> Result<Published, PublishError> {
        let key = SigningKey::from_seed(ORIGIN, &[7; 32]);
        let head = SignedCheckpoint::sign(self.log.head(size).unwrap(), &key);
        publish(&self.log, &head, site, disk, &mut |_| ())
    }
}

/// Every file below a folder, except the one that a run cut short leaves.
fn files(site: &Path) -> Files {
    let (mut found, mut open) = (Files::new(), vec![site.to_owned()]);
    while let Some(folder) = open.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|item| item.unwrap().path()) {
            match path.is_dir() {
                true => open.push(path),
                false => {
                    let name = path.strip_prefix(site).unwrap().display().to_string();
                    found.insert(name, std::fs::read(&path).unwrap());
                }
            }
        }
    }
    found.retain(|name, _| !name.starts_with(".publish."));
    found
}

/// Checks that the files of a tree and its checkpoint are all there.
fn assert_holds(log: &Log, found: &Files, context: &str) -> u64 {
    let text = String::from_utf8(found["checkpoint"].clone()).unwrap();
    let signed = SignedCheckpoint::parse(&text).unwrap();
    signed.verify(SigningKey::from_seed(ORIGIN, &[7; 32]).verifier()).unwrap();
    let size = signed.head.size;
    assert_eq!(signed.head, log.log.head(size).unwrap());
    for (path, bytes) in &trees(&[size])[0] {
        assert!(found.get(path) == Some(bytes), "{context}: {path} of the tree of {size}");
    }
    size
}

#[test]
fn a_second_publishing_writes_only_what_is_new_and_gives_what_a_fresh_one_gives() {
    let log = Log::new(700);
    let (grown, fresh) = (log.site("grown"), log.site("fresh"));
    let disk = Disk::default();
    // Two full tiles with their bundles, a partial one with its bundle, a partial one above, the checkpoint.
    let first = log.publish(600, &grown, &disk).unwrap();
    assert_eq!((first.before, first.written, first.there), (None, 8, 0));
    let again = log.publish(600, &grown, &disk).unwrap();
    assert_eq!((again.before, again.written, again.there), (Some(600), 0, 8));
    let more = log.publish(700, &grown, &disk).unwrap();
    assert_eq!((more.before, more.written, more.there), (Some(600), 3, 5));
    assert_eq!(more.root, log.log.root(700).unwrap());
    log.publish(700, &fresh, &disk).unwrap();
    let (mut grown, fresh) = (files(&grown), files(&fresh));
    let old = ["tile/0/002.p/88", "tile/entries/002.p/88"];
    old.iter().for_each(|path| assert!(grown.remove(*path).is_some(), "{path} did not stay"));
    assert!(grown == fresh);
    assert_eq!(assert_holds(&log, &fresh, "fresh"), 700);
}

#[test]
fn a_fault_at_any_step_leaves_a_tree_whose_checkpoint_holds_and_running_it_again_ends_it() {
    let log = Log::new(700);
    let (recording, whole) = (Disk::recording(), log.site("whole"));
    log.publish(300, &whole, &Disk::default()).unwrap();
    log.publish(700, &whole, &recording).unwrap();
    let steps = recording.operations().len();
    assert!(steps > 20, "{steps}");
    for step in 0..steps {
        let site = log.site(&format!("site-{step}"));
        if step % 2 == 0 {
            log.publish(300, &site, &Disk::default()).unwrap();
        }
        log.publish(700, &site, &Disk::failing_at(step, 5)).unwrap_err();
        let found = files(&site);
        if step % 2 == 0 || found.contains_key("checkpoint") {
            assert_holds(&log, &found, &format!("step {step}"));
        }
        log.publish(700, &site, &Disk::default()).unwrap();
        assert_eq!(assert_holds(&log, &files(&site), "again"), 700);
    }
}

#[test]
fn everything_is_durable_before_the_checkpoint_gets_its_name() {
    let log = Log::new(700);
    let (disk, site) = (Disk::recording(), log.site("site"));
    log.publish(700, &site, &disk).unwrap();
    let operations = disk.operations();
    let is_head = |o: &Operation| matches!(o, Operation::Rename(_, to) if to.ends_with("checkpoint"));
    let end = operations.iter().position(is_head).unwrap();
    assert_eq!(operations.last(), Some(&Operation::SyncDir(site.clone())));
    let (mut synced, mut named) = (true, 0);
    for (at, operation) in operations[..end].iter().enumerate() {
        match operation {
            Operation::Write(..) => synced = false,
            Operation::Sync(_) => synced = true,
            Operation::Rename(_, to) => {
                assert!(synced, "{} is named before it is durable", to.display());
                let mut folder = to.parent().unwrap();
                loop {
                    let sync = Operation::SyncDir(folder.to_owned());
                    assert!(operations[at..end].contains(&sync), "{} is not synced", folder.display());
                    if folder == site {
                        break;
                    }
                    folder = folder.parent().unwrap();
                }
                named += 1;
            }
            _ => {}
        }
    }
    assert_eq!(named, files(&site).len() - 1);
    assert!(operations[..end].contains(&Operation::SyncDir(log.dir.path().to_owned())));
}

#[test]
fn a_file_that_is_not_this_logs_is_not_written_over_and_a_lost_one_comes_back() {
    let log = Log::new(700);
    let site = log.site("site");
    log.publish(600, &site, &Disk::default()).unwrap();
    std::fs::remove_file(site.join("tile/entries/000")).unwrap();
    assert_eq!(log.publish(600, &site, &Disk::default()).unwrap().written, 1);
    std::fs::create_dir_all(site.join("tile/0/002.p")).unwrap();
    std::fs::write(site.join("tile/0/002.p/188"), "another").unwrap();
    let refused = log.publish(700, &site, &Disk::default()).unwrap_err();
    assert!(matches!(refused, PublishError::OtherFile(path) if path == site.join("tile/0/002.p/188")));
    assert_eq!(assert_holds(&log, &files(&site), "refused"), 600);
    let _held = std::fs::File::open(&site).map(|file| file.try_lock().map(|()| file)).unwrap().unwrap();
    assert!(matches!(log.publish(600, &site, &Disk::default()), Err(PublishError::Busy(_))));
}
