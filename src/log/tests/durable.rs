//! Frames that a writer finds beyond the watermark are durable after its first append, by one sync.

use super::super::frame::{self, Found};
use super::super::segment::HEADER_BYTES;
use super::super::watermark::{self, Watermark};
use super::super::{Disk, Entries, LogError, Operation};
use super::{Folder, add, append, evidence, leaf, leaves, read_all, restore};

/// A ledger of six entries, of which the watermark covers the first two.
fn behind() -> Folder {
    let folder = Folder::created();
    let log = folder.writer();
    add(&log, &leaves(0..2));
    let known = Watermark::read(&folder.path).unwrap();
    add(&log, &leaves(2..3));
    add(&log, &leaves(3..6));
    drop(log);
    std::fs::write(watermark::path(&folder.path), known.bytes()).unwrap();
    folder
}

fn syncs(operations: &[Operation]) -> usize {
    let sync = |o: &&Operation| matches!(o, Operation::Sync(_) | Operation::SyncDir(_));
    operations.iter().filter(sync).count()
}

/// The writes to a segment: the offset and the length of each, in bytes.
fn writes(operations: &[Operation]) -> Vec<(u64, usize)> {
    let written = |o: &Operation| match o {
        Operation::Write(path, at, bytes) if path.extension().is_some_and(|e| e == "seg") => {
            Some((*at, bytes.len()))
        }
        _ => None,
    };
    operations.iter().filter_map(written).collect()
}

#[test]
fn opening_writes_nothing_and_one_append_syncs_once() {
    let folder = Folder::created();
    add(&folder.writer(), &leaves(0..2));
    let disk = Disk::recording();
    let log = folder.writer_on(disk.clone()).unwrap();
    log.make_durable().unwrap();
    assert_eq!(disk.operations(), [], "all of it was acknowledged");
    add(&log, &leaves(2..3));
    assert_eq!(syncs(&disk.operations()), 1);
}

#[test]
fn one_write_and_one_sync_cover_a_frame_and_those_found_before_it() {
    let folder = behind();
    let known = Watermark::read(&folder.path).unwrap();
    let disk = Disk::recording();
    let log = folder.writer_on(disk.clone()).unwrap();
    assert_eq!(read_all(&log).unwrap(), leaves(0..6));
    assert_eq!(disk.operations(), []);
    assert_eq!(Watermark::read(&folder.path).unwrap(), known, "nothing more is promised yet");
    add(&log, &leaves(6..7));
    let end = Watermark::read(&folder.path).unwrap();
    assert_eq!(end.size, 7);
    let first = disk.operations();
    assert_eq!(syncs(&first), 1);
    assert_eq!(writes(&first), [(known.offset, (end.offset - known.offset) as usize)]);
    add(&log, &leaves(7..8));
    let second = &disk.operations()[first.len()..];
    assert_eq!((syncs(second), writes(second)[0].0), (1, end.offset));
    drop(log);
    assert_eq!(read_all(&folder.reader()).unwrap(), leaves(0..8));
    assert_eq!(Entries::verify(&folder.path).unwrap().0, []);
}

#[test]
fn making_durable_what_was_found_syncs_once_and_then_never_again() {
    let folder = behind();
    let disk = Disk::recording();
    let log = folder.writer_on(disk.clone()).unwrap();
    log.make_durable().unwrap();
    let done = disk.operations();
    assert_eq!(syncs(&done), 1);
    assert_eq!(Watermark::read(&folder.path).unwrap().size, 6);
    log.make_durable().unwrap();
    assert_eq!(disk.operations().len(), done.len());
    folder.reader().make_durable().unwrap();
}

#[test]
fn an_empty_batch_and_a_head_promise_only_what_is_durable() {
    let folder = behind();
    let disk = Disk::recording();
    let log = folder.writer_on(disk.clone()).unwrap();
    append(&log, 6, &[]);
    assert_eq!(syncs(&disk.operations()), 1);
    let folder = behind();
    let disk = Disk::recording();
    let log = folder.writer_on(disk.clone()).unwrap();
    log.write_checkpoint().unwrap();
    let segment = Operation::Sync(folder.segment(0));
    assert_eq!(disk.operations().iter().find(|o| matches!(o, Operation::Sync(_))), Some(&segment));
}

