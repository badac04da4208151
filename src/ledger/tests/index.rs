//! The index is never needed and never trusted: behind, damaged, of another ledger, or held by somebody.

use super::*;
use crate::fixture::released;

#[test]
fn an_index_of_another_history_is_refused_and_neither_is_changed() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (dir.path().join("one"), dir.path().join("other"));
    let open = || Ledger::open_writer(&one, &holder(), Disk::default());
    let copy_index = || {
        let _ = std::fs::remove_dir_all(one.join("sled"));
        copy(&other.join("sled"), &one.join("sled"));
    };
    let mut ledger = small(&one);
    ledger.append(vec![grant(50, "MNG", "2004-06-17")], options(START + 10)).unwrap();
    ledger.close().unwrap();
    let evidence = bytes(&one.join("entries"));
    assert_eq!(Ledger::open_reader(&one).unwrap().origin(), ORIGIN);

    let mut ledger = small(&other);
    ledger.append(vec![grant(51, "IND", "2004-06-17")], options(START + 10)).unwrap();
    ledger.close().unwrap();
    copy_index();
    let error = open().map(|_| ()).unwrap_err();
    assert!(matches!(error, LedgerError::Index(IndexError::Other { size: Size(8) })), "{error}");
    let mut reader = Ledger::open_reader(&one).unwrap();
    let error = reader.load(&Scope::ALL).map(|_| ()).unwrap_err();
    assert!(matches!(error, LedgerError::Index(IndexError::Other { size: Size(8) })), "{error}");

    let mut ledger = writer(&other);
    ledger.append(vec![grant(52, "PAK", "2005-07-05")], options(START + 20)).unwrap();
    ledger.close().unwrap();
    copy_index();
    let error = open().map(|_| ()).unwrap_err();
    let ahead = IndexError::Ahead { index: Size(9), entries: Size(8) };
    assert_eq!(error.to_string(), ahead.to_string());
    assert!(Ledger::open_reader(&one).unwrap().load(&Scope::ALL).is_err());
    released(&one);
    let index = EventIndex::open(&one, ORIGIN, INDEX_DEADLINE).unwrap();
    assert_eq!(index.size(), Size(9));
    drop(index);

    // Behind, but of another history all the same.
    std::fs::remove_dir_all(&other).unwrap();
    let mut ledger = create(&other);
    ledger.append(charters().into_iter().take(6).collect(), options(START + 99)).unwrap();
    ledger.close().unwrap();
    copy_index();
    let error = open().map(|_| ()).unwrap_err();
    assert!(matches!(error, LedgerError::Index(IndexError::Other { size: Size(6) })), "{error}");
    assert_eq!(bytes(&one.join("entries")), evidence);
}

#[test]
fn an_index_is_refused_by_what_stands_beside_it_or_else_by_what_it_holds() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (dir.path().join("one"), dir.path().join("other"));
    small(&one).close().unwrap();
    let mut ledger = small(&other);
    ledger.append(vec![grant(50, "MNG", "2004-06-17")], options(START + 10)).unwrap();
    ledger.close().unwrap();
    let stated = |path: &Path| path.join("sled/000001/head");
    let own = std::fs::read(stated(&one)).unwrap();
    std::fs::remove_dir_all(one.join("sled")).unwrap();
    copy(&other.join("sled"), &one.join("sled"));
    let open = || Ledger::open_writer(&one, &holder(), Disk::default());
    let refused =
        |error: LedgerError| matches!(error, LedgerError::Index(IndexError::Ahead { index: Size(8), .. }));

    // Refused at once, while somebody has the index open.
    let held = EventIndex::open(&one, ORIGIN, INDEX_DEADLINE).unwrap();
    assert!(open().is_err_and(refused));
    drop(held);
    released(&one);
    for unread in [None, Some(&b"another thing"[..])] {
        match unread {
            None => std::fs::remove_file(stated(&one)).unwrap(),
            Some(bytes) => std::fs::write(stated(&one), bytes).unwrap(),
        }
        assert!(open().is_err_and(refused), "sled itself is asked");
        released(&one);
    }
    // What stands beside it is right, the index is not: nothing rests on it, and nothing is appended once it is known.
    std::fs::write(stated(&one), own).unwrap();
    let mut ledger = open().unwrap();
    assert!(ledger.load(&Scope::ALL).is_err_and(refused));
    assert!(ledger.append(vec![grant(51, "IND", "2005-07-05")], options(START + 20)).is_err_and(refused));
    assert_eq!(ledger.size(), Size(7));
}

