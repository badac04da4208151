//! The records that the questions are about.

use std::fmt;
use std::path::PathBuf;

use crate::line::{Line, Weighed};
use crate::sitting::Sitting;
use crate::synthetic::{Shape, World};
use crate::{sqlite, wide, written};

/// A record, by its kind and size.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Record {
    /// The treaties of the environment and of trade: 162,967 entries of 3,439 treaties, imported from a file.
    Huggo,
    /// This number of synthetic entries of 200 participants in 300 bodies, with many acts for each pair.
    Narrow(usize),
    /// This number of synthetic entries, in which every act is corrected five times.
    Corrected(usize),
    /// The acts of such a record without their corrections.
    Uncorrected(usize),
    /// This number of synthetic acts of 200 parties, one for each pair: a million acts are of 5,000 treaties.
    Wide(usize),
    /// The record of the demonstration.
    Sco,
    /// The accessions to NATO, imported from a CSV.
    Nato,
}

/// A record on disk.
pub(crate) struct Made {
    /// The kind of record.
    pub(crate) record: Record,
    /// The folder of its ledger.
    pub(crate) ledger: PathBuf,
    /// The same record in a database, if `sqlite3` is installed.
    pub(crate) database: Option<PathBuf>,
    /// The number of its entries.
    pub(crate) entries: usize,
    /// The import that made it, with its time and memory, if an import did.
    pub(crate) import: Option<Weighed>,
}

impl fmt::Display for Record {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Record::Huggo => out.write_str("HUGGO"),
            Record::Narrow(entries) => write!(out, "narrow {entries}"),
            Record::Corrected(entries) => write!(out, "corrected {entries}"),
            Record::Uncorrected(entries) => write!(out, "uncorrected {entries}"),
            Record::Wide(entries) => write!(out, "wide {entries}"),
            Record::Sco => out.write_str("SCO"),
            Record::Nato => out.write_str("NATO"),
        }
    }
}

impl Record {
    /// A pair of the record: participant and body.
    pub(crate) const fn pair(self) -> (&'static str, &'static str) {
        match self {
            Record::Huggo => ("BRA", "ggo-unfccc-1992a"),
            Record::Narrow(_) | Record::Corrected(_) | Record::Uncorrected(_) => ("BRA", "body-001"),
            Record::Wide(_) => ("BRA", "wide-0001"),
            Record::Sco => ("BLR", "sco"),
            Record::Nato => ("FIN", "nato"),
        }
    }

    /// The question for the status of that pair, as a user types it.
    pub(crate) fn status(self) -> String {
        let (participant, body) = self.pair();
        format!("status {participant} --in {body}")
    }

    /// True if `sqlite3` answers the same questions about it.
    const fn is_beside_sqlite(self) -> bool {
        !matches!(self, Record::Corrected(_) | Record::Uncorrected(_))
    }

    /// The shape of a synthetic record.
    pub(crate) const fn shape(self) -> Shape {
        match self {
            Record::Narrow(entries) => Shape::plain(entries),
            Record::Corrected(entries) => Shape::corrected(entries),
            Record::Uncorrected(entries) => Shape::uncorrected(entries),
            _ => panic!("the record is not synthetic"),
        }
    }

    /// Makes the record and its database; `None` if the file for it is missing.
    pub(crate) fn make(self, sitting: &Sitting) -> Option<Made> {
        let ledger = sitting.folder.join(format!("{self}.ledger").replace(' ', "-"));
        let run = |words: &str| _ = Line::chancery(&ledger, words).timed();
        let mut import = None;
        match self {
            Record::Huggo => {
                let file = sitting.huggo()?;
                run("init --origin test/huggo");
                let import_it = Line::chancery(&ledger, "import events").and(file.to_str().unwrap());
                import = Some(import_it.weighed(sitting.limit));
            }
            Record::Narrow(_) | Record::Corrected(_) | Record::Uncorrected(_) => {
                let shape = self.shape();
                written::written(&ledger, &mut World::new(shape), shape.entries);
            }
            Record::Wide(entries) => {
                let file = sitting.folder.join("wide.jsonl");
                wide::write(&file, entries);
                run("init --origin bench/wide");
                let import_it = Line::chancery(&ledger, "import events").and(file.to_str().unwrap());
                import = Some(import_it.weighed(sitting.limit));
                std::fs::remove_file(&file).unwrap();
            }
            Record::Sco => run("demo"),
            Record::Nato => {
                let file = Some(sitting.data.join("nato_events.csv")).filter(|path| path.exists())?;
                run("init --origin test/nato");
                run("charter adopt nato");
                Line::chancery(&ledger, "import csv --in nato").and(file.to_str().unwrap()).timed();
            }
        }
        let last = Line::chancery(&ledger, "log --last 1 --format csv").output();
        let last = last.lines().last().unwrap().split(',').next().unwrap().parse::<usize>();
        let database = (sitting.sqlite && self.is_beside_sqlite()).then(|| sqlite::make(&ledger));
        Some(Made { record: self, ledger, database, entries: last.unwrap() + 1, import })
    }
}
