//! The measurements of each side, with the bounds that they must keep to.

pub(crate) use crate::samples::{Samples, in_turn, timed};
use crate::samples::{bytes, rate, time};

/// The unit of a figure.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Unit {
    /// The time of one operation.
    Time,
    /// Operations in a second, stored as the time of one.
    Rate,
    /// Bytes.
    Bytes,
}

/// A bound for a figure.
#[derive(Clone, Copy)]
pub(crate) enum Bound {
    /// At most this multiple of SQLite's figure; for a rate, at least.
    OfPeer(f64),
    /// At most this multiple of the limit's figure; for a rate, at least.
    OfLimit(f64),
    /// At most this number of seconds or bytes; for a rate, at least this number in a second.
    Fixed(f64),
    /// At most this much more than the limit's figure, in seconds.
    BeyondLimit(f64),
}

/// A row of the table.
pub(crate) struct Row {
    /// The operation that was measured.
    pub(crate) task: String,
    /// The unit of the figures.
    pub(crate) unit: Unit,
    /// Chancery's figure.
    pub(crate) own: Samples,
    /// SQLite's figure, if it does the same.
    pub(crate) peer: Option<Samples>,
    /// The name and figure of a limit of the machine itself.
    pub(crate) limit: Option<(&'static str, Samples)>,
    /// The bound that it must keep to.
    pub(crate) floor: Option<Bound>,
    /// The bound that it should reach.
    pub(crate) aim: Option<Bound>,
}

impl Row {
    /// A row in which only Chancery has been measured so far.
    pub(crate) fn new(task: impl Into<String>, unit: Unit, own: Samples) -> Row {
        Row { task: task.into(), unit, own, peer: None, limit: None, floor: None, aim: None }
    }

    /// Adds SQLite's figure.
    pub(crate) fn peer(mut self, samples: Samples) -> Row {
        self.peer = Some(samples);
        self
    }

    /// Adds a limit of the machine.
    pub(crate) fn limit(mut self, name: &'static str, samples: Samples) -> Row {
        self.limit = Some((name, samples));
        self
    }

    /// Adds the bound that the row must keep to, and the one that it should reach.
    pub(crate) fn targets(mut self, floor: Bound, aim: Bound) -> Row {
        (self.floor, self.aim) = (Some(floor), Some(aim));
        self
    }

    /// Prints the row: figures, ratios, and for each target the verdict: kept or missed.
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

    /// Chancery's figure divided by the other for times and bytes; for rates the rate divided by the other rate, so twice the rate
    /// is 2.
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

    /// The median, with the range if there are several samples.
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
