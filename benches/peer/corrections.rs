//! What five corrections of every act cost a question, beside the same acts without any.

use std::time::Duration;

use chancery::event::{Day, Edtf, Size};
use chancery::ledger::Ledger;
use chancery::query::Axes;

use crate::chancery::{open, status_of, today};
use crate::imports::Both;
use crate::questions::drawn;
use crate::report::{Bound, Row, Unit, in_turn, timed};
use crate::synthetic::FIRST_DAY;

/// Asks about every drawn pair, with the axes of a question.
fn asked(ledger: &mut Ledger, both: &Both, axes: &Axes) -> (usize, Duration) {
    let pairs = drawn(both);
    (pairs.len(), timed(|| pairs.iter().filter(|pair| status_of(ledger, pair, axes).is_some()).count()))
}

/// Within the record as half of it has it, and within what was known on a day between the acts.
fn past(ledger: &Ledger) -> Axes {
    let known = Edtf::day(Day::from_days(FIRST_DAY + 900));
    Axes::on_day(Day::from_days(FIRST_DAY + 800), Some(known), Size(ledger.size().0 / 2))
}

/// The present and the past of the corrected ledger, beside the same questions to the uncorrected one.
pub(crate) fn rows(corrected: &Both, uncorrected: &Both, rounds: usize) -> [Row; 2] {
    let (mut with, mut without) = (open(&corrected.ledger), open(&uncorrected.ledger));
    let mut row = |task: &str, axes: fn(&Ledger) -> Axes, beside: fn(&Ledger) -> Axes| {
        let (own_axes, other_axes) = (axes(&with), beside(&without));
        let mut own = || asked(&mut with, corrected, &own_axes);
        let mut other = || asked(&mut without, uncorrected, &other_axes);
        _ = (own(), other());
        let [own, other] = in_turn(rounds, [&mut own, &mut other]);
        Row::new(task, Unit::Time, own).limit("the same without corrections", other)
    };
    [
        row("status with five corrections of each act, the present, warm", today, today)
            .targets(Bound::OfLimit(2.0), Bound::OfLimit(1.2)),
        row("status with five corrections of each act, inside the past, warm", past, today)
            .targets(Bound::OfLimit(6.0), Bound::OfLimit(3.0)),
    ]
}
