use std::path::{Path, PathBuf};

use super::*;
use crate::index::{IndexError, MadeRows, Publication, RowsOfGroup, Tables};
use crate::query::FOLD_RULES;

/// A ledger whose published index covers all of it.
pub(super) fn published() -> (tempfile::TempDir, PathBuf) {
    let (dir, path) = ledger();
    Writer::open(&path, &Holder::default(), Disk::default()).unwrap().publish().unwrap();
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
        // After the header its block is empty, and no reader reads it.
        let told = faults(&path);
        assert!(told == ["damaged"] || at < 4_096 && told.is_empty(), "{at}: {told:?}");
    }
}

#[test]
fn a_published_index_of_another_history_is_told() {
    let (_dir, path) = published();
    let (_other, other) = ledger();
    let mut writer = Writer::open(&other, &Holder::default(), Disk::default()).unwrap();
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

/// Publishes the index again with a row of Belarus, or of the body, that the entries do not give.
fn with_a_false_row(path: &Path, falsify: &dyn Fn(&mut RowsOfGroup)) {
    let tables = Tables::published(path, ORIGIN, None).unwrap();
    let body = tables.body_rows().unwrap().remove(0).1;
    let mut pairs = Vec::new();
    tables.each_pair_row(&mut |who, _, row| pairs.push((who.into(), row.to_vec()))).unwrap();
    let mut rows = (body, pairs);
    falsify(&mut rows);
    let rows =
        MadeRows { rules: FOLD_RULES, stale: ["sco".into()].into(), made: [("sco".into(), rows)].into() };
    let (mark, places) = (tables.mark().unwrap().clone(), (0, Vec::new()));
    let publication = Publication { origin: ORIGIN, mark, places, key: None, rows };
    let leaf = |index| Err(IndexError::Gap { expected: Size(0), given: index });
    tables.publish(path, &publication, &leaf, &Disk::default()).unwrap();
}

#[test]
fn a_row_that_the_entries_do_not_give_is_told_with_whose_it_is() {
    let other_rows = |falsify: &dyn Fn(&mut RowsOfGroup)| {
        let (_dir, path) = published();
        with_a_false_row(&path, falsify);
        let report = run(&path);
        report
            .findings
            .iter()
            .map(|finding| format!("{}: {}", finding.code, finding.what))
            .collect::<Vec<_>>()
    };
    assert_eq!(other_rows(&|_| {}), Vec::<String>::new());
    let of =
        |who: &str| vec![format!("other-rows: its row of {who} in sco is not what the entries make of it")];
    let first = |rows: &RowsOfGroup| rows.1[0].0.to_string();
    let (_dir, path) = published();
    let mut who = String::new();
    let tables = Tables::published(&path, ORIGIN, None).unwrap();
    tables
        .each_pair_row(&mut |one, _, _| {
            if who.is_empty() {
                who = one.to_owned()
            }
        })
        .unwrap();
    // A day later, a row more, a row less.
    assert_eq!(other_rows(&|rows| *rows.1[0].1.last_mut().unwrap() ^= 1), of(&who));
    assert_eq!(other_rows(&|rows| rows.1.push(("XKX".into(), vec![0]))), of("XKX"));
    assert_eq!(other_rows(&|rows| assert_eq!(rows.1.remove(0).0.as_str(), who)), of(&who));
    assert_eq!(other_rows(&|rows| assert_eq!(first(rows), who)), Vec::<String>::new());
    let of_body = ["other-rows: its row of sco is not what the entries make of it"];
    assert_eq!(other_rows(&|rows| rows.0[0] ^= 1), of_body);
}
