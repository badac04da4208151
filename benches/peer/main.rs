//! Chancery and SQLite on the same synthetic ledger, in the same run, with the ratios between them.
//!
//! `cargo bench --bench peer`, or only the rows whose name contains a word: `cargo bench --bench peer -- status`. With another
//! size: `CHANCERY_BENCH_ENTRIES=10000 cargo bench --bench peer`. docs/PERFORMANCE.md explains the rows.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a measurement that cannot be made has no result")]

mod appends;
mod chancery;
mod corrections;
mod disk;
mod imports;
mod limits;
mod minimal;
mod processes;
mod questions;
mod readers;
mod replays;
mod report;
mod samples;
#[path = "../ledger/synthetic.rs"]
#[allow(dead_code, reason = "only its charter and its random numbers are used here")]
mod shared;
mod sqlite;
mod synthetic;
mod written;

use std::path::{Path, PathBuf};

/// The same allocator as in the program that is measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use imports::{Both, judged, make};
use report::Row;
use synthetic::Shape;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|word| word == "child") {
        return child(&arguments[1..]);
    }
    let entries = number("CHANCERY_BENCH_ENTRIES").unwrap_or(1_000_000);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let bench = Bench {
        folder: folder.clone(),
        entries,
        rounds: number("CHANCERY_BENCH_ROUNDS").unwrap_or(10),
        wanted: arguments.into_iter().find(|word| !word.starts_with('-')),
    };
    bench.run();
    let _ = std::fs::remove_dir_all(&folder);
}

fn number(variable: &str) -> Option<usize> {
    std::env::var(variable).ok().map(|number| number.parse().unwrap())
}

/// The work of this program as a child process: nothing, one question, or an import.
fn child(arguments: &[String]) {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["exit"] => {}
        ["status", path, participant, body, day] => {
            let status = minimal::status(Path::new(path), participant, body, day.parse().unwrap());
            println!("{}", sqlite::STATUSES[status as usize]);
        }
        ["import", side, path, shape, entries] => {
            let entries = entries.parse().unwrap();
            imports::as_child(side, Path::new(path), Shape::named(shape, entries));
        }
        _ => panic!("{words:?}"),
    }
}

struct Bench {
    folder: PathBuf,
    entries: usize,
    rounds: usize,
    /// If given, only rows of a group whose name contains this.
    wanted: Option<String>,
}

impl Bench {
    fn wants(&self, group: &str) -> bool {
        self.wanted.as_ref().is_none_or(|word| group.contains(word.as_str()))
    }

    /// Prints the rows of a group, if it is wanted.
    fn group<const N: usize>(&self, group: &str, rows: impl FnOnce() -> [Row; N]) {
        if self.wants(group) {
            rows().iter().for_each(Row::print);
        }
    }

    fn run(&self) {
        println!("{} entries, {} rounds", self.entries, self.rounds);
        let shape = Shape::plain(self.entries);
        let both = match self.wants("import and memory") {
            true => self.import(shape),
            false => make(&self.folder, shape),
        };
        if self.wants("agree") {
            questions::agree(&both);
        }
        if self.wants("disk") {
            disk::rows(&both).iter().for_each(Row::print);
        }
        self.group("open", || [appends::open(&both, self.rounds)]);
        self.group("status", || questions::statuses(&both, self.rounds));
        self.group("roster", || questions::rosters(&both, self.rounds));
        self.group("replay", || [replays::replayed(&both, self.rounds.min(5))]);
        self.group("audit hashes", || [replays::hashes(&both, self.rounds)]);
        self.processes(&both);
        self.corrections();
        self.skewed();
        if self.wants("readers") {
            readers::rows(&self.folder).iter().for_each(Row::print);
        }
        self.appends(&both);
        self.group("audit everything", || [replays::audited(&both, 1)]);
    }

    /// Makes the ledger by imports, and prints their rows.
    fn import(&self, shape: Shape) -> Both {
        let often = if self.entries <= 100_000 { 3 } else { 1 };
        let (both, imported) = judged(&self.folder, shape, often);
        imports::rows(shape, &imported).iter().for_each(Row::print);
        both
    }

    fn processes(&self, both: &Both) {
        for entries in [10_000, 100_000].into_iter().filter(|size| *size < self.entries) {
            self.group("process status", || {
                let smaller = make(&self.folder, Shape::plain(entries));
                [processes::status(&smaller, self.rounds * 3)]
            });
        }
        self.group("process status", || [processes::status(both, self.rounds * 3)]);
    }

    fn corrections(&self) {
        self.group("corrections", || {
            let entries = self.entries.min(100_000);
            let corrected = make(&self.folder, Shape::corrected(entries));
            let uncorrected = make(&self.folder, Shape::uncorrected(entries));
            questions::agree(&corrected);
            corrections::rows(&corrected, &uncorrected, self.rounds)
        });
    }

    fn skewed(&self) {
        self.group("skewed", || {
            let skewed = make(&self.folder, Shape::skewed(self.entries.min(100_000)));
            questions::agree(&skewed);
            questions::busy(&skewed, self.rounds)
        });
    }

    /// The rows of appends, which come last because appends add to both sides.
    fn appends(&self, both: &Both) {
        if ["append one", "append hundred", "append writers"].iter().any(|group| self.wants(group)) {
            let mut world = appends::continued(both);
            self.group("append one", || [appends::appends(both, &mut world, 1, self.rounds * 20)]);
            self.group("append hundred", || [appends::appends(both, &mut world, 100, self.rounds * 3)]);
            self.group("append writers", || [appends::writers(both, &mut world, 100)]);
        }
    }
}
