//! What was measured on each side, beside what it must keep to.

use std::hint::black_box;
use std::time::{Duration, Instant as Clock};

/// Seconds for one operation, measured several times.
#[derive(Clone, Default)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    /// A single measurement.
    pub(crate) fn one(value: f64) -> Samples {
        Samples(vec![value])
    }

    /// Notes how long so many operations took.
    pub(crate) fn note(&mut self, operations: usize, took: Duration) {
        self.0.push(took.as_secs_f64() / operations.max(1) as f64);
    }

    /// Adds those of another round.
    pub(crate) fn join(&mut self, other: &Samples) {
        self.0.extend(&other.0);
    }

    fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
    }

    fn median(&self) -> Option<f64> {
        let sorted = self.sorted();
        sorted.get(sorted.len() / 2).copied()
    }
}

/// How long something takes.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let began = Clock::now();
    black_box(work());
    began.elapsed()
}

/// Does one thing after the other, so many rounds, so that a change of the machine falls on all of them alike. Each says
/// how long how many operations took.
pub(crate) fn in_turn<const N: usize>(
    rounds: usize,
    mut works: [&mut dyn FnMut() -> (usize, Duration); N],
) -> [Samples; N] {
    let mut samples = std::array::from_fn(|_| Samples::default());
    for _ in 0..rounds {
        for (work, samples) in works.iter_mut().zip(&mut samples) {
            let (operations, took) = work();
            samples.note(operations, took);
        }
    }
    samples
}

/// What a figure is.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Unit {
    /// The time of one operation.
    Time,
    /// Operations in a second, kept as the time of one.
    Rate,
    /// Bytes.
    Bytes,
}

/// What must be kept.
#[derive(Clone, Copy)]
pub(crate) enum Bound {
    /// At most so many times SQLite's figure; of a rate, at least.
    OfPeer(f64),
    /// At most so many times the limit's figure; of a rate, at least.
    OfLimit(f64),
    /// At most this much, seconds or bytes; of a rate, at least so many in a second.
    Fixed(f64),
    /// At most this much more than the limit's figure, in seconds.
    BeyondLimit(f64),
}

/// A row of the table.
pub(crate) struct Row {
    /// What was done.
    pub(crate) task: String,
    /// What the figures are.
    pub(crate) unit: Unit,
    /// Chancery's figure.
    pub(crate) own: Samples,
    /// SQLite's, where it does the same.
    pub(crate) peer: Option<Samples>,
    /// What the machine itself takes, and what that is.
    pub(crate) limit: Option<(&'static str, Samples)>,
    /// What it must keep to.
    pub(crate) floor: Option<Bound>,
    /// What it should reach.
    pub(crate) aim: Option<Bound>,
}

impl Row {
    /// A row in which only Chancery was measured so far.
    pub(crate) fn new(task: impl Into<String>, unit: Unit, own: Samples) -> Row {
        Row { task: task.into(), unit, own, peer: None, limit: None, floor: None, aim: None }
    }

    /// Beside SQLite.
    pub(crate) fn peer(mut self, samples: Samples) -> Row {
        self.peer = Some(samples);
        self
    }

    /// Beside a limit of the machine.
    pub(crate) fn limit(mut self, name: &'static str, samples: Samples) -> Row {
        self.limit = Some((name, samples));
        self
    }

    /// With what it must keep to, and what it should reach.
    pub(crate) fn targets(mut self, floor: Bound, aim: Bound) -> Row {
        (self.floor, self.aim) = (Some(floor), Some(aim));
        self
    }

    /// Prints the row: figures, ratios, and whether the targets are kept.
    pub(crate) fn print(&self) {
        println!("\n{}", self.task);
        println!("  {:<34} {}", "Chancery", self.shown(&self.own));
        for (name, other) in self.others() {
            let ratio = self.own.median().zip(other.median()).map(|(own, other)| self.ratio(own, other));
            let ratio = ratio.map(|ratio| format!("{ratio:.2} x")).unwrap_or_default();
            println!("  {name:<34} {:<46} Chancery is {ratio}", self.shown(other));
        }
        for (name, bound) in [("at least", self.floor), ("aim", self.aim)] {
            let Some((bound, kept)) = bound.and_then(|bound| Some((bound, self.keeps(bound)?))) else {
                continue;
            };
            let kept = if kept { "kept" } else { "MISSED" };
            println!("  {name:<34} {:<46} {kept}", self.bound(bound));
        }
    }

