//! Questions with one answer: about a pair, a participant, a body, an entry.

use crate::line::Line;
use crate::record::Record;
use crate::row::{Ask, Most, Row, Taken, in_turn};
use crate::sitting::Sitting;
use crate::sqlite;

/// A treaty of HUGGO that has two hundred entries.
const OF_TWO_HUNDRED: &str = "ggo-esapfc-1948a";

/// The start of the program with no work to do, compared with that of `sqlite3`.
pub(crate) fn start_up(sitting: &Sitting) {
    if !sitting.wants("start-up") {
        return;
    }
    let own = sitting.nothing();
    let weighed = own.weighed(sitting.limit);
    let shell = sitting.sqlite.then(|| Line::new("sqlite3", [":memory:", "SELECT 1"]));
    let (own, [sqlite]) = in_turn(sitting, &own, weighed, [shell.as_ref()]);
    Row {
        name: "`chancery --version`".into(),
        on: "none".into(),
        taken: Taken { own, sqlite, ..Taken::default() },
        weighed: Some(weighed),
        entries: None,
        most: &[Most::Sqlite(1.0)],
    }
    .print();
}

/// The status of a pair, on records of every size.
pub(crate) fn statuses(sitting: &Sitting) {
    if !sitting.wants("status") {
        return;
    }
    let narrow = Record::Narrow(sitting.entries);
    for record in [Record::Huggo, Record::Narrow(10_000), narrow, Record::Sco, Record::Nato] {
        let Some(made) = sitting.record(record) else { continue };
        let most = [Most::Sqlite(1.8), Most::Memory(memory(record))];
        Ask { words: &record.status(), query: Some(sqlite::status(record)), most: &most }
            .beside_status(sitting, &made);
    }
}

/// The memory that a question may have resident, in MiB.
const fn memory(record: Record) -> f64 {
    match record {
        Record::Narrow(_) => 400.0,
        _ => 120.0,
    }
}

/// Every question about HUGGO that has one answer.
pub(crate) fn questions(sitting: &Sitting) {
    let (participant, body) = Record::Huggo.pair();
    let act = "entered-into-force-for-participant";
    let asks = [
        ("portfolio", format!("portfolio {participant}"), Some(sqlite::portfolio(participant)), 5.0),
        ("bodies", "bodies".into(), Some(sqlite::BODIES.into()), 5.0),
        ("home", String::new(), None, 5.0),
        ("participants", "participants Brazil".into(), None, 2.0),
        ("show", "show 1000".into(), Some(sqlite::show(1000)), 2.0),
        ("log", format!("log --in {OF_TWO_HUNDRED}"), Some(sqlite::log(OF_TWO_HUNDRED)), 5.0),
        ("roster", format!("roster {body}"), Some(sqlite::roster(body)), 1.3),
        ("count", format!("count {body}"), Some(sqlite::count(body)), 1.5),
        (
            "when",
            format!("when {participant} {body} --status party"),
            Some(sqlite::when(participant, body, act)),
            1.5,
        ),
        ("timeline", format!("timeline {participant}"), Some(sqlite::timeline(participant)), 6.0),
    ];
    for (group, words, query, times) in asks {
        if let Some(made) = sitting.wants(group).then(|| sitting.record(Record::Huggo)).flatten() {
            let most = [Most::Status(times), Most::Memory(memory(Record::Huggo))];
            Ask { words: &words, query, most: &most }.beside_status(sitting, &made);
        }
    }
}

/// The questions that read more than a body, on the large records.
pub(crate) fn large(sitting: &Sitting) {
    for record in [Record::Narrow(sitting.entries), Record::Wide(sitting.entries)] {
        let (participant, body) = record.pair();
        let asks = [
            ("portfolio", format!("portfolio {participant}"), Some(sqlite::portfolio(participant)), 5.0),
            ("bodies", "bodies".into(), Some(sqlite::BODIES.into()), 5.0),
            ("roster", format!("roster {body}"), Some(sqlite::roster(body)), 1.3),
        ];
        for (group, words, query, times) in asks {
            if let Some(made) = sitting.wants(group).then(|| sitting.record(record)).flatten() {
                let most = [Most::Status(times), Most::Memory(memory(record))];
                Ask { words: &words, query, most: &most }.beside_status(sitting, &made);
            }
        }
    }
}
