//! One sitting of measurements: the groups, the records, the number of rounds and the programs beside.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::Duration;

use crate::line::Line;
use crate::record::{Made, Record};

/// The settings and records that the rows of a sitting share.
pub(crate) struct Sitting {
    /// The folder of the records.
    pub(crate) folder: PathBuf,
    /// The folder of the real data.
    pub(crate) data: PathBuf,
    /// The number of entries of the large records.
    pub(crate) entries: usize,
    /// The number of entries of the smaller of two records that are compared; the other has four times as many.
    pub(crate) growth: usize,
    /// The largest number of turns of each side.
    pub(crate) rounds: usize,
    /// The time after which a row takes no more turns.
    pub(crate) turns: Duration,
    /// The seconds after which a command is ended.
    pub(crate) limit: u64,
    /// True if `sqlite3` is installed.
    pub(crate) sqlite: bool,
    python: Option<PathBuf>,
    wanted: Option<String>,
    made: RefCell<BTreeMap<Record, Option<Rc<Made>>>>,
}

/// The file that Python reads in one Y.
const HUGGO: &str = "real/huggo.jsonl.gz";
/// The Python program that reads every line of it.
const READS: &str = "import gzip, json, sys\nfor line in gzip.open(sys.argv[1]): json.loads(line)";

fn number(variable: &str, default: usize) -> usize {
    std::env::var(variable).map_or(default, |number| number.parse().unwrap())
}

/// True if a program can be started.
fn there(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

impl Sitting {
    /// A sitting with the settings that the environment gives.
    pub(crate) fn new(folder: &Path, wanted: Option<String>) -> Sitting {
        let data = std::env::var_os("CHANCERY_DATA").map(PathBuf::from);
        let asked = there("python3")
            .then(|| Line::new("python3", ["-c", "import sys; print(sys.executable)"]).output());
        Sitting {
            folder: folder.to_owned(),
            data: data.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data")),
            entries: number("CHANCERY_BENCH_ENTRIES", 1_000_000),
            growth: number("CHANCERY_BENCH_GROWTH", 80_000),
            rounds: number("CHANCERY_BENCH_ROUNDS", 30),
            turns: Duration::from_secs(number("CHANCERY_BENCH_SECONDS", 20) as u64),
            limit: number("CHANCERY_BENCH_LIMIT", 600) as u64,
            sqlite: there("sqlite3"),
            python: asked.map(|path| PathBuf::from(path.trim())),
            wanted,
            made: RefCell::default(),
        }
    }

    /// Prints the machine's cores and load, and the heading of the table.
    pub(crate) fn print_heading(&self) {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        println!("{cores} cores, load before it began {}", load.trim());
        println!(
            "at most {} turns or {} s a row, a command ended after {} s",
            self.rounds,
            self.turns.as_secs(),
            self.limit
        );
        println!(
            "\n| command | record | median [least..most] | sqlite3 | `status` | nothing | Y | memory | faults | at most |"
        );
        println!("|---|---|---|---|---|---|---|---|---|---|");
    }

    /// True if the rows of a group are wanted.
    pub(crate) fn wants(&self, group: &str) -> bool {
        self.wanted.as_ref().is_none_or(|word| group.contains(word.as_str()))
    }

    /// A record, made for the first row that needs it; `None` if it cannot be made, which is printed once.
    pub(crate) fn record(&self, record: Record) -> Option<Rc<Made>> {
        if let Some(made) = self.made.borrow().get(&record) {
            return made.clone();
        }
        let made = record.make(self).map(Rc::new);
        if made.is_none() {
            println!("| | {record} | skipped: its file is not at {} | | | | | | | |", self.data.display());
        }
        self.made.borrow_mut().insert(record, made.clone());
        made
    }

    /// The file that HUGGO is imported from, if it exists.
    pub(crate) fn huggo(&self) -> Option<PathBuf> {
        Some(self.data.join(HUGGO)).filter(|path| path.exists())
    }

    /// The program that takes one Y: Python reading that file.
    pub(crate) fn python(&self) -> Option<Line> {
        let file = self.huggo()?;
        Some(Line::new(self.python.clone()?, ["-c", READS, file.to_str().unwrap()]))
    }

    /// The program with no work to do: it prints its version.
    pub(crate) fn nothing(&self) -> Line {
        Line::new(env!("CARGO_BIN_EXE_chancery"), ["--version"])
    }
}
