//! A process, with its time from start to exit and its memory.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A program and its arguments.
#[derive(Clone)]
pub(crate) struct Line {
    program: PathBuf,
    words: Vec<String>,
}

/// The way in which a process ended.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum End {
    /// It answered: exit code 0, or 1 for "no" or for lines that were left out.
    Answered,
    /// It refused, with this exit code.
    Refused(i32),
    /// It was ended because it exceeded the time limit.
    TooLong,
}

/// A process whose memory was measured while it ran.
#[derive(Clone, Copy)]
pub(crate) struct Weighed {
    /// The time from start to exit, including the millisecond that the measurement of memory takes.
    pub(crate) took: Duration,
    /// The way in which it ended.
    pub(crate) end: End,
    /// The largest resident memory in bytes, and the number of page faults, if `/usr/bin/time` is installed.
    pub(crate) weight: Option<(f64, u64)>,
}

/// An append, at the two moments that its user notices.
pub(crate) struct Receipt {
    /// The time until the first line of the receipt was on standard output.
    pub(crate) first_line: Duration,
    /// The time until the exit.
    pub(crate) exit: Duration,
}

const TIME: &str = "/usr/bin/time";
/// The exit code of `timeout` if it had to end the command.
const ENDED: i32 = 124;

impl Line {
    /// A program with arguments.
    pub(crate) fn new<W: Into<String>>(
        program: impl Into<PathBuf>,
        words: impl IntoIterator<Item = W>,
    ) -> Line {
        Line { program: program.into(), words: words.into_iter().map(Into::into).collect() }
    }

    /// This program, asked about a ledger.
    pub(crate) fn chancery(ledger: &Path, words: &str) -> Line {
        let place = ["--ledger", ledger.to_str().unwrap()];
        Line::new(env!("CARGO_BIN_EXE_chancery"), place.into_iter().chain(words.split_whitespace()))
    }

    /// The same line with one more argument.
    pub(crate) fn and(mut self, word: impl Into<String>) -> Line {
        self.words.push(word.into());
        self
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.words).stdin(Stdio::null()).stderr(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// Runs the line, discards its output, and returns the time from start to exit.
    pub(crate) fn timed(&self) -> Duration {
        let mut command = self.command();
        let began = Instant::now();
        command.status().unwrap();
        began.elapsed()
    }

    /// Runs the line for at most `limit` seconds, and notes its memory and its page faults.
    pub(crate) fn weighed(&self, limit: u64) -> Weighed {
        let report = std::env::temp_dir().join(format!("chancery-bench-{}", std::process::id()));
        let weighing = Path::new(TIME).exists();
        let mut words = vec![limit.to_string()];
        if weighing {
            words.extend([TIME, "-q", "-f", "%M %R", "-o", report.to_str().unwrap()].map(str::to_owned));
        }
        words.push(self.program.to_str().unwrap().to_owned());
        words.extend(self.words.iter().cloned());
        let mut command = Line::new("timeout", words).command();
        let began = Instant::now();
        let code = command.status().unwrap().code();
        let took = began.elapsed();
        let end = match code {
            Some(0 | 1) => End::Answered,
            Some(ENDED) | None => End::TooLong,
            Some(code) => End::Refused(code),
        };
        let weight = std::fs::read_to_string(&report).ok().and_then(|text| weight(&text));
        let _ = std::fs::remove_file(&report);
        Weighed { took, end, weight }
    }

    /// Runs the line and returns its whole output.
    pub(crate) fn output(&self) -> String {
        let done = self.command().stdout(Stdio::piped()).output().unwrap();
        String::from_utf8(done.stdout).unwrap()
    }

    /// Runs the line and notes when its first line of output came.
    pub(crate) fn receipt(&self) -> Receipt {
        let mut command = self.command();
        let began = Instant::now();
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let first_line = began.elapsed();
        while out.read_line(&mut line).unwrap() > 0 {}
        assert!(child.wait().unwrap().success(), "{:?}", self.words);
        Receipt { first_line, exit: began.elapsed() }
    }

    /// The number of syncs before the first output, and in all, if `strace` is installed.
    pub(crate) fn syncs(&self) -> Option<(usize, usize)> {
        let trace = "trace=write,fsync,fdatasync,sync_file_range,msync,sync,syncfs";
        let traced = ["-f", "-qq", "-e", trace].map(str::to_owned).into_iter();
        let words = traced.chain([self.program.to_str().unwrap().to_owned()]).chain(self.words.clone());
        let done = Line::new("strace", words).command().stderr(Stdio::piped()).output().ok()?;
        let text = String::from_utf8_lossy(&done.stderr).into_owned();
        let calls = || text.lines().map(|line| line.split_once("] ").map_or(line, |(_, call)| call));
        let syncs = |call: &&str| call.contains("sync") && !call.starts_with("<...");
        let before = calls().take_while(|call| !call.starts_with("write(1,")).filter(syncs).count();
        Some((before, calls().filter(syncs).count()))
    }
}

/// The memory in bytes and the page faults, from the last line of the report, which has KiB.
fn weight(report: &str) -> Option<(f64, u64)> {
    let (kib, faults) = report.lines().last()?.split_once(' ')?;
    Some((kib.parse::<f64>().ok()? * 1024.0, faults.parse().ok()?))
}