#[test]
fn a_segment_is_synced_before_another_follows_it() {
    let folder = behind();
    let disk = Disk::recording();
    let log = folder.writer_on(disk.clone()).unwrap();
    let large = [leaf(6, 30_000), leaf(7, 40_000)];
    add(&log, &large);
    let operations = disk.operations();
    let synced = operations.iter().position(|o| *o == Operation::Sync(folder.segment(0)));
    let made = operations.iter().position(|o| matches!(o, Operation::Rename(..)));
    assert!(synced.unwrap() < made.unwrap(), "{operations:?}");
    assert_eq!(read_all(&log).unwrap(), [leaves(0..6), large.to_vec()].concat());
}

#[test]
fn the_folder_is_synced_only_if_the_last_segment_is_empty() {
    let folder = Folder::created();
    let disk = Disk::recording();
    let log = folder.writer_on(disk.clone()).unwrap();
    add(&log, &leaves(0..1));
    add(&log, &leaves(1..2));
    let synced = disk.operations().iter().filter(|o| matches!(o, Operation::SyncDir(_))).count();
    assert_eq!(synced, 1);
}

#[test]
fn a_frame_written_with_others_says_that_only_those_before_them_were_acknowledged() {
    let folder = behind();
    let known = Watermark::read(&folder.path).unwrap();
    let log = folder.writer();
    let at = log.mark().offset as usize;
    add(&log, &leaves(6..7));
    let next = log.mark().offset as usize;
    add(&log, &leaves(7..8));
    let bytes = std::fs::read(folder.segment(0)).unwrap();
    let says = |at: usize, first: u64| match frame::find(&bytes[at..], first) {
        Found::Frame(header) => header.acknowledged,
        other => panic!("{other:?}"),
    };
    assert_eq!((says(at, 6), says(next, 7)), (known.offset, next as u64));
}

#[test]
fn lost_sectors_of_frames_found_and_of_the_one_behind_them_are_a_torn_tail() {
    let folder = behind();
    let known = Watermark::read(&folder.path).unwrap();
    add(&folder.writer(), &[leaf(6, 3000)]);
    std::fs::write(watermark::path(&folder.path), known.bytes()).unwrap();
    let whole = evidence(&folder.path);
    let end = folder.writer().mark().offset as usize;
    restore(&folder.path, &whole);
    let sectors: Vec<usize> = (known.offset as usize / 512..end.div_ceil(512)).collect();
    for subset in 1..1usize << sectors.len() {
        restore(&folder.path, &whole);
        let mut bytes = std::fs::read(folder.segment(0)).unwrap();
        for (_, sector) in sectors.iter().enumerate().filter(|(at, _)| subset >> at & 1 == 1) {
            bytes[(sector * 512).max(known.offset as usize)..end.min(sector * 512 + 512)].fill(0);
        }
        std::fs::write(folder.segment(0), bytes).unwrap();
        let size = folder.reader().size();
        assert!([2, 3, 6].contains(&size), "{subset:b}: {size}");
        let log = folder.writer();
        assert_eq!(log.size(), size, "{subset:b}");
        add(&log, &leaves(20..21));
        drop(log);
        assert_eq!(Entries::verify(&folder.path).unwrap().0, [], "{subset:b}");
    }
}

#[test]
fn a_lost_sector_before_a_frame_that_says_it_was_acknowledged_is_damage() {
    let folder = behind();
    let log = folder.writer();
    add(&log, &[leaf(6, 3000)]);
    add(&log, &leaves(7..8));
    drop(log);
    let known = Watermark { size: 0, offset: HEADER_BYTES as u64 };
    std::fs::write(watermark::path(&folder.path), known.bytes()).unwrap();
    let mut bytes = std::fs::read(folder.segment(0)).unwrap();
    bytes[HEADER_BYTES..HEADER_BYTES + 512].fill(0);
    std::fs::write(folder.segment(0), bytes).unwrap();
    let error = Entries::open_reader(&folder.path).map(|_| ()).unwrap_err();
    assert!(matches!(error, LogError::Damaged { .. }), "{error}");
}

#[test]
fn a_disk_that_fails_while_what_was_found_is_made_durable_poisons_the_writer() {
    for nth in 0..2 {
        let folder = behind();
        let log = folder.writer_on(Disk::failing_at(nth, 5)).unwrap();
        assert!(matches!(log.make_durable(), Err(LogError::Io { .. })));
        assert!(matches!(log.make_durable(), Err(LogError::Poisoned { .. })));
        assert!(matches!(log.write_checkpoint(), Err(LogError::Poisoned { .. })));
        drop(log);
        assert_eq!(read_all(&folder.writer()).unwrap(), leaves(0..6));
    }
}
