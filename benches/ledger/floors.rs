//! The measurements, with the floors that they must keep to.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

/// Nanoseconds for one operation, by name.
#[derive(Default)]
pub(crate) struct Meter(RefCell<BTreeMap<String, Vec<f64>>>);

impl Meter {
    /// Notes the time that a number of operations took.
    pub(crate) fn note(&self, name: &str, operations: u64, took: Duration) {
        let each = took.as_nanos() as f64 / operations.max(1) as f64;
        self.0.borrow_mut().entry(name.to_owned()).or_default().push(each);
    }

    fn median(&self, name: &str) -> Option<f64> {
        let mut samples = self.0.borrow().get(name)?.clone();
        samples.sort_by(f64::total_cmp);
        samples.get(samples.len() / 2).copied()
    }

    /// Prints every median, then every floor.
    pub(crate) fn print(&self) {
        println!("\n{:<30} {:>14}", "median", "one operation");
        for name in self.0.borrow().keys() {
            println!("{name:<30} {:>14}", self.median(name).map(time).unwrap_or_default());
        }
        println!("\n{:<44} {:>16} {:>16}", "floor, at 100,000 entries", "measured", "floor");
        for floor in FLOORS {
            let Some(measured) = floor.measured(self) else { continue };
            let kept = floor.most.is_none_or(|most| measured <= most)
                && floor.least.is_none_or(|least| measured >= least);
            let bound = match (floor.most, floor.least) {
                (Some(most), _) => format!("<= {}", (floor.shown)(most)),
                (_, Some(least)) => format!(">= {}", (floor.shown)(least)),
                _ => String::new(),
            };
            let shown = (floor.shown)(measured);
            println!("{:<44} {shown:>16} {bound:>16}  {}", floor.what, if kept { "kept" } else { "MISSED" });
        }
    }
}

struct Floor {
    what: &'static str,
    name: &'static str,
    /// The measurement that it is divided by.
    beside: Option<&'static str>,
    /// The number of operations at once, if the figure is operations in a second instead of the time of one.
    at_once: Option<f64>,
    most: Option<f64>,
    least: Option<f64>,
    shown: fn(f64) -> String,
}

const FLOORS: &[Floor] = &[
    Floor {
        what: "durable append / raw fdatasync",
        name: "append/one/100000",
        beside: Some("raw/fdatasync/100000"),
        at_once: None,
        most: Some(1.5),
        least: None,
        shown: ratio,
    },
    Floor {
        what: "status in the library, loaded before",
        name: "status/warm/100000",
        beside: None,
        at_once: None,
        most: Some(50e3),
        least: None,
        shown: time,
    },
    Floor {
        what: "status in the library, loaded for it",
        name: "status/fresh/100000",
        beside: None,
        at_once: None,
        most: Some(50e3),
        least: None,
        shown: time,
    },
    Floor {
        what: "replay from leaves",
        name: "replay/leaves/100000",
        beside: None,
        at_once: Some(100_000.0),
        most: None,
        least: Some(500e3),
        shown: rate,
    },
    Floor {
        what: "chancery status, whole process",
        name: "cli/status/100000",
        beside: None,
        at_once: None,
        most: Some(60e6),
        least: None,
        shown: time,
    },
];

impl Floor {
    fn measured(&self, meter: &Meter) -> Option<f64> {
        let one = meter.median(self.name)?;
        let one = match self.beside {
            Some(beside) => one / meter.median(beside)?,
            None => one,
        };
        Some(self.at_once.map_or(one, |count| count * 1e9 / one))
    }
}

fn ratio(value: f64) -> String {
    format!("{value:.2} x")
}

fn rate(value: f64) -> String {
    format!("{:.0} k/s", value / 1e3)
}

fn time(nanos: f64) -> String {
    match nanos {
        n if n < 1e3 => format!("{n:.0} ns"),
        n if n < 1e6 => format!("{:.1} us", n / 1e3),
        n => format!("{:.2} ms", n / 1e6),
    }
}
