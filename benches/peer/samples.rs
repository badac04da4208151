//! Figures measured several times, and their formatting.

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

    /// Notes the time that a number of operations took.
    pub(crate) fn note(&mut self, operations: usize, took: Duration) {
        self.0.push(took.as_secs_f64() / operations.max(1) as f64);
    }

    /// Adds the samples of another round.
    pub(crate) fn join(&mut self, other: &Samples) {
        self.0.extend(&other.0);
    }

    /// All samples, the smallest first.
    pub(crate) fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
    }

    /// The sample in the middle.
    pub(crate) fn median(&self) -> Option<f64> {
        let sorted = self.sorted();
        sorted.get(sorted.len() / 2).copied()
    }
}

/// The time that something takes.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let began = Clock::now();
    black_box(work());
    began.elapsed()
}

/// Runs each work in turn for a number of rounds, so that a change of the machine affects all of them equally. Each returns its
/// number of operations and their time.
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

/// The number in a second, from the seconds that each takes.
pub(crate) fn rate(each: f64) -> String {
    match each {
        n if n < 1e4 => format!("{n:.0}/s"),
        n if n < 1e6 => format!("{:.1} k/s", n / 1e3),
        n => format!("{:.2} M/s", n / 1e6),
    }
}

/// Seconds, in a unit that suits them.
pub(crate) fn time(seconds: f64) -> String {
    match seconds {
        s if s < 1e-6 => format!("{:.0} ns", s * 1e9),
        s if s < 1e-3 => format!("{:.2} us", s * 1e6),
        s if s < 1.0 => format!("{:.2} ms", s * 1e3),
        s => format!("{s:.2} s"),
    }
}

/// Bytes, in a unit that suits them.
pub(crate) fn bytes(count: f64) -> String {
    match count {
        n if n < 1e4 => format!("{n:.1} B"),
        n => format!("{:.1} MiB", n / f64::from(1 << 20)),
    }
}