#[test]
fn an_index_is_made_anew_while_appends_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    small(&path).close().unwrap();
    std::fs::remove_dir_all(path.join("sled")).unwrap();
    let mut ledger = writer(&path);
    for first in (50..1550u128).step_by(100) {
        let events = (first..first + 100).map(|n| grant(n, "MNG", "2004-06-17")).collect();
        ledger.append(events, options(START + 10)).unwrap();
    }
    assert!(has_index(&mut ledger));
    drop(ledger);
    released(&path);
    let index = EventIndex::open(&path, ORIGIN, INDEX_DEADLINE).unwrap();
    assert_eq!(index.size(), Size(1507));
    assert_eq!(index.find(id(1549)).unwrap(), Some(Index(1506)));
    assert_eq!(index.load(&Scope::ALL).unwrap().len(), 1507);
}

/// Whether a ledger answers from an index.
fn has_index(ledger: &mut Ledger) -> bool {
    ledger.index.ask(|_| Ok(())).unwrap().is_some()
}

pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => _ = std::fs::copy(entry.path(), target).unwrap(),
        }
    }
}

/// Every file under a folder with its bytes, by path.
pub(crate) fn bytes(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        match entry.file_type().unwrap().is_dir() {
            true => found.extend(bytes(&entry.path())),
            false => found.push((entry.path(), std::fs::read(entry.path()).unwrap())),
        }
    }
    found.sort();
    found
}

/// Damage to the files of sled, drawn from a fixed seed.
#[test]
fn a_damaged_index_never_gives_a_wrong_answer_and_never_stops_a_writer() {
    let full = std::env::var("CHANCERY_FAULTS").is_ok_and(|v| v == "full");
    let (flips, cuts) = if full { (200, 100) } else { (20, 10) };
    let dir = tempfile::tempdir().unwrap();
    let whole = dir.path().join("whole");
    let mut ledger = small(&whole);
    for (n, name) in ["MNG", "IND", "PAK", "IRN", "AFG", "BLR", "LKA", "TUR", "NPL", "KHM"].iter().enumerate()
    {
        let n = n as u128;
        ledger.append(vec![grant(50 + n, name, "2005-07-05")], options(START + 10 + n as i64)).unwrap();
    }
    let size = ledger.size();
    let right = ask(&mut ledger, &who("PAK"), size, "2006-01-01", None);
    let right_board = board(&mut ledger, size, "2006-01-01");
    assert_eq!(right["status"], json!("observer"));
    ledger.close().unwrap();
    let evidence = bytes(&whole.join("entries"));
    let mut random = 0x1234_5678_9abc_def1u64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % below.max(1) as u64) as usize
    };
    let mut rebuilt = 0;
    for trial in 0..flips + cuts {
        let path = dir.path().join(format!("t{trial}"));
        copy(&whole, &path);
        let files: Vec<PathBuf> = bytes(&path.join("sled")).into_iter().map(|(p, _)| p).collect();
        let files: Vec<PathBuf> =
            files.into_iter().filter(|p| std::fs::metadata(p).unwrap().len() > 0).collect();
        let file = &files[next(files.len())];
        let mut content = std::fs::read(file).unwrap();
        if trial < flips {
            // The written part; most of the file is preallocated zeros.
            let written = content.iter().rposition(|b| *b != 0).unwrap_or(0) + 1;
            content[next(written)] ^= 1 << next(8);
        } else {
            content.truncate(next(content.len()));
        }
        std::fs::write(file, content).unwrap();
        let mut reader = indexed(&path);
        assert_eq!(ask(&mut reader, &who("PAK"), size, "2006-01-01", None), right, "trial {trial}");
        assert_eq!(board(&mut reader, size, "2006-01-01"), right_board, "trial {trial}");
        drop(reader);
        let mut ledger = writer(&path);
        assert_eq!(ask(&mut ledger, &who("PAK"), size, "2006-01-01", None), right, "trial {trial}");
        let entries: Vec<_> = bytes(&path.join("entries")).into_iter().filter(named_segment).collect();
        let whole: Vec<_> = evidence.iter().filter(|f| named_segment(f)).map(|(_, b)| b).collect();
        assert_eq!(entries.iter().map(|(_, b)| b).collect::<Vec<_>>(), whole, "trial {trial}");
        let receipt = &ledger.append(vec![grant(90, "ARM", "2015-07-10")], options(START + 99)).unwrap()[0];
        assert_eq!(receipt.index, Index(size.0));
        let answer = ask(&mut ledger, &who("ARM"), Size(size.0 + 1), "2016-01-01", None);
        assert_eq!(answer["status"], json!("observer"), "trial {trial}");
        ledger.close().unwrap();
        // The writer after it has a whole index again.
        let mut after = writer(&path);
        after.load(&Scope::ALL).unwrap();
        assert_eq!(after.find(id(90)).unwrap(), Some(Index(size.0)));
        rebuilt += usize::from(!path.join("sled/000001").exists());
        drop(after);
        std::fs::remove_dir_all(&path).unwrap();
    }
    assert!(rebuilt > 0, "no damage was ever noticed: is the right folder damaged?");
}

