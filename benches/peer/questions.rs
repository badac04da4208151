//! Questions to both sides, warm and by a handle that was just opened; and a check that both give the same answers.

use chancery::event::{BodyId, Day, ParticipantId, Size, StatusId};
use chancery::query::Axes;

use crate::chancery::{open, roster_of, status_of, today};
use crate::imports::Both;
use crate::minimal;
use crate::report::{Bound, Row, Unit, in_turn, timed};
use crate::shared::Random;
use crate::sqlite::{Peer, STATUSES};
use crate::synthetic::{FIRST_DAY, TODAY};

/// The number of pairs that are asked about in turn.
const PAIRS: usize = 1_000;
/// The number of bodies that are asked about in turn.
const BODIES: usize = 20;

/// Pairs drawn at random, the same in every run.
pub(crate) fn drawn(both: &Both) -> Vec<(ParticipantId, BodyId)> {
    let all = both.shape.pairs();
    let mut random = Random(0x2001_0615);
    (0..PAIRS).map(|_| all[random.below(all.len() as u64) as usize].clone()).collect()
}

/// The status of each of some pairs today. Every pair is asked about once before the measurement.
pub(crate) fn status_warm(both: &Both, task: &str, pairs: &[(ParticipantId, BodyId)], rounds: usize) -> Row {
    let reading = open(&both.ledger);
    let axes = today(&reading);
    let peer = Peer::open(&both.database);
    let numbers: Vec<(i64, i64)> = pairs.iter().map(|pair| peer.pair(pair)).collect();
    let mut own = || {
        (
            pairs.len(),
            timed(|| pairs.iter().map(|pair| settled(status_of(&reading, pair, &axes))).sum::<usize>()),
        )
    };
    let mut theirs =
        || (pairs.len(), timed(|| numbers.iter().map(|pair| peer.status(*pair, TODAY)).sum::<usize>()));
    _ = (own(), theirs());
    let [own, theirs] = in_turn(rounds, [&mut own, &mut theirs]);
    Row::new(task, Unit::Time, own).peer(theirs)
}

/// The status of a pair today, with a handle opened for each question.
pub(crate) fn status_first(both: &Both, task: &str, pairs: &[(ParticipantId, BodyId)], rounds: usize) -> Row {
    let (mut at, mut their_at) = (0, 0);
    let mut own = || {
        at += 1;
        let pair = &pairs[at % pairs.len()];
        let work = || {
            let reading = open(&both.ledger);
            let axes = today(&reading);
            status_of(&reading, pair, &axes)
        };
        (1, timed(work))
    };
    let mut theirs = || {
        their_at += 1;
        let (who, body) = &pairs[their_at % pairs.len()];
        (1, timed(|| minimal::status(&both.database, who.as_str(), body.as_str(), TODAY)))
    };
    let [own, theirs] = in_turn(rounds, [&mut own, &mut theirs]);
    Row::new(task, Unit::Time, own).peer(theirs)
}

/// The rows about one pair.
pub(crate) fn statuses(both: &Both, rounds: usize) -> [Row; 2] {
    let pairs = drawn(both);
    [
        status_first(both, "status of a pair, first (handle just opened)", &pairs, rounds)
            .targets(Bound::OfPeer(2.0), Bound::Fixed(0.1e-3)),
        status_warm(both, "status of a pair, warm (1,000 pairs in turn)", &pairs, rounds)
            .targets(Bound::OfPeer(0.3), Bound::Fixed(0.5e-6)),
    ]
}

/// The rows about the one pair that has 2,000 acts.
pub(crate) fn busy(both: &Both, rounds: usize) -> [Row; 2] {
    let pair = &both.shape.pairs()[..1];
    [
        status_first(both, "status of a pair of 2,000 acts, first", pair, rounds),
        status_warm(both, "status of a pair of 2,000 acts, warm", pair, rounds),
    ]
}

