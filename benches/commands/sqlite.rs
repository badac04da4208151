//! The same record in a table that `sqlite3` reads, and the same questions to it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::line::Line;
use crate::record::{Made, Record};

/// The database that a user would build from the list of entries: one table, with an index for each kind of question.
const BUILD: &str = "
    PRAGMA journal_mode = off;
    PRAGMA synchronous = off;
    CREATE TABLE entry(at INTEGER PRIMARY KEY, recorded TEXT, act TEXT, participant TEXT, body TEXT, date TEXT,
        toward TEXT, title TEXT, id TEXT);
    .mode csv
    .import --skip 1 LIST entry
    CREATE INDEX of_body ON entry(body, participant, date);
    CREATE INDEX of_participant ON entry(participant, body, date);
    CREATE UNIQUE INDEX of_id ON entry(id);
    ANALYZE;
";

/// Makes a database of the list that `chancery log --format csv` prints.
pub(crate) fn make(ledger: &Path) -> PathBuf {
    let (list, database) = (ledger.with_extension("csv"), ledger.with_extension("db"));
    let mut log = Command::new(env!("CARGO_BIN_EXE_chancery"));
    log.arg("--ledger").arg(ledger).args(["log", "--format", "csv"]);
    assert!(log.stdout(std::fs::File::create(&list).unwrap()).status().unwrap().success());
    let mut shell =
        Command::new("sqlite3").arg(&database).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let script = BUILD.replace("LIST", list.to_str().unwrap());
    // A command of `sqlite3` that begins with a dot must be at the start of its line.
    let script: String = script.lines().map(|line| format!("{}\n", line.trim())).collect();
    shell.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    assert!(shell.wait().unwrap().success());
    std::fs::remove_file(&list).unwrap();
    database
}

/// A query to `sqlite3`, if the record is in a database.
pub(crate) fn ask(made: &Made, query: &str) -> Option<Line> {
    Some(Line::new("sqlite3", [made.database.as_ref()?.to_str().unwrap(), query]))
}

/// The last act of the record's pair up to today.
pub(crate) fn status(record: Record) -> String {
    let (participant, body) = record.pair();
    format!(
        "SELECT act, date FROM entry WHERE body = '{body}' AND participant = '{participant}' AND date <= date('now') \
         ORDER BY date DESC, at DESC LIMIT 1"
    )
}

/// The last act of a participant in each body.
pub(crate) fn portfolio(participant: &str) -> String {
    format!(
        "SELECT body, act, max(date) FROM entry WHERE participant = '{participant}' AND date <= date('now') GROUP BY body"
    )
}

/// Every body, with the number of its entries.
pub(crate) const BODIES: &str = "SELECT body, count(*) FROM entry GROUP BY body";

/// Every column of an entry.
pub(crate) fn show(entry: usize) -> String {
    format!("SELECT * FROM entry WHERE at = {entry}")
}

/// The entries of a body in their order.
pub(crate) fn log(body: &str) -> String {
    format!("SELECT * FROM entry WHERE body = '{body}' ORDER BY at")
}

/// The last act of each participant of a body.
pub(crate) fn roster(body: &str) -> String {
    format!(
        "SELECT participant, act, max(date) FROM entry WHERE body = '{body}' AND date <= date('now') GROUP BY participant"
    )
}

/// The number of acts of a body in each year.
pub(crate) fn count(body: &str) -> String {
    format!("SELECT substr(date, 1, 4), count(*) FROM entry WHERE body = '{body}' GROUP BY 1")
}

/// The first day of an act of a pair.
pub(crate) fn when(participant: &str, body: &str, act: &str) -> String {
    format!(
        "SELECT min(date) FROM entry WHERE body = '{body}' AND participant = '{participant}' AND act = '{act}'"
    )
}

/// Every act of a participant by body and day.
pub(crate) fn timeline(participant: &str) -> String {
    format!("SELECT body, act, date FROM entry WHERE participant = '{participant}' ORDER BY body, date")
}
