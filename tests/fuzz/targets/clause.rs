#![no_main]
//! Clauses: a clause that is written is read as the same clause, and a fault has its place in the text.

use chancery::charter::Clause;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match Clause::parse(text) {
        Ok(clause) => {
            let written = clause.to_string();
            let again = Clause::parse(&written).expect("a clause that is written is a clause");
            assert_eq!(again.rule, clause.rule);
            assert_eq!(again.to_string(), written);
        }
        Err(error) => {
            assert!((1..=text.chars().count() + 1).contains(&error.column), "column {}", error.column)
        }
    }
});
