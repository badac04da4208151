#![no_main]
//! The words of a command line, one a line; and a question in JSON, whose words the command line takes.

use std::cell::RefCell;

use chancery::Question;
use chancery::cli;
use chancery::event::Instant;
use libfuzzer_sys::fuzz_target;

thread_local! {
    /// Built once: it has some fifty commands.
    static COMMAND: RefCell<clap::Command> = RefCell::new(cli::command());
}

fn is_taken(words: impl IntoIterator<Item = String>) -> bool {
    let words = std::iter::once("chancery".to_owned()).chain(words);
    COMMAND.with_borrow_mut(|command| command.try_get_matches_from_mut(words).is_ok())
}

fuzz_target!(|text: &str| {
    let Ok(question) = serde_json::from_str::<Question>(text) else {
        is_taken(text.lines().map(str::to_owned));
        return;
    };
    let written = serde_json::to_string(&question).expect("a question can be written");
    assert_eq!(serde_json::from_str::<Question>(&written).ok().as_ref(), Some(&question));
    let now = Instant::parse("2026-11-24T09:00:00Z").expect("an instant");
    if question.read(now).is_ok() {
        is_taken(question.words());
    }
});