/// The participants of a body today, with a handle opened for each question, and with one that stays open.
pub(crate) fn rosters(both: &Both, rounds: usize) -> [Row; 2] {
    let bodies: Vec<BodyId> = both.shape.bodies().into_iter().step_by(3).take(BODIES).collect();
    let (mut at, mut their_at) = (0, 0);
    let mut own = || {
        at += 1;
        let work = || {
            let reading = open(&both.ledger);
            let axes = today(&reading);
            roster_of(&reading, &bodies[at % bodies.len()], &axes)
        };
        (1, timed(work))
    };
    let mut theirs = || {
        their_at += 1;
        (1, timed(|| minimal::roster(&both.database, bodies[their_at % bodies.len()].as_str(), TODAY)))
    };
    let [own, theirs] = in_turn(rounds, [&mut own, &mut theirs]);
    let first = Row::new("roster of a body, first (handle just opened)", Unit::Time, own)
        .peer(theirs)
        .targets(Bound::OfPeer(1.0), Bound::Fixed(0.2e-3));
    let reading = open(&both.ledger);
    let axes = today(&reading);
    let peer = Peer::open(&both.database);
    let mut own = || {
        (
            bodies.len(),
            timed(|| {
                bodies.iter().map(|body| roster_of(&reading, body, &axes).participants.len()).sum::<usize>()
            }),
        )
    };
    let mut theirs = || {
        (
            bodies.len(),
            timed(|| bodies.iter().map(|body| peer.roster(peer.body(body), TODAY).len()).sum::<usize>()),
        )
    };
    _ = (own(), theirs());
    let [own, theirs] = in_turn(rounds, [&mut own, &mut theirs]);
    let warm = Row::new("roster of a body, warm (20 bodies in turn)", Unit::Time, own)
        .peer(theirs)
        .targets(Bound::OfPeer(0.1), Bound::Fixed(10e-6));
    [first, warm]
}

fn settled(status: Option<StatusId>) -> usize {
    usize::from(status.is_some())
}

/// The numbers of answers in a sample that agree and that the record leaves open, and the answers that differ.
#[derive(Default)]
struct Agreement {
    same: usize,
    open: usize,
    different: Vec<String>,
}

impl Agreement {
    fn compare(&mut self, what: impl FnOnce() -> String, own: Option<&StatusId>, theirs: usize) {
        match own {
            None => self.open += 1,
            Some(status) if status.as_str() == STATUSES[theirs] => self.same += 1,
            Some(status) => self.different.push(format!("{}: {status}, SQLite {}", what(), STATUSES[theirs])),
        }
    }

    fn print(&self, what: &str) {
        let Agreement { same, open, different } = self;
        let count = different.len();
        println!("{what}: {same} the same, {open} left open by the record, {count} different");
        different.iter().take(5).for_each(|line| println!("  {line}"));
        assert!(different.is_empty() && *same > 0, "a wrong answer is not worth measuring");
    }
}

/// Compares the answers of both sides: today, on days of the past, as recorded in the first half of the entries, and for whole
/// bodies.
pub(crate) fn agree(both: &Both) {
    let reading = open(&both.ledger);
    let peer = Peer::open(&both.database);
    let size = reading.size();
    assert_eq!(size.0 as i64, peer.entries());
    let mut random = Random(0x2017_0609);
    let mut days = || Day::from_days(FIRST_DAY + random.below(1_500) as i32);
    let (mut present, mut past, mut recorded) = Default::default();
    for pair in drawn(both) {
        let numbers = peer.pair(&pair);
        let ask = |agreement: &mut Agreement, day: Day, until: Size| {
            let status = status_of(&reading, &pair, &Axes::on_day(day, None, until));
            let theirs = peer.status_as_recorded(numbers, day, until.0 as i64);
            if until == size {
                assert_eq!(theirs, peer.status(numbers, day));
            }
            let what = || format!("{} in {} on {day} at {until}", pair.0, pair.1);
            agreement.compare(what, status.as_ref(), theirs);
        };
        ask(&mut present, TODAY, size);
        ask(&mut past, days(), size);
        ask(&mut recorded, days(), Size(size.0 / 2));
    }
    println!("\nAnswers compared ({}, {size} entries)", both.shape.name);
    present.print("  status of 1,000 pairs today");
    past.print("  status of 1,000 pairs on days of the past");
    recorded.print("  the same as the first half of the record has it");
    let axes = today(&reading);
    for body in both.shape.bodies() {
        let count = roster_of(&reading, &body, &axes).participants.len();
        assert_eq!(count, peer.roster(peer.body(&body), TODAY).len(), "the roster of {body}");
    }
    println!("  the rosters of {} bodies: as many participants on both sides", both.shape.bodies().len());
}
