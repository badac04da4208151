//! Brings sled and the published file up to date after a writer has released the log: another process may append meanwhile. One
//! process at a time does this, under a lock of its own. It works on the entries that it has read, all of them durable; the process
//! that recorded later entries brings those in.

use std::time::Duration;

use crate::log::{Lock, LogError};

use super::Writer;
use super::filler::Filling;

/// How long a command waits for the lock on the indexes if it makes them anew: longer than sled may take to answer.
pub(super) const UPKEEP_PATIENCE: Duration = Duration::from_secs(30);

impl Writer {
    /// Brings the indexes up to date if they are far behind, unless another process is doing so. No answer depends on either:
    /// without them a question, or the next writer, reads more of the log.
    pub(super) fn keep_up(&mut self) {
        self.take_over_published();
        match std::mem::take(&mut self.filling) {
            Filling::Beside(filler) => {
                // If sled could not be filled, the next writer makes it anew.
                let (_upkeep, _) = filler.finish();
                let _ = self.publish_if_due();
                return;
            }
            Filling::NotYet | Filling::Failed => {}
        }
        if !self.is_far_from(self.record.tables().mark()) && !self.is_sled_due() {
            return;
        }
        let Ok(_upkeep) = self.log().take_upkeep(Duration::ZERO) else { return };
        let _ = self.fill_sled_if_due();
        let _ = self.publish_if_due();
    }

    /// Takes the lock on the indexes, unless this writer already has it because it fills sled.
    ///
    /// # Errors
    /// Those of [`Entries::take_upkeep`](crate::log::Entries::take_upkeep).
    pub(super) fn take_upkeep(&self, patience: Duration) -> Result<Option<Lock>, LogError> {
        match self.filling {
            Filling::Beside(_) => Ok(None),
            Filling::NotYet | Filling::Failed => self.log().take_upkeep(patience).map(Some),
        }
    }
}
