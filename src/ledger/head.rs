//! The signed head of a writer. It is written when the writer closes, and from time to time before, so that the head keeps up with
//! a writer that runs for months.

use std::time::{Duration, Instant as Clock};

use crate::event::Size;

use super::{LedgerError, Writer};

/// The shortest time between two heads of one writer, and from its opening to the first: a process that appends one act
/// writes the head once, when it closes.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest time between two tries.
const PAUSE_MAX: Duration = Duration::from_secs(64);
/// The longest time for making the completeness map of a head beside appends; the rest of the 50 ms is for the file.
const MAP_TIME: Duration = Duration::from_millis(25);
/// The longest time for which an append waits for a head.
const HEAD_TIME: Duration = Duration::from_millis(50);

/// The times at which the head is written beside appends. They follow a monotonic clock: the clock of the machine, which dates
/// entries, may be set back.
pub(super) struct Pace {
    began: Clock,
    /// The time at which the next head is due, since `began`.
    due: Duration,
    pause: Duration,
    /// The size of the last head written.
    covered: Option<Size>,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace { began: Clock::now(), due: PAUSE, pause: PAUSE, covered: None }
    }
}

impl Writer {
    /// Writes the head after an append if one is due. The entries are durable whether or not the head can be written. A head that
    /// takes too long is tried again after twice the time, or when the writer closes.
    pub(super) fn sign_if_due(&mut self) {
        let now = self.pace.began.elapsed();
        // While the log's key is being changed, only closing signs a head, with both keys.
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

    /// Signs and writes the head with its completeness map, unless `goes_on` returns false first; true if the head is written.
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
    /// Moves the clock that decides when a head is due forward.
    pub(super) fn let_pass(&mut self, time: Duration) {
        self.pace.began = self.pace.began.checked_sub(time).unwrap_or(self.pace.began);
    }
}
