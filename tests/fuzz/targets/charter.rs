#![no_main]
//! Charters in TOML: a text that is taken is taken again as it is written, and a fault has its place in the text.

use chancery::charter::{CharterText, CharterTextError};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let read = CharterText::parse(text);
    if let Err(CharterTextError { line, column, .. }) = &read {
        let lines: Vec<&str> = text.split('\n').collect();
        let place = lines.get(line - 1).expect("a fault is on a line of the text");
        assert!((1..=place.chars().count() + 1).contains(column), "column {column} of {place:?}");
    }
    let adoption = CharterText::parse_adoption(text);
    if let Ok(charter) = &read {
        let written = toml::to_string(charter).expect("a charter can be written");
        assert_eq!(CharterText::parse(&written).as_ref(), Ok(charter));
        assert_eq!(CharterText::parse_adoption(&written).is_ok(), adoption.is_ok());
    }
    assert!(read.is_ok() || adoption.is_err());
});
