//! The growth in the time of a question about everything, if the record is four times as large.

use crate::line::{End, Line};
use crate::record::Record;
use crate::row::{in_turn, shown};
use crate::samples::time;
use crate::sitting::Sitting;
use crate::whole::asked;

/// The largest factor by which a question may take longer on a record four times as large.
const MOST: f64 = 4.4;

/// Every question about everything, on a record and on one of four times its size.
pub(crate) fn rows(sitting: &Sitting) {
    let records = [Record::Narrow(sitting.growth), Record::Narrow(sitting.growth * 4)];
    let timeline = |_: usize| format!("timeline {}", records[0].pair().0);
    for at in 0..=asked(0).len() {
        let words = |entries: usize| {
            asked(entries).into_iter().nth(at).map_or_else(|| timeline(entries), |(_, words)| words)
        };
        if !sitting.wants("growth") {
            continue;
        }
        let [Some(small), Some(large)] = records.map(|record| sitting.record(record)) else { continue };
        let line = |made: &crate::record::Made| Line::chancery(&made.ledger, &words(made.entries));
        let (smaller, larger) = (line(&small), line(&large));
        let name = format!("growth of `chancery {}`", words(large.entries));
        let weighed = larger.weighed(sitting.limit);
        let (figure, kept) = match weighed.end {
            End::Refused(code) => (format!("refused, exit {code}"), "**missed**"),
            End::TooLong => {
                let took = smaller.timed().as_secs_f64();
                let long = weighed.took.as_secs_f64();
                (format!("{} to > {}: > {:.1} x", time(took), time(long), long / took), "**missed**")
            }
            End::Answered => {
                let (large, [small]) = in_turn(sitting, &larger, weighed, [Some(&smaller)]);
                let times = large.median().zip(small.median()).map_or(0.0, |(large, small)| large / small);
                let kept = if times <= MOST { "kept" } else { "**missed**" };
                (format!("{} to {}: {times:.2} x", shown(&small), shown(&large)), kept)
            }
        };
        let memory = weighed.weight.map(|(bytes, _)| format!("{:.1} MiB", bytes / f64::from(1 << 20)));
        let of = format!("{} to {}", small.record, large.record);
        println!(
            "| {name} | {of} | {figure} | | | | | {} | | {MOST} x: {kept} |",
            memory.unwrap_or_default()
        );
    }
}
