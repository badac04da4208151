//! The cost of appends, questions and replays, on the demonstration's rows and on synthetic ledgers, compared with the floors.
//!
//! `cargo bench --bench ledger`, or with a part of a name: `cargo bench --bench ledger -- status`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a measurement that cannot be made has no result")]

mod floors;
mod synthetic;

use std::hint::black_box;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant as Clock};

use chancery::event::leaf::decode;
use chancery::event::{BodyId, Day, Index, Instant, ParticipantId, Size};
use chancery::ledger::AppendOptions;
use chancery::log::{Disk, DiskFile, Entries};
use chancery::{Answer, Question, Reading, Writer};
use criterion::Criterion;

use floors::Meter;
use synthetic::{Made, RECORDED, SIZES, holder, make};

fn main() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("ledgers");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let meter = Meter::default();
    for size in SIZES {
        let mut made = make(&folder, size);
        questions(&mut criterion, &meter, &made);
        replays(&mut criterion, &meter, &made);
        processes(&mut criterion, &meter, &made);
        appends(&mut criterion, &meter, &mut made);
    }
    criterion.final_summary();
    meter.print();
    let _ = std::fs::remove_dir_all(&folder);
}

/// Measures `work`, which gets the number of operations and returns the time that they took.
fn measure(
    criterion: &mut Criterion,
    meter: &Meter,
    group: &str,
    size: usize,
    mut work: impl FnMut(u64) -> Duration,
) {
    let name = format!("{group}/{size}");
    criterion.bench_function(&name, |bencher| {
        bencher.iter_custom(|count| {
            let took = work(count);
            meter.note(&name, count, took);
            took
        });
    });
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let began = Clock::now();
    black_box(work());
    began.elapsed()
}

/// The day that the questions are about.
const ON: &str = "2024-10-04";

fn ask(reading: &Reading, (participant, body): &(ParticipantId, BodyId)) -> Answer {
    reading.ask(&Question::status(participant.as_str(), body.as_str()).on(ON)).unwrap()
}

fn questions(criterion: &mut Criterion, meter: &Meter, made: &Made) {
    let pair = &made.pairs[made.pairs.len() / 3];
    let open = || Reading::open(&made.path, Instant::from_micros(RECORDED)).unwrap();
    measure(criterion, meter, "status/first", made.size, |count| {
        (0..count).map(|_| timed(|| ask(&open(), pair))).sum()
    });
    let reading = open();
    measure(criterion, meter, "status/warm", made.size, |count| {
        timed(|| (0..count).for_each(|_| _ = black_box(ask(&reading, pair))))
    });
    // A reading keeps the parts of the record that a pair depends on, so each pair is asked about once before the ledger is opened
    // again.
    let mut at = made.pairs.len();
    let mut reading = open();
    measure(criterion, meter, "status/fresh", made.size, |count| {
        let one = |_| {
            if at == made.pairs.len() {
                at = 1;
                reading = open();
                _ = black_box(ask(&reading, &made.pairs[0]));
            }
            at += 1;
            timed(|| ask(&reading, &made.pairs[at - 1]))
        };
        (0..count).map(one).sum()
    });
    let reading = open();
    let roster = Question::roster("sco").on(ON);
    measure(criterion, meter, "roster", made.size, |count| {
        timed(|| (0..count).for_each(|_| _ = black_box(reading.ask(&roster).unwrap())))
    });
}

/// Decodes every leaf and folds every pair to its current status, on every core.
fn replay(log: &Entries) -> usize {
    let size = Size(log.size());
    let entries = chancery::ledger::entries_of_leaves(log, size).unwrap();
    let tally = chancery::ledger::replay(&entries, Day::from_days(20_000), &|_| {});
    tally.values().map(|statuses| statuses.values().sum::<u64>() as usize).sum()
}

/// Decodes every leaf, on one core.
fn decode_all(log: &Entries) -> usize {
    let mut dates = 0;
    log.scan(0, |at, leaf, _| dates += decode(leaf, Index(at)).unwrap().event.dates.iter().count()).unwrap();
    dates
}

fn replays(criterion: &mut Criterion, meter: &Meter, made: &Made) {
    let log = Entries::open_reader(&made.path).unwrap();
    for (group, work) in
        [("replay/leaves", replay as fn(&Entries) -> usize), ("replay/decode-one-core", decode_all)]
    {
        measure(criterion, meter, group, made.size, |count| {
            timed(|| (0..count).for_each(|_| _ = black_box(work(&log))))
        });
    }
}

fn processes(criterion: &mut Criterion, meter: &Meter, made: &Made) {
    let (participant, body) = &made.pairs[made.pairs.len() / 3];
    let run = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chancery"));
        command.arg("--ledger").arg(&made.path).args(["status", participant.as_str(), "--in", body.as_str()]);
        let done = command.stdout(Stdio::null()).status().unwrap();
        assert!(done.success());
    };
    measure(criterion, meter, "cli/status", made.size, |count| timed(|| (0..count).for_each(|_| run())));
}

/// A file preallocated as segments are; the same number of bytes is written to it.
struct Raw {
    file: DiskFile,
    at: u64,
}

const RAW_BYTES: u64 = 64 << 20;

impl Raw {
    fn new(made: &Made) -> Raw {
        let raw = made.path.with_extension("raw");
        std::fs::File::create(&raw).unwrap();
        let file = Disk::default().open(&raw).unwrap();
        file.allocate(RAW_BYTES).unwrap();
        file.sync().unwrap();
        Raw { file, at: 0 }
    }

    fn write(&mut self, bytes: &[u8]) {
        if self.at + bytes.len() as u64 > RAW_BYTES {
            self.at = 0;
        }
        self.file.write_at(self.at, bytes).unwrap();
        self.file.sync().unwrap();
        self.at += bytes.len() as u64;
    }
}

fn appends(criterion: &mut Criterion, meter: &Meter, made: &mut Made) {
    let mut ledger = Writer::open(&made.path, &holder(), Disk::default()).unwrap();
    let now = Instant::parse("2026-11-01T00:00:00Z").unwrap();
    let options = AppendOptions { now, expect_size: None, accept_clock: true };
    let mut raw = Raw::new(made);
    let beside = format!("raw/fdatasync/{}", made.size);
    let world = &mut made.next;
    for (group, batch) in [("append/one", 1), ("append/batch-100", 100)] {
        measure(criterion, meter, group, made.size, |count| {
            let mut took = Duration::ZERO;
            for _ in 0..count {
                let events: Vec<_> = (0..batch).map(|_| recordable(world)).collect();
                let before = ledger.size();
                took += timed(|| ledger.append(events, options).unwrap());
                if batch == 1 {
                    // The size of a frame: header and trailer around the leaf, its length and its hash.
                    let leaf = ledger.reading(now).leaf(Index(before.0)).unwrap().len();
                    let bytes = vec![0xa5; (32 + 36 + leaf + 4).next_multiple_of(16)];
                    meter.note(&beside, 1, timed(|| raw.write(&bytes)));
                }
            }
            took
        });
    }
    ledger.close().unwrap();
}

/// An event that the ledger of the demonstration's rows also accepts: not a correction, and in a body that it has.
fn recordable(world: &mut synthetic::World) -> chancery::event::Event {
    loop {
        let event = world.event();
        if event.body.as_str() == "sco" && event.to.is_none() {
            return event;
        }
    }
}
