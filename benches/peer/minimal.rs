//! The smallest program that asks SQLite one question: it opens the database to read, and runs one prepared query by names.

use std::path::Path;

use chancery::event::Day;
use rusqlite::{Connection, OpenFlags, Params, params};

const PAIR: &str = "SELECT status FROM (SELECT status, valid_to FROM spell
    WHERE body = (SELECT id FROM body WHERE name = ?1)
    AND participant = (SELECT id FROM participant WHERE name = ?2)
    AND recorded_to = 9223372036854775807 AND valid_from <= ?3 ORDER BY valid_from DESC LIMIT 1) WHERE valid_to > ?3";
const BODY: &str = "SELECT participant, status FROM spell WHERE body = (SELECT id FROM body WHERE name = ?1)
    AND recorded_to = 9223372036854775807 AND valid_from <= ?2 AND valid_to > ?2 ORDER BY participant";

/// Opens the database for one query and returns two columns of every row.
fn rows(path: &Path, query: &str, with: impl Params, columns: [usize; 2]) -> Vec<(i64, i64)> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).unwrap();
    connection.execute_batch("PRAGMA mmap_size = 1073741824").unwrap();
    let mut ask = connection.prepare(query).unwrap();
    let found = ask.query_map(with, |row| Ok((row.get(columns[0])?, row.get(columns[1])?))).unwrap();
    found.collect::<Result<_, _>>().unwrap()
}

/// The status of a pair, as its index in the list of statuses.
pub(crate) fn status(path: &Path, participant: &str, body: &str, day: Day) -> i64 {
    let found = rows(path, PAIR, params![body, participant, day.days()], [0, 0]);
    found.first().map_or(0, |(status, _)| *status)
}

/// The participants of a body, each with its status.
pub(crate) fn roster(path: &Path, body: &str, day: Day) -> Vec<(i64, i64)> {
    rows(path, BODY, params![body, day.days()], [0, 1])
}
