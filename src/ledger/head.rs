//! The signed head of a writer: written when it closes, and once in a while before, so that the head follows a writer that lives
//! for months.

use std::time::{Duration, Instant as Clock};

use crate::event::Size;

use super::{LedgerError, Writer};

/// The shortest time between two heads of one writer, and from its opening to the first: a process that appends one act
/// writes the head once, when it closes.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest time between two tries.
const PAUSE_MAX: Duration = Duration::from_secs(64);
/// So long may the completeness map of a head take beside appends; the rest of 50 ms is for the file.
const MAP_TIME: Duration = Duration::from_millis(25);
/// So long may an append wait for a head.
const HEAD_TIME: Duration = Duration::from_millis(50);

/// When the head is to be written beside appends. The clock of the machine, which dates entries, may be set back: this one
/// never is.
pub(super) struct Pace {
    began: Clock,
    /// When the next head is due, since `began`.
    due: Duration,
    pause: Duration,
    /// What the head covers that was written last.
    covered: Option<Size>,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace { began: Clock::now(), due: PAUSE, pause: PAUSE, covered: None }
    }
}

impl Writer {
    /// Writes the head behind an append if one is due. What is recorded is durable whether or not the head can be written; a
    /// head that takes too long is tried again after twice the time, or left to the close.
    pub(super) fn sign_if_due(&mut self) {
        let now = self.pace.began.elapsed();
        // While the log's key changes, the close signs with both keys.
        if now < self.pace.due
            || self.pace.covered == Some(self.record.size())
            || self.log().is_key_unsettled()
        {
            return;
        }
        let began = Clock::now();
        let is_written = self.sign_while(&|| began.elapsed() < MAP_TIME).unwrap_or(false);
        if is_written {
            self.pace.covered = Some(self.record.size());
        }
        self.pace.pause = match is_written && began.elapsed() < HEAD_TIME {
            true => PAUSE,
            false => (self.pace.pause * 2).min(PAUSE_MAX),
        };
        self.pace.due = self.pace.began.elapsed() + self.pace.pause;
    }

    /// Signs and writes the head with its completeness map, as long as `goes_on` says so; whether it is written.
    ///
    /// # Errors
    /// [`LedgerError::Log`] if the head cannot be written.
    pub(super) fn sign_while(&self, goes_on: &dyn Fn() -> bool) -> Result<bool, LedgerError> {
        self.log().make_durable()?;
        let known = self.kept_map();
        let map =
            self.record.tables().group_map(known.as_ref(), &|index| self.record.hash(index), goes_on)?;
        let Some(map) = map else { return Ok(false) };
        let head = self.log().head(self.record.size().0)?;
        self.write_head(head.with_completeness(map.groups(), map.root()))?;
        self.keep_map(&map);
        Ok(true)
    }
}

#[cfg(test)]
impl Writer {
    /// Lets time pass by the clock that says when a head is due.
    pub(super) fn let_pass(&mut self, time: Duration) {
        self.pace.began = self.pace.began.checked_sub(time).unwrap_or(self.pace.began);
    }
}
