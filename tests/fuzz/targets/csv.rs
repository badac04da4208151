#![no_main]
//! Files of rows: each row is taken or refused, what is taken can be recorded, and a file is always read alike.

use chancery::event::leaf::{decode, encode_event, splice};
use chancery::event::{BodyId, EventId, Index, Instant, ParticipantId, of_cell, to_cell};
use chancery::import::read_csv;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        assert_eq!(of_cell(&to_cell(text)), text);
    }
    let import = EventId::parse("0192a6c0-0000-7000-8000-000000000001").expect("an id");
    let body = BodyId::parse("sco").expect("a body");
    // Names are not looked up: a look-up of a name that is near to many takes longer than all the rest.
    let resolve = |name: &str| ParticipantId::parse(name).map_err(|error| error.to_string());
    let read = || read_csv(bytes, &body, import, &resolve);
    let Ok(rows) = read() else { return };
    let mut ids = std::collections::BTreeSet::new();
    for row in &rows.taken {
        assert!(ids.insert(row.event.id), "two rows have one id");
        let leaf = encode_event(&row.event).and_then(|event| splice(&event, Instant::from_micros(0)));
        if let Ok(leaf) = leaf {
            let entry = decode(&leaf, Index(0)).expect("a row that is recorded is read back");
            assert_eq!(*entry.event, row.event);
        }
    }
    let again = read().expect("a file is read twice alike");
    assert!(again.taken.iter().map(|row| row.event.id).eq(rows.taken.iter().map(|row| row.event.id)));
});
