use std::path::{Path, PathBuf};

use super::*;

/// A ledger whose published index covers all of it.
pub(super) fn published() -> (tempfile::TempDir, PathBuf) {
    let (dir, path) = ledger();
    Ledger::open_writer(&path, &Holder::default(), Disk::default()).unwrap().publish().unwrap();
    (dir, path)
}

fn file(path: &Path) -> PathBuf {
    std::fs::read_dir(path.join("snapshot")).unwrap().next().unwrap().unwrap().path()
}

fn faults(path: &Path) -> Vec<String> {
    run(path).findings.iter().map(|finding| finding.code.to_string()).collect()
}

#[test]
fn a_changed_byte_of_the_published_index_is_damage_wherever_it_is() {
    let (_dir, path) = published();
    let place = file(&path);
    let bytes = std::fs::read(&place).unwrap();
    for at in (0..bytes.len()).step_by(577) {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        std::fs::write(&place, changed).unwrap();
        // Behind the header its block is empty, and nothing is read of it.
        let told = faults(&path);
        assert!(told == ["damaged"] || at < 4_096 && told.is_empty(), "{at}: {told:?}");
    }
}

#[test]
fn a_published_index_of_another_history_is_told() {
    let (_dir, path) = published();
    let (_other, other) = ledger();
    let mut writer = Ledger::open_writer(&other, &Holder::default(), Disk::default()).unwrap();
    let id = crate::fixture::id(77_001);
    let mut event = Event::new(id, crate::event::Act::StatusGranted, sco());
    event.participant = Some(ParticipantId::parse("MNG").unwrap());
    event.dates.set(crate::event::Role::Decided, crate::event::Edtf::parse("2004-06-17").unwrap());
    writer.append(vec![event], crate::fixture::options(1_800_000_000_000_000)).unwrap();
    writer.publish().unwrap();
    drop(writer);
    let (own, others) = (file(&path), file(&other));
    std::fs::remove_file(&own).unwrap();
    std::fs::copy(&others, path.join("snapshot").join(others.file_name().unwrap())).unwrap();
    assert_eq!(faults(&path), ["other-log"]);
}
