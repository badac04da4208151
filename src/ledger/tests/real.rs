//! What is published says what the plain fold says of what really happened.

use std::collections::BTreeSet;
use std::io::Read;
use std::sync::Arc;

use flate2::read::GzDecoder;

use super::published::{Field, Random, World, compare, questions};
use super::*;
use crate::charter::{Template, charter_event};
use crate::event::Register;
use crate::fixture::{data, data_path};
use crate::import::{EventsFile, import_events, read_csv};
use crate::snapshot::Snapshot;

/// Days since 1970 in which everything happens: 1880 to 2026.
const REAL_DAYS: (i32, i32) = (-32_870, 20_800);

/// Five organisations and the treaties of WIPO as their sources record them, in the order of their days; `None` where the
/// data is not there.
fn real_events() -> Option<Vec<Event>> {
    let mut events = Vec::new();
    let mut numbers = 1_000..;
    for name in ["sco", "nato", "eu", "brics", "un"] {
        let file = if name == "un" { "un_members.csv".to_owned() } else { format!("{name}_events.csv") };
        let rows = data(&file)?;
        let resolve =
            |word: &str| Register::builtin().resolve(word).map(|p| p.id.clone()).map_err(|e| e.to_string());
        let rows = read_csv(rows.as_bytes(), &body(name), id(100), &resolve).unwrap();
        events.extend(rows.taken.into_iter().map(|row| row.event));
        let texts = Template::find(name).unwrap().texts;
        events.extend(
            texts
                .iter()
                .enumerate()
                .map(|(at, text)| charter_event(text, at > 0, id(numbers.next().unwrap())).unwrap()),
        );
    }
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = create(&dir.path().join("l"));
    let path = data_path("real/wipo.jsonl.gz")?;
    let open = || -> std::io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(GzDecoder::new(std::fs::File::open(&path)?)))
    };
    let file = EventsFile {
        name: "wipo.jsonl.gz",
        open: &open,
        surveyed: None,
        survivors_only: false,
        dry_run: false,
        keep: false,
        map: None,
        note: None,
    };
    import_events(&mut ledger, &file, options(START), &|_| {}).unwrap();
    let size = ledger.size().0;
    events.extend((0..size).map(|at| Arc::unwrap_or_clone(ledger.entry(Index(at)).unwrap().event)));
    // Charters first: whatever is asked after them is asked of bodies that have rules.
    events.sort_by_key(|event| event.act.kind() != ActKind::CharterAdopted);
    Some(events)
}

#[test]
fn of_what_really_happened_the_same_is_said_as_by_the_fold_of_all_entries() {
    let Some(events) = real_events() else { return };
    let named = |event: &Event| event.participant.clone();
    let field = Field {
        bodies: events.iter().map(|event| event.body.clone()).collect::<BTreeSet<_>>().into_iter().collect(),
        participants: events.iter().filter_map(named).collect::<BTreeSet<_>>().into_iter().collect(),
        days: REAL_DAYS,
    };
    assert!(field.bodies.len() > 20 && field.participants.len() > 190, "{}", field.bodies.len());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    Entries::create(&path, ORIGIN, &Disk::default()).unwrap();
    let mut world = World::empty(0x1883, false);
    world.days = REAL_DAYS;
    let mut random = Random(0x2026);
    let correct = |world: &mut World| {
        let number = world.id();
        let correction = world.correction(number);
        world.events.push(correction);
    };
    for real in events.chunks(events.len().div_ceil(2)) {
        for event in real {
            world.events.push(event.clone());
            if world.random.below(20) == 0 {
                correct(&mut world);
            }
        }
        world.write(&path, Disk::default());
        writer(&path).publish_base(&mut |_| {}).unwrap();
        ask(&path, &world, &field, &mut random);
        // The same with what came after: beside the base, or in a delta where the log has left the segment of the mark.
        (0..20).for_each(|_| correct(&mut world));
        world.write(&path, Disk::default());
        let mut writing = writer(&path);
        if writing.log().mark().segment != Snapshot::open(&path).unwrap().mark().unwrap().segment {
            assert!(writing.publish_delta().unwrap() || writing.publish_base(&mut |_| {}).is_ok());
        }
        drop(writing);
        ask(&path, &world, &field, &mut random);
    }
}

fn ask(path: &Path, world: &World, field: &Field, random: &mut Random) {
    let entries = world.entries();
    let mut ledger = Ledger::open_reader(path).unwrap();
    ledger.open_index().unwrap();
    assert!(ledger.model.is_some(), "nothing published was used");
    (0..questions() / 4).for_each(|_| compare(&mut ledger, &entries, field, random));
}
