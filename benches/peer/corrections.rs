//! The cost of five corrections of every act to a question, beside the same acts without any.

use std::time::Duration;

use chancery::Reading;
use chancery::event::{Day, KnownBy, Size};
use chancery::query::Axes;

use crate::chancery::{open, status_of, today};
use crate::imports::Both;
use crate::questions::drawn;
use crate::report::{Bound, Row, Unit, in_turn, timed};
use crate::synthetic::FIRST_DAY;

/// Asks about every drawn pair, on the axes of one question.
fn asked(reading: &Reading, both: &Both, axes: &Axes) -> (usize, Duration) {
    let pairs = drawn(both);
    (pairs.len(), timed(|| pairs.iter().filter(|pair| status_of(reading, pair, axes).is_some()).count()))
}

/// The axes of a past question: the first half of the entries, and a date of knowledge between the acts.
fn past(reading: &Reading) -> Axes {
    let known = KnownBy::day(Day::from_days(FIRST_DAY + 900));
    Axes::on_day(Day::from_days(FIRST_DAY + 800), Some(known), Size(reading.size().0 / 2))
}

/// The same axes with another size each time, so that almost nothing was asked before.
fn another_past(reading: &Reading, round: &mut u64) -> Axes {
    let half = reading.size().0 / 2;
    *round += 1;
    Axes { as_recorded: Size(half + *round * APART % half), ..past(reading) }
}

/// The number of entries between two such sizes, large enough that every pair has some among them.
const APART: u64 = 7_919;

/// The present and the past of the corrected ledger, beside the same questions to the uncorrected one.
pub(crate) fn rows(corrected: &Both, uncorrected: &Both, rounds: usize) -> [Row; 3] {
    let (with, without) = (open(&corrected.ledger), open(&uncorrected.ledger));
    let mut round = 0;
    let row = |task: &str, axes: &mut dyn FnMut(&Reading) -> Axes| {
        let other_axes = today(&without);
        let mut own = || {
            let own_axes = axes(&with);
            asked(&with, corrected, &own_axes)
        };
        let mut other = || asked(&without, uncorrected, &other_axes);
        _ = (own(), other());
        let [own, other] = in_turn(rounds, [&mut own, &mut other]);
        Row::new(task, Unit::Time, own).limit("the same without corrections", other)
    };
    [
        row("status with five corrections of each act, the present, warm", &mut today)
            .targets(Bound::OfLimit(2.0), Bound::OfLimit(1.2)),
        row("status with five corrections of each act, inside the past, warm", &mut past)
            .targets(Bound::OfLimit(6.0), Bound::OfLimit(3.0)),
        row("status with five corrections of each act, inside another past each time", &mut |reading| {
            another_past(reading, &mut round)
        }),
    ]
}
