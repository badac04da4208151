//! A row of the table: a command, its time, the times of the programs beside it, and its limit.

use std::time::Duration;

use crate::line::{End, Line, Weighed};
use crate::record::Made;
use crate::samples::{Samples, time};
use crate::sitting::Sitting;
use crate::sqlite;

/// A limit that a row must keep to.
#[derive(Clone, Copy)]
pub(crate) enum Most {
    /// A multiple of the time of `sqlite3`.
    Sqlite(f64),
    /// A multiple of the time of `status` for a pair of the same record.
    Status(f64),
    /// A multiple of Y, the time that Python takes to read HUGGO.
    Y(f64),
    /// Milliseconds more than the start of a program with no work to do.
    BeyondNothing(f64),
    /// Resident memory in MiB.
    Memory(f64),
    /// The least number of entries in a second.
    PerSecond(f64),
}

/// A question to a record.
pub(crate) struct Ask<'a> {
    /// The question as the user types it, after `chancery`.
    pub(crate) words: &'a str,
    /// The same question in SQL.
    pub(crate) query: Option<String>,
    /// The limits that it must keep to.
    pub(crate) most: &'a [Most],
}

/// The times in seconds, as far as they were measured.
#[derive(Default, Clone)]
pub(crate) struct Taken {
    /// Those of the command.
    pub(crate) own: Samples,
    /// Those of `sqlite3`.
    pub(crate) sqlite: Samples,
    /// Those of `status`.
    pub(crate) status: Samples,
    /// Those of the program with no work to do.
    pub(crate) nothing: Samples,
    /// Those of Python.
    pub(crate) python: Samples,
}

/// A row that was measured.
pub(crate) struct Row<'a> {
    /// The name of the measurement in the table.
    pub(crate) name: String,
    /// The name of the record.
    pub(crate) on: String,
    /// The times.
    pub(crate) taken: Taken,
    /// The run whose memory was measured.
    pub(crate) weighed: Option<Weighed>,
    /// The number of entries that it processed, if a rate is more useful than a time.
    pub(crate) entries: Option<usize>,
    /// The limits that it must keep to.
    pub(crate) most: &'a [Most],
}

/// A row of at least this length is measured in Y, and the run whose memory is measured counts as its first.
const LONG: Duration = Duration::from_secs(1);

/// Runs a command in turn with the programs beside it, after one run that measures its memory.
pub(crate) fn in_turn<const N: usize>(
    sitting: &Sitting,
    own: &Line,
    weighed: Weighed,
    beside: [Option<&Line>; N],
) -> (Samples, [Samples; N]) {
    let mut samples = (Samples::default(), std::array::from_fn(|_| Samples::default()));
    let turns = (sitting.turns.as_secs_f64() / weighed.took.as_secs_f64()) as usize;
    let turns = turns.clamp(1, sitting.rounds);
    for turn in 0..turns {
        let counts = turn == 0 && weighed.took >= LONG;
        samples.0.note(1, if counts { weighed.took } else { own.timed() });
        for (line, samples) in beside.iter().zip(&mut samples.1) {
            if let Some(line) = line {
                samples.note(1, line.timed());
            }
        }
    }
    samples
}

impl Ask<'_> {
    /// Asks the question beside `sqlite3`, `status` and the program with no work to do, and prints the row.
    pub(crate) fn beside_status(&self, sitting: &Sitting, made: &Made) {
        let own = Line::chancery(&made.ledger, self.words);
        let weighed = own.weighed(sitting.limit);
        let mut row = self.row(made, weighed);
        if weighed.end == End::Answered {
            let query = self.query.as_ref().and_then(|query| sqlite::ask(made, query));
            let status = Line::chancery(&made.ledger, &made.record.status());
            let nothing = sitting.nothing();
            let beside = [query.as_ref(), Some(&status), Some(&nothing)];
            let (own, [sqlite, status, nothing]) = in_turn(sitting, &own, weighed, beside);
            row.taken = Taken { own, sqlite, status, nothing, ..Taken::default() };
        }
        row.print();
    }

    /// Asks the question beside Python's reading of HUGGO, and prints the row.
    pub(crate) fn beside_python(&self, sitting: &Sitting, made: &Made, entries: Option<usize>) {
        let own = Line::chancery(&made.ledger, self.words);
        let weighed = own.weighed(sitting.limit);
        let mut row = self.row(made, weighed);
        row.entries = entries;
        if weighed.end == End::Answered {
            let python = sitting.python();
            let (own, [python]) = in_turn(sitting, &own, weighed, [python.as_ref()]);
            row.taken = Taken { own, python, ..Taken::default() };
        }
        row.print();
    }

    fn row(&self, made: &Made, weighed: Weighed) -> Row<'_> {
        Row {
            name: format!("`chancery {}`", self.words).replace(" `", "`"),
            on: made.record.to_string(),
            taken: Taken::default(),
            weighed: Some(weighed),
            entries: None,
            most: self.most,
        }
    }
}

