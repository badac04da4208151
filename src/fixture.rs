//! The record of the SCO from the shipped charter and `sco_events.csv`, for tests.

use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::charter::{Template, charter_event};
use crate::event::{
    Act, BodyId, Cause, Changes, Correction, Event, EventId, FieldName, ImportReceipt, Instant,
    ParticipantId, Register, Retraction,
};
use crate::import::read_csv;
use crate::ledger::{AppendOptions, Writer};
use crate::log::{Disk, Holder};

pub(crate) const ORIGIN: &str = "ledger.example/sco";
/// 2026-01-01T00:00:00Z.
pub(crate) const START: i64 = 1_767_225_600_000_000;

/// The path of a file of the data set, or `None` with a message where it is absent.
pub(crate) fn data_path(file: &str) -> Option<PathBuf> {
    let root = std::env::var_os("CHANCERY_DATA").map(PathBuf::from);
    let root = root.unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data").into());
    let path = root.join(file);
    if !path.is_file() {
        println!("skipped: {file} is not at $CHANCERY_DATA");
        return None;
    }
    Some(path)
}

/// A file of the data set, or `None` with a message where it is absent.
pub(crate) fn data(file: &str) -> Option<String> {
    data_path(file).and_then(|path| std::fs::read_to_string(path).ok())
}

pub(crate) fn id(n: u128) -> EventId {
    EventId(Uuid::from_u128(n))
}

pub(crate) fn body(name: &str) -> BodyId {
    BodyId::parse(name).unwrap()
}

pub(crate) fn who(name: &str) -> ParticipantId {
    Register::builtin().resolve(name).unwrap().id.clone()
}

/// The events of the shipped charter, oldest first.
pub(crate) fn charters() -> Vec<Event> {
    let texts = Template::find("sco").unwrap().texts;
    texts.iter().enumerate().map(|(i, t)| charter_event(t, i > 0, id(i as u128 + 1)).unwrap()).collect()
}

/// The rows of the SCO's chronology with the import that brought them, which comes first.
pub(crate) fn rows() -> Option<Vec<Event>> {
    let text = data("sco_events.csv")?;
    let resolve =
        |word: &str| Register::builtin().resolve(word).map(|p| p.id.clone()).map_err(|e| e.to_string());
    let rows = read_csv(text.as_bytes(), &body("sco"), id(100), &resolve).unwrap();
    assert_eq!(rows.rejected, vec![]);
    let receipt = ImportReceipt {
        file: "sco_events.csv".into(),
        importer: "test".into(),
        refused: 0,
        sha256: rows.sha256,
        taken: rows.taken.len() as u64,
    };
    let mut events = vec![Event::new(id(100), Act::ImportRecorded(receipt), body("sco"))];
    events.extend(rows.taken.into_iter().map(|row| row.event));
    Some(events)
}

pub(crate) fn retraction(n: u128, of: &Event, cause: Cause) -> Event {
    let mut event = Event::new(id(n), Act::EntryRetracted(Retraction { cause }), of.body.clone());
    event.to = Some(of.id);
    event
}

pub(crate) fn rectification(n: u128, of: &Event, field: &str, value: &str) -> Event {
    let now: Changes = [(FieldName(field.parse().unwrap()), value.to_owned())].into();
    let correction = Correction { cause: Cause::Clerical, now, was: Changes::new() };
    let mut event = Event::new(id(n), Act::RecordCorrected(correction), of.body.clone());
    event.to = Some(of.id);
    event
}

pub(crate) fn holder() -> Holder {
    Holder { pid: "1".into(), command: "test".into(), since: "00:00".into(), address: None }
}

pub(crate) fn create(path: &Path) -> Writer {
    Writer::create(path, ORIGIN, &Disk::default()).unwrap();
    writer(path)
}

pub(crate) fn writer(path: &Path) -> Writer {
    Writer::open(path, &holder(), Disk::default()).unwrap()
}

pub(crate) fn options(micros: i64) -> AppendOptions {
    AppendOptions { now: Instant::from_micros(micros), expect_size: None, accept_clock: false }
}

/// Waits until sled has let go of the index that was just dropped: on a busy machine its threads outlive the drop.
pub(crate) fn released(ledger: &Path) {
    let held = |generation: &Path| {
        let file = std::fs::File::open(generation.join("db"));
        file.is_ok_and(|file| matches!(file.try_lock(), Err(std::fs::TryLockError::WouldBlock)))
    };
    let generations = || std::fs::read_dir(ledger.join("sled")).into_iter().flatten().flatten();
    for _ in 0..500 {
        if !generations().any(|generation| held(&generation.path())) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("sled did not let go of {}", ledger.display());
}