fn named_segment((path, _): &(PathBuf, Vec<u8>)) -> bool {
    path.file_name().is_some_and(|name| name != "acknowledged")
}

#[test]
fn few_entries_are_read_from_the_log_and_sled_is_not_opened() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let from_index = |count: u128| {
        let mut ledger = if path.exists() { writer(&path) } else { small(&path) };
        let more = (u128::from(ledger.size().0)..count).map(|n| grant(1_000 + n, "MNG", "2004-06-17"));
        ledger.append(more.collect(), options(START + 10)).unwrap();
        ledger.close().unwrap();
        let _ = std::fs::remove_dir_all(path.join("snapshot"));
        let mut reader = Ledger::open_reader(&path).unwrap();
        let size = reader.size();
        let answer = ask(&mut reader, &who("MNG"), size, "2005-01-01", None);
        assert_eq!(answer["status"], json!("observer"));
        matches!(reader.index, source::Source::Index(_))
    };
    assert!(!from_index(255));
    assert!(from_index(256));
}

#[test]
fn a_damaged_generation_is_replaced_by_the_next_writer() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    small(&path).close().unwrap();
    assert!(path.join("sled/000001/complete").exists());
    std::fs::write(path.join("sled/000001/db"), b"").unwrap();
    let mut reader = indexed(&path);
    assert_eq!(reader.bodies().unwrap(), [body("sco")]);
    assert!(!path.join("sled/000002").exists(), "a question makes no generation");
    drop(reader);
    let mut ledger = writer(&path);
    assert!(has_index(&mut ledger));
    assert_eq!(ledger.bodies().unwrap(), [body("sco")]);
    assert!(path.join("sled/000002/complete").exists());
    assert!(!path.join("sled/000001").exists());
}

#[test]
fn an_index_of_an_older_schema_is_replaced_by_the_next_writer() {
    for other_segments in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("l");
        small(&path).close().unwrap();
        let evidence = bytes(&path.join("entries"));
        released(&path);
        let folder = path.join("sled/000001");
        let mut head = std::fs::read(folder.join("head")).unwrap();
        let schema = u16::from_be_bytes([head[1], head[2]]);
        head[1..3].copy_from_slice(&(schema - 1).to_be_bytes());
        std::fs::write(folder.join("head"), &head).unwrap();
        if other_segments {
            for name in ["db", "conf", "blobs"] {
                let _ = std::fs::remove_file(folder.join(name));
                let _ = std::fs::remove_dir_all(folder.join(name));
            }
        }
        let segments = if other_segments { 512 << 10 } else { crate::index::SEGMENT_BYTES };
        let db = sled::Config::new().path(&folder).segment_size(segments).open().unwrap();
        db.open_tree("meta").unwrap().insert("head", head).unwrap();
        drop(db);
        let mut reader = Ledger::open_reader(&path).unwrap();
        assert_eq!(reader.load(&Scope::ALL).unwrap().entries().len(), charters().len());
        drop(reader);
        assert!(!path.join("sled/000002").exists(), "a question makes no generation");
        let mut ledger = writer(&path);
        assert!(has_index(&mut ledger));
        assert_eq!(ledger.load(&Scope::ALL).unwrap().entries().len(), charters().len());
        assert!(path.join("sled/000002/complete").exists());
        assert!(!path.join("sled/000001").exists());
        ledger.close().unwrap();
        assert_eq!(bytes(&path.join("entries")), evidence);
    }
}

#[test]
fn a_ledger_answers_from_its_entries_while_another_has_the_index() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let mut ledger = small(&path);
    ledger.append(vec![grant(50, "MNG", "2004-06-17")], options(START + 10)).unwrap();
    ledger.close().unwrap();
    released(&path);
    let held = EventIndex::open(&path, ORIGIN, INDEX_DEADLINE).unwrap();
    let second = EventIndex::open(&path, ORIGIN, INDEX_DEADLINE).map(|_| ());
    assert!(matches!(second, Err(IndexError::Busy { .. })), "{second:?}");
    let mut reader = indexed(&path);
    assert_eq!(ask(&mut reader, &who("MNG"), Size(8), "2005-01-01", None)["status"], json!("observer"));
    let mut writer = writer(&path);
    assert!(!has_index(&mut writer));
    writer.append(vec![grant(51, "IND", "2005-07-05")], options(START + 20)).unwrap();
    assert_eq!(ask(&mut writer, &who("IND"), Size(9), "2006-01-01", None)["status"], json!("observer"));
    writer.close().unwrap();
    drop(held);
    released(&path);
    let behind = EventIndex::open(&path, ORIGIN, INDEX_DEADLINE).unwrap();
    assert_eq!(behind.size(), Size(8));
    drop(behind);
    released(&path);
    drop(crate::fixture::writer(&path));
    released(&path);
    assert_eq!(EventIndex::open(&path, ORIGIN, INDEX_DEADLINE).unwrap().size(), Size(9));
}