impl Row<'_> {
    /// Prints the row as a line of Markdown.
    pub(crate) fn print(&self) {
        let Taken { own, sqlite, status, nothing, python } = &self.taken;
        let weight = self.weighed.and_then(|weighed| weighed.weight);
        let cells = [
            self.name.clone(),
            self.on.clone(),
            self.figure(),
            beside(own, sqlite),
            beside(own, status),
            beside(own, nothing),
            beside(own, python),
            weight.map(|(bytes, _)| format!("{:.1} MiB", bytes / f64::from(1 << 20))).unwrap_or_default(),
            weight.map(|(_, faults)| faults.to_string()).unwrap_or_default(),
            self.most.iter().map(|most| self.kept(*most)).collect::<Vec<_>>().join(", "),
        ];
        println!("| {} |", cells.join(" | "));
    }

    fn figure(&self) -> String {
        match self.weighed.map(|weighed| weighed.end) {
            Some(End::Refused(code)) => return format!("refused, exit {code}"),
            Some(End::TooLong) => {
                return self
                    .weighed
                    .map(|weighed| format!("> {}", time(weighed.took.as_secs_f64())))
                    .unwrap_or_default();
            }
            _ => {}
        }
        let shown = shown(&self.taken.own);
        match (self.per_second(), shown) {
            (Some(rate), shown) => format!("{:.0} k/s: {shown}", rate / 1e3),
            (None, shown) => shown,
        }
    }

    fn per_second(&self) -> Option<f64> {
        Some(self.entries? as f64 / self.taken.own.median()?)
    }

    /// A limit, and the verdict on it: kept or missed.
    fn kept(&self, most: Most) -> String {
        let own = self.taken.own.median();
        let times = |other: &Samples| own.zip(other.median()).map(|(own, other)| own / other);
        let answered = self.weighed.filter(|weighed| weighed.end == End::Answered);
        let weight = answered.and_then(|weighed| weighed.weight);
        let (bound, value, limit) = match most {
            Most::Sqlite(limit) => (format!("{limit} x sqlite3"), times(&self.taken.sqlite), limit),
            Most::Status(limit) => (format!("{limit} x status"), times(&self.taken.status), limit),
            Most::Y(limit) => (format!("{limit} Y"), times(&self.taken.python), limit),
            Most::BeyondNothing(limit) => {
                let beyond = own.zip(self.taken.nothing.median()).map(|(own, nothing)| (own - nothing) * 1e3);
                (format!("nothing + {limit} ms"), beyond, limit)
            }
            Most::Memory(limit) => {
                (format!("{limit} MiB"), weight.map(|(bytes, _)| bytes / f64::from(1 << 20)), limit)
            }
            Most::PerSecond(limit) => {
                (format!("{:.0} k/s", limit / 1e3), self.per_second().map(|rate| limit / rate), 1.0)
            }
        };
        match value {
            Some(value) if value <= limit => format!("{bound}: kept"),
            Some(_) => format!("{bound}: **missed**"),
            None if self.weighed.is_some_and(|weighed| weighed.end != End::Answered) => {
                format!("{bound}: **missed**")
            }
            None => bound,
        }
    }
}

/// The median with the range of the samples.
pub(crate) fn shown(samples: &Samples) -> String {
    let sorted = samples.sorted();
    match (samples.median(), sorted.first(), sorted.last()) {
        (Some(median), Some(least), Some(most)) if sorted.len() > 1 => {
            format!("{} [{}..{}] n={}", time(median), time(*least), time(*most), sorted.len())
        }
        (Some(median), ..) => time(median),
        _ => String::new(),
    }
}

/// The ratio to another program's median, and that median.
fn beside(own: &Samples, other: &Samples) -> String {
    match own.median().zip(other.median()) {
        Some((own, other)) => format!("{:.2} x ({})", own / other, time(other)),
        None => String::new(),
    }
}
