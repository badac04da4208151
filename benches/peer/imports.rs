//! An import of everything with full judgement. Each side runs in its own process, so that its memory can be measured.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chancery::event::Instant;
use chancery::ledger::{AppendOptions, Writer};
use chancery::log::Disk;

use crate::limits::child;
use crate::report::{Bound, Row, Samples, Unit, timed};
use crate::shared::holder;
use crate::sqlite::Peer;
use crate::synthetic::{Shape, World};
use crate::written::{ORIGIN, RECORDED, batches, written};

/// The number of these batches in one transaction, because SQLite gains from longer transactions.
const IN_A_TRANSACTION: usize = 12;

/// The same events on both sides.
pub(crate) struct Both {
    /// The shape of the events.
    pub(crate) shape: Shape,
    /// The ledger's folder.
    pub(crate) ledger: PathBuf,
    /// The database's file.
    pub(crate) database: PathBuf,
}

/// The result that a child reports of its import: the time of the work, and its largest memory in bytes.
pub(crate) struct Imported {
    took: Duration,
    memory: f64,
}

/// The options of an append in these benches.
pub(crate) fn options() -> AppendOptions {
    AppendOptions { now: Instant::from_micros(RECORDED), expect_size: None, accept_clock: true }
}

/// Runs in a child: makes the ledger or database of the side given, or only the events, and prints nanoseconds and KiB.
pub(crate) fn as_child(side: &str, path: &Path, shape: Shape) {
    let mut world = World::new(shape);
    let took = match side {
        "chancery" => into_chancery(path, &mut world, shape.entries),
        "written" => written(path, &mut world, shape.entries),
        "sqlite" => into_sqlite(path, &mut world, shape.entries),
        _ => only_made(&mut world, shape.entries),
    };
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    println!("{} {}", took.as_nanos(), peak.trim().trim_end_matches(" kB"));
}

fn into_chancery(path: &Path, world: &mut World, entries: usize) -> Duration {
    Writer::create(path, ORIGIN, &Disk::default()).unwrap();
    let mut ledger = Writer::open(path, &holder(), Disk::default()).unwrap();
    let took = batches(world, entries, |events| {
        let drafts = ledger.admit(events).unwrap();
        ledger.record(drafts, options()).unwrap();
    });
    took + timed(|| ledger.close().unwrap())
}

fn into_sqlite(path: &Path, world: &mut World, entries: usize) -> Duration {
    let mut peer = Peer::create(path);
    let mut count = 0;
    let took = batches(world, entries, |events| {
        if count % IN_A_TRANSACTION == 0 {
            peer.begin_batch();
        }
        peer.record_batch(&events, RECORDED);
        count += 1;
        if count % IN_A_TRANSACTION == 0 {
            peer.commit_batch();
        }
    });
    let finish = || {
        if count % IN_A_TRANSACTION != 0 {
            peer.commit_batch();
        }
        peer.checkpoint();
    };
    took + timed(finish)
}

fn only_made(world: &mut World, entries: usize) -> Duration {
    batches(world, entries, drop)
}

fn import(side: &str, path: &Path, shape: Shape) -> Imported {
    let by = shape.by.to_string();
    let said = child(&["import", side, path.to_str().unwrap(), shape.name, &by]);
    let (nanos, kib) = said.trim().split_once(' ').unwrap();
    let took = Duration::from_nanos(nanos.parse().unwrap());
    Imported { took, memory: kib.parse::<f64>().unwrap() * 1024.0 }
}

/// Makes a ledger and a database of the same events.
pub(crate) fn make(folder: &Path, shape: Shape) -> Both {
    make_by("written", folder, shape, 1).0
}

/// Does the same by imports with full judgement, in turn, for a number of rounds; the ledger and database of the last round remain.
pub(crate) fn judged(folder: &Path, shape: Shape, rounds: usize) -> (Both, Vec<[Imported; 2]>) {
    make_by("chancery", folder, shape, rounds)
}

fn make_by(side: &str, folder: &Path, shape: Shape, rounds: usize) -> (Both, Vec<[Imported; 2]>) {
    let path = |end: &str| folder.join(format!("{}-{}.{end}", shape.name, shape.entries));
    let both = Both { shape, ledger: path("ledger"), database: path("db") };
    let round = |_| {
        let _ = std::fs::remove_dir_all(&both.ledger);
        for end in ["db", "db-wal", "db-shm"] {
            let _ = std::fs::remove_file(path(end));
        }
        [import(side, &both.ledger, shape), import("sqlite", &both.database, shape)]
    };
    let imported = (0..rounds).map(round).collect();
    (both, imported)
}

/// The rows of an import.
pub(crate) fn rows(shape: Shape, imported: &[[Imported; 2]]) -> [Row; 2] {
    let samples = |side: usize| {
        let mut samples = Samples::default();
        imported.iter().for_each(|round| samples.note(shape.entries, round[side].took));
        samples
    };
    let memory = |side: usize| {
        let mut samples = Samples::default();
        imported.iter().for_each(|round| samples.join(&Samples::one(round[side].memory)));
        samples
    };
    let name = shape.name;
    let alone = import("nothing", Path::new("-"), shape).memory;
    [
        Row::new(format!("import with full judgement ({name})"), Unit::Rate, samples(0))
            .peer(samples(1))
            .targets(Bound::OfPeer(1.5), Bound::Fixed(300e3)),
        Row::new(format!("peak memory of an import ({name})"), Unit::Bytes, memory(0))
            .peer(memory(1))
            .limit("the generator alone", Samples::one(alone))
            .targets(Bound::Fixed(400.0 * 1048576.0), Bound::Fixed(150.0 * 1048576.0)),
    ]
}
