#![no_main]
//! Dates and instants: the text of a date is kept, its days are in order, and what is written is read back.

use chancery::event::{Day, Edtf, Instant, Moment};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(date) = Edtf::parse(text) {
        assert_eq!(date.as_str(), text);
        assert!(date.earliest() <= date.latest());
        let span = Edtf::one_of(date.earliest(), date.latest());
        if date.earliest() != Day::PAST || date.latest() != Day::FUTURE {
            let again = Edtf::parse(span.as_str()).expect("a span that is written is a date");
            assert_eq!((again.earliest(), again.latest()), (date.earliest(), date.latest()));
        }
    }
    if let Ok(instant) = Instant::parse(text) {
        assert_eq!(Instant::parse(&instant.canonical()), Ok(instant));
        assert!(instant <= Instant::end_of(instant.day()));
    }
    if let Ok(moment) = Moment::parse(text) {
        assert_eq!(moment.as_str().trim(), text.trim());
    }
});
