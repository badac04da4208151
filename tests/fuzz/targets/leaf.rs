#![no_main]
//! Leaves: whatever is read has one form, and each way of reading gives the same entry.

use chancery::event::leaf::{decode, decode_for_status, decode_signed, encode_event, splice_signed};
use chancery::event::{Index, is_leaf_of};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok((entry, signatures)) = decode_signed(bytes, Index(7)) else {
        assert!(decode(bytes, Index(7)).is_err() && decode_for_status(bytes, Index(7)).is_err());
        return;
    };
    assert_eq!(decode(bytes, Index(7)).as_ref().ok(), Some(&entry));
    let status = decode_for_status(bytes, Index(7)).expect("a leaf that is read is read for a status");
    assert_eq!((status.recorded_at, status.event.id), (entry.recorded_at, entry.event.id));
    assert_eq!((&status.event.act, &status.event.dates), (&entry.event.act, &entry.event.dates));

    let canonical = is_leaf_of(bytes, &entry, &signatures);
    let written = encode_event(&entry.event).and_then(|e| splice_signed(&e, entry.recorded_at, &signatures));
    let Ok(written) = written else {
        assert!(!canonical, "a leaf in its one form cannot be written");
        return;
    };
    assert_eq!(canonical, written == bytes);
    assert_eq!(
        decode_signed(&written, Index(7)).ok(),
        Some((entry, signatures)),
        "what is written is read back"
    );
});
