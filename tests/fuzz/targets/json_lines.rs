#![no_main]
//! Files of lines: acts of the neutral form, plain or compressed, and events as a batch gives them.

use chancery::event::EventId;
use chancery::event::leaf::{decode_draft, decode_offer, encode_event, encode_offer};
use chancery::import::read_acts;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut last = 0;
    let _ = read_acts(bytes, |line, act| {
        assert!(line > last, "lines are numbered in their order");
        last = line;
        if let Ok(act) = act {
            let written = encode_event(&act.event).map(|json| decode_draft(&json, act.event.id));
            if let Ok(again) = written {
                assert_eq!(again.ok().as_ref(), Some(&act.event), "an act that is written is read back");
            }
        }
    });
    let id = EventId::parse("0192a6c0-0000-7000-8000-000000000001").expect("an id");
    for line in bytes.split(|byte| *byte == b'\n') {
        let Ok((event, signatures)) = decode_offer(line, id) else { continue };
        let Ok(json) = encode_event(&event) else { continue };
        assert_eq!(decode_draft(&json, id).as_ref().ok(), Some(&event));
        if let Ok(offer) = encode_offer(&event, signatures.clone()) {
            assert_eq!(decode_offer(&offer, id).ok(), Some((event, signatures)));
        }
    }
});
