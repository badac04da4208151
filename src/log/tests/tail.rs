//! An append that a crash cut short is distinguished from damage, and a failing disk loses no acknowledged entry.

use std::io::Write;

use super::super::frame;
use super::super::watermark::{self, Watermark};
use super::super::{Append, Disk, Entries, LogError};
use super::{Folder, add, append, evidence, flip, holder, leaf, leaves, read_all, restore};

const SECTOR: usize = 512;

/// A ledger of three small frames and a fourth of about 4 kB, of which the watermark covers only some.
struct Case {
    folder: Folder,
    sound: Vec<Vec<u8>>,
    last: std::ops::Range<usize>,
}

impl Case {
    fn acknowledged(frames: usize) -> Case {
        let folder = Folder::created();
        let log = folder.writer();
        let (mut sound, mut marks) = (Vec::new(), vec![Watermark::read(&folder.path).unwrap()]);
        for batch in [leaves(0..2), leaves(2..3), leaves(3..6), vec![leaf(6, 2000), leaf(7, 2000)]] {
            add(&log, &batch);
            sound.extend(batch);
            marks.push(Watermark::read(&folder.path).unwrap());
        }
        drop(log);
        std::fs::write(watermark::path(&folder.path), marks[frames].bytes()).unwrap();
        let last = marks[3].offset as usize..marks[4].offset as usize;
        Case { folder, sound, last }
    }

    fn change(&self, change: impl FnOnce(&mut [u8])) {
        let path = self.folder.segment(0);
        let mut bytes = std::fs::read(&path).unwrap();
        change(&mut bytes);
        std::fs::write(path, bytes).unwrap();
    }

    /// Makes a sector of the last frame read as if it had never reached the disk.
    fn lose_sector(&self, sector: usize) {
        let sector = sector * SECTOR;
        let span = sector.max(self.last.start)..(sector + SECTOR).min(self.last.end);
        self.change(|bytes| bytes[span].fill(0));
    }

    fn sectors(&self) -> std::ops::Range<usize> {
        self.last.start / SECTOR..(self.last.end - 1) / SECTOR + 1
    }

    fn opened(&self) -> [Result<Entries, LogError>; 2] {
        [Entries::open_reader(&self.folder.path), self.folder.writer_on(Disk::default())]
    }