    fn others(&self) -> impl Iterator<Item = (&'static str, &Samples)> {
        let limit = self.limit.as_ref().map(|(name, samples)| (*name, samples));
        self.peer.as_ref().map(|samples| ("SQLite", samples)).into_iter().chain(limit)
    }

    /// Times and bytes by Chancery's share, rates the other way round: twice the rate is 2.
    fn ratio(&self, own: f64, other: f64) -> f64 {
        if self.unit == Unit::Rate { other / own } else { own / other }
    }

    fn keeps(&self, bound: Bound) -> Option<bool> {
        let own = self.own.median()?;
        let limit = || self.limit.as_ref()?.1.median();
        let (ratio, wanted) = match bound {
            Bound::OfPeer(wanted) => (self.ratio(own, self.peer.as_ref()?.median()?), wanted),
            Bound::OfLimit(wanted) => (self.ratio(own, limit()?), wanted),
            Bound::Fixed(wanted) if self.unit == Unit::Rate => (1.0 / own, wanted),
            Bound::Fixed(wanted) => (own, wanted),
            Bound::BeyondLimit(more) => return Some(own <= limit()? + more),
        };
        Some(if self.unit == Unit::Rate { ratio >= wanted } else { ratio <= wanted })
    }

    fn bound(&self, bound: Bound) -> String {
        let sign = if self.unit == Unit::Rate { ">=" } else { "<=" };
        let limit = self.limit.as_ref().map_or("the limit", |(name, _)| name);
        match bound {
            Bound::OfPeer(times) => format!("{sign} {times} x SQLite"),
            Bound::OfLimit(times) => format!("{sign} {times} x {limit}"),
            Bound::BeyondLimit(more) => format!("<= {limit} + {}", time(more)),
            Bound::Fixed(value) if self.unit == Unit::Rate => format!("{sign} {}", self.figure(1.0 / value)),
            Bound::Fixed(value) => format!("{sign} {}", self.figure(value)),
        }
    }

    fn figure(&self, value: f64) -> String {
        match self.unit {
            Unit::Time => time(value),
            Unit::Rate => rate(1.0 / value),
            Unit::Bytes => bytes(value),
        }
    }

    /// The median, and between what it lies where there are several samples.
    fn shown(&self, samples: &Samples) -> String {
        let sorted = samples.sorted();
        let (Some(median), Some(first), Some(last)) = (samples.median(), sorted.first(), sorted.last())
        else {
            return "not measured".into();
        };
        let (low, high) = if self.unit == Unit::Rate { (last, first) } else { (first, last) };
        match sorted.len() {
            1 => self.figure(median),
            count => {
                format!("{} [{}..{}] n={count}", self.figure(median), self.figure(*low), self.figure(*high))
            }
        }
    }
}

fn rate(each: f64) -> String {
    match each {
        n if n < 1e4 => format!("{n:.0}/s"),
        n if n < 1e6 => format!("{:.1} k/s", n / 1e3),
        n => format!("{:.2} M/s", n / 1e6),
    }
}

fn time(seconds: f64) -> String {
    match seconds {
        s if s < 1e-6 => format!("{:.0} ns", s * 1e9),
        s if s < 1e-3 => format!("{:.2} us", s * 1e6),
        s if s < 1.0 => format!("{:.2} ms", s * 1e3),
        s => format!("{s:.2} s"),
    }
}

fn bytes(count: f64) -> String {
    match count {
        n if n < 1e4 => format!("{n:.1} B"),
        n => format!("{:.1} MiB", n / f64::from(1 << 20)),
    }
}
