//! Many threads that ask one reading while another appends; and the memory in use after questions about unknown participants.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant as Clock};

use chancery::event::{Day, Instant, ParticipantId};
use chancery::ledger::Writer;
use chancery::log::Disk;
use chancery::query::Roster;
use chancery::{Question, Reading};

use crate::imports::options;
use crate::limits::process;
use crate::report::{Bound, Row, Samples, Unit};
use crate::shared::holder;
use crate::synthetic::{Shape, World};
use crate::written::RECORDED;

/// The number of threads that ask.
const THREADS: usize = 8;
/// The duration of each row.
const SPAN: Duration = Duration::from_secs(4);
/// The number of batches appended in a second.
const BATCHES: u32 = 500;
/// The first day that is asked about, 2005-01-01, and the number of days that follow it.
const DAYS: (i32, usize) = (12_784, 7_000);
/// The number of made-up participants; `KNOWN_DAYS` is the number of dates of knowledge.
const NOBODIES: usize = 100_000;
const KNOWN_DAYS: usize = 10_000;

/// Questions about members of a body.
struct Members {
    body: &'static str,
    ids: Vec<ParticipantId>,
    /// True if each question has another date of knowledge, besides another day.
    knowing: bool,
}

impl Members {
    fn of(reading: &Reading, body: &'static str, knowing: bool) -> Members {
        let roster = Roster::try_from(reading.ask(&Question::roster(body)).unwrap()).unwrap();
        let members = roster.participants.into_iter();
        let members = members.filter(|item| item.status.as_ref().is_some_and(|id| id.as_str() == "member"));
        let ids: Vec<ParticipantId> = members.map(|item| item.participant).collect();
        assert!(!ids.is_empty(), "{body} has no members");
        Members { body, ids, knowing }
    }

    fn question(&self, number: usize) -> Question {
        let day = |number: usize| Day::from_days(DAYS.0 + (number % DAYS.1) as i32).to_string();
        let who = &self.ids[number % self.ids.len()];
        let question = Question::status(who.as_str(), self.body).on(day(number));
        // The date of knowledge is never the day asked about, and is later than that day for half of the questions.
        if self.knowing { question.as_known(day(number + DAYS.1 / 2)) } else { question }
    }
}

/// The rows, asked of the demonstration's record of three bodies.
pub(crate) fn rows(folder: &Path) -> Vec<Row> {
    let ledger = folder.join("readers.ledger");
    let mut demo = Command::new(env!("CARGO_BIN_EXE_chancery"));
    process(demo.arg("--ledger").arg(&ledger).args(["demo", "--with", "nato", "--with", "eu"]));
    let mut writer = Writer::open(&ledger, &holder(), Disk::default()).unwrap();
    let shape = Shape::plain(NOBODIES);
    let mut world = World::new(shape);
    writer.append(world.batch(shape.bodies().len()), options()).unwrap();
    let reading = writer.reading(Instant::from_micros(RECORDED));
    let mut row = |body: &'static str, knowing: bool, floor: f64| {
        let members = Members::of(&reading, body, knowing);
        let (samples, batches) = asked_beside(&reading, &members, &mut writer, &mut world);
        let known = if knowing { " and of knowledge" } else { "" };
        let task = format!(
            "status of {body} members by {THREADS} threads, another day{known} each time, beside {batches:.0} batches a second"
        );
        Row::new(task, Unit::Rate, samples).targets(Bound::Fixed(floor), Bound::Fixed(floor * 2.0))
    };
    let mut rows =
        vec![row("sco", false, 10e3), row("nato", false, 6e3), row("eu", false, 4e3), row("eu", true, 300.0)];
    rows.push(memory(&reading));
    writer.close().unwrap();
    rows
}

/// Lets every thread ask as often as it can while batches are appended, and returns the time of one question over all threads, and
/// the number of batches in a second.
fn asked_beside(
    reading: &Reading,
    members: &Members,
    writer: &mut Writer,
    world: &mut World,
) -> (Samples, f64) {
    let (next, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let mut batches = 0;
    let began = Clock::now();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    _ = std::hint::black_box(reading.ask(&members.question(number)).unwrap());
                }
            });
        }
        while began.elapsed() < SPAN {
            writer.append(world.batch(1), options()).unwrap();
            batches += 1;
            let due = Duration::from_secs(1) / BATCHES * batches;
            std::thread::sleep(due.saturating_sub(began.elapsed()));
        }
        over.store(true, Ordering::Relaxed);
    });
    let took = began.elapsed();
    let mut samples = Samples::default();
    samples.note(next.into_inner(), took);
    (samples, f64::from(batches) / took.as_secs_f64())
}

/// The additional resident memory after questions about made-up participants, and about dates of knowledge.
fn memory(reading: &Reading) -> Row {
    let members = Members::of(reading, "eu", true);
    let before = resident();
    for number in 0..NOBODIES {
        let nobody = Question::status(format!("X-NOBODY-{number}"), "eu").on("2020-01-01");
        _ = std::hint::black_box(reading.ask(&nobody).unwrap());
    }
    for number in 0..KNOWN_DAYS {
        let known = Day::from_days(DAYS.0 - 2_000 + number as i32).to_string();
        let question = Question::status(members.ids[number % members.ids.len()].as_str(), "eu");
        _ = std::hint::black_box(reading.ask(&question.on("2024-01-01").as_known(known)).unwrap());
    }
    let more = resident().saturating_sub(before);
    let task = "memory after 100,000 made-up participants and 10,000 days of knowledge, beyond that before";
    Row::new(task, Unit::Bytes, Samples::one(more as f64))
        .targets(Bound::Fixed(32.0 * 1048576.0), Bound::Fixed(8.0 * 1048576.0))
}

/// The resident memory in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    kib.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}