    /// Checks that both ways of opening report the segment and the offset, and change nothing.
    fn is_damage_at(&self, offset: usize) {
        let before = evidence(&self.folder.path);
        for opened in self.opened() {
            match opened.map(|_| ()) {
                Err(LogError::Damaged { path, offset: at, what }) => {
                    assert_eq!((path, at), (self.folder.segment(0), offset as u64), "{what}");
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(evidence(&self.folder.path), before);
    }
}

#[test]
fn a_torn_tail_is_ignored_by_readers_and_cleared_and_reported_by_the_next_writer() {
    let sectors = Case::acknowledged(3).sectors();
    for sector in sectors {
        let case = Case::acknowledged(3);
        case.lose_sector(sector);
        let before = evidence(&case.folder.path);
        assert_eq!(read_all(&case.folder.reader()).unwrap(), case.sound[..6]);
        assert_eq!(evidence(&case.folder.path), before);
        let log = case.folder.writer();
        let torn = log.recovered().unwrap().clone();
        assert_eq!((torn.path, torn.offset), (case.folder.segment(0), case.last.start as u64));
        let tail = &std::fs::read(case.folder.segment(0)).unwrap()[case.last.start..];
        assert!(tail.iter().all(|byte| *byte == 0), "sector {sector}");
        assert_eq!(add(&log, &leaves(20..21)), 7);
        drop(log);
        let log = case.folder.writer();
        assert_eq!(log.recovered(), None);
        assert_eq!(read_all(&log).unwrap(), [&case.sound[..6], &leaves(20..21)].concat());
    }
}

#[test]
fn any_sectors_of_the_last_frame_may_be_lost() {
    let case = Case::acknowledged(3);
    let sectors: Vec<usize> = case.sectors().collect();
    let whole = evidence(&case.folder.path);
    for subset in 1..1usize << sectors.len() {
        restore(&case.folder.path, &whole);
        sectors
            .iter()
            .enumerate()
            .filter(|(at, _)| subset >> at & 1 == 1)
            .for_each(|(_, s)| case.lose_sector(*s));
        assert_eq!(read_all(&case.folder.reader()).unwrap(), case.sound[..6], "{subset:b}");
    }
}

#[test]
fn a_frame_whose_header_lies_across_two_sectors_may_lose_either() {
    let folder = Folder::created();
    let log = folder.writer();
    // A first frame that ends 16 bytes before the end of a sector.
    let overhead = frame::frame_bytes(&[b""]);
    add(&log, &[leaf(0, SECTOR - 16 - overhead)]);
    let start = Watermark::read(&folder.path).unwrap().offset as usize;
    assert_eq!(start % SECTOR, SECTOR - 16);
    let kept = Watermark::read(&folder.path).unwrap();
    add(&log, &[leaf(1, 1500)]);
    let end = Watermark::read(&folder.path).unwrap().offset as usize;
    drop(log);
    std::fs::write(watermark::path(&folder.path), kept.bytes()).unwrap();
    let whole = evidence(&folder.path);
    let sectors = end.div_ceil(SECTOR) - start / SECTOR;
    assert_eq!(sectors, 5);
    for subset in 1..1usize << sectors {
        restore(&folder.path, &whole);
        let mut bytes = std::fs::read(folder.segment(0)).unwrap();
        for sector in (0..sectors).filter(|at| subset >> at & 1 == 1) {
            let from = (start / SECTOR + sector) * SECTOR;
            bytes[from.max(start)..from + SECTOR].fill(0);
        }
        std::fs::write(folder.segment(0), bytes).unwrap();
        assert_eq!(folder.reader().size(), 1, "{subset:b}");
        assert_eq!(folder.writer().size(), 1, "{subset:b}");
    }
}

#[test]
fn a_last_frame_without_a_lost_sector_is_damage() {
    let case = Case::acknowledged(3);
    for at in [0, 5, 13, 17, 28, 40, 700, 3000, case.last.len() - 1] {
        let case = Case::acknowledged(3);
        case.change(|bytes| bytes[case.last.start + at] ^= 0x10);
        case.is_damage_at(case.last.start);
    }
    // A disk never loses less than a sector.
    case.change(|bytes| bytes[case.last.start..case.last.start + 32].fill(0));
    case.is_damage_at(case.last.start);
}

#[test]
fn a_lost_sector_before_a_sound_frame_is_damage() {
    let case = Case::acknowledged(0);
    let start = Watermark { size: 0, offset: 4096 }.offset as usize;
    case.change(|bytes| bytes[start..start + SECTOR].fill(0));
    case.is_damage_at(start);
}

#[test]
fn a_lost_sector_before_a_frame_of_which_only_the_header_is_sound_is_damage() {
    let case = Case::acknowledged(0);
    case.change(|bytes| bytes[4096..4096 + 128].fill(0));
    // The first frames read as zeros up to the last one, whose body is lost as well.
    case.change(|bytes| bytes[4096..case.last.start].fill(0));
    case.change(|bytes| bytes[case.last.end - 2 * SECTOR..case.last.end].fill(0));
    case.is_damage_at(4096);
}

#[test]
fn a_lost_sector_of_acknowledged_entries_is_damage() {
    let case = Case::acknowledged(4);
    let sector = case.sectors().nth(2).unwrap();
    case.lose_sector(sector);
    case.is_damage_at(case.last.start);
}

#[test]
fn acknowledged_entries_that_read_as_nothing_are_damage() {
    let case = Case::acknowledged(4);
    case.change(|bytes| bytes[case.last.clone()].fill(0));
    case.is_damage_at(case.last.start);
}

#[test]
fn a_lost_sector_of_entries_that_the_checkpoint_covers_is_damage() {
    let case = Case::acknowledged(4);
    case.folder.writer().write_checkpoint().unwrap();
    std::fs::write(watermark::path(&case.folder.path), Watermark { size: 0, offset: 4096 }.bytes()).unwrap();
    assert_eq!(read_all(&case.folder.reader()).unwrap(), case.sound);
    let sector = case.sectors().nth(2).unwrap();
    case.lose_sector(sector);
    case.is_damage_at(case.last.start);
}

#[test]
fn a_checkpoint_over_another_history_is_damage_and_nothing_is_cleared() {
    let case = Case::acknowledged(3);
    let mut checkpoint = case.folder.reader().checkpoint();
    checkpoint.root.0[0] ^= 1;
    checkpoint.size = 6;
    std::fs::write(case.folder.file("checkpoint"), checkpoint.to_string()).unwrap();
    case.lose_sector(case.sectors().end - 1);
    let before = evidence(&case.folder.path);
    for opened in case.opened() {
        let error = opened.map(|_| ()).unwrap_err();
        assert!(matches!(&error, LogError::Damaged { path, .. } if path.ends_with("checkpoint")), "{error}");
    }
    assert_eq!(evidence(&case.folder.path), before);
}

/// A ledger of three segments.
fn long() -> (Folder, Vec<Vec<u8>>, Vec<u64>) {
    let folder = Folder::created();
    let log = folder.writer();
    let all: Vec<_> = (0..120).map(|n| leaf(n, 2500)).collect();
    all.chunks(3).for_each(|batch| {
        add(&log, batch);
    });
    drop(log);
    let listed = super::super::segment::list(&folder.path).unwrap();
    assert_eq!(listed.len(), 3);
    (folder, all, listed.into_iter().map(|(first, _)| first).collect())
}

#[test]
fn entries_are_read_across_segments() {
    let (folder, all, firsts) = long();
    let log = folder.writer();
    assert_eq!(read_all(&log).unwrap(), all);
    assert_eq!(log.last_leaf_hash(), Some(super::super::leaf_hash(&all[119])));
    for from in firsts.iter().flat_map(|f| [f.saturating_sub(1), *f, f + 1]) {
        let mut seen = Vec::new();
        log.scan(from, |index, leaf, _| seen.push((index, leaf.to_vec()))).unwrap();
        let expected: Vec<_> = (from..120).map(|index| (index, all[index as usize].clone())).collect();
        assert!(seen == expected, "from {from}");
    }
    let mut tree = super::super::Frontier::default();
    for size in 0..=120u64 {
        assert_eq!(log.root(size).unwrap(), tree.root(), "size {size}");
        all.get(size as usize).into_iter().for_each(|leaf| tree.push(super::super::leaf_hash(leaf)));
    }
    assert!(matches!(log.root(121), Err(LogError::Beyond { size: 120, asked: 121 })));
    let (damage, verified) = Entries::verify(&folder.path).unwrap();
    assert_eq!((damage, verified), (vec![], log.frontier()));
}

#[test]
fn a_missing_middle_segment_is_damage() {
    let (folder, _, firsts) = long();
    std::fs::remove_file(folder.segment(firsts[1])).unwrap();
    let found = Entries::open_reader(&folder.path).and_then(|log| read_all(&log)).unwrap_err();
    assert!(
        matches!(&found, LogError::Damaged { path, offset, .. } if *path == folder.segment(0) && *offset > 30_000),
        "{found}"
    );
    let (damage, _) = Entries::verify(&folder.path).unwrap();
    assert_eq!(damage[0].path, folder.segment(firsts[2]));
    assert_eq!(damage.len(), 1, "{damage:?}");
}

#[test]
fn a_missing_first_or_last_segment_is_damage() {
    let (folder, _, firsts) = long();
    let whole = evidence(&folder.path);
    for gone in [firsts[0], firsts[2]] {
        std::fs::remove_file(folder.segment(gone)).unwrap();
        let found = Entries::open_reader(&folder.path).map(|_| ()).unwrap_err();
        assert!(matches!(found, LogError::Damaged { .. }), "{found}");
        let found = folder.writer_on(Disk::default()).map(|_| ()).unwrap_err();
        assert!(matches!(found, LogError::Damaged { .. }), "{found}");
        restore(&folder.path, &whole);
    }
}

#[test]
fn the_audit_says_every_damage_at_once() {
    let (folder, all, firsts) = long();
    folder.writer().write_checkpoint().unwrap();
    // In its one block, which begins after the header, the hashes and the list.
    let block = 4096 + 32 * firsts[1] as usize + 4 + 12 + 4;
    flip(&folder.segment(firsts[0]), block + 100, 1);
    flip(&folder.segment(firsts[1]), 200, 1);
    flip(&watermark::path(&folder.path), 9, 1);
    let keep = |index, leaf: &[u8], _| assert_eq!(leaf, all[index as usize]);
    let (damage, _) = Entries::verify_with(&folder.path, &keep, &mut |_| {}).unwrap();
    let found: Vec<_> = damage.iter().map(|d| (d.path.clone(), d.offset, d.index)).collect();
    assert_eq!(
        found,
        [
            (folder.segment(firsts[0]), block as u64, Some(0)),
            (folder.segment(firsts[1]), 0, Some(firsts[1])),
            (watermark::path(&folder.path), 0, None),
        ]
    );
}

#[test]
fn a_folder_with_entries_and_no_format_is_damaged_and_never_new() {
    let folder = Folder::created();
    std::fs::remove_file(folder.file("FORMAT")).unwrap();
    for opened in [Entries::open_reader(&folder.path), folder.writer_on(Disk::default())] {
        let error = opened.map(|_| ()).unwrap_err();
        assert!(matches!(&error, LogError::Damaged { path, .. } if path.ends_with("FORMAT")), "{error}");
    }
    let error = Entries::create(&folder.path, super::ORIGIN, &Disk::default()).unwrap_err();
    assert!(matches!(error, LogError::Present(_)), "{error}");
    let empty = Folder::new();
    let error = Entries::open_reader(&empty.path).map(|_| ()).unwrap_err();
    assert!(matches!(error, LogError::Absent(_)), "{error}");
}

#[test]
fn a_second_writer_is_told_who_holds_the_lock() {
    let folder = Folder::created();
    let first = folder.writer();
    match folder.writer_on(Disk::default()).map(|_| ()) {
        Err(LogError::Locked(said)) => assert_eq!(*said, holder()),
        other => panic!("{other:?}"),
    }
    drop(first);
    folder.writer();
}

#[test]
fn a_reader_beside_a_writer_sees_what_was_acknowledged_and_not_what_is_being_written() {
    let folder = Folder::created();
    let log = folder.writer();
    add(&log, &leaves(0..3));
    let end = Watermark::read(&folder.path).unwrap().offset;
    let (frame, _) = frame::encode(3, end, &[&leaf(3, 900)]);
    for written in [20, 40, 600, frame.len() - 8, frame.len()] {
        let file = std::fs::OpenOptions::new().write(true).open(folder.segment(0)).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, &frame[..written], end).unwrap();
        assert_eq!(read_all(&folder.reader()).unwrap(), leaves(0..3), "{written}");
        assert_eq!(Entries::verify(&folder.path).unwrap().0, [], "{written}");
    }
}

#[test]
fn readers_that_meet_writers_coming_and_going_see_no_damage() {
    let folder = Folder::created();
    std::thread::scope(|threads| {
        let writing = threads.spawn(|| {
            for size in 0..60u64 {
                // Readers that test the lock may keep a writer out for a moment.
                let log = std::iter::repeat_with(|| folder.writer_on(Disk::default())).find_map(Result::ok);
                add(&log.unwrap(), &[leaf(size, 3000)]);
            }
        });
        let mut most = 0;
        while !writing.is_finished() {
            let size = folder.reader().size();
            assert!(size >= most);
            most = size;
        }
        writing.join().unwrap();
    });
    assert_eq!(folder.reader().size(), 60);
}

#[test]
fn a_reader_sees_each_append_of_a_writer_across_segments() {
    let folder = Folder::created();
    let log = folder.writer();
    for size in (0..100u64).step_by(2) {
        add(&log, &[leaf(size, 2500), leaf(size + 1, 2500)]);
        if size % 20 == 0 {
            log.write_checkpoint().unwrap();
        }
        let reader = folder.reader();
        assert_eq!(reader.frontier(), log.frontier());
        assert_eq!(super::read_from(&reader, size, 1 << 20).unwrap().len(), 2);
    }
}

/// Appends until it is stopped; returns the acknowledged leaves.
fn run(log: &Entries, mut said: impl FnMut(Append) -> bool) -> Vec<Vec<u8>> {
    let mut acknowledged = Vec::new();
    for number in 0..12u64 {
        let batch = [leaf(2 * number, 6000), leaf(2 * number + 1, 6000)];
        match append(log, acknowledged.len() as u64, &batch) {
            Append::Done { .. } => acknowledged.extend(batch),
            other => {
                if !said(other) {
                    break;
                }
            }
        }
    }
    acknowledged
}

fn errno(error: &LogError) -> Option<i32> {
    match error {
        LogError::Io { source, .. } => source.raw_os_error(),
        _ => None,
    }
}

fn disk_that_fails_everywhere(code: i32) {
    let folder = Folder::created();
    let healthy = Disk::recording();
    let log = folder.writer_on(healthy.clone()).unwrap();
    assert_eq!(run(&log, |_| false).len(), 24);
    let operations = healthy.operations().len();
    assert!(operations > 40, "{operations}");
    for nth in 0..operations {
        let folder = Folder::created();
        let Ok(log) = folder.writer_on(Disk::failing_at(nth, code)) else {
            assert!(nth < 4, "opening does no more than that");
            folder.writer();
            continue;
        };
        let mut failures = Vec::new();
        let acknowledged = run(&log, |failed| {
            failures.push(failed);
            failures.len() < 3
        });
        match failures.first() {
            Some(Append::Unknown(error)) => {
                assert_eq!(errno(error), Some(code), "{error}");
                let later = |f: &Append| matches!(f, Append::Refused(LogError::Poisoned { .. }));
                assert!(failures[1..].iter().all(later), "{nth}: {failures:?}");
                let settled = log.read(acknowledged.len() as u64, 100);
                assert!(matches!(settled, Err(LogError::Poisoned { .. })), "only reopening can tell");
            }
            Some(Append::Refused(error)) => {
                assert!(error.to_string().contains(&format!("os error {code}")), "{error}")
            }
            Some(other) => panic!("{nth}: {other:?}"),
            None => assert_eq!(acknowledged.len(), 24),
        }
        // If the watermark failed, a reader beside the writer does not see the last append.
        let beside = read_all(&folder.reader()).unwrap();
        assert!(acknowledged.starts_with(&beside) && beside.len() + 2 >= acknowledged.len(), "{nth}");
        drop(log);
        let alone = read_all(&folder.reader()).unwrap();
        assert!(alone.starts_with(&acknowledged), "{nth}");
        let log = folder.writer();
        let found = read_all(&log).unwrap();
        assert!(found == alone && found.len() <= acknowledged.len() + 2, "{nth}");
        let expected: Vec<_> = (0..found.len() as u64).map(|n| leaf(n, 6000)).collect();
        assert!(found == expected, "{nth}");
        add(&log, &leaves(50..51));
        assert_eq!(Entries::verify(&folder.path).unwrap().0, [], "{nth}");
    }
}

#[test]
fn a_disk_that_fails_at_any_operation_poisons_the_writer_and_loses_nothing_acknowledged() {
    disk_that_fails_everywhere(5);
}

#[test]
fn a_full_disk_at_any_operation_is_a_clear_error_and_loses_nothing_acknowledged() {
    disk_that_fails_everywhere(28);
}

#[test]
fn a_segment_that_came_into_place_before_its_creation_failed_ends_the_one_before() {
    let healthy = Disk::recording();
    let folder = Folder::created();
    let log = folder.writer_on(healthy.clone()).unwrap();
    run(&log, |_| false);
    let is_rename = |o: &super::super::Operation| matches!(o, super::super::Operation::Rename(..));
    let rename = healthy.operations().iter().position(is_rename).unwrap();
    let folder = Folder::created();
    let log = folder.writer_on(Disk::failing_at(rename + 1, 5)).unwrap();
    let acknowledged = run(&log, |_| false).len() as u64;
    assert!(folder.segment(acknowledged).exists());
    let small = append(&log, acknowledged, &leaves(50..51));
    assert!(matches!(small, Append::Refused(LogError::Poisoned { .. })), "{small:?}");
    drop(log);
    add(&folder.writer(), &leaves(50..51));
    assert_eq!(read_all(&folder.reader()).unwrap().len() as u64, acknowledged + 1);
}

#[test]
fn a_batch_larger_than_any_segment_gets_one_of_its_own() {
    let folder = Folder::created();
    let log = folder.writer();
    let large: Vec<_> = (0..20).map(|n| leaf(n, 60_000)).collect();
    add(&log, &large);
    add(&log, &leaves(50..52));
    assert_eq!(read_all(&log).unwrap(), [large.clone(), leaves(50..52)].concat());
    drop(log);
    assert_eq!(read_all(&folder.reader()).unwrap(), [large, leaves(50..52)].concat());
}

#[test]
fn a_holder_that_said_nothing_readable_is_unknown() {
    let folder = Folder::created();
    let _log = folder.writer();
    let mut file = std::fs::File::create(folder.file("LOCK")).unwrap();
    file.write_all(b"12\n").unwrap();
    let said = folder.writer_on(Disk::default()).map(|_| ()).unwrap_err().to_string();
    assert_eq!(said, "ledger in use by pid 12 (unknown) since unknown");
}
